/* The packet path. Runs in turnpike-media. */
#include "media/relay.h"

#include "core/bytes.h"
#include "media/link.h"
#include "media/session.h"
#include "proto/rtcp.h"
#include "proto/rtp.h"

enum { BURST_MILLI = TP_RTCP_BURST * 1000 };

/* ------------------------------------------------------------------ sending */

static void drop(struct tp_leg *leg)
{
	leg->media->dropped++;
}

static void send_udp(struct tp_leg *to, struct tp_buffer *b, bool rtcp)
{
	bool own_port = rtcp && !tp_leg_is_muxed(to);
	const struct tp_latch *latch = own_port ? &to->rtcp_latch : &to->rtp_latch;

	tp_socket_send(own_port ? &to->pair->rtcp : &to->pair->rtp, b, tp_latch_target(latch));
}

static bool can_send(const struct tp_leg *to, bool rtcp)
{
	const struct tp_latch *latch = rtcp && !tp_leg_is_muxed(to) ? &to->rtcp_latch :
								     &to->rtp_latch;

	if (to->want.kind == TP_MEDIA_LEG_HOP)
		return to->flow.link != NULL && to->want.flow_tx != 0;
	return to->want.kind == TP_MEDIA_LEG_UDP && to->pair &&
	       tp_addr_is_set(tp_latch_target(latch));
}

static enum tp_err seal_rtp(struct tp_leg *to, struct tp_buffer *b)
{
	uint32_t ssrc = tp_load_be32(b->data + 8);
	uint16_t sequence = tp_load_be16(b->data + 2);
	const struct tp_srtp_slot *slot;
	enum tp_err err;

	tp_rtp_set_sequence(b->data, tp_renumber_sequence(&to->renumber, ssrc, sequence));
	err = tp_srtp_seal_rtp(to->tx.srtp, b->data, &b->len);
	if (!err)
		tp_renumber_sealed(&to->renumber, ssrc);
	slot = err == TP_EXISTS ? tp_srtp_record_slot(to->tx.record, ssrc, false) : NULL;
	if (slot)
		tp_renumber_refused(&to->renumber, ssrc, sequence, (uint16_t)(slot->rtp_next - 1));
	return err;
}

/* Seals for the leg and queues; false: not sent. */
static bool send_on(struct tp_leg *to, struct tp_buffer *b, bool rtcp)
{
	enum tp_err err = TP_OK;

	if (!can_send(to, rtcp))
		return false;
	if (to->want.kind == TP_MEDIA_LEG_HOP)
		return tp_link_send(to->flow.link, rtcp ? TP_HOP_RTCP : TP_HOP_RTP,
				    to->want.flow_tx, b);
	if (to->want.tx_suite) {
		if (!to->tx.srtp)
			return false; /* never in clear where a key was agreed */
		err = rtcp ? tp_srtp_seal_rtcp(to->tx.srtp, b->data, &b->len) : seal_rtp(to, b);
		if (err) {
			to->count.tx_unsealed++;
			return false;
		}
	}
	send_udp(to, b, rtcp);
	return true;
}

static void pass_rtp(struct tp_leg *from, struct tp_buffer *b, size_t payload_len)
{
	struct tp_leg *to = tp_leg_other(from);

	if (!from->want.receive || !to->want.send || !send_on(to, b, false)) {
		drop(from);
		return;
	}
	to->count.tx_packets++;
	to->count.tx_octets += payload_len;
	from->media->relayed++;
}

/* RTCP flows in both directions whatever the direction of the media (RFC 3264 5.1). */
static void pass_rtcp(struct tp_leg *from, struct tp_buffer *b)
{
	struct tp_leg *to = tp_leg_other(from);

	if (!send_on(to, b, true)) {
		drop(from);
		return;
	}
	to->count.rtcp_tx++;
	from->media->relayed++;
}

/* ----------------------------------------------------------------- counting */

