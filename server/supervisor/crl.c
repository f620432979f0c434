/* Revocation lists: brings a source up to date by the two helpers, keeps what is good on
 * disk, hands it out. Runs in turnpiked, which passes descriptors on and reads none of
 * what is in them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "os/file.h"
#include "os/memfd.h"
#include "supervisor/supervisor.h"

enum {
	INPUT_MAX = 128 << 20,  /* bytes of a download */
	DOWNLOAD_MS = 300000,
	REDIRECTS = 5,
	MAKE_MS = 120000,
	HELPER_END_MS = 5000,
	LEAVE_MS = 1000,
	NAME_MAX_BYTES = 16,
	UPLOAD_SLOT = 0,
	FIRST_DOWNLOAD_SLOT = 1,
};

#define KEPT_BYTES_MAX ((off_t)512 << 20) /* of all slots together */

/* One upload and one download at a time. */
static struct tp_sup_crl_update **place_of(struct tp_sup *sup, unsigned slot)
{
	return &sup->crl.updates[slot == UPLOAD_SLOT ? 0 : 1];
}

struct tp_sup_crl_update {
	struct tp_sup *sup;
	struct tp_msg_crl_update asked;
	uint32_t request;
	bool admin_waits;
	int trusted_fd;
	int bytes_fd;
	struct tp_sup_process helper;
	struct tp_timer timer;
	struct tp_msg_crl_made made;
	int index_fd;
	bool answered;
};

static void name_of(unsigned slot, const char *kind, char name[NAME_MAX_BYTES])
{
	snprintf(name, NAME_MAX_BYTES, "%02u.%s", slot, kind);
}

/* ---------------------------------------------------------------------- handing out */

static void tell_slot(struct tp_sup *sup, struct tp_sup_child *c, unsigned slot)
{
	struct tp_msg_crl_index m = { .slot = (uint8_t)slot };
	int fd = sup->crl.indexes[slot];

	if (c->ready)
		TP_CHANNEL_SEND_FDS(c->process.channel, crl_index, 0, &m, &fd, fd >= 0 ? 1 : 0);
}

void tp_sup_crl_tell(struct tp_sup *sup, struct tp_sup_child *c)
{
	if (c->process.which == TP_PROCESS_MEDIA)
		return;
	for (unsigned slot = 0; slot < TP_SUP_CRL_SLOTS; slot++)
		if (sup->crl.indexes[slot] >= 0)
			tell_slot(sup, c, slot);
}

static void close_leaving(void *arg)
{
	struct tp_sup *sup = arg;

	tp_timer_stop(sup->loop, &sup->crl.leave_timer);
	if (sup->crl.leaving >= 0)
		close(sup->crl.leaving);
	sup->crl.leaving = -1;
}

/* The last to let go of a large one waits for the kernel to take its pages back. That is
 * done here, when the children have the new one, and not by the loops that serve. */
static void leave(struct tp_sup *sup, int fd)
{
	close_leaving(sup);
	sup->crl.leaving = fd;
	if (fd >= 0 && tp_timer_start(sup->loop, &sup->crl.leave_timer, LEAVE_MS, close_leaving,
				      sup) != TP_OK)
		close_leaving(sup);
}

static void set_slot(struct tp_sup *sup, unsigned slot, int fd)
{
	leave(sup, sup->crl.indexes[slot]);
	sup->crl.indexes[slot] = fd;
	tell_slot(sup, tp_sup_child_of(sup, TP_PROCESS_ADMIN), slot);
	tell_slot(sup, tp_sup_child_of(sup, TP_PROCESS_SIP), slot);
}

/* -------------------------------------------------------------------- what was kept */

