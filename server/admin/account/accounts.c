/* Administrators' accounts: listed, made, changed, deleted. Runs in turnpike-admin's
 * workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/account/login_state.h"
#include "admin/http/times.h"

bool tp_account_name_is_good(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > TP_SESSION_USER_MAX || !strcasecmp(name, "root"))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z') ||
		      (name[i] >= '0' && name[i] <= '9') || strchr(".-_@", name[i])))
			return false;
	return true;
}

/* ------------------------------------------------------------------------- looking */

static bool can_administer(const struct tp_account *a)
{
	return a->level == TP_ACCOUNT_READ_WRITE && a->web && !a->disabled;
}

static json_t *account_json(const struct tp_account *a, bool last)
{
	return json_pack("{s:o, s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:i}", "name",
			 tp_json_text(a->name), "level", tp_account_level_name(a->level), "web", a->web, "api",
			 a->api, "disabled", a->disabled, "disabled-unused", a->disabled && a->unused,
			 "must-change-password", a->must_change, "last-administrator", last, "created-at",
			 tp_times_json(a->created_ms), "password-changed-at",
			 tp_times_json(a->password_changed_ms), "last-login-at",
			 tp_times_json(a->last_login_ms), "last-login-source",
			 tp_json_text(a->last_login_source), "failures", (int)a->failures);
}

void tp_login_accounts(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	struct tp_account *rows = NULL;
	json_t *list;
	size_t count = 0, able = 0;
	enum tp_err err;

	(void)req;
	tp_login_disable_unused(l);
	err = tp_store_account_list(l->store, &rows, &count);
	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < count; i++)
		able += can_administer(&rows[i]);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, account_json(&rows[i], able == 1 && can_administer(&rows[i])));
	free(rows);
	tp_http_reply_json(res, 200, json_pack("{s:o}", "accounts", list));
}

/* ------------------------------------------------------------------------- changes */

/* What a body may say of an account. False: *res holds the 400. */
static bool read_body(const json_t *body, struct tp_account *a, struct tp_http_response *res)
{
	const struct {
		const char *name;
		bool *to;
	} flags[] = {
		{ "web", &a->web },
		{ "api", &a->api },
		{ "disabled", &a->disabled },
		{ "must-change-password", &a->must_change },
	};
	const json_t *level = json_object_get(body, "level");

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		const json_t *value = json_object_get(body, flags[i].name);

		if (value && !json_is_boolean(value)) {
			tp_http_reply_error(res, 400, "invalid-value", NULL, "%s is true or false",
					    flags[i].name);
			return false;
		}
		if (value)
			*flags[i].to = json_is_true(value);
	}
	if (level && (!json_is_string(level) || !tp_account_level_find(json_string_value(level), &a->level))) {
		tp_http_reply_error(res, 400, "invalid-value", "/level",
				    "level is read-write, read-only or auditor");
		return false;
	}
	return true;
}

static const char *yes(bool flag)
{
	return flag ? "yes" : "no";
}

/* Members that differ, as "level read-only to auditor, web yes to no"; those of a new
 * account when there was none. */
static void tell_difference(const struct tp_account *before, const struct tp_account *after, char *text,
			    size_t size)
{
	const struct {
		const char *name, *old, *new;
	} rows[] = {
		{ "level", tp_account_level_name(before->level), tp_account_level_name(after->level) },
		{ "web", yes(before->web), yes(after->web) },
		{ "api", yes(before->api), yes(after->api) },
		{ "disabled", yes(before->disabled), yes(after->disabled) },
		{ "password to be changed", yes(before->must_change), yes(after->must_change) },
	};
	struct tp_wr wr;

	tp_wr_init(&wr, text, size - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (before == after)
			tp_wr_fmt(&wr, "%s%s %s", wr.len ? ", " : "", rows[i].name, rows[i].new);
		else if (strcmp(rows[i].old, rows[i].new) != 0)
			tp_wr_fmt(&wr, "%s%s %s to %s", wr.len ? ", " : "", rows[i].name, rows[i].old,
				  rows[i].new);
	}
	text[wr.len] = '\0';
}

static void note(struct tp_login *l, const struct tp_http_request *req, const char *name, const char *fmt, ...)
	TP_PRINTF(4, 5);

/* Who changed what stands in both logs. */
static void note(struct tp_login *l, const struct tp_http_request *req, const char *name, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tp_login_log(l, req, 0, name, req->user, text);
	tp_login_log_configuration(l, req, name, text);
}

void tp_login_log_configuration(struct tp_login *l, const struct tp_http_request *req, const char *name,
				const char *text)
{
	struct tp_log_entry line = { .at_ms = tp_times_now_ms() };

	tp_text_copy(line.name, sizeof(line.name), name);
	tp_text_copy(line.text, sizeof(line.text), text);
	tp_text_copy(line.user, sizeof(line.user), req->user);
	tp_login_source(req, line.source);
	if (tp_store_log_add(l->store, TP_LOG_KIND_CONFIGURATION, &line) != TP_OK)
		TP_LOG(TP_LOG_WARN, "account.log", "%s could not be stored", name);
}

static void add_account(struct tp_login *l, const struct tp_http_request *req, struct tp_http_response *res,
			struct tp_account *a, const char *password)
{
	const struct tp_login_password p = { .user = a->name, .password = password };
	char text[256];
	enum tp_err err;

