/* Event loop: epoll, timers and work put off to the end of the round. One loop a
 * thread; nothing here may be called from another thread except tp_loop_wake and
 * tp_loop_pauses. */
#ifndef TP_OS_LOOP_H
#define TP_OS_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/list.h"

struct tp_loop;

TP_NODISCARD enum tp_err tp_loop_new(struct tp_loop **out);
void tp_loop_free(struct tp_loop **loop);
/* Runs until tp_loop_stop; returns TP_OK, or TP_IO when epoll itself fails. */
TP_NODISCARD enum tp_err tp_loop_run(struct tp_loop *loop);
void tp_loop_stop(struct tp_loop *loop);
/* From any thread: makes the loop call on_wake soon (once for many wakes). */
void tp_loop_set_wake(struct tp_loop *loop, void (*on_wake)(void *arg), void *arg);
void tp_loop_wake(struct tp_loop *loop);

/* Monotonic milliseconds, and Unix time in milliseconds, read once a round. */
uint64_t tp_loop_now_ms(const struct tp_loop *loop);
uint64_t tp_loop_unix_ms(const struct tp_loop *loop);

enum { TP_LOOP_READ = 1, TP_LOOP_WRITE = 2 };

/* How long the loop was busy and took nothing new: from a wakeup to the end of what it
 * brought about, on a clock at the wall. Since the loop was made. Any thread. */
struct tp_loop_pauses {
	uint32_t longest_us;
	uint64_t over_20ms;
	uint64_t over_100ms; /* counted in over_20ms too */
};
struct tp_loop_pauses tp_loop_pauses(const struct tp_loop *loop);

/* An fd being watched; embedded in its owner. Events are level-triggered. Errors
 * and hang-ups are told as READ (and as WRITE when that is watched). The handler
 * may stop, free or change any watch, its own too. */
struct tp_watch {
	int fd;
	uint32_t events;
	void (*on_event)(void *arg, uint32_t events);
	void *arg;
	bool active;
	uint64_t generation; /* the loop's own: recognises events of an earlier watch */
};

TP_NODISCARD enum tp_err tp_watch_start(struct tp_loop *loop, struct tp_watch *w, int fd, uint32_t events,
					void (*on_event)(void *arg, uint32_t events), void *arg);
TP_NODISCARD enum tp_err tp_watch_change(struct tp_loop *loop, struct tp_watch *w, uint32_t events);
/* Stopping a watch that is not active does nothing. Does not close the fd; stop
 * before closing. */
void tp_watch_stop(struct tp_loop *loop, struct tp_watch *w);

/* A one-shot timer embedded in its owner; a zeroed one is stopped. Starting a
 * running timer moves it. O(log n). */
struct tp_timer {
	uint64_t due_ms;
	uint32_t heap_index; /* the loop's own: position + 1, 0 = stopped */
	void (*on_due)(void *arg);
	void *arg;
};

TP_NODISCARD enum tp_err tp_timer_start(struct tp_loop *loop, struct tp_timer *t, uint64_t after_ms,
					void (*on_due)(void *arg), void *arg);
void tp_timer_stop(struct tp_loop *loop, struct tp_timer *t);
bool tp_timer_running(const struct tp_timer *t);

/* Work run at the end of this round, after events and timers (for frees that must
 * not happen inside a callback). Embedded in its owner. */
struct tp_later {
	struct tp_list link;
	void (*run)(void *arg);
	void *arg;
};
void tp_later_add(struct tp_loop *loop, struct tp_later *l, void (*run)(void *arg), void *arg);
void tp_later_cancel(struct tp_later *l);

#endif