static void heard(struct tp_leg *leg)
{
	leg->heard_us = leg->media->io.now_us;
	leg->stream->session->heard_us = leg->heard_us;
}

static void refuse_source(struct tp_leg *leg, const struct tp_buffer *b)
{
	leg->count.wrong_source++;
	leg->wrong_source = b->peer;
	drop(leg);
}

static void refuse_malformed(struct tp_leg *leg)
{
	leg->count.malformed++;
	drop(leg);
}

static void refuse_srtp(struct tp_leg *leg, enum tp_err err)
{
	if (err == TP_AUTH)
		leg->count.srtp_failures++;
	else if (err == TP_EXISTS)
		leg->count.srtp_replays++;
	else if (err == TP_LIMIT)
		leg->count.too_many_sources++;
	else
		leg->count.malformed++;
	drop(leg);
}

static void accept_rtp(struct tp_leg *leg, struct tp_buffer *b, const struct tp_rtp *h,
		       size_t payload_len)
{
	heard(leg);
	leg->count.rx_packets++;
	leg->count.rx_octets += payload_len;
	tp_sources_count(&leg->sources, h, leg->stream->clock_rate, leg->media->io.now_us);
	pass_rtp(leg, b, payload_len);
}

/* True while the leg keeps to TP_RTCP_RATE packets a second. */
static bool take_token(struct tp_bucket *bucket, uint64_t now_us)
{
	uint64_t earned = (now_us - bucket->filled_us) * TP_RTCP_RATE / 1000;

	if (earned) {
		uint64_t level = bucket->level_milli + earned;

		bucket->level_milli = level > BURST_MILLI ? BURST_MILLI : (uint32_t)level;
		bucket->filled_us = now_us;
	}
	if (bucket->level_milli < 1000)
		return false;
	bucket->level_milli -= 1000;
	return true;
}

static void accept_rtcp(struct tp_leg *leg, struct tp_buffer *b)
{
	leg->count.rtcp_rx++;
	leg->stream->session->heard_us = leg->media->io.now_us;
	pass_rtcp(leg, b);
}

/* ---------------------------------------------------------------- UDP legs */

static void plain_rtp(struct tp_leg *leg, struct tp_buffer *b, const struct tp_rtp *h)
{
	size_t payload_len;

	if (tp_rtp_payload_len(b->data, b->len, h, &payload_len) != TP_OK)
		refuse_malformed(leg);
	else if (!tp_latch_plain_rtp(&leg->rtp_latch, &b->peer, h->ssrc, h->sequence))
		refuse_source(leg, b);
	else
		accept_rtp(leg, b, h, payload_len);
}

static void sealed_rtp(struct tp_leg *leg, struct tp_buffer *b, const struct tp_rtp *h)
{
	size_t payload_len;
	bool newest = false;
	enum tp_err err;

	if (!leg->rx.srtp || !tp_latch_may_try(&leg->rtp_latch, &b->peer)) {
		refuse_source(leg, b);
		return;
	}
	err = tp_srtp_open_rtp(leg->rx.srtp, b->data, &b->len, &newest);
	if (!err)
		err = tp_rtp_payload_len(b->data, b->len, h, &payload_len);
	if (err) {
		refuse_srtp(leg, err);
		return;
	}
	tp_latch_authenticated(&leg->rtp_latch, &b->peer, newest);
	accept_rtp(leg, b, h, payload_len);
}

static void rtp_from_udp(struct tp_leg *leg, struct tp_buffer *b)
{
	struct tp_rtp h;

	if (tp_rtp_parse_header(b->data, b->len, &h) != TP_OK)
		refuse_malformed(leg);
	else if (!tp_sources_has_room(&leg->sources, h.ssrc, leg->media->io.now_us))
		refuse_srtp(leg, TP_LIMIT);
	else if (leg->want.rx_suite)
		sealed_rtp(leg, b, &h);
	else
		plain_rtp(leg, b, &h);
}

