/* TLS versions and cipher suites of each service, and what a change of them would do
 * (docs/api.md, "Ciphers"). Runs in turnpike-admin. */
#ifndef TP_ADMIN_CIPHERS_ROUTES_H
#define TP_ADMIN_CIPHERS_ROUTES_H

#include "admin/config/config.h"
#include "admin/http/router.h"
#include "admin/store/store.h"

struct tp_cipher_parts {
	struct tp_config *config;
	struct tp_store *store;
};

/* Routes; their argument is a struct tp_cipher_parts. */
const struct tp_route *tp_cipher_routes(size_t *count);

#endif
