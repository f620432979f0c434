/* Keys and certificates. Runs in turnpike-keys. */
#include "make.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "write.h"

enum {
	DAY_S = 24 * 3600,
	CA_DAYS = 3653,
	LEAF_DAYS = 397,
	CLOCK_SKEW_S = 300,
	COMMON_NAME_MAX = 64, /* RFC 5280 ub-common-name */
};

struct pair {
	EVP_PKEY *key;
	X509 *cert;
};

static void free_pair(struct pair *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
	*p = (struct pair){ 0 };
}

enum tp_err tp_keys_warm_up(void)
{
	EVP_PKEY *key;
	uint8_t byte;

	if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
					 OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS,
				 NULL) ||
	    RAND_priv_bytes(&byte, 1) != 1)
		return TP_INTERNAL;
	/* PKCS#12 files of older systems want RC2; without the provider they are refused. */
	if (!OSSL_PROVIDER_load(NULL, "default"))
		return TP_INTERNAL;
	(void)OSSL_PROVIDER_load(NULL, "legacy");
	ERR_clear_error();
	key = EVP_EC_gen("P-256");
	EVP_PKEY_free(key);
	return key ? TP_OK : TP_INTERNAL;
}

/* --------------------------------------------------------------- certificates */

static bool set_name(X509_NAME *name, const char *prefix, const char *common_name)
{
	char text[COMMON_NAME_MAX + 1];

	/* A name that does not fit stands in the SAN alone. */
	if (snprintf(text, sizeof(text), "%s%s", prefix, common_name) >= (int)sizeof(text))
		tp_text_copy(text, sizeof(text), *prefix ? "Turnpike temporary CA" : "Turnpike");
	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
					  (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool add_text_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool added;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	added = e && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return added;
}

static bool add_names(X509 *cert, const struct tp_msg_keys_make *asked,
		      struct tp_msg_keys_made *made)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	bool added = names &&
		     tp_keys_push_names(names, asked->dns_names, asked->dns_names_count,
					asked->ip_names, asked->ip_names_count, made->text,
					sizeof(made->text)) &&
		     X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;

	sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
	return added;
}

/* Version, serial, validity, key; the subject and extensions are the caller's. */
static bool start_certificate(struct pair *p, unsigned days)
{
	p->key = EVP_EC_gen("P-256");
	p->cert = X509_new();
	return p->key && p->cert && X509_set_version(p->cert, X509_VERSION_3) &&
	       tp_keys_set_serial(p->cert) && X509_gmtime_adj(X509_getm_notBefore(p->cert), -CLOCK_SKEW_S) &&
	       X509_gmtime_adj(X509_getm_notAfter(p->cert), (long)days * DAY_S) &&
	       X509_set_pubkey(p->cert, p->key);
}

static bool make_ca(const struct tp_msg_keys_make *asked, struct pair *ca)
{
	return start_certificate(ca, CA_DAYS) &&
	       set_name(X509_get_subject_name(ca->cert), "Turnpike temporary CA ",
			asked->common_name) &&
	       X509_set_issuer_name(ca->cert, X509_get_subject_name(ca->cert)) &&
	       add_text_extension(ca->cert, ca->cert, NID_basic_constraints,
				  "critical,CA:TRUE,pathlen:0") &&
	       add_text_extension(ca->cert, ca->cert, NID_key_usage,
				  "critical,keyCertSign,cRLSign") &&
	       add_text_extension(ca->cert, ca->cert, NID_subject_key_identifier, "hash") &&
	       X509_sign(ca->cert, ca->key, EVP_sha256()) > 0;
}

