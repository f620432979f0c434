/* model: defaults, every rule with its message, edits by path, differences, hostile
 * JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "model/ports.h"

static struct tp_model *model;

static int open_model(void **state)
{
	struct tp_diag diag = {0};

	(void)state;
	if (tp_model_new(&model, &diag) != TP_OK) {
		fprintf(stderr, "%s: %s\n", diag.where, diag.text);
		return -1;
	}
	return 0;
}

static int close_model(void **state)
{
	(void)state;
	tp_model_free(&model);
	return 0;
}

static struct tp_tree *parse(const char *json)
{
	struct tp_model_errors errors = {0};
	struct tp_tree *tree = NULL;

	if (tp_tree_parse(model, json, strlen(json), &tree, &errors) != TP_OK)
		fail_msg("%s: %s", errors.list[0].path, errors.list[0].text);
	return tree;
}

/* Parses, validates, and wants this message at this path ("" = it is valid). */
static void expect(const char *json, const char *path, const char *text)
{
	static struct tp_model_errors errors;
	struct tp_tree *tree = NULL;
	enum tp_err err;

	memset(&errors, 0, sizeof(errors));
	err = tp_tree_parse(model, json, strlen(json), &tree, &errors);
	if (err == TP_OK)
		err = tp_tree_validate(tree, &errors);
	tp_tree_free(&tree);
	if (!text[0]) {
		if (err != TP_OK)
			fail_msg("refused: %s: %s\n%s", errors.list[0].path, errors.list[0].text,
				 json);
		return;
	}
	assert_int_not_equal(err, TP_OK);
	for (size_t i = 0; i < errors.count; i++) {
		if (!strcmp(errors.list[i].path, path) && strstr(errors.list[i].text, text))
			return;
	}
	for (size_t i = 0; i < errors.count; i++)
		fprintf(stderr, "  got %s: %s\n", errors.list[i].path, errors.list[i].text);
	fail_msg("wanted %s: %s\nfor %s", path, text, json);
}

#define SYSTEM(more) "\"turnpike-system:system\":{\"host-name\":\"edge.example.com\"" more "}"
#define LAN "\"network\":[{\"name\":\"lan\",\"address\":\"192.0.2.1\"}]"
#define BASE "{" SYSTEM("," LAN)
#define CORE "{" SYSTEM(",\"role\":\"core\"," LAN)
#define ZONE(fields) ",\"turnpike-zone:zones\":{\"zone\":[{\"name\":\"z\"," fields "}]}}"
#define LOGIN "\"verify-name\":\"core.example.com\",\"user\":\"u\",\"password\":\"$tp1$AAAA\""
#define Z "/turnpike-zone:zones/zone[name='z']"

static void defaults_are_there(void **state)
{
	struct tp_tree *tree = NULL;
	struct tp_model_errors errors = {0};
	char *json;

	(void)state;
	assert_int_equal(tp_tree_new(model, &tree), TP_OK);
	assert_string_equal(tp_tree_value(tree, "turnpike-sip:sip/tls/port"), "5061");
	assert_string_equal(tp_tree_value(tree, "turnpike-sip:sip/udp/enabled"), "false");
	assert_string_equal(tp_tree_value(tree, "turnpike-media:media/port-first"), "36002");
	assert_null(tp_tree_value(tree, "turnpike-system:system/host-name"));
	assert_int_equal(tp_tree_print(tree, TP_PRINT_EXPLICIT, &json, NULL), TP_OK);
	assert_string_equal(json, "{}");
	free(json);
	assert_int_equal(tp_tree_validate(tree, &errors), TP_FORMAT);
	assert_string_equal(errors.list[0].path, "/turnpike-system:system/host-name");
	assert_string_equal(errors.list[0].text, "Host name is missing.");
	tp_tree_free(&tree);
}

static void good_configurations_pass(void **state)
{
	(void)state;
	expect("{" SYSTEM() "}", "", "");
	expect(BASE "}", "", "");
	expect(BASE ZONE("\"type\":\"traversal-server\"," LOGIN), "", "");
	expect(CORE ZONE("\"type\":\"traversal-client\",\"peer\":[{\"address\":\"198.51.100.1\"}]"
			 "," LOGIN),
	       "", "");
	expect(BASE ZONE("\"type\":\"neighbor\",\"peer\":[{\"address\":\"pbx.example.com\","
			 "\"port\":5060}],"
			 "\"transport\":\"tcp\",\"network\":\"lan\""),
	       "", "");
	expect(BASE ",\"turnpike-search:search\":{\"rule\":[{\"name\":\"r\",\"match\":\"regex\","
		    "\"pattern\":\"^9(.*)$\",\"behavior\":\"replace\",\"replacement\":\"\\\\1\","
		    "\"target\":\"registrations\"}]}}",
	       "", "");
}

