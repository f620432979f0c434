/* Password hashing for admin, done by at most two hash helpers, of which what is not urgent
 * takes one at a time: whoever is known never waits for a stranger. Those who wait for
 * their turn are counted. Runs in turnpiked. */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "supervisor/supervisor.h"

enum {
	WORK_MS = 10000,
	IDLE_MS = 30000, /* a helper that has nothing to do for so long is ended */
	WAITING_MAX = 16, /* of each queue */
};

struct tp_sup_hash_ask {
	struct tp_list link;
	uint32_t request;
	struct tp_msg_hash_ask m;
};

static void give_turns(struct tp_sup *sup);

static void free_ask(struct tp_sup_hash_ask *ask)
{
	tp_list_remove(&ask->link);
	tp_wipe(ask, sizeof(*ask));
	free(ask);
}

static struct tp_channel *admin_channel(struct tp_sup *sup)
{
	return tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel;
}

static void tell(struct tp_sup *sup, uint32_t request, const struct tp_msg_hash_made *m)
{
	if (request && TP_CHANNEL_SEND(admin_channel(sup), hash_made, request, m) != TP_OK)
		TP_LOG(TP_LOG_WARN, "hash.answer", "an answer could not be sent");
}

static void refuse(struct tp_sup *sup, uint32_t request, enum tp_err err)
{
	const struct tp_msg_hash_made m = { .err = (uint8_t)err };

	tell(sup, request, &m);
}

/* ----------------------------------------------------------------------- helpers */

static void end(struct tp_sup_hasher *h)
{
	h->ending = true;
	tp_sup_process_kill(&h->process);
}

/* Too slow, or idle for long. */
static void on_due(void *arg)
{
	end(arg);
}

static void on_end(void *arg)
{
	struct tp_sup_hasher *h = arg;
	struct tp_sup *sup = h->process.sup;

	tp_timer_stop(sup->loop, &h->timer);
	if (h->busy) {
		TP_LOG(TP_LOG_ERROR, "hash.end", "a hash helper ended while it worked (%s)",
		       h->process.last_end);
		refuse(sup, h->request, TP_INTERNAL);
	}
	h->busy = h->ending = false;
	give_turns(sup);
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sup_hasher *h = arg;
	struct tp_sup *sup = h->process.sup;
	struct tp_msg_hash_made m;
	enum tp_err err = h->busy ? tp_msg_hash_made_read(&frame->body, &m) : TP_STATE;

	(void)ch;
	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK)
		return err;
	h->busy = false;
	tell(sup, h->request, &m);
	tp_wipe(&m, sizeof(m));
	if (tp_timer_start(sup->loop, &h->timer, IDLE_MS, on_due, h) != TP_OK)
		end(h);
	give_turns(sup);
	return TP_OK;
}

static enum tp_err start(struct tp_sup *sup, struct tp_sup_hasher *h)
{
	const char *argv[] = { tp_process_name(TP_PROCESS_HASH), "--log-level",
			       sup->options.log_level, NULL };
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_sup_process_start(sup, &h->process, TP_PROCESS_HASH, argv, NULL, 0,
					       on_frame, on_end, h, &diag);

	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "hash.start", "%s: %s", diag.where, diag.text);
	return err;
}

/* -------------------------------------------------------------------------- turns */

static struct tp_sup_hasher *free_hasher(struct tp_sup *sup)
{
	struct tp_sup_hasher *cold = NULL;

	for (size_t i = 0; i < TP_SUP_HASHERS; i++) {
		struct tp_sup_hasher *h = &sup->hash.hashers[i];

		if (h->busy || h->ending)
			continue;
		if (h->process.pid)
			return h;
		cold = h;
	}
	return cold;
}

/* Whether a helper works on what is not urgent. */
static bool works_for_a_stranger(const struct tp_sup *sup)
{
	for (size_t i = 0; i < TP_SUP_HASHERS; i++)
		if (sup->hash.hashers[i].busy && !sup->hash.hashers[i].urgent)
			return true;
	return false;
}

static struct tp_sup_hash_ask *next_ask(struct tp_sup *sup)
{
	size_t queues = works_for_a_stranger(sup) ? 1 : TP_SUP_HASH_QUEUES;

	for (size_t i = 0; i < queues; i++) {
		struct tp_list *first = tp_list_first(&sup->hash.waiting[i]);

		if (!first)
			continue;
		sup->hash.count[i]--;
		return TP_CONTAINER(first, struct tp_sup_hash_ask, link);
	}
	return NULL;
}

static void work(struct tp_sup *sup, struct tp_sup_hasher *h, const struct tp_sup_hash_ask *ask)
{
	enum tp_err err = h->process.pid ? TP_OK : start(sup, h);

	if (err != TP_OK) {
		refuse(sup, ask->request, TP_INTERNAL);
		return;
	}
	h->busy = true;
	h->urgent = ask->m.urgent;
	h->request = ask->request;
	err = TP_CHANNEL_SEND(h->process.channel, hash_ask, 0, &ask->m);
	if (err == TP_OK)
		err = tp_timer_start(sup->loop, &h->timer, WORK_MS, on_due, h);
	/* The end of a helper that was not asked is told as the failure. */
	if (err != TP_OK)
		end(h);
}

static void give_turns(struct tp_sup *sup)
{
	struct tp_sup_hasher *h;
	struct tp_sup_hash_ask *ask;

	while (!sup->ending && (h = free_hasher(sup)) && (ask = next_ask(sup))) {
		work(sup, h, ask);
		free_ask(ask);
	}
}

enum tp_err tp_sup_hash_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_sup_hash_ask *ask = calloc(1, sizeof(*ask));
	enum tp_err err = ask ? tp_msg_hash_ask_read(&frame->body, &ask->m) : TP_NOMEM;
	size_t queue;

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK) {
		free(ask);
		return err;
	}
	queue = ask->m.urgent ? 0 : 1;
	tp_list_append(&sup->hash.waiting[queue], &ask->link);
	ask->request = frame->request;
	if (sup->hash.count[queue] >= WAITING_MAX) {
		refuse(sup, ask->request, TP_LIMIT);
		free_ask(ask);
		return TP_OK;
	}
	sup->hash.count[queue]++;
	give_turns(sup);
	return TP_OK;
}

/* --------------------------------------------------------------------------- life */

void tp_sup_hash_init(struct tp_sup *sup)
{
	for (size_t i = 0; i < TP_SUP_HASH_QUEUES; i++)
		tp_list_init(&sup->hash.waiting[i]);
}

void tp_sup_hash_forget(struct tp_sup *sup)
{
	for (size_t i = 0; i < TP_SUP_HASH_QUEUES; i++) {
		struct tp_list *first;

		while ((first = tp_list_first(&sup->hash.waiting[i])))
			free_ask(TP_CONTAINER(first, struct tp_sup_hash_ask, link));
		sup->hash.count[i] = 0;
	}
	for (size_t i = 0; i < TP_SUP_HASHERS; i++)
		sup->hash.hashers[i].request = 0;
}

void tp_sup_hash_fini(struct tp_sup *sup)
{
	tp_sup_hash_forget(sup);
	for (size_t i = 0; i < TP_SUP_HASHERS; i++) {
		tp_timer_stop(sup->loop, &sup->hash.hashers[i].timer);
		tp_sup_process_fini(&sup->hash.hashers[i].process);
	}
}
