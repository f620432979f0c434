/* What turnpike-admin keeps on disk: configuration revisions, accounts, call
 * history, alarms and log lines, in one SQLite database (WAL, synchronous=FULL:
 * when a function that changes something returns TP_OK, the change survives
 * kill -9 and power loss). The only place that knows SQLite.
 *
 * Every function may be called from any thread; one mutex guards the connection,
 * so none of them may be called back into from another. Texts are NUL-terminated
 * UTF-8; a longer text is refused with TP_LIMIT, never cut, unless it says so.
 * Times are Unix milliseconds; 0 = not. TP_IO: the database refused (logged). */
#ifndef TP_ADMIN_STORE_STORE_H
#define TP_ADMIN_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/account/access.h"
#include "admin/store/log.h"
#include "core/addr.h"
#include "core/err.h"

struct tp_store;

/* Opens or creates "turnpike.db" in the folder, brings its schema up to date and
 * checks its integrity. dir_fd is borrowed and must stay open as long as the store.
 * TP_IO with words in diag when the file is damaged or not writable;
 * TP_UNSUPPORTED when a newer release made it. */
TP_NODISCARD enum tp_err tp_store_open(int dir_fd, struct tp_store **out, struct tp_diag *diag);
void tp_store_close(struct tp_store **store);

/* ------------------------------------------------------- configuration revisions */

enum tp_revision_state {
	TP_REVISION_PREPARED = 0, /* stored, the supervisor has not decided */
	TP_REVISION_COMMITTED = 1,
	TP_REVISION_TRIAL = 2,	/* in force until confirmed or undone */
	TP_REVISION_UNDONE = 3, /* was in force on trial, is no more */
};

enum {
	TP_STORE_AUTHOR_MAX = 127,
	TP_STORE_COMMENT_MAX = 511,
	TP_STORE_JSON_MAX = 8 << 20,
	TP_STORE_REVISIONS_MAX = 5000, /* kept; the oldest go first */
	TP_STORE_PAGE_MAX = 200, /* most rows of one list call; a greater limit is lowered to it */
};

struct tp_revision {
	uint64_t number; /* from 1, never used twice */
	uint64_t at_ms;
	enum tp_revision_state state;
	uint32_t changes;   /* against the revision before */
	uint8_t sha256[32]; /* of the JSON bytes */
	char author[TP_STORE_AUTHOR_MAX + 1];
	char comment[TP_STORE_COMMENT_MAX + 1];
};

/* Number that the next revision gets: greater than every one ever stored. */
TP_NODISCARD enum tp_err tp_store_revision_next(struct tp_store *store, uint64_t *number);
/* Stores a new revision with its JSON. TP_EXISTS when the number is taken. */
TP_NODISCARD enum tp_err tp_store_revision_add(struct tp_store *store, const struct tp_revision *r,
					       const char *json, size_t len);
TP_NODISCARD enum tp_err tp_store_revision_set_state(struct tp_store *store, uint64_t number,
						     enum tp_revision_state state);
/* Deletes a revision that is still *prepared*; TP_STATE for any other. */
TP_NODISCARD enum tp_err tp_store_revision_drop(struct tp_store *store, uint64_t number);
/* json and len may be NULL; *json is freed by the caller. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_store_revision_get(struct tp_store *store, uint64_t number,
					       struct tp_revision *out, char **json, size_t *len);
/* Newest first, without *prepared* ones unless `prepared`; rows is freed with free(). */
TP_NODISCARD enum tp_err tp_store_revision_list(struct tp_store *store, bool prepared,
						uint64_t offset, uint32_t limit,
						struct tp_revision **rows, size_t *count,
						uint64_t *total);

/* The one candidate that is being edited, kept over a restart of admin.
 * json NULL: there is none (save: forget it). holder: who made the first change. */
TP_NODISCARD enum tp_err tp_store_candidate_save(struct tp_store *store, const char *json,
						 size_t len, const char *holder);
TP_NODISCARD enum tp_err tp_store_candidate_load(struct tp_store *store, char **json, size_t *len,
						 char holder[TP_STORE_AUTHOR_MAX + 1]);