static void values_are_checked(void **state)
{
	(void)state;
	expect("{\"turnpike-system:system\":{\"host-name\":\"a b\"}}",
	       "/turnpike-system:system/host-name", "not a host name");
	expect("{\"turnpike-system:system\":{\"role\":\"both\"}}", "/turnpike-system:system/role",
	       "'both' is none of: edge, core.");
	expect("{\"turnpike-sip:sip\":{\"tls\":{\"port\":80}}}", "/turnpike-sip:sip/tls/port",
	       "1024 to 65534");
	expect("{\"turnpike-sip:sip\":{\"tls\":{\"port\":99999999999}}}",
	       "/turnpike-sip:sip/tls/port", "1024 to 65534");
	expect("{\"turnpike-sip:sip\":{\"tls\":{\"port\":\"5061\"}}}", "/turnpike-sip:sip/tls/port",
	       "whole number");
	expect("{\"turnpike-sip:sip\":{\"tls\":{\"port\":5061.5}}}", "/turnpike-sip:sip/tls/port",
	       "whole number");
	expect("{\"turnpike-sip:sip\":{\"tls\":{\"enabled\":\"true\"}}}",
	       "/turnpike-sip:sip/tls/enabled", "true or false");
	expect("{\"turnpike-sip:sip\":{\"tls\":{\"prot\":1}}}", "/turnpike-sip:sip/tls/prot",
	       "no such setting");
	expect("{\"sip\":{}}", "/sip", "no such setting");
	expect("{\"turnpike-sip:sip\":[]}", "/turnpike-sip:sip", "must be an object");
	expect("{\"turnpike-zone:zones\":{\"zone\":{}}}", "/turnpike-zone:zones/zone",
	       "must be an array");
	expect("{\"turnpike-zone:zones\":{\"zone\":[{\"type\":\"neighbor\"}]}}",
	       "/turnpike-zone:zones/zone", "needs a text 'name'");
	expect("{\"turnpike-zone:zones\":{\"zone\":[{\"name\":\"it's\"}]}}",
	       "/turnpike-zone:zones/zone", "letters, digits");
	expect("{" SYSTEM(",\"network\":[{\"name\":\"a\",\"address\":\"192.0.2\"}]") "}",
	       "/turnpike-system:system/network[name='a']/address",
	       "'192.0.2' is not an IP address.");
	expect(BASE ZONE("\"type\":\"neighbor\",\"peer\":[{\"address\":\"a_b\"}]"), Z "/peer",
	       "not an IP address or host name");
	expect("{\"turnpike-tls:tls\":{\"identity\":{\"private-key\":\"-----BEGIN\"}}}",
	       "/turnpike-tls:tls/identity/private-key", "stored sealed only");
	expect("{\"turnpike-tls:tls\":{\"trusted-ca\":[{\"name\":\"a\",\"certificate\":\"x\"}]}}",
	       "/turnpike-tls:tls/trusted-ca[name='a']/certificate", "PEM form");
}

static void system_rules_hold(void **state)
{
	(void)state;
	expect("{" SYSTEM(",\"network\":[{\"name\":\"a\",\"address\":\"192.0.2.1\"},"
			  "{\"name\":\"b\",\"address\":\"192.0.2.1\"}]") "}",
	       "/turnpike-system:system/network[name='b']", "Another network has this address");
	expect("{" SYSTEM(",\"network\":[{\"name\":\"a\",\"address\":\"0.0.0.0\"}]") "}",
	       "/turnpike-system:system/network[name='a']/address", "stand for all of them");
	expect("{" SYSTEM(",\"network\":[{\"name\":\"a\",\"address\":\"192.0.2.1\","
			  "\"advertised-address\":\"2001:db8::1\"}]") "}",
	       "/turnpike-system:system/network[name='a']/advertised-address", "same IP version");
	expect("{" SYSTEM(",\"network\":[{\"name\":\"a\"}]") "}",
	       "/turnpike-system:system/network[name='a']/address", "Address is missing.");
	expect("{" SYSTEM(",\"network\":[{\"name\":\"a\",\"address\":\"192.0.2.1\"},"
			  "{\"name\":\"a\",\"address\":\"192.0.2.2\"}]") "}",
	       "/turnpike-system:system/network[name='a']", "twice");
	expect("{" SYSTEM(",\"web\":{\"session-idle\":60,\"session-absolute\":30}") "}",
	       "/turnpike-system:system/web/session-absolute", "shorter than the idle");
	expect(BASE ",\"turnpike-tls:tls\":{\"identity\":{\"private-key\":\"$tp1$AAAA\"}}}",
	       "/turnpike-tls:tls/identity", "needs its");
}

