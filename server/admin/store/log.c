/* Writing and listing the logs; the audit log is a hash chain. Runs in turnpike-admin. */
#include "admin/store/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/http/utf8.h"
#include "admin/store/sql.h"
#include "core/log.h"
#include "core/text.h"

enum { NETWORK_OVERHEAD = 64 /* bytes of a row beside its texts */ };

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---------------------------------------------------------------------- at rest */

static void record_of(const struct tp_log_entry *l, enum tp_log_kind kind, struct tp_audit_record *r)
{
	*r = (struct tp_audit_record){
		.at_ms = l->at_ms,
		.kind = kind == TP_LOG_KIND_CONFIGURATION ? TP_AUDIT_CONFIGURATION : TP_AUDIT_EVENT,
		.severity = l->severity,
		.name = l->name,
		.text = l->text,
		.user = l->user,
		.source = l->source,
		.path = l->path,
		.before = l->before,
		.after = l->after,
	};
}

/* What is hashed is what an export shows: bytes that are no UTF-8 become '?'. */
static void make_utf8(char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len;) {
		size_t n = tp_utf8_step(text + i, len - i);

		if (!n)
			text[i] = '?';
		i += n ? n : 1;
	}
}

static void clean(const struct tp_log_entry *line, struct tp_log_entry *out)
{
	char *const texts[] = { out->name, out->text,	out->user, out->source,
				out->path, out->before, out->after };

	*out = *line;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		make_utf8(texts[i]);
}

/* Where the chain ends, and how much there is: moves with a transaction. */
static enum tp_err append(struct tp_store *store, struct tp_log_state *tail, enum tp_log_kind kind,
			  const struct tp_log_entry *line)
{
	struct tp_audit_record r;
	struct tp_log_entry as;
	size_t size;
	enum tp_err err;

	clean(line, &as);
	record_of(&as, kind, &r);
	r.sequence = tail->last + 1;
	memcpy(r.boot, store->log.boot, sizeof(r.boot));
	size = tp_audit_record_size(&r);
	err = tp_audit_record_hash(tail->hash, &r, r.hash);
	if (err == TP_OK)
		err = tp_sql_run(store,
				 "INSERT INTO audit (sequence, kind, boot, at_ms, severity, name, text,"
				 " user, source, path, before, after, bytes, hash)"
				 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
				 "iibiitttttttib", (int64_t)r.sequence, (int64_t)r.kind, r.boot,
				 sizeof(r.boot), (int64_t)r.at_ms, (int64_t)r.severity, r.name, r.text,
				 r.user, r.source, r.path, r.before, r.after, (int64_t)size, r.hash,
				 sizeof(r.hash));
	if (err != TP_OK)
		return err;
	tail->last = r.sequence;
	memcpy(tail->hash, r.hash, sizeof(r.hash));
	tail->audit_records++;
	tail->audit_bytes += size;
	return TP_OK;
}

static enum tp_err append_network(struct tp_store *store, struct tp_log_state *tail,
				  const struct tp_log_entry *l)
{
	size_t size = NETWORK_OVERHEAD + strlen(l->name) + strlen(l->text) + strlen(l->user) +
		      strlen(l->source) + strlen(l->path);
	enum tp_err err = tp_sql_run(store,
				     "INSERT INTO log (kind, at_ms, severity, name, text, user, source,"
				     " path, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
				     "iiittttti",
				     (int64_t)TP_LOG_KIND_NETWORK, (int64_t)l->at_ms,
				     (int64_t)l->severity, l->name, l->text, l->user, l->source, l->path,
				     (int64_t)size);

	if (err != TP_OK)
		return err;
	tail->network_records++;
	tail->network_bytes += size;
	return TP_OK;
}

