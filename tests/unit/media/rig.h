/* A media core in this process with a pretended sip (and admin) on its channels, and
 * phones that are plain sockets. For relay_test and hop_test. */
#ifndef TP_TESTS_MEDIA_RIG_H
#define TP_TESTS_MEDIA_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "media/link.h"
#include "media/media.h"
#include "media/session.h"
#include "media/srtp.h"
#include "os/sockaddr.h"
#include "proto/rtp.h"

enum { RIG_SRTP_KEYS = 64, RIG_KEPT_MAX = 8 };

struct rig {
	struct tp_loop *loop;
	struct tp_media *media;
	void *srtp_memory;
	struct tp_channel *media_sip, *sip;     /* the two ends */
	struct tp_channel *media_admin, *admin;
	/* the last of each kind that sip or admin got */
	struct tp_msg_media_set_done set_done;
	bool has_set_done;
	struct tp_msg_stream_stats stats[32];
	size_t stats_count;
	uint8_t closed_err;
	bool has_stats;
	struct tp_msg_media_counters counters;
	bool has_counters;
	struct tp_msg_hop_key hop_key;
	unsigned hop_keys;
	struct tp_msg_hop_status hop_status;
	unsigned hop_statuses;
	struct tp_msg_media_silent silent;
	unsigned silents;
	uint64_t kept[RIG_KEPT_MAX];
	char kept_record[RIG_KEPT_MAX][32];
	struct tp_msg_media_leg kept_leg[RIG_KEPT_MAX];
	unsigned kept_count;
	bool kept_end;
	struct tp_msg_alarm alarm; /* the last, and how many are raised */
	int alarms_raised;
};

static inline struct tp_addr rig_addr(const char *text)
{
	struct tp_addr a = { 0 };

	assert_int_equal(tp_addr_parse(tp_span_of(text), &a), TP_OK);
	return a;
}

/* ------------------------------------------------------------- pretended sip */

static inline enum tp_err rig_take_stats(struct rig *r, const struct tp_msg_stream_stats *stats,
					 uint32_t count)
{
	assert_in_range(count, 0, 32);
	if (count)
		memcpy(r->stats, stats, count * sizeof(*stats));
	r->stats_count = count;
	r->has_stats = true;
	return TP_OK;
}

static inline enum tp_err rig_on_kept(struct rig *r, struct tp_frame *f)
{
	struct tp_msg_media_kept *m = calloc(1, sizeof(*m));
	enum tp_err err = m ? tp_msg_media_kept_read(&f->body, m) : TP_NOMEM;

	assert_int_equal(err, TP_OK);
	if (m->session == 0) {
		r->kept_end = true;
	} else if (r->kept_count < RIG_KEPT_MAX) {
		assert_in_range(m->record_len, 0, 31);
		r->kept[r->kept_count] = m->session;
		if (m->record_len)
			memcpy(r->kept_record[r->kept_count], m->record, m->record_len);
		r->kept_leg[r->kept_count++] = m->streams[0].legs[0];
	}
	tp_msg_media_kept_fini(m);
	free(m);
	return TP_OK;
}

static inline enum tp_err rig_on_frame(void *arg, struct tp_channel *ch, struct tp_frame *f)
{
	struct rig *r = arg;
	struct tp_msg_media_closed closed = { 0 };
	struct tp_msg_media_stats stats = { 0 };
	enum tp_err err = TP_OK;

	(void)ch;
	switch (f->type) {
	case TP_MSG_TYPE_media_set_done:
		memset(&r->set_done, 0, sizeof(r->set_done));
		r->has_set_done = true;
		return tp_msg_media_set_done_read(&f->body, &r->set_done);
	case TP_MSG_TYPE_media_closed:
		err = tp_msg_media_closed_read(&f->body, &closed);
		assert_int_equal(err, TP_OK);
		r->closed_err = closed.err;
		err = rig_take_stats(r, closed.stats, closed.stats_count);
		tp_msg_media_closed_fini(&closed);
		return err;
	case TP_MSG_TYPE_media_stats:
		err = tp_msg_media_stats_read(&f->body, &stats);
		assert_int_equal(err, TP_OK);
		err = rig_take_stats(r, stats.stats, stats.stats_count);
		tp_msg_media_stats_fini(&stats);
		return err;
	case TP_MSG_TYPE_media_counters:
		r->has_counters = true;
		return tp_msg_media_counters_read(&f->body, &r->counters);
	case TP_MSG_TYPE_hop_key:
		r->hop_keys++;
		return tp_msg_hop_key_read(&f->body, &r->hop_key);
	case TP_MSG_TYPE_hop_status:
		r->hop_statuses++;
		return tp_msg_hop_status_read(&f->body, &r->hop_status);
	case TP_MSG_TYPE_media_silent:
		r->silents++;
		return tp_msg_media_silent_read(&f->body, &r->silent);
	case TP_MSG_TYPE_alarm:
		err = tp_msg_alarm_read(&f->body, &r->alarm);
		r->alarms_raised += r->alarm.raised ? 1 : r->alarms_raised > 0 ? -1 : 0;
		return err;
	case TP_MSG_TYPE_media_kept:
		return rig_on_kept(r, f);
	default:
		fail_msg("unexpected message %s", tp_msg_name(f->type));
		return TP_INTERNAL;
	}
}

