/* "Test a user" (docs/api.md, POST /api/v1/login/test): by the settings in force, or by the
 * candidate before it is committed. Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_ACCOUNT_TESTER_H
#define TP_ADMIN_ACCOUNT_TESTER_H

#include "admin/account/login.h"
#include "admin/config/config.h"

struct tp_tester_parts {
	struct tp_login *login;
	struct tp_config *config;
};

/* Routes; their argument is a struct tp_tester_parts. */
const struct tp_route *tp_tester_routes(size_t *count);

#endif
