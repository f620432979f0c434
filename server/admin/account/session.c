/* Sessions of browsers. Runs in turnpike-admin's workers. */
#include "admin/account/session.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/secret.h"
#include "os/random.h"

enum { REMEMBERED = 256 };

struct session {
	struct tp_map_node node;
	struct tp_list by_use; /* longest quiet first; or on a list of ended ones */
	uint8_t hash[32];
	struct tp_session_facts facts;
	uint64_t opened_ms;
	uint64_t used_ms;
	uint64_t ended_ms;
	enum tp_session_end end;
	char *kept; /* NULL: nothing */
	size_t kept_len;
};

struct tp_sessions {
	uint8_t csrf_key[32];
	tp_session_ended on_end; /* NULL: nobody wants to hear of it */
	void *arg;
	pthread_mutex_t lock; /* guards what follows */
	struct tp_session_limits limits;
	struct tp_map map;
	struct tp_list by_use;
	struct {
		uint8_t hash[32];
		enum tp_session_end end;
	} ended[REMEMBERED]; /* a ring */
	size_t next_ended;
};

enum tp_err tp_sessions_new(struct tp_sessions **out)
{
	struct tp_sessions *s = calloc(1, sizeof(*s));
	uint8_t seed[16];

	if (!s)
		return TP_NOMEM;
	tp_random_bytes(s->csrf_key, sizeof(s->csrf_key));
	tp_random_bytes(seed, sizeof(seed));
	pthread_mutex_init(&s->lock, NULL);
	tp_map_init(&s->map, seed, TP_SESSION_MOST);
	tp_list_init(&s->by_use);
	s->limits = (struct tp_session_limits){ .idle_s = 1800, .absolute_s = 43200, .most = 50 };
	*out = s;
	return TP_OK;
}

/* -------------------------------------------------------------------------- the end */

/* With the lock: takes it out, onto the list of those to be told of. */
static void drop(struct tp_sessions *s, struct session *session, enum tp_session_end end, uint64_t at_ms,
		 struct tp_list *ended)
{
	tp_map_remove(&s->map, &session->node);
	tp_list_remove(&session->by_use);
	memcpy(s->ended[s->next_ended].hash, session->hash, sizeof(session->hash));
	s->ended[s->next_ended].end = end;
	s->next_ended = (s->next_ended + 1) % REMEMBERED;
	session->end = end;
	session->ended_ms = at_ms;
	tp_list_append(ended, &session->by_use);
}

static void describe(const struct session *session, struct tp_session_row *out)
{
	tp_session_name(session->hash, out->name);
	out->facts = session->facts;
	out->opened_ms = session->opened_ms;
	out->used_ms = session->used_ms;
	out->ended_ms = session->ended_ms;
	out->end = session->end;
}

/* Without the lock. */
static void tell(struct tp_sessions *s, struct tp_list *ended)
{
	struct tp_session_row row;
	struct tp_list *it;

	while ((it = tp_list_pop(ended))) {
		struct session *session = TP_CONTAINER(it, struct session, by_use);

		describe(session, &row);
		if (s->on_end)
			s->on_end(s->arg, &row);
		free(session->kept);
		tp_wipe(session, sizeof(*session));
		free(session);
	}
}

static void keep_at_most(struct tp_sessions *s, size_t most, uint64_t now_ms, struct tp_list *ended)
{
	while (s->map.count > most)
		drop(s, TP_CONTAINER(tp_list_first(&s->by_use), struct session, by_use), TP_SESSION_CROWDED,
		     now_ms, ended);
}

/* With the lock. Whether it has passed its time, and then it is dropped. */
static bool expire(struct tp_sessions *s, struct session *session, uint64_t now_ms, struct tp_list *ended)
{
	uint64_t idle_ms = session->used_ms + 1000ull * s->limits.idle_s;
	uint64_t absolute_ms = session->opened_ms + 1000ull * s->limits.absolute_s;

	if (now_ms < idle_ms && now_ms < absolute_ms)
		return false;
	drop(s, session, idle_ms < absolute_ms ? TP_SESSION_IDLE : TP_SESSION_ABSOLUTE,
	     idle_ms < absolute_ms ? idle_ms : absolute_ms, ended);
	return true;
}

