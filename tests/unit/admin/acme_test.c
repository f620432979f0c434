/* admin/acme: when a certificate is asked for, with an injected clock, and what a stranger
 * sends to the port of HTTP-01 or in a client hello. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "admin/acme/due.h"
#include "admin/acme/proofs.h"

enum { DAY = 86400, START = 20000 * DAY };

static void wish_5_a_renewal_is_due_at_two_thirds_of_the_life(void **state)
{
	const struct tp_acme_facts ninety = {.has_certificate = true,
					     .by_acme = true,
					     .not_before = START,
					     .not_after = START + 90 * DAY};
	struct tp_acme_facts f = ninety;

	(void)state;
	assert_int_equal(tp_acme_renewal(START, START + 90 * DAY), START + 60 * DAY);
	assert_int_equal(tp_acme_next(&f), START + 60 * DAY);
	f.not_after = START + 6 * DAY;
	assert_int_equal(tp_acme_next(&f), START + 4 * DAY);
	/* Other names than those asked for are asked for at once. */
	f.names_changed = true;
	assert_int_equal(tp_acme_next(&f), 0);
	/* The end of time does not overflow. */
	assert_true(tp_acme_renewal(0, INT64_MAX) > INT64_MAX / 2);
}

static void wish_5_a_failure_is_tried_again_later(void **state)
{
	struct tp_acme_facts f = {.has_certificate = true,
				  .by_acme = true,
				  .not_before = START,
				  .not_after = START + 90 * DAY,
				  .tried_s = START + 60 * DAY,
				  .failed = true};

	(void)state;
	assert_int_equal(tp_acme_next(&f), f.tried_s + TP_ACME_RETRY_S);
	f.settings_changed = true;
	assert_int_equal(tp_acme_next(&f), START + 60 * DAY);
	f.settings_changed = false;
	f.not_after = START + DAY / 4;
	assert_int_equal(tp_acme_next(&f), f.tried_s + DAY / 4 / 24);
	f.not_after = START + 60;
	assert_int_equal(tp_acme_next(&f), f.tried_s + TP_ACME_RETRY_LEAST_S);
}

static void row_168_what_somebody_uploaded_is_not_replaced_by_itself(void **state)
{
	struct tp_acme_facts f = {.has_certificate = true, .not_before = START, .not_after = START + DAY};

	(void)state;
	assert_int_equal(tp_acme_next(&f), INT64_MAX);
	f.has_certificate = false;
	assert_int_equal(tp_acme_next(&f), 0);
}

static bool asks(const char *head)
{
	struct tp_span token;

	return tp_acme_read_request(tp_span_of(head), &token);
}

static void only_a_token_is_asked_for_by_http(void **state)
{
	struct tp_span token;

	(void)state;
	assert_true(tp_acme_read_request(
		TP_SPAN("GET /.well-known/acme-challenge/aB3-_ HTTP/1.1\r\nHost: a\r\n\r\n"), &token));
	assert_true(tp_span_equal(token, TP_SPAN("aB3-_")));
	assert_true(asks("GET /.well-known/acme-challenge/a HTTP/1.0\n\n"));
	assert_false(asks("POST /.well-known/acme-challenge/a HTTP/1.1\r\n\r\n"));
	assert_false(asks("GET /.well-known/acme-challenge/ HTTP/1.1\r\n\r\n"));
	assert_false(asks("GET /.well-known/acme-challenge/../a HTTP/1.1\r\n\r\n"));
	assert_false(asks("GET /.well-known/acme-challenge/a%2e HTTP/1.1\r\n\r\n"));
	assert_false(asks("GET /.well-known/acme-challenge/a"));
	assert_false(asks("GET / HTTP/1.1\r\n\r\n"));
	assert_false(asks(""));
}

static void only_acme_tls_1_alone_is_an_offer(void **state)
{
	static const char offer[] = "\x00\x0b\x0a" "acme-tls/1";
	static const char two[] = "\x00\x14\x0a" "acme-tls/1" "\x08" "http/1.1";

	(void)state;
	assert_true(tp_acme_is_offer(offer, sizeof(offer) - 1));
	assert_false(tp_acme_is_offer(two, sizeof(two) - 1));
	assert_false(tp_acme_is_offer(offer, sizeof(offer) - 2));
	assert_false(tp_acme_is_offer("", 0));
}

static void a_server_name_is_read_whole_or_not_at_all(void **state)
{
	static const char good[] = "\x00\x06\x00\x00\x03" "a.b";
	static const char more[] = "\x00\x0c\x00\x00\x03" "a.b" "\x00\x00\x03" "c.d";
	static const char other[] = "\x00\x06\x01\x00\x03" "a.b";
	struct tp_span name;

	(void)state;
	assert_true(tp_acme_read_name(good, sizeof(good) - 1, &name));
	assert_true(tp_span_equal(name, TP_SPAN("a.b")));
	for (size_t cut = 0; cut < sizeof(good) - 1; cut++)
		assert_false(tp_acme_read_name(good, cut, &name));
	assert_false(tp_acme_read_name(more, sizeof(more) - 1, &name));
	assert_false(tp_acme_read_name(other, sizeof(other) - 1, &name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wish_5_a_renewal_is_due_at_two_thirds_of_the_life),
		cmocka_unit_test(wish_5_a_failure_is_tried_again_later),
		cmocka_unit_test(row_168_what_somebody_uploaded_is_not_replaced_by_itself),
		cmocka_unit_test(only_a_token_is_asked_for_by_http),
		cmocka_unit_test(only_acme_tls_1_alone_is_an_offer),
		cmocka_unit_test(a_server_name_is_read_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
