/* Table of sessions, and media_set in two steps. Runs in turnpike-media. */
#include "media/session.h"

#include <stdlib.h>
#include <string.h>

#include "core/secret.h"
#include "media/link.h"

/* A change of a session while it is being prepared. */
struct change {
	struct tp_session *session;
	size_t stream_count;
	struct tp_stream *streams[TP_SESSION_STREAMS_MAX];
	bool fresh[TP_SESSION_STREAMS_MAX];
	struct tp_leg_plan plans[TP_SESSION_STREAMS_MAX][2];
	uint8_t *record;
};

struct tp_session *tp_session_find(struct tp_media *m, uint64_t id)
{
	struct tp_map_node *node = tp_map_find(&m->sessions, &id, sizeof(id));

	return node ? TP_CONTAINER(node, struct tp_session, node) : NULL;
}

static struct tp_stream *find_stream(const struct tp_session *s, uint8_t index)
{
	for (size_t i = 0; s && i < s->stream_count; i++)
		if (s->streams[i]->index == index)
			return s->streams[i];
	return NULL;
}

static struct tp_stream *new_stream(struct tp_media *m, uint8_t index)
{
	struct tp_stream *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	st->index = index;
	for (uint8_t side = 0; side < 2; side++) {
		st->legs[side].media = m;
		st->legs[side].stream = st;
		st->legs[side].side = side;
	}
	return st;
}

static enum tp_err plan_stream(struct tp_media *m, const struct tp_session *s, uint64_t id,
			       const struct tp_msg_media_stream *want, struct change *c,
			       struct tp_diag *diag)
{
	size_t at = c->stream_count;
	struct tp_stream *st = find_stream(s, want->index);
	enum tp_err err;

	if (want->legs_count != 2)
		return tp_fail(diag, TP_FORMAT, "legs", "a stream has two legs");
	for (size_t i = 0; i < at; i++)
		if (c->streams[i]->index == want->index)
			return tp_fail(diag, TP_FORMAT, "streams", "index %u twice", want->index);
	c->fresh[at] = st == NULL;
	if (!st)
		st = new_stream(m, want->index);
	if (!st)
		return TP_NOMEM;
	c->streams[at] = st;
	c->stream_count++;
	err = tp_leg_plan(&st->legs[0], id, &want->legs[0], &c->plans[at][0], diag);
	if (!err)
		err = tp_leg_plan(&st->legs[1], id, &want->legs[1], &c->plans[at][1], diag);
	return err;
}

static void drop_change(struct tp_media *m, struct change *c)
{
	for (size_t i = 0; i < c->stream_count; i++) {
		tp_leg_plan_drop(m, &c->plans[i][0]);
		tp_leg_plan_drop(m, &c->plans[i][1]);
		if (c->fresh[i])
			free(c->streams[i]);
	}
	free(c->record);
}

static enum tp_err new_session(struct tp_media *m, uint64_t id, struct tp_session **out,
			       struct tp_diag *diag)
{
	struct tp_session *s;
	enum tp_err err;

	if (id == 0)
		return tp_fail(diag, TP_FORMAT, "session", "0 is no session");
	if (m->sessions.count >= m->config.sessions_max)
		return tp_fail(diag, TP_LIMIT, "session", "%zu sessions are open, the most allowed",
			       m->sessions.count);
	s = calloc(1, sizeof(*s));
	if (!s)
		return TP_NOMEM;
	s->id = id;
	s->media = m;
	s->opened_us = tp_io_clock_us();
	err = tp_map_put(&m->sessions, &s->node, &s->id, sizeof(s->id));
	if (err) {
		free(s);
		return tp_fail(diag, err, "session", "no room for another session");
	}
	*out = s;
	return TP_OK;
}

static enum tp_err plan_change(struct tp_media *m, const struct tp_msg_media_set *set,
			       struct tp_session **s, struct change *c, struct tp_diag *diag)
{
	enum tp_err err = TP_OK;

	c->record = malloc(set->record_len ? set->record_len : 1);
	if (!c->record)
		return TP_NOMEM;
	if (set->record_len)
		memcpy(c->record, set->record, set->record_len);
	for (size_t i = 0; i < set->streams_count && !err; i++)
		err = plan_stream(m, *s, set->session, &set->streams[i], c, diag);
	if (!err && !*s)
		err = new_session(m, set->session, s, diag);
	return err;
}

