/* The routes of advanced account security (docs/api.md, "Advanced account security").
 * Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_ADVANCED_ROUTES_H
#define TP_ADMIN_ADVANCED_ROUTES_H

#include "admin/account/login.h"
#include "admin/config/config.h"

struct tp_advanced_parts {
	struct tp_store *store;
	struct tp_login *login;
	struct tp_config *config;
};

/* Routes; their argument is a struct tp_advanced_parts. */
const struct tp_route *tp_advanced_routes(size_t *count);

#endif
