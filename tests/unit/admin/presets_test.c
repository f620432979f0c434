/* admin/advanced/presets: every line of the table fits the model, what counts as a deviation,
 * and filling values into a configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin/advanced/presets.h"
#include "model_fixture.h"

static const struct tp_preset_setting *setting(const char *path)
{
	size_t count;
	const struct tp_preset_setting *all = tp_presets(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(all[i].path, path))
			return &all[i];
	fail_msg("%s is not in the table", path);
	return NULL;
}

static const json_t *row(const json_t *rows, const char *path)
{
	const json_t *one;
	size_t i;

	json_array_foreach(rows, i, one)
		if (!strcmp(json_string_value(json_object_get(one, "path")), path))
			return one;
	fail_msg("%s is not among the rows", path);
	return NULL;
}

static bool holds(const json_t *list, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (!strcmp(json_string_value(one), text))
			return true;
	return false;
}

/* ------------------------------------------------------------------------- the table */

static void every_setting_is_in_the_model_once(void **state)
{
	size_t count;
	const struct tp_preset_setting *all = tp_presets(&count);
	char label[TP_MODEL_TEXT_MAX + 1];

	(void)state;
	assert_true(count > 40);
	for (size_t i = 0; i < count; i++) {
		if (!tp_model_label(model, all[i].path, label))
			fail_msg("%s is not in the model", all[i].path);
		assert_true(!all[i].value[TP_PRESET_SEED] == !all[i].value[TP_PRESET_DISA]);
		assert_true(!all[i].value[TP_PRESET_SEED] == !!all[i].needs);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(all[i].path, all[j].path);
	}
}

/* Each by itself, from a configuration that has something else there. */
static void every_value_is_taken_by_its_setting(void **state)
{
	size_t count;
	const struct tp_preset_setting *all = tp_presets(&count);

	(void)state;
	for (int p = 0; p < TP_PRESETS; p++) {
		struct tp_tree *tree = tree_of("{}");
		json_t *changed = json_array(), *refused = json_array();

		assert_int_equal(tp_presets_fill(model, tree, p ? TP_PRESET_SEED : TP_PRESET_DISA, NULL, changed,
						 refused),
				 TP_OK);
		json_array_clear(refused);
		assert_int_equal(tp_presets_fill(model, tree, (enum tp_preset)p, NULL, changed, refused), TP_OK);
		for (size_t i = 0; i < count; i++) {
			const char *now = tp_tree_value(tree, all[i].path);
			bool told = false;
			const json_t *one;
			size_t r;

			json_array_foreach(refused, r, one)
				told |= !strcmp(json_string_value(json_object_get(one, "path")) + 1, all[i].path);
			if (all[i].value[p] && !told &&
			    tp_preset_judge(&all[i], (enum tp_preset)p, now) == TP_PRESET_DEVIATES)
				fail_msg("%s is %s", all[i].path, now ? now : "not set");
		}
		json_decref(changed);
		json_decref(refused);
		tp_tree_free(&tree);
	}
}

/* A rule of the model stands behind each, not a value that cannot be read. */
static void only_what_needs_more_is_refused(void **state)
{
	static const char *const wanting[] = {
		"/turnpike-access:access/consent/enabled", "/turnpike-access:access/login/source",
		"/turnpike-access:access/certificate-login/level",
		"/turnpike-tls:tls/revocation/crl/automatic/enabled",
	};
	struct tp_tree *tree = tree_of("{}");
	json_t *changed = json_array(), *refused = json_array();

	(void)state;
	assert_int_equal(tp_presets_fill(model, tree, TP_PRESET_DISA, NULL, changed, refused), TP_OK);
	for (size_t i = 0; i < sizeof(wanting) / sizeof(wanting[0]); i++) {
		const json_t *one = row(refused, wanting[i]);

		assert_true(json_string_length(json_object_get(one, "text")) > 10);
		assert_false(holds(changed, wanting[i]));
	}
	assert_int_equal(json_array_size(refused), sizeof(wanting) / sizeof(wanting[0]));
	assert_string_equal(json_string_value(json_object_get(row(refused, wanting[0]), "text")),
			    "Write the text of the notice first.");
	assert_string_equal(tp_tree_value(tree, wanting[0] + 1), "false");
	/* The others are not lost. */
	assert_string_equal(tp_tree_value(tree, "turnpike-access:access/password-policy/minimum-length"), "15");
	assert_true(holds(changed, "/turnpike-tls:tls/service/web/preset"));
	json_decref(changed);
	json_decref(refused);
	tp_tree_free(&tree);
}