static void listeners_do_not_clash(void **state)
{
	(void)state;
	expect(BASE ",\"turnpike-sip:sip\":{\"tls\":{\"port\":7443}}}",
	       "/turnpike-sip:sip/tls/port", "administration web server");
	expect(BASE ",\"turnpike-sip:sip\":{\"tcp\":{\"enabled\":true,\"port\":7443}}}",
	       "/turnpike-sip:sip/tcp/port", "administration web server");
	expect(BASE ",\"turnpike-sip:sip\":{\"tcp\":{\"enabled\":true,\"port\":5061}}}",
	       "/turnpike-sip:sip/tls/port", "SIP over TCP has this TCP port");
	expect(BASE ",\"turnpike-sip:sip\":{\"tcp\":{\"port\":5061}}}", "", "");
	expect(BASE ",\"turnpike-sip:sip\":{\"udp\":{\"enabled\":true,\"port\":5061}}}", "", "");
	expect(BASE ZONE("\"type\":\"traversal-server\",\"listen-port\":7443," LOGIN),
	       Z "/listen-port", "administration web server");
	expect(BASE ZONE("\"type\":\"traversal-server\",\"listen-port\":5061," LOGIN),
	       Z "/listen-port", "SIP over TLS");
	expect(BASE ",\"turnpike-sip:sip\":{\"tcp\":{\"enabled\":true}}" ZONE(
		       "\"type\":\"traversal-server\",\"listen-port\":5060," LOGIN),
	       Z "/listen-port", "SIP over TCP");
	expect(BASE ",\"turnpike-zone:zones\":{\"zone\":[{\"name\":\"z\",\"type\":\"traversal-"
		    "server\"," LOGIN "},{\"name\":\"y\",\"type\":\"traversal-server\"," LOGIN
		    "}]}}",
	       Z "/listen-port", "7002 for the second");
}

static void zone_rules_hold(void **state)
{
	(void)state;
	expect(BASE ZONE("\"enabled\":true"), Z "/type", "Type is missing.");
	expect(CORE ZONE("\"type\":\"traversal-server\"," LOGIN), Z, "works on an edge only");
	expect(BASE ZONE("\"type\":\"traversal-client\",\"peer\":[{\"address\":\"a\"}]," LOGIN), Z,
	       "works on a core only");
	expect(BASE ZONE("\"type\":\"neighbor\""), Z, "at least one peer");
	expect(CORE ZONE("\"type\":\"traversal-client\"," LOGIN), Z, "at least one peer");
	expect("{" SYSTEM() ZONE("\"type\":\"traversal-server\"," LOGIN), Z,
	       "configure a network first");
	expect(BASE ZONE("\"type\":\"traversal-server\",\"user\":\"u\",\"password\":\"$tp1$AAAA\""),
	       Z, "certificate must carry");
	expect(BASE ZONE("\"type\":\"traversal-server\",\"verify-name\":\"a\",\"password\":\"$tp1$"
			 "AAAA\""),
	       Z, "needs the user name");
	expect(BASE ZONE("\"type\":\"traversal-server\",\"verify-name\":\"a\",\"user\":\"u\""), Z,
	       "needs the password");
	expect(BASE ZONE("\"type\":\"traversal-server\",\"transport\":\"tcp\"," LOGIN),
	       Z "/transport", "use TLS always");
	expect(BASE ZONE("\"type\":\"neighbor\",\"transport\":\"udp\",\"peer\":[{\"address\":\"a\"}"
			 "]"),
	       Z, "SIP over UDP is off");
	expect(BASE ZONE(
		       "\"type\":\"neighbor\",\"network\":\"dmz\",\"peer\":[{\"address\":\"a\"}]"),
	       Z "/network", "Network 'dmz' does not exist.");
	expect(BASE ZONE(
		       "\"type\":\"neighbor\",\"listen-port\":7001,\"peer\":[{\"address\":\"a\"}]"),
	       Z "/listen-port", "does not apply here");
	expect(BASE ",\"turnpike-zone:zones\":{\"zone\":[{\"name\":\"Default "
		    "Zone\",\"type\":\"neighbor\","
		    "\"peer\":[{\"address\":\"a\"}]}]}}",
	       "/turnpike-zone:zones/zone[name='Default Zone']/name", "exists already");
}

