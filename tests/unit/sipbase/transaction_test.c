/* sip/transaction over real UDP and TCP on loopback, with T1 of 20 ms: lost packets,
 * retransmissions, ACK, CANCEL, caps, nothing left over at the end. */
#include "harness.h"

enum { T1 = 20 };

struct world {
	struct tp_loop *loop;
	struct tp_transport_layer *transport;
	struct tp_transaction_layer *txns;
	struct tp_sip_ids ids;
	struct tp_addr udp;
	struct tp_addr tcp;

	/* what came up */
	unsigned requests;
	unsigned acks;
	unsigned cancels;
	unsigned ends;
	unsigned acknowledged;
	unsigned responses;
	unsigned errors;
	unsigned client_ends;
	unsigned strays;
	int last_status;
	enum tp_err last_error;
	char last_reason[256];
	struct tp_server_txn *txn;
	struct tp_sip_msg *request; /* the last one, kept */
	int answer;                 /* answered at once with this; 0 = not */
};

static void on_message(void *arg, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	tp_transaction_receive(((struct world *)arg)->txns, flow, msg);
}

static void on_closed(void *arg, struct tp_flow *flow)
{
	tp_transaction_flow_closed(((struct world *)arg)->txns, flow);
}

static void on_request(void *arg, struct tp_server_txn *txn, struct tp_flow *flow,
		       struct tp_sip_msg *msg)
{
	struct world *w = arg;

	(void)flow;
	tp_sip_msg_free(&w->request);
	w->request = msg;
	if (!txn) {
		w->acks++;
		return;
	}
	w->requests++;
	w->txn = txn;
	if (w->answer)
		assert_int_equal(tp_server_txn_reply(txn, msg, w->answer, NULL), TP_OK);
}

static void on_cancel(void *arg, struct tp_server_txn *invite, const struct tp_sip_msg *msg)
{
	struct world *w = arg;

	w->cancels++;
	assert_int_equal(tp_sip_msg_method(msg), TP_SIP_CANCEL);
	assert_ptr_equal(invite, w->txn);
	assert_int_equal(tp_server_txn_reply(invite, w->request, 487, NULL), TP_OK);
}

static void on_server_end(void *arg, struct tp_server_txn *txn, bool acknowledged)
{
	struct world *w = arg;

	w->ends++;
	w->acknowledged += acknowledged;
	if (w->txn == txn)
		w->txn = NULL;
}

static void on_stray(void *arg, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	(void)flow;
	((struct world *)arg)->strays++;
	tp_sip_msg_free(&msg);
}

static void on_response(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg)
{
	struct world *w = arg;

	(void)txn;
	w->responses++;
	w->last_status = tp_sip_msg_status(msg);
	tp_sip_msg_free(&msg);
}

static void on_error(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason)
{
	struct world *w = arg;

	(void)txn;
	w->errors++;
	w->last_error = err;
	tp_text_copy(w->last_reason, sizeof(w->last_reason), reason);
}

static void on_client_end(void *arg, struct tp_client_txn *txn)
{
	(void)txn;
	((struct world *)arg)->client_ends++;
}

static const struct tp_client_events client_events = { on_response, on_error, on_client_end };

static int setup_with(void **state, uint32_t max)
{
	static const struct tp_transport_events transport_events = { .on_message = on_message,
								     .on_closed = on_closed };
	static const struct tp_transaction_events txn_events = { on_request, on_cancel, on_server_end,
								 on_stray };
	const struct tp_transaction_timers timers = { .t1 = T1, .t2 = 4 * T1, .t4 = 5 * T1, .timer_d = 200 };
	const struct tp_listener_config listeners[] = {
		{ .transport = TP_TRANSPORT_UDP, .address = test_addr(LOCAL) },
		{ .transport = TP_TRANSPORT_TCP, .address = test_addr(LOCAL) },
	};
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	assert_int_equal(tp_loop_new(&w->loop), TP_OK);
	tp_sip_ids_init(&w->ids);
	assert_int_equal(tp_transport_layer_new(w->loop, NULL, &transport_events, w, &w->transport), TP_OK);
	assert_int_equal(tp_transaction_layer_new(w->loop, &w->ids, &timers, max, &txn_events, w, &w->txns),
			 TP_OK);
	test_listen(w->transport, listeners, 2);
	w->udp = test_listener(w->transport, 0);
	w->tcp = test_listener(w->transport, 1);
	*state = w;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, 0);
}

