/* Whom a revocation list speaks about: hashes of names, serial numbers. Runs in sip,
 * admin and the CRL helper. */
#include "tls/crl_question.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"

static enum tp_err hash_der(const unsigned char *der, int len, uint8_t hash[TP_CRL_HASH])
{
	if (len < 0)
		return TP_FORMAT;
	return EVP_Digest(der, (size_t)len, hash, NULL, EVP_sha256(), NULL) == 1 ? TP_OK : TP_NOMEM;
}

static bool is_space(unsigned char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Lower case, no space at the ends, one for a run of it. In place; returns the length. */
static size_t fold(unsigned char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (is_space(s[i])) {
			if (n && s[n - 1] != ' ')
				s[n++] = ' ';
			continue;
		}
		s[n++] = s[i] >= 'A' && s[i] <= 'Z' ? (unsigned char)(s[i] | 0x20) : s[i];
	}
	return n && s[n - 1] == ' ' ? n - 1 : n;
}

/* A value that is no text goes in as it is, with its type. */
static bool add_value(EVP_MD_CTX *md, const ASN1_STRING *value)
{
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, value);
	uint8_t head[5] = { 0 };
	size_t n;
	bool ok;

	if (len < 0) {
		head[0] = (uint8_t)(ASN1_STRING_type(value) & 0x7f);
		n = (size_t)ASN1_STRING_length(value);
	} else {
		head[0] = 0xff;
		n = fold(text, (size_t)len);
	}
	for (int i = 0; i < 4; i++)
		head[1 + i] = (uint8_t)(n >> (24 - 8 * i));
	ok = EVP_DigestUpdate(md, head, sizeof(head)) == 1 &&
	     EVP_DigestUpdate(md, len < 0 ? ASN1_STRING_get0_data(value) : text, n) == 1;
	OPENSSL_free(text);
	return ok;
}

static bool add_entry(EVP_MD_CTX *md, const X509_NAME_ENTRY *entry)
{
	const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(entry);
	int set = X509_NAME_ENTRY_set(entry);
	size_t len = OBJ_length(type);
	const uint8_t head[3] = { (uint8_t)(set >> 8), (uint8_t)set, (uint8_t)len };

	return EVP_DigestUpdate(md, head, sizeof(head)) == 1 &&
	       EVP_DigestUpdate(md, OBJ_get0_data(type), len) == 1 &&
	       add_value(md, X509_NAME_ENTRY_get_data(entry));
}

enum tp_err tp_crl_name_hash(const X509_NAME *name, uint8_t hash[TP_CRL_HASH])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;

	for (int i = 0; ok && i < X509_NAME_entry_count(name); i++)
		ok = add_entry(md, X509_NAME_get_entry(name, i));
	ok = ok && EVP_DigestFinal_ex(md, hash, NULL) == 1;
	EVP_MD_CTX_free(md);
	return ok ? TP_OK : TP_NOMEM;
}

enum tp_err tp_crl_point_hash(const GENERAL_NAME *point, uint8_t hash[TP_CRL_HASH])
{
	unsigned char *der = NULL;
	int len = i2d_GENERAL_NAME(point, &der);
	enum tp_err err = hash_der(der, len, hash);

	OPENSSL_free(der);
	return err;
}

static enum tp_err add_points(const GENERAL_NAMES *names, struct tp_crl_question *q)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		enum tp_err err;

		if (q->point_count == TP_CRL_POINTS_MAX)
			return TP_OK;
		err = tp_crl_point_hash(sk_GENERAL_NAME_value(names, i), q->points[q->point_count]);
		if (err != TP_OK)
			return err;
		q->point_count++;
	}
	return TP_OK;
}

static enum tp_err read_points(X509 *certificate, struct tp_crl_question *q)
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL,
						   NULL);
	enum tp_err err = TP_OK;

	for (int i = 0; points && err == TP_OK && i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *point = sk_DIST_POINT_value(points, i);

		if (point->distpoint && point->distpoint->type == 0)
			err = add_points(point->distpoint->name.fullname, q);
	}
	CRL_DIST_POINTS_free(points);
	return err;
}

/* A list of all reasons that the certificate's own issuer signs. */
static bool url_of(const DIST_POINT *point, char *url, size_t size)
{
	const GENERAL_NAMES *names;

	if (!point->distpoint || point->distpoint->type != 0 || point->reasons || point->CRLissuer)
		return false;
	names = point->distpoint->name.fullname;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		struct tp_span text;

		if (name->type != GEN_URI)
			continue;
		text.p = (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
		text.len = (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier);
		if (text.len > 7 && strncasecmp(text.p, "http://", 7) == 0 && !memchr(text.p, 0, text.len) &&
		    tp_text_copy_span(url, size, text))
			return true;
	}
	return false;
}

bool tp_crl_point_url(X509 *certificate, char *url, size_t size)
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(certificate, NID_crl_distribution_points, NULL, NULL);
	bool found = false;

	for (int i = 0; !found && points && i < sk_DIST_POINT_num(points); i++)
		found = url_of(sk_DIST_POINT_value(points, i), url, size);
	CRL_DIST_POINTS_free(points);
	ERR_clear_error();
	return found;
}

/* The contents alone: a serial number's DER form is short, its length one byte or two. */
static enum tp_err read_serial(const X509 *certificate, struct tp_crl_question *q)
{
	unsigned char *der = NULL;
	int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &der);
	const unsigned char *p = der;
	long content;
	int tag;
	int class;

	if (len <= 0 || ASN1_get_object(&p, &content, &tag, &class, len) & 0x80) {
		OPENSSL_free(der);
		return TP_FORMAT;
	}
	tp_crl_serial_key(p, (size_t)content, q->serial);
	OPENSSL_free(der);
	return TP_OK;
}

enum tp_err tp_crl_question_of(X509 *certificate, struct tp_crl_question *out)
{
	struct tp_crl_question q = { .ca = X509_check_ca(certificate) > 0 };
	enum tp_err err = tp_crl_name_hash(X509_get_issuer_name(certificate), q.issuer);

	if (err == TP_OK)
		err = read_serial(certificate, &q);
	if (err == TP_OK)
		err = read_points(certificate, &q);
	if (err == TP_OK)
		*out = q;
	return err;
}
