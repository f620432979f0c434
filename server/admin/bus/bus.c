/* The main thread's part of the bus: questions waiting for their turn or their
 * answer, and events on their way to the events thread. Runs in turnpike-admin. */
#include "admin/bus/bus.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/bus/ask.h"
#include "core/auto.h"
#include "core/list.h"
#include "core/log.h"

enum question_state { QUEUED, SENDING, SENT, DONE };

/* On the stack of the thread that asks; on a list until DONE. */
struct question {
	struct tp_list link;
	const struct tp_bus_question *ask;
	enum question_state state;
	uint32_t request;
	enum tp_err err;
	void *bytes;
	size_t len;
	pthread_cond_t changed;
};

/* A message without an answer, on its way out. */
struct post {
	struct tp_list link;
	enum tp_process process;
	uint16_t type;
	void (*write)(struct tp_wr *wr, const void *msg);
	union {
		struct tp_msg_call_ended_ack call_ended_ack;
		struct tp_msg_first_login_done first_login_done;
		struct tp_msg_acme_challenge_ready acme_challenge_ready;
	} msg;
};

/* A message for the events thread; type 0: a peer came (up) or went. */
struct event {
	struct tp_list link;
	enum tp_process from;
	uint16_t type;
	bool up;
	size_t len;
	uint8_t bytes[];
};

struct tp_bus {
	struct tp_child *child; /* main thread */
	struct tp_bus_events handlers;

	pthread_mutex_t lock; /* guards what follows */
	struct tp_list queued;
	struct tp_list sent;
	struct tp_list posts;
	bool closed;
	struct tp_list events;
	size_t event_count;
	pthread_cond_t event_added;

	bool events_running;
	pthread_t events_thread;
};

static struct tp_channel *channel_to(struct tp_bus *bus, enum tp_process process)
{
	struct tp_channel *ch = process == TP_PROCESS_SUP ? tp_child_supervisor(bus->child) :
							    tp_child_peer(bus->child, process);

	return ch && tp_channel_open(ch) ? ch : NULL;
}

/* With the lock. */
static void finish(struct question *q, enum tp_err err)
{
	tp_list_remove(&q->link);
	q->state = DONE;
	q->err = err;
	pthread_cond_signal(&q->changed);
}

static void send_question(struct tp_bus *bus, struct question *q)
{
	struct tp_channel *ch = channel_to(bus, q->ask->process);
	uint32_t request = ch ? tp_channel_next_request(ch) : 0;
	const int fds[] = { q->ask->fd, q->ask->second_fd ? *q->ask->second_fd : -1 };
	enum tp_err err = TP_CLOSED;

	tp_list_remove(&q->link);
	tp_list_append(&bus->sent, &q->link);
	q->state = SENDING;
	q->request = request;
	pthread_mutex_unlock(&bus->lock);
	if (ch)
		err = tp_channel_send_raw(ch, q->ask->type, request, q->ask->write, q->ask->msg,
					  fds[0] >= 0 ? fds : NULL, (fds[0] >= 0) + (fds[1] >= 0));
	pthread_mutex_lock(&bus->lock);
	if (q->state != SENDING)
		return;
	q->state = SENT;
	if (err != TP_OK)
		finish(q, err);
	else
		pthread_cond_signal(&q->changed);
}

static void send_post(struct tp_bus *bus, struct post *post)
{
	struct tp_channel *ch;

	tp_list_remove(&post->link);
	pthread_mutex_unlock(&bus->lock);
	ch = channel_to(bus, post->process);
	if (ch && tp_channel_send_raw(ch, post->type, 0, post->write, &post->msg, NULL, 0) != TP_OK)
		TP_LOG(TP_LOG_WARN, "bus.send", "%s was not sent", tp_msg_name(post->type));
	free(post);
	pthread_mutex_lock(&bus->lock);
}

static void on_wake(void *arg)
{
	struct tp_bus *bus = arg;
	struct tp_list *node;

	pthread_mutex_lock(&bus->lock);
	while ((node = tp_list_first(&bus->queued)))
		send_question(bus, TP_CONTAINER(node, struct question, link));
	while ((node = tp_list_first(&bus->posts)))
		send_post(bus, TP_CONTAINER(node, struct post, link));
	pthread_mutex_unlock(&bus->lock);
}

static void deadline_in(uint32_t ms, struct timespec *at)
{
	clock_gettime(CLOCK_MONOTONIC, at);
	at->tv_sec += ms / 1000;
	at->tv_nsec += (long)(ms % 1000) * 1000000;
	if (at->tv_nsec >= 1000000000) {
		at->tv_sec++;
		at->tv_nsec -= 1000000000;
	}
}

