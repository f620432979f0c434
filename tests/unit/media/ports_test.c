/* media/ports: pairs are even and odd, come back only after a rest, first in first
 * out; a change of range leaves those in use alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "media/ports.h"

static struct tp_ports *new_pool(uint16_t first, uint16_t last)
{
	struct tp_ports *p = NULL;

	assert_int_equal(tp_ports_new(30000, &p), TP_OK);
	tp_ports_set_range(p, first, last, 0);
	return p;
}

static void only_whole_pairs_are_handed_out(void **state)
{
	struct tp_ports *p = new_pool(40001, 40006); /* 40002/3 and 40004/5 */
	uint16_t a, b, c;

	(void)state;
	assert_int_equal(tp_ports_count(p, 0).total, 2);
	assert_int_equal(tp_ports_take(p, 0, &a), TP_OK);
	assert_int_equal(tp_ports_take(p, 0, &b), TP_OK);
	assert_int_equal(a % 2, 0);
	assert_int_equal(a + b, 40002 + 40004);
	assert_int_equal(tp_ports_take(p, 0, &c), TP_LIMIT);
	tp_ports_free(&p);
}

static void a_pair_rests_before_it_is_used_again(void **state)
{
	struct tp_ports *p = new_pool(40000, 40003);
	uint16_t a, b, c;

	(void)state;
	assert_int_equal(tp_ports_take(p, 1000, &a), TP_OK);
	assert_int_equal(tp_ports_take(p, 1000, &b), TP_OK);
	tp_ports_give_back(p, 1000, b);
	tp_ports_give_back(p, 2000, a);
	assert_int_equal(tp_ports_count(p, 2000).resting, 2);
	assert_int_equal(tp_ports_take(p, 30999, &c), TP_LIMIT);
	assert_int_equal(tp_ports_take(p, 31000, &c), TP_OK);
	assert_int_equal(c, b);
	assert_int_equal(tp_ports_take(p, 31999, &c), TP_LIMIT);
	assert_int_equal(tp_ports_take(p, 32000, &c), TP_OK);
	assert_int_equal(c, a);
	assert_int_equal(tp_ports_count(p, 32000).used, 2);
	tp_ports_free(&p);
}

static void the_longest_free_goes_first(void **state)
{
	struct tp_ports *p = new_pool(40000, 40199);
	uint16_t first[100], again;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(tp_ports_take(p, 0, &first[i]), TP_OK);
	for (size_t i = 0; i < 100; i++)
		tp_ports_give_back(p, i, first[i]);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(tp_ports_take(p, 40000, &again), TP_OK);
		assert_int_equal(again, first[i]);
	}
	tp_ports_free(&p);
}

static void a_fixed_pair_can_be_taken(void **state)
{
	struct tp_ports *p = new_pool(40000, 40003);
	uint16_t a;

	(void)state;
	assert_int_equal(tp_ports_take_fixed(p, 40001), TP_FORMAT);
	assert_int_equal(tp_ports_take_fixed(p, 0), TP_FORMAT);
	assert_int_equal(tp_ports_take_fixed(p, 40002), TP_OK);
	assert_int_equal(tp_ports_take_fixed(p, 40002), TP_CONFLICT);
	assert_int_equal(tp_ports_take_fixed(p, 50000), TP_OK); /* outside the range */
	assert_int_equal(tp_ports_take(p, 0, &a), TP_OK);
	assert_int_equal(a, 40000);
	tp_ports_give_back(p, 0, 40002);
	assert_int_equal(tp_ports_take_fixed(p, 40002), TP_OK); /* though it rests */
	tp_ports_give_back(p, 0, 50000);
	assert_int_equal(tp_ports_take_fixed(p, 50000), TP_OK);
	assert_int_equal(tp_ports_count(p, 0).resting, 0);
	tp_ports_free(&p);
}

static void range_changes_leave_used_pairs_alone(void **state)
{
	struct tp_ports *p = new_pool(40000, 40007);
	uint16_t used, rested, other;

	(void)state;
	assert_int_equal(tp_ports_take(p, 0, &used), TP_OK);
	assert_int_equal(tp_ports_take(p, 0, &rested), TP_OK);
	tp_ports_give_back(p, 0, rested);
	tp_ports_set_range(p, 50000, 50003, 50002);
	assert_int_equal(tp_ports_count(p, 0).total, 1);
	assert_int_equal(tp_ports_count(p, 0).used, 1);
	assert_int_equal(tp_ports_count(p, 0).resting, 0);
	assert_int_equal(tp_ports_take(p, 0, &other), TP_OK);
	assert_int_equal(other, 50000);
	assert_int_equal(tp_ports_take(p, 0, &other), TP_LIMIT); /* 50002 is reserved */
	tp_ports_give_back(p, 0, used);
	assert_int_equal(tp_ports_take(p, 99999, &other), TP_LIMIT); /* gone with its range */
	tp_ports_set_range(p, 40000, 40001, 0);
	assert_int_equal(tp_ports_take(p, 99999, &other), TP_OK);
	assert_int_equal(other, 40000);
	tp_ports_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_whole_pairs_are_handed_out),
		cmocka_unit_test(a_pair_rests_before_it_is_used_again),
		cmocka_unit_test(the_longest_free_goes_first),
		cmocka_unit_test(a_fixed_pair_can_be_taken),
		cmocka_unit_test(range_changes_leave_used_pairs_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
