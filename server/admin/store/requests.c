/* Certificate signing requests at rest. Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "admin/store/sql.h"

enum tp_err tp_store_request_put(struct tp_store *store, const struct tp_identity_request *r)
{
	TP_STORE_LOCK(store);
	return tp_sql_run(store,
			  "INSERT OR REPLACE INTO identity_request (identity, created_ms, created_by,"
			  " distribution, pem, key_sealed, public_key) VALUES (?, ?, ?, ?, ?, ?, ?)",
			  "tittttb", r->identity, (int64_t)r->created_ms, r->created_by,
			  r->distribution, r->pem, r->key_sealed, r->public_key,
			  (size_t)r->public_key_len);
}

enum tp_err tp_store_request_get(struct tp_store *store, const char *identity,
				 struct tp_identity_request *out)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	size_t len;
	int bytes;
	char *pem;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT identity, created_ms, created_by, distribution, pem,"
				      " key_sealed, public_key FROM identity_request WHERE identity = ?",
				      "t", identity);

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_OK)
		err = tp_sql_copy(stmt, 4, &pem, &len);
	if (err != TP_OK)
		return err;
	memset(out, 0, sizeof(*out));
	out->pem = pem;
	TP_SQL_TEXT(stmt, 0, out->identity);
	out->created_ms = (uint64_t)sqlite3_column_int64(stmt, 1);
	TP_SQL_TEXT(stmt, 2, out->created_by);
	TP_SQL_TEXT(stmt, 3, out->distribution);
	TP_SQL_TEXT(stmt, 5, out->key_sealed);
	bytes = sqlite3_column_bytes(stmt, 6);
	if (bytes > 0 && (size_t)bytes <= sizeof(out->public_key)) {
		memcpy(out->public_key, sqlite3_column_blob(stmt, 6), (size_t)bytes);
		out->public_key_len = (uint16_t)bytes;
	}
	return TP_OK;
}

enum tp_err tp_store_request_delete(struct tp_store *store, const char *identity)
{
	TP_STORE_LOCK(store);
	return tp_sql_change(store, "DELETE FROM identity_request WHERE identity = ?", "t", identity);
}

void tp_store_request_fini(struct tp_identity_request *r)
{
	free(r->pem);
	memset(r, 0, sizeof(*r));
}
