/* The settings below tls/service: what is refused and where, and what each process gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/messages.h"
#include "model/make_slices.h"
#include "model/model.h"
#include "model/slice.h"
#include "tls/policy.h"

static struct tp_model *model;

static struct tp_tree *parse(const char *services)
{
	static struct tp_model_errors errors;
	struct tp_tree *tree = NULL;
	char json[4096];

	memset(&errors, 0, sizeof(errors));
	snprintf(json, sizeof(json),
		 "{\"turnpike-system:system\":{\"host-name\":\"a.example\"},"
		 "\"turnpike-tls:tls\":{\"service\":%s}}",
		 services);
	if (tp_tree_parse(model, json, strlen(json), &tree, &errors) != TP_OK)
		fail_msg("%s: %s", errors.list[0].path, errors.list[0].text);
	return tree;
}

static void refused(const char *services, const char *path, const char *words)
{
	static struct tp_model_errors errors;
	struct tp_tree *tree = parse(services);

	memset(&errors, 0, sizeof(errors));
	assert_int_equal(tp_tree_validate(tree, &errors), TP_FORMAT);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.list[0].path, path);
	if (!strstr(errors.list[0].text, words))
		fail_msg("\"%s\" does not say \"%s\"", errors.list[0].text, words);
	tp_tree_free(&tree);
}

static void row_111_bad_lists_are_refused_at_their_setting(void **state)
{
	(void)state;
	refused("{\"web\":{\"preset\":\"custom\",\"ciphers\":\"HIGH:!aNUL\"}}",
		"/turnpike-tls:tls/service/web/ciphers", "'aNUL' is not known");
	refused("{\"sip\":{\"preset\":\"custom\",\"inbound\":{\"ciphers\":\"HIGH:!ADH\"}}}",
		"/turnpike-tls:tls/service/sip/inbound/ciphers", "!aNULL");
	refused("{\"traversal\":{\"preset\":\"custom\",\"outbound\":{\"ciphers\":\"HIGH:!HIGH\"}}}",
		"/turnpike-tls:tls/service/traversal/outbound/ciphers", "leaves no cipher suite");
	refused("{\"sip\":{\"preset\":\"custom\",\"ciphersuites\":\"TLS_NULL\"}}",
		"/turnpike-tls:tls/service/sip/ciphersuites", "TLS_NULL");
	refused("{\"sip\":{\"preset\":\"disa\",\"minimum-version\":\"1.1\"}}",
		"/turnpike-tls:tls/service/sip/minimum-version", "DISA");
	/* A list without the custom preset would be a setting that does nothing. */
	refused("{\"web\":{\"ciphers\":\"HIGH:!aNULL\"}}", "/turnpike-tls:tls/service/web/ciphers",
		"does not apply");
}

static struct tp_slice_fds make(const char *services)
{
	static struct tp_model_errors errors;
	struct tp_tree *tree = parse(services);
	struct tp_slice_fds fds;
	struct tp_diag diag = {0};

	memset(&errors, 0, sizeof(errors));
	if (tp_tree_validate(tree, &errors) != TP_OK)
		fail_msg("%s: %s", errors.list[0].path, errors.list[0].text);
	assert_int_equal(tp_tree_make_slices(tree, 1, &fds, &diag), TP_OK);
	tp_tree_free(&tree);
	close(fds.media);
	return fds;
}

static void read_both(const char *services, struct tp_cfg_admin *admin, struct tp_cfg_sip *sip,
		      struct tp_slice *slices[2])
{
	struct tp_slice_fds fds = make(services);
	struct tp_diag diag = {0};
	struct tp_rd rd;

	assert_int_equal(tp_slice_open(fds.admin, &slices[0], &diag), TP_OK);
	assert_int_equal(tp_slice_open(fds.sip, &slices[1], &diag), TP_OK);
	close(fds.admin);
	close(fds.sip);
	rd = slices[0]->body;
	assert_int_equal(tp_cfg_admin_read(&rd, admin), TP_OK);
	rd = slices[1]->body;
	assert_int_equal(tp_cfg_sip_read(&rd, sip), TP_OK);
}

static void same(const struct tp_cfg_tls_policy *have, enum tp_tls_service service,
		 enum tp_tls_side side, enum tp_tls_preset preset, enum tp_tls_version least)
{
	struct tp_tls_policy want;

	tp_tls_policy_preset(service, side, preset, &want);
	assert_int_equal(have->least, least);
	assert_string_equal(have->ciphers, want.ciphers);
	assert_string_equal(have->ciphersuites, want.ciphersuites);
	assert_string_equal(have->groups, want.groups);
}

static void row_112_every_service_begins_with_tls_1_2_and_the_recommended_lists(void **state)
{
	/* Custom with nothing set is the recommended lists, too: the model's defaults are
	 * the program's. */
	static const char *const configurations[] = {
		"{}",
		"{\"web\":{\"preset\":\"custom\"},\"sip\":{\"preset\":\"custom\"},"
		"\"traversal\":{\"preset\":\"custom\"}}",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tp_cfg_admin *admin = calloc(1, sizeof(*admin));
		struct tp_cfg_sip *sip = calloc(1, sizeof(*sip));
		struct tp_slice *slices[2];

		read_both(configurations[i], admin, sip, slices);
		same(&admin->web_tls[0], TP_TLS_SERVICE_WEB, TP_TLS_INBOUND, TP_TLS_RECOMMENDED,
		     TP_TLS_1_2);
		assert_int_equal(sip->tls_count, TP_SIP_IDENTITIES);
		for (size_t t = 0; t < TP_SIP_IDENTITIES; t++)
			same(&sip->tls[t], TP_TLS_SERVICE_SIP, TP_TLS_INBOUND, TP_TLS_RECOMMENDED,
			     TP_TLS_1_2);
		tp_cfg_admin_fini(admin);
		tp_cfg_sip_fini(sip);
		tp_slice_close(&slices[0]);
		tp_slice_close(&slices[1]);
		free(admin);
		free(sip);
	}
}

