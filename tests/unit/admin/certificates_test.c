/* admin/certificates: filters, order and CSV of the list of certificates, and when which
 * alarm is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "admin/certificates/collect.h"
#include "admin/certificates/expiry.h"
#include "admin/certificates/list.h"
#include "admin/trust/bundle.h"

enum { DAY = 86400 };

static json_t *table(void)
{
	json_t *rows = json_loads(
		"[{\"certificate\":\"Shared identity\",\"common-name\":\"edge.example.com\",\"type\":\"CA-signed\","
		"\"distribution\":\"this server\",\"issued-by\":\"Corp CA\",\"expires-at\":\"2027-01-15T10:00:00.000Z\"},"
		"{\"certificate\":\"Corp CA\",\"common-name\":\"Corp CA\",\"type\":\"self-signed\",\"distribution\":\"\","
		"\"issued-by\":\"Corp CA\",\"expires-at\":\"2030-01-01T00:00:00.000Z\"},"
		"{\"certificate\":\"=1+1\",\"common-name\":\"says \\\"hi\\\", bye\",\"type\":\"request\",\"distribution\":"
		"\"multi-server\",\"issued-by\":\"\",\"expires-at\":null}]",
		0, NULL);

	assert_int_equal(json_array_size(rows), 3);
	return rows;
}

/* Certificate cells of what a query finds, joined by '|'. */
static const char *found(const char *query, char out[256])
{
	struct tp_list_query q;
	struct tp_diag diag = { 0 };
	json_t *rows = table(), *chosen;

	if (tp_list_query_parse(query, &q, &diag) != TP_OK)
		fail_msg("%s: %s", query, diag.text);
	chosen = tp_list_select(rows, &q);
	out[0] = '\0';
	for (size_t i = 0; i < json_array_size(chosen); i++) {
		if (i)
			strcat(out, "|");
		strcat(out, json_string_value(json_object_get(json_array_get(chosen, i), "certificate")));
	}
	json_decref(chosen);
	json_decref(rows);
	return out;
}

static void row_66_every_condition_filters(void **state)
{
	static const struct {
		const char *query;
		const char *found;
	} cases[] = {
		{ "", "=1+1|Corp CA|Shared identity" },
		{ "filter=common-name:contains:EDGE.", "Shared identity" },
		{ "filter=common-name:is-exactly:corp+ca", "Corp CA" },
		{ "filter=common-name:begins-with:edge", "Shared identity" },
		{ "filter=common-name:ends-with:example.com", "Shared identity" },
		{ "filter=common-name:contains:says%20%22hi%22", "=1+1" },
		{ "filter=issued-by:is-empty", "=1+1" },
		{ "filter=issued-by:is-not-empty", "Corp CA|Shared identity" },
		{ "filter=type:is-exactly:request", "=1+1" },
		{ "filter=distribution:contains:multi", "=1+1" },
		{ "filter=expires-at:is-before:2027-01-15", "" },
		{ "filter=expires-at:is-before:2027-01-16", "Shared identity" },
		{ "filter=expires-at:is-after:2027-01-15", "Corp CA" },
		{ "filter=expires-at:is-after:2027-01-15T09:59:59Z", "Corp CA|Shared identity" },
		{ "filter=expires-at:is-exactly:2030-01-01", "Corp CA" },
		{ "filter=expires-at:is-empty", "=1+1" },
		{ "filter=issued-by:contains:corp&filter=type:contains:self", "Corp CA" },
		{ "filter=type:contains:self&filter=type:contains:request&match=any", "=1+1|Corp CA" },
		{ "sort=expires-at", "Shared identity|Corp CA|=1+1" },
		{ "sort=-expires-at", "Corp CA|Shared identity|=1+1" },
		{ "filter=&sort=&other=x", "=1+1|Corp CA|Shared identity" },
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(found(cases[i].query, out), cases[i].found))
			fail_msg("%s finds %s", cases[i].query, out);
	}
}

