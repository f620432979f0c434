/* Unit tests of the table of routes: who may do what, for every route there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "admin/account/login.h"
#include "admin/ciphers/routes.h"
#include "admin/http/configuration.h"
#include "admin/http/router.h"
#include "admin/status/status.h"

#define G TP_HTTP_GET
#define P TP_HTTP_POST
#define U TP_HTTP_PUT
#define D TP_HTTP_DELETE

/* Status of the refusal for a visitor without a session, in the wizard, and logged in;
 * 0: the handler is called. A route that is not here fails the test. */
static const struct {
	enum tp_http_method method;
	const char *path;
	int anonymous;
	int setup;
	int active;
} expected[] = {
	{ G, "/api/v1/session", 0, 0, 0 },
	{ P, "/api/v1/session", 0, 0, 0 },
	{ D, "/api/v1/session", 0, 0, 0 },
	{ P, "/api/v1/setup/unlock", 0, 0, 0 },
	{ G, "/api/v1/setup", 401, 0, 0 },
	{ P, "/api/v1/setup/password", 401, 0, 0 },
	{ P, "/api/v1/setup/complete", 401, 0, 0 },
	{ G, "/api/v1/identity", 401, 0, 0 },
	{ U, "/api/v1/accounts/x/password", 401, 403, 0 },
	{ G, "/api/v1/accounts", 401, 403, 0 },
	{ G, "/api/v1/model", 401, 403, 0 },
	{ G, "/api/v1/ports", 401, 403, 0 },
	{ G, "/api/v1/config/status", 401, 403, 0 },
	{ P, "/api/v1/config/commit", 401, 403, 0 },
	{ G, "/restconf/ds/running", 401, 403, 0 },
	{ G, "/restconf/ds/candidate/turnpike-sip:sip", 401, 403, 0 },
	{ U, "/restconf/ds/candidate/turnpike-sip:sip", 401, 403, 0 },
	{ P, "/restconf/ds/candidate", 401, 403, 0 },
	{ D, "/restconf/ds/candidate/turnpike-zone:zones/zone=x", 401, 403, 0 },
	{ U, "/restconf/ds/running/turnpike-sip:sip", 405, 405, 405 },
	{ G, "/api/v1/status", 401, 403, 0 },
	{ G, "/api/v1/zones", 401, 403, 0 },
	{ G, "/api/v1/registrations", 401, 403, 0 },
	{ G, "/api/v1/calls", 401, 403, 0 },
	{ G, "/api/v1/calls/7", 401, 403, 0 },
	{ D, "/api/v1/calls/7", 401, 403, 0 },
	{ G, "/api/v1/history", 401, 403, 0 },
	{ G, "/api/v1/history/7", 401, 403, 0 },
	{ G, "/api/v1/alarms", 401, 403, 0 },
	{ P, "/api/v1/alarms/7/acknowledge", 401, 403, 0 },
	{ G, "/api/v1/log", 401, 403, 0 },
	{ P, "/api/v1/traversal-test", 401, 403, 0 },
	{ G, "/api/v1/tls/serials", 401, 403, 0 },
	{ P, "/api/v1/revocation/test", 401, 403, 0 },
	{ G, "/api/v1/tls/services", 401, 403, 0 },
	{ P, "/api/v1/tls/preview", 401, 403, 0 },
	{ G, "/api/v1/calls/7/steps", 404, 404, 404 },
	{ G, "/api/v1", 404, 404, 404 },
	{ D, "/api/v1/status", 405, 405, 405 },
};

static struct tp_router *router_of_all(void)
{
	struct tp_router *router = tp_router_new();
	const struct tp_route *routes;
	size_t count;

	routes = tp_login_routes(&count);
	assert_int_equal(tp_router_add(router, routes, count, NULL), TP_OK);
	routes = tp_status_routes(&count);
	assert_int_equal(tp_router_add(router, routes, count, NULL), TP_OK);
	routes = tp_cipher_routes(&count);
	assert_int_equal(tp_router_add(router, routes, count, NULL), TP_OK);
	routes = tp_configuration_routes(&count);
	assert_int_equal(tp_router_add(router, routes, count, NULL), TP_OK);
	return router;
}

static struct tp_http_request request(enum tp_http_method method, const char *path)
{
	struct tp_http_request req = {
		.method = method,
		.path = path,
		.query = "",
		.host = "a:7443",
		.origin = "",
		.cookie = "",
		.csrf = "token",
		.content_type = "",
		.body = "",
		.rest = "",
		.csrf_wanted = "token",
	};

	return req;
}

/* Status of the refusal, or 0; *admission is the row that took it. */
static int admit(const struct tp_router *router, struct tp_http_request *req,
		 struct tp_admission *admission)
{
	struct tp_http_response res = { 0 };
	int status;

	memset(admission, 0, sizeof(*admission));
	status = tp_router_admit(router, req, &res, admission) ? 0 : res.status;
	tp_http_response_fini(&res);
	return status;
}

