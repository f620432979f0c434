/* Who is logged in now, for the Sessions page and turnpikectl, and how one is ended by
 * somebody else. Runs in turnpike-admin's workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/http/times.h"
#include "core/auto.h"

/* Sessions go by the steady clock. */
static json_t *wall_json(uint64_t steady_ms, uint64_t steady_now_ms)
{
	uint64_t ago_ms = steady_now_ms > steady_ms ? steady_now_ms - steady_ms : 0;

	return tp_times_json(tp_times_now_ms() - ago_ms);
}

static json_t *row_json(const struct tp_session_row *row, const char *own, uint64_t now_ms)
{
	const struct tp_session_facts *f = &row->facts;
	uint64_t idle_ms = now_ms > row->used_ms ? now_ms - row->used_ms : 0;
	bool active = f->state == TP_OPERATOR_ACTIVE;

	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:I, s:b}", "id", row->name, "user",
			 active ? tp_json_text(f->user) : json_null(), "level",
			 active ? json_string(tp_account_level_name(f->rights.level)) : json_null(), "access",
			 f->by_api ? "api" : "web", "method", tp_session_method_name(f->method), "source",
			 tp_json_text(f->source), "since-at", wall_json(row->opened_ms, now_ms), "used-at",
			 wall_json(row->used_ms, now_ms), "idle-s", (json_int_t)(idle_ms / 1000), "own",
			 strcmp(row->name, own) == 0);
}

static void own_name(const struct tp_http_request *req, char name[TP_SESSION_NAME])
{
	name[0] = '\0';
	if (!req->local)
		tp_session_name(req->session, name);
}

void tp_login_sessions(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	TP_AUTO(free) struct tp_session_row *rows = NULL;
	uint64_t now_ms = tp_login_steady_ms();
	struct tp_session_limits limits;
	char own[TP_SESSION_NAME];
	json_t *list;
	size_t count = 0;

	if (tp_sessions_list(l->sessions, now_ms, &rows, &count) != TP_OK) {
		tp_http_reply_failure(res, TP_NOMEM, NULL);
		return;
	}
	own_name(req, own);
	list = json_array();
	while (count--) /* who was here last stands first */
		json_array_append_new(list, row_json(&rows[count], own, now_ms));
	tp_sessions_limits(l->sessions, &limits);
	tp_http_reply_json(res, 200,
			   json_pack("{s:o, s:{s:I, s:I, s:I, s:I, s:s}}", "sessions", list, "limits", "idle-s",
				     (json_int_t)limits.idle_s, "absolute-s", (json_int_t)limits.absolute_s,
				     "all", (json_int_t)limits.most, "per-account", (json_int_t)limits.most_each,
				     "when-full", limits.refuse ? "refuse" : "end-quietest"));
}

static void log_revoked(struct tp_login *l, const struct tp_http_request *req, const char *text)
{
	tp_login_log(l, req, 0, "session.revoked", req->user, text);
}

void tp_login_session_revoke(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	struct tp_session_row row;
	char own[TP_SESSION_NAME], text[320];

	own_name(req, own);
	if (!strcmp(own, req->parameter)) {
		tp_http_reply_error(res, 409, "in-use", NULL, "This is your own session: log out instead.");
		return;
	}
	if (tp_session_close_named(l->sessions, req->parameter, TP_SESSION_REVOKED, tp_login_steady_ms(),
				   &row) != TP_OK) {
		tp_http_reply_error(res, 404, "data-missing", NULL, "There is no such session any more.");
		return;
	}
	snprintf(text, sizeof(text), "A session of %s from %s was ended.",
		 row.facts.user[0] ? row.facts.user : "the first run", row.facts.source);
	log_revoked(l, req, text);
	tp_http_reply_empty(res, 204);
}

void tp_login_sessions_revoke(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	const uint8_t *own = req->local ? NULL : req->session;
	char user[TP_SESSION_USER_MAX + 1], text[320];
	uint64_t now_ms = tp_login_steady_ms();
	size_t count;

	if (!tp_http_query(req, "user", user, sizeof(user)) || !user[0]) {
		tp_http_reply_error(res, 400, "missing-element", NULL, "user says whose sessions are meant");
		return;
	}
	count = tp_session_close_user(l->sessions, user, false, own, TP_SESSION_REVOKED, now_ms) +
		tp_session_close_user(l->sessions, user, true, own, TP_SESSION_REVOKED, now_ms);
	if (count) {
		snprintf(text, sizeof(text), "%zu session%s of %s %s ended.", count, count == 1 ? "" : "s", user,
			 count == 1 ? "was" : "were");
		log_revoked(l, req, text);
	}
	tp_http_reply_json(res, 200, json_pack("{s:I}", "ended", (json_int_t)count));
}
