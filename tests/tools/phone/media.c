/* One leg's media: ports, RTP out and in, RTCP, SRTP. SDP is in sdp.c. */
#include "media.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "phone.h"

enum {
	RTP_HEADER = 12,
	PORT_TRIES = 200,
	MARK_LEN = sizeof(MEDIA_MARK) - 1,
	AT_LEG = MARK_LEN + 1,     /* offsets in the payload */
	AT_SEQUENCE = AT_LEG + 4,
	AT_TIME = AT_SEQUENCE + 4,
	AT_FILLING = AT_TIME + 8,
	PACKET_MAX = 2048,
};

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Payload number `sequence` of a leg; its sender's time stands in it. */
static void write_payload(uint8_t *p, uint32_t leg, uint32_t sequence, uint64_t time_ns)
{
	memcpy(p, MEDIA_MARK, MARK_LEN);
	p[MARK_LEN] = 0;
	put32(p + AT_LEG, leg);
	put32(p + AT_SEQUENCE, sequence);
	put32(p + AT_TIME, (uint32_t)(time_ns >> 32));
	put32(p + AT_TIME + 4, (uint32_t)time_ns);
	uint32_t x = leg * 2654435761u ^ sequence * 40503u;
	for (size_t i = AT_FILLING; i < MEDIA_PAYLOAD; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = (uint8_t)(x >> 24);
	}
}

static int bind_port(const struct phone *p, uint16_t port)
{
	int fd = wire_socket(p->spec.netns, p->v6 ? AF_INET6 : AF_INET, SOCK_DGRAM);
	struct sockaddr_storage ss = { .ss_family = p->v6 ? AF_INET6 : AF_INET };
	if (p->v6) {
		((struct sockaddr_in6 *)&ss)->sin6_port = htons(port);
		inet_pton(AF_INET6, p->spec.bind, &((struct sockaddr_in6 *)&ss)->sin6_addr);
	} else {
		((struct sockaddr_in *)&ss)->sin_port = htons(port);
		inet_pton(AF_INET, p->spec.bind, &((struct sockaddr_in *)&ss)->sin_addr);
	}
	socklen_t len = p->v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&ss, len) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void start_watch(struct leg *leg, struct source *source, enum source_kind kind, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = source };
	int on = 1, big = 1 << 20;
	*source = (struct source){ kind, leg, fd };
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof(big));
	epoll_ctl(leg->phone->app->epoll, EPOLL_CTL_ADD, fd, &ev);
}

bool media_open(struct leg *leg)
{
	struct media *m = &leg->media;
	for (int i = 0; i < PORT_TRIES && !m->open; i++) {
		uint16_t port = (uint16_t)(20000 + 2 * (random() % 6000));
		int rtp = bind_port(leg->phone, port);
		int rtcp = rtp < 0 ? -1 : bind_port(leg->phone, port + 1);
		if (rtcp < 0) {
			if (rtp >= 0)
				close(rtp);
			continue;
		}
		m->port = port;
		m->open = true;
		start_watch(leg, &m->rtp, SOURCE_RTP, rtp);
		start_watch(leg, &m->rtcp, SOURCE_RTCP, rtcp);
	}
	m->slot = leg->id % leg->phone->app->packet_ms;
	m->offered = leg->phone->spec.suite;
	m->crypto_tag = 1;
	RAND_bytes((unsigned char *)&m->ssrc, sizeof(m->ssrc));
	RAND_bytes(m->tx_key, sizeof(m->tx_key));
	return m->open;
}

void media_close(struct leg *leg)
{
	struct media *m = &leg->media;
	if (!m->open)
		return;
	m->open = m->sending = false;
	close(m->rtp.fd);
	close(m->rtcp.fd);
	if (m->tx)
		srtp_dealloc(m->tx);
	if (m->rx)
		srtp_dealloc(m->rx);
	m->tx = m->rx = NULL;
}

