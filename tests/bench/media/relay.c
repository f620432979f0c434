/* How many calls the media core carries: an edge and a core, a thread each, with the
 * sealed hop between them, and phones of our own that talk both ways at 50 packets a
 * second. Prints one JSON object. Usage: bench_relay [calls [seconds [suite]]]; suite:
 * enum tp_srtp_suite of the outside leg, 0 = plain. Exit status 1 when a packet was
 * lost. Not part of the tests: tests/bench/README.md says how it is read. */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "media/link.h"
#include "media/media.h"
#include "media/session.h"
#include "media/srtp.h"
#include "os/udp.h"
#include "proto/rtp.h"

enum { CALLS_MAX = 2000, FRAME_US = 20000, G711_BYTES = 172, EDGE_RTP = 36000 };

/* ------------------------------------------------- allocations of the relays */

/* Counted while `counting`; forwards to the C library. */
static _Thread_local bool counting;
static atomic_ulong allocations;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *malloc(size_t n)
{
	allocations += counting;
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	allocations += counting;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	allocations += counting;
	return __libc_realloc(p, n);
}

/* ------------------------------------------------------------------- relays */

struct relay {
	pthread_t thread;
	struct tp_loop *loop;
	struct tp_media *media;
	void *srtp_memory;
	struct tp_link *link;
	uint64_t cpu_ns;
};

struct phone {
	int fd;
	struct tp_addr to;
	struct tp_srtp *tx, *rx;
	struct tp_srtp_record tx_record, rx_record;
	uint16_t sequence;
	uint64_t sent, received;
};

struct bench {
	unsigned calls, seconds, suite;
	struct relay edge, core;
	struct phone *phones; /* two a call: outside, inside */
	int epoll;
	uint64_t late_us;     /* worst lateness of the generator */
};

static void must(enum tp_err err, const char *what)
{
	if (err) {
		fprintf(stderr, "%s: %s\n", what, tp_err_name(err));
		exit(2);
	}
}

static struct tp_addr at(const char *text, uint16_t port)
{
	struct tp_addr a;

	must(tp_addr_parse_ip(tp_span_of(text), port, &a), text);
	return a;
}

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void *relay_main(void *arg)
{
	struct relay *r = arg;
	uint64_t before = cpu_ns(CLOCK_THREAD_CPUTIME_ID);

	counting = true;
	must(tp_loop_run(r->loop), "loop");
	counting = false;
	r->cpu_ns = cpu_ns(CLOCK_THREAD_CPUTIME_ID) - before;
	return NULL;
}

static void relay_new(struct relay *r, enum tp_role role, const char *ip)
{
	struct tp_cfg_network network = { .address = at(ip, 0) };
	struct tp_cfg_media cfg = { .role = role, .port_first = 36002, .port_last = 59999,
				    .hop_rtp_port = EDGE_RTP, .hop_rtcp_port = EDGE_RTP + 1,
				    .networks_count = 1, .networks = &network,
				    .sessions_max = CALLS_MAX };
	size_t len = tp_srtp_state_size(2 * CALLS_MAX);

	r->srtp_memory = calloc(1, len);
	must(r->srtp_memory ? TP_OK : TP_NOMEM, "memory");
	must(tp_loop_new(&r->loop), "loop");
	must(tp_media_new(r->loop, r->srtp_memory, len, &r->media), "media");
	must(tp_media_prepare(r->media, &cfg, NULL), "configuration");
	tp_media_commit(r->media);
}

static void relay_free(struct relay *r)
{
	tp_media_free(&r->media);
	tp_loop_free(&r->loop);
	free(r->srtp_memory);
}

static void set_link(struct relay *r, uint8_t role, const char *ip)
{
	struct tp_msg_hop_set set = { .link = 1, .role = role,
				      .local = at(ip, role ? EDGE_RTP : 0) };

	set.remote_rtp = at("127.0.2.40", EDGE_RTP);
	set.remote_rtcp = at("127.0.2.40", EDGE_RTP + 1);
	must(tp_link_set(r->media, &set, &r->link, NULL), "link");
}

static void give_key(struct relay *from, struct relay *to)
{
	struct tp_msg_hop_peer_key key = { .link = 1, .epoch = from->link->tx.epoch,
					   .key_len = TP_SEAL_KEY_BYTES,
					   .link_flow = from->link->flow.id };

	memcpy(key.key, from->link->tx.key, TP_SEAL_KEY_BYTES);
	must(tp_link_set_peer_key(to->media, &key), "key");
}

static void stop_loop(void *arg)
{
	tp_loop_stop(arg);
}

static void run_for(struct tp_loop *loop, uint64_t ms)
{
	struct tp_timer t = { 0 };

	must(tp_timer_start(loop, &t, ms, stop_loop, loop), "timer");
	must(tp_loop_run(loop), "loop");
}

