/* Order of timers, freed watches that still have events waiting, work put off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "os/loop.h"
#include "os/random.h"

struct ctx {
	struct tp_loop *loop;
	char order[64];
	size_t len;
	int fds[4];
	struct tp_watch *watches[2];
	struct tp_timer timer;
	struct tp_later later;
	unsigned count;
};

static int setup(void **state)
{
	struct ctx *c = calloc(1, sizeof(*c));

	assert_int_equal(tp_loop_new(&c->loop), TP_OK);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	struct ctx *c = *state;

	tp_loop_free(&c->loop);
	free(c);
	return 0;
}

static void stop(void *arg)
{
	tp_loop_stop(((struct ctx *)arg)->loop);
}

enum { TIMERS = 500 };

struct check {
	struct tp_timer timers[TIMERS];
	uint64_t due[TIMERS];
	struct tp_loop *loop;
	uint64_t last_due;
	unsigned fired;
};

struct one {
	struct check *check;
	unsigned index;
};

static void on_check(void *arg)
{
	struct one *o = arg;

	assert_true(o->check->due[o->index] >= o->check->last_due);
	o->check->last_due = o->check->due[o->index];
	o->check->fired++;
}

static void timers_fire_in_order(void **state)
{
	struct ctx *c = *state;
	struct check *k = calloc(1, sizeof(*k));
	struct one *ones = calloc(TIMERS, sizeof(*ones));
	struct tp_timer end = { 0 };
	unsigned stopped = 0;

	for (unsigned i = 0; i < TIMERS; i++) {
		ones[i] = (struct one){ k, i };
		/* Every third is moved once, every fifth stopped. */
		if (i % 3 == 0)
			assert_int_equal(tp_timer_start(c->loop, &k->timers[i], 500, on_check,
							&ones[i]), TP_OK);
		assert_int_equal(tp_timer_start(c->loop, &k->timers[i], tp_random_below(50),
						on_check, &ones[i]), TP_OK);
		k->due[i] = k->timers[i].due_ms;
	}
	for (unsigned i = 0; i < TIMERS; i += 5, stopped++)
		tp_timer_stop(c->loop, &k->timers[i]);
	assert_int_equal(tp_timer_start(c->loop, &end, 80, stop, c), TP_OK);
	assert_int_equal(tp_loop_run(c->loop), TP_OK);
	assert_int_equal(k->fired, TIMERS - stopped);
	assert_false(tp_timer_running(&k->timers[1]));
	free(k);
	free(ones);
}

static void on_again(void *arg)
{
	struct ctx *c = arg;

	c->count++;
	assert_int_equal(tp_timer_start(c->loop, &c->timer, 0, on_again, c), TP_OK);
}

static void on_byte(void *arg, uint32_t events)
{
	struct ctx *c = arg;

	assert_int_equal(events, TP_LOOP_READ);
	tp_loop_stop(c->loop);
}

static void timer_that_starts_itself_lets_events_through(void **state)
{
	struct ctx *c = *state;
	struct tp_watch w = { 0 };

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, c->fds), 0);
	assert_int_equal(tp_timer_start(c->loop, &c->timer, 0, on_again, c), TP_OK);
	assert_int_equal(tp_watch_start(c->loop, &w, c->fds[0], TP_LOOP_READ, on_byte, c), TP_OK);
	assert_int_equal(write(c->fds[1], "x", 1), 1);
	assert_int_equal(tp_loop_run(c->loop), TP_OK);
	tp_timer_stop(c->loop, &c->timer);
	tp_watch_stop(c->loop, &w);
	close(c->fds[0]);
	close(c->fds[1]);
}

/* Whichever of the two is called first frees the other, whose event waits. */
static void on_kill_other(void *arg, uint32_t events)
{
	struct ctx *c = arg;

	(void)events;
	c->count++;
	for (int i = 0; i < 2; i++) {
		tp_watch_stop(c->loop, c->watches[i]);
		memset(c->watches[i], 0xa5, sizeof(*c->watches[i]));
		free(c->watches[i]);
	}
}

static void freed_watch_is_not_called(void **state)
{
	struct ctx *c = *state;
	struct tp_timer end = { 0 };

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, c->fds), 0);
	for (int i = 0; i < 2; i++) {
		c->watches[i] = calloc(1, sizeof(*c->watches[i]));
		assert_int_equal(tp_watch_start(c->loop, c->watches[i], c->fds[i], TP_LOOP_READ,
						on_kill_other, c), TP_OK);
		assert_int_equal(write(c->fds[1 - i], "x", 1), 1);
	}
	assert_int_equal(tp_timer_start(c->loop, &end, 20, stop, c), TP_OK);
	assert_int_equal(tp_loop_run(c->loop), TP_OK);
	assert_int_equal(c->count, 1);
	close(c->fds[0]);
	close(c->fds[1]);
}

