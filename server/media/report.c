/* Statistics and reasons. Runs in turnpike-media. */
#include "media/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "media/link.h"

enum { QUIET_MS = 3000 }; /* longer without a packet needs a reason */

static const char *const who[] = { "the caller", "the callee" };

static uint32_t silent_ms(const struct tp_leg *leg, uint64_t now_us)
{
	uint64_t ms;

	if (!leg->heard_us)
		return UINT32_MAX;
	ms = now_us > leg->heard_us ? (now_us - leg->heard_us) / 1000 : 0;
	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX - 1;
}

/* What arrives but is not let in, for legs with sockets; 0: nothing does. */
static int write_refusal(const struct tp_leg *leg, char *out, size_t size)
{
	char said[TP_ADDR_TEXT], seen[TP_ADDR_TEXT];
	const char *peer = who[leg->side];

	if (leg->count.srtp_failures)
		return snprintf(out, size,
				"SRTP authentication fails (%" PRIu64 " packets): keys do not match, "
				"%s does not encrypt with the key and suite (%s) of its SDP",
				leg->count.srtp_failures, peer,
				tp_srtp_suite_name(leg->want.rx_suite));
	if (leg->count.wrong_source && !tp_addr_is_set(&leg->want.remote_rtp))
		return snprintf(out, size,
				"packets arrive from %s but no SDP of %s said yet where it sends from",
				tp_addr_write(&leg->wrong_source, seen), peer);
	if (leg->count.wrong_source)
		return snprintf(out, size,
				"packets arrive from %s but the SDP of %s said %s; if it is behind a "
				"NAT, say so in its zone",
				tp_addr_write(&leg->wrong_source, seen), peer,
				tp_addr_write(&leg->want.remote_rtp, said));
	if (leg->count.too_many_sources)
		return snprintf(out, size, "%s sends from more synchronisation sources than allowed",
				peer);
	if (leg->count.other_protocol)
		return snprintf(out, size,
				"%s sends STUN or DTLS, but no RTP: it waits for ICE or DTLS-SRTP",
				peer);
	if (leg->count.malformed)
		return snprintf(out, size, "what arrives from %s is not RTP (%" PRIu64 " datagrams)",
				peer, leg->count.malformed);
	return 0;
}

static int write_nothing_on_udp(const struct tp_leg *leg, char *out, size_t size)
{
	char local[TP_ADDR_TEXT], remote[TP_ADDR_TEXT];

	if (!tp_addr_is_set(&leg->want.remote_rtp))
		return snprintf(out, size, "%s has not said yet where its media is",
				who[leg->side]);
	return snprintf(out, size,
			"no packet ever reached %s from %s; check the firewall between them, and that "
			"%s can send to this address",
			tp_addr_write(&leg->want.local, local),
			tp_addr_write(&leg->want.remote_rtp, remote), who[leg->side]);
}

static int write_nothing_on_hop(const struct tp_leg *leg, char *out, size_t size)
{
	const struct tp_link *l = leg->flow.link;
	char remote[TP_ADDR_TEXT];

	if (!l)
		return snprintf(out, size, "the media hop of this call's zone is not set up");
	if (!l->hop_pair)
		return snprintf(out, size, "the media ports of zone '%s' cannot be opened here",
				l->name);
	if (!l->rx.seal)
		return snprintf(out, size, "the other half of zone '%s' has not sent its media key",
				l->name);
	if (!tp_link_is_up(l))
		return snprintf(out, size,
				"the media hop of zone '%s' is down: no authentic packet arrives%s%s; "
				"check that UDP from the core's media range to the edge's media ports "
				"passes the firewall",
				l->name, tp_addr_is_set(&l->remote[0]) ? " from " : "",
				tp_addr_is_set(&l->remote[0]) ? tp_addr_write(&l->remote[0], remote) :
								"");
	return snprintf(out, size,
			"the media hop of zone '%s' is up, but the other half got nothing from %s",
			l->name, who[leg->side]);
}

