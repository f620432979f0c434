/* admin/http/page: the server's own pages carry the classification banner of the advanced mode,
 * as text whatever it holds, and the policy allows their style. */
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin/advanced/banner.h"
#include "admin/http/page.h"

static struct tp_advanced *advanced_with(bool enabled, const char *text)
{
	struct tp_cfg_advanced s = { .enabled = enabled, .colour = TP_COLOUR_RED };
	struct tp_advanced *a = NULL;

	strcpy(s.classification, text);
	assert_int_equal(tp_advanced_new(&a), TP_OK);
	tp_advanced_use(a, &s);
	return a;
}

static void make(struct tp_advanced *a, char page[TP_PAGE_MAX])
{
	struct tp_wr wr;

	tp_wr_init(&wr, page, TP_PAGE_MAX - 1);
	tp_page_begin(&wr, a, "Title");
	tp_page_put_text(&wr, "a<b> & \"c\"");
	tp_page_end(&wr, a);
	assert_int_equal(wr.err, TP_OK);
	page[wr.len] = '\0';
}

static void row_134_above_and_below_as_text(void **state)
{
	struct tp_advanced *a = advanced_with(true, "SECRET // A&B \"x\"");
	char page[TP_PAGE_MAX];
	const char *first, *main_part, *second;

	(void)state;
	make(a, page);
	first = strstr(page, "<section class=\"bar red\" aria-label=\"Classification\">SECRET // A&#38;B &#34;x&#34;</section>");
	main_part = strstr(page, "a&#60;b&#62; &#38; &#34;c&#34;");
	second = strstr(page, "aria-label=\"Classification, once more\">SECRET");
	assert_true(first && main_part && second);
	assert_true(first < main_part && main_part < second);
	tp_advanced_free(&a);
}

static void row_134_not_out_of_the_mode(void **state)
{
	struct tp_advanced *a = advanced_with(false, "SECRET");
	json_t *banner = tp_banner_json(a);
	char page[TP_PAGE_MAX];

	(void)state;
	make(a, page);
	assert_null(strstr(page, "SECRET"));
	assert_true(json_is_null(banner));
	json_decref(banner);
	tp_advanced_free(&a);
}

static void row_134_the_application_is_told_text_and_colour(void **state)
{
	struct tp_advanced *a = advanced_with(true, "SECRET");
	json_t *banner = tp_banner_json(a);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(banner, "text")), "SECRET");
	assert_string_equal(json_string_value(json_object_get(banner, "colour")), "red");
	json_decref(banner);
	tp_advanced_free(&a);
}

/* A bar without its colour would be worse than none. */
static void the_policy_allows_the_style(void **state)
{
	unsigned char digest[EVP_MAX_MD_SIZE], text[64];
	unsigned len = 0;

	(void)state;
	assert_int_equal(EVP_Digest(tp_page_style(), strlen(tp_page_style()), digest, &len, EVP_sha256(), NULL), 1);
	assert_int_equal(EVP_EncodeBlock(text, digest, (int)len), 44);
	assert_string_equal((const char *)text, TP_PAGE_STYLE_SHA256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_134_above_and_below_as_text),
		cmocka_unit_test(row_134_not_out_of_the_mode),
		cmocka_unit_test(row_134_the_application_is_told_text_and_colour),
		cmocka_unit_test(the_policy_allows_the_style),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
