/* The three long-lived children: start, back-off, watchdog, wiring, configuration of a
 * child that was started again. Runs in turnpiked. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "model/slice_seal.h"
#include "supervisor/supervisor.h"

enum {
	PING_EVERY_MS = 2500,
	SILENT_MS = 10000,    /* without a pong: killed */
	START_MS = 30000,     /* without `ready`: killed */
	QUICK_END_MS = 20000, /* an end before counts for the back-off */
	ALARM_ENDS = 3,       /* quick ones in a row */
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MAX_MS = 5000,
	TERMINATE_MS = 5000,
	WIRE_AGAIN_MS = 500,
	FD_TEXT = 12,
};

static void start_child(void *arg);

struct tp_sup_child *tp_sup_child_of(struct tp_sup *sup, enum tp_process which)
{
	return &sup->children[which - 1];
}

static const char *name_of(const struct tp_sup_child *c)
{
	return tp_process_name(c->process.which);
}

void tp_sup_event(struct tp_sup *sup, unsigned severity, const char *name, const char *fmt, ...)
{
	struct tp_msg_event m = { .at_ms = tp_loop_unix_ms(sup->loop),
				  .severity = (uint8_t)severity };
	va_list ap;

	tp_text_copy(m.name, sizeof(m.name), name);
	va_start(ap, fmt);
	/* Started one line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(m.text, sizeof(m.text), fmt, ap);
	va_end(ap);
	TP_LOG(severity ? TP_LOG_WARN : TP_LOG_INFO, "event", "%s: %s", name, m.text);
	if (tp_sup_child_of(sup, TP_PROCESS_ADMIN)->ready) {
		TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel, event, 0, &m);
		return;
	}
	if (sup->event_count == TP_SUP_EVENTS_KEPT)
		memmove(sup->events, sup->events + 1, --sup->event_count * sizeof(m));
	sup->events[sup->event_count++] = m;
}

static void send_kept_events(struct tp_sup *sup, struct tp_channel *admin)
{
	for (size_t i = 0; i < sup->event_count; i++)
		TP_CHANNEL_SEND(admin, event, 0, &sup->events[i]);
	sup->event_count = 0;
}

/* Code 15002: a child ends again and again. Admin, when it is back, is told once more. */
static void tell_alarm(const struct tp_sup_child *c)
{
	struct tp_sup_child *admin = tp_sup_child_of(c->process.sup, TP_PROCESS_ADMIN);
	struct tp_msg_alarm m = { .code = 15002, .raised = c->alarmed, .severity = 2 };

	if (!admin->ready)
		return;
	tp_text_copy(m.subject, sizeof(m.subject), name_of(c));
	snprintf(m.text, sizeof(m.text), "%s ends again and again, last with %s.", name_of(c),
		 c->process.last_end);
	tp_text_copy(m.remedy, sizeof(m.remedy),
		     "Go back to the last revision that worked, and send the system log to support.");
	TP_CHANNEL_SEND(admin->process.channel, alarm, 0, &m);
}

static void set_alarm(struct tp_sup_child *c, bool raised)
{
	if (c->alarmed == raised)
		return;
	c->alarmed = raised;
	tell_alarm(c);
}

/* ------------------------------------------------------------ configuration */

static enum tp_err open_secret(void *arg, uint8_t process, const char *name, struct tp_span sealed,
			       struct tp_secret *clear)
{
	const struct tp_sup *sup = arg;

	if (!tp_seal_may_receive(process, name))
		return TP_DENIED;
	return tp_seal_unseal(&sup->seal, name, sealed, clear);
}

enum tp_err tp_sup_child_prepare(struct tp_sup_child *c, const struct tp_revision *r,
				 struct tp_diag *diag)
{
	struct tp_sup *sup = c->process.sup;
	size_t index = (size_t)c->process.which - 1;
	struct tp_msg_config_prepare m = { .revision = r->number };
	int fd;
	enum tp_err err = tp_slice_unseal(r->slices[index], r->slice_lens[index],
					  (uint8_t)c->process.which, r->number, open_secret, sup,
					  &fd, diag);

	if (err != TP_OK)
		return err;
	err = TP_CHANNEL_SEND_FDS(c->process.channel, config_prepare, 0, &m, &fd, 1);
	close(fd);
	if (err != TP_OK)
		return tp_fail(diag, err, name_of(c), "cannot be told: %s", tp_err_name(err));
	c->configuring = r->number;
	c->prepared = 0;
	return TP_OK;
}

void tp_sup_child_commit(struct tp_sup_child *c, uint64_t revision, bool commit)
{
	struct tp_msg_config_commit m = { .revision = revision, .commit = commit };

	TP_CHANNEL_SEND(c->process.channel, config_commit, 0, &m);
	c->prepared = 0;
	c->configuring = 0;
	if (commit)
		c->in_force = revision;
}

/* --------------------------------------------------------------------- wiring */

static bool send_end(struct tp_sup_child *to, struct tp_sup_child *other, int fd)
{
	struct tp_msg_peer_up m = { .process = (uint8_t)other->process.which };

	return TP_CHANNEL_SEND_FDS(to->process.channel, peer_up, 0, &m, &fd, 1) == TP_OK;
}

static uint64_t wired_at_ms(const struct tp_sup_child *a, const struct tp_sup_child *b)
{
	return a->wired_at_ms[b->process.which - 1];
}

static void wire(struct tp_sup_child *a, struct tp_sup_child *b)
{
	int pair[2];

	a->wired_at_ms[b->process.which - 1] = tp_loop_now_ms(a->process.sup->loop);
	b->wired_at_ms[a->process.which - 1] = tp_loop_now_ms(a->process.sup->loop);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		TP_LOG(TP_LOG_ERROR, "child.wire", "no socket pair for %s and %s", name_of(a),
		       name_of(b));
		return;
	}
	if (!send_end(a, b, pair[0]) || !send_end(b, a, pair[1]))
		TP_LOG(TP_LOG_ERROR, "child.wire", "%s and %s cannot be told of each other",
		       name_of(a), name_of(b));
	close(pair[0]);
	close(pair[1]);
}

