/* The history of logins: each one begins and ends in the store, failed tries stand beside
 * them, and root's use of the administration socket counts as one visit for as long as it
 * is not quiet for ten minutes. Runs in turnpike-admin's workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/http/times.h"
#include "admin/store/logins.h"
#include "core/auto.h"
#include "core/log.h"

enum { SHELL_QUIET_MS = 10 * 60 * 1000 };

static void complain(enum tp_err err, const char *what)
{
	if (err != TP_OK && err != TP_NOTFOUND)
		TP_LOG(TP_LOG_WARN, "login.history", "%s could not be stored", what);
}

/* Sessions go by the steady clock. 0: now. */
static uint64_t wall_ms(uint64_t steady_ms)
{
	uint64_t now_ms = tp_login_steady_ms();
	uint64_t ago_ms = steady_ms && now_ms > steady_ms ? now_ms - steady_ms : 0;

	return tp_times_now_ms() - ago_ms;
}

static void on_end(void *arg, const struct tp_session_row *row)
{
	struct tp_login *l = arg;

	if (row->facts.login)
		complain(tp_store_login_end(l->store, row->facts.login, (uint8_t)row->end, wall_ms(row->ended_ms)),
			 "the end of a session");
}

void tp_visits_start(struct tp_login *l)
{
	complain(tp_store_logins_gone(l->store, TP_SESSION_GONE), "what a restart ended");
	tp_sessions_on_end(l->sessions, on_end, l);
}

/* ------------------------------------------------------------------------ logins */

void tp_visits_begin(struct tp_login *l, const struct tp_http_request *req, struct tp_session_facts *facts)
{
	struct tp_login_past past = { 0 };
	struct tp_login_row row = { .protocol = facts->by_api ? TP_LOGIN_API : TP_LOGIN_HTTPS,
				    .method = (uint8_t)facts->method,
				    .started_ms = tp_times_now_ms() };

	tp_login_source(req, row.source);
	tp_text_copy(row.user, sizeof(row.user), facts->user);
	if (facts->state == TP_OPERATOR_ACTIVE)
		complain(tp_store_login_past(l->store, facts->user, &past), "what was before a login");
	if (past.last.id) {
		facts->previous_login_ms = past.last.started_ms;
		facts->previous_method = (enum tp_session_method)past.last.method;
		tp_text_copy(facts->previous_source, sizeof(facts->previous_source), past.last.source);
	}
	if (past.failures > facts->failed_logins)
		facts->failed_logins = (uint32_t)past.failures;
	facts->failure_ms = past.failed.started_ms;
	tp_text_copy(facts->failure_source, sizeof(facts->failure_source), past.failed.source);
	facts->logged_in_ms = row.started_ms;
	complain(tp_store_login_add(l->store, &row, &facts->login), "a login");
}

void tp_visits_crowded(struct tp_login *l, const struct tp_session_facts *facts)
{
	if (facts->login)
		complain(tp_store_login_refuse(l->store, facts->login, TP_LOGIN_CROWDED), "a refused login");
}

static void tell_block(struct tp_login *l, const struct tp_http_request *req)
{
	struct tp_cfg_advanced settings;
	char text[256];
	int n;

	tp_advanced_get(l->advanced, &settings);
	n = snprintf(text, sizeof(text), "%u failed logins in a row: nobody logs in with a password ",
		     settings.lockout_failures);
	if (settings.lockout_s)
		snprintf(text + n, sizeof(text) - (size_t)n, "for %u s.", settings.lockout_s);
	else
		snprintf(text + n, sizeof(text) - (size_t)n, "until an administrator allows it.");
	tp_login_log(l, req, 2, "login.blocked", "", text);
}

void tp_visits_failed(struct tp_login *l, const struct tp_http_request *req, const char *user, bool by_api,
		      enum tp_session_method method, enum tp_login_failure failure)
{
	struct tp_login_row row = { .protocol = by_api ? TP_LOGIN_API : TP_LOGIN_HTTPS,
				    .method = (uint8_t)method,
				    .started_ms = tp_times_now_ms(),
				    .failure = failure };
	uint64_t id;

	tp_login_source(req, row.source);
	tp_text_copy(row.user, sizeof(row.user), user);
	complain(tp_store_login_add(l->store, &row, &id), "a failed login");
	/* A certificate cannot be guessed; a source that did not answer has refused nobody. */
	if (method == TP_SESSION_PASSWORD && failure != TP_LOGIN_UNKNOWN &&
	    tp_lockout_failed(l->lockout, row.started_ms))
		tell_block(l, req);
}

/* ------------------------------------------------------------------------- shell */

