/* proto/hop: framing of the hop and its replay window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/hop.h"

static void framing_round_trip(void **state)
{
	struct tp_hop_header in = { TP_HOP_RTCP, 0xabcd, 0x01020304, 0x1122334455667788 }, out;
	uint8_t datagram[TP_HOP_OVERHEAD_BYTES] = { 0 };

	(void)state;
	tp_hop_write(datagram, &in);
	assert_int_equal(tp_hop_parse(datagram, sizeof(datagram), &out), TP_OK);
	assert_int_equal(out.type, in.type);
	assert_int_equal(out.epoch, in.epoch);
	assert_int_equal(out.flow, in.flow);
	assert_true(out.number == in.number);
	assert_int_equal(tp_hop_parse(datagram, sizeof(datagram) - 1, &out), TP_SHORT);
	datagram[0] = 2;
	assert_int_equal(tp_hop_parse(datagram, sizeof(datagram), &out), TP_UNSUPPORTED);
	datagram[0] = 1;
	datagram[1] = 9;
	assert_int_equal(tp_hop_parse(datagram, sizeof(datagram), &out), TP_FORMAT);
	datagram[1] = TP_HOP_RTP;
	memset(datagram + 4, 0, 4);
	assert_int_equal(tp_hop_parse(datagram, sizeof(datagram), &out), TP_FORMAT);
}

static void keepalive_round_trip(void **state)
{
	struct tp_hop_keepalive in = { true, 513 }, out;
	uint8_t payload[TP_HOP_KEEPALIVE_BYTES];

	(void)state;
	tp_hop_keepalive_write(payload, &in);
	assert_int_equal(tp_hop_keepalive_parse(payload, sizeof(payload), &out), TP_OK);
	assert_true(out.holds_key);
	assert_int_equal(out.held_epoch, 513);
	assert_int_equal(tp_hop_keepalive_parse(payload, 2, &out), TP_SHORT);
	payload[0] = 2;
	assert_int_equal(tp_hop_keepalive_parse(payload, sizeof(payload), &out), TP_FORMAT);
}

static void window_takes_each_number_once(void **state)
{
	struct tp_hop_window w = { 0 };

	(void)state;
	assert_false(tp_hop_window_is_new(&w, 0));
	for (uint64_t n = 10; n <= 20000; n += 2) {
		assert_true(tp_hop_window_is_new(&w, n));
		assert_true(tp_hop_window_mark(&w, n));
		assert_false(tp_hop_window_is_new(&w, n));
	}
	/* Late ones within the window are taken, once, and do not count as newest. */
	assert_true(tp_hop_window_is_new(&w, 19999));
	assert_false(tp_hop_window_mark(&w, 19999));
	assert_false(tp_hop_window_is_new(&w, 19999));
	assert_true(tp_hop_window_is_new(&w, 20000 - (TP_HOP_WINDOW - 64) + 1));
	assert_false(tp_hop_window_is_new(&w, 20000 - (TP_HOP_WINDOW - 64)));
	/* A jump over the whole window forgets nothing wrongly. */
	assert_true(tp_hop_window_mark(&w, 1000001));
	assert_false(tp_hop_window_is_new(&w, 20000));
	assert_true(tp_hop_window_is_new(&w, 1000000));
	assert_true(tp_hop_window_is_new(&w, 999000));
	assert_true(tp_hop_window_mark(&w, UINT64_MAX));
	assert_false(tp_hop_window_is_new(&w, UINT64_MAX));
	assert_false(tp_hop_window_is_new(&w, 1000001));
}

/* Every number of the window is remembered apart from every other. */
static void window_words_do_not_alias(void **state)
{
	struct tp_hop_window w = { 0 };
	uint64_t top = 100000;

	(void)state;
	assert_true(tp_hop_window_mark(&w, top));
	for (uint64_t n = top - (TP_HOP_WINDOW - 64) + 1; n < top; n++) {
		assert_true(tp_hop_window_is_new(&w, n));
		assert_false(tp_hop_window_mark(&w, n));
		assert_false(tp_hop_window_is_new(&w, n));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framing_round_trip),
		cmocka_unit_test(keepalive_round_trip),
		cmocka_unit_test(window_takes_each_number_once),
		cmocka_unit_test(window_words_do_not_alias),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