static void link_up(struct bench *b)
{
	set_link(&b->edge, 1, "127.0.2.40");
	set_link(&b->core, 0, "127.0.2.41");
	give_key(&b->edge, &b->core);
	give_key(&b->core, &b->edge);
	for (int i = 0; i < 4; i++) {
		run_for(b->edge.loop, 5);
		run_for(b->core.loop, 5);
	}
	if (!tp_link_is_up(b->edge.link) || !tp_link_is_up(b->core.link))
		must(TP_STATE, "the hop");
}

/* -------------------------------------------------------------------- calls */

static struct tp_addr phone_open(struct bench *b, unsigned i, const char *ip)
{
	struct tp_udp_options o = { .receive_bytes = 1 << 18 };
	struct tp_addr me = at(ip, (uint16_t)(20000 + i));
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

	must(tp_udp_open(&me, &o, &b->phones[i].fd, NULL), "phone");
	if (epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->phones[i].fd, &event))
		must(TP_IO, "epoll");
	return me;
}

static struct tp_msg_media_leg udp_leg(const char *ip, struct tp_addr remote)
{
	struct tp_msg_media_leg leg = { .kind = TP_MEDIA_LEG_UDP, .local = at(ip, 0),
					.remote_rtp = remote, .remote_rtcp = remote,
					.send = true, .receive = true };

	leg.remote_rtcp.port++;
	return leg;
}

static void agree(struct phone *p, struct tp_msg_media_leg *leg, unsigned suite, unsigned call)
{
	size_t len = tp_srtp_key_len((uint8_t)suite);

	leg->rx_suite = leg->tx_suite = (uint8_t)suite;
	leg->rx_key_len = leg->tx_key_len = (uint16_t)len;
	memset(leg->rx_key, 1, len);
	memset(leg->tx_key, 2, len);
	memcpy(leg->rx_key, &call, sizeof(call));
	memcpy(leg->tx_key, &call, sizeof(call));
	must(tp_srtp_new((uint8_t)suite, leg->rx_key, len, true, &p->tx_record, &p->tx), "srtp");
	must(tp_srtp_new((uint8_t)suite, leg->tx_key, len, false, &p->rx_record, &p->rx), "srtp");
}

static void set_call(struct relay *r, unsigned call, struct tp_msg_media_leg a,
		     struct tp_msg_media_leg b, struct tp_session **out)
{
	struct tp_msg_media_set set = { .session = call + 1, .streams_count = 1 };

	set.streams[0].clock_rate = 8000;
	set.streams[0].legs_count = 2;
	set.streams[0].legs[0] = a;
	set.streams[0].legs[1] = b;
	must(tp_session_set(r->media, &set, out, NULL), "session");
}

static void call_up(struct bench *b, unsigned call)
{
	struct phone *out = &b->phones[2 * call], *in = out + 1;
	struct tp_msg_media_leg hop = { .kind = TP_MEDIA_LEG_HOP, .link = 1, .send = true,
					.receive = true };
	struct tp_msg_media_leg outside =
		udp_leg("127.0.2.40", phone_open(b, 2 * call, "127.0.2.42"));
	struct tp_msg_media_leg inside =
		udp_leg("127.0.2.41", phone_open(b, 2 * call + 1, "127.0.2.43"));
	struct tp_session *edge, *core;

	if (b->suite)
		agree(out, &outside, b->suite, call);
	set_call(&b->edge, call, outside, hop, &edge);
	hop.flow_tx = edge->streams[0]->legs[1].flow.id;
	set_call(&b->core, call, hop, inside, &core);
	hop.flow_tx = core->streams[0]->legs[0].flow.id;
	set_call(&b->edge, call, outside, hop, &edge);
	out->to = edge->streams[0]->legs[0].pair->rtp.local;
	in->to = core->streams[0]->legs[1].pair->rtp.local;
}

static void phone_send(struct phone *p)
{
	_Alignas(8) uint8_t packet[G711_BYTES + TP_SRTP_TAIL_BYTES];
	struct tp_rtp h = { .payload_type = 8, .ssrc = p->to.port, .sequence = p->sequence,
			    .timestamp = p->sequence * 160u };
	struct tp_datagram d = { .peer = p->to, .bytes = packet, .len = G711_BYTES };

	tp_rtp_write_header(packet, &h);
	memset(packet + 12, 0xd5, G711_BYTES - 12);
	if (p->tx)
		must(tp_srtp_seal_rtp(p->tx, packet, &d.len), "seal");
	p->sequence++;
	p->sent += tp_udp_send(p->fd, &d, 1, NULL);
}

static void phone_receive(struct phone *p)
{
	_Alignas(8) uint8_t packets[8][512];
	struct tp_datagram d[8];
	size_t n;

	for (size_t i = 0; i < 8; i++)
		d[i] = (struct tp_datagram){ .bytes = packets[i], .len = sizeof(packets[i]) };
	n = tp_udp_receive(p->fd, d, 8);
	for (size_t i = 0; i < n; i++) {
		bool newest;

		if (p->rx && tp_srtp_open_rtp(p->rx, packets[i], &d[i].len, &newest) != TP_OK)
			continue;
		p->received += d[i].len == G711_BYTES && packets[i][12] == 0xd5;
	}
}

