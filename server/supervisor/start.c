/* What the supervisor opens before it gives up privileges: folders, locks, key,
 * programs, users, the decision. Runs in turnpiked. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "os/file.h"
#include "os/memfd.h"
#include "supervisor/root_key.h"
#include "supervisor/supervisor.h"

enum {
	LOCK_WAIT_MS = 3000,      /* for another turnpiked that is just ending */
	CHILDREN_WAIT_MS = 15000, /* for the children of one that was killed */
	STEP_MS = 20,
	FIRST_PRIVATE_UID = 62100, /* plus the process number */
	SRTP_STATE_BYTES = 64 << 20,
};

/* -------------------------------------------------------------------- locks */

static enum tp_err wait_for_lock(int fd, unsigned wait_ms)
{
	const struct timespec step = { 0, STEP_MS * 1000000L };

	for (unsigned waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += STEP_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return TP_IO;
		if (waited >= wait_ms)
			return TP_EXISTS;
		nanosleep(&step, NULL);
	}
	return TP_OK;
}

static int open_lock(int state_fd, const char *name)
{
	return openat(state_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static enum tp_err take_locks(struct tp_sup *sup, struct tp_diag *diag)
{
	int children;
	enum tp_err err;

	sup->lock_fd = open_lock(sup->state_fd, "lock");
	children = open_lock(sup->state_fd, "children.lock");
	if (sup->lock_fd < 0 || children < 0) {
		if (children >= 0)
			close(children);
		return tp_fail(diag, TP_IO, "lock", "%s", strerror(errno));
	}
	err = wait_for_lock(sup->lock_fd, LOCK_WAIT_MS);
	if (err == TP_OK)
		err = wait_for_lock(children, CHILDREN_WAIT_MS);
	close(children);
	if (err == TP_EXISTS)
		return tp_fail(diag, err, "lock", "another turnpiked, or a child of one, uses %s",
			       sup->options.state);
	return err == TP_OK ? TP_OK : tp_fail(diag, err, "lock", "%s", strerror(errno));
}

/* ------------------------------------------------------------------ folders */

static enum tp_err make_path(const char *path, struct tp_diag *diag)
{
	char part[4096];

	if (!tp_text_copy(part, sizeof(part), path))
		return tp_fail(diag, TP_LIMIT, path, "the path is too long");
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return tp_fail(diag, TP_IO, part, "%s", strerror(errno));
		*p = '/';
	}
	if (mkdir(part, 0700) < 0 && errno != EEXIST)
		return tp_fail(diag, TP_IO, part, "%s", strerror(errno));
	return TP_OK;
}

static enum tp_err open_state(struct tp_sup *sup, struct tp_diag *diag)
{
	const char *path = sup->options.state;
	enum tp_err err = make_path(path, diag);

	if (err != TP_OK)
		return err;
	sup->state_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sup->state_fd < 0)
		return tp_fail(diag, TP_IO, path, "%s", strerror(errno));
	/* Root keeps no right to look into folders of others. */
	if (fchown(sup->state_fd, geteuid(), getegid()) < 0 || fchmod(sup->state_fd, 0700) < 0)
		return tp_fail(diag, TP_IO, path, "%s", strerror(errno));
	return TP_OK;
}

static enum tp_err open_folders(struct tp_sup *sup, struct tp_diag *diag)
{
	enum tp_err err = tp_file_open_dir(sup->state_fd, "config", 0700, &sup->config_fd, diag);

	if (err == TP_OK)
		err = tp_file_open_dir(sup->state_fd, "identity", 0700, &sup->identity_fd, diag);
	if (err == TP_OK)
		err = tp_file_open_dir(sup->state_fd, "admin", 0700, &sup->admin_fd, diag);
	if (err != TP_OK)
		return err;
	if (sup->set_ids && fchown(sup->admin_fd, sup->uids[TP_PROCESS_ADMIN],
				   sup->gids[TP_PROCESS_ADMIN]) < 0)
		return tp_fail(diag, TP_IO, "admin", "%s", strerror(errno));
	return TP_OK;
}

static enum tp_err open_run(struct tp_sup *sup, struct tp_diag *diag)
{
	enum tp_err err;

	if (!sup->options.run)
		return tp_file_open_dir(sup->state_fd, "run", 0755, &sup->run_fd, diag);
	err = make_path(sup->options.run, diag);
	if (err != TP_OK)
		return err;
	sup->run_fd = open(sup->options.run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sup->run_fd < 0)
		return tp_fail(diag, TP_IO, sup->options.run, "%s", strerror(errno));
	return TP_OK;
}

/* The socket is named through the folder's descriptor: its own path may be long. */
static enum tp_err open_socket(struct tp_sup *sup, struct tp_diag *diag)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	mode_t mask;
	int bound;

	sup->socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sup->socket_fd < 0)
		return tp_fail(diag, TP_IO, "admin.sock", "%s", strerror(errno));
	snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/admin.sock", sup->run_fd);
	if (unlinkat(sup->run_fd, "admin.sock", 0) < 0 && errno != ENOENT)
		return tp_fail(diag, TP_IO, "admin.sock", "%s", strerror(errno));
	mask = umask(0177);
	bound = bind(sup->socket_fd, (struct sockaddr *)&sa, sizeof(sa));
	umask(mask);
	if (bound < 0 || listen(sup->socket_fd, 16) < 0)
		return tp_fail(diag, TP_IO, "admin.sock", "%s", strerror(errno));
	return TP_OK;
}