static int setup_small(void **state)
{
	return setup_with(state, 3);
}

/* Each test ends with no transaction alive. */
static int teardown(void **state)
{
	struct tp_transaction_counters left;
	struct world *w = *state;

	for (int i = 0; i < 100; i++) {
		tp_transaction_count(w->txns, &left);
		if (left.server + left.client == 0)
			break;
		test_run(w->loop, 50);
	}
	assert_int_equal(left.server + left.client, 0);
	tp_sip_msg_free(&w->request);
	tp_transaction_layer_free(&w->txns);
	tp_transport_layer_free(&w->transport);
	tp_loop_free(&w->loop);
	free(w);
	return 0;
}

static const char *request_text(const char *method, const char *branch)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		 "%s sip:bob@" LOCAL " SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 127.0.3.2:5999;branch=%s;rport\r\n"
		 "From: <sip:a@x>;tag=f1\r\nTo: <sip:bob@x>\r\nCall-ID: c1\r\nCSeq: 1 %s\r\n"
		 "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
		 method, branch, method);
	return text;
}

static int udp_peer(struct world *w)
{
	int fd = test_socket(SOCK_DGRAM, "127.0.3.2");

	test_connect(fd, &w->udp);
	return fd;
}

static void a_lost_final_response_is_sent_again(void **state)
{
	struct world *w = *state;
	int fd = udp_peer(w);
	unsigned copies = 0;

	w->answer = 486;
	test_send(fd, request_text("INVITE", "z9hG4bKa"));
	test_run(w->loop, 10 * T1);
	while (strstr(test_received(fd), "SIP/2.0 486 "))
		copies++;
	assert_in_range(copies, 3, 8);
	assert_int_equal(w->requests, 1);
	test_send(fd, request_text("ACK", "z9hG4bKa"));
	test_run_until(w->loop, &w->ends, 1);
	assert_int_equal(w->acknowledged, 1);
	assert_int_equal(w->acks, 0); /* that ACK was for the transaction */
	close(fd);
}

static void without_ack_it_ends_after_timer_h(void **state)
{
	struct world *w = *state;
	int fd = udp_peer(w);

	w->answer = 404;
	test_send(fd, request_text("INVITE", "z9hG4bKh"));
	test_run(w->loop, 32 * T1);
	assert_int_equal(w->ends, 0);
	test_run_until(w->loop, &w->ends, 1);
	assert_int_equal(w->acknowledged, 0);
	close(fd);
}

static void a_repeated_request_is_absorbed(void **state)
{
	struct world *w = *state;
	int fd = udp_peer(w);
	unsigned copies = 0;

	w->answer = 200;
	for (int i = 0; i < 3; i++) {
		test_send(fd, request_text("OPTIONS", "z9hG4bKo"));
		test_run(w->loop, 5);
	}
	while (strstr(test_received(fd), "SIP/2.0 200 OK"))
		copies++;
	assert_int_equal(w->requests, 1);
	assert_int_equal(copies, 3);
	close(fd);
}

static void the_2xx_belongs_to_the_user(void **state)
{
	struct world *w = *state;
	struct tp_sip_msg *ok = NULL;
	int fd = udp_peer(w);
	unsigned copies = 0;

	w->answer = 180;
	test_send(fd, request_text("INVITE", "z9hG4bK2"));
	test_run_until(w->loop, &w->requests, 1);
	assert_int_equal(tp_server_txn_status(w->txn), 180);
	assert_int_equal(tp_sip_msg_new_response(w->request, 200, NULL, tp_server_txn_to_tag(w->txn), &ok),
			 TP_OK);
	assert_int_equal(tp_server_txn_respond(w->txn, ok), TP_OK);
	test_send(fd, request_text("INVITE", "z9hG4bK2")); /* crossed it: absorbed */
	test_run(w->loop, 10 * T1);
	assert_int_equal(tp_server_txn_respond(w->txn, ok), TP_OK); /* the user repeats */
	assert_int_equal(tp_server_txn_reply(w->txn, w->request, 500, NULL), TP_STATE);
	tp_sip_msg_free(&ok);
	test_run(w->loop, 10);
	for (const char *got; *(got = test_received(fd));)
		copies += strstr(got, "SIP/2.0 200 OK") != NULL;
	assert_int_equal(copies, 2);
	test_send(fd, request_text("ACK", "z9hG4bKotherbranch"));
	test_run_until(w->loop, &w->acks, 1);
	assert_int_equal(tp_sip_msg_method(w->request), TP_SIP_ACK);
	assert_int_equal(w->requests, 1);
	close(fd);
}

