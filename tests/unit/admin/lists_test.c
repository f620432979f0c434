/* admin/revocation: when the lists of a day are due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "admin/revocation/lists.h"

enum { DAY = 86400, HOUR = 3600 };

static void row_86_lists_are_due_once_a_day_at_their_time(void **state)
{
	const int64_t midnight = (int64_t)20000 * DAY;

	(void)state;
	assert_int_equal(tp_lists_last_due("03:00", midnight), midnight - DAY + 3 * HOUR);
	assert_int_equal(tp_lists_last_due("03:00", midnight + 3 * HOUR - 1), midnight - DAY + 3 * HOUR);
	assert_int_equal(tp_lists_last_due("03:00", midnight + 3 * HOUR), midnight + 3 * HOUR);
	assert_int_equal(tp_lists_last_due("03:00", midnight + DAY - 1), midnight + 3 * HOUR);
	assert_int_equal(tp_lists_last_due("00:00", midnight), midnight);
	assert_int_equal(tp_lists_last_due("23:59", midnight + DAY - 1), midnight + DAY - 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_86_lists_are_due_once_a_day_at_their_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
