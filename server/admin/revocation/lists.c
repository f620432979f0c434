/* Which revocation lists are downloaded when, and what came of it. Runs in
 * turnpike-admin: one thread of its own, and the workers that ask. */
#include "admin/revocation/lists.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/http/times.h"
#include "admin/revocation/inside.h"
#include "admin/revocation/peer_check.h"
#include "core/log.h"
#include "os/memfd.h"

enum {
	LOOK_EVERY_S = 2,
	RETRY_S = 15 * 60, /* after one that failed */
	SOON_S = 3600,     /* before the end of a list it is fetched again */
	DAY_S = 86400,
};

int64_t tp_lists_now_s(void)
{
	return (int64_t)(tp_times_now_ms() / 1000);
}

int64_t tp_lists_last_due(const char *update_at, int64_t now_s)
{
	struct tp_span minutes = tp_span_of(update_at);
	struct tp_span hours = tp_span_split(&minutes, ':');
	int64_t due = now_s - now_s % DAY_S;
	uint64_t hour;
	uint64_t minute;

	if (tp_text_parse_u64(hours, 23, &hour) == TP_OK &&
	    tp_text_parse_u64(minutes, 59, &minute) == TP_OK)
		due += (int64_t)(hour * 3600 + minute * 60);
	return due <= now_s ? due : due - DAY_S;
}

/* ---------------------------------------------------------------- what is in use */

struct held {
	struct tp_crl_about about;
	struct tp_crl_list lists[TP_LISTS_SHOWN_MAX];
	size_t count;
};

static bool read_slot(const struct tp_lists *l, unsigned slot, struct held *out)
{
	return tp_crl_set_about(l->set, slot, &out->about, out->lists, TP_LISTS_SHOWN_MAX,
				&out->count);
}

/* The soonest end of its lists; 0: none. */
static int64_t soonest_end(const struct held *h)
{
	int64_t soonest = 0;

	for (size_t i = 0; i < h->count; i++)
		if (!soonest || h->lists[i].next_update < soonest)
			soonest = h->lists[i].next_update;
	return soonest;
}

void tp_lists_on_index(struct tp_lists *l, uint8_t slot, int fd)
{
	enum tp_err err = tp_crl_set_put(l->set, slot, fd);

	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "crl.index", "slot %u cannot be used: %s", slot,
		       tp_err_name(err));
	pthread_mutex_lock(&l->lock);
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
}

/* ---------------------------------------------------------------------- updating */

static void note(struct tp_lists *l, unsigned slot, const char *url, enum tp_err err,
		 const struct tp_msg_crl_made *made)
{
	struct tp_lists_attempt *a = &l->attempts[slot];

	pthread_mutex_lock(&l->lock);
	tp_text_copy(a->url, sizeof(a->url), url);
	a->at_s = tp_lists_now_s();
	a->err = err;
	a->bytes = made->bytes;
	tp_text_copy(a->text, sizeof(a->text), made->text);
	pthread_mutex_unlock(&l->lock);
}

/* Asks the supervisor and waits for its word. */
static enum tp_err update(struct tp_lists *l, const struct tp_msg_crl_update *m, int bytes_fd,
			  struct tp_msg_crl_made *made)
{
	int trusted = -1;
	enum tp_err err = tp_lists_trusted(l, &trusted);

	memset(made, 0, sizeof(*made));
	if (err == TP_OK) {
		err = tp_bus_crl_update(l->bus, m, trusted, bytes_fd, made);
		close(trusted);
	}
	if (err != TP_OK) {
		tp_text_copy(made->text, sizeof(made->text), "The appliance could not do it now.");
		return err;
	}
	return (enum tp_err)made->err;
}

static void update_url(struct tp_lists *l, const struct tp_lists_settings *s, unsigned slot,
		       const char *url)
{
	struct tp_msg_crl_update *m = calloc(1, sizeof(*m));
	struct tp_msg_crl_made made;
	enum tp_err err;

	if (!m)
		return;
	m->slot = (uint8_t)slot;
	tp_text_copy(m->url, sizeof(m->url), url);
	memcpy(m->allow_hosts, s->hosts, s->host_count * sizeof(s->hosts[0]));
	m->allow_hosts_count = (uint8_t)s->host_count;
	err = update(l, m, -1, &made);
	note(l, slot, url, err, &made);
	TP_LOG(err == TP_OK ? TP_LOG_INFO : TP_LOG_WARN, "crl.update", "%s: %s", url, made.text);
	free(m);
}

