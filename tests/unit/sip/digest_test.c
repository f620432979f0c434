/* sip/digest: challenge, check, replay, age, and a client that answers no stranger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip/digest/digest.h"

#define REALM "example.com"

enum { NOW_S = 1000000 };

static struct tp_secret password(const char *text)
{
	struct tp_secret s = { 0 };

	assert_int_equal(tp_secret_set(&s, text, strlen(text)), TP_OK);
	return s;
}

/* Splits "Digest a=b, c=d" into the parameter list a parsed header would have. */
struct header {
	char text[TP_DIGEST_VALUE_MAX];
	const char *params[24];
	struct tp_sip_credentials credentials;
};

static void split(struct header *h, const char *value)
{
	size_t count = 0;
	char *p;

	tp_text_copy(h->text, sizeof(h->text), value);
	h->credentials.scheme = "Digest";
	h->credentials.params = h->params;
	for (p = strchr(h->text, ' '); p && count < 23;) {
		*p++ = 0;
		while (*p == ' ')
			p++;
		h->params[count++] = p;
		p = strstr(p, ", ");
	}
	h->params[count] = NULL;
}

static void answer(struct tp_digest *d, const char *given, struct tp_digest_answer *out)
{
	struct tp_secret secret = password(given);
	char challenge[TP_DIGEST_VALUE_MAX], value[TP_DIGEST_VALUE_MAX];
	struct header h;

	assert_int_equal(tp_digest_challenge(d, TP_DIGEST_SHA256, REALM, NOW_S, false, challenge,
					     sizeof(challenge)), TP_OK);
	split(&h, challenge);
	assert_int_equal(tp_digest_answer_challenge(&h.credentials, REALM, "al\"ice", &secret, "REGISTER",
						    "sip:" REALM, value, sizeof(value)), TP_OK);
	split(&h, value);
	assert_int_equal(tp_digest_read(&h.credentials, out), TP_OK);
	tp_secret_fini(&secret);
}

static void right_password_passes_once(void **state)
{
	struct tp_secret right = password("correct horse"), wrong = password("battery");
	struct tp_digest_answer a;
	struct tp_digest d;

	(void)state;
	assert_int_equal(tp_digest_init(&d), TP_OK);
	answer(&d, "correct horse", &a);
	assert_string_equal(a.user, "al\"ice");
	assert_int_equal(tp_digest_check(&d, &a, "REGISTER", REALM, &wrong, NOW_S), TP_AUTH);
	assert_int_equal(tp_digest_check(&d, &a, "REGISTER", REALM, NULL, NOW_S), TP_AUTH);
	assert_int_equal(tp_digest_check(&d, &a, "INVITE", REALM, &right, NOW_S), TP_AUTH);
	assert_int_equal(tp_digest_check(&d, &a, "REGISTER", "other.realm", &right, NOW_S), TP_AUTH);
	assert_int_equal(tp_digest_check(&d, &a, "REGISTER", REALM, &right, NOW_S + 10), TP_OK);
	/* the same answer again is a replay */
	assert_int_equal(tp_digest_check(&d, &a, "REGISTER", REALM, &right, NOW_S + 10), TP_AGAIN);
	tp_digest_fini(&d);
	tp_secret_fini(&right);
	tp_secret_fini(&wrong);
}

static void nonces_age_and_are_nobody_elses(void **state)
{
	struct tp_secret right = password("pw");
	struct tp_digest_answer a;
	struct tp_digest d, other;

	(void)state;
	assert_int_equal(tp_digest_init(&d), TP_OK);
	assert_int_equal(tp_digest_init(&other), TP_OK);
	answer(&d, "pw", &a);
	assert_int_equal(tp_digest_check(&d, &a, "REGISTER", REALM, &right, NOW_S + 301), TP_AGAIN);
	assert_int_equal(tp_digest_check(&other, &a, "REGISTER", REALM, &right, NOW_S), TP_AGAIN);
	a.nonce[20] = a.nonce[20] == '0' ? '1' : '0';
	assert_int_equal(tp_digest_check(&d, &a, "REGISTER", REALM, &right, NOW_S), TP_AGAIN);
	tp_digest_fini(&d);
	tp_digest_fini(&other);
	tp_secret_fini(&right);
}

/* The example of RFC 7616 section 3.9.1, both algorithms, through our own hashes. */
static void responses_are_those_of_the_rfc(void **state)
{
	struct tp_secret secret = password("Circle of Life");
	struct tp_digest_answer a = {
		.user = "Mufasa", .realm = "http-auth@example.org", .uri = "/dir/index.html", .nc = "00000001",
		.nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
		.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	};
	char response[65];

	(void)state;
	a.algorithm = TP_DIGEST_MD5;
	assert_true(tp_digest_response(&a, "GET", &secret, response));
	assert_string_equal(response, "8ca523f5e9506fed4657c9700eebdbec");
	a.algorithm = TP_DIGEST_SHA256;
	assert_true(tp_digest_response(&a, "GET", &secret, response));
	assert_string_equal(response, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
	tp_secret_fini(&secret);
}

static void the_client_answers_no_stranger(void **state)
{
	struct tp_secret secret = password("pw");
	char value[TP_DIGEST_VALUE_MAX];
	struct header h;

	(void)state;
	split(&h, "Digest realm=\"evil\", nonce=\"x\", algorithm=SHA-256, qop=\"auth\"");
	assert_int_equal(tp_digest_answer_challenge(&h.credentials, REALM, "u", &secret, "OPTIONS", "sip:x",
						    value, sizeof(value)), TP_DENIED);
	split(&h, "Digest realm=\"" REALM "\", nonce=\"x\", algorithm=MD5, qop=\"auth\"");
	assert_int_equal(tp_digest_answer_challenge(&h.credentials, REALM, "u", &secret, "OPTIONS", "sip:x",
						    value, sizeof(value)), TP_DENIED);
	split(&h, "Digest realm=\"" REALM "\", nonce=\"x\", algorithm=SHA-256");
	assert_int_equal(tp_digest_answer_challenge(&h.credentials, REALM, "u", &secret, "OPTIONS", "sip:x",
						    value, sizeof(value)), TP_DENIED);
	tp_secret_fini(&secret);
}

/* Attack 23: everything over-long is refused, not cut. */
static void long_values_are_refused(void **state)
{
	static char value[8192];
	struct tp_digest_answer a;
	struct tp_sip_credentials c = { .scheme = "Digest" };
	const char *params[] = { "username=\"u\"", value, "nonce=\"n\"", "uri=\"sip:x\"", "response=\"r\"",
				 "cnonce=\"c\"", "nc=00000001", "qop=auth", NULL };

	(void)state;
	strcpy(value, "realm=\"");
	memset(value + 7, 'a', sizeof(value) - 9);
	value[sizeof(value) - 2] = '"';
	c.params = params;
	assert_int_equal(tp_digest_read(&c, &a), TP_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_password_passes_once),
		cmocka_unit_test(nonces_age_and_are_nobody_elses),
		cmocka_unit_test(responses_are_those_of_the_rfc),
		cmocka_unit_test(the_client_answers_no_stranger),
		cmocka_unit_test(long_values_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