static bool copy_file(int from, int to, off_t size)
{
	while (size) {
		ssize_t n = sendfile(to, from, NULL, (size_t)size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		size -= n;
	}
	return true;
}

static int load(int folder, const char *name)
{
	int from = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int fd = from >= 0 ? memfd_create("crl-index", MFD_CLOEXEC | MFD_ALLOW_SEALING) : -1;
	struct stat st;
	bool ok = fd >= 0 && fstat(from, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
		  st.st_size <= KEPT_BYTES_MAX && copy_file(from, fd, st.st_size) &&
		  fcntl(fd, F_ADD_SEALS,
			F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;

	if (from >= 0)
		close(from);
	if (ok)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

enum tp_err tp_sup_crl_open(struct tp_sup *sup, struct tp_diag *diag)
{
	enum tp_err err = tp_file_open_dir(sup->state_fd, "crl", 0700, &sup->crl.folder_fd, diag);

	if (err != TP_OK)
		return err;
	for (unsigned slot = 0; slot < TP_SUP_CRL_SLOTS; slot++) {
		char name[NAME_MAX_BYTES];

		name_of(slot, "index", name);
		sup->crl.indexes[slot] = load(sup->crl.folder_fd, name);
	}
	return TP_OK;
}

/* Of all slots but this one. */
static off_t kept_bytes(const struct tp_sup *sup, unsigned but)
{
	off_t sum = 0;
	struct stat st;

	for (unsigned slot = 0; slot < TP_SUP_CRL_SLOTS; slot++)
		if (slot != but && sup->crl.indexes[slot] >= 0 &&
		    fstat(sup->crl.indexes[slot], &st) == 0)
			sum += st.st_size;
	return sum;
}

/* The helper has written and synced the file. */
static enum tp_err keep(struct tp_sup *sup, unsigned slot, int index)
{
	char fresh[NAME_MAX_BYTES];
	char name[NAME_MAX_BYTES];
	struct stat st;

	if (fstat(index, &st) < 0 || st.st_size > KEPT_BYTES_MAX - kept_bytes(sup, slot))
		return TP_LIMIT;
	name_of(slot, "fresh", fresh);
	name_of(slot, "index", name);
	if (renameat(sup->crl.folder_fd, fresh, sup->crl.folder_fd, name) < 0 ||
	    fsync(sup->crl.folder_fd) < 0)
		return TP_IO;
	return TP_OK;
}

/* --------------------------------------------------------------------------- updates */

static void free_update(struct tp_sup_crl_update *u)
{
	tp_timer_stop(u->sup->loop, &u->timer);
	tp_sup_process_fini(&u->helper);
	if (u->trusted_fd >= 0)
		close(u->trusted_fd);
	if (u->bytes_fd >= 0)
		close(u->bytes_fd);
	if (u->index_fd >= 0)
		close(u->index_fd);
	free(u);
}

static void end_update(struct tp_sup_crl_update *u)
{
	struct tp_sup *sup = u->sup;
	char fresh[NAME_MAX_BYTES];

	if (u->made.err == TP_OK) {
		enum tp_err err = keep(sup, u->asked.slot, u->index_fd);

		if (err == TP_OK) {
			set_slot(sup, u->asked.slot, u->index_fd);
			u->index_fd = -1;
		} else {
			u->made.err = (uint8_t)err;
			tp_text_copy(u->made.text, sizeof(u->made.text),
				     err == TP_LIMIT ? "All revocation lists together are too large."
						     : "It cannot be kept on disk.");
		}
	}
	name_of(u->asked.slot, "fresh", fresh);
	if (u->made.err != TP_OK)
		unlinkat(sup->crl.folder_fd, fresh, 0);
	if (u->admin_waits)
		TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel, crl_made,
				u->request, &u->made);
	*place_of(sup, u->asked.slot) = NULL;
	free_update(u);
}

static void fail_update(struct tp_sup_crl_update *u, enum tp_err err, const char *text)
{
	u->made.err = (uint8_t)err;
	tp_text_copy(u->made.text, sizeof(u->made.text), text);
	end_update(u);
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sup_crl_update *u = arg;
	enum tp_err err;

	(void)ch;
	if (frame->type != TP_MSG_TYPE_crl_made || u->answered)
		return TP_STATE;
	err = tp_msg_crl_made_read(&frame->body, &u->made);
	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK && u->made.err == TP_OK &&
	    (frame->fd_count != 1 || !tp_memfd_is_sealed(frame->fds[0])))
		err = TP_FORMAT;
	if (err != TP_OK)
		return err;
	if (u->made.err == TP_OK) {
		u->index_fd = frame->fds[0];
		frame->fds[0] = -1;
	}
	u->answered = true;
	tp_sup_process_kill_after(&u->helper, HELPER_END_MS);
	tp_channel_free(&u->helper.channel);
	return TP_OK;
}

static void on_end(void *arg)
{
	struct tp_sup_crl_update *u = arg;
	char text[200];

	if (u->answered) {
		end_update(u);
		return;
	}
	snprintf(text, sizeof(text), "The helper that reads it ended without an answer (%s).",
		 u->helper.last_end);
	fail_update(u, TP_INTERNAL, text);
}

static void on_due(void *arg)
{
	struct tp_sup_crl_update *u = arg;

	tp_sup_process_kill(&u->helper);
}

static enum tp_err ask_helper(struct tp_sup_crl_update *u)
{
	struct tp_msg_crl_make m = {
		.source = u->asked.slot == UPLOAD_SLOT ? 1 : 0,
		.pem_only = u->asked.slot == UPLOAD_SLOT,
		.current = u->asked.slot != UPLOAD_SLOT && u->sup->crl.indexes[u->asked.slot] >= 0,
	};
	const int fds[] = { u->bytes_fd, u->trusted_fd };

	tp_text_copy(m.origin, sizeof(m.origin), u->asked.url);
	return TP_CHANNEL_SEND_FDS(u->helper.channel, crl_make, 0, &m, fds, 2);
}

/* Descriptor 4 the new file, 5 the index in use. */
static enum tp_err start_helper(struct tp_sup_crl_update *u)
{
	struct tp_sup *sup = u->sup;
	const char *argv[] = { tp_process_name(TP_PROCESS_CRL), "--log-level",
			       sup->options.log_level, NULL };
	int current = sup->crl.indexes[u->asked.slot];
	int fds[2] = { -1, current };
	char fresh[NAME_MAX_BYTES];
	struct tp_diag diag = { 0 };
	enum tp_err err;

	name_of(u->asked.slot, "fresh", fresh);
	unlinkat(sup->crl.folder_fd, fresh, 0);
	fds[0] = openat(sup->crl.folder_fd, fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fds[0] < 0)
		return TP_IO;
	err = tp_sup_process_start(sup, &u->helper, TP_PROCESS_CRL, argv, fds, current >= 0 ? 2 : 1,
				   on_frame, on_end, u, &diag);
	close(fds[0]);
	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "crl.start", "%s: %s", diag.where, diag.text);
		return err;
	}
	err = ask_helper(u);
	if (err == TP_OK)
		err = tp_timer_start(sup->loop, &u->timer, MAKE_MS, on_due, u);
	/* The end of a helper that was not asked is told as the failure. */
	if (err != TP_OK)
		tp_sup_process_kill(&u->helper);
	return TP_OK;
}

