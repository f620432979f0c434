/* tls/revocation_chain: a chain's certificates are asked about one by one, answers are
 * kept until their nextUpdate, and what is missing is waited for or given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "responder.h"
#include "tls/crl_index.h"
#include "tls/revocation_chain.h"

#define RESPONDER "OCSP;URI:http://127.0.6.1:8080/"

struct world {
	struct identity root;
	struct identity middle;
	struct identity leaf;
	X509 *chain[3];
	struct tp_revocation *revocation;
};

static const struct tp_revocation_policy both = { .enabled = true, .use_ocsp = true, .use_crls = true };

static int set_up(void **state)
{
	static const uint8_t seed[16] = { 1 };
	struct world *w = calloc(1, sizeof(*w));

	identity_make(&w->root, &(struct identity_options){ .common_name = "root", .is_ca = true });
	identity_with_responder(&w->middle, &(struct identity_options){ .common_name = "middle", .ca = &w->root,
									.is_ca = true }, RESPONDER);
	identity_with_responder(&w->leaf, &(struct identity_options){ .common_name = "leaf", .ca = &w->middle },
				RESPONDER);
	w->chain[0] = w->leaf.cert;
	w->chain[1] = w->middle.cert;
	w->chain[2] = w->root.cert;
	assert_int_equal(tp_revocation_new(NULL, seed, &w->revocation), TP_OK);
	tp_revocation_set_policy(w->revocation, &both);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	tp_revocation_unref(&w->revocation);
	identity_fini(&w->leaf);
	identity_fini(&w->middle);
	identity_fini(&w->root);
	free(w);
	return 0;
}

static struct tp_revocation_chain *chain(struct world *w, int64_t now)
{
	struct tp_revocation_chain *c = NULL;

	assert_int_equal(tp_revocation_chain_new(w->revocation, w->chain, 3, true, now, &c), TP_OK);
	return c;
}

static enum tp_revocation_outcome outcome(const struct tp_revocation_chain *c, char *reason)
{
	struct tp_revocation_verdict v;

	tp_revocation_chain_decide(c, &v);
	if (reason)
		strcpy(reason, v.reason);
	return v.outcome;
}

/* Lets the responder say something about certificate n of the chain. */
static void answer(struct world *w, struct tp_revocation_chain *c, size_t n, int status, long next_s)
{
	const struct identity *signers[] = { &w->middle, &w->root };
	const struct said said = { .signer = signers[n], .status = status, .next_s = next_s };
	const struct tp_ocsp_question *q = tp_revocation_chain_question(c, n);
	struct tp_ocsp_answer out;
	uint8_t key[32];
	uint8_t der[16384];
	int len;

	assert_non_null(q);
	memcpy(key, q->key, sizeof(key));
	len = answer_write(q, w->chain[n], w->chain[n + 1], &said, der, sizeof(der));
	tp_revocation_learn(w->revocation, q, der, (size_t)len, time(NULL), &out);
	assert_true(tp_revocation_chain_answer(c, key, &out));
	tp_ocsp_answer_fini(&out);
}

static void row_82_every_certificate_of_the_chain_is_asked_about(void **state)
{
	struct world *w = *state;
	struct tp_revocation_chain *c = chain(w, time(NULL));
	char reason[TP_REVOCATION_REASON_MAX + 1];

	assert_int_equal(tp_revocation_chain_count(c), 2);
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_WAIT);
	answer(w, c, 0, V_OCSP_CERTSTATUS_GOOD, 600);
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_WAIT);
	answer(w, c, 1, V_OCSP_CERTSTATUS_REVOKED, 600);
	assert_int_equal(outcome(c, reason), TP_REVOCATION_REFUSE);
	assert_non_null(strstr(reason, "CA certificate CN=middle: revoked"));
	tp_revocation_chain_free(&c);
	c = chain(w, time(NULL)); /* both answers are kept */
	assert_null(tp_revocation_chain_question(c, 0));
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_REFUSE);
	tp_revocation_chain_free(&c);
	c = chain(w, time(NULL) + 601); /* but not for ever */
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_WAIT);
	tp_revocation_chain_free(&c);
}

