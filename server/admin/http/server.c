/* CivetWeb behind our own request and response. The only file that knows it. Runs in
 * turnpike-admin. */
#include "admin/http/server.h"

#include <civetweb.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/cac/guard.h"
#include "admin/http/files.h"
#include "admin/http/handshake.h"
#include "admin/http/head.h"
#include "admin/http/listeners.h"
#include "admin/http/page.h"
#include "admin/http/sources.h"
#include "admin/http/times.h"
#include "core/auto.h"
#include "core/log.h"
#include "os/sockaddr.h"
enum { NOTED_FDS = 1024 }; /* descriptors above are not noted; far more than connections */

struct noted {
	struct tp_addr peer; /* family 0: none of a browser */
	bool up;
	unsigned long failure; /* of the handshake, as OpenSSL numbers it; 0: none */
};

struct tp_server {
	void (*heard)(void *arg, const struct tp_network_note *note);
	void *heard_arg;
	struct noted noted[NOTED_FDS]; /* by descriptor: its connection's own thread */
	const struct tp_router *router;
	struct tp_login *login;
	struct tp_cac *cac;
	struct mg_context *civetweb;
	struct tp_sources *sources;
	int unix_fd;
	struct tp_listeners *listeners; /* main thread */
	atomic_ulong connections;       /* numbers given out */

	pthread_mutex_t tls_lock;
	struct tp_tls_context *tls;

	tp_server_hello hello; /* NULL: nobody wants to hear of it */
	void *hello_arg;
	struct tp_tls_context *card_tls; /* of the listener for trying a card */
	uint16_t card_port;              /* 0: there is none */
};

static const char security_headers[] =
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self' "
	"'sha256-" TP_PAGE_STYLE_SHA256 "'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
	"frame-ancestors 'none'; require-trusted-types-for 'script'\r\n"
	"Strict-Transport-Security: max-age=31536000\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"X-Frame-Options: DENY\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Cross-Origin-Opener-Policy: same-origin\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n"
	"Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=(), usb=()\r\n";

/* --------------------------------------------------------------------- answers */

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Status";
}

static void send_response(struct mg_connection *conn, const struct tp_http_response *res, bool close)
{
	const void *body = res->fixed ? res->fixed : res->body;
	size_t len = res->fixed ? res->fixed_len : res->body_len;
	bool bodiless = res->status == 204 || res->status == 304;
	char head[4096];
	const char *name;
	json_t *value;
	size_t i;
	struct tp_wr wr;

	tp_wr_init(&wr, head, sizeof(head));
	tp_wr_fmt(&wr, "HTTP/1.1 %d %s\r\n%s", res->status, reason_of(res->status), security_headers);
	if (!bodiless)
		tp_wr_fmt(&wr, "Content-Length: %zu\r\n", len);
	if (res->content_type[0] && len)
		tp_wr_fmt(&wr, "Content-Type: %s\r\n", res->content_type);
	if (!res->headers || !json_object_get(res->headers, "Cache-Control"))
		tp_wr_text(&wr, "Cache-Control: no-store\r\n");
	json_object_foreach(res->headers, name, value)
		tp_wr_fmt(&wr, "%s: %s\r\n", name, json_string_value(value));
	json_array_foreach(res->cookies, i, value)
		tp_wr_fmt(&wr, "Set-Cookie: %s\r\n", json_string_value(value));
	tp_wr_fmt(&wr, "Connection: %s\r\n\r\n", close ? "close" : "keep-alive");
	if (wr.err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "http.answer", "the head of an answer is too long");
		mg_disable_connection_keep_alive(conn);
		return;
	}
	if (mg_write(conn, head, wr.len) == (int)wr.len && len && !bodiless)
		mg_write(conn, body, len);
}

/* What CivetWeb itself refuses, and what tp_http_check_head does. */
static int on_error(struct mg_connection *conn, int status, const char *message)
{
	struct tp_http_response res = { 0 };

	(void)message;
	tp_http_reply_error(&res, status, status == 413 ? "too-big" : "malformed-message", NULL,
			    "the request is refused: %s", reason_of(status));
	if (status == 405)
		tp_http_header(&res, "Allow", "GET, POST, PUT, DELETE, OPTIONS");
	send_response(conn, &res, true);
	tp_http_response_fini(&res);
	mg_disable_connection_keep_alive(conn);
	return 0;
}