#define RULE(fields) BASE ",\"turnpike-search:search\":{\"rule\":[{\"name\":\"r\"," fields "}]}}"
#define R "/turnpike-search:search/rule[name='r']"

static void search_rules_hold(void **state)
{
	(void)state;
	expect(RULE("\"priority\":1"), R "/target", "Target is missing.");
	expect(RULE("\"priority\":65535,\"target\":\"registrations\""), R "/priority",
	       "1 to 65534");
	expect(RULE("\"target\":\"zone\""), R, "Name the target zone");
	expect(RULE("\"target\":\"zone\",\"target-zone\":\"x\""), R "/target-zone",
	       "Target zone 'x' does not exist.");
	expect(RULE("\"source\":\"zone\",\"target\":\"registrations\""), R, "Name the source zone");
	expect(RULE("\"match\":\"prefix\",\"target\":\"registrations\""), R, "Give the pattern");
	expect(RULE("\"match\":\"any\",\"behavior\":\"strip\",\"target\":\"registrations\""), R,
	       "Nothing can be");
	expect(RULE("\"match\":\"exact\",\"pattern\":\"a\",\"behavior\":\"replace\",\"target\":"
		    "\"registrations\""),
	       R, "Give the text that replaces");
	expect(RULE("\"match\":\"regex\",\"pattern\":\"(\",\"target\":\"registrations\""),
	       R "/pattern", "not a regular expression");
}

static void media_rules_hold(void **state)
{
	static const struct {
		const char *fields, *leaf, *text;
	} rows[] = {
		{"\"port-first\":36003", "/port-first", "must be even"},
		{"\"port-last\":59998", "/port-last", "must be odd"},
		{"\"port-first\":40000,\"port-last\":39999", "", "lower than the last"},
		{"\"port-first\":40000,\"port-last\":40001", "/port-first", "at least two pairs"},
		{"\"hop-rtp-port\":40000", "/hop-rtp-port", "outside of the media range"},
		{"\"hop-rtcp-port\":40000", "/hop-rtcp-port", "outside of the media range"},
		{"\"hop-rtcp-port\":36000", "/hop-rtcp-port", "two different ports"},
		{"\"dscp\":64", "/dscp", "0 to 63"},
	};
	char json[1024];
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(json, sizeof(json), BASE ",\"turnpike-media:media\":{%s}}",
			 rows[i].fields);
		snprintf(path, sizeof(path), "/turnpike-media:media%s", rows[i].leaf);
		expect(json, path, rows[i].text);
	}
	expect(BASE ",\"turnpike-sip:sip\":{\"udp\":{\"enabled\":true,\"port\":40000}}}",
	       "/turnpike-media:media/port-first", "inside the media range");
	expect(BASE ",\"turnpike-sip:sip\":{\"udp\":{\"enabled\":true,\"port\":36000}}}",
	       "/turnpike-media:media/hop-rtp-port", "SIP over UDP has this port");
	expect(BASE
	       ",\"turnpike-sip:sip\":{\"registrar\":{\"expires-min\":600,\"expires-max\":300}}}",
	       "/turnpike-sip:sip/registrar/expires-max", "shorter than the shortest");
}

static void access_rules_hold(void **state)
{
	(void)state;
#define POLICY(fields) BASE ",\"turnpike-access:access\":{\"password-policy\":{" fields "}}}"
#define P "/turnpike-access:access/password-policy"
	expect(POLICY("\"minimum-length\":15,\"minimum-upper\":1,\"maximum-age\":60,"
		      "\"minimum-age\":24"),
	       "", "");
	expect(POLICY("\"minimum-length\":7"), P "/minimum-length", "8 to 64 characters");
	expect(POLICY("\"history\":11"), P "/history", "0 and 10");
	expect(POLICY("\"maximum-age\":1,\"minimum-age\":24"), P "/minimum-age",
	       "shorter than the greatest");
	expect(POLICY("\"minimum-age\":24"), "", "");
}

static void log_rules_hold(void **state)
{
	(void)state;
	expect(BASE ",\"turnpike-log:log\":{\"audit\":{\"size\":1,\"keep\":3650}}}", "", "");
	expect(BASE ",\"turnpike-log:log\":{\"warning-level\":96}}", "/turnpike-log:log/warning-level",
	       "50 to 95");
	expect(BASE ",\"turnpike-log:log\":{\"network\":{\"keep\":0}}}", "/turnpike-log:log/network/keep",
	       "1 to 3650");
}

