/* Unit tests of the strict check of a request's head. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "admin/http/head.h"

static int check(const char *head)
{
	return tp_http_check_head(head, strlen(head));
}

static void plain_requests_pass(void **state)
{
	(void)state;
	assert_int_equal(check("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(check("POST /api/v1/session?x=%20y HTTP/1.1\r\nHost: a:7443\r\nContent-Length: 5\r\n\r\n"),
			 0);
	assert_int_equal(check("GET /x HTTP/1.0\r\n\r\n"), 0);
	assert_int_equal(check("GET /zone=%C3%A4 HTTP/1.1\r\nhost:\t[2001:db8::1]:7443 \r\nX-Empty:\r\n\r\n"), 0);
}

/* Two readers could see two different requests in each of these. */
static void ambiguous_framing_is_refused(void **state)
{
	static const char *const bad[] = {
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
		"Content-Length: 5\r\nContent-Length: 5\r\n",
		"Content-Length: 5 junk\r\n",
		"Content-Length: +5\r\n",
		"Content-Length: -5\r\n",
		"Content-Length: 5,5\r\n",
		"Content-Length: 0x5\r\n",
		"Content-Length:\r\n",
		"Content-Length: 99999999999999999999\r\n",
		"Content-Length : 5\r\n",
		"X: a\r\n Content-Length: 5\r\n",
		" X: a\r\n",
		"X: a\rY: b\r\n",
		"X: a\nY: b\r\n",
		"No colon\r\n",
		": empty\r\n",
		"X\x01: a\r\n",
		"X: a\x01\r\n",
		"X: a\x7f\r\n",
		"Host: b\r\n",
	};
	char head[512];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(head, sizeof(head), "POST / HTTP/1.1\r\nHost: a\r\n%s\r\n", bad[i]);
		if (check(head) != 400)
			fail_msg("%s gave %d", bad[i], check(head));
	}
	assert_int_equal(check("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
}

static void targets_are_paths(void **state)
{
	static const char *const bad[] = { "/a%0d%0aSet-Cookie:x", "/%00", "/%7f", "/%1F", "/a%2", "/a%zz",
					   "*",			   "http://a/", "a", "/a#b", "/\x80" };
	char head[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", bad[i]);
		if (check(head) != 400)
			fail_msg("%s gave %d", bad[i], check(head));
	}
}

static void request_lines_are_exact(void **state)
{
	(void)state;
	assert_int_equal(check("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
	assert_int_equal(check("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
	assert_int_equal(check("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
	assert_int_equal(check("G(T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(check("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(check("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 505);
	assert_int_equal(check("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
	assert_int_equal(check("GET /\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(check("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(check("GET / HTTP/1.1\r\n\r\n"), 400);
	assert_int_equal(check("GET / HTTP/1.1\r\nHost: a\r\n"), 400);
	assert_int_equal(check("GET / HTTP/1.1\nHost: a\n\n"), 400);
	assert_int_equal(check(""), 400);
	assert_int_equal(tp_http_check_head("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 38), 400);
}

static void headers_are_counted(void **state)
{
	char head[4096];
	int len = snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: a\r\n");

	(void)state;
	for (int i = 1; i < TP_HTTP_HEADERS_MAX; i++)
		len += snprintf(head + len, sizeof(head) - (size_t)len, "X%d: y\r\n", i);
	snprintf(head + len, sizeof(head) - (size_t)len, "\r\n");
	assert_int_equal(check(head), 0);
	snprintf(head + len, sizeof(head) - (size_t)len, "One: more\r\n\r\n");
	assert_int_equal(check(head), 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_requests_pass),	    cmocka_unit_test(ambiguous_framing_is_refused),
		cmocka_unit_test(targets_are_paths),	    cmocka_unit_test(request_lines_are_exact),
		cmocka_unit_test(headers_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
