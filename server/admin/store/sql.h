/* What the files of the store share: one connection, one mutex, statements whose
 * values are bound by kind. Nobody else includes this, nor sqlite3.h. */
#ifndef TP_ADMIN_STORE_SQL_H
#define TP_ADMIN_STORE_SQL_H

#include <pthread.h>
#include <sqlite3.h>

#include "admin/store/store.h"
#include "core/list.h"

enum { TP_STORE_LOG_NAMES = 64 }; /* of events that are counted apart */

/* How often an event of one name came. */
struct tp_store_flood {
	char name[64];
	uint64_t at_ms; /* steady; of `room` */
	uint32_t room;	/* thousandths of a record */
	uint32_t suppressed;
	uint64_t told_ms; /* steady, when that was told last */
};

/* The logs in memory (log.c). */
struct tp_store_log {
	uint8_t boot[TP_AUDIT_BOOT];
	struct tp_log_state state;
	uint64_t behind; /* the chain goes on at least behind this record, whose hash is */
	uint8_t behind_hash[TP_AUDIT_HASH];
	struct waiting_line {
		enum tp_log_kind kind;
		struct tp_log_entry line;
	} *waiting; /* state.waiting of them */
	struct tp_store_flood floods[TP_STORE_LOG_NAMES];

	pthread_mutex_t turn; /* guards what follows; taken without the store's */
	pthread_cond_t written;
	struct tp_list asked; /* records whose askers wait (log.c) */
	bool writing;	      /* one of the askers writes for all */
};

struct tp_store {
	sqlite3 *db;
	pthread_mutex_t mutex; /* guards db; held for a whole public function */
	int method;            /* by which whoever can administer has logged in; -1: any */
	sqlite3_vfs vfs;       /* SQLite's own, but for path names taken as they are */
	char vfs_name[32];
	struct tp_store_log log;
};

/* Locks until the end of the scope. */
#define TP_STORE_LOCK(store)                                                                       \
	__attribute__((cleanup(tp_store_unlock), unused)) struct tp_store *locked_ =               \
		tp_store_lock(store)
struct tp_store *tp_store_lock(struct tp_store *store);
void tp_store_unlock(struct tp_store **store);

/* Values by kind: 't' const char *, 'i' an int64_t, 'b' const void * and size_t.
 * Texts and blobs are borrowed until the statement is done. */

/* Runs a statement that gives no rows. TP_EXISTS on a broken uniqueness, else TP_IO. */
TP_NODISCARD enum tp_err tp_sql_run(struct tp_store *store, const char *sql, const char *kinds,
				    ...);
/* The same; TP_NOTFOUND when it changed no row. */
TP_NODISCARD enum tp_err tp_sql_change(struct tp_store *store, const char *sql, const char *kinds,
				       ...);
/* A query to step through; finalised by tp_sql_close. */
TP_NODISCARD enum tp_err tp_sql_open(struct tp_store *store, sqlite3_stmt **out, const char *sql,
				     const char *kinds, ...);
/* TP_OK: a row is there; TP_NOTFOUND: no more; TP_IO. */
TP_NODISCARD enum tp_err tp_sql_step(struct tp_store *store, sqlite3_stmt *stmt);
void tp_sql_close(sqlite3_stmt **stmt);
#define TP_SQL_AUTO __attribute__((cleanup(tp_sql_close)))

/* One number out of one row. */
TP_NODISCARD enum tp_err tp_sql_number(struct tp_store *store, int64_t *out, const char *sql,
				       const char *kinds, ...);
/* Text of a column into a fixed field; what does not fit is cut. */
void tp_sql_text(sqlite3_stmt *stmt, int column, char *dst, size_t size);
#define TP_SQL_TEXT(stmt, column, field) tp_sql_text((stmt), (column), (field), sizeof(field))
/* A copy for the caller to free; NUL-terminated. TP_NOMEM. */
TP_NODISCARD enum tp_err tp_sql_copy(sqlite3_stmt *stmt, int column, char **out, size_t *len);

/* All rows of a query into an array that grows to at most TP_STORE_PAGE_MAX * 5 rows
 * of `size` bytes, each zeroed and then filled by read. */
TP_NODISCARD enum tp_err tp_sql_rows(struct tp_store *store, sqlite3_stmt *stmt, size_t size,
				     void (*read)(sqlite3_stmt *stmt, void *row), void **rows,
				     size_t *count);
/* Runs `work` as one transaction. */
TP_NODISCARD enum tp_err tp_sql_transaction(struct tp_store *store,
					    enum tp_err (*work)(struct tp_store *store, void *arg),
					    void *arg);
/* What log.c knows of the database: at its opening, and after a failure. */
TP_NODISCARD enum tp_err tp_store_log_load(struct tp_store *store);
void tp_store_log_init(struct tp_store *store);
void tp_store_log_fini(struct tp_store *store);
/* One event more of its name, or one too many (log_flood.c). */
bool tp_store_flood_admit(struct tp_store *store, const char *name);
/* A name of which events were left out and not told of lately; 0: none. */
uint32_t tp_store_flood_take(struct tp_store *store, char name[64]);

static inline int64_t tp_sql_page(uint32_t limit)
{
	return limit < TP_STORE_PAGE_MAX ? (int64_t)limit : TP_STORE_PAGE_MAX;
}

#endif
