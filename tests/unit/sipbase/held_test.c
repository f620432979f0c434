/* Held connections of sip/transport: while a responder is asked about the peer, nothing
 * is read from it or sent to it, on either side; other connections go on. */
#include "harness.h"

#include <sys/ioctl.h>

#include "../tls/responder.h"
#include "tls/revocation_chain.h"

#define RESPONDER "OCSP;URI:http://127.0.6.1:8080/"

struct world {
	struct tp_loop *loop;
	struct tp_transport_layer *transport;
	struct tp_addr tls;
	struct identity ca, server, client, plain;
	struct tp_revocation *revocation;
	struct tp_flow *held;
	enum tp_revocation_unknown unknown; /* of what listens and dials from here on */
	enum tp_revocation_unknown zone;    /* what is found out while a peer is held */
	enum tp_revocation_outcome later;   /* the verdict with it */
	unsigned opened, accepted, closed, refused, messages, holds;
	char closed_reason[256];
	char refused_reason[256];
};

static void on_message(void *arg, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	(void)flow;
	((struct world *)arg)->messages++;
	tp_sip_msg_free(&msg);
}

static void on_open(void *arg, struct tp_flow *flow)
{
	struct world *w = arg;

	w->opened++;
	w->accepted += !flow->outgoing;
}

static void on_closed(void *arg, struct tp_flow *flow)
{
	struct world *w = arg;

	if (!flow->outgoing)
		return;
	w->closed++;
	tp_text_copy(w->closed_reason, sizeof(w->closed_reason), flow->reason);
}

static void on_refused(void *arg, uint64_t tag, const struct tp_addr *remote, const char *reason)
{
	struct world *w = arg;

	(void)tag;
	(void)remote;
	w->refused++;
	tp_text_copy(w->refused_reason, sizeof(w->refused_reason), reason);
}

static void on_held(void *arg, struct tp_flow *flow)
{
	struct world *w = arg;
	struct tp_revocation_verdict verdict;
	struct tp_revocation_chain *chain = NULL;

	w->holds++;
	tp_flow_unref(&w->held);
	w->held = tp_flow_ref(flow);
	assert_int_equal(tp_flow_chain(flow, &chain), TP_OK);
	assert_int_equal(tp_revocation_chain_count(chain), 1);
	assert_true(w->unknown == TP_REVOCATION_UNKNOWN_LATER || tp_revocation_chain_question(chain, 0));
	tp_revocation_chain_set_unknown(chain, w->zone);
	tp_revocation_chain_decide(chain, &verdict);
	w->later = verdict.outcome;
	tp_revocation_chain_free(&chain);
}

static struct tp_tls_context *context(struct world *w, const struct identity *id, bool server, bool asks)
{
	const struct tp_tls_options o = {
		.server = server, .client = !server,
		.certificate_pem = tp_span_of(id->pem), .key = &id->secret,
		.trusted_pem = tp_span_of(w->ca.pem),
		.verify = TP_TLS_VERIFY_REPORT,
		.revocation = asks ? w->revocation : NULL,
	};
	struct tp_tls_context *out = NULL;

	assert_int_equal(tp_tls_context_new(&o, &out, NULL), TP_OK);
	return out;
}

static void listen_with(struct world *w, const struct identity *id, bool asks)
{
	struct tp_tls_context *tls = context(w, id, true, asks);
	const struct tp_listener_config config = {
		.transport = TP_TRANSPORT_TLS, .address = w->tls.family ? w->tls : test_addr(LOCAL), .tls = tls,
		.unknown = w->unknown,
	};

	test_listen(w->transport, &config, 1);
	w->tls = test_listener(w->transport, 0);
	tp_tls_context_unref(&tls);
}

static struct tp_flow *dial(struct world *w, const struct identity *id, bool asks)
{
	struct tp_tls_context *tls = context(w, id, false, asks);
	const struct tp_transport_target target = { .transport = TP_TRANSPORT_TLS, .remote = w->tls, .tls = tls,
						    .unknown = w->unknown };
	struct tp_flow *flow = NULL;

	assert_int_equal(tp_transport_connect(w->transport, &target, &flow, NULL), TP_OK);
	tp_tls_context_unref(&tls);
	return flow;
}

