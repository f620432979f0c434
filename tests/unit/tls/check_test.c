/* tls/check: the table of certs/make-test-pki, and what no file of it can hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tls/check.h"

#define PKI_AT 1893456000LL /* 2030-01-01T00:00:00Z: what the PKI is made for */

struct pki {
	char folder[64];
};

struct given {
	const char *chain, *trust, *crls, *name;
	enum tp_tls_purpose purpose;
	int64_t after_s; /* behind PKI_AT */
	const char *policy;
	bool explicit_policy, inhibit_mapping;
	bool cn_names;
	bool live; /* without the profile of issuers */
};

static int make_pki(void **state)
{
	struct pki *p = calloc(1, sizeof(*p));
	char command[512];

	assert_non_null(p);
	strcpy(p->folder, "/tmp/tp-check-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(command, sizeof(command), "'%s/make-test-pki' '%s' --at %lld", TP_CERTS_DIR, p->folder, PKI_AT);
	assert_int_equal(system(command), 0); /* NOLINT: our own script, no input in it */
	*state = p;
	return 0;
}

static int remove_pki(void **state)
{
	struct pki *p = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -r '%s'", p->folder);
	assert_int_equal(system(command), 0); /* NOLINT */
	free(p);
	return 0;
}

static char *slurp(const struct pki *p, const char *kind, const char *file, size_t *len)
{
	char path[256];
	char *text = malloc(1 << 20);
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", p->folder, kind, file);
	f = fopen(path, "rb");
	if (!f || !text)
		fail_msg("%s cannot be opened", path);
	*len = fread(text, 1, 1 << 20, f);
	fclose(f);
	return text;
}

static void take(const struct pki *p, const char *kind, const char *file, STACK_OF(X509) **certs,
		 STACK_OF(X509_CRL) **crls)
{
	struct tp_diag diag = { "", "" };
	size_t len;
	char *text = slurp(p, kind, file, &len);

	if (tp_tls_check_read((struct tp_span){ text, len }, 100, certs, crls, &diag) != TP_OK)
		fail_msg("%s: %s", file, diag.text);
	free(text);
}

/* "" when accepted, else the reason. */
static void judge(const struct pki *p, const char *kind, const struct given *g, char *reason)
{
	struct tp_tls_check check = {
		.purpose = g->purpose,
		.at = PKI_AT + g->after_s,
		.name = g->name,
		.cn_names = g->cn_names,
		.profile = !g->live,
		.require_explicit_policy = g->explicit_policy,
		.inhibit_policy_mapping = g->inhibit_mapping,
	};
	struct tp_tls_checked checked;
	STACK_OF(X509) *signers = NULL;

	take(p, kind, g->chain, &check.others, NULL);
	check.leaf = sk_X509_shift(check.others);
	if (strcmp(g->trust, "none") != 0)
		take(p, kind, g->trust, &check.anchors, NULL);
	if (g->crls) {
		take(p, kind, g->crls, &signers, &check.crls);
		check.check_crls = true;
		while (sk_X509_num(signers) > 0)
			sk_X509_push(check.others, sk_X509_pop(signers));
	}
	if (g->policy) {
		check.policies = sk_ASN1_OBJECT_new_null();
		sk_ASN1_OBJECT_push(check.policies, OBJ_txt2obj(g->policy, 1));
	}
	tp_tls_check_run(&check, &checked);
	assert_int_equal(checked.accepted, checked.path != NULL);
	assert_int_equal(checked.accepted, checked.error == X509_V_OK);
	assert_int_equal(checked.accepted, checked.reason[0] == '\0');
	strcpy(reason, checked.reason);
	tp_tls_checked_fini(&checked);
	X509_free(check.leaf);
	sk_X509_pop_free(check.others, X509_free);
	sk_X509_pop_free(check.anchors, X509_free);
	sk_X509_pop_free(signers, X509_free);
	sk_X509_CRL_pop_free(check.crls, X509_CRL_free);
	sk_ASN1_OBJECT_pop_free(check.policies, ASN1_OBJECT_free);
}

/* wanted: NULL = accepted, else a part of the reason. In both kinds of keys. */
static void expect(const struct pki *p, const struct given *given, const char *wanted)
{
	static const char *const kinds[] = { "rsa", "ec" };

	for (int i = 0; i < 2; i++) {
		struct given g = *given;
		char reason[TP_TLS_REASON_MAX + 1];

		if (!g.trust)
			g.trust = "root.pem";
		judge(p, kinds[i], &g, reason);
		if (wanted ? !strstr(reason, wanted) : reason[0] != '\0')
			fail_msg("%s/%s for %s: \"%s\" instead of \"%s\"", kinds[i], g.chain,
				 g.name ? g.name : "any name", reason, wanted ? wanted : "accepted");
	}
}

/* What is wrong with a leaf, and the words for it; the good ones first. */
static const struct {
	const char *file; /* behind "server", "client" or "cac" */
	const char *why;  /* NULL = good */
} leaves[] = {
	{ ".pem", NULL },
	{ "-second.pem", NULL },
	{ "-no-purpose.pem", NULL },
	{ "-names-good.pem", NULL },
	{ "-expired.pem", "certificate expired on 2029-12-31" },
	{ "-not-yet.pem", "certificate not valid before 2030-01-03" },
	{ "-wrong-purpose.pem", "certificate is not for this purpose" },
	{ "-v1.pem", "not of version 3" },
	{ "-is-ca.pem", "that of a CA" },
	{ "-names-bad.pem", "may not certify" },
	{ "-path-length.pem", "more CAs below it" },
	{ "-weak-key.pem", "RSA with less than 2048 bits" },
	{ "-sha1.pem", "weak signature" },
	{ "-signature.pem", "was not signed by CN=Test ca2" },
	{ "-self-signed.pem", "self-signed certificate" },
	{ "-revoked.pem", "certificate revoked" },
};

static const struct {
	const char *name;
	enum tp_tls_purpose purpose;
} kinds_of_leaf[] = {
	{ "server", TP_TLS_PURPOSE_SERVER },
	{ "client", TP_TLS_PURPOSE_CLIENT },
	{ "cac", TP_TLS_PURPOSE_WEB_LOGIN },
};

static void every_kind_of_leaf_is_judged(void **state)
{
	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
			char file[64];
			struct given g = { .chain = file, .purpose = kinds_of_leaf[k].purpose, .crls = "crls.pem" };

			snprintf(file, sizeof(file), "%s%s", kinds_of_leaf[k].name, leaves[i].file);
			expect(*state, &g, leaves[i].why);
			g.live = true;
			expect(*state, &g, leaves[i].why);
		}
	}
}