static void what_does_not_read_is_refused(void **state)
{
	static const char *const bad[] = {
		"filter=color:contains:x", "filter=type:smells:x", "filter=type:is-before:2027-01-01",
		"filter=expires-at:is-before:tomorrow", "filter=expires-at:is-after:", "sort=color",
		"match=some", "filter=type:contains:%ff", "filter=type:contains:%0", "filter=type",
	};
	struct tp_list_query q;
	struct tp_diag diag = { 0 };
	char many[1024] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (tp_list_query_parse(bad[i], &q, &diag) == TP_OK)
			fail_msg("%s is taken", bad[i]);
		assert_true(diag.text[0]);
	}
	for (int i = 0; i < TP_LIST_FILTERS_MAX + 1; i++)
		strcat(many, "filter=type:contains:a&");
	assert_int_equal(tp_list_query_parse(many, &q, &diag), TP_LIMIT);
}

static void row_66_csv_holds_no_formula(void **state)
{
	json_t *rows = table();
	char *text = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(tp_list_csv(rows, &text, &len), TP_OK);
	assert_non_null(strstr(text, "\"Certificate\",\"Common name\""));
	assert_non_null(strstr(text, "\r\n\"'=1+1\",\"says \"\"hi\"\", bye\",\"request\""));
	assert_non_null(strstr(text, "\"2030-01-01T00:00:00.000Z\",\"\"\r\n"));
	free(text);
	json_decref(rows);
}

/* -------------------------------------------------------------------------- expiry */

static void levels_change_at_60_30_and_7_days(void **state)
{
	const int64_t now = 1800000000;

	(void)state;
	assert_int_equal(tp_expiry_of(now + 60 * DAY + 1, now), TP_EXPIRY_FINE);
	assert_int_equal(tp_expiry_of(now + 60 * DAY, now), TP_EXPIRY_INFORMATION);
	assert_int_equal(tp_expiry_of(now + 30 * DAY + 1, now), TP_EXPIRY_INFORMATION);
	assert_int_equal(tp_expiry_of(now + 30 * DAY, now), TP_EXPIRY_WARNING);
	assert_int_equal(tp_expiry_of(now + 7 * DAY + 1, now), TP_EXPIRY_WARNING);
	assert_int_equal(tp_expiry_of(now + 7 * DAY, now), TP_EXPIRY_CRITICAL);
	assert_int_equal(tp_expiry_of(now, now), TP_EXPIRY_CRITICAL);
	assert_int_equal(tp_expiry_of(now - 1, now), TP_EXPIRY_OVER);
}

static json_t *row(const char *kind, const char *name, int64_t not_after_s)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I}", "kind", kind, "name", name, "certificate", name,
			 "common-name", "edge.example.com", "not-after-s", (json_int_t)not_after_s);
}

static void row_66_alarms_name_what_ends(void **state)
{
	struct tp_msg_alarm *out = calloc(TP_EXPIRY_ALARMS_MAX, sizeof(*out));
	const int64_t now = 1800000000;
	json_t *rows = json_array();

	(void)state;
	json_array_append_new(rows, row("identity", "default", now + 40 * DAY));
	json_array_append_new(rows, row("trusted-ca", "Corp CA", now - DAY));
	json_array_append_new(rows, row("trusted-ca", "Two in one", now + 20 * DAY));
	json_array_append_new(rows, row("trusted-ca", "Two in one", now + 3 * DAY));
	json_array_append_new(rows, row("trusted-ca", "Fine", now + 90 * DAY));
	json_array_append_new(rows, row("request", "default", now + DAY));
	assert_int_equal(tp_expiry_alarms(rows, 0, now, out), 3);
	assert_int_equal(out[0].code, TP_ALARM_TRUSTED_CA_EXPIRES);
	assert_string_equal(out[0].subject, "Corp CA");
	assert_string_equal(out[0].text, "The trusted CA Corp CA has expired on 2027-01-14.");
	assert_int_equal(out[0].severity, 2);
	assert_string_equal(out[1].subject, "Two in one");
	assert_int_equal(out[1].severity, 2);
	assert_int_equal(out[2].code, TP_ALARM_CERTIFICATE_EXPIRES);
	assert_string_equal(out[2].subject, "default");
	assert_int_equal(out[2].severity, 0);
	assert_string_equal(out[2].text, "The certificate edge.example.com expires on 2027-02-24.");
	for (size_t i = 0; i < 3; i++)
		assert_true(out[i].raised && out[i].remedy[0]);
	json_decref(rows);
	free(out);
}