/* The child has its configuration, or there is none yet: its peers may talk to it. */
static void settle(struct tp_sup_child *c)
{
	struct tp_sup *sup = c->process.sup;

	if (c->settled)
		return;
	c->settled = true;
	for (size_t i = 0; i < TP_SLICES; i++) {
		struct tp_sup_child *other = &sup->children[i];

		if (other != c && other->settled)
			wire(c, other);
	}
}

void tp_sup_child_configure(struct tp_sup_child *c)
{
	struct tp_sup *sup = c->process.sup;
	struct tp_diag diag = { 0 };

	if (!c->ready)
		return;
	if (sup->running.number == 0 || c->in_force == sup->running.number ||
	    !tp_revision_has_slices(&sup->running)) {
		settle(c);
		return;
	}
	if (tp_sup_child_prepare(c, &sup->running, &diag) == TP_OK)
		return;
	TP_LOG(TP_LOG_ERROR, "config.slice", "%s cannot have revision %llu: %s: %s", name_of(c),
	       (unsigned long long)sup->running.number, diag.where, diag.text);
	settle(c);
}

/* The answer to tp_sup_child_configure, outside of a commit. */
static void configured(struct tp_sup_child *c, const struct tp_msg_config_prepared *m)
{
	struct tp_sup *sup = c->process.sup;

	if (m->revision != sup->running.number) {
		tp_sup_child_commit(c, m->revision, false);
		tp_sup_child_configure(c);
		return;
	}
	if (m->err == TP_OK) {
		tp_sup_child_commit(c, m->revision, true);
		settle(c);
		return;
	}
	c->configuring = 0;
	tp_sup_event(sup, 2, "config.refused", "%s refuses revision %llu in force: %s: %s",
		     name_of(c), (unsigned long long)m->revision, m->path, m->text);
	if (c->in_force) {
		/* It still runs what was undone; a fresh start has nothing to hold on to. */
		tp_sup_process_kill(&c->process);
		return;
	}
	settle(c);
}

/* ----------------------------------------------------------------- messages */

static void tell_device_key(struct tp_sup *sup, struct tp_channel *admin)
{
	struct tp_msg_device_key m = { .key_len = sizeof(m.key) };

	if (tp_seal_derive(&sup->seal, "turnpike device cookies 1", m.key) != TP_OK ||
	    TP_CHANNEL_SEND(admin, device_key, 0, &m) != TP_OK)
		TP_LOG(TP_LOG_WARN, "device.key", "known browsers will be treated as strangers");
	tp_wipe(&m, sizeof(m));
}

static enum tp_err take_ready(struct tp_sup_child *c, struct tp_frame *frame)
{
	struct tp_sup *sup = c->process.sup;
	struct tp_msg_ready m;
	enum tp_err err = tp_msg_ready_read(&frame->body, &m);

