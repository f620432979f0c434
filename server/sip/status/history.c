/* Ended calls on their way to admin. Runs in turnpike-sip. */
#include "sip/status/history.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"

struct entry {
	struct tp_list link;
	struct tp_msg_call_ended msg;
};

struct tp_history {
	struct tp_list entries;
	size_t count;
	uint64_t next_sequence;
};

enum tp_err tp_history_new(struct tp_history **out)
{
	struct tp_history *h = calloc(1, sizeof(*h));

	if (!h)
		return TP_NOMEM;
	tp_list_init(&h->entries);
	h->next_sequence = 1;
	*out = h;
	return TP_OK;
}

static void drop(struct tp_history *h, struct entry *e)
{
	tp_list_remove(&e->link);
	tp_msg_call_ended_fini(&e->msg);
	free(e);
	h->count--;
}

void tp_history_free(struct tp_history **history)
{
	struct tp_history *h = *history;
	struct tp_list *it, *next;

	if (!h)
		return;
	TP_LIST_EACH(it, next, &h->entries)
		drop(h, TP_CONTAINER(it, struct entry, link));
	free(h);
	*history = NULL;
}

static void send(struct tp_sip *sip, const struct entry *e)
{
	struct tp_channel *admin = sip->child ? tp_child_peer(sip->child, TP_PROCESS_ADMIN) : NULL;

	if (admin)
		(void)TP_CHANNEL_SEND(admin, call_ended, 0, &e->msg);
}

void tp_history_add(const struct tp_call *call, const struct tp_msg_stream_stats *stats, size_t count)
{
	struct tp_history *h = call->sip->history;
	struct entry *e;

	if (!call->counted)
		return;
	e = calloc(1, sizeof(*e));
	if (!e)
		return;
	e->msg.sequence = h->next_sequence++;
	e->msg.call_count = 1;
	e->msg.call[0] = call->info;
	tp_call_fill_steps(call, &e->msg.steps, &e->msg.steps_count);
	if (count > 32)
		count = 32;
	e->msg.stats = calloc(count ? count : 1, sizeof(*e->msg.stats));
	if (e->msg.stats && count) {
		memcpy(e->msg.stats, stats, count * sizeof(*stats));
		e->msg.stats_count = (uint32_t)count;
	}
	tp_list_append(&h->entries, &e->link);
	h->count++;
	send(call->sip, e);
	if (h->count > TP_HISTORY_MAX) {
		TP_LOG(TP_LOG_WARN, "call.history", "admin is away for long: the oldest ended call is forgotten");
		drop(h, TP_CONTAINER(h->entries.next, struct entry, link));
	}
}

void tp_history_ack(struct tp_sip *sip, uint64_t sequence)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sip->history->entries) {
		struct entry *e = TP_CONTAINER(it, struct entry, link);

		if (e->msg.sequence == sequence) {
			drop(sip->history, e);
			return;
		}
	}
}

void tp_history_resend(struct tp_sip *sip)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sip->history->entries)
		send(sip, TP_CONTAINER(it, struct entry, link));
}