static void cancel_finds_its_invite(void **state)
{
	struct world *w = *state;
	int fd = udp_peer(w);
	const char *got;
	bool ok = false;
	bool terminated = false;

	w->answer = 180;
	test_send(fd, request_text("INVITE", "z9hG4bKc"));
	test_run_until(w->loop, &w->requests, 1);
	test_send(fd, request_text("CANCEL", "z9hG4bKc"));
	test_run_until(w->loop, &w->cancels, 1);
	test_run(w->loop, 5);
	while (*(got = test_received(fd))) {
		ok = ok || (strstr(got, "SIP/2.0 200 OK") && strstr(got, "1 CANCEL"));
		terminated = terminated || strstr(got, "SIP/2.0 487 ");
	}
	assert_true(ok);
	assert_true(terminated);
	test_send(fd, request_text("ACK", "z9hG4bKc"));
	test_send(fd, request_text("CANCEL", "z9hG4bKnone"));
	test_run(w->loop, 10);
	got = test_received(fd);
	assert_non_null(strstr(got, "SIP/2.0 481 "));
	assert_int_equal(w->cancels, 1);
	close(fd);
}

static void an_old_branch_is_refused_with_words(void **state)
{
	struct world *w = *state;
	int fd = udp_peer(w);

	test_send(fd, request_text("OPTIONS", "1234"));
	test_run(w->loop, 20);
	assert_non_null(strstr(test_received(fd), "SIP/2.0 400 Via branch of RFC 3261 required"));
	assert_int_equal(w->requests, 0);
	close(fd);
}

static void beyond_the_cap_it_says_503(void **state)
{
	struct world *w = *state;
	int fd = udp_peer(w);
	unsigned busy = 0;
	char branch[32];

	for (int i = 0; i < 5; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKcap%d", i);
		test_send(fd, request_text("INVITE", branch));
	}
	test_run(w->loop, 20);
	for (const char *got; *(got = test_received(fd));)
		busy += strstr(got, "SIP/2.0 503 ") && strstr(got, "Retry-After: ");
	assert_int_equal(busy, 2);
	assert_int_equal(w->requests, 3);
	/* The three never got an answer; they are the user's. */
	tp_transaction_layer_free(&w->txns);
	{
		static const struct tp_transaction_events none = { 0 };

		assert_int_equal(tp_transaction_layer_new(w->loop, &w->ids, NULL, 0, &none, w, &w->txns), TP_OK);
	}
	close(fd);
}

/* ----------------------------------------------------------------------- client */

static struct tp_flow *flow_to(struct world *w, enum tp_transport transport, int peer)
{
	struct tp_transport_target target = { .transport = transport };
	struct tp_flow *flow = NULL;

	assert_int_equal(tp_sockaddr_local(peer, &target.remote), TP_OK);
	assert_int_equal(tp_transport_reach(w->transport, &target, &flow, NULL), TP_OK);
	return flow;
}

static struct tp_client_txn *start(struct world *w, struct tp_flow *flow, enum tp_sip_method method)
{
	const struct tp_sip_request what = { method, "sip:peer@127.0.3.9", "<sip:us@x>;tag=1",
					     "<sip:peer@x>", "call", 5, 0 };
	struct tp_client_txn *txn = NULL;
	struct tp_sip_msg *msg = NULL;

	assert_int_equal(tp_sip_msg_new_request(&what, &msg), TP_OK);
	assert_int_equal(tp_client_txn_start(w->txns, flow, msg, &client_events, w, &txn), TP_OK);
	tp_sip_msg_free(&msg);
	return txn;
}

/* Answers what the peer got last. */
static void answer_from(int fd, const struct tp_addr *to, const char *request, int status)
{
	struct tp_sip_msg *msg = NULL;
	struct tp_sip_msg *response = NULL;
	struct sockaddr_storage sa;
	socklen_t sa_len = tp_sockaddr_from(to, &sa);
	char *bytes = NULL;
	size_t len;

	assert_int_equal(tp_sip_msg_parse(request, strlen(request), &msg, NULL, NULL), TP_OK);
	assert_int_equal(tp_sip_msg_new_response(msg, status, NULL, "peertag", &response), TP_OK);
	assert_int_equal(tp_sip_msg_write(response, &bytes, &len), TP_OK);
	assert_int_equal(sendto(fd, bytes, len, 0, (struct sockaddr *)&sa, sa_len), (ssize_t)len);
	free(bytes);
	tp_sip_msg_free(&response);
	tp_sip_msg_free(&msg);
}

