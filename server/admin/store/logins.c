/* The history of logins at rest. Runs in turnpike-admin. */
#include "admin/store/logins.h"

#include <string.h>

#include "admin/store/sql.h"

#define COLUMNS "id, user, protocol, method, source, started_ms, ended_ms, ended, failure"
#define DAY_MS ((int64_t)24 * 3600 * 1000)

static void read_login(sqlite3_stmt *stmt, void *row)
{
	struct tp_login_row *r = row;

	r->id = (uint64_t)sqlite3_column_int64(stmt, 0);
	TP_SQL_TEXT(stmt, 1, r->user);
	r->protocol = (enum tp_login_protocol)sqlite3_column_int(stmt, 2);
	r->method = (uint8_t)sqlite3_column_int(stmt, 3);
	TP_SQL_TEXT(stmt, 4, r->source);
	r->started_ms = (uint64_t)sqlite3_column_int64(stmt, 5);
	r->ended_ms = (uint64_t)sqlite3_column_int64(stmt, 6);
	r->end = (uint8_t)sqlite3_column_int(stmt, 7);
	r->failure = (enum tp_login_failure)sqlite3_column_int(stmt, 8);
}

/* A flood of failures pushes out no success. */
static enum tp_err forget_old(struct tp_store *store, const struct tp_login_row *row)
{
	enum tp_err err = tp_sql_run(
		store,
		"DELETE FROM login WHERE (failure = 0) = ?1 AND id <= (SELECT id FROM login WHERE"
		" (failure = 0) = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
		"ii", (int64_t)(row->failure == TP_LOGIN_PASSED), (int64_t)TP_STORE_LOGINS_MAX);

	if (err == TP_OK)
		err = tp_sql_run(store, "DELETE FROM login WHERE started_ms < ? AND (ended <> 0 OR failure <> 0)",
				 "i", (int64_t)row->started_ms - TP_STORE_LOGINS_DAYS * DAY_MS);
	return err;
}

struct new_login {
	const struct tp_login_row *row;
	int64_t id;
};

static enum tp_err add_login(struct tp_store *store, void *arg)
{
	struct new_login *n = arg;
	const struct tp_login_row *r = n->row;
	enum tp_err err = tp_sql_run(
		store,
		"INSERT INTO login (user, protocol, method, source, started_ms, ended_ms, ended, failure)"
		" SELECT coalesce(CASE WHEN ?6 = 0 OR EXISTS (SELECT 1 FROM account WHERE name = ?1) OR EXISTS"
		" (SELECT 1 FROM login WHERE user = ?1 AND failure = 0) THEN ?1 END,"
		" (SELECT user FROM login WHERE lower(user) = lower(?1) AND failure = 0"
		" ORDER BY id DESC LIMIT 1), ''), ?2, ?3, ?4, ?5, 0, 0, ?6",
		"tiitii", r->user, (int64_t)r->protocol, (int64_t)r->method, r->source, (int64_t)r->started_ms,
		(int64_t)r->failure);

	if (err == TP_OK)
		err = tp_sql_number(store, &n->id, "SELECT last_insert_rowid()", "");
	return err == TP_OK ? forget_old(store, r) : err;
}

enum tp_err tp_store_login_add(struct tp_store *store, const struct tp_login_row *row, uint64_t *id)
{
	struct new_login n = { row, 0 };
	enum tp_err err;

	TP_STORE_LOCK(store);
	err = tp_sql_transaction(store, add_login, &n);
	if (err == TP_OK)
		*id = (uint64_t)n.id;
	return err;
}

enum tp_err tp_store_login_end(struct tp_store *store, uint64_t id, uint8_t end, uint64_t ended_ms)
{
	TP_STORE_LOCK(store);
	return tp_sql_change(store,
			     "UPDATE login SET ended = ?2, ended_ms = max(?3, started_ms)"
			     " WHERE id = ?1 AND ended = 0 AND failure = 0",
			     "iii", (int64_t)id, (int64_t)end, (int64_t)ended_ms);
}

