/* Starting uacme and hooks, and reading what they say. Runs in turnpike-acme. */
#include "program.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/sandbox.h"

enum { PARKED_FD = 40 };

uint64_t tp_program_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ----------------------------------------------------------------------- sandbox */

struct trees {
	struct tp_sandbox_tree list[TP_SANDBOX_TREES_MAX];
	size_t count;
};

static void add_fd(struct trees *t, int fd, bool write, bool run)
{
	if (fd >= 0 && t->count < TP_SANDBOX_TREES_MAX)
		t->list[t->count++] = (struct tp_sandbox_tree){ .fd = fd, .write = write, .run = run };
}

static void add_path(struct trees *t, const char *path, bool write, bool run)
{
	add_fd(t, open(path, O_PATH | O_CLOEXEC), write, run);
}

static void close_trees(struct trees *t)
{
	while (t->count) {
		int fd = t->list[--t->count].fd;

		if (fd > TP_ACME_HOOKS_FD)
			close(fd);
	}
}

/* Programs of this kind of executable are started by the same loader as we were. */
static void add_loader(struct trees *t)
{
	Dl_info info;

	/* An address that the kernel tells. NOLINTNEXTLINE(performance-no-int-to-ptr) */
	if (dladdr((const void *)getauxval(AT_BASE), &info) && info.dli_fname)
		add_path(t, info.dli_fname, false, true);
}

static void add_uacme(struct trees *t)
{
	static const char *const read[] = { "/usr/lib", "/lib", "/etc/ld.so.cache", "/etc/resolv.conf",
					    "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf",
					    "/etc/gai.conf" };

	add_fd(t, TP_ACME_FOLDER_FD, true, false);
	add_fd(t, TP_ACME_TRUST_FD, false, false);
	add_path(t, "/usr/bin/uacme", false, true);
	add_loader(t);
	for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++)
		add_path(t, read[i], false, false);
}

static void add_hook(struct trees *t)
{
	add_fd(t, TP_ACME_HOOKS_FD, false, true);
	add_path(t, "/usr", false, true);
	add_path(t, "/etc", false, false);
	add_path(t, "/dev/null", true, false);
	add_path(t, "/dev/urandom", false, false);
}

static enum tp_err enter(struct trees *t, struct tp_diag *diag)
{
	enum tp_err err = tp_sandbox_enter(&tp_sandbox_profile_acme, t->list, t->count, diag);

	close_trees(t);
	return err;
}

enum tp_err tp_program_confine_helper(struct tp_diag *diag)
{
	struct trees t = { 0 };

	/* /usr and /etc of the hooks hold what uacme reads, but for these. */
	add_hook(&t);
	add_fd(&t, TP_ACME_FOLDER_FD, true, false);
	add_fd(&t, TP_ACME_TRUST_FD, false, false);
	add_path(&t, "/lib", false, true);
	return enter(&t, diag);
}

/* ------------------------------------------------------------------------ starting */

/* Only what it is to have stays open: 0 to 2, and the folders by their numbers. */
static bool arrange_fds(enum tp_program_kind kind, int in, int out)
{
	int first = kind == TP_PROGRAM_UACME ? TP_ACME_FOLDER_FD : TP_ACME_HOOKS_FD;
	int last = kind == TP_PROGRAM_UACME ? TP_ACME_TRUST_FD : TP_ACME_HOOKS_FD;

	in = fcntl(in, F_DUPFD, PARKED_FD);
	out = fcntl(out, F_DUPFD, PARKED_FD);
	return in >= 0 && out >= 0 && dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2 &&
	       syscall(SYS_close_range, 3, first - 1, 0) == 0 &&
	       syscall(SYS_close_range, last + 1, ~0u, 0) == 0;
}

static _Noreturn void run_child(enum tp_program_kind kind, const char *const *argv, int in, int out)
{
	static const char *const uacme_env[] = { "LD_PRELOAD=/proc/self/fd/5",
						 "TP_ACME_TRUST=/proc/self/fd/4/trusted.pem",
						 "TP_ACME_BINDING=" TP_ACME_BINDING, NULL };
	static const char *const hook_env[] = { "PATH=/usr/bin:/usr/sbin", NULL };
	struct trees t = { 0 };
	struct tp_diag diag = { 0 };
	enum tp_err err;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() == 1)
		_exit(126);
	if (kind == TP_PROGRAM_UACME)
		add_uacme(&t);
	else
		add_hook(&t);
	err = enter(&t, &diag);
	if (err == TP_OK && arrange_fds(kind, in, out)) {
		if (kind == TP_PROGRAM_UACME)
			execve(argv[0], (char *const *)argv, (char *const *)uacme_env);
		else
			/* By name in its folder: the path to there is not ours to walk. */
			syscall(SYS_execveat, TP_ACME_HOOKS_FD, argv[0], argv, hook_env, 0);
	}
	dprintf(2, "%s: cannot be run: %s %s\n", argv[0], strerror(errno), diag.text);
	_exit(127);
}

enum tp_err tp_program_start(enum tp_program_kind kind, const char *const *argv,
			     struct tp_program *p)
{
	int in[2], out[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0)
		return TP_IO;
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return TP_IO;
	}
	pid = fork();
	if (pid == 0)
		run_child(kind, argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	if (pid < 0) {
		close(in[1]);
		close(out[0]);
		return TP_IO;
	}
	*p = (struct tp_program){ .pid = pid, .in = in[1], .out = out[0] };
	return TP_OK;
}

/* ------------------------------------------------------------------------- reading */

static enum tp_err wait_readable(int fd, uint64_t until_ms)
{
	uint64_t now = tp_program_now_ms();
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	if (now >= until_ms || poll(&poller, 1, (int)(until_ms - now)) == 0)
		return TP_LIMIT;
	return TP_OK;
}

enum tp_err tp_program_read_line(struct tp_program *p, char *line, size_t size, uint64_t until_ms)
{
	size_t len = 0;

	for (;;) {
		enum tp_err err = wait_readable(p->out, until_ms);
		char c;

		if (err != TP_OK)
			return err;
		if (read(p->out, &c, 1) != 1) {
			line[len] = '\0';
			return len ? TP_OK : TP_CLOSED;
		}
		if (c == '\n') {
			line[len] = '\0';
			return TP_OK;
		}
		if (c && len + 1 < size)
			line[len++] = c;
	}
}

int tp_program_end(struct tp_program *p, uint64_t until_ms)
{
	int status = 0;
	pid_t ended = 0;

	close(p->in);
	close(p->out);
	while ((ended = waitpid(p->pid, &status, WNOHANG)) == 0 && tp_program_now_ms() < until_ms)
		usleep(5000);
	if (ended == 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, &status, 0);
	}
	p->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
