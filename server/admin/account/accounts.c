/* Passwords of administrators: the first one, and later changes. Runs in
 * turnpike-admin's workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
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

static bool is_account_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > TP_SESSION_USER_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
		      (name[i] >= '0' && name[i] <= '9') || strchr(".-_@", name[i])))
			return false;
	return true;
}

/* Adds the account or changes its password. */
static enum tp_err store_password(struct tp_login *l, const char *user, const char *password,
				  struct tp_diag *diag)
{
	struct tp_account account = { .level = TP_ACCOUNT_READ_WRITE, .web = true, .api = true };
	enum tp_err err;

	if (!is_account_name(user))
		return tp_fail(diag, TP_FORMAT, "/user",
			       "The user name may hold letters, digits and . - _ @ only.");
	err = tp_password_check_rule(user, password, diag);
	if (err != TP_OK)
		return TP_FORMAT;
	err = tp_password_hash(l->gate, password, account.password_hash);
	if (err != TP_OK)
		return tp_fail(diag, TP_AGAIN, "", "Too many logins at once: try again in a moment.");
	err = tp_store_account_set_password(l->store, user, account.password_hash, false, tp_times_now_ms(),
					    TP_STORE_PASSWORDS_MAX);
	if (err == TP_NOTFOUND) {
		tp_text_copy(account.name, sizeof(account.name), user);
		account.created_ms = account.password_changed_ms = tp_times_now_ms();
		err = tp_store_account_add(l->store, &account);
	}
	return err;
}

static void done_with_first(struct tp_login *l)
{
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
	struct tp_session_facts facts = { .state = TP_OPERATOR_ACTIVE,
					  .rights = { .level = TP_ACCOUNT_READ_WRITE, .web = true, .api = true } };
	struct tp_diag diag = { 0 };
	enum tp_err err;

	if (!tp_login_awaits_first(l)) {
		tp_http_reply_error(res, 409, "in-use", NULL,
				    "An administrator has a password already: log in and change it.");
		return;
	}
	err = store_password(l, user, password, &diag);
	if (err != TP_OK) {
		tp_http_reply_failure(res, err, &diag);
		return;
	}
	done_with_first(l);
	tp_login_log(l, req, 0, "setup.password", user, "The first administrator has a password.");
	tp_text_copy(facts.user, sizeof(facts.user), user);
	/* The wizard goes on under the same cookie, now as this administrator. */
	if (!req->local && tp_session_change(l->sessions, req->session, &facts) != TP_OK)
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

/* True when the one who asks may set this password; else *res holds the refusal. */
static bool may_change(struct tp_login *l, const struct tp_http_request *req,
		       struct tp_http_response *res, const char *user, const char *current)
{
	struct tp_account account;

	if (req->local)
		return true;
	if (strcmp(user, req->user) != 0) {
		tp_http_reply_error(res, 403, "access-denied", NULL,
				    "Here you may change your own password only.");
		return false;
	}
	if (!current) {
		tp_http_reply_error(res, 400, "missing-element", "/current", "The present password is needed.");
		return false;
	}
	if (!tp_login_may_try(l, req, res, user))
		return false;
	if (tp_store_account_get(l->store, user, &account) != TP_OK ||
	    tp_password_verify(l->gate, current, account.password_hash) != TP_OK) {
		tp_http_reply_error(res, 403, "access-denied", "/current", "The present password is wrong.");
		return false;
	}
	tp_login_passed(l, req, user);
	return true;
}

static void change_password(struct tp_login *l, const struct tp_http_request *req,
			    struct tp_http_response *res, const char *password)
{
	bool first = tp_login_awaits_first(l);
	struct tp_diag diag = { 0 };
	enum tp_err err = store_password(l, req->parameter, password, &diag);
	char text[TP_HTTP_PARAMETER_MAX + 64];

	if (err != TP_OK) {
		tp_http_reply_failure(res, err, &diag);
		return;
	}
	if (first)
		done_with_first(l);
	tp_session_close_user(l->sessions, req->parameter, req->local ? NULL : req->session);
	snprintf(text, sizeof(text), "The password of %.127s was changed.", req->parameter);
	tp_login_log(l, req, 0, "password.changed", req->user, text);
	tp_http_reply_empty(res, 204);
}

void tp_login_account_password(void *arg, const struct tp_http_request *req,
			       struct tp_http_response *res)
{
	struct tp_login *l = arg;
	json_t *body = tp_http_body_object(req, res);
	const char *password = json_string_value(json_object_get(body, "password"));
	const char *current = json_string_value(json_object_get(body, "current"));

	if (!body)
		return;
	if (!password)
		tp_http_reply_error(res, 400, "missing-element", "/password", "password is needed");
	else if (may_change(l, req, res, req->parameter, current))
		change_password(l, req, res, password);
	tp_login_json_free(body);
}

void tp_login_accounts(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	struct tp_account *rows = NULL;
	json_t *list = json_array();
	size_t count = 0;
	enum tp_err err = tp_store_account_list(l->store, &rows, &count);

	(void)req;
	for (size_t i = 0; err == TP_OK && i < count; i++)
		json_array_append_new(list, json_pack("{s:o, s:b, s:o, s:o, s:o, s:i}", "name",
						      tp_json_text(rows[i].name), "disabled",
						      rows[i].disabled, "created-at",
						      tp_times_json(rows[i].created_ms), "last-login-at",
						      tp_times_json(rows[i].last_login_ms),
						      "last-login-source",
						      tp_json_text(rows[i].last_login_source),
						      "failures", (int)rows[i].failures));
	free(rows);
	if (err != TP_OK) {
		json_decref(list);
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	tp_http_reply_json(res, 200, json_pack("{s:o}", "accounts", list));
}
