/* Who asks, and the first administrator. Runs in turnpike-admin's workers. */
#include "admin/account/login.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "admin/account/login_state.h"
#include "admin/advanced/banner.h"
#include "admin/http/times.h"
#include "core/log.h"

uint64_t tp_login_steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum tp_err tp_login_new(struct tp_store *store, const struct tp_password_gate *gate,
			 const struct tp_auth_helpers *helpers, tp_login_done on_done, void *arg,
			 struct tp_login **out)
{
	struct tp_login *l = calloc(1, sizeof(*l));
	enum tp_err err;

	if (!l)
		return TP_NOMEM;
	l->store = store;
	l->on_done = on_done;
	l->arg = arg;
	l->role = -1;
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_init(&l->visits_lock, NULL);
	l->ldap.trusted_fd = -1;
	l->gate = gate;
	l->policy = tp_policy_default;
	l->helpers = helpers;
	if (tp_sessions_new(&l->sessions) != TP_OK || tp_attempts_new(&l->attempts) != TP_OK ||
	    tp_advanced_new(&l->advanced) != TP_OK) {
		tp_login_free(&l);
		return TP_NOMEM;
	}
	err = tp_lockout_new(store, l->advanced, &l->lockout);
	if (err != TP_OK) {
		tp_login_free(&l);
		return err;
	}
	tp_visits_start(l);
	*out = l;
	return TP_OK;
}

void tp_login_free(struct tp_login **login)
{
	struct tp_login *l = *login;

	if (!l)
		return;
	*login = NULL;
	tp_sessions_free(&l->sessions);
	tp_lockout_free(&l->lockout);
	tp_advanced_free(&l->advanced);
	tp_attempts_free(&l->attempts);
	pthread_mutex_destroy(&l->lock);
	pthread_mutex_destroy(&l->visits_lock);
	tp_auth_ldap_fini(&l->ldap);
	free(l);
}

/* A directory that cannot be asked is not asked: its users are refused. */
static void take_ldap(struct tp_login *l, const struct tp_cfg_admin *cfg)
{
	enum tp_err err;

	if (!cfg->ldap_count)
		return;
	err = tp_auth_ldap_set(&l->ldap, &cfg->ldap[0]);
	l->auth.ldap = err == TP_OK && cfg->ldap[0].enabled;
	l->auth.ldap_digest = tp_auth_ldap_digest(&l->ldap);
	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "login.ldap", "the settings of LDAP cannot be used: %s", tp_err_name(err));
}

/* Whether the session is of somebody who does not come in under these settings: in the advanced
 * mode that is everybody with an account here, but for the emergency account, every program, and
 * a remote user who is called like the emergency account. */
static bool is_shut_out(const void *arg, const struct tp_session_facts *facts)
{
	const struct tp_cfg_advanced *settings = arg;

	if (!settings->enabled)
		return false;
	if (facts->by_api || facts->state != TP_OPERATOR_ACTIVE)
		return true;
	return facts->remote ? !strcasecmp(facts->user, settings->emergency_account) :
			       strcmp(facts->user, settings->emergency_account) != 0;
}

static void take_advanced(struct tp_login *l, const struct tp_cfg_advanced *settings)
{
	tp_advanced_use(l->advanced, settings);
	tp_session_close_if(l->sessions, is_shut_out, settings, TP_SESSION_ADVANCED, tp_login_steady_ms());
}

void tp_login_configure(struct tp_login *l, const struct tp_cfg_admin *cfg)
{
	const struct tp_session_limits limits = { .idle_s = cfg->session_idle_s,
						  .absolute_s = cfg->session_absolute_s,
						  .most = cfg->session_max,
						  .most_each = cfg->session_each,
						  .refuse = cfg->session_refuse };

	pthread_mutex_lock(&l->lock);
	tp_text_copy(l->host_name, sizeof(l->host_name), cfg->host_name);
	l->set_up = cfg->set_up;
	l->role = cfg->set_up ? (int)cfg->role : -1;
	l->idle_s = cfg->session_idle_s;
	l->consent = cfg->consent_count ? cfg->consent[0] : (struct tp_cfg_consent){ 0 };
	l->policy = cfg->password_policy_count ? cfg->password_policy[0] : tp_policy_default;
	l->unused_days = cfg->unused_days;
	l->api_off = !cfg->api;
	tp_auth_settings_set(&l->auth, cfg);
	take_ldap(l, cfg);
	l->card_level = cfg->card_login_count ? (enum tp_cac_level)cfg->card_login[0].level : TP_CAC_NOT_REQUIRED;
	pthread_mutex_unlock(&l->lock);
	if (cfg->advanced_count)
		take_advanced(l, &cfg->advanced[0]);
	tp_sessions_set_limits(l->sessions, &limits);
	tp_login_set_rate(l, cfg->api_per_minute);
	tp_login_end_fallen(l);
}

