/* JSON of what the other processes tell. Runs in turnpike-admin. */
#include "admin/status/parts.h"

#include <stdio.h>

#include "admin/http/times.h"

json_t *tp_status_u64(uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	return json_string(text);
}

json_t *tp_status_addr(const struct tp_addr *a)
{
	char text[TP_ADDR_TEXT];

	return tp_addr_is_set(a) ? json_string(tp_addr_write(a, text)) : json_null();
}

const char *tp_status_severity(uint8_t severity)
{
	return severity == 2 ? "critical" : severity == 1 ? "warning" : "information";
}

static const char *transport_name(uint8_t transport)
{
	return transport == TP_TRANSPORT_TLS ? "tls" : transport == TP_TRANSPORT_TCP ? "tcp" : "udp";
}

static const char *zone_type_name(uint8_t type)
{
	static const char *const names[] = { "default", "traversal-client", "traversal-server", "neighbor" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

static const char *zone_state_name(uint8_t state)
{
	static const char *const names[] = { "disabled",      "waiting", "connecting",
					     "authenticating", "up",	  "failed" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static const char *call_state_name(uint8_t state)
{
	static const char *const names[] = { "setting-up", "ringing", "established", "ended" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static const char *suite_name(uint8_t suite)
{
	static const char *const names[] = {
		"none",
		"AES_CM_128_HMAC_SHA1_80",
		"AES_CM_128_HMAC_SHA1_32",
		"AES_256_CM_HMAC_SHA1_80",
		"AES_256_CM_HMAC_SHA1_32",
		"AEAD_AES_128_GCM",
		"AEAD_AES_256_GCM",
	};

	return suite < sizeof(names) / sizeof(names[0]) ? names[suite] : "unknown";
}

static const char *media_type_name(uint8_t type)
{
	static const char *const names[] = { "audio", "video", "application", "other" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "other";
}

json_t *tp_status_zone(const struct tp_msg_zone_status *z)
{
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:f, s:I, s:b, s:o, s:I}", "name",
			 tp_json_text(z->name), "type", zone_type_name(z->type), "state",
			 zone_state_name(z->state), "reason", tp_json_text(z->reason), "peer",
			 tp_status_addr(&z->peer), "since-at", tp_times_json(z->since_ms), "tls",
			 tp_json_text(z->tls), "peer-certificate", tp_json_text(z->peer_certificate),
			 "round-trip-ms", z->round_trip_us / 1000.0, "calls", (json_int_t)z->calls, "hop-up",
			 z->hop_up, "hop-peer", tp_status_addr(&z->hop_peer), "connects",
			 (json_int_t)z->connects);
}

json_t *tp_status_registration(const struct tp_msg_registration *r)
{
	return json_pack("{s:o, s:o, s:o, s:s, s:o, s:I, s:o}", "aor", tp_json_text(r->aor), "contact",
			 tp_json_text(r->contact), "source", tp_status_addr(&r->source), "transport",
			 transport_name(r->transport), "user-agent", tp_json_text(r->user_agent), "expires-s",
			 (json_int_t)r->expires_s, "registered-at", tp_times_json(r->registered_ms));
}

/* Seconds from the answer to `until_ms`. */
static json_int_t duration_s(uint64_t answered_ms, uint64_t until_ms)
{
	return answered_ms && until_ms > answered_ms ? (json_int_t)((until_ms - answered_ms) / 1000) : 0;
}

json_t *tp_status_call(const struct tp_msg_call *c)
{
	json_t *out = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:o, s:o, s:I, s:s, s:s}", "id",
		tp_status_u64(c->id), "call-id", tp_json_text(c->call_id), "from", tp_json_text(c->from), "to",
		tp_json_text(c->to), "source-zone", tp_json_text(c->source_zone), "target-zone",
		tp_json_text(c->target_zone), "state", call_state_name(c->state), "status", (int)c->status,
		"started-at", tp_times_json(c->started_ms), "answered-at", tp_times_json(c->answered_ms),
		"duration-s", duration_s(c->answered_ms, c->ended_ms ? c->ended_ms : tp_times_now_ms()),
		"source-transport", transport_name(c->source_transport), "target-transport",
		transport_name(c->target_transport));

	if (c->ended_ms) {
		json_object_set_new(out, "ended-at", tp_times_json(c->ended_ms));
		json_object_set_new(out, "end-reason", tp_json_text(c->end_reason));
	}
	return out;
}

json_t *tp_status_history(const struct tp_history *h)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:o, s:o, s:o, s:I, s:s, s:s, s:o}", "id",
			 tp_status_u64(h->id), "call-id", tp_json_text(h->call_id), "from",
			 tp_json_text(h->from), "to", tp_json_text(h->to), "source-zone",
			 tp_json_text(h->source_zone), "target-zone", tp_json_text(h->target_zone), "state",
			 call_state_name(h->state), "status", (int)h->status, "started-at",
			 tp_times_json(h->started_ms), "answered-at", tp_times_json(h->answered_ms),
			 "ended-at", tp_times_json(h->ended_ms), "duration-s",
			 duration_s(h->answered_ms, h->ended_ms), "source-transport",
			 transport_name(h->source_transport), "target-transport",
			 transport_name(h->target_transport), "end-reason", tp_json_text(h->end_reason));
}

