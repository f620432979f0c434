/* Whose revocation lists are believed. Runs in the CRL helper. */
#include "tls/crl_issuer.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tls/context.h"
#include "tls/crl_question.h"

enum {
	CHUNK = 1 << 20,
	COPIED_MAX = 32 << 20, /* what OpenSSL may copy to check an algorithm with parameters */
};

struct trusted {
	X509 *certificate;
	uint8_t name[TP_CRL_HASH];
};

struct tp_crl_trust {
	struct trusted *list;
	size_t count;
};

/* ------------------------------------------------------------------ the trusted */

static enum tp_err add(struct tp_crl_trust *t, X509 *certificate)
{
	struct trusted *slot = &t->list[t->count];
	enum tp_err err = tp_crl_name_hash(X509_get_subject_name(certificate), slot->name);

	if (err == TP_OK) {
		slot->certificate = certificate;
		t->count++;
	}
	return err;
}

static enum tp_err read_all(struct tp_crl_trust *t, BIO *bio)
{
	unsigned char *der;
	char *name;
	char *header;
	long len;

	while (PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		const unsigned char *p = der;
		X509 *certificate = NULL;
		enum tp_err err = TP_OK;

		if (strcmp(name, PEM_STRING_X509) == 0)
			certificate = d2i_X509(NULL, &p, len);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
		if (certificate)
			err = t->count < TP_TLS_TRUSTED_MAX ? add(t, certificate) : TP_LIMIT;
		if (err != TP_OK) {
			X509_free(certificate);
			return err;
		}
	}
	ERR_clear_error();
	return TP_OK;
}

enum tp_err tp_crl_trust_new(struct tp_span pem, struct tp_crl_trust **out)
{
	struct tp_crl_trust *t = calloc(1, sizeof(*t));
	BIO *bio = pem.len <= TP_TLS_PEM_MAX ? BIO_new_mem_buf(pem.len ? pem.p : "", (int)pem.len)
					     : NULL;
	enum tp_err err = pem.len > TP_TLS_PEM_MAX ? TP_LIMIT : TP_NOMEM;

	if (t)
		t->list = calloc(TP_TLS_TRUSTED_MAX, sizeof(*t->list));
	if (t && t->list && bio)
		err = read_all(t, bio);
	BIO_free(bio);
	if (err == TP_OK)
		*out = t;
	else
		tp_crl_trust_free(&t);
	return err;
}

void tp_crl_trust_free(struct tp_crl_trust **trust)
{
	struct tp_crl_trust *t = *trust;

	if (!t)
		return;
	for (size_t i = 0; t->list && i < t->count; i++)
		X509_free(t->list[i].certificate);
	free(t->list);
	free(t);
	*trust = NULL;
}

/* ----------------------------------------------------------------- the signature */

/* A signature whose digest is named by its algorithm: over the bytes as they lie. */
static bool verify_stream(EVP_PKEY *key, int digest, struct tp_der tbs, struct tp_der signature)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md && EVP_DigestVerifyInit(md, NULL, EVP_get_digestbynid(digest), NULL, key) == 1;

	for (size_t at = 0; ok && at < tbs.whole_len; at += CHUNK) {
		size_t n = tbs.whole_len - at < CHUNK ? tbs.whole_len - at : CHUNK;

		ok = EVP_DigestVerifyUpdate(md, tbs.whole + at, n) == 1;
	}
	ok = ok && EVP_DigestVerifyFinal(md, signature.p, signature.len) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

/* RSA-PSS and Ed25519: OpenSSL reads the parameters, and wants its own copy. */
static bool verify_copied(EVP_PKEY *key, const X509_ALGOR *algorithm, struct tp_der tbs,
			  struct tp_der signature)
{
	const unsigned char *p = tbs.whole;
	ASN1_TYPE *copy = d2i_ASN1_TYPE(NULL, &p, (long)tbs.whole_len);
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	bool ok = copy && bits &&
		  ASN1_STRING_set(bits, signature.p, (int)signature.len) == 1;

