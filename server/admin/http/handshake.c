/* Why a TLS handshake failed. Runs in turnpike-admin's workers. */
#include "admin/http/handshake.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>

#define OLDER "The client knows older versions of TLS only: renew it, or see the minimum on the page Ciphers."
#define NO_SUITE "The client offers no suite that is allowed: see the page Ciphers."
#define NOT_TLS "The client does not speak TLS: the address begins with https://."
#define NOT_TRUSTED                                                                                      \
	"The client does not trust the certificate shown: see Certificates, or give the client its CA."
#define CARD "The certificate that the client shows is refused: see Certificate login."

static const char *remedy_of(int reason)
{
	static const struct {
		int reason;
		const char *remedy;
	} table[] = {
		{ SSL_R_UNSUPPORTED_PROTOCOL, OLDER },
		{ SSL_R_VERSION_TOO_LOW, OLDER },
		{ SSL_R_UNKNOWN_PROTOCOL, OLDER },
		{ SSL_R_INAPPROPRIATE_FALLBACK, OLDER },
		{ SSL_R_NO_SHARED_CIPHER, NO_SUITE },
		{ SSL_R_NO_CIPHERS_AVAILABLE, NO_SUITE },
		{ SSL_R_NO_SUITABLE_KEY_SHARE, NO_SUITE },
		{ SSL_R_NO_SHARED_GROUPS, NO_SUITE },
		{ SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, NO_SUITE },
		{ SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, NO_SUITE },
		{ SSL_R_HTTP_REQUEST, NOT_TLS },
		{ SSL_R_HTTPS_PROXY_REQUEST, NOT_TLS },
		{ SSL_R_WRONG_VERSION_NUMBER, NOT_TLS },
		{ SSL_R_PACKET_LENGTH_TOO_LONG, NOT_TLS },
		{ SSL_R_BAD_RECORD_TYPE, NOT_TLS },
		{ SSL_R_TLSV1_ALERT_UNKNOWN_CA, NOT_TRUSTED },
		{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, NOT_TRUSTED },
		{ SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, NOT_TRUSTED },
		{ SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, NOT_TRUSTED },
		{ SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, NOT_TRUSTED },
		{ SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, NOT_TRUSTED },
		{ SSL_R_CERTIFICATE_VERIFY_FAILED, CARD },
		{ SSL_R_BAD_SIGNATURE, CARD },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].reason == reason)
			return table[i].remedy;
	return "";
}

void tp_handshake_words(unsigned long reason, char out[TP_HANDSHAKE_TEXT])
{
	const char *words = reason ? ERR_reason_error_string(reason) : NULL;
	const char *remedy = ERR_GET_LIB(reason) == ERR_LIB_SSL ? remedy_of(ERR_GET_REASON(reason)) : "";

	if (!reason || (ERR_GET_LIB(reason) == ERR_LIB_SSL &&
			ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING))
		snprintf(out, TP_HANDSHAKE_TEXT, "the TLS handshake was not finished: the client went away or was too slow");
	else
		snprintf(out, TP_HANDSHAKE_TEXT, "the TLS handshake failed: %s.%s%s",
			 words ? words : "OpenSSL names no reason", remedy[0] ? " " : "", remedy);
}
