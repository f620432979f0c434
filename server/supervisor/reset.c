/* Factory reset: the appliance becomes as new, without a start of the machine. A mark on disk
 * comes first and goes last, so that whatever ends turnpiked in between, its next start wipes
 * before anything else. Runs in turnpiked. */
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
#include "os/random.h"
#include "supervisor/supervisor.h"

static const char mark_file[] = "factory-reset";
static const char head_line[] = "turnpike-factory-reset 1";
static const char generation_file[] = "generation";

enum {
	BEGIN_MS = 500, /* for admin, to answer whoever asked */
	MARK_MAX = 512,
	GENERATION = 32,
};

/* --------------------------------------------------------------------- the mark */

static void take_line(struct tp_span *text, char *dst, size_t size)
{
	struct tp_span line = tp_span_split(text, '\n');

	if (line.len < size) {
		memcpy(dst, line.p, line.len);
		dst[line.len] = '\0';
	}
}

/* That it is there is what counts: also one that does not read is a mark. */
enum tp_err tp_sup_reset_open(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_sup_reset *r = &sup->reset;
	struct tp_span text = { NULL, 0 };
	void *bytes = NULL;
	struct stat st;

	if (fstatat(sup->state_fd, mark_file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? TP_OK :
					 /* Nobody knows, and what is wiped does not come back. */
					 tp_fail(diag, TP_IO, mark_file, "%s", strerror(errno));
	r->marked = true;
	if (tp_file_read(sup->state_fd, mark_file, MARK_MAX, &bytes, &text.len) == TP_OK)
		text.p = bytes;
	if (text.p && tp_span_equal(tp_span_split(&text, '\n'), tp_span_of(head_line))) {
		take_line(&text, r->user, sizeof(r->user));
		take_line(&text, r->source, sizeof(r->source));
	}
	free(bytes);
	TP_LOG(TP_LOG_WARN, "reset.resume", "a factory reset was begun and not finished: wiping");
	return tp_sup_reset_wipe(sup, diag);
}

static enum tp_err write_mark(struct tp_sup *sup, const struct tp_msg_factory_reset *m,
			      struct tp_diag *diag)
{
	char text[MARK_MAX];
	int n;

	if (strchr(m->user, '\n') || strchr(m->source, '\n'))
		return tp_fail(diag, TP_FORMAT, mark_file, "the name of who asks does not fit");
	n = snprintf(text, sizeof(text), "%s\n%s\n%s\n", head_line, m->user, m->source);
	return tp_file_write(sup->state_fd, mark_file, text, (size_t)n, 0600, diag);
}

bool tp_sup_reset_is_wiped(const struct tp_sup *sup)
{
	return sup->reset.marked && !sup->reset.begun;
}

void tp_sup_reset_admin_ready(struct tp_sup *sup)
{
	if (!tp_sup_reset_is_wiped(sup))
		return;
	/* What could not be removed is tried again at the next start of admin. */
	if (tp_file_remove(sup->state_fd, mark_file) != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "reset.mark", "the mark of the factory reset cannot be removed");
		return;
	}
	sup->reset.marked = false;
	TP_LOG(TP_LOG_WARN, "reset.done", "factory state; the first-login secret is in the state folder");
}

/* --------------------------------------------------------------------- the wipe */

static bool is_kept(const char *name)
{
	/* audit is what vouches for the log of before and of after; run holds sockets in use. */
	static const char *const kept[] = { ".",    "..",	"root.key", "lock", "children.lock",
					    "audit", "run", mark_file };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strcmp(name, kept[i]) == 0)
			return true;
	return false;
}

/* Revocation lists are public. */
static bool is_secret(const char *name)
{
	return strcmp(name, "crl") != 0;
}

/* turnpiked has given up the right to write into folders of others, not that to become them. */
static enum tp_err empty(int fd, bool overwrite)
{
	uid_t self = geteuid();
	struct stat st;
	enum tp_err err;

	if (fstat(fd, &st) < 0)
		return TP_IO;
	if (self == 0 && st.st_uid != self && seteuid(st.st_uid) < 0)
		return TP_IO;
	err = tp_file_wipe_dir(fd, overwrite);
	if (geteuid() != self && seteuid(self) < 0)
		abort();
	return err;
}