/* ------------------------------------------------- certificate signing requests */

/* One that waits for its certificate. Its key is sealed for its identity. */
struct tp_identity_request {
	char identity[64]; /* "sip-client" */
	uint64_t created_ms;
	char created_by[128];
	char distribution[16];	/* "this-server", "multi-server" */
	char *pem;		/* heap in what get gives */
	char key_sealed[12289]; /* "$tp1$..." */
	uint8_t public_key[2048]; /* SubjectPublicKeyInfo in DER */
	uint16_t public_key_len;
};

/* Replaces the identity's one. */
TP_NODISCARD enum tp_err tp_store_request_put(struct tp_store *store,
					      const struct tp_identity_request *r);
/* TP_NOTFOUND; else *out is to be ended with tp_store_request_fini. */
TP_NODISCARD enum tp_err tp_store_request_get(struct tp_store *store, const char *identity,
					      struct tp_identity_request *out);
/* TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_store_request_delete(struct tp_store *store, const char *identity);
void tp_store_request_fini(struct tp_identity_request *r);

/* ------------------------------------------------------------------------ ACME */

/* The account with an ACME directory, and how the last order went. */
struct tp_acme_row {
	char directory[1024]; /* that the account is with; "" = there is no account */
	char key_id[256];     /* of the external account it was bound to; "" = none */
	char account_sealed[6145];
	uint64_t tried_ms; /* 0 = never */
	bool failed;
	char result[2048];    /* in words */
	char names[4096];     /* asked for, with a blank between; cut */
	char issued[65];      /* SHA-256 of the certificate put in use last, hexadecimal */
};

TP_NODISCARD enum tp_err tp_store_acme_put(struct tp_store *store, const struct tp_acme_row *row);
/* Zeros when there is nothing yet. */
TP_NODISCARD enum tp_err tp_store_acme_get(struct tp_store *store, struct tp_acme_row *out);

/* --------------------------------------------------------------------- lockout */

enum { TP_LOCKOUT_FAILURES_MAX = 10 };

/* What the lockout of the advanced mode goes by (admin/advanced/lockout.h). */
struct tp_lockout_row {
	uint64_t failed_ms[TP_LOCKOUT_FAILURES_MAX]; /* failed logins that count, the oldest first */
	uint32_t failures;
	uint64_t since_ms; /* nobody logs in with a password; 0: everybody may */
	uint32_t seconds;  /* for so long; 0: until an administrator ends it */
};

/* There is one row, which is replaced. */
TP_NODISCARD enum tp_err tp_store_lockout_put(struct tp_store *store, const struct tp_lockout_row *row);
/* Zeros when there is nothing yet. */
TP_NODISCARD enum tp_err tp_store_lockout_get(struct tp_store *store, struct tp_lockout_row *out);

/* -------------------------------------------------------------------- accounts */

struct tp_account {
	char name[128];
	char password_hash[256]; /* as admin/account writes it: "$scrypt$…" */
	enum tp_account_level level;
	bool web, api;   /* may log in there */
	bool disabled;
	bool unused;      /* disabled for that alone */
	bool must_change; /* the password, before anything else */
	uint64_t created_ms;
	uint64_t enabled_ms; /* by an administrator, last; 0 = never was disabled */
	uint64_t password_changed_ms;
	uint64_t last_login_ms;
	char last_login_source[64];
	uint64_t last_failure_ms;
	uint32_t failures; /* since the last successful login */
};

enum { TP_STORE_PASSWORDS_MAX = 10 }; /* earlier ones of an account */

/* TP_EXISTS when the name is taken, also in other letters' case. */
TP_NODISCARD enum tp_err tp_store_account_add(struct tp_store *store, const struct tp_account *a);
TP_NODISCARD enum tp_err tp_store_account_get(struct tp_store *store, const char *name,
					      struct tp_account *out);
