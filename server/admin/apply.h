/* How a configuration reaches the web server: TLS, addresses, limits. Runs on
 * turnpike-admin's main thread. */
#ifndef TP_ADMIN_APPLY_H
#define TP_ADMIN_APPLY_H

#include "admin/account/login.h"
#include "admin/cac/cac.h"
#include "admin/http/server.h"
#include "admin/log/keeper.h"
#include "admin/status/status.h"

struct tp_apply;

/* All outlive the object. first: where the wizard listens until the appliance is set
 * up. */
TP_NODISCARD enum tp_err tp_apply_new(struct tp_server *server, struct tp_login *login,
				      struct tp_cac *cac, struct tp_status *status,
				      struct tp_keeper *keeper,
				      const struct tp_addr *first, struct tp_apply **out);
void tp_apply_free(struct tp_apply **apply);

/* The two steps of a change (ipc/child.h); arg is the struct tp_apply. */
enum tp_err tp_apply_prepare(void *arg, const struct tp_slice *slice, struct tp_diag *diag);
void tp_apply_commit(void *arg);
void tp_apply_abort(void *arg);

#endif
