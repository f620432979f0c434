/* One started program with its channel. Runs in turnpiked. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/log.h"
#include "os/spawn.h"
#include "supervisor/supervisor.h"

enum {
	OPEN_FILES = 20000,
	OPEN_FILES_HELPER = 64,
	CPU_S_HELPER = 60, /* of those that read what strangers sent */
	LOCKED_BYTES = 64 << 20,
	MEDIA_NICE = -10, /* sound that waits for a processor is sound lost */
	GRACE_MS = 1000, /* between the end of a channel and of its process */
};

#define MEMORY_BYTES_HELPER ((rlim_t)1536 << 20)
#define FILE_BYTES_HELPER ((rlim_t)256 << 20)

static void describe_end(struct tp_sup_process *p, const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		snprintf(p->last_end, sizeof(p->last_end), "exit %d", info->si_status);
	else
		snprintf(p->last_end, sizeof(p->last_end), "signal %d (%s)", info->si_status,
			 strsignal(info->si_status));
}

static void forget(struct tp_sup_process *p)
{
	tp_timer_stop(p->sup->loop, &p->kill_timer);
	tp_watch_stop(p->sup->loop, &p->end_watch);
	close(p->end_watch.fd);
	tp_channel_free(&p->channel);
	p->pid = 0;
}

static void on_pidfd(void *arg, uint32_t events)
{
	struct tp_sup_process *p = arg;
	siginfo_t info = { 0 };

	(void)events;
	if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return;
	describe_end(p, &info);
	forget(p);
	p->on_end(p->arg);
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sup_process *p = arg;

	return p->on_frame(p->arg, ch, frame);
}

/* A program without its channel is of no use: it ends by itself, or is ended. */
static void on_channel_closed(void *arg, struct tp_channel *ch)
{
	struct tp_sup_process *p = arg;

	(void)ch;
	if (p->pid && !p->sup->ending && !p->sup->reset.ending && !tp_timer_running(&p->kill_timer))
		tp_sup_process_kill_after(p, GRACE_MS);
}

/* Every child holds this folder lock while it lives, so that a supervisor started
 * after a crash can wait for the old set to be gone. */
static int open_life_lock(struct tp_sup *sup)
{
	int fd = openat(sup->state_fd, "children.lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static enum tp_err spawn(struct tp_sup *sup, struct tp_sup_process *p, const char *const *argv,
			 int channel_fd, const int *fds, size_t fd_count, struct tp_diag *diag)
{
	bool reader = p->which == TP_PROCESS_CRL || p->which == TP_PROCESS_FETCH ||
		      p->which == TP_PROCESS_LDAP || p->which == TP_PROCESS_ACME;
	bool helper = p->which == TP_PROCESS_VALIDATE || p->which == TP_PROCESS_KEYS ||
		      p->which == TP_PROCESS_HASH || p->which == TP_PROCESS_PAM || reader;
	int all[TP_SPAWN_FDS_MAX] = { channel_fd };
	int lock = open_life_lock(sup);
	struct tp_spawn s = {
		.program_fd = sup->programs[p->which],
		.argv = argv,
		.fds = all,
		.fd_count = fd_count + 2,
		.set_ids = sup->set_ids,
		.uid = sup->uids[p->which],
		.gid = sup->gids[p->which],
		.bind_low_ports = p->which == TP_PROCESS_ADMIN || p->which == TP_PROCESS_SIP,
		.nice = p->which == TP_PROCESS_MEDIA ? MEDIA_NICE : 0,
		.limits = { { RLIMIT_CORE, 0 },
			    { RLIMIT_NOFILE, helper ? OPEN_FILES_HELPER : OPEN_FILES },
			    { RLIMIT_MEMLOCK, LOCKED_BYTES } },
		.limit_count = 3,
		.no_thread_caches = p->which == TP_PROCESS_ADMIN, /* the workers of its web server */
	};
	enum tp_err err;

	if (lock < 0)
		return tp_fail(diag, TP_IO, "children.lock", "%s", strerror(errno));
	if (reader) {
		s.limits[s.limit_count].resource = RLIMIT_CPU;
		s.limits[s.limit_count++].value = CPU_S_HELPER;
		s.limits[s.limit_count].resource = RLIMIT_FSIZE;
		s.limits[s.limit_count++].value = FILE_BYTES_HELPER;
#ifndef TP_SANITIZE /* which reserves far more than it uses */
		s.limits[s.limit_count].resource = RLIMIT_AS;
		s.limits[s.limit_count++].value = MEMORY_BYTES_HELPER;
#endif
	}
	if (fd_count)
		memcpy(all + 1, fds, fd_count * sizeof(*fds));
	all[fd_count + 1] = lock;
	err = tp_spawn(&s, &p->pid, diag);
	close(lock);
	return err;
}

static enum tp_err watch_end(struct tp_sup *sup, struct tp_sup_process *p)
{
	int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	enum tp_err err;

	if (fd < 0)
		return TP_IO;
	err = tp_watch_start(sup->loop, &p->end_watch, fd, TP_LOOP_READ, on_pidfd, p);
	if (err != TP_OK)
		close(fd);
	return err;
}

enum tp_err tp_sup_process_start(struct tp_sup *sup, struct tp_sup_process *p, enum tp_process which,
				 const char *const *argv, const int *fds, size_t fd_count,
				 tp_channel_handler frame_handler, void (*on_end)(void *arg),
				 void *arg, struct tp_diag *diag)
{
	int pair[2];
	enum tp_err err;

	p->sup = sup;
	p->which = which;
	p->on_frame = frame_handler;
	p->on_end = on_end;
	p->arg = arg;
	if (fd_count + 2 > TP_SPAWN_FDS_MAX)
		return tp_fail(diag, TP_LIMIT, argv[0], "too many descriptors");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return tp_fail(diag, TP_IO, argv[0], "socketpair: %s", strerror(errno));
	err = spawn(sup, p, argv, pair[1], fds, fd_count, diag);
	close(pair[1]);
	if (err != TP_OK) {
		close(pair[0]);
		return err;
	}
	err = tp_channel_new(sup->loop, pair[0], TP_PROCESS_SUP, which, on_frame, on_channel_closed,
			     p, &p->channel);
	if (err == TP_OK)
		err = watch_end(sup, p);
	if (err != TP_OK) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
		tp_channel_free(&p->channel);
		p->pid = 0;
		return tp_fail(diag, err, argv[0], "cannot watch the process");
	}
	return TP_OK;
}

void tp_sup_process_kill(struct tp_sup_process *p)
{
	if (p->pid)
		kill(p->pid, SIGKILL);
}

static void on_kill_due(void *arg)
{
	tp_sup_process_kill(arg);
}

void tp_sup_process_kill_after(struct tp_sup_process *p, uint64_t ms)
{
	if (p->pid && tp_timer_start(p->sup->loop, &p->kill_timer, ms, on_kill_due, p) != TP_OK)
		tp_sup_process_kill(p);
}

void tp_sup_process_fini(struct tp_sup_process *p)
{
	if (!p->pid)
		return;
	kill(p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	forget(p);
}
