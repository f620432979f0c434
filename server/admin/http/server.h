/* The HTTPS server of the administration, and HTTP on the administration socket.
 * Certificate and addresses change while it runs. Runs in turnpike-admin; CivetWeb is
 * known to server.c alone. */
#ifndef TP_ADMIN_HTTP_SERVER_H
#define TP_ADMIN_HTTP_SERVER_H

#include "admin/account/login.h"
#include "admin/cac/cac.h"
#include "admin/http/router.h"
#include "tls/context.h"

enum {
	TP_SERVER_WORKERS = 160,
	TP_SERVER_CONNECTIONS = 144,     /* of browsers; the rest is for the admin socket */
	TP_SERVER_SOURCE_SHARE = 32,     /* of one source */
	TP_SERVER_REQUEST_MS = 8000,     /* handshake; head of a request */
	TP_SERVER_IDLE_MS = 10000,       /* between two requests */
	TP_SERVER_BODY_MS = 30000,
	TP_SERVER_LISTENERS_MAX = 32,    /* two ports on each network address */
};

struct tp_server;

/* router, login and cac outlive it. unix_fd: the listening administration socket, or -1;
 * taken. Starts the workers; TLS comes by the next two. */
TP_NODISCARD enum tp_err tp_server_new(const struct tp_router *router, struct tp_login *login,
				       struct tp_cac *cac, int unix_fd, struct tp_server **out);
/* Ends all connections and threads. */
void tp_server_free(struct tp_server **server);

/* Called for each TLS client hello before a certificate is chosen: may read the hello, and
 * put another context into it. */
struct ssl_st; /* SSL */
typedef void (*tp_server_hello)(void *arg, struct ssl_st *ssl);
/* Before the first context. */
void tp_server_on_hello(struct tp_server *server, tp_server_hello hello, void *arg);
/* A browser's connection came up, failed, or ended. */
struct tp_network_note {
	uint8_t kind; /* 0 came up, 1 failed, 2 ended */
	struct tp_addr peer;
	const char *text; /* borrowed */
};
/* Who hears of them, on the workers' threads; before the first connection. May not wait. */
void tp_server_on_connection(struct tp_server *server,
			     void (*heard)(void *arg, const struct tp_network_note *note), void *arg);

/* New connections get this context from now on; takes a reference. */
void tp_server_set_tls(struct tp_server *server, struct tp_tls_context *context);
/* The same for those to one port, which asks for certificates; NULL: no port does. */
void tp_server_set_card_tls(struct tp_server *server, struct tp_tls_context *context, uint16_t port);

/* Sockets that listen on these addresses: those that the server has already are used
 * again, the others are opened. absent: take also addresses that the machine does not
 * have yet, as at boot. TP_IO names the address in diag. Changes nothing. */
struct tp_listeners;
TP_NODISCARD enum tp_err tp_listeners_open(struct tp_server *server, const struct tp_addr *addresses,
					   size_t count, bool absent, struct tp_listeners **out,
					   struct tp_diag *diag);
void tp_listeners_free(struct tp_listeners **listeners);
/* Listens there and no longer elsewhere; connections stay. Takes *listeners. */
void tp_server_listen(struct tp_server *server, struct tp_listeners **listeners);

#endif
