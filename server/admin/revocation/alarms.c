/* Alarms about revocation lists: a download that failed, a list that ends soon or has
 * ended. On the thread of admin/revocation/lists.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/revocation/inside.h"

enum {
	CODE_DOWNLOAD = 40086,
	CODE_ENDS = 40089,
	CODE_ENDED = 40090,
	DAY_S = 86400,
	THREE_DAYS_S = 3 * DAY_S,
	WEEK_S = 7 * DAY_S,
	WANTED_MAX = 256,
};

struct wanted {
	struct tp_msg_alarm *list;
	size_t count;
};

static struct tp_msg_alarm *add(struct wanted *w, uint32_t code, uint8_t severity,
				const char *subject)
{
	struct tp_msg_alarm *m;

	if (w->count == WANTED_MAX)
		return NULL;
	m = &w->list[w->count++];
	memset(m, 0, sizeof(*m));
	m->code = code;
	m->severity = severity;
	m->raised = true;
	tp_text_copy(m->subject, sizeof(m->subject), subject);
	return m;
}

static void want_downloads(struct tp_lists *l, struct wanted *w)
{
	pthread_mutex_lock(&l->lock);
	for (unsigned slot = 1; slot <= TP_LISTS_URLS_MAX; slot++) {
		const struct tp_lists_attempt *a = &l->attempts[slot];
		struct tp_msg_alarm *m;

		if (!a->url[0] || a->err == TP_OK)
			continue;
		m = add(w, CODE_DOWNLOAD, 1, a->url);
		if (!m)
			break;
		snprintf(m->text, sizeof(m->text), "The revocation lists of %.200s were not updated: %.250s",
			 a->url, a->text);
		tp_text_copy(m->remedy, sizeof(m->remedy),
			     "What was in use before stays in use until it ends. Check the distribution "
			     "point, then update again.");
	}
	pthread_mutex_unlock(&l->lock);
}

/* 7, 3 and 1 days before the end; of a list that lives for a short time only, not before
 * three quarters of that are over. */
static int severity_before(const struct tp_crl_list *list, int64_t now)
{
	int64_t left = list->next_update - now;
	int64_t life = list->next_update - list->this_update;

	if (left > WEEK_S || left > life / 4)
		return -1;
	return left <= DAY_S ? 2 : left <= THREE_DAYS_S ? 1 : 0;
}

static void want_end(struct wanted *w, const struct tp_crl_list *list, int64_t now)
{
	int64_t left = list->next_update - now;
	/* Without a delta its base goes on counting: that is told by the page, not by an alarm. */
	int severity = list->flags & TP_CRL_DELTA ? -1 : left < 0 ? 2 : severity_before(list, now);
	time_t end = (time_t)list->next_update;
	struct tm tm;
	char when[32];
	struct tp_msg_alarm *m;

	if (severity < 0)
		return;
	m = add(w, left < 0 ? CODE_ENDED : CODE_ENDS, (uint8_t)severity, list->issuer);
	if (!m)
		return;
	gmtime_r(&end, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M UTC", &tm);
	if (left < 0)
		snprintf(m->text, sizeof(m->text),
			 "The revocation list of %.200s ended on %s: all certificates of this CA count "
			 "as revoked.",
			 list->issuer, when);
	else
		snprintf(m->text, sizeof(m->text),
			 "The revocation list of %.200s ends on %s; from then on all certificates of this "
			 "CA count as revoked.",
			 list->issuer, when);
	tp_text_copy(m->remedy, sizeof(m->remedy),
		     "Update the list from its distribution point, or upload a newer one.");
}

static void want_ends(struct tp_lists *l, struct wanted *w)
{
	int64_t now = tp_lists_now_s();
	struct tp_crl_list *lists = calloc(TP_LISTS_SHOWN_MAX, sizeof(*lists));
	struct tp_crl_about about;
	size_t count;

	for (unsigned slot = 0; lists && slot <= TP_LISTS_URLS_MAX; slot++) {
		if (!tp_crl_set_about(l->set, slot, &about, lists, TP_LISTS_SHOWN_MAX, &count))
			continue;
		for (size_t i = 0; i < count; i++)
			want_end(w, &lists[i], now);
	}
	free(lists);
}

static bool is_ours(uint32_t code)
{
	return code == CODE_DOWNLOAD || code == CODE_ENDS || code == CODE_ENDED;
}

/* Two slots may hold lists of one issuer: the one that is worse off counts. */
static void merge(struct wanted *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->count; i++) {
		size_t at = 0;

		while (at < kept && (w->list[at].code != w->list[i].code ||
				     strcmp(w->list[at].subject, w->list[i].subject) != 0))
			at++;
		if (at == kept)
			w->list[kept++] = w->list[i];
		else if (w->list[i].severity > w->list[at].severity)
			w->list[at] = w->list[i];
	}
	w->count = kept;
}

void tp_lists_alarms(struct tp_lists *l, const struct tp_lists_settings *settings)
{
	struct wanted w = { .list = calloc(WANTED_MAX, sizeof(*w.list)) };

	if (!w.list)
		return;
	if (settings->enabled)
		want_downloads(l, &w);
	want_ends(l, &w);
	merge(&w);
	/* The database is asked on a change only. */
	if (!l->told || l->told_count != w.count ||
	    memcmp(l->told, w.list, w.count * sizeof(*w.list)) != 0) {
		tp_status_settle(l->status, is_ours, w.list, w.count);
		free(l->told);
		l->told = w.list;
		l->told_count = w.count;
		w.list = NULL;
	}
	free(w.list);
}
