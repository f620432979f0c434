/* media/sources: loss and jitter as RFC 3550 counts them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/sources.h"

static void feed(struct tp_sources *s, uint32_t ssrc, uint32_t n, uint64_t at_us)
{
	struct tp_rtp h = { .ssrc = ssrc, .sequence = (uint16_t)n, .timestamp = n * 160 };

	assert_true(tp_sources_has_room(s, ssrc, at_us));
	tp_sources_count(s, &h, 8000, at_us);
}

static void loss_is_expected_minus_received(void **state)
{
	struct tp_sources s = { 0 };

	(void)state;
	assert_int_equal(tp_sources_lost(&s), 0);
	for (uint32_t n = 65000; n < 67000; n++) /* over the wrap */
		if (n % 100)
			feed(&s, 7, n, n * 20000ull);
	/* 65000 itself was the first to be left out, so nobody can know of it. */
	assert_int_equal(tp_sources_lost(&s), 19);
	assert_int_equal(tp_sources_ssrc(&s), 7);
}

static void order_and_duplicates_lose_nothing(void **state)
{
	struct tp_sources s = { 0 };

	(void)state;
	feed(&s, 7, 11, 0);
	feed(&s, 7, 10, 0);
	feed(&s, 7, 12, 0);
	feed(&s, 7, 12, 0);
	feed(&s, 7, 14, 0);
	feed(&s, 7, 13, 0);
	assert_int_equal(tp_sources_lost(&s), 0);
}

static void a_new_beginning_is_no_loss(void **state)
{
	struct tp_sources s = { 0 };

	(void)state;
	for (uint32_t n = 100; n < 200; n++)
		if (n != 150)
			feed(&s, 7, n, 0);
	for (uint32_t n = 40000; n < 40100; n++)
		feed(&s, 7, n, 0);
	for (uint32_t n = 5; n < 105; n++)
		feed(&s, 7, n, 0);
	assert_int_equal(tp_sources_lost(&s), 1);
}

static void jitter_is_the_mean_of_differences(void **state)
{
	struct tp_sources even = { 0 }, shaky = { 0 };

	(void)state;
	for (uint32_t n = 0; n < 2000; n++) {
		feed(&even, 1, n, n * 20000ull);
		feed(&shaky, 1, n, n * 20000ull + (n % 2 ? 4000 : 0)); /* 4 ms to and fro */
	}
	assert_int_equal(tp_sources_jitter_us(&even, 8000), 0);
	assert_in_range(tp_sources_jitter_us(&shaky, 8000), 3700, 4000);
	assert_int_equal(tp_sources_jitter_us(&shaky, 0), 0);
}

static void sources_are_bounded(void **state)
{
	struct tp_sources s = { 0 };

	(void)state;
	for (uint32_t i = 0; i < TP_SOURCES_MAX; i++)
		feed(&s, 100 + i, 1, 1000000);
	assert_false(tp_sources_has_room(&s, 5, 1000000));
	assert_true(tp_sources_has_room(&s, 100, 1000000));
	/* An idle one makes room, so that a long call is not lost by it. */
	feed(&s, 101, 2, 9000000);
	feed(&s, 5, 1, 9000000);
	assert_int_equal(tp_sources_ssrc(&s), 5);
	assert_int_equal(s.count, TP_SOURCES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loss_is_expected_minus_received),
		cmocka_unit_test(order_and_duplicates_lose_nothing),
		cmocka_unit_test(a_new_beginning_is_no_loss),
		cmocka_unit_test(jitter_is_the_mean_of_differences),
		cmocka_unit_test(sources_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