static void send_options(struct tp_flow *flow)
{
	static const char options[] =
		"OPTIONS sip:edge.example SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.3.1;branch=z9hG4bK1\r\n"
		"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: 1\r\n"
		"CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

	assert_int_equal(tp_flow_send(flow, options, sizeof(options) - 1), TP_OK);
}

static int setup(void **state)
{
	static const struct tp_transport_events events = { on_message, on_open, on_closed, on_refused, on_held };
	static const struct tp_revocation_policy policy = { .enabled = true, .use_ocsp = true };
	static const uint8_t seed[16] = { 2 };
	struct world *w = calloc(1, sizeof(*w));

	assert_int_equal(tp_loop_new(&w->loop), TP_OK);
	assert_int_equal(tp_transport_layer_new(w->loop, NULL, &events, w, &w->transport), TP_OK);
	assert_int_equal(tp_revocation_new(NULL, seed, &w->revocation), TP_OK);
	tp_revocation_set_policy(w->revocation, &policy);
	identity_make(&w->ca, &(struct identity_options){ .common_name = "Test CA", .is_ca = true });
	identity_with_responder(&w->server, &(struct identity_options){ .common_name = "edge", .ca = &w->ca,
									.san = "DNS:edge.example" }, RESPONDER);
	identity_with_responder(&w->client, &(struct identity_options){ .common_name = "core", .ca = &w->ca,
									.san = "DNS:core.example" }, RESPONDER);
	identity_make(&w->plain, &(struct identity_options){ .common_name = "plain", .ca = &w->ca,
							     .san = "DNS:plain.example" });
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	tp_flow_unref(&w->held);
	tp_transport_layer_free(&w->transport);
	tp_loop_free(&w->loop);
	tp_revocation_unref(&w->revocation);
	identity_fini(&w->ca);
	identity_fini(&w->server);
	identity_fini(&w->client);
	identity_fini(&w->plain);
	free(w);
	return 0;
}

static void row_91_what_a_held_peer_sends_waits(void **state)
{
	struct world *w = *state;
	struct tp_flow *flow, *other;

	listen_with(w, &w->plain, true);
	flow = dial(w, &w->client, false);
	test_run_until(w->loop, &w->holds, 1);
	send_options(flow);
	test_run(w->loop, 100);
	assert_int_equal(w->accepted, 0);
	assert_int_equal(w->messages, 0);
	assert_int_equal(w->held->state, TP_FLOW_CONNECTING);
	/* One whose certificate names no responder does not wait behind it. */
	other = dial(w, &w->plain, false);
	test_run_until(w->loop, &w->accepted, 1);
	send_options(other);
	test_run_until(w->loop, &w->messages, 1);
	tp_flow_release(w->held, true, "");
	test_run_until(w->loop, &w->messages, 2);
	assert_int_equal(w->accepted, 2);
	tp_flow_release(w->held, false, "too late"); /* nothing any more */
	assert_int_equal(w->held->state, TP_FLOW_OPEN);
	tp_flow_unref(&flow);
	tp_flow_unref(&other);
}

static void row_91_a_held_peer_that_is_refused_has_had_no_effect(void **state)
{
	struct world *w = *state;
	struct tp_flow *flow;

	listen_with(w, &w->plain, true);
	flow = dial(w, &w->client, false);
	test_run_until(w->loop, &w->holds, 1);
	send_options(flow);
	test_run(w->loop, 50);
	tp_flow_release(w->held, false, "TLS: certificate refused: revoked");
	test_run_until(w->loop, &w->closed, 1);
	assert_int_equal(w->refused, 1);
	assert_string_equal(w->refused_reason, "TLS: certificate refused: revoked");
	assert_int_equal(w->accepted, 0);
	assert_int_equal(w->messages, 0);
	tp_flow_unref(&flow);
}

static void row_91_outgoing_connections_are_held_too(void **state)
{
	struct world *w = *state;
	struct tp_flow *flow;

	listen_with(w, &w->server, false);
	flow = dial(w, &w->client, true);
	send_options(flow);
	test_run_until(w->loop, &w->holds, 1);
	test_run(w->loop, 50);
	assert_ptr_equal(w->held, flow);
	assert_int_equal(w->messages, 0); /* nothing is sent either */
	tp_flow_release(flow, true, "");
	test_run_until(w->loop, &w->messages, 1);
	tp_flow_unref(&flow);
	flow = dial(w, &w->client, true);
	test_run_until(w->loop, &w->holds, 2);
	tp_flow_release(flow, false, "TLS: certificate refused: revoked");
	test_run_until(w->loop, &w->closed, 1);
	assert_string_equal(w->closed_reason, "TLS: certificate refused: revoked");
	tp_flow_unref(&flow);
}

