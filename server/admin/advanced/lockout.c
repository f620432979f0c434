/* The lockout of the advanced mode. Runs in turnpike-admin. */
#include "admin/advanced/lockout.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

#define MINUTE_MS UINT64_C(60000)

struct tp_lockout {
	struct tp_store *store;
	struct tp_advanced *advanced;
	void (*changed)(void *arg);
	void *arg;

	pthread_mutex_t lock; /* guards what follows, also while it is stored */
	struct tp_lockout_row row;
};

enum tp_err tp_lockout_new(struct tp_store *store, struct tp_advanced *advanced, struct tp_lockout **out)
{
	struct tp_lockout *l = calloc(1, sizeof(*l));
	enum tp_err err = l ? tp_store_lockout_get(store, &l->row) : TP_NOMEM;

	if (err != TP_OK) {
		free(l);
		return err;
	}
	l->store = store;
	l->advanced = advanced;
	pthread_mutex_init(&l->lock, NULL);
	*out = l;
	return TP_OK;
}

void tp_lockout_free(struct tp_lockout **lockout)
{
	if (!*lockout)
		return;
	pthread_mutex_destroy(&(*lockout)->lock);
	free(*lockout);
	*lockout = NULL;
}

void tp_lockout_on_change(struct tp_lockout *l, void (*changed)(void *arg), void *arg)
{
	l->changed = changed;
	l->arg = arg;
}

/* With the lock. What cannot be stored counts as long as admin lives. */
static void keep(struct tp_lockout *l)
{
	if (tp_store_lockout_put(l->store, &l->row) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "lockout.store", "what counts towards the lockout cannot be stored");
}

static void tell(struct tp_lockout *l)
{
	if (l->changed)
		l->changed(l->arg);
}

/* With the lock. How long the block lasts; 0: until it is released. The shorter of what held when
 * it began and what holds now, so that the end of a trial, too, lets people in again. */
static uint64_t lasts_ms(const struct tp_lockout *l)
{
	struct tp_cfg_advanced settings;
	uint32_t now_s, then_s = l->row.seconds;

	tp_advanced_get(l->advanced, &settings);
	now_s = settings.lockout_s;
	return (!then_s || (now_s && now_s < then_s) ? now_s : then_s) * UINT64_C(1000);
}

/* With the lock. A clock that was set back does not make the block longer than it was meant. */
static bool is_blocked(struct tp_lockout *l, uint64_t now_ms)
{
	struct tp_lockout_row *r = &l->row;
	uint64_t lasts = lasts_ms(l);

	if (!r->since_ms)
		return false;
	if (now_ms < r->since_ms)
		r->since_ms = now_ms;
	if (!lasts || now_ms - r->since_ms < lasts)
		return true;
	r->since_ms = 0;
	return false;
}

/* With the lock. */
static void forget_old(struct tp_lockout_row *r, uint64_t now_ms, uint16_t window_min)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < r->failures; i++)
		if (!window_min || r->failed_ms[i] + window_min * MINUTE_MS > now_ms)
			r->failed_ms[kept++] = r->failed_ms[i];
	r->failures = kept;
}

void tp_lockout_look(struct tp_lockout *l, uint64_t now_ms, struct tp_lockout_state *out)
{
	struct tp_cfg_advanced settings;

	*out = (struct tp_lockout_state){ 0 };
	tp_advanced_get(l->advanced, &settings);
	if (!settings.enabled)
		return;
	pthread_mutex_lock(&l->lock);
	out->blocked = is_blocked(l, now_ms);
	if (out->blocked && lasts_ms(l))
		out->until_ms = l->row.since_ms + lasts_ms(l);
	forget_old(&l->row, now_ms, settings.lockout_window_min);
	out->failures = l->row.failures;
	pthread_mutex_unlock(&l->lock);
}

/* With the lock. True: it was the last that is allowed. */
static bool count(struct tp_lockout *l, const struct tp_cfg_advanced *settings, uint64_t now_ms)
{
	struct tp_lockout_row *r = &l->row;
	bool full;

	forget_old(r, now_ms, settings->lockout_window_min);
	full = r->failures + 1 >= settings->lockout_failures || r->failures + 1 > TP_LOCKOUT_FAILURES_MAX;
	if (full)
		*r = (struct tp_lockout_row){ .since_ms = now_ms, .seconds = settings->lockout_s };
	else
		r->failed_ms[r->failures++] = now_ms;
	keep(l);
	return full;
}

bool tp_lockout_failed(struct tp_lockout *l, uint64_t now_ms)
{
	struct tp_cfg_advanced settings;
	bool begins;

	tp_advanced_get(l->advanced, &settings);
	if (!settings.enabled)
		return false;
	pthread_mutex_lock(&l->lock);
	begins = !is_blocked(l, now_ms) && count(l, &settings, now_ms);
	pthread_mutex_unlock(&l->lock);
	if (begins)
		tell(l);
	return begins;
}

void tp_lockout_passed(struct tp_lockout *l)
{
	pthread_mutex_lock(&l->lock);
	if (l->row.failures) {
		l->row.failures = 0;
		keep(l);
	}
	pthread_mutex_unlock(&l->lock);
}

bool tp_lockout_release(struct tp_lockout *l, uint64_t now_ms)
{
	bool was;

	pthread_mutex_lock(&l->lock);
	was = is_blocked(l, now_ms);
	if (was) {
		l->row = (struct tp_lockout_row){ 0 };
		keep(l);
	}
	pthread_mutex_unlock(&l->lock);
	if (was)
		tell(l);
	return was;
}