void tp_login_by_card(struct tp_login *l, bool by_card)
{
	bool local;

	pthread_mutex_lock(&l->lock);
	local = l->auth.source != TP_LOGIN_REMOTE;
	pthread_mutex_unlock(&l->lock);
	/* Where nobody comes in by a local account, none is kept for it. */
	tp_store_account_method(l->store, by_card && local ? TP_SESSION_CERTIFICATE : -1);
}

void tp_login_first(struct tp_login *l, const struct tp_msg_first_login *m)
{
	pthread_mutex_lock(&l->lock);
	l->first = *m;
	l->has_first = true;
	pthread_mutex_unlock(&l->lock);
}

void tp_login_names(struct tp_login *l, char host_name[256], int *role)
{
	pthread_mutex_lock(&l->lock);
	tp_text_copy(host_name, 256, l->host_name);
	*role = l->role;
	pthread_mutex_unlock(&l->lock);
}

struct tp_lockout *tp_login_lockout(struct tp_login *l)
{
	return l->lockout;
}

struct tp_advanced *tp_login_advanced(struct tp_login *l)
{
	return l->advanced;
}

bool tp_login_is_set_up(struct tp_login *l)
{
	bool set_up;

	pthread_mutex_lock(&l->lock);
	set_up = l->set_up;
	pthread_mutex_unlock(&l->lock);
	return set_up;
}

bool tp_login_awaits_first(struct tp_login *l)
{
	struct tp_account *rows = NULL;
	size_t count = 0;
	bool known, waits;

	pthread_mutex_lock(&l->lock);
	known = l->has_account;
	pthread_mutex_unlock(&l->lock);
	if (known)
		return false;
	waits = tp_store_account_list(l->store, &rows, &count) == TP_OK && count == 0;
	free(rows);
	pthread_mutex_lock(&l->lock);
	l->has_account |= count > 0;
	pthread_mutex_unlock(&l->lock);
	return waits;
}

static bool is_api_off(struct tp_login *l)
{
	bool off;

	pthread_mutex_lock(&l->lock);
	off = l->api_off;
	pthread_mutex_unlock(&l->lock);
	return off;
}

bool tp_login_identify(struct tp_login *l, struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_session_facts facts;

	req->state = TP_OPERATOR_ANONYMOUS;
	req->api_off = is_api_off(l);
	req->advanced = tp_advanced_is_on(l->advanced);
	if (req->local) {
		req->state = TP_OPERATOR_ACTIVE;
		req->rights = (struct tp_rights){ .level = TP_ACCOUNT_READ_WRITE, .web = true, .api = true };
		tp_text_copy(req->user, sizeof(req->user), "root");
		if (!req->advanced)
			tp_visits_shell(l);
		return true;
	}
	if (tp_login_is_token(req))
		return tp_login_identify_token(l, req, res);
	if (!tp_session_cookie(req->cookie, req->session))
		return true;
	tp_session_csrf(l->sessions, req->session, req->csrf_wanted);
	if (tp_session_find(l->sessions, req->session, tp_login_steady_ms(), !req->background, &facts) != TP_OK) {
		req->ended = tp_session_why(l->sessions, req->session);
		return true;
	}
	req->state = facts.state;
	req->rights = facts.rights;
	req->by_api = facts.by_api;
	req->remote = facts.remote;
	req->rights.emergency = !facts.remote && tp_advanced_is_emergency(l->advanced, facts.user);
	memcpy(req->session_card, facts.card, sizeof(req->session_card));
	tp_text_copy(req->session_card_name, sizeof(req->session_card_name), facts.card_name);
	tp_text_copy(req->user, sizeof(req->user), facts.user);
	return !req->by_api || tp_login_may_call(l, req->user, res);
}

