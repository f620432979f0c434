/* Unit tests of the history of logins at rest. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/account/session.h"
#include "admin/store/logins.h"
#include "folder.h"

#define DAY_MS (UINT64_C(24) * 3600 * 1000)

struct fixture {
	struct folder folder;
	struct tp_store *store;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct tp_diag diag = { 0 };

	folder_make(&f->folder);
	assert_int_equal(tp_store_open(f->folder.fd, &f->store, &diag), TP_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tp_store_close(&f->store);
	folder_remove(&f->folder);
	free(f);
	return 0;
}

static uint64_t add(struct fixture *f, const char *user, uint64_t at_ms, enum tp_login_failure failure)
{
	struct tp_login_row row = { .started_ms = at_ms, .failure = failure, .source = "192.0.2.1" };
	uint64_t id = 0;

	snprintf(row.user, sizeof(row.user), "%s", user);
	assert_int_equal(tp_store_login_add(f->store, &row, &id), TP_OK);
	return id;
}

static uint64_t total(struct fixture *f, enum tp_login_result result, const char *user, const char *filter)
{
	const struct tp_logins_query q = { .result = result, .user = user, .filter = filter, .limit = 3 };
	struct tp_login_row *rows = NULL;
	size_t count = 0;
	uint64_t all = 0;

	assert_int_equal(tp_store_login_list(f->store, &q, &rows, &count, &all), TP_OK);
	assert_true(count <= 3);
	free(rows);
	return all;
}

static void a_login_has_one_end(void **state)
{
	struct fixture *f = *state;
	const struct tp_logins_query q = { .filter = "", .limit = 10 };
	uint64_t first = add(f, "alice", 1000, TP_LOGIN_PASSED), second = add(f, "bob", 2000, TP_LOGIN_PASSED);
	struct tp_login_row *rows = NULL;
	size_t count = 0;
	uint64_t all = 0;

	assert_int_equal(tp_store_login_end(f->store, first, TP_SESSION_LOGOUT, 5000), TP_OK);
	assert_int_equal(tp_store_login_end(f->store, first, TP_SESSION_REVOKED, 6000), TP_NOTFOUND);
	assert_int_equal(tp_store_logins_gone(f->store, TP_SESSION_GONE), TP_OK);
	assert_int_equal(tp_store_login_list(f->store, &q, &rows, &count, &all), TP_OK);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].id, second);
	assert_int_equal(rows[0].end, TP_SESSION_GONE);
	assert_int_equal(rows[0].ended_ms, 0);
	assert_int_equal(rows[1].end, TP_SESSION_LOGOUT);
	assert_int_equal(rows[1].ended_ms, 5000);
	free(rows);
}

static void names_that_nobody_has_are_not_kept(void **state)
{
	struct fixture *f = *state;

	add(f, "hunter2", 1000, TP_LOGIN_WRONG);
	add(f, "alice", 1000, TP_LOGIN_PASSED);
	add(f, "alice", 2000, TP_LOGIN_WRONG);
	assert_int_equal(total(f, TP_LOGINS_ALL, "hunter2", ""), 0);
	assert_int_equal(total(f, TP_LOGINS_UNSUCCESSFUL, NULL, ""), 2);
	assert_int_equal(total(f, TP_LOGINS_UNSUCCESSFUL, "alice", ""), 1);
	assert_int_equal(total(f, TP_LOGINS_SUCCESSFUL, "alice", ""), 1);
	assert_int_equal(total(f, TP_LOGINS_ALL, NULL, "ALI"), 2);
	assert_int_equal(total(f, TP_LOGINS_ALL, NULL, "192.0.2.1"), 3);
	assert_int_equal(total(f, TP_LOGINS_ALL, NULL, "%"), 0);
}

/* A directory takes a name in any letters, and says how the user is called. */
static void row_145_tries_in_other_letters_count(void **state)
{
	struct fixture *f = *state;
	struct tp_login_past past;

	add(f, "alice", 1000, TP_LOGIN_PASSED);
	add(f, "Alice", 2000, TP_LOGIN_WRONG);
	add(f, "ALICE", 3000, TP_LOGIN_WRONG);
	assert_int_equal(tp_store_login_past(f->store, "alice", &past), TP_OK);
	assert_int_equal(past.failures, 2);
	/* Where somebody goes by that very name, it is not somebody else. */
	add(f, "Alice", 4000, TP_LOGIN_PASSED);
	add(f, "Alice", 5000, TP_LOGIN_WRONG);
	assert_int_equal(tp_store_login_past(f->store, "alice", &past), TP_OK);
	assert_int_equal(past.failures, 2);
	assert_int_equal(tp_store_login_past(f->store, "Alice", &past), TP_OK);
	assert_int_equal(past.failures, 1);
}