	if (err != TP_OK)
		return err;
	if (c->ready)
		return TP_STATE;
	c->ready = true;
	c->pong_at_ms = tp_loop_now_ms(sup->loop);
	TP_LOG(TP_LOG_INFO, "child.ready", "%s is ready (pid %d)", name_of(c), (int)c->process.pid);
	/* Before its configuration: no certificate is checked without them. */
	tp_sup_crl_tell(sup, c);
	if (c->process.which == TP_PROCESS_ADMIN) {
		tp_sup_reset_admin_ready(sup);
		tell_device_key(sup, c->process.channel);
		if (sup->first_login.open)
			TP_CHANNEL_SEND(c->process.channel, first_login, 0, &sup->first_login.hash);
		tp_sup_tell_state(sup, sup->undone_at_start,
				  sup->undone_at_start ? "the system was started again during the trial"
						       : "");
		sup->undone_at_start = 0;
		send_kept_events(sup, c->process.channel);
		/* Also that they do not stand: admin keeps alarms for longer than turnpiked lives. */
		for (size_t i = 0; i < TP_SLICES; i++)
			tell_alarm(&sup->children[i]);
		tp_sup_remake_tell(sup);
	}
	if (sup->commit.stage == TP_SUP_COMMIT_PREPARING)
		tp_sup_commit_child_ready(sup, c);
	else
		tp_sup_child_configure(c);
	return TP_OK;
}

static enum tp_err take_pong(struct tp_sup_child *c, struct tp_frame *frame)
{
	struct tp_msg_pong m;
	enum tp_err err = tp_msg_pong_read(&frame->body, &m);

	if (err == TP_OK && m.sequence == c->ping_sequence)
		c->pong_at_ms = tp_loop_now_ms(c->process.sup->loop);
	return err;
}

/* Of the two that lost each other both ask at about the same time: once is enough. */
static enum tp_err take_lost(struct tp_sup_child *c, struct tp_frame *frame)
{
	struct tp_msg_peer_lost m;
	enum tp_err err = tp_msg_peer_lost_read(&frame->body, &m);
	struct tp_sup_child *other;

	if (err != TP_OK)
		return err;
	if (m.process < TP_PROCESS_ADMIN || m.process > TP_PROCESS_MEDIA ||
	    m.process == c->process.which)
		return TP_FORMAT;
	other = tp_sup_child_of(c->process.sup, (enum tp_process)m.process);
	if (!c->settled || !other->settled ||
	    tp_loop_now_ms(c->process.sup->loop) - wired_at_ms(c, other) < WIRE_AGAIN_MS)
		return TP_OK;
	TP_LOG(TP_LOG_WARN, "child.wire", "%s and %s lost each other: wired again", name_of(c),
	       name_of(other));
	wire(c, other);
	return TP_OK;
}

static enum tp_err take_prepared(struct tp_sup_child *c, struct tp_frame *frame)
{
	struct tp_sup *sup = c->process.sup;
	struct tp_msg_config_prepared m;
	enum tp_err err = tp_msg_config_prepared_read(&frame->body, &m);

	if (err != TP_OK)
		return err;
	/* An answer that another question has overtaken. */
	if (!c->configuring || m.revision != c->configuring)
		return TP_OK;
	if (sup->commit.stage == TP_SUP_COMMIT_PREPARING && m.revision == sup->commit.fresh.number)
		tp_sup_commit_prepared(sup, c, &m);
	else
		configured(c, &m);
	return TP_OK;
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sup_child *c = arg;

	(void)ch;
	switch (frame->type) {
	case TP_MSG_TYPE_ready:
		return take_ready(c, frame);
	case TP_MSG_TYPE_pong:
		return take_pong(c, frame);
	case TP_MSG_TYPE_peer_lost:
		return take_lost(c, frame);
	case TP_MSG_TYPE_config_prepared:
		return take_prepared(c, frame);
	case TP_MSG_TYPE_point_read_ask:
		return tp_sup_point_request(c->process.sup, frame);
	case TP_MSG_TYPE_fetch:
		return tp_sup_fetch_request(c->process.sup, c->process.which, frame);
	default:
		/* The channel's table lets only admin's questions through. */
		return tp_sup_asked(c->process.sup, frame);
	}
}

/* ----------------------------------------------------------------- watchdog */

