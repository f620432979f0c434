/* Real handshakes of sip/transport with itself on 127.0.3.x: each reason for which a
 * link is refused, and that both sides hear it; contexts that are swapped. */
#include "harness.h"

#include <openssl/ssl.h>

#include "certificates.h"

struct world {
	struct tp_loop *loop;
	struct tp_transport_layer *transport;
	struct tp_addr tls;
	struct identity ca, other_ca, server, client;
	unsigned opened, closed, refused, messages;
	struct tp_tls_peer accepted_peer; /* what the accepting side saw last */
	bool cn_names; /* for the listener and for dialling */
	struct tp_flow *accepted;
	char closed_reason[256];  /* of the dialling side */
	char refused_reason[256]; /* of the accepting side */
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
	if (flow->outgoing)
		return;
	w->accepted_peer = *flow->tls;
	tp_flow_unref(&w->accepted);
	w->accepted = tp_flow_ref(flow);
}

static void on_closed(void *arg, struct tp_flow *flow)
{
	struct world *w = arg;

	w->closed++;
	tp_text_copy(flow->outgoing ? w->closed_reason : w->refused_reason, 256, flow->reason);
}

static void on_refused(void *arg, uint64_t tag, const struct tp_addr *remote, const char *reason)
{
	struct world *w = arg;

	assert_int_equal(tag, 77);
	assert_int_equal(remote->family, TP_ADDR_V4);
	w->refused++;
	tp_text_copy(w->refused_reason, sizeof(w->refused_reason), reason);
}

static void listen_with(struct world *w, const struct identity *id, enum tp_tls_verify verify)
{
	struct tp_tls_context *context = identity_context(id, &w->ca, true, verify);
	const struct tp_listener_config config = {
		.transport = TP_TRANSPORT_TLS,
		.address = w->tls.family ? w->tls : test_addr(LOCAL),
		.tls = context,
		.verify_name = verify == TP_TLS_VERIFY_REPORT ? "core.example" : NULL,
		.cn_names = w->cn_names,
		.tag = 77,
	};

	test_listen(w->transport, &config, 1);
	w->tls = test_listener(w->transport, 0);
	tp_tls_context_unref(&context);
}

static int setup(void **state)
{
	static const struct tp_transport_events events = { on_message, on_open, on_closed, on_refused, NULL };
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	assert_int_equal(tp_loop_new(&w->loop), TP_OK);
	assert_int_equal(tp_transport_layer_new(w->loop, NULL, &events, w, &w->transport), TP_OK);
	identity_make(&w->ca, &(struct identity_options){ .common_name = "Test CA", .is_ca = true });
	identity_make(&w->other_ca, &(struct identity_options){ .common_name = "Other CA", .is_ca = true });
	identity_make(&w->server, &(struct identity_options){ .common_name = "edge", .ca = &w->ca,
							      .san = "DNS:edge.example,IP:127.0.3.1" });
	identity_make(&w->client, &(struct identity_options){ .common_name = "core", .ca = &w->ca,
							      .san = "DNS:core.example" });
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	tp_flow_unref(&w->accepted);
	tp_transport_layer_free(&w->transport);
	tp_loop_free(&w->loop);
	identity_fini(&w->ca);
	identity_fini(&w->other_ca);
	identity_fini(&w->server);
	identity_fini(&w->client);
	free(w);
	return 0;
}

static struct tp_flow *dial(struct world *w, const struct identity *id, const struct identity *trusted,
			    const char *name)
{
	struct tp_tls_context *context = identity_context(id, trusted, false, TP_TLS_VERIFY_ENFORCE);
	const struct tp_transport_target target = {
		.transport = TP_TRANSPORT_TLS, .remote = w->tls, .tls = context, .verify_name = name,
		.cn_names = w->cn_names
	};
	struct tp_flow *flow = NULL;

	assert_int_equal(tp_transport_connect(w->transport, &target, &flow, NULL), TP_OK);
	tp_tls_context_unref(&context);
	return flow;
}

