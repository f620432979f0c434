/* tp-hopwatch: listens with AF_PACKET on one interface and says of UDP datagrams to or from
 * the given ports how many there were and how many held a known mark, until SIGTERM. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PORTS_MAX = 8,
	BUFFER_BYTES = 64 << 20,
	FRAME_MAX = 70000,
	UDP_HEADER = 8,
	PROTOCOL_UDP = 17,
	ETHERNET_HEADER = 14, /* lo and veth alike */
};

struct watch {
	uint16_t ports[PORTS_MAX];
	size_t port_count;
	const char *interface;
	const char *mark;
	uint64_t datagrams;
	uint64_t to[PORTS_MAX];   /* by destination port */
	uint64_t from[PORTS_MAX]; /* by source port */
	uint64_t bytes;
	uint64_t marked;
	uint64_t missed; /* the kernel could not keep for us */
};

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Start of the UDP header in an IP packet, NULL when it is something else or a fragment. */
static const uint8_t *find_udp(const uint8_t *p, size_t len)
{
	if (len >= 20 && p[0] >> 4 == 4) {
		size_t head = (size_t)(p[0] & 15) * 4;
		bool fragment = be16(p + 6) & 0x1fff;
		return p[9] == PROTOCOL_UDP && !fragment && len >= head + UDP_HEADER ? p + head : NULL;
	}
	if (len >= 40 + UDP_HEADER && p[0] >> 4 == 6)
		return p[6] == PROTOCOL_UDP ? p + 40 : NULL;
	return NULL;
}

/* A train sent with UDP_SEGMENT is seen here as one long packet of gso_size pieces. */
static uint64_t count_pieces(const struct virtio_net_hdr *head, size_t payload)
{
	if (head->gso_type == VIRTIO_NET_HDR_GSO_NONE || head->gso_size == 0)
		return 1;
	return (payload + head->gso_size - 1) / head->gso_size;
}

static void look_at(struct watch *w, const uint8_t *frame, size_t len)
{
	struct virtio_net_hdr head;
	const size_t before_ip = sizeof(head) + ETHERNET_HEADER;
	if (len <= before_ip)
		return;
	memcpy(&head, frame, sizeof(head));
	const uint8_t *ip = frame + before_ip;
	const uint8_t *udp = find_udp(ip, len - before_ip);
	if (!udp)
		return;
	size_t payload = len - (size_t)(udp + UDP_HEADER - frame);
	uint64_t pieces = count_pieces(&head, payload);
	bool ours = false;
	for (size_t i = 0; i < w->port_count; i++) {
		bool to = be16(udp + 2) == w->ports[i], from = be16(udp) == w->ports[i];
		w->to[i] += to ? pieces : 0;
		w->from[i] += from ? pieces : 0;
		ours = ours || to || from;
	}
	if (!ours)
		return;
	w->datagrams += pieces;
	w->bytes += payload;
	if (memmem(udp + UDP_HEADER, payload, w->mark, strlen(w->mark)))
		w->marked += pieces;
}

static int open_capture(const char *interface)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	int big = BUFFER_BYTES, on = 1;
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = (int)if_nametoindex(interface) };
	if (fd < 0 || ll.sll_ifindex == 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&ll, sizeof(ll)) < 0) {
		fprintf(stderr, "tp-hopwatch: %s: %s\n", interface, strerror(errno));
		exit(2);
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof(big));
	return fd;
}

static void drain(struct watch *w, int fd)
{
	uint8_t frame[FRAME_MAX];
	for (;;) {
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&from,
				     &from_len);
		if (n < 0)
			return;
		/* Each packet is seen going out and, on lo, coming in: one of them counts. */
		if (from.sll_pkttype == PACKET_OUTGOING && !strcmp(w->interface, "lo"))
			continue;
		look_at(w, frame, (size_t)n);
	}
}

static void watch_until_told(struct watch *w, int fd)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	struct pollfd fds[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = signalfd(-1, &set, SFD_CLOEXEC), .events = POLLIN },
	};
	while (poll(fds, 2, -1) >= 0 && !fds[1].revents)
		drain(w, fd);
	drain(w, fd);
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);
	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	w->missed = stats.tp_drops;
	close(fds[1].fd);
}

static void write_result(const struct watch *w)
{
	printf("{\"datagrams\":%llu,\"bytes\":%llu,\"marked\":%llu,\"missed\":%llu,\"ports\":[",
	       (unsigned long long)w->datagrams, (unsigned long long)w->bytes,
	       (unsigned long long)w->marked, (unsigned long long)w->missed);
	for (size_t i = 0; i < w->port_count; i++)
		printf("%s{\"port\":%u,\"to\":%llu,\"from\":%llu}", i ? "," : "", w->ports[i],
		       (unsigned long long)w->to[i], (unsigned long long)w->from[i]);
	printf("]}\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "interface", required_argument, NULL, 'i' },
		{ "port", required_argument, NULL, 'p' },
		{ "mark", required_argument, NULL, 'm' },
		{ 0 },
	};
	struct watch w = { 0 };
	int c;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'i')
			w.interface = optarg;
		else if (c == 'm')
			w.mark = optarg;
		else if (c == 'p' && w.port_count < PORTS_MAX)
			w.ports[w.port_count++] = (uint16_t)strtoul(optarg, NULL, 10);
		else
			w.port_count = 0;
	}
	if (!w.interface || !w.mark || !w.mark[0] || w.port_count == 0) {
		fprintf(stderr, "usage: tp-hopwatch --interface NAME --port N ... --mark TEXT\n");
		return 2;
	}
	int fd = open_capture(w.interface);
	watch_until_told(&w, fd);
	write_result(&w);
	close(fd);
	return 0;
}
