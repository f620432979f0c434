/* Offer through us: what arrived on one leg, what is offered on the other. No I/O.
 * Runs in turnpike-sip. */
#include <string.h>

#include "os/random.h"
#include "sip/media/session.h"

_Static_assert((int)TP_SDP_SUITE_AEAD_AES_256_GCM == (int)TP_SRTP_AEAD_AES_256_GCM &&
		       (int)TP_SDP_SUITE_AES_CM_128_HMAC_SHA1_80 == (int)TP_SRTP_AES_CM_128_HMAC_SHA1_80,
	       "suite numbers of proto/sdp.h and messages.h agree");

enum { HOP_PORT = 9 }; /* in an m-line over the link, where ports mean nothing */

/* Strongest first. */
static const uint8_t offered_suites[TP_OFFER_CRYPTO_MAX] = {
	TP_SDP_SUITE_AEAD_AES_256_GCM,
	TP_SDP_SUITE_AES_256_CM_HMAC_SHA1_80,
	TP_SDP_SUITE_AEAD_AES_128_GCM,
	TP_SDP_SUITE_AES_CM_128_HMAC_SHA1_80,
	TP_SDP_SUITE_AES_CM_128_HMAC_SHA1_32,
};

static uint8_t type_of(struct tp_span media)
{
	if (tp_span_equal_nocase(media, TP_SPAN("audio")))
		return 0;
	if (tp_span_equal_nocase(media, TP_SPAN("video")))
		return 1;
	return tp_span_equal_nocase(media, TP_SPAN("application")) ? 2 : 3;
}

static const char *profile(bool secure, bool feedback)
{
	if (secure)
		return feedback ? "RTP/SAVPF" : "RTP/SAVP";
	return feedback ? "RTP/AVPF" : "RTP/AVP";
}

/* Whether the leg that offers may offer this. */
static enum tp_err check_policy(const struct tp_media_party *p, const struct tp_sdp_stream *in,
				unsigned number, struct tp_diag *diag)
{
	if (p->kind == TP_MEDIA_LEG_HOP)
		return TP_OK;
	if (in->secure && !in->crypto_count)
		return tp_fail(diag, TP_DENIED, "SDP",
			       "m-line %u is %.*s without an a=crypto line that we can use", number,
			       (int)in->proto.len, in->proto.p);
	if (p->encryption == TP_ENCRYPTION_FORCE_ENCRYPTED && !in->crypto_count)
		return tp_fail(diag, TP_DENIED, "SDP",
			       "%s requires encrypted media, but m-line %u offers none", p->name, number);
	if (p->encryption == TP_ENCRYPTION_FORCE_UNENCRYPTED && in->secure)
		return tp_fail(diag, TP_DENIED, "SDP",
			       "%s requires unencrypted media, but m-line %u is offered as RTP/SAVP", p->name,
			       number);
	return TP_OK;
}

/* Lines with fresh keys, or the one in use again so that a running stream goes on. */
static void make_crypto(const struct tp_msg_media_leg *leg, struct tp_offer_stream *out)
{
	if (leg->tx_suite) {
		out->our_count = 1;
		out->ours[0].tag = 1;
		out->ours[0].suite = leg->tx_suite;
		out->ours[0].key_len = (uint8_t)leg->tx_key_len;
		memcpy(out->ours[0].key, leg->tx_key, leg->tx_key_len);
		return;
	}
	out->our_count = TP_OFFER_CRYPTO_MAX;
	for (uint32_t i = 0; i < TP_OFFER_CRYPTO_MAX; i++) {
		struct tp_sdp_crypto *c = &out->ours[i];

		c->tag = i + 1;
		c->suite = offered_suites[i];
		c->key_len = (uint8_t)tp_sdp_suite_key_len(c->suite);
		tp_random_bytes(c->key, c->key_len);
	}
}

