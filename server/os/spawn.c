/* Starting another program with exactly the descriptors, identity and limits it is
 * to have. Used by turnpiked. */
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_FD = 3, PARKED_FD = 64, ENVIRONMENT_MAX = 4, OPTION_MAX = 512 };

/* What the child tells when it could not get as far as exec. */
struct failure {
	int error;
	char step[24];
};

static bool keep_only(uint64_t bits)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		uint32_t half = (uint32_t)(bits >> (32 * i));

		data[i] = (struct __user_cap_data_struct){ half, half, half };
	}
	return syscall(SYS_capset, &head, data) == 0;
}

static bool drop_bounding_set(uint64_t keep)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (!(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return false;
	return true;
}

static const char *become(const struct tp_spawn *s)
{
	uint64_t keep = s->bind_low_ports ? UINT64_C(1) << CAP_NET_BIND_SERVICE : 0;

	if (!s->set_ids)
		return NULL;
	if (!drop_bounding_set(keep))
		return "bounding set";
	if (setgroups(0, NULL) < 0 || setresgid(s->gid, s->gid, s->gid) < 0)
		return "group";
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(s->uid, s->uid, s->uid) < 0)
		return "user";
	if (!keep_only(keep))
		return "capabilities";
	if (keep && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) < 0)
		return "ambient capability";
	return NULL;
}

static void set_limits(const struct tp_spawn *s)
{
	for (size_t i = 0; i < s->limit_count; i++) {
		struct rlimit limit = { s->limits[i].value, s->limits[i].value };
		struct rlimit now;

		/* Who may not raise the hard limit gets as much as it allows. */
		if (setrlimit((__rlimit_resource_t)s->limits[i].resource, &limit) == 0 ||
		    getrlimit((__rlimit_resource_t)s->limits[i].resource, &now) < 0)
			continue;
		now.rlim_cur = now.rlim_max;
		setrlimit((__rlimit_resource_t)s->limits[i].resource, &now);
	}
}

/* Fds 3 .. for the program, then the program itself and the failure pipe, both of
 * which exec closes; nothing else stays open. */
static const char *arrange_fds(const struct tp_spawn *s, int *program, int *report)
{
	int parked[TP_SPAWN_FDS_MAX + 2];
	size_t n = s->fd_count;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		return "/dev/null";
	for (size_t i = 0; i < n + 2; i++) {
		int from = i < n ? s->fds[i] : i == n ? *program : *report;

		parked[i] = fcntl(from, F_DUPFD_CLOEXEC, PARKED_FD);
		if (parked[i] < 0)
			return "descriptors";
	}
	for (size_t i = 0; i < n + 2; i++)
		if (dup3(parked[i], FIRST_FD + (int)i, i < n ? 0 : O_CLOEXEC) < 0)
			return "descriptors";
	*program = FIRST_FD + (int)n;
	*report = FIRST_FD + (int)n + 1;
	return syscall(SYS_close_range, *report + 1, ~0u, 0) == 0 ? NULL : "close_range";
}

static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Of our own environment only the sanitizers' settings go on, and only in sanitizer builds. No
 * program reads the system's openssl.cnf, which could take algorithms away or bring others in. */
static void make_environment(const struct tp_spawn *s, char text[ENVIRONMENT_MAX][OPTION_MAX],
			     char *env[ENVIRONMENT_MAX + 1])
{
	size_t n = 0;
#ifdef TP_SANITIZE
	static const char *const names[] = { "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && snprintf(text[n], OPTION_MAX, "%s=%s", names[i], value) < OPTION_MAX) {
			env[n] = text[n];
			n++;
		}
	}
	(void)s;
#else
	if (s->no_thread_caches) {
		snprintf(text[n], OPTION_MAX, "GLIBC_TUNABLES=glibc.malloc.tcache_count=0");
		env[n] = text[n];
		n++;
	}
#endif
	snprintf(text[n], OPTION_MAX, "OPENSSL_CONF=/dev/null");
	env[n] = text[n];
	env[n + 1] = NULL;
}

static const char *prepare_child(const struct tp_spawn *s, pid_t parent, int *program, int *report)
{
	const char *step = arrange_fds(s, program, report);

	if (step)
		return step;
	reset_signals();
	set_limits(s);
	if (s->nice)
		(void)setpriority(PRIO_PROCESS, 0, s->nice);
	/* An own session: a Ctrl-C at the terminal is for the supervisor alone. */
	setsid();
	step = become(s);
	if (step)
		return step;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return "no_new_privs";
	/* After the change of user, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return "parent death signal";
	if (getppid() != parent)
		_exit(1);
	return NULL;
}

static _Noreturn void run_child(const struct tp_spawn *s, pid_t parent, int report)
{
	char text[ENVIRONMENT_MAX][OPTION_MAX];
	char *env[ENVIRONMENT_MAX + 1];
	struct failure failure = { 0 };
	int program = s->program_fd;
	const char *step = prepare_child(s, parent, &program, &report);

	if (!step) {
		make_environment(s, text, env);
		syscall(SYS_execveat, program, "", (char *const *)s->argv, env, AT_EMPTY_PATH);
		step = "exec";
	}
	failure.error = errno;
	snprintf(failure.step, sizeof(failure.step), "%s", step);
	if (write(report, &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

enum tp_err tp_spawn(const struct tp_spawn *s, pid_t *pid, struct tp_diag *diag)
{
	struct failure failure;
	pid_t parent = getpid();
	int report[2];
	ssize_t n;
	pid_t child;

	if (s->fd_count > TP_SPAWN_FDS_MAX || s->limit_count > TP_SPAWN_LIMITS_MAX)
		return tp_fail(diag, TP_LIMIT, s->argv[0], "too many descriptors or limits");
	if (pipe2(report, O_CLOEXEC) < 0)
		return tp_fail(diag, TP_IO, s->argv[0], "pipe: %s", strerror(errno));
	child = fork();
	if (child == 0)
		run_child(s, parent, report[1]);
	close(report[1]);
	if (child < 0) {
		close(report[0]);
		return tp_fail(diag, TP_IO, s->argv[0], "fork: %s", strerror(errno));
	}
	do
		n = read(report[0], &failure, sizeof(failure));
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n == 0) {
		*pid = child;
		return TP_OK;
	}
	/* Not a program yet: its end is reaped here, nobody else knows of it. */
	waitpid(child, NULL, 0);
	if (n != sizeof(failure))
		return tp_fail(diag, TP_IO, s->argv[0], "the child gave no account of itself");
	return tp_fail(diag, TP_IO, s->argv[0], "%s: %s", failure.step, strerror(failure.error));
}