/* -------------------------------------------------------------------- requests */

static enum tp_http_method method_of(const char *name)
{
	static const struct {
		const char *name;
		enum tp_http_method method;
	} methods[] = {
		{ "GET", TP_HTTP_GET },	      { "POST", TP_HTTP_POST },	      { "PUT", TP_HTTP_PUT },
		{ "DELETE", TP_HTTP_DELETE }, { "OPTIONS", TP_HTTP_OPTIONS },
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (!strcmp(methods[i].name, name))
			return methods[i].method;
	return 0;
}

static const char *header(const struct mg_connection *conn, const char *name)
{
	const char *value = mg_get_header(conn, name);

	return value ? value : "";
}

static enum tp_err peer_of(const struct mg_request_info *info, struct tp_addr *out)
{
	struct tp_span text = tp_span_of(info->remote_addr);

	return tp_addr_parse_ip(tp_span_split(&text, '%'), (uint16_t)info->remote_port, out);
}

static enum tp_err read_request(const struct mg_connection *conn, struct tp_http_request *req)
{
	const struct mg_request_info *info = mg_get_request_info(conn);
	struct tp_server *server = mg_get_user_data(mg_get_context(conn));

	*req = (struct tp_http_request){
		.method = method_of(info->request_method),
		.path = info->request_uri,
		.query = info->query_string ? info->query_string : "",
		.host = header(conn, "Host"),
		.origin = header(conn, "Origin"),
		.cookie = header(conn, "Cookie"),
		.csrf = header(conn, "X-CSRF-Token"),
		.content_type = header(conn, "Content-Type"),
		.if_match = header(conn, "If-Match"),
		.if_none_match = header(conn, "If-None-Match"),
		.accept_encoding = header(conn, "Accept-Encoding"),
		.authorization = header(conn, "Authorization"),
		.body = "",
		.local = !info->is_ssl,
		.background = header(conn, "X-Turnpike-Background")[0] != '\0',
		.connection = (uint64_t)(uintptr_t)mg_get_user_connection_data(conn),
		.newest_connection = atomic_load(&server->connections),
		.rest = "",
	};
	if (!req->method || req->path[0] != '/')
		return TP_FORMAT;
	if (strlen(req->path) > TP_HTTP_PATH_MAX)
		return TP_LIMIT;
	return req->local ? TP_OK : peer_of(info, &req->peer);
}

/* Judged anew for each request: what was good when the connection began may be revoked. */
static void read_card(const struct tp_server *server, const struct mg_connection *conn, struct tp_card *card)
{
	SSL *ssl = mg_get_connection_ssl(conn);

	*card = (struct tp_card){ 0 };
	if (ssl) {
		card->leaf = SSL_get0_peer_certificate(ssl);
		card->others = SSL_get_peer_cert_chain(ssl);
	}
	tp_cac_look(server->cac, card);
}

static uint64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Reads len bytes, or fewer when the sender stops or is too slow. */
static size_t read_body(struct mg_connection *conn, char *dst, size_t len, uint64_t most_ms)
{
	uint64_t until = steady_ms() + most_ms;
	size_t got = 0;

	while (got < len && steady_ms() < until) {
		size_t want = len - got < 16384 ? len - got : 16384;
		int n = mg_read(conn, dst + got, want);

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

/* So that a client that is still sending sees the answer and not a reset. */
static void swallow(struct mg_connection *conn)
{
	char bytes[16384];
	uint64_t until = steady_ms() + 1000;
	size_t left = 4 << 20;

	while (left && steady_ms() < until && mg_read(conn, bytes, sizeof(bytes)) > 0)
		left -= sizeof(bytes);
}

static bool is_known(const struct tp_http_request *req)
{
	return req->local || req->state != TP_OPERATOR_ANONYMOUS;
}

/* An admitted request with its body. False: the connection is to be closed. */
static bool serve_admitted(struct mg_connection *conn, const struct tp_admission *admission,
			   struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_server *server = mg_get_user_data(mg_get_context(conn));
	long long declared = mg_get_request_info(conn)->content_length;
	size_t len = declared > 0 ? (size_t)declared : 0;
	int fd = mg_get_connection_socket(conn);
	char *body;

	if (len > admission->route->body_max) {
		tp_http_reply_error(res, 413, "too-big", NULL, "the body may have at most %zu bytes",
				    admission->route->body_max);
		return false;
	}
	if (len && header(conn, "Expect")[0])
		mg_printf(conn, "HTTP/1.1 100 Continue\r\n\r\n");
	body = malloc(len + 1);
	if (!body) {
		tp_http_reply_failure(res, TP_NOMEM, NULL);
		return false;
	}
	tp_sources_busy(server->sources, fd, is_known(req));
	req->body_len = read_body(conn, body, len, is_known(req) ? TP_SERVER_BODY_MS : TP_SERVER_REQUEST_MS);
	tp_sources_busy(server->sources, fd, true);
	body[req->body_len] = '\0';
	req->body = body;
	if (req->body_len < len)
		tp_http_reply_error(res, 408, "malformed-message", NULL, "the body did not come in time");
	else if (len && !tp_login_is_still(server->login, req))
		tp_http_reply_error(res, 401, "access-denied", NULL,
				    "Your session ended before the request had come whole.");
	else
		tp_router_run(admission, req, res);
	len = req->body_len < len ? 0 : 1;
	tp_wipe(body, req->body_len);
	free(body);
	return len != 0;
}

static bool is_api(const char *path)
{
	return !strncmp(path, "/api/", 5) || !strncmp(path, "/restconf", 9);
}

/* False: the connection is to be closed. */
static bool answer(struct tp_server *server, struct mg_connection *conn, struct tp_http_response *res,
		   bool *known)
{
	struct tp_http_request req;
	struct tp_admission admission;
	struct tp_card card;
	bool has_body = mg_get_request_info(conn)->content_length > 0;
	enum tp_err err = read_request(conn, &req);

	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		return false;
	}
	if (!req.local) {
		read_card(server, conn, &card);
		req.card = &card;
	}
	if (!tp_login_identify(server->login, &req, res))
		return !has_body;
	if (!tp_cac_guard(server->login, &req, is_api(req.path), res))
		return false;
	*known = is_known(&req);
	if (req.state == TP_OPERATOR_ACTIVE && !req.local)
		tp_sources_trust(server->sources, mg_get_connection_socket(conn));
	if (is_api(req.path)) {
		if (tp_router_admit(server->router, &req, res, &admission))
			return serve_admitted(conn, &admission, &req, res);
	} else if (req.method == TP_HTTP_GET) {
		tp_files_serve(&req, res);
	} else {
		tp_http_reply_error(res, 405, "operation-not-supported", NULL,
				    "this path does not know the method");
		tp_http_header(res, "Allow", "GET");
	}
	return !has_body;
}

static int on_request(struct mg_connection *conn)
{
	struct tp_server *server = mg_get_user_data(mg_get_context(conn));
	struct tp_http_response res = { 0 };
	int fd = mg_get_connection_socket(conn);
	bool known = false;
	int status;
	bool keep;

	tp_sources_busy(server->sources, fd, true);
	keep = answer(server, conn, &res, &known) && !res.close;
	tp_sources_busy(server->sources, fd, known);
	if (!keep)
		mg_disable_connection_keep_alive(conn);
	send_response(conn, &res, !keep);
	if (!keep)
		swallow(conn);
	status = res.status;
	tp_http_response_fini(&res);
	tp_sources_busy(server->sources, fd, false);
	return status;
}

/* ----------------------------------------------------------------- connections */

/* The administration socket is for root, and for the user that admin runs as when
 * the whole appliance is run by one user. */
static bool may_administer(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == 0 || peer.uid == getuid());
}

static void note(const struct tp_server *server, uint8_t kind, const struct tp_addr *peer, const char *text)
{
	const struct tp_network_note n = { kind, *peer, text };

	if (server->heard && peer->family)
		server->heard(server->heard_arg, &n);
}

static int on_accept(const struct mg_context *ctx, const struct sockaddr *remote, int fd)
{
	struct tp_server *server = mg_get_user_data(ctx);
	struct noted n = { 0 };

	if (remote->sa_family == AF_UNIX)
		return may_administer(fd) ? 0 : -1;
	if (tp_sockaddr_peer(fd, &n.peer) != TP_OK)
		n.peer = (struct tp_addr){ 0 };
	if (!tp_sources_enter(server->sources, remote, fd)) {
		note(server, 1, &n.peer, "too many connections");
		return -1;
	}
	if (fd < NOTED_FDS)
		server->noted[fd] = n;
	return 0;
}

static void on_done(const struct mg_context *ctx, int fd)
{
	struct tp_server *server = mg_get_user_data(ctx);
	char words[TP_HANDSHAKE_TEXT];
	struct noted *n;

	tp_sources_leave(server->sources, fd);
	if (fd >= NOTED_FDS)
		return;
	n = &server->noted[fd];
	tp_handshake_words(n->failure, words);
	note(server, n->up ? 2 : 1, &n->peer, n->up ? "ended" : words);
	*n = (struct noted){ 0 };
}

static int on_connection(const struct mg_connection *conn, void **data)
{
	struct tp_server *server = mg_get_user_data(mg_get_context(conn));
	int fd = mg_get_connection_socket(conn);

	if (fd >= 0 && fd < NOTED_FDS) {
		server->noted[fd].up = true;
		note(server, 0, &server->noted[fd].peer, "HTTPS");
	}
	/* A number, never followed. NOLINTNEXTLINE(performance-no-int-to-ptr) */
	*data = (void *)(uintptr_t)(atomic_fetch_add(&server->connections, 1) + 1);
	return 0;
}

static uint16_t local_port(int fd)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof(sa);
	struct tp_addr address;

