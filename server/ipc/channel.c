/* A channel between two processes over one SOCK_SEQPACKET socket.
 * Used by every process. */
#include "ipc/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "core/secret.h"

enum {
	HEADER_BYTES = 8,
	SOCKET_BUFFER = 2 * TP_CHANNEL_FRAME_MAX,
	FRAMES_A_ROUND = 16,
	SURPLUS_FDS = 16, /* room for what a hostile peer adds, so that it is closed here */
};

/* A frame that waits for a slow reader; its bytes follow. */
struct queued {
	struct tp_list link;
	int fds[TP_CHANNEL_FDS_MAX];
	size_t fd_count;
	size_t len;
	uint8_t bytes[];
};

struct tp_channel {
	struct tp_loop *loop;
	struct tp_watch watch;
	struct tp_later closed_later;
	enum tp_process self;
	enum tp_process peer;
	tp_channel_handler on_frame;
	tp_channel_closed on_closed;
	void *arg;
	bool *freed; /* set by free while a handler runs */
	uint32_t last_request;
	struct tp_list queue;
	size_t queue_bytes;
	uint8_t *in;  /* TP_CHANNEL_FRAME_MAX each; apart, since a handler that reads */
	uint8_t *out; /* a frame may send one */
};

static void on_event(void *arg, uint32_t events);

static void close_fds(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

static void free_queued(struct queued *q)
{
	close_fds(q->fds, q->fd_count);
	tp_wipe(q->bytes, q->len);
	free(q);
}

static void drop_queue(struct tp_channel *ch)
{
	struct tp_list *first;

	while ((first = tp_list_pop(&ch->queue)))
		free_queued(TP_CONTAINER(first, struct queued, link));
	ch->queue_bytes = 0;
}

static void enlarge(int fd, int forced, int plain)
{
	int bytes = SOCKET_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof(bytes));
}

static void free_channel(struct tp_channel *ch)
{
	if (!ch)
		return;
	free(ch->in);
	free(ch->out);
	free(ch);
}

enum tp_err tp_channel_new(struct tp_loop *loop, int fd, enum tp_process self, enum tp_process peer,
			   tp_channel_handler on_frame, tp_channel_closed on_closed, void *arg,
			   struct tp_channel **out)
{
	struct tp_channel *ch = calloc(1, sizeof(*ch));
	enum tp_err err;

	if (!ch || !(ch->in = malloc(TP_CHANNEL_FRAME_MAX)) ||
	    !(ch->out = malloc(TP_CHANNEL_FRAME_MAX))) {
		free_channel(ch);
		close(fd);
		return TP_NOMEM;
	}
	enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	ch->loop = loop;
	ch->self = self;
	ch->peer = peer;
	ch->on_frame = on_frame;
	ch->on_closed = on_closed;
	ch->arg = arg;
	tp_list_init(&ch->queue);
	err = tp_watch_start(loop, &ch->watch, fd, TP_LOOP_READ, on_event, ch);
	if (err != TP_OK) {
		free_channel(ch);
		close(fd);
		return err;
	}
	*out = ch;
	return TP_OK;
}

static void shut(struct tp_channel *ch)
{
	if (!ch->watch.active)
		return;
	tp_watch_stop(ch->loop, &ch->watch);
	close(ch->watch.fd);
	drop_queue(ch);
}

void tp_channel_free(struct tp_channel **at)
{
	struct tp_channel *ch = *at;

	if (!ch)
		return;
	*at = NULL;
	shut(ch);
	tp_later_cancel(&ch->closed_later);
	if (ch->freed) {
		/* The handler below may still read its frame: take_frame frees it. */
		*ch->freed = true;
		ch->in = NULL;
	}
	free_channel(ch);
}

enum tp_process tp_channel_peer(const struct tp_channel *ch)
{
	return ch->peer;
}

bool tp_channel_open(const struct tp_channel *ch)
{
	return ch->watch.active;
}

uint32_t tp_channel_next_request(struct tp_channel *ch)
{
	if (++ch->last_request == 0)
		ch->last_request = 1;
	return ch->last_request;
}

static void tell_closed(void *arg)
{
	struct tp_channel *ch = arg;

	ch->on_closed(ch->arg, ch);
}

/* The owner hears of it at the end of the round, never from within its own call. */
static void end(struct tp_channel *ch)
{
	if (!ch->watch.active)
		return;
	shut(ch);
	tp_later_add(ch->loop, &ch->closed_later, tell_closed, ch);
}

/* ------------------------------------------------------------------ sending */

/* TP_AGAIN: the socket is full. The fds stay the caller's. */
static enum tp_err send_packet(struct tp_channel *ch, const uint8_t *bytes, size_t len,
			       const int *fds, size_t fd_count)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * TP_CHANNEL_FDS_MAX)];
	} control = { 0 };
	struct iovec vec = { (void *)bytes, len };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };
	ssize_t n;

	if (fd_count) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * fd_count);
	}
	do
		n = sendmsg(ch->watch.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return TP_OK;
	if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS)
		return TP_AGAIN;
	return errno == EMSGSIZE ? TP_LIMIT : TP_CLOSED;
}

static enum tp_err enqueue(struct tp_channel *ch, size_t len, const int *fds, size_t fd_count)
{
	struct queued *q;

