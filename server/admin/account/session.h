/* Sessions of browsers, in memory: a restart of turnpike-admin ends them all. An id is
 * 256 random bits, of which only the SHA-256 is kept. Any thread. */
#ifndef TP_ADMIN_ACCOUNT_SESSION_H
#define TP_ADMIN_ACCOUNT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/account/authenticate.h"
#include "admin/http/router.h"

enum {
	TP_SESSION_ID_TEXT = 65,   /* hexadecimal, with NUL */
	TP_SESSION_USER_MAX = 127,
	TP_SESSION_MOST = 1000,    /* beyond every configuration */
};

#define TP_SESSION_COOKIE "__Host-turnpike"

struct tp_session_limits {
	uint32_t idle_s;
	uint32_t absolute_s;
	uint32_t most; /* at once; one more ends the one that was quiet for longest */
	uint32_t most_each; /* of one user; 0: no such limit */
	bool refuse;        /* a user's one too many is refused; else that user's quietest ends */
};

/* How somebody proved who they are. The store keeps the numbers. */
enum tp_session_method {
	TP_SESSION_PASSWORD = 0, /* of a local account */
	TP_SESSION_CERTIFICATE = 1,
	TP_SESSION_PAM = 2,
	TP_SESSION_LDAP = 3,
	TP_SESSION_SECRET = 4, /* the first-login secret */
	TP_SESSION_SHELL = 5,  /* root on the administration socket */
	TP_SESSION_METHODS
};

/* Why a session is no more. The store keeps the numbers. */
enum tp_session_end {
	TP_SESSION_OPEN = 0,
	TP_SESSION_LOGOUT = 1,
	TP_SESSION_IDLE = 2,
	TP_SESSION_ABSOLUTE = 3,
	TP_SESSION_REVOKED = 4,
	TP_SESSION_CROWDED = 5,       /* gave way to another one */
	TP_SESSION_ACCOUNT = 6,       /* rights or password of the account were changed */
	TP_SESSION_CARD = 7,          /* came without its certificate */
	TP_SESSION_GONE = 8,          /* turnpike-admin was started anew */
	TP_SESSION_ADVANCED = 9,      /* of who does not come in any more, in the advanced mode */
	TP_SESSION_SETTINGS = 10,     /* what had let it in does not hold any more */
	TP_SESSION_ENDS
};

/* What a session says about its user. */
struct tp_session_facts {
	enum tp_operator_state state; /* SETUP or ACTIVE */
	struct tp_rights rights;      /* when ACTIVE */
	bool by_api;                  /* opened by a program for the API */
	uint8_t card[32];             /* SHA-256 of the certificate it belongs to; zeros: none */
	char card_name[128];          /* where the certificate was the login: as whom; else "" */
	char user[TP_SESSION_USER_MAX + 1];
	enum tp_session_method method;
	bool remote;           /* the account is kept elsewhere, whatever is called like it here */
	struct tp_auth_basis basis; /* what it was let in on */
	char source[64];       /* address that logged in */
	uint64_t login;        /* its number in the history; 0: none */
	uint64_t logged_in_ms; /* Unix time */
	uint64_t password_changed_ms; /* of a local account whose password was given; else 0 */
	/* What was before. */
	uint64_t previous_login_ms; /* 0 = never before */
	enum tp_session_method previous_method;
	char previous_source[64];   /* "": not known */
	uint32_t failed_logins;     /* since then */
	uint64_t failure_ms;        /* of the last one; 0: none, or not known */
	char failure_source[64];
};

enum { TP_SESSION_NAME = 33 }; /* hexadecimal, with NUL */

/* A session as others see it. */
struct tp_session_row {
	char name[TP_SESSION_NAME]; /* says nothing about its id */
	struct tp_session_facts facts;
	uint64_t opened_ms;
	uint64_t used_ms;
	uint64_t ended_ms; /* 0: it lives */
	enum tp_session_end end;
};

struct tp_sessions;

/* Told of each session that has ended, after the fact and without any lock. Times are those
 * of the calls' now_ms. */
typedef void (*tp_session_ended)(void *arg, const struct tp_session_row *row);