/* Dials a listener with that certificate and expects to refuse it. */
static void expect_refusal(struct world *w, const struct identity *server, const struct identity *trusted,
			   const char *name, const char *ours, const char *theirs)
{
	struct tp_flow *flow;

	listen_with(w, server, TP_TLS_VERIFY_REPORT);
	flow = dial(w, &w->client, trusted, name);
	test_run_until(w->loop, &w->closed, 1);
	test_run(w->loop, 20);
	assert_int_equal(strncmp(w->closed_reason, ours, strlen(ours)), 0);
	assert_string_equal(w->refused_reason, theirs);
	assert_int_equal(w->opened, 0);
	assert_int_equal(flow->state, TP_FLOW_CLOSED);
	tp_flow_unref(&flow);
}

static void a_good_link_comes_up(void **state)
{
	struct world *w = *state;
	struct tp_flow *flow;

	listen_with(w, &w->server, TP_TLS_VERIFY_REPORT);
	flow = dial(w, &w->client, &w->ca, "edge.example");
	test_run_until(w->loop, &w->opened, 2);
	assert_true(flow->tls->trusted);
	assert_string_equal(flow->tls->subject, "CN=edge");
	assert_string_equal(flow->tls->names, "DNS:edge.example, IP:127.0.3.1");
	assert_string_equal(flow->tls->protocol, "TLSv1.3");
	assert_true(w->accepted_peer.trusted);
	assert_string_equal(w->accepted_peer.reason, "");
	assert_string_equal(w->accepted_peer.subject, "CN=core");
	assert_in_range(w->accepted_peer.not_after, time(NULL) + 86400, time(NULL) + 101 * 86400);
	assert_int_equal(tp_flow_send(flow, "\r\n\r\n", 4), TP_OK);
	test_run(w->loop, 50);
	assert_int_equal(w->closed, 0);
	tp_flow_unref(&flow);
}

static void an_address_may_be_the_name(void **state)
{
	struct world *w = *state;
	struct tp_flow *flow;

	listen_with(w, &w->server, TP_TLS_VERIFY_REPORT);
	flow = dial(w, &w->client, &w->ca, "127.0.3.1");
	test_run_until(w->loop, &w->opened, 2);
	tp_flow_unref(&flow);
}

static void a_wrong_name_is_refused(void **state)
{
	struct world *w = *state;

	expect_refusal(w, &w->server, &w->ca, "other.example",
		       "TLS: name does not match: certificate has DNS:edge.example, IP:127.0.3.1, "
		       "wanted other.example",
		       "TLS: the peer refused our certificate: bad certificate (for example, a name that "
		       "it does not expect)");
}

static void an_unknown_ca_is_refused(void **state)
{
	struct world *w = *state;

	expect_refusal(w, &w->server, &w->other_ca, "edge.example", "TLS: issuer unknown: CN=Test CA",
		       "TLS: the peer refused our certificate: unknown CA");
}

static void an_expired_certificate_is_refused(void **state)
{
	struct world *w = *state;
	struct identity old;

	identity_make(&old, &(struct identity_options){ .common_name = "edge", .ca = &w->ca, .expired = true,
							.san = "DNS:edge.example" });
	expect_refusal(w, &old, &w->ca, "edge.example", "TLS: certificate expired on 20",
		       "TLS: the peer refused our certificate: certificate expired or not yet valid");
	identity_fini(&old);
}

static void a_future_certificate_is_refused(void **state)
{
	struct world *w = *state;
	struct identity future;

	identity_make(&future, &(struct identity_options){ .common_name = "edge", .ca = &w->ca, .not_yet = true,
							   .san = "DNS:edge.example" });
	expect_refusal(w, &future, &w->ca, "edge.example", "TLS: certificate not valid before 20",
		       "TLS: the peer refused our certificate: bad certificate (for example, a name that "
		       "it does not expect)");
	identity_fini(&future);
}

static void a_self_signed_certificate_is_refused(void **state)
{
	struct world *w = *state;
	struct identity own;

	identity_make(&own, &(struct identity_options){ .common_name = "edge", .san = "DNS:edge.example" });
	expect_refusal(w, &own, &w->ca, "edge.example", "TLS: self-signed certificate: CN=edge",
		       "TLS: the peer refused our certificate: unknown CA");
	identity_fini(&own);
}

static void a_wrong_purpose_is_refused(void **state)
{
	struct world *w = *state;
	struct identity mail;

	identity_make(&mail, &(struct identity_options){ .common_name = "edge", .ca = &w->ca,
							 .usage = "emailProtection", .san = "DNS:edge.example" });
	expect_refusal(w, &mail, &w->ca, "edge.example", "TLS: certificate is not for this purpose: CN=edge",
		       "TLS: the peer refused our certificate: certificate is not for this purpose");
	identity_fini(&mail);
}