/* ----------------------------------------------------- programs and their users */

/* A program that only its owner may execute (a checkout made under a strict umask)
 * is copied into memory, from where the children's users can start it. */
static enum tp_err copy_program(int *program, const char *name, struct tp_diag *diag)
{
	int from = open(name, O_RDONLY | O_CLOEXEC);
	int to = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	bool copied = false;
	struct stat st;

	if (from >= 0 && to >= 0 && fstat(from, &st) == 0) {
		char block[65536];
		ssize_t n;

		while ((n = read(from, block, sizeof(block))) > 0)
			if (write(to, block, (size_t)n) != n)
				break;
		copied = n == 0 && fchmod(to, 0755) == 0;
	}
	if (from >= 0)
		close(from);
	if (!copied) {
		if (to >= 0)
			close(to);
		return tp_fail(diag, TP_IO, name, "cannot be copied: %s", strerror(errno));
	}
	close(*program);
	*program = to;
	return TP_OK;
}

enum tp_err tp_sup_open_beside(const struct tp_sup *sup, const char *name, int *out,
			       struct tp_diag *diag)
{
	char folder[4096], path[4160];
	ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	struct stat st;

	if (n < 0)
		return tp_fail(diag, TP_IO, "/proc/self/exe", "%s", strerror(errno));
	folder[n] = '\0';
	*strrchr(folder, '/') = '\0';
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	*out = open(path, O_PATH | O_CLOEXEC);
	if (*out < 0 || fstat(*out, &st) < 0)
		return tp_fail(diag, TP_IO, path, "%s", strerror(errno));
	if (!sup->set_ids || (st.st_mode & S_IXOTH))
		return TP_OK;
	return copy_program(out, path, diag);
}

static enum tp_err open_programs(struct tp_sup *sup, struct tp_diag *diag)
{
	enum tp_err err = TP_OK;

	for (int p = TP_PROCESS_ADMIN; p < TP_PROCESS_COUNT && err == TP_OK; p++)
		err = tp_sup_open_beside(sup, tp_process_name((enum tp_process)p), &sup->programs[p],
					 diag);
	return err;
}

static void find_users(struct tp_sup *sup)
{
	const struct group *shadow;

	sup->set_ids = geteuid() == 0;
	for (int p = TP_PROCESS_ADMIN; sup->set_ids && p < TP_PROCESS_COUNT; p++) {
		const char *suffix = strchr(tp_process_name((enum tp_process)p), '-');
		char name[128];
		struct passwd *found;

		snprintf(name, sizeof(name), "%s%s", sup->options.users, suffix);
		/* cppcheck-suppress getpwnamCalled ; turnpiked has one thread */
		found = getpwnam(name);
		sup->uids[p] = found ? found->pw_uid : (uid_t)(FIRST_PRIVATE_UID + p);
		sup->gids[p] = found ? found->pw_gid : (gid_t)(FIRST_PRIVATE_UID + p);
	}
	/* So that pam_unix can read the passwords without being root (docs/decisions, 19). */
	/* cppcheck-suppress getgrnamCalled ; turnpiked has one thread */
	shadow = sup->set_ids ? getgrnam("shadow") : NULL;
	if (shadow)
		sup->gids[TP_PROCESS_PAM] = shadow->gr_gid;
}

/* ------------------------------------------------------------ key and decision */

enum tp_err tp_sup_open_keys(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_secret root = { 0 };
	enum tp_err err = tp_root_key_load(sup->state_fd, &root, diag);

	if (err == TP_OK)
		err = tp_sup_reset_generation(sup, &root, &sup->seal, diag);
	tp_secret_fini(&root);
	return err == TP_OK ? tp_first_login_load(sup->state_fd, &sup->first_login, diag) : err;
}

/* The book of audit heads goes on through all generations. */
static enum tp_err open_book(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_secret root = { 0 };
	struct tp_seal seal = { 0 };
	enum tp_err err = tp_root_key_load(sup->state_fd, &root, diag);

	if (err == TP_OK) {
		err = tp_seal_open(&seal, &root);
		if (err != TP_OK)
			tp_fail(diag, err, "root.key", "no key can be derived");
	}
	if (err == TP_OK)
		err = tp_audit_book_open(sup->state_fd, &root, &seal, &sup->audit, diag);
	tp_seal_close(&seal);
	tp_secret_fini(&root);
	return err;
}

static enum tp_err open_secrets(struct tp_sup *sup, struct tp_diag *diag)
{
	enum tp_err err = TP_OK;

	/* The key comes last: without it the next start is a first start again. */
	if (!tp_root_key_exists(sup->state_fd))
		err = tp_first_login_make(sup->state_fd, diag);
	if (err == TP_OK)
		err = open_book(sup, diag);
	return err == TP_OK ? tp_sup_open_keys(sup, diag) : err;
}

