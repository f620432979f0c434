/* tp-flood: guesses passwords at the web interface from many addresses, and holds slow
 * connections beside. One thread; prints one line of JSON at the end:
 *
 *   tp-flood ADDRESS PORT SECONDS GUESSES-A-SECOND SLOW COOKIE CSRF
 *
 * Each guess has a connection of its own, from an address of its own out of 127.64.0.0/10
 * and above: only where all of 127.0.0.0/8 is ours. Of the slow connections a third
 * stops in the TLS handshake, a third in the head of a request and a third in its body;
 * one that the server ends is opened anew. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	CONNECTIONS = 4096,
	PATIENCE_MS = 5000,
	ANSWER = 16, /* bytes of the answer that are looked at: "HTTP/1.1 401" */
	REOPEN_A_SECOND = 100,
};

enum kind { GUESS, SLOW_HANDSHAKE, SLOW_HEAD, SLOW_BODY };

struct conn {
	int fd; /* -1: free */
	enum kind kind;
	bool connected, sent;
	uint64_t since_ms;
	SSL *ssl;
	size_t got;
	char answer[ANSWER + 1];
};

struct counts {
	unsigned long sent, looked, refused, other, cut, opened;
	uint64_t slowest_ms;
	size_t slow, guessing, most_slow;
};

struct flood {
	struct sockaddr_in server;
	const char *cookie, *csrf;
	SSL_CTX *tls;
	int epoll;
	struct conn at[CONNECTIONS];
	struct counts n;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint32_t random_below(uint32_t most)
{
	return (uint32_t)random() % most;
}

static int open_socket(const struct flood *f)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	own.sin_addr.s_addr = htonl(127U << 24 | (64 + random_below(187)) << 16 | random_below(256) << 8 |
				    (1 + random_below(254)));
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) != 0 ||
	    (connect(fd, (const struct sockaddr *)&f->server, sizeof(f->server)) != 0 && errno != EINPROGRESS)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static void end(struct flood *f, struct conn *c)
{
	if (c->kind == GUESS)
		f->n.guessing--;
	else
		f->n.slow--;
	SSL_free(c->ssl);
	close(c->fd);
	c->fd = -1;
}

static bool begin(struct flood *f, enum kind kind)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	struct conn *c = f->at;

	while (c < f->at + CONNECTIONS && c->fd >= 0)
		c++;
	if (c == f->at + CONNECTIONS)
		return false;
	*c = (struct conn){ .fd = open_socket(f), .kind = kind, .since_ms = now_ms() };
	if (c->fd < 0)
		return false;
	event.data.ptr = c;
	c->ssl = SSL_new(f->tls);
	if (kind == GUESS)
		f->n.guessing++;
	else
		f->n.slow++;
	if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1 || epoll_ctl(f->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0) {
		end(f, c);
		return false;
	}
	SSL_set_connect_state(c->ssl);
	if (f->n.slow > f->n.most_slow)
		f->n.most_slow = f->n.slow;
	f->n.opened += kind != GUESS;
	return true;
}

/* ------------------------------------------------------------------------ guesses */

