/* Media sockets, buffers and batches. Runs in turnpike-media. */
#include "media/io.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 16,   /* datagrams of one receive call */
	ROUNDS = 16,  /* receive calls for one socket before the others get their turn */
};

uint64_t tp_io_clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

enum tp_err tp_io_init(struct tp_io *io, struct tp_loop *loop)
{
	memset(io, 0, sizeof(*io));
	io->loop = loop;
	io->buffers = aligned_alloc(64, (TP_BUFFERS * sizeof(*io->buffers) + 63) / 64 * 64);
	if (!io->buffers)
		return TP_NOMEM;
	for (size_t i = 0; i < TP_BUFFERS; i++)
		io->free[io->free_count++] = &io->buffers[i];
	io->now_us = tp_io_clock_us();
	return TP_OK;
}

void tp_io_fini(struct tp_io *io)
{
	if (!io->buffers)
		return;
	tp_later_cancel(&io->flush_later);
	free(io->buffers);
	io->buffers = NULL;
}

void tp_io_put_buffer(struct tp_io *io, struct tp_buffer *b)
{
	io->free[io->free_count++] = b;
}

void tp_io_flush(struct tp_io *io)
{
	size_t refused = 0, taken;

	if (!io->out_count)
		return;
	taken = tp_udp_send(io->out_socket->watch.fd, io->out, io->out_count, &refused);
	io->sent += taken - refused;
	io->send_lost += io->out_count - taken + refused;
	for (size_t i = 0; i < io->out_count; i++)
		tp_io_put_buffer(io, io->out_buffers[i]);
	io->out_count = 0;
}

static void flush_at_end_of_round(void *arg)
{
	tp_io_flush(arg);
}

void tp_socket_send(struct tp_socket *socket, struct tp_buffer *b, const struct tp_addr *to)
{
	struct tp_io *io = socket->io;

	if (io->out_count && io->out_socket != socket)
		tp_io_flush(io);
	if (!io->out_count)
		tp_later_add(io->loop, &io->flush_later, flush_at_end_of_round, io);
	io->out_socket = socket;
	io->out[io->out_count] = (struct tp_datagram){ .peer = *to, .bytes = b->data, .len = b->len };
	io->out_buffers[io->out_count++] = b;
	b->queued = true;
	if (io->out_count == TP_UDP_BATCH_MAX)
		tp_io_flush(io);
}

struct tp_buffer *tp_io_take_buffer(struct tp_io *io)
{
	struct tp_buffer *b;

	if (!io->free_count)
		tp_io_flush(io);
	b = io->free[--io->free_count];
	b->data = b->room + TP_BUFFER_HEADROOM;
	b->len = 0;
	b->queued = false;
	return b;
}

/* One receive call; false when the socket had fewer datagrams than asked for. */
static bool receive_batch(struct tp_socket *s)
{
	struct tp_io *io = s->io;
	struct tp_datagram in[BATCH];
	struct tp_buffer *buffers[BATCH];
	size_t count;

	for (size_t i = 0; i < BATCH; i++) {
		buffers[i] = tp_io_take_buffer(io);
		buffers[i]->data = buffers[i]->room + s->headroom;
		in[i] = (struct tp_datagram){ .bytes = buffers[i]->data,
					      .len = TP_BUFFER_PACKET_MAX };
	}
	count = tp_udp_receive(s->watch.fd, in, BATCH);
	io->now_us = tp_io_clock_us();
	for (size_t i = 0; i < BATCH; i++) {
		struct tp_buffer *b = buffers[i];

		if (i < count && in[i].cut) {
			io->cut++;
		} else if (i < count) {
			b->len = in[i].len;
			b->peer = in[i].peer;
			s->on_packet(s->owner, s, b);
		}
		if (!b->queued)
			tp_io_put_buffer(io, b);
	}
	return count == BATCH;
}

static void on_readable(void *arg, uint32_t events)
{
	struct tp_socket *s = arg;

	(void)events;
	for (unsigned i = 0; i < ROUNDS; i++)
		if (!receive_batch(s))
			return;
}

static enum tp_err open_socket(struct tp_io *io, const struct tp_addr *local, bool rtcp,
			       const struct tp_pair_options *o, struct tp_socket *s,
			       struct tp_diag *diag)
{
	int fd;
	enum tp_err err = tp_udp_open(local, &o->udp, &fd, diag);

	if (err)
		return err;
	*s = (struct tp_socket){ .io = io, .local = *local, .rtcp = rtcp, .headroom = o->headroom,
				 .on_packet = o->on_packet, .owner = o->owner };
	err = tp_watch_start(io->loop, &s->watch, fd, TP_LOOP_READ, on_readable, s);
	if (err) {
		close(fd);
		s->io = NULL;
		return tp_fail(diag, err, "udp", "cannot watch a media socket");
	}
	return TP_OK;
}

static void close_socket(struct tp_socket *s)
{
	int fd = s->watch.fd;

	if (!s->io)
		return;
	if (s->io->out_socket == s)
		tp_io_flush(s->io);
	tp_watch_stop(s->io->loop, &s->watch);
	close(fd);
	s->io = NULL;
}

enum tp_err tp_pair_open(struct tp_io *io, const struct tp_addr *rtp, const struct tp_addr *rtcp,
			 const struct tp_pair_options *options, struct tp_pair *out,
			 struct tp_diag *diag)
{
	enum tp_err err = open_socket(io, rtp, false, options, &out->rtp, diag);

	if (err)
		return err;
	err = open_socket(io, rtcp, true, options, &out->rtcp, diag);
	if (err)
		close_socket(&out->rtp);
	return err;
}

void tp_pair_close(struct tp_pair *pair)
{
	close_socket(&pair->rtp);
	close_socket(&pair->rtcp);
}

void tp_pair_receive(struct tp_pair *pair)
{
	if (!tp_pair_is_open(pair))
		return;
	on_readable(&pair->rtp, TP_LOOP_READ);
	on_readable(&pair->rtcp, TP_LOOP_READ);
}

bool tp_pair_is_open(const struct tp_pair *pair)
{
	return pair->rtp.io != NULL;
}