bool tp_login_is_still(struct tp_login *l, const struct tp_http_request *req)
{
	struct tp_session_facts facts;

	if (tp_advanced_is_on(l->advanced) != req->advanced)
		return false;
	if (req->local || req->by_token || req->state == TP_OPERATOR_ANONYMOUS)
		return true;
	return tp_session_find(l->sessions, req->session, tp_login_steady_ms(), false, &facts) == TP_OK;
}

void tp_login_end_session(struct tp_login *l, struct tp_http_request *req)
{
	tp_session_close(l->sessions, req->session, TP_SESSION_CARD, tp_login_steady_ms());
	req->ended = tp_session_why(l->sessions, req->session);
	req->state = TP_OPERATOR_ANONYMOUS;
	req->rights = (struct tp_rights){ 0 };
	req->by_api = false;
	memset(req->session_card, 0, sizeof(req->session_card));
	req->user[0] = '\0';
}

void tp_login_policy(struct tp_login *l, struct tp_cfg_password_policy *out)
{
	pthread_mutex_lock(&l->lock);
	*out = l->policy;
	pthread_mutex_unlock(&l->lock);
}

struct tp_rights tp_login_rights(struct tp_login *l, const struct tp_account *account)
{
	struct tp_cfg_password_policy policy;
	bool old;

	tp_login_policy(l, &policy);
	old = tp_policy_is_too_old(&policy, account->password_changed_ms, tp_times_now_ms());
	return (struct tp_rights){ .level = account->level,
				   .web = account->web,
				   .api = account->api,
				   .must_change_password = account->must_change || old };
}

static void set_cookie(struct tp_http_response *res, const char *id)
{
	char text[160];

	snprintf(text, sizeof(text), "%s=%s; Path=/; Secure; HttpOnly; SameSite=Strict", TP_SESSION_COOKIE,
		 id);
	tp_http_cookie(res, text);
}

void tp_login_log(struct tp_login *l, const struct tp_http_request *req, uint8_t severity,
		  const char *name, const char *user, const char *text)
{
	struct tp_log_entry line = { .at_ms = tp_times_now_ms(), .severity = severity };

	tp_text_copy(line.name, sizeof(line.name), name);
	tp_text_copy(line.text, sizeof(line.text), text);
	tp_text_copy(line.user, sizeof(line.user), user);
	tp_text_make_printable(line.user);
	tp_login_source(req, line.source);
	if (tp_store_log_add(l->store, TP_LOG_KIND_EVENT, &line) != TP_OK)
		TP_LOG(TP_LOG_WARN, "login.log", "%s could not be stored", name);
}

void tp_login_source(const struct tp_http_request *req, char text[64])
{
	if (req->local)
		tp_text_copy(text, 64, "socket");
	else
		tp_addr_write_ip(&req->peer, text);
}

/* ---------------------------------------------------------------------- session */

/* What the wizard of the browser goes by: "setup" until there is an administrator and
 * the appliance is configured. */
static const char *state_name(struct tp_login *l, const struct tp_http_request *req)
{
	if (req->state == TP_OPERATOR_SETUP || (req->state == TP_OPERATOR_ACTIVE && !tp_login_is_set_up(l)))
		return "setup";
	if (req->state == TP_OPERATOR_ACTIVE)
		return "active";
	return tp_login_awaits_first(l) ? "setup" : "anonymous";
}

