/* Media sessions and the media process: one operation a session at a time, answers
 * matched by session and request, repaired when the media process starts again. Runs
 * in turnpike-sip. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "os/random.h"
#include "sip/media/session.h"
#include "sip/config/config.h"
#include "sip/proxy/call.h"
#include "sip/status/report.h"
#include "sip/zone/zone.h"

enum { RECORD_MAX = 32768 };

struct tp_media_link {
	struct tp_map sessions;
};

static struct tp_channel *channel(const struct tp_sip *sip)
{
	return sip->child ? tp_child_peer(sip->child, TP_PROCESS_MEDIA) : NULL;
}

enum tp_err tp_media_link_new(struct tp_sip *sip, struct tp_media_link **out)
{
	struct tp_media_link *link = calloc(1, sizeof(*link));

	if (!link)
		return TP_NOMEM;
	tp_map_init(&link->sessions, sip->seed, TP_MEDIA_SESSIONS_MAX);
	*out = link;
	return TP_OK;
}

static void wipe_streams(struct tp_msg_media_stream **streams)
{
	if (*streams)
		tp_wipe(*streams, TP_SDP_STREAMS_MAX * sizeof(**streams));
	free(*streams);
	*streams = NULL;
}

static void drop_offer(struct tp_media_session *s)
{
	if (s->offer)
		tp_wipe(s->offer->streams, s->offer->stream_count * sizeof(s->offer->streams[0]));
	free(s->offer);
	s->offer = NULL;
}

static void free_session(struct tp_media_session *s)
{
	tp_map_remove(&s->sip->media->sessions, &s->node);
	drop_offer(s);
	wipe_streams(&s->streams);
	wipe_streams(&s->wanted);
	free(s->body);
	free(s);
}

void tp_media_link_free(struct tp_media_link **link)
{
	struct tp_media_link *l = *link;
	struct tp_map_node *node, *next;

	if (!l)
		return;
	for (node = tp_map_next(&l->sessions, NULL); node; node = next) {
		next = tp_map_next(&l->sessions, node);
		free_session(TP_CONTAINER(node, struct tp_media_session, node));
	}
	tp_map_fini(&l->sessions);
	free(l);
	*link = NULL;
}

size_t tp_media_session_count(const struct tp_sip *sip)
{
	return sip->media->sessions.count;
}

static enum tp_err add_session(struct tp_sip *sip, uint64_t id, const struct tp_media_owner *owner,
			       void *owner_arg, struct tp_media_session **out)
{
	struct tp_media_session *s = calloc(1, sizeof(*s));
	enum tp_err err = TP_NOMEM;

	if (!s)
		return err;
	s->sip = sip;
	s->id = id;
	s->owner = owner;
	s->owner_arg = owner_arg;
	s->streams = calloc(TP_SDP_STREAMS_MAX, sizeof(*s->streams));
	if (s->streams)
		err = tp_map_put(&sip->media->sessions, &s->node, &s->id, sizeof(s->id));
	if (err != TP_OK) {
		free(s->streams);
		free(s);
		return err;
	}
	*out = s;
	return TP_OK;
}

enum tp_err tp_media_session_new(struct tp_sip *sip, const struct tp_media_owner *owner, void *owner_arg,
				 struct tp_media_session **out)
{
	uint64_t id;

	do
		id = tp_random_u64();
	while (!id);
	return add_session(sip, id, owner, owner_arg, out);
}

/* ---------------------------------------------------------------- sending */

/* Sends these streams (off ones left out) with the record; the request number, or 0. */
static uint32_t send_set(struct tp_media_session *s, const struct tp_msg_media_stream *streams, size_t count)
{
	struct tp_channel *ch = channel(s->sip);
	struct tp_msg_media_set *msg = calloc(1, sizeof(*msg) + RECORD_MAX);
	uint32_t request = 0;
	struct tp_wr wr;

	if (!ch || !msg) {
		free(msg);
		return 0;
	}
	msg->session = s->id;
	for (size_t i = 0; i < count; i++) {
		if (streams[i].legs_count != 2 || streams[i].legs[0].kind == TP_MEDIA_LEG_OFF)
			continue;
		msg->streams[msg->streams_count] = streams[i];
		msg->streams[msg->streams_count++].index = (uint8_t)i;
	}
	tp_wr_init(&wr, msg + 1, RECORD_MAX);
	s->owner->write_record(s->owner_arg, &wr);
	if (wr.err == TP_OK) {
		msg->record = (const uint8_t *)(msg + 1);
		msg->record_len = (uint32_t)wr.len;
	} else {
		TP_LOG(TP_LOG_WARN, "media.record", "the record of a call is too long to be kept");
	}
	request = tp_channel_next_request(ch);
	if (TP_CHANNEL_SEND(ch, media_set, request, msg) == TP_OK)
		s->open = true;
	else
		request = 0;
	tp_wipe(msg, sizeof(*msg) + RECORD_MAX);
	free(msg);
	return request;
}

