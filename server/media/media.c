/* The context of turnpike-media: configuration, messages, and what is done once a
 * second. */
#include "media/media.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/secret.h"
#include "media/alarms.h"
#include "media/kept.h"
#include "media/link.h"
#include "media/report.h"
#include "media/session.h"
#include "os/random.h"

/* --------------------------------------------------------------- the second */

static void tell_silence(struct tp_media *m, struct tp_session *s, uint64_t now_us)
{
	uint64_t since = s->heard_us > s->opened_us ? s->heard_us : s->opened_us;
	uint64_t silent_s = now_us > since ? (now_us - since) / 1000000 : 0;
	uint64_t step = silent_s / TP_MEDIA_SILENT_STEP_S * TP_MEDIA_SILENT_STEP_S;
	struct tp_msg_media_silent msg = { .session = s->id, .silent_s = (uint32_t)step };

	if (step > s->told_silent_s && m->sip)
		(void)TP_CHANNEL_SEND(m->sip, media_silent, 0, &msg);
	s->told_silent_s = step;
}

static void on_tick(void *arg)
{
	struct tp_media *m = arg;
	uint64_t now_us = tp_io_clock_us();
	struct tp_map_node *node = NULL;

	if (tp_timer_start(m->loop, &m->tick, TP_MEDIA_TICK_MS, on_tick, m) != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "media.tick", "no timer: the process ends");
		tp_loop_stop(m->loop);
		return;
	}
	while ((node = tp_map_next(&m->sessions, node)) != NULL)
		tell_silence(m, TP_CONTAINER(node, struct tp_session, node), now_us);
	tp_link_tick(m);
	tp_alarms_tick(m);
	tp_kept_tick(m, tp_loop_now_ms(m->loop));
}

/* ------------------------------------------------------------ start and end */

static enum tp_err start(struct tp_media *m, void *srtp_memory, size_t srtp_len)
{
	uint8_t seed[16];
	enum tp_err err;

	tp_random_bytes(seed, sizeof(seed));
	tp_map_init(&m->sessions, seed, TP_MEDIA_SESSIONS_LIMIT);
	tp_map_init(&m->flows, seed, TP_MEDIA_FLOWS_LIMIT);
	tp_list_init(&m->links);
	tp_list_init(&m->hop_pairs);
	err = tp_io_init(&m->io, m->loop);
	if (!err)
		err = tp_ports_new(TP_PORTS_REST_MS, &m->ports);
	if (!err)
		err = tp_srtp_state_new(srtp_memory, srtp_len, &m->srtp_state);
	if (!err)
		err = tp_timer_start(m->loop, &m->tick, TP_MEDIA_TICK_MS, on_tick, m);
	return err;
}

enum tp_err tp_media_new(struct tp_loop *loop, void *srtp_memory, size_t srtp_len,
			 struct tp_media **out)
{
	struct tp_media *m = calloc(1, sizeof(*m));
	enum tp_err err;

	if (!m)
		return TP_NOMEM;
	m->loop = loop;
	err = start(m, srtp_memory, srtp_len);
	if (err) {
		tp_media_free(&m);
		return err;
	}
	*out = m;
	return TP_OK;
}

void tp_media_free(struct tp_media **media)
{
	struct tp_media *m = *media;

	if (!m)
		return;
	*media = NULL;
	m->sip = m->admin = NULL; /* nothing is told any more */
	tp_session_close_all(m);
	tp_link_drop_all(m);
	tp_timer_stop(m->loop, &m->tick);
	tp_timer_stop(m->loop, &m->tell_kept);
	tp_map_fini(&m->sessions);
	tp_map_fini(&m->flows);
	if (m->ports)
		tp_ports_free(&m->ports);
	tp_srtp_state_free(&m->srtp_state);
	tp_io_fini(&m->io);
	free(m);
}

/* ------------------------------------------------------------ configuration */

enum tp_err tp_media_prepare(struct tp_media *m, const struct tp_cfg_media *cfg,
			     struct tp_diag *diag)
{
	struct tp_media_config c = {
		.port_first = cfg->port_first, .port_last = cfg->port_last,
		.hop_rtp_port = cfg->hop_rtp_port, .hop_rtcp_port = cfg->hop_rtcp_port,
		.role = cfg->role, .dscp = cfg->dscp, .sessions_max = cfg->sessions_max,
	};

