/* The certificate that a context shows to others. Used by sip and admin. */
#include "tls/context.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>

#include "tls/internal.h"

/* RFC 5280 section 4.1.2.2: at most 20 octets; what is longer is cut. */
static void write_serial(const X509 *x, char out[TP_TLS_SERIAL_MAX + 1])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
	BIGNUM *n = serial ? ASN1_INTEGER_to_BN(serial, NULL) : NULL;
	char *hex = n ? BN_bn2hex(n) : NULL;

	tp_text_copy(out, TP_TLS_SERIAL_MAX + 1, hex ? hex : "");
	OPENSSL_free(hex);
	BN_free(n);
	ERR_clear_error();
}

void tp_tls_own_read(X509 *x, struct tp_tls_own *out)
{
	struct tp_tls_peer summary = { 0 };

	memset(out, 0, sizeof(*out));
	if (!x)
		return;
	tp_tls_peer_fill(x, &summary);
	out->present = true;
	tp_text_copy(out->subject, sizeof(out->subject), summary.subject);
	tp_text_copy(out->names, sizeof(out->names), summary.names);
	memcpy(out->sha256, summary.sha256, sizeof(out->sha256));
	out->not_before = summary.not_before;
	out->not_after = summary.not_after;
	write_serial(x, out->serial);
}

void tp_tls_context_own(const struct tp_tls_context *context, struct tp_tls_own *out)
{
	tp_tls_own_read(SSL_CTX_get0_certificate(context->ssl), out);
}

unsigned tp_tls_context_connections(const struct tp_tls_context *context)
{
	return atomic_load_explicit(&context->connections, memory_order_relaxed);
}

bool tp_tls_context_carries(const struct tp_tls_context *context, const char *wanted,
			    char reason[TP_TLS_REASON_MAX + 1])
{
	X509 *x = SSL_CTX_get0_certificate(context->ssl);
	bool carries = x && tp_tls_check_name(x, wanted, reason);

	if (!x && reason)
		tp_text_copy(reason, TP_TLS_REASON_MAX + 1, "there is no certificate");
	ERR_clear_error();
	return carries;
}
