/* Keeps the logs in order. One thread of turnpike-admin. */
#include "admin/log/keeper.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/http/times.h"
#include "core/log.h"

enum { TURN_MS = 1000, TRIM_EVERY_MS = 30000, KEEP_PERCENT = 70, MB = 1 << 20 };

#define DAY_MS UINT64_C(86400000)

enum about { UNSEALED, BROKEN, AUDIT_FULL, NETWORK_FULL, ALARMS };
enum told { NOTHING, RAISED, CLEARED };

struct tp_keeper {
	struct tp_store *store;
	struct tp_log_supervisor supervisor;
	void (*alarm)(void *arg, const struct tp_msg_alarm *m);
	void *alarm_arg;

	pthread_mutex_t work; /* guards what follows: one turn or verification at a time */
	bool recovered;
	uint64_t sealed; /* last record with a head */
	uint64_t sealed_at_ms;
	enum told told[ALARMS];
	uint64_t trimmed_at_ms;
	uint64_t verified_at_ms;

	pthread_mutex_t lock; /* guards what follows */
	struct tp_keeper_settings settings;
	struct tp_log_entry *notes; /* TP_KEEPER_NETWORK of them; heap, taken whole by a turn */
	size_t note_count;
	uint32_t suppressed;
	bool ending;
	pthread_cond_t wake;
	bool running;
	pthread_t thread;
};

static uint64_t steady_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void say(struct tp_keeper *k, uint8_t severity, const char *name, const char *user,
		const char *source, const char *text)
{
	struct tp_log_entry line = { .at_ms = tp_times_now_ms(), .severity = severity };

	tp_text_copy(line.name, sizeof(line.name), name);
	tp_text_copy(line.user, sizeof(line.user), user);
	tp_text_copy(line.source, sizeof(line.source), source);
	tp_text_copy(line.text, sizeof(line.text), text);
	if (tp_store_log_add(k->store, TP_LOG_KIND_EVENT, &line) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "audit.event", "not stored yet: %s %s", name, text);
}

/* ----------------------------------------------------------------------- alarms */

static void tell(struct tp_keeper *k, enum about about, bool raised, const char *text)
{
	static const struct {
		uint32_t code;
		uint8_t severity;
		const char *subject;
		const char *remedy;
	} alarms[ALARMS] = {
		{ TP_ALARM_AUDIT_UNSEALED, 2, "audit",
		  "Look at the log of turnpiked: its folder \"audit\" is damaged, or its disk is full." },
		{ TP_ALARM_AUDIT_BROKEN, 2, "audit",
		  "Verify the audit log on the page Logs, export it, and find out who could write to "
		  "the database." },
		{ TP_ALARM_LOG_FULL, 1, "audit",
		  "Export the event and configuration logs if you want to keep them: when the limit is "
		  "reached, the oldest records go." },
		{ TP_ALARM_LOG_FULL, 1, "network",
		  "Export the network log if you want to keep it: when the limit is reached, the oldest "
		  "records go." },
	};
	enum told now = raised ? RAISED : CLEARED;
	struct tp_msg_alarm m = { .code = alarms[about].code,
				  .raised = raised,
				  .severity = alarms[about].severity };

	if (k->told[about] == now)
		return;
	k->told[about] = now;
	tp_text_copy(m.subject, sizeof(m.subject), alarms[about].subject);
	tp_text_copy(m.text, sizeof(m.text), text);
	tp_text_copy(m.remedy, sizeof(m.remedy), alarms[about].remedy);
	k->alarm(k->alarm_arg, &m);
}

static void tell_size(struct tp_keeper *k, enum about about, const char *name, uint64_t bytes,
		      uint64_t most, uint8_t percent)
{
	bool full = bytes >= most / 100 * percent;
	char text[256];

	snprintf(text, sizeof(text), "%s is %s %u %% of its %" PRIu64 " MB.", name,
		 full ? "at or above" : "below", percent, most / MB);
	tell(k, about, full, text);
}

static void tell_found(struct tp_keeper *k, const struct tp_audit_check *c)
{
	char text[256] = "The audit log verifies.";

	if (c->faults)
		tp_audit_finding_write(&c->findings[0], text);
	tell(k, BROKEN, c->faults > 0, text);
}

/* ------------------------------------------------------------------------ heads */

static enum tp_err ask_seal(struct tp_keeper *k, const struct tp_msg_audit_seal *q,
			    struct tp_audit_head *head)
{
	struct tp_msg_audit_sealed a;
	enum tp_err err = k->supervisor.seal(k->supervisor.arg, q, &a);

	if (err != TP_OK)
		return err;
	if (a.err != TP_OK)
		return (enum tp_err)a.err;
	return a.head_count == 1 && tp_log_head_of(&a.head[0], head) ? TP_OK : TP_FORMAT;
}

