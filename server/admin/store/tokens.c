/* Tokens of programs at rest. Runs in turnpike-admin. */
#include <string.h>

#include "admin/store/sql.h"

#define COLUMNS                                                                                    \
	"id, name, account, may_write, created_ms, expires_ms, used_ms, used_source"

static void read_token(sqlite3_stmt *stmt, void *row)
{
	struct tp_api_token *t = row;

	t->id = (uint64_t)sqlite3_column_int64(stmt, 0);
	TP_SQL_TEXT(stmt, 1, t->name);
	TP_SQL_TEXT(stmt, 2, t->account);
	t->may_write = sqlite3_column_int(stmt, 3) != 0;
	t->created_ms = (uint64_t)sqlite3_column_int64(stmt, 4);
	t->expires_ms = (uint64_t)sqlite3_column_int64(stmt, 5);
	t->used_ms = (uint64_t)sqlite3_column_int64(stmt, 6);
	TP_SQL_TEXT(stmt, 7, t->used_source);
}

enum tp_err tp_store_token_add(struct tp_store *store, const struct tp_api_token *t,
			       const uint8_t sha256[32], uint64_t *id)
{
	TP_STORE_LOCK(store);
	int64_t have = 0;
	/* What has run out makes room. */
	enum tp_err err = tp_sql_run(store,
				     "DELETE FROM api_token WHERE account = ? AND expires_ms <= ?", "ti",
				     t->account, (int64_t)t->created_ms);

	if (err == TP_OK)
		err = tp_sql_number(store, &have, "SELECT count(*) FROM api_token WHERE account = ?", "t",
				    t->account);
	if (err == TP_OK && have >= TP_STORE_TOKENS_MAX)
		err = TP_LIMIT;
	/* The account may have lost the API since somebody looked. */
	if (err == TP_OK)
		err = tp_sql_change(store,
				    "INSERT INTO api_token (name, account, sha256, may_write, created_ms,"
				    " expires_ms) SELECT ?1, name, ?3, ?4, ?5, ?6 FROM account"
				    " WHERE name = ?2 AND api = 1 AND disabled = 0",
				    "ttbiii", t->name, t->account, (const void *)sha256, (size_t)32,
				    (int64_t)t->may_write, (int64_t)t->created_ms, (int64_t)t->expires_ms);
	if (err == TP_OK)
		*id = (uint64_t)sqlite3_last_insert_rowid(store->db);
	return err;
}

enum tp_err tp_store_token_find(struct tp_store *store, const uint8_t sha256[32],
				struct tp_api_token *out)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt, "SELECT " COLUMNS " FROM api_token WHERE sha256 = ?",
				      "b", (const void *)sha256, (size_t)32);

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err != TP_OK)
		return err;
	memset(out, 0, sizeof(*out));
	read_token(stmt, out);
	return TP_OK;
}

enum tp_err tp_store_token_list(struct tp_store *store, const char *account,
				struct tp_api_token **rows, size_t *count)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	void *array;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT " COLUMNS " FROM api_token WHERE ?1 = 1 OR account = ?2"
				      " ORDER BY account, name",
				      "it", (int64_t)(account == NULL), account ? account : "");

	if (err == TP_OK)
		err = tp_sql_rows(store, stmt, sizeof(**rows), read_token, &array, count);
	if (err == TP_OK)
		*rows = array;
	return err;
}

enum tp_err tp_store_token_used(struct tp_store *store, uint64_t id, uint64_t at_ms,
				const char *source)
{
	TP_STORE_LOCK(store);
	return tp_sql_change(store, "UPDATE api_token SET used_ms = ?, used_source = ? WHERE id = ?",
			     "iti", (int64_t)at_ms, source, (int64_t)id);
}

enum tp_err tp_store_token_last_use(struct tp_store *store, const char *account, uint64_t *at_ms)
{
	TP_STORE_LOCK(store);
	int64_t used = 0;
	enum tp_err err = tp_sql_number(store, &used,
					"SELECT coalesce(max(used_ms), 0) FROM api_token WHERE account = ?", "t",
					account);

	if (err == TP_OK)
		*at_ms = (uint64_t)used;
	return err;
}

enum tp_err tp_store_token_delete(struct tp_store *store, uint64_t id, const char *account,
				  struct tp_api_token *out)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT " COLUMNS " FROM api_token WHERE id = ?1 AND"
				      " (?2 = 1 OR account = ?3)",
				      "iit", (int64_t)id, (int64_t)(account == NULL), account ? account : "");

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err != TP_OK)
		return err;
	memset(out, 0, sizeof(*out));
	read_token(stmt, out);
	return tp_sql_change(store, "DELETE FROM api_token WHERE id = ?", "i", (int64_t)id);
}
