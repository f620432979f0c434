/* The configuration's routes (docs/api.md), answered by admin/config. Runs in
 * turnpike-admin. */
#ifndef TP_ADMIN_HTTP_CONFIGURATION_H
#define TP_ADMIN_HTTP_CONFIGURATION_H

#include "admin/config/config.h"
#include "admin/account/login.h"
#include "admin/http/router.h"

struct tp_configuration_routes {
	struct tp_config *config;
	struct tp_login *login;
};

/* Routes; their argument is a struct tp_configuration_routes. */
const struct tp_route *tp_configuration_routes(size_t *count);

#endif