	if (tp_login_make_hash(l, &p, NULL, a->password_hash, res) != TP_OK)
		return;
	a->created_ms = a->password_changed_ms = tp_times_now_ms();
	err = tp_store_account_add(l->store, a);
	if (err == TP_EXISTS) {
		tp_http_reply_error(res, 409, "data-exists", "/name",
				    "There is an account of this name already; upper and lower case count as the same.");
		return;
	}
	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	tp_login_end_fallen(l); /* of remote users who are called so */
	tell_difference(a, a, text, sizeof(text));
	note(l, req, "account.created", "The account %s was created: %s.", a->name, text);
	tp_http_reply_json(res, 201, account_json(a, false));
}

void tp_login_account_add(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_account a = { .level = TP_ACCOUNT_READ_ONLY, .web = true, .api = false, .must_change = true };
	json_t *body = tp_http_body_object(req, res);
	const char *name = json_string_value(json_object_get(body, "name"));
	const char *password = json_string_value(json_object_get(body, "password"));

	if (!body)
		return;
	if (!name || !password)
		tp_http_reply_error(res, 400, "missing-element", NULL, "name and password are needed");
	else if (!tp_account_name_is_good(name))
		tp_http_reply_error(res, 400, "invalid-value", "/name", "%s", TP_ACCOUNT_NAME_RULE);
	else if (read_body(body, &a, res)) {
		tp_text_copy(a.name, sizeof(a.name), name);
		add_account(arg, req, res, &a, password);
	}
	tp_login_json_free(body);
}

bool tp_account_is_own(const struct tp_http_request *req, const char *name)
{
	return !req->local && !req->remote && !strcmp(name, req->user);
}

bool tp_account_may_change(struct tp_login *l, const struct tp_http_request *req, const char *name,
			   struct tp_http_response *res)
{
	if (!tp_advanced_is_emergency(l->advanced, name) || req->rights.emergency)
		return true;
	tp_http_reply_error(res, 403, "access-denied", NULL,
			    "In the advanced mode nobody but the emergency account itself changes it.");
	return false;
}

/* Nobody takes away what the session stands on: another administrator does. False: *res holds
 * the refusal. */
static bool keeps_itself(const struct tp_http_request *req, const struct tp_account *after,
			 struct tp_http_response *res)
{
	if (!tp_account_is_own(req, req->parameter) || (after && can_administer(after)))
		return true;
	tp_http_reply_error(res, 409, "in-use", NULL, "%s",
			    req->rights.emergency ?
				    "This is the emergency account: name another one first, or end the advanced mode." :
				    "You are logged in with this account: another administrator has to do this.");
	return false;
}

static void refuse(struct tp_http_response *res, enum tp_err err)
{
	if (err == TP_STATE)
		tp_http_reply_error(res, 409, "in-use", NULL,
				    "This is the last account that can administer in the browser: make another "
				    "one first, and, where certificates are the login, log in with it once.");
	else if (err == TP_NOTFOUND)
		tp_http_reply_error(res, 404, "invalid-value", NULL, "There is no account of this name.");
	else
		tp_http_reply_failure(res, err, NULL);
}

static void change_account(struct tp_login *l, const struct tp_http_request *req,
			   struct tp_http_response *res, const json_t *body)
{
	struct tp_account before, after;
	char text[256];
	enum tp_err err = tp_store_account_get(l->store, req->parameter, &before);

	if (err != TP_OK) {
		refuse(res, err);
		return;
	}
	after = before;
	if (!read_body(body, &after, res) || !tp_account_may_change(l, req, before.name, res) ||
	    !keeps_itself(req, &after, res))
		return;
	if (before.disabled != after.disabled)
		after.unused = false;
	if (before.disabled && !after.disabled)
		after.enabled_ms = tp_times_now_ms();
	err = tp_store_account_update(l->store, &after);
	if (err != TP_OK) {
		refuse(res, err);
		return;
	}
	tell_difference(&before, &after, text, sizeof(text));
	if (text[0])
		note(l, req, "account.changed", "The account %s was changed: %s.", after.name, text);
	/* Rights are told to a session when it begins. */
	if (before.level != after.level || before.web != after.web || before.api != after.api ||
	    before.disabled != after.disabled)
		tp_session_close_user(l->sessions, req->parameter, false,
				      tp_account_is_own(req, req->parameter) && !req->by_api ? req->session : NULL,
				      TP_SESSION_ACCOUNT, tp_login_steady_ms());
	tp_http_reply_empty(res, 204);
}

void tp_login_account_change(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	json_t *body = tp_http_body_object(req, res);

	if (!body)
		return;
	change_account(arg, req, res, body);
	json_decref(body);
}

void tp_login_account_delete(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	struct tp_account before;
	char text[256];
	enum tp_err err;

	if (!tp_account_may_change(l, req, req->parameter, res) || !keeps_itself(req, NULL, res))
		return;
	err = tp_store_account_get(l->store, req->parameter, &before);
	if (err == TP_OK)
		err = tp_store_account_delete(l->store, req->parameter);
	if (err != TP_OK) {
		refuse(res, err);
		return;
	}
	tp_session_close_user(l->sessions, req->parameter, false, NULL, TP_SESSION_ACCOUNT,
			      tp_login_steady_ms());
	tell_difference(&before, &before, text, sizeof(text));
	note(l, req, "account.deleted", "The account %s was deleted; it was: %s.", before.name, text);
	tp_http_reply_empty(res, 204);
}
