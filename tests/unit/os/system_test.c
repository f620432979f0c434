/* Files that survive, programs that get exactly what they are to have, UDP batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/file.h"
#include "os/memfd.h"
#include "os/random.h"
#include "os/sockaddr.h"
#include "os/spawn.h"
#include "os/udp.h"

static char folder[64];
static int dir = -1;

static int setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/tp-system-XXXXXX");
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	return dir < 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	close(dir);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void file_is_replaced_whole(void **state)
{
	void *bytes;
	size_t len;
	int sub;

	(void)state;
	assert_int_equal(tp_file_write(dir, "a", "first", 5, 0640, NULL), TP_OK);
	assert_int_equal(tp_file_write(dir, "a", "2nd", 3, 0600, NULL), TP_OK);
	assert_int_equal(tp_file_read(dir, "a", 3, &bytes, &len), TP_OK);
	assert_string_equal(bytes, "2nd");
	free(bytes);
	assert_int_equal(tp_file_read(dir, "a", 2, &bytes, &len), TP_LIMIT);
	assert_int_equal(tp_file_read(dir, "b", 2, &bytes, &len), TP_NOTFOUND);
	assert_int_equal(symlinkat("a", dir, "link"), 0);
	assert_int_equal(tp_file_read(dir, "link", 9, &bytes, &len), TP_IO);
	assert_int_equal(mkfifoat(dir, "pipe", 0600), 0);
	assert_int_equal(tp_file_read(dir, "pipe", 9, &bytes, &len), TP_FORMAT);
	assert_int_equal(tp_file_remove(dir, "a"), TP_OK);
	assert_int_equal(tp_file_remove(dir, "a"), TP_OK);
	assert_int_equal(tp_file_open_dir(dir, "sub", 0700, &sub, NULL), TP_OK);
	close(sub);
	assert_int_equal(tp_file_open_dir(dir, "link", 0700, &sub, NULL), TP_IO);
	assert_int_equal(tp_file_write(dir, "nowhere/a", "x", 1, 0600, NULL), TP_IO);
}

static void sealed_memfd_cannot_change(void **state)
{
	void *bytes;
	size_t len;
	int fd;
	int sized;

	(void)state;
	assert_int_equal(tp_memfd_sealed("x", "hello", 5, &fd), TP_OK);
	assert_true(tp_memfd_is_sealed(fd));
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(tp_memfd_read(fd, 5, &bytes, &len), TP_OK);
	assert_string_equal(bytes, "hello");
	free(bytes);
	assert_int_equal(tp_memfd_read(fd, 4, &bytes, &len), TP_LIMIT);
	assert_int_equal(tp_memfd_sized("y", 8192, &sized), TP_OK);
	assert_false(tp_memfd_is_sealed(sized));
	assert_int_equal(ftruncate(sized, 1), -1);
	assert_int_equal(tp_memfd_map(sized, true, &bytes, &len), TP_OK);
	assert_int_equal(len, 8192);
	munmap(bytes, len);
	close(fd);
	close(sized);
}

/* Runs a shell script with what the spawn says; its output. */
static void run(struct tp_spawn *s, const char *script, char *out, size_t size)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	struct tp_diag diag;
	int pair[2];
	ssize_t n;
	size_t len = 0;
	int status;
	pid_t pid;
	int all[TP_SPAWN_FDS_MAX];

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	all[0] = pair[1];
	s->argv = argv;
	s->fds = all;
	s->fd_count = 1;
	s->program_fd = open("/bin/sh", O_PATH | O_CLOEXEC);
	if (tp_spawn(s, &pid, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
	close(pair[1]);
	while ((n = read(pair[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(pair[0]);
	close(s->program_fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
}

static void program_gets_its_descriptors_only(void **state)
{
	struct tp_spawn s = { 0 };
	char out[4096];
	int extra = open("/dev/null", O_RDONLY); /* not close-on-exec */

	(void)state;
	setenv("SECRET_OF_PARENT", "x", 1);
	run(&s, "exec >&3; ls /proc/$$/fd; readlink /proc/$$/fd/0; echo \"env=$SECRET_OF_PARENT\"",
	    out, sizeof(out));
	assert_string_equal(out, "0\n1\n2\n3\n/dev/null\nenv=\n");
	close(extra);
}

static void program_gets_its_identity_and_limits(void **state)
{
	struct tp_spawn s = { .set_ids = true, .uid = 62199, .gid = 62199,
			      .limits = { { RLIMIT_NOFILE, 50 }, { RLIMIT_CORE, 0 } },
			      .limit_count = 2 };
	char out[4096];

	(void)state;
	if (geteuid() != 0)
		skip();
	run(&s, "grep -E '^(Uid|Gid|Groups|CapEff|CapBnd|CapAmb|NoNewPrivs)' /proc/self/status >&3; "
		"ulimit -n >&3; ulimit -Hc >&3", out, sizeof(out));
	assert_non_null(strstr(out, "Uid:\t62199\t62199\t62199\t62199\n"));
	assert_non_null(strstr(out, "Gid:\t62199\t62199\t62199\t62199\n"));
	assert_non_null(strstr(out, "Groups:\t \n"));
	assert_non_null(strstr(out, "CapEff:\t0000000000000000\n"));
	assert_non_null(strstr(out, "CapBnd:\t0000000000000000\n"));
	assert_non_null(strstr(out, "NoNewPrivs:\t1\n50\n0\n"));
	s.bind_low_ports = true;
	run(&s, "grep -E '^(CapEff|CapBnd|CapAmb)' /proc/self/status >&3", out, sizeof(out));
	assert_string_equal(out, "CapEff:\t0000000000000400\nCapBnd:\t0000000000000400\n"
				 "CapAmb:\t0000000000000400\n");
}

static void program_that_cannot_start_is_reported(void **state)
{
	const char *argv[] = { "none", NULL };
	struct tp_spawn s = { .argv = argv, .program_fd = open("/etc/passwd", O_PATH | O_CLOEXEC) };
	struct tp_diag diag;
	pid_t pid;

	(void)state;
	assert_int_equal(tp_spawn(&s, &pid, &diag), TP_IO);
	assert_non_null(strstr(diag.text, "exec"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left to reap */
	close(s.program_fd);
}

static void program_dies_with_its_parent(void **state)
{
	struct tp_spawn s = { 0 };
	const char *argv[] = { "sleep", "60", NULL };
	int pair[2];
	int status;
	pid_t middle;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	middle = fork();
	if (middle == 0) {
		s.argv = argv;
		s.program_fd = open("/bin/sleep", O_PATH | O_CLOEXEC);
		if (tp_spawn(&s, &pid, NULL) != TP_OK || write(pair[1], &pid, sizeof(pid)) < 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(middle, &status, 0), middle);
	assert_int_equal(status, 0);
	assert_int_equal(read(pair[0], &pid, sizeof(pid)), sizeof(pid));
	for (int i = 0; i < 200 && kill(pid, 0) == 0; i++) {
		char path[64];
		char text[256] = "";
		int fd;

		/* A zombie of another parent counts as gone. */
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		fd = open(path, O_RDONLY);
		if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0 || strstr(text, ") Z "))
			pid = -1;
		close(fd);
		if (pid < 0)
			break;
		usleep(10000);
	}
	assert_true(pid < 0 || kill(pid, 0) < 0);
	close(pair[0]);
	close(pair[1]);
}

static struct tp_addr address(const char *text)
{
	struct tp_addr a;

	assert_int_equal(tp_addr_parse(tp_span_of(text), &a), TP_OK);
	return a;
}

static void datagrams_travel_in_batches(void **state)
{
	const struct tp_udp_options options = { .receive_bytes = 1 << 16, .dscp = 46 };
	struct tp_addr local = address("127.0.0.1:0");
	struct tp_datagram batch[3];
	uint8_t bytes[3][8];
	struct tp_addr to;
	int a;
	int b;

	(void)state;
	assert_int_equal(tp_udp_open(&local, &options, &a, NULL), TP_OK);
	assert_int_equal(tp_udp_open(&local, &options, &b, NULL), TP_OK);
	assert_int_equal(tp_sockaddr_local(b, &to), TP_OK);
	for (int i = 0; i < 3; i++)
		batch[i] = (struct tp_datagram){ to, (uint8_t *)"abcdefghijkl", (size_t)(4 + 4 * i),
						 false };
	assert_int_equal(tp_udp_send(a, batch, 3, NULL), 3);
	for (int i = 0; i < 3; i++)
		batch[i] = (struct tp_datagram){ .bytes = bytes[i], .len = sizeof(bytes[i]) };
	assert_int_equal(tp_udp_receive(b, batch, 3), 3);
	assert_int_equal(batch[0].len, 4);
	assert_false(batch[1].cut);
	assert_true(batch[2].cut);
	assert_memory_equal(bytes[1], "abcdefgh", 8);
	assert_int_equal(tp_udp_receive(b, batch, 3), 0);
	assert_int_equal(tp_udp_open(&to, &options, &a, NULL), TP_EXISTS);
	local = address("192.0.2.77:5060");
	assert_int_equal(tp_udp_open(&local, &options, &a, NULL), TP_NOTFOUND);
	close(b);
}

static void refused_datagram_does_not_stop_the_batch(void **state)
{
	const struct tp_udp_options options = { 0 };
	struct tp_addr local = address("127.0.0.1:0");
	struct tp_datagram batch[3];
	uint8_t bytes[3][8];
	size_t refused = 0;
	struct tp_addr to;
	int a;
	int b;

	(void)state;
	assert_int_equal(tp_udp_open(&local, &options, &a, NULL), TP_OK);
	assert_int_equal(tp_udp_open(&local, &options, &b, NULL), TP_OK);
	assert_int_equal(tp_sockaddr_local(b, &to), TP_OK);
	for (int i = 0; i < 3; i++)
		batch[i] = (struct tp_datagram){ to, (uint8_t *)"abcd", 4, false };
	batch[1].peer.port = 0; /* EINVAL */
	assert_int_equal(tp_udp_send(a, batch, 3, &refused), 3);
	assert_int_equal(refused, 1);
	for (int i = 0; i < 3; i++)
		batch[i] = (struct tp_datagram){ .bytes = bytes[i], .len = sizeof(bytes[i]) };
	assert_int_equal(tp_udp_receive(b, batch, 3), 2);
	close(a);
	close(b);
}

static void random_numbers_are_even(void **state)
{
	unsigned seen[5] = { 0 };

	(void)state;
	for (int i = 0; i < 5000; i++)
		seen[tp_random_below(5)]++;
	for (int i = 0; i < 5; i++)
		assert_in_range(seen[i], 800, 1200);
	assert_int_equal(tp_random_below(1), 0);
	assert_true(tp_random_u64() != tp_random_u64());
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(file_is_replaced_whole), T(sealed_memfd_cannot_change),
		T(program_gets_its_descriptors_only), T(program_gets_its_identity_and_limits),
		T(program_that_cannot_start_is_reported), T(program_dies_with_its_parent),
		T(datagrams_travel_in_batches), T(refused_datagram_does_not_stop_the_batch),
		T(random_numbers_are_even),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
