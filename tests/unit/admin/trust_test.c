/* admin/trust: what is added to the list of authorities and what is not, names, the
 * default list and what certs/PROVENANCE.md says about it. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "admin/trust/bundle.h"
#include "admin/trust/list.h"
#include "model/model.h"
#include "tls/services.h"

enum { PEM = 4096, DAY = 86400 };

static int64_t now;

/* A self-signed certificate as PEM; days: how long it is still valid. */
static const char *certificate(char pem[PEM], const char *common_name, bool ca, long days)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509V3_CTX ctx;
	X509_EXTENSION *basic;
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	assert_int_equal(X509_set_version(x, 2), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 4711 + days);
	X509_gmtime_adj(X509_getm_notBefore(x), -400L * DAY);
	X509_gmtime_adj(X509_getm_notAfter(x), days * DAY);
	if (common_name[0])
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
					   -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	basic = X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, ca ? "critical,CA:TRUE" : "CA:FALSE");
	X509_add_ext(x, basic, -1);
	X509_EXTENSION_free(basic);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, x), 1);
	n = BIO_read(bio, pem, PEM - 1);
	assert_true(n > 0);
	pem[n] = '\0';
	BIO_free(bio);
	X509_free(x);
	EVP_PKEY_free(key);
	return pem;
}

static size_t append(json_t *list, const char *pem, json_t **results)
{
	json_t *kept = json_array();
	size_t added = tp_trust_append(list, tp_span_of(pem), NULL, now, kept);

	if (results)
		*results = kept;
	else
		json_decref(kept);
	return added;
}

