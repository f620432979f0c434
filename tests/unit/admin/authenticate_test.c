/* Unit tests of what the sources of accounts may say about a user. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "admin/http/times.h"
#include "login_fixture.h"

#define DAY_MS (UINT64_C(24) * 3600 * 1000)

/* PAM lets everybody in, by the name that stands in the password. */
static enum tp_err ask_pam(void *arg, const struct tp_msg_pam_ask *ask, struct tp_msg_remote_answered *out)
{
	(void)arg;
	memset(out, 0, sizeof(*out));
	memcpy(out->user, ask->password, ask->password_len);
	out->groups = calloc(1, sizeof(*out->groups));
	snprintf(out->groups[0].name, sizeof(out->groups[0].name), "writers");
	out->groups_count = 1;
	return TP_OK;
}

static const struct tp_auth_helpers helpers = { .pam = ask_pam };

static int set_up(void **state)
{
	struct login_fixture *f = calloc(1, sizeof(*f));

	login_fixture_make(f, &helpers);
	f->login->auth = (struct tp_auth_settings){ .source = TP_LOGIN_REMOTE, .pam = true, .group_count = 1 };
	f->login->auth.groups[0] = (struct tp_cfg_login_group){ .name = "writers", .web = true,
								.level = TP_ACCOUNT_READ_WRITE };
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

static enum tp_err ask(struct login_fixture *f, const char *name)
{
	const struct tp_auth_ask question = { .user = "somebody", .password = name, .address = "192.0.2.1" };
	struct tp_auth_verdict *v = calloc(1, sizeof(*v));
	enum tp_err err = tp_authenticate(f->login, &question, v);

	assert_false(v->local);
	if (err == TP_OK)
		assert_string_equal(v->user, name);
	free(v);
	return err;
}

static void names_from_elsewhere_are_plain(void **state)
{
	static const char *const refused[] = { "a\nb",	  "a\033[2Jb", "\x7f",   "a\xc2\x85" "b", "a\xff" "b",
					       "ann, token ci", "root",	      "ROOT",
					       /* Those that look like "ann" in a log. */
					       " ann", "ann ", "Doe,  John", "ann\xc2\xa0", "an\xc2\xadn", "ann\xe2\x80\x8b",
					       "\xe2\x80\xae" "nna", "ann\xe2\x81\xa0", "ann\xef\xb8\x8f", "ann\xef\xbb\xbf",
					       "ann\xe3\x85\xa4", "ann\xd8\x9c", "ann\xf3\xa0\x81\xa1" };
	static const char *const fine[] = { "ann", "ann@example.org", "EXAMPLE\\ann", "Doe, John", "J\xc3\xb6rg",
					    "\xd0\x90\xd0\xbd\xd0\xbd\xd0\xb0", "\xe5\xb1\xb1\xe7\x94\xb0",
					    "O\xe2\x80\x99Neill", "\xef\xbc\xa1" };
	struct login_fixture *f = *state;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(ask(f, refused[i]), TP_AUTH);
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		assert_int_equal(ask(f, fine[i]), TP_OK);
}

static bool is_disabled(struct login_fixture *f, const char *name)
{
	struct tp_account a;

	tp_login_disable_unused(f->login);
	assert_int_equal(tp_store_account_get(f->store, name, &a), TP_OK);
	return a.disabled;
}

static void row_171_the_use_of_a_token_is_a_use_of_the_account(void **state)
{
	struct login_fixture *f = *state;
	uint64_t now_ms = tp_times_now_ms(), id = 0;
	struct tp_account a = { .name = "admin", .level = TP_ACCOUNT_READ_WRITE, .web = true, .api = true,
				.created_ms = now_ms };
	struct tp_api_token t = { .name = "ci", .account = "robot", .expires_ms = now_ms + DAY_MS };
	const uint8_t sha256[32] = { 1 };

	assert_int_equal(tp_store_account_add(f->store, &a), TP_OK);
	a.created_ms = now_ms - 100 * DAY_MS;
	snprintf(a.name, sizeof(a.name), "robot");
	assert_int_equal(tp_store_account_add(f->store, &a), TP_OK);
	assert_int_equal(tp_store_token_add(f->store, &t, sha256, &id), TP_OK);
	assert_int_equal(tp_store_token_used(f->store, id, now_ms - 10 * DAY_MS, "192.0.2.1"), TP_OK);
	f->login->unused_days = 35;
	assert_false(is_disabled(f, "robot"));
	assert_int_equal(tp_store_token_used(f->store, id, now_ms - 36 * DAY_MS, "192.0.2.1"), TP_OK);
	assert_true(is_disabled(f, "robot"));
	assert_int_equal(tp_store_token_find(f->store, sha256, &t), TP_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_from_elsewhere_are_plain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_171_the_use_of_a_token_is_a_use_of_the_account, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
