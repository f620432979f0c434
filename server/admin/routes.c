/* All tables of routes. Runs in turnpike-admin. */
#include "admin/routes.h"

#include "admin/account/login.h"
#include "admin/account/tester.h"
#include "admin/acme/acme.h"
#include "admin/advanced/leave.h"
#include "admin/advanced/presets.h"
#include "admin/advanced/routes.h"
#include "admin/cac/routes.h"
#include "admin/certificates/routes.h"
#include "admin/ciphers/routes.h"
#include "admin/http/configuration.h"
#include "admin/identity/identities.h"
#include "admin/log/routes.h"
#include "admin/revocation/routes.h"
#include "admin/status/status.h"
#include "admin/trust/routes.h"

enum tp_err tp_routes_add_all(struct tp_router *router, void *const args[TP_ROUTE_TABLES])
{
	static const struct tp_route *(*const tables[TP_ROUTE_TABLES])(size_t *count) = {
		[TP_ROUTES_LOGIN] = tp_login_routes,
		[TP_ROUTES_TESTER] = tp_tester_routes,
		[TP_ROUTES_STATUS] = tp_status_routes,
		[TP_ROUTES_CONFIGURATION] = tp_configuration_routes,
		[TP_ROUTES_IDENTITIES] = tp_identities_routes,
		[TP_ROUTES_LISTS] = tp_lists_routes,
		[TP_ROUTES_TRUST] = tp_trust_routes,
		[TP_ROUTES_CIPHERS] = tp_cipher_routes,
		[TP_ROUTES_CERTIFICATES] = tp_certificates_routes,
		[TP_ROUTES_ACME] = tp_acme_routes,
		[TP_ROUTES_LOG] = tp_log_routes,
		[TP_ROUTES_CAC] = tp_cac_routes,
		[TP_ROUTES_PRESETS] = tp_presets_routes,
		[TP_ROUTES_ADVANCED] = tp_advanced_routes,
		[TP_ROUTES_LEAVE] = tp_leave_routes,
	};
	enum tp_err err = TP_OK;

	for (size_t i = 0; i < TP_ROUTE_TABLES && err == TP_OK; i++) {
		size_t count;
		const struct tp_route *routes = tables[i](&count);

		err = tp_router_add(router, routes, count, args[i]);
	}
	return err;
}
