/* Sessions of browsers, in memory: a restart of turnpike-admin ends them all. An id is
 * 256 random bits, of which only the SHA-256 is kept. Any thread. */
#ifndef TP_ADMIN_ACCOUNT_SESSION_H
#define TP_ADMIN_ACCOUNT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

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
};

/* What a session says about its user. */
struct tp_session_facts {
	enum tp_operator_state state; /* SETUP or ACTIVE */
	struct tp_rights rights;      /* when ACTIVE */
	bool by_api;                  /* opened by a program for the API */
	uint8_t card[32];             /* SHA-256 of the certificate it belongs to; zeros: none */
	char user[TP_SESSION_USER_MAX + 1];
	uint64_t previous_login_ms; /* 0 = never before */
	uint32_t failed_logins;     /* since then */
};

struct tp_sessions;

TP_NODISCARD enum tp_err tp_sessions_new(struct tp_sessions **out);
void tp_sessions_free(struct tp_sessions **s);
/* Effective at once, also for sessions that exist. */
void tp_sessions_set_limits(struct tp_sessions *s, const struct tp_session_limits *limits);

/* A fresh id for a visitor without a session; nothing is kept of it. */
void tp_session_id_new(char id[TP_SESSION_ID_TEXT]);
/* SHA-256 of the id in a Cookie header; false: none, or not one of ours by form. */
bool tp_session_cookie(const char *header, uint8_t hash[32]);
/* The CSRF token that goes with an id, also of a visitor without a session. */
void tp_session_csrf(const struct tp_sessions *s, const uint8_t hash[32], char token[65]);

/* Opens a session under a fresh id. */
TP_NODISCARD enum tp_err tp_session_open(struct tp_sessions *s, const struct tp_session_facts *facts,
					 uint64_t now_ms, char id[TP_SESSION_ID_TEXT],
					 uint8_t hash[32]);
/* The live session of an id. use: puts off its end by idleness. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_session_find(struct tp_sessions *s, const uint8_t hash[32], uint64_t now_ms,
					 bool use, struct tp_session_facts *out);
/* Makes another of a session that stays under its id. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_session_change(struct tp_sessions *s, const uint8_t hash[32],
					   const struct tp_session_facts *facts);
void tp_session_close(struct tp_sessions *s, const uint8_t hash[32]);

enum { TP_SESSION_KEPT_MAX = 65536 /* bytes */ };
/* Keeps a copy of these bytes in memory, for this session alone and no longer than it; they take
 * the place of earlier ones. TP_NOTFOUND, TP_LIMIT, TP_NOMEM. */
TP_NODISCARD enum tp_err tp_session_keep(struct tp_sessions *s, const uint8_t hash[32], const void *bytes,
					 size_t len);
/* A copy of what is kept, freed by the caller. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_session_kept(struct tp_sessions *s, const uint8_t hash[32], char **bytes,
					 size_t *len);
/* Ends all sessions of a user but the one of `except` (may be NULL). */
void tp_session_close_user(struct tp_sessions *s, const char *user, const uint8_t except[32]);
size_t tp_sessions_count(struct tp_sessions *s);

#endif
