/* Heads, the checkpoint, and dropping what is too old or too much. Runs in turnpike-admin. */
#include <string.h>

#include "admin/store/log.h"
#include "admin/store/sql.h"

enum { TRIM_AT_ONCE = 2000 };

/* -------------------------------------------------------------------- reading */

static const char *column(sqlite3_stmt *stmt, int at)
{
	const char *text = (const char *)sqlite3_column_text(stmt, at);

	return text ? text : "";
}

static void bytes_of(sqlite3_stmt *stmt, int at, uint8_t *dst, size_t len)
{
	if ((size_t)sqlite3_column_bytes(stmt, at) == len)
		memcpy(dst, sqlite3_column_blob(stmt, at), len);
}

enum tp_err tp_store_audit_read(struct tp_store *store, uint64_t after, uint64_t until, uint32_t limit,
				void (*take)(void *arg, const struct tp_audit_record *r), void *arg,
				uint32_t *count)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	uint32_t n = 0;
	enum tp_err err =
		tp_sql_open(store, &stmt,
			    "SELECT sequence, boot, at_ms, kind, severity, name, text, user, source, path,"
			    " before, after, hash FROM audit WHERE sequence > ? AND sequence <= ?"
			    " ORDER BY sequence LIMIT ?",
			    "iii", (int64_t)after, (int64_t)until, (int64_t)limit);

	while (err == TP_OK && (err = tp_sql_step(store, stmt)) == TP_OK) {
		struct tp_audit_record r = {
			.sequence = (uint64_t)sqlite3_column_int64(stmt, 0),
			.at_ms = (uint64_t)sqlite3_column_int64(stmt, 2),
			.kind = (uint8_t)sqlite3_column_int(stmt, 3),
			.severity = (uint8_t)sqlite3_column_int(stmt, 4),
			.name = column(stmt, 5),
			.text = column(stmt, 6),
			.user = column(stmt, 7),
			.source = column(stmt, 8),
			.path = column(stmt, 9),
			.before = column(stmt, 10),
			.after = column(stmt, 11),
		};

		bytes_of(stmt, 1, r.boot, sizeof(r.boot));
		bytes_of(stmt, 12, r.hash, sizeof(r.hash));
		take(arg, &r);
		n++;
	}
	if (err != TP_NOTFOUND)
		return err;
	*count = n;
	return TP_OK;
}

enum tp_err tp_store_audit_hash(struct tp_store *store, uint64_t sequence, uint8_t hash[TP_AUDIT_HASH])
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt, "SELECT hash FROM audit WHERE sequence = ?", "i",
				      (int64_t)sequence);

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_OK)
		bytes_of(stmt, 0, hash, TP_AUDIT_HASH);
	return err;
}

/* ---------------------------------------------------------------------- heads */

#define HEAD_COLUMNS "kind, counter, sequence, hash, boot, at_ms, mac, signature"

static void read_head(sqlite3_stmt *stmt, void *row)
{
	struct tp_audit_head *h = row;

	h->kind = (uint8_t)sqlite3_column_int(stmt, 0);
	h->counter = (uint64_t)sqlite3_column_int64(stmt, 1);
	h->sequence = (uint64_t)sqlite3_column_int64(stmt, 2);
	bytes_of(stmt, 3, h->hash, sizeof(h->hash));
	bytes_of(stmt, 4, h->boot, sizeof(h->boot));
	h->at_ms = (uint64_t)sqlite3_column_int64(stmt, 5);
	bytes_of(stmt, 6, h->mac, sizeof(h->mac));
	bytes_of(stmt, 7, h->signature, sizeof(h->signature));
}

static enum tp_err add_head(struct tp_store *store, const struct tp_audit_head *h)
{
	return tp_sql_run(store,
			  "INSERT OR REPLACE INTO audit_head (" HEAD_COLUMNS
			  ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			  "iiibbibb", (int64_t)h->kind, (int64_t)h->counter, (int64_t)h->sequence,
			  h->hash, sizeof(h->hash), h->boot, sizeof(h->boot), (int64_t)h->at_ms, h->mac,
			  sizeof(h->mac), h->signature, sizeof(h->signature));
}