/* Ends the operation under way and tells its owner. */
static void finish(struct tp_media_session *s, enum tp_err err, const struct tp_diag *diag,
		   struct tp_span body)
{
	tp_media_done done = s->done;
	void *arg = s->done_arg;

	wipe_streams(&s->wanted);
	s->request = 0;
	s->done = NULL;
	if (done)
		done(arg, err, diag, body);
}

static void fail(struct tp_media_session *s, enum tp_err err, struct tp_diag *diag)
{
	if (!s->answering && s->offer && !s->offer->answered)
		drop_offer(s);
	free(s->body);
	s->body = NULL;
	finish(s, err, diag, (struct tp_span){ NULL, 0 });
}

static void fail_text(struct tp_media_session *s, enum tp_err err, const char *text)
{
	struct tp_diag diag = { 0 };

	tp_fail(&diag, err, "media", "%s", text);
	fail(s, err, &diag);
}

/* ------------------------------------------------------------- operations */

static enum tp_err start(struct tp_media_session *s, struct tp_span body, bool answering, tp_media_done done,
			 void *arg)
{
	s->done = done;
	s->done_arg = arg;
	s->answering = answering;
	s->body = malloc(body.len + 1);
	s->wanted = calloc(TP_SDP_STREAMS_MAX, sizeof(*s->wanted));
	if (!s->body || !s->wanted)
		return TP_NOMEM;
	memcpy(s->body, body.p, body.len);
	s->body_len = body.len;
	memcpy(s->wanted, s->streams, TP_SDP_STREAMS_MAX * sizeof(*s->wanted));
	return TP_OK;
}

static void run(struct tp_media_session *s, uint8_t side)
{
	struct tp_sdp *sdp = malloc(sizeof(*sdp));
	struct tp_diag diag = { 0 };
	enum tp_err err = sdp ? TP_OK : TP_NOMEM;

	if (err == TP_OK)
		err = tp_sdp_parse((struct tp_span){ s->body, s->body_len }, sdp, &diag);
	if (err == TP_OK && !s->answering) {
		s->offer = calloc(1, sizeof(*s->offer) + sdp->stream_count * sizeof(s->offer->streams[0]));
		err = s->offer ? tp_offer_read(s, side, sdp, &diag) : TP_NOMEM;
	} else if (err == TP_OK) {
		err = tp_answer_read(s, sdp, &diag);
	}
	if (sdp)
		tp_wipe(sdp, sizeof(*sdp));
	free(sdp);
	if (err != TP_OK) {
		fail(s, err, &diag);
		return;
	}
	s->request = send_set(s, s->wanted, s->wanted_count);
	if (!s->request)
		fail_text(s, TP_CLOSED, "the media process is not running");
}

void tp_media_offer(struct tp_media_session *s, uint8_t side, struct tp_span body, tp_media_done done,
		    void *arg)
{
	struct tp_diag diag = { 0 };

	if (s->request || (s->offer && !s->offer->answered)) {
		tp_fail(&diag, TP_STATE, "SDP", "another offer is still open");
		done(arg, TP_STATE, &diag, (struct tp_span){ NULL, 0 });
		return;
	}
	drop_offer(s);
	if (start(s, body, false, done, arg) == TP_OK)
		run(s, side);
	else
		fail_text(s, TP_NOMEM, "no memory");
}

void tp_media_answer(struct tp_media_session *s, struct tp_span body, tp_media_done done, void *arg)
{
	struct tp_diag diag = { 0 };

	if (s->request || !s->offer) {
		tp_fail(&diag, TP_STATE, "SDP", "an answer without an offer");
		done(arg, TP_STATE, &diag, (struct tp_span){ NULL, 0 });
		return;
	}
	if (start(s, body, true, done, arg) == TP_OK)
		run(s, s->offer->side);
	else
		fail_text(s, TP_NOMEM, "no memory");
}

bool tp_media_is_answer(const struct tp_media_session *s, uint8_t side, bool response)
{
	return s->offer && s->offer->side != side && (response || !s->offer->answered);
}

void tp_media_offer_over(struct tp_media_session *s)
{
	bool unanswered = s->offer && !s->offer->answered;

	if (s->request)
		return; /* another transaction is at work */
	drop_offer(s);
	if (unanswered && s->open)
		(void)send_set(s, s->streams, s->stream_count);
}

void tp_media_end_operations(struct tp_media_session *s)
{
	s->done = NULL;
	s->done_arg = NULL;
	drop_offer(s);
}