static bool make_leaf(const struct tp_msg_keys_make *asked, const struct pair *ca,
		      struct pair *leaf, struct tp_msg_keys_made *made)
{
	return start_certificate(leaf, LEAF_DAYS) &&
	       set_name(X509_get_subject_name(leaf->cert), "", asked->common_name) &&
	       X509_set_issuer_name(leaf->cert, X509_get_subject_name(ca->cert)) &&
	       add_text_extension(leaf->cert, ca->cert, NID_basic_constraints,
				  "critical,CA:FALSE") &&
	       add_text_extension(leaf->cert, ca->cert, NID_key_usage,
				  "critical,digitalSignature") &&
	       add_text_extension(leaf->cert, ca->cert, NID_ext_key_usage,
				  "serverAuth,clientAuth") &&
	       add_names(leaf->cert, asked, made) &&
	       add_text_extension(leaf->cert, ca->cert, NID_subject_key_identifier, "hash") &&
	       add_text_extension(leaf->cert, ca->cert, NID_authority_key_identifier, "keyid") &&
	       X509_sign(leaf->cert, ca->key, EVP_sha256()) > 0;
}

/* ------------------------------------------------------------------------ PEM */

static bool write_cert(X509 *cert, uint8_t *dst, size_t max, uint16_t *len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool written = bio && tp_keys_write_certificate(bio, cert) && tp_keys_copy_bio(bio, dst, max, len);

	BIO_free(bio);
	return written;
}

static bool read_ca(const struct tp_msg_keys_make *asked, struct pair *ca)
{
	BIO *cert = BIO_new_mem_buf(asked->ca_pem, asked->ca_pem_len);
	BIO *key = BIO_new_mem_buf(asked->ca_key, asked->ca_key_len);

	if (cert && key) {
		ca->cert = PEM_read_bio_X509(cert, NULL, tp_keys_no_passphrase, NULL);
		ca->key = PEM_read_bio_PrivateKey(key, NULL, tp_keys_no_passphrase, NULL);
	}
	BIO_free(cert);
	BIO_free(key);
	return ca->cert && ca->key && X509_check_private_key(ca->cert, ca->key) == 1 &&
	       X509_cmp_current_time(X509_get0_notAfter(ca->cert)) > 0;
}

static bool write_all(const struct pair *ca, const struct pair *leaf, struct tp_msg_keys_made *made)
{
	return write_cert(leaf->cert, made->certificate_pem, sizeof(made->certificate_pem),
			  &made->certificate_pem_len) &&
	       tp_keys_write_key(leaf->key, made->key_pem, sizeof(made->key_pem), &made->key_pem_len) &&
	       write_cert(ca->cert, made->ca_pem, sizeof(made->ca_pem), &made->ca_pem_len) &&
	       tp_keys_write_key(ca->key, made->ca_key, sizeof(made->ca_key), &made->ca_key_len);
}

static enum tp_err make(const struct tp_msg_keys_make *asked, struct pair *ca, struct pair *leaf,
			struct tp_msg_keys_made *made)
{
	if (!asked->dns_names_count && !asked->ip_names_count) {
		tp_text_copy(made->text, sizeof(made->text), "a certificate needs at least one name");
		return TP_FORMAT;
	}
	if (asked->ca_key_len ? !read_ca(asked, ca) : !make_ca(asked, ca)) {
		tp_text_copy(made->text, sizeof(made->text),
			     "the CA is damaged, has expired or cannot be made");
		return TP_STATE;
	}
	if (!make_leaf(asked, ca, leaf, made))
		return TP_FORMAT;
	return write_all(ca, leaf, made) ? TP_OK : TP_INTERNAL;
}

void tp_keys_make(const struct tp_msg_keys_make *asked, struct tp_msg_keys_made *made)
{
	struct pair ca = { 0 };
	struct pair leaf = { 0 };

	ERR_clear_error();
	memset(made, 0, sizeof(*made));
	made->err = (uint8_t)make(asked, &ca, &leaf, made);
	if (made->err != TP_OK && !made->text[0])
		ERR_error_string_n(ERR_peek_last_error(), made->text, sizeof(made->text));
	free_pair(&ca);
	free_pair(&leaf);
}
