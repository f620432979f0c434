/* admin/cac: patterns written the PHP way, formats, and the names that come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "admin/cac/pattern.h"

#define ADAMS "        Subject: CN=ADAMS.ANN.A.1000000001,OU=PKI,OU=DoD,O=U.S. Government,C=US\n"

static struct tp_diag diag;

static enum tp_err make(const char *pattern, const char *format)
{
	struct tp_cac_pattern *p = NULL;
	enum tp_err err;

	memset(&diag, 0, sizeof(diag));
	err = tp_cac_pattern_new(pattern, format, &p, &diag);
	assert_true((err == TP_OK) == (p != NULL));
	tp_cac_pattern_free(&p);
	return err;
}

static enum tp_err apply(const char *pattern, const char *format, const char *text, struct tp_cac_name *out)
{
	struct tp_cac_pattern *p = NULL;
	enum tp_err err;

	memset(&diag, 0, sizeof(diag));
	memset(out, 0, sizeof(*out));
	if (tp_cac_pattern_new(pattern, format, &p, &diag) != TP_OK)
		fail_msg("%s: %s", pattern, diag.text);
	err = tp_cac_pattern_apply(p, tp_span_of(text), out, &diag);
	tp_cac_pattern_free(&p);
	return err;
}

static void gives(const char *pattern, const char *format, const char *text, const char *wanted)
{
	struct tp_cac_name name;
	enum tp_err err = apply(pattern, format, text, &name);

	if (err != TP_OK)
		fail_msg("%s gives %s: %s", pattern, tp_err_name(err), diag.text);
	assert_string_equal(name.text, wanted);
}

static void row_103_the_default_in_both_spacing_styles(void **state)
{
	struct tp_cac_name name;

	(void)state;
	gives(TP_CAC_PATTERN_DEFAULT, TP_CAC_FORMAT_DEFAULT, "x\n  Subject: CN=DOE.JOHN.Q.1234567890\ny\n",
	      "DOE.JOHN.Q.1234567890");
	gives(TP_CAC_PATTERN_DEFAULT, TP_CAC_FORMAT_DEFAULT, "  Subject: C=US, CN=DOE.JOHN\n", "DOE.JOHN");
	/* The other style, as openssl prints it without -nameopt, has spaces around the '='. */
	assert_int_equal(apply(TP_CAC_PATTERN_DEFAULT, TP_CAC_FORMAT_DEFAULT, "  Subject: CN = DOE\n", &name),
			 TP_NOTFOUND);
	gives("/Subject:.*CN = (?<Group1>.*)/m", "#Group1#", "  Subject: CN = DOE\n", "DOE");
	gives("/Subject:.*CN ?= ?(?<Group1>[^,]+)/m", "#Group1#", "  Subject: CN = DOE, C = US\n", "DOE");
	gives("/Subject:.*CN ?= ?(?<Group1>[^,]+)/m", "#Group1#", ADAMS, "ADAMS.ANN.A.1000000001");
}

static void row_102_delimiters_are_phps(void **state)
{
	static const char *const good[] = { "/(?<g>A)/", "#(?<g>A)#", "~(?<g>A)~", "((?<g>A))", "[(?<g>[A])]",
					    "{(?<g>A{1})}", "<(?<g>A)>", "%(?<g>A)%im", "/(?<g>A)(\\/)?/" };
	static const char *const bad[] = { "", "(?<g>A)", "a(?<g>A)a", "\\(?<g>A)\\", "/(?<g>A)", "{(?<g>A)",
					   "/(?<g>A)/e", "/(?<g>A)/X", "/(?<g>A)/m m", "1(?<g>A)1", "/(?<g>A/",
					   "/(?<g>A)\\C/", " /(?<g>A)/" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		gives(good[i], "#g#", "xA", "A");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (make(bad[i], "#g#") != TP_FORMAT)
			fail_msg("taken: %s", bad[i]);
		assert_string_equal(diag.where, "pattern");
		assert_true(strlen(diag.text) > 10);
	}
	gives("{(?<g>A\\}B)}", "#g#", "A}B", "A}B");
}

