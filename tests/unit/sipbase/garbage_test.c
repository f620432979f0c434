/* Garbage on every port of sip/transport (attacks 7, 20, 22, 50, 51): random bytes,
 * truncated TLS, half messages, huge heads, ten thousand m-lines, wrong lengths. The
 * log says so in few lines, memory does not grow, other connections are untouched. */
#include "harness.h"

#include <malloc.h>
#include <openssl/ssl.h>

#include "certificates.h"
#include "core/log.h"
#include "os/random.h"

#ifdef TP_SANITIZE
size_t __sanitizer_get_current_allocated_bytes(void);
#endif

enum { UDP, TCP, TLS, PORTS };
enum { ROUNDS = 40 };

struct world {
	struct tp_loop *loop;
	struct tp_transport_layer *transport;
	struct tp_addr port[PORTS];
	unsigned messages;
	struct identity ca, id;
};

static void on_message(void *arg, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	struct world *w = arg;
	struct tp_sip_msg *response = NULL;
	char *bytes;
	size_t len;

	w->messages++;
	assert_int_equal(tp_sip_msg_new_response(msg, 200, NULL, "t", &response), TP_OK);
	assert_int_equal(tp_sip_msg_write(response, &bytes, &len), TP_OK);
	(void)tp_flow_send(flow, bytes, len);
	free(bytes);
	tp_sip_msg_free(&response);
	tp_sip_msg_free(&msg);
}

static void on_closed(void *arg, struct tp_flow *flow)
{
	(void)arg;
	assert_string_not_equal(flow->reason, "");
}

static int setup(void **state)
{
	static const struct tp_transport_events events = { .on_message = on_message, .on_closed = on_closed };
	const struct tp_transport_limits limits = { .first_message_ms = 200, .handshake_ms = 200, .message_ms = 200 };
	struct world *w = calloc(1, sizeof(*w));
	struct tp_tls_context *context;

	assert_non_null(w);
	identity_make(&w->ca, &(struct identity_options){ .common_name = "CA", .is_ca = true });
	identity_make(&w->id, &(struct identity_options){ .common_name = "us", .ca = &w->ca });
	context = identity_context(&w->id, &w->ca, true, TP_TLS_VERIFY_REPORT);
	assert_int_equal(tp_loop_new(&w->loop), TP_OK);
	assert_int_equal(tp_transport_layer_new(w->loop, &limits, &events, w, &w->transport), TP_OK);
	{
		const struct tp_listener_config list[PORTS] = {
			{ .transport = TP_TRANSPORT_UDP, .address = test_addr(LOCAL) },
			{ .transport = TP_TRANSPORT_TCP, .address = test_addr(LOCAL) },
			{ .transport = TP_TRANSPORT_TLS, .address = test_addr(LOCAL), .tls = context },
		};

		test_listen(w->transport, list, PORTS);
	}
	for (size_t i = 0; i < PORTS; i++)
		w->port[i] = test_listener(w->transport, i);
	tp_tls_context_unref(&context);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	tp_transport_layer_free(&w->transport);
	tp_loop_free(&w->loop);
	identity_fini(&w->ca);
	identity_fini(&w->id);
	free(w);
	return 0;
}

static size_t heap_bytes(void)
{
#ifdef TP_SANITIZE
	return __sanitizer_get_current_allocated_bytes();
#else
	return mallinfo2().uordblks;
#endif
}

/* Sends all, as far as the other side takes it, and lets the loop run between. */
static void throw_at(struct world *w, size_t port, const void *bytes, size_t len)
{
	int fd = test_socket(port == UDP ? SOCK_DGRAM : SOCK_STREAM, "127.0.3.2");
	const char *p = bytes;

	test_connect(fd, &w->port[port]);
	for (int tries = 0; len > 0 && tries < 50; tries++) {
		size_t piece = port == UDP && len > 60000 ? 60000 : len;
		ssize_t n = send(fd, p, piece, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN)
			break;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
		test_run(w->loop, 0);
	}
	close(fd);
	test_run(w->loop, 0);
}

static void throw_text(struct world *w, size_t port, const char *text)
{
	throw_at(w, port, text, strlen(text));
}

#define HEAD "INVITE sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.3.2;branch=z9hG4bK1;rport\r\n" \
	     "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"

static void huge_head(char *buf, size_t size)
{
	strcpy(buf, HEAD);
	for (size_t n = strlen(buf); n + 64 < size; n += 32)
		memcpy(buf + n, "Q: 0123456789012345678901234567\r\n", 33);
}

static void many_media_lines(char *buf, size_t size)
{
	size_t n = (size_t)snprintf(buf, size, HEAD "Content-Type: application/sdp\r\n"
						    "Content-Length: 270000\r\n\r\nv=0\r\n");

	for (int i = 0; i < 10000 && n + 32 < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "m=audio 4000 RTP/AVP 0 8\r\n");
}

