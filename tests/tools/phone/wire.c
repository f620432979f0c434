/* One SIP transport of a phone: sockets in any network namespace, framing, reconnect. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "phone.h"
#include "text.h"

enum { RECONNECT_MS = 200, OUT_MAX = 1 << 20 };

const char *wire_name(enum wire_kind kind)
{
	static const char *const names[] = { "UDP", "TCP", "TLS" };
	return names[kind];
}

int wire_socket(const char *netns, int family, int type)
{
	char path[128];
	int home = -1;
	if (netns[0]) {
		snprintf(path, sizeof(path), "/run/netns/%s", netns);
		home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		int there = open(path, O_RDONLY | O_CLOEXEC);
		if (home < 0 || there < 0 || setns(there, CLONE_NEWNET) < 0) {
			fprintf(stderr, "tp-phone: namespace %s: %s\n", netns, strerror(errno));
			exit(2);
		}
		close(there);
	}
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (home >= 0) {
		if (setns(home, CLONE_NEWNET) < 0)
			abort();
		close(home);
	}
	return fd;
}

static bool bind_local(struct phone *p, int fd)
{
	struct sockaddr_storage ss = { .ss_family = p->spec.server.ss_family };
	socklen_t len = sizeof(ss);
	int on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ss.ss_family == AF_INET6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
		in6->sin6_port = htons(p->spec.port);
		inet_pton(AF_INET6, p->spec.bind, &in6->sin6_addr);
		len = sizeof(*in6);
	} else {
		struct sockaddr_in *in = (struct sockaddr_in *)&ss;
		in->sin_port = htons(p->spec.port);
		inet_pton(AF_INET, p->spec.bind, &in->sin_addr);
		len = sizeof(*in);
	}
	if (bind(fd, (struct sockaddr *)&ss, len) < 0)
		return false;
	len = sizeof(ss);
	getsockname(fd, (struct sockaddr *)&ss, &len);
	p->wire.local_port = ntohs(ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&ss)->sin6_port :
							      ((struct sockaddr_in *)&ss)->sin_port);
	return true;
}

static void watch(struct phone *p, int op)
{
	struct wire *w = &p->wire;
	bool write = w->state == WIRE_CONNECTING || w->state == WIRE_HANDSHAKE || w->out_len > 0;
	if (w->ssl && w->state == WIRE_HANDSHAKE)
		write = SSL_want_write(w->ssl);
	struct epoll_event ev = { .events = EPOLLIN | (write ? EPOLLOUT : 0u), .data.ptr = &w->source };
	epoll_ctl(p->app->epoll, op, w->source.fd, &ev);
}

static bool make_tls_context(struct phone *p)
{
	struct wire *w = &p->wire;
	if (w->ctx)
		return true;
	w->ctx = SSL_CTX_new(TLS_client_method());
	if (!w->ctx)
		return false;
	if (p->spec.ca_file[0]) {
		if (SSL_CTX_load_verify_locations(w->ctx, p->spec.ca_file, NULL) != 1)
			return false;
		SSL_CTX_set_verify(w->ctx, SSL_VERIFY_PEER, NULL);
	}
	return true;
}

bool wire_open(struct phone *p)
{
	struct wire *w = &p->wire;
	bool stream = p->spec.transport != WIRE_UDP;
	int fd = wire_socket(p->spec.netns, p->spec.server.ss_family, stream ? SOCK_STREAM : SOCK_DGRAM);
	if (fd < 0)
		return false;
	if (!bind_local(p, fd)) {
		snprintf(p->trouble, sizeof(p->trouble), "bind %s: %s", p->spec.bind, strerror(errno));
		close(fd);
		return false;
	}
	w->source = (struct source){ SOURCE_WIRE, p, fd };
	if (!w->in)
		w->in = malloc(SIP_TEXT_MAX + 1);
	w->in_len = w->out_len = 0;
	w->state = stream ? WIRE_CONNECTING : WIRE_OPEN;
	int big = 4 << 20, on = 1;
	if (stream)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	else
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof(big));
	socklen_t len = p->v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	if (stream && connect(fd, (struct sockaddr *)&p->spec.server, len) < 0 && errno != EINPROGRESS) {
		snprintf(p->trouble, sizeof(p->trouble), "connect: %s", strerror(errno));
		close(fd);
		w->state = WIRE_CLOSED;
		return false;
	}
	watch(p, EPOLL_CTL_ADD);
	return true;
}

void wire_close(struct phone *p)
{
	struct wire *w = &p->wire;
	if (w->state == WIRE_CLOSED)
		return;
	SSL_free(w->ssl);
	w->ssl = NULL;
	close(w->source.fd);
	w->state = WIRE_CLOSED;
	w->retry_at = p->app->now + RECONNECT_MS * NS_PER_MS;
	p->registered = false;
}

static void on_open(struct phone *p)
{
	p->wire.state = WIRE_OPEN;
	p->wire.connects++;
	watch(p, EPOLL_CTL_MOD);
	if (p->spec.registers)
		phone_register(p, 3600);
}

static void start_tls(struct phone *p)
{
	struct wire *w = &p->wire;
	if (!make_tls_context(p)) {
		snprintf(p->trouble, sizeof(p->trouble), "cannot use CA file %s", p->spec.ca_file);
		wire_close(p);
		return;
	}
	w->ssl = SSL_new(w->ctx);
	SSL_set_fd(w->ssl, w->source.fd);
	if (p->spec.tls_name[0]) {
		SSL_set_tlsext_host_name(w->ssl, p->spec.tls_name);
		SSL_set1_host(w->ssl, p->spec.tls_name);
	}
	w->state = WIRE_HANDSHAKE;
}

static void do_handshake(struct phone *p)
{
	struct wire *w = &p->wire;
	int r = SSL_connect(w->ssl);
	if (r == 1) {
		on_open(p);
		return;
	}
	int err = SSL_get_error(w->ssl, r);
	if (err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE) {
		watch(p, EPOLL_CTL_MOD);
		return;
	}
	snprintf(p->trouble, sizeof(p->trouble), "TLS: %s",
		 X509_verify_cert_error_string(SSL_get_verify_result(w->ssl)));
	wire_close(p);
}

static ssize_t stream_read(struct wire *w, void *buf, size_t size)
{
	if (!w->ssl) {
		ssize_t n = recv(w->source.fd, buf, size, 0);
		return n < 0 && (errno == EAGAIN || errno == EINTR) ? -2 : n;
	}
	int n = SSL_read(w->ssl, buf, (int)size);
	if (n > 0)
		return n;
	return SSL_get_error(w->ssl, n) == SSL_ERROR_WANT_READ ? -2 : 0;
}

/* Length of the first whole message in the buffer, 0 when there is none yet. */
static size_t frame_length(const char *in)
{
	const char *end = strstr(in, "\r\n\r\n");
	char length[16];
	if (!end)
		return 0;
	size_t head = (size_t)(end + 4 - in);
	return head + (text_header(in, "Content-Length", 0, length, sizeof(length)) ?
			       strtoul(length, NULL, 10) : 0);
}

