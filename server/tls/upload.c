/* A certificate with those that issued it, as uploaded. Used by admin. */
#include "tls/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#include "tls/internal.h"

enum { KEY_MAX = 8192 };

struct tp_tls_upload {
	X509 *list[TP_TLS_UPLOAD_CERTIFICATES];
	size_t count;
	size_t chain; /* how many of the list are the ordered chain; 0 before the ordering */
};

/* ---------------------------------------------------------------------- reading */

/* Takes the certificate. The same one twice counts once. */
static enum tp_err add(struct tp_tls_upload *u, X509 *x, struct tp_diag *diag)
{
	for (size_t i = 0; i < u->count; i++) {
		if (X509_cmp(u->list[i], x) == 0) {
			X509_free(x);
			return TP_OK;
		}
	}
	if (u->count == TP_TLS_UPLOAD_CERTIFICATES) {
		X509_free(x);
		return tp_fail(diag, TP_LIMIT, "", "more than %d certificates",
			       TP_TLS_UPLOAD_CERTIFICATES);
	}
	u->list[u->count++] = x;
	return TP_OK;
}

static enum tp_err add_pkcs7(struct tp_tls_upload *u, PKCS7 *p7, struct tp_diag *diag)
{
	STACK_OF(X509) *certs = NULL;
	enum tp_err err = TP_OK;

	if (PKCS7_type_is_signed(p7) && p7->d.sign)
		certs = p7->d.sign->cert;
	for (int i = 0; err == TP_OK && i < sk_X509_num(certs); i++) {
		X509 *x = sk_X509_value(certs, i);

		X509_up_ref(x);
		err = add(u, x, diag);
	}
	return err;
}

/* One certificate or one PKCS#7, nothing behind it. */
static enum tp_err read_der(struct tp_tls_upload *u, const unsigned char *der, long len,
			    struct tp_diag *diag)
{
	const unsigned char *at = der;
	X509 *x = d2i_X509(NULL, &at, len);
	PKCS7 *p7;
	enum tp_err err;

	if (x && at == der + len)
		return add(u, x, diag);
	X509_free(x);
	at = der;
	p7 = d2i_PKCS7(NULL, &at, len);
	err = p7 ? add_pkcs7(u, p7, diag)
		 : tp_fail(diag, TP_FORMAT, "", "certificate number %zu does not read", u->count + 1);
	PKCS7_free(p7);
	return err;
}

static bool holds_certificates(const char *name)
{
	return !strcmp(name, PEM_STRING_X509) || !strcmp(name, PEM_STRING_X509_OLD) ||
	       !strcmp(name, PEM_STRING_PKCS7);
}

static enum tp_err read_pem(struct tp_tls_upload *u, struct tp_span text, struct tp_diag *diag)
{
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.len);
	enum tp_err err = bio ? TP_OK : TP_NOMEM;
	unsigned char *data;
	char *name, *header;
	long len;

	while (err == TP_OK && PEM_read_bio(bio, &name, &header, &data, &len) == 1) {
		if (holds_certificates(name))
			err = read_der(u, data, len, diag);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)len); /* it may be a private key */
	}
	if (err == TP_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		err = tp_fail(diag, TP_FORMAT, "", "the PEM text is damaged behind certificate %zu",
			      u->count);
	BIO_free(bio);
	return err;
}

enum tp_err tp_tls_upload_read(struct tp_span bytes, struct tp_tls_upload **out,
			       struct tp_diag *diag)
{
	struct tp_tls_upload *u;
	enum tp_err err;

	if (bytes.len > TP_TLS_UPLOAD_MAX)
		return tp_fail(diag, TP_LIMIT, "", "longer than %d bytes", TP_TLS_UPLOAD_MAX);
	u = calloc(1, sizeof(*u));
	if (!u)
		return TP_NOMEM;
	ERR_clear_error();
	if (memmem(bytes.p, bytes.len, "-----BEGIN ", 11))
		err = read_pem(u, bytes, diag);
	else
		err = read_der(u, (const unsigned char *)bytes.p, (long)bytes.len, diag);
	if (err == TP_OK && u->count == 0)
		err = tp_fail(diag, TP_FORMAT, "", "there is no certificate in it");
	ERR_clear_error();
	if (err != TP_OK)
		tp_tls_upload_free(&u);
	else
		*out = u;
	return err;
}

void tp_tls_upload_free(struct tp_tls_upload **upload)
{
	struct tp_tls_upload *u = *upload;

	if (!u)
		return;
	*upload = NULL;
	for (size_t i = 0; i < u->count; i++)
		X509_free(u->list[i]);
	free(u);
}

/* --------------------------------------------------------------------- ordering */