	if (cfg->port_last <= cfg->port_first)
		return tp_fail(diag, TP_FORMAT, "media/ports", "%u to %u is no range of port pairs",
			       cfg->port_first, cfg->port_last);
	if (cfg->dscp > 63)
		return tp_fail(diag, TP_FORMAT, "media/dscp", "%u is above 63", cfg->dscp);
	if (cfg->networks_count > TP_MEDIA_NETWORKS_MAX)
		return tp_fail(diag, TP_LIMIT, "networks", "more than %d networks",
			       TP_MEDIA_NETWORKS_MAX);
	for (uint32_t i = 0; i < cfg->networks_count; i++)
		c.networks[c.network_count++] = cfg->networks[i].address;
	if (c.sessions_max > TP_MEDIA_SESSIONS_LIMIT)
		c.sessions_max = TP_MEDIA_SESSIONS_LIMIT;
	m->prepared = c;
	return TP_OK;
}

void tp_media_commit(struct tp_media *m)
{
	const struct tp_media_config *c = &m->prepared;

	m->config = *c;
	tp_ports_set_range(m->ports, c->port_first, c->port_last,
			   c->role == TP_ROLE_EDGE ? c->hop_rtp_port : 0);
}

/* ---------------------------------------------------------- messages of sip */

static void answer_set(struct tp_media *m, uint32_t request, const struct tp_msg_media_set *set)
{
	struct tp_msg_media_set_done done = { .session = set->session };
	struct tp_session *s = NULL;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_session_set(m, set, &s, &diag);

	done.err = (uint8_t)err;
	if (err) {
		tp_text_copy(done.text, sizeof(done.text),
			     diag.text[0] ? diag.text : tp_err_name(err));
		TP_LOG(TP_LOG_WARN, "media.set", "session %016llx refused: %s %s",
		       (unsigned long long)set->session, diag.where, done.text);
	} else {
		tp_session_write_allocations(s, &done);
	}
	(void)TP_CHANNEL_SEND(m->sip, media_set_done, request, &done);
}

static enum tp_err on_media_set(struct tp_media *m, struct tp_frame *f)
{
	struct tp_msg_media_set *set = calloc(1, sizeof(*set));
	enum tp_err err;

	if (!set)
		return TP_NOMEM;
	err = tp_msg_media_set_read(&f->body, set);
	if (!err) {
		answer_set(m, f->request, set);
		tp_msg_media_set_fini(set);
	}
	free(set);
	return err;
}

static enum tp_err on_media_close(struct tp_media *m, struct tp_frame *f)
{
	struct tp_msg_stream_stats stats[2 * TP_SESSION_STREAMS_MAX];
	struct tp_msg_media_closed closed = { .stats = stats };
	struct tp_msg_media_close msg = { 0 };
	enum tp_err err = tp_msg_media_close_read(&f->body, &msg);
	struct tp_session *s;

	if (err)
		return err;
	s = tp_session_find(m, msg.session);
	closed.session = msg.session;
	closed.err = s ? TP_OK : TP_NOTFOUND;
	if (s) {
		tp_session_drain(s);
		closed.stats_count = (uint32_t)tp_report_session(s, stats);
		tp_session_close(&s);
	}
	(void)TP_CHANNEL_SEND(m->sip, media_closed, f->request, &closed);
	return TP_OK;
}

static enum tp_err on_hop_set(struct tp_media *m, struct tp_frame *f)
{
	struct tp_msg_hop_set set = { 0 };
	struct tp_msg_hop_status down = { 0 };
	struct tp_link *l;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_msg_hop_set_read(&f->body, &set);

	if (err)
		return err;
	if (tp_link_set(m, &set, &l, &diag) == TP_OK) {
		tp_link_tell_key(l, f->request);
		/* A sip process that was started again learns with the next tick whether it is up. */
		l->status_ms = 0;
		return TP_OK;
	}
	TP_LOG(TP_LOG_ERROR, "media.hop", "link %u (%s) cannot be set up: %s", set.link, set.name,
	       diag.text);
	down.link = set.link;
	(void)TP_CHANNEL_SEND(m->sip, hop_status, f->request, &down);
	return TP_OK;
}

