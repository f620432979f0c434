/* Event loop: epoll, a heap of timers, work put off to the end of the round.
 * Used by every process. */
#include "os/loop.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_MAX = 128, WAIT_MAX_MS = 60000 };

struct tp_loop {
	int epoll_fd;
	bool stopped;
	uint64_t now_us;
	uint64_t now_ms;
	uint64_t unix_ms;
	bool running;

	/* Written by the loop's thread alone. */
	atomic_uint longest_us;
	atomic_ullong over_20ms;
	atomic_ullong over_100ms;

	/* Active watches by fd. An event carries {generation, fd}; it is for a watch
	 * only when the watch of that fd still has that generation. */
	struct tp_watch **by_fd;
	size_t by_fd_count;
	uint64_t generation;

	struct tp_timer **heap;
	size_t heap_count;
	size_t heap_cap;

	struct tp_list laters;

	struct tp_watch wake_watch;
	void (*on_wake)(void *arg);
	void *wake_arg;
};

static uint64_t monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void read_clocks(struct tp_loop *loop)
{
	struct timespec t;

	loop->now_us = monotonic_us();
	loop->now_ms = loop->now_us / 1000;
	clock_gettime(CLOCK_REALTIME, &t);
	loop->unix_ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void on_wake_event(void *arg, uint32_t events)
{
	struct tp_loop *loop = arg;
	uint64_t count;

	(void)events;
	if (read(loop->wake_watch.fd, &count, sizeof(count)) == sizeof(count) && loop->on_wake)
		loop->on_wake(loop->wake_arg);
}

enum tp_err tp_loop_new(struct tp_loop **out)
{
	struct tp_loop *loop = calloc(1, sizeof(*loop));
	int wake_fd;

	if (!loop)
		return TP_NOMEM;
	tp_list_init(&loop->laters);
	read_clocks(loop);
	loop->wake_watch.fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || wake_fd < 0 ||
	    tp_watch_start(loop, &loop->wake_watch, wake_fd, TP_LOOP_READ, on_wake_event, loop) !=
		    TP_OK) {
		if (wake_fd >= 0)
			close(wake_fd);
		loop->wake_watch.fd = -1;
		tp_loop_free(&loop);
		return TP_IO;
	}
	*out = loop;
	return TP_OK;
}

void tp_loop_free(struct tp_loop **loop_at)
{
	struct tp_loop *loop = *loop_at;

	if (!loop)
		return;
	*loop_at = NULL;
	if (loop->wake_watch.fd >= 0)
		close(loop->wake_watch.fd);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	free(loop->by_fd);
	free(loop->heap);
	free(loop);
}

void tp_loop_stop(struct tp_loop *loop)
{
	loop->stopped = true;
}

void tp_loop_set_wake(struct tp_loop *loop, void (*on_wake)(void *arg), void *arg)
{
	loop->on_wake = on_wake;
	loop->wake_arg = arg;
}

void tp_loop_wake(struct tp_loop *loop)
{
	uint64_t one = 1;

	/* A full counter means that a wake is under way already. */
	if (write(loop->wake_watch.fd, &one, sizeof(one)) < 0)
		return;
}

uint64_t tp_loop_now_ms(const struct tp_loop *loop)
{
	return loop->now_ms;
}

uint64_t tp_loop_unix_ms(const struct tp_loop *loop)
{
	return loop->unix_ms;
}

static void note_pause(struct tp_loop *loop)
{
	uint64_t us = monotonic_us() - loop->now_us;

	if (us > atomic_load_explicit(&loop->longest_us, memory_order_relaxed))
		atomic_store_explicit(&loop->longest_us, us < UINT32_MAX ? (unsigned)us : UINT32_MAX,
				      memory_order_relaxed);
	if (us > 20000)
		atomic_fetch_add_explicit(&loop->over_20ms, 1, memory_order_relaxed);
	if (us > 100000)
		atomic_fetch_add_explicit(&loop->over_100ms, 1, memory_order_relaxed);
}

struct tp_loop_pauses tp_loop_pauses(const struct tp_loop *loop)
{
	return (struct tp_loop_pauses){
		.longest_us = atomic_load_explicit(&loop->longest_us, memory_order_relaxed),
		.over_20ms = atomic_load_explicit(&loop->over_20ms, memory_order_relaxed),
		.over_100ms = atomic_load_explicit(&loop->over_100ms, memory_order_relaxed),
	};
}