/* One that signs itself need not be allowed to sign others. */
static bool may_have_issued(X509 *issuer, X509 *subject)
{
	if (X509_cmp(issuer, subject) == 0)
		return X509_NAME_cmp(X509_get_subject_name(subject), X509_get_issuer_name(subject)) == 0;
	return X509_check_issued(issuer, subject) == X509_V_OK;
}

bool tp_tls_is_issuer(X509 *issuer, X509 *subject)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool is = may_have_issued(issuer, subject) && key && X509_verify(subject, key) == 1;

	ERR_clear_error();
	return is;
}

bool tp_tls_public_key(X509 *certificate, uint8_t *out, size_t max, size_t *len)
{
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), NULL);

	if (n <= 0 || (size_t)n > max)
		return false;
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &out);
	*len = (size_t)n;
	return true;
}

static bool carries(X509 *x, struct tp_span public_key)
{
	uint8_t der[KEY_MAX];
	size_t len;

	return tp_tls_public_key(x, der, sizeof(der), &len) && len == public_key.len &&
	       memcmp(der, public_key.p, public_key.len) == 0;
}

/* Its place; count when there is none. */
static size_t find_key(const struct tp_tls_upload *u, struct tp_span public_key)
{
	size_t i = 0;

	while (i < u->count && !(public_key.len && carries(u->list[i], public_key)))
		i++;
	return i;
}

bool tp_tls_upload_has_key(const struct tp_tls_upload *upload, struct tp_span public_key)
{
	return find_key(upload, public_key) < upload->count;
}

static bool issued_another(const struct tp_tls_upload *u, size_t which)
{
	for (size_t i = 0; i < u->count; i++)
		if (i != which && tp_tls_is_issuer(u->list[which], u->list[i]))
			return true;
	return false;
}

static size_t find_leaf(const struct tp_tls_upload *u)
{
	size_t best = u->count;

	for (size_t i = 0; i < u->count; i++) {
		if (issued_another(u, i))
			continue;
		if (!(X509_get_extension_flags(u->list[i]) & EXFLAG_CA))
			return i;
		if (best == u->count)
			best = i;
	}
	return best < u->count ? best : 0;
}

static void move(struct tp_tls_upload *u, size_t from, size_t to)
{
	X509 *x = u->list[from];

	memmove(&u->list[to + 1], &u->list[to], (from - to) * sizeof(u->list[0]));
	u->list[to] = x;
}

void tp_tls_upload_order(struct tp_tls_upload *u, struct tp_span public_key)
{
	size_t leaf = find_key(u, public_key);

	move(u, leaf < u->count ? leaf : find_leaf(u), 0);
	u->chain = 1;
	while (!tp_tls_is_issuer(u->list[u->chain - 1], u->list[u->chain - 1])) {
		size_t i = u->chain;

		while (i < u->count && !tp_tls_is_issuer(u->list[i], u->list[u->chain - 1]))
			i++;
		if (i == u->count)
			break;
		move(u, i, u->chain++);
	}
}

X509 *tp_tls_upload_certificate(const struct tp_tls_upload *upload, size_t i)
{
	return i < upload->chain ? upload->list[i] : NULL;
}

size_t tp_tls_upload_count(const struct tp_tls_upload *upload)
{
	return upload->chain;
}

size_t tp_tls_upload_left_over(const struct tp_tls_upload *upload)
{
	return upload->count - upload->chain;
}

enum tp_err tp_tls_upload_write(const struct tp_tls_upload *upload, char **out, size_t *len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool written = bio != NULL;
	char *bytes, *copy = NULL;
	long n = 0;

	for (size_t i = 0; written && i < upload->chain; i++)
		written = PEM_write_bio_X509(bio, upload->list[i]) == 1;
	if (written && (n = BIO_get_mem_data(bio, &bytes)) > 0 && (copy = malloc((size_t)n + 1))) {
		memcpy(copy, bytes, (size_t)n);
		copy[n] = '\0';
		*out = copy;
		*len = (size_t)n;
	}
	BIO_free(bio);
	return copy ? TP_OK : TP_NOMEM;
}

/* ------------------------------------------------------------------------- keys */

void tp_tls_key_name(EVP_PKEY *key, char *out, size_t size)
{
	char group[64] = "";
	size_t len;

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		if (!EVP_PKEY_get_group_name(key, group, sizeof(group), &len))
			group[0] = '\0';
		snprintf(out, size, "EC %s",
			 !strcmp(group, "prime256v1")  ? "P-256"
			 : !strcmp(group, "secp384r1") ? "P-384"
			 : !strcmp(group, "secp521r1") ? "P-521"
						       : group);
		return;
	case EVP_PKEY_RSA:
		snprintf(out, size, "RSA %d", EVP_PKEY_get_bits(key));
		return;
	default:
		snprintf(out, size, "%s", OBJ_nid2sn(EVP_PKEY_get_base_id(key)));
		return;
	}
}