static void what_the_administrator_has_set_lets_a_value_in(void **state)
{
	struct tp_tree *tree = tree_of("{\"turnpike-access:access\":{\"consent\":{\"text\":\"Yours\"}}}");
	json_t *changed = json_array(), *refused = json_array();
	json_t *paths = json_pack("[s, s]", "/turnpike-access:access/consent/enabled", "/no/such");

	(void)state;
	assert_int_equal(tp_presets_fill(model, tree, TP_PRESET_DISA, paths, changed, refused), TP_OK);
	assert_int_equal(json_array_size(refused), 0);
	assert_int_equal(json_array_size(changed), 1);
	assert_string_equal(tp_tree_value(tree, "turnpike-access:access/consent/enabled"), "true");
	assert_string_equal(tp_tree_value(tree, "turnpike-access:access/password-policy/minimum-length"), "12");
	json_decref(paths);
	json_decref(changed);
	json_decref(refused);
	tp_tree_free(&tree);
}

/* -------------------------------------------------------------------------- verdicts */

static void stricter_is_no_deviation(void **state)
{
	const struct tp_preset_setting *length = setting("turnpike-access:access/password-policy/minimum-length");
	const struct tp_preset_setting *age = setting("turnpike-access:access/password-policy/maximum-age");
	const struct tp_preset_setting *idle = setting("turnpike-system:system/web/session-idle");
	const struct tp_preset_setting *tls = setting("turnpike-tls:tls/service/sip/minimum-version");
	const struct tp_preset_setting *source = setting("turnpike-access:access/login/source");
	const struct tp_preset_setting *text = setting("turnpike-access:access/consent/text");
	struct tp_preset_setting for_ever = *length;

	(void)state;
	assert_int_equal(tp_preset_judge(length, TP_PRESET_DISA, "14"), TP_PRESET_DEVIATES);
	assert_int_equal(tp_preset_judge(length, TP_PRESET_DISA, "15"), TP_PRESET_SAME);
	assert_int_equal(tp_preset_judge(length, TP_PRESET_DISA, "20"), TP_PRESET_STRICTER);
	assert_int_equal(tp_preset_judge(age, TP_PRESET_DISA, "0"), TP_PRESET_DEVIATES);
	assert_int_equal(tp_preset_judge(age, TP_PRESET_DISA, "30"), TP_PRESET_STRICTER);
	assert_int_equal(tp_preset_judge(age, TP_PRESET_SEED, "30"), TP_PRESET_STRICTER);
	assert_int_equal(tp_preset_judge(idle, TP_PRESET_DISA, "10"), TP_PRESET_DEVIATES);
	assert_int_equal(tp_preset_judge(idle, TP_PRESET_DISA, "1"), TP_PRESET_STRICTER);
	assert_int_equal(tp_preset_judge(tls, TP_PRESET_DISA, "1.1"), TP_PRESET_DEVIATES);
	assert_int_equal(tp_preset_judge(tls, TP_PRESET_DISA, "1.3"), TP_PRESET_STRICTER);
	assert_int_equal(tp_preset_judge(source, TP_PRESET_DISA, "both"), TP_PRESET_DEVIATES);
	assert_int_equal(tp_preset_judge(text, TP_PRESET_DISA, NULL), TP_PRESET_DEVIATES);
	assert_int_equal(tp_preset_judge(text, TP_PRESET_DISA, "Yours"), TP_PRESET_SAME);
	for_ever.order = TP_PRESET_LEAST_OR_ZERO;
	assert_int_equal(tp_preset_judge(&for_ever, TP_PRESET_DISA, "0"), TP_PRESET_STRICTER);
	assert_int_equal(tp_preset_judge(&for_ever, TP_PRESET_DISA, "10"), TP_PRESET_DEVIATES);
}