static enum tp_err on_hop_peer_key(struct tp_media *m, struct tp_frame *f)
{
	struct tp_msg_hop_peer_key msg = { 0 };
	enum tp_err err = tp_msg_hop_peer_key_read(&f->body, &msg);

	if (err)
		return err;
	err = tp_link_set_peer_key(m, &msg);
	if (err)
		TP_LOG(TP_LOG_WARN, "media.hop", "key of link %u refused: %s", msg.link,
		       tp_err_name(err));
	tp_wipe(&msg, sizeof(msg));
	return TP_OK;
}

static enum tp_err on_hop_drop(struct tp_media *m, struct tp_frame *f)
{
	struct tp_msg_hop_drop msg = { 0 };
	enum tp_err err = tp_msg_hop_drop_read(&f->body, &msg);

	if (!err)
		tp_link_drop(m, msg.link);
	return err;
}

/* -------------------------------------------------------- messages of admin */

static enum tp_err on_stats_get(struct tp_media *m, struct tp_frame *f)
{
	struct tp_msg_stream_stats stats[2 * TP_SESSION_STREAMS_MAX];
	struct tp_msg_media_stats answer = { .stats = stats };
	struct tp_msg_media_stats_get msg = { 0 };
	enum tp_err err = tp_msg_media_stats_get_read(&f->body, &msg);
	struct tp_session *s;

	if (err)
		return err;
	s = tp_session_find(m, msg.session);
	if (s) {
		answer.found = true;
		answer.stats_count = (uint32_t)tp_report_session(s, stats);
	}
	(void)TP_CHANNEL_SEND(m->admin, media_stats, f->request, &answer);
	return TP_OK;
}

static enum tp_err on_counters_get(struct tp_media *m, struct tp_frame *f)
{
	struct tp_ports_count ports = tp_ports_count(m->ports, tp_loop_now_ms(m->loop));
	struct tp_loop_pauses pauses = tp_loop_pauses(m->loop);
	struct tp_msg_media_counters_get msg = { 0 };
	struct tp_msg_media_counters answer = {
		.sessions = (uint32_t)m->sessions.count,
		.kept_sessions = tp_kept_count(m),
		.port_pairs_used = ports.used,
		.port_pairs_resting = ports.resting,
		.port_pairs_total = ports.total,
		.hop_flows = (uint32_t)(m->flows.count - m->link_count),
		.packets_relayed = m->relayed,
		.packets_dropped = m->dropped + m->io.cut + m->io.send_lost,
		.longest_pause_us = pauses.longest_us,
		.pauses_over_20ms = pauses.over_20ms,
		.pauses_over_100ms = pauses.over_100ms,
	};
	enum tp_err err = tp_msg_media_counters_get_read(&f->body, &msg);

	if (!err)
		(void)TP_CHANNEL_SEND(m->admin, media_counters, f->request, &answer);
	return err;
}

/* -------------------------------------------------------------------- peers */

void tp_media_peer_up(struct tp_media *m, struct tp_channel *ch)
{
	if (tp_channel_peer(ch) == TP_PROCESS_ADMIN) {
		m->admin = ch;
		tp_alarms_tell_again(m);
	} else if (tp_channel_peer(ch) == TP_PROCESS_SIP) {
		m->sip = ch;
		tp_kept_begin(m);
	}
}

void tp_media_peer_closed(struct tp_media *m, enum tp_process peer)
{
	if (peer == TP_PROCESS_ADMIN)
		m->admin = NULL;
	else if (peer == TP_PROCESS_SIP)
		m->sip = NULL;
}

enum tp_err tp_media_frame(struct tp_media *m, struct tp_channel *ch, struct tp_frame *f)
{
	(void)ch;
	switch (f->type) {
	case TP_MSG_TYPE_media_set:
		return on_media_set(m, f);
	case TP_MSG_TYPE_media_close:
		return on_media_close(m, f);
	case TP_MSG_TYPE_hop_set:
		return on_hop_set(m, f);
	case TP_MSG_TYPE_hop_peer_key:
		return on_hop_peer_key(m, f);
	case TP_MSG_TYPE_hop_drop:
		return on_hop_drop(m, f);
	case TP_MSG_TYPE_media_stats_get:
		return on_stats_get(m, f);
	case TP_MSG_TYPE_media_counters_get:
		return on_counters_get(m, f);
	default:
		return TP_UNSUPPORTED;
	}
}
