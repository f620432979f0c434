/* Non-blocking UDP sockets and batches of datagrams. Used by sip and media. */
#include "os/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/sockaddr.h"

static bool set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/* The forced form goes beyond the system's limit and needs a privilege; the plain
 * one takes what it gets. */
static void set_buffer(int fd, int forced, int plain, int bytes)
{
	if (bytes && !set_int(fd, SOL_SOCKET, forced, bytes))
		set_int(fd, SOL_SOCKET, plain, bytes);
}

static bool set_options(int fd, const struct tp_addr *local, const struct tp_udp_options *o)
{
	bool v6 = local->family == TP_ADDR_V6;

	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, o->receive_bytes);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, o->send_bytes);
	if (v6 && !set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return false;
	if (o->reuse_port && !set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return false;
	return v6 ? set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, o->dscp << 2)
		  : set_int(fd, IPPROTO_IP, IP_TOS, o->dscp << 2);
}

static enum tp_err bind_error(int error)
{
	switch (error) {
	case EADDRINUSE:
		return TP_EXISTS;
	case EADDRNOTAVAIL:
		return TP_NOTFOUND;
	case EACCES:
	case EPERM:
		return TP_DENIED;
	default:
		return TP_IO;
	}
}

enum tp_err tp_udp_open(const struct tp_addr *local, const struct tp_udp_options *options, int *out,
			struct tp_diag *diag)
{
	struct sockaddr_storage sa;
	socklen_t len = tp_sockaddr_from(local, &sa);
	char text[TP_ADDR_TEXT];
	int error;
	int fd;

	if (!len)
		return tp_fail(diag, TP_FORMAT, "udp", "no address to bind to");
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return tp_fail(diag, TP_IO, "udp", "socket: %s", strerror(errno));
	if (set_options(fd, local, options) && bind(fd, (struct sockaddr *)&sa, len) == 0) {
		*out = fd;
		return TP_OK;
	}
	error = errno;
	close(fd);
	return tp_fail(diag, bind_error(error), "udp", "cannot use %s: %s",
		       tp_addr_write(local, text), strerror(error));
}

enum tp_err tp_udp_connect(int fd, const struct tp_addr *peer)
{
	struct sockaddr_storage sa;
	socklen_t len = tp_sockaddr_from(peer, &sa);

	if (!len)
		return TP_FORMAT;
	return connect(fd, (struct sockaddr *)&sa, len) == 0 ? TP_OK : TP_IO;
}

struct batch {
	struct mmsghdr head[TP_UDP_BATCH_MAX];
	struct iovec vec[TP_UDP_BATCH_MAX];
	struct sockaddr_storage peer[TP_UDP_BATCH_MAX];
};

size_t tp_udp_receive(int fd, struct tp_datagram *batch, size_t count)
{
	struct batch b;
	int n;

	if (count > TP_UDP_BATCH_MAX)
		count = TP_UDP_BATCH_MAX;
	for (size_t i = 0; i < count; i++) {
		b.vec[i] = (struct iovec){ batch[i].bytes, batch[i].len };
		b.head[i].msg_hdr = (struct msghdr){ .msg_name = &b.peer[i],
						     .msg_namelen = sizeof(b.peer[i]),
						     .msg_iov = &b.vec[i],
						     .msg_iovlen = 1 };
	}
	/* An ICMP error of an earlier send comes up here once; the next call gets data. */
	for (int tries = 0; tries < 4; tries++) {
		n = recvmmsg(fd, b.head, (unsigned)count, MSG_DONTWAIT, NULL);
		if (n >= 0 || errno == EAGAIN)
			break;
	}
	if (n < 0)
		return 0;
	for (int i = 0; i < n; i++) {
		batch[i].cut = b.head[i].msg_hdr.msg_flags & MSG_TRUNC;
		batch[i].len = b.head[i].msg_len;
		if (tp_sockaddr_to(&b.peer[i], b.head[i].msg_hdr.msg_namelen, &batch[i].peer) != TP_OK)
			batch[i].peer = (struct tp_addr){ 0 };
	}
	return (size_t)n;
}

size_t tp_udp_send(int fd, const struct tp_datagram *batch, size_t count, size_t *refused)
{
	struct batch b;
	size_t done = 0;

	if (count > TP_UDP_BATCH_MAX)
		count = TP_UDP_BATCH_MAX;
	for (size_t i = 0; i < count; i++) {
		socklen_t len = tp_sockaddr_from(&batch[i].peer, &b.peer[i]);

		b.vec[i] = (struct iovec){ batch[i].bytes, batch[i].len };
		b.head[i].msg_hdr = (struct msghdr){ .msg_name = len ? &b.peer[i] : NULL,
						     .msg_namelen = len,
						     .msg_iov = &b.vec[i],
						     .msg_iovlen = 1 };
	}
	while (done < count) {
		int n = sendmmsg(fd, b.head + done, (unsigned)(count - done), MSG_DONTWAIT);

		if (n > 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			break;
		} else if (errno != EINTR) {
			done++;
			if (refused)
				(*refused)++;
		}
	}
	return done;
}