static void on_ping_due(void *arg)
{
	struct tp_sup_child *c = arg;
	struct tp_sup *sup = c->process.sup;
	struct tp_msg_ping m = { .sequence = ++c->ping_sequence };
	uint64_t since = tp_loop_now_ms(sup->loop) - c->pong_at_ms;

	if (sup->ending || sup->reset.ending)
		return;
	if (since > (c->ready ? SILENT_MS : START_MS)) {
		TP_LOG(TP_LOG_ERROR, "child.silent", "%s has not answered for %llu ms: killed",
		       name_of(c), (unsigned long long)since);
		tp_sup_process_kill(&c->process);
		return;
	}
	if (c->ready)
		TP_CHANNEL_SEND(c->process.channel, ping, 0, &m);
	if (tp_loop_now_ms(sup->loop) - c->started_at_ms > QUICK_END_MS)
		set_alarm(c, false);
	if (tp_timer_start(sup->loop, &c->ping_timer, PING_EVERY_MS, on_ping_due, c) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "child.watchdog", "no memory for the watchdog of %s", name_of(c));
}

/* ---------------------------------------------------------- start and restart */

static uint64_t backoff_ms(const struct tp_sup_child *c)
{
	unsigned n = c->quick_ends;

	if (n <= 1)
		return 0;
	n = n - 2 < 6 ? n - 2 : 6;
	return (uint64_t)BACKOFF_FIRST_MS << n < BACKOFF_MAX_MS ? (uint64_t)BACKOFF_FIRST_MS << n
								: BACKOFF_MAX_MS;
}

static void start_again(struct tp_sup_child *c)
{
	struct tp_sup *sup = c->process.sup;

	if (tp_timer_start(sup->loop, &c->restart_timer, backoff_ms(c), start_child, c) != TP_OK)
		abort();
}

static bool all_ended(const struct tp_sup *sup)
{
	for (size_t i = 0; i < TP_SLICES; i++)
		if (sup->children[i].process.pid)
			return false;
	return true;
}

/* What a child asked for and nobody waits for any more. */
static void end_questions(struct tp_sup *sup, enum tp_process which)
{
	tp_sup_fetch_forget(sup, which);
	if (which == TP_PROCESS_ADMIN) {
		tp_sup_commit_forget(sup);
		tp_sup_crl_forget(sup);
		tp_sup_acme_forget(sup);
		tp_sup_hash_forget(sup);
		tp_sup_questions_forget(&sup->pam);
		tp_sup_questions_forget(&sup->ldap);
	}
	if (which == TP_PROCESS_SIP)
		tp_sup_point_forget(sup);
}

static void on_end(void *arg)
{
	struct tp_sup_child *c = arg;
	struct tp_sup *sup = c->process.sup;
	bool was_preparing = c->configuring != 0;

	tp_timer_stop(sup->loop, &c->ping_timer);
	c->ready = c->settled = false;
	c->configuring = c->prepared = c->in_force = 0;
	if (sup->ending) {
		TP_LOG(TP_LOG_INFO, "child.end", "%s: %s", name_of(c), c->process.last_end);
		if (all_ended(sup))
			tp_loop_stop(sup->loop);
		return;
	}
	end_questions(sup, c->process.which);
	if (sup->reset.ending) {
		TP_LOG(TP_LOG_INFO, "child.end", "%s: %s", name_of(c), c->process.last_end);
		if (all_ended(sup))
			tp_sup_reset_children_ended(sup);
		return;
	}
	c->restarts++;
	if (tp_loop_now_ms(sup->loop) - c->started_at_ms < QUICK_END_MS)
		c->quick_ends++;
	else
		c->quick_ends = 1;
	if (c->quick_ends >= ALARM_ENDS)
		set_alarm(c, true);
	tp_sup_event(sup, 1, "process.ended", "%s ended (%s) and is started again", name_of(c),
		     c->process.last_end);
	tp_sup_commit_child_ended(sup, c, was_preparing);
	start_again(c);
}

static enum tp_err spawn_child(struct tp_sup *sup, struct tp_sup_child *c, enum tp_process which,
			       struct tp_diag *diag)
{
	const char *argv[24] = { tp_process_name(which), "--log-level", sup->options.log_level };
	char text[2][FD_TEXT];
	char boot[2 * TP_AUDIT_BOOT + 1];
	char sealed[2 * TP_AUDIT_HASH + 32];
	int fds[2];
	size_t argc = 3;
	size_t n = 0;

