/* Hop control: the media processes' transmit keys, carried between core and edge in
 * small bodies over the authenticated link. Runs in turnpike-sip. */
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "sip/config/config.h"
#include "sip/zone/zone.h"

enum { BODY_MAX = 512, DEFAULT_RTP_PORT = 36000 };

static struct tp_channel *media_of(const struct tp_zone *zone)
{
	return zone->sip->child ? tp_child_peer(zone->sip->child, TP_PROCESS_MEDIA) : NULL;
}

static bool is_edge(const struct tp_zone *zone)
{
	return zone->cfg->type == TP_ZONE_TRAVERSAL_SERVER;
}

static uint16_t rtp_port(const struct tp_zone *zone)
{
	uint16_t port = zone->sip->config->cfg.hop_rtp_port;

	return port ? port : DEFAULT_RTP_PORT;
}

static uint16_t rtcp_port(const struct tp_zone *zone)
{
	uint16_t port = zone->sip->config->cfg.hop_rtcp_port;

	return port ? port : (uint16_t)(rtp_port(zone) + 1);
}

static void send_peer_key(struct tp_zone *zone)
{
	struct tp_channel *media = media_of(zone);

	if (!media || !zone->hop.set || !zone->hop.peer.key_len)
		return;
	zone->hop.peer.link = zone->id;
	(void)TP_CHANNEL_SEND(media, hop_peer_key, 0, &zone->hop.peer);
}

/* Edge: as soon as the zone is there. Core: when the edge has named its port pair. */
void tp_zone_hop_start(struct tp_zone *zone)
{
	struct tp_channel *media = media_of(zone);
	struct tp_msg_hop_set set = { .link = zone->id, .role = is_edge(zone) };

	if (!media || !tp_zone_is_traversal(zone) || !zone->cfg->enabled)
		return;
	if (is_edge(zone)) {
		set.local = zone->cfg->listen;
		set.local.port = rtp_port(zone);
	} else {
		if (!tp_addr_is_set(&zone->hop.remote_rtp))
			return;
		set.local = zone->link ? zone->link->local : tp_zone_local(zone);
		set.local.port = 0;
		set.remote_rtp = zone->hop.remote_rtp;
		set.remote_rtcp = zone->hop.remote_rtcp;
	}
	tp_text_copy(set.name, sizeof(set.name), zone->cfg->name);
	zone->hop.set = TP_CHANNEL_SEND(media, hop_set, tp_channel_next_request(media), &set) == TP_OK;
	send_peer_key(zone);
}

void tp_zone_hop_stop(struct tp_zone *zone)
{
	struct tp_channel *media = media_of(zone);
	struct tp_msg_hop_drop drop = { .link = zone->id };

	if (media && zone->hop.set)
		(void)TP_CHANNEL_SEND(media, hop_drop, 0, &drop);
	zone->hop.set = zone->hop.up = false;
}

/* ---------------------------------------------------------------- sending */

static void ignore_response(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg)
{
	(void)arg;
	(void)txn;
	tp_sip_msg_free(&msg);
}

static void send_failed(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason)
{
	struct tp_sip *sip = arg;

	(void)sip;
	(void)txn;
	(void)err;
	TP_LOG(TP_LOG_WARN, "zone.hop", "hop control was not answered: %s", reason);
}

static const struct tp_client_events send_events = { ignore_response, send_failed, NULL };

void tp_zone_hop_send(struct tp_zone *zone)
{
	const struct tp_msg_hop_key *own = &zone->hop.own;
	struct tp_sip_msg *msg = NULL;
	struct tp_client_txn *txn;
	char body[BODY_MAX], key[64];
	int len = 0;

	if (!zone->link || (!is_edge(zone) && !own->key_len))
		return;
	if (is_edge(zone))
		len = snprintf(body, sizeof(body), "rtp: %u\r\nrtcp: %u\r\n", rtp_port(zone), rtcp_port(zone));
	if (own->key_len) {
		tp_text_write_base64(key, own->key, own->key_len);
		len += snprintf(body + len, sizeof(body) - (size_t)len,
				"epoch: %u\r\nkey: %s\r\nflow: %u\r\n", own->epoch, key,
				(unsigned)own->link_flow);
		tp_wipe(key, sizeof(key));
	}
	if (tp_zone_new_request(zone, TP_SIP_INFO, zone->link, &msg) == TP_OK &&
	    (tp_sip_msg_set_body(msg, "application/vnd.turnpike.hop", body, (size_t)len) != TP_OK ||
	     tp_client_txn_start(zone->sip->transactions, zone->link, msg, &send_events, zone->sip,
				 &txn) != TP_OK))
		TP_LOG(TP_LOG_WARN, "zone.hop", "zone '%s': hop control could not be sent", zone->cfg->name);
	tp_sip_msg_free(&msg);
	tp_wipe(body, sizeof(body));
}

