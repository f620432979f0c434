/* Statements with bound values, rows into structs, transactions, the mutex.
 * Runs in turnpike-admin, any thread. */
#include "admin/store/sql.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"

struct tp_store *tp_store_lock(struct tp_store *store)
{
	pthread_mutex_lock(&store->mutex);
	return store;
}

void tp_store_unlock(struct tp_store **store)
{
	pthread_mutex_unlock(&(*store)->mutex);
}

static enum tp_err failed(struct tp_store *store, const char *sql)
{
	int code = sqlite3_errcode(store->db) & 0xff; /* the rest is the extended code */

	if (code == SQLITE_CONSTRAINT &&
	    (sqlite3_extended_errcode(store->db) == SQLITE_CONSTRAINT_UNIQUE ||
	     sqlite3_extended_errcode(store->db) == SQLITE_CONSTRAINT_PRIMARYKEY))
		return TP_EXISTS;
	TP_LOG(TP_LOG_ERROR, "store.sql", "%s (%d): %.60s", sqlite3_errmsg(store->db),
	       sqlite3_extended_errcode(store->db), sql);
	return code == SQLITE_NOMEM ? TP_NOMEM : TP_IO;
}

static int bind_all(sqlite3_stmt *stmt, const char *kinds, va_list ap)
{
	int result = SQLITE_OK;

	for (int i = 1; *kinds && result == SQLITE_OK; kinds++, i++) {
		const void *bytes;

		switch (*kinds) {
		case 'i':
			result = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
			break;
		case 't':
			result = sqlite3_bind_text(stmt, i, va_arg(ap, const char *), -1,
						   SQLITE_STATIC);
			break;
		default:
			bytes = va_arg(ap, const void *);
			result = sqlite3_bind_blob64(stmt, i, bytes, va_arg(ap, size_t),
						     SQLITE_STATIC);
			break;
		}
	}
	return result;
}

static enum tp_err prepare(struct tp_store *store, sqlite3_stmt **out, const char *sql,
			   const char *kinds, va_list ap)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK ||
	    bind_all(stmt, kinds, ap) != SQLITE_OK) {
		enum tp_err err = failed(store, sql);

		sqlite3_finalize(stmt);
		return err;
	}
	*out = stmt;
	return TP_OK;
}

static enum tp_err run(struct tp_store *store, const char *sql, const char *kinds, va_list ap)
{
	sqlite3_stmt *stmt = NULL;
	enum tp_err err = prepare(store, &stmt, sql, kinds, ap);

	if (err != TP_OK)
		return err;
	if (sqlite3_step(stmt) != SQLITE_DONE)
		err = failed(store, sql);
	sqlite3_finalize(stmt);
	return err;
}

enum tp_err tp_sql_run(struct tp_store *store, const char *sql, const char *kinds, ...)
{
	enum tp_err err;
	va_list ap;

	va_start(ap, kinds);
	err = run(store, sql, kinds, ap);
	va_end(ap);
	return err;
}

enum tp_err tp_sql_change(struct tp_store *store, const char *sql, const char *kinds, ...)
{
	enum tp_err err;
	va_list ap;

	va_start(ap, kinds);
	err = run(store, sql, kinds, ap);
	va_end(ap);
	return err == TP_OK && sqlite3_changes(store->db) == 0 ? TP_NOTFOUND : err;
}

enum tp_err tp_sql_open(struct tp_store *store, sqlite3_stmt **out, const char *sql,
			const char *kinds, ...)
{
	enum tp_err err;
	va_list ap;

	va_start(ap, kinds);
	err = prepare(store, out, sql, kinds, ap);
	va_end(ap);
	return err;
}

enum tp_err tp_sql_step(struct tp_store *store, sqlite3_stmt *stmt)
{
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		return TP_OK;
	case SQLITE_DONE:
		return TP_NOTFOUND;
	default:
		return failed(store, sqlite3_sql(stmt));
	}
}

void tp_sql_close(sqlite3_stmt **stmt)
{
	sqlite3_finalize(*stmt);
	*stmt = NULL;
}

enum tp_err tp_sql_number(struct tp_store *store, int64_t *out, const char *sql, const char *kinds,
			  ...)
{
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err;
	va_list ap;

	va_start(ap, kinds);
	err = prepare(store, &stmt, sql, kinds, ap);
	va_end(ap);
	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_OK)
		*out = sqlite3_column_int64(stmt, 0);
	return err;
}

void tp_sql_text(sqlite3_stmt *stmt, int column, char *dst, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	tp_text_copy(dst, size, text ? text : "");
}

enum tp_err tp_sql_copy(sqlite3_stmt *stmt, int column, char **out, size_t *len)
{
	const void *bytes = sqlite3_column_blob(stmt, column);
	size_t n = (size_t)sqlite3_column_bytes(stmt, column);
	char *copy = malloc(n + 1);

	if (!copy)
		return TP_NOMEM;
	if (n)
		memcpy(copy, bytes, n);
	copy[n] = '\0';
	*out = copy;
	if (len)
		*len = n;
	return TP_OK;
}

enum tp_err tp_sql_rows(struct tp_store *store, sqlite3_stmt *stmt, size_t size,
			void (*read)(sqlite3_stmt *stmt, void *row), void **rows, size_t *count)
{
	size_t max = (size_t)TP_STORE_PAGE_MAX * 5;
	size_t n = 0;
	size_t room = 0;
	char *array = NULL;
	enum tp_err err = TP_OK;

	while (n < max && (err = tp_sql_step(store, stmt)) == TP_OK) {
		if (n == room) {
			char *more = reallocarray(array, room ? 2 * room : 16, size);

			if (!more) {
				free(array);
				return TP_NOMEM;
			}
			array = more;
			room = room ? 2 * room : 16;
		}
		memset(array + n * size, 0, size);
		read(stmt, array + n * size);
		n++;
	}
	if (err != TP_OK && err != TP_NOTFOUND) {
		free(array);
		return err;
	}
	*rows = array;
	*count = n;
	return TP_OK;
}

enum tp_err tp_sql_transaction(struct tp_store *store,
			       enum tp_err (*work)(struct tp_store *store, void *arg), void *arg)
{
	enum tp_err err = tp_sql_run(store, "BEGIN IMMEDIATE", "");

	if (err != TP_OK)
		return err;
	err = work(store, arg);
	if (err == TP_OK)
		err = tp_sql_run(store, "COMMIT", "");
	if (err != TP_OK && !sqlite3_get_autocommit(store->db) &&
	    tp_sql_run(store, "ROLLBACK", "") != TP_OK)
		TP_LOG(TP_LOG_ERROR, "store.rollback", "a failed change could not be taken back");
	return err;
}
