/* The mark of a factory reset at the start of turnpiked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "supervisor/supervisor.h"

/* Only a mark that is there wipes: not that nobody can say whether there is one. */
static void an_unreadable_folder_is_not_wiped(void **state)
{
	struct tp_sup *sup = calloc(1, sizeof(*sup));
	struct tp_diag diag = { 0 };

	(void)state;
	assert_non_null(sup);
	sup->state_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sup->admin_fd = sup->pam.folder_fd = -1;
	assert_true(sup->state_fd >= 0);
	assert_int_equal(tp_sup_reset_open(sup, &diag), TP_IO);
	assert_false(sup->reset.marked);
	assert_string_equal(diag.where, "factory-reset");
	close(sup->state_fd);
	free(sup);
}

static void without_a_mark_there_is_no_reset(void **state)
{
	char folder[] = "/tmp/tp-reset-XXXXXX";
	struct tp_sup *sup = calloc(1, sizeof(*sup));
	struct tp_diag diag = { 0 };

	(void)state;
	assert_non_null(sup);
	assert_non_null(mkdtemp(folder));
	sup->state_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tp_sup_reset_open(sup, &diag), TP_OK);
	assert_false(sup->reset.marked);
	close(sup->state_fd);
	assert_int_equal(rmdir(folder), 0);
	free(sup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unreadable_folder_is_not_wiped),
		cmocka_unit_test(without_a_mark_there_is_no_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
