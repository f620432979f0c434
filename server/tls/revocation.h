/* The verdict on one certificate's revocation: which source wins over which. One
 * table, no I/O, no clock. Used by sip (TLS peers), admin and turnpikectl. */
#ifndef TP_TLS_REVOCATION_H
#define TP_TLS_REVOCATION_H

#include <stdbool.h>
#include <stdint.h>

enum { TP_REVOCATION_REASON_MAX = 255 /* bytes */ };

/* What a CRL of the certificate's issuer says about it. */
struct tp_revocation_crl {
	bool present;        /* there is one, and its signature was good */
	bool revoked;        /* it lists the certificate */
	int64_t next_update; /* Unix time, seconds; 0: it names none and never expires */
	int64_t revoked_at;  /* 0: not known */
	uint8_t reason;      /* CRLReason, RFC 5280 section 5.3.1; TP_CRL_REASON_NONE */
};

/* What the OCSP responder said, after all checks of tls/ocsp.h. */
enum tp_ocsp_status {
	TP_OCSP_NOT_ASKED = 0, /* switched off, or the certificate names no responder */
	TP_OCSP_WAITING,       /* the answer may still come */
	TP_OCSP_GOOD,
	TP_OCSP_REVOKED,
	TP_OCSP_OTHER_ID,      /* verified, but not about the SHA-256 CertID that was asked */
	TP_OCSP_UNKNOWN,       /* the responder does not know the certificate */
	TP_OCSP_UNREACHABLE,   /* no answer in time, or an error instead of one */
	TP_OCSP_STALE,         /* outside thisUpdate..nextUpdate */
	TP_OCSP_WRONG,         /* wrongly signed, malformed, or of another question (nonce) */
	TP_OCSP_STATUS_COUNT
};

struct tp_revocation_facts {
	struct tp_revocation_crl automatic; /* downloaded */
	struct tp_revocation_crl manual;    /* uploaded */
	bool crl_waiting;                   /* a list that the certificate names may still come */
	enum tp_ocsp_status ocsp;
	int64_t ocsp_revoked_at;            /* 0: not known */
	bool use_crls;
	bool use_ocsp;
	bool automatic_overrides;           /* manual CRLs count only where there is no automatic one;
	                                     * false: both count (SIP TLS) */
	bool unknown_is_revoked;            /* the fallback */
	uint32_t last_known_good_s;         /* how long an automatic CRL counts past nextUpdate */
	int64_t now;                        /* Unix time, seconds */
};

/* The fallback of one connection. */
enum tp_revocation_unknown {
	TP_REVOCATION_UNKNOWN_GLOBAL = 0,  /* the policy's */
	TP_REVOCATION_UNKNOWN_REVOKED,
	TP_REVOCATION_UNKNOWN_NOT_REVOKED,
	TP_REVOCATION_UNKNOWN_LATER,       /* known only after the handshake: held until then */
};

enum tp_revocation_outcome {
	TP_REVOCATION_ACCEPT = 0,
	TP_REVOCATION_REFUSE,
	TP_REVOCATION_WAIT, /* for the OCSP answer or a list: every other source leaves it open */
};

struct tp_revocation_verdict {
	enum tp_revocation_outcome outcome;
	uint8_t rule;         /* 1..5 of the table in revocation.c; 0: waiting */
	bool fallback;        /* nothing usable: the fallback decided */
	bool last_known_good; /* leans on an expired CRL inside the window */
	bool other_id;        /* the responder does not answer with SHA-256 CertIDs */
	char reason[TP_REVOCATION_REASON_MAX + 1]; /* in words, for every outcome */
};

void tp_revocation_decide(const struct tp_revocation_facts *facts, struct tp_revocation_verdict *out);

/* "unreachable" and so on, for pages and logs. Never NULL. */
const char *tp_ocsp_status_words(enum tp_ocsp_status status);

#endif