static void read_entry(sqlite3_stmt *stmt, void *row)
{
	struct tp_log_entry *l = row;

	l->id = (uint64_t)sqlite3_column_int64(stmt, 0);
	l->at_ms = (uint64_t)sqlite3_column_int64(stmt, 1);
	l->severity = (uint8_t)sqlite3_column_int(stmt, 2);
	TP_SQL_TEXT(stmt, 3, l->name);
	TP_SQL_TEXT(stmt, 4, l->text);
	TP_SQL_TEXT(stmt, 5, l->user);
	TP_SQL_TEXT(stmt, 6, l->source);
	TP_SQL_TEXT(stmt, 7, l->path);
	TP_SQL_TEXT(stmt, 8, l->before);
	TP_SQL_TEXT(stmt, 9, l->after);
}

/* Records of a release that did not chain them yet, once. */
static enum tp_err import(struct tp_store *store, void *arg)
{
	struct tp_log_state *tail = arg;
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT id, at_ms, severity, name, text, user, source, '', '', '',"
				      " kind FROM log WHERE kind < 2 ORDER BY id",
				      "");

	while (err == TP_OK && (err = tp_sql_step(store, stmt)) == TP_OK) {
		struct tp_log_entry l = { 0 };

		read_entry(stmt, &l);
		err = append(store, tail, (enum tp_log_kind)sqlite3_column_int(stmt, 10), &l);
	}
	if (err == TP_NOTFOUND)
		err = tp_sql_run(store, "DELETE FROM log WHERE kind < 2", "");
	return err;
}

static enum tp_err load_tail(struct tp_store *store, struct tp_log_state *tail)
{
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT sequence, hash FROM (SELECT sequence, hash FROM audit UNION"
				      " ALL SELECT sequence, hash FROM audit_head)"
				      " ORDER BY sequence DESC LIMIT 1",
				      "");

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err != TP_OK)
		return err == TP_NOTFOUND ? TP_OK : err;
	tail->last = (uint64_t)sqlite3_column_int64(stmt, 0);
	if (sqlite3_column_bytes(stmt, 1) == TP_AUDIT_HASH)
		memcpy(tail->hash, sqlite3_column_blob(stmt, 1), TP_AUDIT_HASH);
	return TP_OK;
}

static enum tp_err load_sums(struct tp_store *store, const char *sql, uint64_t *count, uint64_t *bytes)
{
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt, sql, "");

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err != TP_OK)
		return err;
	*count = (uint64_t)sqlite3_column_int64(stmt, 0);
	*bytes = (uint64_t)sqlite3_column_int64(stmt, 1);
	return TP_OK;
}

enum tp_err tp_store_log_load(struct tp_store *store)
{
	struct tp_log_state fresh = store->log.state;
	int64_t old = 0;
	enum tp_err err;

	fresh.last = 0;
	memset(fresh.hash, 0, sizeof(fresh.hash));
	err = load_tail(store, &fresh);
	if (err == TP_OK)
		err = load_sums(store, "SELECT count(*), coalesce(sum(bytes), 0) FROM audit",
				&fresh.audit_records, &fresh.audit_bytes);
	if (err == TP_OK)
		err = load_sums(store, "SELECT count(*), coalesce(sum(bytes), 0) FROM log WHERE kind = 2",
				&fresh.network_records, &fresh.network_bytes);
	if (err == TP_OK)
		err = tp_sql_number(store, &old, "SELECT EXISTS (SELECT 1 FROM log WHERE kind < 2)", "");
	if (err == TP_OK && old)
		err = tp_sql_transaction(store, import, &fresh);
	if (err == TP_OK)
		store->log.state = fresh;
	if (err == TP_OK && fresh.last < store->log.behind) {
		store->log.state.last = store->log.behind;
		memcpy(store->log.state.hash, store->log.behind_hash, TP_AUDIT_HASH);
	}
	return err;
}

