/* sip/transport over real sockets: framing, keepalives, caps, deadlines, listeners
 * that come and go, answers down the right way. */
#include <sys/resource.h>
#include <time.h>

#include "harness.h"

struct world {
	struct tp_loop *loop;
	struct tp_transport_layer *transport;
	unsigned messages, opened, closed, refused;
	char last_call_id[64];
	char reason[256];
	struct tp_addr last_local;
	bool echo; /* answer each request with 200 */
};

static void on_message(void *arg, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	struct tp_sip_msg *response = NULL;
	struct world *w = arg;
	char *bytes = NULL;
	size_t len;

	w->messages++;
	w->last_local = flow->local;
	tp_text_copy(w->last_call_id, sizeof(w->last_call_id), tp_sip_msg_call_id(msg));
	if (w->echo) {
		assert_int_equal(tp_sip_msg_new_response(msg, 200, NULL, "t", &response), TP_OK);
		assert_int_equal(tp_sip_msg_write(response, &bytes, &len), TP_OK);
		(void)tp_flow_send(flow, bytes, len);
		free(bytes);
		tp_sip_msg_free(&response);
	}
	tp_sip_msg_free(&msg);
}

static void on_open(void *arg, struct tp_flow *flow)
{
	(void)flow;
	((struct world *)arg)->opened++;
}

static void on_closed(void *arg, struct tp_flow *flow)
{
	struct world *w = arg;

	w->closed++;
	tp_text_copy(w->reason, sizeof(w->reason), flow->reason);
}

static void on_refused(void *arg, uint64_t tag, const struct tp_addr *remote, const char *reason)
{
	(void)tag;
	(void)remote;
	(void)reason;
	((struct world *)arg)->refused++;
}

static int setup(void **state)
{
	static const struct tp_transport_events events = { on_message, on_open, on_closed, on_refused, NULL };
	const struct tp_transport_limits limits = {
		.connections = 8, .half_open = 6, .connections_source = 4, .first_message_ms = 150,
		.message_ms = 150, .idle_ms = 600, .write_queue_bytes = 100000,
	};
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->echo = true;
	assert_int_equal(tp_loop_new(&w->loop), TP_OK);
	assert_int_equal(tp_transport_layer_new(w->loop, &limits, &events, w, &w->transport), TP_OK);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	tp_transport_layer_free(&w->transport);
	tp_loop_free(&w->loop);
	free(w);
	return 0;
}

static struct tp_addr listen_on(struct world *w, enum tp_transport transport, const char *address)
{
	const struct tp_listener_config c = { .transport = transport, .address = test_addr(address) };

	test_listen(w->transport, &c, 1);
	return test_listener(w->transport, 0);
}

static int dial(const struct tp_addr *to, const char *from)
{
	int fd = test_socket(SOCK_STREAM, from);

	test_connect(fd, to);
	return fd;
}

static const char *options(const char *call_id, const char *via_port, const char *body)
{
	static char text[4096];

	snprintf(text, sizeof(text),
		 "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.3.2%s;branch=z9hG4bK1\r\n"
		 "From: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: %s\r\nCSeq: 1 OPTIONS\r\n"
		 "Content-Length: %zu\r\n\r\n%s",
		 via_port, call_id, strlen(body), body);
	return text;
}

