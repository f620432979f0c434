/* Work on the key of one identity, done by the key helper; the private key is sealed
 * here. Runs in turnpiked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "supervisor/supervisor.h"

enum { WORK_MS = 30000, HELPER_END_MS = 5000 };

/* ---------------------------------------------------------------------- answers */

static void send(struct tp_sup *sup, uint32_t request, const struct tp_msg_key_answer *m)
{
	if (m->err != TP_OK)
		TP_LOG(TP_LOG_INFO, "key.work", "%s: %s", tp_err_name((enum tp_err)m->err), m->text);
	TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel, key_answer, request,
			m);
}

static void refuse(struct tp_sup *sup, uint32_t request, enum tp_err err, const char *text)
{
	struct tp_msg_key_answer *m = calloc(1, sizeof(*m));

	if (!m)
		return; /* admin's question runs out */
	m->err = (uint8_t)err;
	tp_text_copy(m->text, sizeof(m->text), text);
	send(sup, request, m);
	free(m);
}

static void forget(struct tp_sup_key_work *w)
{
	if (w->answer)
		free((void *)w->answer->pem);
	free(w->answer);
	w->answer = NULL;
}

/* What the helper made, with the key sealed and a copy of the text. */
static enum tp_err fill(struct tp_sup *sup, const struct tp_msg_key_made *made,
			struct tp_msg_key_answer *m)
{
	char *text = (char *)m->key_sealed;
	uint8_t *pem;
	enum tp_err err;

	tp_text_copy(m->text, sizeof(m->text), made->text);
	if (made->err != TP_OK)
		return (enum tp_err)made->err;
	err = tp_seal_secret(&sup->seal, sup->key_work.record, made->key_pem, made->key_pem_len,
			     text, sizeof(m->key_sealed));
	pem = err == TP_OK ? malloc(made->pem_len + 1) : NULL;
	if (!pem) {
		tp_text_copy(m->text, sizeof(m->text), "the private key cannot be sealed");
		return err == TP_OK ? TP_NOMEM : err;
	}
	m->key_sealed_len = (uint16_t)strlen(text);
	memcpy(pem, made->pem ? made->pem : (const uint8_t *)"", made->pem_len);
	m->pem = pem;
	m->pem_len = made->pem_len;
	memcpy(m->public_key, made->public_key, made->public_key_len);
	m->public_key_len = made->public_key_len;
	return TP_OK;
}

/* ----------------------------------------------------------------------- helper */

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sup *sup = arg;
	struct tp_sup_key_work *w = &sup->key_work;
	struct tp_msg_key_made *made = w->answer ? NULL : calloc(1, sizeof(*made));
	enum tp_err err = made ? tp_msg_key_made_read(&frame->body, made) : TP_NOMEM;

	(void)ch;
	if (err == TP_OK && tp_rd_finish(&frame->body) != TP_OK)
		err = TP_FORMAT;
	if (err == TP_OK && !(w->answer = calloc(1, sizeof(*w->answer))))
		err = TP_NOMEM;
	if (err == TP_OK) {
		w->answer->err = (uint8_t)fill(sup, made, w->answer);
		tp_sup_process_kill_after(&w->helper, HELPER_END_MS);
		tp_channel_free(&w->helper.channel);
	}
	if (made)
		tp_wipe(made, sizeof(*made));
	free(made);
	return err;
}

/* The answer goes out when the helper has ended, so that the next request finds none. */
static void on_end(void *arg)
{
	struct tp_sup *sup = arg;
	struct tp_sup_key_work *w = &sup->key_work;
	char text[256];

	tp_timer_stop(sup->loop, &w->timer);
	if (w->answer) {
		send(sup, w->request, w->answer);
		forget(w);
		return;
	}
	snprintf(text, sizeof(text), "the key helper ended without an answer (%s)",
		 w->helper.last_end);
	refuse(sup, w->request, TP_INTERNAL, text);
}

static void on_due(void *arg)
{
	struct tp_sup *sup = arg;

	tp_sup_process_kill(&sup->key_work.helper);
}

static enum tp_err start(struct tp_sup *sup, const struct tp_msg_key_spec *spec,
			 struct tp_diag *diag)
{
	const char *argv[] = { tp_process_name(TP_PROCESS_KEYS), "--log-level",
			       sup->options.log_level, NULL };
	struct tp_sup_key_work *w = &sup->key_work;
	struct tp_msg_key_do *m = calloc(1, sizeof(*m));
	enum tp_err err = m ? tp_sup_process_start(sup, &w->helper, TP_PROCESS_KEYS, argv, NULL, 0,
						   on_frame, on_end, sup, diag)
			    : TP_NOMEM;

	if (err == TP_OK) {
		m->spec_count = 1;
		m->spec[0] = *spec; /* borrows the vectors of the question */
		err = TP_CHANNEL_SEND(w->helper.channel, key_do, 0, m);
		if (err == TP_OK)
			err = tp_timer_start(sup->loop, &w->timer, WORK_MS, on_due, sup);
		/* The end of a helper that was not asked is told as the failure. */
		if (err != TP_OK)
			tp_sup_process_kill(&w->helper);
		err = TP_OK;
	}
	if (m)
		tp_wipe(m, sizeof(*m));
	free(m);
	return err;
}

/* --------------------------------------------------------------------- requests */

/* A name as the model takes it for a client identity. */
static bool is_name(const char *name)
{
	return name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

/* One of a service, else one that an administrator has named. */
static bool set_record(struct tp_sup_key_work *w, const char *identity)
{
	const char *id = strcmp(identity, "default") == 0 ? "server" : identity;

	if (!is_name(identity))
		return false;
	snprintf(w->record, sizeof(w->record), "identity/%s/key", id);
	if (!tp_seal_may_make(w->record))
		snprintf(w->record, sizeof(w->record), "client-identity/%s/key", id);
	return tp_seal_may_make(w->record);
}

static enum tp_err begin(struct tp_sup *sup, const struct tp_msg_key_ask *m, uint32_t request)
{
	struct tp_sup_key_work *w = &sup->key_work;
	struct tp_diag diag = { 0 };
	enum tp_err err;

	if (w->helper.pid) {
		refuse(sup, request, TP_CONFLICT, "another key is being worked on; try again");
		return TP_OK;
	}
	if (!set_record(w, m->identity)) {
		refuse(sup, request, TP_DENIED, "there is no such identity");
		return TP_OK;
	}
	w->request = request;
	forget(w);
	err = start(sup, &m->spec[0], &diag);
	if (err != TP_OK)
		refuse(sup, request, err, diag.text);
	return TP_OK;
}

enum tp_err tp_sup_key_work_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_key_ask *m = calloc(1, sizeof(*m));
	enum tp_err err = m ? tp_msg_key_ask_read(&frame->body, m) : TP_NOMEM;

	if (err != TP_OK) {
		free(m);
		return err;
	}
	err = tp_rd_finish(&frame->body);
	if (err == TP_OK && m->spec_count != 1)
		err = TP_FORMAT;
	if (err == TP_OK)
		err = begin(sup, m, frame->request);
	tp_msg_key_ask_fini(m);
	free(m);
	return err;
}

void tp_sup_key_work_fini(struct tp_sup *sup)
{
	tp_sup_process_fini(&sup->key_work.helper);
	tp_timer_stop(sup->loop, &sup->key_work.timer);
	forget(&sup->key_work);
}
