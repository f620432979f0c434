/* tls/ocsp: what a question holds, and what each kind of bad answer is worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "responder.h"

#define RESPONDER "http://127.0.6.1:8080/ocsp"

static int set_up(void **state)
{
	struct asked *a = calloc(1, sizeof(*a));

	identity_make(&a->ca, &(struct identity_options){ .common_name = "CA", .is_ca = true });
	identity_with_responder(&a->leaf, &(struct identity_options){ .common_name = "leaf", .ca = &a->ca },
				"OCSP;URI:" RESPONDER);
	assert_int_equal(tp_ocsp_ask(a->leaf.cert, a->ca.cert, &a->question), TP_OK);
	*state = a;
	return 0;
}

static int tear_down(void **state)
{
	struct asked *a = *state;

	tp_ocsp_question_fini(&a->question);
	identity_fini(&a->leaf);
	identity_fini(&a->ca);
	free(a);
	return 0;
}

static enum tp_ocsp_status judge(struct asked *a, struct said said, struct tp_ocsp_answer *out)
{
	uint8_t der[16384];
	struct tp_ocsp_answer answer;
	int len;

	if (!said.signer)
		said.signer = &a->ca;
	len = answer_write(&a->question, a->leaf.cert, a->ca.cert, &said, der, sizeof(der));
	tp_ocsp_judge(&a->question, der, (size_t)len, time(NULL), &answer);
	tp_ocsp_answer_fini(&answer);
	if (out)
		*out = answer;
	return answer.status;
}

static void row_91_the_question_goes_where_the_certificate_says(void **state)
{
	struct asked *a = *state;
	struct tp_ocsp_question again;
	struct identity plain;
	const unsigned char *p = a->question.request;
	OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &p, a->question.request_len);
	ASN1_OBJECT *digest = NULL;

	assert_string_equal(a->question.url, RESPONDER);
	OCSP_id_get0_info(NULL, &digest, NULL, NULL, OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)));
	assert_int_equal(OBJ_obj2nid(digest), NID_sha256);
	OCSP_REQUEST_free(request);
	assert_int_equal(tp_ocsp_ask(a->leaf.cert, a->ca.cert, &again), TP_OK);
	assert_memory_equal(again.key, a->question.key, sizeof(again.key));
	assert_memory_not_equal(again.request, a->question.request, again.request_len); /* nonce */
	tp_ocsp_question_fini(&again);
	identity_make(&plain, &(struct identity_options){ .common_name = "plain", .ca = &a->ca });
	assert_int_equal(tp_ocsp_ask(plain.cert, a->ca.cert, &again), TP_NOTFOUND);
	identity_fini(&plain);
	identity_with_responder(&plain, &(struct identity_options){ .common_name = "ldap", .ca = &a->ca },
				"OCSP;URI:ldap://127.0.6.1/,OCSP;URI:https://127.0.6.1/o");
	assert_int_equal(tp_ocsp_ask(plain.cert, a->ca.cert, &again), TP_OK);
	assert_string_equal(again.url, "https://127.0.6.1/o");
	tp_ocsp_question_fini(&again);
	identity_fini(&plain);
}

static void row_91_good_revoked_and_unknown(void **state)
{
	struct asked *a = *state;
	struct tp_ocsp_answer out;

	assert_int_equal(judge(a, (struct said){ .next_s = 3600 }, &out), TP_OCSP_GOOD);
	assert_true(out.next_update > out.this_update);
	assert_int_equal(judge(a, (struct said){ .next_s = 3600, .by_key = true }, NULL), TP_OCSP_GOOD);
	assert_int_equal(judge(a, (struct said){ .next_s = 3600, .nonce = NONCE_NONE }, NULL), TP_OCSP_GOOD);
	assert_int_equal(judge(a, (struct said){ .status = V_OCSP_CERTSTATUS_REVOKED, .next_s = 60 }, &out),
			 TP_OCSP_REVOKED);
	assert_true(out.revoked_at > 0 && out.revoked_at < time(NULL));
	assert_int_equal(judge(a, (struct said){ .status = V_OCSP_CERTSTATUS_UNKNOWN, .next_s = 60 }, NULL),
			 TP_OCSP_UNKNOWN);
}

static void row_92_an_answer_without_the_sha256_certid(void **state)
{
	struct asked *a = *state;
	struct tp_ocsp_answer out;

	assert_int_equal(judge(a, (struct said){ .next_s = 60, .id_digest = EVP_sha1() }, &out), TP_OCSP_OTHER_ID);
	assert_non_null(strstr(out.text, "SHA-1"));
	/* Revoked, but under the wrong CertID: refused all the same, by rule (3). */
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .id_digest = EVP_sha1(),
						 .status = V_OCSP_CERTSTATUS_REVOKED }, NULL), TP_OCSP_OTHER_ID);
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .about = a->ca.cert }, &out), TP_OCSP_OTHER_ID);
	assert_non_null(strstr(out.text, "another certificate"));
}

