/* The table of calls and the life of one. Runs in turnpike-sip. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "sip/dialog/record.h"
#include "sip/proxy/call.h"
#include "sip/proxy/table.h"
#include "sip/status/history.h"

enum tp_err tp_calls_new(struct tp_sip *sip, struct tp_calls **out)
{
	struct tp_calls *calls = calloc(1, sizeof(*calls));

	if (!calls)
		return TP_NOMEM;
	tp_map_init(&calls->by_id, sip->seed, TP_CALLS_MAX);
	tp_map_init(&calls->by_dialog, sip->seed, TP_CALLS_MAX);
	tp_list_init(&calls->all);
	tp_list_init(&calls->kept);
	*out = calls;
	return TP_OK;
}

static void free_call(struct tp_call *call)
{
	struct tp_calls *calls = call->sip->calls;
	struct tp_list *it, *next;

	tp_later_cancel(&call->later);
	tp_timer_stop(call->sip->loop, &call->linger);
	tp_map_remove(&calls->by_id, &call->by_id);
	tp_map_remove(&calls->by_dialog, &call->by_dialog);
	tp_list_remove(&call->link);
	TP_LIST_EACH(it, next, &call->branches)
		tp_branch_free(TP_CONTAINER(it, struct tp_branch, link));
	tp_leg_fini(&call->caller);
	tp_sip_msg_free(&call->msg);
	tp_sip_msg_free(&call->best);
	free(call->targets);
	free(call->from);
	free(call->to);
	for (size_t i = 0; i < call->step_count; i++)
		free(call->steps[i]);
	free(call->steps);
	free(call);
}

void tp_calls_free(struct tp_calls **calls)
{
	struct tp_calls *c = *calls;
	struct tp_list *it, *next;

	if (!c)
		return;
	tp_calls_drop_kept(c);
	/* Media sessions are not closed: the media process keeps them for our next life. */
	TP_LIST_EACH(it, next, &c->all) {
		struct tp_call *call = TP_CONTAINER(it, struct tp_call, link);
		struct tp_list *x, *after;

		TP_LIST_EACH(x, after, &call->exchanges) {
			struct tp_exchange *exchange = TP_CONTAINER(x, struct tp_exchange, link);

			tp_sip_msg_free(&exchange->msg);
			tp_sip_msg_free(&exchange->ok);
			if (exchange->client)
				tp_client_txn_detach(&exchange->client);
			tp_list_remove(&exchange->link);
			free(exchange);
		}
		TP_LIST_EACH(x, after, &call->branches)
			TP_CONTAINER(x, struct tp_branch, link)->media = NULL;
		free_call(call);
	}
	tp_map_fini(&c->by_id);
	tp_map_fini(&c->by_dialog);
	free(c);
	*calls = NULL;
}

enum tp_err tp_call_new(struct tp_sip *sip, uint64_t id, struct tp_call **out)
{
	struct tp_call *call = calloc(1, sizeof(*call));
	enum tp_err err;

	if (!call)
		return TP_NOMEM;
	call->kind = TP_TXN_CALL;
	call->sip = sip;
	call->info.id = id;
	call->info.started_ms = tp_loop_unix_ms(sip->loop);
	tp_list_init(&call->branches);
	tp_list_init(&call->exchanges);
	err = tp_map_put(&sip->calls->by_id, &call->by_id, &call->info.id, sizeof(call->info.id));
	if (err != TP_OK) {
		free(call);
		return err;
	}
	call->alive = true;
	call->refs = 1;
	tp_list_append(&sip->calls->all, &call->link);
	*out = call;
	return TP_OK;
}

void tp_call_ref(struct tp_call *call)
{
	call->refs++;
}

static void free_later(void *arg)
{
	free_call(arg);
}

void tp_call_unref(struct tp_call *call)
{
	if (--call->refs == 0)
		tp_later_add(call->sip->loop, &call->later, free_later, call);
}