/* `any` is RFC 5280 alone: nothing of our own. */
static void any_purpose_adds_nothing(void **state)
{
	static const char *const good[] = { "server.pem", "server-v1.pem", "server-is-ca.pem", "server-cn-only.pem",
					    "server-wrong-purpose.pem", "server-weak-key.pem", "server-sha1.pem",
					    "bad-serial-negative.pem", "bad-times-kind.pem", "cac.pem" };
	static const char *const bad[][2] = {
		{ "server-expired.pem", "expired" },	    { "server-names-bad.pem", "may not certify" },
		{ "server-path-length.pem", "more CAs" },   { "names-email-bad.pem", "may not certify" },
		{ "names-directory-bad.pem", "may not certify" }, { "bad-ca-expired.pem", "CA certificate expired" },
		{ "bad-ca-no-basic.pem", "is no CA" },	    { "bad-issued-by-leaf.pem", "is no CA" },
		{ "bad-critical.pem", "critical extension" }, { "bad-twice.pem", "same extension twice" },
		{ "bad-serial-long.pem", "more than 20 bytes" }, { "bad-times-no-z.pem", "notBefore" },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		expect(*state, &(struct given){ .chain = good[i] }, NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect(*state, &(struct given){ .chain = bad[i][0] }, bad[i][1]);
}

static void the_form_of_a_server_is_strict(void **state)
{
	static const char *const bad[][2] = {
		{ "server-cn-only.pem", "in the CN only" },
		{ "bad-serial-negative.pem", "negative serial" },
		{ "bad-serial-zero.pem", "serial number 0" },
		{ "bad-serial-long.pem", "more than 20 bytes" },
		{ "bad-times-order.pem", "not valid before" },
		{ "bad-times-kind.pem", "notBefore" },
		{ "bad-critical.pem", "critical extension" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect(*state, &(struct given){ .chain = bad[i][0], .purpose = TP_TLS_PURPOSE_SERVER }, bad[i][1]);
}

static void names_are_those_of_the_alternative_name(void **state)
{
	struct given g = { .chain = "server.pem", .purpose = TP_TLS_PURPOSE_SERVER, .name = "Server.PKI.test" };

	expect(*state, &g, NULL);
	g.name = "other.pki.test";
	expect(*state, &g, "name does not match");
	g = (struct given){ .chain = "server-cn-only.pem", .purpose = TP_TLS_PURPOSE_SERVER, .live = true,
			    .name = "server.pki.test" };
	expect(*state, &g, "name does not match");
	g.cn_names = true;
	expect(*state, &g, NULL);
	g = (struct given){ .chain = "server-wildcard.pem", .name = "a.pki.test" };
	expect(*state, &g, NULL);
	g.name = "a.b.pki.test";
	expect(*state, &g, "name does not match");
	g = (struct given){ .chain = "cac.pem", .purpose = TP_TLS_PURPOSE_WEB_LOGIN,
			    .name = "DOE.JOHN.Q.1234567890" };
	expect(*state, &g, NULL);
	g.name = "1234567890@PKI.test";
	expect(*state, &g, NULL);
	g.name = "ROE.JANE.1234567890";
	expect(*state, &g, "name does not match");
}

static void paths_are_searched(void **state)
{
	struct given g = { .chain = "server-disorder.pem", .purpose = TP_TLS_PURPOSE_SERVER };

	expect(*state, &g, NULL); /* any order, and a namesake with another key first */
	g.chain = "server-incomplete.pem";
	expect(*state, &g, "issuer unknown: CN=Test ca2");
	/* Cross-signed: one of two ways up is enough. */
	g.chain = "server-two-paths.pem";
	expect(*state, &g, "issuer unknown: CN=Test ca1");
	g.trust = "trust-all.pem";
	expect(*state, &g, NULL);
	g.chain = "server.pem";
	g.trust = "ca2.pem"; /* an intermediate that is trusted is an anchor */
	expect(*state, &g, NULL);
	g.trust = "server.pem"; /* and so is the leaf itself */
	expect(*state, &g, NULL);
	g.trust = "ca2-namesake.pem";
	expect(*state, &g, "issuer unknown: CN=Test root");
	g.trust = "other-root.pem";
	expect(*state, &g, "issuer unknown: CN=Test root");
	g.trust = "none";
	expect(*state, &g, "issuer unknown");
	g.chain = "bad-root-expired.pem";
	g.trust = "root-expired.pem"; /* an anchor's end counts */
	expect(*state, &g, "CA certificate expired on 2029-12-30");
}

static void a_maze_of_cross_certificates_ends(void **state)
{
	clock_t start = clock();

	expect(*state, &(struct given){ .chain = "bad-maze.pem", .purpose = TP_TLS_PURPOSE_SERVER },
	       "too many possible paths");
	expect(*state, &(struct given){ .chain = "bad-maze.pem", .purpose = TP_TLS_PURPOSE_SERVER, .live = true },
	       "too many possible paths");
	assert_in_range((clock() - start) / CLOCKS_PER_SEC, 0, 5);
}

static EVP_PKEY *rsa_key(int bits, int exponent_bits)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_new();
	BIGNUM *e = BN_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM *params;

	assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
	assert_int_equal(BN_rand(e, exponent_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

static X509 *made(const char *subject, const char *issuer, EVP_PKEY *key, EVP_PKEY *signer)
{
	X509_NAME *name = X509_NAME_new();
	X509 *x = X509_new();

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 60);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)subject, -1, -1, 0);
	X509_set_subject_name(x, name);
	X509_NAME_free(name);
	name = X509_NAME_new();
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)issuer, -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_NAME_free(name);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, signer, EVP_sha256()) > 0);
	return x;
}

