/* Sockets in pairs (RTP, RTCP), packet buffers and the batch of datagrams waiting to
 * leave. A buffer belongs to the receive loop until a stage queues it for sending;
 * nothing is allocated for a packet. Owned by turnpike-media's one thread. */
#ifndef TP_MEDIA_IO_H
#define TP_MEDIA_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "os/loop.h"
#include "os/udp.h"

enum {
	TP_BUFFER_HEADROOM = 32,  /* in front of RTP: the hop's header goes there */
	TP_BUFFER_PACKET_MAX = 2048,
	TP_BUFFER_TAIL = 192,     /* for what protecting adds */
	TP_BUFFERS = 192,
};

struct tp_buffer {
	uint8_t *data;       /* within room */
	size_t len;
	struct tp_addr peer; /* received from */
	bool queued;
	_Alignas(16) uint8_t room[TP_BUFFER_HEADROOM + TP_BUFFER_PACKET_MAX + TP_BUFFER_TAIL];
};

struct tp_io;
struct tp_socket;
typedef void (*tp_packet_handler)(void *owner, struct tp_socket *socket, struct tp_buffer *buffer);

struct tp_socket {
	struct tp_io *io;
	struct tp_watch watch;
	struct tp_addr local;
	bool rtcp;
	size_t headroom;
	tp_packet_handler on_packet;
	void *owner;
};

struct tp_pair {
	struct tp_socket rtp;
	struct tp_socket rtcp;
};

/* headroom: bytes in front of what is received, a multiple of 16, at most
 * TP_BUFFER_HEADROOM. */
struct tp_pair_options {
	struct tp_udp_options udp;
	size_t headroom;
	tp_packet_handler on_packet;
	void *owner;
};

struct tp_io {
	struct tp_loop *loop;
	struct tp_buffer *buffers;
	struct tp_buffer *free[TP_BUFFERS];
	size_t free_count;
	struct tp_socket *out_socket; /* all waiting datagrams leave by it */
	struct tp_datagram out[TP_UDP_BATCH_MAX];
	struct tp_buffer *out_buffers[TP_UDP_BATCH_MAX];
	size_t out_count;
	struct tp_later flush_later;
	uint64_t now_us;     /* monotonic, at the last receive */
	uint64_t sent;
	uint64_t send_lost;  /* socket buffer full, or refused by the system */
	uint64_t cut;        /* received longer than a buffer */
};

TP_NODISCARD enum tp_err tp_io_init(struct tp_io *io, struct tp_loop *loop);
void tp_io_fini(struct tp_io *io);

/* Binds both sockets and watches them. Errors of tp_udp_open. */
TP_NODISCARD enum tp_err tp_pair_open(struct tp_io *io, const struct tp_addr *rtp,
				      const struct tp_addr *rtcp, const struct tp_pair_options *options,
				      struct tp_pair *out, struct tp_diag *diag);
/* Sends what waits, stops watching, closes. A zeroed pair is closed already. */
void tp_pair_close(struct tp_pair *pair);
bool tp_pair_is_open(const struct tp_pair *pair);
/* Handles what has arrived already, as the loop would. */
void tp_pair_receive(struct tp_pair *pair);

/* Queues buffer->data for sending; the buffer is the queue's then. */
void tp_socket_send(struct tp_socket *socket, struct tp_buffer *buffer, const struct tp_addr *to);
/* A buffer for a packet of our own, data at TP_BUFFER_HEADROOM. Never NULL. */
struct tp_buffer *tp_io_take_buffer(struct tp_io *io);
/* Gives back a buffer that was not queued. */
void tp_io_put_buffer(struct tp_io *io, struct tp_buffer *buffer);
void tp_io_flush(struct tp_io *io);

uint64_t tp_io_clock_us(void);

#endif