/* Decoding one can cost OpenSSL hundreds of milliseconds, so nobody gets that far. */
static void a_curve_without_name_is_refused_before_it_is_decoded(void **state)
{
	struct world *w = *state;
	struct identity odd, chain = w->server;

	identity_make(&odd, &(struct identity_options){ .common_name = "edge", .ca = &w->ca,
							.san = "DNS:edge.example" });
	identity_spell_curve(&odd, &w->ca);
	assert_true(strlen(chain.pem) + strlen(odd.pem) < sizeof(chain.pem));
	strcat(chain.pem, odd.pem);
	expect_refusal(w, &chain, &w->ca, "edge.example", "TLS: certificate with a curve that has no name",
		       "TLS: the peer ended it: decode error");
	identity_fini(&odd);
}

/* The accepting side of a link lets the handshake pass and hands the verdict up. */
static void expect_verdict(struct world *w, const struct identity *client, const char *reason)
{
	struct tp_flow *flow;

	listen_with(w, &w->server, TP_TLS_VERIFY_REPORT);
	flow = dial(w, client, &w->ca, "edge.example");
	w->opened = 0;
	test_run_until(w->loop, &w->opened, 2);
	assert_false(w->accepted_peer.trusted);
	assert_int_equal(strncmp(w->accepted_peer.reason, reason, strlen(reason)), 0);
	tp_flow_close(w->accepted, "refused");
	test_run_until(w->loop, &w->closed, 2);
	tp_flow_unref(&flow);
	w->closed = 0;
}

static void the_verdict_on_a_client_is_handed_up(void **state)
{
	struct world *w = *state;
	struct identity stranger;
	struct identity old;

	expect_verdict(w, NULL, "no certificate shown");
	identity_make(&stranger, &(struct identity_options){ .common_name = "core", .ca = &w->other_ca,
							     .san = "DNS:core.example" });
	expect_verdict(w, &stranger, "issuer unknown: CN=Other CA");
	identity_make(&old, &(struct identity_options){ .common_name = "core", .ca = &w->ca, .expired = true,
							.san = "DNS:core.example" });
	expect_verdict(w, &old, "certificate expired on ");
	expect_verdict(w, &w->server, "name does not match: certificate has DNS:edge.example, IP:127.0.3.1, "
				      "wanted core.example");
	identity_fini(&stranger);
	identity_fini(&old);
}

static void row_35_a_common_name_counts_where_it_is_switched_on(void **state)
{
	struct world *w = *state;
	struct identity edge;
	struct identity core;
	struct tp_flow *flow;

	identity_make(&edge, &(struct identity_options){ .common_name = "edge.example", .ca = &w->ca });
	identity_make(&core, &(struct identity_options){ .common_name = "core.example", .ca = &w->ca });
	expect_refusal(w, &edge, &w->ca, "edge.example",
		       "TLS: name does not match: certificate has CN:edge.example, wanted edge.example",
		       "TLS: the peer refused our certificate: bad certificate (for example, a name that "
		       "it does not expect)");
	w->cn_names = true;
	listen_with(w, &edge, TP_TLS_VERIFY_REPORT);
	w->closed = 0;
	flow = dial(w, &core, &w->ca, "edge.example");
	test_run_until(w->loop, &w->opened, 2);
	assert_true(flow->tls->trusted);
	assert_true(w->accepted_peer.trusted);
	assert_string_equal(w->accepted_peer.names, "CN:core.example");
	tp_flow_unref(&flow);
	identity_fini(&edge);
	identity_fini(&core);
}

static void an_enforcing_listener_ends_the_handshake(void **state)
{
	struct world *w = *state;
	struct tp_flow *flow;

	listen_with(w, &w->server, TP_TLS_VERIFY_ENFORCE);
	flow = dial(w, NULL, &w->ca, "edge.example");
	test_run_until(w->loop, &w->closed, 1);
	test_run_until(w->loop, &w->refused, 1);
	assert_string_equal(w->refused_reason, "TLS: no certificate shown");
	assert_string_equal(w->closed_reason,
			    "TLS: the peer refused our certificate: it wants a certificate and got none");
	tp_flow_unref(&flow);
}

