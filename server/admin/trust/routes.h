/* The page of trusted authorities (docs/api.md, "Trusted CAs"). Runs in
 * turnpike-admin. */
#ifndef TP_ADMIN_TRUST_ROUTES_H
#define TP_ADMIN_TRUST_ROUTES_H

#include "admin/config/config.h"
#include "admin/http/router.h"

/* Routes; their argument is the struct tp_config. */
const struct tp_route *tp_trust_routes(size_t *count);

#endif
