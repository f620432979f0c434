/* Which system calls a profile may make, and with which arguments where those decide.
 * Used by every child. */
#include "os/sandbox_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define CALL(n) SCMP_SYS(n)

static const int base_calls[] = {
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(pread64), CALL(pwrite64),
	CALL(close), CALL(lseek), CALL(fstat), CALL(dup), CALL(dup2), CALL(dup3), CALL(fcntl),
	CALL(munmap), CALL(mremap), CALL(madvise), CALL(brk), CALL(mlock), CALL(mlock2),
	CALL(munlock), CALL(memfd_create), CALL(ftruncate),
	CALL(futex), CALL(sched_yield), CALL(sched_getaffinity), CALL(getcpu), CALL(membarrier),
	CALL(set_robust_list), CALL(rseq), CALL(restart_syscall),
	CALL(clock_gettime), CALL(clock_getres), CALL(clock_nanosleep), CALL(nanosleep),
	CALL(gettimeofday), CALL(time),
	CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_wait), CALL(epoll_pwait),
	CALL(epoll_pwait2), CALL(eventfd2), CALL(timerfd_create), CALL(timerfd_settime),
	CALL(poll), CALL(ppoll), CALL(select), CALL(pselect6), CALL(pipe2),
	CALL(sendto), CALL(recvfrom), CALL(sendmsg), CALL(recvmsg), CALL(sendmmsg), CALL(recvmmsg),
	CALL(shutdown), CALL(getsockopt), CALL(setsockopt), CALL(getsockname), CALL(getpeername),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(rt_sigtimedwait),
	CALL(sigaltstack),
	CALL(getrandom), CALL(getpid), CALL(gettid), CALL(getppid), CALL(getuid), CALL(geteuid),
	CALL(getgid), CALL(getegid), CALL(getrusage), CALL(uname), CALL(sysinfo),
	CALL(exit), CALL(exit_group),
};

static const int read_calls[] = {
	CALL(stat), CALL(lstat), CALL(newfstatat), CALL(statx), CALL(access), CALL(faccessat),
	CALL(faccessat2), CALL(readlink), CALL(readlinkat), CALL(getdents64), CALL(getcwd),
	CALL(fadvise64), CALL(fstatfs), CALL(statfs),
};

static const int write_calls[] = {
	CALL(open), CALL(openat), CALL(unlink), CALL(unlinkat), CALL(rename), CALL(renameat),
	CALL(renameat2), CALL(mkdir), CALL(mkdirat), CALL(rmdir), CALL(fsync), CALL(fdatasync),
	CALL(fallocate), CALL(flock), CALL(fchmod), CALL(utimensat),
};

#ifdef TP_SANITIZE
/* What the sanitizers do at a report and at the leak check. */
static const int sanitizer_calls[] = {
	CALL(open), CALL(openat), CALL(newfstatat), CALL(readlink), CALL(readlinkat),
	CALL(getdents), CALL(getdents64), CALL(stat), CALL(clone), CALL(ptrace), CALL(wait4), CALL(waitid),
	CALL(process_vm_readv), CALL(prctl), CALL(prlimit64), CALL(getpgrp), CALL(kill),
	CALL(mmap), CALL(mprotect), CALL(msync), CALL(pipe), CALL(fork), CALL(arch_prctl),
	CALL(set_tid_address), CALL(get_robust_list), CALL(personality), CALL(sched_setscheduler),
	CALL(ioctl), CALL(getcwd), CALL(access),
};
#endif

static int allow_all(scmp_filter_ctx ctx, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/* A call that this machine does not have needs no rule. */
		int r = calls[i] == __NR_SCMP_ERROR
				? 0
				: seccomp_rule_add_exact(ctx, SCMP_ACT_ALLOW, calls[i], 0);

		if (r < 0 && r != -EEXIST && r != -EDOM && r != -EINVAL)
			return r;
	}
	return 0;
}

/* Comparisons of one argument, by its position. */
#define EQUALS(position, value) { (position), SCMP_CMP_EQ, (value), 0 }
#define MASKED(position, mask, value) { (position), SCMP_CMP_MASKED_EQ, (mask), (value) }

/* Adds a rule and makes the first failure stick in r. */
#define RULE(action, call, ...)                                                             \
	do {                                                                                \
		struct scmp_arg_cmp compare_[] = { __VA_ARGS__ };                           \
		if (r == 0)                                                                 \
			r = seccomp_rule_add_array(ctx, (action), CALL(call),               \
						   (unsigned)COUNT(compare_), compare_);    \
		if (r == -EEXIST)                                                           \
			r = 0;                                                              \
	} while (0)

/* Memory that can be written is never made executable, nor the other way round. */
static int add_memory(scmp_filter_ctx ctx)
{
	int r = 0;

	RULE(SCMP_ACT_ALLOW, mmap, MASKED(2, PROT_EXEC, 0));
	RULE(SCMP_ACT_ALLOW, mprotect, MASKED(2, PROT_EXEC, 0));
	return r;
}

static int refuse_call(scmp_filter_ctx ctx, int call)
{
	int r = call == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_exact(ctx, SCMP_ACT_ERRNO(EPERM), call, 0);

	return r == -EEXIST || r == -EDOM || r == -EINVAL ? 0 : r;
}

/* For libraries that are loaded late. Daemons of this machine are asked by unix sockets;
 * that there is no audit in the kernel is what PAM copes with, unlike a refusal. Programs
 * are not run: a module that tries is told so. */
