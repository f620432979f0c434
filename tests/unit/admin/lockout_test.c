/* Unit tests of the lockout of the advanced mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "admin/advanced/lockout.h"
#include "folder.h"

#define NOW UINT64_C(1700000000000)
#define MINUTE UINT64_C(60000)

struct fixture {
	struct folder folder;
	struct tp_store *store;
	struct tp_advanced *advanced;
	struct tp_lockout *lockout;
	unsigned changes;
};

static void on_change(void *arg)
{
	struct fixture *f = arg;

	f->changes++;
}

static void open_lockout(struct fixture *f)
{
	struct tp_diag diag = { 0 };

	assert_int_equal(tp_store_open(f->folder.fd, &f->store, &diag), TP_OK);
	assert_int_equal(tp_lockout_new(f->store, f->advanced, &f->lockout), TP_OK);
	tp_lockout_on_change(f->lockout, on_change, f);
}

static void close_lockout(struct fixture *f)
{
	tp_lockout_free(&f->lockout);
	tp_store_close(&f->store);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	folder_make(&f->folder);
	assert_int_equal(tp_advanced_new(&f->advanced), TP_OK);
	open_lockout(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close_lockout(f);
	tp_advanced_free(&f->advanced);
	folder_remove(&f->folder);
	free(f);
	return 0;
}

static void use(struct fixture *f, uint8_t failures, uint32_t seconds, uint16_t window_min)
{
	const struct tp_cfg_advanced settings = { .enabled = true,
						  .lockout_failures = failures,
						  .lockout_s = seconds,
						  .lockout_window_min = window_min };

	tp_advanced_use(f->advanced, &settings);
}

static struct tp_lockout_state look(struct fixture *f, uint64_t now_ms)
{
	struct tp_lockout_state state;

	tp_lockout_look(f->lockout, now_ms, &state);
	return state;
}

static void row_144_the_third_failure_in_a_row_blocks_for_a_minute(void **state)
{
	struct fixture *f = *state;

	use(f, 3, 60, 0);
	assert_false(tp_lockout_failed(f->lockout, NOW));
	assert_false(tp_lockout_failed(f->lockout, NOW + 1000 * MINUTE)); /* whenever it came */
	assert_int_equal(look(f, NOW + 1000 * MINUTE).failures, 2);
	assert_true(tp_lockout_failed(f->lockout, NOW + 1001 * MINUTE));
	assert_true(look(f, NOW + 1001 * MINUTE).blocked);
	assert_int_equal(look(f, NOW + 1001 * MINUTE).until_ms, NOW + 1002 * MINUTE);
	assert_true(look(f, NOW + 1002 * MINUTE - 1).blocked);
	assert_false(look(f, NOW + 1002 * MINUTE).blocked);
	assert_int_equal(look(f, NOW + 1002 * MINUTE).failures, 0);
	assert_int_equal(f->changes, 1);
}

static void row_144_a_success_in_between_forgives(void **state)
{
	struct fixture *f = *state;

	use(f, 3, 60, 0);
	for (unsigned i = 0; i < 10; i++) {
		assert_false(tp_lockout_failed(f->lockout, NOW));
		assert_false(tp_lockout_failed(f->lockout, NOW));
		tp_lockout_passed(f->lockout);
	}
	close_lockout(f);
	open_lockout(f);
	assert_int_equal(look(f, NOW).failures, 0);
}

static void row_144_only_failures_within_the_window_count(void **state)
{
	struct fixture *f = *state;

	use(f, 3, 900, 15);
	assert_false(tp_lockout_failed(f->lockout, NOW));
	assert_false(tp_lockout_failed(f->lockout, NOW + 10 * MINUTE));
	assert_false(tp_lockout_failed(f->lockout, NOW + 15 * MINUTE)); /* the first is too old */
	assert_true(tp_lockout_failed(f->lockout, NOW + 24 * MINUTE));
	assert_true(look(f, NOW + 38 * MINUTE).blocked);
	assert_false(look(f, NOW + 39 * MINUTE).blocked);
}

static void a_shorter_setting_ends_a_block_that_is_there(void **state)
{
	struct fixture *f = *state;

	use(f, 1, 0, 0);
	assert_true(tp_lockout_failed(f->lockout, NOW));
	assert_true(look(f, NOW + 1000 * MINUTE).blocked);
	use(f, 3, 60, 0); /* as after a trial that is undone */
	assert_int_equal(look(f, NOW).until_ms, NOW + MINUTE);
	use(f, 3, 900, 0);
	assert_true(look(f, NOW + 2 * MINUTE).blocked); /* it began without an end of its own */
	use(f, 3, 60, 0);
	assert_false(look(f, NOW + 2 * MINUTE).blocked);
	assert_true(tp_lockout_failed(f->lockout, NOW) || tp_lockout_failed(f->lockout, NOW) ||
		    tp_lockout_failed(f->lockout, NOW));
	use(f, 3, 900, 0);
	assert_false(look(f, NOW + MINUTE).blocked); /* nor does a longer one prolong it */
}