void tp_store_log_behind(struct tp_store *store, uint64_t sequence, const uint8_t hash[TP_AUDIT_HASH])
{
	struct tp_store_log *log = &store->log;

	TP_STORE_LOCK(store);
	if (log->state.last >= sequence)
		return;
	log->state.missing = log->state.last + 1;
	log->state.last = log->behind = sequence;
	memcpy(log->behind_hash, hash, TP_AUDIT_HASH);
	memcpy(log->state.hash, hash, TP_AUDIT_HASH);
}

void tp_store_log_boot(struct tp_store *store, const uint8_t boot[TP_AUDIT_BOOT])
{
	TP_STORE_LOCK(store);
	memcpy(store->log.boot, boot, TP_AUDIT_BOOT);
}

/* ---------------------------------------------------------------------- writing */

/* A record, and whoever waits until it is on disk. */
struct ask {
	struct tp_list link;
	enum tp_log_kind kind;
	const struct tp_log_entry *line;
	bool must; /* never left out, never kept for later */
	bool done;
	enum tp_err err;
};

enum { TOGETHER = 64 /* records in one transaction */ };

/* Lines in one transaction, behind those that wait. */
struct batch {
	struct tp_log_state tail;
	enum tp_log_kind kind;
	const struct tp_log_entry *lines;
	size_t count;
	struct ask *const *asks; /* instead of lines */
	bool with_waiting;
};

static enum tp_err append_one(struct tp_store *store, struct batch *b, size_t i)
{
	if (b->asks)
		return append(store, &b->tail, b->asks[i]->kind, b->asks[i]->line);
	return b->kind == TP_LOG_KIND_NETWORK ? append_network(store, &b->tail, &b->lines[i])
					      : append(store, &b->tail, b->kind, &b->lines[i]);
}

static enum tp_err write_batch(struct tp_store *store, void *arg)
{
	struct batch *b = arg;
	enum tp_err err = TP_OK;

	for (size_t i = 0; b->with_waiting && i < store->log.state.waiting && err == TP_OK; i++)
		err = append(store, &b->tail, store->log.waiting[i].kind, &store->log.waiting[i].line);
	for (size_t i = 0; i < b->count && err == TP_OK; i++)
		err = append_one(store, b, i);
	return err;
}

static void failed(struct tp_store *store, enum tp_err err)
{
	if (!store->log.state.failing) {
		store->log.state.failing_ms = now_ms();
		TP_LOG(TP_LOG_ERROR, "audit.failed", "audit records cannot be written (%s)",
		       tp_err_name(err));
	}
	store->log.state.failing = true;
	/* Whether a failed commit reached the disk, only the database can say. */
	if (tp_store_log_load(store) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "audit.failed", "the end of the audit log does not read");
}

static enum tp_err write_all(struct tp_store *store, struct batch *b)
{
	enum tp_err err;

	b->tail = store->log.state;
	err = tp_sql_transaction(store, write_batch, b);
	if (err != TP_OK) {
		failed(store, err);
		return err;
	}
	if (b->with_waiting)
		b->tail.waiting = 0;
	store->log.state = b->tail;
	return TP_OK;
}

static void keep(struct tp_store *store, enum tp_log_kind kind, const struct tp_log_entry *line)
{
	struct tp_store_log *log = &store->log;

	if (!log->waiting)
		log->waiting = calloc(TP_STORE_LOG_WAITING, sizeof(*log->waiting));
	if (!log->waiting || log->state.waiting == TP_STORE_LOG_WAITING) {
		log->state.lost++;
		return;
	}
	log->waiting[log->state.waiting++] = (struct waiting_line){ kind, *line };
}

/* One after the other, so that nobody suffers from another one's record. */
static void write_singly(struct tp_store *store, struct ask *const *asks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct batch b = { .asks = &asks[i], .count = 1, .with_waiting = true };

		asks[i]->err = write_all(store, &b);
		if (asks[i]->err != TP_OK && !asks[i]->must)
			keep(store, asks[i]->kind, asks[i]->line);
	}
}