static void a_lost_request_is_sent_again(void **state)
{
	struct world *w = *state;
	int peer = test_socket(SOCK_DGRAM, "127.0.3.9");
	struct tp_flow *flow = flow_to(w, TP_TRANSPORT_UDP, peer);
	char first[2048];
	unsigned copies = 1;

	start(w, flow, TP_SIP_OPTIONS);
	tp_text_copy(first, sizeof(first), test_received(peer));
	assert_non_null(strstr(first, "OPTIONS sip:peer@127.0.3.9 SIP/2.0\r\nVia: SIP/2.0/UDP " LOCAL ":"));
	test_run(w->loop, 10 * T1);
	for (const char *got; *(got = test_received(peer)); copies++)
		assert_string_equal(got, first);
	assert_in_range(copies, 3, 6);
	answer_from(peer, &w->udp, first, 200);
	answer_from(peer, &w->udp, first, 200);
	test_run_until(w->loop, &w->client_ends, 1);
	assert_int_equal(w->responses, 1);
	assert_int_equal(w->errors, 0);
	tp_flow_unref(&flow);
	close(peer);
}

static void silence_becomes_an_error(void **state)
{
	struct world *w = *state;
	int peer = test_socket(SOCK_DGRAM, "127.0.3.9");
	struct tp_flow *flow = flow_to(w, TP_TRANSPORT_UDP, peer);

	start(w, flow, TP_SIP_INVITE);
	test_run_until(w->loop, &w->client_ends, 1);
	assert_int_equal(w->errors, 1);
	assert_int_equal(w->last_error, TP_AGAIN);
	assert_string_equal(w->last_reason, "no answer");
	tp_flow_unref(&flow);
	close(peer);
}

static void failures_are_acknowledged_each_time(void **state)
{
	struct world *w = *state;
	int peer = test_socket(SOCK_DGRAM, "127.0.3.9");
	struct tp_flow *flow = flow_to(w, TP_TRANSPORT_UDP, peer);
	char invite[2048];
	unsigned acks = 0;

	start(w, flow, TP_SIP_INVITE);
	tp_text_copy(invite, sizeof(invite), test_received(peer));
	answer_from(peer, &w->udp, invite, 180);
	test_run_until(w->loop, &w->responses, 1);
	while (*test_received(peer))
		;
	answer_from(peer, &w->udp, invite, 486);
	answer_from(peer, &w->udp, invite, 486);
	test_run(w->loop, 10);
	for (const char *got; *(got = test_received(peer)); acks++) {
		assert_int_equal(strncmp(got, "ACK sip:peer@127.0.3.9 ", 23), 0);
		assert_non_null(strstr(got, ";tag=peertag"));
	}
	assert_int_equal(acks, 2);
	assert_int_equal(w->responses, 2);
	assert_int_equal(w->last_status, 486);
	tp_flow_unref(&flow);
	close(peer);
}

static void every_2xx_comes_up(void **state)
{
	struct world *w = *state;
	int peer = test_socket(SOCK_DGRAM, "127.0.3.9");
	struct tp_flow *flow = flow_to(w, TP_TRANSPORT_UDP, peer);
	char invite[2048];

	start(w, flow, TP_SIP_INVITE);
	tp_text_copy(invite, sizeof(invite), test_received(peer));
	answer_from(peer, &w->udp, invite, 200);
	answer_from(peer, &w->udp, invite, 200);
	test_run_until(w->loop, &w->responses, 2);
	test_run_until(w->loop, &w->client_ends, 1);
	answer_from(peer, &w->udp, invite, 200);
	test_run_until(w->loop, &w->strays, 1);
	tp_flow_unref(&flow);
	close(peer);
}