static void attack_48_times_and_nonces(void **state)
{
	struct asked *a = *state;
	struct tp_ocsp_answer out;

	assert_int_equal(judge(a, (struct said){ .this_s = 3600, .next_s = 7200 }, &out), TP_OCSP_STALE);
	assert_non_null(strstr(out.text, "future"));
	assert_int_equal(judge(a, (struct said){ .this_s = 200, .next_s = 7200 }, NULL), TP_OCSP_GOOD); /* skew */
	assert_int_equal(judge(a, (struct said){ .this_s = -7200, .next_s = -3600 }, NULL), TP_OCSP_STALE);
	assert_int_equal(judge(a, (struct said){ .this_s = -7200, .next_s = -200 }, NULL), TP_OCSP_GOOD);
	assert_int_equal(judge(a, (struct said){ .this_s = 100, .next_s = -100 }, NULL), TP_OCSP_WRONG);
	assert_int_equal(judge(a, (struct said){ .this_s = -7200, .nonce = NONCE_NONE }, NULL), TP_OCSP_STALE);
	assert_int_equal(judge(a, (struct said){ .this_s = -7200 }, NULL), TP_OCSP_GOOD); /* fresh by its nonce */
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .nonce = NONCE_OTHER }, &out), TP_OCSP_WRONG);
	assert_non_null(strstr(out.text, "nonce"));
}

static void attack_48_who_may_sign(void **state)
{
	struct asked *a = *state;
	struct tp_ocsp_answer out;
	struct identity stranger, other_ca, delegate, plain, old, foreign;

	identity_make(&stranger, &(struct identity_options){ .common_name = "CA", .is_ca = true });
	identity_make(&other_ca, &(struct identity_options){ .common_name = "other CA", .is_ca = true });
	identity_make(&delegate, &(struct identity_options){ .common_name = "d", .ca = &a->ca, .usage = "OCSPSigning" });
	identity_make(&plain, &(struct identity_options){ .common_name = "p", .ca = &a->ca, .usage = "serverAuth" });
	identity_make(&old, &(struct identity_options){ .common_name = "o", .ca = &a->ca, .usage = "OCSPSigning",
							.expired = true });
	identity_make(&foreign, &(struct identity_options){ .common_name = "f", .ca = &other_ca,
							    .usage = "OCSPSigning" });
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .signer = &delegate, .signer_shown = &delegate }, NULL),
			 TP_OCSP_GOOD);
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .signer = &delegate }, NULL), TP_OCSP_WRONG);
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .signer = &stranger, .signer_shown = &stranger }, NULL),
			 TP_OCSP_WRONG);
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .signer = &plain, .signer_shown = &plain }, &out),
			 TP_OCSP_WRONG);
	assert_non_null(strstr(out.text, "not for signing OCSP"));
	/* The leaf itself, as whom it is about. */
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .signer = &a->leaf, .signer_shown = &a->leaf }, NULL),
			 TP_OCSP_WRONG);
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .signer = &old, .signer_shown = &old }, &out),
			 TP_OCSP_WRONG);
	assert_non_null(strstr(out.text, "expired"));
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .signer = &foreign, .signer_shown = &foreign }, NULL),
			 TP_OCSP_WRONG);
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .signed_with = EVP_sha1() }, &out), TP_OCSP_WRONG);
	assert_non_null(strstr(out.text, "weak"));
	identity_spell_curve(&delegate, &a->ca);
	assert_int_equal(judge(a, (struct said){ .next_s = 60, .signer = &delegate, .signer_shown = &delegate }, &out),
			 TP_OCSP_WRONG);
	assert_non_null(strstr(out.text, "curve"));
	identity_fini(&stranger);
	identity_fini(&other_ca);
	identity_fini(&delegate);
	identity_fini(&plain);
	identity_fini(&old);
	identity_fini(&foreign);
}

static enum tp_ocsp_status judge_bytes(struct asked *a, const void *bytes, size_t len)
{
	struct tp_ocsp_answer out;

	tp_ocsp_judge(&a->question, bytes, len, time(NULL), &out);
	tp_ocsp_answer_fini(&out);
	return out.status;
}

static void attack_48_bytes_that_are_no_answer(void **state)
{
	struct asked *a = *state;
	const struct said said = { .signer = &a->ca, .next_s = 60 };
	uint8_t der[16384];
	int len = answer_write(&a->question, a->leaf.cert, a->ca.cert, &said, der, sizeof(der));
	static uint8_t large[TP_OCSP_RESPONSE_MAX + 1];

	assert_int_equal(judge_bytes(a, der, (size_t)len), TP_OCSP_GOOD);
	assert_int_equal(judge_bytes(a, der, (size_t)len + 1), TP_OCSP_WRONG); /* something behind it */
	for (int i = 0; i < len; i++)
		assert_int_equal(judge_bytes(a, der, (size_t)i), TP_OCSP_WRONG);
	for (int i = 0; i < len; i++) {
		der[i] ^= 1;
		if (judge_bytes(a, der, (size_t)len) == TP_OCSP_REVOKED)
			fail_msg("byte %d turned good into revoked", i);
		der[i] ^= 1;
	}
	der[len - 1] ^= 1;
	assert_int_not_equal(judge_bytes(a, der, (size_t)len), TP_OCSP_GOOD);
	assert_int_equal(judge_bytes(a, "<html>", 6), TP_OCSP_WRONG);
	assert_int_equal(judge_bytes(a, "\x30\x03\x0a\x01\x06", 5), TP_OCSP_UNREACHABLE); /* unauthorized */
	assert_int_equal(judge_bytes(a, "\x30\x03\x0a\x01\x03", 5), TP_OCSP_UNREACHABLE); /* tryLater */
	memcpy(large, der, (size_t)len);
	assert_int_equal(judge_bytes(a, large, sizeof(large)), TP_OCSP_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(row_91_the_question_goes_where_the_certificate_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_91_good_revoked_and_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_92_an_answer_without_the_sha256_certid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(attack_48_times_and_nonces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(attack_48_who_may_sign, set_up, tear_down),
		cmocka_unit_test_setup_teardown(attack_48_bytes_that_are_no_answer, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
