/* Handing sessions back to a new sip process. Runs in turnpike-media. */
#include "media/kept.h"

#include <stdlib.h>

#include "core/log.h"
#include "core/secret.h"
#include "media/link.h"
#include "media/session.h"

enum { RETRY_MS = 20 };

/* TP_LIMIT: the channel is full, go on later. */
static enum tp_err tell(struct tp_media *m, const struct tp_session *s)
{
	struct tp_msg_media_kept *msg = calloc(1, sizeof(*msg));
	enum tp_err err;

	if (!msg)
		return TP_NOMEM;
	if (s) {
		msg->session = s->id;
		msg->streams_count = (uint8_t)s->stream_count;
		tp_session_write_streams(s, msg->streams);
		msg->record = s->record;
		msg->record_len = (uint32_t)s->record_len;
	}
	err = TP_CHANNEL_SEND(m->sip, media_kept, 0, msg);
	tp_wipe(msg, sizeof(*msg));
	free(msg);
	return err;
}

static void tell_all(void *arg)
{
	struct tp_media *m = arg;
	struct tp_map_node *node = NULL;

	if (!m->sip)
		return;
	while ((node = tp_map_next(&m->sessions, node)) != NULL) {
		struct tp_session *s = TP_CONTAINER(node, struct tp_session, node);

		/* Those that sip has set meanwhile it knows. */
		if (s->told_round == m->kept_round || s->claim_round == m->kept_round)
			continue;
		if (tell(m, s) == TP_LIMIT) {
			if (tp_timer_start(m->loop, &m->tell_kept, RETRY_MS, tell_all, m) != TP_OK)
				TP_LOG(TP_LOG_ERROR, "media.kept", "no timer");
			return;
		}
		s->told_round = m->kept_round;
	}
	if (tell(m, NULL) == TP_LIMIT &&
	    tp_timer_start(m->loop, &m->tell_kept, RETRY_MS, tell_all, m) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "media.kept", "no timer");
}

void tp_kept_begin(struct tp_media *m)
{
	m->kept_round++;
	m->claim_until_ms = tp_loop_now_ms(m->loop) + TP_MEDIA_CLAIM_MS;
	tell_all(m);
}

uint32_t tp_kept_count(const struct tp_media *m)
{
	struct tp_map_node *node = NULL;
	uint32_t count = 0;

	while ((node = tp_map_next(&m->sessions, node)) != NULL)
		if (TP_CONTAINER(node, struct tp_session, node)->claim_round != m->kept_round)
			count++;
	return count;
}

static void free_unclaimed_links(struct tp_media *m)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &m->links) {
		struct tp_link *l = TP_CONTAINER(it, struct tp_link, link);

		/* The calls that were claimed may be before the TLS link is back. */
		if (l->claim_round != m->kept_round && !tp_link_has_legs(l))
			tp_link_drop(m, l->id);
	}
}

static uint32_t free_unclaimed_sessions(struct tp_media *m)
{
	struct tp_map_node *node = tp_map_next(&m->sessions, NULL);
	uint32_t freed = 0;

	while (node) {
		struct tp_session *s = TP_CONTAINER(node, struct tp_session, node);

		node = tp_map_next(&m->sessions, node);
		if (s->claim_round != m->kept_round) {
			tp_session_close(&s);
			freed++;
		}
	}
	return freed;
}

void tp_kept_tick(struct tp_media *m, uint64_t now_ms)
{
	uint32_t freed;

	if (!m->claim_until_ms || !m->sip || now_ms < m->claim_until_ms)
		return;
	m->claim_until_ms = 0;
	freed = free_unclaimed_sessions(m);
	free_unclaimed_links(m);
	tp_srtp_state_drop_unclaimed(m->srtp_state);
	if (freed)
		TP_LOG(TP_LOG_INFO, "media.kept", "freed %u sessions that sip did not claim", freed);
}
