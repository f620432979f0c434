/* Orders of certificates, by the ACME helper; the account's key and that of the external
 * binding are sealed and opened here. Runs in turnpiked. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "os/file.h"
#include "supervisor/supervisor.h"

enum { ORDER_MS = 600000, HELPER_END_MS = 5000 };

static const char account_record[] = "acme/account-key";
static const char binding_record[] = "acme/eab-key";

/* -------------------------------------------------------------------------- folder */

/* The helper's group may write, and root may remove what the helper left. */
static enum tp_err open_shared(struct tp_sup *sup, int parent, const char *name, int *out,
			       struct tp_diag *diag)
{
	enum tp_err err = tp_file_open_dir(parent, name, 0770, out, diag);

	if (err != TP_OK || !sup->set_ids)
		return err;
	if (fchown(*out, 0, sup->gids[TP_PROCESS_ACME]) < 0 || fchmod(*out, 0770) < 0)
		return tp_fail(diag, TP_IO, name, "%s", strerror(errno));
	return TP_OK;
}

static void empty(int folder_fd)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	/* cppcheck-suppress readdirCalled ; turnpiked has one thread */
	while ((entry = readdir(dir)))
		if (entry->d_type != DT_DIR && unlinkat(folder_fd, entry->d_name, 0) < 0)
			TP_LOG(TP_LOG_ERROR, "acme.folder", "a file stays behind: %s", strerror(errno));
	closedir(dir);
}

static void empty_both(struct tp_sup *sup)
{
	empty(sup->acme.private_fd);
	empty(sup->acme.folder_fd);
}

enum tp_err tp_sup_acme_open(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_sup_acme *a = &sup->acme;
	enum tp_err err = tp_sup_open_beside(sup, "turnpike-acme-trust.so", &a->trust_fd, diag);

	if (err == TP_OK)
		err = tp_file_open_dir(sup->state_fd, "acme-hooks", 0755, &a->hooks_fd, diag);
	/* Whatever our mask: the helper's user runs what stands in it. */
	if (err == TP_OK && fchmod(a->hooks_fd, 0755) < 0)
		err = tp_fail(diag, TP_IO, "acme-hooks", "%s", strerror(errno));
	if (err == TP_OK)
		err = open_shared(sup, sup->run_fd, "acme", &a->folder_fd, diag);
	if (err == TP_OK)
		err = open_shared(sup, a->folder_fd, "private", &a->private_fd, diag);
	if (err == TP_OK)
		empty_both(sup);
	return err;
}

/* ------------------------------------------------------------------------- answers */

static void tell(struct tp_sup *sup, const struct tp_msg_acme_ordered *m)
{
	struct tp_sup_acme *a = &sup->acme;

	if (!a->admin_waits)
		return;
	a->admin_waits = false;
	TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel, acme_ordered,
			a->request, m);
}

static void tell_failure(struct tp_sup *sup, enum tp_err err, const char *text)
{
	struct tp_msg_acme_ordered *m = calloc(1, sizeof(*m));

	if (m) {
		m->err = (uint8_t)err;
		tp_text_copy(m->text, sizeof(m->text), text);
		tell(sup, m);
	}
	free(m);
}

static enum tp_err tell_done(struct tp_sup *sup, const struct tp_msg_acme_done *done)
{
	struct tp_msg_acme_ordered *m = calloc(1, sizeof(*m));
	enum tp_err err = TP_OK;

	if (!m)
		return TP_NOMEM;
	m->err = done->err;
	tp_text_copy(m->text, sizeof(m->text), done->text);
	m->account_unknown = done->account_unknown;
	m->chain_pem = done->chain_pem;
	m->chain_pem_len = done->chain_pem_len;
	if (done->account_key_len) {
		err = tp_seal_secret(&sup->seal, account_record, done->account_key,
				     done->account_key_len, (char *)m->account_sealed,
				     sizeof(m->account_sealed));
		m->account_sealed_len = (uint16_t)strlen((char *)m->account_sealed);
	}
	if (err == TP_OK)
		tell(sup, m);
	else
		tell_failure(sup, err, "The key of the account cannot be sealed.");
	free(m);
	return TP_OK;
}

/* -------------------------------------------------------------------------- helper */

static enum tp_err take_done(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_acme_done *m = calloc(1, sizeof(*m));
	enum tp_err err = m ? tp_msg_acme_done_read(&frame->body, m) : TP_NOMEM;

	if (err == TP_OK && tp_rd_finish(&frame->body) != TP_OK)
		err = TP_FORMAT;
	if (err == TP_OK)
		err = tell_done(sup, m);
	if (m)
		tp_wipe(m, sizeof(*m));
	free(m);
	if (err == TP_OK) {
		tp_sup_process_kill_after(&sup->acme.helper, HELPER_END_MS);
		tp_channel_free(&sup->acme.helper.channel);
	}
	return err;
}

static enum tp_err take_challenge(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_acme_challenge m;
	enum tp_err err = tp_msg_acme_challenge_read(&frame->body, &m);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK)
		err = TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel,
				      acme_challenge, 0, &m);
	return err;
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	(void)ch;
	return frame->type == TP_MSG_TYPE_acme_done ? take_done(arg, frame) : take_challenge(arg, frame);
}

static void on_end(void *arg)
{
	struct tp_sup *sup = arg;
	char text[200];

	tp_timer_stop(sup->loop, &sup->acme.timer);
	empty_both(sup);
	snprintf(text, sizeof(text), "The ACME helper ended without an answer (%s).",
		 sup->acme.helper.last_end);
	tell_failure(sup, TP_INTERNAL, text);
}