	if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0 || tp_sockaddr_to(&sa, len, &address) != TP_OK)
		return 0;
	return address.port;
}

static void *on_ssl_new(void *arg, int fd)
{
	struct tp_server *server = arg;
	uint16_t port = local_port(fd);
	struct tp_tls_context *context;
	SSL *ssl = NULL;

	pthread_mutex_lock(&server->tls_lock);
	context = server->card_tls && port == server->card_port ? server->card_tls : server->tls;
	if (context)
		ssl = SSL_new(tp_tls_context_ssl(context));
	pthread_mutex_unlock(&server->tls_lock);
	return ssl;
}

static void on_ssl_failed(void *arg, int fd, unsigned long reason)
{
	struct tp_server *server = arg;

	if (fd >= 0 && fd < NOTED_FDS)
		server->noted[fd].failure = reason;
}

static int on_log(const struct mg_connection *conn, const char *message)
{
	(void)conn;
	TP_LOG(TP_LOG_DEBUG, "http", "%s", message);
	return 1;
}

/* ------------------------------------------------------------------------ life */

static struct mg_context *start_civetweb(struct tp_server *server)
{
	static const struct mg_callbacks callbacks = {
		.check_head = tp_http_check_head,
		.connection_accept = on_accept,
		.connection_done = on_done,
		.ssl_new = on_ssl_new,
		.ssl_failed = on_ssl_failed,
		.begin_request = on_request,
		.log_message = on_log,
		.http_error = on_error,
		.init_connection = on_connection,
	};
	char workers[16], request[16], idle[16], head[16];
	const char *const options[] = {
		"listening_ports", "",
		"num_threads", workers,
		"connection_queue", "256",
		"request_timeout_ms", request,
		"keep_alive_timeout_ms", idle,
		"enable_keep_alive", "yes",
		"max_request_size", head,
		"tcp_nodelay", "1",
		"decode_url", "no",
		"enable_auth_domain_check", "no",
		NULL,
	};
	struct mg_context *made;
	sigset_t all, before;

