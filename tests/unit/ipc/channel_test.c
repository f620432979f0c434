/* What a channel lets through and what closes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/channel.h"
#include "os/memfd.h"

struct ctx {
	struct tp_loop *loop;
	struct tp_channel *admin; /* the end under test: admin's, towards the supervisor */
	int raw;                  /* the other end */
	unsigned frames;
	uint16_t last_type;
	uint32_t last_request;
	size_t last_fds;
	char fd_text[8];
	bool closed;
	bool free_in_handler;
	enum tp_err answer;
	struct tp_timer timer;
};

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct ctx *c = arg;

	c->frames++;
	c->last_type = frame->type;
	c->last_request = frame->request;
	c->last_fds = frame->fd_count;
	if (frame->fd_count)
		assert_int_equal(pread(frame->fds[0], c->fd_text, 4, 0), 4);
	if (c->free_in_handler) {
		assert_ptr_equal(ch, c->admin);
		tp_channel_free(&c->admin);
		/* The frame must still be readable. */
		tp_rd_u64(&frame->body);
		assert_int_equal(frame->body.err, TP_OK);
	}
	return c->answer;
}

static void on_closed(void *arg, struct tp_channel *ch)
{
	struct ctx *c = arg;

	assert_ptr_equal(ch, c->admin);
	c->closed = true;
}

static int setup(void **state)
{
	struct ctx *c = calloc(1, sizeof(*c));
	int fds[2];

	assert_int_equal(tp_loop_new(&c->loop), TP_OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(tp_channel_new(c->loop, fds[0], TP_PROCESS_ADMIN, TP_PROCESS_SUP, on_frame,
					on_closed, c, &c->admin), TP_OK);
	c->raw = fds[1];
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct ctx *c = *state;

	tp_channel_free(&c->admin);
	close(c->raw);
	tp_loop_free(&c->loop);
	free(c);
	return 0;
}

static void stop(void *arg)
{
	tp_loop_stop(((struct ctx *)arg)->loop);
}

static void run(struct ctx *c)
{
	assert_int_equal(tp_timer_start(c->loop, &c->timer, 20, stop, c), TP_OK);
	assert_int_equal(tp_loop_run(c->loop), TP_OK);
}

static void send_raw(struct ctx *c, uint16_t type, uint16_t reserved, uint32_t request, size_t body)
{
	uint8_t *frame = calloc(1, 8 + body);

	tp_store_be16(frame, type);
	tp_store_be16(frame + 2, reserved);
	tp_store_be32(frame + 4, request);
	assert_int_equal(send(c->raw, frame, 8 + body, 0), (ssize_t)(8 + body));
	free(frame);
}

static void send_fds(struct ctx *c, const int *fds, size_t count)
{
	char room[CMSG_SPACE(sizeof(int) * 8)] = { 0 };
	uint8_t frame[16] = { 0, TP_MSG_TYPE_ping };
	struct iovec vec = { frame, sizeof(frame) };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1, .msg_control = room,
			      .msg_controllen = CMSG_SPACE(sizeof(int) * count) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&msg);

	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(h), fds, sizeof(int) * count);
	assert_int_equal(sendmsg(c->raw, &msg, 0), sizeof(frame));
}

static unsigned open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void allowed_frame_reaches_the_handler(void **state)
{
	struct ctx *c = *state;

	send_raw(c, TP_MSG_TYPE_ping, 0, 77, 8);
	run(c);
	assert_int_equal(c->frames, 1);
	assert_int_equal(c->last_type, TP_MSG_TYPE_ping);
	assert_int_equal(c->last_request, 77);
	assert_false(c->closed);
}

static void closes_on(struct ctx *c)
{
	run(c);
	assert_int_equal(c->frames, 0);
	assert_true(c->closed);
	assert_false(tp_channel_open(c->admin));
}

static void forbidden_type_closes(void **state)
{
	send_raw(*state, TP_MSG_TYPE_keys_made, 0, 1, 0);
	closes_on(*state);
}

static void unknown_type_closes(void **state)
{
	send_raw(*state, 60000, 0, 1, 0);
	closes_on(*state);
}

static void own_type_sent_back_closes(void **state)
{
	send_raw(*state, TP_MSG_TYPE_seal, 0, 1, 4);
	closes_on(*state);
}

static void reserved_field_closes(void **state)
{
	send_raw(*state, TP_MSG_TYPE_ping, 1, 1, 8);
	closes_on(*state);
}

static void short_header_closes(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(send(c->raw, "\0\3\0", 3, 0), 3);
	closes_on(c);
}