static void expire_all(struct tp_sessions *s, uint64_t now_ms, struct tp_list *ended)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &s->by_use)
		expire(s, TP_CONTAINER(it, struct session, by_use), now_ms, ended);
}

/* ------------------------------------------------------------------------------ life */

void tp_sessions_on_end(struct tp_sessions *s, tp_session_ended ended, void *arg)
{
	s->on_end = ended;
	s->arg = arg;
}

void tp_sessions_free(struct tp_sessions **s)
{
	struct tp_list ended;

	if (!*s)
		return;
	tp_list_init(&ended);
	keep_at_most(*s, 0, 0, &ended);
	(*s)->on_end = NULL; /* what was open then is gone, not ended */
	tell(*s, &ended);
	tp_map_fini(&(*s)->map);
	pthread_mutex_destroy(&(*s)->lock);
	tp_wipe(*s, sizeof(**s));
	free(*s);
	*s = NULL;
}

void tp_sessions_set_limits(struct tp_sessions *s, const struct tp_session_limits *limits)
{
	struct tp_list ended;

	tp_list_init(&ended);
	pthread_mutex_lock(&s->lock);
	s->limits = *limits;
	if (s->limits.most < 1)
		s->limits.most = 1;
	if (s->limits.most > TP_SESSION_MOST)
		s->limits.most = TP_SESSION_MOST;
	keep_at_most(s, s->limits.most, 0, &ended);
	pthread_mutex_unlock(&s->lock);
	tell(s, &ended);
}

void tp_sessions_limits(struct tp_sessions *s, struct tp_session_limits *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->limits;
	pthread_mutex_unlock(&s->lock);
}

void tp_session_id_new(char id[TP_SESSION_ID_TEXT])
{
	uint8_t bytes[32];

	tp_random_bytes(bytes, sizeof(bytes));
	tp_text_write_hex(id, bytes, sizeof(bytes));
	tp_wipe(bytes, sizeof(bytes));
}

static void hash_of(const char *id, uint8_t hash[32])
{
	if (EVP_Digest(id, TP_SESSION_ID_TEXT - 1, hash, NULL, EVP_sha256(), NULL) != 1)
		tp_random_bytes(hash, 32); /* finds nothing */
}

bool tp_session_cookie(const char *header, uint8_t hash[32])
{
	struct tp_span rest = tp_span_of(header);
	uint8_t bytes[32];
	bool found = false;

	while (rest.p) {
		struct tp_span value = tp_span_trim(tp_span_split(&rest, ';'));
		struct tp_span name = tp_span_split(&value, '=');

		if (!tp_span_equal(name, TP_SPAN(TP_SESSION_COOKIE)))
			continue;
		/* Two of them: somebody tampers; neither counts. */
		if (found || value.len != TP_SESSION_ID_TEXT - 1 ||
		    tp_text_parse_hex(value, bytes, sizeof(bytes)) != TP_OK)
			return false;
		hash_of(value.p, hash);
		found = true;
	}
	return found;
}

void tp_session_csrf(const struct tp_sessions *s, const uint8_t hash[32], char token[65])
{
	uint8_t mac[32];
	unsigned len = sizeof(mac);

	if (!HMAC(EVP_sha256(), s->csrf_key, sizeof(s->csrf_key), hash, 32, mac, &len))
		tp_random_bytes(mac, sizeof(mac)); /* fits nothing */
	tp_text_write_hex(token, mac, sizeof(mac));
}

/* With the lock. */
static struct session *find(struct tp_sessions *s, const uint8_t hash[32])
{
	struct tp_map_node *node = tp_map_find(&s->map, hash, 32);

	return node ? TP_CONTAINER(node, struct session, node) : NULL;
}

/* A remote user is not the local one who is called the same. */
static bool is_of(const struct tp_session_facts *facts, const char *user, bool remote)
{
	return facts->remote == remote && !strcmp(facts->user, user);
}

