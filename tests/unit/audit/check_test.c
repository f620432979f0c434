/* audit/check: each way of tampering with a log, on logs made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "audit/check.h"

enum { RECORDS = 20 };

/* Records 1 to 20, heads at 10 and 18. */
struct log {
	struct tp_audit_record records[RECORDS];
	struct tp_audit_head heads[2];
};

static void make(struct log *l)
{
	uint8_t hash[TP_AUDIT_HASH] = { 0 };

	for (size_t i = 0; i < RECORDS; i++) {
		struct tp_audit_record *r = &l->records[i];

		*r = (struct tp_audit_record){ .sequence = i + 1,
					       .at_ms = 1000 + i,
					       .name = "login",
					       .text = i % 2 ? "odd" : "even",
					       .user = "admin",
					       .source = "192.0.2.1",
					       .path = "",
					       .before = "",
					       .after = "" };
		assert_int_equal(tp_audit_record_hash(hash, r, r->hash), TP_OK);
		memcpy(hash, r->hash, sizeof(hash));
	}
	for (size_t i = 0; i < 2; i++) {
		size_t at = i ? 18 : 10;

		l->heads[i] = (struct tp_audit_head){ .counter = i + 1, .sequence = at };
		memcpy(l->heads[i].hash, l->records[at - 1].hash, TP_AUDIT_HASH);
	}
}

/* Verifies what is left of it: records without a name are taken as deleted. */
static void check(const struct log *l, struct tp_audit_check *c)
{
	size_t head = 0;

	tp_audit_check_begin(c, NULL);
	for (size_t i = 0; i < RECORDS; i++) {
		const struct tp_audit_record *r = &l->records[i];

		if (!r->name)
			continue;
		while (head < 2 && l->heads[head].sequence < r->sequence)
			tp_audit_check_head(c, &l->heads[head++], true);
		tp_audit_check_record(c, r);
	}
	while (head < 2)
		tp_audit_check_head(c, &l->heads[head++], true);
	tp_audit_check_end(c, &l->heads[1]);
}

static void assert_one(const struct tp_audit_check *c, enum tp_audit_fault fault, uint64_t first,
		       uint64_t last)
{
	char text[256];

	assert_int_equal(c->faults, 1);
	assert_int_equal(c->findings[0].fault, fault);
	assert_int_equal(c->findings[0].first, first);
	assert_int_equal(c->findings[0].last, last);
	tp_audit_finding_write(&c->findings[0], text);
	assert_true(strlen(text) > 20);
}

static void a_whole_log_verifies(void **state)
{
	struct log l;
	struct tp_audit_check c;

	(void)state;
	make(&l);
	check(&l, &c);
	assert_int_equal(c.faults, 0);
	assert_int_equal(c.records, 20);
	assert_int_equal(c.sealed, 18);
	assert_int_equal(c.last, 20);
}

static void a_change_of_any_field_is_found(void **state)
{
	struct log l;
	struct tp_audit_check c;

	(void)state;
	for (int field = 0; field < 11; field++) {
		struct tp_audit_record *r = &l.records[6];

		make(&l);
		switch (field) {
		case 0: r->at_ms++; break;
		case 1: r->boot[15]++; break;
		case 2: r->kind++; break;
		case 3: r->severity++; break;
		case 4: r->name = "logout"; break;
		case 5: r->text = "other"; break;
		case 6: r->user = "root"; break;
		case 7: r->source = ""; break;
		case 8: r->path = "x"; break;
		case 9: r->before = "x"; break;
		default: r->after = "x"; break;
		}
		check(&l, &c);
		assert_one(&c, TP_AUDIT_CHANGED, 7, 7);
	}
}

/* Moving a byte from one text to the next is a change too. */
static void lengths_are_hashed(void **state)
{
	struct log l;
	struct tp_audit_check c;

	(void)state;
	make(&l);
	l.records[6].user = "admi";
	l.records[6].source = "n192.0.2.1";
	check(&l, &c);
	assert_one(&c, TP_AUDIT_CHANGED, 7, 7);
}