static void cancel_waits_for_a_provisional(void **state)
{
	struct world *w = *state;
	int peer = test_socket(SOCK_DGRAM, "127.0.3.9");
	struct tp_flow *flow = flow_to(w, TP_TRANSPORT_UDP, peer);
	struct tp_client_txn *txn;
	const char *got;
	char invite[2048];
	char cancel[2048] = "";

	txn = start(w, flow, TP_SIP_INVITE);
	tp_text_copy(invite, sizeof(invite), test_received(peer));
	tp_client_txn_cancel(txn);
	test_run(w->loop, 4 * T1);
	while (*(got = test_received(peer)))
		assert_int_equal(strncmp(got, "INVITE", 6), 0);
	answer_from(peer, &w->udp, invite, 180);
	test_run_until(w->loop, &w->responses, 1);
	test_run(w->loop, 5);
	while (*(got = test_received(peer)))
		tp_text_copy(cancel, sizeof(cancel), got);
	assert_int_equal(strncmp(cancel, "CANCEL sip:peer@127.0.3.9 ", 26), 0);
	assert_non_null(strstr(cancel, tp_client_txn_branch(txn)));
	answer_from(peer, &w->udp, cancel, 200);
	answer_from(peer, &w->udp, invite, 487);
	test_run_until(w->loop, &w->responses, 2);
	assert_int_equal(w->last_status, 487);
	assert_int_equal(w->strays, 0);
	tp_flow_unref(&flow);
	close(peer);
}

static void a_closed_connection_fails_its_transactions(void **state)
{
	struct world *w = *state;
	int listener = test_socket(SOCK_STREAM, "127.0.3.9");
	struct tp_flow *flow;
	int peer;

	assert_int_equal(listen(listener, 1), 0);
	flow = flow_to(w, TP_TRANSPORT_TCP, listener);
	start(w, flow, TP_SIP_OPTIONS); /* waits in the queue until connected */
	test_run(w->loop, 20);
	peer = accept(listener, NULL, NULL);
	assert_true(peer >= 0);
	assert_int_equal(strncmp(test_received(peer), "OPTIONS", 7), 0);
	close(peer);
	test_run_until(w->loop, &w->client_ends, 1);
	assert_int_equal(w->errors, 1);
	assert_int_equal(w->last_error, TP_CLOSED);
	assert_string_equal(w->last_reason, "closed by the peer");
	tp_flow_unref(&flow);
	close(listener);
}

static void nobody_listens(void **state)
{
	struct world *w = *state;
	int listener = test_socket(SOCK_STREAM, "127.0.3.9");
	struct tp_flow *flow = flow_to(w, TP_TRANSPORT_TCP, listener);

	start(w, flow, TP_SIP_OPTIONS);
	test_run_until(w->loop, &w->client_ends, 1);
	assert_string_equal(w->last_reason, "connection refused");
	tp_flow_unref(&flow);
	close(listener);
}

static void a_detached_one_ends_alone(void **state)
{
	struct world *w = *state;
	int peer = test_socket(SOCK_DGRAM, "127.0.3.9");
	struct tp_flow *flow = flow_to(w, TP_TRANSPORT_UDP, peer);
	struct tp_client_txn *txn = start(w, flow, TP_SIP_OPTIONS);

	tp_client_txn_detach(&txn);
	assert_null(txn);
	test_run(w->loop, 70 * T1);
	assert_int_equal(w->errors + w->client_ends, 0);
	tp_flow_unref(&flow);
	close(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_lost_final_response_is_sent_again, setup, teardown),
		cmocka_unit_test_setup_teardown(without_ack_it_ends_after_timer_h, setup, teardown),
		cmocka_unit_test_setup_teardown(a_repeated_request_is_absorbed, setup, teardown),
		cmocka_unit_test_setup_teardown(the_2xx_belongs_to_the_user, setup, teardown),
		cmocka_unit_test_setup_teardown(cancel_finds_its_invite, setup, teardown),
		cmocka_unit_test_setup_teardown(an_old_branch_is_refused_with_words, setup, teardown),
		cmocka_unit_test_setup_teardown(beyond_the_cap_it_says_503, setup_small, teardown),
		cmocka_unit_test_setup_teardown(a_lost_request_is_sent_again, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_becomes_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(failures_are_acknowledged_each_time, setup, teardown),
		cmocka_unit_test_setup_teardown(every_2xx_comes_up, setup, teardown),
		cmocka_unit_test_setup_teardown(cancel_waits_for_a_provisional, setup, teardown),
		cmocka_unit_test_setup_teardown(a_closed_connection_fails_its_transactions, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_listens, setup, teardown),
		cmocka_unit_test_setup_teardown(a_detached_one_ends_alone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