/* What a peer sends before it has proved anything must not be able to hold up all. */
static void keys_that_take_long_are_not_tried(void **state)
{
	EVP_PKEY *own = EVP_EC_gen("P-256");
	EVP_PKEY *costly[] = { rsa_key(16384, 17), rsa_key(3072, 3070), EVP_EC_gen("sect571r1") };

	(void)state;
	for (size_t i = 0; i < sizeof(costly) / sizeof(costly[0]); i++) {
		STACK_OF(X509) *others = sk_X509_new_null();
		struct tp_tls_checked checked;
		struct tp_tls_check check = {
			.purpose = TP_TLS_PURPOSE_CLIENT,
			.at = time(NULL),
			.leaf = made("leaf", "issuer", own, own),
			.others = others,
		};

		sk_X509_push(others, made("issuer", "root", costly[i], own));
		tp_tls_check_run(&check, &checked);
		assert_false(checked.accepted);
		assert_non_null(strstr(checked.reason, "takes too long"));
		tp_tls_checked_fini(&checked);
		X509_free(check.leaf);
		sk_X509_pop_free(others, X509_free);
		EVP_PKEY_free(costly[i]);
	}
	EVP_PKEY_free(own);
}

static void extend(X509 *x, int nid, const char *value, EVP_PKEY *signer)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
	assert_true(X509_sign(x, signer, EVP_sha256()) > 0);
}

