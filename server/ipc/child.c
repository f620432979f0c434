/* What every long-lived child of turnpiked shares. Runs in admin, sip and media. */
#include "ipc/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/log.h"

enum { SUPERVISOR_FD = 3, PEER_LOST_MS = 1000 };

struct lost_peer {
	struct tp_child *child;
	struct tp_timer timer;
};

struct tp_child {
	enum tp_process self;
	struct tp_child_handlers on;
	void *arg;
	struct tp_loop *loop;
	struct tp_channel *supervisor;
	struct tp_channel *peers[TP_PROCESS_COUNT];
	struct lost_peer lost[TP_PROCESS_COUNT];
	struct tp_slice *current;
	struct tp_slice *prepared;
	struct tp_slice *previous; /* until commit() has returned */
	bool terminated;
};

const char *tp_child_arg(int argc, char **argv, const char *name)
{
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return NULL;
}

int tp_child_arg_fd(int argc, char **argv, const char *name)
{
	uint64_t fd;

	if (tp_text_parse_u64(tp_span_of(tp_child_arg(argc, argv, name)), 1023, &fd) != TP_OK)
		return -1;
	return fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0 ? (int)fd : -1;
}

static enum tp_log_level log_level(const char *name)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	for (unsigned i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return (enum tp_log_level)i;
	return TP_LOG_INFO;
}

void tp_child_begin(enum tp_process self, int argc, char **argv)
{
	tp_log_open(tp_process_name(self), log_level(tp_child_arg(argc, argv, "--log-level")));
	prctl(PR_SET_NAME, tp_process_name(self), 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
}

struct tp_loop *tp_child_loop(const struct tp_child *c)
{
	return c->loop;
}

struct tp_channel *tp_child_supervisor(const struct tp_child *c)
{
	return c->supervisor;
}

struct tp_channel *tp_child_peer(const struct tp_child *c, enum tp_process peer)
{
	return (unsigned)peer < TP_PROCESS_COUNT ? c->peers[peer] : NULL;
}

const struct tp_slice *tp_child_slice(const struct tp_child *c)
{
	return c->current;
}

static void terminate(struct tp_child *c)
{
	if (c->on.terminate)
		c->on.terminate(c->arg);
	else
		tp_loop_stop(c->loop);
}

/* -------------------------------------------------------------------- peers */

static void forget_peer(struct tp_child *c, enum tp_process peer)
{
	if (!c->peers[peer])
		return;
	tp_channel_free(&c->peers[peer]);
	if (c->on.peer_closed)
		c->on.peer_closed(c->arg, peer);
}

static enum tp_err on_peer_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_child *c = arg;

	return c->on.peer_frame ? c->on.peer_frame(c->arg, ch, frame) : TP_UNSUPPORTED;
}

static void on_lost_due(void *arg)
{
	struct lost_peer *lost = arg;
	struct tp_child *c = lost->child;
	struct tp_msg_peer_lost m = { .process = (uint8_t)(lost - c->lost) };

	/* When even this cannot be sent, the supervisor is gone too. */
	if (!c->peers[m.process])
		(void)TP_CHANNEL_SEND(c->supervisor, peer_lost, 0, &m);
}

/* Mostly the peer has ended and comes back by itself; else a fresh pair is asked for. */
static void on_peer_closed(void *arg, struct tp_channel *ch)
{
	struct tp_child *c = arg;
	enum tp_process peer = tp_channel_peer(ch);
	struct lost_peer *lost = &c->lost[peer];

	forget_peer(c, peer);
	lost->child = c;
	if (tp_timer_start(c->loop, &lost->timer, PEER_LOST_MS, on_lost_due, lost) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "child.peer", "no memory to ask for %s again",
		       tp_process_name(peer));
}

static enum tp_err take_peer(struct tp_child *c, struct tp_frame *frame)
{
	struct tp_msg_peer_up m;
	enum tp_err err = tp_msg_peer_up_read(&frame->body, &m);
	int fd = frame->fds[0];

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK)
		return err;
	if (frame->fd_count != 1 || m.process == c->self || m.process == TP_PROCESS_SUP)
		return TP_FORMAT;
	forget_peer(c, (enum tp_process)m.process);
	frame->fds[0] = -1;
	err = tp_channel_new(c->loop, fd, c->self, (enum tp_process)m.process, on_peer_frame,
			     on_peer_closed, c, &c->peers[m.process]);
	if (err == TP_OK && c->on.peer_up)
		c->on.peer_up(c->arg, c->peers[m.process]);
	return err;
}

/* ------------------------------------------------------------ configuration */

static void drop_prepared(struct tp_child *c)
{
	if (!c->prepared)
		return;
	c->on.abort(c->arg);
	tp_slice_close(&c->prepared);
}

static enum tp_err open_slice(struct tp_child *c, struct tp_frame *frame, uint64_t revision,
			      struct tp_slice **slice, struct tp_diag *diag)
{
	enum tp_err err;

	if (frame->fd_count != 1)
		return tp_fail(diag, TP_FORMAT, "slice", "no slice came with revision %llu",
			       (unsigned long long)revision);
	err = tp_slice_open(frame->fds[0], slice, diag);
	if (err != TP_OK)
		return err;
	if ((*slice)->process == c->self && (*slice)->revision == revision)
		return TP_OK;
	tp_slice_close(slice);
	return tp_fail(diag, TP_FORMAT, "slice", "the slice is not ours or not of this revision");
}

