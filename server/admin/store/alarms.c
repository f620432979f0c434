/* Alarms at rest. Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "admin/store/sql.h"

#define COLUMNS                                                                                    \
	"id, code, severity, subject, text, remedy, raised_ms, cleared_ms, acknowledged_by, "      \
	"acknowledged_ms"
#define CLEARED_KEPT "200"

static void read_alarm(sqlite3_stmt *stmt, void *row)
{
	struct tp_alarm *a = row;

	a->id = (uint64_t)sqlite3_column_int64(stmt, 0);
	a->code = (uint32_t)sqlite3_column_int64(stmt, 1);
	a->severity = (uint8_t)sqlite3_column_int(stmt, 2);
	TP_SQL_TEXT(stmt, 3, a->subject);
	TP_SQL_TEXT(stmt, 4, a->text);
	TP_SQL_TEXT(stmt, 5, a->remedy);
	a->raised_ms = (uint64_t)sqlite3_column_int64(stmt, 6);
	a->cleared_ms = (uint64_t)sqlite3_column_int64(stmt, 7);
	TP_SQL_TEXT(stmt, 8, a->acknowledged_by);
	a->acknowledged_ms = (uint64_t)sqlite3_column_int64(stmt, 9);
}

enum tp_err tp_store_alarm_raise(struct tp_store *store, const struct tp_alarm *a, bool *fresh)
{
	TP_STORE_LOCK(store);
	enum tp_err err = tp_sql_change(store,
					"UPDATE alarm SET severity = ?, text = ?, remedy = ?"
					" WHERE code = ? AND subject = ? AND cleared_ms = 0",
					"ittit", (int64_t)a->severity, a->text, a->remedy,
					(int64_t)a->code, a->subject);
	bool is_new = err == TP_NOTFOUND;

	if (is_new)
		err = tp_sql_run(
			store,
			"INSERT INTO alarm (code, severity, subject, text, remedy, raised_ms, "
			"cleared_ms,"
			" acknowledged_by, acknowledged_ms) VALUES (?, ?, ?, ?, ?, ?, 0, '', 0)",
			"iittti", (int64_t)a->code, (int64_t)a->severity, a->subject, a->text,
			a->remedy, (int64_t)a->raised_ms);
	if (err == TP_OK && fresh)
		*fresh = is_new;
	return err;
}

/* Cleared alarms beyond those that are shown are forgotten. */
static enum tp_err forget_old(struct tp_store *store)
{
	return tp_sql_run(
		store,
		"DELETE FROM alarm WHERE cleared_ms > 0 AND id NOT IN (SELECT id FROM alarm"
		" WHERE cleared_ms > 0 ORDER BY cleared_ms DESC, id DESC LIMIT " CLEARED_KEPT ")",
		"");
}

enum tp_err tp_store_alarm_clear(struct tp_store *store, uint32_t code, const char *subject,
				 uint64_t at_ms)
{
	TP_STORE_LOCK(store);
	enum tp_err err = tp_sql_change(store,
					"UPDATE alarm SET cleared_ms = max(?, 1)"
					" WHERE code = ? AND subject = ? AND cleared_ms = 0",
					"iit", (int64_t)at_ms, (int64_t)code, subject);

	return err == TP_OK ? forget_old(store) : err;
}

enum tp_err tp_store_alarm_acknowledge(struct tp_store *store, uint64_t id, const char *user,
				       uint64_t at_ms)
{
	TP_STORE_LOCK(store);
	int64_t count;
	enum tp_err err = tp_sql_change(store,
					"UPDATE alarm SET acknowledged_by = ?, acknowledged_ms = ?"
					" WHERE id = ? AND cleared_ms = 0 AND acknowledged_by = ''",
					"tii", user, (int64_t)at_ms, (int64_t)id);

	if (err != TP_NOTFOUND)
		return err;
	err = tp_sql_number(store, &count, "SELECT count(*) FROM alarm WHERE id = ?", "i",
			    (int64_t)id);
	if (err != TP_OK)
		return err;
	return count ? TP_STATE : TP_NOTFOUND;
}

/* Records that cannot be written: this alarm could not be either, so it is no row. */
static enum tp_err add_failing(const struct tp_store *store, void **array, size_t *count)
{
	struct tp_alarm *more = reallocarray(*array, *count + 1, sizeof(*more));
	struct tp_alarm *a = more;

	if (!more)
		return free(*array), TP_NOMEM;
	memmove(more + 1, more, *count * sizeof(*more));
	*a = (struct tp_alarm){ .code = TP_ALARM_AUDIT_FAILING,
				.severity = 2,
				.subject = "audit",
				.text = "The audit log cannot be written. Calls go on; changes by "
					"administrators are refused until it can.",
				.remedy = "Make room on the disk of the state folder.",
				.raised_ms = store->log.state.failing_ms };
	*array = more;
	(*count)++;
	return TP_OK;
}

enum tp_err tp_store_alarm_list(struct tp_store *store, struct tp_alarm **rows, size_t *count)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	void *array;
	enum tp_err err = tp_sql_open(
		store, &stmt,
		"SELECT " COLUMNS " FROM alarm ORDER BY cleared_ms > 0,"
		" CASE WHEN cleared_ms > 0 THEN cleared_ms ELSE raised_ms END DESC, id DESC",
		"");

	if (err == TP_OK)
		err = tp_sql_rows(store, stmt, sizeof(**rows), read_alarm, &array, count);
	if (err == TP_OK && store->log.state.failing)
		err = add_failing(store, &array, count);
	if (err == TP_OK)
		*rows = array;
	return err;
}

enum tp_err tp_store_alarm_count(struct tp_store *store, uint32_t by_severity[3])
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	uint32_t counts[3] = {0};
	enum tp_err err = tp_sql_open(
		store, &stmt,
		"SELECT severity, count(*) FROM alarm WHERE cleared_ms = 0 GROUP BY severity", "");

	if (err != TP_OK)
		return err;
	while ((err = tp_sql_step(store, stmt)) == TP_OK) {
		int severity = sqlite3_column_int(stmt, 0);

		if (severity >= 0 && severity < 3)
			counts[severity] = (uint32_t)sqlite3_column_int64(stmt, 1);
	}
	if (err != TP_NOTFOUND)
		return err;
	counts[2] += store->log.state.failing;
	memcpy(by_severity, counts, sizeof(counts));
	return TP_OK;
}
