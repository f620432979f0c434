/* A channel between two processes: one AF_UNIX SOCK_SEQPACKET socket, one message
 * a packet: {be16 type, be16 reserved 0, be32 request} then the encoded message.
 * At most TP_CHANNEL_FDS_MAX file descriptors ride with a message.
 *
 * A channel checks each received frame against the who-may-send-what table before
 * the handler sees it; a forbidden, unknown or over-long frame closes the channel
 * with a log line. Decoding is the handler's (tp_msg_<name>_read); a handler that
 * returns an error closes the channel too. */
#ifndef TP_IPC_CHANNEL_H
#define TP_IPC_CHANNEL_H

#include "ipc/messages.h"
#include "os/loop.h"

enum {
	TP_CHANNEL_FRAME_MAX = 131072, /* bytes with the header */
	TP_CHANNEL_FDS_MAX = 3,
	TP_CHANNEL_QUEUE_MAX = 4 << 20, /* bytes waiting for a slow reader; beyond: TP_LIMIT */
};

struct tp_frame {
	uint16_t type;
	uint32_t request;
	struct tp_rd body;             /* borrowed, valid during the handler only */
	int fds[TP_CHANNEL_FDS_MAX];   /* taken by the handler by setting to -1; others are closed after it */
	size_t fd_count;
};

struct tp_channel;

/* Called for each allowed frame. Not TP_OK: the channel is closed (on_closed runs). */
typedef enum tp_err (*tp_channel_handler)(void *arg, struct tp_channel *ch, struct tp_frame *frame);
/* The peer is gone or misbehaved. Free the channel here or later. */
typedef void (*tp_channel_closed)(void *arg, struct tp_channel *ch);

/* Takes the fd (also on failure). self and peer name the two ends for the table. */
TP_NODISCARD enum tp_err tp_channel_new(struct tp_loop *loop, int fd, enum tp_process self,
					enum tp_process peer, tp_channel_handler on_frame,
					tp_channel_closed on_closed, void *arg,
					struct tp_channel **out);
void tp_channel_free(struct tp_channel **ch);
enum tp_process tp_channel_peer(const struct tp_channel *ch);
bool tp_channel_open(const struct tp_channel *ch);

/* A request number for a question; never 0. */
uint32_t tp_channel_next_request(struct tp_channel *ch);

/* Encodes by `write` (a tp_msg_<name>_write cast by TP_CHANNEL_SEND) and queues.
 * fds are duplicated for the peer; the caller keeps its own. TP_CLOSED, TP_LIMIT
 * (queue full or message too long), TP_DENIED (table says no: a bug of ours). */
enum tp_err tp_channel_send_raw(struct tp_channel *ch, uint16_t type, uint32_t request,
				void (*write)(struct tp_wr *, const void *), const void *msg,
				const int *fds, size_t fd_count);

#define TP_CHANNEL_SEND(ch, name, request, msg) \
	TP_CHANNEL_SEND_FDS(ch, name, request, msg, NULL, 0)
#define TP_CHANNEL_SEND_FDS(ch, name, request, msg, fds, fd_count)                      \
	tp_channel_send_raw((ch), TP_MSG_TYPE_##name, (request),                        \
			    tp_msg_##name##_write_any,                                  \
			    (1 ? (msg) : (const struct tp_msg_##name *)0), (fds), (fd_count))

/* tp_msg_<name>_write_any: the writer behind a void pointer, for each message. */
#define TP_MSG(n, id, from, to) void tp_msg_##n##_write_any(struct tp_wr *wr, const void *m);
#include "core/codec/messages_only.h"
#include "ipc/messages.def"
#include "core/codec/undef.h"

#endif
