/* The TLS policies of a configuration. Nobody outside of this layer includes this. */
#ifndef TP_MODEL_TLS_POLICY_H
#define TP_MODEL_TLS_POLICY_H

#include "model/leaf.h"
#include "tls/policy.h"

/* The service whose container below tls/service this is; TP_TLS_SERVICES when it is
 * none. */
enum tp_tls_service tp_node_tls_service(const struct lyd_node *node);
/* What one side of a service shall speak; tls: the container of that name, may be
 * NULL. Texts are borrowed from the tree. */
void tp_leaf_tls_policy(const struct lyd_node *tls, enum tp_tls_service service,
			enum tp_tls_side side, struct tp_tls_policy *out);

#endif