static srtp_t make_srtp(enum media_suite suite, const uint8_t *key, bool outward)
{
	srtp_policy_t policy;
	srtp_t out = NULL;
	memset(&policy, 0, sizeof(policy));
	void (*const set[SUITE_COUNT])(srtp_crypto_policy_t *) = {
		[SUITE_AES_128_80] = srtp_crypto_policy_set_rtp_default,
		[SUITE_AES_128_32] = srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
		[SUITE_AES_256_80] = srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
		[SUITE_GCM_128] = srtp_crypto_policy_set_aes_gcm_128_16_auth,
		[SUITE_GCM_256] = srtp_crypto_policy_set_aes_gcm_256_16_auth,
	};
	set[suite](&policy.rtp);
	set[suite](&policy.rtcp);
	if (suite == SUITE_AES_128_32) /* RFC 4568: RTCP keeps the long tag */
		srtp_crypto_policy_set_rtp_default(&policy.rtcp);
	policy.ssrc.type = outward ? ssrc_any_outbound : ssrc_any_inbound;
	policy.key = (unsigned char *)(uintptr_t)key;
	policy.window_size = 1024;
	policy.allow_repeat_tx = 0;
	return srtp_create(&out, &policy) == srtp_err_status_ok ? out : NULL;
}

void media_rekey(struct leg *leg)
{
	struct media *m = &leg->media;
	if (!m->rx)
		return;
	srtp_dealloc(m->rx);
	m->rx = make_srtp(m->suite, m->rx_key, false);
}

bool media_arm(struct leg *leg)
{
	struct media *m = &leg->media;
	if (m->suite == SUITE_NONE || m->tx)
		return true;
	m->tx = make_srtp(m->suite, m->tx_key, true);
	m->rx = make_srtp(m->suite, m->rx_key, false);
	if (!m->tx || !m->rx)
		leg_fail(leg, "SRTP suite %s is not usable", media_suite_name(m->suite));
	return m->tx && m->rx;
}

void media_begin(struct leg *leg)
{
	struct media *m = &leg->media;
	if (!media_arm(leg))
		return;
	m->sending = true;
	m->began = true;
	m->began_at = leg->phone->app->now;
}

static void send_to(const struct media *m, int fd, const void *data, size_t len, bool rtcp)
{
	const struct sockaddr_storage *to = rtcp ? &m->remote_rtcp : &m->remote;
	socklen_t sa = to->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	while (sendto(fd, data, len, 0, (const struct sockaddr *)to, sa) < 0 && errno == EINTR)
		;
}

void media_send(struct leg *leg)
{
	struct media *m = &leg->media;
	uint8_t packet[PACKET_MAX] = { 0x80, 0x00 };
	int len = RTP_HEADER + MEDIA_PAYLOAD;
	m->rtp_seq++;
	m->timestamp += MEDIA_PAYLOAD;
	packet[2] = (uint8_t)(m->rtp_seq >> 8);
	packet[3] = (uint8_t)m->rtp_seq;
	put32(packet + 4, m->timestamp);
	put32(packet + 8, m->ssrc);
	m->sent++;
	write_payload(packet + RTP_HEADER, leg->id, (uint32_t)m->sent, now_ns());
	if (m->tx && srtp_protect(m->tx, packet, &len) != srtp_err_status_ok) {
		leg_fail(leg, "SRTP protect failed");
		return;
	}
	send_to(m, m->rtp.fd, packet, (size_t)len, false);
}

/* A sender report with one report block about nobody: enough to be counted and relayed. */
void media_send_rtcp(struct leg *leg)
{
	struct media *m = &leg->media;
	uint8_t packet[PACKET_MAX] = { 0x80, 200, 0, 6 };
	int len = 28;
	put32(packet + 4, m->ssrc);
	put32(packet + 16, m->timestamp);
	put32(packet + 20, (uint32_t)m->sent);
	put32(packet + 24, (uint32_t)m->sent * MEDIA_PAYLOAD);
	if (m->tx && srtp_protect_rtcp(m->tx, packet, &len) != srtp_err_status_ok)
		return;
	m->rtcp_sent++;
	send_to(m, m->rtcp.fd, packet, (size_t)len, true);
}

/* True the first time a sequence is seen. */
static bool note_sequence(struct media *m, uint32_t sequence)
{
	enum { BITS = 1024 };
	if (!m->highest)
		m->missed_first = sequence - 1;
	if (sequence > m->highest) {
		for (uint32_t s = m->highest + 1; s <= sequence && s - m->highest <= BITS; s++)
			m->window[s % BITS / 64] &= ~(1ull << (s % 64));
		m->highest = sequence;
	} else {
		m->reordered++;
		if (m->highest - sequence >= BITS)
			return false;
	}
	uint64_t bit = 1ull << (sequence % 64);
	bool fresh = !(m->window[sequence % BITS / 64] & bit);
	m->window[sequence % BITS / 64] |= bit;
	return fresh;
}

