/* The table of routes and the checks that come from it. Runs in turnpike-admin. */
#include "admin/http/router.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/bytes.h"
#include "core/secret.h"

enum { TABLES_MAX = 32 };

struct table {
	const struct tp_route *routes;
	size_t count;
	void *arg;
};

struct tp_router {
	struct table tables[TABLES_MAX];
	size_t count;
	tp_router_gate gate;
	void *gate_arg;
};

struct tp_router *tp_router_new(void)
{
	return calloc(1, sizeof(struct tp_router));
}

void tp_router_free(struct tp_router **router)
{
	free(*router);
	*router = NULL;
}

enum tp_err tp_router_add(struct tp_router *router, const struct tp_route *routes, size_t count,
			  void *arg)
{
	if (router->count == TABLES_MAX)
		return TP_LIMIT;
	router->tables[router->count++] = (struct table){ routes, count, arg };
	return TP_OK;
}

void tp_router_set_gate(struct tp_router *router, tp_router_gate gate, void *arg)
{
	router->gate = gate;
	router->gate_arg = arg;
}

const struct tp_route *tp_router_route(const struct tp_router *router, size_t index)
{
	for (size_t t = 0; t < router->count; t++) {
		if (index < router->tables[t].count)
			return &router->tables[t].routes[index];
		index -= router->tables[t].count;
	}
	return NULL;
}

/* Whether `path` fits `pattern`; *parameter and *rest are spans of path. */
static bool fits(const char *pattern, const char *path, struct tp_span *parameter, const char **rest)
{
	struct tp_span want = tp_span_of(pattern), have = tp_span_of(path);

	*parameter = (struct tp_span){ "", 0 };
	*rest = "";
	while (want.p && have.p) {
		struct tp_span segment = tp_span_split(&want, '/');
		const char *here = have.p;
		struct tp_span given = tp_span_split(&have, '/');

		if (tp_span_equal(segment, TP_SPAN("**"))) {
			*rest = here;
			return true;
		}
		if (tp_span_equal(segment, TP_SPAN("*")) && given.len)
			*parameter = given;
		else if (!tp_span_equal(segment, given))
			return false;
	}
	/* A last "**" also takes nothing at all. */
	return (!want.p || tp_span_equal(want, TP_SPAN("**"))) && !have.p;
}

struct match {
	const struct tp_route *route; /* with the method asked for; NULL: none */
	void *arg;
	unsigned methods; /* of all rows with this path */
	struct tp_span parameter;
	const char *rest;
};

static void find(const struct tp_router *router, const char *path, unsigned method, struct match *m)
{
	*m = (struct match){ 0 };
	for (size_t t = 0; t < router->count; t++) {
		const struct table *table = &router->tables[t];

		for (size_t i = 0; i < table->count; i++) {
			const struct tp_route *route = &table->routes[i];
			struct tp_span parameter;
			const char *rest;

			if (!fits(route->pattern, path, &parameter, &rest))
				continue;
			m->methods |= route->methods;
			if (m->route || !(route->methods & method))
				continue;
			m->route = route;
			m->arg = table->arg;
			m->parameter = parameter;
			m->rest = rest;
		}
	}
}

