/* tls/upload, tls/findings: each finding with a certificate that has it, and the forms in
 * which uploads come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/dsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "tls/findings.h"
#include "tls/identity.h"

enum { DAY = 86400, NOW_DAYS = 20000 };
static const int64_t now = (int64_t)NOW_DAYS * DAY; /* a day in 2024 */

/* A certificate to be made. Days count from now. */
struct recipe {
	const char *common_name; /* NULL: "edge.example"; "": none */
	const char *san;	 /* NULL: "DNS:edge.example"; "": none */
	const char *usage;	 /* NULL: "serverAuth,clientAuth"; "": none */
	const char *key_usage;	 /* NULL: none */
	const char *constraints; /* NULL: "CA:FALSE" */
	int from, until;	 /* 0, 0: from -10 to 90 */
	EVP_PKEY *(*key)(void);	 /* NULL: P-256 */
	const EVP_MD *(*digest)(void);
	long version; /* 0: 3 */
	bool strange; /* a critical extension that nobody knows */
};

struct made {
	EVP_PKEY *key;
	X509 *x;
};

static EVP_PKEY *p256(void) { return EVP_EC_gen("P-256"); }
static EVP_PKEY *p192(void) { return EVP_EC_gen("P-192"); }
static EVP_PKEY *secp256k1(void) { return EVP_EC_gen("secp256k1"); }
static EVP_PKEY *rsa1024(void) { return EVP_RSA_gen(1024); }
static EVP_PKEY *rsa4104(void) { return EVP_RSA_gen(4104); }
static EVP_PKEY *ed25519(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"); }

static EVP_PKEY *dsa1024(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_DSA, NULL);
	EVP_PKEY *params = NULL, *key = NULL;

	assert_int_equal(EVP_PKEY_paramgen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx, 1024), 1);
	assert_int_equal(EVP_PKEY_paramgen(ctx, &params), 1);
	EVP_PKEY_CTX_free(ctx);
	ctx = EVP_PKEY_CTX_new(params, NULL);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(params);
	return key;
}

static void extend(X509 *x, const X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, (X509 *)(uintptr_t)issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static void extend_unless(X509 *x, int nid, const char *value, const char *otherwise)
{
	if (!value)
		value = otherwise;
	if (value && value[0])
		extend(x, x, nid, value);
}

static void add_strange(X509 *x)
{
	ASN1_OBJECT *o = OBJ_txt2obj("2.999.7", 1);
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	ASN1_OCTET_STRING_set(s, (const unsigned char *)"\x05", 1);
	e = X509_EXTENSION_create_by_OBJ(NULL, o, 1, s);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(s);
	ASN1_OBJECT_free(o);
}

static struct made make(const struct recipe *r, const struct made *ca)
{
	const char *cn = r->common_name ? r->common_name : "edge.example";
	struct made m = { r->key ? r->key() : p256(), X509_new() };
	X509_NAME *name = X509_get_subject_name(m.x);
	int from = r->until ? r->from : -10, until = r->until ? r->until : 90;

	assert_non_null(m.key);
	X509_set_version(m.x, r->version ? r->version - 1 : 2);
	ASN1_INTEGER_set(X509_get_serialNumber(m.x), 1000 + rand() % 100000);
	ASN1_TIME_set(X509_getm_notBefore(m.x), (time_t)(now + (int64_t)from * DAY));
	ASN1_TIME_set(X509_getm_notAfter(m.x), (time_t)(now + (int64_t)until * DAY));
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Lab", -1, -1, 0);
	if (cn[0])
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(m.x, ca ? X509_get_subject_name(ca->x) : name);
	X509_set_pubkey(m.x, m.key);
	if (!r->version || r->version == 3) {
		extend_unless(m.x, NID_basic_constraints, r->constraints, "CA:FALSE");
		extend_unless(m.x, NID_subject_alt_name, r->san, "DNS:edge.example");
		extend_unless(m.x, NID_ext_key_usage, r->usage, "serverAuth,clientAuth");
		extend_unless(m.x, NID_key_usage, r->key_usage, NULL);
	}
	if (r->strange)
		add_strange(m.x);
	assert_true(X509_sign(m.x, ca ? ca->key : m.key,
			      EVP_PKEY_get_base_id(ca ? ca->key : m.key) == EVP_PKEY_ED25519 ? NULL :
			      r->digest ? r->digest() : EVP_sha256()) > 0);
	return m;
}

static void drop(struct made *m)
{
	EVP_PKEY_free(m->key);
	X509_free(m->x);
}

/* PEM of one after the other; freed by the caller. */
static char *pem_of(X509 *const *list, size_t count)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p, *text;
	long len;

	for (size_t i = 0; i < count; i++)
		if (list[i])
			PEM_write_bio_X509(bio, list[i]);
	len = BIO_get_mem_data(bio, &p);
	text = calloc(1, (size_t)len + 1);
	if (len)
		memcpy(text, p, (size_t)len);
	BIO_free(bio);
	return text;
}

