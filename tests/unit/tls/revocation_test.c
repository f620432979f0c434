/* tls/revocation: every combination of what the sources can say, checked against the
 * five rules of precedence as the specification words them, one cell at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tls/revocation.h"

enum { NOW = 1000000, HOUR = 3600 };

/* A CRL as a test sees it. */
enum crl { ABSENT, GOOD, REVOKED, JUST_OUT, JUST_OUT_REVOKED, LONG_OUT, LONG_OUT_REVOKED, ENDLESS, CRLS };

static struct tp_revocation_crl crl_of(enum crl kind)
{
	struct tp_revocation_crl c = { .present = kind != ABSENT, .next_update = NOW + HOUR };

	c.revoked = kind == REVOKED || kind == JUST_OUT_REVOKED || kind == LONG_OUT_REVOKED;
	if (kind == JUST_OUT || kind == JUST_OUT_REVOKED)
		c.next_update = NOW;
	if (kind == LONG_OUT || kind == LONG_OUT_REVOKED)
		c.next_update = NOW - 100 * HOUR;
	if (kind == ENDLESS)
		c.next_update = 0;
	return c;
}

/* One CRL by the letter of the specification. */
struct opinion {
	bool counts;  /* present and in force, the window included */
	bool revoked; /* counts, and lists the certificate */
	bool expired; /* past nextUpdate and outside the window */
};

static struct opinion opinion_of(const struct tp_revocation_facts *f, const struct tp_revocation_crl *c,
				 bool automatic)
{
	bool past = c->next_update && f->now >= c->next_update;
	bool kept = past && automatic && f->now < c->next_update + (int64_t)f->last_known_good_s;
	struct opinion o = { false, false, false };

	if (!c->present || !f->use_crls)
		return o;
	o.counts = !past || kept;
	o.revoked = o.counts && c->revoked;
	o.expired = !o.counts;
	return o;
}

/* The five rules, one after the other. Returns the rule, 0 for waiting. */
static unsigned expected(const struct tp_revocation_facts *f, enum tp_revocation_outcome *outcome)
{
	struct opinion a = opinion_of(f, &f->automatic, true);
	struct opinion m = opinion_of(f, &f->manual, false);
	enum tp_ocsp_status ocsp = f->use_ocsp ? f->ocsp : TP_OCSP_NOT_ASKED;

	if (f->automatic_overrides && (a.counts || a.expired))
		m = (struct opinion){ false, false, false };
	*outcome = TP_REVOCATION_REFUSE;
	if (a.revoked || m.revoked || ocsp == TP_OCSP_REVOKED)
		return 1;
	/* A list on its way may replace one that has run out, or say worse than others. */
	if (f->crl_waiting && f->use_crls && ocsp != TP_OCSP_OTHER_ID) {
		*outcome = TP_REVOCATION_WAIT;
		return 0;
	}
	if (f->crl_waiting && f->use_crls)
		return 3;
	/* A CRL in force replaces one of the same issuer that has run out. */
	if ((a.expired || m.expired) && !a.counts && !m.counts)
		return 2;
	if (ocsp == TP_OCSP_WAITING) {
		*outcome = TP_REVOCATION_WAIT;
		return 0;
	}
	if (ocsp == TP_OCSP_OTHER_ID)
		return 3;
	if (ocsp == TP_OCSP_GOOD || a.counts || m.counts) {
		*outcome = TP_REVOCATION_ACCEPT;
		return 4;
	}
	*outcome = f->unknown_is_revoked ? TP_REVOCATION_REFUSE : TP_REVOCATION_ACCEPT;
	return 5;
}

static void check(const struct tp_revocation_facts *f)
{
	struct tp_revocation_verdict v;
	enum tp_revocation_outcome outcome;
	unsigned rule = expected(f, &outcome);

	tp_revocation_decide(f, &v);
	if (v.rule != rule || v.outcome != outcome || !v.reason[0])
		fail_msg("ocsp %d use %d/%d override %d fallback %d window %u, automatic %d/%d/%lld, "
			 "manual %d/%d/%lld: rule %u outcome %d, wanted %u %d (%s)",
			 (int)f->ocsp, f->use_crls, f->use_ocsp, f->automatic_overrides, f->unknown_is_revoked,
			 f->last_known_good_s, f->automatic.present, f->automatic.revoked,
			 (long long)f->automatic.next_update, f->manual.present, f->manual.revoked,
			 (long long)f->manual.next_update, v.rule, (int)v.outcome, rule, (int)outcome, v.reason);
	assert_int_equal(v.fallback, rule == 5);
}