static void row_95_the_fallback_decides_when_nobody_answers(void **state)
{
	struct world *w = *state;
	struct tp_revocation_policy strict = both;
	struct tp_revocation_chain *c = chain(w, time(NULL));
	struct tp_revocation_verdict v;

	answer(w, c, 1, V_OCSP_CERTSTATUS_GOOD, 600);
	tp_revocation_chain_give_up(c);
	tp_revocation_chain_decide(c, &v);
	assert_int_equal(v.outcome, TP_REVOCATION_ACCEPT);
	assert_true(v.fallback);
	tp_revocation_count(w->revocation, &v);
	assert_int_equal(tp_revocation_counters(w->revocation)->fallback, 1);
	tp_revocation_chain_free(&c);
	strict.unknown_is_revoked = true;
	tp_revocation_set_policy(w->revocation, &strict);
	c = chain(w, time(NULL));
	assert_non_null(tp_revocation_chain_question(c, 0)); /* a failure is not kept */
	assert_null(tp_revocation_chain_question(c, 1));
	tp_revocation_chain_give_up(c);
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_REFUSE);
	tp_revocation_chain_free(&c);
}

static void wish_9_a_connection_may_have_a_fallback_of_its_own(void **state)
{
	static const struct {
		bool strict;
		enum tp_revocation_unknown unknown;
		enum tp_revocation_outcome then;
	} rows[] = {
		{ false, TP_REVOCATION_UNKNOWN_GLOBAL, TP_REVOCATION_ACCEPT },
		{ true, TP_REVOCATION_UNKNOWN_GLOBAL, TP_REVOCATION_REFUSE },
		{ false, TP_REVOCATION_UNKNOWN_REVOKED, TP_REVOCATION_REFUSE },
		{ true, TP_REVOCATION_UNKNOWN_NOT_REVOKED, TP_REVOCATION_ACCEPT },
		{ true, TP_REVOCATION_UNKNOWN_LATER, TP_REVOCATION_REFUSE },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tp_revocation_policy p = both;
		struct tp_revocation_chain *c;

		p.unknown_is_revoked = rows[i].strict;
		tp_revocation_set_policy(w->revocation, &p);
		c = chain(w, time(NULL));
		tp_revocation_chain_set_unknown(c, rows[i].unknown);
		assert_int_equal(outcome(c, NULL), TP_REVOCATION_WAIT); /* nobody has been asked yet */
		tp_revocation_chain_give_up(c);
		assert_int_equal(outcome(c, NULL), rows[i].then);
		tp_revocation_chain_free(&c);
	}
}

static void row_94_switches_and_mode(void **state)
{
	struct world *w = *state;
	struct tp_revocation_policy p = both;
	struct tp_revocation_chain *c;

	p.use_ocsp = false;
	tp_revocation_set_policy(w->revocation, &p);
	c = chain(w, time(NULL));
	assert_null(tp_revocation_chain_question(c, 0));
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_ACCEPT);
	tp_revocation_chain_free(&c);
	p = (struct tp_revocation_policy){ .use_ocsp = true, .unknown_is_revoked = true };
	tp_revocation_set_policy(w->revocation, &p); /* row 93: off */
	c = chain(w, time(NULL));
	assert_int_equal(tp_revocation_chain_count(c), 0);
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_ACCEPT);
	tp_revocation_chain_free(&c);
}

static void a_certificate_that_is_trusted_itself_is_not_asked_about(void **state)
{
	struct world *w = *state;
	struct tp_revocation_chain *c = NULL;

	assert_int_equal(tp_revocation_chain_new(w->revocation, w->chain, 1, true, time(NULL), &c), TP_OK);
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_ACCEPT);
	tp_revocation_chain_free(&c);
}