json_t *tp_status_steps(const struct tp_msg_decision_step *steps, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, tp_json_text(steps[i].text));
	return list;
}

static void add_stream_counters(json_t *out, const struct tp_msg_stream_stats *s)
{
	const struct {
		const char *name;
		uint64_t value;
	} counters[] = {
		{ "rx-packets", s->rx_packets },       { "rx-octets", s->rx_octets },
		{ "tx-packets", s->tx_packets },       { "tx-octets", s->tx_octets },
		{ "rx-lost", s->rx_lost },	       { "rtcp-rx", s->rtcp_rx },
		{ "rtcp-tx", s->rtcp_tx },	       { "srtp-failures", s->srtp_failures },
		{ "srtp-replays", s->srtp_replays }, { "wrong-source", s->wrong_source },
		{ "malformed", s->malformed },
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		json_object_set_new(out, counters[i].name, tp_status_u64(counters[i].value));
}

json_t *tp_status_streams(const struct tp_msg_stream_stats *stats, size_t count)
{
	static const char *const kinds[] = { "off", "udp", "hop" };
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct tp_msg_stream_stats *s = &stats[i];
		json_t *out = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:f, s:o, s:o}",
					"index", (int)s->index, "type", media_type_name(s->type), "leg",
					s->leg ? "callee" : "caller", "kind", kinds[s->kind % 3], "rx-suite",
					suite_name(s->rx_suite), "tx-suite", suite_name(s->tx_suite), "local",
					tp_status_addr(&s->local), "remote-signalled",
					tp_status_addr(&s->remote_signalled), "remote-learned",
					tp_status_addr(&s->remote_learned), "jitter-ms", s->jitter_us / 1000.0,
					"silent-ms",
					s->silent_ms == UINT32_MAX ? json_null() :
								     json_integer(s->silent_ms),
					"reason", tp_json_text(s->reason));

		add_stream_counters(out, s);
		json_array_append_new(list, out);
	}
	return list;
}

json_t *tp_status_pauses(struct tp_loop_pauses p)
{
	return json_pack("{s:f, s:o, s:o}", "longest-pause-ms", p.longest_us / 1000.0,
			 "pauses-over-20-ms", tp_status_u64(p.over_20ms), "pauses-over-100-ms",
			 tp_status_u64(p.over_100ms));
}

/* Behind the other members. */
static json_t *with_pauses(json_t *out, struct tp_loop_pauses p)
{
	json_t *pauses = tp_status_pauses(p);

	json_object_update(out, pauses);
	json_decref(pauses);
	return out;
}

json_t *tp_status_sip_counters(const struct tp_msg_sip_counters *c)
{
	json_t *out = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "server-transactions",
		(json_int_t)c->server_transactions, "client-transactions",
		(json_int_t)c->client_transactions, "dialogs", (json_int_t)c->dialogs, "media-sessions",
		(json_int_t)c->media_sessions, "connections", (json_int_t)c->connections, "registrations",
		(json_int_t)c->registrations, "requests-received", tp_status_u64(c->requests_received),
		"responses-received", tp_status_u64(c->responses_received), "parse-errors",
		tp_status_u64(c->parse_errors), "calls-total", tp_status_u64(c->calls_total),
		"calls-failed", tp_status_u64(c->calls_failed));

	return with_pauses(out, (struct tp_loop_pauses){ c->longest_pause_us, c->pauses_over_20ms,
							 c->pauses_over_100ms });
}

json_t *tp_status_media_counters(const struct tp_msg_media_counters *c)
{
	json_t *out = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "sessions", (json_int_t)c->sessions,
		"kept-sessions", (json_int_t)c->kept_sessions, "port-pairs-used",
		(json_int_t)c->port_pairs_used, "port-pairs-resting", (json_int_t)c->port_pairs_resting,
		"port-pairs-total", (json_int_t)c->port_pairs_total, "hop-flows",
		(json_int_t)c->hop_flows, "packets-relayed", tp_status_u64(c->packets_relayed),
		"packets-dropped", tp_status_u64(c->packets_dropped));

	return with_pauses(out, (struct tp_loop_pauses){ c->longest_pause_us, c->pauses_over_20ms,
							 c->pauses_over_100ms });
}
