/* What the files of tls/ share: the context's inside and the verdict kept with a
 * connection. Not included by others. */
#ifndef TP_TLS_INTERNAL_H
#define TP_TLS_INTERNAL_H

#include <stdatomic.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tls/context.h"
#include "tls/revocation.h"

/* What our security callback needs; lives as long as the SSL_CTX. */
struct tp_tls_guard {
	bool anonymous; /* suites without authentication may be used */
	int (*otherwise)(const SSL *s, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
			 void *ex); /* OpenSSL's own */
};

/* Lives exactly as long as its SSL_CTX, whose counter is the references. */
struct tp_tls_context {
	SSL_CTX *ssl;
	enum tp_tls_verify verify;
	enum tp_tls_crl_check crl_check;
	bool server;
	bool client;
	struct tp_revocation *revocation; /* a reference; may be NULL */
	struct tp_tls_guard guard;
	atomic_uint connections; /* made with it and not freed; counted by verify.c */
	uint8_t alpn[256]; /* wire form: length, name; length 0 = none */
};

/* Hangs on an SSL; made by the verify callback or by tp_tls_verdict_of. */
struct tp_tls_verdict {
	char wanted[TP_TLS_NAME_MAX + 1];
	bool cn_names; /* also as a CN, see tp_tls_session_allow_cn */
	enum tp_revocation_unknown unknown;
	bool checked;
	bool trusted;
	bool chain_trusted; /* without the name and revocation */
	bool held;          /* trusted unless what is known only later says otherwise */
	char reason[TP_TLS_REASON_MAX + 1];
};

/* Makes the SSL_CTX free the context with itself. */
bool tp_tls_context_attach(SSL_CTX *ssl, struct tp_tls_context *context);
/* Made at the first call; NULL without memory. */
struct tp_tls_verdict *tp_tls_verdict_of(SSL *ssl);
/* Versions, level, suites, groups, Diffie-Hellman. diag->where as tp_tls_policy_check
 * says; refuses less than that does. */
TP_NODISCARD enum tp_err tp_tls_policy_apply(SSL_CTX *ssl, const struct tp_tls_policy *policy,
					     struct tp_tls_guard *guard, struct tp_diag *diag);
/* The context that an SSL was made with. */
const struct tp_tls_context *tp_tls_context_of(const SSL *ssl);
/* Borrowed certificates of a trust store, which nobody changes once it is in use, in a new
 * stack. */
STACK_OF(X509) *tp_tls_anchors_of(X509_STORE *trust);
/* curve.c: whether DER holds a key whose curve is spelled out instead of named. */
bool tp_tls_curve_without_name(const void *der, size_t len);
/* For SSL_CTX_set_msg_callback: ends a handshake in which the peer sends such a key. */
void tp_tls_guard_certificates(int sent, int version, int content_type, const void *message,
			       size_t len, SSL *ssl, void *arg);
/* For SSL_CTX_set_cert_verify_callback; arg is the struct tp_tls_context. */
int tp_tls_verify_peer(X509_STORE_CTX *store, void *arg);

/* revocation_peer.c: what the sources in memory say of a chain that has been verified;
 * changes the verdict. */
void tp_tls_revocation_check(const struct tp_tls_context *context, X509_STORE_CTX *store,
			     struct tp_tls_verdict *v);
struct tp_revocation_chain;
TP_NODISCARD enum tp_err tp_tls_revocation_chain(SSL *ssl, struct tp_revocation_chain **out);

/* "DNS:a, IP:192.0.2.1", cut to fit; empty when there is none. */
void tp_tls_names_write(const X509 *certificate, char *buf, size_t size);
/* RFC 2253 form, cut to fit. */
void tp_tls_subject_write(const X509_NAME *name, char *buf, size_t size);
/* Everything but verdict, protocol and cipher. */
void tp_tls_peer_fill(X509 *certificate, struct tp_tls_peer *out);

/* snprintf where cutting the end is meant. */
void tp_tls_say(char *buf, size_t size, const char *fmt, ...) TP_PRINTF(3, 4);
/* Words for what stands first in OpenSSL's error queue, which is emptied. */
void tp_tls_error_words(char *buf, size_t size);

#endif
