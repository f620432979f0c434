/* media/latch: what may come from where, and that nobody can move a learned address
 * but signalling or an authenticated packet (attack cases 1, 2, 4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/latch.h"

static struct tp_addr at(const char *text)
{
	struct tp_addr a = { 0 };

	assert_int_equal(tp_addr_parse(tp_span_of(text), &a), TP_OK);
	return a;
}

static void without_nat_only_the_signalled_address(void **state)
{
	struct tp_addr phone = at("192.0.2.5:4000"), port = at("192.0.2.5:4002"),
		       other = at("203.0.113.9:4000"), none = { 0 };
	struct tp_latch l = { 0 };

	(void)state;
	assert_false(tp_latch_plain_rtp(&l, &phone, 1, 1)); /* nothing signalled yet */
	assert_false(tp_latch_may_try(&l, &none));
	tp_latch_signal(&l, &phone, false);
	for (uint16_t i = 0; i < 50; i++) {
		assert_false(tp_latch_plain_rtp(&l, &other, 1, i));
		assert_false(tp_latch_plain_rtp(&l, &port, 1, i));
		assert_false(tp_latch_may_try(&l, &other));
	}
	assert_true(tp_latch_plain_rtp(&l, &phone, 1, 1));
	assert_true(tp_addr_equal(tp_latch_target(&l), &phone));
}

static void behind_nat_packets_must_continue_each_other(void **state)
{
	struct tp_addr said = at("10.0.0.5:4000"), seen = at("203.0.113.9:61000"),
		       evil = at("198.51.100.66:5");
	struct tp_latch l = { 0 };

	(void)state;
	tp_latch_signal(&l, &said, true);
	assert_true(tp_addr_equal(tp_latch_target(&l), &said));
	assert_false(tp_latch_plain_rtp(&l, &evil, 9, 1)); /* a spray has no sequence */
	assert_false(tp_latch_plain_rtp(&l, &evil, 9, 7));
	assert_false(tp_latch_plain_rtp(&l, &evil, 8, 8));
	assert_false(tp_latch_plain_rtp(&l, &seen, 1, 65534));
	assert_false(tp_latch_plain_rtp(&l, &seen, 1, 65535));
	assert_true(tp_latch_plain_rtp(&l, &seen, 1, 0));
	assert_true(tp_addr_equal(tp_latch_target(&l), &seen));
	/* From here on nobody else, not even the signalled address. */
	for (uint16_t i = 0; i < 20; i++) {
		assert_false(tp_latch_plain_rtp(&l, &evil, 1, i));
		assert_false(tp_latch_plain_rtp(&l, &said, 1, i));
	}
	assert_true(tp_addr_equal(tp_latch_target(&l), &seen));
	/* The same signalling again changes nothing, another address does. */
	tp_latch_signal(&l, &said, true);
	assert_true(tp_addr_equal(tp_latch_target(&l), &seen));
	said.port = 4010;
	tp_latch_signal(&l, &said, true);
	assert_true(tp_addr_equal(tp_latch_target(&l), &said));
	assert_false(tp_latch_plain_rtp(&l, &seen, 1, 1));
}

static void near_sources_prove_themselves_sooner(void **state)
{
	struct tp_addr said = at("203.0.113.9:4000"), near = at("203.0.113.9:61000");
	struct tp_latch l = { 0 };

	(void)state;
	tp_latch_signal(&l, &said, true);
	assert_false(tp_latch_plain_rtp(&l, &near, 1, 10));
	assert_true(tp_latch_plain_rtp(&l, &near, 1, 11));
	tp_latch_signal(&l, &(struct tp_addr){ 0 }, true);
	tp_latch_signal(&l, &said, true);
	assert_true(tp_latch_plain_rtp(&l, &said, 1, 50)); /* the very address: at once */
}

static void authenticated_packets_move_the_address(void **state)
{
	struct tp_addr said = at("10.0.0.5:4000"), home = at("203.0.113.9:61000"),
		       moved = at("198.51.100.7:5000");
	struct tp_latch l = { 0 };

	(void)state;
	tp_latch_signal(&l, &said, true);
	assert_true(tp_latch_may_try(&l, &home));
	assert_true(tp_addr_equal(tp_latch_target(&l), &said)); /* trying learns nothing */
	tp_latch_authenticated(&l, &home, true);
	assert_true(tp_addr_equal(tp_latch_target(&l), &home));
	tp_latch_authenticated(&l, &moved, true);
	assert_true(tp_addr_equal(tp_latch_target(&l), &moved));
	tp_latch_authenticated(&l, &home, false); /* a late one of the old path */
	assert_true(tp_addr_equal(tp_latch_target(&l), &moved));
}

static void rtcp_follows_the_rtp(void **state)
{
	struct tp_addr said = at("10.0.0.5:4000"), said_rtcp = at("10.0.0.5:4001"),
		       rtp_from = at("203.0.113.9:61000"), rtcp_from = at("203.0.113.9:61001"),
		       evil = at("198.51.100.66:61001");
	struct tp_latch rtp = { 0 }, rtcp = { 0 };

	(void)state;
	tp_latch_signal(&rtp, &said, true);
	tp_latch_signal(&rtcp, &said_rtcp, true);
	assert_false(tp_latch_plain_rtcp(&rtcp, &rtp, &rtcp_from));
	for (uint16_t i = 0; i < 3; i++)
		(void)tp_latch_plain_rtp(&rtp, &rtp_from, 1, i);
	assert_false(tp_latch_plain_rtcp(&rtcp, &rtp, &evil));
	assert_true(tp_latch_plain_rtcp(&rtcp, &rtp, &rtcp_from));
	assert_false(tp_latch_plain_rtcp(&rtcp, &rtp, &evil));
	assert_true(tp_addr_equal(tp_latch_target(&rtcp), &rtcp_from));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_nat_only_the_signalled_address),
		cmocka_unit_test(behind_nat_packets_must_continue_each_other),
		cmocka_unit_test(near_sources_prove_themselves_sooner),
		cmocka_unit_test(authenticated_packets_move_the_address),
		cmocka_unit_test(rtcp_follows_the_rtp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
