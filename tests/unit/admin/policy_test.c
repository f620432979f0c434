/* Unit tests of the rules for administrators' passwords. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "admin/account/policy.h"

#define HOUR UINT64_C(3600000)

/* As DISA asks for it: V-202057 to V-202063. */
static const struct tp_cfg_password_policy disa = { .length = 15, .upper = 1, .lower = 1, .digits = 1,
						    .special = 1, .history = 5, .changed = 8,
						    .max_age_d = 60, .min_age_h = 24 };

static void collect(void *arg, const char *text)
{
	char *to = arg;

	snprintf(to + strlen(to), 1024 - strlen(to), "%s\n", text);
}

static size_t check(const struct tp_cfg_password_policy *policy, const char *old, const char *password,
		    char words[1024])
{
	const struct tp_policy_question q = { policy, "alice", password, old };

	words[0] = '\0';
	return tp_policy_check(&q, collect, words);
}

static void defaults_say_why(void **state)
{
	static const struct {
		const char *password, *words;
	} refused[] = {
		{ "short-8Kq", "12 characters" },	 { "aaaaaaaaaaaa", "six different" },
		{ "abcdefghijkl", "sequence" },		 { "123456789012", "sequence" },
		{ "Password1234", "well-known" },	 { "admin-turnpike", "well-known" },
		{ "aliceXalice12", "user name" },	 { "with\tatabulator", "control" },
		{ "qwertyqwerty", "well-known" },	 { "bad \xff utf-8 here", "not UTF-8" },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f" "Qkz7", "12 characters" },
	};
	char words[1024], longest[400];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_not_equal(check(&tp_policy_default, NULL, refused[i].password, words), 0);
		if (!strstr(words, refused[i].words))
			fail_msg("%s: %s", refused[i].password, words);
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(check(&tp_policy_default, NULL, longest, words), 1);
	assert_non_null(strstr(words, "at most 256 bytes"));
	assert_int_equal(check(&tp_policy_default, NULL, "correct horse battery", words), 0);
	assert_int_equal(check(&tp_policy_default, NULL, "Zw0lf-K\xc3\xa4lber", words), 0);
}

/* Each broken rule is named, and none that holds. */
static void row_172_each_broken_rule_is_named(void **state)
{
	char words[1024];

	(void)state;
	assert_int_equal(check(&disa, NULL, "kfw mzq ptv", words), 3);
	assert_non_null(strstr(words, "at least 15 characters"));
	assert_non_null(strstr(words, "1 upper-case letter.\n"));
	assert_non_null(strstr(words, "1 digit.\n"));
	assert_int_equal(check(&disa, NULL, "KFW7MZQ0PTV9XRHG", words), 2);
	assert_non_null(strstr(words, "lower-case"));
	assert_non_null(strstr(words, "special"));
	/* Letters of other scripts are neither of the two. */
	assert_int_equal(check(&disa, NULL, "kfw7mzq0-ptv9xr\xc3\x84", words), 1);
	assert_int_equal(check(&disa, NULL, "Kfw7mzq0-ptv9xrhg", words), 0);
}

static void changed_places_are_counted(void **state)
{
	static const struct {
		const char *old, *new;
		bool good;
	} cases[] = {
		{ "Kfw7mzq0-ptv9xr", "Kfw7mzq0-ptv9xr", false },
		{ "Kfw7mzq0-ptv9xr", "Kfw7mzq0+qsw8ys", false }, /* seven */
		{ "Kfw7mzq0-ptv9xr", "Kfw7mzq1+qsw8ys", true },
		{ "Kfw7mzq0-ptv9xr", "Kfw7mzq0-ptv9xrABCDEFG", false }, /* seven more */
		{ "Kfw7mzq0-ptv9xr", "Kfw7mzq0-ptv9xrABCDEFGH", true },
		{ "Kfw7mzq0-ptv9xr", "xKfw7mzq0-ptv9xr", true }, /* all moved by one */
		/* A character of two bytes is one place. */
		{ "Kfw7mzq0-ptv9xr\xc3\xa4\xc3\xa4", "Kfw7mzq0-ptv9xr\xc3\xb6\xc3\xb6", false },
	};
	char words[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = check(&disa, cases[i].old, cases[i].new, words);

		if ((n == 0) != cases[i].good)
			fail_msg("%s, %s: %s", cases[i].old, cases[i].new, words);
		assert_true(cases[i].good || strstr(words, "8 places"));
	}
	/* Nobody typed the old one: it cannot be compared. */
	assert_int_equal(check(&disa, NULL, "Kfw7mzq0-ptv9xr", words), 0);
}

static void ages_are_kept(void **state)
{
	const uint64_t set = 1000 * HOUR;

	(void)state;
	assert_false(tp_policy_is_too_old(&disa, set, set + 60 * 24 * HOUR - 1));
	assert_true(tp_policy_is_too_old(&disa, set, set + 60 * 24 * HOUR));
	assert_false(tp_policy_is_too_old(&disa, set, set - HOUR));
	assert_false(tp_policy_is_too_old(&tp_policy_default, set, 100000 * HOUR));
	assert_int_equal(tp_policy_wait_h(&disa, set, set), 24);
	assert_int_equal(tp_policy_wait_h(&disa, set, set + 24 * HOUR - 1), 1);
	assert_int_equal(tp_policy_wait_h(&disa, set, set + 24 * HOUR), 0);
	assert_int_equal(tp_policy_wait_h(&disa, set, set - 1), 0);
	assert_int_equal(tp_policy_wait_h(&tp_policy_default, set, set), 0);
}

static void rules_are_told(void **state)
{
	char words[1024] = "";

	(void)state;
	tp_policy_rules(&disa, true, collect, words);
	assert_non_null(strstr(words, "At least 15 characters"));
	assert_non_null(strstr(words, "None of the last 5 passwords"));
	assert_non_null(strstr(words, "in at least 8 places"));
	words[0] = '\0';
	tp_policy_rules(&disa, false, collect, words);
	assert_null(strstr(words, "8 places"));
	words[0] = '\0';
	tp_policy_rules(&tp_policy_default, true, collect, words);
	assert_null(strstr(words, "digit"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_say_why),
		cmocka_unit_test(row_172_each_broken_rule_is_named),
		cmocka_unit_test(changed_places_are_counted),
		cmocka_unit_test(ages_are_kept),
		cmocka_unit_test(rules_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
