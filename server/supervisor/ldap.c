/* Questions of admin to a directory: each by a helper of its own, a few at a time and not for
 * long. Only here and in the helper the secrets are in clear. Runs in turnpiked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
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
	struct tp_msg_ldap_ask asked;
	int trusted_fd;
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
	if (p->trusted_fd >= 0)
		close(p->trusted_fd);
	free(p);
}

/* ------------------------------------------------------------------------ answers */

static void tell(struct tp_sup *sup, uint32_t request, const struct tp_msg_ldap_answered *m)
{
	if (request && TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel,
				       ldap_answered, request, m) != TP_OK)
		TP_LOG(TP_LOG_WARN, "ldap.answer", "an answer could not be sent");
}

static void tell_failure(struct tp_sup *sup, uint32_t request, enum tp_pam_result result,
			 const char *text)
{
	struct tp_msg_ldap_answered *m = calloc(1, sizeof(*m));

	if (!m)
		return; /* admin's question runs out */
	m->result = (uint8_t)result;
	m->steps_count = 1;
	tp_text_copy(m->steps[0].name, sizeof(m->steps[0].name), "question");
	tp_text_copy(m->steps[0].text, sizeof(m->steps[0].text), text);
	tell(sup, request, m);
	free(m);
}

static enum tp_err pass_on(struct question *p, struct tp_frame *frame)
{
	struct tp_msg_ldap_answered *m = calloc(1, sizeof(*m));
	enum tp_err err = m ? tp_msg_ldap_answered_read(&frame->body, m) : TP_NOMEM;

	if (err == TP_OK) {
		err = tp_rd_finish(&frame->body);
		if (err == TP_OK)
			tell(p->sup, p->request, m);
		tp_msg_ldap_answered_fini(m);
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

	snprintf(text, sizeof(text), "The LDAP helper ended without an answer (%s).", p->helper.last_end);
	if (p->request)
		TP_LOG(TP_LOG_WARN, "ldap.end", "%s", text);
	tell_failure(sup, p->request, TP_PAM_UNAVAILABLE, text);
	free_question(p);
	start_waiting(sup);
}

static void on_due(void *arg)
{
	struct question *p = arg;

	tell_failure(p->sup, p->request, TP_PAM_LATE, "The directory took too long.");
	p->request = 0;
	tp_sup_process_kill(&p->helper);
}

/* ----------------------------------------------------------------------- starting */

static enum tp_err start(struct question *p)
{
	struct tp_sup *sup = p->sup;
	const char *argv[] = { tp_process_name(TP_PROCESS_LDAP), "--log-level", sup->options.log_level,
			       NULL };
	uint64_t time_s = p->asked.time_s && p->asked.time_s < TIME_MAX_S ? p->asked.time_s : TIME_MAX_S;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_sup_process_start(sup, &p->helper, TP_PROCESS_LDAP, argv, NULL,
					       0, on_frame, on_end, p, &diag);

	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "ldap.start", "%s: %s", diag.where, diag.text);
		return err;
	}
	p->running = true;
	err = TP_CHANNEL_SEND_FDS(p->helper.channel, ldap_ask, 0, &p->asked, &p->trusted_fd, 1);
	tp_wipe(&p->asked, sizeof(p->asked));
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

	for (const struct tp_list *it = sup->ldap.questions.next; it != &sup->ldap.questions; it = it->next)
		n += TP_CONTAINER(it, const struct question, link)->running == running;
	return n;
}

static struct question *first_waiting(struct tp_sup *sup)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sup->ldap.questions)
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
		tell_failure(sup, p->request, TP_PAM_UNAVAILABLE, "The LDAP helper cannot be started.");
		free_question(p);
	}
}

static enum tp_err unseal(const struct tp_sup *sup, const char *record, uint8_t *bytes, uint16_t *len,
			  size_t room)
{
	struct tp_secret clear = { 0 };
	enum tp_err err = TP_OK;

	if (!*len)
		return TP_OK;
	err = tp_seal_unseal(&sup->seal, record, (struct tp_span){ (const char *)bytes, *len }, &clear);
	if (err == TP_OK && clear.len > room)
		err = TP_LIMIT;
	if (err == TP_OK) {
		memcpy(bytes, clear.bytes, clear.len);
		*len = (uint16_t)clear.len;
	}
	tp_secret_fini(&clear);
	return err;
}

static enum tp_err unseal_both(const struct tp_sup *sup, struct tp_msg_ldap_ask *m)
{
	enum tp_err err = unseal(sup, "ldap/bind-password", m->bind_secret, &m->bind_secret_len,
				 sizeof(m->bind_secret));

	if (err == TP_OK)
		err = unseal(sup, m->own_identity ? "identity/ldap-client/key" : "identity/server/key", m->key,
			     &m->key_len, sizeof(m->key));
	return err;
}

static enum tp_err read_question(struct question *p, struct tp_frame *frame)
{
	enum tp_err err = tp_msg_ldap_ask_read(&frame->body, &p->asked);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK && frame->fd_count != 1)
		err = TP_FORMAT;
	if (err != TP_OK)
		return err;
	p->request = frame->request;
	p->trusted_fd = frame->fds[0];
	frame->fds[0] = -1;
	return TP_OK;
}

enum tp_err tp_sup_ldap_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct question *p = calloc(1, sizeof(*p));
	enum tp_err err;

	if (!p)
		return TP_NOMEM;
	p->sup = sup;
	p->trusted_fd = -1;
	err = read_question(p, frame);
	if (err != TP_OK) {
		free_question(p);
		return err;
	}
	if (count(sup, false) >= WAITING_MAX)
		tell_failure(sup, p->request, TP_PAM_BUSY, "Too many wait for the directory.");
	else if (unseal_both(sup, &p->asked) != TP_OK)
		tell_failure(sup, p->request, TP_PAM_UNAVAILABLE,
			     "The password of the bind or the key of the certificate cannot be opened.");
	else {
		tp_list_append(&sup->ldap.questions, &p->link);
		start_waiting(sup);
		return TP_OK;
	}
	free_question(p);
	return TP_OK;
}

void tp_sup_ldap_forget(struct tp_sup *sup)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &sup->ldap.questions) {
		struct question *p = TP_CONTAINER(it, struct question, link);

		p->request = 0;
		if (p->running)
			tp_sup_process_kill(&p->helper);
		else
			free_question(p);
	}
}

void tp_sup_ldap_fini(struct tp_sup *sup)
{
	while (!tp_list_empty(&sup->ldap.questions))
		free_question(TP_CONTAINER(tp_list_first(&sup->ldap.questions), struct question, link));
}
