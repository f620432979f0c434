/* Answers to admin. Runs in turnpike-sip. */
#include "sip/status/answer.h"

#include <stdlib.h>
#include <string.h>

#include "sip/config/config.h"
#include "sip/proxy/call.h"
#include "sip/registrar/registrar.h"
#include "sip/revocation/revocation.h"
#include "sip/status/history.h"
#include "sip/status/lookup.h"
#include "sip/status/serials.h"
#include "sip/zone/traversal_test.h"
#include "sip/zone/zone.h"

static enum tp_err answer_zones(struct tp_sip *sip, struct tp_channel *ch, uint32_t request,
				const struct tp_msg_zones_get *get)
{
	struct tp_msg_zones out = { 0 };
	uint32_t limit = get->limit < 50 ? get->limit : 50;
	enum tp_err err;

	out.total = (uint32_t)tp_zones_count(sip);
	out.zones = calloc(limit ? limit : 1, sizeof(*out.zones));
	if (!out.zones)
		return TP_NOMEM;
	for (uint32_t i = get->offset; i < out.total && out.zones_count < limit; i++) {
		struct tp_zone *zone = tp_zones_at(sip, i);

		zone->calls = tp_calls_of_zone(sip, zone->id);
		tp_zone_fill(zone, &out.zones[out.zones_count++]);
	}
	err = TP_CHANNEL_SEND(ch, zones, request, &out);
	tp_msg_zones_fini(&out);
	return err;
}

static enum tp_err answer_registrations(struct tp_sip *sip, struct tp_channel *ch, uint32_t request,
					const struct tp_msg_registrations_get *get)
{
	struct tp_msg_registrations out;
	enum tp_err err;

	tp_registrar_fill(sip, get, &out);
	err = TP_CHANNEL_SEND(ch, registrations, request, &out);
	tp_msg_registrations_fini(&out);
	return err;
}

static enum tp_err answer_calls(struct tp_sip *sip, struct tp_channel *ch, uint32_t request,
				const struct tp_msg_calls_get *get)
{
	struct tp_msg_calls out;
	enum tp_err err;

	tp_calls_fill(sip, get->offset, get->limit, &out);
	err = TP_CHANNEL_SEND(ch, calls, request, &out);
	tp_msg_calls_fini(&out);
	return err;
}

static enum tp_err answer_call(struct tp_sip *sip, struct tp_channel *ch, uint32_t request,
			       const struct tp_msg_call_get *get)
{
	struct tp_call *call = tp_calls_find(sip, get->id);
	struct tp_msg_call_detail out = { 0 };
	enum tp_err err;

	if (call && call->counted && !call->ended) {
		out.found = true;
		out.call_count = 1;
		out.call[0] = call->info;
		tp_call_fill_steps(call, &out.steps, &out.steps_count);
	}
	err = TP_CHANNEL_SEND(ch, call_detail, request, &out);
	tp_msg_call_detail_fini(&out);
	return err;
}

static enum tp_err answer_disconnect(struct tp_sip *sip, struct tp_channel *ch, uint32_t request,
				     const struct tp_msg_call_disconnect *get)
{
	struct tp_msg_call_disconnected out = { 0 };

	out.err = (uint8_t)tp_calls_disconnect(sip, get->id, "ended by an administrator");
	return TP_CHANNEL_SEND(ch, call_disconnected, request, &out);
}

static enum tp_err answer_counters(struct tp_sip *sip, struct tp_channel *ch, uint32_t request)
{
	struct tp_transaction_counters transactions = { 0 };
	struct tp_transport_counters transport = { 0 };
	struct tp_loop_pauses pauses = tp_loop_pauses(sip->loop);
	struct tp_msg_sip_counters out = {
		.longest_pause_us = pauses.longest_us,
		.pauses_over_20ms = pauses.over_20ms,
		.pauses_over_100ms = pauses.over_100ms,
	};

	tp_transaction_count(sip->transactions, &transactions);
	tp_transport_count(sip->transport, &transport);
	out.server_transactions = transactions.server;
	out.client_transactions = transactions.client;
	out.dialogs = (uint32_t)tp_calls_dialogs(sip);
	out.media_sessions = (uint32_t)tp_media_session_count(sip);
	out.connections = transport.connections;
	out.registrations = (uint32_t)tp_registrar_count(sip);
	out.requests_received = transport.requests_received;
	out.responses_received = transport.responses_received;
	out.parse_errors = transport.parse_errors;
	tp_calls_totals(sip, &out.calls_total, &out.calls_failed);
	return TP_CHANNEL_SEND(ch, sip_counters, request, &out);
}

enum tp_err tp_status_frame(struct tp_sip *sip, struct tp_channel *ch, struct tp_frame *frame)
{
	enum tp_err err;

#define TP_ADMIN_CASE(name, call)                           \
	case TP_MSG_TYPE_##name: {                          \
		struct tp_msg_##name m;                     \
		err = tp_msg_##name##_read(&frame->body, &m); \
		if (err == TP_OK)                           \
			err = (call);                       \
		break;                                      \
	}
	switch (frame->type) {
	TP_ADMIN_CASE(zones_get, answer_zones(sip, ch, frame->request, &m))
	TP_ADMIN_CASE(registrations_get, answer_registrations(sip, ch, frame->request, &m))
	TP_ADMIN_CASE(calls_get, answer_calls(sip, ch, frame->request, &m))
	TP_ADMIN_CASE(call_get, answer_call(sip, ch, frame->request, &m))
	TP_ADMIN_CASE(call_disconnect, answer_disconnect(sip, ch, frame->request, &m))
	TP_ADMIN_CASE(call_ended_ack, (tp_history_ack(sip, m.sequence), TP_OK))
	TP_ADMIN_CASE(traversal_test, tp_traversal_test_start(sip, frame->request, &m))
	TP_ADMIN_CASE(name_lookup, tp_lookup_start(sip, frame->request, &m))
	TP_ADMIN_CASE(tls_serials_get, tp_serials_answer(sip, ch, frame->request))
	TP_ADMIN_CASE(revocation_test, tp_sip_revocation_test(sip, frame->request, &m))
	TP_ADMIN_CASE(sip_counters_get, answer_counters(sip, ch, frame->request))
	default:
		return TP_UNSUPPORTED;
	}
#undef TP_ADMIN_CASE
	/* A slow admin must not cost it the channel: it asks again. */
	return err == TP_LIMIT ? TP_OK : err;
}