static void drop(struct tp_lists *l, unsigned slot)
{
	struct tp_msg_crl_made made;

	if (tp_bus_crl_drop(l->bus, (uint8_t)slot, &made) != TP_OK)
		TP_LOG(TP_LOG_WARN, "crl.drop", "slot %u: the supervisor does not answer", slot);
}

/* -------------------------------------------------------------------- the schedule */

/* Which slot belongs to which URL: the one that holds its lists, or was tried for it. */
static void assign(struct tp_lists *l, const struct tp_lists_settings *s,
		   unsigned slots[TP_LISTS_URLS_MAX])
{
	bool used[TP_LISTS_URLS_MAX + 1] = { [TP_LISTS_UPLOAD_SLOT] = true };
	struct held *h = calloc(1, sizeof(*h));

	memset(slots, 0, TP_LISTS_URLS_MAX * sizeof(slots[0]));
	for (size_t u = 0; h && s->enabled && u < s->url_count; u++)
		for (unsigned slot = 1; slot <= TP_LISTS_URLS_MAX && !slots[u]; slot++)
			if (!used[slot] && (strcmp(l->attempts[slot].url, s->urls[u]) == 0 ||
					    (read_slot(l, slot, h) &&
					     strcmp(h->about.origin, s->urls[u]) == 0))) {
				slots[u] = slot;
				used[slot] = true;
			}
	/* What is held for URLs that are gone is let go of; then the free ones are given out. */
	for (unsigned slot = 1; h && slot <= TP_LISTS_URLS_MAX; slot++) {
		if (used[slot])
			continue;
		l->attempts[slot].url[0] = '\0';
		if (read_slot(l, slot, h))
			drop(l, slot);
	}
	for (size_t u = 0; h && s->enabled && u < s->url_count; u++)
		for (unsigned slot = 1; slot <= TP_LISTS_URLS_MAX && !slots[u]; slot++)
			if (!used[slot]) {
				slots[u] = slot;
				used[slot] = true;
			}
	free(h);
}

static bool is_due(struct tp_lists *l, const struct tp_lists_settings *s, unsigned slot,
		   const char *url)
{
	const struct tp_lists_attempt *a = &l->attempts[slot];
	int64_t now = tp_lists_now_s();
	struct held *h = calloc(1, sizeof(*h));
	bool tried = strcmp(a->url, url) == 0;
	bool due = false;

	if (!h)
		return false;
	if (tried && now >= a->at_s && now - a->at_s < RETRY_S)
		due = false;
	else if (!read_slot(l, slot, h) || strcmp(h->about.origin, url) != 0)
		due = true;
	else
		due = (tried && a->err != TP_OK) ||
		      h->about.made_at < tp_lists_last_due(s->update_at, now) ||
		      soonest_end(h) < now + SOON_S;
	free(h);
	return due;
}

static bool ending(struct tp_lists *l)
{
	bool is;

	pthread_mutex_lock(&l->lock);
	is = l->ending;
	pthread_mutex_unlock(&l->lock);
	return is;
}

static void set_updating(struct tp_lists *l, bool updating)
{
	pthread_mutex_lock(&l->lock);
	l->updating = updating;
	pthread_mutex_unlock(&l->lock);
}

static void round_of(struct tp_lists *l, struct tp_lists_settings *s, bool all)
{
	unsigned slots[TP_LISTS_URLS_MAX];

	if (!tp_lists_read_settings(l, s))
		return;
	assign(l, s, slots);
	for (size_t u = 0; s->enabled && u < s->url_count && !ending(l); u++) {
		if (!slots[u] || (!all && !is_due(l, s, slots[u], s->urls[u])))
			continue;
		set_updating(l, true);
		update_url(l, s, slots[u], s->urls[u]);
	}
	set_updating(l, false);
	tp_lists_alarms(l, s);
}

