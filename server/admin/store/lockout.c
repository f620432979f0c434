/* What the lockout of the advanced mode counts, at rest. Runs in turnpike-admin. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/store/sql.h"
#include "core/text.h"

enum { TIMES_MAX = TP_LOCKOUT_FAILURES_MAX * 21 + 1 };

enum tp_err tp_store_lockout_put(struct tp_store *store, const struct tp_lockout_row *r)
{
	TP_STORE_LOCK(store);
	char times[TIMES_MAX] = "";
	size_t n = 0;

	for (uint32_t i = 0; i < r->failures; i++)
		n += (size_t)snprintf(times + n, sizeof(times) - n, "%s%" PRIu64, i ? " " : "",
				      r->failed_ms[i]);
	return tp_sql_run(store,
			  "INSERT OR REPLACE INTO lockout (id, failed_ms, since_ms, seconds)"
			  " VALUES (1, ?, ?, ?)",
			  "tii", times, (int64_t)r->since_ms, (int64_t)r->seconds);
}

enum tp_err tp_store_lockout_get(struct tp_store *store, struct tp_lockout_row *out)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	char times[TIMES_MAX];
	struct tp_span rest;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT failed_ms, since_ms, seconds FROM lockout WHERE id = 1", "");

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_OK || err == TP_NOTFOUND)
		memset(out, 0, sizeof(*out));
	if (err != TP_OK)
		return err == TP_NOTFOUND ? TP_OK : err;
	TP_SQL_TEXT(stmt, 0, times);
	out->since_ms = (uint64_t)sqlite3_column_int64(stmt, 1);
	out->seconds = (uint32_t)sqlite3_column_int64(stmt, 2);
	rest = tp_span_of(times);
	while (rest.len && out->failures < TP_LOCKOUT_FAILURES_MAX &&
	       tp_text_parse_u64(tp_span_split(&rest, ' '), UINT64_MAX,
				 &out->failed_ms[out->failures]) == TP_OK)
		out->failures++;
	return TP_OK;
}
