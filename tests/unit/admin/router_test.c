/* Unit tests of the table of routes: who may do what, for every route there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "admin/http/router.h"
#include "admin/routes.h"

#define G TP_HTTP_GET
#define P TP_HTTP_POST
#define U TP_HTTP_PUT
#define D TP_HTTP_DELETE

/* ----------------------------------------------------------------------- callers */

static const struct caller {
	const char *name;
	enum tp_operator_state state;
	struct tp_rights rights;
	bool by_api;
} callers[] = {
	{ "nobody", TP_OPERATOR_ANONYMOUS, { 0 }, false },
	{ "the wizard", TP_OPERATOR_SETUP, { 0 }, false },
	{ "read-only", TP_OPERATOR_ACTIVE, { TP_ACCOUNT_READ_ONLY, true, true, false, false }, false },
	{ "read-write", TP_OPERATOR_ACTIVE, { TP_ACCOUNT_READ_WRITE, true, true, false, false }, false },
	{ "auditor", TP_OPERATOR_ACTIVE, { TP_ACCOUNT_AUDITOR, true, true, false, false }, false },
	{ "emergency", TP_OPERATOR_ACTIVE, { TP_ACCOUNT_READ_WRITE, true, true, true, false }, false },
	{ "forced", TP_OPERATOR_ACTIVE, { TP_ACCOUNT_READ_WRITE, true, true, false, true }, false },
	{ "program", TP_OPERATOR_ACTIVE, { TP_ACCOUNT_READ_WRITE, false, true, false, false }, true },
	{ "program, no API", TP_OPERATOR_ACTIVE, { TP_ACCOUNT_READ_WRITE, true, false, false, false }, true },
	{ "browser, no web", TP_OPERATOR_ACTIVE, { TP_ACCOUNT_READ_WRITE, false, true, false, false }, false },
};
enum { CALLERS = sizeof(callers) / sizeof(callers[0]) };

/* Statuses of the refusals in the order of the callers, outside of the advanced mode and
 * in it; 0: the handler is called. */
enum rule { ANYONE, FIRST, OWN, PASSWORD, READ, WRITE, LOGS, CONSOLE, RULES };

