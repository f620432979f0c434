/* Passwords of administrators: the first one, and later changes. Runs in
 * turnpike-admin's workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/account/policy.h"
#include "admin/http/times.h"

void tp_login_json_free(json_t *body)
{
	const char *key;
	json_t *value;

	json_object_foreach(body, key, value)
		if (json_is_string(value))
			tp_wipe((char *)json_string_value(value), json_string_length(value));
	json_decref(body);
}

static void broken(void *arg, const char *text)
{
	tp_http_errors_add(arg, "invalid-value", "/password", text);
}

/* The last ones, the present one among them. */
static void check_earlier(struct tp_login *l, const struct tp_account *account, const char *password,
			  uint8_t among, json_t *errors)
{
	char(*hashes)[256] = calloc(TP_STORE_PASSWORDS_MAX, sizeof(*hashes));
	size_t count = 0;
	bool known;

	if (!among || !hashes || tp_store_account_passwords(l->store, account->name, hashes, &count) != TP_OK)
		count = 0;
	known = among && tp_password_verify(l->gate, password, account->password_hash) == TP_OK;
	for (size_t i = 0; i < count && i + 1 < among && !known; i++)
		known = tp_password_verify(l->gate, password, hashes[i]) == TP_OK;
	if (known && among == 1)
		broken(errors, "This is the present password.");
	else if (known)
		tp_http_errors_add(errors, "invalid-value", "/password",
				   "This is one of the last passwords of the account; choose a new one.");
	free(hashes);
}

/* Adds to `errors` each rule that the new password breaks. `stored` NULL: no such account yet. */
static void check_password(struct tp_login *l, const struct tp_login_password *p,
			   const struct tp_account *stored, json_t *errors)
{
	struct tp_cfg_password_policy policy;
	const struct tp_policy_question question = { &policy, p->user, p->password, p->old };
	uint32_t wait_h;

	tp_login_policy(l, &policy);
	(void)tp_policy_check(&question, broken, errors);
	if (!stored || strlen(p->password) > TP_PASSWORD_MAX)
		return;
	/* Root at the console is the way back in, and could read the hashes anyway. */
	if (!p->console)
		check_earlier(l, stored, p->password, policy.history, errors);
	wait_h = p->old && !p->forced ?
			 tp_policy_wait_h(&policy, stored->password_changed_ms, tp_times_now_ms()) :
			 0;
	if (wait_h) {
		char text[128];

		snprintf(text, sizeof(text), "The password was changed lately; it can be changed again in %u hour%s.",
			 wait_h, wait_h == 1 ? "" : "s");
		broken(errors, text);
	}
}

static size_t count_errors(const json_t *errors)
{
	return json_array_size(json_object_get(json_object_get(errors, "ietf-restconf:errors"), "error"));
}

enum tp_err tp_login_make_hash(struct tp_login *l, const struct tp_login_password *p,
			       const struct tp_account *stored, char hash[TP_PASSWORD_HASH_MAX + 1],
			       struct tp_http_response *res)
{
	json_t *errors = tp_http_errors_new();
	enum tp_err err;

	check_password(l, p, stored, errors);
	if (count_errors(errors)) {
		tp_http_reply_errors(res, 400, errors);
		return TP_DENIED;
	}
	json_decref(errors);
	err = tp_password_hash(l->gate, p->password, hash);
	if (err != TP_OK)
		tp_http_reply_error(res, 503, "resource-denied", NULL,
				    "Too many logins at once: try again in a moment.");
	return err;
}

/* Adds the account or changes its password. On an error *res holds the answer. */
static enum tp_err store_password(struct tp_login *l, const struct tp_login_password *p,
				  struct tp_http_response *res)
{
	struct tp_account account = { 0 };
	struct tp_cfg_password_policy policy;
	uint64_t now_ms = tp_times_now_ms();
	bool known = tp_store_account_get(l->store, p->user, &account) == TP_OK;
	char hash[TP_PASSWORD_HASH_MAX + 1];
	enum tp_err err;

