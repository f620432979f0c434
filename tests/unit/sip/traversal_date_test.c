/* sip/zone: the Date header by which two clocks are compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/zone/traversal_test.h"

static void dates_of_the_rfc_are_read(void **state)
{
	int64_t t = 0;

	(void)state;
	assert_int_equal(tp_zone_read_date("Sat, 13 Nov 2010 23:29:00 GMT", &t), TP_OK);
	assert_int_equal(t, 1289690940);
	assert_int_equal(tp_zone_read_date("Thu, 01 Jan 1970 00:00:01 GMT", &t), TP_OK);
	assert_int_equal(t, 1);
}

static void anything_else_is_refused(void **state)
{
	static const char *const bad[] = { "", "yesterday", "Sat, 13 Nov 2010 23:29:00", "1289690940",
					   "Sat, 13 Nov 2010 23:29:00 GMT and more",
					   "Sat, 13 Nov 2010 23:29:00 CET", "Sat, 99 Nov 2010 23:29:00 GMT",
					   "Wed, 31 Dec 1969 23:00:00 GMT" };
	int64_t t = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tp_zone_read_date(bad[i], &t), TP_FORMAT);
	assert_int_equal(t, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_of_the_rfc_are_read),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests_name("sip/traversal_date", tests, NULL, NULL);
}
