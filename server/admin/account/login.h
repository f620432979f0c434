/* Who asks: login, logout, first run and passwords (docs/api.md, "Session and first
 * run"). Runs in turnpike-admin. */
#ifndef TP_ADMIN_ACCOUNT_LOGIN_H
#define TP_ADMIN_ACCOUNT_LOGIN_H

#include "admin/account/authenticate.h"
#include "admin/account/password.h"
#include "admin/account/session.h"
#include "admin/http/router.h"
#include "admin/store/store.h"
#include "ipc/messages.h"
#include "model/slice.h"

struct tp_advanced; /* admin/advanced/advanced.h */
struct tp_lockout;  /* admin/advanced/lockout.h */
struct tp_login;

/* Called when the first administrator's password is stored. */
typedef void (*tp_login_done)(void *arg);

/* store, gate and helpers outlive the object. */
TP_NODISCARD enum tp_err tp_login_new(struct tp_store *store, const struct tp_password_gate *gate,
				      const struct tp_auth_helpers *helpers, tp_login_done on_done,
				      void *arg, struct tp_login **out);
void tp_login_free(struct tp_login **login);

/* The configuration in force: names, limits of sessions, whether the wizard has been
 * through. Any thread. */
void tp_login_configure(struct tp_login *login, const struct tp_cfg_admin *cfg);
/* Behind tp_login_configure: whether a certificate is the login. Then the last account that can
 * administer and has logged in so stays one. */
void tp_login_by_card(struct tp_login *login, bool by_card);
/* The hash of the first-login secret, which is good while there is no account. */
void tp_login_first(struct tp_login *login, const struct tp_msg_first_login *m);

/* The key that cookies of known browsers are signed with. */
void tp_login_device_key(struct tp_login *login, const struct tp_msg_device_key *m);

/* Fills state, user, session and csrf_wanted of a request. False: *res holds the refusal of
 * an API token, or of a program's one request too many. */
TP_NODISCARD bool tp_login_identify(struct tp_login *login, struct tp_http_request *req,
				    struct tp_http_response *res);
/* Whether that holds when the body has come, which may take its time: the session has not ended
 * meanwhile, nor has the advanced mode begun. */
TP_NODISCARD bool tp_login_is_still(struct tp_login *login, const struct tp_http_request *req);
/* Names for answers: host name ("" = none) and role (-1: not configured). */
void tp_login_names(struct tp_login *login, char host_name[256], int *role);
bool tp_login_is_set_up(struct tp_login *login);
/* Advanced account security as it is in force; borrowed. */
struct tp_advanced *tp_login_advanced(struct tp_login *login);
/* What failed logins come to in it. */
struct tp_lockout *tp_login_lockout(struct tp_login *login);
/* An administrator lets logins in again; who that is stands in the log. */
void tp_login_release(struct tp_login *login, const struct tp_http_request *req);

/* Routes of this module; their argument is the struct tp_login. */
const struct tp_route *tp_login_routes(size_t *count);

#endif