	if (!tp_account_name_is_good(p->user)) {
		tp_http_reply_error(res, 400, "invalid-value", "/user", "%s", TP_ACCOUNT_NAME_RULE);
		return TP_FORMAT;
	}
	err = tp_login_make_hash(l, p, known ? &account : NULL, hash, res);
	if (err != TP_OK)
		return err;
	tp_login_policy(l, &policy);
	if (known) {
		err = tp_store_account_set_password(l->store, p->user, hash, p->must_change, now_ms,
						    policy.history ? policy.history - 1u : 0);
	} else {
		account = (struct tp_account){ .level = TP_ACCOUNT_READ_WRITE, .web = true, .api = true,
					       .must_change = p->must_change, .created_ms = now_ms,
					       .password_changed_ms = now_ms };
		tp_text_copy(account.name, sizeof(account.name), p->user);
		tp_text_copy(account.password_hash, sizeof(account.password_hash), hash);
		err = tp_store_account_add(l->store, &account);
		tp_login_end_fallen(l); /* of remote users who are called so */
	}
	if (err != TP_OK)
		tp_http_reply_failure(res, err, NULL);
	return err;
}

/* -------------------------------------------------------------------- the first */

/* The wizard goes on under the same cookie, now as this administrator. */
static enum tp_err go_on_as(struct tp_login *l, const struct tp_http_request *req, const char *user)
{
	struct tp_session_facts facts;
	enum tp_err err = tp_session_find(l->sessions, req->session, tp_login_steady_ms(), false, &facts);

	if (err != TP_OK)
		return err;
	facts.state = TP_OPERATOR_ACTIVE;
	facts.rights = (struct tp_rights){ .level = TP_ACCOUNT_READ_WRITE, .web = true, .api = true };
	tp_text_copy(facts.user, sizeof(facts.user), user);
	return tp_session_change(l->sessions, req->session, &facts);
}

/* The secret is good for nothing more, nor is a session that was opened by it. */
static void done_with_first(struct tp_login *l)
{
	tp_session_close_user(l->sessions, "", false, NULL, TP_SESSION_REVOKED, tp_login_steady_ms());
	pthread_mutex_lock(&l->lock);
	l->has_first = false;
	tp_wipe(&l->first, sizeof(l->first));
	pthread_mutex_unlock(&l->lock);
	if (l->on_done)
		l->on_done(l->arg);
}

static void first_password(struct tp_login *l, const struct tp_http_request *req,
			   struct tp_http_response *res, const char *user, const char *password)
{
	const struct tp_login_password p = { .user = user, .password = password };
	enum tp_err err;

	if (!tp_login_awaits_first(l)) {
		tp_http_reply_error(res, 409, "in-use", NULL,
				    "An administrator has a password already: log in and change it.");
		return;
	}
	if (store_password(l, &p, res) != TP_OK)
		return;
	err = req->local ? TP_OK : go_on_as(l, req, user);
	done_with_first(l);
	tp_login_log(l, req, 0, "setup.password", user, "The first administrator has a password.");
	if (err != TP_OK)
		tp_http_reply_failure(res, TP_AUTH, NULL);
	else
		tp_http_reply_empty(res, 204);
}

void tp_login_setup_password(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	json_t *body = tp_http_body_object(req, res);
	const char *user = json_string_value(json_object_get(body, "user"));
	const char *password = json_string_value(json_object_get(body, "password"));

	if (!body)
		return;
	if (!user || !password)
		tp_http_reply_error(res, 400, "missing-element", NULL, "user and password are needed");
	else
		first_password(l, req, res, user, password);
	tp_login_json_free(body);
}

/* ------------------------------------------------------------------------ changes */

/* The present password of one's own account. False: *res holds the refusal. */
static bool proves_itself(struct tp_login *l, const struct tp_http_request *req,
			  struct tp_http_response *res, const char *current)
{
	struct tp_account account;

	if (!current) {
		tp_http_reply_error(res, 400, "missing-element", "/current", "The present password is needed.");
		return false;
	}
	if (!tp_login_may_try(l, req, res, req->user))
		return false;
	if (tp_store_account_get(l->store, req->user, &account) != TP_OK ||
	    tp_password_verify(l->gate, current, account.password_hash) != TP_OK) {
		tp_http_reply_error(res, 403, "access-denied", "/current", "The present password is wrong.");
		return false;
	}
	tp_login_passed(l, req, req->user);
	return true;
}

