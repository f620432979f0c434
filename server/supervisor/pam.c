/* Questions of admin to PAM: each by a helper of its own, a few at a time and not for
 * long. Runs in turnpiked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "os/file.h"
#include "supervisor/supervisor.h"

enum {
	RUNNING_MAX = 4,
	WAITING_MAX = 16,
	TIME_MAX_S = 120,
	HELPER_END_MS = 2000,
};

struct question {
	struct tp_list link;
	struct tp_sup *sup;
	struct tp_sup_process helper;
	struct tp_timer timer;
	struct tp_msg_pam_ask asked;
	uint32_t request; /* 0: nobody waits for it, or it is answered */
	bool running;
};

static void start_waiting(struct tp_sup *sup);

static void free_question(struct question *p)
{
	tp_timer_stop(p->sup->loop, &p->timer);
	tp_sup_process_fini(&p->helper);
	tp_list_remove(&p->link);
	tp_wipe(&p->asked, sizeof(p->asked));
	free(p);
}

/* ------------------------------------------------------------------------ answers */

static void tell(struct tp_sup *sup, uint32_t request, const struct tp_msg_pam_answered *m)
{
	if (request && TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel,
				       pam_answered, request, m) != TP_OK)
		TP_LOG(TP_LOG_WARN, "pam.answer", "an answer could not be sent");
}

static void tell_failure(struct tp_sup *sup, uint32_t request, enum tp_pam_result result,
			 const char *text)
{
	struct tp_msg_pam_answered *m = calloc(1, sizeof(*m));

	if (!m)
		return; /* admin's question runs out */
	m->result = (uint8_t)result;
	tp_text_copy(m->text, sizeof(m->text), text);
	tell(sup, request, m);
	free(m);
}

static enum tp_err pass_on(struct question *p, struct tp_frame *frame)
{
	struct tp_msg_pam_answered *m = calloc(1, sizeof(*m));
	enum tp_err err = m ? tp_msg_pam_answered_read(&frame->body, m) : TP_NOMEM;

	if (err == TP_OK) {
		err = tp_rd_finish(&frame->body);
		if (err == TP_OK)
			tell(p->sup, p->request, m);
		tp_msg_pam_answered_fini(m);
	}
	free(m);
	return err;
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct question *p = arg;
	enum tp_err err = p->request ? pass_on(p, frame) : TP_STATE;

	(void)ch;
	if (err != TP_OK)
		return err;
	p->request = 0;
	tp_timer_stop(p->sup->loop, &p->timer);
	tp_sup_process_kill_after(&p->helper, HELPER_END_MS);
	tp_channel_free(&p->helper.channel);
	return TP_OK;
}

static void on_end(void *arg)
{
	struct question *p = arg;
	struct tp_sup *sup = p->sup;
	char text[200];

	snprintf(text, sizeof(text), "The PAM helper ended without an answer (%s).", p->helper.last_end);
	if (p->request)
		TP_LOG(TP_LOG_WARN, "pam.end", "%s", text);
	tell_failure(sup, p->request, TP_PAM_UNAVAILABLE, text);
	free_question(p);
	start_waiting(sup);
}

static void on_due(void *arg)
{
	struct question *p = arg;

	tell_failure(p->sup, p->request, TP_PAM_LATE, "The PAM modules took too long.");
	p->request = 0;
	tp_sup_process_kill(&p->helper);
}

/* ----------------------------------------------------------------------- starting */

static enum tp_err start(struct question *p)
{
	struct tp_sup *sup = p->sup;
	const char *argv[] = { tp_process_name(TP_PROCESS_PAM), "--log-level", sup->options.log_level,
			       NULL };
	uint64_t time_s = p->asked.time_s && p->asked.time_s < TIME_MAX_S ? p->asked.time_s : TIME_MAX_S;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_sup_process_start(sup, &p->helper, TP_PROCESS_PAM, argv, &sup->pam.folder_fd,
					       1, on_frame, on_end, p, &diag);

	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "pam.start", "%s: %s", diag.where, diag.text);
		return err;
	}
	p->running = true;
	err = TP_CHANNEL_SEND(p->helper.channel, pam_ask, 0, &p->asked);
	tp_wipe(p->asked.password, sizeof(p->asked.password));
	if (err == TP_OK)
		err = tp_timer_start(sup->loop, &p->timer, 1000 * time_s, on_due, p);
	/* The end of a helper that was not asked is told as the failure. */
	if (err != TP_OK)
		tp_sup_process_kill(&p->helper);
	return TP_OK;
}

static size_t count(const struct tp_sup *sup, bool running)
{
	size_t n = 0;

	for (const struct tp_list *it = sup->pam.questions.next; it != &sup->pam.questions; it = it->next)
		n += TP_CONTAINER(it, const struct question, link)->running == running;
	return n;
}

static struct question *first_waiting(struct tp_sup *sup)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sup->pam.questions)
		if (!TP_CONTAINER(it, struct question, link)->running)
			return TP_CONTAINER(it, struct question, link);
	return NULL;
}

static void start_waiting(struct tp_sup *sup)
{
	struct question *p;

	while (!sup->ending && count(sup, true) < RUNNING_MAX && (p = first_waiting(sup))) {
		if (start(p) == TP_OK)
			continue;
		tell_failure(sup, p->request, TP_PAM_UNAVAILABLE, "The PAM helper cannot be started.");
		free_question(p);
	}
}

enum tp_err tp_sup_pam_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct question *p = calloc(1, sizeof(*p));
	enum tp_err err = p ? tp_msg_pam_ask_read(&frame->body, &p->asked) : TP_NOMEM;

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK) {
		free(p);
		return err;
	}
	p->sup = sup;
	p->request = frame->request;
	if (count(sup, false) >= WAITING_MAX) {
		tell_failure(sup, p->request, TP_PAM_BUSY, "Too many wait for the PAM modules.");
		tp_wipe(&p->asked, sizeof(p->asked));
		free(p);
		return TP_OK;
	}
	tp_list_append(&sup->pam.questions, &p->link);
	start_waiting(sup);
	return TP_OK;
}

void tp_sup_pam_forget(struct tp_sup *sup)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sup->pam.questions) {
		struct question *p = TP_CONTAINER(it, struct question, link);

		p->request = 0;
		if (p->running)
			tp_sup_process_kill(&p->helper);
		else
			free_question(p);
	}
}

void tp_sup_pam_init(struct tp_sup *sup)
{
	tp_list_init(&sup->pam.questions);
	sup->pam.folder_fd = -1;
}

enum tp_err tp_sup_pam_open(struct tp_sup *sup, struct tp_diag *diag)
{
	enum tp_err err = tp_file_open_dir(sup->run_fd, "pam", 0700, &sup->pam.folder_fd, diag);

	if (err == TP_OK && sup->set_ids &&
	    fchown(sup->pam.folder_fd, sup->uids[TP_PROCESS_PAM], sup->gids[TP_PROCESS_PAM]) < 0)
		return tp_fail(diag, TP_IO, "pam", "%s", strerror(errno));
	return err;
}

void tp_sup_pam_fini(struct tp_sup *sup)
{
	if (sup->pam.folder_fd >= 0)
		close(sup->pam.folder_fd);
	while (!tp_list_empty(&sup->pam.questions))
		free_question(TP_CONTAINER(tp_list_first(&sup->pam.questions), struct question, link));
}
