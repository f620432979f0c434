/* The authenticated traversal link, whichever end dialled: adoption, keepalives with
 * round trip, and the requests that concern the link itself. Runs in turnpike-sip. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/log.h"
#include "sip/config/config.h"
#include "sip/zone/zone.h"

#define HOP_TYPE "application/vnd.turnpike.hop"

/* ----------------------------------------------------------------- words */

/* Copies what stands between the first pair of quotes. */
static bool quoted(const char *value, char *buf, size_t size)
{
	const char *start = strchr(value, '"'), *end = start ? strrchr(start + 1, '"') : NULL;

	if (!end)
		return false;
	tp_text_copy_span(buf, size, (struct tp_span){ start + 1, (size_t)(end - start - 1) });
	tp_text_make_printable(buf);
	return buf[0] != 0;
}

void tp_zone_words(const struct tp_sip_msg *msg, char *buf, size_t size)
{
	char value[768];

	if (tp_sip_msg_header(msg, "Warning", 0, value, sizeof(value)) == TP_OK && quoted(value, buf, size))
		return;
	if (tp_sip_msg_header(msg, "Reason", 0, value, sizeof(value)) == TP_OK && quoted(value, buf, size))
		return;
	snprintf(buf, size, "%d %s", tp_sip_msg_status(msg), tp_sip_msg_reason(msg));
	tp_text_make_printable(buf);
}

void tp_zone_write_warning(const struct tp_zone *zone, const char *words, char *buf, size_t size)
{
	char clean[384];

	tp_text_copy(clean, sizeof(clean), words);
	for (char *p = clean; *p; p++)
		if (*p == '"' || *p == '\\')
			*p = '\'';
	tp_text_make_printable(clean);
	snprintf(buf, size, "399 %s \"%s\"", zone->sip->config->cfg.host_name, clean);
}

enum tp_err tp_zone_new_request(struct tp_zone *zone, enum tp_sip_method method, const struct tp_flow *flow,
				struct tp_sip_msg **out)
{
	const struct tp_sip_config *config = zone->sip->config;
	char host[TP_ADDR_TEXT], uri[320], from[512], to[336], tag[TP_SIP_ID_TEXT], call_id[TP_SIP_ID_TEXT];
	struct tp_sip_request request = {
		.method = method, .uri = uri, .from = from, .to = to, .cseq = 1, .max_forwards = 1,
	};

	tp_addr_write(&flow->remote, host);
	snprintf(uri, sizeof(uri), "sip:%s", zone->cfg->verify_name[0] ? zone->cfg->verify_name : host);
	snprintf(to, sizeof(to), "<%s>", uri);
	snprintf(from, sizeof(from), "<sip:turnpike@%s>;tag=%s", config->cfg.host_name,
		 tp_sip_ids_tag(&zone->sip->ids, tag));
	request.call_id = tp_sip_ids_call_id(&zone->sip->ids, call_id);
	return tp_sip_msg_new_request(&request, out);
}

/* ------------------------------------------------------------- keepalives */

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void on_keepalive(void *arg);

static void schedule(struct tp_zone *zone, uint64_t after_ms)
{
	if (tp_timer_start(zone->sip->loop, &zone->keepalive, after_ms, on_keepalive, zone) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "zone.keepalive", "zone '%s': no timer", zone->cfg->name);
}

static uint64_t interval_ms(const struct tp_zone *zone)
{
	enum { NEIGHBOR_S = 20 }; /* the model has an interval for links only */

	return (uint64_t)(zone->cfg->keepalive_s ? zone->cfg->keepalive_s : NEIGHBOR_S) * 1000;
}

static void on_pong(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg)
{
	struct tp_zone *zone = arg;
	char words[256];

	if (tp_sip_msg_status(msg) < 200 || zone->ping != txn) {
		tp_sip_msg_free(&msg);
		return;
	}
	zone->missed = 0;
	schedule(zone, interval_ms(zone));
	zone->round_trip_us = (uint32_t)(now_us() - zone->ping_sent_us);
	if (!zone->round_trip_us)
		zone->round_trip_us = 1;
	if (zone->link && (tp_sip_msg_status(msg) == 401 || tp_sip_msg_status(msg) == 403)) {
		tp_zone_words(msg, words, sizeof(words));
		tp_flow_close(zone->link, words); /* the other end does not know us any more */
	}
	if (zone->cfg->type == TP_ZONE_NEIGHBOR && zone->state != TP_ZONE_STATE_UP)
		tp_zone_set_state(zone, TP_ZONE_STATE_UP, "%s", "");
	tp_sip_msg_free(&msg);
}

static void neighbor_down(struct tp_zone *zone, const char *reason)
{
	tp_zone_set_state(zone, TP_ZONE_STATE_FAILED, "no answer to OPTIONS from %s: %s",
			  zone->cfg->peers_count ? zone->cfg->peers[zone->peer_index].host : "?", reason);
	if (zone->cfg->peers_count > 1)
		zone->peer_index = (uint8_t)((zone->peer_index + 1) %
					     (zone->cfg->peers_count < TP_ZONE_PEERS_MAX ?
						      zone->cfg->peers_count : TP_ZONE_PEERS_MAX));
}

static void on_ping_error(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason)
{
	struct tp_zone *zone = arg;

	(void)err;
	if (zone->ping == txn && zone->cfg->type == TP_ZONE_NEIGHBOR)
		neighbor_down(zone, reason);
}

static void on_ping_end(void *arg, struct tp_client_txn *txn)
{
	struct tp_zone *zone = arg;

	if (zone->ping == txn)
		zone->ping = NULL;
}

