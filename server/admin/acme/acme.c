/* When a certificate is asked for, and what came of it. Runs in turnpike-admin: one
 * thread of its own, the bus's events thread, and the workers that ask. */
#include "admin/acme/acme.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/acme/inside.h"
#include "admin/http/times.h"
#include "core/log.h"

enum { LOOK_EVERY_S = 2 };

static int64_t now_s(void)
{
	return (int64_t)(tp_times_now_ms() / 1000);
}

/* ------------------------------------------------------------------------- alarm */

static bool is_ours(uint32_t code)
{
	return code == TP_ALARM_ACME_FAILED;
}

/* The database is asked on a change only. */
static void settle_alarm(struct tp_acme *a, bool enabled, const struct tp_acme_row *row)
{
	struct tp_msg_alarm m = {.code = TP_ALARM_ACME_FAILED, .raised = true, .severity = 1};
	bool failed = enabled && row->failed;

	tp_text_copy(m.subject, sizeof(m.subject), "ACME");
	snprintf(m.text, sizeof(m.text), "No certificate came by ACME: %.450s", row->result);
	tp_text_copy(m.remedy, sizeof(m.remedy),
		     "The present certificate stays in use until it ends. Correct the settings of ACME or "
		     "what the authority complains of, then request again.");
	/* Padding that differs tells the alarm once more.
	 * NOLINTNEXTLINE(*-memory-comparison,cert-exp42-c,cert-flp37-c) */
	if (a->told && a->told->raised == failed && (!failed || !memcmp(a->told, &m, sizeof(m))))
		return;
	tp_status_settle(a->parts.status, is_ours, &m, failed ? 1 : 0);
	if (!a->told)
		a->told = calloc(1, sizeof(*a->told));
	if (a->told) {
		*a->told = m;
		a->told->raised = failed;
	}
}

/* ------------------------------------------------------------------------- one try */

static void note(struct tp_acme *a, const struct tp_acme_row *row)
{
	struct tp_log_entry line = {.at_ms = row->tried_ms, .severity = row->failed ? 1 : 0};

	tp_text_copy(line.name, sizeof(line.name), row->failed ? "acme.failed" : "acme.done");
	tp_text_copy(line.user, sizeof(line.user), "acme");
	snprintf(line.text, sizeof(line.text), "%.1000s", row->result);
	if (tp_store_log_add(a->parts.store, TP_LOG_KIND_EVENT, &line) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "acme.log", "not stored: %s", row->result);
}

static void keep(struct tp_acme *a, const struct tp_acme_row *row, bool holding)
{
	if (tp_store_acme_put(a->parts.store, row) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "acme.store", "the result cannot be stored: %s", row->result);
	pthread_mutex_lock(&a->lock);
	a->row = *row;
	a->working = false;
	a->holding = holding;
	pthread_mutex_unlock(&a->lock);
}

static void start_working(struct tp_acme *a, const struct tp_acme_settings *s)
{
	pthread_mutex_lock(&a->lock);
	a->enabled = true;
	a->working = true;
	a->challenge = s->challenge;
	a->http_port = s->http_port;
	pthread_mutex_unlock(&a->lock);
}

static void order(struct tp_acme *a, struct tp_acme_settings *s, struct tp_acme_row *row)
{
	enum tp_err err;

	start_working(a, s);
	free(a->tried_whole);
	a->tried_whole = strdup(s->whole ? s->whole : "");
	tp_acme_join_names(s, row->names, sizeof(row->names));
	err = tp_acme_order(a, s, row);
	row->tried_ms = tp_times_now_ms();
	row->failed = err != TP_OK && err != TP_CONFLICT;
	keep(a, row, err == TP_CONFLICT);
	note(a, row);
}

static void deploy(struct tp_acme *a, const struct tp_acme_settings *s, struct tp_acme_row *row)
{
	enum tp_err err = tp_acme_deploy_waiting(a, s, row);

	if (err == TP_CONFLICT)
		return;
	row->failed = err != TP_OK;
	keep(a, row, false);
	note(a, row);
}

/* ----------------------------------------------------------------------- the thread */

