/* A summary of a certificate, for pages, logs and decisions. Used by sip and admin. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/internal.h"

void tp_tls_subject_write(const X509_NAME *name, char *buf, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len = 0;

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		len = BIO_read(bio, buf, (int)size - 1);
	buf[len > 0 ? len : 0] = '\0';
	tp_text_make_printable(buf);
	BIO_free(bio);
}

static int64_t unix_time(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

void tp_tls_peer_fill(X509 *certificate, struct tp_tls_peer *out)
{
	unsigned len = 0;

	out->present = true;
	tp_tls_subject_write(X509_get_subject_name(certificate), out->subject, sizeof(out->subject));
	if (X509_digest(certificate, EVP_sha256(), out->sha256, &len) != 1)
		memset(out->sha256, 0, sizeof(out->sha256));
	out->not_before = unix_time(X509_get0_notBefore(certificate));
	out->not_after = unix_time(X509_get0_notAfter(certificate));
	tp_tls_names_write(certificate, out->names, sizeof(out->names));
}

enum tp_err tp_tls_peer_from_pem(struct tp_span pem, struct tp_tls_peer *out)
{
	struct tp_tls_peer peer = { 0 };
	BIO *bio;
	X509 *x;

	if (pem.len == 0 || pem.len > TP_TLS_PEM_MAX)
		return TP_FORMAT;
	bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	if (!bio)
		return TP_NOMEM;
	x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (!x)
		return TP_FORMAT;
	tp_tls_peer_fill(x, &peer);
	X509_free(x);
	*out = peer;
	return TP_OK;
}

void tp_tls_peer_read(struct ssl_st *ssl, struct tp_tls_peer *out)
{
	const struct tp_tls_verdict *v = tp_tls_verdict_of(ssl);
	X509 *x = SSL_get0_peer_certificate(ssl);
	const char *cipher = SSL_get_cipher_name(ssl);

	memset(out, 0, sizeof(*out));
	if (x)
		tp_tls_peer_fill(x, out);
	if (v) {
		out->trusted = v->checked && v->trusted;
		out->chain_trusted = v->checked && v->chain_trusted;
		tp_text_copy(out->reason, sizeof(out->reason), v->reason);
	}
	if (!out->trusted && !out->reason[0])
		tp_text_copy(out->reason, sizeof(out->reason),
			     x ? "certificate was not checked" : "no certificate shown");
	tp_text_copy(out->protocol, sizeof(out->protocol), SSL_get_version(ssl));
	tp_text_copy(out->cipher, sizeof(out->cipher), cipher ? cipher : "");
}