static void allow(struct tp_http_response *res, unsigned methods)
{
	static const struct {
		unsigned method;
		const char *name;
	} names[] = {
		{ TP_HTTP_GET, "GET" },	      { TP_HTTP_POST, "POST" },	      { TP_HTTP_PUT, "PUT" },
		{ TP_HTTP_DELETE, "DELETE" }, { TP_HTTP_OPTIONS, "OPTIONS" },
	};
	char text[64] = "";
	struct tp_wr wr;

	methods |= TP_HTTP_OPTIONS;
	tp_wr_init(&wr, text, sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (methods & names[i].method)
			tp_wr_fmt(&wr, "%s%s", wr.len ? ", " : "", names[i].name);
	text[wr.len] = '\0';
	tp_http_header(res, "Allow", text);
}

/* 0, or the status of the refusal and why. */
static int check_access(enum tp_access access, const struct tp_http_request *req, const char **why)
{
	const struct tp_access_facts facts = { req->state, req->rights, req->by_api, req->api_off,
					       req->advanced, req->local };

	int refused = tp_access_check(access, &facts, why);

	if (refused == 401 && req->ended)
		*why = req->ended;
	return refused;
}

static bool is_same_origin(const struct tp_http_request *req)
{
	static const char scheme[] = "https://";

	return !req->origin[0] || (!strncmp(req->origin, scheme, sizeof(scheme) - 1) &&
				   !strcasecmp(req->origin + sizeof(scheme) - 1, req->host));
}

static bool has_token(const struct tp_http_request *req)
{
	size_t len = strlen(req->csrf_wanted);

	return len && strlen(req->csrf) == len && tp_equal_constant_time(req->csrf, req->csrf_wanted, len);
}

/* Sessions, passwords and accounts; also what else has no level that a token could be for. */
static bool is_for_people(const struct tp_route *route)
{
	return route->no_token ||
	       (route->access != TP_ACCESS_READ && route->access != TP_ACCESS_WRITE &&
		route->access != TP_ACCESS_LOGS);
}

bool tp_router_admit(const struct tp_router *router, struct tp_http_request *req,
		     struct tp_http_response *res, struct tp_admission *out)
{
	bool changes = req->method & (TP_HTTP_POST | TP_HTTP_PUT | TP_HTTP_DELETE);
	const char *why;
	struct match m;
	int refused;

	find(router, req->path, req->method, &m);
	if (!m.methods) {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "there is nothing at this path");
	} else if (req->method == TP_HTTP_OPTIONS) {
		tp_http_reply_empty(res, 204);
		allow(res, m.methods);
	} else if (!m.route) {
		tp_http_reply_error(res, 405, "operation-not-supported", NULL,
				    "this path does not know the method");
		allow(res, m.methods);
	} else if (changes && !req->local && !is_same_origin(req)) {
		tp_http_reply_error(res, 403, "access-denied", NULL, "the request comes from another site");
	} else if (req->by_token && is_for_people(m.route)) {
		tp_http_reply_error(res, 403, "access-denied", NULL, "An API token is not for this: log in.");
	} else if (changes && !req->local && !req->by_token && !has_token(req)) {
		tp_http_reply_error(res, 403, "access-denied", NULL,
				    "the CSRF token is missing or out of date: load the page again");
	} else if ((refused = check_access(m.route->access, req, &why)) != 0) {
		tp_http_reply_error(res, refused, "access-denied", NULL, "%s", why);
	} else if (tp_http_decode(m.parameter, req->parameter, sizeof(req->parameter)) != TP_OK) {
		tp_http_reply_error(res, 400, "invalid-value", NULL, "the path is malformed");
	} else {
		req->rest = m.rest;
		*out = (struct tp_admission){ .route = m.route, .arg = m.arg };
		if (changes && m.route->access != TP_ACCESS_ANYONE && m.route->access != TP_ACCESS_READ) {
			out->gate = router->gate;
			out->gate_arg = router->gate_arg;
		}
		return true;
	}
	return false;
}

static bool is_json(const char *content_type)
{
	struct tp_span rest = tp_span_of(content_type);
	struct tp_span type = tp_span_trim(tp_span_split(&rest, ';'));

	return tp_span_equal_nocase(type, TP_SPAN("application/json")) ||
	       tp_span_equal_nocase(type, TP_SPAN("application/yang-data+json"));
}

void tp_router_run(const struct tp_admission *admission, const struct tp_http_request *req,
		   struct tp_http_response *res)
{
	if (req->body_len > admission->route->body_max)
		tp_http_reply_error(res, 413, "too-big", NULL, "the body may have at most %zu bytes",
				    admission->route->body_max);
	else if (req->body_len && !is_json(req->content_type))
		tp_http_reply_error(res, 415, "invalid-value", NULL,
				    "the body must be application/json or application/yang-data+json");
	else if (!admission->gate || admission->gate(admission->gate_arg, req, res))
		admission->route->handler(admission->arg, req, res);
	if (!res->status)
		tp_http_reply_error(res, 500, "operation-failed", NULL, "no answer was made");
}
