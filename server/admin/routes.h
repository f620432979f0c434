/* All tables of routes of turnpike-admin, in one place: what is not here is not served,
 * and the test that walks them all misses none. Runs in turnpike-admin. */
#ifndef TP_ADMIN_ROUTES_H
#define TP_ADMIN_ROUTES_H

#include "admin/http/router.h"

enum tp_route_table {
	TP_ROUTES_LOGIN = 0,
	TP_ROUTES_TESTER,
	TP_ROUTES_STATUS,
	TP_ROUTES_CONFIGURATION,
	TP_ROUTES_IDENTITIES,
	TP_ROUTES_LISTS,
	TP_ROUTES_TRUST,
	TP_ROUTES_CIPHERS,
	TP_ROUTES_CERTIFICATES,
	TP_ROUTES_ACME,
	TP_ROUTES_LOG,
	TP_ROUTES_CAC,
	TP_ROUTES_PRESETS,
	TP_ROUTES_ADVANCED,
	TP_ROUTES_LEAVE,
	TP_ROUTE_TABLES
};

/* args: what the handlers of each table get. */
TP_NODISCARD enum tp_err tp_routes_add_all(struct tp_router *router, void *const args[TP_ROUTE_TABLES]);

#endif