static void seal(struct tp_keeper *k, const struct tp_log_state *end)
{
	struct tp_msg_audit_seal q = { .sequence = end->last, .hash_len = TP_AUDIT_HASH };
	struct tp_audit_head head;
	char text[256] = "The supervisor seals the audit log.";
	enum tp_err err;

	memcpy(q.hash, end->hash, TP_AUDIT_HASH);
	err = ask_seal(k, &q, &head);
	/* A supervisor that is about to end is no alarm. */
	if (err == TP_CLOSED || err == TP_AGAIN)
		return;
	if (err == TP_OK)
		err = tp_store_head_add(k->store, &head);
	if (err == TP_OK) {
		k->sealed = end->last;
		k->sealed_at_ms = steady_ms();
	} else {
		snprintf(text, sizeof(text),
			 "The supervisor does not seal the audit log (%s): from record %" PRIu64
			 " on it could be altered unnoticed.",
			 tp_err_name(err), k->sealed + 1);
	}
	tell(k, UNSEALED, err != TP_OK, text);
}

/* --------------------------------------------------------------------- at start */

/* Retention that was interrupted when turnpiked had its checkpoint, or a factory reset. */
static enum tp_err finish_checkpoint(struct tp_keeper *k, const struct tp_msg_audit_state *state)
{
	struct tp_audit_head theirs, ours = { 0 };
	enum tp_err err = tp_store_checkpoint(k->store, &ours);

	if (err != TP_OK && err != TP_NOTFOUND)
		return err;
	if (!state->checkpoint_count || !tp_log_head_of(&state->checkpoint[0], &theirs) ||
	    theirs.sequence <= ours.sequence)
		return TP_OK;
	return tp_store_checkpoint_set(k->store, &theirs);
}

static void tell_missing(struct tp_keeper *k, uint64_t first, uint64_t last)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "Records %" PRIu64 " to %" PRIu64 " are not in the database, but were sealed: the end of "
		 "the audit log was cut off, or the database is an older copy.",
		 first, last);
	say(k, 2, "audit.missing", "", "", text);
}

static void tell_recovered(struct tp_keeper *k, const struct tp_log_verified *found)
{
	char text[256];

	if (!found->unsealed || found->check.faults)
		return;
	snprintf(text, sizeof(text),
		 "%" PRIu64 " record%s under no head at the start: verified against the chain, and sealed "
		 "from here on.",
		 found->unsealed, found->unsealed == 1 ? " was" : "s were");
	say(k, 0, "audit.recovered", "", "", text);
}

static enum tp_err look(struct tp_keeper *k, struct tp_log_verified *found)
{
	enum tp_err err = tp_log_verify(k->store, &k->supervisor, found);

	if (err == TP_OK) {
		k->verified_at_ms = steady_ms();
		tell_found(k, &found->check);
	}
	return err;
}

/* Records up to there were meant to go. */
static bool is_dropped(const struct tp_msg_audit_state *state, uint64_t sequence)
{
	return state->checkpoint_count && sequence <= state->checkpoint[0].sequence;
}

/* What turnpiked has and the database has not. */
static enum tp_err catch_up(struct tp_keeper *k, const struct tp_msg_audit_state *state)
{
	struct tp_audit_head head;
	struct tp_log_state end;
	enum tp_err err = TP_OK;

	tp_store_log_state(k->store, &end);
	if (state->head_count && tp_log_head_of(&state->head[0], &head)) {
		if (head.sequence > end.last) {
			end.missing = end.last + 1;
			err = tp_store_audit_resume(k->store, &head);
		} else {
			err = tp_store_head_add(k->store, &head);
		}
		if (err == TP_OK && end.missing && !is_dropped(state, head.sequence))
			tell_missing(k, end.missing, head.sequence);
		k->sealed = head.sequence;
	}
	return err;
}

static enum tp_err recover(struct tp_keeper *k)
{
	struct tp_log_verified *found = calloc(1, sizeof(*found));
	struct tp_msg_audit_state state;
	enum tp_err err = found ? k->supervisor.state(k->supervisor.arg, &state) : TP_NOMEM;

	if (err == TP_OK)
		err = finish_checkpoint(k, &state);
	if (err == TP_OK)
		err = look(k, found);
	if (err == TP_OK)
		err = catch_up(k, &state);
	if (err == TP_OK)
		tell_recovered(k, found);
	free(found);
	return err;
}

/* -------------------------------------------------------------------- retention */

/* Up to the last head at or before `upto`. TP_NOTFOUND: there is none yet. */
static enum tp_err drop(struct tp_keeper *k, uint64_t upto)
{
	struct tp_msg_audit_seal q = { .drop_to_count = 1 };
	struct tp_audit_head at, checkpoint;
	enum tp_err err = tp_store_head_find(k->store, upto, &at);