enum tp_err tp_store_head_add(struct tp_store *store, const struct tp_audit_head *h)
{
	TP_STORE_LOCK(store);
	return add_head(store, h);
}

enum tp_err tp_store_head_list(struct tp_store *store, uint64_t after, uint64_t until, uint32_t limit,
			       struct tp_audit_head **rows, size_t *count)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	void *array;
	enum tp_err err =
		tp_sql_open(store, &stmt,
			    "SELECT " HEAD_COLUMNS " FROM audit_head WHERE kind = 0 AND sequence > ?"
			    " AND sequence <= ? ORDER BY sequence, counter LIMIT ?",
			    "iii", (int64_t)after, (int64_t)until, (int64_t)limit);

	if (err == TP_OK)
		err = tp_sql_rows(store, stmt, sizeof(**rows), read_head, &array, count);
	if (err == TP_OK)
		*rows = array;
	return err;
}

static enum tp_err one_head(struct tp_store *store, const char *sql, int64_t sequence,
			    struct tp_audit_head *out)
{
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt, sql, "i", sequence);

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_OK) {
		memset(out, 0, sizeof(*out));
		read_head(stmt, out);
	}
	return err;
}

enum tp_err tp_store_head_find(struct tp_store *store, uint64_t sequence, struct tp_audit_head *out)
{
	TP_STORE_LOCK(store);
	return one_head(store,
			"SELECT " HEAD_COLUMNS " FROM audit_head WHERE kind = 0 AND sequence <= ?"
			" ORDER BY sequence DESC LIMIT 1",
			(int64_t)(sequence < INT64_MAX ? sequence : INT64_MAX), out);
}

static enum tp_err find_checkpoint(struct tp_store *store, struct tp_audit_head *out)
{
	return one_head(store,
			"SELECT " HEAD_COLUMNS " FROM audit_head WHERE kind = ?"
			" ORDER BY sequence DESC LIMIT 1",
			TP_AUDIT_CHECKPOINT, out);
}

enum tp_err tp_store_checkpoint(struct tp_store *store, struct tp_audit_head *out)
{
	TP_STORE_LOCK(store);
	return find_checkpoint(store, out);
}

static enum tp_err replace_checkpoint(struct tp_store *store, void *arg)
{
	const struct tp_audit_head *h = arg;
	enum tp_err err = tp_sql_run(store,
				     "DELETE FROM audit_head WHERE kind = 1 OR sequence <= ?", "i",
				     (int64_t)h->sequence);

	return err == TP_OK ? add_head(store, h) : err;
}

enum tp_err tp_store_checkpoint_set(struct tp_store *store, const struct tp_audit_head *h)
{
	struct tp_audit_head copy = *h;

	TP_STORE_LOCK(store);
	return tp_sql_transaction(store, replace_checkpoint, &copy);
}

enum tp_err tp_store_audit_resume(struct tp_store *store, const struct tp_audit_head *head)
{
	struct tp_log_state *state = &store->log.state;
	enum tp_err err;

	TP_STORE_LOCK(store);
	if (state->last >= head->sequence)
		return TP_STATE;
	err = add_head(store, head);
	if (err != TP_OK)
		return err;
	state->last = head->sequence;
	memcpy(state->hash, head->hash, TP_AUDIT_HASH);
	return TP_OK;
}

/* ------------------------------------------------------------------- dropping */

struct trim {
	int64_t upto; /* id */
	const char *sum;
	const char *delete;
	int64_t records;
	int64_t bytes;
};

static enum tp_err delete_some(struct tp_store *store, void *arg)
{
	struct trim *t = arg;
	enum tp_err err = tp_sql_number(store, &t->bytes, t->sum, "ii", t->upto, (int64_t)TRIM_AT_ONCE);

	if (err == TP_OK)
		err = tp_sql_run(store, t->delete, "ii", t->upto, (int64_t)TRIM_AT_ONCE);
	if (err == TP_OK)
		t->records = sqlite3_changes(store->db);
	return err;
}

enum tp_err tp_store_audit_trim(struct tp_store *store, bool *more)
{
	struct trim t = {
		.sum = "SELECT coalesce(sum(bytes), 0) FROM (SELECT bytes FROM audit WHERE sequence <= ?"
		       " ORDER BY sequence LIMIT ?)",
		.delete = "DELETE FROM audit WHERE sequence IN (SELECT sequence FROM audit WHERE"
			  " sequence <= ? ORDER BY sequence LIMIT ?)",
	};
	struct tp_audit_head checkpoint;
	enum tp_err err;

