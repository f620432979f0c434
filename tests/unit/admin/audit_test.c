/* admin/log over a real database: each way of tampering by editing SQLite, what a start finds,
 * retention, floods, and a log that cannot be written. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "admin/advanced/leave.h"
#include "admin/http/times.h"
#include "admin/log/keeper.h"
#include "folder.h"

/* Stands for turnpiked: keeps the rule of its book (supervisor/audit_book.c). */
struct supervisor {
	uint8_t key[TP_AUDIT_KEY];
	struct tp_audit_head head;
	struct tp_audit_head checkpoint;
	enum tp_err refuses;
};

struct world {
	struct folder folder;
	struct tp_store *store;
	struct supervisor sup;
	struct tp_log_supervisor ask;
	struct tp_keeper *keeper;
	struct tp_msg_alarm alarms[32];
	size_t alarm_count;
};

static enum tp_err answer(struct supervisor *s, struct tp_audit_head *fresh, struct tp_msg_audit_sealed *a)
{
	fresh->counter = (s->head.counter > s->checkpoint.counter ? s->head.counter : s->checkpoint.counter) + 1;
	fresh->at_ms = 1234;
	assert_int_equal(tp_audit_head_mac(s->key, fresh, fresh->mac), TP_OK);
	if (fresh->kind == TP_AUDIT_HEAD)
		s->head = *fresh;
	else
		s->checkpoint = *fresh;
	tp_log_head_to(fresh, &a->head[a->head_count++]);
	return TP_OK;
}

static enum tp_err on_seal(void *arg, const struct tp_msg_audit_seal *q, struct tp_msg_audit_sealed *a)
{
	struct supervisor *s = arg;
	struct tp_audit_head fresh = { .kind = TP_AUDIT_HEAD, .sequence = q->sequence };

	memset(a, 0, sizeof(*a));
	a->err = (uint8_t)s->refuses;
	if (s->refuses != TP_OK)
		return TP_OK;
	memcpy(fresh.hash, q->hash, TP_AUDIT_HASH);
	if (q->drop_to_count) {
		fresh = (struct tp_audit_head){ .kind = TP_AUDIT_CHECKPOINT, .sequence = q->drop_to[0].sequence };
		memcpy(fresh.hash, q->drop_to[0].hash, TP_AUDIT_HASH);
	} else if (q->sequence <= s->head.sequence) {
		a->err = TP_DENIED;
		return TP_OK;
	}
	return answer(s, &fresh, a);
}

static enum tp_err on_state(void *arg, struct tp_msg_audit_state *a)
{
	struct supervisor *s = arg;

	memset(a, 0, sizeof(*a));
	if (s->head.counter)
		tp_log_head_to(&s->head, &a->head[a->head_count++]);
	if (s->checkpoint.counter)
		tp_log_head_to(&s->checkpoint, &a->checkpoint[a->checkpoint_count++]);
	return TP_OK;
}

static enum tp_err on_check(void *arg, const struct tp_msg_audit_check *q, struct tp_msg_audit_checked *a)
{
	struct supervisor *s = arg;

	memset(a, 0, sizeof(*a));
	for (size_t i = 0; i < q->heads_count; i++) {
		struct tp_audit_head h;
		uint8_t mac[TP_AUDIT_MAC];

		assert_true(tp_log_head_of(&q->heads[i], &h));
		assert_int_equal(tp_audit_head_mac(s->key, &h, mac), TP_OK);
		a->good[a->good_len++] = memcmp(mac, h.mac, sizeof(mac)) == 0;
	}
	return TP_OK;
}

static void on_alarm(void *arg, const struct tp_msg_alarm *m)
{
	struct world *w = arg;

	assert_true(w->alarm_count < 32);
	w->alarms[w->alarm_count++] = *m;
}

static bool is_raised(const struct world *w, uint32_t code, const char *subject)
{
	for (size_t i = w->alarm_count; i-- > 0;)
		if (w->alarms[i].code == code && !strcmp(w->alarms[i].subject, subject))
			return w->alarms[i].raised;
	return false;
}

