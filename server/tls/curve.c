/* Keys on curves that have no name. OpenSSL decodes every key of a Certificate message
 * while it reads it, before any check of ours, and a crafted prime field makes one of
 * 700 bytes cost hundreds of milliseconds. The checker refuses such keys anyway (RFC
 * 5480 section 2.1.1), so they are stopped before they are decoded. */
#include <string.h>

#include "tls/internal.h"

bool tp_tls_curve_without_name(const void *der, size_t len)
{
	/* id-fieldType of X9.62, which stands only where a curve is spelled out. */
	static const uint8_t field_type[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x01 };

	return len > 0 && memmem(der, len, field_type, sizeof(field_type)) != NULL;
}

void tp_tls_guard_certificates(int sent, int version, int content_type, const void *message,
			       size_t len, SSL *ssl, void *arg)
{
	enum { HEADER = 4 }; /* type and length of a handshake message */
	const uint8_t *bytes = message;
	struct tp_tls_verdict *v;

	(void)version;
	(void)arg;
	if (sent || content_type != SSL3_RT_HANDSHAKE || len <= HEADER ||
	    bytes[0] != SSL3_MT_CERTIFICATE || !tp_tls_curve_without_name(bytes, len))
		return;
	v = tp_tls_verdict_of(ssl);
	if (v) {
		v->checked = true;
		v->trusted = false;
		tp_tls_say(v->reason, sizeof(v->reason), "certificate with a curve that has no name");
	}
	/* OpenSSL offers no other way to stop here. The message is its own receive buffer,
	 * already hashed; what is left of it does not decode, which ends the handshake. */
	memset((uint8_t *)message + HEADER, 0xff, len - HEADER);
}