/* All in one transaction, so that many wait for the disk once. */
static void write_group(struct tp_store *store, struct tp_list *group)
{
	struct ask *asks[TOGETHER];
	struct batch b = { .asks = asks, .with_waiting = true };

	TP_STORE_LOCK(store);
	for (struct tp_list *node = group->next; node != group; node = node->next) {
		struct ask *ask = TP_CONTAINER(node, struct ask, link);

		ask->err = TP_OK;
		if (ask->must || ask->kind != TP_LOG_KIND_EVENT || tp_store_flood_admit(store, ask->line->name))
			asks[b.count++] = ask;
	}
	if (b.count && (b.count == 1 || write_all(store, &b) != TP_OK))
		write_singly(store, asks, b.count);
}

/* The first who asks writes for all who have asked until he begins; who comes meanwhile is of
 * the next group. Nobody goes on before his own record is on disk. */
static enum tp_err write_with_others(struct tp_store *store, struct ask *ask)
{
	struct tp_store_log *log = &store->log;
	struct tp_list group, *node;

	pthread_mutex_lock(&log->turn);
	tp_list_append(&log->asked, &ask->link);
	while (!ask->done) {
		if (log->writing) {
			pthread_cond_wait(&log->written, &log->turn);
			continue;
		}
		tp_list_init(&group);
		for (size_t i = 0; i < TOGETHER && (node = tp_list_pop(&log->asked)); i++)
			tp_list_append(&group, node);
		log->writing = true;
		pthread_mutex_unlock(&log->turn);
		write_group(store, &group);
		pthread_mutex_lock(&log->turn);
		log->writing = false;
		while ((node = tp_list_pop(&group)))
			TP_CONTAINER(node, struct ask, link)->done = true;
		pthread_cond_broadcast(&log->written);
	}
	pthread_mutex_unlock(&log->turn);
	return ask->err;
}

void tp_store_log_init(struct tp_store *store)
{
	pthread_mutex_init(&store->log.turn, NULL);
	pthread_cond_init(&store->log.written, NULL);
	tp_list_init(&store->log.asked);
}

void tp_store_log_fini(struct tp_store *store)
{
	pthread_cond_destroy(&store->log.written);
	pthread_mutex_destroy(&store->log.turn);
	free(store->log.waiting);
}

enum tp_err tp_store_log_add(struct tp_store *store, enum tp_log_kind kind,
			     const struct tp_log_entry *line)
{
	struct ask ask = { .kind = kind, .line = line };

	return kind == TP_LOG_KIND_NETWORK ? tp_store_log_network(store, line, 1) : write_with_others(store, &ask);
}

enum tp_err tp_store_log_must(struct tp_store *store, enum tp_log_kind kind,
			      const struct tp_log_entry *line)
{
	struct ask ask = { .kind = kind, .line = line, .must = true };

	return write_with_others(store, &ask);
}

enum tp_err tp_store_log_network(struct tp_store *store, const struct tp_log_entry *lines, size_t count)
{
	struct batch b = { .kind = TP_LOG_KIND_NETWORK, .lines = lines, .count = count };
	enum tp_err err;

	TP_STORE_LOCK(store);
	b.tail = store->log.state;
	err = tp_sql_transaction(store, write_batch, &b);
	if (err == TP_OK)
		store->log.state = b.tail;
	return err;
}

/* -------------------------------------------------------------------- every second */

static enum tp_err tell_suppressed(struct tp_store *store)
{
	struct tp_log_entry line = { .at_ms = now_ms(), .severity = 1, .name = "log.suppressed" };
	struct batch b = { .kind = TP_LOG_KIND_EVENT, .lines = &line, .count = 1, .with_waiting = true };
	char name[64];
	uint32_t n;
	enum tp_err err = TP_OK;

	while (err == TP_OK && (n = tp_store_flood_take(store, name)) > 0) {
		snprintf(line.text, sizeof(line.text),
			 "%u more events \"%s\" were not written: too many came at once.", n, name);
		err = write_all(store, &b);
		if (err != TP_OK)
			keep(store, TP_LOG_KIND_EVENT, &line);
	}
	return err;
}

