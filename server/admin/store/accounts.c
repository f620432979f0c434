/* Administrators' accounts at rest. Runs in turnpike-admin. */
#include <string.h>

#include "admin/store/sql.h"

#define COLUMNS                                                                                    \
	"name, password_hash, level, disabled, created_ms, password_changed_ms, "                  \
	"last_login_ms, last_login_source, last_failure_ms, failures, web, api, must_change, "     \
	"unused, enabled_ms"

/* Another account than ?1 can administer by web, and, ?2 not negative, once logged in by this
 * method. */
#define ANOTHER_CAN                                                                                \
	"EXISTS (SELECT 1 FROM account WHERE name <> ?1 AND level = 1 AND web = 1"                 \
	" AND disabled = 0 AND (?2 < 0 OR EXISTS (SELECT 1 FROM login WHERE user = account.name"   \
	" AND method = ?2 AND failure = 0)))"
/* The row itself cannot, so that nothing is lost with it. */
#define CANNOT "(level <> 1 OR web = 0 OR disabled = 1)"

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
	a->web = sqlite3_column_int(stmt, 10) != 0;
	a->api = sqlite3_column_int(stmt, 11) != 0;
	a->must_change = sqlite3_column_int(stmt, 12) != 0;
	a->unused = sqlite3_column_int(stmt, 13) != 0;
	a->enabled_ms = (uint64_t)sqlite3_column_int64(stmt, 14);
}

enum tp_err tp_store_account_add(struct tp_store *store, const struct tp_account *a)
{
	TP_STORE_LOCK(store);
	enum tp_err err = tp_sql_change(
		store,
		"INSERT INTO account (" COLUMNS ") SELECT ?1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
		" WHERE NOT EXISTS (SELECT 1 FROM account WHERE lower(name) = lower(?1))",
		"ttiiiiitiiiiiii", a->name, a->password_hash, (int64_t)a->level, (int64_t)a->disabled,
		(int64_t)a->created_ms, (int64_t)a->password_changed_ms, (int64_t)a->last_login_ms,
		a->last_login_source, (int64_t)a->last_failure_ms, (int64_t)a->failures, (int64_t)a->web,
		(int64_t)a->api, (int64_t)a->must_change, (int64_t)a->unused, (int64_t)a->enabled_ms);

	return err == TP_NOTFOUND ? TP_EXISTS : err;
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

enum tp_err tp_store_account_named(struct tp_store *store, const char *name, bool *out)
{
	TP_STORE_LOCK(store);
	int64_t found = 0;
	enum tp_err err = tp_sql_number(store, &found,
					"SELECT EXISTS (SELECT 1 FROM account WHERE lower(name) = lower(?))",
					"t", name);

	*out = found != 0;
	return err;
}

enum tp_err tp_store_account_is_first(struct tp_store *store, const char *name, bool *out)
{
	TP_STORE_LOCK(store);
	int64_t first = 0;
	enum tp_err err = tp_sql_number(store, &first,
					"SELECT EXISTS (SELECT 1 FROM account WHERE name = ? AND first = 1)", "t",
					name);

	*out = first != 0;
	return err;
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

/* -------------------------------------------------------------------- passwords */

struct new_password {
	const char *name;
	const char *hash;
	bool must_change;
	uint64_t at_ms;
	uint32_t keep;
};

static enum tp_err set_password(struct tp_store *store, void *arg)
{
	const struct new_password *p = arg;
	enum tp_err err = tp_sql_change(store,
					"INSERT INTO password_history (account, password_hash)"
					" SELECT name, password_hash FROM account WHERE name = ?",
					"t", p->name);

	if (err == TP_OK)
		err = tp_sql_run(store,
				 "DELETE FROM password_history WHERE account = ?1 AND id NOT IN"
				 " (SELECT id FROM password_history WHERE account = ?1"
				 " ORDER BY id DESC LIMIT ?2)",
				 "ti", p->name, (int64_t)p->keep);
	if (err == TP_OK)
		err = tp_sql_change(store,
				    "UPDATE account SET password_hash = ?, password_changed_ms = ?,"
				    " must_change = ?, failures = 0 WHERE name = ?",
				    "tiit", p->hash, (int64_t)p->at_ms, (int64_t)p->must_change, p->name);
	return err;
}

enum tp_err tp_store_account_set_password(struct tp_store *store, const char *name,
					  const char *password_hash, bool must_change, uint64_t at_ms,
					  uint32_t keep)
{
	struct new_password p = { name, password_hash, must_change, at_ms, keep };

	if (p.keep > TP_STORE_PASSWORDS_MAX)
		p.keep = TP_STORE_PASSWORDS_MAX;
	TP_STORE_LOCK(store);
	return tp_sql_transaction(store, set_password, &p);
}

enum tp_err tp_store_account_passwords(struct tp_store *store, const char *name,
				       char hashes[TP_STORE_PASSWORDS_MAX][256], size_t *count)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	size_t n = 0;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT password_hash FROM password_history WHERE account = ?"
				      " ORDER BY id DESC LIMIT ?",
				      "ti", name, (int64_t)TP_STORE_PASSWORDS_MAX);

	while (err == TP_OK && (err = tp_sql_step(store, stmt)) == TP_OK)
		tp_sql_text(stmt, 0, hashes[n++], 256);
	if (err != TP_NOTFOUND)
		return err;
	*count = n;
	return TP_OK;
}

/* ---------------------------------------------------------------------- changes */

/* A statement with a guard changed nothing: because of it, or was there nothing? */
static enum tp_err why_nothing(struct tp_store *store, const char *name)
{
	int64_t n = 0;
	enum tp_err err = tp_sql_number(store, &n, "SELECT count(*) FROM account WHERE name = ?", "t",
					name);

	return err != TP_OK ? err : n ? TP_STATE : TP_NOTFOUND;
}

void tp_store_account_method(struct tp_store *store, int method)
{
	TP_STORE_LOCK(store);
	store->method = method;
}

enum tp_err tp_store_account_update(struct tp_store *store, const struct tp_account *a)
{
	TP_STORE_LOCK(store);
	enum tp_err err = tp_sql_change(
		store,
		"UPDATE account SET level = ?3, web = ?4, disabled = ?5, api = ?6, unused = ?7,"
		" must_change = ?8, enabled_ms = ?9 WHERE name = ?1"
		" AND ((?3 = 1 AND ?4 = 1 AND ?5 = 0) OR " CANNOT " OR " ANOTHER_CAN ")",
		"tiiiiiiii", a->name, (int64_t)store->method, (int64_t)a->level, (int64_t)a->web,
		(int64_t)a->disabled, (int64_t)a->api, (int64_t)a->unused, (int64_t)a->must_change,
		(int64_t)a->enabled_ms);

	return err == TP_NOTFOUND ? why_nothing(store, a->name) : err;
}

enum tp_err tp_store_account_delete(struct tp_store *store, const char *name)
{
	TP_STORE_LOCK(store);
	enum tp_err err = tp_sql_change(
		store, "DELETE FROM account WHERE name = ?1 AND (" CANNOT " OR " ANOTHER_CAN ")", "ti", name,
		(int64_t)store->method);

	return err == TP_NOTFOUND ? why_nothing(store, name) : err;
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
