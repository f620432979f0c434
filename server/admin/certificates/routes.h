/* The page of all certificates (docs/api.md, "All certificates"). Runs in
 * turnpike-admin. */
#ifndef TP_ADMIN_CERTIFICATES_ROUTES_H
#define TP_ADMIN_CERTIFICATES_ROUTES_H

#include "admin/config/config.h"
#include "admin/http/router.h"

/* Routes; their argument is the struct tp_config. */
const struct tp_route *tp_certificates_routes(size_t *count);

#endif
