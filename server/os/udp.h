/* Non-blocking UDP sockets and batches of datagrams. Used by sip and media. */
#ifndef TP_OS_UDP_H
#define TP_OS_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"

struct tp_udp_options {
	int receive_bytes; /* SO_RCVBUF; 0 = the system's */
	int send_bytes;    /* SO_SNDBUF; 0 = the system's */
	uint8_t dscp;      /* 0 .. 63 */
	bool reuse_port;   /* SO_REUSEPORT */
};

/* Non-blocking, close-on-exec, IPV6_V6ONLY, bound to `local` (port 0: any; read it
 * back with tp_sockaddr_local). TP_EXISTS: address in use; TP_NOTFOUND: not an
 * address of this machine; TP_DENIED; TP_IO. */
TP_NODISCARD enum tp_err tp_udp_open(const struct tp_addr *local, const struct tp_udp_options *options,
				     int *out, struct tp_diag *diag);
/* Fixes the peer, so that the kernel drops datagrams of others. */
TP_NODISCARD enum tp_err tp_udp_connect(int fd, const struct tp_addr *peer);

/* One datagram of a batch. The buffer is the caller's. */
struct tp_datagram {
	struct tp_addr peer; /* receive: from; send: to (family 0 on a connected socket) */
	uint8_t *bytes;
	size_t len;          /* receive: capacity in, length out; send: length */
	bool cut;            /* receive: was longer than the buffer */
};

enum { TP_UDP_BATCH_MAX = 64 };

/* Receives up to `count` (at most TP_UDP_BATCH_MAX) datagrams without waiting; the
 * number received, 0 when there is none. Pending ICMP errors are swallowed. */
size_t tp_udp_receive(int fd, struct tp_datagram *batch, size_t count);
/* Sends up to `count` datagrams; how many were taken (the others met a full socket
 * buffer). A datagram the system refuses for another reason is dropped and counted
 * as taken; *refused (may be NULL) is raised by one for each. */
size_t tp_udp_send(int fd, const struct tp_datagram *batch, size_t count, size_t *refused);

#endif