static void receive_until(struct bench *b, uint64_t until_us)
{
	struct epoll_event events[64];
	uint64_t now;

	while ((now = tp_io_clock_us()) < until_us) {
		uint64_t left_us = until_us - now;
		int n = epoll_wait(b->epoll, events, 64, left_us > 1000 ? (int)(left_us / 1000) : 0);

		for (int i = 0; i < n; i++)
			phone_receive(&b->phones[events[i].data.u32]);
	}
}

/* The phones speak evenly over each 20 ms, as real ones do. */
static void talk(struct bench *b)
{
	uint64_t start = tp_io_clock_us(), due = start, now;
	unsigned phones = 2 * b->calls;

	for (unsigned frame = 0; frame < b->seconds * 50; frame++) {
		for (unsigned i = 0; i < phones; i++) {
			due = start + (uint64_t)frame * FRAME_US + (uint64_t)i * FRAME_US / phones;
			if (i % 16 == 0)
				receive_until(b, due);
			phone_send(&b->phones[i]);
		}
		now = tp_io_clock_us();
		if (now > due && now - due > b->late_us)
			b->late_us = now - due;
	}
	receive_until(b, tp_io_clock_us() + 500000);
}

static int print_result(struct bench *b)
{
	uint64_t sent = 0, received = 0, packets;

	for (unsigned i = 0; i < 2 * b->calls; i++) {
		sent += b->phones[i].sent;
		received += b->phones[i].received;
	}
	packets = received ? received : 1;
	printf("{\"calls\":%u,\"seconds\":%u,\"suite\":\"%s\",\"sent\":%llu,\"received\":%llu,"
	       "\"lost\":%llu,\"edge_ns_per_packet\":%llu,\"core_ns_per_packet\":%llu,"
	       "\"edge_cpu_percent\":%llu,\"core_cpu_percent\":%llu,\"generator_late_us\":%llu,"
	       "\"dropped\":[%llu,%llu],\"unsent\":[%llu,%llu],\"allocations\":%lu}\n",
	       b->calls, b->seconds, tp_srtp_suite_name((uint8_t)b->suite),
	       (unsigned long long)sent, (unsigned long long)received,
	       (unsigned long long)(sent - received),
	       (unsigned long long)(b->edge.cpu_ns / packets),
	       (unsigned long long)(b->core.cpu_ns / packets),
	       (unsigned long long)(b->edge.cpu_ns / 10000000 / b->seconds),
	       (unsigned long long)(b->core.cpu_ns / 10000000 / b->seconds),
	       (unsigned long long)b->late_us, (unsigned long long)b->edge.media->dropped,
	       (unsigned long long)b->core.media->dropped,
	       (unsigned long long)b->edge.media->io.send_lost,
	       (unsigned long long)b->core.media->io.send_lost, atomic_load(&allocations));
	return sent == received ? 0 : 1;
}

static void end_relay(struct relay *r)
{
	tp_loop_set_wake(r->loop, stop_loop, r->loop);
	tp_loop_wake(r->loop);
	pthread_join(r->thread, NULL);
}

static unsigned argument(int argc, char **argv, int i, unsigned fallback, unsigned max)
{
	unsigned long v = argc > i ? strtoul(argv[i], NULL, 10) : fallback;

	return v > max ? max : (unsigned)v;
}

int main(int argc, char **argv)
{
	struct rlimit files = { 20000, 20000 };
	struct bench b = { 0 };
	int result;

	b.calls = argument(argc, argv, 1, 300, CALLS_MAX);
	b.seconds = argument(argc, argv, 2, 10, 60);
	b.suite = argument(argc, argv, 3, 0, 6);
	setrlimit(RLIMIT_NOFILE, &files);
	b.epoll = epoll_create1(EPOLL_CLOEXEC);
	b.phones = calloc(2 * CALLS_MAX, sizeof(*b.phones));
	must(b.phones ? TP_OK : TP_NOMEM, "memory");
	relay_new(&b.edge, TP_ROLE_EDGE, "127.0.2.40");
	relay_new(&b.core, TP_ROLE_CORE, "127.0.2.41");
	link_up(&b);
	for (unsigned i = 0; i < b.calls; i++)
		call_up(&b, i);
	pthread_create(&b.edge.thread, NULL, relay_main, &b.edge);
	pthread_create(&b.core.thread, NULL, relay_main, &b.core);
	talk(&b);
	end_relay(&b.edge);
	end_relay(&b.core);
	result = print_result(&b);
	for (unsigned i = 0; i < 2 * b.calls; i++) {
		close(b.phones[i].fd);
		tp_srtp_free(&b.phones[i].tx);
		tp_srtp_free(&b.phones[i].rx);
	}
	relay_free(&b.edge);
	relay_free(&b.core);
	free(b.phones);
	close(b.epoll);
	return result;
}
