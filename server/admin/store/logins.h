/* Who logged in at which time, and tries that failed, at rest: bounded by number and age.
 * As store.h; any thread. Runs in turnpike-admin. */
#ifndef TP_ADMIN_STORE_LOGINS_H
#define TP_ADMIN_STORE_LOGINS_H

#include "admin/store/store.h"

enum {
	TP_STORE_LOGINS_MAX = 10000, /* of successes, and of failures; the oldest go first */
	TP_STORE_LOGINS_DAYS = 400,
};

/* The store keeps the numbers. */
enum tp_login_protocol { TP_LOGIN_HTTPS = 0, TP_LOGIN_API = 1, TP_LOGIN_SHELL = 2 };

enum tp_login_failure {
	TP_LOGIN_PASSED = 0,
	TP_LOGIN_WRONG = 1,    /* user name or password */
	TP_LOGIN_REFUSED = 2,  /* the account may not log in there */
	TP_LOGIN_UNKNOWN = 3,  /* nobody could say, since a source did not answer */
	TP_LOGIN_CROWDED = 4,  /* it has as many sessions as it may */
	TP_LOGIN_FAILURES
};

struct tp_login_row {
	uint64_t id;
	char user[128]; /* of failures "" where nobody of that name is known */
	enum tp_login_protocol protocol;
	uint8_t method; /* enum tp_session_method */
	char source[64];
	uint64_t started_ms;
	uint64_t ended_ms; /* 0: not yet, or nobody knows */
	uint8_t end;       /* enum tp_session_end */
	enum tp_login_failure failure;
};

/* What a user wants to know of the time before this login. */
struct tp_login_past {
	struct tp_login_row last;    /* success; id 0: none */
	struct tp_login_row failed;  /* the last one since then; id 0: none */
	uint64_t failures;           /* since then */
};

enum tp_login_result { TP_LOGINS_ALL = 0, TP_LOGINS_SUCCESSFUL = 1, TP_LOGINS_UNSUCCESSFUL = 2 };

struct tp_logins_query {
	enum tp_login_result result;
	const char *user;   /* NULL: of all */
	const char *filter; /* part of user or source, whatever its case; "" = all */
	uint64_t offset;
	uint32_t limit;
};

/* Stores a success or a failure; id and end of *row are not read. The name that a failure
 * came with is kept only where an account or a success has it, as the success has it when it came in
 * other letters: people type passwords there. */
TP_NODISCARD enum tp_err tp_store_login_add(struct tp_store *store, const struct tp_login_row *row,
					    uint64_t *id);
/* Only the first end counts: TP_NOTFOUND for a second. */
TP_NODISCARD enum tp_err tp_store_login_end(struct tp_store *store, uint64_t id, uint8_t end,
					    uint64_t ended_ms);
/* It was none after all. */
TP_NODISCARD enum tp_err tp_store_login_refuse(struct tp_store *store, uint64_t id,
					       enum tp_login_failure failure);
/* All that are open get this end, at a time that nobody knows. */
TP_NODISCARD enum tp_err tp_store_logins_gone(struct tp_store *store, uint8_t end);
/* Newest first; rows is freed with free(). */
TP_NODISCARD enum tp_err tp_store_login_list(struct tp_store *store, const struct tp_logins_query *q,
					     struct tp_login_row **rows, size_t *count, uint64_t *total);
/* When the user last logged in by this method; 0: never. */
TP_NODISCARD enum tp_err tp_store_login_by(struct tp_store *store, const char *user, uint8_t method,
					   uint64_t *at_ms);
TP_NODISCARD enum tp_err tp_store_login_past(struct tp_store *store, const char *user,
					     struct tp_login_past *out);

#endif