/* A CN that may be used as a name is held to the constraints, also beside an e-mail address. */
static void constraints_hold_for_a_cn_beside_other_names(void **state)
{
	static const struct {
		const char *cn, *beside;
		bool good;
	} rows[] = {
		{ "edge.example.com", "email:a@example.com", true }, { "edge.example.com", NULL, true },
		{ "edge.example.org", "email:a@example.com", false }, { "edge.example.org", NULL, false },
		{ "192.0.2.1", "email:a@example.com", true },        { "203.0.113.1", NULL, false },
		{ "203.0.113.1", "email:a@example.com", false },     { "Some Body", "email:a@example.com", true },
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	STACK_OF(X509) *anchors = sk_X509_new_null();

	(void)state;
	sk_X509_push(anchors, made("root", "root", key, key));
	extend(sk_X509_value(anchors, 0), NID_basic_constraints, "critical,CA:TRUE", key);
	extend(sk_X509_value(anchors, 0), NID_name_constraints,
	       "critical,permitted;DNS:example.com,permitted;IP:192.0.2.0/255.255.255.0", key);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tp_tls_checked checked;
		struct tp_tls_check check = {
			.purpose = TP_TLS_PURPOSE_CLIENT,
			.at = time(NULL),
			.leaf = made(rows[i].cn, "root", key, key),
			.anchors = anchors,
			.cn_names = true,
		};

		if (rows[i].beside)
			extend(check.leaf, NID_subject_alt_name, rows[i].beside, key);
		tp_tls_check_run(&check, &checked);
		if (checked.accepted != rows[i].good)
			fail_msg("%s beside %s: %s", rows[i].cn, rows[i].beside ? rows[i].beside : "nothing",
				 checked.reason);
		tp_tls_checked_fini(&checked);
		X509_free(check.leaf);
	}
	sk_X509_pop_free(anchors, X509_free);
	EVP_PKEY_free(key);
}

static X509_CRL *made_crl(X509 *issuer, EVP_PKEY *key, long version, bool numbered)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *t = X509_gmtime_adj(NULL, -60);
	ASN1_INTEGER *number = ASN1_INTEGER_new();

	X509_CRL_set_version(crl, version);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer));
	X509_CRL_set1_lastUpdate(crl, t);
	X509_gmtime_adj(t, 60);
	X509_CRL_set1_nextUpdate(crl, t);
	ASN1_INTEGER_set(number, 1);
	if (numbered)
		X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0);
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(t);
	return crl;
}

/* RFC 5280 section 5.2.3 demands a number of those who issue lists, section 6.3 does not. */
static void a_list_without_a_number_counts_for_any_purpose_only(void **state)
{
	static const struct {
		long version;
		bool numbered;
		enum tp_tls_purpose purpose;
		bool good;
	} rows[] = {
		{ X509_CRL_VERSION_2, true, TP_TLS_PURPOSE_CLIENT, true },
		{ X509_CRL_VERSION_2, false, TP_TLS_PURPOSE_CLIENT, false },
		{ X509_CRL_VERSION_2, false, TP_TLS_PURPOSE_ANY, true },
		{ X509_CRL_VERSION_1, false, TP_TLS_PURPOSE_CLIENT, true },
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	STACK_OF(X509) *anchors = sk_X509_new_null();
	X509 *leaf = made("leaf", "root", key, key);

	(void)state;
	sk_X509_push(anchors, made("root", "root", key, key));
	extend(sk_X509_value(anchors, 0), NID_basic_constraints, "critical,CA:TRUE", key);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
		struct tp_tls_check check = { .purpose = rows[i].purpose, .at = time(NULL), .profile = true,
					      .leaf = leaf, .anchors = anchors, .check_crls = true, .crls = crls };
		struct tp_tls_checked checked;

		sk_X509_CRL_push(crls, made_crl(sk_X509_value(anchors, 0), key, rows[i].version, rows[i].numbered));
		tp_tls_check_run(&check, &checked);
		if (checked.accepted != rows[i].good)
			fail_msg("row %zu: %s", i, checked.reason);
		tp_tls_checked_fini(&checked);
		sk_X509_CRL_pop_free(crls, X509_CRL_free);
	}
	X509_free(leaf);
	sk_X509_pop_free(anchors, X509_free);
	EVP_PKEY_free(key);
}