static enum tp_err take_prepare(struct tp_child *c, struct tp_frame *frame)
{
	struct tp_msg_config_prepare m;
	struct tp_msg_config_prepared answer = { 0 };
	struct tp_diag diag = { 0 };
	struct tp_slice *slice = NULL;
	enum tp_err err = tp_msg_config_prepare_read(&frame->body, &m);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK)
		return err;
	drop_prepared(c);
	err = open_slice(c, frame, m.revision, &slice, &diag);
	if (err == TP_OK)
		err = c->on.prepare(c->arg, slice, &diag);
	if (err == TP_OK)
		c->prepared = slice;
	else
		tp_slice_close(&slice);
	answer.revision = m.revision;
	answer.err = (uint8_t)err;
	tp_text_copy(answer.path, sizeof(answer.path), diag.where);
	tp_text_copy(answer.text, sizeof(answer.text), diag.text);
	return TP_CHANNEL_SEND(c->supervisor, config_prepared, frame->request, &answer);
}

static enum tp_err take_commit(struct tp_child *c, struct tp_frame *frame)
{
	struct tp_msg_config_commit m;
	enum tp_err err = tp_msg_config_commit_read(&frame->body, &m);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK)
		return err;
	/* An abort may come for a revision that this child refused. */
	if (!c->prepared || c->prepared->revision != m.revision)
		return m.commit ? TP_STATE : TP_OK;
	if (!m.commit) {
		drop_prepared(c);
		return TP_OK;
	}
	c->previous = c->current;
	c->current = c->prepared;
	c->prepared = NULL;
	c->on.commit(c->arg);
	tp_slice_close(&c->previous);
	return TP_OK;
}

/* --------------------------------------------------------------- supervisor */

static enum tp_err take_ping(struct tp_child *c, struct tp_frame *frame)
{
	struct tp_msg_ping ping;
	struct tp_msg_pong pong;
	enum tp_err err = tp_msg_ping_read(&frame->body, &ping);

	if (err != TP_OK)
		return err;
	pong.sequence = ping.sequence;
	return TP_CHANNEL_SEND(c->supervisor, pong, frame->request, &pong);
}

static enum tp_err on_supervisor_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_child *c = arg;

	switch (frame->type) {
	case TP_MSG_TYPE_peer_up:
		return take_peer(c, frame);
	case TP_MSG_TYPE_ping:
		return take_ping(c, frame);
	case TP_MSG_TYPE_config_prepare:
		return take_prepare(c, frame);
	case TP_MSG_TYPE_config_commit:
		return take_commit(c, frame);
	case TP_MSG_TYPE_terminate:
		c->terminated = true;
		terminate(c);
		return TP_OK;
	default:
		return c->on.supervisor_frame ? c->on.supervisor_frame(c->arg, ch, frame)
					      : TP_UNSUPPORTED;
	}
}

static void on_supervisor_closed(void *arg, struct tp_channel *ch)
{
	struct tp_child *c = arg;

	(void)ch;
	TP_LOG(TP_LOG_WARN, "child.orphan", "the channel to turnpiked is closed; ending");
	terminate(c);
}

/* --------------------------------------------------------------------- life */

static enum tp_err open_child(struct tp_child *c)
{
	enum tp_err err = tp_loop_new(&c->loop);

	if (err != TP_OK)
		return err;
	if (fcntl(SUPERVISOR_FD, F_SETFD, FD_CLOEXEC) < 0)
		return TP_STATE;
	return tp_channel_new(c->loop, SUPERVISOR_FD, c->self, TP_PROCESS_SUP, on_supervisor_frame,
			      on_supervisor_closed, c, &c->supervisor);
}

enum tp_err tp_child_new(enum tp_process self, int argc, char **argv,
			 const struct tp_child_handlers *handlers, void *arg, struct tp_child **out)
{
	struct tp_child *c = calloc(1, sizeof(*c));
	enum tp_err err;

	if (!c)
		return TP_NOMEM;
	tp_child_begin(self, argc, argv);
	c->self = self;
	c->on = *handlers;
	c->arg = arg;
	err = open_child(c);
	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "child.start",
		       "this program is started by turnpiked, with its channel as descriptor 3");
		tp_child_free(&c);
		return err;
	}
	*out = c;
	return TP_OK;
}

void tp_child_free(struct tp_child **at)
{
	struct tp_child *c = *at;

	if (!c)
		return;
	*at = NULL;
	for (size_t i = 0; i < TP_PROCESS_COUNT; i++)
		tp_channel_free(&c->peers[i]);
	tp_channel_free(&c->supervisor);
	tp_slice_close(&c->prepared);
	tp_slice_close(&c->current);
	tp_loop_free(&c->loop);
	free(c);
}

enum tp_err tp_child_ready(struct tp_child *c)
{
	struct tp_msg_ready m = { .pid = (uint32_t)getpid() };

	return TP_CHANNEL_SEND(c->supervisor, ready, 0, &m);
}

int tp_child_run(struct tp_child *c)
{
	enum tp_err err = tp_loop_run(c->loop);

	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "child.loop", "the event loop failed: %s", tp_err_name(err));
	return err == TP_OK && c->terminated ? 0 : 1;
}

int tp_child_serve(struct tp_child *c, enum tp_err started, const struct tp_diag *diag)
{
	enum tp_err err = started == TP_OK ? tp_child_ready(c) : started;

	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "child.start", "%s: %s %s", tp_err_name(err), diag->where,
		       diag->text);
		return 1;
	}
	return tp_child_run(c);
}
