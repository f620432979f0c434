/* JSON about revocation lists (docs/api.md, "Revocation"). Runs in turnpike-admin's
 * workers. */
#include <stdlib.h>
#include <string.h>

#include "admin/http/router.h"
#include "admin/http/times.h"
#include "admin/revocation/inside.h"

enum { SOON_S = 7 * 86400 };

static const char *state_of(const struct tp_crl_list *list, int64_t now)
{
	if (list->next_update < now)
		return list->flags & TP_CRL_DELTA ? "delta-ended" : "expired";
	return list->next_update - now < SOON_S ? "ends-soon" : "current";
}

static json_t *time_json(int64_t at_s)
{
	return at_s > 0 ? tp_times_json((uint64_t)at_s * 1000) : json_null();
}

static json_t *list_json(const struct tp_crl_list *list, int64_t now)
{
	return json_pack("{s:o, s:s, s:o, s:o, s:I, s:b, s:b}", "issuer", tp_json_text(list->issuer), "state",
			 state_of(list, now), "this-update-at", time_json(list->this_update),
			 "next-update-at", time_json(list->next_update), "entries",
			 (json_int_t)list->entries, "indirect", (list->flags & TP_CRL_INDIRECT) != 0,
			 "delta", (list->flags & TP_CRL_DELTA) != 0);
}

struct shown {
	struct tp_crl_about about;
	struct tp_crl_list lists[TP_LISTS_SHOWN_MAX];
	size_t count;
};

static json_t *lists_json(const struct shown *s, int64_t now)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(array, list_json(&s->lists[i], now));
	return array;
}

static json_int_t entries_of(const struct shown *s)
{
	json_int_t sum = 0;

	for (size_t i = 0; i < s->count; i++)
		sum += s->lists[i].entries;
	return sum;
}

/* A source: what is held for it, and what was tried last. */
static json_t *source_json(const char *url, bool held, const struct shown *s,
			   const struct tp_lists_attempt *tried)
{
	int64_t now = tp_lists_now_s();
	const char *state = tried ? (tried->err == TP_OK ? "ok" : "failed") : held ? "ok" : "waiting";
	const char *result = tried ? tried->text : held ? "In use since before the last start." :
								  "Not downloaded yet.";

	return json_pack("{s:o, s:s, s:o, s:o, s:I, s:I, s:o, s:o}", "url",
			 url ? tp_json_text(url) : json_null(), "state", state, "result",
			 tp_json_text(result), "at",
			 time_json(tried ? tried->at_s : held ? s->about.made_at : 0), "bytes",
			 (json_int_t)(held ? s->about.from_bytes : 0), "entries",
			 held ? entries_of(s) : 0, "in-use-since-at",
			 time_json(held ? s->about.made_at : 0), "lists",
			 held ? lists_json(s, now) : json_array());
}

/* A copy; false: nothing was tried for this URL. */
static bool attempt_of(struct tp_lists *l, const char *url, struct tp_lists_attempt *out)
{
	bool found = false;

	pthread_mutex_lock(&l->lock);
	for (unsigned slot = 1; slot <= TP_LISTS_URLS_MAX && !found; slot++)
		if (strcmp(l->attempts[slot].url, url) == 0) {
			*out = l->attempts[slot];
			found = true;
		}
	pthread_mutex_unlock(&l->lock);
	return found;
}

static bool held_of(struct tp_lists *l, const char *url, struct shown *s)
{
	for (unsigned slot = 1; slot <= TP_LISTS_URLS_MAX; slot++)
		if (tp_crl_set_about(l->set, slot, &s->about, s->lists, TP_LISTS_SHOWN_MAX, &s->count) &&
		    strcmp(s->about.origin, url) == 0)
			return true;
	return false;
}

static json_t *sources_json(struct tp_lists *l, const struct tp_lists_settings *settings,
			    struct shown *s)
{
	struct tp_lists_attempt *tried = calloc(1, sizeof(*tried));
	json_t *array = json_array();

	for (size_t u = 0; tried && settings->enabled && u < settings->url_count; u++) {
		const char *url = settings->urls[u];
		bool held = held_of(l, url, s);
		bool was_tried = attempt_of(l, url, tried);

		json_array_append_new(array, source_json(url, held, s, was_tried ? tried : NULL));
	}
	free(tried);
	return array;
}

/* null: nothing is uploaded. */
static json_t *upload_json(struct tp_lists *l, struct shown *s)
{
	if (!tp_crl_set_about(l->set, TP_LISTS_UPLOAD_SLOT, &s->about, s->lists, TP_LISTS_SHOWN_MAX,
			      &s->count))
		return json_null();
	return json_pack("{s:o, s:I, s:I, s:o}", "uploaded-at", time_json(s->about.made_at), "bytes",
			 (json_int_t)s->about.from_bytes, "entries", entries_of(s), "lists",
			 lists_json(s, tp_lists_now_s()));
}

json_t *tp_lists_json(struct tp_lists *l)
{
	struct tp_lists_settings *settings = calloc(1, sizeof(*settings));
	struct shown *s = calloc(1, sizeof(*s));
	json_t *out = NULL;
	bool updating;

	if (settings && s) {
		bool known = tp_lists_read_settings(l, settings);
		int64_t due = known ? tp_lists_last_due(settings->update_at, tp_lists_now_s()) : 0;

		pthread_mutex_lock(&l->lock);
		updating = l->updating || l->asked;
		pthread_mutex_unlock(&l->lock);
		out = json_pack("{s:b, s:b, s:o, s:o, s:o}", "automatic", settings->enabled, "updating",
				updating, "next-at",
				time_json(settings->enabled && known ? due + 86400 : 0), "sources",
				sources_json(l, settings, s), "manual", upload_json(l, s));
	}
	free(settings);
	free(s);
	return out;
}