	*more = false;
	TP_STORE_LOCK(store);
	err = find_checkpoint(store, &checkpoint);
	if (err != TP_OK)
		return err == TP_NOTFOUND ? TP_OK : err;
	t.upto = (int64_t)checkpoint.sequence;
	err = tp_sql_transaction(store, delete_some, &t);
	if (err != TP_OK)
		return err;
	store->log.state.audit_records -= (uint64_t)t.records;
	store->log.state.audit_bytes -= (uint64_t)t.bytes;
	*more = t.records == TRIM_AT_ONCE;
	return TP_OK;
}

/* The record before the first that may stay: `sql` gives that one. */
static enum tp_err before_first(struct tp_store *store, const char *sql, int64_t value, int64_t last,
				int64_t *upto)
{
	int64_t first;
	enum tp_err err = tp_sql_number(store, &first, sql, "i", value);

	if (err == TP_NOTFOUND)
		first = last + 1;
	else if (err != TP_OK)
		return err;
	if (first - 1 > *upto)
		*upto = first - 1;
	return TP_OK;
}

enum tp_err tp_store_audit_excess(struct tp_store *store, uint64_t bytes, uint64_t oldest_ms,
				  uint64_t *upto)
{
	const struct tp_log_state *state = &store->log.state;
	int64_t found = 0, first = 0;
	enum tp_err err;

	TP_STORE_LOCK(store);
	*upto = 0;
	err = tp_sql_number(store, &first, "SELECT coalesce(min(sequence), 0) FROM audit", "");
	if (err == TP_OK && first)
		err = before_first(store,
				   "SELECT sequence FROM audit WHERE at_ms >= ? ORDER BY sequence LIMIT 1",
				   (int64_t)oldest_ms, (int64_t)state->last, &found);
	if (err == TP_OK && first && state->audit_bytes > bytes)
		err = before_first(store,
				   "SELECT sequence FROM (SELECT sequence, sum(bytes) OVER (ORDER BY"
				   " sequence DESC) AS kept FROM audit) WHERE kept <= ?"
				   " ORDER BY sequence LIMIT 1",
				   (int64_t)bytes, (int64_t)state->last, &found);
	if (err == TP_OK && first && found >= first)
		*upto = (uint64_t)found;
	return err;
}

enum tp_err tp_store_network_trim(struct tp_store *store, uint64_t bytes, uint64_t oldest_ms, bool *more)
{
	struct trim t = {
		.sum = "SELECT coalesce(sum(bytes), 0) FROM (SELECT bytes FROM log WHERE id <= ?"
		       " ORDER BY id LIMIT ?)",
		.delete = "DELETE FROM log WHERE id IN (SELECT id FROM log WHERE id <= ?"
			  " ORDER BY id LIMIT ?)",
	};
	struct tp_log_state *state = &store->log.state;
	int64_t last = 0;
	enum tp_err err;

	*more = false;
	TP_STORE_LOCK(store);
	err = tp_sql_number(store, &last, "SELECT coalesce(max(id), 0) FROM log", "");
	if (err == TP_OK && last)
		err = before_first(store, "SELECT id FROM log WHERE at_ms >= ? ORDER BY id LIMIT 1",
				   (int64_t)oldest_ms, last, &t.upto);
	if (err == TP_OK && last && state->network_bytes > bytes)
		err = before_first(store,
				   "SELECT id FROM (SELECT id, sum(bytes) OVER (ORDER BY id DESC) AS kept"
				   " FROM log) WHERE kept <= ? ORDER BY id LIMIT 1",
				   (int64_t)bytes, last, &t.upto);
	if (err != TP_OK || t.upto == 0)
		return err;
	err = tp_sql_transaction(store, delete_some, &t);
	if (err != TP_OK)
		return err;
	state->network_records -= (uint64_t)t.records;
	state->network_bytes -= (uint64_t)t.bytes;
	*more = t.records == TRIM_AT_ONCE;
	return TP_OK;
}
