/* Event and configuration log lines at rest. Runs in turnpike-admin. */
#include <string.h>

#include "admin/store/sql.h"

static void read_line(sqlite3_stmt *stmt, void *row)
{
	struct tp_log_entry *l = row;

	l->at_ms = (uint64_t)sqlite3_column_int64(stmt, 0);
	l->severity = (uint8_t)sqlite3_column_int(stmt, 1);
	TP_SQL_TEXT(stmt, 2, l->name);
	TP_SQL_TEXT(stmt, 3, l->text);
	TP_SQL_TEXT(stmt, 4, l->user);
	TP_SQL_TEXT(stmt, 5, l->source);
}

struct new_line {
	enum tp_log_kind kind;
	const struct tp_log_entry *line;
};

static enum tp_err add_line(struct tp_store *store, void *arg)
{
	const struct new_line *n = arg;
	const struct tp_log_entry *l = n->line;
	enum tp_err err =
		tp_sql_run(store,
			   "INSERT INTO log (kind, at_ms, severity, name, text, user, source)"
			   " VALUES (?, ?, ?, ?, ?, ?, ?)",
			   "iiitttt", (int64_t)n->kind, (int64_t)l->at_ms, (int64_t)l->severity,
			   l->name, l->text, l->user, l->source);
	int64_t id = sqlite3_last_insert_rowid(store->db);

	/* Counting is costly, so the oldest go by hundreds. */
	if (err != TP_OK || id % 100)
		return err;
	return tp_sql_run(
		store,
		"DELETE FROM log WHERE kind = ?1 AND id <= (SELECT id FROM log WHERE kind = ?1"
		" ORDER BY id DESC LIMIT 1 OFFSET ?2)",
		"ii", (int64_t)n->kind, (int64_t)TP_STORE_LOG_MAX);
}

enum tp_err tp_store_log_add(struct tp_store *store, enum tp_log_kind kind,
			     const struct tp_log_entry *line)
{
	struct new_line n = {kind, line};

	TP_STORE_LOCK(store);
	return tp_sql_transaction(store, add_line, &n);
}

/* ?1 kind, ?2 filter. */
#define WHERE                                                                                      \
	" WHERE kind = ?1 AND (?2 = '' OR instr(lower(name || char(10) || text || char(10)"        \
	" || user || char(10) || source), lower(?2)) > 0)"

enum tp_err tp_store_log_list(struct tp_store *store, enum tp_log_kind kind, const char *filter,
			      uint64_t offset, uint32_t limit, struct tp_log_entry **rows,
			      size_t *count, uint64_t *total)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	int64_t all;
	void *array;
	enum tp_err err;

	filter = filter ? filter : "";
	err = tp_sql_number(store, &all, "SELECT count(*) FROM log" WHERE, "it", (int64_t)kind,
			    filter);
	if (err == TP_OK)
		err = tp_sql_open(store, &stmt,
				  "SELECT at_ms, severity, name, text, user, source FROM log" WHERE
				  " ORDER BY id DESC LIMIT ?3 OFFSET ?4",
				  "itii", (int64_t)kind, filter, tp_sql_page(limit),
				  (int64_t)(offset & INT64_MAX));
	if (err == TP_OK)
		err = tp_sql_rows(store, stmt, sizeof(**rows), read_line, &array, count);
	if (err != TP_OK)
		return err;
	*rows = array;
	*total = (uint64_t)all;
	return TP_OK;
}