static void read_it(struct tp_sup_crl_update *u)
{
	if (start_helper(u) != TP_OK)
		fail_update(u, TP_IO, "The helper that reads it cannot be started.");
}

static void on_fetched(void *arg, const struct tp_msg_fetched *m, int body)
{
	struct tp_sup *sup = arg;
	struct tp_sup_crl_update *u = *place_of(sup, FIRST_DOWNLOAD_SLOT);

	if (!u)
		return;
	if (m->err == TP_OK)
		u->bytes_fd = fcntl(body, F_DUPFD_CLOEXEC, 3);
	if (m->err != TP_OK || u->bytes_fd < 0)
		fail_update(u, m->err ? (enum tp_err)m->err : TP_IO, m->text);
	else
		read_it(u);
}

static enum tp_err download(struct tp_sup_crl_update *u)
{
	struct tp_msg_fetch *ask = calloc(1, sizeof(*ask));
	enum tp_err err;

	if (!ask)
		return TP_NOMEM;
	tp_text_copy(ask->url, sizeof(ask->url), u->asked.url);
	ask->bytes_max = INPUT_MAX;
	ask->time_ms = DOWNLOAD_MS;
	ask->redirects_max = REDIRECTS;
	ask->private_allowed = true; /* an administrator has named it */
	memcpy(ask->allow_hosts, u->asked.allow_hosts, sizeof(ask->allow_hosts));
	ask->allow_hosts_count = u->asked.allow_hosts_count;
	err = tp_sup_fetch(u->sup, ask, u->trusted_fd, on_fetched, u->sup);
	free(ask);
	return err;
}

