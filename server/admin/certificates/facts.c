/* What is to be told about one certificate. Runs in turnpike-admin. */
#include "admin/certificates/facts.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/http/utf8.h"

enum { NAME_FLAGS = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB };

void tp_facts_clean(char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t step = tp_utf8_step(text + i, len - i);
		unsigned char c = (unsigned char)text[i];

		if (!step || (step == 1 && (c == 0x7f || (c < 0x20 && c != '\n' && c != '\t'))))
			text[i++] = '?';
		else
			i += step;
	}
}

/* Cuts at a whole character. */
static void keep_whole(char *text, size_t len)
{
	tp_facts_clean(text, len);
	while (len && (text[len - 1] & 0x80) && !tp_utf8_valid(text, len))
		len--;
	text[len] = '\0';
}

static void write_name(const X509_NAME *name, char *buf, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n = 0;

	if (bio && X509_NAME_print_ex(bio, name, 0, NAME_FLAGS) >= 0)
		n = BIO_read(bio, buf, (int)size - 1);
	BIO_free(bio);
	keep_whole(buf, n > 0 ? (size_t)n : 0);
}

static void write_common_name(const X509_NAME *name, char *buf, size_t size)
{
	int last = -1, at = -1;
	unsigned char *text = NULL;
	int len;

	buf[0] = '\0';
	while ((at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0)
		last = at;
	if (last < 0)
		return;
	len = ASN1_STRING_to_UTF8(&text,
				  X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
	if (len < 0)
		return;
	if ((size_t)len >= size)
		len = (int)size - 1;
	memcpy(buf, text, (size_t)len);
	OPENSSL_free(text);
	for (int i = 0; i < len; i++) {
		if (!buf[i])
			buf[i] = '?';
	}
	keep_whole(buf, (size_t)len);
}

static void write_colons(char *buf, size_t size, const uint8_t *bytes, size_t len)
{
	buf[0] = '\0';
	for (size_t i = 0; i < len && 3 * i + 3 <= size; i++)
		snprintf(buf + (i ? 3 * i - 1 : 0), 4, i ? ":%02X" : "%02X", bytes[i]);
}

static int64_t unix_time(const ASN1_TIME *t)
{
	struct tm tm;
	time_t s;

	if (!ASN1_TIME_to_tm(t, &tm) || (s = timegm(&tm)) == (time_t)-1)
		return 0;
	return (int64_t)s;
}

enum tp_err tp_facts_read(X509 *x, struct tp_facts *out)
{
	uint8_t sha256[EVP_MAX_MD_SIZE];
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	unsigned len = 0;

	memset(out, 0, sizeof(*out));
	if (X509_digest(x, EVP_sha256(), sha256, &len) != 1)
		return TP_NOMEM;
	write_name(X509_get_subject_name(x), out->subject, sizeof(out->subject));
	write_name(X509_get_issuer_name(x), out->issuer, sizeof(out->issuer));
	write_common_name(X509_get_subject_name(x), out->common_name, sizeof(out->common_name));
	write_colons(out->sha256, sizeof(out->sha256), sha256, len);
	write_colons(out->serial, sizeof(out->serial), ASN1_STRING_get0_data(serial),
		     (size_t)ASN1_STRING_length(serial));
	out->not_before = unix_time(X509_get0_notBefore(x));
	out->not_after = unix_time(X509_get0_notAfter(x));
	out->self_signed = X509_get_extension_flags(x) & EXFLAG_SS;
	out->ca = X509_check_ca(x) == 1;
	ERR_clear_error();
	return TP_OK;
}

enum tp_err tp_facts_print_raw(X509 *x, char **out, size_t *len)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *copy = NULL;
	long n;

	if (bio && X509_print_ex(bio, x, XN_FLAG_RFC2253, 0) == 1 &&
	    (n = BIO_get_mem_data(bio, &bytes)) > 0 && (copy = malloc((size_t)n + 1))) {
		memcpy(copy, bytes, (size_t)n);
		copy[n] = '\0';
		*out = copy;
		*len = (size_t)n;
	}
	BIO_free(bio);
	ERR_clear_error();
	return copy ? TP_OK : TP_NOMEM;
}

enum tp_err tp_facts_print(X509 *x, char **out, size_t *len)
{
	enum tp_err err = tp_facts_print_raw(x, out, len);

	if (err == TP_OK)
		tp_facts_clean(*out, *len);
	return err;
}