/* ------------------------------------------------------------------------ PKI */

static struct {
	struct made root, sub, stranger;
} pki;

static const struct recipe ca_recipe = { .common_name = "Lab root", .san = "", .usage = "",
					 .constraints = "critical,CA:TRUE" };

static int make_pki(void **state)
{
	struct recipe sub = ca_recipe, stranger = ca_recipe;

	(void)state;
	sub.common_name = "Lab sub";
	stranger.common_name = "Stranger";
	pki.root = make(&ca_recipe, NULL);
	pki.sub = make(&sub, &pki.root);
	pki.stranger = make(&stranger, NULL);
	return 0;
}

static int drop_pki(void **state)
{
	(void)state;
	drop(&pki.root);
	drop(&pki.sub);
	drop(&pki.stranger);
	return 0;
}

/* ------------------------------------------------------------------- findings */

struct setting {
	bool client_only;
	bool server_only;
	bool without_sub; /* the intermediate is not in the upload */
	bool self_signed;
	bool trust_none;
	bool trust_sub;
	enum tp_tls_key_found key;
	const struct recipe *present;
	X509 *more;
};

static void judge(const struct recipe *r, const struct setting *s, struct tp_tls_findings *out)
{
	struct made leaf = make(r, s->self_signed ? NULL : &pki.sub);
	struct made present = s->present ? make(s->present, NULL) : (struct made){ NULL, NULL };
	X509 *const upload_list[] = { s->more, s->without_sub || s->self_signed ? NULL : pki.sub.x, leaf.x };
	X509 *const trusted_list[] = { s->trust_none ? NULL : pki.root.x, s->trust_sub ? pki.sub.x : NULL };
	char *upload_pem = pem_of(upload_list, 3), *trusted = pem_of(trusted_list, 2);
	char *present_pem = pem_of(&present.x, 1);
	struct tp_tls_upload *upload = NULL;
	struct tp_diag diag = { 0 };
	const struct tp_tls_judgement by = {
		.now = now, .server = !s->client_only, .client = !s->server_only, .key = s->key,
		.trusted_pem = tp_span_of(trusted), .present_pem = tp_span_of(present_pem),
	};
	uint8_t key[4096];
	size_t len;

	if (tp_tls_upload_read(tp_span_of(upload_pem), &upload, &diag) != TP_OK)
		fail_msg("%s", diag.text);
	assert_true(tp_tls_public_key(leaf.x, key, sizeof(key), &len));
	tp_tls_upload_order(upload, (struct tp_span){ (const char *)key, len });
	assert_int_equal(X509_cmp(tp_tls_upload_certificate(upload, 0), leaf.x), 0);
	tp_tls_findings_make(upload, &by, out);
	tp_tls_upload_free(&upload);
	free(upload_pem);
	free(trusted);
	free(present_pem);
	drop(&leaf);
	drop(&present);
}

/* Exactly these, worst first; each with words and a remedy. */
static void expect(const struct recipe *r, const struct setting *s, const char *ids,
		   enum tp_tls_severity worst)
{
	struct tp_tls_findings *f = calloc(1, sizeof(*f));
	char got[512] = "";

	judge(r, s, f);
	for (size_t i = 0; i < f->count; i++) {
		size_t at = strlen(got);

		snprintf(got + at, sizeof(got) - at, "%s%s", i ? " " : "", f->list[i].id);
		assert_true(f->list[i].text[0] && f->list[i].remedy[0]);
	}
	if (strcmp(got, ids) != 0)
		fail_msg("wanted '%s', got '%s': %s", ids, got, f->count ? f->list[0].text : "");
	assert_int_equal(tp_tls_findings_worst(f), worst);
	free(f);
}

