/* TLS contexts: the one place where an SSL_CTX is made, and what it trusts and
 * shows. Used by sip (links, zones, phones) and admin (HTTPS). The OpenSSL headers
 * stay inside tls/; callers that must hand an SSL_CTX on see it as struct ssl_ctx_st. */
#ifndef TP_TLS_CONTEXT_H
#define TP_TLS_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"
#include "core/secret.h"
#include "core/text.h"
#include "tls/policy.h"

struct ssl_ctx_st; /* SSL_CTX */
struct tp_tls_context;
struct tp_revocation; /* tls/revocation_chain.h */

/* What a context does with the certificate of the other side. */
enum tp_tls_verify {
	TP_TLS_VERIFY_OFF = 0,  /* server: does not ask for one; client: takes any */
	TP_TLS_VERIFY_REPORT,   /* asks, lets the handshake pass, keeps the verdict (tp_tls_peer) */
	TP_TLS_VERIFY_ENFORCE,  /* a bad or missing one ends the handshake with the fitting alert */
};

/* Of whose certificates a revocation list must stand among the trusted CAs. */
enum tp_tls_crl_check {
	TP_TLS_CRL_NONE = 0, /* lists there are passed over */
	TP_TLS_CRL_PEER = 1, /* the other side's own */
	TP_TLS_CRL_ALL = 2,  /* and of each CA between it and the trusted one */
};

struct tp_tls_options {
	bool server;                     /* may accept */
	bool client;                     /* may connect; both may be set */
	struct tp_span certificate_pem;  /* own chain, leaf first; empty only for pure clients */
	const struct tp_secret *key;     /* PEM of the leaf's key; NULL exactly when there is no chain */
	struct tp_span trusted_pem;      /* CA certificates, concatenated; may be empty (trusts nobody) */
	enum tp_tls_crl_check crl_check; /* by the CRLs in trusted_pem; a missing one refuses */
	enum tp_tls_verify verify;
	const struct tp_tls_policy *policy; /* versions and suites; NULL = recommended, from 1.2 on */
	struct tp_revocation *revocation; /* asked about peers that are otherwise trusted; a
	                                  * reference is taken; NULL = not asked */
	const char *alpn;                /* the one protocol spoken, e.g. "http/1.1"; NULL = none: a
	                                  * client that offers only others is refused by alert */
};

enum { TP_TLS_PEM_MAX = 1 << 20, TP_TLS_CHAIN_MAX = 10, TP_TLS_TRUSTED_MAX = 1000 };

/* No session cache, tickets, resumption, renegotiation or compression; the system's
 * openssl.cnf is not read. TP_FORMAT with diag->where "certificate", "key",
 * "trusted", or a part of the policy (tls/policy.h), when an input does not parse or the key does not belong
 * to the leaf; TP_LIMIT; TP_NOMEM. Inputs are copied. The new context has one
 * reference. */
TP_NODISCARD enum tp_err tp_tls_context_new(const struct tp_tls_options *options,
					    struct tp_tls_context **out, struct tp_diag *diag);
struct tp_tls_context *tp_tls_context_ref(struct tp_tls_context *context);
/* Clears the pointer. Connections made with the context keep working. */
void tp_tls_context_unref(struct tp_tls_context **context);
/* Borrowed. For CivetWeb, which makes its SSL objects itself; the verdict on such
 * a connection is read by tp_tls_peer_read. */
struct ssl_ctx_st *tp_tls_context_ssl(const struct tp_tls_context *context);

enum {
	TP_TLS_NAME_MAX = 255,     /* bytes of one name */
	TP_TLS_NAMES_MAX = 16,     /* names kept of a certificate, for showing */
	TP_TLS_SUBJECT_MAX = 511,  /* bytes, RFC 2253 form */
	TP_TLS_REASON_MAX = 255,   /* bytes */
};

/* The certificate of the other side and what is to be said about it. */
struct tp_tls_peer {
	bool present;                           /* it showed one */
	bool trusted;                           /* chain, dates, purpose, and name where one was wanted */
	bool chain_trusted;                     /* the same but for the name and revocation */
	char reason[TP_TLS_REASON_MAX + 1];     /* why not trusted, for a person; empty when trusted:
		"certificate expired on 2026-11-20 10:00 UTC", "certificate not valid before ...",
		"issuer unknown: CN=...", "self-signed certificate: CN=...",
		"name does not match: certificate has DNS:a, wanted b", "no certificate shown" */
	char subject[TP_TLS_SUBJECT_MAX + 1];
	uint8_t sha256[32];                     /* of the DER form */
	int64_t not_before;                     /* Unix time, seconds */
	int64_t not_after;
	char names[TP_TLS_REASON_MAX + 1];      /* "DNS:a, IP:192.0.2.1", cut to fit */
	char protocol[16];                      /* "TLSv1.3" */
	char cipher[64];
};

/* Reads subject, dates, names and fingerprint of the first certificate in a PEM
 * text; `trusted` is false and `reason` empty. TP_FORMAT. */
TP_NODISCARD enum tp_err tp_tls_peer_from_pem(struct tp_span pem, struct tp_tls_peer *out);

struct ssl_st; /* SSL */
/* The same of a finished handshake, with its verdict, protocol and cipher. */
void tp_tls_peer_read(struct ssl_st *ssl, struct tp_tls_peer *out);

/* The certificate that we show. */
enum { TP_TLS_SERIAL_MAX = 64 }; /* hexadecimal digits */
struct tp_tls_own {
	bool present;
	char subject[TP_TLS_SUBJECT_MAX + 1];
	char names[TP_TLS_REASON_MAX + 1];
	char serial[TP_TLS_SERIAL_MAX + 1];     /* upper case, two digits a byte */
	uint8_t sha256[32];
	int64_t not_before;                     /* Unix time, seconds */
	int64_t not_after;
};
/* What new connections of the context show. */
void tp_tls_context_own(const struct tp_tls_context *context, struct tp_tls_own *out);
struct x509_st; /* X509 */
/* The same of a certificate by itself; NULL: not present. */
void tp_tls_own_read(struct x509_st *certificate, struct tp_tls_own *out);
/* Connections made with the context that have not been freed yet. Any thread. */
unsigned tp_tls_context_connections(const struct tp_tls_context *context);
/* Whether our certificate would satisfy a peer that wants this name; reason (may be NULL)
 * as tp_tls_check_name. */
bool tp_tls_context_carries(const struct tp_tls_context *context, const char *wanted,
			    char reason[TP_TLS_REASON_MAX + 1]);

struct x509_st; /* X509 */
/* Whether a certificate carries `wanted` (a DNS name, or an IP address in numbers):
 * subjectAltName DNS or IP, or a SIP URI with no user part whose host it is (RFC
 * 5922 section 7.1); never the subject's CN (RFC 9525). DNS names compare without
 * case; a wildcard stands only as the whole leftmost label, matches one label, and
 * never an address. Fills reason (may be NULL) when false. */
bool tp_tls_check_name(struct x509_st *certificate, const char *wanted,
		       char reason[TP_TLS_REASON_MAX + 1]);

#endif