static inline enum tp_err rig_media_frame(void *arg, struct tp_channel *ch, struct tp_frame *f)
{
	struct rig *r = arg;

	return tp_media_frame(r->media, ch, f);
}

static inline void rig_on_closed(void *arg, struct tp_channel *ch)
{
	(void)arg;
	(void)ch;
}

/* --------------------------------------------------------------------- time */

static inline void rig_stop_loop(void *arg)
{
	tp_loop_stop(arg);
}

static inline void rig_run_once(struct tp_loop *loop, uint64_t ms)
{
	struct tp_timer t = { 0 };

	assert_int_equal(tp_timer_start(loop, &t, ms, rig_stop_loop, loop), TP_OK);
	assert_int_equal(tp_loop_run(loop), TP_OK);
	tp_timer_stop(loop, &t);
}

/* At least four rounds, for packets that pass two media cores on a machine so busy
 * that ms is over before the first. */
static inline void rig_run(struct tp_loop *loop, uint64_t ms)
{
	rig_run_once(loop, ms);
	for (int i = 0; i < 3; i++)
		rig_run_once(loop, 0);
}

#define RIG_WAIT(loop, condition, ms)                                  \
	do {                                                           \
		for (unsigned rig_i = 0; !(condition); rig_i += 5) {   \
			assert_in_range(rig_i, 0, (ms));               \
			rig_run((loop), 5);                            \
		}                                                      \
	} while (0)

/* -------------------------------------------------------------- start, stop */

static inline void rig_connect(struct rig *r, enum tp_process peer, struct tp_channel **at_media,
			       struct tp_channel **at_peer)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(tp_channel_new(r->loop, fds[0], TP_PROCESS_MEDIA, peer, rig_media_frame,
					rig_on_closed, r, at_media), TP_OK);
	assert_int_equal(tp_channel_new(r->loop, fds[1], peer, TP_PROCESS_MEDIA, rig_on_frame,
					rig_on_closed, r, at_peer), TP_OK);
	tp_media_peer_up(r->media, *at_media);
}

static inline void rig_disconnect_sip(struct rig *r)
{
	tp_media_peer_closed(r->media, TP_PROCESS_SIP);
	tp_channel_free(&r->media_sip);
	tp_channel_free(&r->sip);
	r->kept_count = 0;
	r->kept_end = false;
}

static inline void rig_configure(struct rig *r, enum tp_role role, const char *address,
				 uint16_t first, uint16_t last)
{
	struct tp_cfg_network network = { .name = "lan", .address = rig_addr(address) };
	struct tp_cfg_media cfg = { .role = role, .port_first = first, .port_last = last,
				    .hop_rtp_port = 36000, .hop_rtcp_port = 36001,
				    .networks_count = 1, .networks = &network,
				    .sessions_max = 400 };
	struct tp_diag diag;

	assert_int_equal(tp_media_prepare(r->media, &cfg, &diag), TP_OK);
	tp_media_commit(r->media);
}

/* memory: of an earlier rig, or NULL. */
static inline void rig_start(struct rig *r, struct tp_loop *loop, void *memory)
{
	size_t len = tp_srtp_state_size(RIG_SRTP_KEYS);

	memset(r, 0, sizeof(*r));
	r->loop = loop;
	r->srtp_memory = memory ? memory : calloc(1, len);
	assert_non_null(r->srtp_memory);
	assert_int_equal(tp_media_new(loop, r->srtp_memory, len, &r->media), TP_OK);
	rig_connect(r, TP_PROCESS_SIP, &r->media_sip, &r->sip);
	rig_connect(r, TP_PROCESS_ADMIN, &r->media_admin, &r->admin);
}