static void take_messages(struct phone *p)
{
	struct wire *w = &p->wire;
	size_t at = 0;
	w->in[w->in_len] = 0;
	while (at < w->in_len) {
		at += strspn(w->in + at, "\r\n");
		size_t len = frame_length(w->in + at);
		if (len == 0 || len > w->in_len - at)
			break;
		char *msg = strndup(w->in + at, len);
		phone_on_message(p, msg, len);
		free(msg);
		if (w->state != WIRE_OPEN)
			return;
		at += len;
	}
	if (at > w->in_len)
		at = w->in_len;
	memmove(w->in, w->in + at, w->in_len - at);
	w->in_len -= at;
}

static void read_stream(struct phone *p)
{
	struct wire *w = &p->wire;
	for (;;) {
		ssize_t n = stream_read(w, w->in + w->in_len, SIP_TEXT_MAX - w->in_len);
		if (n == -2)
			return;
		if (n <= 0) {
			wire_close(p);
			return;
		}
		w->in_len += (size_t)n;
		take_messages(p);
		if (w->state != WIRE_OPEN)
			return;
	}
}

static void read_datagrams(struct phone *p)
{
	struct wire *w = &p->wire;
	for (int i = 0; i < 64; i++) {
		ssize_t n = recv(w->source.fd, w->in, SIP_TEXT_MAX, 0);
		if (n <= 0)
			return;
		w->in[n] = 0;
		phone_on_message(p, w->in, (size_t)n);
	}
}

static void flush(struct phone *p)
{
	struct wire *w = &p->wire;
	while (w->out_len > 0) {
		ssize_t n;
		if (w->ssl) {
			n = SSL_write(w->ssl, w->out, (int)w->out_len);
			if (n <= 0 && SSL_get_error(w->ssl, (int)n) == SSL_ERROR_WANT_WRITE)
				break;
		} else {
			n = send(w->source.fd, w->out, w->out_len, MSG_NOSIGNAL);
			if (n < 0 && errno == EAGAIN)
				break;
		}
		if (n <= 0) {
			wire_close(p);
			return;
		}
		memmove(w->out, w->out + n, w->out_len - (size_t)n);
		w->out_len -= (size_t)n;
	}
	watch(p, EPOLL_CTL_MOD);
}

void wire_on_event(struct phone *p, uint32_t events)
{
	struct wire *w = &p->wire;
	if (w->state == WIRE_CONNECTING) {
		int err = 0;
		socklen_t len = sizeof(err);
		getsockopt(w->source.fd, SOL_SOCKET, SO_ERROR, &err, &len);
		if (err) {
			snprintf(p->trouble, sizeof(p->trouble), "connect: %s", strerror(err));
			wire_close(p);
			return;
		}
		if (!(events & EPOLLOUT))
			return;
		if (p->spec.transport == WIRE_TLS)
			start_tls(p);
		else
			on_open(p);
	}
	if (w->state == WIRE_HANDSHAKE)
		do_handshake(p);
	if (w->state != WIRE_OPEN)
		return;
	if (p->spec.transport == WIRE_UDP)
		read_datagrams(p);
	else
		read_stream(p);
	if (w->state == WIRE_OPEN && w->out_len > 0)
		flush(p);
}

bool wire_send(struct phone *p, const char *data, size_t len)
{
	struct wire *w = &p->wire;
	if (w->state != WIRE_OPEN)
		return false;
	phone_trace(p, "sends", data, len);
	if (p->spec.transport == WIRE_UDP) {
		socklen_t sa_len = p->v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
		return sendto(w->source.fd, data, len, 0, (struct sockaddr *)&p->spec.server, sa_len) ==
		       (ssize_t)len;
	}
	if (w->out_len + len > OUT_MAX)
		return false;
	if (w->out_len + len > w->out_capacity) {
		w->out_capacity = w->out_len + len + 65536;
		w->out = realloc(w->out, w->out_capacity);
	}
	memcpy(w->out + w->out_len, data, len);
	w->out_len += len;
	flush(p);
	return w->state == WIRE_OPEN;
}

void wire_tick(struct phone *p)
{
	struct wire *w = &p->wire;
	if (w->state != WIRE_CLOSED || p->app->now < w->retry_at)
		return;
	w->retry_at = p->app->now + RECONNECT_MS * NS_PER_MS;
	if (wire_open(p) && p->spec.transport == WIRE_UDP)
		on_open(p);
}