/* With the lock. Makes room among the user's own sessions but `before`. */
static enum tp_err admit_of_user(struct tp_sessions *s, const struct tp_session_facts *facts,
				 const struct session *before, uint64_t now_ms, struct tp_list *ended)
{
	struct tp_list *it, *next;
	size_t count = 0;

	if (!s->limits.most_each)
		return TP_OK;
	TP_LIST_EACH(it, next, &s->by_use) {
		const struct session *session = TP_CONTAINER(it, struct session, by_use);

		count += session != before && is_of(&session->facts, facts->user, facts->remote);
	}
	if (count >= s->limits.most_each && s->limits.refuse)
		return TP_LIMIT;
	TP_LIST_EACH(it, next, &s->by_use) {
		struct session *session = TP_CONTAINER(it, struct session, by_use);

		if (count < s->limits.most_each)
			break;
		if (session == before || !is_of(&session->facts, facts->user, facts->remote))
			continue;
		drop(s, session, TP_SESSION_CROWDED, now_ms, ended);
		count--;
	}
	return TP_OK;
}

enum tp_err tp_session_open(struct tp_sessions *s, const struct tp_session_facts *facts,
			    const uint8_t before[32], uint64_t now_ms, char id[TP_SESSION_ID_TEXT],
			    uint8_t hash[32])
{
	struct session *session = calloc(1, sizeof(*session)), *old;
	struct tp_list ended;
	enum tp_err err;

	if (!session)
		return TP_NOMEM;
	tp_list_init(&ended);
	tp_session_id_new(id);
	hash_of(id, session->hash);
	session->facts = *facts;
	session->opened_ms = session->used_ms = now_ms;
	pthread_mutex_lock(&s->lock);
	expire_all(s, now_ms, &ended);
	old = before ? find(s, before) : NULL;
	err = admit_of_user(s, facts, old, now_ms, &ended);
	if (err == TP_OK && old)
		drop(s, old, TP_SESSION_LOGOUT, now_ms, &ended);
	if (err == TP_OK) {
		keep_at_most(s, s->limits.most - 1, now_ms, &ended);
		err = tp_map_put(&s->map, &session->node, session->hash, sizeof(session->hash));
	}
	if (err == TP_OK) {
		tp_list_append(&s->by_use, &session->by_use);
		memcpy(hash, session->hash, 32);
	}
	pthread_mutex_unlock(&s->lock);
	tell(s, &ended);
	if (err != TP_OK)
		free(session);
	return err;
}

enum tp_err tp_session_find(struct tp_sessions *s, const uint8_t hash[32], uint64_t now_ms,
			    bool use, struct tp_session_facts *out)
{
	struct session *session;
	struct tp_list ended;
	enum tp_err err = TP_NOTFOUND;

	tp_list_init(&ended);
	pthread_mutex_lock(&s->lock);
	expire_all(s, now_ms, &ended);
	session = find(s, hash);
	if (session) {
		*out = session->facts;
		err = TP_OK;
	}
	if (err == TP_OK && use) {
		if (now_ms > session->used_ms)
			session->used_ms = now_ms;
		tp_list_remove(&session->by_use);
		tp_list_append(&s->by_use, &session->by_use);
	}
	pthread_mutex_unlock(&s->lock);
	tell(s, &ended);
	return err;
}

enum tp_err tp_session_change(struct tp_sessions *s, const uint8_t hash[32],
			      const struct tp_session_facts *facts)
{
	struct session *session;

	pthread_mutex_lock(&s->lock);
	session = find(s, hash);
	if (session)
		session->facts = *facts;
	pthread_mutex_unlock(&s->lock);
	return session ? TP_OK : TP_NOTFOUND;
}

enum tp_err tp_session_keep(struct tp_sessions *s, const uint8_t hash[32], const void *bytes, size_t len)
{
	struct session *session;
	char *copy;

