/* The state of ACME at rest. Runs in turnpike-admin. */
#include <string.h>

#include "admin/store/sql.h"

enum tp_err tp_store_acme_put(struct tp_store *store, const struct tp_acme_row *r)
{
	TP_STORE_LOCK(store);
	return tp_sql_run(store,
			  "INSERT OR REPLACE INTO acme (id, directory, key_id, account_sealed, tried_ms,"
			  " failed, result, names, issued) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
			  "tttiittt", r->directory, r->key_id, r->account_sealed,
			  (int64_t)r->tried_ms, (int64_t)r->failed, r->result, r->names, r->issued);
}

enum tp_err tp_store_acme_get(struct tp_store *store, struct tp_acme_row *out)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT directory, key_id, account_sealed, tried_ms, failed, result,"
				      " names, issued FROM acme WHERE id = 1",
				      "");

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_OK || err == TP_NOTFOUND)
		memset(out, 0, sizeof(*out));
	if (err == TP_NOTFOUND)
		return TP_OK;
	if (err != TP_OK)
		return err;
	TP_SQL_TEXT(stmt, 0, out->directory);
	TP_SQL_TEXT(stmt, 1, out->key_id);
	TP_SQL_TEXT(stmt, 2, out->account_sealed);
	out->tried_ms = (uint64_t)sqlite3_column_int64(stmt, 3);
	out->failed = sqlite3_column_int(stmt, 4) != 0;
	TP_SQL_TEXT(stmt, 5, out->result);
	TP_SQL_TEXT(stmt, 6, out->names);
	TP_SQL_TEXT(stmt, 7, out->issued);
	return TP_OK;
}