enum tp_err tp_bus_ask(struct tp_bus *bus, const struct tp_bus_question *ask, void **bytes, size_t *len)
{
	struct question q = { .ask = ask, .state = QUEUED };
	struct timespec deadline;
	pthread_condattr_t attr;
	int waited = 0;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q.changed, &attr);
	pthread_condattr_destroy(&attr);
	deadline_in(ask->wait_ms, &deadline);

	pthread_mutex_lock(&bus->lock);
	if (bus->closed) {
		q.state = DONE;
		q.err = TP_CLOSED;
	} else {
		tp_list_append(&bus->queued, &q.link);
		tp_loop_wake(tp_child_loop(bus->child));
	}
	while (q.state != DONE && (waited == 0 || q.state == SENDING))
		waited = waited == 0 ? pthread_cond_timedwait(&q.changed, &bus->lock, &deadline) :
				       (pthread_cond_wait(&q.changed, &bus->lock), waited);
	if (q.state != DONE) {
		tp_list_remove(&q.link);
		q.err = TP_AGAIN;
	}
	pthread_mutex_unlock(&bus->lock);
	pthread_cond_destroy(&q.changed);
	if (q.err != TP_OK)
		return q.err;
	*bytes = q.bytes;
	*len = q.len;
	return TP_OK;
}

static void post(struct tp_bus *bus, struct post *p)
{
	pthread_mutex_lock(&bus->lock);
	if (bus->closed) {
		free(p);
	} else {
		tp_list_append(&bus->posts, &p->link);
		tp_loop_wake(tp_child_loop(bus->child));
	}
	pthread_mutex_unlock(&bus->lock);
}

void tp_bus_first_login_done(struct tp_bus *bus)
{
	struct post *p = calloc(1, sizeof(*p));

	if (!p)
		return;
	p->process = TP_PROCESS_SUP;
	p->type = TP_MSG_TYPE_first_login_done;
	p->write = tp_msg_first_login_done_write_any;
	post(bus, p);
}

static void acknowledge(struct tp_bus *bus, uint64_t sequence)
{
	struct post *p = calloc(1, sizeof(*p));

	if (!p)
		return;
	p->process = TP_PROCESS_SIP;
	p->type = TP_MSG_TYPE_call_ended_ack;
	p->write = tp_msg_call_ended_ack_write_any;
	p->msg.call_ended_ack.sequence = sequence;
	post(bus, p);
}

void tp_bus_acme_ready(struct tp_bus *bus, bool ready)
{
	struct post *p = calloc(1, sizeof(*p));

	if (!p)
		return;
	p->process = TP_PROCESS_SUP;
	p->type = TP_MSG_TYPE_acme_challenge_ready;
	p->write = tp_msg_acme_challenge_ready_write_any;
	p->msg.acme_challenge_ready.ready = ready;
	post(bus, p);
}

/* ------------------------------------------------------------------ main thread */

/* An answer: true when somebody waits for it. One that came too late is dropped. */
static enum tp_err answer(struct tp_bus *bus, enum tp_process from, struct tp_frame *frame)
{
	size_t len = tp_rd_left(&frame->body);
	struct tp_list *it, *next;
	void *copy = malloc(len + 1);

	if (!copy)
		return TP_NOMEM;
	memcpy(copy, frame->body.p, len);
	pthread_mutex_lock(&bus->lock);
	TP_LIST_EACH(it, next, &bus->sent) {
		struct question *q = TP_CONTAINER(it, struct question, link);

		if (q->ask->process != from || q->request != frame->request ||
		    q->ask->answer_type != frame->type)
			continue;
		q->bytes = copy;
		q->len = len;
		if (q->ask->answer_fd) {
			*q->ask->answer_fd = frame->fd_count ? frame->fds[0] : -1;
			if (frame->fd_count)
				frame->fds[0] = -1;
		}
		copy = NULL;
		finish(q, TP_OK);
		break;
	}
	pthread_mutex_unlock(&bus->lock);
	free(copy);
	return TP_OK;
}

static void queue_event(struct tp_bus *bus, enum tp_process from, uint16_t type, bool up,
			const void *bytes, size_t len)
{
	struct event *e = malloc(sizeof(*e) + len);

	if (!e)
		return;
	*e = (struct event){ .from = from, .type = type, .up = up, .len = len };
	if (len)
		memcpy(e->bytes, bytes, len);
	pthread_mutex_lock(&bus->lock);
	if (bus->event_count < TP_BUS_EVENTS_MAX) {
		tp_list_append(&bus->events, &e->link);
		bus->event_count++;
		pthread_cond_signal(&bus->event_added);
		e = NULL;
	}
	pthread_mutex_unlock(&bus->lock);
	if (e)
		TP_LOG(TP_LOG_WARN, "bus.events", "%s from %s dropped: the database is behind",
		       tp_msg_name(type), tp_process_name(from));
	free(e);
}