static void on_never(void *arg, uint32_t events)
{
	(void)arg;
	(void)events;
	fail();
}

static struct tp_watch replacement;

/* The other fd's watch is replaced by a fresh one of the same fd, with nothing to read. */
static void on_replace_other(void *arg, uint32_t events)
{
	struct ctx *c = arg;
	char byte;

	(void)events;
	assert_int_equal(read(c->fds[2], &byte, 1), 1);
	tp_watch_stop(c->loop, c->watches[1]);
	assert_int_equal(read(c->fds[0], &byte, 1), 1);
	assert_int_equal(tp_watch_start(c->loop, &replacement, c->fds[0], TP_LOOP_READ, on_never, c),
			 TP_OK);
}

static void event_of_an_earlier_watch_is_dropped(void **state)
{
	struct ctx *c = *state;
	struct tp_watch first = { 0 };
	struct tp_watch second = { 0 };
	struct tp_timer end = { 0 };

	c->watches[1] = &second;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, c->fds), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, c->fds + 2), 0);
	assert_int_equal(tp_watch_start(c->loop, &first, c->fds[2], TP_LOOP_READ, on_replace_other,
					c), TP_OK);
	assert_int_equal(tp_watch_start(c->loop, &second, c->fds[0], TP_LOOP_READ, on_never, c),
			 TP_OK);
	/* Ready in this order: epoll tells them in the order they became ready. */
	assert_int_equal(write(c->fds[3], "x", 1), 1);
	assert_int_equal(write(c->fds[1], "x", 1), 1);
	assert_int_equal(tp_timer_start(c->loop, &end, 20, stop, c), TP_OK);
	assert_int_equal(tp_loop_run(c->loop), TP_OK);
	assert_true(replacement.active);
	tp_watch_stop(c->loop, &replacement);
	tp_watch_stop(c->loop, &first);
	for (int i = 0; i < 4; i++)
		close(c->fds[i]);
}

static void on_later(void *arg)
{
	struct ctx *c = arg;

	c->order[c->len++] = 'L';
	if (c->len < 4)
		tp_later_add(c->loop, &c->later, on_later, c);
	else
		tp_loop_stop(c->loop);
}

static void on_timer_order(void *arg)
{
	struct ctx *c = arg;

	tp_later_add(c->loop, &c->later, on_later, c);
	tp_later_add(c->loop, &c->later, on_later, c);
	c->order[c->len++] = 'T';
}

static void later_runs_once_after_the_round(void **state)
{
	struct ctx *c = *state;

	assert_int_equal(tp_timer_start(c->loop, &c->timer, 1, on_timer_order, c), TP_OK);
	assert_int_equal(tp_loop_run(c->loop), TP_OK);
	assert_string_equal(c->order, "TLLL");
}

static void *wake_thread(void *arg)
{
	struct ctx *c = arg;

	tp_loop_wake(c->loop);
	tp_loop_wake(c->loop);
	return NULL;
}

static void other_threads_can_wake(void **state)
{
	struct ctx *c = *state;
	pthread_t thread;

	tp_loop_set_wake(c->loop, stop, c);
	assert_int_equal(pthread_create(&thread, NULL, wake_thread, c), 0);
	assert_int_equal(tp_loop_run(c->loop), TP_OK);
	pthread_join(thread, NULL);
}

static void dawdle(void *arg)
{
	struct ctx *c = arg;
	const struct timespec nap = { .tv_nsec = 30000000 };

	nanosleep(&nap, NULL);
	c->order[c->len++] = 'D';
	tp_loop_stop(c->loop);
}

/* Waiting for events is none, work that takes long is one. */
static void a_long_round_counts_as_a_pause(void **state)
{
	struct ctx *c = *state;
	struct tp_loop_pauses p;

	assert_int_equal(tp_timer_start(c->loop, &c->timer, 200, stop, c), TP_OK);
	assert_int_equal(tp_loop_run(c->loop), TP_OK);
	assert_true(tp_loop_pauses(c->loop).longest_us < 200000);
	assert_int_equal(tp_timer_start(c->loop, &c->timer, 1, dawdle, c), TP_OK);
	assert_int_equal(tp_loop_run(c->loop), TP_OK);
	p = tp_loop_pauses(c->loop);
	assert_int_not_equal(p.over_20ms, 0);
	assert_true(p.longest_us >= 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(timers_fire_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(timer_that_starts_itself_lets_events_through, setup,
						teardown),
		cmocka_unit_test_setup_teardown(freed_watch_is_not_called, setup, teardown),
		cmocka_unit_test_setup_teardown(event_of_an_earlier_watch_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(later_runs_once_after_the_round, setup, teardown),
		cmocka_unit_test_setup_teardown(other_threads_can_wake, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_round_counts_as_a_pause, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
