/* One TLS connection over a non-blocking socket: handshake, read, write, verdict.
 * Clears OpenSSL's error queue before each call, so that one peer's failure is
 * never taken for another's. Used by sip. */
#ifndef TP_TLS_SESSION_H
#define TP_TLS_SESSION_H

#include "tls/context.h"
#include "tls/revocation.h"

struct tp_tls_session;
struct tp_revocation_chain; /* tls/revocation_chain.h */

/* Takes a reference to the context, not the fd. wanted_name: what the peer's
 * certificate must carry, NULL or "" = any; a client also sends it as SNI when it
 * is a DNS name. TP_STATE when the context is not for that role. */
TP_NODISCARD enum tp_err tp_tls_session_new(struct tp_tls_context *context, int fd, bool server,
					    const char *wanted_name, struct tp_tls_session **out);
/* Sends close_notify if that is possible at once. Does not close the fd. */
void tp_tls_session_free(struct tp_tls_session **session);

/* All three: TP_OK, TP_AGAIN (wait until readable, or writable where
 * tp_tls_session_wants_write says so), TP_CLOSED (clean end), else an error with
 * words in diag. */
enum tp_err tp_tls_session_handshake(struct tp_tls_session *s, struct tp_diag *diag);
enum tp_err tp_tls_session_read(struct tp_tls_session *s, void *buf, size_t cap, size_t *len,
				struct tp_diag *diag);
enum tp_err tp_tls_session_write(struct tp_tls_session *s, const void *buf, size_t len,
				 size_t *written, struct tp_diag *diag);
bool tp_tls_session_wants_write(const struct tp_tls_session *s);
/* Decrypted bytes waiting inside: read again without waiting for the socket. */
bool tp_tls_session_pending(const struct tp_tls_session *s);
/* The certificate that we show on it, borrowed, whatever replaced it since; the same
 * pointer for all connections of a context. NULL: none. */
struct x509_st *tp_tls_session_shown(const struct tp_tls_session *s);
/* From now on the CN of the peer counts where its certificate has no other name. */
void tp_tls_session_allow_cn(struct tp_tls_session *s);
/* What counts on this connection when no source knows the status of the peer's
 * certificate; before the handshake. */
void tp_tls_session_set_unknown(struct tp_tls_session *s, enum tp_revocation_unknown unknown);
/* Whether the peer's certificate carries this name, as tp_tls_check_server_name says. */
bool tp_tls_session_peer_carries(const struct tp_tls_session *s, const char *name, bool cn_names);
/* After the handshake, or after one that failed on the peer's certificate. */
void tp_tls_session_peer(const struct tp_tls_session *s, struct tp_tls_peer *out);
/* After the handshake: the peer is trusted unless an OCSP responder that is still to be
 * asked, or a fallback that is not known yet, says otherwise. Nothing may be read from it or sent to it before that. */
bool tp_tls_session_held(const struct tp_tls_session *s);
/* Of a held one: the peer's chain with what is still to be asked. TP_STATE: not held. */
TP_NODISCARD enum tp_err tp_tls_session_chain(const struct tp_tls_session *s,
					      struct tp_revocation_chain **out);

#endif