static const struct setting plain = { .client_only = false };

static void a_good_certificate_has_none(void **state)
{
	const struct recipe good = { .key_usage = "digitalSignature" };
	const struct recipe same = { .san = "DNS:EDGE.example" };
	const struct setting replaces = { .present = &same };

	(void)state;
	expect(&good, &plain, "", TP_TLS_NOTE);
	expect(&good, &replaces, "", TP_TLS_NOTE); /* letter case of names does not count */
}

static void row_72_keys_and_signatures(void **state)
{
	const struct recipe weak = { .key = rsa1024 }, tiny = { .key = p192 }, long_one = { .key = rsa4104 };
	const struct recipe dsa = { .key = dsa1024 }, edwards = { .key = ed25519 }, coin = { .key = secp256k1 };
	const struct recipe sha1 = { .digest = EVP_sha1 };
	const struct setting missing = { .key = TP_TLS_KEY_MISSING }, other = { .key = TP_TLS_KEY_NOT_OF_UPLOAD };
	const struct setting wrong_peer = { .key = TP_TLS_KEY_NOT_OF_REQUEST };
	const struct recipe good = { .common_name = NULL };

	(void)state;
	expect(&weak, &plain, "weak-key", TP_TLS_REFUSE);
	expect(&tiny, &plain, "weak-key", TP_TLS_REFUSE);
	expect(&long_one, &plain, "long-key", TP_TLS_WARN);
	expect(&dsa, &plain, "unsupported-key-type", TP_TLS_REFUSE);
	expect(&edwards, &plain, "unsupported-key-type", TP_TLS_REFUSE);
	expect(&coin, &plain, "unsupported-key-type", TP_TLS_REFUSE);
	expect(&sha1, &plain, "weak-signature", TP_TLS_REFUSE);
	expect(&good, &missing, "key-missing", TP_TLS_REFUSE);
	expect(&good, &other, "key-mismatch", TP_TLS_REFUSE);
	expect(&good, &wrong_peer, "key-mismatch", TP_TLS_REFUSE);
}

static void row_57_dates(void **state)
{
	const struct recipe expired = { .from = -20, .until = -1 }, early = { .from = 1, .until = 90 };
	const struct recipe soon = { .from = -60, .until = 29 }, old = { .from = -1, .until = 826 };

	(void)state;
	expect(&expired, &plain, "expired", TP_TLS_REFUSE);
	expect(&early, &plain, "not-yet-valid", TP_TLS_REFUSE);
	expect(&soon, &plain, "expires-soon", TP_TLS_NOTE);
	expect(&old, &plain, "long-lived", TP_TLS_NOTE);
}

static void chains(void **state)
{
	const struct recipe good = { .common_name = NULL };
	const struct setting alone = { .without_sub = true }, known = { .without_sub = true, .trust_sub = true };
	const struct setting unknown = { .trust_none = true }, self = { .self_signed = true };
	const struct setting root_too = { .trust_none = true, .more = pki.root.x };
	const struct setting unrelated = { .more = pki.stranger.x };

	(void)state;
	expect(&good, &alone, "chain-incomplete", TP_TLS_WARN);
	expect(&good, &known, "chain-incomplete", TP_TLS_WARN);
	expect(&good, &unknown, "untrusted-issuer", TP_TLS_WARN);
	expect(&good, &root_too, "untrusted-issuer", TP_TLS_WARN);
	expect(&good, &self, "self-signed", TP_TLS_WARN);
	expect(&good, &unrelated, "chain-unrelated", TP_TLS_NOTE);
}

