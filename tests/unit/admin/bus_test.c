/* Unit tests of the bus: a thread plays turnpiked at the other end of fd 3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "admin/bus/bus.h"

struct world {
	struct tp_bus *bus;
	int far;             /* turnpiked's end */
	pthread_t loop;
	pthread_t supervisor;
	atomic_int events;
	atomic_bool in_order;
	atomic_bool first_login_done;
};

/* The frame of ipc/channel.h. */
static void send_frame(int fd, uint16_t type, uint32_t request, void (*write)(struct tp_wr *, const void *),
		       const void *msg)
{
	static _Thread_local uint8_t bytes[65536];
	struct tp_wr wr;

	tp_wr_init(&wr, bytes, sizeof(bytes));
	tp_wr_u16(&wr, type);
	tp_wr_u16(&wr, 0);
	tp_wr_u32(&wr, request);
	write(&wr, msg);
	assert_int_equal(wr.err, TP_OK);
	assert_int_equal(send(fd, bytes, wr.len, MSG_NOSIGNAL), wr.len);
}

static void answer_seal(int fd, uint32_t request, struct tp_rd *rd)
{
	struct tp_msg_seal ask;
	struct tp_msg_sealed m = { .err = TP_OK };

	assert_int_equal(tp_msg_seal_read(rd, &ask), TP_OK);
	if (!strcmp(ask.name, "silence"))
		return;
	if (!strcmp(ask.name, "late")) {
		/* An answer to a question that nobody asked, then the real one. */
		send_frame(fd, TP_MSG_TYPE_sealed, request + 1000, tp_msg_sealed_write_any, &m);
	}
	m.sealed_len = (uint16_t)strlen(ask.name);
	memcpy(m.sealed, ask.name, m.sealed_len);
	send_frame(fd, TP_MSG_TYPE_sealed, request, tp_msg_sealed_write_any, &m);
}

static void *supervisor_run(void *arg)
{
	struct world *w = arg;
	uint8_t bytes[65536];
	ssize_t n;

	while ((n = recv(w->far, bytes, sizeof(bytes), 0)) > 0) {
		struct tp_rd rd;
		uint16_t type;
		uint32_t request;

		tp_rd_init(&rd, bytes, (size_t)n);
		type = tp_rd_u16(&rd);
		(void)tp_rd_u16(&rd);
		request = tp_rd_u32(&rd);
		if (type == TP_MSG_TYPE_seal)
			answer_seal(w->far, request, &rd);
		if (type == TP_MSG_TYPE_first_login_done)
			w->first_login_done = true;
	}
	return NULL;
}

static void *loop_run(void *arg)
{
	struct world *w = arg;

	(void)!tp_bus_run(w->bus);
	return NULL;
}

static void on_alarm(void *arg, enum tp_process from, const struct tp_msg_alarm *m)
{
	struct world *w = arg;
	struct tp_msg_seal ask = { .name = "from the events thread" };
	struct tp_msg_sealed sealed;

	assert_int_equal(from, TP_PROCESS_SUP);
	/* The events thread may ask. */
	assert_int_equal(tp_bus_seal(w->bus, &ask, &sealed), TP_OK);
	if ((int)m->code != w->events)
		w->in_order = false;
	w->events++;
}

static enum tp_err on_prepare(void *arg, const struct tp_slice *slice, struct tp_diag *diag)
{
	(void)arg;
	(void)slice;
	(void)diag;
	return TP_OK;
}

static void on_nothing(void *arg)
{
	(void)arg;
}