/* The pause before this packet, less what its sender was late by its own clock. */
static void note_gap(struct leg *leg, uint64_t rx_ns, uint64_t tx_ns, uint32_t steps)
{
	struct media *m = &leg->media;
	if (!m->last_rx_ns) {
		m->first_ms = m->began ? (uint32_t)((leg->phone->app->now - m->began_at) / NS_PER_MS) : 0;
	} else if (rx_ns > m->last_rx_ns && tx_ns > m->last_tx_ns) {
		uint64_t regular = (uint64_t)steps * leg->phone->app->packet_ms * NS_PER_MS;
		uint64_t late = tx_ns - m->last_tx_ns > regular ? tx_ns - m->last_tx_ns - regular : 0;
		uint64_t gap = rx_ns - m->last_rx_ns;
		uint32_t ms = (uint32_t)((gap > late ? gap - late : 0) / NS_PER_MS);
		if (ms > m->gap_ms)
			m->gap_ms = ms;
		if (ms >= MEDIA_GAP_TOLD_MS && m->gap_count < MEDIA_GAPS_MAX)
			m->gaps[m->gap_count++] = (struct media_gap){
				m->began ? (uint32_t)((leg->phone->app->now - m->began_at) / NS_PER_MS) : 0, ms
			};
	}
	m->last_rx_ns = rx_ns;
	m->last_tx_ns = tx_ns;
}

static void check_payload(struct leg *leg, const uint8_t *p, size_t len, uint64_t rx_ns)
{
	struct media *m = &leg->media;
	uint8_t expected[MEDIA_PAYLOAD];
	if (len != MEDIA_PAYLOAD || memcmp(p, MEDIA_MARK, MARK_LEN) != 0) {
		m->corrupt++;
		return;
	}
	uint32_t from = get32(p + AT_LEG), sequence = get32(p + AT_SEQUENCE);
	uint64_t sent_at = (uint64_t)get32(p + AT_TIME) << 32 | get32(p + AT_TIME + 4);
	write_payload(expected, from, sequence, sent_at);
	if (memcmp(p, expected, MEDIA_PAYLOAD) != 0 || sequence == 0) {
		m->corrupt++;
		return;
	}
	if (!m->peer)
		m->peer = from;
	if (m->peer != from) {
		m->foreign++;
		return;
	}
	uint32_t steps = sequence > m->highest ? sequence - m->highest : 1;
	if (!note_sequence(m, sequence)) {
		m->duplicate++;
		return;
	}
	m->received++;
	note_gap(leg, rx_ns, sent_at, steps);
}

static uint64_t arrival_time(struct msghdr *msg)
{
	struct timespec ts = { 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

void media_on_rtp(struct leg *leg)
{
	struct media *m = &leg->media;
	uint8_t packet[PACKET_MAX];
	char control[128];
	struct iovec iov = { packet, sizeof(packet) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(m->rtp.fd, &msg, 0);
	if (n < RTP_HEADER) {
		if (n >= 0)
			m->corrupt++;
		return;
	}
	int len = (int)n;
	if (m->suite != SUITE_NONE) {
		if (!m->rx || srtp_unprotect(m->rx, packet, &len) != srtp_err_status_ok) {
			m->srtp_failed++;
			return;
		}
	}
	if (packet[0] != 0x80 || len < RTP_HEADER) {
		m->corrupt++;
		return;
	}
	check_payload(leg, packet + RTP_HEADER, (size_t)len - RTP_HEADER, arrival_time(&msg));
}

void media_on_rtcp(struct leg *leg)
{
	struct media *m = &leg->media;
	uint8_t packet[PACKET_MAX];
	ssize_t n = recv(m->rtcp.fd, packet, sizeof(packet), 0);
	int len = (int)n;
	if (n < 8)
		return;
	if (m->suite != SUITE_NONE &&
	    (!m->rx || srtp_unprotect_rtcp(m->rx, packet, &len) != srtp_err_status_ok)) {
		m->srtp_failed++;
		return;
	}
	if (packet[1] >= 200 && packet[1] <= 207)
		m->rtcp_received++;
}
