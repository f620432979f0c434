/* Nobody shuts the last administrator out: a commit that makes certificates needed, or changes
 * which of them do, is let through only from a connection whose own certificate would still
 * administer the appliance, and on trial. Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_CAC_GATE_H
#define TP_ADMIN_CAC_GATE_H

#include "admin/cac/routes.h"
#include "admin/config/restconf.h"
#include "model/model.h"

/* For struct tp_config_gate; arg is a struct tp_cac_parts. TP_DENIED. */
enum tp_err tp_cac_gate(void *arg, const struct tp_tree *running, const struct tp_tree *candidate,
			const struct tp_operator *op, uint32_t confirm_within_s,
			struct tp_model_errors *errors);

#endif