	if (len > TP_SESSION_KEPT_MAX)
		return TP_LIMIT;
	copy = malloc(len + 1);
	if (!copy)
		return TP_NOMEM;
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	pthread_mutex_lock(&s->lock);
	session = find(s, hash);
	if (session) {
		free(session->kept);
		session->kept = copy;
		session->kept_len = len;
		copy = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	free(copy);
	return session ? TP_OK : TP_NOTFOUND;
}

enum tp_err tp_session_kept(struct tp_sessions *s, const uint8_t hash[32], char **bytes, size_t *len)
{
	const struct session *session;
	enum tp_err err = TP_NOTFOUND;
	char *copy = NULL;

	pthread_mutex_lock(&s->lock);
	session = find(s, hash);
	if (session && session->kept) {
		copy = malloc(session->kept_len + 1);
		err = copy ? TP_OK : TP_NOMEM;
	}
	if (copy) {
		memcpy(copy, session->kept, session->kept_len + 1);
		*len = session->kept_len;
		*bytes = copy;
	}
	pthread_mutex_unlock(&s->lock);
	return err;
}

void tp_session_close(struct tp_sessions *s, const uint8_t hash[32], enum tp_session_end end,
		      uint64_t now_ms)
{
	struct session *session;
	struct tp_list ended;

	tp_list_init(&ended);
	pthread_mutex_lock(&s->lock);
	session = find(s, hash);
	if (session)
		drop(s, session, end, now_ms, &ended);
	pthread_mutex_unlock(&s->lock);
	tell(s, &ended);
}

/* Ends those that the test is true of, but the one of `except` (may be NULL). Their number. */
static size_t close_those(struct tp_sessions *s, tp_session_test test, const void *arg,
			  const uint8_t except[32], enum tp_session_end end, uint64_t now_ms)
{
	struct tp_list *it, *next, ended;
	size_t count = 0;

	tp_list_init(&ended);
	pthread_mutex_lock(&s->lock);
	TP_LIST_EACH(it, next, &s->by_use) {
		struct session *session = TP_CONTAINER(it, struct session, by_use);

		if (!test(arg, &session->facts) ||
		    (except && !memcmp(session->hash, except, sizeof(session->hash))))
			continue;
		drop(s, session, end, now_ms, &ended);
		count++;
	}
	pthread_mutex_unlock(&s->lock);
	tell(s, &ended);
	return count;
}

size_t tp_session_close_if(struct tp_sessions *s, tp_session_test test, const void *arg,
			   enum tp_session_end end, uint64_t now_ms)
{
	return close_those(s, test, arg, NULL, end, now_ms);
}

struct somebody {
	const char *user;
	bool remote;
};

static bool is_somebody(const void *arg, const struct tp_session_facts *facts)
{
	const struct somebody *who = arg;

	return is_of(facts, who->user, who->remote);
}

size_t tp_session_close_user(struct tp_sessions *s, const char *user, bool remote,
			     const uint8_t except[32], enum tp_session_end end, uint64_t now_ms)
{
	const struct somebody who = { user, remote };

	return close_those(s, is_somebody, &who, except, end, now_ms);
}

/* ---------------------------------------------------------------------- for others */

void tp_session_name(const uint8_t hash[32], char name[TP_SESSION_NAME])
{
	tp_text_write_hex(name, hash, 16);
}

enum tp_err tp_session_close_named(struct tp_sessions *s, const char *name, enum tp_session_end end,
				   uint64_t now_ms, struct tp_session_row *out)
{
	struct tp_list *it, *next, ended;
	enum tp_err err = TP_NOTFOUND;

	tp_list_init(&ended);
	pthread_mutex_lock(&s->lock);
	expire_all(s, now_ms, &ended);
	TP_LIST_EACH(it, next, &s->by_use) {
		struct session *session = TP_CONTAINER(it, struct session, by_use);
		char own[TP_SESSION_NAME];

		tp_session_name(session->hash, own);
		if (strcmp(own, name) != 0)
			continue;
		drop(s, session, end, now_ms, &ended);
		describe(session, out);
		err = TP_OK;
		break;
	}
	pthread_mutex_unlock(&s->lock);
	tell(s, &ended);
	return err;
}

void tp_sessions_expire(struct tp_sessions *s, uint64_t now_ms)
{
	struct tp_list ended;

	tp_list_init(&ended);
	pthread_mutex_lock(&s->lock);
	expire_all(s, now_ms, &ended);
	pthread_mutex_unlock(&s->lock);
	tell(s, &ended);
}

enum tp_err tp_sessions_list(struct tp_sessions *s, uint64_t now_ms, struct tp_session_row **rows,
			     size_t *count)
{
	struct tp_session_row *list;
	struct tp_list *it, *next, ended;
	size_t n = 0;

	tp_list_init(&ended);
	pthread_mutex_lock(&s->lock);
	expire_all(s, now_ms, &ended);
	list = calloc(s->map.count + 1, sizeof(*list));
	TP_LIST_EACH(it, next, &s->by_use) {
		if (list)
			describe(TP_CONTAINER(it, struct session, by_use), &list[n++]);
	}
	pthread_mutex_unlock(&s->lock);
	tell(s, &ended);
	if (!list)
		return TP_NOMEM;
	*rows = list;
	*count = n;
	return TP_OK;
}

const char *tp_session_why(struct tp_sessions *s, const uint8_t hash[32])
{
	static const char *const words[TP_SESSION_ENDS] = {
		[TP_SESSION_LOGOUT] = "You have logged out.",
		[TP_SESSION_IDLE] = "Your session ended because it was not used for too long.",
		[TP_SESSION_ABSOLUTE] = "Your session ended because it had reached its longest time.",
		[TP_SESSION_REVOKED] = "Your session was ended by an administrator.",
		[TP_SESSION_CROWDED] = "Your session ended because there were too many sessions: it was the one that "
				       "was quiet for longest.",
		[TP_SESSION_ACCOUNT] = "Your session ended because your account or its password was changed.",
		[TP_SESSION_CARD] = "Your session ended because it was used without its certificate.",
		[TP_SESSION_ADVANCED] = "Your session ended because in the advanced mode only remote users and the "
					"emergency account may log in.",
		[TP_SESSION_SETTINGS] = "Your session ended because the settings of logins were changed: log in "
					"again.",
	};
	const char *why = NULL;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < REMEMBERED && !why; i++)
		if (s->ended[i].end && !memcmp(s->ended[i].hash, hash, sizeof(s->ended[i].hash)))
			why = words[s->ended[i].end];
	pthread_mutex_unlock(&s->lock);
	return why;
}