static json_t *describe(struct tp_login *l, const struct tp_http_request *req, const char *csrf)
{
	struct tp_session_facts facts = { 0 };
	char host_name[256];
	int role;
	const char *level = req->state == TP_OPERATOR_ACTIVE ? tp_account_level_name(req->rights.level) : NULL;
	bool inside = req->state != TP_OPERATOR_ANONYMOUS;

	tp_login_names(l, host_name, &role);
	if (!req->local && req->state != TP_OPERATOR_ANONYMOUS &&
	    tp_session_find(l->sessions, req->session, tp_login_steady_ms(), false, &facts) != TP_OK)
		facts = (struct tp_session_facts){ 0 };
	return json_pack("{s:s, s:b, s:s, s:s, s:o, s:s?, s:s?, s:s, s:I, s:o, s:o, s:s?, s:s?, s:i, s:o, s:s?,"
			 " s:o, s:s?, s:b, s:s?, s:o, s:b, s:b}",
			 "state", state_name(l, req), "unlocked", inside, "product",
			 "Turnpike", "version", TP_VERSION, "host-name", tp_json_text(host_name), "role",
			 role < 0 ? NULL : role == TP_ROLE_CORE ? "core" : "edge", "user",
			 req->user[0] ? req->user : NULL, "csrf", csrf, "idle-s", (json_int_t)l->idle_s,
			 "banner", tp_banner_json(l->advanced), "previous-login-at",
			 tp_times_json(facts.previous_login_ms),
			 "previous-login-source", facts.previous_source[0] ? facts.previous_source : NULL,
			 "previous-login-method",
			 facts.previous_source[0] ? tp_session_method_name(facts.previous_method) : NULL,
			 "failed-logins", (int)facts.failed_logins, "last-failure-at",
			 tp_times_json(facts.failure_ms), "last-failure-source",
			 facts.failure_source[0] ? facts.failure_source : NULL, "logged-in-at",
			 tp_times_json(facts.logged_in_ms), "level", level, "must-change-password",
			 req->rights.must_change_password, "ended", inside ? NULL : req->ended, "consent",
			 inside ? json_null() : tp_login_consent_json(l), "advanced",
			 tp_advanced_is_on(l->advanced), "emergency",
			 req->state == TP_OPERATOR_ACTIVE && !facts.remote &&
				 tp_advanced_is_emergency(l->advanced, req->user));
}

static void session_get(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	char id[TP_SESSION_ID_TEXT], csrf[65];
	uint8_t hash[32];
	char cookie[TP_SESSION_ID_TEXT + 32];

	if (req->local || req->csrf_wanted[0]) {
		tp_http_reply_json(res, 200, describe(l, req, req->csrf_wanted));
		return;
	}
	tp_session_id_new(id);
	snprintf(cookie, sizeof(cookie), "%s=%s", TP_SESSION_COOKIE, id);
	if (!tp_session_cookie(cookie, hash)) {
		tp_http_reply_failure(res, TP_INTERNAL, NULL);
		return;
	}
	tp_session_csrf(l->sessions, hash, csrf);
	tp_http_reply_json(res, 200, describe(l, req, csrf));
	set_cookie(res, id);
}

/* The account has as many sessions as it may. */
static void refuse_another(struct tp_login *l, const struct tp_http_request *req,
			   struct tp_http_response *res, const char *user)
{
	tp_login_log(l, req, 1, "login.crowded", user, "Refused: the account has as many sessions as it may.");
	tp_http_reply_error(res, 409, "in-use", NULL,
			    "This account is logged in as often as it may be. Log out elsewhere, let an administrator "
			    "end a session, or wait until one ends by itself.");
}

/* Whether account and settings are what the login found them to be. What changed while the
 * password was looked at ended only the sessions that there were. */
static bool still_stands(struct tp_login *l, const struct tp_session_facts *facts)
{
	const struct tp_rights *r = &facts->rights;
	struct tp_cfg_advanced advanced;
	struct tp_account a;

	tp_advanced_get(l->advanced, &advanced);
	if (is_shut_out(&advanced, facts))
		return false;
	if (facts->state != TP_OPERATOR_ACTIVE)
		return tp_login_awaits_first(l);
	if (!tp_login_stands(l, facts))
		return false;
	if (facts->remote)
		return true;
	return tp_store_account_get(l->store, facts->user, &a) == TP_OK && !a.disabled && a.level == r->level &&
	       a.web == r->web && a.api == r->api &&
	       (!facts->password_changed_ms || facts->password_changed_ms == a.password_changed_ms);
}

/* After it was opened: from then on a change of the account ends it. */
static void refuse_changed(struct tp_login *l, const struct tp_http_request *req, struct tp_http_response *res,
			   const uint8_t session[32], const char *user)
{
	tp_session_close(l->sessions, session, TP_SESSION_ACCOUNT, tp_login_steady_ms());
	tp_login_log(l, req, 1, "login.failed", user, "The account or the settings were changed during the login.");
	tp_http_reply_error(res, 401, "access-denied", NULL,
			    "The account or the settings of logins have just been changed: log in again.");
}

