/* What the appliance is doing: docs/api.md, "Status". Reads the other processes over
 * the bus and the history, alarms and log from the store. Runs in turnpike-admin. */
#ifndef TP_ADMIN_STATUS_STATUS_H
#define TP_ADMIN_STATUS_STATUS_H

#include "admin/account/login.h"
#include "admin/bus/bus.h"
#include "admin/config/config.h"
#include "admin/http/router.h"
#include "admin/store/store.h"
#include "tls/context.h"

struct tp_status;

/* All outlive the object; config may be NULL (then the revision is not told). */
TP_NODISCARD enum tp_err tp_status_new(struct tp_store *store, struct tp_bus *bus, struct tp_login *login,
				       struct tp_config *config, struct tp_status **out);
void tp_status_free(struct tp_status **status);

/* The certificate in force, any thread. temporary: made by the appliance itself.
 * not_after_s: Unix time, 0 = there is none. */
void tp_status_certificate(struct tp_status *status, int64_t not_after_s, bool temporary);

/* What the web interface shows from now on; takes a reference, which it keeps until the
 * last connection made with it has ended after a successor came. Any thread. */
void tp_status_web_context(struct tp_status *status, struct tp_tls_context *context);

/* Least TLS versions of the services in force, any thread: for the alarm about old ones. */
void tp_status_tls_least(struct tp_status *status, const struct tp_cfg_tls_least *least, size_t count);

/* Whether PAM is turned on, any thread: for the alarm about its service file. */
void tp_status_pam(struct tp_status *status, bool on);

/* Something may have become an alarm, or ceased to be one: looks now. Any thread. */
void tp_status_look(void *status);

/* Starts, and ends, the thread that keeps admin's own alarms up to date. */
TP_NODISCARD enum tp_err tp_status_watch(struct tp_status *status);
void tp_status_unwatch(struct tp_status *status);

/* Makes the open alarms whose code is `ours` the wanted ones: raises those that are not
 * open as they should be, clears the others. A thread that may wait. */
void tp_status_settle(struct tp_status *status, bool (*ours)(uint32_t code),
		      const struct tp_msg_alarm *wanted, size_t count);

/* Handlers of the bus: arg is the struct tp_status. */
void tp_status_on_alarm(void *arg, enum tp_process from, const struct tp_msg_alarm *m);
void tp_status_on_event(void *arg, enum tp_process from, const struct tp_msg_event *m);
enum tp_err tp_status_on_call_ended(void *arg, const struct tp_msg_call_ended *m);

/* Routes of this module; their argument is the struct tp_status. */
const struct tp_route *tp_status_routes(size_t *count);

#endif
