/* admin/cac: the text of certificates is what the openssl program prints, for every file of the
 * test PKI, and the names that come out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/cac/pattern.h"
#include "admin/cac/text.h"
#include "card_pki.h"

static char *printed(const char *folder, const char *file, size_t *len)
{
	char command[512], *text = malloc(TP_CAC_TEXT_MAX);
	FILE *p;

	assert_non_null(text);
	snprintf(command, sizeof(command), "openssl x509 -text -nameopt RFC2253 -noout -in '%s/ec/%s' 2>/dev/null",
		 folder, file);
	p = popen(command, "r"); /* NOLINT */
	assert_non_null(p);
	*len = fread(text, 1, TP_CAC_TEXT_MAX, p);
	pclose(p);
	return text;
}

/* These have no text: a name in them would not be what it looks like. */
static const struct {
	const char *file, *words;
} refused[] = {
	{ "card-nul.pem", "NUL" },		 { "card-uri.pem", "line end" },
	{ "card-upn-in-uri.pem", "line end" },	 { "card-upn-in-mail.pem", "comma" },
	{ "card-mail-in-upn.pem", "comma" },
};

static bool is_refused(const char *file)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (!strcmp(file, refused[i].file))
			return true;
	return false;
}

static void row_104_the_text_is_what_openssl_prints(void **state)
{
	char path[256];
	unsigned compared = 0;
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/ec", (char *)*state);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		struct tp_diag diag = { "", "" };
		char *ours = NULL, *theirs;
		size_t len = 0, wanted;
		X509 *x;

		if (!strstr(entry->d_name, ".pem") || strstr(entry->d_name, ".crl.") ||
		    !strncmp(entry->d_name, "crls", 4) || is_refused(entry->d_name))
			continue;
		x = read_leaf(*state, entry->d_name);
		if (!x)
			fail_msg("%s does not read", entry->d_name);
		theirs = printed(*state, entry->d_name, &wanted);
		if (tp_cac_text(x, &ours, &len, &diag) != TP_OK)
			fail_msg("%s: %s", entry->d_name, diag.text);
		if (len != wanted || memcmp(ours, theirs, len) != 0)
			fail_msg("%s: %zu bytes, openssl prints %zu, or others", entry->d_name, len, wanted);
		compared++;
		free(ours);
		free(theirs);
		X509_free(x);
	}
	closedir(dir);
	assert_true(compared > 80);
}

static void attack_42_names_that_are_not_what_they_look_like_are_refused(void **state)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		X509 *x = read_leaf(*state, refused[i].file);
		struct tp_diag diag = { "", "" };
		char *text = NULL;
		size_t len;

		assert_non_null(x);
		assert_int_equal(tp_cac_text(x, &text, &len, &diag), TP_FORMAT);
		assert_null(text);
		assert_non_null(strstr(diag.text, refused[i].words));
		X509_free(x);
	}
}

/* "" when there is none. */
static void name_of(const char *folder, const char *file, const char *pattern, const char *format,
		    struct tp_cac_name *name)
{
	struct tp_cac_pattern *p = NULL;
	struct tp_diag diag = { "", "" };
	X509 *x = read_leaf(folder, file);
	char *text = NULL;
	size_t len = 0;

	memset(name, 0, sizeof(*name));
	assert_non_null(x);
	if (tp_cac_pattern_new(pattern, format, &p, &diag) != TP_OK ||
	    tp_cac_text(x, &text, &len, &diag) != TP_OK)
		fail_msg("%s: %s", file, diag.text);
	if (tp_cac_pattern_apply(p, (struct tp_span){ text, len }, name, &diag) != TP_OK)
		memset(name, 0, sizeof(*name));
	tp_cac_pattern_free(&p);
	free(text);
	X509_free(x);
}