/* The route lets every account in; another's password is for those who administer. */
static bool may_change(struct tp_login *l, const struct tp_http_request *req,
		       struct tp_http_response *res, const char *current)
{
	if (tp_account_is_own(req, req->parameter))
		return proves_itself(l, req, res, current);
	if (!tp_account_may_change(l, req, req->parameter, res))
		return false;
	if (req->rights.level == TP_ACCOUNT_READ_WRITE && !req->rights.must_change_password)
		return true;
	tp_http_reply_error(res, 403, "access-denied", NULL, "Here you may change your own password only.");
	return false;
}

/* Whoever is under way with the old password logs in again, but for the one who asks. */
static void end_sessions(struct tp_login *l, const struct tp_http_request *req)
{
	bool own = tp_account_is_own(req, req->parameter);
	struct tp_session_facts facts;

	tp_session_close_user(l->sessions, req->parameter, false, own ? req->session : NULL,
			      TP_SESSION_ACCOUNT, tp_login_steady_ms());
	if (!own || tp_session_find(l->sessions, req->session, tp_login_steady_ms(), false, &facts) != TP_OK)
		return;
	facts.rights.must_change_password = false;
	if (tp_session_change(l->sessions, req->session, &facts) != TP_OK)
		TP_LOG(TP_LOG_DEBUG, "password.session", "the session has just ended");
}

static void change_password(struct tp_login *l, const struct tp_http_request *req,
			    struct tp_http_response *res, const struct tp_login_password *p)
{
	bool first = tp_login_awaits_first(l);
	struct tp_account known;
	char text[TP_HTTP_PARAMETER_MAX + 128];

	/* Only the console makes an administrator in passing. */
	if (!req->local && tp_store_account_get(l->store, p->user, &known) != TP_OK) {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "There is no account of this name.");
		return;
	}
	if (store_password(l, p, res) != TP_OK)
		return;
	if (first)
		done_with_first(l);
	end_sessions(l, req);
	snprintf(text, sizeof(text), "The password of %.127s was changed%s.", p->user,
		 p->must_change ? "; it has to be changed at the next login" : "");
	tp_login_log(l, req, 0, "password.changed", req->user, text);
	tp_login_log_configuration(l, req, "password.changed", text);
	tp_http_reply_empty(res, 204);
}

void tp_login_account_password(void *arg, const struct tp_http_request *req,
			       struct tp_http_response *res)
{
	struct tp_login *l = arg;
	json_t *body = tp_http_body_object(req, res);
	const char *password = json_string_value(json_object_get(body, "password"));
	const char *current = json_string_value(json_object_get(body, "current"));
	const json_t *must_change = json_object_get(body, "must-change");
	bool own = tp_account_is_own(req, req->parameter);
	const struct tp_login_password p = {
		.user = req->parameter,
		.password = password,
		.old = own ? current : NULL,
		.forced = req->rights.must_change_password,
		.console = req->local,
		/* Whoever gets a password from another one replaces it, unless that is refused. */
		.must_change = !own && (must_change ? json_is_true(must_change) : !req->local),
	};

	if (!body)
		return;
	if (!password)
		tp_http_reply_error(res, 400, "missing-element", "/password", "password is needed");
	else if (must_change && !json_is_boolean(must_change))
		tp_http_reply_error(res, 400, "invalid-value", "/must-change", "must-change is true or false");
	else if (may_change(l, req, res, current))
		change_password(l, req, res, &p);
	tp_login_json_free(body);
}

/* The rules of one's own password, and those of the ones that are given to others. */
static void add_rule(void *arg, const char *text)
{
	json_array_append_new(arg, json_string(text));
}

void tp_login_password_rules(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	struct tp_cfg_password_policy policy;
	json_t *own = json_array(), *given = json_array();

	(void)req;
	tp_login_policy(l, &policy);
	tp_policy_rules(&policy, true, add_rule, own);
	tp_policy_rules(&policy, false, add_rule, given);
	tp_http_reply_json(res, 200,
			   json_pack("{s:i, s:o, s:o}", "minimum-length", (int)policy.length, "own", own,
				     "given", given));
}