TP_NODISCARD enum tp_err tp_sessions_new(struct tp_sessions **out);
void tp_sessions_free(struct tp_sessions **s);
/* Before the first session. */
void tp_sessions_on_end(struct tp_sessions *s, tp_session_ended ended, void *arg);
/* Effective at once, also for sessions that exist; but one user's too many stay. */
void tp_sessions_set_limits(struct tp_sessions *s, const struct tp_session_limits *limits);

void tp_sessions_limits(struct tp_sessions *s, struct tp_session_limits *out);

/* A fresh id for a visitor without a session; nothing is kept of it. */
void tp_session_id_new(char id[TP_SESSION_ID_TEXT]);
/* SHA-256 of the id in a Cookie header; false: none, or not one of ours by form. */
bool tp_session_cookie(const char *header, uint8_t hash[32]);
/* The CSRF token that goes with an id, also of a visitor without a session. */
void tp_session_csrf(const struct tp_sessions *s, const uint8_t hash[32], char token[65]);

/* Opens a session under a fresh id, in the place of the one of `before` where there is such
 * a one. TP_LIMIT: the user has as many as the limits allow; the one before stays. */
TP_NODISCARD enum tp_err tp_session_open(struct tp_sessions *s, const struct tp_session_facts *facts,
					 const uint8_t before[32], uint64_t now_ms,
					 char id[TP_SESSION_ID_TEXT], uint8_t hash[32]);
/* The live session of an id. use: puts off its end by idleness. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_session_find(struct tp_sessions *s, const uint8_t hash[32], uint64_t now_ms,
					 bool use, struct tp_session_facts *out);
/* Makes another of a session that stays under its id. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_session_change(struct tp_sessions *s, const uint8_t hash[32],
					   const struct tp_session_facts *facts);
void tp_session_close(struct tp_sessions *s, const uint8_t hash[32], enum tp_session_end end,
		      uint64_t now_ms);
/* Ends all sessions of a local or (remote) of another user but the one of `except` (may be
 * NULL). Their number. */
size_t tp_session_close_user(struct tp_sessions *s, const char *user, bool remote,
			     const uint8_t except[32], enum tp_session_end end, uint64_t now_ms);
/* Ends all sessions that the test is true of. Their number. */
typedef bool (*tp_session_test)(const void *arg, const struct tp_session_facts *facts);
size_t tp_session_close_if(struct tp_sessions *s, tp_session_test test, const void *arg,
			   enum tp_session_end end, uint64_t now_ms);
/* The name by which others call the session of this id. */
void tp_session_name(const uint8_t hash[32], char name[TP_SESSION_NAME]);
/* TP_NOTFOUND; else *out says what was ended. */
TP_NODISCARD enum tp_err tp_session_close_named(struct tp_sessions *s, const char *name,
						enum tp_session_end end, uint64_t now_ms,
						struct tp_session_row *out);
/* Ends what has passed its time. */
void tp_sessions_expire(struct tp_sessions *s, uint64_t now_ms);
/* All that live, longest quiet first; rows is freed with free(). */
TP_NODISCARD enum tp_err tp_sessions_list(struct tp_sessions *s, uint64_t now_ms,
					  struct tp_session_row **rows, size_t *count);
/* Why the session of this id has ended, in words for its user; NULL: nothing is known of it.
 * The last 256 are remembered. */
const char *tp_session_why(struct tp_sessions *s, const uint8_t hash[32]);

enum { TP_SESSION_KEPT_MAX = 65536 /* bytes */ };
/* Keeps a copy of these bytes in memory, for this session alone and no longer than it; they take
 * the place of earlier ones. TP_NOTFOUND, TP_LIMIT, TP_NOMEM. */
TP_NODISCARD enum tp_err tp_session_keep(struct tp_sessions *s, const uint8_t hash[32], const void *bytes,
					 size_t len);
/* A copy of what is kept, freed by the caller. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_session_kept(struct tp_sessions *s, const uint8_t hash[32], char **bytes,
					 size_t *len);
size_t tp_sessions_count(struct tp_sessions *s);
/* "password", "logout" and so on, as the API writes them. */
const char *tp_session_method_name(enum tp_session_method method);
const char *tp_session_end_name(enum tp_session_end end);

#endif