/* -------------------------------------------------------------------------- requests */

static enum tp_err answer(struct tp_sup *sup, uint32_t request, enum tp_err err, const char *text)
{
	struct tp_msg_crl_made made = { .err = (uint8_t)err };

	tp_text_copy(made.text, sizeof(made.text), text);
	return TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel, crl_made,
			       request, &made);
}

static enum tp_err read_request(struct tp_sup_crl_update *u, struct tp_frame *frame)
{
	enum tp_err err = tp_msg_crl_update_read(&frame->body, &u->asked);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK)
		return err;
	if (u->asked.slot >= TP_SUP_CRL_SLOTS ||
	    frame->fd_count != (u->asked.slot == UPLOAD_SLOT ? 2U : 1U) ||
	    (u->asked.slot != UPLOAD_SLOT) != (u->asked.url[0] != '\0'))
		return TP_FORMAT;
	u->trusted_fd = frame->fds[0];
	frame->fds[0] = -1;
	if (u->asked.slot == UPLOAD_SLOT) {
		u->bytes_fd = frame->fds[1];
		frame->fds[1] = -1;
	}
	return TP_OK;
}

enum tp_err tp_sup_crl_update(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_sup_crl_update *u;
	enum tp_err err;

	u = calloc(1, sizeof(*u));
	if (!u)
		return TP_NOMEM;
	u->sup = sup;
	u->request = frame->request;
	u->admin_waits = true;
	u->trusted_fd = u->bytes_fd = u->index_fd = -1;
	err = read_request(u, frame);
	if (err != TP_OK) {
		free_update(u);
		return err;
	}
	if (*place_of(sup, u->asked.slot)) {
		free_update(u);
		return answer(sup, frame->request, TP_CONFLICT,
			      "Another revocation list is being updated.");
	}
	*place_of(sup, u->asked.slot) = u;
	if (u->asked.slot == UPLOAD_SLOT) {
		read_it(u);
		return TP_OK;
	}
	err = download(u);
	if (err != TP_OK)
		fail_update(u, err, "The download cannot be started.");
	return TP_OK;
}

enum tp_err tp_sup_crl_drop(struct tp_sup *sup, struct tp_frame *frame)
{
	const struct tp_sup_crl_update *under_way;
	struct tp_msg_crl_drop m;
	char name[NAME_MAX_BYTES];
	enum tp_err err = tp_msg_crl_drop_read(&frame->body, &m);

	if (err != TP_OK)
		return err;
	if (m.slot >= TP_SUP_CRL_SLOTS)
		return TP_FORMAT;
	under_way = *place_of(sup, m.slot);
	if (under_way && under_way->asked.slot == m.slot)
		return answer(sup, frame->request, TP_CONFLICT, "It is being updated.");
	name_of(m.slot, "index", name);
	if (tp_file_remove(sup->crl.folder_fd, name) != TP_OK)
		return answer(sup, frame->request, TP_IO, "It cannot be removed from the disk.");
	if (sup->crl.indexes[m.slot] >= 0)
		set_slot(sup, m.slot, -1);
	return answer(sup, frame->request, TP_OK, "Removed.");
}

void tp_sup_crl_forget(struct tp_sup *sup)
{
	for (size_t i = 0; i < 2; i++)
		if (sup->crl.updates[i])
			sup->crl.updates[i]->admin_waits = false;
}

void tp_sup_crl_fini(struct tp_sup *sup)
{
	for (size_t i = 0; i < 2; i++) {
		if (sup->crl.updates[i])
			free_update(sup->crl.updates[i]);
		sup->crl.updates[i] = NULL;
	}
	for (unsigned slot = 0; slot < TP_SUP_CRL_SLOTS; slot++)
		if (sup->crl.indexes[slot] >= 0) {
			close(sup->crl.indexes[slot]);
			sup->crl.indexes[slot] = -1;
		}
	close_leaving(sup);
	if (sup->crl.folder_fd >= 0)
		close(sup->crl.folder_fd);
	sup->crl.folder_fd = -1;
}