static void wish_20_names(void **state)
{
	const struct recipe no_cn = { .common_name = "" }, no_san = { .san = "" };
	const struct recipe bad = { .san = "DNS:edge.example,DNS:10.0.0.1 x,DNS:a..b" };
	const struct recipe wild = { .san = "DNS:*.example.com" };
	const struct recipe few = { .san = "DNS:a.example" };
	const struct recipe many = { .san = "DNS:a.example,DNS:b.example,IP:192.0.2.1,URI:sip:example" };
	const struct setting replaces = { .present = &many }, cn_only = { .present = &no_san };
	const struct setting client = { .client_only = true };
	struct tp_tls_findings *f = calloc(1, sizeof(*f));
	char san[2048] = "";
	const struct recipe long_one = { .san = san };

	(void)state;
	for (int i = 0; i < 40; i++)
		snprintf(san + strlen(san), sizeof(san) - strlen(san), "%sDNS:host-%02d.long.example.com",
			 i ? "," : "", i);
	expect(&no_cn, &plain, "cn-missing", TP_TLS_WARN);
	expect(&no_san, &plain, "no-san", TP_TLS_WARN);
	expect(&no_san, &client, "no-san", TP_TLS_NOTE);
	expect(&bad, &plain, "name-invalid", TP_TLS_WARN);
	expect(&wild, &plain, "wildcard-name", TP_TLS_NOTE);
	expect(&long_one, &plain, "san-too-long", TP_TLS_WARN);
	expect(&few, &cn_only, "names-lost", TP_TLS_WARN);
	expect(&no_cn, &cn_only, "cn-missing", TP_TLS_WARN); /* the old CN is among the new names */
	judge(&few, &replaces, f);
	assert_string_equal(f->list[0].id, "names-lost");
	assert_non_null(strstr(f->list[0].text, "DNS:b.example, IP:192.0.2.1, URI:sip:example."));
	free(f);
}

static void wish_4_purposes(void **state)
{
	const struct recipe server = { .usage = "serverAuth" }, client = { .usage = "clientAuth" };
	const struct recipe any = { .usage = "anyExtendedKeyUsage" }, mail = { .usage = "emailProtection" };
	const struct recipe none = { .usage = "" }, encipher = { .key_usage = "keyEncipherment" };
	const struct setting as_server = { .server_only = true }, as_client = { .client_only = true };

	(void)state;
	expect(&server, &as_server, "", TP_TLS_NOTE);
	expect(&client, &as_client, "", TP_TLS_NOTE);
	expect(&none, &plain, "", TP_TLS_NOTE);
	expect(&any, &plain, "", TP_TLS_NOTE);
	expect(&server, &plain, "purpose-missing", TP_TLS_WARN);
	expect(&server, &as_client, "purpose-missing", TP_TLS_REFUSE);
	expect(&client, &as_server, "purpose-missing", TP_TLS_REFUSE);
	expect(&mail, &plain, "purpose-missing purpose-missing", TP_TLS_REFUSE);
	expect(&encipher, &plain, "key-usage", TP_TLS_REFUSE);
}

static void forms(void **state)
{
	const struct recipe ca = { .constraints = "CA:TRUE" }, v1 = { .version = 1 };
	const struct recipe strange = { .strange = true }, purpose = { .usage = "serverAuth,clientAuth,2.999.5" };

	(void)state;
	expect(&ca, &plain, "ca-as-leaf", TP_TLS_REFUSE);
	expect(&v1, &plain, "old-version no-san", TP_TLS_REFUSE);
	expect(&strange, &plain, "unknown-critical", TP_TLS_REFUSE);
	expect(&purpose, &plain, "unknown-oid", TP_TLS_NOTE);
}

/* -------------------------------------------------------------------- uploads */

