/* Unit tests of which session goes with which certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "admin/cac/guard.h"
#include "login_fixture.h"

struct fixture {
	struct login_fixture at;
	struct tp_card card;
	struct tp_http_request req;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	login_fixture_make(&f->at, NULL);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	login_fixture_remove(&f->at);
	free(f);
	return 0;
}

/* A good certificate, called ann, and a session that it opened. */
static void begin(struct fixture *f)
{
	f->card = (struct tp_card){ .leaf = (struct x509_st *)f, .sha256 = { 1 }, .wanted = true, .login = true,
				    .good = true, .named = true, .name = "ann" };
	f->req = (struct tp_http_request){ .method = TP_HTTP_GET, .path = "/api/v1/status", .card = &f->card,
					   .state = TP_OPERATOR_ACTIVE, .user = "ann", .session_card = { 1 },
					   .session_card_name = "ann" };
}

/* Whether the session outlives the request. */
static bool stays(struct fixture *f)
{
	struct tp_http_response res = { 0 };
	bool served = tp_cac_guard(f->at.login, &f->req, true, &res);

	assert_int_equal(served, f->card.good || !f->card.wanted);
	tp_http_response_fini(&res);
	return f->req.state == TP_OPERATOR_ACTIVE;
}

static void a_session_keeps_to_its_certificate(void **state)
{
	struct fixture *f = *state;

	begin(f);
	assert_true(stays(f));
	f->card.sha256[0] = 2;
	assert_false(stays(f));
	begin(f);
	f->card.good = false;
	assert_false(stays(f));
	begin(f);
	f->card = (struct tp_card){ 0 }; /* nobody is asked any more, and it has none */
	assert_false(stays(f));
}

static void where_it_is_the_login_it_says_who(void **state)
{
	struct fixture *f = *state;

	begin(f);
	snprintf(f->card.name, sizeof(f->card.name), "bob"); /* by another pattern */
	assert_false(stays(f));
	begin(f);
	f->card.named = false;
	assert_false(stays(f));
	begin(f);
	f->req.session_card_name[0] = '\0'; /* a password opened it */
	assert_false(stays(f));
	begin(f);
	f->req.session_card_name[0] = '\0';
	f->card.login = false; /* then a password is the login */
	assert_true(stays(f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_session_keeps_to_its_certificate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(where_it_is_the_login_it_says_who, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
