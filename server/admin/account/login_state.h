/* What the files of admin/account share. */
#ifndef TP_ADMIN_ACCOUNT_LOGIN_STATE_H
#define TP_ADMIN_ACCOUNT_LOGIN_STATE_H

#include <pthread.h>

#include "admin/account/authenticate.h"
#include "admin/account/device.h"
#include "admin/account/login.h"
#include "admin/account/policy.h"
#include "admin/account/throttle.h"
#include "admin/advanced/advanced.h"
#include "admin/advanced/lockout.h"
#include "admin/cac/rules.h"
#include "admin/store/logins.h"
#include "core/log.h"

/* What attempt.c counts by. */
struct tp_attempts {
	struct tp_throttle *all;
	struct tp_throttle *sources;
	struct tp_throttle *accounts;
	struct tp_throttle *devices;
	struct tp_throttle *calls; /* of programs, by account */
	uint8_t device_key[TP_DEVICE_KEY];
	bool has_device_key;
	uint32_t refused; /* and not told yet */
	uint64_t told_ms;
};

TP_NODISCARD enum tp_err tp_attempts_new(struct tp_attempts *a);
void tp_attempts_free(struct tp_attempts *a);

struct tp_login {
	struct tp_store *store;
	tp_login_done on_done;
	void *arg;
	const struct tp_password_gate *gate;
	const struct tp_auth_helpers *helpers;
	struct tp_sessions *sessions;
	struct tp_advanced *advanced;
	struct tp_lockout *lockout;

	pthread_mutex_t lock; /* guards what follows; the throttles have their own */
	struct tp_attempts attempts;
	struct tp_auth_settings auth;
	struct tp_auth_ldap ldap;
	enum tp_cac_level card_level;
	char host_name[256];
	int role;
	bool set_up;
	uint32_t idle_s;
	bool has_account; /* there is one, so there always will be */
	struct tp_msg_first_login first;
	bool has_first;
	struct tp_cfg_consent consent; /* text "": there is none */
	struct tp_cfg_password_policy policy;
	uint32_t unused_days; /* accounts unused for so long are disabled; 0 = never */
	bool api_off;

	pthread_mutex_t visits_lock; /* guards what follows, also while the store is asked */
	uint64_t shell_visit; /* number of root's visit in the history; 0: none */
	uint64_t shell_used_ms;
};

/* A new password of an account. */
struct tp_login_password {
	const char *user;
	const char *password;
	const char *old;  /* in clear, when its owner changes it */
	bool forced;      /* the owner has to */
	bool console;     /* set by root on the administration socket */
	bool must_change; /* the owner has to, at the next login */
};

#define TP_ACCOUNT_NAME_RULE                                                                     \
	"The user name may hold letters, digits and . - _ @ only, at most 127, and is not root."
bool tp_account_name_is_good(const char *name);

/* Whether the caller is this account, not root and not a remote user of the same name. */
bool tp_account_is_own(const struct tp_http_request *req, const char *name);
/* In the advanced mode nobody but itself changes the emergency account (row 142). False: *res
 * holds the refusal. */
bool tp_account_may_change(struct tp_login *l, const struct tp_http_request *req, const char *name,
			   struct tp_http_response *res);

/* No account yet: the first-login secret is what opens the door. */
bool tp_login_awaits_first(struct tp_login *l);
/* Whether the browser has logged in to this account before, or the caller is logged in to it:
 * then its attempts go before those of strangers. */
bool tp_login_knows_device(struct tp_login *l, const struct tp_http_request *req, const char *account);
/* After a login: the cookie by which it is known from now on. */
void tp_login_remember_device(struct tp_login *l, const struct tp_http_request *req,
			      struct tp_http_response *res, const char *account);
/* Of a login by password. False: too many have failed in the advanced mode, whoever they were
 * (admin/advanced/lockout.h), and *res holds the 429. */
bool tp_login_is_open(struct tp_login *l, struct tp_http_response *res);
/* False: *res holds the 429. The local socket is never slowed down. */
bool tp_login_may_try(struct tp_login *l, const struct tp_http_request *req,
		      struct tp_http_response *res, const char *account);
/* A token that does not count is as a wrong password of its source. False: there were too
 * many, and *res holds the 429. */