/* Profile and keys of the offer onwards. */
static void choose_onward(const struct tp_media_party *to, const struct tp_msg_media_leg *leg,
			  const struct tp_sdp_stream *in, struct tp_offer_stream *out)
{
	bool secure = in->secure, keys = in->secure || in->crypto_count;

	if (to->kind == TP_MEDIA_LEG_HOP) {
		keys = false;
	} else if (to->encryption == TP_ENCRYPTION_FORCE_ENCRYPTED) {
		secure = keys = true;
	} else if (to->encryption == TP_ENCRYPTION_FORCE_UNENCRYPTED) {
		secure = keys = false;
	} else if (to->encryption == TP_ENCRYPTION_BEST_EFFORT) {
		secure = false;
		keys = true;
	}
	tp_text_copy(out->proto[1], sizeof(out->proto[1]), profile(secure, in->feedback));
	if (keys)
		make_crypto(leg, out);
}

/* Whether we can relay the stream at all; others are refused with port 0. */
static bool usable(const struct tp_media_party *from, const struct tp_sdp_stream *in)
{
	if (!in->port || !in->rtp || in->proto.len >= 24)
		return false;
	return from->kind != TP_MEDIA_LEG_HOP || in->hop_flow;
}

/* A leg that receives nothing yet and sends nothing: the answer opens it, or open_early. */
static void start_leg(const struct tp_media_party *party, struct tp_msg_media_leg *leg)
{
	memset(leg, 0, sizeof(*leg));
	leg->kind = party->kind;
	leg->local = party->local;
	leg->local.port = 0;
	leg->link = party->link;
	leg->nat = party->nat;
}

/* The offerer is ready from its offer on (RFC 3264 section 5.1), and the answerer's first
 * packets overtake its answer. Only what comes out of the hop passes early: it is
 * authenticated, while nobody has said yet where a UDP answerer sends from. An offerer
 * of SRTP lacks our key until the answer. */
static void open_early(const struct tp_offer_stream *o, struct tp_msg_media_leg *offerer,
		       struct tp_msg_media_leg *answerer)
{
	bool receives = o->direction == TP_SDP_SENDRECV || o->direction == TP_SDP_RECVONLY;

	if (answerer->kind != TP_MEDIA_LEG_HOP || offerer->kind != TP_MEDIA_LEG_UDP || o->their_count ||
	    o->held || !receives)
		return;
	offerer->remote_rtp = o->rtp;
	offerer->remote_rtcp = o->rtcp;
	offerer->send = true;
	answerer->receive = true;
}

static enum tp_err read_stream(struct tp_media_session *s, const struct tp_sdp_stream *in,
			       struct tp_offer_stream *out, struct tp_msg_media_stream *want, uint8_t index,
			       struct tp_diag *diag)
{
	uint8_t side = s->offer->side;
	enum tp_err err;

	out->off = !usable(&s->party[side], in);
	tp_text_copy_span(out->proto[0], sizeof(out->proto[0]), in->proto);
	if (out->off)
		return TP_OK;
	err = check_policy(&s->party[side], in, index + 1u, diag);
	if (err != TP_OK)
		return err;
	out->mux = in->rtcp_mux;
	out->held = in->held;
	out->direction = in->direction;
	out->type = type_of(in->media);
	out->clock_rate = in->clock_rate;
	out->hop_flow = in->hop_flow;
	out->rtp = in->rtp_addr;
	out->rtcp = in->rtcp_addr;
	if (s->party[side].encryption != TP_ENCRYPTION_FORCE_UNENCRYPTED) {
		out->their_count = in->crypto_count;
		memcpy(out->theirs, in->crypto, sizeof(out->theirs));
	}
	choose_onward(&s->party[1 - side], &want->legs[1 - side], in, out);
	if (want->legs[0].kind != TP_MEDIA_LEG_OFF)
		return TP_OK; /* it runs: the answer changes it */
	want->index = index;
	want->type = out->type;
	want->clock_rate = out->clock_rate;
	want->legs_count = 2;
	start_leg(&s->party[0], &want->legs[0]);
	start_leg(&s->party[1], &want->legs[1]);
	open_early(out, &want->legs[side], &want->legs[1 - side]);
	return TP_OK;
}