/* keep_memory: as after a kill: what was in shared memory is what the next one finds. */
static inline void rig_stop(struct rig *r, void **keep_memory)
{
	if (keep_memory) {
		size_t len = tp_srtp_state_size(RIG_SRTP_KEYS);

		*keep_memory = malloc(len);
		assert_non_null(*keep_memory);
		memcpy(*keep_memory, r->srtp_memory, len);
	}
	rig_disconnect_sip(r);
	tp_channel_free(&r->media_admin);
	tp_channel_free(&r->admin);
	tp_media_free(&r->media);
	free(r->srtp_memory);
}

/* ----------------------------------------------------------------- requests */

static inline enum tp_err rig_set(struct rig *r, struct tp_msg_media_set *set)
{
	r->has_set_done = false;
	assert_int_equal(TP_CHANNEL_SEND(r->sip, media_set, 7, set), TP_OK);
	RIG_WAIT(r->loop, r->has_set_done, 1000);
	assert_true(r->set_done.session == set->session);
	return (enum tp_err)r->set_done.err;
}

static inline void rig_close(struct rig *r, uint64_t session)
{
	struct tp_msg_media_close msg = { .session = session };

	r->has_stats = false;
	assert_int_equal(TP_CHANNEL_SEND(r->sip, media_close, 8, &msg), TP_OK);
	RIG_WAIT(r->loop, r->has_stats, 1000);
}

static inline void rig_get_stats(struct rig *r, uint64_t session)
{
	struct tp_msg_media_stats_get msg = { .session = session };

	r->has_stats = false;
	assert_int_equal(TP_CHANNEL_SEND(r->admin, media_stats_get, 9, &msg), TP_OK);
	RIG_WAIT(r->loop, r->has_stats, 1000);
}

static inline void rig_get_counters(struct rig *r)
{
	struct tp_msg_media_counters_get msg = { 0 };

	r->has_counters = false;
	assert_int_equal(TP_CHANNEL_SEND(r->admin, media_counters_get, 9, &msg), TP_OK);
	RIG_WAIT(r->loop, r->has_counters, 1000);
}

static inline struct tp_msg_media_leg rig_udp_leg(const char *local, const struct tp_addr *remote_rtp)
{
	struct tp_msg_media_leg leg = { .kind = TP_MEDIA_LEG_UDP, .local = rig_addr(local),
					.send = true, .receive = true };

	if (remote_rtp) {
		leg.remote_rtp = leg.remote_rtcp = *remote_rtp;
		leg.remote_rtcp.port++;
	}
	return leg;
}

static inline struct tp_msg_media_leg rig_hop_leg(uint32_t link, uint32_t flow_tx)
{
	return (struct tp_msg_media_leg){ .kind = TP_MEDIA_LEG_HOP, .link = link,
					  .flow_tx = flow_tx, .send = true, .receive = true };
}

static inline struct tp_msg_media_set rig_call(uint64_t session, struct tp_msg_media_leg caller,
					       struct tp_msg_media_leg callee)
{
	struct tp_msg_media_set set = { .session = session, .streams_count = 1 };

	set.streams[0].clock_rate = 8000;
	set.streams[0].legs_count = 2;
	set.streams[0].legs[0] = caller;
	set.streams[0].legs[1] = callee;
	return set;
}

/* ------------------------------------------------------------------- phones */

struct phone {
	int fd[2]; /* RTP, RTCP */
	struct tp_addr at;
	uint32_t ssrc;
	uint16_t sequence;
	struct tp_srtp *tx, *rx;
	struct tp_srtp_record tx_record, rx_record;
	/* what phone_receive saw */
	unsigned received;
	unsigned refused; /* could not be opened */
	uint16_t last_sequence;
	struct tp_addr last_from;
};

static inline void phone_open(struct phone *p, const char *at)
{
	struct tp_udp_options o = { .receive_bytes = 1 << 20 };
	struct tp_diag diag;

	memset(p, 0, sizeof(*p));
	p->at = rig_addr(at);
	p->ssrc = (uint32_t)p->at.ip[3] << 16 | p->at.port;
	for (int i = 0; i < 2; i++) {
		struct tp_addr a = p->at;

		a.port = (uint16_t)(a.port + i);
		if (tp_udp_open(&a, &o, &p->fd[i], &diag) != TP_OK)
			fail_msg("%s", diag.text);
	}
}

