/* Reads PEM files of certificates and CRLs, block by block. Used by sip, admin and
 * turnpikectl. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/check_internal.h"

static bool is_certificate(const char *label)
{
	return !strcmp(label, PEM_STRING_X509) || !strcmp(label, PEM_STRING_X509_OLD);
}

static enum tp_err take_certificate(const unsigned char *der, long len, unsigned max,
				    STACK_OF(X509) *stack, struct tp_diag *diag)
{
	const unsigned char *p = der;
	unsigned number = (unsigned)sk_X509_num(stack) + 1;
	X509 *x;

	if (number > max)
		return tp_fail(diag, TP_LIMIT, "certificate", "more than %u certificates", max);
	if (len > TP_TLS_CHECK_CERTIFICATE_MAX)
		return tp_fail(diag, TP_LIMIT, "certificate", "certificate %u is larger than %d bytes", number,
			       TP_TLS_CHECK_CERTIFICATE_MAX);
	x = d2i_X509(NULL, &p, len);
	if (!x || p != der + len) {
		X509_free(x);
		return tp_fail(diag, TP_FORMAT, "certificate", "certificate %u does not parse", number);
	}
	if (sk_X509_push(stack, x) <= 0) {
		X509_free(x);
		return TP_NOMEM;
	}
	return TP_OK;
}

static enum tp_err take_crl(const unsigned char *der, long len, STACK_OF(X509_CRL) *stack,
			    struct tp_diag *diag)
{
	const unsigned char *p = der;
	int number = sk_X509_CRL_num(stack) + 1;
	X509_CRL *crl;

	if (number > TP_TLS_CHECK_CRLS_MAX)
		return tp_fail(diag, TP_LIMIT, "crl", "more than %d CRLs", TP_TLS_CHECK_CRLS_MAX);
	crl = d2i_X509_CRL(NULL, &p, len);
	if (!crl || p != der + len) {
		X509_CRL_free(crl);
		return tp_fail(diag, TP_FORMAT, "crl", "CRL %d does not parse", number);
	}
	if (sk_X509_CRL_push(stack, crl) <= 0) {
		X509_CRL_free(crl);
		return TP_NOMEM;
	}
	return TP_OK;
}

/* TP_CLOSED at the end of the text. */
static enum tp_err take_block(BIO *bio, unsigned max, STACK_OF(X509) *certificates,
			      STACK_OF(X509_CRL) *crls, struct tp_diag *diag)
{
	char *label = NULL;
	char *header = NULL;
	unsigned char *der = NULL;
	enum tp_err err = TP_OK;
	unsigned long e;
	long len;

	ERR_clear_error();
	if (PEM_read_bio(bio, &label, &header, &der, &len) != 1) {
		e = ERR_peek_last_error();
		ERR_clear_error();
		if (ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE)
			return TP_CLOSED;
		return tp_fail(diag, TP_FORMAT, "pem", "a PEM block does not parse");
	}
	if (is_certificate(label))
		err = take_certificate(der, len, max, certificates, diag);
	else if (crls && !strcmp(label, PEM_STRING_X509_CRL))
		err = take_crl(der, len, crls, diag);
	OPENSSL_free(label);
	OPENSSL_free(header);
	OPENSSL_clear_free(der, (size_t)len); /* it may have been a key */
	return err;
}

enum tp_err tp_tls_check_read(struct tp_span pem, unsigned max, STACK_OF(X509) **certificates,
			      STACK_OF(X509_CRL) **crls, struct tp_diag *diag)
{
	STACK_OF(X509) *read = sk_X509_new_null();
	STACK_OF(X509_CRL) *read_crls = sk_X509_CRL_new_null();
	BIO *bio = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.len) : NULL;
	enum tp_err err = read && read_crls && bio ? TP_OK : TP_NOMEM;

	while (err == TP_OK)
		err = take_block(bio, max, read, crls ? read_crls : NULL, diag);
	BIO_free(bio);
	ERR_clear_error();
	if (err == TP_CLOSED) {
		*certificates = read;
		if (crls)
			*crls = read_crls;
		else
			sk_X509_CRL_free(read_crls);
		return TP_OK;
	}
	sk_X509_pop_free(read, X509_free);
	sk_X509_CRL_pop_free(read_crls, X509_CRL_free);
	return err;
}