static void nothing_prolongs_a_block(void **state)
{
	struct fixture *f = *state;

	use(f, 1, 60, 0);
	assert_true(tp_lockout_failed(f->lockout, NOW));
	assert_false(tp_lockout_failed(f->lockout, NOW + MINUTE - 1));
	assert_int_equal(look(f, NOW + MINUTE - 1).until_ms, NOW + MINUTE);
	assert_false(look(f, NOW + MINUTE).blocked);
	assert_true(tp_lockout_failed(f->lockout, NOW + MINUTE));
}

static void a_restart_neither_ends_a_block_nor_forgives_a_failure(void **state)
{
	struct fixture *f = *state;

	use(f, 3, 60, 0);
	assert_false(tp_lockout_failed(f->lockout, NOW));
	assert_false(tp_lockout_failed(f->lockout, NOW + 1));
	close_lockout(f);
	open_lockout(f);
	assert_int_equal(look(f, NOW).failures, 2);
	assert_true(tp_lockout_failed(f->lockout, NOW + 2));
	close_lockout(f);
	open_lockout(f);
	assert_true(look(f, NOW + 3).blocked);
	assert_int_equal(look(f, NOW + 3).until_ms, NOW + 2 + MINUTE);
}

static void an_administrator_ends_a_block(void **state)
{
	struct fixture *f = *state;

	use(f, 1, 0, 0);
	assert_false(tp_lockout_release(f->lockout, NOW));
	assert_true(tp_lockout_failed(f->lockout, NOW));
	assert_true(look(f, NOW + 100000 * MINUTE).blocked);
	assert_int_equal(look(f, NOW + 100000 * MINUTE).until_ms, 0);
	assert_true(tp_lockout_release(f->lockout, NOW + 1));
	assert_false(look(f, NOW + 1).blocked);
	assert_int_equal(f->changes, 2);
	close_lockout(f);
	open_lockout(f);
	assert_false(look(f, NOW + 1).blocked);
}

static void a_clock_set_back_does_not_make_it_longer(void **state)
{
	struct fixture *f = *state;

	use(f, 1, 60, 0);
	assert_true(tp_lockout_failed(f->lockout, NOW));
	assert_true(look(f, NOW - 1000 * MINUTE).blocked);
	assert_false(look(f, NOW - 999 * MINUTE).blocked);
}

static void outside_of_the_mode_nothing_counts(void **state)
{
	struct fixture *f = *state;
	struct tp_cfg_advanced off = { .lockout_failures = 1, .lockout_s = 60 };

	tp_advanced_use(f->advanced, &off);
	for (unsigned i = 0; i < 20; i++)
		assert_false(tp_lockout_failed(f->lockout, NOW));
	use(f, 1, 60, 0);
	assert_int_equal(look(f, NOW).failures, 0);
	assert_true(tp_lockout_failed(f->lockout, NOW));
	tp_advanced_use(f->advanced, &off);
	assert_false(look(f, NOW).blocked);
}

static void as_many_as_can_be_configured_are_counted(void **state)
{
	struct fixture *f = *state;

	use(f, TP_LOCKOUT_FAILURES_MAX, 60, 0);
	for (unsigned i = 1; i < TP_LOCKOUT_FAILURES_MAX; i++) {
		assert_false(tp_lockout_failed(f->lockout, NOW + i));
		close_lockout(f);
		open_lockout(f);
	}
	use(f, 255, 60, 0); /* what no model lets through */
	assert_false(tp_lockout_failed(f->lockout, NOW));
	assert_true(tp_lockout_failed(f->lockout, NOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(row_144_the_third_failure_in_a_row_blocks_for_a_minute, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(row_144_a_success_in_between_forgives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_shorter_setting_ends_a_block_that_is_there, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(row_144_only_failures_within_the_window_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_prolongs_a_block, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_restart_neither_ends_a_block_nor_forgives_a_failure, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_administrator_ends_a_block, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_clock_set_back_does_not_make_it_longer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(outside_of_the_mode_nothing_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(as_many_as_can_be_configured_are_counted, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