/* -------------------------------------------------------------- receiving */

struct control {
	uint64_t rtp, rtcp, epoch, flow;
	bool has_key;
	struct tp_msg_hop_peer_key key;
};

static enum tp_err read_line(struct tp_span line, struct control *c)
{
	struct tp_span value = line, name = tp_span_split(&value, ':');
	size_t len;

	value = tp_span_trim(value);
	if (tp_span_equal(name, TP_SPAN("rtp")))
		return tp_text_parse_u64(value, 65535, &c->rtp);
	if (tp_span_equal(name, TP_SPAN("rtcp")))
		return tp_text_parse_u64(value, 65535, &c->rtcp);
	if (tp_span_equal(name, TP_SPAN("epoch")))
		return tp_text_parse_u64(value, 65535, &c->epoch);
	if (tp_span_equal(name, TP_SPAN("flow")))
		return tp_text_parse_u64(value, UINT32_MAX, &c->flow);
	if (!tp_span_equal(name, TP_SPAN("key")))
		return TP_OK; /* a newer version may say more */
	if (tp_text_parse_base64(value, c->key.key, sizeof(c->key.key), &len) != TP_OK ||
	    len != sizeof(c->key.key))
		return TP_FORMAT;
	c->key.key_len = (uint16_t)len;
	c->has_key = true;
	return TP_OK;
}

enum tp_err tp_zone_hop_receive(struct tp_zone *zone, struct tp_span body)
{
	struct control c = { 0 };
	struct tp_span rest = body;

	if (body.len > BODY_MAX)
		return TP_FORMAT;
	while (rest.p && rest.len) {
		struct tp_span line = tp_span_split(&rest, '\n');

		if (line.len && line.p[line.len - 1] == '\r')
			line.len--;
		if (line.len && read_line(line, &c) != TP_OK)
			return TP_FORMAT;
	}
	if (!is_edge(zone) && c.rtp && c.rtcp) {
		struct tp_addr rtp = zone->link->remote, rtcp = zone->link->remote;

		rtp.port = (uint16_t)c.rtp;
		rtcp.port = (uint16_t)c.rtcp;
		if (!zone->hop.set || !tp_addr_equal(&rtp, &zone->hop.remote_rtp) ||
		    !tp_addr_equal(&rtcp, &zone->hop.remote_rtcp)) {
			zone->hop.remote_rtp = rtp;
			zone->hop.remote_rtcp = rtcp;
			tp_zone_hop_start(zone);
		}
	}
	if (c.has_key) {
		c.key.epoch = (uint16_t)c.epoch;
		c.key.link_flow = (uint32_t)c.flow;
		zone->hop.peer = c.key;
		send_peer_key(zone);
	}
	tp_wipe(&c, sizeof(c));
	return TP_OK;
}

/* ---------------------------------------------------------- media process */

void tp_zones_media_up(struct tp_sip *sip)
{
	for (size_t i = 0; i < tp_zones_count(sip); i++)
		tp_zone_hop_start(tp_zones_at(sip, i));
}

void tp_zones_media_down(struct tp_sip *sip)
{
	for (size_t i = 0; i < tp_zones_count(sip); i++) {
		struct tp_zone *zone = tp_zones_at(sip, i);

		zone->hop.set = zone->hop.up = false;
		tp_wipe(&zone->hop.own, sizeof(zone->hop.own));
	}
}

void tp_zones_hop_key(struct tp_sip *sip, const struct tp_msg_hop_key *key)
{
	struct tp_zone *zone = tp_zones_find(sip, key->link);

	if (!zone || !zone->hop.set)
		return;
	zone->hop.own = *key;
	tp_zone_hop_send(zone);
}

void tp_zones_hop_status(struct tp_sip *sip, const struct tp_msg_hop_status *status)
{
	struct tp_zone *zone = tp_zones_find(sip, status->link);

	if (!zone)
		return;
	if (zone->hop.up != status->up)
		TP_LOG(TP_LOG_INFO, "zone.hop", "zone '%s': media hop %s", zone->cfg->name,
		       status->up ? "up" : "down");
	zone->hop.up = status->up;
	zone->hop.seen = status->remote;
}