static void many_errors_come_at_once(void **state)
{
	static struct tp_model_errors errors;
	struct tp_tree *tree = parse("{" SYSTEM() ",\"turnpike-media:media\":{\"port-first\":36003,"
						  "\"port-last\":59998}}");

	(void)state;
	memset(&errors, 0, sizeof(errors));
	assert_int_equal(tp_tree_validate(tree, &errors), TP_FORMAT);
	assert_int_equal(errors.count, 2);
	tp_tree_free(&tree);
}

/* ------------------------------------------------------------------------- edits */

static enum tp_err seal(void *arg, const char *record, struct tp_span clear,
			char sealed[TP_MODEL_SEALED_MAX + 1])
{
	(void)arg;
	assert_string_not_equal(record, "");
	assert_int_not_equal(clear.len, 0);
	snprintf(sealed, TP_MODEL_SEALED_MAX + 1, "$tp1$%s%zu",
		 strstr(record, "zone/core") ? "core" : "x", clear.len);
	return TP_OK;
}

static enum tp_err put(struct tp_tree *tree, const char *path, const char *json)
{
	static struct tp_model_errors errors;
	bool created;

	memset(&errors, 0, sizeof(errors));
	return tp_tree_put(tree, path, json, strlen(json), seal, NULL, &created, &errors);
}

#define CORE_PATH "turnpike-zone:zones/zone=core"

static void edits_by_path(void **state)
{
	struct tp_tree *tree = parse(BASE "}");
	struct tp_model_errors errors = {0};
	char location[TP_MODEL_TEXT_MAX + 1];
	const char *body = "{\"turnpike-zone:zone\":[{\"name\":\"pbx 1\",\"type\":\"neighbor\"}]}";
	char *json;

	(void)state;
	assert_int_equal(
		put(tree, CORE_PATH,
		    "{\"turnpike-zone:zone\":[{\"name\":\"core\",\"type\":\"traversal-server\","
		    "\"verify-name\":\"core.example.com\",\"user\":\"u\",\"password\":\"secret\"}]"
		    "}"),
		TP_OK);
	assert_string_equal(tp_tree_value(tree, CORE_PATH "/password"), "$tp1$core6");
	assert_string_equal(tp_tree_value(tree, CORE_PATH "/listen-port"), "7001");
	assert_int_equal(put(tree, CORE_PATH "/hop-count", "{\"turnpike-zone:hop-count\":9}"),
			 TP_OK);
	assert_string_equal(tp_tree_value(tree, CORE_PATH "/hop-count"), "9");
	/* the mask keeps the secret; a whole entry replaces what is not in it */
	assert_int_equal(
		put(tree, CORE_PATH,
		    "{\"turnpike-zone:zone\":[{\"name\":\"core\",\"type\":\"traversal-server\","
		    "\"password\":\"********\"}]}"),
		TP_OK);
	assert_string_equal(tp_tree_value(tree, CORE_PATH "/password"), "$tp1$core6");
	assert_string_equal(tp_tree_value(tree, CORE_PATH "/hop-count"), "15");
	assert_null(tp_tree_value(tree, CORE_PATH "/user"));
	/* reads are masked */
	assert_int_equal(tp_tree_get(tree, CORE_PATH "/password", TP_PRINT_ALL | TP_PRINT_MASKED,
				     &json, &errors),
			 TP_OK);
	assert_string_equal(json, "{\"turnpike-zone:password\":\"********\"}");
	free(json);
	/* post makes, and does not replace */
	assert_int_equal(tp_tree_post(tree, "turnpike-zone:zones", body, strlen(body), seal, NULL,
				      location, &errors),
			 TP_OK);
	assert_string_equal(location, "turnpike-zone:zones/zone=pbx%201");
	assert_int_equal(tp_tree_post(tree, "turnpike-zone:zones", body, strlen(body), seal, NULL,
				      location, &errors),
			 TP_EXISTS);
	assert_int_equal(tp_tree_delete(tree, "turnpike-zone:zones/zone=pbx%201", &errors), TP_OK);
	assert_int_equal(tp_tree_delete(tree, "turnpike-zone:zones/zone=pbx%201", &errors),
			 TP_NOTFOUND);
	/* a deleted leaf is at its default again */
	assert_int_equal(put(tree, "turnpike-sip:sip/tls/port", "{\"port\":5071}"), TP_OK);
	assert_int_equal(tp_tree_delete(tree, "turnpike-sip:sip/tls/port", &errors), TP_OK);
	assert_string_equal(tp_tree_value(tree, "turnpike-sip:sip/tls/port"), "5061");
	/* a change of type drops what no longer applies */
	assert_int_equal(put(tree, CORE_PATH "/type", "{\"turnpike-zone:type\":\"neighbor\"}"),
			 TP_OK);
	assert_null(tp_tree_value(tree, CORE_PATH "/password"));
	assert_null(tp_tree_value(tree, CORE_PATH "/listen-port"));
	assert_string_equal(tp_tree_value(tree, CORE_PATH "/monitor"), "true");
	tp_tree_free(&tree);
}