static int set_up(void **state)
{
	static struct world world;
	struct world *w = &world;
	const struct tp_bus_events events = {
		.arg = w, .alarm = on_alarm, .prepare = on_prepare, .commit = on_nothing, .abort = on_nothing
	};
	char *argv[] = { (char *)"test", NULL };
	int pair[2];

	memset(w, 0, sizeof(*w));
	w->in_order = true;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	/* pair[0] may be 3 itself. */
	w->far = fcntl(pair[0], F_DUPFD_CLOEXEC, 10);
	close(pair[0]);
	assert_int_equal(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
	if (pair[1] != 3) {
		assert_int_equal(dup2(pair[1], 3), 3);
		close(pair[1]);
	}
	assert_int_equal(tp_bus_new(1, argv, &events, &w->bus), TP_OK);
	assert_int_equal(tp_bus_start(w->bus), TP_OK);
	*state = w;
	return 0;
}

static void start(struct world *w)
{
	assert_int_equal(pthread_create(&w->supervisor, NULL, supervisor_run, w), 0);
	assert_int_equal(pthread_create(&w->loop, NULL, loop_run, w), 0);
}

static void stop(struct world *w)
{
	shutdown(w->far, SHUT_RDWR);
	pthread_join(w->supervisor, NULL);
	pthread_join(w->loop, NULL);
	close(w->far);
	tp_bus_close(w->bus);
	tp_bus_free(&w->bus);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void *ask_many(void *arg)
{
	struct world *w = arg;

	for (int i = 0; i < 50; i++) {
		struct tp_msg_seal ask = { .name = "late" };
		struct tp_msg_sealed sealed;

		assert_int_equal(tp_bus_seal(w->bus, &ask, &sealed), TP_OK);
		assert_int_equal(sealed.sealed_len, 4);
	}
	return NULL;
}

static void questions_get_their_answers(void **state)
{
	struct world *w = *state;
	struct tp_msg_seal ask = { .name = "silence" };
	struct tp_msg_sealed sealed;
	struct tp_msg_zones zones;
	pthread_t threads[4];
	uint64_t before;

	start(w);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_many, w), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	before = now_ms();
	assert_int_equal(tp_bus_seal(w->bus, &ask, &sealed), TP_AGAIN);
	assert_in_range(now_ms() - before, TP_BUS_WAIT_MS - 50, TP_BUS_WAIT_MS + 2000);
	assert_int_equal(tp_bus_zones(w->bus, 0, 50, &zones), TP_CLOSED);
	tp_bus_first_login_done(w->bus);
	for (int i = 0; i < 200 && !w->first_login_done; i++)
		usleep(10000);
	assert_true(w->first_login_done);
	stop(w);
}

static void events_come_in_order(void **state)
{
	struct world *w = *state;

	start(w);
	for (uint32_t i = 0; i < 100; i++) {
		const struct tp_msg_alarm alarm = { .code = i, .raised = true };

		send_frame(w->far, TP_MSG_TYPE_alarm, 0, tp_msg_alarm_write_any, &alarm);
	}
	for (int i = 0; i < 500 && w->events < 100; i++)
		usleep(10000);
	assert_int_equal(w->events, 100);
	assert_true(w->in_order);
	stop(w);
}

static void *ask_silence(void *arg)
{
	struct world *w = arg;
	struct tp_msg_seal ask = { .name = "silence" };
	struct tp_msg_sealed sealed;

	return tp_bus_seal(w->bus, &ask, &sealed) == TP_CLOSED ? w : NULL;
}

static void the_end_answers_everybody(void **state)
{
	struct world *w = *state;
	pthread_t asker;
	void *closed;

	start(w);
	assert_int_equal(pthread_create(&asker, NULL, ask_silence, w), 0);
	usleep(200000);
	shutdown(w->far, SHUT_RDWR);
	pthread_join(w->supervisor, NULL);
	pthread_join(w->loop, NULL);
	tp_bus_close(w->bus);
	pthread_join(asker, &closed);
	assert_ptr_equal(closed, w);
	assert_null(ask_silence(w) == w ? NULL : "a question after the end");
	close(w->far);
	tp_bus_free(&w->bus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(questions_get_their_answers, set_up),
		cmocka_unit_test_setup(events_come_in_order, set_up),
		cmocka_unit_test_setup(the_end_answers_everybody, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
