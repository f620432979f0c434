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

struct session {
	struct tp_map_node node;
	struct tp_list by_use; /* longest quiet first */
	uint8_t hash[32];
	struct tp_session_facts facts;
	uint64_t opened_ms;
	uint64_t used_ms;
	char *kept; /* NULL: nothing */
	size_t kept_len;
};

struct tp_sessions {
	uint8_t csrf_key[32];
	pthread_mutex_t lock; /* guards what follows */
	struct tp_session_limits limits;
	struct tp_map map;
	struct tp_list by_use;
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
	s->limits = (struct tp_session_limits){ 1800, 43200, 50 };
	*out = s;
	return TP_OK;
}

static void drop(struct tp_sessions *s, struct session *session)
{
	tp_map_remove(&s->map, &session->node);
	tp_list_remove(&session->by_use);
	free(session->kept);
	tp_wipe(session, sizeof(*session));
	free(session);
}

static void keep_at_most(struct tp_sessions *s, size_t most)
{
	while (s->map.count > most)
		drop(s, TP_CONTAINER(tp_list_first(&s->by_use), struct session, by_use));
}

void tp_sessions_free(struct tp_sessions **s)
{
	if (!*s)
		return;
	keep_at_most(*s, 0);
	tp_map_fini(&(*s)->map);
	pthread_mutex_destroy(&(*s)->lock);
	tp_wipe(*s, sizeof(**s));
	free(*s);
	*s = NULL;
}

void tp_sessions_set_limits(struct tp_sessions *s, const struct tp_session_limits *limits)
{
	pthread_mutex_lock(&s->lock);
	s->limits = *limits;
	if (s->limits.most < 1)
		s->limits.most = 1;
	if (s->limits.most > TP_SESSION_MOST)
		s->limits.most = TP_SESSION_MOST;
	keep_at_most(s, s->limits.most);
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

enum tp_err tp_session_open(struct tp_sessions *s, const struct tp_session_facts *facts, uint64_t now_ms,
			    char id[TP_SESSION_ID_TEXT], uint8_t hash[32])
{
	struct session *session = calloc(1, sizeof(*session));
	enum tp_err err;

	if (!session)
		return TP_NOMEM;
	tp_session_id_new(id);
	hash_of(id, session->hash);
	memcpy(hash, session->hash, 32);
	session->facts = *facts;
	session->opened_ms = session->used_ms = now_ms;
	pthread_mutex_lock(&s->lock);
	keep_at_most(s, s->limits.most - 1);
	err = tp_map_put(&s->map, &session->node, session->hash, sizeof(session->hash));
	if (err == TP_OK)
		tp_list_append(&s->by_use, &session->by_use);
	pthread_mutex_unlock(&s->lock);
	if (err != TP_OK)
		free(session);
	return err;
}

/* With the lock. */
static struct session *find(struct tp_sessions *s, const uint8_t hash[32])
{
	struct tp_map_node *node = tp_map_find(&s->map, hash, 32);

	return node ? TP_CONTAINER(node, struct session, node) : NULL;
}

/* Requests are served side by side: one that read the clock earlier may come to the lock later,
 * so `since` may lie a little after `now`. */
static bool has_passed(uint64_t now_ms, uint64_t since_ms, uint32_t seconds)
{
	return now_ms > since_ms && now_ms - since_ms >= 1000ull * seconds;
}

/* The sessions nobody came back to: those quiet for longest, which stand first. With the lock. */
static void drop_forgotten(struct tp_sessions *s, uint64_t now_ms)
{
	struct tp_list *first;

	while ((first = tp_list_first(&s->by_use))) {
		struct session *session = TP_CONTAINER(first, struct session, by_use);

		if (!has_passed(now_ms, session->used_ms, s->limits.idle_s))
			return;
		drop(s, session);
	}
}

enum tp_err tp_session_find(struct tp_sessions *s, const uint8_t hash[32], uint64_t now_ms,
			    bool use, struct tp_session_facts *out)
{
	struct session *session;
	enum tp_err err = TP_NOTFOUND;

	pthread_mutex_lock(&s->lock);
	drop_forgotten(s, now_ms);
	session = find(s, hash);
	if (session && (has_passed(now_ms, session->used_ms, s->limits.idle_s) ||
			has_passed(now_ms, session->opened_ms, s->limits.absolute_s))) {
		drop(s, session);
	} else if (session) {
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

void tp_session_close(struct tp_sessions *s, const uint8_t hash[32])
{
	struct session *session;

	pthread_mutex_lock(&s->lock);
	session = find(s, hash);
	if (session)
		drop(s, session);
	pthread_mutex_unlock(&s->lock);
}

void tp_session_close_user(struct tp_sessions *s, const char *user, const uint8_t except[32])
{
	struct tp_list *it, *next;

	pthread_mutex_lock(&s->lock);
	TP_LIST_EACH(it, next, &s->by_use) {
		struct session *session = TP_CONTAINER(it, struct session, by_use);

		if (!strcmp(session->facts.user, user) &&
		    !(except && !memcmp(session->hash, except, sizeof(session->hash))))
			drop(s, session);
	}
	pthread_mutex_unlock(&s->lock);
}

size_t tp_sessions_count(struct tp_sessions *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->map.count;
	pthread_mutex_unlock(&s->lock);
	return n;
}
