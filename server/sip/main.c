/* turnpike-sip: signalling. Transports, transactions, zones, registrations, calls. */
#include <stdlib.h>

#include "core/log.h"
#include "os/random.h"
#include "os/sandbox.h"
#include "sip/config/config.h"
#include "sip/context.h"
#include "sip/media/session.h"
#include "sip/proxy/call.h"
#include "sip/registrar/registrar.h"
#include "sip/revocation/revocation.h"
#include "sip/status/answer.h"
#include "sip/status/connections.h"
#include "sip/status/handshakes.h"
#include "sip/status/history.h"
#include "sip/status/lookup.h"
#include "sip/status/report.h"
#include "sip/zone/resolve.h"
#include "sip/zone/traversal_test.h"
#include "sip/zone/zone.h"
#include "tls/crl_index.h"
#include "tls/policy.h"

/* ------------------------------------------------------------- configuration */

static enum tp_err prepare(void *arg, const struct tp_slice *slice, struct tp_diag *diag)
{
	struct tp_sip *sip = arg;

	tp_sip_config_free(&sip->next);
	return tp_sip_config_new(sip, slice, &sip->next, diag);
}

static void commit(void *arg)
{
	struct tp_sip *sip = arg;
	struct tp_sip_config *old = sip->config;

	sip->config = sip->next;
	sip->next = NULL;
	tp_transport_commit(sip->transport, &sip->config->listeners);
	tp_sip_revocation_apply(sip);
	tp_zones_apply(sip, old);
	tp_registrar_apply(sip);
	tp_sip_config_free(&old);
	tp_calls_take_kept(sip);
	TP_LOG(TP_LOG_INFO, "sip.config", "revision %llu in force: %u listeners, %u zones, %u rules",
	       (unsigned long long)sip->config->slice->revision, sip->config->cfg.listeners_count,
	       sip->config->cfg.zones_count, sip->config->cfg.rules_count);
}

static void abort_prepared(void *arg)
{
	struct tp_sip *sip = arg;

	tp_sip_config_free(&sip->next);
}

/* --------------------------------------------------------------------- peers */

static void peer_up(void *arg, struct tp_channel *ch)
{
	struct tp_sip *sip = arg;

	if (tp_channel_peer(ch) == TP_PROCESS_MEDIA)
		tp_media_up(sip);
	if (tp_channel_peer(ch) == TP_PROCESS_ADMIN) {
		tp_zones_report(sip);
		tp_sip_revocation_report(sip);
		tp_history_resend(sip);
	}
}

static enum tp_err supervisor_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	(void)ch;
	switch (frame->type) {
	case TP_MSG_TYPE_fetched:
		return tp_sip_revocation_fetched(arg, frame);
	case TP_MSG_TYPE_point_read:
		return tp_sip_revocation_point_read(arg, frame);
	case TP_MSG_TYPE_crl_index:
		return tp_sip_revocation_crls(arg, frame);
	default:
		return TP_UNSUPPORTED;
	}
}

static enum tp_err peer_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sip *sip = arg;

	if (tp_channel_peer(ch) == TP_PROCESS_MEDIA)
		return tp_media_frame(sip, frame);
	return tp_status_frame(sip, ch, frame);
}

static void peer_closed(void *arg, enum tp_process peer)
{
	struct tp_sip *sip = arg;

	if (peer == TP_PROCESS_MEDIA)
		tp_media_down(sip);
	if (peer == TP_PROCESS_ADMIN) {
		tp_traversal_test_abort(sip);
		tp_lookups_forget(sip);
	}
}

/* ----------------------------------------------------------------- signalling */

static void on_message(void *arg, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	struct tp_sip *sip = arg;

	tp_transaction_receive(sip->transactions, flow, msg);
}

static void on_open(void *arg, struct tp_flow *flow)
{
	if (tp_traversal_test_flow_open(arg, flow))
		return;
	tp_handshakes_note(arg, flow);
	tp_connections_opened(arg, flow);
	(void)tp_zones_flow_open(arg, flow);
}

static void on_held(void *arg, struct tp_flow *flow)
{
	tp_traversal_test_flow_held(arg, flow);
	tp_sip_revocation_held(arg, flow);
}

static void on_closed(void *arg, struct tp_flow *flow)
{
	struct tp_sip *sip = arg;

	tp_connections_closed(sip, flow);
	/* The zone first: it lets go of the transactions that are its own. */
	if (!tp_traversal_test_flow_closed(sip, flow))
		(void)tp_zones_flow_closed(sip, flow);
	tp_transaction_flow_closed(sip->transactions, flow);
	tp_registrar_flow_closed(sip, flow);
}

static void on_refused(void *arg, uint64_t tag, const struct tp_addr *remote, const char *reason)
{
	tp_connections_refused(arg, tag, remote, reason);
	tp_zones_flow_refused(arg, tag, remote, reason);
}

static void on_request(void *arg, struct tp_server_txn *txn, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	struct tp_sip *sip = arg;

	if (!sip->config) {
		if (txn)
			(void)tp_server_txn_reply(txn, msg, 503, "Not configured yet");
		tp_sip_msg_free(&msg);
	} else if (tp_traversal_test_owns(sip, flow)) {
		if (txn)
			(void)tp_server_txn_reply(txn, msg, 403, NULL);
		tp_sip_msg_free(&msg);
	} else if (tp_zones_request(sip, txn, flow, msg)) {
		tp_sip_msg_free(&msg);
	} else if (txn && tp_sip_msg_method(msg) == TP_SIP_REGISTER) {
		tp_registrar_request(sip, txn, flow, msg);
		tp_sip_msg_free(&msg);
	} else {
		tp_calls_request(sip, txn, flow, msg);
	}
}

