/* TLS versions and cipher suites of each service, and what a change of them would do
 * (docs/api.md, "Ciphers"). Runs in turnpike-admin. */
#ifndef TP_ADMIN_CIPHERS_ROUTES_H
#define TP_ADMIN_CIPHERS_ROUTES_H

#include "admin/config/config.h"
#include "admin/http/router.h"

/* Routes; their argument is the struct tp_config. */
const struct tp_route *tp_cipher_routes(size_t *count);

#endif