static void row_116_and_117_presets_reach_the_processes(void **state)
{
	struct tp_cfg_admin *admin = calloc(1, sizeof(*admin));
	struct tp_cfg_sip *sip = calloc(1, sizeof(*sip));
	struct tp_slice *slices[2];

	(void)state;
	read_both("{\"web\":{\"preset\":\"disa\",\"minimum-version\":\"1.3\"},"
		  "\"sip\":{\"preset\":\"compatible\",\"minimum-version\":\"1.0\"},"
		  "\"traversal\":{\"preset\":\"custom\",\"ciphersuites\":\"TLS_AES_128_GCM_SHA256\","
		  "\"inbound\":{\"ciphers\":\"EECDH+AESGCM:!aNULL\"},\"outbound\":{\"ciphers\":\"HIGH\"}}}",
		  admin, sip, slices);
	same(&admin->web_tls[0], TP_TLS_SERVICE_WEB, TP_TLS_INBOUND, TP_TLS_DISA, TP_TLS_1_3);
	same(&sip->tls[TP_SIP_IDENTITY_SIP_SERVER], TP_TLS_SERVICE_SIP, TP_TLS_INBOUND,
	     TP_TLS_COMPATIBLE, TP_TLS_1_0);
	same(&sip->tls[TP_SIP_IDENTITY_SIP_CLIENT], TP_TLS_SERVICE_SIP, TP_TLS_OUTBOUND,
	     TP_TLS_COMPATIBLE, TP_TLS_1_0);
	assert_string_equal(sip->tls[TP_SIP_IDENTITY_TRAVERSAL_SERVER].ciphers,
			    "EECDH+AESGCM:!aNULL");
	assert_string_equal(sip->tls[TP_SIP_IDENTITY_TRAVERSAL_CLIENT].ciphers, "HIGH");
	assert_string_equal(sip->tls[TP_SIP_IDENTITY_TRAVERSAL_CLIENT].ciphersuites,
			    "TLS_AES_128_GCM_SHA256");
	/* admin knows which services let old versions in, for its alarm. */
	assert_int_equal(admin->tls_least_count, TP_TLS_SERVICES);
	assert_int_equal(admin->tls_least[TP_TLS_SERVICE_WEB].version, TP_TLS_1_3);
	assert_int_equal(admin->tls_least[TP_TLS_SERVICE_SIP].version, TP_TLS_1_0);
	assert_int_equal(admin->tls_least[TP_TLS_SERVICE_TRAVERSAL].version, TP_TLS_1_2);
	tp_cfg_admin_fini(admin);
	tp_cfg_sip_fini(sip);
	tp_slice_close(&slices[0]);
	tp_slice_close(&slices[1]);
	free(admin);
	free(sip);
}

static void the_model_has_the_services_of_the_table(void **state)
{
	struct tp_tree *tree;

	(void)state;
	assert_int_equal(tp_tree_new(model, &tree), TP_OK);
	for (int i = 0; i < TP_TLS_SERVICES; i++) {
		const struct tp_tls_service_info *info = tp_tls_service_info((enum tp_tls_service)i);
		char path[128];

		snprintf(path, sizeof(path), "turnpike-tls:tls/service/%s/minimum-version", info->name);
		assert_string_equal(tp_tree_value(tree, path), "1.2");
		snprintf(path, sizeof(path), "turnpike-tls:tls/service/%s/preset", info->name);
		assert_string_equal(tp_tree_value(tree, path), "recommended");
	}
	tp_tree_free(&tree);
}

static void a_change_for_the_web_can_lock_out_and_others_cannot(void **state)
{
	struct tp_tree *before, *after = parse("{\"web\":{\"minimum-version\":\"1.3\"},"
					       "\"sip\":{\"minimum-version\":\"1.3\"}}");
	struct tp_changes changes;

	(void)state;
	before = parse("{}");
	assert_int_equal(tp_tree_diff(before, after, &changes), TP_OK);
	assert_int_equal(changes.count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(changes.list[i].lockout, strstr(changes.list[i].path, "/web/") != NULL);
	tp_changes_fini(&changes);
	tp_tree_free(&before);
	tp_tree_free(&after);
}

static int setup(void **state)
{
	struct tp_diag diag = {0};

	(void)state;
	return tp_model_new(&model, &diag) == TP_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	tp_model_free(&model);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_111_bad_lists_are_refused_at_their_setting),
		cmocka_unit_test(row_112_every_service_begins_with_tls_1_2_and_the_recommended_lists),
		cmocka_unit_test(row_116_and_117_presets_reach_the_processes),
		cmocka_unit_test(the_model_has_the_services_of_the_table),
		cmocka_unit_test(a_change_for_the_web_can_lock_out_and_others_cannot),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
