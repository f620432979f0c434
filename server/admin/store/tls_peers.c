/* Who spoke which TLS version and suite, at rest. Runs in turnpike-admin. */
#include <string.h>

#include "admin/store/sql.h"

struct batch {
	const struct tp_tls_peer_row *rows;
	size_t count;
	uint64_t now_ms;
};

static enum tp_err put_batch(struct tp_store *store, void *arg)
{
	const struct batch *b = arg;
	enum tp_err err = TP_OK;

	for (size_t i = 0; err == TP_OK && i < b->count; i++) {
		const struct tp_tls_peer_row *r = &b->rows[i];

		err = tp_sql_run(store,
				 "INSERT OR REPLACE INTO tls_peer (service, inbound, peer, protocol,"
				 " cipher, seen_ms) VALUES (?, ?, ?, ?, ?, ?)",
				 "tittti", r->service, (int64_t)r->inbound, r->peer, r->protocol,
				 r->cipher, (int64_t)b->now_ms);
	}
	if (err == TP_OK && b->now_ms > TP_STORE_TLS_PEER_MS)
		err = tp_sql_run(store, "DELETE FROM tls_peer WHERE seen_ms < ?", "i",
				 (int64_t)(b->now_ms - TP_STORE_TLS_PEER_MS));
	if (err == TP_OK)
		err = tp_sql_run(store,
				 "DELETE FROM tls_peer WHERE seen_ms <= (SELECT seen_ms FROM tls_peer"
				 " ORDER BY seen_ms DESC LIMIT 1 OFFSET ?)",
				 "i", (int64_t)TP_STORE_TLS_PEERS_MAX);
	return err;
}

enum tp_err tp_store_tls_peers_seen(struct tp_store *store, const struct tp_tls_peer_row *rows,
				    size_t count, uint64_t now_ms)
{
	struct batch b = {rows, count, now_ms};

	TP_STORE_LOCK(store);
	return tp_sql_transaction(store, put_batch, &b);
}

static void read_row(sqlite3_stmt *stmt, void *row)
{
	struct tp_tls_peer_row *r = row;

	TP_SQL_TEXT(stmt, 0, r->service);
	r->inbound = sqlite3_column_int(stmt, 1) != 0;
	TP_SQL_TEXT(stmt, 2, r->peer);
	TP_SQL_TEXT(stmt, 3, r->protocol);
	TP_SQL_TEXT(stmt, 4, r->cipher);
	r->seen_ms = (uint64_t)sqlite3_column_int64(stmt, 5);
}

enum tp_err tp_store_tls_peers_list(struct tp_store *store, const char *service, uint64_t since_ms,
				    struct tp_tls_peer_row **rows, size_t *count)
{
	TP_STORE_LOCK(store);
	TP_SQL_AUTO sqlite3_stmt *stmt = NULL;
	enum tp_err err = tp_sql_open(store, &stmt,
				      "SELECT service, inbound, peer, protocol, cipher, seen_ms FROM"
				      " tls_peer WHERE service = ? AND seen_ms >= ?"
				      " ORDER BY seen_ms DESC LIMIT ?",
				      "tii", service, (int64_t)since_ms, (int64_t)5 * TP_STORE_PAGE_MAX);
	void *array;

	if (err == TP_OK)
		err = tp_sql_rows(store, stmt, sizeof(**rows), read_row, &array, count);
	if (err == TP_OK)
		*rows = array;
	return err;
}