/* ------------------------------------------------------------------ watches */

static uint32_t to_epoll(uint32_t events)
{
	return (events & TP_LOOP_READ ? EPOLLIN | EPOLLRDHUP : 0u) |
	       (events & TP_LOOP_WRITE ? EPOLLOUT : 0u);
}

static enum tp_err control(struct tp_loop *loop, int op, struct tp_watch *w)
{
	struct epoll_event e = {
		.events = to_epoll(w->events),
		.data.u64 = (w->generation & UINT32_MAX) << 32 | (uint32_t)w->fd,
	};

	return epoll_ctl(loop->epoll_fd, op, w->fd, &e) == 0 ? TP_OK : TP_IO;
}

static enum tp_err reserve_fd(struct tp_loop *loop, size_t fd)
{
	size_t count = loop->by_fd_count ? loop->by_fd_count : 64;
	struct tp_watch **grown;

	if (fd < loop->by_fd_count)
		return TP_OK;
	while (count <= fd)
		count *= 2;
	grown = realloc(loop->by_fd, count * sizeof(struct tp_watch *));
	if (!grown)
		return TP_NOMEM;
	memset(grown + loop->by_fd_count, 0, (count - loop->by_fd_count) * sizeof(struct tp_watch *));
	loop->by_fd = grown;
	loop->by_fd_count = count;
	return TP_OK;
}

enum tp_err tp_watch_start(struct tp_loop *loop, struct tp_watch *w, int fd, uint32_t events,
			   void (*on_event)(void *arg, uint32_t events), void *arg)
{
	struct tp_watch fresh = {
		.fd = fd, .events = events, .on_event = on_event, .arg = arg, .active = true
	};
	enum tp_err err;

	if (fd < 0 || w->active)
		return TP_STATE;
	err = reserve_fd(loop, (size_t)fd);
	if (err != TP_OK)
		return err;
	if (loop->by_fd[fd])
		return TP_EXISTS;
	fresh.generation = ++loop->generation;
	err = control(loop, EPOLL_CTL_ADD, &fresh);
	if (err != TP_OK)
		return err;
	*w = fresh;
	loop->by_fd[fd] = w;
	return TP_OK;
}

enum tp_err tp_watch_change(struct tp_loop *loop, struct tp_watch *w, uint32_t events)
{
	if (!w->active)
		return TP_STATE;
	if (w->events == events)
		return TP_OK;
	w->events = events;
	return control(loop, EPOLL_CTL_MOD, w);
}

void tp_watch_stop(struct tp_loop *loop, struct tp_watch *w)
{
	if (!w->active)
		return;
	w->active = false;
	loop->by_fd[w->fd] = NULL;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
}