static const struct {
	const char *name;
	int outside[CALLERS];
	int inside[CALLERS];
} rules[RULES] = {
	/*              none wiz   ro   rw  aud emerg forced prog -api -web */
	[ANYONE] = { "anyone",
		     { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 },
		     { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
	[FIRST] = { "first run",
		    { 401, 0, 403, 0, 403, 0, 403, 0, 403, 403 },
		    { 401, 0, 403, 0, 403, 0, 403, 403, 403, 403 } },
	[PASSWORD] = { "password",
		       { 401, 403, 0, 0, 0, 0, 0, 0, 403, 403 },
		       { 401, 403, 0, 0, 0, 0, 0, 403, 403, 403 } },
	[OWN] = { "own account",
		  { 401, 403, 0, 0, 0, 0, 403, 0, 403, 403 },
		  { 401, 403, 0, 0, 0, 0, 403, 403, 403, 403 } },
	[READ] = { "read",
		   { 401, 403, 0, 0, 403, 0, 403, 0, 403, 403 },
		   { 401, 403, 0, 0, 403, 0, 403, 403, 403, 403 } },
	[WRITE] = { "write",
		    { 401, 403, 403, 0, 403, 0, 403, 0, 403, 403 },
		    { 401, 403, 403, 0, 403, 0, 403, 403, 403, 403 } },
	[LOGS] = { "logs",
		   { 401, 403, 0, 0, 0, 0, 403, 0, 403, 403 },
		   { 401, 403, 403, 403, 0, 403, 403, 403, 403, 403 } },
	[CONSOLE] = { "console",
		      { 401, 403, 403, 403, 403, 403, 403, 403, 403, 403 },
		      { 401, 403, 403, 403, 403, 403, 403, 403, 403, 403 } },
};

/* Every route there is, as its table writes it. One that is not here fails the test, and so
 * does a line here that no route has. */
static const struct {
	enum tp_http_method method;
	const char *pattern;
	enum rule rule;
} expected[] = {
	{ G, "/api/v1/session", ANYONE },
	{ P, "/api/v1/session", ANYONE },
	{ D, "/api/v1/session", ANYONE },
	{ G, "/api/v1/consent", ANYONE },
	{ G, "/api/v1/logins", LOGS },
	{ G, "/api/v1/logins/own", OWN },
	{ G, "/api/v1/sessions", READ },
	{ D, "/api/v1/sessions", WRITE },
	{ D, "/api/v1/sessions/*", WRITE },
	{ P, "/api/v1/setup/unlock", ANYONE },
	{ G, "/api/v1/setup", FIRST },
	{ P, "/api/v1/setup/password", FIRST },
	{ P, "/api/v1/setup/complete", FIRST },
	{ G, "/api/v1/identity", FIRST },
	{ U, "/api/v1/accounts/*/password", PASSWORD },
	{ G, "/api/v1/password-rules", PASSWORD },
	{ G, "/api/v1/accounts", READ },
	{ P, "/api/v1/accounts", WRITE },
	{ U, "/api/v1/accounts/*", WRITE },
	{ D, "/api/v1/accounts/*", WRITE },
	{ G, "/api/v1/tokens", OWN },
	{ P, "/api/v1/tokens", OWN },
	{ D, "/api/v1/tokens/*", OWN },
	{ G, "/api/v1/model", READ },
	{ G, "/api/v1/ports", READ },
	{ G, "/api/v1/config/*", READ },
	{ P, "/api/v1/config/*", WRITE },
	{ G, "/restconf/**", READ },
	{ P, "/restconf/ds/candidate/**", WRITE },
	{ U, "/restconf/ds/candidate/**", WRITE },
	{ D, "/restconf/ds/candidate/**", WRITE },
	{ G, "/api/v1/status", READ },
	{ G, "/api/v1/readiness", READ },
	{ G, "/api/v1/zones", READ },
	{ G, "/api/v1/registrations", READ },
	{ G, "/api/v1/calls", READ },
	{ G, "/api/v1/calls/*", READ },
	{ D, "/api/v1/calls/*", WRITE },
	{ G, "/api/v1/history", READ },
	{ G, "/api/v1/history/*", READ },
	{ G, "/api/v1/alarms", READ },
	{ P, "/api/v1/alarms/*/acknowledge", WRITE },
	{ G, "/api/v1/tls/serials", READ },
	{ P, "/api/v1/traversal-test", WRITE },
	{ P, "/api/v1/login/test", WRITE },
	{ P, "/api/v1/revocation/test", WRITE },
	{ G, "/api/v1/identities", READ },
	{ P, "/api/v1/identities", WRITE },
	{ G, "/api/v1/identities/*", READ },
	{ D, "/api/v1/identities/*", WRITE },
	{ G, "/api/v1/identities/*/request", READ },
	{ P, "/api/v1/identities/*/request", WRITE },
	{ D, "/api/v1/identities/*/request", WRITE },
	{ P, "/api/v1/identities/*/self-signed", WRITE },
	{ P, "/api/v1/identities/*/upload", WRITE },
	{ D, "/api/v1/identities/*/staged", WRITE },
	{ P, "/api/v1/identities/*/activate", WRITE },
	{ D, "/api/v1/identities/*/certificate", WRITE },
	{ G, "/api/v1/acme", READ },
	{ P, "/api/v1/acme/request", WRITE },
	{ G, "/api/v1/revocation/crls", READ },
	{ P, "/api/v1/revocation/crls/update", WRITE },
	{ U, "/api/v1/revocation/crls/manual", WRITE },
	{ D, "/api/v1/revocation/crls/manual", WRITE },
	{ G, "/api/v1/trust", READ },
	{ P, "/api/v1/trust/append", WRITE },
	{ P, "/api/v1/trust/delete", WRITE },
	{ P, "/api/v1/trust/reset", WRITE },
	{ G, "/api/v1/trust/text", READ },
	{ G, "/api/v1/trust/pem", READ },
	{ G, "/api/v1/trust/*/text", READ },
	{ G, "/api/v1/trust/*/pem", READ },
	{ G, "/api/v1/tls/services", READ },
	{ P, "/api/v1/tls/preview", READ },
	{ G, "/api/v1/certificates", READ },
	{ G, "/api/v1/certificates/names", READ },
	{ G, "/api/v1/certificates.csv", READ },
	{ G, "/api/v1/log", LOGS },
	{ G, "/api/v1/log/export", LOGS },
	{ G, "/api/v1/log/state", LOGS },
	{ G, "/api/v1/audit/verify", LOGS },
	{ G, "/api/v1/audit/export", LOGS },
	{ G, "/api/v1/audit/key", LOGS },
	{ G, "/api/v1/session/certificate", ANYONE },
	{ P, "/api/v1/session/certificate", ANYONE },
	{ G, "/api/v1/certificate-login", READ },
	{ P, "/api/v1/certificate-login/test", READ },
	{ G, "/api/v1/presets", READ },
	{ P, "/api/v1/presets", WRITE },
	{ G, "/api/v1/advanced", READ },
	{ P, "/api/v1/advanced/leave", WRITE },
	{ P, "/api/v1/advanced/release-lockout", WRITE },
	{ P, "/api/v1/factory-reset", CONSOLE },
};
enum { EXPECTED = sizeof(expected) / sizeof(expected[0]) };

static struct tp_router *router_of_all(void)
{
	void *const args[TP_ROUTE_TABLES] = { NULL };
	struct tp_router *router = tp_router_new();

	assert_int_equal(tp_routes_add_all(router, args), TP_OK);
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

/* A path that fits the pattern. */
static void path_of(const char *pattern, char path[128])
{
	size_t n = 0;

	for (; *pattern; pattern++) {
		if (*pattern == '*' && pattern[1] == '*')
			n += (size_t)snprintf(path + n, 128 - n, "a/b"), pattern++;
		else
			path[n++] = *pattern == '*' ? 'x' : *pattern;
	}
	path[n] = '\0';
}

static size_t line_of(const char *pattern, enum tp_http_method method)
{
	for (size_t i = 0; i < EXPECTED; i++)
		if (!strcmp(expected[i].pattern, pattern) && expected[i].method == method)
			return i;
	fail_msg("%s, method %d, has no line in this test: say who may use it", pattern, method);
	return 0;
}

static void try_everybody(const struct tp_router *router, const struct tp_route *route,
			  enum tp_http_method method, enum rule rule)
{
	char path[128];

	path_of(route->pattern, path);
	for (size_t i = 0; i < 2 * (size_t)CALLERS; i++) {
		const struct caller *caller = &callers[i / 2];
		struct tp_http_request req = request(method, path);
		struct tp_admission admission;
		int got, wanted;

		req.state = caller->state;
		req.rights = caller->rights;
		req.by_api = caller->by_api;
		req.advanced = i % 2;
		wanted = req.advanced ? rules[rule].inside[i / 2] : rules[rule].outside[i / 2];
		got = admit(router, &req, &admission);
		if (got != wanted)
			fail_msg("%s, method %d, for %s%s: %d, not %d (%s)", route->pattern, method,
				 caller->name, req.advanced ? " in the advanced mode" : "", got, wanted,
				 rules[rule].name);
		if (!got && admission.route != route)
			fail_msg("%s is hidden by %s", route->pattern, admission.route->pattern);
	}
}

/* Every route and method against every caller, in and out of the advanced mode. */
static void row_172_every_route_has_its_rule(void **state)
{
	static const enum tp_http_method methods[] = { G, P, U, D };
	struct tp_router *router = router_of_all();
	bool seen[EXPECTED] = { false };
	const struct tp_route *route;

	(void)state;
	for (size_t r = 0; (route = tp_router_route(router, r)) != NULL; r++) {
		assert_int_not_equal(route->methods, 0);
		assert_int_equal(route->methods & ~(unsigned)(G | P | U | D), 0);
		for (size_t m = 0; m < 4; m++) {
			size_t line;

			if (!(route->methods & methods[m]))
				continue;
			line = line_of(route->pattern, methods[m]);
			if (seen[line])
				fail_msg("%s stands twice in the tables", route->pattern);
			seen[line] = true;
			try_everybody(router, route, methods[m], expected[line].rule);
		}
	}
	for (size_t i = 0; i < EXPECTED; i++)
		if (!seen[i])
			fail_msg("there is no route %s with method %d", expected[i].pattern,
				 expected[i].method);
	tp_router_free(&router);
}

/* Root with turnpikectl: everything, and in the advanced mode the one way out of it. */
static void row_139_in_the_mode_the_console_resets_and_does_nothing_else(void **state)
{
	struct tp_router *router = router_of_all();
	struct tp_admission admission;

	(void)state;
	for (size_t i = 0; i < 2 * EXPECTED; i++) {
		size_t line = i / 2;
		struct tp_http_request req;
		char path[128];
		int wanted;

		path_of(expected[line].pattern, path);
		req = request(expected[line].method, path);
		req.local = true;
		req.state = TP_OPERATOR_ACTIVE;
		req.rights = callers[3].rights;
		req.advanced = i % 2;
		wanted = req.advanced && expected[line].rule != CONSOLE ? 403 : 0;
		if (admit(router, &req, &admission) != wanted)
			fail_msg("%s, method %d, at the console%s: not %d", expected[line].pattern,
				 expected[line].method, req.advanced ? " in the advanced mode" : "", wanted);
	}
	tp_router_free(&router);
}

/* ------------------------------------------------------------------------- pages */

/* What each page of the web interface needs of the server first. A page that is not here fails the
 * test, and so does one whose rule is not that of its route. */
static const struct {
	const char *page;
	enum tp_http_method method;
	const char *route;
} needed[] = {
	{ "/", G, "/api/v1/status" },
	{ "/calls", G, "/api/v1/calls" },
	{ "/calls/history", G, "/api/v1/history" },
	{ "/calls/live/:id", G, "/api/v1/calls/*" },
	{ "/calls/history/:id", G, "/api/v1/history/*" },
	{ "/registrations", G, "/api/v1/registrations" },
	{ "/alarms", G, "/api/v1/alarms" },
	{ "/log", G, "/api/v1/log" },
	{ "/log/configuration", G, "/api/v1/log" },
	{ "/log/network", G, "/api/v1/log" },
	{ "/log/verification", G, "/api/v1/audit/verify" },
	{ "/log/settings", G, "/restconf/**" },
	{ "/log/logins", G, "/api/v1/logins" },
	{ "/logins", G, "/api/v1/logins/own" },
	{ "/system", G, "/restconf/**" },
	{ "/sessions", G, "/api/v1/sessions" },
	{ "/consent", G, "/restconf/**" },
	{ "/administrators", G, "/api/v1/accounts" },
	{ "/login", G, "/restconf/**" },
	{ "/api-access", G, "/restconf/**" },
	{ "/password-policy", G, "/restconf/**" },
	{ "/advanced", G, "/api/v1/advanced" },
	{ "/presets", G, "/api/v1/presets" },
	{ "/acme", G, "/api/v1/acme" },
	{ "/zones", G, "/api/v1/zones" },
	{ "/zones/new", P, "/restconf/ds/candidate/**" },
	{ "/zones/:name", G, "/api/v1/zones" },
	{ "/zones/:name/edit", U, "/restconf/ds/candidate/**" },
	{ "/zones-default", G, "/restconf/**" },
	{ "/rules", G, "/restconf/**" },
	{ "/rules/new", P, "/restconf/ds/candidate/**" },
	{ "/rules/:name", G, "/restconf/**" },
	{ "/sip", G, "/restconf/**" },
	{ "/registrar", G, "/restconf/**" },
	{ "/media", G, "/restconf/**" },
	{ "/certificates", G, "/api/v1/certificates" },
	{ "/identities", G, "/api/v1/identities" },
	{ "/identities/:id", G, "/api/v1/identities/*" },
	{ "/identities/:id/request", P, "/api/v1/identities/*/request" },
	{ "/identities/:id/self-signed", P, "/api/v1/identities/*/self-signed" },
	{ "/identities/:id/upload", P, "/api/v1/identities/*/upload" },
	{ "/trusted-cas", G, "/api/v1/trust" },
	{ "/trusted-cas-decoded", G, "/api/v1/trust/text" },
	{ "/trusted-cas/:name", G, "/api/v1/trust/*/text" },
	{ "/ciphers", G, "/api/v1/tls/services" },
	{ "/revocation", G, "/api/v1/revocation/crls" },
	{ "/certificate-login", G, "/api/v1/certificate-login" },
	{ "/certificate-test", P, "/api/v1/certificate-login/test" },
	{ "/changes", G, "/api/v1/config/*" },
	{ "/changes/history", G, "/api/v1/config/*" },
	{ "/changes/compare", G, "/api/v1/config/*" },
	{ "/traversal-test", P, "/api/v1/traversal-test" },
	{ "/ports", G, "/api/v1/ports" },
	{ "/readiness", G, "/api/v1/readiness" },
};
enum { PAGES = sizeof(needed) / sizeof(needed[0]) };

static size_t page_of(const char *pattern)
{
	for (size_t i = 0; i < PAGES; i++)
		if (!strcmp(needed[i].page, pattern))
			return i;
	fail_msg("the page %s has no line in this test: say which route it needs", pattern);
	return 0;
}

/* The web interface's word for a rule. */
static const char *word_of(enum rule rule)
{
	return rule == READ ? "read" : rule == WRITE ? "write" : rule == LOGS ? "logs" : rule == OWN ? "own" : "";
}

/* Every page of the web interface, by the table that its navigation and its refusals go by. */
static void row_172_every_page_has_the_rule_of_its_route(void **state)
{
	bool seen[PAGES] = { false };
	char line[256], page[128], rule[16];
	FILE *file = fopen(TP_PAGE_RULES, "r");

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		size_t i;
		enum rule wanted;

		if (sscanf(line, "\t'/%126[^']': '%15[^']',", page + 1, rule) != 2) {
			if (sscanf(line, "\t'/': '%15[^']',", rule) != 1)
				continue;
			page[1] = '\0';
		}
		page[0] = '/';
		i = page_of(page);
		if (seen[i])
			fail_msg("the page %s stands twice", page);
		seen[i] = true;
		wanted = expected[line_of(needed[i].route, needed[i].method)].rule;
		if (strcmp(rule, word_of(wanted)) != 0)
			fail_msg("the page %s is for '%s', but %s for '%s'", page, rule, needed[i].route,
				 rules[wanted].name);
	}
	fclose(file);
	for (size_t i = 0; i < PAGES; i++)
		if (!seen[i])
			fail_msg("there is no page %s", needed[i].page);
}

/* What an API token must not open, whatever its account may do. */
static bool is_for_people(size_t line)
{
	static const char *const patterns[] = { "/api/v1/accounts", "/api/v1/accounts/*", "/api/v1/sessions",
						"/api/v1/sessions/*", "/api/v1/login/test",
						"/api/v1/advanced/leave" };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (!strcmp(expected[line].pattern, patterns[i]))
			return true;
	return expected[line].rule != READ && expected[line].rule != WRITE && expected[line].rule != LOGS;
}

static void row_182_tokens_open_what_is_for_programs(void **state)
{
	struct tp_router *router = router_of_all();
	size_t opened = 0;

	(void)state;
	for (size_t i = 0; i < EXPECTED; i++) {
		char path[128];
		struct tp_admission admission;
		struct tp_http_request req;
		int got;

		path_of(expected[i].pattern, path);
		req = request(expected[i].method, path);
		req.csrf = ""; /* there is no cookie */
		req.csrf_wanted[0] = '\0';
		req.state = TP_OPERATOR_ACTIVE;
		req.rights = callers[3].rights;
		req.by_api = req.by_token = true;
		got = admit(router, &req, &admission);
		if (got != (is_for_people(i) ? 403 : 0))
			fail_msg("%s, method %d, by a token: %d", expected[i].pattern, expected[i].method, got);
		opened += !got;
		req.api_off = true;
		assert_int_equal(admit(router, &req, &admission), 403);
	}
	assert_true(opened > 50);
	tp_router_free(&router);
}

/* Row 181. */
static void row_181_other_paths_and_methods_are_refused(void **state)
{
	static const struct {
		enum tp_http_method method;
		const char *path;
		int status;
	} cases[] = {
		{ U, "/restconf/ds/running/turnpike-sip:sip", 405 }, { D, "/api/v1/status", 405 },
		{ G, "/api/v1/calls/7/steps", 404 },		     { G, "/api/v1", 404 },
		{ TP_HTTP_OPTIONS, "/api/v1/status", 204 },
	};
	struct tp_router *router = router_of_all();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tp_http_request req = request(cases[i].method, cases[i].path);
		struct tp_admission admission;

		req.state = TP_OPERATOR_ACTIVE;
		req.rights = callers[3].rights;
		assert_int_equal(admit(router, &req, &admission), cases[i].status);
	}
	tp_router_free(&router);
}

static void changes_need_token_and_origin(void **state)
{
	struct tp_router *router = router_of_all();
	struct tp_http_request req = request(P, "/api/v1/config/commit");
	struct tp_admission admission;

	(void)state;
	req.state = TP_OPERATOR_ACTIVE;
	req.rights = callers[3].rights;
	assert_int_equal(admit(router, &req, &admission), 0);
	req.csrf = "tokem";
	assert_int_equal(admit(router, &req, &admission), 403);
	req.csrf = "";
	assert_int_equal(admit(router, &req, &admission), 403);
	req.csrf_wanted[0] = '\0'; /* no cookie: no token fits */
	assert_int_equal(admit(router, &req, &admission), 403);
	req = request(P, "/api/v1/config/commit");
	req.state = TP_OPERATOR_ACTIVE;
	req.rights = callers[3].rights;
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
	req.rights = callers[3].rights;
	assert_int_equal(admit(router, &req, &admission), 0);
	assert_string_equal(req.parameter, "a/b");
	req.path = "/api/v1/calls/%00";
	assert_int_equal(admit(router, &req, &admission), 400);
	req.path = "/api/v1/calls/";
	assert_int_equal(admit(router, &req, &admission), 404);
	req = request(U, "/restconf/ds/candidate/turnpike-zone:zones/zone=a%2Fb");
	req.state = TP_OPERATOR_ACTIVE;
	req.rights = callers[3].rights;
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
		cmocka_unit_test(row_172_every_route_has_its_rule),
		cmocka_unit_test(row_139_in_the_mode_the_console_resets_and_does_nothing_else),
		cmocka_unit_test(row_172_every_page_has_the_rule_of_its_route),
		cmocka_unit_test(row_182_tokens_open_what_is_for_programs),
		cmocka_unit_test(row_181_other_paths_and_methods_are_refused),
		cmocka_unit_test(changes_need_token_and_origin),
		cmocka_unit_test(patterns_give_their_parts), cmocka_unit_test(text_of_peers_is_made_valid),
		cmocka_unit_test(queries_are_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