	if (ch->queue_bytes + len > TP_CHANNEL_QUEUE_MAX)
		return TP_LIMIT;
	q = malloc(sizeof(*q) + len);
	if (!q)
		return TP_NOMEM;
	memset(q, 0, sizeof(*q));
	q->len = len;
	memcpy(q->bytes, ch->out, len);
	for (; q->fd_count < fd_count; q->fd_count++) {
		q->fds[q->fd_count] = dup(fds[q->fd_count]);
		if (q->fds[q->fd_count] < 0) {
			free_queued(q);
			return TP_IO;
		}
	}
	tp_list_append(&ch->queue, &q->link);
	ch->queue_bytes += len;
	return tp_watch_change(ch->loop, &ch->watch, TP_LOOP_READ | TP_LOOP_WRITE);
}

enum tp_err tp_channel_send_raw(struct tp_channel *ch, uint16_t type, uint32_t request,
				void (*write)(struct tp_wr *, const void *), const void *msg,
				const int *fds, size_t fd_count)
{
	struct tp_wr wr;
	enum tp_err err;

	if (!ch || !ch->watch.active)
		return TP_CLOSED;
	if (!tp_msg_allowed(type, ch->self, ch->peer))
		return TP_DENIED;
	if (fd_count > TP_CHANNEL_FDS_MAX)
		return TP_LIMIT;
	tp_wr_init(&wr, ch->out, TP_CHANNEL_FRAME_MAX);
	tp_wr_u16(&wr, type);
	tp_wr_u16(&wr, 0);
	tp_wr_u32(&wr, request);
	write(&wr, msg);
	if (wr.err != TP_OK)
		return wr.err;
	err = tp_list_empty(&ch->queue) ? send_packet(ch, ch->out, wr.len, fds, fd_count) : TP_AGAIN;
	if (err == TP_AGAIN)
		err = enqueue(ch, wr.len, fds, fd_count);
	tp_wipe(ch->out, wr.len);
	return err;
}

static void drain_queue(struct tp_channel *ch)
{
	struct tp_list *first;

	while ((first = tp_list_first(&ch->queue))) {
		struct queued *q = TP_CONTAINER(first, struct queued, link);
		enum tp_err err = send_packet(ch, q->bytes, q->len, q->fds, q->fd_count);

		if (err == TP_AGAIN)
			return;
		if (err != TP_OK)
			break;
		ch->queue_bytes -= q->len;
		free_queued(TP_CONTAINER(tp_list_pop(&ch->queue), struct queued, link));
	}
	if (first || tp_watch_change(ch->loop, &ch->watch, TP_LOOP_READ) != TP_OK)
		end(ch);
}

/* ---------------------------------------------------------------- receiving */

/* Takes the fds of a received packet; the fourth and later ones are closed. */
static bool take_fds(struct msghdr *msg, struct tp_frame *frame)
{
	bool fits = true;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (frame->fd_count < TP_CHANNEL_FDS_MAX) {
				frame->fds[frame->fd_count++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

/* TP_AGAIN: nothing there. TP_CLOSED: the peer has gone. */
static enum tp_err receive(struct tp_channel *ch, struct tp_frame *frame)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int) * SURPLUS_FDS)];
	} control;
	struct iovec vec = { ch->in, TP_CHANNEL_FRAME_MAX };
	struct msghdr msg = { .msg_iov = &vec,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	ssize_t n;

	do
		n = recvmsg(ch->watch.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? TP_AGAIN : TP_CLOSED;
	if (n == 0)
		return TP_CLOSED;
	tp_rd_init(&frame->body, ch->in, (size_t)n);
	if (!take_fds(&msg, frame) || msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return TP_LIMIT;
	return TP_OK;
}

static enum tp_err check_header(const struct tp_channel *ch, struct tp_frame *frame)
{
	uint16_t reserved;

	frame->type = tp_rd_u16(&frame->body);
	reserved = tp_rd_u16(&frame->body);
	frame->request = tp_rd_u32(&frame->body);
	if (frame->body.err != TP_OK)
		return frame->body.err;
	if (reserved)
		return TP_FORMAT;
	return tp_msg_allowed(frame->type, ch->peer, ch->self) ? TP_OK : TP_DENIED;
}

/* One frame through the handler. False when there is no further one for now. */
static bool take_frame(struct tp_channel *ch)
{
	struct tp_frame frame = { 0 };
	bool freed = false;
	uint8_t *in = ch->in;
	const uint8_t *end_of_frame;
	enum tp_err err = receive(ch, &frame);

	if (err == TP_AGAIN)
		return false;
	end_of_frame = frame.body.end ? frame.body.end : in;
	if (err == TP_OK)
		err = check_header(ch, &frame);
	if (err == TP_OK) {
		ch->freed = &freed;
		err = ch->on_frame(ch->arg, ch, &frame);
	}
	/* Frames carry secrets. */
	tp_wipe(in, (size_t)(end_of_frame - in));
	close_fds(frame.fds, frame.fd_count);
	if (freed) {
		free(in);
		return false;
	}
	ch->freed = NULL;
	if (!ch->watch.active)
		return false;
	if (err == TP_OK)
		return true;
	if (err != TP_CLOSED)
		TP_LOG(TP_LOG_WARN, "ipc.refused", "message %s (%u) from %s: %s; channel closed",
		       tp_msg_name(frame.type), frame.type, tp_process_name(ch->peer),
		       tp_err_name(err));
	end(ch);
	return false;
}

static void on_event(void *arg, uint32_t events)
{
	struct tp_channel *ch = arg;

	if (events & TP_LOOP_WRITE)
		drain_queue(ch);
	if (!ch->watch.active || !(events & TP_LOOP_READ))
		return;
	for (int i = 0; i < FRAMES_A_ROUND && take_frame(ch); i++)
		continue;
}