	snprintf(workers, sizeof(workers), "%d", TP_SERVER_WORKERS);
	snprintf(request, sizeof(request), "%d", TP_SERVER_REQUEST_MS);
	snprintf(idle, sizeof(idle), "%d", TP_SERVER_IDLE_MS);
	snprintf(head, sizeof(head), "%d", TP_HTTP_HEAD_MAX);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	made = mg_start(&callbacks, server, (const char **)options);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return made;
}

enum tp_err tp_server_new(const struct tp_router *router, struct tp_login *login, struct tp_cac *cac,
			  int unix_fd, struct tp_server **out)
{
	struct tp_server *server = calloc(1, sizeof(*server));
	struct tp_listeners *none = NULL;

	if (!server)
		return TP_NOMEM;
	server->router = router;
	server->login = login;
	server->cac = cac;
	server->unix_fd = unix_fd;
	pthread_mutex_init(&server->tls_lock, NULL);
	mg_init_library(MG_FEATURES_DEFAULT);
	if (tp_sources_new(TP_SERVER_CONNECTIONS, TP_SERVER_SOURCE_SHARE, &server->sources) != TP_OK ||
	    tp_listeners_make(NULL, NULL, 0, false, &none, NULL) != TP_OK ||
	    !(server->civetweb = start_civetweb(server))) {
		tp_listeners_free(&none);
		tp_server_free(&server);
		return TP_NOMEM;
	}
	tp_server_listen(server, &none);
	*out = server;
	return TP_OK;
}

