/* The routes of ACME (docs/api.md). Runs in turnpike-admin's workers. */
#include "admin/acme/acme.h"

#include "admin/acme/inside.h"
#include "admin/http/times.h"

static const char *state_of(const struct tp_acme *a)
{
	if (!a->enabled)
		return "off";
	if (a->working || a->asked)
		return "working";
	if (a->holding)
		return "waiting";
	if (!a->row.tried_ms)
		return "idle";
	return a->row.failed ? "failed" : "ok";
}

/* null: it is not known, or nothing happens by itself. */
static json_t *next_json(const struct tp_acme *a)
{
	if (!a->enabled || a->next_s == INT64_MAX)
		return json_null();
	return tp_times_json(a->next_s > 0 ? (uint64_t)a->next_s * 1000 : tp_times_now_ms());
}

static void get_acme(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_acme *a = arg;
	json_t *out;

	(void)req;
	pthread_mutex_lock(&a->lock);
	out = json_pack("{s:s, s:o, s:o, s:o, s:b, s:o}", "state", state_of(a), "tried-at",
			tp_times_json(a->row.tried_ms), "result",
			a->row.tried_ms ? tp_json_text(a->row.result) : json_null(), "names",
			a->row.tried_ms ? tp_json_text(a->row.names) : json_null(), "account",
			a->row.directory[0] != '\0', "next-at", next_json(a));
	pthread_mutex_unlock(&a->lock);
	if (out)
		tp_http_reply_json(res, 200, out);
	else
		tp_http_reply_failure(res, TP_NOMEM, NULL);
}

static void post_request(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_acme *a = arg;
	struct tp_acme_settings *s = calloc(1, sizeof(*s));
	bool enabled = s && tp_acme_read_settings(a, s) && s->enabled;
	bool busy = false;

	(void)req;
	if (s)
		tp_acme_settings_fini(s);
	free(s);
	pthread_mutex_lock(&a->lock);
	busy = a->working || a->asked;
	if (enabled && !busy) {
		a->asked = true;
		a->enabled = true;
		pthread_cond_signal(&a->wake);
	}
	pthread_mutex_unlock(&a->lock);
	if (!enabled)
		tp_http_reply_error(res, 409, "operation-failed", NULL, "ACME is off.");
	else if (busy)
		tp_http_reply_error(res, 409, "in-use", NULL, "A certificate is being asked for already.");
	else
		tp_http_reply_empty(res, 204);
}

const struct tp_route *tp_acme_routes(size_t *count)
{
	static const struct tp_route routes[] = {
		TP_ROUTE(TP_HTTP_GET, "/api/v1/acme", TP_ACCESS_READ, 0, get_acme),
		TP_ROUTE(TP_HTTP_POST, "/api/v1/acme/request", TP_ACCESS_WRITE, 1024, post_request),
	};

	*count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}