static void start(struct world *w)
{
	struct tp_diag diag = { 0 };

	if (tp_store_open(w->folder.fd, &w->store, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
	w->alarm_count = 0;
	assert_int_equal(tp_keeper_new(w->store, &w->ask, on_alarm, w, &w->keeper), TP_OK);
}

static void stop(struct world *w)
{
	tp_keeper_free(&w->keeper);
	tp_store_close(&w->store);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	folder_make(&w->folder);
	w->sup.key[0] = 42;
	w->ask = (struct tp_log_supervisor){ &w->sup, on_seal, on_state, on_check };
	start(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	stop(w);
	folder_remove(&w->folder);
	free(w);
	return 0;
}

static enum tp_err add_named(struct world *w, enum tp_log_kind kind, const char *name, unsigned n)
{
	struct tp_log_entry line = { .at_ms = tp_times_now_ms(), .user = "admin", .source = "192.0.2.1" };

	snprintf(line.name, sizeof(line.name), "%s", name);
	snprintf(line.text, sizeof(line.text), "record %u", n);
	return tp_store_log_add(w->store, kind, &line);
}

static void add(struct world *w, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(add_named(w, i % 2 ? TP_LOG_KIND_EVENT : TP_LOG_KIND_CONFIGURATION, "test", i),
				 TP_OK);
}

/* What an attacker with the file does. */
static void edit(struct world *w, const char *sql)
{
	char path[128];
	char *why = NULL;
	sqlite3 *db;

	stop(w);
	snprintf(path, sizeof(path), "%s/turnpike.db", w->folder.path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	start(w);
}

/* Ten records under a head, ten more under a second, three under none. */
static void fill(struct world *w)
{
	tp_keeper_turn(w->keeper);
	add(w, 10);
	tp_keeper_turn(w->keeper);
	/* A start anew has no head before it to wait for. */
	stop(w);
	start(w);
	tp_keeper_turn(w->keeper);
	add(w, 10);
	tp_keeper_turn(w->keeper);
	add(w, 3);
	assert_int_equal(w->sup.head.counter, 2);
}

static void verify(struct world *w, struct tp_log_verified *v)
{
	assert_int_equal(tp_keeper_verify(w->keeper, v), TP_OK);
}

static void assert_fault(struct world *w, enum tp_audit_fault fault, uint64_t first, uint64_t last)
{
	struct tp_log_verified v;

	verify(w, &v);
	if (v.check.faults < 1)
		fail_msg("nothing found");
	assert_int_equal(v.check.findings[0].fault, fault);
	assert_int_equal(v.check.findings[0].first, first);
	assert_int_equal(v.check.findings[0].last, last);
	assert_true(is_raised(w, TP_ALARM_AUDIT_BROKEN, "audit"));
}

static void a_log_that_nobody_touched_verifies(void **state)
{
	struct world *w = *state;
	struct tp_log_verified v;

	fill(w);
	verify(w, &v);
	assert_int_equal(v.check.faults, 0);
	assert_int_equal(v.check.records, 23);
	assert_int_equal(v.check.sealed, 20);
	assert_int_equal(v.unsealed, 3);
	assert_false(is_raised(w, TP_ALARM_AUDIT_BROKEN, "audit"));
}

static void each_way_of_tampering_is_found(void **state)
{
	static const struct {
		const char *sql;
		enum tp_audit_fault fault;
		uint64_t first, last;
	} ways[] = {
		{ "UPDATE audit SET user = 'someone' WHERE sequence = 5", TP_AUDIT_CHANGED, 5, 5 },
		{ "UPDATE audit SET at_ms = at_ms - 1 WHERE sequence = 22", TP_AUDIT_CHANGED, 22, 22 },
		{ "UPDATE audit SET hash = zeroblob(32) WHERE sequence = 7", TP_AUDIT_CHANGED, 7, 8 },
		{ "UPDATE audit SET sequence = 1000 WHERE sequence = 5;"
		  "UPDATE audit SET sequence = 5 WHERE sequence = 6;"
		  "UPDATE audit SET sequence = 6 WHERE sequence = 1000",
		  TP_AUDIT_CHANGED, 5, 7 },
		{ "DELETE FROM audit WHERE sequence = 4", TP_AUDIT_MISSING, 4, 4 },
		{ "DELETE FROM audit WHERE sequence <= 3", TP_AUDIT_MISSING, 1, 3 },
		{ "DELETE FROM audit WHERE sequence > 15", TP_AUDIT_MISSING, 16, 20 },
		{ "DELETE FROM audit WHERE sequence > 15; DELETE FROM audit_head WHERE sequence > 15",
		  TP_AUDIT_CUT, 16, 20 },
		{ "UPDATE audit_head SET sequence = 9 WHERE sequence = 10", TP_AUDIT_FORGED, 9, 9 },
		{ "UPDATE audit_head SET mac = zeroblob(32) WHERE sequence = 10", TP_AUDIT_FORGED, 10, 10 },
		{ "DELETE FROM audit; DELETE FROM audit_head", TP_AUDIT_CUT, 1, 20 },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		void *fresh;

		assert_int_equal(set_up(&fresh), 0);
		fill(fresh);
		edit(fresh, ways[i].sql);
		assert_fault(fresh, ways[i].fault, ways[i].first, ways[i].last);
		assert_int_equal(tear_down(&fresh), 0);
	}
	(void)state;
}

/* A whole file as it was before: sound in itself. */
static void an_older_database_is_found_and_gone_on_behind(void **state)
{
	struct world *w = *state;
	struct tp_log_verified v;
	char command[256];

	tp_keeper_turn(w->keeper);
	add(w, 10);
	tp_keeper_turn(w->keeper);
	stop(w);
	snprintf(command, sizeof(command), "cp %s/turnpike.db %s/copy", w->folder.path, w->folder.path);
	assert_int_equal(system(command), 0);
	start(w);
	tp_keeper_turn(w->keeper);
	add(w, 10);
	tp_keeper_turn(w->keeper);
	stop(w);
	snprintf(command, sizeof(command), "cp %s/copy %s/turnpike.db", w->folder.path, w->folder.path);
	assert_int_equal(system(command), 0);
	start(w);
	assert_fault(w, TP_AUDIT_CUT, 11, 20);
	/* Its numbers are used: the log goes on behind them, and the gap stays to be seen. */
	tp_keeper_turn(w->keeper);
	add(w, 1);
	verify(w, &v);
	assert_int_equal(v.check.faults, 1);
	assert_int_equal(v.check.findings[0].fault, TP_AUDIT_MISSING);
	assert_int_equal(v.check.findings[0].first, 11);
	assert_int_equal(v.check.findings[0].last, 20);
	assert_int_equal(v.check.last, 22);
}

static void a_start_seals_the_tail(void **state)
{
	struct world *w = *state;
	struct tp_log_query q = { .kind = TP_LOG_KIND_EVENT, .filter = "audit.recovered", .limit = 5 };
	struct tp_log_entry *rows;
	struct tp_log_verified v;
	size_t count;

	tp_keeper_turn(w->keeper);
	add(w, 5);
	tp_keeper_turn(w->keeper);
	add(w, 3);
	stop(w);
	start(w);
	tp_keeper_turn(w->keeper);
	assert_int_equal(tp_store_log_list(w->store, &q, &rows, &count, NULL), TP_OK);
	assert_int_equal(count, 1);
	assert_non_null(strstr(rows[0].text, "3 records were under no head"));
	free(rows);
	verify(w, &v);
	assert_int_equal(v.check.faults, 0);
	assert_int_equal(v.unsealed, 0);
}

static void a_refusing_supervisor_is_an_alarm(void **state)
{
	struct world *w = *state;

	add(w, 2);
	w->sup.refuses = TP_IO;
	tp_keeper_turn(w->keeper);
	assert_true(is_raised(w, TP_ALARM_AUDIT_UNSEALED, "audit"));
	w->sup.refuses = TP_OK;
	tp_keeper_turn(w->keeper);
	assert_false(is_raised(w, TP_ALARM_AUDIT_UNSEALED, "audit"));
}

static void v_206424_a_warning_at_75_percent_and_retention_goes_on_from_a_checkpoint(void **state)
{
	struct world *w = *state;
	struct tp_keeper_settings s = { 1 << 20, 3650, true, 1 << 20, 3650, 75 };
	struct tp_log_verified v;
	struct tp_log_state now;

	tp_keeper_turn(w->keeper);
	add(w, 100);
	tp_keeper_turn(w->keeper);
	tp_store_log_state(w->store, &now);
	s.audit_bytes = now.audit_bytes * 4 / 3 + 100;
	tp_keeper_configure(w->keeper, &s);
	stop(w);
	start(w);
	tp_keeper_configure(w->keeper, &s);
	tp_keeper_turn(w->keeper);
	/* 75 % of what may be there: an alarm (V-206424), and nothing goes. */
	add(w, 2);
	tp_keeper_turn(w->keeper);
	assert_true(is_raised(w, TP_ALARM_LOG_FULL, "audit"));
	assert_false(is_raised(w, TP_ALARM_LOG_FULL, "network"));
	assert_int_equal(w->sup.checkpoint.counter, 0);
	/* All of it: the oldest go up to a head. */
	s.audit_bytes = now.audit_bytes / 2;
	tp_keeper_configure(w->keeper, &s);
	add(w, 60);
	tp_keeper_turn(w->keeper);
	assert_int_equal(w->sup.checkpoint.sequence, 102);
	verify(w, &v);
	assert_int_equal(v.check.faults, 0);
	assert_int_equal(v.check.first, 103);
	/* Whoever cuts one more than the checkpoint says is found. */
	edit(w, "DELETE FROM audit WHERE sequence = 103");
	assert_fault(w, TP_AUDIT_MISSING, 103, 103);
}

/* The end between turnpiked's checkpoint and the database's. */
static void an_interrupted_retention_is_finished(void **state)
{
	struct world *w = *state;
	struct tp_msg_audit_seal q = { .drop_to_count = 1 };
	struct tp_msg_audit_sealed a;
	struct tp_audit_head at;
	struct tp_log_verified v;

	tp_keeper_turn(w->keeper);
	add(w, 10);
	tp_keeper_turn(w->keeper);
	assert_int_equal(tp_store_head_find(w->store, 10, &at), TP_OK);
	tp_log_head_to(&at, &q.drop_to[0]);
	assert_int_equal(on_seal(&w->sup, &q, &a), TP_OK);
	stop(w);
	start(w);
	verify(w, &v);
	assert_int_equal(v.check.faults, 0);
	tp_keeper_turn(w->keeper);
	verify(w, &v);
	assert_int_equal(v.check.faults, 0);
	assert_int_equal(v.check.first, 11);
}

/* As turnpiked does it: a checkpoint at its last head, and an empty database. */
static void row_148_the_log_behind_a_reset_says_who_and_verifies(void **state)
{
	struct world *w = *state;
	struct tp_msg_audit_seal q = { .drop_to_count = 1 };
	struct tp_msg_audit_sealed a;
	struct tp_log_query all = { .kind = TP_LOG_KIND_EVENT, .oldest_first = true, .limit = 1 };
	struct tp_log_query missing = { .kind = TP_LOG_KIND_EVENT, .filter = "audit.missing", .limit = 1 };
	struct tp_log_entry *rows;
	struct tp_audit_head at;
	struct tp_log_verified v;
	uint64_t total;
	size_t count;

	tp_keeper_turn(w->keeper);
	add(w, 20);
	tp_keeper_turn(w->keeper);
	assert_int_equal(tp_store_head_find(w->store, 20, &at), TP_OK);
	tp_log_head_to(&at, &q.drop_to[0]);
	assert_int_equal(on_seal(&w->sup, &q, &a), TP_OK);
	stop(w);
	folder_empty(&w->folder);
	start(w);
	tp_store_log_behind(w->store, at.sequence, at.hash);
	assert_int_equal(tp_leave_record(w->store, "emergency", "192.0.2.1"), TP_OK);
	tp_keeper_turn(w->keeper);
	verify(w, &v);
	assert_int_equal(v.check.faults, 0);
	assert_int_equal(v.check.first, 21);
	assert_int_equal(v.unsealed, 0);
	assert_false(is_raised(w, TP_ALARM_AUDIT_BROKEN, "audit"));
	assert_int_equal(tp_store_log_list(w->store, &all, &rows, &count, &total), TP_OK);
	assert_string_equal(rows[0].name, "audit.wiped");
	assert_string_equal(rows[0].user, "emergency");
	free(rows);
	assert_int_equal(tp_store_log_list(w->store, &missing, &rows, &count, &total), TP_OK);
	free(rows);
	assert_int_equal(total, 0);
}

static void a_flood_is_bounded_and_told(void **state)
{
	struct world *w = *state;
	struct tp_log_query q = { .kind = TP_LOG_KIND_EVENT, .filter = "flood", .limit = 1 };
	struct tp_log_entry *rows;
	uint64_t total;
	size_t count;

	for (unsigned i = 0; i < 3000; i++)
		assert_int_equal(add_named(w, TP_LOG_KIND_EVENT, "flood", i), TP_OK);
	assert_int_equal(tp_store_log_list(w->store, &q, &rows, &count, &total), TP_OK);
	free(rows);
	assert_in_range(total, TP_STORE_LOG_BURST, 1500);
	/* What an administrator does is never left out, and neither are other events. */
	for (unsigned i = 0; i < TP_STORE_LOG_BURST + 50; i++)
		assert_int_equal(add_named(w, TP_LOG_KIND_CONFIGURATION, "flood", i), TP_OK);
	assert_int_equal(add_named(w, TP_LOG_KIND_EVENT, "other", 1), TP_OK);
	assert_int_equal(tp_store_log_flush(w->store), TP_OK);
	q.filter = "log.suppressed";
	assert_int_equal(tp_store_log_list(w->store, &q, &rows, &count, &total), TP_OK);
	assert_int_equal(total, 1);
	assert_non_null(strstr(rows[0].text, "more events \"flood\""));
	free(rows);
	q.kind = TP_LOG_KIND_CONFIGURATION;
	q.filter = "flood";
	assert_int_equal(tp_store_log_list(w->store, &q, &rows, &count, &total), TP_OK);
	assert_int_equal(total, TP_STORE_LOG_BURST + 50);
	free(rows);
	q.kind = TP_LOG_KIND_EVENT;
	q.filter = "other";
	assert_int_equal(tp_store_log_list(w->store, &q, &rows, &count, &total), TP_OK);
	assert_int_equal(total, 1);
	free(rows);
}

/* No file may grow any more, as on a full disk. */
static void what_cannot_be_written_is_kept_and_an_alarm(void **state)
{
	struct world *w = *state;
	struct tp_log_entry line = { .at_ms = 7, .name = "late" };
	struct tp_log_verified v;
	struct tp_alarm *alarms;
	struct tp_log_state now;
	uint32_t counts[3];
	size_t count;
	struct rlimit before, full = { 4096, 4096 };

	add(w, 3);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	full.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	assert_int_equal(tp_store_log_add(w->store, TP_LOG_KIND_CONFIGURATION, &line), TP_IO);
	assert_int_equal(tp_store_log_must(w->store, TP_LOG_KIND_CONFIGURATION, &line), TP_IO);
	tp_store_log_state(w->store, &now);
	assert_true(now.failing);
	assert_int_equal(now.waiting, 1);
	assert_int_equal(tp_store_alarm_list(w->store, &alarms, &count), TP_OK);
	assert_int_equal(count, 1);
	assert_int_equal(alarms[0].code, TP_ALARM_AUDIT_FAILING);
	free(alarms);
	assert_int_equal(tp_store_alarm_count(w->store, counts), TP_OK);
	assert_int_equal(counts[2], 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	tp_keeper_turn(w->keeper);
	tp_store_log_state(w->store, &now);
	assert_false(now.failing);
	assert_int_equal(now.waiting, 0);
	verify(w, &v);
	assert_int_equal(v.check.faults, 0);
	/* 3, the one that was kept, "audit.resumed" and "audit.recovered". */
	assert_int_equal(v.check.last, 6);
}

/* A process that dies between any two writes leaves a chain that verifies. */
static void kill_9_leaves_a_chain(void **state)
{
	struct world *w = *state;
	struct tp_log_verified v;

	stop(w);
	for (unsigned round = 0; round < 8; round++) {
		pid_t child = fork();

		if (child == 0) {
			start(w);
			for (;;) {
				(void)!add_named(w, TP_LOG_KIND_CONFIGURATION, "test", 1);
			}
		}
		usleep(30000 + 7000 * round);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		start(w);
		tp_keeper_turn(w->keeper);
		verify(w, &v);
		assert_int_equal(v.check.faults, 0);
		assert_int_equal(v.unsealed, 0);
		stop(w);
	}
	start(w);
	assert_true(v.check.last > 8);
}

/* ---------------------------------------------------- a death at each write to a file */

/* Shared with the child, which does not live to tell. */
static struct death {
	unsigned at;	/* the call at which the process dies; 0: at none */
	unsigned calls; /* so far */
	unsigned syncs; /* of them */
	bool torn;	/* half of what that call writes is in the file */
	uint64_t acknowledged; /* number of the last record that was told to be on disk */
	struct supervisor sup; /* lives on */
} *death;

/* Whether the process is to die at this call. */
static bool is_last_call(void)
{
	return death && death->at && __atomic_add_fetch(&death->calls, 1, __ATOMIC_RELAXED) == death->at;
}

/* What SQLite calls, in the C library's place. */
static ssize_t write_at(int fd, const void *bytes, size_t len, off_t offset)
{
	if (is_last_call()) {
		if (death->torn)
			syscall(SYS_pwrite64, fd, bytes, len / 2, offset);
		raise(SIGKILL);
	}
	return syscall(SYS_pwrite64, fd, bytes, len, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
	return write_at(fd, bytes, len, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	return write_at(fd, bytes, len, offset);
}

static int change(long call, int fd, off_t size)
{
	if (is_last_call())
		raise(SIGKILL);
	return (int)syscall(call, fd, size);
}

int fdatasync(int fd)
{
	if (death)
		__atomic_add_fetch(&death->syncs, 1, __ATOMIC_RELAXED);
	return change(SYS_fdatasync, fd, 0);
}

int fsync(int fd)
{
	return change(SYS_fsync, fd, 0);
}

int ftruncate64(int fd, off64_t size)
{
	return change(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size)
{
	return change(SYS_ftruncate, fd, size);
}

static void *add_and_note(void *arg)
{
	struct world *w = arg;
	struct tp_log_state now;

	if (add_named(w, TP_LOG_KIND_CONFIGURATION, "test", 1) == TP_OK) {
		tp_store_log_state(w->store, &now);
		if (now.last > death->acknowledged)
			death->acknowledged = now.last;
	}
	return NULL;
}

/* Records alone and together, heads, a checkpoint and what it drops, and the end. */
static void live(struct world *w)
{
	struct tp_msg_audit_seal drop = { .drop_to_count = 1 };
	struct tp_msg_audit_sealed dropped;
	struct tp_audit_head at;
	pthread_t threads[4];

	start(w);
	add_and_note(w);
	tp_keeper_turn(w->keeper);
	for (size_t i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, add_and_note, w) != 0)
			_exit(3);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	tp_keeper_turn(w->keeper);
	if (tp_store_head_find(w->store, UINT64_MAX, &at) != TP_OK)
		_exit(4);
	tp_log_head_to(&at, &drop.drop_to[0]);
	if (at.sequence > death->sup.checkpoint.sequence && on_seal(&death->sup, &drop, &dropped) != TP_OK)
		_exit(5);
	stop(w);
	start(w);
	tp_keeper_turn(w->keeper);
	add_and_note(w);
	stop(w);
	_exit(0);
}

static void a_death_at_each_write_leaves_a_chain(void **state)
{
	struct world *w = *state;
	const char *nightly = getenv("TP_NIGHTLY");
	unsigned step = nightly && !strcmp(nightly, "yes") ? 1 : 7;
	struct tp_log_verified v;
	int status = -1;

	death = mmap(NULL, sizeof(*death), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(death, MAP_FAILED);
	stop(w);
	death->sup = w->sup;
	w->ask.arg = &death->sup;
	for (unsigned at = 1; status != 0; at += step) {
		pid_t child;

		death->at = at;
		death->calls = 0;
		death->torn = at / step % 2;
		child = fork();
		if (child == 0)
			live(w);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
		assert_true(status != 0 || at > 50); /* they were called */
		death->at = 0;
		start(w);
		tp_keeper_turn(w->keeper);
		verify(w, &v);
		if (v.check.faults || v.unsealed || v.check.last < death->acknowledged)
			fail_msg("killed at call %u%s: %u faults, %llu unsealed, %llu of %llu records", at,
				 death->torn ? " (torn)" : "", v.check.faults, (unsigned long long)v.unsealed,
				 (unsigned long long)v.check.last, (unsigned long long)death->acknowledged);
		stop(w);
	}
	start(w);
}

/* ------------------------------------------------------------- one transaction of many */

enum { WRITERS = 24, EACH = 20 };

struct writer {
	pthread_t thread;
	struct world *world;
	unsigned number;
	unsigned late; /* records that were not in the file when that was said */
};

/* Through a connection of its own, which sees only what is committed. */
static bool is_in_the_file(sqlite3 *db, const char *name)
{
	sqlite3_stmt *stmt = NULL;
	bool found = sqlite3_prepare_v2(db, "SELECT 1 FROM audit WHERE name = ?", -1, &stmt, NULL) == SQLITE_OK &&
		     sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
		     sqlite3_step(stmt) == SQLITE_ROW;

	sqlite3_finalize(stmt);
	return found;
}

static void *write_some(void *arg)
{
	struct writer *me = arg;
	char path[128], name[64];
	sqlite3 *db = NULL;

	snprintf(path, sizeof(path), "%s/turnpike.db", me->world->folder.path);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		me->late++;
	for (unsigned i = 0; i < EACH; i++) {
		snprintf(name, sizeof(name), "writer-%u-%u", me->number, i);
		if (add_named(me->world, TP_LOG_KIND_CONFIGURATION, name, i) != TP_OK || !is_in_the_file(db, name))
			me->late++;
	}
	sqlite3_close(db);
	return NULL;
}

static void many_records_wait_for_the_disk_once(void **state)
{
	struct world *w = *state;
	struct writer writers[WRITERS];
	struct tp_log_verified v;
	struct death counted = { .at = UINT32_MAX };

	death = &counted;
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ .world = w, .number = i };
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_some, &writers[i]), 0);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].late, 0);
	}
	death = NULL;
	tp_keeper_turn(w->keeper);
	verify(w, &v);
	assert_int_equal(v.check.faults, 0);
	assert_in_range(v.check.records, WRITERS * EACH, WRITERS * EACH + 2);
	assert_in_range(counted.syncs, 1, WRITERS * EACH / 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_log_that_nobody_touched_verifies),
		TEST(each_way_of_tampering_is_found),
		TEST(an_older_database_is_found_and_gone_on_behind),
		TEST(a_start_seals_the_tail),
		TEST(a_refusing_supervisor_is_an_alarm),
		TEST(v_206424_a_warning_at_75_percent_and_retention_goes_on_from_a_checkpoint),
		TEST(an_interrupted_retention_is_finished),
		TEST(row_148_the_log_behind_a_reset_says_who_and_verifies),
		TEST(a_flood_is_bounded_and_told),
		TEST(what_cannot_be_written_is_kept_and_an_alarm),
		TEST(kill_9_leaves_a_chain),
		TEST(a_death_at_each_write_leaves_a_chain),
		TEST(many_records_wait_for_the_disk_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