bool tp_login_bad_token(struct tp_login *l, const struct tp_http_request *req,
			struct tp_http_response *res);
/* Requests of one account's programs: so many a minute, a fifth of them at once; 0: no limit. */
void tp_login_set_rate(struct tp_login *l, uint32_t per_minute);
/* Counts one. False: *res holds the 429. */
bool tp_login_may_call(struct tp_login *l, const char *account, struct tp_http_response *res);
bool tp_login_is_token(const struct tp_http_request *req);
/* As tp_login_identify, of a request with a token. */
bool tp_login_identify_token(struct tp_login *l, struct tp_http_request *req,
			     struct tp_http_response *res);
void tp_login_passed(struct tp_login *l, const struct tp_http_request *req, const char *account);
void tp_login_log(struct tp_login *l, const struct tp_http_request *req, uint8_t severity,
		  const char *name, const char *user, const char *text);
void tp_login_source(const struct tp_http_request *req, char text[64]);
/* Opens the session, which belongs to the connection's certificate where one is wanted, notes the
 * login with the account, and answers as GET /api/v1/session does. False: it was not opened, and
 * *res says why. */
TP_NODISCARD bool tp_login_admit(struct tp_login *l, const struct tp_http_request *req,
				 struct tp_http_response *res, const struct tp_session_facts *facts);
/* Whether what a session is let in on holds now (standing.c). */
bool tp_login_stands(struct tp_login *l, const struct tp_session_facts *facts);
/* Ends the sessions for which it does not, and says so in the event log. */
void tp_login_end_fallen(struct tp_login *l);
/* Ends the session of the request, which goes on as nobody's. */
void tp_login_end_session(struct tp_login *l, struct tp_http_request *req);
/* Into the log of who changed what. */
void tp_login_log_configuration(struct tp_login *l, const struct tp_http_request *req, const char *name,
				const char *text);
struct tp_rights tp_login_rights(struct tp_login *l, const struct tp_account *account);
void tp_login_policy(struct tp_login *l, struct tp_cfg_password_policy *out);
uint64_t tp_login_steady_ms(void);
/* Disables accounts that nobody used for as many days as the configuration says. */
void tp_login_disable_unused(struct tp_login *l);
/* Checks a password by the policy and derives its hash. `stored` NULL: no such account yet.
 * On an error *res holds the answer, which names each rule that is broken. */
TP_NODISCARD enum tp_err tp_login_make_hash(struct tp_login *l, const struct tp_login_password *p,
					    const struct tp_account *stored,
					    char hash[TP_PASSWORD_HASH_MAX + 1],
					    struct tp_http_response *res);
/* Frees a body that holds passwords, wiping its texts first. */
void tp_login_json_free(json_t *body);

void tp_login_setup_password(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_account_password(void *arg, const struct tp_http_request *req,
			       struct tp_http_response *res);
void tp_login_password_rules(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
/* The history of logins (visits.c). Before the first session: */
void tp_visits_start(struct tp_login *l);
/* A login that is about to be admitted; fills in what was before it. */
void tp_visits_begin(struct tp_login *l, const struct tp_http_request *req, struct tp_session_facts *facts);
/* It was refused, since its user has as many sessions as allowed. */
void tp_visits_crowded(struct tp_login *l, const struct tp_session_facts *facts);
void tp_visits_failed(struct tp_login *l, const struct tp_http_request *req, const char *user, bool by_api,
		      enum tp_session_method method, enum tp_login_failure failure);
/* Root uses the administration socket. */
void tp_visits_shell(struct tp_login *l);

/* The notice before the login (consent.c): null where there is none. */
json_t *tp_login_consent_json(struct tp_login *l);
/* Whether the body of a login accepts it, where that is needed. False: *res says so. */
bool tp_login_has_consent(struct tp_login *l, const struct tp_http_request *req, const json_t *body,
			  struct tp_http_response *res);

void tp_login_consent(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_visits(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_own_visits(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_sessions(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_sessions_revoke(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_session_revoke(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_tokens(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_token_add(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_token_delete(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_accounts(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_account_add(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_account_change(void *arg, const struct tp_http_request *req, struct tp_http_response *res);
void tp_login_account_delete(void *arg, const struct tp_http_request *req, struct tp_http_response *res);

#endif