static void dispatch(struct tp_loop *loop, const struct epoll_event *e)
{
	size_t fd = (uint32_t)e->data.u64;
	struct tp_watch *w = fd < loop->by_fd_count ? loop->by_fd[fd] : NULL;
	uint32_t events = 0;

	if (!w || (w->generation & UINT32_MAX) != e->data.u64 >> 32)
		return;
	if (e->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		events |= TP_LOOP_READ;
	if (e->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		events |= w->events & TP_LOOP_WRITE;
	/* A hang-up of one that watches only WRITE must not be lost. */
	if (!(events & w->events))
		events |= w->events;
	w->on_event(w->arg, events);
}

/* ------------------------------------------------------------------- timers */

static void heap_set(struct tp_loop *loop, size_t at, struct tp_timer *t)
{
	loop->heap[at] = t;
	t->heap_index = (uint32_t)at + 1;
}

static void heap_up(struct tp_loop *loop, size_t at)
{
	struct tp_timer *t = loop->heap[at];

	while (at > 0 && t->due_ms < loop->heap[(at - 1) / 2]->due_ms) {
		heap_set(loop, at, loop->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	heap_set(loop, at, t);
}

static void heap_down(struct tp_loop *loop, size_t at)
{
	struct tp_timer *t = loop->heap[at];

	for (size_t child = 2 * at + 1; child < loop->heap_count; child = 2 * at + 1) {
		if (child + 1 < loop->heap_count &&
		    loop->heap[child + 1]->due_ms < loop->heap[child]->due_ms)
			child++;
		if (t->due_ms <= loop->heap[child]->due_ms)
			break;
		heap_set(loop, at, loop->heap[child]);
		at = child;
	}
	heap_set(loop, at, t);
}

enum tp_err tp_timer_start(struct tp_loop *loop, struct tp_timer *t, uint64_t after_ms,
			   void (*on_due)(void *arg), void *arg)
{
	if (!t->heap_index && loop->heap_count == loop->heap_cap) {
		size_t cap = loop->heap_cap ? loop->heap_cap * 2 : 64;
		struct tp_timer **grown = realloc(loop->heap, cap * sizeof(struct tp_timer *));

		if (!grown)
			return TP_NOMEM;
		loop->heap = grown;
		loop->heap_cap = cap;
	}
	if (!loop->running)
		read_clocks(loop);
	tp_timer_stop(loop, t);
	t->due_ms = loop->now_ms + after_ms;
	t->on_due = on_due;
	t->arg = arg;
	heap_set(loop, loop->heap_count++, t);
	heap_up(loop, t->heap_index - 1);
	return TP_OK;
}

void tp_timer_stop(struct tp_loop *loop, struct tp_timer *t)
{
	size_t at = t->heap_index;
	struct tp_timer *last;

	if (!at--)
		return;
	t->heap_index = 0;
	last = loop->heap[--loop->heap_count];
	if (last == t)
		return;
	heap_set(loop, at, last);
	heap_up(loop, at);
	heap_down(loop, last->heap_index - 1);
}

bool tp_timer_running(const struct tp_timer *t)
{
	return t->heap_index != 0;
}

/* At most as many as there were at the start, so that a timer that starts itself
 * again at once does not keep events waiting. */
static void run_timers(struct tp_loop *loop)
{
	for (size_t left = loop->heap_count; left && loop->heap_count && !loop->stopped; left--) {
		struct tp_timer *t = loop->heap[0];

		if (t->due_ms > loop->now_ms)
			return;
		tp_timer_stop(loop, t);
		t->on_due(t->arg);
	}
}

/* ------------------------------------------------------------------- laters */

void tp_later_add(struct tp_loop *loop, struct tp_later *l, void (*run)(void *arg), void *arg)
{
	l->run = run;
	l->arg = arg;
	if (!tp_list_linked(&l->link))
		tp_list_append(&loop->laters, &l->link);
}

void tp_later_cancel(struct tp_later *l)
{
	tp_list_remove(&l->link);
}

/* Those that a later adds wait for the next round. */
static void run_laters(struct tp_loop *loop)
{
	struct tp_list now;
	struct tp_list *first;

	tp_list_init(&now);
	while ((first = tp_list_first(&loop->laters))) {
		tp_list_remove(first);
		tp_list_append(&now, first);
	}
	while ((first = tp_list_first(&now))) {
		struct tp_later *l = TP_CONTAINER(first, struct tp_later, link);

		tp_list_remove(first);
		l->run(l->arg);
	}
}

/* ---------------------------------------------------------------------- run */

static int wait_ms(const struct tp_loop *loop)
{
	uint64_t due;

	if (!tp_list_empty(&loop->laters))
		return 0;
	if (!loop->heap_count)
		return WAIT_MAX_MS;
	due = loop->heap[0]->due_ms;
	if (due <= loop->now_ms)
		return 0;
	return due - loop->now_ms < WAIT_MAX_MS ? (int)(due - loop->now_ms) : WAIT_MAX_MS;
}

enum tp_err tp_loop_run(struct tp_loop *loop)
{
	struct epoll_event events[EVENTS_MAX];
	enum tp_err err = TP_OK;

	read_clocks(loop);
	loop->stopped = false;
	loop->running = true;
	while (!loop->stopped) {
		int n = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, wait_ms(loop));

		if (n < 0 && errno != EINTR) {
			err = TP_IO;
			break;
		}
		read_clocks(loop);
		for (int i = 0; i < n && !loop->stopped; i++)
			dispatch(loop, &events[i]);
		run_timers(loop);
		run_laters(loop);
		note_pause(loop);
	}
	loop->running = false;
	return err;
}
