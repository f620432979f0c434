/* How many connections one source may hold. Runs in turnpike-admin. */
#include "admin/http/sources.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* An IPv4 address in the first four bytes, or the first eight of an IPv6 address. */
struct source {
	sa_family_t family;
	unsigned char bytes[8];
};

struct connection {
	int fd; /* -1: slot is free */
	bool busy;
	bool leaving; /* shut down to make room */
	bool ours;    /* what it has sent waits for us: as of the look for a victim */
	unsigned long entered;
	size_t held; /* connections of its source, itself among them */
	struct source source;
};

enum {
	TRUSTED = 64,
	MODEST = 8, /* what a browser opens: so many give nobody away as the one with most */
	LOOKS = 16, /* at connections for one victim */
};

struct tp_sources {
	pthread_mutex_t lock;
	unsigned long clock;
	struct source trusted[TRUSTED]; /* the one seen last first */
	size_t trusted_count;
	size_t most;
	size_t share;
	size_t counted;
	size_t slots;
	struct connection connections[];
};

enum tp_err tp_sources_new(size_t most, size_t share, struct tp_sources **out)
{
	/* Those being shut down still hold a slot for a moment. */
	size_t slots = most * 2;
	struct tp_sources *s = calloc(1, sizeof(*s) + slots * sizeof(s->connections[0]));

	if (!s)
		return TP_NOMEM;
	pthread_mutex_init(&s->lock, NULL);
	s->most = most;
	s->share = share;
	s->slots = slots;
	for (size_t i = 0; i < slots; i++)
		s->connections[i].fd = -1;
	*out = s;
	return TP_OK;
}

void tp_sources_free(struct tp_sources **s)
{
	if (!*s)
		return;
	pthread_mutex_destroy(&(*s)->lock);
	free(*s);
	*s = NULL;
}

static struct source source_of(const struct sockaddr *remote)
{
	struct source source;

	memset(&source, 0, sizeof(source));
	source.family = remote->sa_family;
	if (remote->sa_family == AF_INET)
		memcpy(source.bytes, &((const struct sockaddr_in *)remote)->sin_addr, 4);
	else if (remote->sa_family == AF_INET6)
		memcpy(source.bytes, &((const struct sockaddr_in6 *)remote)->sin6_addr, 8);
	return source;
}

static bool is_same(const struct source *a, const struct source *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static bool is_counted(const struct connection *c)
{
	return c->fd >= 0 && !c->leaving;
}

static size_t count_of(const struct tp_sources *s, const struct source *source)
{
	for (size_t i = 0; i < s->slots; i++)
		if (is_counted(&s->connections[i]) && is_same(&s->connections[i].source, source))
			return s->connections[i].held;
	return 0;
}

/* One more of this source is counted, or one less. */
static void recount(struct tp_sources *s, const struct source *source, size_t held, bool more)
{
	for (size_t i = 0; i < s->slots; i++)
		if (is_counted(&s->connections[i]) && is_same(&s->connections[i].source, source))
			s->connections[i].held = held;
	s->counted = more ? s->counted + 1 : s->counted - 1;
}

static size_t trusted_at(const struct tp_sources *s, const struct source *source)
{
	size_t i = 0;

	while (i < s->trusted_count && !is_same(&s->trusted[i], source))
		i++;
	return i;
}

static bool is_trusted(const struct tp_sources *s, const struct source *source)
{
	return trusted_at(s, source) < s->trusted_count;
}

static size_t greed(const struct connection *c)
{
	return c->held > MODEST ? c->held : 0;
}

/* Whether what it has sent has not been read yet: then it is we who are slow. */
static bool waits_for_us(const struct connection *c)
{
	int unread = 0;

	return ioctl(c->fd, FIONREAD, &unread) == 0 && unread > 0;
}

/* The idle connection to give up: of this source, or, for NULL, of the source that is
 * not trusted and holds most; the one that was opened first. */
static struct connection *candidate(struct tp_sources *s, const struct source *source)
{
	struct connection *best = NULL;

	for (size_t i = 0; i < s->slots; i++) {
		struct connection *c = &s->connections[i];

		if (!is_counted(c) || c->busy || c->ours ||
		    (source ? !is_same(&c->source, source) : is_trusted(s, &c->source)))
			continue;
		if (!best || greed(c) > greed(best) || (greed(c) == greed(best) && c->entered < best->entered))
			best = c;
	}
	return best;
}

/* Those that wait for us only when they are all: else, when there is more to do than can be
 * done, nobody would come to the end of a handshake. */
static struct connection *victim(struct tp_sources *s, const struct source *source)
{
	struct connection *first = candidate(s, source), *c = first;

	for (size_t i = 0; c && waits_for_us(c); i++) {
		c->ours = true;
		c = i < LOOKS ? candidate(s, source) : NULL;
	}
	for (size_t i = 0; i < s->slots; i++)
		s->connections[i].ours = false;
	return c ? c : first;
}

static bool make_room(struct tp_sources *s, const struct source *source)
{
	struct connection *c = victim(s, source);

	if (!c)
		return false;
	c->leaving = true;
	recount(s, &c->source, c->held - 1, false);
	shutdown(c->fd, SHUT_RDWR);
	return true;
}

static struct connection *find(struct tp_sources *s, int fd)
{
	for (size_t i = 0; i < s->slots; i++)
		if (s->connections[i].fd == fd)
			return &s->connections[i];
	return NULL;
}

bool tp_sources_enter(struct tp_sources *s, const struct sockaddr *remote, int fd)
{
	const struct source source = source_of(remote);
	struct connection *slot;
	bool room = true;

	pthread_mutex_lock(&s->lock);
	if (count_of(s, &source) >= s->share)
		room = make_room(s, &source);
	else if (s->counted >= s->most)
		room = make_room(s, NULL);
	slot = room ? find(s, -1) : NULL;
	if (slot) {
		size_t held = count_of(s, &source) + 1;

		*slot = (struct connection){ .fd = fd, .entered = s->clock++, .source = source };
		recount(s, &source, held, true);
	}
	pthread_mutex_unlock(&s->lock);
	return slot != NULL;
}

void tp_sources_trust(struct tp_sources *s, int fd)
{
	struct connection *c;
	size_t at;

	pthread_mutex_lock(&s->lock);
	c = find(s, fd);
	at = c ? trusted_at(s, &c->source) : 0;
	if (c && at == s->trusted_count && s->trusted_count < TRUSTED)
		s->trusted_count++;
	if (c && at == TRUSTED)
		at--;
	if (c) {
		memmove(&s->trusted[1], &s->trusted[0], at * sizeof(s->trusted[0]));
		s->trusted[0] = c->source;
	}
	pthread_mutex_unlock(&s->lock);
}

void tp_sources_busy(struct tp_sources *s, int fd, bool busy)
{
	struct connection *c;

	pthread_mutex_lock(&s->lock);
	c = find(s, fd);
	if (c)
		c->busy = busy;
	pthread_mutex_unlock(&s->lock);
}

void tp_sources_leave(struct tp_sources *s, int fd)
{
	struct connection *c;

	pthread_mutex_lock(&s->lock);
	c = find(s, fd);
	if (c && is_counted(c))
		recount(s, &c->source, c->held - 1, false);
	if (c)
		c->fd = -1;
	pthread_mutex_unlock(&s->lock);
}

size_t tp_sources_count(struct tp_sources *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->counted;
	pthread_mutex_unlock(&s->lock);
	return n;
}