static void over_long_frame_closes(void **state)
{
	struct ctx *c = *state;
	int bytes = 4 * TP_CHANNEL_FRAME_MAX;

	assert_int_equal(setsockopt(c->raw, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
	send_raw(c, TP_MSG_TYPE_ping, 0, 1, TP_CHANNEL_FRAME_MAX);
	closes_on(c);
}

static void hang_up_closes(void **state)
{
	struct ctx *c = *state;

	shutdown(c->raw, SHUT_RDWR);
	closes_on(c);
}

static void handler_error_closes(void **state)
{
	struct ctx *c = *state;

	c->answer = TP_FORMAT;
	send_raw(c, TP_MSG_TYPE_ping, 0, 1, 8);
	send_raw(c, TP_MSG_TYPE_ping, 0, 1, 8);
	run(c);
	assert_int_equal(c->frames, 1);
	assert_true(c->closed);
}

static void handler_may_free_the_channel(void **state)
{
	struct ctx *c = *state;

	c->free_in_handler = true;
	send_raw(c, TP_MSG_TYPE_ping, 0, 1, 8);
	send_raw(c, TP_MSG_TYPE_ping, 0, 1, 8);
	run(c);
	assert_int_equal(c->frames, 1);
	assert_false(c->closed);
}

static void fds_arrive_and_are_closed(void **state)
{
	struct ctx *c = *state;
	unsigned before;
	int fd;

	assert_int_equal(tp_memfd_sealed("test", "abcd", 4, &fd), TP_OK);
	before = open_fds();
	send_fds(c, &fd, 1);
	run(c);
	assert_int_equal(c->last_fds, 1);
	assert_string_equal(c->fd_text, "abcd");
	assert_int_equal(open_fds(), before);
	close(fd);
}

static void too_many_fds_close_the_channel_and_themselves(void **state)
{
	struct ctx *c = *state;
	unsigned before = open_fds();
	int fds[6] = { 0, 1, 2, 0, 1, 2 };

	send_fds(c, fds, 6);
	closes_on(c);
	assert_int_equal(open_fds(), before - 1);
}

static void frame_of_full_size_passes(void **state)
{
	struct ctx *c = *state;
	struct tp_msg_seal m = { .secret_len = 4096 };
	uint8_t *got = malloc(TP_CHANNEL_FRAME_MAX + 1);
	ssize_t n;

	(void)tp_channel_next_request(c->admin);
	memset(m.secret, 0x5a, sizeof(m.secret));
	assert_int_equal(TP_CHANNEL_SEND(c->admin, seal, 9, &m), TP_OK);
	n = recv(c->raw, got, TP_CHANNEL_FRAME_MAX + 1, 0);
	assert_int_equal(n, 8 + 2 + 0 + 2 + 4096);
	assert_int_equal(tp_load_be16(got), TP_MSG_TYPE_seal);
	assert_int_equal(tp_load_be32(got + 4), 9);
	free(got);
}

static void on_nothing(void *arg, struct tp_channel *ch)
{
	(void)arg;
	(void)ch;
}

/* The largest answers (a page of registrations) are near the limit of a frame. */
static void frame_near_the_limit_passes(void **state)
{
	struct ctx *c = *state;
	struct tp_msg_registration *list = calloc(100, sizeof(*list));
	struct tp_msg_registrations m = { .registrations = list, .registrations_count = 100 };
	uint8_t *got = malloc(TP_CHANNEL_FRAME_MAX);
	struct tp_channel *sip;
	int fds[2];

	for (int i = 0; i < 100; i++) {
		memset(list[i].aor, 'a', sizeof(list[i].aor) - 1);
		memset(list[i].contact, 'c', sizeof(list[i].contact) - 1);
		memset(list[i].user_agent, 'u', sizeof(list[i].user_agent) - 1);
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(tp_channel_new(c->loop, fds[0], TP_PROCESS_SIP, TP_PROCESS_ADMIN, on_frame,
					on_nothing, c, &sip), TP_OK);
	assert_int_equal(TP_CHANNEL_SEND(sip, registrations, 3, &m), TP_OK);
	assert_true(recv(fds[1], got, TP_CHANNEL_FRAME_MAX, MSG_DONTWAIT) > 90000);
	tp_channel_free(&sip);
	close(fds[1]);
	free(got);
	free(list);
}

static void sending_what_the_table_forbids_is_refused(void **state)
{
	struct ctx *c = *state;
	struct tp_msg_ping m = { 0 };

	assert_int_equal(TP_CHANNEL_SEND(c->admin, ping, 0, &m), TP_DENIED);
}

/* A reader that sleeps: frames wait in order up to the bound, then TP_LIMIT. */
static void queue_is_bounded_and_keeps_order(void **state)
{
	struct ctx *c = *state;
	struct tp_msg_seal m = { .secret_len = 4096 };
	uint8_t got[8192];
	uint32_t sent = 0;
	uint32_t seen = 0;
	enum tp_err err;

	while ((err = TP_CHANNEL_SEND(c->admin, seal, sent + 1, &m)) == TP_OK)
		sent++;
	assert_int_equal(err, TP_LIMIT);
	assert_true(sent >= TP_CHANNEL_QUEUE_MAX / 4200);
	while (seen < sent) {
		ssize_t n = recv(c->raw, got, sizeof(got), MSG_DONTWAIT);

		if (n < 0) {
			run(c);
			continue;
		}
		assert_int_equal(tp_load_be32(got + 4), ++seen);
	}
	assert_int_equal(TP_CHANNEL_SEND(c->admin, seal, 1, &m), TP_OK);
	assert_false(c->closed);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(allowed_frame_reaches_the_handler), T(forbidden_type_closes),
		T(unknown_type_closes), T(own_type_sent_back_closes), T(reserved_field_closes),
		T(short_header_closes), T(over_long_frame_closes), T(hang_up_closes),
		T(handler_error_closes), T(handler_may_free_the_channel),
		T(fds_arrive_and_are_closed), T(too_many_fds_close_the_channel_and_themselves),
		T(frame_of_full_size_passes), T(frame_near_the_limit_passes), T(sending_what_the_table_forbids_is_refused),
		T(queue_is_bounded_and_keeps_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