static void expect_order(struct tp_span bytes, X509 *const *want, size_t count, size_t left)
{
	struct tp_tls_upload *u = NULL;
	struct tp_diag diag = { 0 };

	if (tp_tls_upload_read(bytes, &u, &diag) != TP_OK)
		fail_msg("%s", diag.text);
	tp_tls_upload_order(u, (struct tp_span){ NULL, 0 });
	assert_int_equal(tp_tls_upload_count(u), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(X509_cmp(tp_tls_upload_certificate(u, i), want[i]), 0);
	assert_null(tp_tls_upload_certificate(u, count));
	assert_int_equal(tp_tls_upload_left_over(u), left);
	tp_tls_upload_free(&u);
}

static void each_form_and_order_is_read(void **state)
{
	const struct recipe good = { .common_name = NULL };
	struct made leaf = make(&good, &pki.sub);
	X509 *const chain[] = { leaf.x, pki.sub.x, pki.root.x };
	X509 *const mixed[] = { pki.root.x, pki.stranger.x, leaf.x, pki.sub.x, leaf.x };
	char *text = pem_of(mixed, 5);
	unsigned char *der = NULL;
	STACK_OF(X509) *list = sk_X509_new_null();
	PKCS7 *p7;
	int len;

	(void)state;
	expect_order(tp_span_of(text), chain, 3, 1);
	free(text);
	len = i2d_X509(leaf.x, &der);
	expect_order((struct tp_span){ (const char *)der, (size_t)len }, chain, 1, 0);
	OPENSSL_free(der);
	der = NULL;
	sk_X509_push(list, pki.sub.x);
	sk_X509_push(list, leaf.x);
	p7 = PKCS7_new();
	PKCS7_set_type(p7, NID_pkcs7_signed);
	PKCS7_content_new(p7, NID_pkcs7_data);
	PKCS7_add_certificate(p7, pki.sub.x);
	PKCS7_add_certificate(p7, leaf.x);
	len = i2d_PKCS7(p7, &der);
	expect_order((struct tp_span){ (const char *)der, (size_t)len }, chain, 2, 0);
	OPENSSL_free(der);
	PKCS7_free(p7);
	sk_X509_free(list);
	drop(&leaf);
}

static void what_is_no_certificate_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"\x30\x82\xff\xff", "\x30\x03\x02\x01\x05",
	};
	char *text = pem_of(&pki.root.x, 1);
	char *many = calloc(1, TP_TLS_UPLOAD_MAX + 2);
	struct tp_tls_upload *u = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(tp_tls_upload_read(tp_span_of(texts[i]), &u, NULL), TP_FORMAT);
	text[strlen(text) / 2] = '\0'; /* cut in the middle */
	assert_int_equal(tp_tls_upload_read(tp_span_of(text), &u, NULL), TP_FORMAT);
	free(text);
	memset(many, 'x', TP_TLS_UPLOAD_MAX + 1);
	assert_int_equal(tp_tls_upload_read(tp_span_of(many), &u, NULL), TP_LIMIT);
	many[0] = '\0';
	for (int i = 0; i < TP_TLS_UPLOAD_CERTIFICATES + 1; i++) {
		struct made m = make(&ca_recipe, NULL);

		text = pem_of(&m.x, 1);
		strcat(many, text);
		free(text);
		drop(&m);
	}
	assert_int_equal(tp_tls_upload_read(tp_span_of(many), &u, NULL), TP_LIMIT);
	free(many);
	assert_null(u);
}

static void identities_are_made_from_the_services(void **state)
{
	static const char *const ids[] = { "default",	 "web-server",	     "sip-server",
					   "sip-client", "traversal-server", "traversal-client",
					   "ldap-client" };

	(void)state;
	assert_int_equal(TP_TLS_IDENTITIES, sizeof(ids) / sizeof(ids[0]));
	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_string_equal(tp_tls_identity_info(i).id, ids[i]);
		assert_int_equal(tp_tls_identity_find(ids[i]), i);
	}
	assert_string_equal(tp_tls_identity_info(1).label, "Web interface and API");
	assert_string_equal(tp_tls_identity_info(3).label, "SIP, outgoing");
	assert_true(tp_tls_identity_info(3).client && !tp_tls_identity_info(3).server);
	assert_int_equal(tp_tls_identity_find("sip"), TP_TLS_IDENTITIES);
	assert_int_equal(tp_tls_identity_find("web-client"), TP_TLS_IDENTITIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_certificate_has_none),
		cmocka_unit_test(row_72_keys_and_signatures),
		cmocka_unit_test(row_57_dates),
		cmocka_unit_test(chains),
		cmocka_unit_test(wish_20_names),
		cmocka_unit_test(wish_4_purposes),
		cmocka_unit_test(forms),
		cmocka_unit_test(each_form_and_order_is_read),
		cmocka_unit_test(what_is_no_certificate_is_refused),
		cmocka_unit_test(identities_are_made_from_the_services),
	};

	return cmocka_run_group_tests(tests, make_pki, drop_pki);
}
