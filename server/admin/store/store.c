/* Opening the database: its place, its way of writing, its schema, its health.
 * Runs in turnpike-admin. */
#include "admin/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/store/migrations.h"
#include "admin/store/sql.h"
#include "core/log.h"
#include "core/text.h"

/* The folder is reached through its fd alone: its path may lie where this user cannot
 * go, so SQLite must not look the path up or follow links in it. */
static int full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	return tp_text_copy(out, (size_t)size, name) ? SQLITE_OK : SQLITE_CANTOPEN;
}

static enum tp_err open_file(struct tp_store *store, int dir_fd, struct tp_diag *diag)
{
	const sqlite3_vfs *own = sqlite3_vfs_find("unix");
	char path[64];

	if (!own)
		return tp_fail(diag, TP_INTERNAL, "store", "SQLite has no file layer");
	store->vfs = *own;
	store->vfs.pNext = NULL;
	store->vfs.xFullPathname = full_path;
	snprintf(store->vfs_name, sizeof(store->vfs_name), "turnpike-%p", (void *)store);
	store->vfs.zName = store->vfs_name;
	if (sqlite3_vfs_register(&store->vfs, 0) != SQLITE_OK)
		return tp_fail(diag, TP_NOMEM, "store", "SQLite cannot start");
	snprintf(path, sizeof(path), "/proc/self/fd/%d/turnpike.db", dir_fd);
	if (sqlite3_open_v2(path, &store->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX,
			    store->vfs_name) != SQLITE_OK)
		return tp_fail(diag, TP_IO, "turnpike.db", "cannot be opened: %s",
			       store->db ? sqlite3_errmsg(store->db) : "no memory");
	return TP_OK;
}

static enum tp_err execute(struct tp_store *store, const char *sql, struct tp_diag *diag)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return tp_fail(diag, TP_IO, "turnpike.db", "%s", sqlite3_errmsg(store->db));
	return TP_OK;
}

static enum tp_err configure(struct tp_store *store, struct tp_diag *diag)
{
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, 5000);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return execute(store,
		       "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
		       "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON;"
		       /* KiB: what is read over and over; a full one is not seen as a leak for hours */
		       "PRAGMA cache_size=-384;",
		       diag);
}

/* Each step and its version number are one transaction. */
static enum tp_err migrate(struct tp_store *store, struct tp_diag *diag)
{
	int64_t version = 0;
	enum tp_err err = tp_sql_number(store, &version, "PRAGMA user_version", "");

	if (err != TP_OK)
		return tp_fail(diag, err, "turnpike.db", "%s", sqlite3_errmsg(store->db));
	if (version < 0 || (uint64_t)version > tp_store_migration_count)
		return tp_fail(diag, TP_UNSUPPORTED, "turnpike.db",
			       "was made by a newer release (version %lld, this one knows %zu)",
			       (long long)version, tp_store_migration_count);
	for (size_t i = (size_t)version; err == TP_OK && i < tp_store_migration_count; i++) {
		char set[64];

		snprintf(set, sizeof(set), "PRAGMA user_version=%zu", i + 1);
		err = execute(store, "BEGIN IMMEDIATE", diag);
		if (err == TP_OK)
			err = execute(store, tp_store_migrations[i], diag);
		if (err == TP_OK)
			err = execute(store, set, diag);
		if (err == TP_OK)
			err = execute(store, "COMMIT", diag);
	}
	return err;
}

static enum tp_err check(struct tp_store *store, const char *pragma, struct tp_diag *diag)
{
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	char text[256] = "";
	enum tp_err err = tp_sql_open(store, &stmt, pragma, "");

	if (err == TP_OK)
		err = tp_sql_step(store, stmt);
	if (err == TP_OK)
		TP_SQL_TEXT(stmt, 0, text);
	if (err != TP_OK || strcmp(text, "ok"))
		return tp_fail(diag, TP_IO, "turnpike.db", "is damaged: %s",
			       text[0] ? text : sqlite3_errmsg(store->db));
	return TP_OK;
}

enum tp_err tp_store_open(int dir_fd, struct tp_store **out, struct tp_diag *diag)
{
	struct tp_store *store = calloc(1, sizeof(*store));
	enum tp_err err;

	if (!store)
		return tp_fail(diag, TP_NOMEM, "store", "no memory");
	pthread_mutex_init(&store->mutex, NULL);
	tp_store_log_init(store);
	store->method = -1;
	err = open_file(store, dir_fd, diag);
	if (err == TP_OK)
		err = configure(store, diag);
	if (err == TP_OK)
		err = check(store, "PRAGMA quick_check(1)", diag);
	if (err == TP_OK)
		err = migrate(store, diag);
	if (err == TP_OK && (err = tp_store_log_load(store)) != TP_OK)
		tp_fail(diag, err, "turnpike.db", "the audit log does not read");
	if (err != TP_OK) {
		tp_store_close(&store);
		return err;
	}
	*out = store;
	return TP_OK;
}

void tp_store_close(struct tp_store **at)
{
	struct tp_store *store = *at;

	if (!store)
		return;
	*at = NULL;
	sqlite3_close_v2(store->db);
	if (store->vfs.zName)
		sqlite3_vfs_unregister(&store->vfs);
	pthread_mutex_destroy(&store->mutex);
	tp_store_log_fini(store);
	free(store);
}