static void one_round(struct world *w)
{
	/* A ClientHello that says it is longer than what comes, and one of another world. */
	static const uint8_t hello[] = { 22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	static const uint8_t alert[] = { 21, 3, 3, 0, 2, 2, 40 };
	static char big[300000];
	uint8_t random[2048];

	for (size_t port = 0; port < PORTS; port++) {
		tp_random_bytes(random, sizeof(random));
		throw_at(w, port, random, sizeof(random));
		throw_at(w, port, hello, sizeof(hello));
		throw_at(w, port, alert, sizeof(alert));
		throw_text(w, port, HEAD);
		throw_text(w, port, "INVITE sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP");
		throw_text(w, port, HEAD "Content-Length: 99999999999999999999\r\n\r\n");
		throw_text(w, port, HEAD "Content-Length: -1\r\n\r\n");
		throw_text(w, port, HEAD "Content-Length: 10\r\nl: 20\r\n\r\n0123456789");
		throw_text(w, port, "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n");
		huge_head(big, 70000);
		throw_text(w, port, big);
		many_media_lines(big, sizeof(big));
		throw_text(w, port, big);
		throw_text(w, port, "");
	}
}

/* A connection of a good peer, plain or TLS. */
struct good {
	int fd;
	SSL *ssl;
};

static struct good good_open(struct world *w, size_t port, SSL_CTX *ctx)
{
	struct good g = { test_socket(SOCK_STREAM, "127.0.3.3"), NULL };

	test_connect(g.fd, &w->port[port]);
	if (port == TLS) {
		g.ssl = SSL_new(ctx);
		SSL_set_fd(g.ssl, g.fd);
		for (int i = 0; i < 100 && SSL_connect(g.ssl) != 1; i++)
			test_run(w->loop, 2);
		assert_true(SSL_is_init_finished(g.ssl));
	}
	return g;
}

static void good_asks(struct world *w, struct good *g)
{
	const char *text = "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.3.3;branch=z9hG4bK1;rport\r\n"
			   "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nl: 0\r\n\r\n";
	unsigned before = w->messages;
	char answer[1024] = "";
	int n = 0;

	if (g->ssl)
		assert_true(SSL_write(g->ssl, text, (int)strlen(text)) > 0);
	else
		test_send(g->fd, text);
	test_run_until(w->loop, &w->messages, before + 1);
	for (int i = 0; i < 100 && n <= 0; i++) {
		n = g->ssl ? SSL_read(g->ssl, answer, sizeof(answer) - 1)
			   : (int)recv(g->fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
		test_run(w->loop, 1);
	}
	assert_int_equal(strncmp(answer, "SIP/2.0 200 OK", 14), 0);
}

static void good_close(struct good *g)
{
	SSL_free(g->ssl);
	close(g->fd);
}

static unsigned lines_in(FILE *log)
{
	unsigned n = 0;
	int c;

	rewind(log);
	while ((c = fgetc(log)) != EOF)
		n += c == '\n';
	return n;
}

static void garbage_harms_nobody(void **state)
{
	struct world *w = *state;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct good plain = good_open(w, TCP, ctx);
	struct good tls = good_open(w, TLS, ctx);
	FILE *log = tmpfile();
	int stderr_kept = dup(STDERR_FILENO);
	struct tp_transport_counters n;
	unsigned lines;
	size_t before;

	assert_non_null(log);
	dup2(fileno(log), STDERR_FILENO);
	good_asks(w, &plain);
	good_asks(w, &tls);
	one_round(w); /* whatever is allocated once is allocated now */
	test_run(w->loop, 300);
	before = heap_bytes();
	for (int i = 0; i < ROUNDS; i++)
		one_round(w);
	test_run(w->loop, 300);
	dup2(stderr_kept, STDERR_FILENO);
	close(stderr_kept);
	assert_in_range(heap_bytes(), 0, before + 16384);
	tp_transport_count(w->transport, &n);
	assert_int_equal(n.connections, 2);
	assert_true(n.parse_errors > ROUNDS * 10);
	assert_true(n.refused > ROUNDS * 5);
	good_asks(w, &plain);
	good_asks(w, &tls);
	/* Some hundreds of events; each site may write 20 lines in 10 s. */
	lines = lines_in(log);
	assert_in_range(lines, 3, 400);
	fclose(log);
	good_close(&plain);
	good_close(&tls);
	SSL_CTX_free(ctx);
	test_run(w->loop, 50);
}

/* Attack 20: a request, and gone before the answer. */
static void hang_ups_leave_nothing(void **state)
{
	struct world *w = *state;
	struct tp_transport_counters n;
	size_t before = 0;

	for (int i = 0; i < 600; i++) {
		throw_text(w, TCP, HEAD "Content-Length: 0\r\n\r\n");
		if (i == 100)
			before = heap_bytes();
	}
	test_run(w->loop, 50);
	assert_in_range(heap_bytes(), 0, before + 16384);
	assert_in_range(w->messages, 590, 600);
	tp_transport_count(w->transport, &n);
	assert_int_equal(n.connections, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(garbage_harms_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(hang_ups_leave_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