static void row_102_names_of_smart_cards(void **state)
{
	static const char first_cn[] = "/Subject: CN=(?<Group1>(?:[^,\\\\]|\\\\.)+)/";
	struct tp_cac_name name;

	name_of(*state, "card-adams.pem", first_cn, "#Group1#", &name);
	assert_string_equal(name.text, "ADAMS.ANN.A.1000000001");
	assert_false(name.again);
	/* The default takes all that follows: no name of an account. */
	name_of(*state, "card-adams.pem", TP_CAC_PATTERN_DEFAULT, "#Group1#", &name);
	assert_string_equal(name.text, "ADAMS.ANN.A.1000000001,OU=PKI,OU=DoD,O=U.S. Government,C=US");
	/* A pattern that takes the last CN believes an escaped comma; one that begins at the first
	 * takes the whole. */
	name_of(*state, "card-comma.pem", "/Subject:.*CN=(?<Group1>[^,]*)/m", "#Group1#", &name);
	assert_string_equal(name.text, "ADAMS.ANN.A.1000000001");
	name_of(*state, "card-comma.pem", first_cn, "#Group1#", &name);
	assert_string_equal(name.text, "EVIL\\, CN=ADAMS.ANN.A.1000000001");
	name_of(*state, "card-newline.pem", first_cn, "#Group1#", &name);
	assert_string_equal(name.text, "EVIL\\0ASubject: CN=ADAMS.ANN.A.1000000001");
	name_of(*state, "card-utf8.pem", first_cn, "#Group1#", &name);
	assert_string_equal(name.text, "M\\C3\\9CLLER.J\\C3\\96RG.1000000005");
	name_of(*state, "card-regex.pem", first_cn, "#Group1#", &name);
	assert_string_equal(name.text, ".*|(?\\<Group1\\>x)[\\+]$");
	name_of(*state, "card-ldap.pem", first_cn, "#Group1#", &name);
	assert_string_equal(name.text, "*)(uid=*))(|(uid=*");
}

/* What each card gives by the example; NULL: no name. */
static void example_gives(const char *folder, const char *pattern, const char *format,
			  const char *const cards[][2], size_t count)
{
	struct tp_cac_name name;

	for (size_t i = 0; i < count; i++) {
		name_of(folder, cards[i][0], pattern, format, &name);
		if (strcmp(name.text, cards[i][1] ? cards[i][1] : "") != 0)
			fail_msg("%s gives \"%s\" by %s", cards[i][0], name.text, pattern);
		assert_false(name.again);
	}
}

static void row_102_examples_take_the_name_they_are_about(void **state)
{
	static const char *const cn[][2] = {
		{ "card-adams.pem", "ADAMS.ANN.A.1000000001" },
		{ "card-baker.pem", "BAKER.BOB.B.1000000002" },  /* of another issuing CA */
		{ "card-expired.pem", "CLARK.CAL.C.1000000003" }, /* the name is not what refuses it */
		{ "card-ldap.pem", "*)(uid=*))(|(uid=*" },
		{ "card-regex.pem", NULL },
		{ "card-comma.pem", NULL },
		{ "card-newline.pem", NULL },
		{ "card-utf8.pem", NULL },
	};
	static const char *const edipi[][2] = {
		{ "card-adams.pem", "1000000001" }, { "card-piv.pem", "1234567890" }, { "card-ldap.pem", NULL },
		{ "card-comma.pem", NULL },	    { "card-newline.pem", NULL },     { "card-utf8.pem", NULL },
		{ "client.pem", NULL },
	};
	static const char *const upn[][2] = {
		{ "card-adams.pem", "1000000010@pki.test" },
		{ "card-piv.pem", "1234567890123456@mil.test" },
		{ "card-mail-first.pem", "1234567890@mil.test" },
		{ "client.pem", NULL },
	};
	static const char *const email[][2] = {
		{ "card-adams.pem", "card-adams@pki.test" },
		{ "card-mail-first.pem", "john.q.doe@mail.test" },
		{ "card-piv.pem", NULL },
	};

	const struct {
		const char *id;
		const char *const (*cards)[2];
		size_t count;
	} wanted[] = {
		{ "cn", cn, sizeof(cn) / sizeof(cn[0]) },
		{ "edipi", edipi, sizeof(edipi) / sizeof(edipi[0]) },
		{ "upn", upn, sizeof(upn) / sizeof(upn[0]) },
		{ "email", email, sizeof(email) / sizeof(email[0]) },
	};
	static const struct {
		const char *id, *pattern, *format;
	} examples[] = {
#define TP_CAC_EXAMPLE(id, title, pattern, format) { id, pattern, format },
#include "admin/cac/examples.def"
#undef TP_CAC_EXAMPLE
	};

	assert_int_equal(sizeof(examples) / sizeof(examples[0]), sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_string_equal(examples[i].id, wanted[i].id);
		example_gives(*state, examples[i].pattern, examples[i].format, wanted[i].cards, wanted[i].count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_104_the_text_is_what_openssl_prints),
		cmocka_unit_test(attack_42_names_that_are_not_what_they_look_like_are_refused),
		cmocka_unit_test(row_102_names_of_smart_cards),
		cmocka_unit_test(row_102_examples_take_the_name_they_are_about),
	};

	return cmocka_run_group_tests(tests, make_pki, remove_pki);
}
