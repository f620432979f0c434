/* The three logs at rest. Event and configuration records are one hash chain, the audit log
 * (server/audit/record.h, docs/audit.md); network records stand apart from it, since strangers
 * set their number. Part of store.h: its rules hold. */
#ifndef TP_ADMIN_STORE_LOG_H
#define TP_ADMIN_STORE_LOG_H

#include <stdbool.h>

#include "audit/head.h"

struct tp_store;

enum tp_log_kind {
	TP_LOG_KIND_EVENT = 0,
	TP_LOG_KIND_CONFIGURATION = 1,
	TP_LOG_KIND_NETWORK = 2
};

struct tp_log_entry {
	uint64_t id; /* number in the audit log, or of the network record; for lists */
	uint64_t at_ms;
	uint8_t severity; /* 0 information, 1 warning, 2 critical */
	char name[64];	 /* "login.failed", "config.commit" */
	char text[1024]; /* cut when longer, as all texts here */
	char user[128];	 /* "" = none */
	char source[64]; /* address of the browser or peer, "socket", or "" */
	char path[512];	 /* configuration: the setting; network: the service; or "" */
	char before[512];
	char after[512];
};

enum {
	/* Of one name of event: as many at once, then as many a second. The others are counted,
	 * and told by an event "log.suppressed". Configuration records are never left out. */
	TP_STORE_LOG_BURST = 200,
	TP_STORE_LOG_RATE = 20,
	TP_ALARM_AUDIT_FAILING = 15010, /* code; shown from memory, not stored */
	TP_STORE_LOG_WAITING = 200, /* kept in memory while they cannot be written */
};

/* Drawn at turnpiked's start; before the first record. */
void tp_store_log_boot(struct tp_store *store, const uint8_t boot[TP_AUDIT_BOOT]);
/* What turnpiked sealed last, told at admin's start: when the database ends before that, the log
 * goes on behind it, for the numbers up to there are used. Before the first record. */
void tp_store_log_behind(struct tp_store *store, uint64_t sequence, const uint8_t hash[TP_AUDIT_HASH]);
/* TP_OK: it is on disk, or it was one event too many of its name. Else it is kept in memory
 * for tp_store_log_flush, as long as there is room. */
TP_NODISCARD enum tp_err tp_store_log_add(struct tp_store *store, enum tp_log_kind kind,
					  const struct tp_log_entry *line);
/* One record that must be on disk: never left out, never kept for later. */
TP_NODISCARD enum tp_err tp_store_log_must(struct tp_store *store, enum tp_log_kind kind,
					   const struct tp_log_entry *line);
/* Network records, in one transaction. */
TP_NODISCARD enum tp_err tp_store_log_network(struct tp_store *store,
					      const struct tp_log_entry *lines, size_t count);
/* Writes what waits, and how many events were left out. After a failure the first that
 * succeeds adds a record "audit.resumed". For the keeper, about every second. */
TP_NODISCARD enum tp_err tp_store_log_flush(struct tp_store *store);

struct tp_log_state {
	bool failing;	   /* the last record could not be written: alarm TP_ALARM_AUDIT_FAILING */
	uint64_t failing_ms; /* Unix time since when */
	uint32_t waiting;  /* in memory meanwhile */
	uint64_t lost;	   /* for which there was no room, since it began */
	uint64_t last;	   /* number of the last audit record; 0: none */
	uint64_t missing;  /* the first of those that the database had lost at the start; 0: none */
	uint8_t hash[TP_AUDIT_HASH]; /* of it */
	uint64_t audit_records;
	uint64_t audit_bytes;
	uint64_t network_records;
	uint64_t network_bytes;
};
void tp_store_log_state(struct tp_store *store, struct tp_log_state *out);

struct tp_log_query {
	enum tp_log_kind kind;
	const char *filter; /* as for the history, over all texts; NULL = all */
	uint8_t least;	    /* severity */
	uint64_t from_ms;
	uint64_t until_ms; /* 0 = none */
	uint64_t after;	   /* only ids above it */
	bool oldest_first;
	uint64_t offset;
	uint32_t limit;
};
/* rows: free(). total (may be NULL): all that match. */
TP_NODISCARD enum tp_err tp_store_log_list(struct tp_store *store, const struct tp_log_query *q,
					   struct tp_log_entry **rows, size_t *count,
					   uint64_t *total);

/* ------------------------------------------------------------------- the audit log */

/* At most `limit` records behind `after` up to `until`, oldest first; take may not call the
 * store. *count: how many there were. */
TP_NODISCARD enum tp_err tp_store_audit_read(struct tp_store *store, uint64_t after, uint64_t until,
					     uint32_t limit,
					     void (*take)(void *arg, const struct tp_audit_record *r),
					     void *arg, uint32_t *count);
/* Hash of one record. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_store_audit_hash(struct tp_store *store, uint64_t sequence,
					     uint8_t hash[TP_AUDIT_HASH]);

/* Keeps a head; TP_OK also when it is there. */
TP_NODISCARD enum tp_err tp_store_head_add(struct tp_store *store, const struct tp_audit_head *h);
/* At most `limit` heads (no checkpoints) behind `after` up to `until`, in the order of their
 * numbers; rows: free(). */
TP_NODISCARD enum tp_err tp_store_head_list(struct tp_store *store, uint64_t after, uint64_t until,
					    uint32_t limit, struct tp_audit_head **rows, size_t *count);
/* The last head at or before `sequence`. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_store_head_find(struct tp_store *store, uint64_t sequence,
					    struct tp_audit_head *out);
/* The checkpoint that the log goes on from. TP_NOTFOUND: it begins with record 1. */
TP_NODISCARD enum tp_err tp_store_checkpoint(struct tp_store *store, struct tp_audit_head *out);
/* Replaces it, and forgets the heads before it; the records go by tp_store_audit_trim. */
TP_NODISCARD enum tp_err tp_store_checkpoint_set(struct tp_store *store,
						 const struct tp_audit_head *h);
/* Deletes records at or before the checkpoint, some thousand at a time. */
TP_NODISCARD enum tp_err tp_store_audit_trim(struct tp_store *store, bool *more);
/* Up to which record to drop so that at most `bytes` are left and none is older than
 * `oldest_ms`; 0: none. */
TP_NODISCARD enum tp_err tp_store_audit_excess(struct tp_store *store, uint64_t bytes,
					       uint64_t oldest_ms, uint64_t *upto);
/* After records were lost with the database: goes on behind a head whose records are not
 * here. TP_STATE: they are. */
TP_NODISCARD enum tp_err tp_store_audit_resume(struct tp_store *store,
					       const struct tp_audit_head *head);
/* The same limits for network records, which are deleted, some thousand at a time. */
TP_NODISCARD enum tp_err tp_store_network_trim(struct tp_store *store, uint64_t bytes,
					       uint64_t oldest_ms, bool *more);

#endif
