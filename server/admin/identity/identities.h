/* The identities of the appliance (docs/api.md, "Identities"): certificate requests,
 * uploads, self-signed certificates, and what is said about each before it is put in
 * use. Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_IDENTITY_IDENTITIES_H
#define TP_ADMIN_IDENTITY_IDENTITIES_H

#include "admin/bus/bus.h"
#include "admin/config/config.h"
#include "admin/http/router.h"
#include "admin/store/store.h"

struct tp_identities;

/* What is given outlives the object. */
TP_NODISCARD enum tp_err tp_identities_new(struct tp_store *store, struct tp_bus *bus,
					   struct tp_config *config, struct tp_identities **out);
void tp_identities_free(struct tp_identities **identities);

/* Routes; their argument is the struct tp_identities. */
const struct tp_route *tp_identities_routes(size_t *count);

#endif
