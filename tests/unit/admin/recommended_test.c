/* admin/advanced/recommended: each line of the table is met by one configuration and not by
 * another; alarms in the mode alone; each service has its check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "admin/advanced/recommended.h"
#include "tls/services.h"
#include "model_fixture.h"

/* 1: met, 0: not met, -1: no line. */
static int verdict(const char *json, const char *id)
{
	struct tp_recommendation found[TP_RECOMMENDED_MAX];
	struct tp_tree *tree = tree_of(json);
	size_t count = tp_recommended_look(tree, found);
	int met = -1;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(found[i].id, id))
			met = found[i].met;
	tp_tree_free(&tree);
	return met;
}

#define ACCESS(json) "{\"turnpike-access:access\":{" json "}}"

static const struct {
	const char *id;
	const char *good, *bad;
	const char *absent; /* a configuration to which it does not apply; NULL: there is none */
} cases[] = {
	{ "session-time-out", "{\"turnpike-system:system\":{\"web\":{\"session-idle\":30}}}",
	  "{\"turnpike-system:system\":{\"web\":{\"session-idle\":31}}}", NULL },
	{ "client-certificates", ACCESS("\"certificate-login\":{\"level\":\"validation\"}"), "{}", NULL },
	{ "client-revocation",
	  ACCESS("\"certificate-login\":{\"level\":\"validation\",\"unknown-status\":\"refuse\"}"),
	  ACCESS("\"certificate-login\":{\"level\":\"validation\",\"unknown-status\":\"refuse\",\"use-crls\":false}"),
	  "{}" },
	{ "ldap-tls", ACCESS("\"ldap\":{\"enabled\":true,\"encryption\":\"starttls\"}"),
	  ACCESS("\"ldap\":{\"enabled\":true,\"encryption\":\"none\"}"),
	  ACCESS("\"ldap\":{\"encryption\":\"none\"}") },
	{ "ldap-crl-check", ACCESS("\"ldap\":{\"enabled\":true,\"crl-check\":\"all\"}"),
	  ACCESS("\"ldap\":{\"enabled\":true,\"crl-check\":\"peer\"}"), "{}" },
	{ "sip-encrypted", "{}", "{\"turnpike-sip:sip\":{\"tcp\":{\"enabled\":true}}}", NULL },
	{ "peer-revocation", "{\"turnpike-tls:tls\":{\"revocation\":{\"sip\":{\"mode\":\"on\"}}}}", "{}", NULL },
	{ "tls-ldap", "{\"turnpike-tls:tls\":{\"service\":{\"ldap\":{\"minimum-version\":\"1.3\"}}}}",
	  "{\"turnpike-tls:tls\":{\"service\":{\"ldap\":{\"minimum-version\":\"1.1\"}}}}", NULL },
};

static void row_136_each_is_met_and_not_met(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].id);
		assert_int_equal(verdict(cases[i].good, cases[i].id), 1);
		assert_int_equal(verdict(cases[i].bad, cases[i].id), 0);
		if (cases[i].absent)
			assert_int_equal(verdict(cases[i].absent, cases[i].id), -1);
	}
}

static void every_line_names_a_setting_and_is_tried_above(void **state)
{
	struct tp_recommendation found[TP_RECOMMENDED_MAX];
	struct tp_tree *tree = tree_of(ACCESS("\"ldap\":{\"enabled\":true},"
					      "\"certificate-login\":{\"level\":\"validation\"}"));
	size_t count = tp_recommended_look(tree, found);
	char label[TP_MODEL_TEXT_MAX + 1];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		bool tried = !strncmp(found[i].id, "tls-", 4);

		if (!tp_model_label(model, found[i].path, label))
			fail_msg("%s: %s is not in the model", found[i].id, found[i].path);
		for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
			tried |= !strcmp(cases[c].id, found[i].id);
		if (!tried)
			fail_msg("%s is not tried", found[i].id);
	}
	tp_tree_free(&tree);
}

static void every_service_has_its_check(void **state)
{
	struct tp_tree *tree = tree_of(ACCESS("\"ldap\":{\"enabled\":true}"));
	struct tp_recommendation found[TP_RECOMMENDED_MAX];
	size_t count = tp_recommended_look(tree, found);

	(void)state;
	for (enum tp_tls_service s = 0; s < TP_TLS_SERVICES; s++) {
		const struct tp_tls_service_info *info = tp_tls_service_info(s);
		size_t i = 0;

		while (i < count && strcmp(found[i].id, info->advanced) != 0)
			i++;
		if (i == count)
			fail_msg("%s: there is no %s", info->name, info->advanced);
		assert_string_equal(found[i].service, info->label);
	}
	tp_tree_free(&tree);
}

static void row_136_alarms_in_the_mode_alone(void **state)
{
	struct tp_tree *out = tree_of("{}");
	struct tp_tree *in = tree_of(ACCESS("\"advanced\":{\"enabled\":true}"));
	struct tp_tree *good = tree_of("{\"turnpike-access:access\":{\"advanced\":{\"enabled\":true},"
				       "\"certificate-login\":{\"level\":\"validation\",\"unknown-status\":\"refuse\"}},"
				       "\"turnpike-tls:tls\":{\"revocation\":{\"sip\":{\"mode\":\"on\"}}}}");
	struct tp_msg_alarm alarms[TP_RECOMMENDED_MAX];

	(void)state;
	assert_int_equal(tp_recommended_alarms(out, alarms), 0);
	assert_int_equal(tp_recommended_alarms(in, alarms), 2);
	assert_string_equal(alarms[0].subject, "client-certificates");
	assert_string_equal(alarms[1].subject, "peer-revocation");
	assert_int_equal(alarms[0].code, TP_ALARM_RECOMMENDED);
	assert_true(alarms[0].raised);
	assert_true(strlen(alarms[0].remedy) > 10);
	assert_int_equal(tp_recommended_alarms(good, alarms), 0);
	tp_tree_free(&out);
	tp_tree_free(&in);
	tp_tree_free(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_136_each_is_met_and_not_met),
		cmocka_unit_test(every_line_names_a_setting_and_is_tried_above),
		cmocka_unit_test(every_service_has_its_check),
		cmocka_unit_test(row_136_alarms_in_the_mode_alone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