static void row_64_an_old_default_list_raises_an_alarm(void **state)
{
	struct tp_msg_alarm *out = calloc(TP_EXPIRY_ALARMS_MAX, sizeof(*out));
	const int64_t made = tp_trust_bundle_at();
	json_t *rows = json_array();

	(void)state;
	assert_int_equal(tp_expiry_alarms(rows, made, made + 400 * DAY, out), 0);
	assert_int_equal(tp_expiry_alarms(rows, made, made + 400 * DAY + 1, out), 1);
	assert_int_equal(out[0].code, TP_ALARM_DEFAULT_TRUST_OLD);
	assert_non_null(strstr(out[0].text, "more than 400 days"));
	/* Nobody trusts it: its age is nobody's trouble. */
	assert_int_equal(tp_expiry_alarms(rows, 0, made + 4000 * DAY, out), 0);
	json_decref(rows);
	free(out);
}

static void many_alarms_stay_within_their_room(void **state)
{
	struct tp_msg_alarm *out = calloc(TP_EXPIRY_ALARMS_MAX, sizeof(*out));
	json_t *rows = json_array();
	char name[16];

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "ca-%d", i);
		json_array_append_new(rows, row("trusted-ca", name, 1800000000 - i));
	}
	assert_int_equal(tp_expiry_alarms(rows, 1, 1800000000, out), TP_EXPIRY_ALARMS_MAX);
	assert_string_equal(out[1].subject, "ca-499"); /* the oldest first, behind the list's age */
	json_decref(rows);
	free(out);
}

static void row_66_revocation_lists_are_rows(void **state)
{
	json_t *revocation = json_loads(
		"{\"sources\":[{\"url\":\"http://crl.example.com/a.crl\",\"lists\":[{\"issuer\":\"CN=Corp CA\","
		"\"next-update-at\":\"2027-01-15T08:00:00.000Z\",\"entries\":12}]},{\"url\":\"http://b\",\"lists\":[]}],"
		"\"manual\":{\"lists\":[{\"issuer\":\"CN=Other\",\"next-update-at\":null,\"entries\":0}]}}",
		0, NULL);
	json_t *rows = json_array();
	const json_t *first;

	(void)state;
	assert_non_null(revocation);
	tp_certificates_add_crls(rows, revocation);
	assert_int_equal(json_array_size(rows), 2);
	first = json_array_get(rows, 0);
	assert_string_equal(json_string_value(json_object_get(first, "type")), "CRL");
	assert_string_equal(json_string_value(json_object_get(first, "issued-by")), "CN=Corp CA");
	assert_string_equal(json_string_value(json_object_get(first, "distribution")),
			    "http://crl.example.com/a.crl");
	assert_int_equal(json_integer_value(json_object_get(first, "not-after-s")), 1800000000);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 1), "distribution")), "uploaded");
	json_array_clear(rows);
	tp_certificates_add_crls(rows, NULL);
	assert_int_equal(json_array_size(rows), 0);
	json_decref(rows);
	json_decref(revocation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_66_every_condition_filters),
		cmocka_unit_test(what_does_not_read_is_refused),
		cmocka_unit_test(row_66_csv_holds_no_formula),
		cmocka_unit_test(levels_change_at_60_30_and_7_days),
		cmocka_unit_test(row_66_alarms_name_what_ends),
		cmocka_unit_test(row_64_an_old_default_list_raises_an_alarm),
		cmocka_unit_test(many_alarms_stay_within_their_room),
		cmocka_unit_test(row_66_revocation_lists_are_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