void tp_media_refresh(struct tp_media_session *s)
{
	if (s->open && !s->request)
		(void)send_set(s, s->streams, s->stream_count);
}

/* ---------------------------------------------------------------- answers */

static void take_allocations(struct tp_media_session *s, struct tp_msg_media_stream *streams,
			     const struct tp_msg_media_set_done *done)
{
	for (size_t i = 0; i < done->streams_count; i++) {
		const struct tp_msg_media_allocation *a = &done->streams[i];

		if (a->index >= TP_SDP_STREAMS_MAX || streams[a->index].legs_count != 2)
			continue;
		streams[a->index].legs[0].local = a->local_0;
		streams[a->index].legs[1].local = a->local_1;
		streams[a->index].legs[0].flow_rx = a->flow_rx_0;
		streams[a->index].legs[1].flow_rx = a->flow_rx_1;
	}
	(void)s;
}

static void complete(struct tp_media_session *s)
{
	struct tp_sdp *sdp = malloc(sizeof(*sdp));
	size_t cap = s->body_len + 16384;
	char *in = s->body, *out = malloc(cap);
	struct tp_diag diag = { 0 };
	enum tp_err err = sdp && out ? TP_OK : TP_NOMEM;
	struct tp_wr wr;

	s->body = NULL;
	if (err == TP_OK)
		err = tp_sdp_parse((struct tp_span){ in, s->body_len }, sdp, &diag);
	if (err == TP_OK && !s->offer)
		err = tp_fail(&diag, TP_STATE, "SDP", "the offer was taken back");
	tp_wr_init(&wr, out, out ? cap : 0);
	if (err == TP_OK)
		err = s->answering ? tp_answer_write(s, sdp, &wr) : tp_offer_write(s, sdp, &wr);
	if (err == TP_OK && s->answering)
		s->offer->answered = true;
	if (sdp)
		tp_wipe(sdp, sizeof(*sdp));
	free(sdp);
	finish(s, err, &diag, (struct tp_span){ out, wr.len });
	if (out)
		tp_wipe(out, cap);
	free(out);
	free(in);
}

static void on_set_done(struct tp_sip *sip, uint32_t request, const struct tp_msg_media_set_done *done)
{
	struct tp_map_node *node = tp_map_find(&sip->media->sessions, &done->session, sizeof(done->session));
	struct tp_media_session *s = node ? TP_CONTAINER(node, struct tp_media_session, node) : NULL;

	if (!s)
		return;
	if (!s->request || s->request != request) {
		/* a refresh, or the repair after the media process had gone */
		if (done->err == TP_OK)
			take_allocations(s, s->streams, done);
		else if (!s->closed)
			s->owner->on_lost(s->owner_arg, done->text);
		return;
	}
	if (done->err != TP_OK) {
		fail_text(s, TP_LIMIT, done->text[0] ? done->text : "the media process refused the session");
		return;
	}
	memcpy(s->streams, s->wanted, TP_SDP_STREAMS_MAX * sizeof(*s->streams));
	s->stream_count = s->wanted_count;
	take_allocations(s, s->streams, done);
	if (s->done) {
		complete(s);
	} else {
		/* the transaction ended meanwhile */
		free(s->body);
		s->body = NULL;
		wipe_streams(&s->wanted);
		s->request = 0;
	}
}

/* ---------------------------------------------------------------- closing */

static void end(struct tp_media_session *s, const struct tp_msg_stream_stats *stats, size_t count)
{
	tp_media_closed closed = s->closed;
	void *arg = s->closed_arg;

	free_session(s);
	if (closed)
		closed(arg, stats, count);
}

static void ignore_closed(void *arg, const struct tp_msg_stream_stats *stats, size_t count)
{
	(void)arg;
	(void)stats;
	(void)count;
}

void tp_media_session_close(struct tp_media_session **session, tp_media_closed closed, void *arg)
{
	struct tp_media_session *s = *session;
	struct tp_channel *ch = s ? channel(s->sip) : NULL;
	struct tp_msg_media_close msg;

	if (!s)
		return;
	*session = NULL;
	s->closed = closed ? closed : ignore_closed;
	s->closed_arg = arg;
	s->done = NULL;
	msg.session = s->id;
	if (!s->open || !ch || TP_CHANNEL_SEND(ch, media_close, tp_channel_next_request(ch), &msg) != TP_OK)
		end(s, NULL, 0);
}

static void on_closed(struct tp_sip *sip, const struct tp_msg_media_closed *msg)
{
	struct tp_map_node *node = tp_map_find(&sip->media->sessions, &msg->session, sizeof(msg->session));
	struct tp_media_session *s = node ? TP_CONTAINER(node, struct tp_media_session, node) : NULL;

	if (s && s->closed)
		end(s, msg->stats, msg->stats_count);
}