static void bad_edits_change_nothing(void **state)
{
	static const struct {
		const char *path, *body;
		enum tp_err err;
	} rows[] = {
		{CORE_PATH "/user", "{\"turnpike-zone:user\":\"u\"}", TP_NOTFOUND},
		{CORE_PATH, "{\"turnpike-zone:zone\":[{\"name\":\"other\"}]}", TP_FORMAT},
		{CORE_PATH, "{\"turnpike-zone:zone\":[{\"name\":\"core\"},{\"name\":\"core\"}]}",
		 TP_FORMAT},
		{CORE_PATH, "{\"turnpike-zone:zone\":{\"name\":\"core\"}}", TP_FORMAT},
		{CORE_PATH,
		 "{\"turnpike-zone:zone\":[{\"name\":\"core\",\"password\":\"********\"}]}",
		 TP_FORMAT},
		{CORE_PATH "/name", "{\"turnpike-zone:name\":\"x\"}", TP_NOTFOUND},
		{"", "{\"turnpike-zone:zones\":{}}", TP_FORMAT},
		{"turnpike-zone:zones/zone", "{\"turnpike-zone:zone\":{}}", TP_FORMAT},
		{"turnpike-sip:sip/tls/port", "{\"turnpike-sip:port\":1}", TP_FORMAT},
		{"turnpike-sip:sip/tls/port", "{\"turnpike-sip:enabled\":true}", TP_FORMAT},
		{"turnpike-sip:sip/tls/port", "{\"port\":5061,\"enabled\":true}", TP_FORMAT},
		{"turnpike-sip:sip/tls/port", "[]", TP_FORMAT},
		{"turnpike-sip:sip/tls=1/port", "{\"port\":5061}", TP_FORMAT},
		{"sip/tls/port", "{\"port\":5061}", TP_FORMAT},
		{"turnpike-sip:sip/%00", "{}", TP_FORMAT},
		{"turnpike-sip:sip//port", "{}", TP_FORMAT},
		{"turnpike-sip:sip/%zz", "{}", TP_FORMAT},
	};
	struct tp_tree *tree = parse(BASE "}");
	char *before, *after;

	(void)state;
	assert_int_equal(tp_tree_print(tree, TP_PRINT_ALL, &before, NULL), TP_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (put(tree, rows[i].path, rows[i].body) != rows[i].err)
			fail_msg("PUT %s %s", rows[i].path, rows[i].body);
		assert_int_equal(tp_tree_print(tree, TP_PRINT_ALL, &after, NULL), TP_OK);
		assert_string_equal(before, after);
		free(after);
	}
	free(before);
	tp_tree_free(&tree);
}

/* --------------------------------------------------------------------------- diff */

static void expect_change(const struct tp_changes *c, const char *path, const char *label,
			  const char *before, const char *after)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->list[i].path, path))
			continue;
		assert_string_equal(c->list[i].label, label);
		if (before)
			assert_string_equal(c->list[i].before, before);
		else
			assert_null(c->list[i].before);
		if (after)
			assert_string_equal(c->list[i].after, after);
		else
			assert_null(c->list[i].after);
		return;
	}
	fail_msg("no change at %s", path);
}

