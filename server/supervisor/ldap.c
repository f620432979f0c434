/* Questions of admin to a directory (questions.c). Only here and in the helper the secrets
 * are in clear. Runs in turnpiked. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/supervisor.h"

struct asked {
	struct tp_msg_ldap_ask m;
	int trusted_fd;
};

static enum tp_err send_asked(struct tp_channel *helper, void *asked)
{
	struct asked *a = asked;
	enum tp_err err = TP_CHANNEL_SEND_FDS(helper, ldap_ask, 0, &a->m, &a->trusted_fd, 1);

	tp_wipe(&a->m, sizeof(a->m));
	return err;
}

static void free_asked(void *asked)
{
	struct asked *a = asked;

	tp_wipe(&a->m, sizeof(a->m));
	if (a->trusted_fd >= 0)
		close(a->trusted_fd);
	free(a);
}

static const struct tp_sup_question_kind kind = {
	.process = TP_PROCESS_LDAP,
	.name = "LDAP",
	.late = "The directory took too long.",
	.busy = "Too many wait for the directory.",
	.send = send_asked,
	.free = free_asked,
};

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

static enum tp_err read_asked(struct asked *a, struct tp_frame *frame)
{
	enum tp_err err = tp_msg_ldap_ask_read(&frame->body, &a->m);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK && frame->fd_count != 1)
		err = TP_FORMAT;
	if (err != TP_OK)
		return err;
	a->trusted_fd = frame->fds[0];
	frame->fds[0] = -1;
	return TP_OK;
}

enum tp_err tp_sup_ldap_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct asked *a = calloc(1, sizeof(*a));
	enum tp_err err;

	if (!a)
		return TP_NOMEM;
	a->trusted_fd = -1;
	err = read_asked(a, frame);
	if (err == TP_OK && unseal_both(sup, &a->m) == TP_OK)
		return tp_sup_question_ask(&sup->ldap, frame->request, a->m.time_s, a);
	if (err == TP_OK)
		tp_sup_question_refuse(sup, frame->request, TP_REMOTE_UNAVAILABLE,
				       "The password of the bind or the key of the certificate cannot be opened.");
	free_asked(a);
	return err;
}

void tp_sup_ldap_init(struct tp_sup *sup)
{
	tp_sup_questions_init(&sup->ldap, sup, &kind);
}
