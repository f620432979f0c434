/* Each profile in a child of its own: what is forbidden dies by SIGSYS or meets
 * Landlock, what the process needs goes through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <unistd.h>

#include "os/sandbox.h"

enum { DIED = -1, NOT_ENTERED = 99 };

struct world {
	char folder[64];
	int inside; /* a folder that the sandbox leaves open */
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char path[96];
	int fd;

	strcpy(w->folder, "/tmp/tp-sandbox-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(path, sizeof(path), "%s/file", w->folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	w->inside = open(w->folder, O_PATH | O_DIRECTORY);
	assert_true(w->inside >= 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	close(w->inside);
	snprintf(command, sizeof(command), "rm -r %s", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* Result of `act` inside the profile: its return value, or DIED. */
static int inside(const struct tp_sandbox_profile *profile, const struct world *w, bool write,
		  int (*act)(const struct world *))
{
	const struct tp_sandbox_tree tree = { .fd = w->inside, .write = write };
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		/* The death is expected; its words are noise. */
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		if (tp_sandbox_enter(profile, &tree, 1, NULL) != TP_OK)
			_exit(NOT_ENTERED);
		_exit(act(w));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return DIED;
	}
	assert_int_not_equal(WEXITSTATUS(status), NOT_ENTERED);
	return WEXITSTATUS(status);
}

/* ------------------------------------------------------------------ the probes */

static int result(long r)
{
	return r >= 0 ? 0 : errno;
}

static int do_exec(const struct world *w)
{
	char *argv[] = { (char *)"true", NULL };

	(void)w;
	return result(execv("/bin/true", argv));
}

#ifndef TP_SANITIZE
static int do_fork(const struct world *w)
{
	(void)w;
	return result(syscall(SYS_fork));
}

static int do_ptrace(const struct world *w)
{
	(void)w;
	return result(ptrace(PTRACE_TRACEME, 0, 0, 0));
}
#endif

static int do_packet_socket(const struct world *w)
{
	(void)w;
	return result(socket(AF_PACKET, SOCK_RAW, 0));
}

static int do_raw_socket(const struct world *w)
{
	(void)w;
	return result(socket(AF_INET, SOCK_RAW, IPPROTO_UDP));
}

static int do_udp_socket(const struct world *w)
{
	(void)w;
	return result(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static int do_tcp_listen(const struct world *w)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)w;
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return errno;
	return result(listen(fd, 5));
}

static int do_netlink_audit(const struct world *w)
{
	(void)w;
	return result(socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT));
}

static int do_mount(const struct world *w)
{
	(void)w;
	return result(syscall(SYS_mount, "a", "b", "c", 0, NULL));
}

static int do_setuid(const struct world *w)
{
	(void)w;
	return result(syscall(SYS_setuid, 0));
}

static int do_bpf(const struct world *w)
{
	(void)w;
	return result(syscall(SYS_bpf, 0, NULL, 0));
}

#ifndef TP_SANITIZE
static int do_kill_other(const struct world *w)
{
	(void)w;
	return result(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int do_executable_memory(const struct world *w)
{
	(void)w;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0) == MAP_FAILED;
}

static int do_raise_limit(const struct world *w)
{
	struct rlimit limit = { 10, 10 };

	(void)w;
	return result(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL));
}
#endif

static int do_open_inside(const struct world *w)
{
	(void)w;
	return result(openat(w->inside, "file", O_RDONLY));
}

static int do_write_inside(const struct world *w)
{
	return result(openat(w->inside, "fresh", O_RDWR | O_CREAT, 0600));
}

static int do_rename_inside(const struct world *w)
{
	if (openat(w->inside, "old", O_RDWR | O_CREAT, 0600) < 0)
		return errno;
	return result(renameat(w->inside, "old", w->inside, "new"));
}

static int do_open_passwd(const struct world *w)
{
	(void)w;
	return result(open("/etc/passwd", O_RDONLY));
}

static int do_write_passwd(const struct world *w)
{
	(void)w;
	return result(open("/etc/passwd", O_WRONLY));
}

static int do_make_link(const struct world *w)
{
	return result(symlinkat("/etc/passwd", w->inside, "link"));
}

static void *thread_body(void *arg)
{
	*(int *)arg = 1;
	return NULL;
}

static int do_thread(const struct world *w)
{
	pthread_t thread;
	int ran = 0;

	(void)w;
	if (pthread_create(&thread, NULL, thread_body, &ran) != 0)
		return 1;
	pthread_join(thread, NULL);
	return ran ? 0 : 1;
}

/* What every process does all the time. */
static int do_everyday(const struct world *w)
{
	int pair[2] = { -1, -1 };
	char byte = 0;
	void *p = malloc(1 << 20);
	struct timespec t;

	(void)w;
	if (!p || pipe(pair) < 0 || write(pair[1], "x", 1) != 1 || read(pair[0], &byte, 1) != 1)
		return 1;
	free(p);
	clock_gettime(CLOCK_MONOTONIC, &t);
	prctl(PR_SET_NAME, "name", 0, 0, 0);
	return fcntl(pair[0], F_GETFL) < 0 || byte != 'x' ||
	       memfd_create("x", MFD_CLOEXEC) < 0 || signal(SIGUSR1, SIG_IGN) == SIG_ERR;
}

static int do_abort(const struct world *w)
{
	(void)w;
	signal(SIGABRT, SIG_DFL);
	/* As abort() does it: to the own thread. */
	return result(syscall(SYS_tgkill, getpid(), gettid(), 0));
}

/* -------------------------------------------------------------------- the tests */

static const struct tp_sandbox_profile *const all[] = {
	&tp_sandbox_profile_admin, &tp_sandbox_profile_sip,      &tp_sandbox_profile_media,
	&tp_sandbox_profile_keys,  &tp_sandbox_profile_validate,
};

static void nobody_may(void **state)
{
	int (*const forbidden[])(const struct world *) = {
		do_exec, do_packet_socket, do_raw_socket, do_mount, do_setuid, do_bpf, do_make_link,
#ifndef TP_SANITIZE
		do_ptrace, do_fork, do_executable_memory, do_raise_limit,
#endif
	};

	for (size_t p = 0; p < sizeof(all) / sizeof(all[0]); p++)
		for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
			if (inside(all[p], *state, true, forbidden[i]) != DIED)
				fail_msg("%s lives through probe %zu", all[p]->name, i);
}

static void everybody_may(void **state)
{
	int (*const allowed[])(const struct world *) = { do_everyday, do_abort };

	for (size_t p = 0; p < sizeof(all) / sizeof(all[0]); p++)
		for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
			if (inside(all[p], *state, false, allowed[i]) != 0)
				fail_msg("%s may not do probe %zu", all[p]->name, i);
}

static void admin(void **state)
{
	const struct tp_sandbox_profile *p = &tp_sandbox_profile_admin;

	assert_int_equal(inside(p, *state, true, do_tcp_listen), 0);
	assert_int_equal(inside(p, *state, true, do_thread), 0);
	assert_int_equal(inside(p, *state, true, do_open_inside), 0);
	assert_int_equal(inside(p, *state, true, do_write_inside), 0);
	assert_int_equal(inside(p, *state, true, do_rename_inside), 0);
	assert_int_equal(inside(p, *state, false, do_write_inside), EACCES);
	assert_int_equal(inside(p, *state, true, do_open_passwd), EACCES);
	assert_int_equal(inside(p, *state, true, do_write_passwd), EACCES);
	assert_int_equal(inside(p, *state, true, do_udp_socket), DIED);
	assert_int_equal(inside(p, *state, true, do_netlink_audit), DIED);
}

static void sip(void **state)
{
	const struct tp_sandbox_profile *p = &tp_sandbox_profile_sip;

	assert_int_equal(inside(p, *state, false, do_tcp_listen), 0);
	assert_int_equal(inside(p, *state, false, do_udp_socket), 0);
	assert_int_equal(inside(p, *state, false, do_thread), 0);
	assert_int_equal(inside(p, *state, false, do_open_inside), 0);
	assert_int_equal(inside(p, *state, false, do_open_passwd), EACCES);
#ifndef TP_SANITIZE
	assert_int_equal(inside(p, *state, true, do_write_inside), DIED);
	assert_int_equal(inside(p, *state, true, do_write_passwd), DIED);
	assert_int_equal(inside(p, *state, false, do_kill_other), DIED);
#endif
}

static void media(void **state)
{
	const struct tp_sandbox_profile *p = &tp_sandbox_profile_media;

	assert_int_equal(inside(p, *state, false, do_udp_socket), 0);
	assert_int_equal(inside(p, *state, false, do_thread), 0);
	assert_int_equal(inside(p, *state, false, do_tcp_listen), DIED);
#ifndef TP_SANITIZE
	assert_int_equal(inside(p, *state, false, do_open_inside), DIED);
#else
	/* The sanitizers may open files; Landlock holds all the same. */
	assert_int_equal(inside(p, *state, false, do_open_passwd), EACCES);
#endif
}

static void helpers(void **state)
{
	assert_int_equal(inside(&tp_sandbox_profile_keys, *state, false, do_udp_socket), DIED);
	assert_int_equal(inside(&tp_sandbox_profile_keys, *state, false, do_tcp_listen), DIED);
	assert_int_equal(inside(&tp_sandbox_profile_validate, *state, false, do_udp_socket), DIED);
	assert_int_equal(inside(&tp_sandbox_profile_validate, *state, false, do_open_passwd), EACCES);
	assert_int_equal(inside(&tp_sandbox_profile_validate, *state, false, do_open_inside), 0);
#ifndef TP_SANITIZE
	assert_int_equal(inside(&tp_sandbox_profile_keys, *state, false, do_open_inside), DIED);
	assert_int_equal(inside(&tp_sandbox_profile_keys, *state, false, do_thread), DIED);
#endif
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nobody_may), T(everybody_may), T(admin), T(sip), T(media), T(helpers),
	};

	/* Without Landlock the EACCES probes would prove nothing. */
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1) {
		puts("skipped: this kernel has no Landlock");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