static enum tp_err revision_state(struct tp_bus *bus, struct tp_frame *frame)
{
	struct tp_msg_revision_state m;
	enum tp_err err = tp_msg_revision_state_read(&frame->body, &m);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK && bus->handlers.running_file && frame->fd_count == 1)
		bus->handlers.running_file(bus->handlers.arg, frame->fds[0]);
	if (err == TP_OK && bus->handlers.revision_state)
		bus->handlers.revision_state(bus->handlers.arg, &m);
	return err;
}

static enum tp_err crl_index(struct tp_bus *bus, struct tp_frame *frame)
{
	struct tp_msg_crl_index m;
	enum tp_err err = tp_msg_crl_index_read(&frame->body, &m);

	if (err == TP_OK && bus->handlers.crl_index)
		bus->handlers.crl_index(bus->handlers.arg, m.slot,
					frame->fd_count == 1 ? frame->fds[0] : -1);
	return err;
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_bus *bus = arg;
	enum tp_process from = tp_channel_peer(ch);

	switch (frame->type) {
	case TP_MSG_TYPE_revision_state:
		return revision_state(bus, frame);
	case TP_MSG_TYPE_crl_index:
		return crl_index(bus, frame);
	case TP_MSG_TYPE_device_key:
	case TP_MSG_TYPE_alarm:
	case TP_MSG_TYPE_event:
	case TP_MSG_TYPE_call_ended:
	case TP_MSG_TYPE_tls_seen:
	case TP_MSG_TYPE_connections:
	case TP_MSG_TYPE_first_login:
	case TP_MSG_TYPE_acme_challenge:
		queue_event(bus, from, frame->type, false, frame->body.p, tp_rd_left(&frame->body));
		return TP_OK;
	default:
		return answer(bus, from, frame);
	}
}

static void on_peer_up(void *arg, struct tp_channel *ch)
{
	struct tp_bus *bus = arg;

	queue_event(bus, tp_channel_peer(ch), 0, true, NULL, 0);
}

static void on_peer_closed(void *arg, enum tp_process peer)
{
	struct tp_bus *bus = arg;
	struct tp_list *it, *next;

	pthread_mutex_lock(&bus->lock);
	TP_LIST_EACH(it, next, &bus->sent) {
		struct question *q = TP_CONTAINER(it, struct question, link);

		/* One that is being sent this moment learns it from its own send. */
		if (q->ask->process == peer && q->state == SENT)
			finish(q, TP_CLOSED);
	}
	pthread_mutex_unlock(&bus->lock);
	queue_event(bus, peer, 0, false, NULL, 0);
}

static enum tp_err on_prepare(void *arg, const struct tp_slice *slice, struct tp_diag *diag)
{
	struct tp_bus *bus = arg;

	return bus->handlers.prepare(bus->handlers.arg, slice, diag);
}

static void on_commit(void *arg)
{
	struct tp_bus *bus = arg;

	bus->handlers.commit(bus->handlers.arg);
}

static void on_abort(void *arg)
{
	struct tp_bus *bus = arg;

	bus->handlers.abort(bus->handlers.arg);
}

static void on_terminate(void *arg)
{
	struct tp_bus *bus = arg;

	if (bus->handlers.terminate)
		bus->handlers.terminate(bus->handlers.arg);
	tp_loop_stop(tp_child_loop(bus->child));
}

/* ---------------------------------------------------------------- events thread */