	if (ok) {
		bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07L);
		bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
		ok = ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), algorithm, bits, copy, key) == 1;
	}
	ASN1_TYPE_free(copy);
	ASN1_BIT_STRING_free(bits);
	return ok;
}

static enum tp_err verify(EVP_PKEY *key, const X509_ALGOR *algorithm, struct tp_der tbs,
			  struct tp_der signature, struct tp_diag *diag)
{
	const ASN1_OBJECT *object;
	int digest = NID_undef;
	int kind = NID_undef;
	bool ok;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	if (OBJ_find_sigid_algs(OBJ_obj2nid(object), &digest, &kind) != 1)
		return tp_fail(diag, TP_UNSUPPORTED, NULL, "its signature is of an unknown kind");
	if (digest == NID_md5 || digest == NID_md4 || digest == NID_md2)
		return tp_fail(diag, TP_DENIED, NULL, "its signature uses %s, which is broken",
			       OBJ_nid2sn(digest));
	if (digest != NID_undef) {
		/* The algorithm of the list has to be one of the key. */
		ok = EVP_PKEY_get_base_id(key) == kind &&
		     verify_stream(key, digest, tbs, signature);
	} else if (tbs.whole_len > COPIED_MAX) {
		return tp_fail(diag, TP_LIMIT, NULL,
			       "it is too large for the kind of its signature");
	} else {
		ok = verify_copied(key, algorithm, tbs, signature);
	}
	ERR_clear_error();
	return ok ? TP_OK : tp_fail(diag, TP_AUTH, NULL, "its signature is wrong");
}

/* ------------------------------------------------------------------- the issuer */

static enum tp_err may_sign(X509 *certificate, int64_t now, struct tp_diag *diag)
{
	time_t at = (time_t)now;
	uint32_t usage = X509_get_key_usage(certificate); /* all bits when there is none */
	bool says = X509_get_ext_by_NID(certificate, NID_key_usage, -1) >= 0;

	if (says ? !(usage & KU_CRL_SIGN) : X509_check_ca(certificate) <= 0)
		return tp_fail(diag, TP_DENIED, NULL,
			       "its issuer's certificate does not allow it to sign lists (cRLSign)");
	if (X509_cmp_time(X509_get0_notBefore(certificate), &at) > 0 ||
	    X509_cmp_time(X509_get0_notAfter(certificate), &at) < 0)
		return tp_fail(diag, TP_DENIED, NULL,
			       "its issuer's certificate has expired or is not yet valid");
	return TP_OK;
}

static enum tp_err check_one(const struct trusted *t, int64_t now, const X509_ALGOR *algorithm,
			     struct tp_der tbs, struct tp_der signature, struct tp_diag *diag)
{
	EVP_PKEY *key = X509_get0_pubkey(t->certificate);
	enum tp_err err = key ? may_sign(t->certificate, now, diag)
			      : tp_fail(diag, TP_UNSUPPORTED, NULL, "its issuer's key is unknown");

	return err == TP_OK ? verify(key, algorithm, tbs, signature, diag) : err;
}

enum tp_err tp_crl_issuer_check(const struct tp_crl_reading *how, const uint8_t name[TP_CRL_HASH],
				struct tp_der tbs, struct tp_der algorithm, struct tp_der signature,
				struct tp_diag *diag)
{
	const unsigned char *p = algorithm.whole;
	X509_ALGOR *algor = d2i_X509_ALGOR(NULL, &p, (long)algorithm.whole_len);
	enum tp_err err = tp_fail(diag, TP_NOTFOUND, NULL,
				  "the CA that issued it is not among the trusted CAs");

	if (!algor) {
		ERR_clear_error();
		return tp_fail(diag, TP_FORMAT, NULL, "its signature algorithm is malformed");
	}
	/* A CA that has changed its key has two certificates with one name. */
	for (size_t i = 0; i < how->trust->count && err != TP_OK; i++)
		if (memcmp(how->trust->list[i].name, name, TP_CRL_HASH) == 0)
			err = check_one(&how->trust->list[i], how->now, algor, tbs, signature, diag);
	X509_ALGOR_free(algor);
	return err;
}
