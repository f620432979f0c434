/* Confinement of a process: no new privileges, a seccomp allow-list, Landlock.
 * Used by every child. */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "os/sandbox_calls.h"

/* ----------------------------------------------------------------- Landlock */

/* Rights newer than Debian 12's header, from the kernel's user interface. */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)  /* ABI 3 */
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_OF_FILES \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | \
	 ACCESS_TRUNCATE | ACCESS_IOCTL_DEV)

/* struct landlock_ruleset_attr as of ABI 6; older kernels take a shorter one. */
struct ruleset {
	uint64_t fs;
	uint64_t net;    /* ABI 4: TCP bind 1, connect 2 */
	uint64_t scoped; /* ABI 6: abstract unix sockets 1, signals 2 */
};

static uint64_t known_fs_rights(long abi)
{
	uint64_t rights = (UINT64_C(1) << 13) - 1;

	if (abi >= 2)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		rights |= ACCESS_TRUNCATE;
	if (abi >= 5)
		rights |= ACCESS_IOCTL_DEV;
	return rights;
}

static bool allow_tree(int ruleset, uint64_t known, const struct tp_sandbox_tree *tree)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = tree->fd };
	struct stat st;

	if (fstat(tree->fd, &st) < 0)
		return false;
	rule.allowed_access = tree->write ? known & ~(uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE |
								LANDLOCK_ACCESS_FS_MAKE_CHAR |
								LANDLOCK_ACCESS_FS_MAKE_BLOCK |
								LANDLOCK_ACCESS_FS_MAKE_SYM |
								ACCESS_IOCTL_DEV)
					  : ACCESS_READ;
	if (tree->run)
		rule.allowed_access |= LANDLOCK_ACCESS_FS_EXECUTE;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= ACCESS_OF_FILES;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

static bool allow_trees(int ruleset, uint64_t known, const struct tp_sandbox_tree *trees,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!allow_tree(ruleset, known, &trees[i]))
			return false;
#ifdef TP_SANITIZE
	/* The leak check at the end reads /proc/self. */
	struct tp_sandbox_tree proc = { .fd = open("/proc", O_PATH | O_CLOEXEC) };

	if (proc.fd >= 0) {
		bool added = allow_tree(ruleset, known, &proc);

		close(proc.fd);
		return added;
	}
#endif
	return true;
}

static enum tp_err enter_landlock(const struct tp_sandbox_profile *profile,
				  const struct tp_sandbox_tree *trees, size_t count,
				  struct tp_diag *diag)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset attr = { 0 };
	size_t size = abi >= 6 ? sizeof(attr) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
	bool entered;
	int fd;

	if (abi < 1) {
		TP_LOG(TP_LOG_WARN, "sandbox.landlock", "%s: this kernel has no Landlock (%s)",
		       profile->name, strerror(errno));
		return TP_OK;
	}
	attr.fs = known_fs_rights(abi);
	if (abi >= 4 && !profile->inet_tcp)
		attr.net = 3;
	if (abi >= 6)
		attr.scoped = 3;
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return tp_fail(diag, TP_IO, "landlock", "ruleset: %s", strerror(errno));
	entered = allow_trees(fd, attr.fs, trees, count) &&
		  syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	return entered ? TP_OK : tp_fail(diag, TP_IO, "landlock", "%s", strerror(errno));
}

/* ------------------------------------------------------------------ seccomp */

#ifdef TP_SANITIZE
#include <signal.h>
#include <stdio.h>

/* Test builds say which call it was before they die of it. */
static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "sandbox: forbidden system call %d\n", info->si_syscall);

	(void)context;
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		_exit(126);
	signal(sig, SIG_DFL);
	syscall(SYS_tgkill, getpid(), gettid(), sig);
}

static uint32_t default_action(void)
{
	struct sigaction action = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSYS, &action, NULL);
	return SCMP_ACT_TRAP;
}
#else
static uint32_t default_action(void)
{
	return SCMP_ACT_KILL_PROCESS;
}
#endif

static enum tp_err enter_seccomp(const struct tp_sandbox_profile *profile, struct tp_diag *diag)
{
	scmp_filter_ctx ctx = seccomp_init(default_action());
	int r;

	if (!ctx)
		return tp_fail(diag, TP_NOMEM, "seccomp", "no memory");
	/* Decision trees instead of a chain: the packet path makes many calls. */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = tp_sandbox_add_calls(ctx, profile);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r == 0 ? TP_OK : tp_fail(diag, TP_IO, "seccomp", "%s", strerror(-r));
}

enum tp_err tp_sandbox_enter(const struct tp_sandbox_profile *profile,
			     const struct tp_sandbox_tree *trees, size_t tree_count,
			     struct tp_diag *diag)
{
	enum tp_err err;

	if (tree_count > TP_SANDBOX_TREES_MAX)
		return tp_fail(diag, TP_LIMIT, "sandbox", "too many folders");
	/* Even gmtime() looks for the time zone once, by opening a file. */
	tzset();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return tp_fail(diag, TP_IO, "no_new_privs", "%s", strerror(errno));
	err = enter_landlock(profile, trees, tree_count, diag);
	if (err != TP_OK || profile->programs)
		return err;
	return enter_seccomp(profile, diag);
}

enum tp_err tp_sandbox_enter_looking_up(const struct tp_sandbox_profile *profile,
					struct tp_diag *diag)
{
	static const char *const files[] = {
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
		"/etc/services",
	};
	enum { COUNT = sizeof(files) / sizeof(files[0]) };
	struct tp_sandbox_tree trees[COUNT];
	size_t count = 0;
	enum tp_err err;

	for (size_t i = 0; i < COUNT; i++) {
		int fd = open(files[i], O_PATH | O_CLOEXEC);

		if (fd >= 0)
			trees[count++] = (struct tp_sandbox_tree){ .fd = fd, .write = false };
	}
	err = tp_sandbox_enter(profile, trees, count, diag);
	while (count)
		close(trees[--count].fd);
	return err;
}
