/* The routes of revocation lists (docs/api.md, "Revocation"). Runs in turnpike-admin. */
#ifndef TP_ADMIN_REVOCATION_ROUTES_H
#define TP_ADMIN_REVOCATION_ROUTES_H

#include "admin/http/router.h"

/* Routes; their argument is the struct tp_lists. */
const struct tp_route *tp_lists_routes(size_t *count);

#endif