static void note_success(struct tp_login *l, const struct tp_session_facts *facts)
{
	if (facts->state == TP_OPERATOR_ACTIVE && !facts->remote &&
	    tp_store_account_note_login(l->store, facts->user, true, facts->logged_in_ms, facts->source) != TP_OK)
		TP_LOG(TP_LOG_WARN, "login.note", "a login could not be noted");
}

bool tp_login_admit(struct tp_login *l, const struct tp_http_request *req, struct tp_http_response *res,
		    const struct tp_session_facts *given)
{
	struct tp_session_facts facts = *given;
	struct tp_http_request as = *req;
	char id[TP_SESSION_ID_TEXT], csrf[65];
	enum tp_err err;

	if (req->card && req->card->wanted)
		memcpy(facts.card, req->card->sha256, sizeof(facts.card));
	tp_login_source(req, facts.source);
	tp_visits_begin(l, req, &facts);
	err = tp_session_open(l->sessions, &facts, req->session, tp_login_steady_ms(), id, as.session);
	if (err == TP_LIMIT) {
		tp_visits_crowded(l, &facts);
		refuse_another(l, req, res, facts.user);
		return false;
	}
	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		return false;
	}
	if (!still_stands(l, &facts)) {
		refuse_changed(l, req, res, as.session, facts.user);
		return false;
	}
	note_success(l, &facts);
	as.state = facts.state;
	as.rights = facts.rights;
	as.by_api = facts.by_api;
	tp_text_copy(as.user, sizeof(as.user), facts.user);
	tp_session_csrf(l->sessions, as.session, csrf);
	tp_http_reply_json(res, 200, describe(l, &as, csrf));
	set_cookie(res, id);
	tp_wipe(id, sizeof(id));
	return true;
}

/* Whether the password was right, and it is the account that may not. */
static bool is_known(const struct tp_auth_verdict *v)
{
	for (size_t i = 0; i < v->step_count; i++)
		if (v->steps[i].passed && !strcmp(v->steps[i].name, "password"))
			return true;
	return v->source != NULL;
}

static void refuse_login(struct tp_login *l, const struct tp_http_request *req,
			 struct tp_http_response *res, const struct tp_auth_ask *ask,
			 const struct tp_auth_verdict *v)
{
	enum tp_err err = TP_OK;

	/* A namesake elsewhere is not the account. */
	if (v->local)
		err = tp_store_account_note_login(l->store, ask->user, false, tp_times_now_ms(), ask->address);
	if (err != TP_OK && err != TP_NOTFOUND)
		TP_LOG(TP_LOG_WARN, "login.note", "a failed login could not be noted");
	tp_visits_failed(l, req, ask->user, ask->by_api, TP_SESSION_PASSWORD,
			 is_known(v) ? TP_LOGIN_REFUSED : TP_LOGIN_WRONG);
	tp_login_log(l, req, 1, "login.failed", ask->user,
		     v->text[0] ? v->text : "Wrong user name or password.");
	/* From the failure on that begins a block, right and wrong passwords are told the same. */
	if (tp_login_is_open(l, res))
		tp_http_reply_error(res, 401, "access-denied", NULL, "User name or password is wrong.");
}

static void put_off(struct tp_http_response *res, const char *text)
{
	tp_http_reply_error(res, 503, "resource-denied", NULL, "%s", text);
	tp_http_header(res, "Retry-After", "2");
}

static enum tp_session_method method_of(const struct tp_auth_verdict *v)
{
	if (!v->remote)
		return TP_SESSION_PASSWORD;
	return !strcmp(v->source, "ldap") ? TP_SESSION_LDAP : TP_SESSION_PAM;
}

