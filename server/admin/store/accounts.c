/* Administrators' accounts at rest. Runs in turnpike-admin. */
#include <string.h>

#include "admin/store/sql.h"

#define COLUMNS                                                                                    \
	"name, password_hash, level, disabled, created_ms, password_changed_ms, "                  \
	"last_login_ms, last_login_source, last_failure_ms, failures"

static void read_account(sqlite3_stmt *stmt, void *row)
{
	struct tp_account *a = row;

	TP_SQL_TEXT(stmt, 0, a->name);
	TP_SQL_TEXT(stmt, 1, a->password_hash);
	a->level = (enum tp_account_level)sqlite3_column_int(stmt, 2);
	a->disabled = sqlite3_column_int(stmt, 3) != 0;
	a->created_ms = (uint64_t)sqlite3_column_int64(stmt, 4);
	a->password_changed_ms = (uint64_t)sqlite3_column_int64(stmt, 5);
	a->last_login_ms = (uint64_t)sqlite3_column_int64(stmt, 6);
	TP_SQL_TEXT(stmt, 7, a->last_login_source);
	a->last_failure_ms = (uint64_t)sqlite3_column_int64(stmt, 8);
	a->failures = (uint32_t)sqlite3_column_int64(stmt, 9);
}

enum tp_err tp_store_account_add(struct tp_store *store, const struct tp_account *a)
{
	TP_STORE_LOCK(store);
	return tp_sql_run(
		store, "INSERT INTO account (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"ttiiiiitii", a->name, a->password_hash, (int64_t)a->level, (int64_t)a->disabled,
		(int64_t)a->created_ms, (int64_t)a->password_changed_ms, (int64_t)a->last_login_ms,
		a->last_login_source, (int64_t)a->last_failure_ms, (int64_t)a->failures);
}

enum tp_err tp_store_account_get(struct tp_store *store, const char *name, struct tp_account *out)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT " COLUMNS " FROM account WHERE name = ?", "t", name);

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err != TP_OK)
		return err;
	memset(out, 0, sizeof(*out));
	read_account(stmt, out);
	return TP_OK;
}

enum tp_err tp_store_account_list(struct tp_store *store, struct tp_account **rows, size_t *count)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	void *array;
	enum tp_err err =
		tp_sql_open(store, &stmt, "SELECT " COLUMNS " FROM account ORDER BY name", "");

	if (err == TP_OK)
		err = tp_sql_rows(store, stmt, sizeof(**rows), read_account, &array, count);
	if (err == TP_OK)
		*rows = array;
	return err;
}

enum tp_err tp_store_account_set_password(struct tp_store *store, const char *name,
					  const char *password_hash, uint64_t at_ms)
{
	TP_STORE_LOCK(store);
	return tp_sql_change(
		store,
		"UPDATE account SET password_hash = ?, password_changed_ms = ?, failures = 0"
		" WHERE name = ?",
		"tit", password_hash, (int64_t)at_ms, name);
}

enum tp_err tp_store_account_set_level(struct tp_store *store, const char *name,
				       enum tp_account_level level, bool disabled)
{
	TP_STORE_LOCK(store);
	return tp_sql_change(store, "UPDATE account SET level = ?, disabled = ? WHERE name = ?",
			     "iit", (int64_t)level, (int64_t)disabled, name);
}

enum tp_err tp_store_account_delete(struct tp_store *store, const char *name)
{
	TP_STORE_LOCK(store);
	return tp_sql_change(store, "DELETE FROM account WHERE name = ?", "t", name);
}

enum tp_err tp_store_account_note_login(struct tp_store *store, const char *name, bool success,
					uint64_t at_ms, const char *source)
{
	TP_STORE_LOCK(store);
	if (!success)
		return tp_sql_change(store,
				     "UPDATE account SET last_failure_ms = ?, failures = failures "
				     "+ 1 WHERE name = ?",
				     "it", (int64_t)at_ms, name);
	return tp_sql_change(
		store,
		"UPDATE account SET last_login_ms = ?, last_login_source = ?, failures = 0"
		" WHERE name = ?",
		"itt", (int64_t)at_ms, source, name);
}