enum tp_err tp_store_log_flush(struct tp_store *store)
{
	struct tp_log_entry line = { .at_ms = now_ms(), .severity = 2, .name = "audit.resumed" };
	struct batch b = { .kind = TP_LOG_KIND_EVENT, .lines = &line, .count = 1, .with_waiting = true };
	enum tp_err err = TP_OK;

	TP_STORE_LOCK(store);
	if (store->log.state.failing) {
		snprintf(line.text, sizeof(line.text),
			 "Audit records are written again. %u were kept in memory meanwhile, %llu were lost.",
			 store->log.state.waiting, (unsigned long long)store->log.state.lost);
		err = write_all(store, &b);
		if (err == TP_OK) {
			store->log.state.failing = false;
			store->log.state.lost = 0;
		}
	}
	return err == TP_OK ? tell_suppressed(store) : err;
}

void tp_store_log_state(struct tp_store *store, struct tp_log_state *out)
{
	TP_STORE_LOCK(store);
	*out = store->log.state;
}

/* ---------------------------------------------------------------------- listing */

/* ?1 kind, ?2 filter, ?3 least severity, ?4 from, ?5 until, ?6 after. */
#define WHERE(id)                                                                                    \
	" WHERE kind = ?1 AND severity >= ?3 AND at_ms >= ?4 AND at_ms < ?5 AND " id " > ?6"         \
	" AND (?2 = '' OR instr(lower(name || char(10) || text || char(10) || user || char(10)"      \
	" || source || char(10) || path || char(10) || before || char(10) || after), lower(?2)) > 0)"
#define NETWORK "(SELECT id, kind, at_ms, severity, name, text, user, source, path, '' AS before,"   \
	" '' AS after FROM log)"
#define COLUMNS ", at_ms, severity, name, text, user, source, path, before, after FROM "
#define LISTING(id, from, order)                                                                      \
	"SELECT " id COLUMNS from WHERE(id) " ORDER BY " id order " LIMIT ?7 OFFSET ?8"

static const char *listing(const struct tp_log_query *q)
{
	if (q->kind == TP_LOG_KIND_NETWORK)
		return q->oldest_first ? LISTING("id", NETWORK, "") : LISTING("id", NETWORK, " DESC");
	return q->oldest_first ? LISTING("sequence", "audit", "") :
				 LISTING("sequence", "audit", " DESC");
}

static int64_t bounded(uint64_t v)
{
	return (int64_t)(v < INT64_MAX ? v : INT64_MAX);
}

enum tp_err tp_store_log_list(struct tp_store *store, const struct tp_log_query *q,
			      struct tp_log_entry **rows, size_t *count, uint64_t *total)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	const char *filter = q->filter ? q->filter : "";
	int64_t until = q->until_ms ? bounded(q->until_ms) : INT64_MAX;
	int64_t all = 0;
	void *array;
	enum tp_err err = TP_OK;

	if (total)
		err = tp_sql_number(store, &all,
				    q->kind == TP_LOG_KIND_NETWORK ?
					    "SELECT count(*) FROM " NETWORK WHERE("id") :
					    "SELECT count(*) FROM audit" WHERE("sequence"),
				    "itiiii", (int64_t)q->kind, filter, (int64_t)q->least,
				    bounded(q->from_ms), until, bounded(q->after));
	if (err == TP_OK)
		err = tp_sql_open(store, &stmt, listing(q), "itiiiiii", (int64_t)q->kind, filter,
				  (int64_t)q->least, bounded(q->from_ms), until, bounded(q->after),
				  tp_sql_page(q->limit), bounded(q->offset));
	if (err == TP_OK)
		err = tp_sql_rows(store, stmt, sizeof(**rows), read_entry, &array, count);
	if (err != TP_OK)
		return err;
	*rows = array;
	if (total)
		*total = (uint64_t)all;
	return TP_OK;
}
