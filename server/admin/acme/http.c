/* HTTP-01 (RFC 8555 section 8.3): a port that is open while an order runs, and answers
 * nothing but the order's own tokens. A thread of turnpike-admin. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "admin/acme/proofs_inside.h"
#include "core/log.h"

enum { CONNECTIONS = 16, PATIENCE_MS = 5000, ANSWER_MAX = 1024 };

static const char path[] = "/.well-known/acme-challenge/";
#define TOKEN_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

bool tp_acme_read_request(struct tp_span head, struct tp_span *token)
{
	struct tp_span line = tp_span_split(&head, '\n');
	struct tp_span method = tp_span_split(&line, ' ');
	struct tp_span target = tp_span_split(&line, ' ');
	size_t len = 0;

	if (!tp_span_equal(method, TP_SPAN("GET")) || line.len < 8 || memcmp(line.p, "HTTP/1.", 7) != 0 ||
	    target.len <= sizeof(path) - 1 || memcmp(target.p, path, sizeof(path) - 1) != 0)
		return false;
	target.p += sizeof(path) - 1;
	target.len -= sizeof(path) - 1;
	while (len < target.len && memchr(TOKEN_LETTERS, target.p[len], sizeof(TOKEN_LETTERS) - 1))
		len++;
	*token = target;
	return len == target.len;
}

static bool find(struct tp_acme_proofs *p, struct tp_span token, char text[512])
{
	bool found = false;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->count && !found; i++)
		if (!p->list[i].tls && tp_span_equal(tp_span_of(p->list[i].token), token)) {
			memcpy(text, p->list[i].text, sizeof(p->list[i].text));
			found = true;
		}
	pthread_mutex_unlock(&p->lock);
	return found;
}

/* ---------------------------------------------------------------------- connections */

struct connection {
	int fd; /* -1: free */
	uint64_t until_ms;
	size_t len;
	char head[TP_ACME_REQUEST_MAX];
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void drop(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
}

static void answer(struct tp_acme_proofs *p, struct connection *c)
{
	struct tp_span token;
	char text[512], out[ANSWER_MAX];
	bool found = tp_acme_read_request((struct tp_span){c->head, c->len}, &token) &&
		     find(p, token, text);
	int n = snprintf(out, sizeof(out),
			 "HTTP/1.1 %s\r\nContent-Type: application/octet-stream\r\n"
			 "Content-Length: %zu\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n%s",
			 found ? "200 OK" : "404 Not Found", found ? strlen(text) : 0,
			 found ? text : "");

	/* It fits into an empty socket's room; who cannot take it asks again. */
	if (n > 0 && send(c->fd, out, (size_t)n, MSG_NOSIGNAL) == n)
		shutdown(c->fd, SHUT_WR);
	drop(c);
}

/* A head is whole with its empty line; a body is nobody's business here. */
static void read_some(struct tp_acme_proofs *p, struct connection *c)
{
	ssize_t n = recv(c->fd, c->head + c->len, sizeof(c->head) - c->len, 0);

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			drop(c);
		return;
	}
	c->len += (size_t)n;
	if (memmem(c->head, c->len, "\r\n\r\n", 4) || memmem(c->head, c->len, "\n\n", 2))
		answer(p, c);
	else if (c->len == sizeof(c->head))
		drop(c);
}

/* The one that has been there longest gives way. */
static void take_in(struct connection *all, int listener)
{
	struct connection *c = &all[0];
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CONNECTIONS && c->fd >= 0; i++)
		if (all[i].fd < 0 || all[i].until_ms < c->until_ms)
			c = &all[i];
	if (c->fd >= 0)
		drop(c);
	*c = (struct connection){.fd = fd, .until_ms = now_ms() + PATIENCE_MS};
}

static void serve(struct tp_acme_proofs *p, struct connection *all)
{
	struct pollfd polls[CONNECTIONS + 2];

	for (;;) {
		polls[0] = (struct pollfd){.fd = p->end_pipe[0], .events = POLLIN};
		polls[1] = (struct pollfd){.fd = p->listener, .events = POLLIN};
		for (size_t i = 0; i < CONNECTIONS; i++)
			polls[i + 2] = (struct pollfd){.fd = all[i].fd, .events = POLLIN};
		if (poll(polls, CONNECTIONS + 2, 500) < 0 && errno != EINTR)
			return;
		if (polls[0].revents)
			return;
		for (size_t i = 0; i < CONNECTIONS; i++)
			if (all[i].fd >= 0 && polls[i + 2].revents)
				read_some(p, &all[i]);
			else if (all[i].fd >= 0 && all[i].until_ms < now_ms())
				drop(&all[i]);
		if (polls[1].revents)
			take_in(all, p->listener);
	}
}

static void *run(void *arg)
{
	struct connection all[CONNECTIONS];

	for (size_t i = 0; i < CONNECTIONS; i++)
		all[i].fd = -1;
	serve(arg, all);
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (all[i].fd >= 0)
			drop(&all[i]);
	return NULL;
}

/* --------------------------------------------------------------------------- the port */

static int open_port(int family, uint16_t port)
{
	const int on = 1, off = 0;
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool six = family == AF_INET6;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    (!six || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0) &&
	    bind(fd, six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
		 six ? sizeof(v6) : sizeof(v4)) == 0 &&
	    listen(fd, 32) == 0)
		return fd;
	close(fd);
	return -1;
}

enum tp_err tp_acme_listen(struct tp_acme_proofs *p, uint16_t port)
{
	sigset_t all, before;

	if (p->running)
		return TP_OK;
	p->listener = open_port(AF_INET6, port);
	if (p->listener < 0)
		p->listener = open_port(AF_INET, port);
	if (p->listener < 0 || pipe2(p->end_pipe, O_CLOEXEC) < 0) {
		TP_LOG(TP_LOG_WARN, "acme.http", "port %u cannot be opened: %s", port, strerror(errno));
		if (p->listener >= 0)
			close(p->listener);
		p->listener = -1;
		return TP_IO;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	p->running = pthread_create(&p->thread, NULL, run, p) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (p->running)
		return TP_OK;
	close(p->listener);
	close(p->end_pipe[0]);
	close(p->end_pipe[1]);
	p->listener = -1;
	return TP_NOMEM;
}

void tp_acme_unlisten(struct tp_acme_proofs *p)
{
	bool running;

	pthread_mutex_lock(&p->lock);
	running = p->running;
	p->running = false;
	pthread_mutex_unlock(&p->lock);
	if (!running)
		return;
	close(p->end_pipe[1]);
	pthread_join(p->thread, NULL);
	close(p->end_pipe[0]);
	close(p->listener);
	p->listener = -1;
}