static void differences_are_for_people(void **state)
{
	struct tp_tree *a = parse(BASE ZONE("\"type\":\"traversal-server\"," LOGIN));
	struct tp_tree
		*b =
			parse("{" SYSTEM(",\"network\":[{\"name\":\"lan\",\"address\":\"192.0.2."
					 "2\"}]") ",\"turnpike-sip:sip\":{\"tls\":{\"port\":5071},"
						  "\"udp\":{\"enabled\":false},"
						  "\"registrar\":{\"domain\":[\"example.com\"]}}}");
	struct tp_changes c;

	(void)state;
	assert_int_equal(tp_tree_diff(a, b, &c), TP_OK);
	expect_change(&c, "/turnpike-sip:sip/tls/port", "SIP › TLS › Port", "5061", "5071");
	expect_change(&c, "/turnpike-system:system/network[name='lan']/address",
		      "System › Network lan › Address", "192.0.2.1", "192.0.2.2");
	expect_change(&c, Z, "Zones › Zone z", NULL, NULL);
	expect_change(&c, Z "/password", "Zones › Zone z › Password", "********", NULL);
	expect_change(&c, "/turnpike-sip:sip/registrar/domain[.='example.com']",
		      "SIP › Registrar › SIP domains", NULL, "example.com");
	assert_int_equal(c.count, 8); /* the entry and its five values besides */
	for (size_t i = 0; i < c.count; i++)
		assert_int_equal(c.list[i].lockout, strstr(c.list[i].path, "network") != NULL);
	tp_changes_fini(&c);
	assert_int_equal(tp_tree_diff(a, a, &c), TP_OK);
	assert_int_equal(c.count, 0);
	tp_changes_fini(&c);
	tp_tree_free(&a);
	tp_tree_free(&b);
}

static void print_and_parse_agree(void **state)
{
	struct tp_tree *a = parse(BASE ZONE("\"type\":\"traversal-server\"," LOGIN));
	struct tp_tree *b;
	char *one, *two;

	(void)state;
	assert_int_equal(tp_tree_print(a, TP_PRINT_EXPLICIT, &one, NULL), TP_OK);
	b = parse(one);
	assert_int_equal(tp_tree_print(b, TP_PRINT_EXPLICIT, &two, NULL), TP_OK);
	assert_string_equal(one, two);
	assert_null(strstr(one, "hop-count"));
	free(one);
	free(two);
	tp_tree_free(&a);
	tp_tree_free(&b);
}

/* --------------------------------------------------------------- secrets and ports */

static void note_secret(void *arg, const char *record, const char *sealed)
{
	char *out = arg;

	sprintf(out + strlen(out), "%s=%s;", record, sealed);
}

static void secrets_have_record_names(void **state)
{
	struct tp_tree *tree = parse(
		BASE ",\"turnpike-sip:sip\":{\"registrar\":{\"account\":["
		     "{\"name\":\"alice\",\"password\":\"$tp1$B=\"}]}}"
		     ",\"turnpike-tls:tls\":{\"identity\":{\"private-key\":\"$tp1$KEY\"}}" ZONE(
			     "\"type\":\"traversal-server\"," LOGIN));
	char seen[512] = "";

	(void)state;
	tp_tree_each_secret(tree, note_secret, seen);
	assert_non_null(strstr(seen, "account/alice/password=$tp1$B=;"));
	assert_non_null(strstr(seen, "identity/server/key=$tp1$KEY;"));
	assert_non_null(strstr(seen, "zone/z/password=$tp1$AAAA;"));
	tp_tree_free(&tree);
}

static void note_port(void *arg, const struct tp_port *port)
{
	char *out = arg;

	sprintf(out + strlen(out), "%s %s %s:%s;", port->outward ? "out" : "in", port->protocol,
		port->address, port->port);
}

static void expect_ports(const char *json, const char *wanted)
{
	struct tp_tree *tree = parse(json);
	char seen[1024] = "";

	tp_tree_each_port(tree, note_port, seen);
	assert_string_equal(seen, wanted);
	tp_tree_free(&tree);
}

static void ports_are_those_that_are_opened(void **state)
{
	(void)state;
	expect_ports("{" SYSTEM() "}", "");
	expect_ports(BASE
		     ",\"turnpike-sip:sip\":{\"udp\":{\"enabled\":true},\"tls\":{\"enabled\":false}"
		     "}" ZONE("\"type\":\"traversal-server\",\"listen-port\":7002," LOGIN),
		     "in TCP 192.0.2.1:7443;in UDP 192.0.2.1:5060;in UDP 192.0.2.1:36002-59999;"
		     "in TCP 192.0.2.1:7002;in UDP 192.0.2.1:36000, 36001;");
	/* a core listens on nothing towards the edge */
	expect_ports(CORE ZONE("\"type\":\"traversal-client\",\"peer\":[{\"address\":\"198.51.100."
			       "1\"}]," LOGIN),
		     "in TCP 192.0.2.1:7443;in TCP 192.0.2.1:5061;in UDP 192.0.2.1:36002-59999;"
		     "out TCP 198.51.100.1:7001;out UDP 198.51.100.1:36000, 36001;");
	expect_ports(BASE ZONE("\"type\":\"neighbor\",\"enabled\":false,\"peer\":[{\"address\":"
			       "\"192.0.2.9\"}]"),
		     "in TCP 192.0.2.1:7443;in TCP 192.0.2.1:5061;in UDP 192.0.2.1:36002-59999;");
}