static void free_record(struct tp_session *s)
{
	if (s->record)
		tp_wipe(s->record, s->record_len);
	free(s->record);
	s->record = NULL;
}

static void free_stream(struct tp_stream **st)
{
	tp_leg_close(&(*st)->legs[0]);
	tp_leg_close(&(*st)->legs[1]);
	free(*st);
	*st = NULL;
}

static bool stays(const struct change *c, const struct tp_stream *st)
{
	for (size_t i = 0; i < c->stream_count; i++)
		if (c->streams[i] == st)
			return true;
	return false;
}

static void commit_change(struct tp_session *s, const struct tp_msg_media_set *set,
			  struct change *c)
{
	for (size_t i = 0; i < s->stream_count; i++)
		if (!stays(c, s->streams[i]))
			free_stream(&s->streams[i]);
	for (size_t i = 0; i < TP_SESSION_STREAMS_MAX; i++) {
		struct tp_stream *st = i < c->stream_count ? c->streams[i] : NULL;

		s->streams[i] = st;
		if (!st)
			continue;
		st->session = s;
		st->type = set->streams[i].type;
		st->clock_rate = set->streams[i].clock_rate;
		tp_leg_commit(&st->legs[0], &c->plans[i][0]);
		tp_leg_commit(&st->legs[1], &c->plans[i][1]);
	}
	s->stream_count = c->stream_count;
	free_record(s);
	s->record = c->record;
	s->record_len = set->record_len;
	s->claim_round = s->media->kept_round;
}

enum tp_err tp_session_set(struct tp_media *m, const struct tp_msg_media_set *set,
			   struct tp_session **out, struct tp_diag *diag)
{
	struct tp_session *s = tp_session_find(m, set->session);
	struct change c = { 0 };
	enum tp_err err = plan_change(m, set, &s, &c, diag);

	if (err) {
		drop_change(m, &c);
		return err;
	}
	commit_change(s, set, &c);
	*out = s;
	return TP_OK;
}

static void drain_leg(struct tp_leg *leg)
{
	struct tp_link *l = leg->flow.link;

	if (leg->pair)
		tp_pair_receive(leg->pair);
	if (l && l->hop_pair)
		tp_pair_receive(&l->hop_pair->pair);
}

void tp_session_drain(struct tp_session *s)
{
	for (size_t i = 0; i < s->stream_count; i++) {
		drain_leg(&s->streams[i]->legs[0]);
		drain_leg(&s->streams[i]->legs[1]);
	}
}

void tp_session_close(struct tp_session **session)
{
	struct tp_session *s = *session;

	*session = NULL;
	tp_map_remove(&s->media->sessions, &s->node);
	for (size_t i = 0; i < s->stream_count; i++)
		free_stream(&s->streams[i]);
	free_record(s);
	free(s);
}

void tp_session_close_all(struct tp_media *m)
{
	struct tp_map_node *node;

	while ((node = tp_map_next(&m->sessions, NULL)) != NULL) {
		struct tp_session *s = TP_CONTAINER(node, struct tp_session, node);

		tp_session_close(&s);
	}
}

void tp_session_write_streams(const struct tp_session *s,
			      struct tp_msg_media_stream streams[TP_SESSION_STREAMS_MAX])
{
	for (size_t i = 0; i < s->stream_count; i++) {
		const struct tp_stream *st = s->streams[i];

		streams[i].index = st->index;
		streams[i].type = st->type;
		streams[i].clock_rate = st->clock_rate;
		streams[i].legs_count = 2;
		streams[i].legs[0] = st->legs[0].want;
		streams[i].legs[1] = st->legs[1].want;
	}
}

void tp_session_write_allocations(const struct tp_session *s, struct tp_msg_media_set_done *done)
{
	done->streams_count = (uint8_t)s->stream_count;
	for (size_t i = 0; i < s->stream_count; i++) {
		const struct tp_stream *st = s->streams[i];
		struct tp_msg_media_allocation *a = &done->streams[i];

		a->index = st->index;
		if (st->legs[0].pair)
			a->local_0 = st->legs[0].pair->rtp.local;
		if (st->legs[1].pair)
			a->local_1 = st->legs[1].pair->rtp.local;
		a->flow_rx_0 = st->legs[0].flow.id;
		a->flow_rx_1 = st->legs[1].flow.id;
	}
}
