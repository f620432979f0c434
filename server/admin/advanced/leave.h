/* The ways to a factory reset: leaving the advanced mode (rows 148, 149), and root's command.
 * Nothing is kept; turnpiked does the work (docs/processes.md). Runs in turnpike-admin. */
#ifndef TP_ADMIN_ADVANCED_LEAVE_H
#define TP_ADMIN_ADVANCED_LEAVE_H

#include "admin/account/login.h"
#include "admin/bus/bus.h"

struct tp_leave_parts {
	struct tp_login *login;
	struct tp_bus *bus;
};

/* Their argument is the struct tp_leave_parts. */
const struct tp_route *tp_leave_routes(size_t *count);

/* The first record of the log behind a reset: who asked for it, and from where. */
TP_NODISCARD enum tp_err tp_leave_record(struct tp_store *store, const char *user, const char *source);

#endif