static int open_of(const struct tp_sup *sup, const char *name)
{
	return strcmp(name, "admin") == 0 ? dup(sup->admin_fd) :
					    openat(sup->state_fd, name,
						   O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* Folders are emptied and stay: descriptors of them are held. */
static enum tp_err wipe_entry(struct tp_sup *sup, const char *name)
{
	struct stat st;
	enum tp_err err;
	int fd;

	if (fstatat(sup->state_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? TP_OK : TP_IO;
	if (!S_ISDIR(st.st_mode))
		return tp_file_wipe(sup->state_fd, name, is_secret(name));
	fd = open_of(sup, name);
	if (fd < 0)
		return TP_IO;
	err = empty(fd, is_secret(name));
	close(fd);
	return err;
}

static enum tp_err wipe_entries(struct tp_sup *sup, struct tp_diag *diag)
{
	int fd = openat(sup->state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	enum tp_err err = TP_OK;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return tp_fail(diag, TP_IO, "state", "%s", strerror(errno));
	}
	/* cppcheck-suppress readdirCalled ; turnpiked has one thread */
	while ((entry = readdir(dir)))
		if (!is_kept(entry->d_name) && wipe_entry(sup, entry->d_name) != TP_OK)
			err = tp_fail(diag, TP_IO, entry->d_name, "cannot be wiped: %s", strerror(errno));
	closedir(dir);
	return err;
}

enum tp_err tp_sup_reset_wipe(struct tp_sup *sup, struct tp_diag *diag)
{
	uint8_t salt[GENERATION];
	enum tp_err err = wipe_entries(sup, diag);

	/* What PAM modules counted of failed logins. */
	if (err == TP_OK && empty(sup->pam.folder_fd, false) != TP_OK)
		err = tp_fail(diag, TP_IO, "pam", "cannot be wiped: %s", strerror(errno));
	if (err != TP_OK)
		return err;
	tp_random_bytes(salt, sizeof(salt));
	err = tp_file_write(sup->state_fd, generation_file, salt, sizeof(salt), 0600, diag);
	tp_wipe(salt, sizeof(salt));
	return err == TP_OK ? tp_first_login_make(sup->state_fd, diag) : err;
}

enum tp_err tp_sup_reset_generation(const struct tp_sup *sup, const struct tp_secret *root,
				    struct tp_seal *seal, struct tp_diag *diag)
{
	void *salt = NULL;
	size_t len = 0;
	enum tp_err err = tp_file_read(sup->state_fd, generation_file, GENERATION, &salt, &len);

	if (err == TP_NOTFOUND)
		err = TP_OK;
	else if (err == TP_OK && len != GENERATION)
		err = TP_FORMAT;
	if (err != TP_OK)
		tp_fail(diag, err, generation_file, "does not read (%s)", tp_err_name(err));
	else if ((err = tp_seal_open_generation(seal, root, salt, len)) != TP_OK)
		tp_fail(diag, err, "root.key", "no key can be derived");
	free(salt);
	return err;
}

/* A signed checkpoint at the last head: from there on the chain is verified, as the records
 * before it are gone. */
void tp_sup_reset_checkpoint(struct tp_sup *sup)
{
	struct tp_audit_book *book = &sup->audit;
	struct tp_audit_head made;
	enum tp_err err = TP_OK;

	if (book->head.counter && book->checkpoint.sequence < book->head.sequence)
		err = tp_audit_book_drop_to(book, &book->head, tp_loop_unix_ms(sup->loop), &made);
	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "reset.audit", "no checkpoint of the audit log: %s", tp_err_name(err));
}

/* --------------------------------------------------------------- while it runs */

/* Helpers that still write, or that hold what is wiped. */
static void end_helpers(struct tp_sup *sup)
{
	tp_sup_remake_fini(sup);
	tp_sup_commit_fini(sup);
	tp_sup_identity_fini(sup);
	tp_sup_key_work_fini(sup);
	tp_sup_questions_fini(&sup->pam);
	tp_sup_questions_fini(&sup->ldap);
	tp_sup_crl_fini(sup);
	tp_sup_point_fini(sup);
	tp_sup_acme_end(sup);
	tp_sup_fetch_fini(sup);
}

static void forget(struct tp_sup *sup)
{
	tp_timer_stop(sup->loop, &sup->trial.timer);
	tp_revision_fini(&sup->running);
	memset(&sup->decision, 0, sizeof(sup->decision));
	sup->undone_at_start = 0;
	sup->event_count = 0;
	sup->remake.refused[0] = '\0';
	for (size_t i = 0; i < TP_SLICES; i++)
		sup->children[i].quick_ends = 0;
}

static void finish(void *arg)
{
	struct tp_sup *sup = arg;
	struct tp_diag diag = { 0 };
	enum tp_err err;

	if (sup->ending)
		return;
	tp_timer_stop(sup->loop, &sup->end_timer);
	end_helpers(sup);
	forget(sup);
	err = tp_sup_reset_wipe(sup, &diag);
	if (err == TP_OK)
		err = tp_sup_open_keys(sup, &diag);
	if (err == TP_OK)
		err = tp_sup_open_srtp(sup, &diag);
	if (err == TP_OK)
		err = tp_sup_crl_open(sup, &diag);
	if (err != TP_OK) {
		/* The mark stands: the next start wipes, with more rights than are left here. */
		TP_LOG(TP_LOG_ERROR, "reset.failed", "%s: %s; turnpiked ends", diag.where, diag.text);
		sup->failed = true;
		tp_loop_stop(sup->loop);
		return;
	}
	sup->reset.begun = sup->reset.ending = false;
	tp_sup_children_start(sup);
}

void tp_sup_reset_children_ended(struct tp_sup *sup)
{
	tp_later_add(sup->loop, &sup->reset.next, finish, sup);
}

static void begin(void *arg)
{
	tp_sup_children_end(arg);
}

static enum tp_err start(struct tp_sup *sup, const struct tp_msg_factory_reset *m, struct tp_diag *diag)
{
	struct tp_sup_reset *r = &sup->reset;
	enum tp_err err;

	if (r->begun)
		return TP_OK;
	err = write_mark(sup, m, diag);
	if (err != TP_OK)
		return err;
	tp_text_copy(r->user, sizeof(r->user), m->user);
	tp_text_copy(r->source, sizeof(r->source), m->source);
	r->marked = r->begun = true;
	TP_LOG(TP_LOG_WARN, "reset.begin", "factory reset, asked for by %s from %s", m->user, m->source);
	if (tp_timer_start(sup->loop, &r->timer, BEGIN_MS, begin, sup) != TP_OK)
		begin(sup);
	return TP_OK;
}

enum tp_err tp_sup_reset_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_factory_reset_begun answer = { 0 };
	struct tp_msg_factory_reset m;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_msg_factory_reset_read(&frame->body, &m);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK)
		return err;
	answer.err = (uint8_t)start(sup, &m, &diag);
	tp_text_copy(answer.text, sizeof(answer.text), diag.text);
	return TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel,
			       factory_reset_begun, frame->request, &answer);
}