static void on_resolved(void *arg, const char *host, const struct tp_addr *address, const char *reason)
{
	tp_traversal_test_resolved(arg, host, address, reason);
	tp_lookup_resolved(arg, host, address, reason);
	tp_zones_resolved(arg, host, address, reason);
}

static void on_cancel(void *arg, struct tp_server_txn *invite, const struct tp_sip_msg *msg)
{
	(void)msg;
	tp_calls_cancel(arg, invite);
}

static void on_server_end(void *arg, struct tp_server_txn *txn, bool acknowledged)
{
	(void)acknowledged;
	tp_calls_server_end(arg, txn);
}

static void on_stray_response(void *arg, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	(void)arg;
	(void)flow;
	TP_LOG(TP_LOG_DEBUG, "sip.stray", "a response that nobody waits for: %d", tp_sip_msg_status(msg));
	tp_sip_msg_free(&msg);
}

/* ---------------------------------------------------------------------- start */

static enum tp_err build(struct tp_sip *sip)
{
	static const struct tp_transport_events transport_events = {
		.on_message = on_message, .on_open = on_open, .on_closed = on_closed, .on_refused = on_refused,
		.on_held = on_held,
	};
	static const struct tp_transaction_events transaction_events = {
		.on_request = on_request, .on_cancel = on_cancel, .on_server_end = on_server_end,
		.on_stray_response = on_stray_response,
	};
	enum tp_err err;

	tp_sip_ids_init(&sip->ids);
	tp_random_bytes(sip->seed, sizeof(sip->seed));
	err = tp_digest_init(&sip->digest);
	if (err == TP_OK)
		err = tp_transport_layer_new(sip->loop, NULL, &transport_events, sip, &sip->transport);
	if (err == TP_OK)
		err = tp_transaction_layer_new(sip->loop, &sip->ids, NULL, 0, &transaction_events, sip,
					       &sip->transactions);
	if (err == TP_OK)
		err = tp_sip_revocation_new(sip, &sip->revocation);
	if (err == TP_OK)
		err = tp_lookups_new(&sip->lookups);
	if (err == TP_OK)
		err = tp_resolver_new(sip->loop, on_resolved, sip, &sip->resolver);
	if (err == TP_OK)
		err = tp_traversal_test_new(sip, &sip->traversal_test);
	if (err == TP_OK)
		err = tp_zones_new(sip, &sip->zones);
	if (err == TP_OK)
		err = tp_registrar_new(sip, &sip->registrar);
	if (err == TP_OK)
		err = tp_media_link_new(sip, &sip->media);
	if (err == TP_OK)
		err = tp_history_new(&sip->history);
	if (err == TP_OK)
		err = tp_handshakes_new(sip, &sip->handshakes);
	if (err == TP_OK)
		err = tp_connections_new(sip, &sip->connections);
	if (err == TP_OK)
		err = tp_calls_new(sip, &sip->calls);
	return err;
}

static void tear_down(struct tp_sip *sip)
{
	if (sip->calls)
		tp_calls_free(&sip->calls);
	tp_history_free(&sip->history);
	tp_handshakes_free(&sip->handshakes);
	tp_connections_free(&sip->connections);
	tp_media_link_free(&sip->media);
	tp_registrar_free(sip);
	tp_traversal_test_free(&sip->traversal_test);
	tp_zones_free(&sip->zones);
	tp_resolver_free(&sip->resolver);
	tp_lookups_free(&sip->lookups);
	tp_sip_revocation_free(sip);
	tp_transaction_layer_free(&sip->transactions);
	tp_sip_config_free(&sip->next);
	tp_transport_layer_free(&sip->transport);
	tp_sip_config_free(&sip->config);
	tp_crl_set_free(&sip->crls);
	tp_digest_fini(&sip->digest);
}

static int run(struct tp_sip *sip)
{
	struct tp_diag diag = { 0 };
	/* Libraries read their files before the sandbox closes them off. */
	enum tp_err err = tp_tls_policy_init();

	sip->loop = tp_child_loop(sip->child);
	if (err == TP_OK)
		err = build(sip);
	if (err == TP_OK)
		err = tp_sandbox_enter_looking_up(&tp_sandbox_profile_sip, &diag);
	return tp_child_serve(sip->child, err, &diag);
}

int main(int argc, char **argv)
{
	static const struct tp_child_handlers handlers = {
		.prepare = prepare,
		.commit = commit,
		.abort = abort_prepared,
		.supervisor_frame = supervisor_frame,
		.peer_up = peer_up,
		.peer_frame = peer_frame,
		.peer_closed = peer_closed,
	};
	struct tp_sip sip = { 0 };
	int result;

	if (tp_child_new(TP_PROCESS_SIP, argc, argv, &handlers, &sip, &sip.child) != TP_OK)
		return 1;
	result = run(&sip);
	tear_down(&sip);
	tp_child_free(&sip.child);
	return result;
}
