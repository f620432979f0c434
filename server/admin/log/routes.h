/* The logs by API: lists, exports, verification. docs/api.md, "Logs". Runs in
 * turnpike-admin. */
#ifndef TP_ADMIN_LOG_ROUTES_H
#define TP_ADMIN_LOG_ROUTES_H

#include "admin/http/router.h"
#include "admin/log/keeper.h"

struct tp_log_routes {
	struct tp_store *store;
	struct tp_keeper *keeper;
	struct tp_log_supervisor supervisor;
};

/* Their argument is a struct tp_log_routes. */
const struct tp_route *tp_log_routes(size_t *count);

/* Before a request that changes something is handled: writes that it came, by whom and from
 * where, as a configuration record. False: that cannot be written, *res holds the refusal. */
bool tp_log_may_change(void *store, const struct tp_http_request *req, struct tp_http_response *res);

#endif
