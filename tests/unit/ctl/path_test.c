/* Unit tests of turnpikectl: paths and values as people write them, and safe printing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/path.h"
#include "ctl/print.h"

static void paths_take_every_form(void **state)
{
	static const struct {
		const char *written;
		const char *request;
	} cases[] = {
		{ "", "" },
		{ "/", "" },
		{ "sip/tls/port", "/turnpike-sip:sip/tls/port" },
		{ "/turnpike-sip:sip/tls/port", "/turnpike-sip:sip/tls/port" },
		{ "zones/zone=core/user", "/turnpike-zone:zones/zone=core/user" },
		{ "zones/zone[name='core']/user", "/turnpike-zone:zones/zone=core/user" },
		{ "/turnpike-zone:zones/zone[name=\"a/b c\"]", "/turnpike-zone:zones/zone=a%2Fb%20c" },
		{ "zones/zone=a%2Fb", "/turnpike-zone:zones/zone=a%2Fb" },
		{ "zones/zone=a b", "/turnpike-zone:zones/zone=a%20b" },
		{ "a:l[k='1'][m='2']/x", "/a:l=1,2/x" },
		{ "system/network=l\xc3\xa4n", "/turnpike-system:system/network=l%C3%A4n" },
	};
	char out[TP_CTL_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(tp_ctl_path(cases[i].written, out), 0);
		assert_string_equal(out, cases[i].request);
	}
}

static void broken_paths_are_refused(void **state)
{
	static const char *const bad[] = { "zones/zone[name=core]", "zones/zone[name='core'",
					   "zones/zone[name='core']x", "zones/zone[name" };
	char out[TP_CTL_PATH_MAX], *huge = calloc(1, TP_CTL_PATH_MAX + 10);

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(tp_ctl_path(bad[i], out), -1);
	memset(huge, 'a', TP_CTL_PATH_MAX + 5);
	assert_int_equal(tp_ctl_path(huge, out), -1);
	free(huge);
}

static void values_get_the_models_type(void **state)
{
	json_t *model = json_loads(
		"{\"nodes\":[{\"path\":\"/a:c\",\"kind\":\"container\",\"nodes\":["
		"{\"path\":\"/a:c/port\",\"kind\":\"leaf\",\"type\":\"uint16\"},"
		"{\"path\":\"/a:c/big\",\"kind\":\"leaf\",\"type\":\"uint64\"},"
		"{\"path\":\"/a:c/on\",\"kind\":\"leaf\",\"type\":\"boolean\"},"
		"{\"path\":\"/a:c/name\",\"kind\":\"leaf\",\"type\":\"string\"},"
		"{\"path\":\"/a:c/l\",\"kind\":\"list\",\"nodes\":["
		"{\"path\":\"/a:c/l/x\",\"kind\":\"leaf\",\"type\":\"string\"}]}]}]}",
		0, NULL);
	static const struct {
		const char *path;
		const char *text;
		const char *name;
		const char *json;
	} cases[] = {
		{ "/a:c/port", "5060", "a:port", "5060" },
		{ "/a:c/port", "many", "a:port", "\"many\"" },
		{ "/a:c/big", "5", "a:big", "\"5\"" },
		{ "/a:c/on", "true", "a:on", "true" },
		{ "/a:c/name", "123", "a:name", "\"123\"" },
		{ "/a:c/l=k/x", "y", "a:x", "\"y\"" },
		{ "/a:c/l=k", "{\"x\":\"y\"}", "a:l", "[{\"x\":\"y\"}]" },
		{ "/a:c", "{}", "a:c", "{}" },
	};
	char name[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *value = tp_ctl_value(model, cases[i].path, cases[i].text, name, sizeof(name));
		char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		assert_non_null(text);
		assert_string_equal(text, cases[i].json);
		assert_string_equal(name, cases[i].name);
		free(text);
		json_decref(value);
	}
	assert_null(tp_ctl_value(model, "/a:c/none", "1", name, sizeof(name)));
	assert_null(tp_ctl_value(model, "/a:c/on", "maybe", name, sizeof(name)));
	json_decref(model);
}

/* A caller's name must not drive the administrator's terminal. */
static void printing_keeps_the_terminal(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	tp_ctl_put_text(f, "a\x1b[2Jb\x07\x7f\xc2\x9b"
			   "c\xc3\xa4");
	fclose(f);
	assert_string_equal(text, "a?[2Jb???c\xc3\xa4");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_take_every_form),
		cmocka_unit_test(broken_paths_are_refused),
		cmocka_unit_test(values_get_the_models_type),
		cmocka_unit_test(printing_keeps_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
