/* What an authority may read while an order runs, to see that a name is ours: HTTP-01
 * answers on a port of their own, TLS-ALPN-01 certificates on the web interface's. Shown
 * from the asking until the order's end, and never else. */
#ifndef TP_ADMIN_ACME_PROOFS_H
#define TP_ADMIN_ACME_PROOFS_H

#include "core/err.h"
#include "core/text.h"
#include "ipc/messages.h"

struct ssl_st; /* SSL */
struct tp_acme_proofs;

enum { TP_ACME_PROOFS_MAX = 200, TP_ACME_REQUEST_MAX = 2048 };

TP_NODISCARD enum tp_err tp_acme_proofs_new(struct tp_acme_proofs **out);
void tp_acme_proofs_free(struct tp_acme_proofs **proofs);

/* Any thread. Opens the port, with the first one. */
TP_NODISCARD enum tp_err tp_acme_show_http(struct tp_acme_proofs *proofs, uint16_t port,
					   const struct tp_msg_acme_challenge *m);
TP_NODISCARD enum tp_err tp_acme_show_tls(struct tp_acme_proofs *proofs,
					  const struct tp_msg_acme_challenge *m);
/* Shows nothing any more, and closes the port. */
void tp_acme_hide(struct tp_acme_proofs *proofs);

/* tp_server_hello of admin/http/server.h; arg is the struct tp_acme_proofs. */
void tp_acme_hello(void *arg, struct ssl_st *ssl);

/* http.c: the token that a request asks for, borrowed; false: it is none of ours. */
bool tp_acme_read_request(struct tp_span head, struct tp_span *token);
/* tls.c: whether the extension offers acme-tls/1 and nothing else (RFC 8737 section 4). */
bool tp_acme_is_offer(const void *extension, size_t len);
/* tls.c: the name in a server_name extension, borrowed; false: it is malformed. */
bool tp_acme_read_name(const void *extension, size_t len, struct tp_span *name);

#endif