	if (err != TP_OK)
		return err;
	tp_log_head_to(&at, &q.drop_to[0]);
	err = ask_seal(k, &q, &checkpoint);
	return err == TP_OK ? tp_store_checkpoint_set(k->store, &checkpoint) : err;
}

static void drop_excess(struct tp_keeper *k, const struct tp_keeper_settings *s, uint64_t bytes)
{
	/* Room for a while, once the limit is reached. */
	uint64_t most = bytes > s->audit_bytes ? s->audit_bytes / 100 * KEEP_PERCENT : s->audit_bytes;
	uint64_t oldest_ms = tp_times_now_ms() - s->audit_days * DAY_MS;
	struct tp_audit_head before = { 0 }, after = { 0 };
	uint64_t upto = 0;
	char text[256];

	if (tp_store_audit_excess(k->store, most, oldest_ms, &upto) != TP_OK || upto == 0)
		return;
	if (tp_store_checkpoint(k->store, &before) == TP_IO || drop(k, upto) != TP_OK ||
	    tp_store_checkpoint(k->store, &after) != TP_OK)
		return;
	snprintf(text, sizeof(text),
		 "Records %" PRIu64 " to %" PRIu64 " went: the log keeps %" PRIu64 " MB and %u days.",
		 before.sequence + 1, after.sequence, s->audit_bytes / MB, s->audit_days);
	say(k, 0, "audit.retention", "", "", text);
}

static void trim(struct tp_keeper *k, uint64_t network_bytes, uint64_t network_oldest_ms)
{
	bool more = true;

	while (more)
		if (tp_store_audit_trim(k->store, &more) != TP_OK)
			break;
	for (more = true; more;)
		if (tp_store_network_trim(k->store, network_bytes, network_oldest_ms, &more) != TP_OK)
			break;
}

static void keep_limits(struct tp_keeper *k)
{
	struct tp_keeper_settings s;
	struct tp_log_state state;
	bool over;

	tp_keeper_settings(k, &s);
	tp_store_log_state(k->store, &state);
	tell_size(k, AUDIT_FULL, "The audit log (events and configuration)", state.audit_bytes,
		  s.audit_bytes, s.warn_percent);
	tell_size(k, NETWORK_FULL, "The network log", state.network_bytes, s.network_bytes,
		  s.warn_percent);
	over = state.audit_bytes > s.audit_bytes || state.network_bytes > s.network_bytes;
	if (!over && k->trimmed_at_ms && steady_ms() - k->trimmed_at_ms < TRIM_EVERY_MS)
		return;
	k->trimmed_at_ms = steady_ms();
	drop_excess(k, &s, state.audit_bytes);
	if (state.network_bytes > s.network_bytes)
		s.network_bytes = s.network_bytes / 100 * KEEP_PERCENT;
	trim(k, s.network_bytes, tp_times_now_ms() - s.network_days * DAY_MS);
}

/* ----------------------------------------------------------------------- network */

void tp_keeper_note(struct tp_keeper *k, const struct tp_log_entry *line)
{
	pthread_mutex_lock(&k->lock);
	if (k->settings.network) {
		if (!k->notes)
			k->notes = calloc(TP_KEEPER_NETWORK, sizeof(*k->notes));
		if (k->notes && k->note_count < TP_KEEPER_NETWORK)
			k->notes[k->note_count++] = *line;
		else
			k->suppressed++;
	}
	pthread_mutex_unlock(&k->lock);
}

void tp_keeper_suppressed(struct tp_keeper *k, uint32_t count)
{
	pthread_mutex_lock(&k->lock);
	if (k->settings.network)
		k->suppressed += count;
	pthread_mutex_unlock(&k->lock);
}

static void write_network(struct tp_keeper *k)
{
	struct tp_log_entry more = { .at_ms = tp_times_now_ms(), .severity = 1, .name = "log.suppressed" };
	struct tp_log_entry *notes;
	size_t count;

	pthread_mutex_lock(&k->lock);
	notes = k->notes;
	count = k->note_count;
	snprintf(more.text, sizeof(more.text), "%u more connections were not written: too many came at once.",
		 k->suppressed);
	if (!k->suppressed)
		more.text[0] = '\0';
	k->notes = NULL;
	k->note_count = 0;
	k->suppressed = 0;
	pthread_mutex_unlock(&k->lock);
	if ((count && tp_store_log_network(k->store, notes, count) != TP_OK) ||
	    (more.text[0] && tp_store_log_network(k->store, &more, 1) != TP_OK))
		TP_LOG(TP_LOG_WARN, "log.network", "connections could not be written");
	free(notes);
}

/* ------------------------------------------------------------------------- turns */

