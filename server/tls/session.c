/* One TLS connection over a non-blocking socket. Used by sip. */
#include "tls/session.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "tls/check.h"
#include "tls/internal.h"

struct tp_tls_session {
	SSL *ssl;
	bool server;
	bool up;
	bool failed; /* OpenSSL forbids further calls, SSL_shutdown too */
	bool wants_write;
};

static bool is_dns_name(const char *name)
{
	struct tp_addr a;

	return tp_addr_parse_ip(tp_span_of(name), 0, &a) != TP_OK;
}

static bool set_names(SSL *ssl, bool server, const char *wanted)
{
	struct tp_tls_verdict *v = tp_tls_verdict_of(ssl);

	if (!v || !tp_text_copy(v->wanted, sizeof(v->wanted), wanted))
		return false;
	return server || !is_dns_name(wanted) || SSL_set_tlsext_host_name(ssl, wanted) == 1;
}

enum tp_err tp_tls_session_new(struct tp_tls_context *context, int fd, bool server,
			       const char *wanted_name, struct tp_tls_session **out)
{
	struct tp_tls_session *s;

	if (server ? !context->server : !context->client)
		return TP_STATE;
	ERR_clear_error();
	s = calloc(1, sizeof(*s));
	if (!s)
		return TP_NOMEM;
	s->server = server;
	s->ssl = SSL_new(context->ssl);
	if (!s->ssl || SSL_set_fd(s->ssl, fd) != 1 ||
	    (wanted_name && wanted_name[0] && !set_names(s->ssl, server, wanted_name))) {
		SSL_free(s->ssl);
		free(s);
		ERR_clear_error();
		return TP_NOMEM;
	}
	if (server)
		SSL_set_accept_state(s->ssl);
	else
		SSL_set_connect_state(s->ssl);
	*out = s;
	return TP_OK;
}

void tp_tls_session_free(struct tp_tls_session **session)
{
	struct tp_tls_session *s = *session;

	*session = NULL;
	if (!s)
		return;
	ERR_clear_error();
	if (s->up && !s->failed)
		(void)SSL_shutdown(s->ssl);
	ERR_clear_error();
	SSL_free(s->ssl);
	free(s);
}

/* Turns the outcome of an SSL call into ours. saved_errno is errno right after it. */
static enum tp_err outcome(struct tp_tls_session *s, int result, int saved_errno,
			   struct tp_diag *diag)
{
	const struct tp_tls_verdict *v;
	char words[TP_TLS_REASON_MAX + 1];

	s->wants_write = false;
	switch (SSL_get_error(s->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return TP_AGAIN;
	case SSL_ERROR_WANT_WRITE:
		s->wants_write = true;
		return TP_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return tp_fail(diag, TP_CLOSED, "", "closed by the peer");
	case SSL_ERROR_SYSCALL:
		s->failed = true;
		ERR_clear_error();
		return tp_fail(diag, TP_CLOSED, "", "%s",
			       saved_errno ? strerror(saved_errno) : "connection closed by the peer");
	default:
		s->failed = true;
	}
	v = tp_tls_verdict_of(s->ssl);
	if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		ERR_clear_error();
		return tp_fail(diag, TP_CLOSED, "", "%s", s->up ? "connection closed by the peer"
				: "connection closed by the peer during the TLS handshake");
	}
	tp_tls_error_words(words, sizeof(words));
	if (!s->up && v && v->checked && !v->trusted && v->reason[0])
		return tp_fail(diag, TP_AUTH, "", "TLS: %s", v->reason);
	return tp_fail(diag, TP_FORMAT, "", "TLS: %s", words);
}

enum tp_err tp_tls_session_handshake(struct tp_tls_session *s, struct tp_diag *diag)
{
	int result;

	if (s->failed)
		return TP_STATE;
	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(s->ssl);
	if (result != 1)
		return outcome(s, result, errno, diag);
	s->wants_write = false;
	s->up = true;
	return TP_OK;
}

enum tp_err tp_tls_session_read(struct tp_tls_session *s, void *buf, size_t cap, size_t *len,
				struct tp_diag *diag)
{
	int result;

	if (s->failed)
		return TP_STATE;
	ERR_clear_error();
	errno = 0;
	result = SSL_read(s->ssl, buf, cap > INT_MAX ? INT_MAX : (int)cap);
	if (result <= 0)
		return outcome(s, result, errno, diag);
	s->wants_write = false;
	*len = (size_t)result;
	return TP_OK;
}

enum tp_err tp_tls_session_write(struct tp_tls_session *s, const void *buf, size_t len,
				 size_t *written, struct tp_diag *diag)
{
	int result;

	if (s->failed)
		return TP_STATE;
	ERR_clear_error();
	errno = 0;
	result = SSL_write(s->ssl, buf, len > INT_MAX ? INT_MAX : (int)len);
	if (result <= 0)
		return outcome(s, result, errno, diag);
	s->wants_write = false;
	*written = (size_t)result;
	return TP_OK;
}

bool tp_tls_session_wants_write(const struct tp_tls_session *s)
{
	return s->wants_write;
}

bool tp_tls_session_pending(const struct tp_tls_session *s)
{
	return SSL_pending(s->ssl) > 0;
}

void tp_tls_session_peer(const struct tp_tls_session *s, struct tp_tls_peer *out)
{
	tp_tls_peer_read(s->ssl, out);
}

bool tp_tls_session_held(const struct tp_tls_session *s)
{
	const struct tp_tls_verdict *v = tp_tls_verdict_of(s->ssl);

	return v && v->held;
}

enum tp_err tp_tls_session_chain(const struct tp_tls_session *s, struct tp_revocation_chain **out)
{
	return tp_tls_session_held(s) ? tp_tls_revocation_chain(s->ssl, out) : TP_STATE;
}

struct x509_st *tp_tls_session_shown(const struct tp_tls_session *s)
{
	return SSL_get_certificate(s->ssl);
}

void tp_tls_session_allow_cn(struct tp_tls_session *s)
{
	struct tp_tls_verdict *v = tp_tls_verdict_of(s->ssl);

	if (v)
		v->cn_names = true;
}

void tp_tls_session_set_unknown(struct tp_tls_session *s, enum tp_revocation_unknown unknown)
{
	struct tp_tls_verdict *v = tp_tls_verdict_of(s->ssl);

	if (v)
		v->unknown = unknown;
}

bool tp_tls_session_peer_carries(const struct tp_tls_session *s, const char *name, bool cn_names)
{
	X509 *x = SSL_get0_peer_certificate(s->ssl);

	return x && tp_tls_check_server_name(x, name, cn_names, NULL);
}
