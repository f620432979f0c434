/* Any bytes as a PEM text, and as a chain (leaf first, its anchor last) with CRLs in DER. */
#include <stdint.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "tls/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_text(const uint8_t *data, size_t size)
{
	STACK_OF(X509) *certificates = NULL;
	STACK_OF(X509_CRL) *crls = NULL;

	if (tp_tls_check_read((struct tp_span){ (const char *)data, size }, 10, &certificates, &crls, NULL) != TP_OK)
		return;
	sk_X509_pop_free(certificates, X509_free);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
}

static void take(const uint8_t *data, size_t size, STACK_OF(X509) *certificates, STACK_OF(X509_CRL) *crls)
{
	const uint8_t *p = data;
	const uint8_t *end = data + size;

	for (int i = 0; i < 10 && p < end; i++) {
		const uint8_t *from = p;
		X509 *x = d2i_X509(NULL, &p, end - p);
		X509_CRL *crl = NULL;

		if (x) {
			sk_X509_push(certificates, x);
			continue;
		}
		p = from;
		crl = d2i_X509_CRL(NULL, &p, end - p);
		if (!crl)
			return;
		sk_X509_CRL_push(crls, crl);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	STACK_OF(X509) *anchors = sk_X509_new_null();
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	struct tp_tls_check check = { .at = 1893456000, .name = "server.pki.test", .others = others,
				      .anchors = anchors, .crls = crls, .profile = true };
	struct tp_tls_checked checked;

	read_text(data, size);
	take(data, size, others, crls);
	if (sk_X509_num(others) > 1) {
		check.leaf = sk_X509_shift(others);
		sk_X509_push(anchors, sk_X509_pop(others));
		for (int purpose = TP_TLS_PURPOSE_ANY; purpose <= TP_TLS_PURPOSE_SERVER; purpose++) {
			check.purpose = (enum tp_tls_purpose)purpose;
			check.check_crls = purpose == TP_TLS_PURPOSE_ANY;
			tp_tls_check_run(&check, &checked);
			tp_tls_checked_fini(&checked);
		}
	}
	X509_free(check.leaf);
	sk_X509_pop_free(others, X509_free);
	sk_X509_pop_free(anchors, X509_free);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	ERR_clear_error();
	return 0;
}