static void the_past_counts_from_the_last_success(void **state)
{
	struct fixture *f = *state;
	struct tp_login_past past;

	add(f, "alice", 1000, TP_LOGIN_PASSED);
	add(f, "alice", 2000, TP_LOGIN_WRONG);
	add(f, "alice", 3000, TP_LOGIN_PASSED);
	add(f, "alice", 4000, TP_LOGIN_WRONG);
	assert_int_equal(tp_store_login_refuse(f->store, add(f, "alice", 5000, TP_LOGIN_PASSED), TP_LOGIN_CROWDED),
			 TP_OK);
	assert_int_equal(tp_store_login_past(f->store, "alice", &past), TP_OK);
	assert_int_equal(past.last.started_ms, 3000);
	assert_int_equal(past.failures, 2);
	assert_int_equal(past.failed.started_ms, 5000);
	assert_int_equal(past.failed.failure, TP_LOGIN_CROWDED);
	assert_int_equal(tp_store_login_past(f->store, "nobody", &past), TP_OK);
	assert_int_equal(past.last.id, 0);
	assert_int_equal(past.failed.id, 0);
}

static void what_is_too_old_goes_and_what_is_open_stays(void **state)
{
	struct fixture *f = *state;
	uint64_t old = add(f, "alice", DAY_MS, TP_LOGIN_PASSED);

	add(f, "alice", DAY_MS, TP_LOGIN_PASSED);
	add(f, "alice", DAY_MS, TP_LOGIN_WRONG);
	assert_int_equal(tp_store_login_end(f->store, old, TP_SESSION_LOGOUT, DAY_MS), TP_OK);
	add(f, "alice", (TP_STORE_LOGINS_DAYS + 2) * DAY_MS, TP_LOGIN_PASSED);
	assert_int_equal(total(f, TP_LOGINS_SUCCESSFUL, NULL, ""), 2);
	assert_int_equal(total(f, TP_LOGINS_UNSUCCESSFUL, NULL, ""), 0);
}

static enum tp_err disable(struct fixture *f, const char *name)
{
	struct tp_account a;

	assert_int_equal(tp_store_account_get(f->store, name, &a), TP_OK);
	a.disabled = true;
	return tp_store_account_update(f->store, &a);
}

/* Where the certificate is the login, who never came by one is nobody to leave the appliance to. */
static void wish_8_the_last_who_came_by_certificate_stays(void **state)
{
	const struct tp_login_row by_card = { .user = "card", .method = TP_SESSION_CERTIFICATE, .started_ms = 1000 };
	struct tp_login_row row = by_card;
	struct fixture *f = *state;
	uint64_t id, at_ms;

	for (int i = 0; i < 3; i++) {
		struct tp_account a = { .level = TP_ACCOUNT_READ_WRITE, .web = true };

		snprintf(a.name, sizeof(a.name), "%s", ((const char *const[]){ "card", "bob", "carol" })[i]);
		assert_int_equal(tp_store_account_add(f->store, &a), TP_OK);
	}
	assert_int_equal(tp_store_login_add(f->store, &by_card, &id), TP_OK);
	add(f, "bob", 1000, TP_LOGIN_PASSED); /* by password */
	snprintf(row.user, sizeof(row.user), "bob");
	row.failure = TP_LOGIN_REFUSED;
	assert_int_equal(tp_store_login_add(f->store, &row, &id), TP_OK);

	assert_int_equal(tp_store_login_by(f->store, "card", TP_SESSION_CERTIFICATE, &at_ms), TP_OK);
	assert_int_equal(at_ms, 1000);
	assert_int_equal(tp_store_login_by(f->store, "bob", TP_SESSION_CERTIFICATE, &at_ms), TP_OK);
	assert_int_equal(at_ms, 0); /* it was refused */

	tp_store_account_method(f->store, TP_SESSION_CERTIFICATE);
	assert_int_equal(disable(f, "card"), TP_STATE);
	assert_int_equal(tp_store_account_delete(f->store, "card"), TP_STATE);
	assert_int_equal(tp_store_account_delete(f->store, "carol"), TP_OK);
	row.failure = TP_LOGIN_PASSED;
	assert_int_equal(tp_store_login_add(f->store, &row, &id), TP_OK);
	assert_int_equal(disable(f, "card"), TP_OK);
	assert_int_equal(disable(f, "bob"), TP_STATE);
	tp_store_account_method(f->store, -1);
	assert_int_equal(disable(f, "bob"), TP_STATE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_login_has_one_end),
		TEST(names_that_nobody_has_are_not_kept),
		TEST(row_145_tries_in_other_letters_count),
		TEST(the_past_counts_from_the_last_success),
		TEST(what_is_too_old_goes_and_what_is_open_stays),
		TEST(wish_8_the_last_who_came_by_certificate_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