static void *run(void *arg)
{
	struct tp_lists *l = arg;
	struct tp_lists_settings *s = calloc(1, sizeof(*s));

	pthread_mutex_lock(&l->lock);
	while (s && !l->ending) {
		bool all = l->asked;
		struct timespec at;

		l->asked = false;
		pthread_mutex_unlock(&l->lock);
		round_of(l, s, all);
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec += LOOK_EVERY_S;
		pthread_mutex_lock(&l->lock);
		if (!l->ending && !l->asked)
			pthread_cond_timedwait(&l->wake, &l->lock, &at);
	}
	pthread_mutex_unlock(&l->lock);
	free(s);
	return NULL;
}

/* ----------------------------------------------------------------------- questions */

size_t tp_lists_update_now(struct tp_lists *l)
{
	struct tp_lists_settings *s = calloc(1, sizeof(*s));
	size_t count = 0;

	if (s && tp_lists_read_settings(l, s) && s->enabled)
		count = s->url_count;
	free(s);
	if (!count)
		return 0;
	pthread_mutex_lock(&l->lock);
	l->asked = true;
	l->updating = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	return count;
}

enum tp_err tp_lists_upload(struct tp_lists *l, struct tp_span pem, struct tp_diag *diag)
{
	struct tp_msg_crl_update *m = calloc(1, sizeof(*m));
	struct tp_msg_crl_made made;
	int fd = -1;
	enum tp_err err = m ? tp_memfd_sealed("crl", pem.p, pem.len, &fd) : TP_NOMEM;

	if (err == TP_OK) {
		m->slot = TP_LISTS_UPLOAD_SLOT;
		err = update(l, m, fd, &made);
		close(fd);
		tp_fail(diag, err, "", "%s", made.text);
		note(l, TP_LISTS_UPLOAD_SLOT, "", err, &made);
	}
	free(m);
	return err;
}

enum tp_err tp_lists_remove_upload(struct tp_lists *l, struct tp_diag *diag)
{
	struct tp_msg_crl_made made;
	enum tp_err err = tp_bus_crl_drop(l->bus, TP_LISTS_UPLOAD_SLOT, &made);

	if (err != TP_OK)
		return tp_fail(diag, err, "", "The appliance could not do it now.");
	return tp_fail(diag, (enum tp_err)made.err, "", "%s", made.text);
}

/* ---------------------------------------------------------------------------- life */

enum tp_err tp_lists_new(struct tp_bus *bus, struct tp_config *config, struct tp_status *status,
			 struct tp_lists **out)
{
	struct tp_lists *l = calloc(1, sizeof(*l));
	pthread_condattr_t attr;

	if (!l)
		return TP_NOMEM;
	l->bus = bus;
	l->config = config;
	l->status = status;
	if (tp_crl_set_new(&l->set) != TP_OK ||
	    tp_peer_check_new(l->set, tp_peer_fetch_by_bus, bus, &l->peers) != TP_OK) {
		tp_crl_set_free(&l->set);
		free(l);
		return TP_NOMEM;
	}
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &attr);
	pthread_condattr_destroy(&attr);
	*out = l;
	return TP_OK;
}

void tp_lists_free(struct tp_lists **lists)
{
	struct tp_lists *l = *lists;

	if (!l)
		return;
	tp_peer_check_free(&l->peers);
	tp_crl_set_free(&l->set);
	free(l->told);
	pthread_cond_destroy(&l->wake);
	pthread_mutex_destroy(&l->lock);
	free(l);
	*lists = NULL;
}

struct tp_peer_check *tp_lists_peer_check(struct tp_lists *l)
{
	return l->peers;
}

enum tp_err tp_lists_start(struct tp_lists *l)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	l->running = pthread_create(&l->thread, NULL, run, l) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return l->running ? TP_OK : TP_IO;
}

void tp_lists_stop(struct tp_lists *l)
{
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	if (l->running)
		pthread_join(l->thread, NULL);
	l->running = false;
}