#define DISPATCH(name, action)                                           \
	do {                                                             \
		struct tp_msg_##name m;                                  \
		if (tp_msg_##name##_read(&rd, &m) != TP_OK)              \
			break;                                           \
		action;                                                  \
		tp_msg_##name##_fini(&m);                                \
		return;                                                  \
	} while (0)

static void dispatch(struct tp_bus *bus, struct event *e)
{
	const struct tp_bus_events *h = &bus->handlers;
	struct tp_rd rd;

	tp_rd_init(&rd, e->bytes, e->len);
	switch (e->type) {
	case 0:
		if (h->peer)
			h->peer(h->arg, e->from, e->up);
		return;
	case TP_MSG_TYPE_device_key:
		DISPATCH(device_key, if (h->device_key) h->device_key(h->arg, &m));
		break;
	case TP_MSG_TYPE_alarm:
		DISPATCH(alarm, if (h->alarm) h->alarm(h->arg, e->from, &m));
		break;
	case TP_MSG_TYPE_event:
		DISPATCH(event, if (h->event) h->event(h->arg, e->from, &m));
		break;
	case TP_MSG_TYPE_first_login:
		DISPATCH(first_login, if (h->first_login) h->first_login(h->arg, &m));
		break;
	case TP_MSG_TYPE_acme_challenge:
		DISPATCH(acme_challenge, if (h->acme_challenge) h->acme_challenge(h->arg, &m));
		break;
	case TP_MSG_TYPE_tls_seen:
		DISPATCH(tls_seen, if (h->tls_seen) h->tls_seen(h->arg, &m));
		break;
	case TP_MSG_TYPE_connections:
		DISPATCH(connections, if (h->connections) h->connections(h->arg, &m));
		break;
	case TP_MSG_TYPE_call_ended:
		DISPATCH(call_ended, if (h->call_ended && h->call_ended(h->arg, &m) == TP_OK)
					 acknowledge(bus, m.sequence));
		break;
	}
	TP_LOG(TP_LOG_ERROR, "bus.format", "%s from %s does not decode", tp_msg_name(e->type),
	       tp_process_name(e->from));
}

static void *events_run(void *arg)
{
	struct tp_bus *bus = arg;

	pthread_mutex_lock(&bus->lock);
	for (;;) {
		struct tp_list *node = tp_list_first(&bus->events);
		struct event *e;

		if (!node && bus->closed)
			break;
		if (!node) {
			pthread_cond_wait(&bus->event_added, &bus->lock);
			continue;
		}
		e = TP_CONTAINER(node, struct event, link);
		tp_list_remove(node);
		bus->event_count--;
		pthread_mutex_unlock(&bus->lock);
		dispatch(bus, e);
		tp_wipe(e->bytes, e->len);
		free(e);
		pthread_mutex_lock(&bus->lock);
	}
	pthread_mutex_unlock(&bus->lock);
	return NULL;
}

/* ------------------------------------------------------------------------- life */

enum tp_err tp_bus_new(int argc, char **argv, const struct tp_bus_events *events, struct tp_bus **out)
{
	static const struct tp_child_handlers handlers = {
		.prepare = on_prepare,
		.commit = on_commit,
		.abort = on_abort,
		.supervisor_frame = on_frame,
		.peer_up = on_peer_up,
		.peer_frame = on_frame,
		.peer_closed = on_peer_closed,
		.terminate = on_terminate,
	};
	struct tp_bus *bus = calloc(1, sizeof(*bus));
	enum tp_err err;

	if (!bus)
		return TP_NOMEM;
	bus->handlers = *events;
	pthread_mutex_init(&bus->lock, NULL);
	pthread_cond_init(&bus->event_added, NULL);
	tp_list_init(&bus->queued);
	tp_list_init(&bus->sent);
	tp_list_init(&bus->posts);
	tp_list_init(&bus->events);
	err = tp_child_new(TP_PROCESS_ADMIN, argc, argv, &handlers, bus, &bus->child);
	if (err != TP_OK) {
		tp_bus_free(&bus);
		return err;
	}
	tp_loop_set_wake(tp_child_loop(bus->child), on_wake, bus);
	*out = bus;
	return TP_OK;
}

enum tp_err tp_bus_start(struct tp_bus *bus)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&bus->events_thread, NULL, events_run, bus);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	bus->events_running = failed == 0;
	return failed ? TP_IO : TP_OK;
}

int tp_bus_run(struct tp_bus *bus)
{
	if (tp_child_ready(bus->child) != TP_OK)
		return 1;
	return tp_child_run(bus->child);
}

struct tp_loop_pauses tp_bus_pauses(const struct tp_bus *bus)
{
	return tp_loop_pauses(tp_child_loop(bus->child));
}

static void fail_all(struct tp_list *list)
{
	struct tp_list *node;

	while ((node = tp_list_first(list)))
		finish(TP_CONTAINER(node, struct question, link), TP_CLOSED);
}

void tp_bus_close(struct tp_bus *bus)
{
	pthread_mutex_lock(&bus->lock);
	bus->closed = true;
	fail_all(&bus->queued);
	fail_all(&bus->sent);
	pthread_cond_broadcast(&bus->event_added);
	pthread_mutex_unlock(&bus->lock);
	if (bus->events_running)
		pthread_join(bus->events_thread, NULL);
	bus->events_running = false;
}

void tp_bus_free(struct tp_bus **bus_)
{
	struct tp_bus *bus = *bus_;
	struct tp_list *node;

	if (!bus)
		return;
	*bus_ = NULL;
	while ((node = tp_list_first(&bus->posts))) {
		tp_list_remove(node);
		free(TP_CONTAINER(node, struct post, link));
	}
	while ((node = tp_list_first(&bus->events))) {
		tp_list_remove(node);
		free(TP_CONTAINER(node, struct event, link));
	}
	tp_child_free(&bus->child);
	pthread_cond_destroy(&bus->event_added);
	pthread_mutex_destroy(&bus->lock);
	free(bus);
}