static void rtcp_from_udp(struct tp_leg *leg, struct tp_buffer *b, bool on_rtp_port)
{
	struct tp_latch *latch = on_rtp_port ? &leg->rtp_latch : &leg->rtcp_latch;
	struct tp_rtcp r;
	enum tp_err err;

	if (b->len < TP_RTCP_HEADER_BYTES) {
		refuse_malformed(leg);
		return;
	}
	if (!take_token(&leg->rtcp_bucket, leg->media->io.now_us)) {
		leg->count.rtcp_excess++;
		drop(leg);
		return;
	}
	if (leg->want.rx_suite) {
		if (!leg->rx.srtp || !tp_latch_may_try(latch, &b->peer)) {
			refuse_source(leg, b);
			return;
		}
		err = tp_srtp_open_rtcp(leg->rx.srtp, b->data, &b->len);
		if (err) {
			refuse_srtp(leg, err);
			return;
		}
	}
	if (tp_rtcp_parse(b->data, b->len, &r) != TP_OK) {
		refuse_malformed(leg);
		return;
	}
	if (leg->want.rx_suite) {
		/* An RTCP packet does not move the address of the RTP beside it. */
		tp_latch_authenticated(latch, &b->peer, !on_rtp_port);
	} else if (!tp_latch_plain_rtcp(latch, &leg->rtp_latch, &b->peer)) {
		refuse_source(leg, b);
		return;
	}
	accept_rtcp(leg, b);
}

void tp_relay_from_leg(void *owner, struct tp_socket *socket, struct tp_buffer *b)
{
	struct tp_leg *leg = owner;

	switch (tp_media_classify(b->data, b->len)) {
	case TP_MEDIA_RTP:
		if (socket->rtcp)
			refuse_malformed(leg);
		else
			rtp_from_udp(leg, b);
		break;
	case TP_MEDIA_RTCP:
		if (!socket->rtcp && !tp_leg_is_muxed(leg))
			refuse_malformed(leg);
		else
			rtcp_from_udp(leg, b, !socket->rtcp);
		break;
	case TP_MEDIA_STUN:
	case TP_MEDIA_DTLS:
	case TP_MEDIA_TURN_CHANNEL:
	case TP_MEDIA_ZRTP:
		leg->count.other_protocol++;
		drop(leg);
		break;
	case TP_MEDIA_UNKNOWN:
		refuse_malformed(leg);
		break;
	}
}

/* ---------------------------------------------------------------- hop legs */

static void rtp_from_hop(struct tp_leg *leg, struct tp_buffer *b)
{
	size_t payload_len;
	struct tp_rtp h;

	if (tp_media_classify(b->data, b->len) != TP_MEDIA_RTP ||
	    tp_rtp_parse_header(b->data, b->len, &h) != TP_OK ||
	    tp_rtp_payload_len(b->data, b->len, &h, &payload_len) != TP_OK)
		refuse_malformed(leg);
	else if (!tp_sources_has_room(&leg->sources, h.ssrc, leg->media->io.now_us))
		refuse_srtp(leg, TP_LIMIT);
	else
		accept_rtp(leg, b, &h, payload_len);
}

static void rtcp_from_hop(struct tp_leg *leg, struct tp_buffer *b)
{
	struct tp_rtcp r;

	if (!take_token(&leg->rtcp_bucket, leg->media->io.now_us)) {
		leg->count.rtcp_excess++;
		drop(leg);
	} else if (tp_rtcp_parse(b->data, b->len, &r) != TP_OK) {
		refuse_malformed(leg);
	} else {
		accept_rtcp(leg, b);
	}
}

void tp_relay_from_hop(struct tp_leg *leg, struct tp_buffer *b, bool rtcp)
{
	if (rtcp)
		rtcp_from_hop(leg, b);
	else
		rtp_from_hop(leg, b);
}