static void write_request(const struct flood *f, const struct conn *c, char *text, size_t size)
{
	char body[160], user[32] = "admin";

	if (random_below(2))
		snprintf(user, sizeof(user), "user%u", random_below(10000));
	snprintf(body, sizeof(body), "{\"user\": \"%s\", \"password\": \"guess guess %u\"}", user, random_below(1000000));
	if (c->kind == SLOW_HEAD)
		snprintf(text, size, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ");
	else
		snprintf(text, size,
			 "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nCookie: %s\r\nX-CSRF-Token: %s\r\n"
			 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			 f->cookie, f->csrf, c->kind == SLOW_BODY ? 4000 : strlen(body), c->kind == SLOW_BODY ? "{" : body);
}

static void count_answer(struct flood *f, const struct conn *c)
{
	uint64_t took = now_ms() - c->since_ms;
	long status = c->got > 9 ? strtol(c->answer + 9, NULL, 10) : 0;

	if (status == 401)
		f->n.looked++;
	else if (status == 429 || status == 503)
		f->n.refused++;
	else if (status)
		f->n.other++;
	else
		f->n.cut++;
	if (status && took > f->n.slowest_ms)
		f->n.slowest_ms = took;
}

/* False: the connection has ended. */
static bool go_on(struct flood *f, struct conn *c)
{
	char text[1024], rest[4096] = { 0 };
	int n;

	if (c->kind == SLOW_HANDSHAKE) {
		n = (int)read(c->fd, rest, sizeof(rest));
		if (!c->connected && n < 0 && errno == EAGAIN)
			c->connected = write(c->fd, "\x16\x03\x01\x02\x00\x01", 6) == 6;
		return n > 0 || (n < 0 && (errno == EAGAIN || errno == ENOTCONN));
	}
	if (!c->connected) {
		n = SSL_do_handshake(c->ssl);
		if (n != 1)
			return SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ ||
			       SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_WRITE;
		c->connected = true;
	}
	if (!c->sent) {
		write_request(f, c, text, sizeof(text));
		if (SSL_write(c->ssl, text, (int)strlen(text)) <= 0)
			return false;
		c->sent = true;
	}
	while ((n = SSL_read(c->ssl, c->got < ANSWER ? c->answer + c->got : rest,
			     c->got < ANSWER ? (int)(ANSWER - c->got) : (int)sizeof(rest))) > 0)
		c->got += (size_t)n;
	if (c->kind == GUESS && c->got >= ANSWER)
		return false;
	return SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ;
}

static void move(struct flood *f, struct conn *c)
{
	if (c->fd < 0 || go_on(f, c))
		return;
	if (c->kind == GUESS)
		count_answer(f, c);
	end(f, c);
}

static void drop_the_late(struct flood *f)
{
	for (struct conn *c = f->at; c < f->at + CONNECTIONS; c++)
		if (c->fd >= 0 && c->kind == GUESS && now_ms() - c->since_ms > PATIENCE_MS) {
			count_answer(f, c);
			end(f, c);
		}
}

/* ------------------------------------------------------------------------ the flood */

static void run(struct flood *f, uint64_t length_ms, unsigned per_second, unsigned slow)
{
	uint64_t start = now_ms(), elapsed;
	struct epoll_event events[256];

	while ((elapsed = now_ms() - start) < length_ms) {
		int n;

		while (f->n.sent < elapsed * per_second / 1000 && begin(f, GUESS))
			f->n.sent++;
		while (f->n.slow < slow && f->n.opened < slow + elapsed * REOPEN_A_SECOND / 1000 &&
		       begin(f, SLOW_HANDSHAKE + f->n.opened % 3))
			;
		n = epoll_wait(f->epoll, events, 256, 5);
		for (int i = 0; i < n; i++)
			move(f, events[i].data.ptr);
		drop_the_late(f);
	}
}

int main(int argc, char **argv)
{
	struct flood *f = calloc(1, sizeof(*f));

	if (argc != 8 || !f || !(f->tls = SSL_CTX_new(TLS_client_method()))) {
		fprintf(stderr, "usage: tp-flood ADDRESS PORT SECONDS GUESSES-A-SECOND SLOW COOKIE CSRF\n");
		return 2;
	}
	f->server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])) };
	inet_pton(AF_INET, argv[1], &f->server.sin_addr);
	f->cookie = argv[6];
	f->csrf = argv[7];
	signal(SIGPIPE, SIG_IGN);
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < CONNECTIONS; i++)
		f->at[i].fd = -1;
	run(f, strtoull(argv[3], NULL, 10) * 1000, (unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]));
	printf("{\"sent\": %lu, \"looked\": %lu, \"refused\": %lu, \"other\": %lu, \"cut\": %lu, \"pending\": %zu, "
	       "\"slow\": %zu, \"slow-opened\": %lu, \"slowest-ms\": %llu}\n",
	       f->n.sent, f->n.looked, f->n.refused, f->n.other, f->n.cut, f->n.guessing, f->n.most_slow, f->n.opened,
	       (unsigned long long)f->n.slowest_ms);
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (f->at[i].fd >= 0)
			end(f, &f->at[i]);
	SSL_CTX_free(f->tls);
	close(f->epoll);
	free(f);
	return 0;
}