static unsigned count_in(const char *text, const char *part)
{
	unsigned n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

static void streams_are_cut_anywhere(void **state)
{
	struct world *w = *state;
	struct tp_addr to = listen_on(w, TP_TRANSPORT_TCP, LOCAL);
	char text[8192] = "";
	int fd = dial(&to, "127.0.3.2");

	strcat(text, options("one", "", "hello"));
	strcat(text, "\r\n");
	strcat(text, options("two", "", ""));
	strcat(text, options("three", "", "OPTIONS sip:inside SIP/2.0\r\n\r\n"));
	test_send(fd, text); /* all in one segment */
	test_run_until(w->loop, &w->messages, 3);
	assert_string_equal(w->last_call_id, "three");
	assert_int_equal(count_in(test_received(fd), "SIP/2.0 200 OK"), 3);
	for (const char *p = options("four", "", "abc"); *p; p += p[1] ? 2 : 1) {
		char piece[3] = { p[0], p[1], 0 };

		test_send(fd, piece);
		test_run(w->loop, 0);
	}
	test_run_until(w->loop, &w->messages, 4);
	assert_int_equal(w->closed, 0);
	test_run(w->loop, 5);
	assert_int_equal(count_in(test_received(fd), "SIP/2.0 200 OK"), 1);
	close(fd);
	test_run_until(w->loop, &w->closed, 1);
	assert_string_equal(w->reason, "closed by the peer");
}

static void pings_are_answered(void **state)
{
	struct world *w = *state;
	struct tp_addr to = listen_on(w, TP_TRANSPORT_TCP, LOCAL);
	int fd = dial(&to, "127.0.3.2");

	test_send(fd, options("one", "", ""));
	test_run_until(w->loop, &w->messages, 1);
	(void)test_received(fd);
	test_send(fd, "\r\n\r\n");
	test_run(w->loop, 20);
	assert_string_equal(test_received(fd), "\r\n");
	test_send(fd, "\r\n");
	test_run(w->loop, 20);
	assert_string_equal(test_received(fd), "");
	test_send(fd, "\r\n"); /* the second half; Nagle may hold it back */
	test_run(w->loop, 100);
	assert_string_equal(test_received(fd), "\r\n");
	close(fd);
}

static void expect_end(struct world *w, const struct tp_addr *to, const char *sent, const char *answer,
		       const char *reason)
{
	int fd = dial(to, "127.0.3.2");

	w->closed = 0;
	test_send(fd, sent);
	test_run_until(w->loop, &w->closed, 1);
	assert_non_null(strstr(test_received(fd), answer));
	assert_true(test_is_closed(fd));
	assert_string_equal(w->reason, reason);
	close(fd);
}

static void what_is_not_sip_is_closed(void **state)
{
	struct world *w = *state;
	struct tp_addr to = listen_on(w, TP_TRANSPORT_TCP, LOCAL);
	static char head[70000];
	struct tp_transport_counters n;

	expect_end(w, &to, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "", "this is not SIP");
	expect_end(w, &to, "\x16\x03\x01\x02", "", "this is not SIP");
	expect_end(w, &to, "\r\r\n", "", "a carriage return where a message begins");
	expect_end(w, &to, "OPTIONS", "", "no message came after connecting");
	expect_end(w, &to, "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"
			   "Content-Length: 5\r\nl: 6\r\n\r\n",
		   "SIP/2.0 400 Bad Request (Content-Length)", "stands more than once");
	expect_end(w, &to, "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"
			   "Content-Length: -5\r\n\r\n",
		   "SIP/2.0 400 Bad Request (Content-Length)", "not a number of at most 65536");
	expect_end(w, &to, "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"
			   "Content-Length: 4294967300\r\n\r\n",
		   "SIP/2.0 400 Bad Request (Content-Length)", "not a number of at most 65536");
	expect_end(w, &to, "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n\r\n", "",
		   "is missing on a stream");
	expect_end(w, &to, "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n"
			   "Content-Length: 0\r\n\r\n",
		   "SIP/2.0 400 Bad Request (From)", "sent what is not SIP");
	strcpy(head, "OPTIONS sip:x SIP/2.0\r\nX: ");
	memset(head + strlen(head), 'a', 65600);
	expect_end(w, &to, head, "", "head of more than 65024 bytes");
	assert_int_equal(w->messages, 0);
	tp_transport_count(w->transport, &n);
	assert_int_equal(n.connections, 0);
	assert_int_equal(n.parse_errors, 9);
}

static void slow_ones_are_closed_and_others_live(void **state)
{
	struct world *w = *state;
	struct tp_addr to = listen_on(w, TP_TRANSPORT_TCP, LOCAL);
	int good = dial(&to, "127.0.3.2");
	int silent = dial(&to, "127.0.3.3");
	int half;

	test_send(good, options("good", "", ""));
	test_run_until(w->loop, &w->messages, 1);
	test_run_until(w->loop, &w->closed, 1);
	assert_string_equal(w->reason, "no message came after connecting");
	half = dial(&to, "127.0.3.3");
	test_send(half, options("first", "", ""));
	test_run_until(w->loop, &w->messages, 2);
	test_send(half, "OPTIONS sip:x SIP/2.0\r\n");
	test_run_until(w->loop, &w->closed, 2);
	assert_string_equal(w->reason, "a message began and did not end");
	test_send(good, options("still", "", ""));
	test_run_until(w->loop, &w->messages, 3);
	test_run_until(w->loop, &w->closed, 3);
	assert_string_equal(w->reason, "idle for too long");
	close(good);
	close(silent);
	close(half);
}

static void one_source_cannot_take_all(void **state)
{
	struct world *w = *state;
	struct tp_addr to = listen_on(w, TP_TRANSPORT_TCP, LOCAL);
	int greedy[6];
	unsigned closed = 0;
	int other;

	for (int i = 0; i < 6; i++)
		greedy[i] = dial(&to, "127.0.3.2");
	other = dial(&to, "127.0.3.3");
	test_run(w->loop, 50);
	for (int i = 0; i < 6; i++)
		closed += test_is_closed(greedy[i]);
	assert_int_equal(closed, 2);
	test_send(other, options("other", "", ""));
	test_run_until(w->loop, &w->messages, 1);
	for (int i = 0; i < 6; i++)
		close(greedy[i]);
	close(other);
	test_run(w->loop, 50);
	greedy[0] = dial(&to, "127.0.3.2");
	test_send(greedy[0], options("again", "", ""));
	test_run_until(w->loop, &w->messages, 2);
	close(greedy[0]);
}

/* Eight silent ones from different places: the oldest go, one that speaks stays. */
static void silent_ones_give_way(void **state)
{
	struct world *w = *state;
	struct tp_addr to = listen_on(w, TP_TRANSPORT_TCP, LOCAL);
	int speaks = dial(&to, "127.0.3.2");
	int silent[8];
	char from[32];

	test_send(speaks, options("first", "", ""));
	test_run_until(w->loop, &w->messages, 1);
	for (int i = 0; i < 8; i++) {
		snprintf(from, sizeof(from), "127.0.3.%d", 10 + i);
		silent[i] = dial(&to, from);
		test_run(w->loop, 2);
	}
	assert_int_equal(w->closed, 2);
	assert_string_equal(w->reason, "gave way to newer connections, having sent no message");
	assert_true(test_is_closed(silent[0]));
	assert_true(test_is_closed(silent[1]));
	assert_false(test_is_closed(silent[2]));
	test_send(silent[7], options("late", "", ""));
	test_send(speaks, options("second", "", ""));
	test_run_until(w->loop, &w->messages, 3);
	for (int i = 0; i < 8; i++)
		close(silent[i]);
	close(speaks);
}

static void who_does_not_read_is_closed(void **state)
{
	struct world *w = *state;
	struct tp_addr to = listen_on(w, TP_TRANSPORT_TCP, LOCAL);
	int fd = dial(&to, "127.0.3.2");

	for (int i = 0; i < 200000 && !w->closed; i++) {
		const char *text = options("x", "", "");

		(void)!send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (i % 50 == 0)
			test_run(w->loop, 0);
	}
	assert_int_equal(w->closed, 1);
	assert_string_equal(w->reason, "the peer does not read what it is sent");
	close(fd);
}

static void datagrams_are_answered_where_via_says(void **state)
{
	struct world *w = *state;
	struct tp_addr to = listen_on(w, TP_TRANSPORT_UDP, LOCAL);
	int elsewhere = test_socket(SOCK_DGRAM, "127.0.3.2");
	int fd = test_socket(SOCK_DGRAM, "127.0.3.2");
	struct tp_addr port;
	char via[32];

	test_connect(fd, &to);
	assert_int_equal(tp_sockaddr_local(elsewhere, &port), TP_OK);
	snprintf(via, sizeof(via), ":%u", port.port);
	test_send(fd, options("no rport", via, ""));
	test_run_until(w->loop, &w->messages, 1);
	assert_non_null(strstr(test_received(elsewhere), "SIP/2.0 200 OK"));
	snprintf(via, sizeof(via), ":%u;rport", port.port);
	test_send(fd, options("rport", via, ""));
	test_run_until(w->loop, &w->messages, 2);
	assert_non_null(strstr(test_received(fd), "received=127.0.3.2"));
	test_send(fd, "\r\n\r\n");
	test_send(fd, "nonsense");
	test_send(fd, "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.3.2;rport;branch=z9hG4bK9\r\n"
		      "Content-Length: 999\r\n\r\nshort");
	test_run(w->loop, 20);
	assert_int_equal(w->messages, 2);
	close(fd);
	close(elsewhere);
}

static void listeners_come_and_go(void **state)
{
	struct world *w = *state;
	struct tp_listener_config list[3] = {
		{ .transport = TP_TRANSPORT_UDP, .address = test_addr("127.0.3.1:35060") },
		{ .transport = TP_TRANSPORT_TCP, .address = test_addr("127.0.3.1:35060") },
		{ .transport = TP_TRANSPORT_TCP, .address = test_addr("127.0.3.4:35060") },
	};
	struct tp_listeners *set = NULL;
	struct tp_diag diag;
	int taken = test_socket(SOCK_STREAM, "127.0.3.5:35060");
	int kept;
	int gone;

	test_listen(w->transport, list, 3);
	kept = dial(&list[1].address, "127.0.3.2");
	gone = dial(&list[2].address, "127.0.3.2");
	test_send(kept, options("a", "", ""));
	test_send(gone, options("b", "", ""));
	test_run_until(w->loop, &w->messages, 2);
	assert_int_equal(listen(taken, 1), 0);
	list[2].address = test_addr("127.0.3.5:35060");
	assert_int_equal(tp_transport_prepare(w->transport, list, 3, &set, &diag), TP_IO);
	assert_string_equal(diag.where, "127.0.3.5:35060");
	assert_string_equal(diag.text, "Address already in use");
	list[2].address = list[1].address;
	assert_int_equal(tp_transport_prepare(w->transport, list, 3, &set, &diag), TP_EXISTS);
	list[1].tag = 9;
	test_listen(w->transport, list, 2);
	test_send(gone, options("c", "", "")); /* its listener is gone, it is not */
	test_send(kept, options("d", "", ""));
	test_run_until(w->loop, &w->messages, 4);
	assert_int_equal(w->closed, 0);
	close(kept);
	close(gone);
	close(taken);
}

/* Without descriptors a waiting connection must not make the loop spin, and service
 * goes on when there are some again. */
static void without_descriptors_it_rests(void **state)
{
	struct world *w = *state;
	struct tp_addr to = listen_on(w, TP_TRANSPORT_TCP, LOCAL);
	struct tp_transport_counters n;
	struct timespec before;
	struct timespec after;
	int spare[1024];
	size_t count = 0;
	int late = dial(&to, "127.0.3.2");
	struct rlimit kept;
	struct rlimit few;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &kept), 0);
	few = kept;
	few.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (count < 1024 && (spare[count] = dup(late)) >= 0)
		count++;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	test_run(w->loop, 300);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	while (count > 0)
		close(spare[--count]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &kept), 0);
	assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 < 100);
	tp_transport_count(w->transport, &n);
	assert_int_equal(n.accepted, 0);
	assert_true(test_is_closed(late));
	close(late);
	test_run(w->loop, 300);
	late = dial(&to, "127.0.3.2");
	test_send(late, options("again", "", ""));
	test_run_until(w->loop, &w->messages, 1);
	close(late);
}

static void ipv6_too(void **state)
{
	struct world *w = *state;
	struct tp_addr to = listen_on(w, TP_TRANSPORT_TCP, "[::1]:0");
	int fd = dial(&to, "[::1]:0");

	test_send(fd, options("six", "", ""));
	test_run_until(w->loop, &w->messages, 1);
	assert_non_null(strstr(test_received(fd), "received=::1"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(streams_are_cut_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(pings_are_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_sip_is_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(slow_ones_are_closed_and_others_live, setup, teardown),
		cmocka_unit_test_setup_teardown(one_source_cannot_take_all, setup, teardown),
		cmocka_unit_test_setup_teardown(silent_ones_give_way, setup, teardown),
		cmocka_unit_test_setup_teardown(who_does_not_read_is_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(datagrams_are_answered_where_via_says, setup, teardown),
		cmocka_unit_test_setup_teardown(listeners_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(without_descriptors_it_rests, setup, teardown),
		cmocka_unit_test_setup_teardown(ipv6_too, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