static void row_102_flags_are_phps(void **state)
{
	struct tp_cac_name name;

	(void)state;
	gives("/(?<g>doe)/i", "#g#", "DOE", "DOE");
	gives("/^(?<g>b.*)$/m", "#g#", "a\nbc\nd", "bc");
	assert_int_equal(apply("/^(?<g>b.*)$/", "#g#", "a\nbc\nd", &name), TP_NOTFOUND);
	assert_int_equal(apply("/(?<g>a.b)/", "#g#", "a\nb", &name), TP_NOTFOUND);
	assert_int_equal(apply("/(?<g>a.b)/s", "#g#", "a\nb", &name), TP_FORMAT); /* fits; a line end in a name */
	gives("/ (?<g> a b )  # the name\n/x", "#g#", "ab", "ab");
	assert_int_equal(apply("/(?<g>b)/A", "#g#", "ab", &name), TP_NOTFOUND);
	gives("/(?<g>b)$/", "#g#", "ab\n", "b");
	assert_int_equal(apply("/(?<g>b)$/D", "#g#", "ab\n", &name), TP_NOTFOUND);
	gives("/(?<g>a+)/U", "#g#", "aaa", "a");
	gives("/(?<g>^.)/u", "#g#", "\xc3\x9c" "ber", "\xc3\x9c");
	assert_int_equal(apply("/(?<g>^.)/", "#g#", "\xc3\x9c" "ber", &name), TP_FORMAT); /* half a letter */
	assert_int_equal(apply("/(?<g>b)/u", "#g#", "b\xff", &name), TP_FORMAT);
	gives("/a(?<g>b)|c(?<g>d)/J", "#g#", "cd", "d");
	assert_int_equal(make("/a(?<g>b)|c(?<g>d)/", "#g#"), TP_FORMAT);
	gives("/(x)(?<g>b)/n", "#g#", "xb", "b");
	assert_int_equal(make("/(x)(?<g>b)\\2/n", "#g#"), TP_FORMAT); /* there is one group */
}

static void row_102_the_format_mixes_text_and_groups(void **state)
{
	static const char *const bad[] = { "", "admin", "#g", "##", "#h#", "#g# #", "#1#", "#g h#", "a#b" };

	(void)state;
	gives("/CN=(?<g>[^,]*)/", "prefix#g#suffix", "CN=doe,", "prefixdoesuffix");
	gives("/(?<last>\\w+)[.](?<first>\\w+)/", "#first##last#", "DOE.JOHN", "JOHNDOE");
	gives("/(?<last>\\w+)[.](?<first>\\w+)/", "#first# #last#@#last#", "DOE.JOHN", "JOHN DOE@DOE");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (make("/(?<g>.)/", bad[i]) != TP_FORMAT)
			fail_msg("taken: %s", bad[i]);
		assert_string_equal(diag.where, "format");
	}
}

static void row_102_names_are_bounded(void **state)
{
	struct tp_cac_pattern *p = NULL;
	struct tp_cac_name name;
	char text[TP_CAC_NAME_MAX + 2], pattern[TP_CAC_PATTERN_MAX + 16];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[TP_CAC_NAME_MAX] = '\0';
	gives("/(?<g>a*)/", "#g#", text, text);
	text[TP_CAC_NAME_MAX] = 'a';
	text[TP_CAC_NAME_MAX + 1] = '\0';
	assert_int_equal(apply("/(?<g>a*)/", "#g#", text, &name), TP_LIMIT);
	/* An empty group would make one name out of the certificates of many. */
	assert_int_equal(apply("/CN=(?<g>[^,]*)/", "admin#g#", "CN=,", &name), TP_NOTFOUND);
	assert_int_equal(apply("/CN=(?<g>x)?/", "admin#g#", "CN=,", &name), TP_NOTFOUND);
	assert_int_equal(apply("/CN=(?<g>[^,]*)/", "#g#", "CN=a\tb,", &name), TP_FORMAT);
	assert_int_equal(apply("/CN=(?<g>[^,]*)/", "#g#", "CN=a ,", &name), TP_FORMAT);
	assert_int_equal(apply("/CN=(?<g>[^,]*)/", "#g#", "CN=\x7f,", &name), TP_FORMAT);
	assert_int_equal(tp_cac_pattern_new("/CN=(?<g>[^,]*)/", "#g#", &p, &diag), TP_OK);
	assert_int_equal(tp_cac_pattern_apply(p, TP_SPAN("CN=a\0b,"), &name, &diag), TP_FORMAT);
	assert_non_null(strstr(diag.text, "NUL"));
	tp_cac_pattern_free(&p);
	memset(pattern, 'a', sizeof(pattern));
	pattern[sizeof(pattern) - 1] = '\0';
	assert_int_equal(make(pattern, "#g#"), TP_LIMIT);
}

static void a_second_place_is_told(void **state)
{
	struct tp_cac_name name;

	(void)state;
	assert_int_equal(apply("/CN=(?<g>[^,\\n]*)/", "#g#", "Issuer: CN=x\nSubject: CN=y\n", &name), TP_OK);
	assert_true(name.again);
	assert_int_equal(apply("/Subject: CN=(?<g>[^,]*)/", "#g#", ADAMS, &name), TP_OK);
	assert_false(name.again);
	/* Metacharacters of patterns and of LDAP are letters like others. */
	gives("/Subject: CN=(?<g>[^,]*)/", "#g#", "Subject: CN=*)(uid=*))(|(uid=*,C=US", "*)(uid=*))(|(uid=*");
	gives("/Subject: CN=(?<g>[^,]*)/", "#g#", "Subject: CN=.*|(?\\<Group1\\>x)$,C=US", ".*|(?\\<Group1\\>x)$");
}