static void every_route_has_its_rule(void **state)
{
	static const enum tp_operator_state states[] = { TP_OPERATOR_ANONYMOUS, TP_OPERATOR_SETUP,
							 TP_OPERATOR_ACTIVE };
	struct tp_router *router = router_of_all();
	const struct tp_route *seen[128] = { NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const int wanted[] = { expected[i].anonymous, expected[i].setup, expected[i].active };

		for (size_t s = 0; s < 3; s++) {
			struct tp_http_request req = request(expected[i].method, expected[i].path);
			struct tp_admission admission;
			int got;

			req.state = states[s];
			got = admit(router, &req, &admission);
			if (got != wanted[s])
				fail_msg("%d %s as state %zu: %d, not %d", expected[i].method,
					 expected[i].path, s, got, wanted[s]);
			for (size_t r = 0; admission.route && tp_router_route(router, r); r++)
				if (tp_router_route(router, r) == admission.route)
					seen[r] = admission.route;
		}
	}
	for (size_t r = 0; tp_router_route(router, r); r++)
		if (!seen[r])
			fail_msg("%s has no row in this test", tp_router_route(router, r)->pattern);
	tp_router_free(&router);
}

static void changes_need_token_and_origin(void **state)
{
	struct tp_router *router = router_of_all();
	struct tp_http_request req = request(P, "/api/v1/config/commit");
	struct tp_admission admission;

	(void)state;
	req.state = TP_OPERATOR_ACTIVE;
	assert_int_equal(admit(router, &req, &admission), 0);
	req.csrf = "tokem";
	assert_int_equal(admit(router, &req, &admission), 403);
	req.csrf = "";
	assert_int_equal(admit(router, &req, &admission), 403);
	req.csrf_wanted[0] = '\0'; /* no cookie: no token fits */
	assert_int_equal(admit(router, &req, &admission), 403);
	req = request(P, "/api/v1/config/commit");
	req.state = TP_OPERATOR_ACTIVE;
	req.origin = "https://A:7443";
	assert_int_equal(admit(router, &req, &admission), 0);
	req.origin = "https://a:7443.evil.example";
	assert_int_equal(admit(router, &req, &admission), 403);
	req.origin = "http://a:7443";
	assert_int_equal(admit(router, &req, &admission), 403);
	req.origin = "null";
	assert_int_equal(admit(router, &req, &admission), 403);
	/* The administration socket has neither. */
	req.local = true;
	req.csrf = "";
	assert_int_equal(admit(router, &req, &admission), 0);
	tp_router_free(&router);
}

static void patterns_give_their_parts(void **state)
{
	struct tp_router *router = router_of_all();
	struct tp_http_request req = request(G, "/api/v1/calls/a%2Fb");
	struct tp_admission admission;

	(void)state;
	req.state = TP_OPERATOR_ACTIVE;
	assert_int_equal(admit(router, &req, &admission), 0);
	assert_string_equal(req.parameter, "a/b");
	req.path = "/api/v1/calls/%00";
	assert_int_equal(admit(router, &req, &admission), 400);
	req.path = "/api/v1/calls/";
	assert_int_equal(admit(router, &req, &admission), 404);
	req = request(U, "/restconf/ds/candidate/turnpike-zone:zones/zone=a%2Fb");
	req.state = TP_OPERATOR_ACTIVE;
	assert_int_equal(admit(router, &req, &admission), 0);
	assert_string_equal(req.rest, "turnpike-zone:zones/zone=a%2Fb");
	tp_router_free(&router);
}

/* What a peer wrote reaches a page as text, and never spoils the answer (attack 25). */
static void text_of_peers_is_made_valid(void **state)
{
	static const struct {
		const char *bytes;
		const char *json;
	} cases[] = {
		{ "<img src=x onerror=alert(1)>", "\"<img src=x onerror=alert(1)>\"" },
		{ "a\"b\\c\x01", "\"a\\\"b\\\\c\\u0001\"" },
		{ "\xff\xfe", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "a\xc3(", "\"a\xef\xbf\xbd(\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\xf0\x9f\x98", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *json = tp_json_text(cases[i].bytes);
		char *text = json_dumps(json, JSON_ENCODE_ANY);

		assert_string_equal(text, cases[i].json);
		free(text);
		json_decref(json);
	}
}

static void queries_are_decoded(void **state)
{
	struct tp_http_request req = request(G, "/");
	char text[8];

	(void)state;
	req.query = "offset=7&filter=a+b%2B&limit=999999&bad=%f&long=123456789&empty=";
	assert_int_equal(tp_http_query_u32(&req, "offset", 1, 100), 7);
	assert_int_equal(tp_http_query_u32(&req, "limit", 1, 100), 100);
	assert_int_equal(tp_http_query_u32(&req, "none", 50, 100), 50);
	assert_int_equal(tp_http_query_u32(&req, "filter", 50, 100), 50);
	assert_true(tp_http_query(&req, "filter", text, sizeof(text)));
	assert_string_equal(text, "a b+");
	assert_true(tp_http_query(&req, "empty", text, sizeof(text)));
	assert_string_equal(text, "");
	assert_false(tp_http_query(&req, "bad", text, sizeof(text)));
	assert_false(tp_http_query(&req, "long", text, sizeof(text)));
	assert_false(tp_http_query(&req, "off", text, sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_has_its_rule), cmocka_unit_test(changes_need_token_and_origin),
		cmocka_unit_test(patterns_give_their_parts), cmocka_unit_test(text_of_peers_is_made_valid),
		cmocka_unit_test(queries_are_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
