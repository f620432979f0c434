/* Ended calls at rest, with retention by number and age. Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "admin/store/sql.h"

#define COLUMNS                                                                                    \
	"id, call, call_id, caller, called, source_zone, target_zone, end_reason, state, "         \
	"status, source_transport, target_transport, started_ms, answered_ms, ended_ms"
#define DAY_MS ((int64_t)24 * 3600 * 1000)

static void read_history(sqlite3_stmt *stmt, void *row)
{
	struct tp_history *h = row;

	h->id = (uint64_t)sqlite3_column_int64(stmt, 0);
	h->call = (uint64_t)sqlite3_column_int64(stmt, 1);
	TP_SQL_TEXT(stmt, 2, h->call_id);
	TP_SQL_TEXT(stmt, 3, h->from);
	TP_SQL_TEXT(stmt, 4, h->to);
	TP_SQL_TEXT(stmt, 5, h->source_zone);
	TP_SQL_TEXT(stmt, 6, h->target_zone);
	TP_SQL_TEXT(stmt, 7, h->end_reason);
	h->state = (uint8_t)sqlite3_column_int(stmt, 8);
	h->status = (uint16_t)sqlite3_column_int(stmt, 9);
	h->source_transport = (uint8_t)sqlite3_column_int(stmt, 10);
	h->target_transport = (uint8_t)sqlite3_column_int(stmt, 11);
	h->started_ms = (uint64_t)sqlite3_column_int64(stmt, 12);
	h->answered_ms = (uint64_t)sqlite3_column_int64(stmt, 13);
	h->ended_ms = (uint64_t)sqlite3_column_int64(stmt, 14);
}

struct new_history {
	const struct tp_history *h;
	const char *steps;
	const char *streams;
};

static enum tp_err add_history(struct tp_store *store, void *arg)
{
	const struct new_history *n = arg;
	const struct tp_history *h = n->h;
	enum tp_err err = tp_sql_run(
		store,
		"INSERT OR IGNORE INTO history (call, call_id, caller, called, source_zone, "
		"target_zone,"
		" end_reason, state, status, source_transport, target_transport, started_ms, "
		"answered_ms,"
		" ended_ms, steps, streams) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		"?)",
		"ittttttiiiiiiitt", (int64_t)h->call, h->call_id, h->from, h->to, h->source_zone,
		h->target_zone, h->end_reason, (int64_t)h->state, (int64_t)h->status,
		(int64_t)h->source_transport, (int64_t)h->target_transport, (int64_t)h->started_ms,
		(int64_t)h->answered_ms, (int64_t)h->ended_ms, n->steps, n->streams);

	if (err == TP_OK)
		err = tp_sql_run(
			store, "DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?",
			"i", (int64_t)TP_STORE_HISTORY_MAX);
	if (err == TP_OK)
		err = tp_sql_run(store, "DELETE FROM history WHERE ended_ms < ?", "i",
				 (int64_t)h->ended_ms - TP_STORE_HISTORY_DAYS * DAY_MS);
	return err;
}

enum tp_err tp_store_history_add(struct tp_store *store, const struct tp_history *h,
				 const char *steps, const char *streams)
{
	struct new_history n = {h, steps, streams};

	if (strlen(steps) > TP_STORE_HISTORY_JSON_MAX ||
	    strlen(streams) > TP_STORE_HISTORY_JSON_MAX)
		return TP_LIMIT;
	TP_STORE_LOCK(store);
	return tp_sql_transaction(store, add_history, &n);
}

/* ?1 result, ?2 filter. */
#define WHERE                                                                                      \
	" WHERE (?1 = 0 OR (answered_ms = 0) = (?1 = 2)) AND (?2 = '' OR instr(lower(caller "      \
	"|| char(10) || called || char(10) || call_id || char(10) || source_zone || char(10) "     \
	"|| target_zone || char(10) || end_reason), lower(?2)) > 0)"

enum tp_err tp_store_history_list(struct tp_store *store, const char *filter,
				  enum tp_history_result result, uint64_t offset, uint32_t limit,
				  struct tp_history **rows, size_t *count, uint64_t *total)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	int64_t all;
	void *array;
	enum tp_err err;

	filter = filter ? filter : "";
	err = tp_sql_number(store, &all, "SELECT count(*) FROM history" WHERE, "it",
			    (int64_t)result, filter);
	if (err == TP_OK)
		err = tp_sql_open(store, &stmt,
				  "SELECT " COLUMNS " FROM history" WHERE
				  " ORDER BY id DESC LIMIT ?3 OFFSET ?4",
				  "itii", (int64_t)result, filter, tp_sql_page(limit),
				  (int64_t)(offset & INT64_MAX));
	if (err == TP_OK)
		err = tp_sql_rows(store, stmt, sizeof(**rows), read_history, &array, count);
	if (err != TP_OK)
		return err;
	*rows = array;
	*total = (uint64_t)all;
	return TP_OK;
}

enum tp_err tp_store_history_get(struct tp_store *store, uint64_t id, struct tp_history *out,
				 char **steps, char **streams)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	char *first = NULL;
	enum tp_err err = tp_sql_open(
		store, &stmt, "SELECT " COLUMNS ", steps, streams FROM history WHERE id = ?", "i",
		(int64_t)id);

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_OK)
		err = tp_sql_copy(stmt, 15, &first, NULL);
	if (err == TP_OK)
		err = tp_sql_copy(stmt, 16, streams, NULL);
	if (err != TP_OK) {
		free(first);
		return err;
	}
	*steps = first;
	memset(out, 0, sizeof(*out));
	read_history(stmt, out);
	return TP_OK;
}
