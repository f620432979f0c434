/* The page of all certificates (docs/api.md, "All certificates"). Runs in
 * turnpike-admin. */
#ifndef TP_ADMIN_CERTIFICATES_ROUTES_H
#define TP_ADMIN_CERTIFICATES_ROUTES_H

#include "admin/config/config.h"
#include "admin/http/router.h"
#include "admin/revocation/lists.h"
#include "admin/store/store.h"

/* What the list is made of; all outlive the routes. */
struct tp_certificates_routes {
	struct tp_config *config;
	struct tp_store *store;
	struct tp_lists *lists;
};

/* Routes; their argument is a struct tp_certificates_routes. */
const struct tp_route *tp_certificates_routes(size_t *count);

#endif