/* ------------------------------------------------------------------- hostile text */

static void refuse(const char *json, size_t len, const char *text)
{
	static struct tp_model_errors errors;
	struct tp_tree *tree = NULL;

	memset(&errors, 0, sizeof(errors));
	assert_int_equal(tp_tree_parse(model, json, len, &tree, &errors), TP_FORMAT);
	assert_null(tree);
	assert_int_equal(errors.count, 1);
	if (!strstr(errors.list[0].text, text))
		fail_msg("wanted '%s', got '%s'", text, errors.list[0].text);
}

static void hostile_text_is_refused(void **state)
{
	static char deep[200000];
	char *huge = calloc(1, TP_MODEL_JSON_MAX + 2);

	(void)state;
	memset(deep, '[', sizeof(deep));
	refuse(deep, sizeof(deep), "nested deeper");
	memset(huge, ' ', TP_MODEL_JSON_MAX + 1);
	refuse(huge, TP_MODEL_JSON_MAX + 1, "longer than");
	free(huge);
	refuse("{\"a\":1,\"a\":2}", 13, "not valid JSON");
	refuse("{\"turnpike-system:system\":{\"host-name\":\"\xff\xfe\"}}", 44, "not valid JSON");
	refuse("{} x", 4, "not valid JSON");
	refuse("", 0, "not valid JSON");
	refuse("[]", 2, "not an object");
	refuse("{\"turnpike-system:system\":{\"host-name\":\"a\\u0000b\"}}",
	       strlen("{\"turnpike-system:system\":{\"host-name\":\"a\\u0000b\"}}"),
	       "not valid JSON");
}

static void too_many_entries_are_refused(void **state)
{
	char *json = malloc(1 << 20);
	size_t n = (size_t)sprintf(json, "{" SYSTEM(",\"network\":["));

	(void)state;
	n -= 1; /* the brace that SYSTEM closed with */
	for (int i = 0; i < 17; i++)
		n += (size_t)sprintf(json + n, "%s{\"name\":\"n%d\",\"address\":\"192.0.2.%d\"}",
				     i ? "," : "", i, i + 1);
	sprintf(json + n, "]}}");
	expect(json, "/turnpike-system:system/network[name='n16']", "too many");
	free(json);
}

static void schema_has_what_forms_need(void **state)
{
	const char *schema = tp_model_schema(model);

	(void)state;
	assert_non_null(strstr(
		schema,
		"\"path\":\"/turnpike-sip:sip/tls/port\",\"name\":\"port\",\"kind\":\"leaf\","
		"\"label\":\"Port\""));
	assert_non_null(strstr(schema, "\"leafref\":\"/turnpike-system:system/network/name\""));
	assert_non_null(strstr(schema, "\"type\":\"secret\""));
	assert_non_null(strstr(schema, "\"type\":\"ip-address\""));
	assert_non_null(strstr(schema, "\"type\":\"host\""));
	assert_non_null(strstr(schema, "\"when\":\"../type = 'neighbor'\""));
	assert_non_null(strstr(schema, "\"range\":\"1024..65534\""));
	assert_non_null(strstr(schema, "\"default\":\"5061\""));
	assert_non_null(strstr(schema, "\"units\":\"seconds\""));
	assert_null(strstr(schema, "tp1")); /* the stored form of secrets is nobody's business */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_there),
		cmocka_unit_test(good_configurations_pass),
		cmocka_unit_test(values_are_checked),
		cmocka_unit_test(system_rules_hold),
		cmocka_unit_test(listeners_do_not_clash),
		cmocka_unit_test(zone_rules_hold),
		cmocka_unit_test(search_rules_hold),
		cmocka_unit_test(media_rules_hold),
		cmocka_unit_test(access_rules_hold),
		cmocka_unit_test(log_rules_hold),
		cmocka_unit_test(many_errors_come_at_once),
		cmocka_unit_test(edits_by_path),
		cmocka_unit_test(bad_edits_change_nothing),
		cmocka_unit_test(differences_are_for_people),
		cmocka_unit_test(print_and_parse_agree),
		cmocka_unit_test(secrets_have_record_names),
		cmocka_unit_test(ports_are_those_that_are_opened),
		cmocka_unit_test(hostile_text_is_refused),
		cmocka_unit_test(too_many_entries_are_refused),
		cmocka_unit_test(schema_has_what_forms_need),
	};

	return cmocka_run_group_tests(tests, open_model, close_model);
}