static int add_modules(scmp_filter_ctx ctx)
{
	static const int programs[] = { CALL(execve), CALL(execveat), CALL(fork), CALL(vfork) };
	int r = 0;

	RULE(SCMP_ACT_ALLOW, mmap, MASKED(2, PROT_WRITE | PROT_EXEC, PROT_EXEC));
	RULE(SCMP_ACT_ALLOW, mprotect, MASKED(2, PROT_WRITE | PROT_EXEC, PROT_EXEC));
	RULE(SCMP_ACT_ALLOW, socket, EQUALS(0, AF_UNIX));
	RULE(SCMP_ACT_ALLOW, socket, EQUALS(0, AF_NETLINK), EQUALS(2, NETLINK_ROUTE));
	RULE(SCMP_ACT_ERRNO(EPROTONOSUPPORT), socket, EQUALS(0, AF_NETLINK),
	     { 2, SCMP_CMP_NE, NETLINK_ROUTE, 0 });
	for (size_t i = 0; i < COUNT(programs) && r == 0; i++)
		r = refuse_call(ctx, programs[i]);
	return r;
}

static int add_process(scmp_filter_ctx ctx)
{
	int r = 0;

	RULE(SCMP_ACT_ALLOW, tgkill, EQUALS(0, (scmp_datum_t)getpid()));
	RULE(SCMP_ACT_ALLOW, prctl, EQUALS(0, PR_SET_NAME));
	RULE(SCMP_ACT_ALLOW, prctl, EQUALS(0, PR_GET_NAME));
	/* Reading a limit, not setting one. */
	RULE(SCMP_ACT_ALLOW, prlimit64, EQUALS(2, 0));
	RULE(SCMP_ACT_ALLOW, ioctl, EQUALS(1, FIONREAD));
	RULE(SCMP_ACT_ALLOW, ioctl, EQUALS(1, FIONBIO));
	RULE(SCMP_ACT_ALLOW, ioctl, EQUALS(1, TCGETS));
	return r;
}

static int add_threads(scmp_filter_ctx ctx)
{
	int r = 0;

	/* clone3 hides its flags from the filter; without it libc uses clone. */
	RULE(SCMP_ACT_ERRNO(ENOSYS), clone3, { 0, SCMP_CMP_GE, 0, 0 });
	RULE(SCMP_ACT_ALLOW, clone, MASKED(0, CLONE_THREAD, CLONE_THREAD));
	return r;
}

static int add_socket(scmp_filter_ctx ctx, int type)
{
	int r = 0;

	RULE(SCMP_ACT_ALLOW, socket, EQUALS(0, AF_INET),
	     MASKED(1, 0xf, (scmp_datum_t)type));
	RULE(SCMP_ACT_ALLOW, socket, EQUALS(0, AF_INET6),
	     MASKED(1, 0xf, (scmp_datum_t)type));
	return r;
}

static int add_network(scmp_filter_ctx ctx, const struct tp_sandbox_profile *p)
{
	static const int inet[] = { CALL(bind), CALL(connect) };
	static const int tcp[] = { CALL(listen), CALL(accept), CALL(accept4) };
	static const int accepting[] = { CALL(accept), CALL(accept4) };
	int r = 0;

	if (p->inet_udp)
		r = add_socket(ctx, SOCK_DGRAM);
	if (r == 0 && p->inet_tcp)
		r = add_socket(ctx, SOCK_STREAM);
	if (r == 0 && (p->inet_udp || p->inet_tcp || p->netlink))
		r = allow_all(ctx, inet, COUNT(inet));
	if (r == 0 && p->inet_tcp)
		r = allow_all(ctx, tcp, COUNT(tcp));
	if (r == 0 && p->unix_accept)
		r = allow_all(ctx, accepting, COUNT(accepting));
	if (p->netlink) {
		RULE(SCMP_ACT_ALLOW, socket, EQUALS(0, AF_NETLINK),
		     EQUALS(2, NETLINK_ROUTE));
		/* libc asks a name cache daemon first and copes without. */
		RULE(SCMP_ACT_ERRNO(EACCES), socket, EQUALS(0, AF_UNIX));
	}
	return r;
}

static int add_files(scmp_filter_ctx ctx, const struct tp_sandbox_profile *p)
{
	const scmp_datum_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	int r = 0;

	if (!p->files_read && !p->files_write) {
		/* libc's fstat. */
		RULE(SCMP_ACT_ALLOW, newfstatat,
		     MASKED(3, 0x1000 /* AT_EMPTY_PATH */, 0x1000));
		return r;
	}
	r = allow_all(ctx, read_calls, COUNT(read_calls));
	if (r == 0 && p->files_write)
		return allow_all(ctx, write_calls, COUNT(write_calls));
	RULE(SCMP_ACT_ALLOW, open, MASKED(1, writing, O_RDONLY));
	RULE(SCMP_ACT_ALLOW, openat, MASKED(2, writing, O_RDONLY));
	return r;
}

int tp_sandbox_add_calls(scmp_filter_ctx ctx, const struct tp_sandbox_profile *profile)
{
	int r = allow_all(ctx, base_calls, COUNT(base_calls));

#ifdef TP_SANITIZE
	if (r == 0)
		r = allow_all(ctx, sanitizer_calls, COUNT(sanitizer_calls));
#endif
	if (r == 0)
		r = allow_all(ctx, profile->extra, profile->extra_count);
	if (r == 0)
		r = add_memory(ctx);
	if (r == 0)
		r = add_process(ctx);
	if (r == 0 && profile->modules)
		r = add_modules(ctx);
	if (r == 0 && profile->threads)
		r = add_threads(ctx);
	if (r == 0)
		r = add_network(ctx, profile);
	if (r == 0)
		r = add_files(ctx, profile);
	return r;
}