/* --------------------------------------------------- the process's life */

enum tp_err tp_media_session_adopt(struct tp_sip *sip, const struct tp_msg_media_kept *kept,
				   const struct tp_media_owner *owner, void *owner_arg,
				   struct tp_media_session **out)
{
	struct tp_media_session *s;
	enum tp_err err = add_session(sip, kept->session, owner, owner_arg, &s);

	if (err != TP_OK)
		return err;
	for (size_t i = 0; i < kept->streams_count; i++) {
		const struct tp_msg_media_stream *in = &kept->streams[i];

		if (in->index >= TP_SDP_STREAMS_MAX || in->legs_count != 2)
			continue;
		s->streams[in->index] = *in;
		if (s->stream_count <= in->index)
			s->stream_count = in->index + 1;
		for (int leg = 0; leg < 2; leg++) {
			s->party[leg].kind = in->legs[leg].kind;
			s->party[leg].local = in->legs[leg].local;
			s->party[leg].local.port = 0;
			s->party[leg].link = in->legs[leg].link;
			s->party[leg].nat = in->legs[leg].nat;
		}
	}
	s->open = true;
	*out = s;
	return TP_OK;
}

void tp_media_up(struct tp_sip *sip)
{
	struct tp_map *map = &sip->media->sessions;

	tp_sip_alarm(sip, TP_ALARM_MEDIA_AWAY, false, TP_SEVERITY_INFORMATION, "media", "", "");
	tp_zones_media_up(sip);
	for (struct tp_map_node *n = tp_map_next(map, NULL); n; n = tp_map_next(map, n)) {
		struct tp_media_session *s = TP_CONTAINER(n, struct tp_media_session, node);

		if (s->open && !s->closed)
			(void)send_set(s, s->streams, s->stream_count);
	}
}

void tp_media_down(struct tp_sip *sip)
{
	struct tp_map *map = &sip->media->sessions;
	struct tp_map_node *node;

	tp_zones_media_down(sip);
	tp_sip_alarm(sip, TP_ALARM_MEDIA_AWAY, true, TP_SEVERITY_CRITICAL, "media",
		     "The media process is not running; it is being started again.",
		     "Look at the log if this does not clear by itself.");
	/* What is told here may end calls and close sessions, so look anew each time. */
	for (;;) {
		struct tp_media_session *s = NULL;

		for (node = tp_map_next(map, NULL); node && !s; node = tp_map_next(map, node)) {
			s = TP_CONTAINER(node, struct tp_media_session, node);
			if (!s->closed && !s->request)
				s = NULL;
		}
		if (!s)
			return;
		if (s->closed)
			end(s, NULL, 0);
		else
			fail_text(s, TP_CLOSED, "the media process ended");
	}
}

static void on_silent(struct tp_sip *sip, const struct tp_msg_media_silent *msg)
{
	struct tp_map_node *node = tp_map_find(&sip->media->sessions, &msg->session, sizeof(msg->session));
	struct tp_media_session *s = node ? TP_CONTAINER(node, struct tp_media_session, node) : NULL;
	uint32_t limit = sip->config ? sip->config->cfg.call_silence_s : 0;
	char reason[96];

	if (!s || s->closed || !limit || msg->silent_s < limit)
		return;
	snprintf(reason, sizeof(reason), "no media from either side for %u seconds", (unsigned)msg->silent_s);
	s->owner->on_lost(s->owner_arg, reason);
}

enum tp_err tp_media_frame(struct tp_sip *sip, struct tp_frame *frame)
{
	enum tp_err err;

#define TP_MEDIA_CASE(name, call)                              \
	case TP_MSG_TYPE_##name: {                             \
		struct tp_msg_##name *m = malloc(sizeof(*m));  \
		if (!m)                                        \
			return TP_NOMEM;                       \
		err = tp_msg_##name##_read(&frame->body, m);   \
		if (err == TP_OK) {                            \
			call;                                  \
			tp_msg_##name##_fini(m);               \
		}                                              \
		free(m);                                       \
		return err;                                    \
	}
	switch (frame->type) {
	TP_MEDIA_CASE(media_set_done, on_set_done(sip, frame->request, m))
	TP_MEDIA_CASE(media_closed, on_closed(sip, m))
	TP_MEDIA_CASE(media_kept, tp_calls_kept(sip, m))
	TP_MEDIA_CASE(media_silent, on_silent(sip, m))
	TP_MEDIA_CASE(hop_key, tp_zones_hop_key(sip, m))
	TP_MEDIA_CASE(hop_status, tp_zones_hop_status(sip, m))
	default:
		return TP_UNSUPPORTED;
	}
#undef TP_MEDIA_CASE
}