static void a_gap_is_found_and_told_once(void **state)
{
	struct log l;
	struct tp_audit_check c;

	(void)state;
	make(&l);
	l.records[5].name = NULL;
	l.records[6].name = NULL;
	check(&l, &c);
	assert_one(&c, TP_AUDIT_MISSING, 6, 7);
	/* A sealed record that is missing: the chain goes on behind the head's hash. */
	make(&l);
	l.records[9].name = NULL;
	check(&l, &c);
	assert_one(&c, TP_AUDIT_MISSING, 10, 10);
}

static void two_that_changed_places_are_found(void **state)
{
	struct log l;
	struct tp_audit_check c;
	struct tp_audit_record swap;

	(void)state;
	make(&l);
	swap = l.records[6];
	l.records[6] = l.records[7];
	l.records[7] = swap;
	l.records[6].sequence = 7;
	l.records[7].sequence = 8;
	check(&l, &c);
	/* Also the one behind them does not follow what stands there now. */
	assert_one(&c, TP_AUDIT_CHANGED, 7, 9);
}

static void a_cut_tail_is_found(void **state)
{
	struct log l;
	struct tp_audit_check c;

	(void)state;
	make(&l);
	for (size_t i = 16; i < RECORDS; i++)
		l.records[i].name = NULL;
	/* With the head that names it left in, and without. */
	check(&l, &c);
	assert_one(&c, TP_AUDIT_MISSING, 17, 18);
	tp_audit_check_begin(&c, NULL);
	for (size_t i = 0; i < 16; i++)
		tp_audit_check_record(&c, &l.records[i]);
	tp_audit_check_end(&c, &l.heads[1]);
	assert_one(&c, TP_AUDIT_CUT, 17, 18);
}

/* Whoever hashes all anew behind a change is told by the heads. */
static void a_log_hashed_anew_is_found(void **state)
{
	struct log l;
	struct tp_audit_check c;

	(void)state;
	make(&l);
	l.records[12].text = "nothing happened";
	for (size_t i = 12; i < RECORDS; i++)
		assert_int_equal(tp_audit_record_hash(l.records[i - 1].hash, &l.records[i],
						      l.records[i].hash),
				 TP_OK);
	check(&l, &c);
	assert_one(&c, TP_AUDIT_REWRITTEN, 11, 18);
}

static void heads_of_others_and_of_before_are_found(void **state)
{
	struct log l;
	struct tp_audit_check c;

	(void)state;
	make(&l);
	tp_audit_check_begin(&c, NULL);
	for (size_t i = 0; i < 10; i++)
		tp_audit_check_record(&c, &l.records[i]);
	tp_audit_check_head(&c, &l.heads[0], false);
	assert_one(&c, TP_AUDIT_FORGED, 10, 10);
	assert_int_equal(c.sealed, 0);
	make(&l);
	l.heads[1].counter = 1;
	check(&l, &c);
	assert_one(&c, TP_AUDIT_DISORDER, 18, 18);
}

static void it_goes_on_from_a_checkpoint(void **state)
{
	struct log l;
	struct tp_audit_check c;
	struct tp_audit_head from;

	(void)state;
	make(&l);
	from = l.heads[0];
	from.kind = TP_AUDIT_CHECKPOINT;
	tp_audit_check_begin(&c, &from);
	for (size_t i = 10; i < RECORDS; i++)
		tp_audit_check_record(&c, &l.records[i]);
	tp_audit_check_head(&c, &l.heads[1], true);
	tp_audit_check_end(&c, &l.heads[1]);
	assert_int_equal(c.faults, 0);
	/* One more was dropped than it says. */
	tp_audit_check_begin(&c, &from);
	for (size_t i = 11; i < RECORDS; i++)
		tp_audit_check_record(&c, &l.records[i]);
	assert_one(&c, TP_AUDIT_MISSING, 11, 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_log_verifies),
		cmocka_unit_test(a_change_of_any_field_is_found),
		cmocka_unit_test(lengths_are_hashed),
		cmocka_unit_test(a_gap_is_found_and_told_once),
		cmocka_unit_test(two_that_changed_places_are_found),
		cmocka_unit_test(a_cut_tail_is_found),
		cmocka_unit_test(a_log_hashed_anew_is_found),
		cmocka_unit_test(heads_of_others_and_of_before_are_found),
		cmocka_unit_test(it_goes_on_from_a_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