static void a_held_peer_may_go(void **state)
{
	struct world *w = *state;
	struct tp_transport_counters counters;
	struct tp_flow *flow;

	listen_with(w, &w->plain, true);
	flow = dial(w, &w->client, false);
	test_run_until(w->loop, &w->holds, 1);
	tp_transport_count(w->transport, &counters);
	assert_int_equal(counters.connections, 2);
	test_run_until(w->loop, &w->opened, 1); /* the dialling side */
	tp_flow_close(flow, "enough");
	test_run_until(w->loop, &w->closed, 1);
	test_run(w->loop, 50);
	tp_flow_release(w->held, true, "");
	test_run(w->loop, 50);
	tp_transport_count(w->transport, &counters);
	assert_int_equal(counters.connections, 0);
	assert_int_equal(w->messages, 0);
	tp_flow_unref(&flow);
}

static void row_93_nothing_is_held_when_switched_off(void **state)
{
	static const struct tp_revocation_policy off = { .use_ocsp = true };
	struct world *w = *state;
	struct tp_flow *flow;

	tp_revocation_set_policy(w->revocation, &off); /* counts for contexts that are there */
	listen_with(w, &w->plain, true);
	flow = dial(w, &w->client, false);
	test_run_until(w->loop, &w->accepted, 1);
	assert_int_equal(w->holds, 0);
	tp_flow_unref(&flow);
}

static void wish_9_where_only_the_certificate_tells_the_zone_its_fallback_is_waited_for(void **state)
{
	static const enum tp_revocation_unknown zones[] = { TP_REVOCATION_UNKNOWN_REVOKED,
							    TP_REVOCATION_UNKNOWN_NOT_REVOKED };
	struct world *w = *state;

	w->unknown = TP_REVOCATION_UNKNOWN_LATER;
	listen_with(w, &w->plain, true);
	for (unsigned i = 0; i < 2; i++) {
		struct tp_flow *flow;

		w->zone = zones[i];
		flow = dial(w, &w->plain, false); /* names no responder: nothing is to be asked */
		test_run_until(w->loop, &w->holds, i + 1);
		send_options(flow);
		test_run(w->loop, 50);
		assert_int_equal(w->accepted, 0);
		assert_int_equal(w->messages, 0);
		assert_int_equal(w->later, i ? TP_REVOCATION_ACCEPT : TP_REVOCATION_REFUSE);
		tp_flow_release(w->held, i, "refused");
		if (i)
			test_run_until(w->loop, &w->messages, 1);
		tp_flow_unref(&flow);
	}
}

static void wish_9_what_dials_brings_its_fallback(void **state)
{
	struct world *w = *state;
	struct tp_flow *flow;

	listen_with(w, &w->plain, false);
	w->unknown = TP_REVOCATION_UNKNOWN_REVOKED; /* the policy says otherwise */
	flow = dial(w, &w->client, true);
	test_run_until(w->loop, &w->opened, 1);
	assert_false(flow->tls->trusted);
	assert_non_null(strstr(flow->tls->reason, "the fallback treats it as revoked"));
	tp_flow_unref(&flow);
	w->unknown = TP_REVOCATION_UNKNOWN_NOT_REVOKED;
	flow = dial(w, &w->client, true);
	test_run_until(w->loop, &w->opened, 3);
	test_run(w->loop, 50);
	assert_true(flow->tls->trusted);
	assert_int_equal(w->holds, 0);
	tp_flow_unref(&flow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(row_91_what_a_held_peer_sends_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(row_91_a_held_peer_that_is_refused_has_had_no_effect, setup, teardown),
		cmocka_unit_test_setup_teardown(row_91_outgoing_connections_are_held_too, setup, teardown),
		cmocka_unit_test_setup_teardown(a_held_peer_may_go, setup, teardown),
		cmocka_unit_test_setup_teardown(row_93_nothing_is_held_when_switched_off, setup, teardown),
		cmocka_unit_test_setup_teardown(wish_9_where_only_the_certificate_tells_the_zone_its_fallback_is_waited_for,
						setup, teardown),
		cmocka_unit_test_setup_teardown(wish_9_what_dials_brings_its_fallback, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