static void look(struct tp_acme *a, struct tp_acme_settings *s, struct tp_acme_row *row, bool asked)
{
	struct tp_acme_facts facts;
	int64_t next;

	tp_acme_look(a, s, row, &facts);
	next = tp_acme_next(&facts);
	if (s->enabled && a->waiting.chain && !asked)
		deploy(a, s, row);
	else if (s->enabled && (asked || next <= now_s()))
		order(a, s, row);
	if (!s->enabled)
		tp_acme_forget_waiting(a);
	tp_acme_look(a, s, row, &facts);
	settle_alarm(a, s->enabled, row);
	pthread_mutex_lock(&a->lock);
	a->enabled = s->enabled;
	a->holding = a->waiting.chain != NULL;
	a->next_s = tp_acme_next(&facts);
	a->working = a->asked && s->enabled;
	pthread_mutex_unlock(&a->lock);
}

static void round_of(struct tp_acme *a, struct tp_acme_settings *s, struct tp_acme_row *row, bool asked)
{
	if (!tp_acme_read_settings(a, s))
		return;
	pthread_mutex_lock(&a->lock);
	*row = a->row;
	pthread_mutex_unlock(&a->lock);
	look(a, s, row, asked);
	tp_acme_settings_fini(s);
}

static void *run(void *arg)
{
	struct tp_acme *a = arg;
	struct tp_acme_settings *s = calloc(1, sizeof(*s));
	struct tp_acme_row *row = calloc(1, sizeof(*row));

	pthread_mutex_lock(&a->lock);
	while (s && row && !a->ending) {
		bool asked = a->asked;
		struct timespec at;

		a->asked = false;
		pthread_mutex_unlock(&a->lock);
		round_of(a, s, row, asked);
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec += LOOK_EVERY_S;
		pthread_mutex_lock(&a->lock);
		if (!a->ending && !a->asked)
			pthread_cond_timedwait(&a->wake, &a->lock, &at);
	}
	pthread_mutex_unlock(&a->lock);
	free(row);
	free(s);
	return NULL;
}

/* ------------------------------------------------------------------------ challenges */

struct tp_acme_proofs *tp_acme_proofs(struct tp_acme *a)
{
	return a->proofs;
}

void tp_acme_on_challenge(struct tp_acme *a, const struct tp_msg_acme_challenge *m)
{
	uint8_t challenge;
	uint16_t port;
	bool working;
	enum tp_err err = TP_STATE;

	pthread_mutex_lock(&a->lock);
	challenge = a->challenge;
	port = a->http_port;
	working = a->working;
	pthread_mutex_unlock(&a->lock);
	if (working && challenge == TP_ACME_HTTP_01)
		err = tp_acme_show_http(a->proofs, port, m);
	else if (working && challenge == TP_ACME_TLS_ALPN_01)
		err = tp_acme_show_tls(a->proofs, m);
	tp_bus_acme_ready(a->parts.bus, err == TP_OK);
}

/* ---------------------------------------------------------------------------- life */

enum tp_err tp_acme_new(const struct tp_acme_parts *parts, struct tp_acme **out)
{
	struct tp_acme *a = calloc(1, sizeof(*a));
	pthread_condattr_t attr;
	enum tp_err err = a ? tp_acme_proofs_new(&a->proofs) : TP_NOMEM;

	if (err == TP_OK)
		err = tp_store_acme_get(parts->store, &a->row);
	if (err != TP_OK) {
		if (a)
			tp_acme_proofs_free(&a->proofs);
		free(a);
		return err;
	}
	a->parts = *parts;
	a->next_s = INT64_MAX;
	pthread_mutex_init(&a->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&a->wake, &attr);
	pthread_condattr_destroy(&attr);
	*out = a;
	return TP_OK;
}

void tp_acme_free(struct tp_acme **acme)
{
	struct tp_acme *a = *acme;

	if (!a)
		return;
	tp_acme_forget_waiting(a);
	tp_acme_proofs_free(&a->proofs);
	pthread_cond_destroy(&a->wake);
	pthread_mutex_destroy(&a->lock);
	free(a->tried_whole);
	free(a->told);
	free(a);
	*acme = NULL;
}

enum tp_err tp_acme_start(struct tp_acme *a)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	a->running = pthread_create(&a->thread, NULL, run, a) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return a->running ? TP_OK : TP_IO;
}

void tp_acme_stop(struct tp_acme *a)
{
	pthread_mutex_lock(&a->lock);
	a->ending = true;
	pthread_cond_signal(&a->wake);
	pthread_mutex_unlock(&a->lock);
	if (a->running)
		pthread_join(a->thread, NULL);
	a->running = false;
}
