/* What happened, as one JSON object. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phone.h"

static void fold_gaps(struct app *app, const struct leg *leg)
{
	for (size_t i = 0; i < leg->media.gap_count; i++) {
		if (app->gap_count == sizeof(app->gaps) / sizeof(app->gaps[0]))
			return;
		app->gaps[app->gap_count++] = (struct told_gap){ leg->id, leg->media.gaps[i] };
	}
}

void report_fold(struct app *app, struct leg *leg)
{
	const struct media *m = &leg->media;
	struct tally *own = &app->tally[app->phone_of[leg->id]];
	struct tally *peer = own;
	own->sent += m->sent;
	own->rtcp_sent += m->rtcp_sent;
	own->legs++;
	if (m->peer && m->peer <= app->leg_count)
		peer = &app->tally[app->phone_of[m->peer]];
	peer->received += m->received;
	peer->missed_first += m->missed_first;
	peer->duplicate += m->duplicate;
	peer->corrupt += m->corrupt;
	peer->foreign += m->foreign;
	peer->reordered += m->reordered;
	peer->srtp_failed += m->srtp_failed;
	peer->rtcp_received += m->rtcp_received;
	if (m->began && !m->received)
		own->silent_legs++;
	if (m->gap_ms > peer->gap_ms)
		peer->gap_ms = m->gap_ms;
	if (m->first_ms > peer->first_ms)
		peer->first_ms = m->first_ms;
	fold_gaps(app, leg);
	app->by_id[leg->id] = NULL;
	media_close(leg);
	free(leg->resend);
	free(leg->ack);
	free(leg);
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* Milliseconds with one digit, of the call at that share of all. */
static double percentile(const struct app *app, double share)
{
	if (!app->setup_count)
		return 0;
	size_t at = (size_t)((double)(app->setup_count - 1) * share + 0.5);
	return app->setup_us[at] / 1000.0;
}

static void write_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar((unsigned char)*s < 0x20 ? ' ' : *s);
	}
	putchar('"');
}

static void write_media(const struct app *app, size_t i)
{
	const struct tally *t = &app->tally[i];
	uint64_t lost = t->sent > t->received ? t->sent - t->received : 0;
	printf("{\"from\":");
	write_text(app->phones[i].spec.name);
	printf(",\"legs\":%u,\"sent\":%" PRIu64 ",\"received\":%" PRIu64 ",\"lost\":%" PRIu64, t->legs,
	       t->sent, t->received, lost);
	printf(",\"lost_at_start\":%" PRIu64, t->missed_first);
	printf(",\"corrupt\":%" PRIu64 ",\"foreign\":%" PRIu64 ",\"duplicate\":%" PRIu64
	       ",\"reordered\":%" PRIu64 ",\"srtp_failed\":%" PRIu64,
	       t->corrupt, t->foreign, t->duplicate, t->reordered, t->srtp_failed);
	printf(",\"rtcp_sent\":%" PRIu64 ",\"rtcp_received\":%" PRIu64, t->rtcp_sent, t->rtcp_received);
	printf(",\"silent_legs\":%u,\"gap_ms\":%u,\"first_ms\":%u}", t->silent_legs, t->gap_ms, t->first_ms);
}

static void write_phone(const struct phone *p)
{
	printf("{\"name\":");
	write_text(p->spec.name);
	printf(",\"registered\":%s,\"registrations\":%u,\"connects\":%u,\"trouble\":",
	       p->was_registered ? "true" : "false", p->registrations, p->wire.connects);
	write_text(p->trouble);
	putchar('}');
}

void report_write(struct app *app)
{
	if (app->setup_count)
		qsort(app->setup_us, app->setup_count, sizeof(app->setup_us[0]), compare_u32);
	printf("{\"calls\":%u,\"failed\":%u,\"answered\":%zu,", app->calls, app->failed, app->setup_count);
	printf("\"setup_ms\":{\"p50\":%.1f,\"p95\":%.1f,\"max\":%.1f},\"media\":[", percentile(app, 0.5),
	       percentile(app, 0.95), percentile(app, 1));
	for (size_t i = 0; i < app->phone_count; i++) {
		printf("%s", i ? "," : "");
		write_media(app, i);
	}
	printf("],\"phones\":[");
	for (size_t i = 0; i < app->phone_count; i++) {
		printf("%s", i ? "," : "");
		write_phone(&app->phones[i]);
	}
	printf("],\"gaps\":[");
	for (size_t i = 0; i < app->gap_count; i++)
		printf("%s{\"leg\":%u,\"at_ms\":%u,\"ms\":%u}", i ? "," : "", app->gaps[i].leg,
		       app->gaps[i].gap.at_ms, app->gaps[i].gap.ms);
	printf("],\"failures\":[");
	for (size_t i = 0; i < app->failure_count; i++) {
		printf("%s", i ? "," : "");
		write_text(app->failures[i]);
	}
	printf("]}\n");
}

bool report_good(const struct app *app)
{
	bool good = app->failed == 0;
	for (size_t i = 0; i < app->phone_count; i++)
		good = good && app->tally[i].corrupt == 0 && app->tally[i].foreign == 0;
	return good;
}
