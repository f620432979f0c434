/* Answer through us: both legs of every stream as agreed. No I/O. Runs in
 * turnpike-sip. */
#include <string.h>

#include "os/random.h"
#include "sip/media/session.h"

static void set_key(uint8_t *dst, uint16_t *len, const uint8_t *key, size_t key_len)
{
	memcpy(dst, key, key_len);
	*len = (uint16_t)key_len;
}

static void set_plain(struct tp_msg_media_leg *leg)
{
	leg->rx_suite = leg->tx_suite = TP_SRTP_NONE;
	tp_wipe(leg->rx_key, sizeof(leg->rx_key));
	tp_wipe(leg->tx_key, sizeof(leg->tx_key));
	leg->rx_key_len = leg->tx_key_len = 0;
}

/* The leg that answered: its key for ours, or none where none is allowed. */
static enum tp_err agree_answerer(const struct tp_media_party *p, const struct tp_offer_stream *o,
				  const struct tp_sdp_stream *in, unsigned number,
				  struct tp_msg_media_leg *leg, struct tp_diag *diag)
{
	bool must = o->proto[1][4] == 'S' || p->encryption == TP_ENCRYPTION_FORCE_ENCRYPTED;

	if (p->kind == TP_MEDIA_LEG_HOP) {
		set_plain(leg);
		return TP_OK;
	}
	if (o->our_count && in->crypto_count) {
		const struct tp_sdp_crypto *theirs = &in->crypto[0];

		/* The tag should be ours; each suite is offered once, so it tells as well. */
		for (size_t i = 0; i < o->our_count; i++) {
			if (o->ours[i].suite != theirs->suite)
				continue;
			leg->rx_suite = leg->tx_suite = theirs->suite;
			set_key(leg->rx_key, &leg->rx_key_len, theirs->key, theirs->key_len);
			set_key(leg->tx_key, &leg->tx_key_len, o->ours[i].key, o->ours[i].key_len);
			return TP_OK;
		}
		return tp_fail(diag, TP_DENIED, "SDP", "m-line %u: the answer of %s takes a crypto line that "
			       "was not offered", number, p->name);
	}
	if (must)
		return tp_fail(diag, TP_DENIED, "SDP",
			       "%s requires encrypted media, but the answer for m-line %u has no usable key",
			       p->name, number);
	if (in->secure)
		return tp_fail(diag, TP_DENIED, "SDP", "m-line %u: %s answered RTP/SAVP to a plain offer",
			       number, p->name);
	set_plain(leg);
	return TP_OK;
}

/* The leg that offered: the first of its lines that we can use, a key of our own. */
static void agree_offerer(const struct tp_media_party *p, const struct tp_offer_stream *o,
			  struct tp_msg_media_leg *leg)
{
	const struct tp_sdp_crypto *theirs = &o->theirs[0];

	if (p->kind == TP_MEDIA_LEG_HOP || !o->their_count) {
		set_plain(leg);
		return;
	}
	if (leg->tx_suite != theirs->suite) {
		leg->tx_key_len = theirs->key_len;
		tp_random_bytes(leg->tx_key, leg->tx_key_len);
	}
	leg->rx_suite = leg->tx_suite = theirs->suite;
	set_key(leg->rx_key, &leg->rx_key_len, theirs->key, theirs->key_len);
}

static bool sends(uint8_t direction)
{
	return direction == TP_SDP_SENDRECV || direction == TP_SDP_SENDONLY;
}

static bool receives(uint8_t direction)
{
	return direction == TP_SDP_SENDRECV || direction == TP_SDP_RECVONLY;
}

static enum tp_err read_stream(struct tp_media_session *s, const struct tp_sdp_stream *in,
			       const struct tp_offer_stream *o, struct tp_msg_media_stream *want,
			       unsigned number, struct tp_diag *diag)
{
	uint8_t offerer = s->offer->side, answerer = (uint8_t)(1 - offerer);
	struct tp_msg_media_leg *a = &want->legs[answerer], *b = &want->legs[offerer];
	enum tp_err err;

	if (o->off || !in->port || !in->rtp || (s->party[answerer].kind == TP_MEDIA_LEG_HOP && !in->hop_flow)) {
		set_plain(a);
		set_plain(b);
		a->kind = b->kind = TP_MEDIA_LEG_OFF;
		return TP_OK;
	}
	err = agree_answerer(&s->party[answerer], o, in, number, a, diag);
	if (err != TP_OK)
		return err;
	agree_offerer(&s->party[offerer], o, b);
	a->remote_rtp = in->rtp_addr;
	a->remote_rtcp = in->rtcp_addr;
	a->flow_tx = in->hop_flow;
	b->remote_rtp = o->rtp;
	b->remote_rtcp = o->rtcp;
	b->flow_tx = o->hop_flow;
	a->rtcp_mux = b->rtcp_mux = o->mux && in->rtcp_mux;
	a->receive = sends(in->direction);
	a->send = receives(in->direction) && !in->held;
	b->receive = receives(in->direction) && sends(o->direction);
	b->send = sends(in->direction) && receives(o->direction) && !o->held;
	if (o->clock_rate)
		want->clock_rate = o->clock_rate;
	return TP_OK;
}

enum tp_err tp_answer_read(struct tp_media_session *s, const struct tp_sdp *sdp, struct tp_diag *diag)
{
	if (sdp->stream_count != s->offer->stream_count)
		return tp_fail(diag, TP_FORMAT, "SDP", "the answer has %u m-lines, the offer had %u",
			       sdp->stream_count, s->offer->stream_count);
	s->wanted_count = sdp->stream_count;
	for (uint8_t i = 0; i < sdp->stream_count; i++) {
		enum tp_err err = read_stream(s, &sdp->streams[i], &s->offer->streams[i], &s->wanted[i],
					      i + 1u, diag);

		if (err != TP_OK)
			return err;
	}
	return TP_OK;
}