void tp_call_step(struct tp_call *call, const char *fmt, ...)
{
	char text[TP_ROUTE_STEP_TEXT_MAX + 1];
	char **grown;
	va_list args;

	if (call->step_count == TP_CALL_STEPS_MAX)
		return;
	va_start(args, fmt);
	/* Started one line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tp_text_make_printable(text);
	grown = realloc(call->steps, (call->step_count + 1) * sizeof(*grown));
	if (!grown)
		return;
	call->steps = grown;
	call->steps[call->step_count] = strdup(text);
	if (call->steps[call->step_count])
		call->step_count++;
}

void tp_call_fill_steps(const struct tp_call *call, struct tp_msg_decision_step **steps, uint32_t *count)
{
	*count = 0;
	*steps = calloc(call->step_count ? call->step_count : 1, sizeof(**steps));
	for (size_t i = 0; *steps && i < call->step_count; i++)
		tp_text_copy((*steps)[(*count)++].text, sizeof((*steps)[0].text), call->steps[i]);
}

/* ------------------------------------------------------------------ finding */

static void write_key(char *buf, size_t size, const char *call_id, const char *tag)
{
	snprintf(buf, size, "%s\n%s", call_id, tag);
}

void tp_call_index(struct tp_call *call, const char *call_id)
{
	write_key(call->dialog_key, sizeof(call->dialog_key), call_id, call->caller.tag);
	/* A call that passes here a second time is told apart by the id in our Route. */
	if (tp_map_put(&call->sip->calls->by_dialog, &call->by_dialog, call->dialog_key,
		       strlen(call->dialog_key)) != TP_OK)
		return;
}

struct tp_call *tp_calls_find_dialog(struct tp_sip *sip, const char *call_id, const char *tag)
{
	char key[2 * TP_SIP_TOKEN_MAX + 2];
	struct tp_map_node *node;

	write_key(key, sizeof(key), call_id, tag);
	node = tp_map_find(&sip->calls->by_dialog, key, strlen(key));
	return node ? TP_CONTAINER(node, struct tp_call, by_dialog) : NULL;
}

struct tp_call *tp_calls_find(struct tp_sip *sip, uint64_t id)
{
	struct tp_map_node *node = tp_map_find(&sip->calls->by_id, &id, sizeof(id));

	return node ? TP_CONTAINER(node, struct tp_call, by_id) : NULL;
}

/* ----------------------------------------------------------------- branches */

enum tp_err tp_branch_new(struct tp_call *call, struct tp_branch **out)
{
	struct tp_branch *branch = calloc(1, sizeof(*branch));

	if (!branch)
		return TP_NOMEM;
	branch->call = call;
	tp_list_init(&branch->jobs);
	tp_list_append(&call->branches, &branch->link);
	*out = branch;
	return TP_OK;
}

void tp_branch_free(struct tp_branch *branch)
{
	tp_jobs_clear(branch);
	tp_list_remove(&branch->link);
	tp_media_session_close(&branch->media, NULL, NULL);
	if (branch->txn)
		tp_client_txn_detach(&branch->txn);
	tp_leg_fini(&branch->leg);
	tp_sip_msg_free(&branch->request);
	tp_sip_msg_free(&branch->ok);
	tp_sip_msg_free(&branch->ack);
	free(branch);
}

void tp_branch_close_media(struct tp_branch *branch)
{
	tp_jobs_clear(branch);
	tp_media_session_close(&branch->media, NULL, NULL);
}

static void on_lost(void *arg, const char *reason)
{
	struct tp_branch *branch = arg;
	struct tp_call *call = branch->call;

	if (call->winner == branch && !call->ended) {
		tp_call_step(call, "the call is ended: %s", reason);
		(void)tp_calls_disconnect(call->sip, call->info.id, reason);
	}
}

static void write_record(void *arg, struct tp_wr *wr)
{
	tp_record_write(arg, wr);
}

const struct tp_media_owner tp_branch_media_owner = { write_record, on_lost };

/* ---------------------------------------------------------------------- end */

static void on_media_closed(void *arg, const struct tp_msg_stream_stats *stats, size_t count)
{
	struct tp_call *call = arg;

	tp_history_add(call, stats, count);
	tp_call_unref(call);
}

static void on_linger(void *arg)
{
	struct tp_call *call = arg;

	tp_media_session_close(&call->winner->media, on_media_closed, call);
}

/* Media goes on for a moment: packets may still be on their way. The record is empty
 * from now on, so that nobody takes the call over. */
static void close_media(struct tp_call *call)
{
	struct tp_branch *branch = call->winner;

	tp_jobs_clear(branch);
	tp_call_ref(call);
	tp_media_end_operations(branch->media);
	tp_media_refresh(branch->media);
	if (tp_timer_start(call->sip->loop, &call->linger, TP_CALL_LINGER_MS, on_linger, call) != TP_OK)
		on_linger(call);
}

void tp_call_end(struct tp_call *call, int status, const char *reason)
{
	struct tp_calls *calls = call->sip->calls;

	if (call->ended)
		return;
	call->ended = true;
	tp_map_remove(&calls->by_dialog, &call->by_dialog);
	call->info.state = 3;
	if (!call->info.answered_ms)
		call->info.status = (uint16_t)status;
	tp_text_copy(call->info.end_reason, sizeof(call->info.end_reason), reason);
	tp_text_make_printable(call->info.end_reason);
	call->info.ended_ms = tp_loop_unix_ms(call->sip->loop);
	if (call->counted) {
		calls->active--;
		if (!call->info.answered_ms)
			calls->failed++;
		tp_call_step(call, "ended: %s", call->info.end_reason);
		TP_LOG(TP_LOG_INFO, "call.end", "call %016llx from %s to %s ended: %s",
		       (unsigned long long)call->info.id, call->info.from, call->info.to,
		       call->info.end_reason);
	}
	if (call->winner && call->winner->media) {
		close_media(call);
	} else {
		tp_history_add(call, NULL, 0);
	}
	if (call->alive) {
		call->alive = false;
		tp_call_unref(call);
	}
}

/* ------------------------------------------------------------------- status */

size_t tp_calls_dialogs(const struct tp_sip *sip)
{
	return sip->calls->active;
}

uint32_t tp_calls_of_zone(const struct tp_sip *sip, uint32_t zone)
{
	struct tp_list *it, *next;
	uint32_t count = 0;

	TP_LIST_EACH(it, next, &sip->calls->all) {
		const struct tp_call *call = TP_CONTAINER(it, struct tp_call, link);

		if (call->counted && !call->ended &&
		    (call->caller.zone == zone || (call->winner && call->winner->leg.zone == zone)))
			count++;
	}
	return count;
}

void tp_calls_totals(const struct tp_sip *sip, uint64_t *total, uint64_t *failed)
{
	*total = sip->calls->total;
	*failed = sip->calls->failed;
}

void tp_calls_fill(struct tp_sip *sip, uint32_t offset, uint32_t limit, struct tp_msg_calls *out)
{
	struct tp_list *it, *next;

	if (limit > 50)
		limit = 50;
	memset(out, 0, sizeof(*out));
	out->calls = calloc(limit ? limit : 1, sizeof(*out->calls));
	TP_LIST_EACH(it, next, &sip->calls->all) {
		const struct tp_call *call = TP_CONTAINER(it, struct tp_call, link);

		if (!call->counted || call->ended)
			continue;
		if (out->total >= offset && out->calls && out->calls_count < limit)
			out->calls[out->calls_count++] = call->info;
		out->total++;
	}
}