/* Whether there is one of this name, in whatever letters' case. */
TP_NODISCARD enum tp_err tp_store_account_named(struct tp_store *store, const char *name, bool *out);
/* Whether it is the one that was there before all others. */
TP_NODISCARD enum tp_err tp_store_account_is_first(struct tp_store *store, const char *name, bool *out);
/* By name; rows is freed with free() after wiping is not needed: hashes only. */
TP_NODISCARD enum tp_err tp_store_account_list(struct tp_store *store, struct tp_account **rows,
					       size_t *count);
/* Keeps the hash before it among the last `keep` (at most TP_STORE_PASSWORDS_MAX). */
TP_NODISCARD enum tp_err tp_store_account_set_password(struct tp_store *store, const char *name,
						       const char *password_hash, bool must_change,
						       uint64_t at_ms, uint32_t keep);
/* Hashes of the passwords before the present one, latest first. */
TP_NODISCARD enum tp_err
tp_store_account_passwords(struct tp_store *store, const char *name,
			   char hashes[TP_STORE_PASSWORDS_MAX][256], size_t *count);
/* From now on an account that never logged in by this method (enum tp_session_method) is none
 * that can administer, as the two below see it; -1, as it begins: how it logs in does not matter. */
void tp_store_account_method(struct tp_store *store, int method);
/* Takes over level, web, api, disabled, unused, must_change and enabled_ms. TP_STATE: then no
 * account would be left that can administer by web (read-write, web, not disabled). */
TP_NODISCARD enum tp_err tp_store_account_update(struct tp_store *store, const struct tp_account *a);
/* TP_STATE as above. */
TP_NODISCARD enum tp_err tp_store_account_delete(struct tp_store *store, const char *name);
/* Notes a login: success sets last_login and clears the failures, failure counts. */
TP_NODISCARD enum tp_err tp_store_account_note_login(struct tp_store *store, const char *name,
						     bool success, uint64_t at_ms,
						     const char *source);

/* ---------------------------------------------------------- tokens of programs */

enum {
	TP_STORE_TOKENS_MAX = 20, /* of one account */
	TP_STORE_TOKEN_NAME_MAX = 32,
};

/* They end with their account, and when it is disabled or loses its api flag. */
struct tp_api_token {
	uint64_t id;
	char name[TP_STORE_TOKEN_NAME_MAX + 1];
	char account[128]; /* whose it is */
	bool may_write;	   /* as far as the account may */
	uint64_t created_ms;
	uint64_t expires_ms;
	uint64_t used_ms;
	char used_source[64];
};

/* sha256: of the token. TP_EXISTS: the account has one of that name; TP_LIMIT: it has as
 * many as it may; TP_NOTFOUND: there is no such account that may use the API. */
TP_NODISCARD enum tp_err tp_store_token_add(struct tp_store *store, const struct tp_api_token *t,
					    const uint8_t sha256[32], uint64_t *id);
/* Also one that has run out. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_store_token_find(struct tp_store *store, const uint8_t sha256[32],
					     struct tp_api_token *out);
/* account NULL: of all. rows: free(). */
TP_NODISCARD enum tp_err tp_store_token_list(struct tp_store *store, const char *account,
					     struct tp_api_token **rows, size_t *count);
/* When a token of the account was used last; 0: never. */
TP_NODISCARD enum tp_err tp_store_token_last_use(struct tp_store *store, const char *account, uint64_t *at_ms);
TP_NODISCARD enum tp_err tp_store_token_used(struct tp_store *store, uint64_t id, uint64_t at_ms,
					     const char *source);
/* account NULL: whosever it is. *out: what was deleted. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_store_token_delete(struct tp_store *store, uint64_t id,
					       const char *account, struct tp_api_token *out);

/* ---------------------------------------------------------------- call history */

struct tp_history {
	uint64_t id;   /* the store's own, from 1 */
	uint64_t call; /* id that sip gave */
	char call_id[256];
	char from[256];
	char to[256];
	char source_zone[64];
	char target_zone[64];
	char end_reason[256];
	uint8_t state; /* as in the message `call` */
	uint16_t status;
	uint8_t source_transport;
	uint8_t target_transport;
	uint64_t started_ms;
	uint64_t answered_ms; /* 0 = was not answered */
	uint64_t ended_ms;
};