static void welcome(struct tp_login *l, const struct tp_http_request *req, struct tp_http_response *res,
		    const struct tp_auth_ask *ask, const struct tp_auth_verdict *v, uint64_t password_changed_ms)
{
	struct tp_session_facts facts = { .state = TP_OPERATOR_ACTIVE,
					  .by_api = ask->by_api,
					  .method = method_of(v),
					  .remote = v->remote,
					  .basis = v->basis,
					  .rights = v->rights,
					  .previous_login_ms = v->previous_login_ms,
					  .failed_logins = v->failures,
					  .password_changed_ms = v->remote ? 0 : password_changed_ms };
	char text[64];

	/* A try that was under way when the block began is no way around it. */
	if (!tp_login_is_open(l, res)) {
		tp_login_log(l, req, 1, "login.failed", ask->user, "Logins were blocked while this one was looked at.");
		return;
	}
	tp_lockout_passed(l->lockout);
	tp_login_passed(l, req, ask->user);
	tp_text_copy(facts.user, sizeof(facts.user), v->user);
	if (!tp_login_admit(l, req, res, &facts))
		return;
	snprintf(text, sizeof(text), "Logged in with a password (%s).", v->source);
	tp_login_log(l, req, 0, "login", v->user, text);
	tp_login_remember_device(l, req, res, ask->user);
}

static void log_in(struct tp_login *l, const struct tp_http_request *req, struct tp_http_response *res,
		   const char *user, const char *password, bool by_api)
{
	struct tp_auth_verdict *v = calloc(1, sizeof(*v));
	struct tp_account before = { 0 }; /* all zeros: a remote one */
	char source[64];
	const struct tp_auth_ask ask = { .user = user,
					 .password = password,
					 .address = source,
					 .urgent = tp_login_knows_device(l, req, user),
					 .by_api = by_api };

	tp_login_disable_unused(l);
	tp_login_source(req, source);
	if (tp_store_account_get(l->store, user, &before) != TP_OK)
		before.password_changed_ms = 0;
	switch (v ? tp_authenticate(l, &ask, v) : TP_LIMIT) {
	case TP_OK:
		welcome(l, req, res, &ask, v, before.password_changed_ms);
		break;
	case TP_LIMIT:
		put_off(res, "Too many logins at once: try again in a moment.");
		break;
	case TP_IO:
		tp_visits_failed(l, req, user, by_api, TP_SESSION_PASSWORD, TP_LOGIN_UNKNOWN);
		tp_login_log(l, req, 1, "login.unavailable", user, v->text);
		put_off(res, "Nobody can say now whether this may log in: try again later.");
		break;
	default:
		refuse_login(l, req, res, &ask, v);
	}
	free(v);
}

static void session_post(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	json_t *body = tp_http_body_object(req, res);
	const char *user = json_string_value(json_object_get(body, "user"));
	const char *password = json_string_value(json_object_get(body, "password"));
	const char *by = json_string_value(json_object_get(body, "access"));

	if (!body)
		return;
	if (by && strcmp(by, "web") != 0 && strcmp(by, "api") != 0)
		tp_http_reply_error(res, 400, "invalid-value", "/access", "access is web or api");
	else if (!user || !password || !user[0] || strlen(user) > TP_SESSION_USER_MAX ||
	    !password[0] || strlen(password) > TP_PASSWORD_MAX)
		tp_http_reply_error(res, 400, "missing-element", NULL, "user and password are needed");
	else if (req->advanced && by && !strcmp(by, "api"))
		tp_http_reply_error(res, 403, "access-denied", NULL, TP_ACCESS_NO_API);
	else if (tp_login_is_open(l, res) && tp_login_has_consent(l, req, body, res) &&
		 tp_login_may_try(l, req, res, user))
		log_in(l, req, res, user, password, by && !strcmp(by, "api"));
	tp_login_json_free(body);
}

static void session_delete(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;

	if (req->state != TP_OPERATOR_ANONYMOUS && !req->local) {
		tp_session_close(l->sessions, req->session, TP_SESSION_LOGOUT, tp_login_steady_ms());
		tp_login_log(l, req, 0, "logout", req->user, "Logged out.");
	}
	tp_http_reply_empty(res, 204);
}

/* -------------------------------------------------------------------- first run */

/* The secret as it was hashed: letters and digits alone, in upper case. */
static void normalise(const char *text, char out[64])
{
	size_t n = 0;

	for (; *text && n < 63; text++)
		if (isalnum((unsigned char)*text))
			out[n++] = (char)toupper((unsigned char)*text);
	out[n] = '\0';
}

