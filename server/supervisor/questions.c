/* Questions that a helper of its own answers each: a few at a time, and not for long. Runs
 * in turnpiked. */
#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"
#include "ipc/remote.h"
#include "supervisor/supervisor.h"

enum {
	RUNNING_MAX = 4,
	WAITING_MAX = 16,
	TIME_MAX_S = 120,
	HELPER_END_MS = 2000,
};

struct question {
	struct tp_list link;
	struct tp_sup_questions *all;
	struct tp_sup_process helper;
	struct tp_timer timer;
	void *asked;
	uint64_t time_s;
	uint32_t request; /* 0: nobody waits for it, or it is answered */
	bool running;
};

static void start_waiting(struct tp_sup_questions *all);

static void free_question(struct question *q)
{
	tp_timer_stop(q->all->sup->loop, &q->timer);
	tp_sup_process_fini(&q->helper);
	tp_list_remove(&q->link);
	q->all->kind->free(q->asked);
	free(q);
}

/* --------------------------------------------------------------------- answers */

static void tell(struct tp_sup *sup, uint32_t request, const struct tp_msg_remote_answered *m)
{
	if (TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel, remote_answered, request,
			    m) != TP_OK)
		TP_LOG(TP_LOG_WARN, "question.answer", "an answer could not be sent");
}

void tp_sup_question_refuse(struct tp_sup *sup, uint32_t request, enum tp_remote_result result,
			    const char *text)
{
	struct tp_msg_remote_answered *m = calloc(1, sizeof(*m));

	if (!m)
		return; /* admin's question runs out */
	m->result = (uint8_t)result;
	tp_remote_note(m, "question", false, "", "%s", text);
	tell(sup, request, m);
	free(m);
}

static void refuse(const struct question *q, enum tp_remote_result result, const char *text)
{
	if (q->request)
		tp_sup_question_refuse(q->all->sup, q->request, result, text);
}

static enum tp_err pass_on(struct tp_sup *sup, uint32_t request, struct tp_frame *frame)
{
	struct tp_msg_remote_answered *m = calloc(1, sizeof(*m));
	enum tp_err err = m ? tp_msg_remote_answered_read(&frame->body, m) : TP_NOMEM;

	if (err == TP_OK) {
		err = tp_rd_finish(&frame->body);
		if (err == TP_OK)
			tell(sup, request, m);
		tp_msg_remote_answered_fini(m);
	}
	free(m);
	return err;
}

/* --------------------------------------------------------------------- helpers */

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct question *q = arg;
	struct tp_sup *sup = q->all->sup;
	enum tp_err err = q->request ? pass_on(sup, q->request, frame) : TP_STATE;

	(void)ch;
	if (err != TP_OK)
		return err;
	q->request = 0;
	tp_timer_stop(sup->loop, &q->timer);
	tp_sup_process_kill_after(&q->helper, HELPER_END_MS);
	tp_channel_free(&q->helper.channel);
	return TP_OK;
}

static void on_end(void *arg)
{
	struct question *q = arg;
	struct tp_sup_questions *all = q->all;
	char text[200];

	snprintf(text, sizeof(text), "The %s helper ended without an answer (%s).", all->kind->name,
		 q->helper.last_end);
	if (q->request)
		TP_LOG(TP_LOG_WARN, "question.end", "%s", text);
	refuse(q, TP_REMOTE_UNAVAILABLE, text);
	free_question(q);
	start_waiting(all);
}

static void on_due(void *arg)
{
	struct question *q = arg;

	refuse(q, TP_REMOTE_LATE, q->all->kind->late);
	q->request = 0;
	tp_sup_process_kill(&q->helper);
}

static enum tp_err start(struct question *q)
{
	struct tp_sup_questions *all = q->all;
	struct tp_sup *sup = all->sup;
	const char *argv[] = { tp_process_name(all->kind->process), "--log-level", sup->options.log_level,
			       NULL };
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_sup_process_start(sup, &q->helper, all->kind->process, argv, &all->folder_fd,
					       all->folder_fd >= 0, on_frame, on_end, q, &diag);

	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "question.start", "%s: %s", diag.where, diag.text);
		return err;
	}
	q->running = true;
	err = all->kind->send(q->helper.channel, q->asked);
	if (err == TP_OK)
		err = tp_timer_start(sup->loop, &q->timer, 1000 * q->time_s, on_due, q);
	/* The end of a helper that was not asked is told as the failure. */
	if (err != TP_OK)
		tp_sup_process_kill(&q->helper);
	return TP_OK;
}

static size_t count(const struct tp_sup_questions *all, bool running)
{
	size_t n = 0;

	for (const struct tp_list *it = all->list.next; it != &all->list; it = it->next)
		/* What is freed is out of the list. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		n += TP_CONTAINER(it, const struct question, link)->running == running;
	return n;
}

static struct question *first_waiting(struct tp_sup_questions *all)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &all->list)
		if (!TP_CONTAINER(it, struct question, link)->running)
			return TP_CONTAINER(it, struct question, link);
	return NULL;
}

static void start_waiting(struct tp_sup_questions *all)
{
	char text[64];
	struct question *q;

	while (!all->sup->ending && count(all, true) < RUNNING_MAX && (q = first_waiting(all))) {
		if (start(q) == TP_OK)
			continue;
		snprintf(text, sizeof(text), "The %s helper cannot be started.", all->kind->name);
		refuse(q, TP_REMOTE_UNAVAILABLE, text);
		free_question(q);
	}
}

enum tp_err tp_sup_question_ask(struct tp_sup_questions *all, uint32_t request, uint32_t time_s, void *asked)
{
	struct question *q;

	if (count(all, false) >= WAITING_MAX) {
		tp_sup_question_refuse(all->sup, request, TP_REMOTE_BUSY, all->kind->busy);
		all->kind->free(asked);
		return TP_OK;
	}
	q = calloc(1, sizeof(*q));
	if (!q) {
		all->kind->free(asked);
		return TP_NOMEM;
	}
	q->all = all;
	q->asked = asked;
	q->request = request;
	q->time_s = time_s && time_s < TIME_MAX_S ? time_s : TIME_MAX_S;
	tp_list_append(&all->list, &q->link);
	start_waiting(all);
	return TP_OK;
}

void tp_sup_questions_init(struct tp_sup_questions *all, struct tp_sup *sup,
			   const struct tp_sup_question_kind *kind)
{
	all->sup = sup;
	all->kind = kind;
	all->folder_fd = -1;
	tp_list_init(&all->list);
}

void tp_sup_questions_forget(struct tp_sup_questions *all)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &all->list) {
		struct question *q = TP_CONTAINER(it, struct question, link);

		q->request = 0;
		if (q->running)
			tp_sup_process_kill(&q->helper);
		else
			free_question(q);
	}
}

void tp_sup_questions_fini(struct tp_sup_questions *all)
{
	while (!tp_list_empty(&all->list))
		free_question(TP_CONTAINER(tp_list_first(&all->list), struct question, link));
}