	if (which == TP_PROCESS_ADMIN) {
		if (tp_sup_reset_is_wiped(sup))
			tp_sup_reset_checkpoint(sup);
		fds[n++] = sup->admin_fd;
		fds[n++] = sup->socket_fd;
		argv[argc++] = "--state-fd";
		argv[argc++] = text[0];
		argv[argc++] = "--socket-fd";
		argv[argc++] = text[1];
		tp_text_write_hex(boot, sup->audit.boot, sizeof(sup->audit.boot));
		argv[argc++] = "--boot";
		argv[argc++] = boot;
		if (sup->audit.head.counter) {
			int at = snprintf(sealed, sizeof(sealed), "%llu:",
					  (unsigned long long)sup->audit.head.sequence);

			tp_text_write_hex(sealed + at, sup->audit.head.hash, TP_AUDIT_HASH);
			argv[argc++] = "--sealed";
			argv[argc++] = sealed;
		}
		if (sup->options.web) {
			argv[argc++] = "--web";
			argv[argc++] = sup->options.web;
		}
		/* Last, and the name behind all: an account may be called like an option. */
		if (tp_sup_reset_is_wiped(sup)) {
			argv[argc++] = "--reset-from";
			argv[argc++] = sup->reset.source;
			argv[argc++] = "--reset-by";
			argv[argc++] = sup->reset.user;
		}
	} else if (which == TP_PROCESS_MEDIA) {
		fds[n++] = sup->srtp_fd;
		argv[argc++] = "--srtp-fd";
		argv[argc++] = text[0];
	}
	for (size_t i = 0; i < n; i++)
		snprintf(text[i], sizeof(text[i]), "%zu", 4 + i);
	return tp_sup_process_start(sup, &c->process, which, argv, fds, n,
				    on_frame, on_end, c, diag);
}

static void start_child(void *arg)
{
	struct tp_sup_child *c = arg;
	struct tp_sup *sup = c->process.sup;
	struct tp_diag diag;

	if (sup->ending || sup->reset.ending)
		return;
	c->started_at_ms = c->pong_at_ms = tp_loop_now_ms(sup->loop);
	c->started_unix_ms = tp_loop_unix_ms(sup->loop);
	if (spawn_child(sup, c, c->process.which, &diag) != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "child.start", "%s: %s: %s", name_of(c), diag.where, diag.text);
		c->quick_ends++;
		start_again(c);
		return;
	}
	on_ping_due(c);
}

void tp_sup_children_start(struct tp_sup *sup)
{
	/* media first: sip and admin ask it. */
	static const enum tp_process order[] = { TP_PROCESS_MEDIA, TP_PROCESS_SIP,
						 TP_PROCESS_ADMIN };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		struct tp_sup_child *c = tp_sup_child_of(sup, order[i]);

		c->process.sup = sup;
		c->process.which = order[i];
		start_child(c);
	}
}

static void on_terminate_due(void *arg)
{
	struct tp_sup *sup = arg;

	for (size_t i = 0; i < TP_SLICES; i++)
		tp_sup_process_kill(&sup->children[i].process);
}

static void terminate_all(struct tp_sup *sup)
{
	struct tp_msg_terminate m = { 0 };

	for (size_t i = 0; i < TP_SLICES; i++) {
		struct tp_sup_child *c = &sup->children[i];

		tp_timer_stop(sup->loop, &c->restart_timer);
		if (c->process.pid && TP_CHANNEL_SEND(c->process.channel, terminate, 0, &m) != TP_OK)
			tp_sup_process_kill(&c->process);
	}
}

void tp_sup_children_end(struct tp_sup *sup)
{
	if (sup->ending)
		return;
	sup->reset.ending = true;
	terminate_all(sup);
	if (all_ended(sup))
		tp_sup_reset_children_ended(sup);
	else if (tp_timer_start(sup->loop, &sup->end_timer, TERMINATE_MS, on_terminate_due, sup) != TP_OK)
		on_terminate_due(sup);
}

void tp_sup_children_terminate(struct tp_sup *sup)
{
	if (sup->ending) {
		on_terminate_due(sup);
		return;
	}
	sup->ending = true;
	terminate_all(sup);
	if (all_ended(sup) ||
	    tp_timer_start(sup->loop, &sup->end_timer, TERMINATE_MS, on_terminate_due, sup) != TP_OK)
		tp_loop_stop(sup->loop);
}

void tp_sup_children_fini(struct tp_sup *sup)
{
	for (size_t i = 0; i < TP_SLICES; i++)
		tp_sup_process_fini(&sup->children[i].process);
}