static inline void phone_close(struct phone *p)
{
	close(p->fd[0]);
	close(p->fd[1]);
	tp_srtp_free(&p->tx);
	tp_srtp_free(&p->rx);
}

static inline size_t phone_packet(struct phone *p, uint8_t *out)
{
	struct tp_rtp h = { .payload_type = 8, .ssrc = p->ssrc, .sequence = p->sequence,
			    .timestamp = p->sequence * 160u };

	tp_rtp_write_header(out, &h);
	memset(out + TP_RTP_HEADER_BYTES, (int)(p->ssrc + p->sequence), 160);
	p->sequence++;
	return TP_RTP_HEADER_BYTES + 160;
}

static inline void phone_send_bytes(struct phone *p, bool rtcp, const struct tp_addr *to,
				    uint8_t *bytes, size_t len)
{
	struct tp_datagram d = { .peer = *to, .bytes = bytes, .len = len };

	assert_int_equal(tp_udp_send(p->fd[rtcp], &d, 1, NULL), 1);
}

static inline void phone_send(struct phone *p, const struct tp_addr *to)
{
	_Alignas(8) uint8_t packet[12 + 160 + TP_SRTP_TAIL_BYTES];
	size_t len = phone_packet(p, packet);

	if (p->tx)
		assert_int_equal(tp_srtp_seal_rtp(p->tx, packet, &len), TP_OK);
	phone_send_bytes(p, false, to, packet, len);
}

static inline void phone_send_rtcp(struct phone *p, const struct tp_addr *to_rtp)
{
	_Alignas(8) uint8_t packet[8 + TP_SRTP_TAIL_BYTES] = { 0x80, 201, 0, 1 };
	struct tp_addr to = *to_rtp;
	size_t len = 8;

	to.port++;
	tp_store_be32(packet + 4, p->ssrc);
	if (p->tx)
		assert_int_equal(tp_srtp_seal_rtcp(p->tx, packet, &len), TP_OK);
	phone_send_bytes(p, true, &to, packet, len);
}

/* Takes all that is there; RTP payloads must be those of phone_packet. */
static inline unsigned phone_receive(struct phone *p, bool rtcp)
{
	_Alignas(8) uint8_t packet[2048];
	unsigned count = 0;

	for (;;) {
		struct tp_datagram d = { .bytes = packet, .len = sizeof(packet) };
		struct tp_rtp h;
		bool newest;
		enum tp_err err = TP_OK;

		if (tp_udp_receive(p->fd[rtcp], &d, 1) == 0)
			return count;
		if (p->rx)
			err = rtcp ? tp_srtp_open_rtcp(p->rx, packet, &d.len) :
				     tp_srtp_open_rtp(p->rx, packet, &d.len, &newest);
		if (err) {
			p->refused++;
			continue;
		}
		count++;
		p->received += !rtcp;
		p->last_from = d.peer;
		if (rtcp)
			continue;
		assert_int_equal(d.len, 172);
		assert_int_equal(tp_rtp_parse_header(packet, d.len, &h), TP_OK);
		p->last_sequence = h.sequence;
		for (size_t i = 12; i < d.len; i++)
			assert_int_equal(packet[i], (uint8_t)(h.ssrc + h.sequence));
	}
}

static inline void rig_fill_key(uint8_t *key, uint8_t suite, uint8_t seed)
{
	for (size_t i = 0; i < tp_srtp_key_len(suite); i++)
		key[i] = (uint8_t)(seed * 31 + i * 5 + 1);
}

/* The phone and the leg towards it agree on keys, one for each direction. */
static inline void phone_agree(struct phone *p, struct tp_msg_media_leg *leg, uint8_t suite,
			       uint8_t seed)
{
	size_t len = tp_srtp_key_len(suite);

	leg->rx_suite = leg->tx_suite = suite;
	leg->rx_key_len = leg->tx_key_len = (uint16_t)len;
	rig_fill_key(leg->rx_key, suite, seed);
	rig_fill_key(leg->tx_key, suite, (uint8_t)(seed + 1));
	assert_int_equal(tp_srtp_new(suite, leg->rx_key, len, true, &p->tx_record, &p->tx), TP_OK);
	assert_int_equal(tp_srtp_new(suite, leg->tx_key, len, false, &p->rx_record, &p->rx), TP_OK);
}

#endif