static void an_older_answer_played_again_does_not_undo_a_newer(void **state)
{
	static const struct {
		long this_s;
		int status;
		enum tp_revocation_outcome then;
	} rows[] = {
		{ -60, V_OCSP_CERTSTATUS_REVOKED, TP_REVOCATION_REFUSE },
		{ -3600, V_OCSP_CERTSTATUS_GOOD, TP_REVOCATION_REFUSE }, /* on the way, or from a stale cache */
		{ -30, V_OCSP_CERTSTATUS_GOOD, TP_REVOCATION_ACCEPT },   /* it was on hold */
		{ -60, V_OCSP_CERTSTATUS_REVOKED, TP_REVOCATION_ACCEPT },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct said said = { .signer = &w->middle, .status = rows[i].status,
					   .this_s = rows[i].this_s, .next_s = 600, .nonce = NONCE_NONE };
		struct tp_revocation_chain *c = NULL;
		struct tp_ocsp_question q;
		struct tp_ocsp_answer out;
		uint8_t der[16384];
		int len;

		assert_int_equal(tp_ocsp_ask(w->leaf.cert, w->middle.cert, &q), TP_OK);
		len = answer_write(&q, w->leaf.cert, w->middle.cert, &said, der, sizeof(der));
		tp_revocation_learn(w->revocation, &q, der, (size_t)len, time(NULL), &out);
		tp_ocsp_answer_fini(&out);
		tp_ocsp_question_fini(&q);
		assert_int_equal(tp_revocation_chain_new(w->revocation, w->chain, 2, true, time(NULL), &c), TP_OK);
		assert_int_equal(outcome(c, NULL), rows[i].then);
		tp_revocation_chain_free(&c);
	}
}

#define POINT "http://127.0.6.1:8081/root.crl"

/* Leaf and CA of a chain whose leaf names a distribution point. */
static struct tp_revocation_chain *named_chain(struct tp_revocation *r, struct identity *leaf,
					       struct identity *ca, int64_t now)
{
	X509 *certificates[] = { leaf->cert, ca->cert };
	struct tp_revocation_chain *c = NULL;

	assert_int_equal(tp_revocation_chain_new(r, certificates, 2, true, now, &c), TP_OK);
	return c;
}

static void row_94_a_named_list_is_waited_for_and_not_asked_for_again_at_once(void **state)
{
	static const uint8_t seed[16] = { 3 };
	struct tp_revocation_policy p = { .enabled = true, .use_crls = true };
	struct tp_crl_set *set = NULL;
	struct tp_revocation *r = NULL;
	struct tp_revocation_chain *c;
	struct identity ca, leaf;
	int64_t now = time(NULL);
	char *pem = NULL;
	size_t len = 0;

	(void)state;
	identity_make(&ca, &(struct identity_options){ .common_name = "named", .is_ca = true });
	identity_make(&leaf, &(struct identity_options){ .common_name = "leaf", .ca = &ca });
	identity_extension(&leaf, &ca, NID_crl_distribution_points, "URI:ldap://a/b,URI:" POINT);
	tp_secret_fini(&leaf.secret);
	identity_sign_again(&leaf, &ca);
	assert_int_equal(tp_crl_set_new(&set), TP_OK);
	assert_int_equal(tp_revocation_new(set, seed, &r), TP_OK);
	tp_revocation_set_policy(r, &p); /* not allowed */
	c = named_chain(r, &leaf, &ca, now);
	assert_null(tp_revocation_chain_point(c, 0));
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_ACCEPT);
	tp_revocation_chain_free(&c);
	p.use_points = true;
	tp_revocation_set_policy(r, &p);
	c = named_chain(r, &leaf, &ca, now);
	assert_string_equal(tp_revocation_chain_point(c, 0), POINT);
	assert_int_equal(tp_revocation_chain_point_issuer(c, 0, &pem, &len), TP_OK);
	assert_true(len > 27 && memcmp(pem, "-----BEGIN CERTIFICATE-----", 27) == 0);
	free(pem);
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_WAIT);
	assert_false(tp_revocation_chain_point_ended(c, POINT, "of another CA"));
	tp_revocation_point_ended(r, tp_revocation_chain_point_key(c, 0), now);
	assert_true(tp_revocation_chain_point_ended(c, tp_revocation_chain_point_key(c, 0), "gone"));
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_ACCEPT); /* the fallback */
	tp_revocation_chain_free(&c);
	c = named_chain(r, &leaf, &ca, now + TP_REVOCATION_POINT_AGAIN_S - 1);
	assert_null(tp_revocation_chain_point(c, 0));
	tp_revocation_chain_free(&c);
	c = named_chain(r, &leaf, &ca, now + TP_REVOCATION_POINT_AGAIN_S);
	assert_non_null(tp_revocation_chain_point(c, 0));
	tp_revocation_chain_give_up(c);
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_ACCEPT);
	tp_revocation_chain_free(&c);
	tp_revocation_unref(&r);
	tp_crl_set_free(&set);
	identity_fini(&leaf);
	identity_fini(&ca);
}