static void seal_if_due(struct tp_keeper *k)
{
	struct tp_log_state end;

	tp_store_log_state(k->store, &end);
	if (end.last > k->sealed && !end.failing &&
	    (!k->sealed_at_ms || steady_ms() - k->sealed_at_ms >= TP_KEEPER_SEAL_MS))
		seal(k, &end);
}

void tp_keeper_turn(struct tp_keeper *k)
{
	enum tp_err err = TP_OK;

	write_network(k);
	pthread_mutex_lock(&k->work);
	/* What cannot be written is an alarm of the store's. */
	if (tp_store_log_flush(k->store) == TP_OK && !k->recovered) {
		err = recover(k);
		k->recovered = err == TP_OK;
	}
	if (err == TP_STATE)
		tell(k, UNSEALED, true,
		     "The supervisor does not seal the audit log: its own book of heads is damaged.");
	if (k->recovered) {
		seal_if_due(k);
		keep_limits(k);
	}
	pthread_mutex_unlock(&k->work);
}

static void verify_if_due(struct tp_keeper *k)
{
	struct tp_log_verified *found;
	bool due;

	pthread_mutex_lock(&k->work);
	due = k->recovered && steady_ms() - k->verified_at_ms >= TP_KEEPER_VERIFY_S * UINT64_C(1000);
	pthread_mutex_unlock(&k->work);
	found = due ? calloc(1, sizeof(*found)) : NULL;
	if (found && tp_keeper_verify(k, found) != TP_OK)
		TP_LOG(TP_LOG_WARN, "audit.verify", "the daily verification could not be made");
	free(found);
}

static void *run(void *arg)
{
	struct tp_keeper *k = arg;

	pthread_mutex_lock(&k->lock);
	while (!k->ending) {
		struct timespec at;

		pthread_mutex_unlock(&k->lock);
		tp_keeper_turn(k);
		verify_if_due(k);
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec += TURN_MS / 1000;
		pthread_mutex_lock(&k->lock);
		if (!k->ending)
			pthread_cond_timedwait(&k->wake, &k->lock, &at);
	}
	pthread_mutex_unlock(&k->lock);
	return NULL;
}

enum tp_err tp_keeper_verify(struct tp_keeper *k, struct tp_log_verified *out)
{
	enum tp_err err;

	pthread_mutex_lock(&k->work);
	err = look(k, out);
	pthread_mutex_unlock(&k->work);
	return err;
}

/* -------------------------------------------------------------------------- life */

enum tp_err tp_keeper_new(struct tp_store *store, const struct tp_log_supervisor *supervisor,
			  void (*alarm)(void *arg, const struct tp_msg_alarm *m), void *alarm_arg,
			  struct tp_keeper **out)
{
	struct tp_keeper *k = calloc(1, sizeof(*k));
	pthread_condattr_t attr;

	if (!k)
		return TP_NOMEM;
	k->store = store;
	k->supervisor = *supervisor;
	k->alarm = alarm;
	k->alarm_arg = alarm_arg;
	/* Until the configuration says (db/yang/turnpike-log.yang). */
	k->settings = (struct tp_keeper_settings){
		UINT64_C(256) * MB, 365, true, UINT64_C(64) * MB, 30, 75
	};
	pthread_mutex_init(&k->work, NULL);
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->wake, &attr);
	pthread_condattr_destroy(&attr);
	*out = k;
	return TP_OK;
}

enum tp_err tp_keeper_start(struct tp_keeper *k)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	k->running = pthread_create(&k->thread, NULL, run, k) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return k->running ? TP_OK : TP_IO;
}

void tp_keeper_stop(struct tp_keeper *k)
{
	pthread_mutex_lock(&k->lock);
	k->ending = true;
	pthread_cond_signal(&k->wake);
	pthread_mutex_unlock(&k->lock);
	if (k->running)
		pthread_join(k->thread, NULL);
	k->running = false;
}

void tp_keeper_free(struct tp_keeper **keeper)
{
	struct tp_keeper *k = *keeper;

	if (!k)
		return;
	*keeper = NULL;
	tp_keeper_stop(k);
	free(k->notes);
	pthread_cond_destroy(&k->wake);
	pthread_mutex_destroy(&k->lock);
	pthread_mutex_destroy(&k->work);
	free(k);
}

void tp_keeper_configure(struct tp_keeper *k, const struct tp_keeper_settings *settings)
{
	pthread_mutex_lock(&k->lock);
	k->settings = *settings;
	pthread_mutex_unlock(&k->lock);
}

void tp_keeper_settings(struct tp_keeper *k, struct tp_keeper_settings *out)
{
	pthread_mutex_lock(&k->lock);
	*out = k->settings;
	pthread_mutex_unlock(&k->lock);
}
