/* Certificates made on the spot for the TLS tests: CAs, leaves good and bad. */
#ifndef TEST_SIPBASE_CERTIFICATES_H
#define TEST_SIPBASE_CERTIFICATES_H

#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/context.h"

struct identity {
	EVP_PKEY *key;
	X509 *cert;
	char pem[8192];
	struct tp_secret secret; /* the key as PEM */
};

struct identity_options {
	const char *common_name;
	const char *san;             /* "DNS:a,IP:127.0.3.1"; NULL = none */
	const struct identity *ca;   /* NULL = self-signed */
	bool is_ca;
	bool expired;
	bool not_yet;
	const char *usage;           /* extendedKeyUsage; NULL = none */
};

static inline void identity_extension(struct identity *id, const struct identity *ca, int nid,
				      const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, ca ? ca->cert : id->cert, id->cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	X509_add_ext(id->cert, ext, -1);
	X509_EXTENSION_free(ext);
}

static inline void identity_write_pem(struct identity *id)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long len;

	PEM_write_bio_X509(bio, id->cert);
	len = BIO_get_mem_data(bio, &p);
	assert_in_range(len, 1, (long)sizeof(id->pem) - 1);
	memcpy(id->pem, p, (size_t)len);
	id->pem[len] = '\0';
	BIO_free(bio);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, id->key, NULL, NULL, 0, NULL, NULL);
	len = BIO_get_mem_data(bio, &p);
	assert_int_equal(tp_secret_set(&id->secret, p, (size_t)len), TP_OK);
	BIO_free(bio);
}

static inline void identity_make(struct identity *id, const struct identity_options *o)
{
	static long serial = 1;
	long day = 86400;
	X509_NAME *name;

	memset(id, 0, sizeof(*id));
	id->key = EVP_EC_gen("P-256");
	id->cert = X509_new();
	X509_set_version(id->cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(id->cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(id->cert), o->not_yet ? day : -10 * day);
	X509_gmtime_adj(X509_getm_notAfter(id->cert), o->expired ? -day : 100 * day);
	name = X509_get_subject_name(id->cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)o->common_name, -1, -1, 0);
	X509_set_issuer_name(id->cert, o->ca ? X509_get_subject_name(o->ca->cert) : name);
	X509_set_pubkey(id->cert, id->key);
	if (o->is_ca)
		identity_extension(id, o->ca, NID_basic_constraints, "critical,CA:TRUE");
	if (o->san)
		identity_extension(id, o->ca, NID_subject_alt_name, o->san);
	if (o->usage)
		identity_extension(id, o->ca, NID_ext_key_usage, o->usage);
	assert_true(X509_sign(id->cert, o->ca ? o->ca->key : id->key, EVP_sha256()) > 0);
	identity_write_pem(id);
}

/* Another key for it, whose curve is spelled out in its certificate. */
static inline void identity_spell_curve(struct identity *id, const struct identity *ca)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

	EVP_PKEY_free(id->key);
	id->key = NULL;
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_group_name(ctx, "P-256"), 1);
	assert_int_equal(EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_EXPLICIT_CURVE), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &id->key), 1);
	EVP_PKEY_CTX_free(ctx);
	X509_set_pubkey(id->cert, id->key);
	assert_true(X509_sign(id->cert, ca->key, EVP_sha256()) > 0);
	tp_secret_fini(&id->secret);
	identity_write_pem(id);
}

static inline void identity_fini(struct identity *id)
{
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
	tp_secret_fini(&id->secret);
}

/* A context that shows id (may be NULL) and trusts ca (may be NULL). */
static inline struct tp_tls_context *identity_context(const struct identity *id,
						      const struct identity *ca, bool server,
						      enum tp_tls_verify verify)
{
	const struct tp_tls_options o = {
		.server = server,
		.client = !server,
		.certificate_pem = id ? tp_span_of(id->pem) : TP_SPAN(""),
		.key = id ? &id->secret : NULL,
		.trusted_pem = ca ? tp_span_of(ca->pem) : TP_SPAN(""),
		.verify = verify,
	};
	struct tp_tls_context *context = NULL;
	struct tp_diag diag = { "", "" };

	if (tp_tls_context_new(&o, &context, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
	return context;
}

#endif