static void a_new_certificate_needs_no_restart(void **state)
{
	struct world *w = *state;
	struct identity renewed;
	struct tp_flow *before;
	struct tp_flow *after;

	identity_make(&renewed, &(struct identity_options){ .common_name = "edge 2", .ca = &w->ca,
							    .san = "DNS:edge.example" });
	listen_with(w, &w->server, TP_TLS_VERIFY_REPORT);
	before = dial(w, &w->client, &w->ca, "edge.example");
	test_run_until(w->loop, &w->opened, 2);
	listen_with(w, &renewed, TP_TLS_VERIFY_REPORT);
	after = dial(w, &w->client, &w->ca, "edge.example");
	test_run_until(w->loop, &w->opened, 4);
	assert_string_equal(after->tls->subject, "CN=edge 2");
	assert_int_equal(before->state, TP_FLOW_OPEN);
	assert_int_equal(tp_flow_send(before, "\r\n\r\n", 4), TP_OK);
	test_run(w->loop, 50);
	assert_int_equal(w->closed, 0);
	tp_flow_unref(&before);
	tp_flow_unref(&after);
	identity_fini(&renewed);
}

static void connections_are_shared_only_with_the_same_trust(void **state)
{
	struct world *w = *state;
	struct tp_tls_context *context = identity_context(&w->client, &w->ca, false, TP_TLS_VERIFY_ENFORCE);
	struct tp_transport_target target = { .transport = TP_TRANSPORT_TLS, .tls = context,
					      .verify_name = "edge.example" };
	struct tp_flow *a = NULL;
	struct tp_flow *b = NULL;
	struct tp_flow *c = NULL;

	listen_with(w, &w->server, TP_TLS_VERIFY_REPORT);
	target.remote = w->tls;
	assert_int_equal(tp_transport_reach(w->transport, &target, &a, NULL), TP_OK);
	assert_int_equal(tp_transport_reach(w->transport, &target, &b, NULL), TP_OK);
	assert_ptr_equal(a, b);
	target.verify_name = "";
	assert_int_equal(tp_transport_reach(w->transport, &target, &c, NULL), TP_OK);
	assert_ptr_not_equal(a, c);
	test_run_until(w->loop, &w->opened, 4);
	tp_flow_unref(&a);
	tp_flow_unref(&b);
	tp_flow_unref(&c);
	tp_tls_context_unref(&context);
}

/* Neither a ticket nor a session id of the last connection opens the next one. */
static void nothing_is_resumed(void **state)
{
	struct world *w = *state;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL_SESSION *session = NULL;

	listen_with(w, &w->server, TP_TLS_VERIFY_OFF);
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		for (int i = 0; i < 2; i++) {
			int fd = test_socket(SOCK_STREAM, "127.0.3.2");
			SSL *ssl = SSL_new(ctx);
			char byte;

			test_connect(fd, &w->tls);
			SSL_set_fd(ssl, fd);
			SSL_set_max_proto_version(ssl, version);
			if (session)
				SSL_set_session(ssl, session);
			for (int n = 0; n < 50 && SSL_connect(ssl) != 1; n++)
				test_run(w->loop, 5);
			assert_true(SSL_is_init_finished(ssl));
			(void)SSL_read(ssl, &byte, 1); /* a ticket would come here */
			assert_false(SSL_session_reused(ssl));
			SSL_SESSION_free(session);
			session = SSL_get1_session(ssl);
			SSL_free(ssl);
			close(fd);
		}
		SSL_SESSION_free(session);
		session = NULL;
	}
	test_run(w->loop, 20);
	SSL_CTX_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_good_link_comes_up, setup, teardown),
		cmocka_unit_test_setup_teardown(an_address_may_be_the_name, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_name_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unknown_ca_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(an_expired_certificate_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_future_certificate_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_self_signed_certificate_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_purpose_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_curve_without_name_is_refused_before_it_is_decoded, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_verdict_on_a_client_is_handed_up, setup, teardown),
		cmocka_unit_test_setup_teardown(row_35_a_common_name_counts_where_it_is_switched_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_enforcing_listener_ends_the_handshake, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_certificate_needs_no_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(connections_are_shared_only_with_the_same_trust, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_resumed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