enum tp_err tp_store_login_refuse(struct tp_store *store, uint64_t id, enum tp_login_failure failure)
{
	TP_STORE_LOCK(store);
	return tp_sql_change(store, "UPDATE login SET failure = ?2 WHERE id = ?1", "ii", (int64_t)id,
			     (int64_t)failure);
}

enum tp_err tp_store_logins_gone(struct tp_store *store, uint8_t end)
{
	TP_STORE_LOCK(store);
	return tp_sql_run(store, "UPDATE login SET ended = ? WHERE ended = 0 AND failure = 0", "i", (int64_t)end);
}

/* ?1 result, ?2 1: of the user ?3 alone, ?4 filter. */
#define WHERE                                                                                      \
	" WHERE (?1 = 0 OR (failure = 0) = (?1 = 1)) AND (?2 = 0 OR user = ?3) AND (?4 = '' OR"    \
	" instr(lower(user || char(10) || source), lower(?4)) > 0)"

enum tp_err tp_store_login_list(struct tp_store *store, const struct tp_logins_query *q,
				struct tp_login_row **rows, size_t *count, uint64_t *total)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	const char *user = q->user ? q->user : "";
	int64_t all;
	void *array;
	enum tp_err err = tp_sql_number(store, &all, "SELECT count(*) FROM login" WHERE, "iitt",
					(int64_t)q->result, (int64_t)(q->user != NULL), user, q->filter);

	if (err == TP_OK)
		err = tp_sql_open(store, &stmt,
				  "SELECT " COLUMNS " FROM login" WHERE " ORDER BY id DESC LIMIT ?5 OFFSET ?6",
				  "iittii", (int64_t)q->result, (int64_t)(q->user != NULL), user, q->filter,
				  tp_sql_page(q->limit), (int64_t)(q->offset & INT64_MAX));
	if (err == TP_OK)
		err = tp_sql_rows(store, stmt, sizeof(**rows), read_login, &array, count);
	if (err != TP_OK)
		return err;
	*rows = array;
	*total = (uint64_t)all;
	return TP_OK;
}

/* The user's latest success, or failure behind `after`; stays zero when there is none. */
static enum tp_err find_latest(struct tp_store *store, const char *user, bool success, uint64_t after,
			       struct tp_login_row *out)
{
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT " COLUMNS " FROM login WHERE user = ? AND (failure = 0) = ?"
				      " AND id > ? ORDER BY id DESC LIMIT 1",
				      "tii", user, (int64_t)success, (int64_t)after);

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_OK)
		read_login(stmt, out);
	return err == TP_NOTFOUND ? TP_OK : err;
}

enum tp_err tp_store_login_by(struct tp_store *store, const char *user, uint8_t method, uint64_t *at_ms)
{
	TP_STORE_LOCK(store);
	int64_t at = 0;
	enum tp_err err = tp_sql_number(store, &at,
					"SELECT coalesce(max(started_ms), 0) FROM login WHERE user = ?"
					" AND method = ? AND failure = 0",
					"ti", user, (int64_t)method);

	*at_ms = (uint64_t)at;
	return err;
}

enum tp_err tp_store_login_past(struct tp_store *store, const char *user, struct tp_login_past *out)
{
	TP_STORE_LOCK(store);
	struct tp_login_past past = { 0 };
	int64_t failures = 0;
	enum tp_err err = find_latest(store, user, true, 0, &past.last);

	if (err == TP_OK)
		err = find_latest(store, user, false, past.last.id, &past.failed);
	if (err == TP_OK)
		err = tp_sql_number(store, &failures,
				    "SELECT count(*) FROM login WHERE user = ? AND failure <> 0 AND id > ?", "ti",
				    user, (int64_t)past.last.id);
	if (err != TP_OK)
		return err;
	past.failures = (uint64_t)failures;
	*out = past;
	return TP_OK;
}