static void revocation_lists_are_read_as_a_whole(void **state)
{
	struct given g = { .chain = "server.pem", .crls = "crls.pem" };

	expect(*state, &g, NULL);
	g.crls = "crls-incomplete.pem"; /* every certificate of the path needs one */
	expect(*state, &g, "no valid CRL of CN=Test root");
	g.crls = "crls-expired.pem";
	expect(*state, &g, "CRL expired: CN=Test ca2");
	g.crls = "forged.crl.pem";
	expect(*state, &g, "no valid CRL");
	g.crls = "crls.pem";
	g.after_s = 8 * 86400;
	expect(*state, &g, "CRL expired");
	g = (struct given){ .chain = "server-revoked-by-delta.pem", .crls = "crls-base.pem" };
	expect(*state, &g, NULL);
	g.crls = "crls-delta.pem";
	expect(*state, &g, "certificate revoked");
	g = (struct given){ .chain = "server-released-by-delta.pem", .crls = "crls-base.pem" };
	expect(*state, &g, "certificate revoked");
	g.crls = "crls-delta.pem";
	expect(*state, &g, NULL);
	g = (struct given){ .chain = "server-indirect-good.pem", .crls = "crls.pem" };
	expect(*state, &g, "no valid CRL of CN=Test ca-indirect");
	g.crls = "crls-indirect.pem";
	expect(*state, &g, NULL);
	g.chain = "server-indirect-revoked.pem";
	expect(*state, &g, "certificate revoked");
}

static void policies_are_followed(void **state)
{
	struct given g = { .chain = "server-policy.pem", .explicit_policy = true, .policy = "2.999.1.1" };

	expect(*state, &g, NULL);
	g.policy = "2.999.1.9";
	expect(*state, &g, "policy");
	g.explicit_policy = false;
	expect(*state, &g, NULL);
	g = (struct given){ .chain = "server.pem", .explicit_policy = true };
	expect(*state, &g, "policy");
	g = (struct given){ .chain = "server-policy-mapped.pem", .explicit_policy = true, .policy = "2.999.1.1" };
	expect(*state, &g, NULL);
	g.inhibit_mapping = true;
	expect(*state, &g, "policy");
}

static void unreadable_text_is_told(void **state)
{
	static const char *const bad[] = {
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
		"-----BEGIN CERTIFICATE-----\nMIIB\n",
	};
	struct tp_diag diag;
	STACK_OF(X509) *certs = NULL;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(tp_tls_check_read(tp_span_of(bad[i]), 5, &certs, NULL, &diag), TP_FORMAT);
	assert_null(certs);
	assert_int_equal(tp_tls_check_read(TP_SPAN("nothing"), 5, &certs, NULL, &diag), TP_OK);
	assert_int_equal(sk_X509_num(certs), 0);
	sk_X509_free(certs);
}

static void too_many_certificates_are_refused(void **state)
{
	struct tp_diag diag = { "", "" };
	STACK_OF(X509) *certs = NULL;
	size_t len;
	char *text = slurp(*state, "ec", "server.pem", &len);

	assert_int_equal(tp_tls_check_read((struct tp_span){ text, len }, 2, &certs, NULL, &diag), TP_LIMIT);
	assert_null(certs);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_leaf_is_judged),
		cmocka_unit_test(any_purpose_adds_nothing),
		cmocka_unit_test(the_form_of_a_server_is_strict),
		cmocka_unit_test(names_are_those_of_the_alternative_name),
		cmocka_unit_test(paths_are_searched),
		cmocka_unit_test(a_maze_of_cross_certificates_ends),
		cmocka_unit_test(keys_that_take_long_are_not_tried),
		cmocka_unit_test(a_list_without_a_number_counts_for_any_purpose_only),
		cmocka_unit_test(constraints_hold_for_a_cn_beside_other_names),
		cmocka_unit_test(revocation_lists_are_read_as_a_whole),
		cmocka_unit_test(policies_are_followed),
		cmocka_unit_test(unreadable_text_is_told),
		cmocka_unit_test(too_many_certificates_are_refused),
	};

	return cmocka_run_group_tests(tests, make_pki, remove_pki);
}
