/* Configuration revisions and the candidate at rest. Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "admin/store/sql.h"

#define COLUMNS "number, at_ms, state, changes, sha256, author, comment"

static void read_revision(sqlite3_stmt *stmt, void *row)
{
	struct tp_revision *r = row;

	r->number = (uint64_t)sqlite3_column_int64(stmt, 0);
	r->at_ms = (uint64_t)sqlite3_column_int64(stmt, 1);
	r->state = (enum tp_revision_state)sqlite3_column_int(stmt, 2);
	r->changes = (uint32_t)sqlite3_column_int64(stmt, 3);
	if (sqlite3_column_bytes(stmt, 4) == (int)sizeof(r->sha256))
		memcpy(r->sha256, sqlite3_column_blob(stmt, 4), sizeof(r->sha256));
	TP_SQL_TEXT(stmt, 5, r->author);
	TP_SQL_TEXT(stmt, 6, r->comment);
}

enum tp_err tp_store_revision_next(struct tp_store *store, uint64_t *number)
{
	TP_STORE_LOCK(store);
	int64_t n;
	enum tp_err err =
		tp_sql_number(store, &n,
			      "SELECT max(last, (SELECT ifnull(max(number), 0) FROM revision)) + 1"
			      " FROM revision_counter",
			      "");

	if (err == TP_OK)
		*number = (uint64_t)n;
	return err;
}

struct new_revision {
	const struct tp_revision *r;
	const char *json;
	size_t len;
};

static enum tp_err add_revision(struct tp_store *store, void *arg)
{
	const struct new_revision *n = arg;
	enum tp_err err = tp_sql_run(
		store, "INSERT INTO revision (" COLUMNS ", json) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		"iiiibttb", (int64_t)n->r->number, (int64_t)n->r->at_ms, (int64_t)n->r->state,
		(int64_t)n->r->changes, n->r->sha256, sizeof(n->r->sha256), n->r->author,
		n->r->comment, n->json, n->len);

	if (err == TP_OK)
		err = tp_sql_run(store, "UPDATE revision_counter SET last = max(last, ?)", "i",
				 (int64_t)n->r->number);
	if (err == TP_OK)
		err = tp_sql_run(store, "DELETE FROM revision WHERE number <= ?", "i",
				 (int64_t)n->r->number - TP_STORE_REVISIONS_MAX);
	return err;
}

enum tp_err tp_store_revision_add(struct tp_store *store, const struct tp_revision *r,
				  const char *json, size_t len)
{
	struct new_revision n = {r, json, len};

	if (len > TP_STORE_JSON_MAX)
		return TP_LIMIT;
	TP_STORE_LOCK(store);
	return tp_sql_transaction(store, add_revision, &n);
}

enum tp_err tp_store_revision_set_state(struct tp_store *store, uint64_t number,
					enum tp_revision_state state)
{
	TP_STORE_LOCK(store);
	return tp_sql_change(store, "UPDATE revision SET state = ? WHERE number = ?", "ii",
			     (int64_t)state, (int64_t)number);
}

enum tp_err tp_store_revision_drop(struct tp_store *store, uint64_t number)
{
	TP_STORE_LOCK(store);
	int64_t state;
	enum tp_err err = tp_sql_number(
		store, &state, "SELECT state FROM revision WHERE number = ?", "i", (int64_t)number);

	if (err != TP_OK)
		return err;
	if (state != TP_REVISION_PREPARED)
		return TP_STATE;
	return tp_sql_change(store, "DELETE FROM revision WHERE number = ?", "i", (int64_t)number);
}

enum tp_err tp_store_revision_get(struct tp_store *store, uint64_t number, struct tp_revision *out,
				  char **json, size_t *len)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err =
		tp_sql_open(store, &stmt, "SELECT " COLUMNS ", json FROM revision WHERE number = ?",
			    "i", (int64_t)number);

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_OK && json)
		err = tp_sql_copy(stmt, 7, json, len);
	if (err != TP_OK)
		return err;
	memset(out, 0, sizeof(*out));
	read_revision(stmt, out);
	return TP_OK;
}

enum tp_err tp_store_revision_list(struct tp_store *store, bool prepared, uint64_t offset,
				   uint32_t limit, struct tp_revision **rows, size_t *count,
				   uint64_t *total)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	int64_t least = prepared ? TP_REVISION_PREPARED : TP_REVISION_COMMITTED;
	int64_t all;
	void *array;
	enum tp_err err = tp_sql_number(
		store, &all, "SELECT count(*) FROM revision WHERE state >= ?", "i", least);

	if (err == TP_OK)
		err = tp_sql_open(store, &stmt,
				  "SELECT " COLUMNS " FROM revision WHERE state >= ?"
				  " ORDER BY number DESC LIMIT ? OFFSET ?",
				  "iii", least, tp_sql_page(limit), (int64_t)(offset & INT64_MAX));
	if (err == TP_OK)
		err = tp_sql_rows(store, stmt, sizeof(**rows), read_revision, &array, count);
	if (err != TP_OK)
		return err;
	*rows = array;
	*total = (uint64_t)all;
	return TP_OK;
}

enum tp_err tp_store_candidate_save(struct tp_store *store, const char *json, size_t len,
				    const char *holder)
{
	TP_STORE_LOCK(store);
	if (!json)
		return tp_sql_run(store, "DELETE FROM candidate", "");
	if (len > TP_STORE_JSON_MAX || strlen(holder) > TP_STORE_AUTHOR_MAX)
		return TP_LIMIT;
	return tp_sql_run(store, "INSERT OR REPLACE INTO candidate VALUES (1, ?, ?)", "bt", json,
			  len, holder);
}

enum tp_err tp_store_candidate_load(struct tp_store *store, char **json, size_t *len,
				    char holder[TP_STORE_AUTHOR_MAX + 1])
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt, "SELECT json, holder FROM candidate", "");

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_NOTFOUND) {
		*json = NULL;
		*len = 0;
		holder[0] = '\0';
		return TP_OK;
	}
	if (err == TP_OK)
		err = tp_sql_copy(stmt, 0, json, len);
	if (err == TP_OK)
		tp_sql_text(stmt, 1, holder, TP_STORE_AUTHOR_MAX + 1);
	return err;
}