static void row_95_every_cell_is_as_the_five_rules_say(void **state)
{
	unsigned cells = 0;

	(void)state;
	for (unsigned a = 0; a < CRLS; a++)
		for (unsigned m = 0; m < CRLS; m++)
			for (unsigned ocsp = 0; ocsp < TP_OCSP_STATUS_COUNT; ocsp++)
				for (unsigned bits = 0; bits < 64; bits++) {
					struct tp_revocation_facts f = {
						.automatic = crl_of((enum crl)a),
						.manual = crl_of((enum crl)m),
						.ocsp = (enum tp_ocsp_status)ocsp,
						.use_crls = bits & 1,
						.use_ocsp = bits & 2,
						.automatic_overrides = bits & 4,
						.unknown_is_revoked = bits & 8,
						.last_known_good_s = bits & 16 ? 2 * HOUR : 0,
						.crl_waiting = bits & 32,
						.now = NOW,
					};

					check(&f);
					cells++;
				}
	assert_int_equal(cells, CRLS * CRLS * TP_OCSP_STATUS_COUNT * 64);
}

static void decide(struct tp_revocation_facts f, struct tp_revocation_verdict *v)
{
	f.now = NOW;
	tp_revocation_decide(&f, v);
}

static void row_90_an_expired_crl_refuses_under_every_fallback(void **state)
{
	struct tp_revocation_facts f = { .use_crls = true, .use_ocsp = true, .ocsp = TP_OCSP_GOOD };
	struct tp_revocation_verdict v;

	(void)state;
	f.manual = crl_of(JUST_OUT);
	decide(f, &v);
	assert_int_equal(v.outcome, TP_REVOCATION_REFUSE);
	assert_string_equal(v.reason, "the manually loaded CRL of its issuer ran out on 1970-01-12 13:46 UTC: "
				      "its certificates count as revoked");
	f.last_known_good_s = 24 * HOUR; /* is for automatic ones only */
	decide(f, &v);
	assert_int_equal(v.outcome, TP_REVOCATION_REFUSE);
	f.automatic = crl_of(JUST_OUT);
	f.manual = crl_of(ABSENT);
	f.ocsp = TP_OCSP_UNREACHABLE;
	decide(f, &v);
	assert_int_equal(v.outcome, TP_REVOCATION_ACCEPT);
	assert_true(v.last_known_good);
	f.automatic = crl_of(JUST_OUT_REVOKED);
	decide(f, &v);
	assert_int_equal(v.rule, 1);
}

static void row_83_automatic_overrides_manual_but_for_sip(void **state)
{
	struct tp_revocation_facts f = { .use_crls = true };
	struct tp_revocation_verdict v;

	(void)state;
	f.automatic = crl_of(GOOD);
	f.manual = crl_of(REVOKED);
	decide(f, &v); /* SIP TLS: both are used */
	assert_int_equal(v.outcome, TP_REVOCATION_REFUSE);
	f.automatic_overrides = true;
	decide(f, &v);
	assert_int_equal(v.outcome, TP_REVOCATION_ACCEPT);
}

static void words_name_the_source(void **state)
{
	struct tp_revocation_facts f = { .use_crls = true, .use_ocsp = true };
	struct tp_revocation_verdict v;

	(void)state;
	f.automatic = crl_of(REVOKED);
	f.automatic.reason = 1;
	f.automatic.revoked_at = 86400;
	decide(f, &v);
	assert_string_equal(v.reason, "revoked on 1970-01-02 00:00 UTC (keyCompromise), says the automatic CRL");
	f.automatic = crl_of(ABSENT);
	f.ocsp = TP_OCSP_REVOKED;
	decide(f, &v);
	assert_string_equal(v.reason, "revoked, says the OCSP responder");
	f.ocsp = TP_OCSP_UNREACHABLE;
	decide(f, &v);
	assert_string_equal(v.reason, "revocation status unknown (OCSP: unreachable; no CRL of its issuer): "
				      "the fallback treats it as not revoked");
	f.ocsp = TP_OCSP_OTHER_ID;
	decide(f, &v);
	assert_true(v.other_id);
	assert_int_equal(v.rule, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_95_every_cell_is_as_the_five_rules_say),
		cmocka_unit_test(row_90_an_expired_crl_refuses_under_every_fallback),
		cmocka_unit_test(row_83_automatic_overrides_manual_but_for_sip),
		cmocka_unit_test(words_name_the_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