enum tp_history_result { TP_HISTORY_ALL = 0, TP_HISTORY_ANSWERED = 1, TP_HISTORY_FAILED = 2 };

enum {
	TP_STORE_HISTORY_MAX = 100000, /* calls; the oldest go first */
	TP_STORE_HISTORY_DAYS = 90,
	TP_STORE_HISTORY_JSON_MAX = 1 << 20, /* bytes of steps and of streams each */
};

/* steps, streams: JSON arrays as GET /api/v1/history/<id> shows them. h->id is
 * not read. A call stored before (same call, call_id and started_ms) is left as it
 * is and answers TP_OK, so that sip may send it twice. */
TP_NODISCARD enum tp_err tp_store_history_add(struct tp_store *store, const struct tp_history *h,
					      const char *steps, const char *streams);
/* Newest first. filter: substring of from, to, call_id, zones or end_reason,
 * ASCII case-insensitive; "" or NULL = all. rows: free(). */
TP_NODISCARD enum tp_err tp_store_history_list(struct tp_store *store, const char *filter,
					       enum tp_history_result result, uint64_t offset,
					       uint32_t limit, struct tp_history **rows,
					       size_t *count, uint64_t *total);
/* *steps and *streams are freed by the caller. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_store_history_get(struct tp_store *store, uint64_t id,
					      struct tp_history *out, char **steps, char **streams);

/* ---------------------------------------------------------------------- alarms */

struct tp_alarm {
	uint64_t id;
	uint32_t code;
	uint8_t severity; /* 0 information, 1 warning, 2 critical */
	char subject[128];
	char text[512];
	char remedy[512];
	uint64_t raised_ms;
	uint64_t cleared_ms;	   /* 0 = open */
	char acknowledged_by[128]; /* "" = not */
	uint64_t acknowledged_ms;
};

/* Raising an open alarm (same code and subject) again refreshes severity, text and
 * remedy and keeps its id and raised_ms. *fresh (may be NULL): it was not open. */
TP_NODISCARD enum tp_err tp_store_alarm_raise(struct tp_store *store, const struct tp_alarm *a,
					      bool *fresh);
/* Clearing what is not open answers TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_store_alarm_clear(struct tp_store *store, uint32_t code,
					      const char *subject, uint64_t at_ms);
/* TP_NOTFOUND; TP_STATE when it has been acknowledged or cleared. */
TP_NODISCARD enum tp_err tp_store_alarm_acknowledge(struct tp_store *store, uint64_t id,
						    const char *user, uint64_t at_ms);
/* Open ones (newest first), then at most the last 200 cleared. rows: free(). */
TP_NODISCARD enum tp_err tp_store_alarm_list(struct tp_store *store, struct tp_alarm **rows,
					     size_t *count);
/* Open alarms by severity. */
TP_NODISCARD enum tp_err tp_store_alarm_count(struct tp_store *store, uint32_t by_severity[3]);

/* -------------------------------------------------------------------- TLS peers */

#define TP_STORE_TLS_PEER_MS (UINT64_C(30) * 86400 * 1000) /* how long one is remembered */
enum { TP_STORE_TLS_PEERS_MAX = 10000 };

/* A peer's address spoke this version and suite with a service. */
struct tp_tls_peer_row {
	char service[16];
	bool inbound; /* it connected to us */
	char peer[TP_ADDR_IP_TEXT];
	char protocol[16];
	char cipher[64];
	uint64_t seen_ms; /* last; for lists */
};

/* Seen now; what is older than 30 days, or beyond the limit, is forgotten. */
TP_NODISCARD enum tp_err tp_store_tls_peers_seen(struct tp_store *store,
						 const struct tp_tls_peer_row *rows, size_t count,
						 uint64_t now_ms);
/* Of a service, latest first, at most 5 * TP_STORE_PAGE_MAX; freed by the caller. */
TP_NODISCARD enum tp_err tp_store_tls_peers_list(struct tp_store *store, const char *service,
						 uint64_t since_ms, struct tp_tls_peer_row **rows,
						 size_t *count);

#endif