static const struct tp_client_events ping_events = { on_pong, on_ping_error, on_ping_end };

/* True when the link was found dead. */
static bool count_missed(struct tp_zone *zone)
{
	if (!zone->ping)
		return false;
	tp_client_txn_detach(&zone->ping);
	if (++zone->missed < TP_ZONE_MISSED_MAX)
		return false;
	if (zone->link)
		tp_flow_close(zone->link, "three keepalives without an answer");
	else
		neighbor_down(zone, "three in a row");
	return zone->link != NULL;
}

static void on_keepalive(void *arg)
{
	struct tp_zone *zone = arg;
	struct tp_flow *flow = NULL;
	struct tp_sip_msg *msg = NULL;
	struct tp_diag diag = { 0 };

	/* Until the answer is there; it sets the whole interval. */
	schedule(zone, interval_ms(zone) < TP_ZONE_ANSWER_MS ? interval_ms(zone) : TP_ZONE_ANSWER_MS);
	if (count_missed(zone))
		return;
	if (tp_zones_reach(zone, &flow, &diag) != TP_OK) {
		if (zone->cfg->type == TP_ZONE_NEIGHBOR)
			tp_zone_set_state(zone, TP_ZONE_STATE_FAILED, "%s", diag.text);
		return;
	}
	zone->peer = flow->remote;
	zone->ping_sent_us = now_us();
	if (tp_zone_new_request(zone, TP_SIP_OPTIONS, flow, &msg) == TP_OK &&
	    tp_client_txn_start(zone->sip->transactions, flow, msg, &ping_events, zone, &zone->ping) != TP_OK)
		zone->ping = NULL;
	tp_sip_msg_free(&msg);
	tp_flow_unref(&flow);
}

void tp_zone_keepalive_start(struct tp_zone *zone)
{
	zone->missed = 0;
	schedule(zone, 0);
}

void tp_zone_keepalive_stop(struct tp_zone *zone)
{
	tp_timer_stop(zone->sip->loop, &zone->keepalive);
	if (zone->ping)
		tp_client_txn_detach(&zone->ping);
	zone->missed = 0;
	zone->round_trip_us = 0;
}

/* ------------------------------------------------------------ up and down */

void tp_zone_link_up(struct tp_zone *zone, struct tp_flow *flow)
{
	char text[TP_FLOW_TEXT];

	if (zone->link == flow)
		return;
	tp_zone_link_drop(zone, "replaced by a newer link");
	zone->link = tp_flow_ref(flow);
	flow->zone = zone->id;
	zone->peer = flow->remote;
	zone->failures = 0;
	zone->quick_retries = TP_ZONE_QUICK_RETRIES;
	zone->connects++;
	tp_zone_set_state(zone, TP_ZONE_STATE_UP, "%s", "");
	TP_LOG(TP_LOG_INFO, "zone.link", "zone '%s': link up over %s", zone->cfg->name,
	       tp_flow_write(flow, text));
	tp_zone_keepalive_start(zone);
	tp_zone_hop_send(zone);
}

void tp_zone_link_drop(struct tp_zone *zone, const char *reason)
{
	struct tp_flow *flow = zone->link;

	if (!flow)
		return;
	tp_zone_keepalive_stop(zone);
	zone->link = NULL;
	flow->zone = 0;
	tp_flow_close(flow, reason);
	tp_flow_unref(&flow);
}

/* --------------------------------------------------- requests of the link */

static bool is_hop_body(const struct tp_sip_msg *msg)
{
	return strcmp(tp_sip_msg_content_type(msg), HOP_TYPE) == 0;
}

/* Asked of this appliance itself: the Request-URI has no user part. */
static bool concerns_link(const struct tp_sip_msg *msg)
{
	enum tp_sip_method method = tp_sip_msg_method(msg);

	if (method == TP_SIP_INFO)
		return is_hop_body(msg);
	return method == TP_SIP_OPTIONS && !tp_sip_msg_request_uri(msg).user[0] &&
	       !tp_sip_msg_to(msg).tag[0];
}

bool tp_zones_request(struct tp_sip *sip, struct tp_server_txn *txn, struct tp_flow *flow,
		      const struct tp_sip_msg *msg)
{
	struct tp_zone *zone;

	if (flow->zone && (zone = tp_zones_find(sip, (uint32_t)flow->zone)) && zone->link == flow) {
		if (!concerns_link(msg))
			return false;
		if (is_hop_body(msg) && tp_zone_hop_receive(zone, tp_sip_msg_body(msg)) != TP_OK)
			(void)tp_server_txn_reply(txn, msg, 400, "Bad hop control body");
		else
			(void)tp_server_txn_reply(txn, msg, 200, NULL);
		return true;
	}
	if (is_hop_body(msg)) {
		TP_LOG(TP_LOG_WARN, "zone.hop", "hop control from a flow that is no traversal link: refused");
		if (txn)
			(void)tp_server_txn_reply(txn, msg, 403, "Not a traversal link");
		return true;
	}
	zone = flow->listener_tag ? tp_zones_find(sip, (uint32_t)flow->listener_tag) : NULL;
	if (!zone || !tp_zone_is_traversal(zone))
		return false;
	if (txn && zone->cfg->type == TP_ZONE_TRAVERSAL_SERVER && !flow->outgoing)
		tp_zone_server_request(zone, txn, flow, msg);
	else if (txn)
		(void)tp_server_txn_reply(txn, msg, 403, "The link is not authenticated");
	return true;
}