void tp_server_free(struct tp_server **server_)
{
	struct tp_server *server = *server_;

	if (!server)
		return;
	*server_ = NULL;
	if (server->civetweb)
		mg_stop(server->civetweb);
	mg_exit_library();
	tp_listeners_free(&server->listeners);
	if (server->unix_fd >= 0)
		close(server->unix_fd);
	tp_tls_context_unref(&server->tls);
	tp_tls_context_unref(&server->card_tls);
	tp_sources_free(&server->sources);
	pthread_mutex_destroy(&server->tls_lock);
	free(server);
}

void tp_server_on_hello(struct tp_server *server, tp_server_hello hello, void *arg)
{
	server->hello = hello;
	server->hello_arg = arg;
}

static int on_hello(SSL *ssl, int *alert, void *arg)
{
	const struct tp_server *server = arg;

	(void)alert;
	server->hello(server->hello_arg, ssl);
	return SSL_CLIENT_HELLO_SUCCESS;
}

void tp_server_set_card_tls(struct tp_server *server, struct tp_tls_context *context, uint16_t port)
{
	struct tp_tls_context *old;

	pthread_mutex_lock(&server->tls_lock);
	old = server->card_tls;
	server->card_tls = context ? tp_tls_context_ref(context) : NULL;
	server->card_port = port;
	pthread_mutex_unlock(&server->tls_lock);
	tp_tls_context_unref(&old);
}

void tp_server_on_connection(struct tp_server *server,
			     void (*heard)(void *arg, const struct tp_network_note *note), void *arg)
{
	server->heard_arg = arg;
	server->heard = heard;
}

void tp_server_set_tls(struct tp_server *server, struct tp_tls_context *context)
{
	struct tp_tls_context *old;

	if (server->hello)
		SSL_CTX_set_client_hello_cb(tp_tls_context_ssl(context), on_hello, server);
	pthread_mutex_lock(&server->tls_lock);
	old = server->tls;
	server->tls = tp_tls_context_ref(context);
	pthread_mutex_unlock(&server->tls_lock);
	if (old)
		tp_tls_context_unref(&old);
}

enum tp_err tp_listeners_open(struct tp_server *server, const struct tp_addr *addresses, size_t count,
			      bool absent, struct tp_listeners **out, struct tp_diag *diag)
{
	return tp_listeners_make(server->listeners, addresses, count, absent, out, diag);
}

void tp_server_listen(struct tp_server *server, struct tp_listeners **listeners)
{
	struct mg_listener bring[TP_SERVER_LISTENERS_MAX + 1];
	unsigned count = 0;

	if (server->unix_fd >= 0)
		bring[count++] = (struct mg_listener){ fcntl(server->unix_fd, F_DUPFD_CLOEXEC, 0), 0 };
	for (size_t i = 0; i < (*listeners)->count; i++)
		bring[count++] = (struct mg_listener){
			fcntl((*listeners)->at[i].fd, F_DUPFD_CLOEXEC, 0), 1
		};
	if (!mg_set_listeners(server->civetweb, bring, count)) {
		TP_LOG(TP_LOG_ERROR, "http.listen", "no memory to change the addresses");
		for (unsigned i = 0; i < count; i++)
			close(bring[i].sock);
		tp_listeners_free(listeners);
		return;
	}
	tp_listeners_free(&server->listeners);
	server->listeners = *listeners;
	*listeners = NULL;
}