static uint64_t own_time_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void attack_45_catastrophic_patterns_are_refused_within_50_ms(void **state)
{
	static const char *const patterns[] = {
		"/(?<g>(a+)+)$/",	   "/^(?<g>(a+)+)$/",	       "/(?<g>(a|aa)+)$/",
		"/(?<g>(a|a?)+)$/",	   "/(?<g>(.*a){12})$/",       "/(?<g>(a*)*)b/",
		"/(?<g>([a-z]+)*)=/",	   "/(?<g>(x+x+)+y|(a+a+)+b)/", "/(?<g>a*+b)/",
		"/(?<g>[^b]*?b)/",	   "/(?<g>(?:(?=a*+b)|a)*b)/", "/(?<g>(?:a(?=a*+a))*b)/",
		"/(?<g>(a?){1,500}a{500}b)/", "/(?<g>.*.*.*=.*)/s",    "/(?<g>(?R)?a)b/",
		"/(?<g>(?:.(?<=a)){2,}b)/", "/(*LIMIT_MATCH=999999999)(?<g>(a+)+)$/",
	};
	char *text = malloc(TP_CAC_TEXT_MAX + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', TP_CAC_TEXT_MAX);
	/* Ends that the patterns ask for, so that none is given up for want of them. */
	memcpy(text + TP_CAC_TEXT_MAX - 6, "!b!=!", 6);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct tp_cac_name name;
		uint64_t since = own_time_ms(), took;
		enum tp_err err = apply(patterns[i], "#g#", text, &name);

		took = own_time_ms() - since;
		if (err == TP_OK || took > 50)
			fail_msg("%s: %s after %u ms", patterns[i], tp_err_name(err), (unsigned)took);
		printf("  %-50s %-8s %u ms\n", patterns[i], tp_err_name(err), (unsigned)took);
	}
	assert_int_equal(apply(patterns[0], "#g#", text, &(struct tp_cac_name){ 0 }), TP_LIMIT);
	free(text);
}

/* Counted, so that it is the same on a slow machine: our limits end it, no clock does. */
static void attack_45_the_number_of_ways_ends_it(void **state)
{
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	pcre2_match_data *data;
	pcre2_code *code;
	PCRE2_SIZE at;
	char *text = malloc(TP_CAC_TEXT_MAX);
	int why;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', TP_CAC_TEXT_MAX);
	text[TP_CAC_TEXT_MAX - 1] = '!';
	code = pcre2_compile((PCRE2_SPTR)"(a+)+$", PCRE2_ZERO_TERMINATED, PCRE2_AUTO_CALLOUT, &why, &at, NULL);
	assert_non_null(code);
	data = pcre2_match_data_create_from_pattern(code, NULL);
	pcre2_set_match_limit(limits, TP_CAC_MATCH_LIMIT);
	pcre2_set_depth_limit(limits, TP_CAC_DEPTH_LIMIT);
	pcre2_set_heap_limit(limits, TP_CAC_HEAP_LIMIT_KIB);
	why = pcre2_match(code, (PCRE2_SPTR)text, TP_CAC_TEXT_MAX, 0, 0, data, limits);
	assert_true(why == PCRE2_ERROR_MATCHLIMIT || why == PCRE2_ERROR_DEPTHLIMIT || why == PCRE2_ERROR_HEAPLIMIT);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	pcre2_match_context_free(limits);
	free(text);
}

static void attack_45_longer_texts_are_refused(void **state)
{
	char *text = malloc(TP_CAC_TEXT_MAX + 2);
	struct tp_cac_name name;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', TP_CAC_TEXT_MAX + 1);
	text[TP_CAC_TEXT_MAX + 1] = '\0';
	assert_int_equal(apply("/^(?<g>a)/", "#g#", text, &name), TP_LIMIT);
	text[TP_CAC_TEXT_MAX] = '\0';
	assert_int_equal(apply("/^(?<g>a)/", "#g#", text, &name), TP_OK);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_103_the_default_in_both_spacing_styles),
		cmocka_unit_test(row_102_delimiters_are_phps),
		cmocka_unit_test(row_102_flags_are_phps),
		cmocka_unit_test(row_102_the_format_mixes_text_and_groups),
		cmocka_unit_test(row_102_names_are_bounded),
		cmocka_unit_test(a_second_place_is_told),
		cmocka_unit_test(attack_45_catastrophic_patterns_are_refused_within_50_ms),
		cmocka_unit_test(attack_45_the_number_of_ways_ends_it),
		cmocka_unit_test(attack_45_longer_texts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