static void on_due(void *arg)
{
	struct tp_sup *sup = arg;

	tell_failure(sup, TP_LIMIT, "The order took too long.");
	tp_sup_process_kill(&sup->acme.helper);
}

static enum tp_err start(struct tp_sup *sup, const struct tp_msg_acme_do *m, int trusted_fd)
{
	const char *argv[] = { tp_process_name(TP_PROCESS_ACME), "--log-level",
			       sup->options.log_level, NULL };
	struct tp_sup_acme *a = &sup->acme;
	const int fds[] = { a->folder_fd, a->trust_fd, a->hooks_fd };
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_sup_process_start(sup, &a->helper, TP_PROCESS_ACME, argv, fds, 3, on_frame,
					       on_end, sup, &diag);

	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "acme.start", "%s: %s", diag.where, diag.text);
		return err;
	}
	err = TP_CHANNEL_SEND_FDS(a->helper.channel, acme_do, 0, m, &trusted_fd, 1);
	if (err == TP_OK)
		err = tp_timer_start(sup->loop, &a->timer, ORDER_MS, on_due, sup);
	/* Its end is told as the failure. */
	if (err != TP_OK)
		tp_sup_process_kill(&a->helper);
	return TP_OK;
}

/* ------------------------------------------------------------------------ questions */

static enum tp_err open_secret(struct tp_sup *sup, const char *record, const uint8_t *sealed,
			       size_t sealed_len, uint8_t *dst, size_t size, uint16_t *len)
{
	struct tp_secret clear = { 0 };
	enum tp_err err;

	if (!sealed_len)
		return TP_OK;
	err = tp_seal_unseal(&sup->seal, record, (struct tp_span){ (const char *)sealed, sealed_len },
			     &clear);
	if (err == TP_OK && clear.len > size)
		err = TP_LIMIT;
	if (err == TP_OK) {
		memcpy(dst, clear.bytes, clear.len);
		*len = (uint16_t)clear.len;
	}
	tp_secret_fini(&clear);
	return err;
}

static enum tp_err fill(struct tp_sup *sup, const struct tp_msg_acme_order *o,
			struct tp_msg_acme_do *m)
{
	enum tp_err err = open_secret(sup, binding_record, o->eab_key_sealed, o->eab_key_sealed_len,
				      m->eab_key, sizeof(m->eab_key), &m->eab_key_len);

	if (err == TP_OK)
		err = open_secret(sup, account_record, o->account_sealed, o->account_sealed_len,
				  m->account_key, sizeof(m->account_key), &m->account_key_len);
	tp_text_copy(m->directory, sizeof(m->directory), o->directory);
	tp_text_copy(m->contact, sizeof(m->contact), o->contact);
	tp_text_copy(m->eab_id, sizeof(m->eab_id), o->eab_id);
	tp_text_copy(m->hook, sizeof(m->hook), o->hook);
	m->challenge = o->challenge;
	m->request_pem = o->request_pem;
	m->request_pem_len = o->request_pem_len;
	return err;
}

static void begin(struct tp_sup *sup, const struct tp_msg_acme_order *o, int trusted_fd)
{
	struct tp_msg_acme_do *m = calloc(1, sizeof(*m));
	enum tp_err err = m ? fill(sup, o, m) : TP_NOMEM;

	if (err != TP_OK) {
		tell_failure(sup, err, "A sealed key does not open: enter the key of the external "
				       "account binding again.");
	} else {
		empty_both(sup);
		err = start(sup, m, trusted_fd);
		if (err != TP_OK)
			tell_failure(sup, err, "The ACME helper cannot be started.");
	}
	if (m)
		tp_wipe(m, sizeof(*m));
	free(m);
}

enum tp_err tp_sup_acme_order(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_acme_order *o = calloc(1, sizeof(*o));
	struct tp_msg_acme_ordered busy = { .err = TP_CONFLICT };
	enum tp_err err = o ? tp_msg_acme_order_read(&frame->body, o) : TP_NOMEM;

	if (err == TP_OK && (tp_rd_finish(&frame->body) != TP_OK || frame->fd_count != 1))
		err = TP_FORMAT;
	if (err == TP_OK && sup->acme.helper.pid) {
		tp_text_copy(busy.text, sizeof(busy.text), "Another order is under way.");
		err = TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel,
				      acme_ordered, frame->request, &busy);
	} else if (err == TP_OK) {
		sup->acme.request = frame->request;
		sup->acme.admin_waits = true;
		begin(sup, o, frame->fds[0]);
	}
	free(o);
	return err;
}

enum tp_err tp_sup_acme_ready(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_acme_challenge_ready m;
	enum tp_err err = tp_msg_acme_challenge_ready_read(&frame->body, &m);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	/* What comes for an order that has ended is dropped. */
	if (err == TP_OK && sup->acme.helper.pid)
		TP_CHANNEL_SEND(sup->acme.helper.channel, acme_challenge_ready, 0, &m);
	return err;
}

void tp_sup_acme_forget(struct tp_sup *sup)
{
	sup->acme.admin_waits = false;
	tp_sup_process_kill(&sup->acme.helper);
}

void tp_sup_acme_end(struct tp_sup *sup)
{
	tp_sup_process_fini(&sup->acme.helper);
	tp_timer_stop(sup->loop, &sup->acme.timer);
	sup->acme.admin_waits = false;
	empty_both(sup);
}

void tp_sup_acme_fini(struct tp_sup *sup)
{
	struct tp_sup_acme *a = &sup->acme;
	const int fds[] = { a->folder_fd, a->private_fd, a->trust_fd, a->hooks_fd };

	tp_sup_process_fini(&a->helper);
	if (a->private_fd >= 0)
		empty_both(sup);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}