/* A start inside the trial window is an undo. */
static enum tp_err open_decision(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_decision *d = &sup->decision;
	enum tp_err err = tp_decision_read(sup->config_fd, d, diag);

	if (err != TP_OK)
		return err;
	if (d->trial_until_s) {
		struct tp_decision back = *d;

		back.running = back.last_good;
		back.trial_until_s = 0;
		err = tp_decision_write(sup->config_fd, &back, diag);
		if (err != TP_OK)
			return err;
		TP_LOG(TP_LOG_WARN, "config.undo",
		       "revision %llu was on trial when the system ended: revision %llu is in force",
		       (unsigned long long)d->running.number,
		       (unsigned long long)back.running.number);
		sup->undone_at_start = d->running.number;
		*d = back;
	}
	tp_revision_sweep(sup->config_fd, d);
	return d->running.number ? tp_revision_load(sup->config_fd, &d->running, &sup->running, diag)
				 : TP_OK;
}

enum tp_err tp_sup_open_srtp(struct tp_sup *sup, struct tp_diag *diag)
{
	int fd = -1;

	if (tp_memfd_sized("srtp-state", SRTP_STATE_BYTES, &fd) != TP_OK)
		return tp_fail(diag, TP_IO, "srtp-state", "%s", strerror(errno));
	if (sup->srtp_fd >= 0)
		close(sup->srtp_fd);
	sup->srtp_fd = fd;
	return TP_OK;
}

enum tp_err tp_sup_open(struct tp_sup *sup, const struct tp_sup_options *options,
			struct tp_diag *diag)
{
	enum tp_err err;

	memset(sup, 0, sizeof(*sup));
	sup->options = *options;
	sup->state_fd = sup->config_fd = sup->identity_fd = sup->admin_fd = -1;
	sup->run_fd = sup->socket_fd = sup->srtp_fd = sup->lock_fd = -1;
	sup->audit.folder_fd = -1;
	for (size_t i = 0; i < TP_PROCESS_COUNT; i++)
		sup->programs[i] = -1;
	tp_list_init(&sup->commit.waiting);
	tp_list_init(&sup->fetches);
	tp_list_init(&sup->points);
	tp_sup_hash_init(sup);
	tp_sup_pam_init(sup);
	tp_sup_ldap_init(sup);
	sup->crl.folder_fd = sup->crl.leaving = -1;
	sup->acme.folder_fd = sup->acme.private_fd = sup->acme.trust_fd = sup->acme.hooks_fd = -1;
	for (size_t i = 0; i < TP_SUP_CRL_SLOTS; i++)
		sup->crl.indexes[i] = -1;
	find_users(sup);
	err = tp_loop_new(&sup->loop);
	if (err != TP_OK)
		return tp_fail(diag, err, "loop", "%s", strerror(errno));
	sup->started_unix_ms = tp_loop_unix_ms(sup->loop);
	err = open_state(sup, diag);
	if (err == TP_OK)
		err = take_locks(sup, diag);
	if (err == TP_OK)
		err = open_folders(sup, diag);
	if (err == TP_OK)
		err = open_run(sup, diag);
	if (err == TP_OK)
		err = tp_sup_pam_open(sup, diag);
	if (err == TP_OK)
		err = tp_sup_reset_open(sup, diag);
	if (err == TP_OK)
		err = open_socket(sup, diag);
	if (err == TP_OK)
		err = open_programs(sup, diag);
	if (err == TP_OK)
		err = tp_sup_acme_open(sup, diag);
	if (err == TP_OK)
		err = tp_sup_open_srtp(sup, diag);
	if (err == TP_OK)
		err = open_secrets(sup, diag);
	if (err == TP_OK)
		err = open_decision(sup, diag);
	if (err == TP_OK)
		err = tp_sup_crl_open(sup, diag);
	return err;
}

void tp_sup_close(struct tp_sup *sup)
{
	int *fds[] = { &sup->state_fd, &sup->config_fd, &sup->identity_fd, &sup->admin_fd,
		       &sup->run_fd,   &sup->socket_fd, &sup->srtp_fd,     &sup->lock_fd };

	if (!sup->loop)
		return;
	tp_sup_remake_fini(sup);
	tp_sup_commit_fini(sup);
	tp_sup_identity_fini(sup);
	tp_sup_key_work_fini(sup);
	tp_sup_hash_fini(sup);
	tp_sup_pam_fini(sup);
	tp_sup_questions_fini(&sup->ldap);
	tp_sup_crl_fini(sup);
	tp_sup_point_fini(sup);
	tp_sup_acme_fini(sup);
	tp_sup_fetch_fini(sup);
	tp_sup_children_fini(sup);
	tp_revision_fini(&sup->running);
	tp_audit_book_close(&sup->audit);
	tp_seal_close(&sup->seal);
	for (size_t i = 0; i < TP_PROCESS_COUNT; i++)
		if (sup->programs[i] >= 0)
			close(sup->programs[i]);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (*fds[i] >= 0)
			close(*fds[i]);
	tp_loop_free(&sup->loop);
}