enum tp_err tp_offer_read(struct tp_media_session *s, uint8_t side, const struct tp_sdp *sdp,
			  struct tp_diag *diag)
{
	if (!sdp->stream_count)
		return tp_fail(diag, TP_UNSUPPORTED, "SDP", "the offer has no media stream");
	if (sdp->stream_count < s->stream_count)
		return tp_fail(diag, TP_FORMAT, "SDP", "the offer has fewer m-lines than the one before");
	s->offer->side = side;
	s->offer->stream_count = sdp->stream_count;
	s->wanted_count = sdp->stream_count;
	for (uint8_t i = 0; i < sdp->stream_count; i++) {
		enum tp_err err = read_stream(s, &sdp->streams[i], &s->offer->streams[i], &s->wanted[i], i,
					      diag);

		if (err != TP_OK)
			return err;
	}
	return TP_OK;
}

/* ---------------------------------------------------------------- writing */

static void edit_address(const struct tp_media_party *party, struct tp_sdp_edit *edit)
{
	edit->connection = tp_addr_is_set(&party->advertised) ? party->advertised : party->local;
}

static void edit_stream(const struct tp_media_party *party, const struct tp_msg_media_leg *leg,
			struct tp_sdp_edit_stream *e)
{
	if (party->kind == TP_MEDIA_LEG_HOP) {
		e->port = HOP_PORT;
		e->hop_flow = leg->flow_rx;
	} else {
		e->port = leg->local.port;
	}
}

enum tp_err tp_offer_write(const struct tp_media_session *s, const struct tp_sdp *sdp, struct tp_wr *wr)
{
	uint8_t to = (uint8_t)(1 - s->offer->side);
	struct tp_sdp_edit edit = { 0 };

	edit_address(&s->party[to], &edit);
	for (uint8_t i = 0; i < sdp->stream_count; i++) {
		const struct tp_offer_stream *o = &s->offer->streams[i];

		if (o->off)
			continue;
		edit_stream(&s->party[to], &s->streams[i].legs[to], &edit.streams[i]);
		edit.streams[i].proto = o->proto[1];
		edit.streams[i].hold = o->held && o->direction == TP_SDP_SENDRECV;
		edit.streams[i].crypto_count = o->our_count;
		edit.streams[i].crypto = o->ours;
	}
	return tp_sdp_write(sdp, &edit, wr);
}

enum tp_err tp_answer_write(const struct tp_media_session *s, const struct tp_sdp *sdp, struct tp_wr *wr)
{
	uint8_t to = s->offer->side;
	struct tp_sdp_crypto ours[TP_SDP_STREAMS_MAX];
	struct tp_sdp_edit edit = { 0 };
	enum tp_err err;

	edit_address(&s->party[to], &edit);
	for (uint8_t i = 0; i < sdp->stream_count; i++) {
		const struct tp_msg_media_leg *leg = &s->streams[i].legs[to];

		edit.streams[i].proto = s->offer->streams[i].proto[0];
		if (leg->kind == TP_MEDIA_LEG_OFF)
			continue;
		edit_stream(&s->party[to], leg, &edit.streams[i]);
		if (!leg->tx_suite)
			continue;
		ours[i].tag = s->offer->streams[i].theirs[0].tag;
		ours[i].suite = leg->tx_suite;
		ours[i].key_len = (uint8_t)leg->tx_key_len;
		memcpy(ours[i].key, leg->tx_key, leg->tx_key_len);
		edit.streams[i].crypto_count = 1;
		edit.streams[i].crypto = &ours[i];
	}
	err = tp_sdp_write(sdp, &edit, wr);
	tp_wipe(ours, sizeof(ours));
	return err;
}