static void expect_result(json_t **results, size_t i, const char *result, const char *words)
{
	const json_t *r = json_array_get(*results, i);
	const char *text = json_string_value(json_object_get(r, "text"));

	assert_string_equal(json_string_value(json_object_get(r, "result")), result);
	if (!strstr(text, words))
		fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static const char *name_at(const json_t *list, size_t i)
{
	return json_string_value(json_object_get(json_array_get(list, i), "name"));
}

static void row_59_only_new_ones_are_added(void **state)
{
	char a[PEM], b[PEM], both[2 * PEM + 64];
	json_t *list = json_array(), *results;

	(void)state;
	certificate(a, "Root A", true, 100);
	certificate(b, "Root B", true, 100);
	assert_int_equal(append(list, a, NULL), 1);
	snprintf(both, sizeof(both), "remark\r\n%s\nmore\n%s", a, b);
	assert_int_equal(append(list, both, &results), 1);
	assert_int_equal(json_array_size(results), 2);
	expect_result(&results, 0, "known", "Trusted already, as Root A");
	expect_result(&results, 1, "added", "Root B");
	assert_int_equal(json_array_size(list), 2);
	json_decref(results);
	json_decref(list);
}

static void row_59_a_namesake_waits_for_the_old_ones_end(void **state)
{
	char old[PEM], new[PEM];
	json_t *list = json_array(), *results, *names = json_pack("[s]", "Root A");

	(void)state;
	assert_int_equal(append(list, certificate(old, "Root A", true, 100), NULL), 1);
	assert_int_equal(append(list, certificate(new, "Root A", true, 200), &results), 0);
	expect_result(&results, 0, "refused", "Root A has this subject and issuer");
	expect_result(&results, 0, "refused", "Delete that one first");
	json_decref(results);
	assert_int_equal(tp_trust_delete(list, names, NULL), TP_OK);
	assert_int_equal(append(list, new, NULL), 1);
	json_decref(names);
	json_decref(list);
}

static void what_is_no_authority_is_refused_with_words(void **state)
{
	char pem[PEM];
	json_t *list = json_array(), *results;

	(void)state;
	assert_int_equal(append(list, certificate(pem, "www.example.com", false, 100), &results), 0);
	expect_result(&results, 0, "refused", "CA:TRUE");
	json_decref(results);
	assert_int_equal(append(list, certificate(pem, "Old root", true, -1), &results), 0);
	expect_result(&results, 0, "refused", "expired");
	json_decref(results);
	append(list, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", &results);
	expect_result(&results, 0, "refused", "private key");
	json_decref(results);
	append(list, "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", &results);
	expect_result(&results, 0, "refused", "revocation list");
	json_decref(results);
	append(list, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &results);
	expect_result(&results, 0, "refused", "damaged");
	json_decref(results);
	certificate(pem, "Cut off", true, 100);
	pem[300] = '\0';
	append(list, pem, &results);
	expect_result(&results, 0, "refused", "damaged");
	json_decref(results);
	append(list, "nothing at all", &results);
	assert_int_equal(json_array_size(results), 0);
	json_decref(results);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
}

static void names_are_made_of_common_names(void **state)
{
	char pem[PEM];
	json_t *list = json_array();

	(void)state;
	append(list, certificate(pem, "  Root / <b>CA</b> \xc3\xa9tat & fils ", true, 100), NULL);
	append(list, certificate(pem, "Root-b-CA", true, 100), NULL);
	append(list, certificate(pem, "", true, 100), NULL);
	append(list, certificate(pem, "Same", true, 100), NULL);
	json_object_set_new(json_array_get(list, 1), "name", json_string("Twice"));
	append(list, certificate(pem, "Twice", true, 100), NULL);
	assert_int_equal(json_array_size(list), 5);
	assert_string_equal(name_at(list, 0), "Root b-CA-b-tat fils");
	assert_memory_equal(name_at(list, 2), "CA-", 3);
	assert_string_equal(name_at(list, 4), "Twice 2");
	json_decref(list);
}

static void row_62_several_are_deleted_or_none(void **state)
{
	char pem[PEM];
	json_t *list = json_array(), *names = json_pack("[s, s]", "Root A", "Root C");
	json_t *wrong = json_pack("[s, s]", "Root B", "Root X");
	struct tp_diag diag = { 0 };

	(void)state;
	append(list, certificate(pem, "Root A", true, 100), NULL);
	append(list, certificate(pem, "Root B", true, 100), NULL);
	append(list, certificate(pem, "Root C", true, 100), NULL);
	assert_int_equal(tp_trust_delete(list, wrong, &diag), TP_NOTFOUND);
	assert_non_null(strstr(diag.text, "Root X"));
	assert_int_equal(json_array_size(list), 3);
	assert_int_equal(tp_trust_delete(list, names, &diag), TP_OK);
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(name_at(list, 0), "Root B");
	assert_int_equal(tp_trust_delete(list, NULL, &diag), TP_FORMAT);
	json_decref(names);
	json_decref(wrong);
	json_decref(list);
}

static void the_list_has_its_limit(void **state)
{
	char pem[PEM];
	json_t *list = json_array(), *results;

	(void)state;
	for (int i = 0; i < TP_TRUST_MAX; i++)
		json_array_append_new(list, json_pack("{s:o, s:s}", "name", json_sprintf("n%d", i),
						      "certificate", "none"));
	assert_int_equal(append(list, certificate(pem, "One more", true, 100), &results), 0);
	expect_result(&results, 0, "refused", "500 authorities");
	json_decref(results);
	json_decref(list);
}

static void more_than_a_slice_takes_is_refused(void **state)
{
	char pem[PEM], *much = malloc(TP_TRUST_PEM_MAX);
	json_t *list, *results;

	(void)state;
	memset(much, 'x', TP_TRUST_PEM_MAX);
	list = json_pack("[{s:s, s:s%}]", "name", "big", "certificate", much, (size_t)TP_TRUST_PEM_MAX - 300);
	free(much);
	assert_int_equal(append(list, certificate(pem, "One more", true, 100), &results), 0);
	expect_result(&results, 0, "refused", "1 MiB");
	json_decref(results);
	json_decref(list);
}

static void row_61_everything_can_be_read(void **state)
{
	char a[PEM], b[PEM], *text;
	json_t *list = json_array();
	size_t len;

	(void)state;
	append(list, certificate(a, "Root A", true, 100), NULL);
	append(list, certificate(b, "Root B", true, 100), NULL);
	assert_int_equal(tp_trust_text(list, NULL, &text, &len), TP_OK);
	assert_non_null(memmem(text, len, "Subject: CN=Root A", 18));
	assert_non_null(memmem(text, len, "Subject: CN=Root B", 18));
	assert_non_null(memmem(text, len, "CA:TRUE", 7));
	free(text);
	assert_int_equal(tp_trust_text(list, "Root B", &text, &len), TP_OK);
	assert_null(memmem(text, len, "Root A", 6));
	free(text);
	assert_int_equal(tp_trust_pem(list, "Root B", &text, &len), TP_OK);
	assert_non_null(memmem(text, len, b, strlen(b)));
	free(text);
	assert_int_equal(tp_trust_pem(list, "Root X", &text, &len), TP_NOTFOUND);
	json_decref(list);
	list = json_array();
	assert_int_equal(tp_trust_pem(list, NULL, &text, &len), TP_OK);
	assert_int_equal(len, 0);
	free(text);
	json_decref(list);
}

static const char *state_of(const json_t *rows, const char *name)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		if (!strcmp(json_string_value(json_object_get(row, "name")), name))
			return json_string_value(json_object_get(row, "state"));
	}
	return "";
}