/* With visits_lock. */
static void end_shell(struct tp_login *l)
{
	complain(tp_store_login_end(l->store, l->shell_visit, TP_SESSION_IDLE, wall_ms(l->shell_used_ms)),
		 "the end of a visit");
	l->shell_visit = 0;
}

void tp_visits_shell(struct tp_login *l)
{
	struct tp_login_row row = { .user = "root",
				    .protocol = TP_LOGIN_SHELL,
				    .method = TP_SESSION_SHELL,
				    .source = "socket",
				    .started_ms = tp_times_now_ms() };
	uint64_t now_ms = tp_login_steady_ms();

	pthread_mutex_lock(&l->visits_lock);
	if (l->shell_visit && now_ms - l->shell_used_ms >= SHELL_QUIET_MS)
		end_shell(l);
	l->shell_used_ms = now_ms;
	if (!l->shell_visit)
		complain(tp_store_login_add(l->store, &row, &l->shell_visit), "a visit by the shell");
	pthread_mutex_unlock(&l->visits_lock);
}

/* So that a list says of nobody that he is there who is not. */
static void end_what_is_over(struct tp_login *l)
{
	tp_sessions_expire(l->sessions, tp_login_steady_ms());
	pthread_mutex_lock(&l->visits_lock);
	if (l->shell_visit && tp_login_steady_ms() - l->shell_used_ms >= SHELL_QUIET_MS)
		end_shell(l);
	pthread_mutex_unlock(&l->visits_lock);
}

/* -------------------------------------------------------------------------- API */

static json_t *login_json(const struct tp_login_row *r)
{
	static const char *const protocols[] = { "https", "api", "shell" };
	static const char *const failures[TP_LOGIN_FAILURES] = {
		[TP_LOGIN_WRONG] = "wrong-password-or-name", [TP_LOGIN_REFUSED] = "account-may-not",
		[TP_LOGIN_UNKNOWN] = "source-did-not-answer", [TP_LOGIN_CROWDED] = "too-many-sessions",
	};
	bool passed = r->failure == TP_LOGIN_PASSED;
	bool failed_known = !passed && (unsigned)r->failure < TP_LOGIN_FAILURES;

	return json_pack("{s:I, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:s?, s:s?}", "id", (json_int_t)r->id, "user", r->user[0] ? tp_json_text(r->user) : json_null(),
			 "protocol", protocols[(unsigned)r->protocol % 3], "method",
			 tp_session_method_name((enum tp_session_method)r->method), "source",
			 tp_json_text(r->source), "started-at", tp_times_json(r->started_ms), "ended-at",
			 tp_times_json(r->ended_ms), "duration-s",
			 r->ended_ms ? json_integer((json_int_t)((r->ended_ms - r->started_ms) / 1000)) :
				       json_null(),
			 "end", passed ? tp_session_end_name((enum tp_session_end)r->end) : NULL, "failure",
			 failed_known ? failures[r->failure] : NULL);
}

/* user NULL: of all. */
static void list(struct tp_login *l, const struct tp_http_request *req, struct tp_http_response *res,
		 const char *user)
{
	TP_AUTO(free) struct tp_login_row *rows = NULL;
	struct tp_logins_query q = { .user = user };
	char filter[128], result[16];
	json_t *logins;
	size_t count = 0;
	uint64_t total = 0;
	enum tp_err err;

	if (!tp_http_query(req, "filter", filter, sizeof(filter)))
		filter[0] = '\0';
	if (!tp_http_query(req, "result", result, sizeof(result)))
		tp_text_copy(result, sizeof(result), "all");
	if (strcmp(result, "all") && strcmp(result, "successful") && strcmp(result, "unsuccessful")) {
		tp_http_reply_error(res, 400, "invalid-value", NULL,
				    "result is all, successful or unsuccessful");
		return;
	}
	q.result = !strcmp(result, "all") ? TP_LOGINS_ALL :
		   !strcmp(result, "successful") ? TP_LOGINS_SUCCESSFUL : TP_LOGINS_UNSUCCESSFUL;
	q.filter = filter;
	q.offset = tp_http_query_u32(req, "offset", 0, UINT32_MAX);
	q.limit = tp_http_query_u32(req, "limit", 50, TP_STORE_PAGE_MAX);
	end_what_is_over(l);
	err = tp_store_login_list(l->store, &q, &rows, &count, &total);
	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	logins = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(logins, login_json(&rows[i]));
	tp_http_reply_json(res, 200, json_pack("{s:I, s:o}", "total", (json_int_t)total, "logins", logins));
}

void tp_login_visits(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	list(arg, req, res, NULL);
}

void tp_login_own_visits(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	list(arg, req, res, req->user);
}
