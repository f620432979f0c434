/* plugins/ldap/escape: what libldap reads back is the name, whatever bytes it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../fuzz/ldap/parse_back.h"

static void attack_46_each_byte_at_each_place_reads_back(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		for (size_t at = 0; at < 3; at++) {
			char name[] = "abc";

			name[at] = (char)byte;
			assert_true(reads_back(tp_span_of(name)));
		}
		assert_true(reads_back((struct tp_span){ (const char[]){ (char)byte }, 1 }));
		assert_true(reads_back((struct tp_span){ (const char[]){ (char)byte, (char)byte }, 2 }));
	}
}

static void attack_46_names_that_mean_something_read_back(void **state)
{
	static const char *const names[] = {
		"*", "wri*", "writer)(uid=*", "*)(|(uid=*", "\\2a", "\\", "\\\\", "(", ")", " lead", "trail ", " ",
		"#04024869", "writer,ou=people,dc=test", "writer+cn=x", "a=b", "\"quoted\"", "<>;", "a\r\nb", "\x7f",
		"J\xc3\xbcrgen", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xff\xfe", "\xc3", "%s", "%s%s%n", "&", "!", "|", "/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_true(reads_back(tp_span_of(names[i])));
}

static void what_is_plain_stays_readable(void **state)
{
	char out[TP_LDAP_TEXT_MAX + 1];

	(void)state;
	assert_int_equal(tp_ldap_escape("(uid=%s)", tp_span_of("John.Doe-1_x@pike.test"), out), TP_OK);
	assert_string_equal(out, "(uid=John.Doe-1_x@pike.test)");
	assert_int_equal(tp_ldap_escape("(uid=%s)", tp_span_of("*(\xc3\xbc)\\"), out), TP_OK);
	assert_string_equal(out, "(uid=\\2a\\28\\c3\\bc\\29\\5c)");
	assert_int_equal(tp_ldap_escape("(100%=%s)", tp_span_of("a"), out), TP_OK);
	assert_string_equal(out, "(100%=a)");
}

static void attack_46_nul_and_nothing_are_refused(void **state)
{
	char out[TP_LDAP_TEXT_MAX + 1] = "as it was";

	(void)state;
	assert_int_equal(tp_ldap_escape("(uid=%s)", (struct tp_span){ "", 0 }, out), TP_FORMAT);
	assert_int_equal(tp_ldap_escape("(uid=%s)", (struct tp_span){ "\0", 1 }, out), TP_FORMAT);
	assert_int_equal(tp_ldap_escape("(uid=%s)", (struct tp_span){ "writer\0x", 8 }, out), TP_FORMAT);
	assert_string_equal(out, "as it was");
}

static void what_is_too_long_is_refused(void **state)
{
	char name[TP_LDAP_TEXT_MAX + 2], out[TP_LDAP_TEXT_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_int_equal(tp_ldap_escape("%s", (struct tp_span){ name, TP_LDAP_TEXT_MAX }, out), TP_OK);
	assert_int_equal(strlen(out), TP_LDAP_TEXT_MAX);
	assert_int_equal(tp_ldap_escape("%s", (struct tp_span){ name, TP_LDAP_TEXT_MAX + 1 }, out), TP_LIMIT);
	memset(name, '*', sizeof(name));
	assert_int_equal(tp_ldap_escape("%s", (struct tp_span){ name, TP_LDAP_TEXT_MAX / 3 }, out), TP_OK);
	assert_int_equal(tp_ldap_escape("%s", (struct tp_span){ name, TP_LDAP_TEXT_MAX / 3 + 1 }, out), TP_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attack_46_each_byte_at_each_place_reads_back),
		cmocka_unit_test(attack_46_names_that_mean_something_read_back),
		cmocka_unit_test(what_is_plain_stays_readable),
		cmocka_unit_test(attack_46_nul_and_nothing_are_refused),
		cmocka_unit_test(what_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