/* Whatever its nextUpdate: a certificate may be revoked meanwhile. */
static void a_good_answer_counts_for_a_day(void **state)
{
	struct world *w = *state;
	int64_t now = time(NULL);
	struct tp_revocation_chain *c = chain(w, now);

	answer(w, c, 0, V_OCSP_CERTSTATUS_GOOD, 30L * 86400);
	answer(w, c, 1, V_OCSP_CERTSTATUS_GOOD, 3600);
	tp_revocation_chain_free(&c);
	c = chain(w, now + 3000);
	assert_null(tp_revocation_chain_question(c, 0));
	tp_revocation_chain_free(&c);
	c = chain(w, now + 86400 + 60);
	assert_non_null(tp_revocation_chain_question(c, 0));
	tp_revocation_chain_free(&c);

	/* One that says revoked stands for as long as it says. */
	c = chain(w, now + 86400 + 60);
	answer(w, c, 0, V_OCSP_CERTSTATUS_REVOKED, 30L * 86400);
	tp_revocation_chain_free(&c);
	c = chain(w, now + 10 * 86400);
	assert_null(tp_revocation_chain_question(c, 0));
	assert_int_equal(outcome(c, NULL), TP_REVOCATION_REFUSE);
	tp_revocation_chain_free(&c);
}

static void the_cache_is_bounded(void **state)
{
	struct world *w = *state;
	struct tp_ocsp_question q;
	struct tp_revocation_chain *first;
	const struct said said = { .signer = &w->middle, .next_s = 600 };
	struct tp_ocsp_answer out;
	uint8_t der[16384];
	int len;

	assert_int_equal(tp_ocsp_ask(w->leaf.cert, w->middle.cert, &q), TP_OK);
	len = answer_write(&q, w->leaf.cert, w->middle.cert, &said, der, sizeof(der));
	for (unsigned i = 0; i <= TP_REVOCATION_CACHE_MAX; i++) {
		tp_revocation_learn(w->revocation, &q, der, (size_t)len, time(NULL), &out);
		assert_int_equal(out.status, TP_OCSP_GOOD);
		tp_ocsp_answer_fini(&out);
		memcpy(q.key, &i, sizeof(i)); /* as if it were another certificate */
	}
	tp_ocsp_question_fini(&q);
	first = chain(w, time(NULL));
	assert_non_null(tp_revocation_chain_question(first, 0)); /* gave way */
	tp_revocation_chain_free(&first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(row_82_every_certificate_of_the_chain_is_asked_about, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_95_the_fallback_decides_when_nobody_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wish_9_a_connection_may_have_a_fallback_of_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_94_switches_and_mode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_certificate_that_is_trusted_itself_is_not_asked_about, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_older_answer_played_again_does_not_undo_a_newer, set_up, tear_down),
		cmocka_unit_test(row_94_a_named_list_is_waited_for_and_not_asked_for_again_at_once),
		cmocka_unit_test_setup_teardown(a_good_answer_counts_for_a_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_cache_is_bounded, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
