/* The ways to a factory reset. Runs in turnpike-admin's workers. */
#include "admin/advanced/leave.h"

#include <string.h>
#include <unistd.h>

#include "admin/account/login_state.h"
#include "admin/http/times.h"

enum { BODY_MAX = 1024 };

/* As configured; on an appliance that is not yet, that of the machine. */
static void read_host_name(struct tp_login *login, char name[256])
{
	int role;

	tp_login_names(login, name, &role);
	if (!name[0] && gethostname(name, 256) < 0)
		name[0] = '\0';
	name[255] = '\0';
}

/* False: *res says that it was not typed. */
static bool has_typed_name(struct tp_login *login, const struct tp_http_request *req,
			   struct tp_http_response *res)
{
	json_t *body = tp_http_body_object(req, res);
	const char *typed = json_string_value(json_object_get(body, "hostname"));
	char name[256];
	bool same;

	if (!body)
		return false;
	read_host_name(login, name);
	same = typed && name[0] && json_object_size(body) == 1 && !strcmp(typed, name);
	json_decref(body);
	if (!same)
		tp_http_reply_error(res, 400, "invalid-value", "hostname",
				    "This is not the host name of the appliance: nothing was changed.");
	return same;
}

static void reset(const struct tp_leave_parts *p, const struct tp_http_request *req,
		  struct tp_http_response *res)
{
	struct tp_msg_factory_reset_begun begun;
	struct tp_msg_factory_reset ask = { 0 };
	struct tp_diag diag = { 0 };
	enum tp_err err;

	if (!has_typed_name(p->login, req, res))
		return;
	tp_text_copy(ask.user, sizeof(ask.user), req->user);
	tp_login_source(req, ask.source);
	err = tp_bus_factory_reset(p->bus, &ask, &begun);
	if (err == TP_OK && begun.err != TP_OK)
		err = tp_fail(&diag, (enum tp_err)begun.err, "", "%s", begun.text);
	if (err == TP_OK)
		tp_http_reply_empty(res, 202);
	else
		tp_http_reply_failure(res, err, &diag);
}

static void factory_reset(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	reset(arg, req, res);
}

static void leave(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	if (!req->advanced)
		tp_http_reply_error(res, 409, "operation-failed", NULL,
				    "The appliance is not in the advanced mode.");
	else if (!req->rights.emergency)
		tp_http_reply_error(res, 403, "access-denied", NULL,
				    "Only the emergency account ends the advanced mode.");
	else
		reset(arg, req, res);
}

static const struct tp_route table[] = {
	TP_ROUTE_NO_TOKEN(TP_HTTP_POST, "/api/v1/factory-reset", TP_ACCESS_CONSOLE, BODY_MAX, factory_reset),
	TP_ROUTE_NO_TOKEN(TP_HTTP_POST, "/api/v1/advanced/leave", TP_ACCESS_WRITE, BODY_MAX, leave),
};

const struct tp_route *tp_leave_routes(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}

enum tp_err tp_leave_record(struct tp_store *store, const char *user, const char *source)
{
	struct tp_log_entry line = { .at_ms = tp_times_now_ms(), .severity = 1, .name = "audit.wiped" };

	tp_text_copy(line.user, sizeof(line.user), user);
	tp_text_copy(line.source, sizeof(line.source), source);
	tp_text_copy(line.text, sizeof(line.text),
		     "Factory reset: configuration, accounts and all records before this one were wiped.");
	return tp_store_log_must(store, TP_LOG_KIND_EVENT, &line);
}