static void write_stopped(const struct tp_leg *leg, uint32_t quiet_ms, char *out, size_t size)
{
	char seen[TP_ADDR_TEXT];
	const struct tp_addr *from = &leg->rtp_latch.learned;

	if (leg->flow.link && !tp_link_is_up(leg->flow.link)) {
		write_nothing_on_hop(leg, out, size);
		return;
	}
	snprintf(out, size, "packets%s%s stopped %u s ago", tp_addr_is_set(from) ? " from " : "",
		 tp_addr_is_set(from) ? tp_addr_write(from, seen) : "", quiet_ms / 1000);
}

/* Why nothing is heard from this leg's peer; empty when all is well, or when the
 * signalling wants it so. */
static void write_reason(struct tp_leg *leg, uint64_t now_us, char *out, size_t size)
{
	struct tp_leg *other = tp_leg_other(leg);
	uint32_t quiet = silent_ms(leg, now_us);
	int n = 0;

	out[0] = '\0';
	if (leg->want.kind == TP_MEDIA_LEG_OFF || !leg->want.receive || quiet < QUIET_MS)
		return;
	if (quiet == UINT32_MAX && now_us - leg->opened_us < QUIET_MS * 1000ull)
		return;
	if (quiet != UINT32_MAX) {
		write_stopped(leg, quiet, out, size);
		return;
	}
	if (silent_ms(other, now_us) < QUIET_MS)
		n = snprintf(out, size, "%s sends, but nothing arrived from %s: ", who[other->side],
			     who[leg->side]);
	out += n;
	size -= (size_t)n;
	if (write_refusal(leg, out, size) > 0)
		return;
	if (leg->want.kind == TP_MEDIA_LEG_UDP)
		write_nothing_on_udp(leg, out, size);
	else
		write_nothing_on_hop(leg, out, size);
}

static void report_addresses(const struct tp_leg *leg, struct tp_msg_stream_stats *out)
{
	const struct tp_link *l = leg->flow.link;

	if (leg->want.kind == TP_MEDIA_LEG_UDP) {
		out->local = leg->want.local;
		out->remote_signalled = leg->want.remote_rtp;
		out->remote_learned = leg->rtp_latch.learned;
	} else if (leg->want.kind == TP_MEDIA_LEG_HOP && l) {
		if (l->hop_pair)
			out->local = l->hop_pair->pair.rtp.local;
		if (l->role == 0)
			out->remote_signalled = l->remote[0];
		out->remote_learned = l->heard_ms[0] ? l->remote[0] : (struct tp_addr){ 0 };
	}
}

static void report_leg(struct tp_leg *leg, uint64_t now_us, struct tp_msg_stream_stats *out)
{
	const struct tp_leg_counters *c = &leg->count;
	uint32_t rate = leg->stream->clock_rate;

	*out = (struct tp_msg_stream_stats){
		.index = leg->stream->index, .leg = leg->side, .type = leg->stream->type,
		.kind = leg->want.kind, .rx_suite = leg->want.rx_suite,
		.tx_suite = leg->want.tx_suite, .rx_packets = c->rx_packets,
		.rx_octets = c->rx_octets, .tx_packets = c->tx_packets, .tx_octets = c->tx_octets,
		.rx_lost = tp_sources_lost(&leg->sources),
		.jitter_us = tp_sources_jitter_us(&leg->sources, rate), .rtcp_rx = c->rtcp_rx,
		.rtcp_tx = c->rtcp_tx, .srtp_failures = c->srtp_failures,
		.srtp_replays = c->srtp_replays, .wrong_source = c->wrong_source,
		.malformed = c->malformed + c->other_protocol,
		.ssrc = tp_sources_ssrc(&leg->sources), .silent_ms = silent_ms(leg, now_us),
	};
	report_addresses(leg, out);
	write_reason(leg, now_us, out->reason, sizeof(out->reason));
}

size_t tp_report_session(const struct tp_session *s, struct tp_msg_stream_stats *out)
{
	uint64_t now_us = tp_io_clock_us();
	size_t n = 0;

	for (size_t i = 0; i < s->stream_count; i++) {
		report_leg(&s->streams[i]->legs[0], now_us, &out[n++]);
		report_leg(&s->streams[i]->legs[1], now_us, &out[n++]);
	}
	return n;
}