static void rows_say_what_the_candidate_changes(void **state)
{
	char pem[PEM];
	json_t *running = json_array(), *shown, *rows;

	(void)state;
	append(running, certificate(pem, "Stays", true, 100), NULL);
	append(running, certificate(pem, "Changes", true, 100), NULL);
	append(running, certificate(pem, "Goes", true, 100), NULL);
	json_array_append_new(running, json_pack("{s:s, s:s}", "name", "Broken", "certificate",
						 "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----"));
	shown = json_deep_copy(running);
	json_object_set_new(json_array_get(shown, 1), "use", json_pack("[s]", "sip"));
	json_array_remove(shown, 2);
	append(shown, certificate(pem, "Comes", true, 100), NULL);
	rows = tp_trust_rows(shown, running);
	assert_int_equal(json_array_size(rows), 5);
	assert_string_equal(state_of(rows, "Stays"), "in-force");
	assert_string_equal(state_of(rows, "Changes"), "changed");
	assert_string_equal(state_of(rows, "Comes"), "new");
	assert_string_equal(state_of(rows, "Goes"), "deleted");
	assert_string_equal(state_of(rows, "Broken"), "in-force");
	json_decref(rows);
	json_decref(running);
	json_decref(shown);
}

static char *provenance(void)
{
	FILE *f = fopen(TP_CERTS_DIR "/PROVENANCE.md", "r");
	char *text = calloc(1, 65536);

	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	fclose(f);
	return text;
}

static void row_64_the_default_list_is_what_its_provenance_says(void **state)
{
	json_t *list = tp_trust_default(now);
	struct tp_span pem = tp_trust_bundle();
	uint8_t digest[32];
	char sha256[65], words[128], *doc = provenance();
	bool isrg = false;

	(void)state;
	SHA256((const unsigned char *)pem.p, pem.len, digest);
	tp_text_write_hex(sha256, digest, 32);
	snprintf(words, sizeof(words), "%zu certificates, SHA-256 `%.64s`", json_array_size(list), sha256);
	assert_non_null(strstr(doc, words));
	tp_trust_bundle_says("date", words);
	assert_non_null(strstr(doc, words));
	assert_true(tp_trust_bundle_at() > 1700000000);
	for (size_t i = 0; i < json_array_size(list); i++) {
		isrg |= !strcmp(name_at(list, i), "ISRG Root X1");
		assert_null(strstr(name_at(list, i), "DST Root"));
	}
	assert_true(isrg);
	assert_int_equal(tp_trust_count_default(list), json_array_size(list));
	json_array_clear(list);
	assert_int_equal(tp_trust_count_default(list), 0);
	json_decref(list);
	free(doc);
}

/* The node of this path in the forms' schema; NULL when there is none. */
static const json_t *find_node(const json_t *nodes, const char *path)
{
	size_t i;
	json_t *node;

	json_array_foreach(nodes, i, node)
	{
		const char *at = json_string_value(json_object_get(node, "path"));
		const json_t *below = strcmp(at, path) ? find_node(json_object_get(node, "nodes"), path) : node;

		if (below)
			return below;
	}
	return NULL;
}

static void the_models_uses_are_the_services_where_peers_show_certificates(void **state)
{
	struct tp_diag diag = { 0 };
	struct tp_model *model;
	json_t *schema;
	const json_t *uses;
	size_t at = 0;

	(void)state;
	assert_int_equal(tp_model_new(&model, &diag), TP_OK);
	schema = json_loads(tp_model_schema(model), 0, NULL);
	uses = json_object_get(find_node(json_object_get(schema, "nodes"), "/turnpike-tls:tls/trusted-ca/use"),
			       "enum");
	for (enum tp_tls_service s = 0; s < TP_TLS_SERVICES; s++) {
		const struct tp_tls_service_info *info = tp_tls_service_info(s);
		const json_t *use = json_array_get(uses, at);

		if (!info->client)
			continue;
		assert_string_equal(json_string_value(json_object_get(use, "name")), info->name);
		assert_string_equal(json_string_value(json_object_get(use, "label")), info->label);
		at++;
	}
	/* Last, people: no service of its own. */
	assert_string_equal(json_string_value(json_object_get(json_array_get(uses, at), "name")), "web-login");
	assert_int_equal(json_array_size(uses), at + 1);
	json_decref(schema);
	tp_model_free(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_59_only_new_ones_are_added),
		cmocka_unit_test(row_59_a_namesake_waits_for_the_old_ones_end),
		cmocka_unit_test(what_is_no_authority_is_refused_with_words),
		cmocka_unit_test(names_are_made_of_common_names),
		cmocka_unit_test(row_62_several_are_deleted_or_none),
		cmocka_unit_test(the_list_has_its_limit),
		cmocka_unit_test(more_than_a_slice_takes_is_refused),
		cmocka_unit_test(row_61_everything_can_be_read),
		cmocka_unit_test(rows_say_what_the_candidate_changes),
		cmocka_unit_test(the_models_uses_are_the_services_where_peers_show_certificates),
		cmocka_unit_test(row_64_the_default_list_is_what_its_provenance_says),
	};

	now = (int64_t)time(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
