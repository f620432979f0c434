/* Unit tests of whose tries of passwords slow down whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "login_fixture.h"

static int set_up(void **state)
{
	struct login_fixture *f = calloc(1, sizeof(*f));

	login_fixture_make(f, NULL);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct login_fixture *f = *state;

	login_fixture_remove(f);
	free(f);
	return 0;
}

/* Comes from an address of its own, so that only the account counts. */
static bool may_try(struct login_fixture *f, unsigned from, const char *account, const char *inside_as)
{
	struct tp_http_request req = { .peer = { .family = TP_ADDR_V4, .ip = { 192, 0, 2, (uint8_t)from } } };
	struct tp_http_response res = { 0 };
	bool may;

	req.cookie = "";
	if (inside_as) {
		req.state = TP_OPERATOR_ACTIVE;
		snprintf(req.user, sizeof(req.user), "%s", inside_as);
	}
	may = tp_login_may_try(f->login, &req, &res, account);
	assert_int_equal(res.status, may ? 0 : 429);
	tp_http_response_fini(&res);
	return may;
}

static void spellings_of_a_name_are_one(void **state)
{
	static const char *const names[] = { "anna", "Anna", "ANNA", " anna", "anna  ", "aNNa " };
	struct login_fixture *f = *state;
	unsigned let_in = 0;

	for (unsigned i = 0; i < 30; i++)
		let_in += may_try(f, i, names[i % 6], NULL);
	assert_in_range(let_in, 5, 11);
	assert_true(may_try(f, 40, "an na", NULL));
	assert_true(may_try(f, 41, "ben", NULL));
}

/* Who may come in as himself must not guess at others from there. */
static void who_is_inside_is_a_stranger_to_others(void **state)
{
	struct login_fixture *f = *state;
	struct tp_http_request own = { .state = TP_OPERATOR_ACTIVE, .user = "reader", .cookie = "",
				       .peer = { .family = TP_ADDR_V4, .ip = { 192, 0, 2, 99 } } };
	unsigned let_in = 0;

	for (unsigned i = 0; i < 24; i++) {
		let_in += may_try(f, i, "admin", "reader");
		tp_login_passed(f->login, &own, "reader");
	}
	assert_in_range(let_in, 5, 11);
	assert_true(tp_login_knows_device(f->login, &own, "reader"));
	assert_false(tp_login_knows_device(f->login, &own, "admin"));
}

/* Strangers who guess at a name do not keep out who is logged in to it. */
static void who_is_inside_keeps_a_lane(void **state)
{
	struct login_fixture *f = *state;

	for (unsigned i = 0; i < 30; i++)
		(void)may_try(f, i, "anna", NULL);
	assert_false(may_try(f, 50, "anna", NULL));
	assert_true(may_try(f, 51, "anna", "anna"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(spellings_of_a_name_are_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_inside_is_a_stranger_to_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_inside_keeps_a_lane, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
