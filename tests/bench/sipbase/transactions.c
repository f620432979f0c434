/* Processor time of INVITE transactions over loopback, both sides in one process:
 * INVITE with an 800-byte body, 100, 180, 486, ACK. Thirty are in flight at a time.
 * Usage: bench_transactions [count [tcp]]. Prints one JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "os/loop.h"
#include "sip/transaction/transaction.h"

enum { IN_FLIGHT = 30 };

struct bench {
	struct tp_loop *loop;
	struct tp_transport_layer *transport;
	struct tp_transaction_layer *txns;
	struct tp_sip_ids ids;
	struct tp_flow *flow;
	long to_start;
	long finished;
	long wanted;
	long failed;
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s failed\n", what);
	exit(1);
}

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void on_message(void *arg, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	tp_transaction_receive(((struct bench *)arg)->txns, flow, msg);
}

static void on_closed(void *arg, struct tp_flow *flow)
{
	tp_transaction_flow_closed(((struct bench *)arg)->txns, flow);
}

static void on_request(void *arg, struct tp_server_txn *txn, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	static const int answers[] = { 100, 180, 486 };

	(void)arg;
	(void)flow;
	for (size_t i = 0; txn && i < 3; i++)
		need(tp_server_txn_reply(txn, msg, answers[i], NULL) == TP_OK, "reply");
	tp_sip_msg_free(&msg);
}

static void start_one(struct bench *b);

static void finish_one(struct bench *b)
{
	if (++b->finished == b->wanted)
		tp_loop_stop(b->loop);
	else if (b->to_start > 0)
		start_one(b);
}

static void on_response(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg)
{
	int status = tp_sip_msg_status(msg);

	(void)txn;
	tp_sip_msg_free(&msg);
	if (status >= 200)
		finish_one(arg);
}

static void on_error(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason)
{
	struct bench *b = arg;

	(void)txn;
	(void)err;
	(void)reason;
	b->failed++;
	finish_one(b);
}

static void start_one(struct bench *b)
{
	static const struct tp_client_events events = { on_response, on_error, NULL };
	static const struct tp_sip_request invite = { TP_SIP_INVITE, "sip:bob@192.0.2.1", "<sip:a@b>;tag=1",
						      "<sip:b@c>", "call1", 1, 0 };
	struct tp_client_txn *txn;
	struct tp_sip_msg *msg;
	char body[800];

	memset(body, 'a', sizeof(body));
	b->to_start--;
	need(tp_sip_msg_new_request(&invite, &msg) == TP_OK, "request");
	need(tp_sip_msg_set_body(msg, "application/sdp", body, sizeof(body)) == TP_OK, "body");
	need(tp_client_txn_start(b->txns, b->flow, msg, &events, b, &txn) == TP_OK, "start");
	tp_sip_msg_free(&msg);
}

static void set_up(struct bench *b, enum tp_transport transport)
{
	static const struct tp_transport_events transport_events = { .on_message = on_message,
								     .on_closed = on_closed };
	static const struct tp_transaction_events txn_events = { .on_request = on_request };
	static const struct tp_transaction_timers timers = { .t4 = 100, .timer_d = 200 };
	struct tp_listener_config config = { .transport = transport };
	struct tp_transport_target target = { .transport = transport };
	struct tp_listeners *set;

	tp_sip_ids_init(&b->ids);
	need(tp_addr_parse(TP_SPAN("127.0.3.1"), &config.address) == TP_OK, "address");
	need(tp_loop_new(&b->loop) == TP_OK, "loop");
	need(tp_transport_layer_new(b->loop, NULL, &transport_events, b, &b->transport) == TP_OK, "transport");
	need(tp_transaction_layer_new(b->loop, &b->ids, &timers, 0, &txn_events, b, &b->txns) == TP_OK,
	     "transactions");
	need(tp_transport_prepare(b->transport, &config, 1, &set, NULL) == TP_OK, "listener");
	tp_transport_commit(b->transport, &set);
	need(tp_transport_listener_address(b->transport, 0, &target.remote), "listener");
	need(tp_transport_reach(b->transport, &target, &b->flow, NULL) == TP_OK, "reach");
}

int main(int argc, char **argv)
{
	enum tp_transport transport = argc > 2 ? TP_TRANSPORT_TCP : TP_TRANSPORT_UDP;
	struct bench b = { .wanted = argc > 1 ? atol(argv[1]) : 20000 };
	double before;

	need(b.wanted >= IN_FLIGHT, "count of at least 30");
	set_up(&b, transport);
	b.to_start = b.wanted;
	before = cpu_us();
	for (int i = 0; i < IN_FLIGHT; i++)
		start_one(&b);
	need(tp_loop_run(b.loop) == TP_OK, "loop");
	printf("{\"transactions\":%ld,\"failed\":%ld,\"transport\":\"%s\",\"us_per_transaction\":%.1f}\n",
	       b.finished, b.failed, transport == TP_TRANSPORT_TCP ? "tcp" : "udp",
	       (cpu_us() - before) / (double)b.finished);
	tp_flow_unref(&b.flow);
	tp_transaction_layer_free(&b.txns);
	tp_transport_layer_free(&b.transport);
	tp_loop_free(&b.loop);
	return b.failed > 0;
}