const char *tp_session_method_name(enum tp_session_method method)
{
	static const char *const names[TP_SESSION_METHODS] = {
		[TP_SESSION_PASSWORD] = "password", [TP_SESSION_CERTIFICATE] = "certificate",
		[TP_SESSION_PAM] = "pam",	    [TP_SESSION_LDAP] = "ldap",
		[TP_SESSION_SECRET] = "first-login-secret", [TP_SESSION_SHELL] = "root",
	};

	return (unsigned)method < TP_SESSION_METHODS ? names[method] : "unknown";
}

const char *tp_session_end_name(enum tp_session_end end)
{
	static const char *const names[TP_SESSION_ENDS] = {
		[TP_SESSION_OPEN] = "open",	    [TP_SESSION_LOGOUT] = "logout",
		[TP_SESSION_IDLE] = "idle",	    [TP_SESSION_ABSOLUTE] = "longest-time",
		[TP_SESSION_REVOKED] = "revoked",   [TP_SESSION_CROWDED] = "too-many",
		[TP_SESSION_ACCOUNT] = "account",   [TP_SESSION_CARD] = "certificate",
		[TP_SESSION_GONE] = "no-logout",    [TP_SESSION_ADVANCED] = "advanced-mode",
		[TP_SESSION_SETTINGS] = "settings",
	};

	return (unsigned)end < TP_SESSION_ENDS ? names[end] : "unknown";
}

size_t tp_sessions_count(struct tp_sessions *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->map.count;
	pthread_mutex_unlock(&s->lock);
	return n;
}