static void unlock(struct tp_login *l, const struct tp_http_request *req, struct tp_http_response *res,
		   const char *secret)
{
	const struct tp_session_facts facts = { .state = TP_OPERATOR_SETUP, .method = TP_SESSION_SECRET };
	struct tp_msg_first_login first;
	bool has_first;
	char plain[64];
	enum tp_err err = TP_AUTH;

	pthread_mutex_lock(&l->lock);
	first = l->first;
	has_first = l->has_first;
	pthread_mutex_unlock(&l->lock);
	if (!tp_login_awaits_first(l)) {
		tp_http_reply_error(res, 409, "in-use", NULL,
				    "An administrator has a password already: log in with it.");
		return;
	}
	normalise(secret, plain);
	if (has_first)
		err = tp_password_verify_first(l->gate, plain, &first);
	tp_wipe(plain, sizeof(plain));
	if (err != TP_OK) {
		tp_login_log(l, req, 1, "setup.failed", "", "Wrong first-login secret.");
		tp_http_reply_error(res, 401, "access-denied", NULL,
				    "That is not the first-login secret of this appliance.");
		return;
	}
	tp_login_passed(l, req, "first login");
	if (tp_login_admit(l, req, res, &facts))
		tp_login_log(l, req, 0, "setup", "", "The first-login secret was given.");
}

static void setup_unlock(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	json_t *body = tp_http_body_object(req, res);
	const char *secret = json_string_value(json_object_get(body, "secret"));

	if (!body)
		return;
	if (!secret)
		tp_http_reply_error(res, 400, "missing-element", NULL, "secret is needed");
	else if (tp_login_may_try(l, req, res, "first login"))
		unlock(l, req, res, secret);
	tp_login_json_free(body);
}

static const struct tp_route routes[] = {
	TP_ROUTE(TP_HTTP_GET, "/api/v1/session", TP_ACCESS_ANYONE, 0, session_get),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/session", TP_ACCESS_ANYONE, 4096, session_post),
	TP_ROUTE(TP_HTTP_DELETE, "/api/v1/session", TP_ACCESS_ANYONE, 0, session_delete),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/consent", TP_ACCESS_ANYONE, 0, tp_login_consent),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/logins", TP_ACCESS_LOGS, 0, tp_login_visits),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/logins/own", TP_ACCESS_SIGNED_IN, 0, tp_login_own_visits),
	TP_ROUTE_NO_TOKEN(TP_HTTP_GET, "/api/v1/sessions", TP_ACCESS_READ, 0, tp_login_sessions),
	TP_ROUTE_NO_TOKEN(TP_HTTP_DELETE, "/api/v1/sessions", TP_ACCESS_WRITE, 0, tp_login_sessions_revoke),
	TP_ROUTE_NO_TOKEN(TP_HTTP_DELETE, "/api/v1/sessions/*", TP_ACCESS_WRITE, 0, tp_login_session_revoke),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/setup/unlock", TP_ACCESS_ANYONE, 4096, setup_unlock),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/setup/password", TP_ACCESS_SETUP, 4096, tp_login_setup_password),
	TP_ROUTE(TP_HTTP_PUT, "/api/v1/accounts/*/password", TP_ACCESS_PASSWORD, 4096,
		 tp_login_account_password),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/password-rules", TP_ACCESS_PASSWORD, 0, tp_login_password_rules),
	TP_ROUTE_NO_TOKEN(TP_HTTP_GET, "/api/v1/accounts", TP_ACCESS_READ, 0, tp_login_accounts),
	TP_ROUTE_NO_TOKEN(TP_HTTP_POST, "/api/v1/accounts", TP_ACCESS_WRITE, 4096, tp_login_account_add),
	TP_ROUTE_NO_TOKEN(TP_HTTP_PUT, "/api/v1/accounts/*", TP_ACCESS_WRITE, 4096, tp_login_account_change),
	TP_ROUTE_NO_TOKEN(TP_HTTP_DELETE, "/api/v1/accounts/*", TP_ACCESS_WRITE, 0,
			  tp_login_account_delete),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/tokens", TP_ACCESS_SIGNED_IN, 0, tp_login_tokens),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/tokens", TP_ACCESS_SIGNED_IN, 4096, tp_login_token_add),
	TP_ROUTE(TP_HTTP_DELETE, "/api/v1/tokens/*", TP_ACCESS_SIGNED_IN, 0, tp_login_token_delete),
};

const struct tp_route *tp_login_routes(size_t *count)
{
	*count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}
