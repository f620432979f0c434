/* OCSP (RFC 6960, nonce by RFC 8954): the question about one certificate, and what the
 * responder's bytes are worth. No I/O. Used by sip. */
#ifndef TP_TLS_OCSP_H
#define TP_TLS_OCSP_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "tls/revocation.h"

struct x509_st; /* X509 */

enum {
	TP_OCSP_URL_MAX = 1023,      /* bytes */
	TP_OCSP_REQUEST_MAX = 512,   /* bytes of DER */
	TP_OCSP_RESPONSE_MAX = 65535, /* bytes of DER; longer ones are not read */
	TP_OCSP_TEXT_MAX = 255,
	TP_OCSP_SKEW_S = 300,        /* how far clocks may be apart */
	TP_OCSP_AGE_MAX_S = 3600,    /* of an answer with neither nextUpdate nor our nonce */
};

struct tp_ocsp_question {
	char url[TP_OCSP_URL_MAX + 1]; /* of the responder, from the certificate */
	uint8_t key[32];               /* the same for the same certificate of the same issuer */
	uint16_t request_len;
	uint8_t request[TP_OCSP_REQUEST_MAX]; /* DER, one SHA-256 CertID, a fresh nonce of 32 bytes */
	struct x509_st *issuer;        /* whose answer it must be; a reference */
};

/* TP_NOTFOUND: the certificate names no OCSP responder over http or https. TP_LIMIT,
 * TP_NOMEM. */
TP_NODISCARD enum tp_err tp_ocsp_ask(struct x509_st *certificate, struct x509_st *issuer,
				     struct tp_ocsp_question *out);
/* dst is as good as empty before; both are to be ended. */
void tp_ocsp_question_copy(struct tp_ocsp_question *dst, const struct tp_ocsp_question *src);
void tp_ocsp_question_fini(struct tp_ocsp_question *question);

struct tp_ocsp_answer {
	enum tp_ocsp_status status; /* never NOT_ASKED or WAITING */
	int64_t this_update;        /* Unix time, seconds; these three 0 where not said */
	int64_t next_update;
	int64_t revoked_at;
	char text[TP_OCSP_TEXT_MAX + 1]; /* what was wrong with it; empty for good and revoked */
	struct x509_st *delegate;   /* who signed, when not the issuer itself; the caller looks it
	                             * up in its CRLs; freed by tp_ocsp_answer_fini */
};

/* Judges the bytes that came for the question: signed by the issuer, or by one whom the
 * issuer itself made an OCSP signer and who is valid now; our nonce where there is one;
 * the CertID that was asked; the times. */
void tp_ocsp_judge(const struct tp_ocsp_question *question, const void *response,
		   size_t response_len, int64_t now, struct tp_ocsp_answer *out);
void tp_ocsp_answer_fini(struct tp_ocsp_answer *answer);

#endif