static void a_stricter_value_is_not_weakened(void **state)
{
	struct tp_tree *tree =
		tree_of("{\"turnpike-access:access\":{\"password-policy\":{\"minimum-length\":20}}}");
	json_t *changed = json_array(), *refused = json_array();

	(void)state;
	assert_int_equal(tp_presets_fill(model, tree, TP_PRESET_DISA, NULL, changed, refused), TP_OK);
	assert_string_equal(tp_tree_value(tree, "turnpike-access:access/password-policy/minimum-length"), "20");
	json_decref(changed);
	json_decref(refused);
	tp_tree_free(&tree);
}

/* A page that fills in its own settings gets what its button says. */
static void values_asked_for_by_name_are_taken_as_they_are(void **state)
{
	struct tp_tree *tree =
		tree_of("{\"turnpike-access:access\":{\"password-policy\":{\"minimum-length\":20,\"history\":9}}}");
	json_t *changed = json_array(), *refused = json_array();
	json_t *paths = json_pack("[s]", "/turnpike-access:access/password-policy/minimum-length");

	(void)state;
	assert_int_equal(tp_presets_fill(model, tree, TP_PRESET_SEED, paths, changed, refused), TP_OK);
	assert_int_equal(json_array_size(changed), 1);
	assert_string_equal(tp_tree_value(tree, "turnpike-access:access/password-policy/minimum-length"), "12");
	assert_string_equal(tp_tree_value(tree, "turnpike-access:access/password-policy/history"), "9");
	json_decref(paths);
	json_decref(changed);
	json_decref(refused);
	tp_tree_free(&tree);
}

static void each_deviation_is_shown(void **state)
{
	struct tp_tree *running = tree_of("{}");
	struct tp_tree *candidate =
		tree_of("{\"turnpike-access:access\":{\"password-policy\":{\"minimum-length\":15},"
			"\"ldap\":{\"server\":[{\"host\":\"a.example\"},{\"host\":\"b.example\"}]}}}");
	json_t *rows = tp_presets_json(model, running, candidate);
	const json_t *length = row(rows, "/turnpike-access:access/password-policy/minimum-length");
	const json_t *servers = row(rows, "/turnpike-access:access/ldap/server");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(length, "label")),
			    "Administration access › Password policy › Least length");
	assert_string_equal(json_string_value(json_object_get(length, "running")), "12");
	assert_string_equal(json_string_value(json_object_get(length, "candidate")), "15");
	assert_string_equal(json_string_value(json_object_get(length, "seed")), "12");
	assert_string_equal(json_string_value(json_object_get(length, "disa")), "15");
	assert_int_equal(json_array_size(json_object_get(length, "deviates")), 1);
	assert_true(holds(json_object_get(length, "deviates"), "disa"));
	assert_true(holds(json_object_get(length, "rules"), "V-202057"));
	assert_true(json_is_null(json_object_get(servers, "running")));
	assert_string_equal(json_string_value(json_object_get(servers, "candidate")), "2");
	assert_true(json_is_null(json_object_get(servers, "disa")));
	assert_true(json_is_string(json_object_get(servers, "needs")));
	json_decref(rows);
	tp_tree_free(&running);
	tp_tree_free(&candidate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_is_in_the_model_once),
		cmocka_unit_test(every_value_is_taken_by_its_setting),
		cmocka_unit_test(only_what_needs_more_is_refused),
		cmocka_unit_test(what_the_administrator_has_set_lets_a_value_in),
		cmocka_unit_test(stricter_is_no_deviation),
		cmocka_unit_test(a_stricter_value_is_not_weakened),
		cmocka_unit_test(values_asked_for_by_name_are_taken_as_they_are),
		cmocka_unit_test(each_deviation_is_shown),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
