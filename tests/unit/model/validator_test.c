/* turnpike-validate as the supervisor runs it: one candidate, one answer, the slices,
 * the end; and what it does with a candidate that is not one. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ipc/messages.h"
#include "model/slice.h"
#include "os/memfd.h"

enum { FRAME_MAX = 131072, HEAD = 8 };

struct validator {
	int fd;
	pid_t pid;
};

/* The program stands in ../bin beside this test's folder. */
static struct validator start(void)
{
	struct validator v;
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 64);
	int pair[2];

	assert_true(n > 0);
	path[n] = '\0';
	strcpy(strrchr(path, '/'), "/../bin/turnpike-validate");
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	v.pid = fork();
	if (v.pid == 0) {
		if (pair[1] == 3)
			fcntl(3, F_SETFD, 0);
		else
			dup2(pair[1], 3);
		execl(path, "turnpike-validate", (char *)NULL);
		_exit(127);
	}
	close(pair[1]);
	v.fd = pair[0];
	return v;
}

static int end(struct validator *v)
{
	int status;

	close(v->fd);
	assert_int_equal(waitpid(v->pid, &status, 0), v->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void ask(struct validator *v, int candidate)
{
	struct tp_msg_validate m = {.revision = 7};
	uint8_t frame[64];
	struct tp_wr wr;
	struct iovec iov;
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control.space)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	tp_wr_init(&wr, frame, sizeof(frame));
	tp_wr_u16(&wr, TP_MSG_TYPE_validate);
	tp_wr_u16(&wr, 0);
	tp_wr_u32(&wr, 5);
	tp_msg_validate_write(&wr, &m);
	iov = (struct iovec){frame, wr.len};
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &candidate, sizeof(int));
	assert_true(sendmsg(v->fd, &msg, 0) > 0);
}

/* Number of descriptors that came along, in fds. */
static size_t answer(struct validator *v, struct tp_msg_validated *m, int fds[3])
{
	static uint8_t frame[FRAME_MAX];
	struct iovec iov = {frame, sizeof(frame)};
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(3 * sizeof(int))];
	} control = {0};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(v->fd, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct tp_rd rd;
	size_t count = 0;

	assert_true(n > HEAD);
	assert_int_equal(tp_load_be16(frame), TP_MSG_TYPE_validated);
	assert_int_equal(tp_load_be32(frame + 4), 5);
	tp_rd_init(&rd, frame + HEAD, (size_t)n - HEAD);
	assert_int_equal(tp_msg_validated_read(&rd, m), TP_OK);
	assert_int_equal(m->revision, 7);
	if (c) {
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), count * sizeof(int));
	}
	return count;
}

static struct tp_msg_validated *try(const char *json, bool sealed, int fds[3], size_t *count)
{
	struct tp_msg_validated *m = calloc(1, sizeof(*m));
	struct validator v = start();
	int fd;

	if (sealed) {
		assert_int_equal(tp_memfd_sealed("candidate", json, strlen(json), &fd), TP_OK);
	} else {
		fd = memfd_create("candidate", MFD_CLOEXEC);
		assert_int_equal(write(fd, json, strlen(json)), strlen(json));
	}
	ask(&v, fd);
	close(fd);
	*count = answer(&v, m, fds);
	assert_int_equal(end(&v), 0);
	return m;
}

static void a_good_candidate_gives_three_slices(void **state)
{
	struct tp_slice *slice = NULL;
	size_t count;
	int fds[3];
	struct tp_msg_validated *m =
		try("{\"turnpike-system:system\":{\"host-name\":\"new\"}}", true, fds, &count);

	(void)state;
	assert_int_equal(m->err, TP_OK);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(tp_memfd_is_sealed(fds[i]));
		assert_int_equal(tp_slice_open(fds[i], &slice, NULL), TP_OK);
		assert_int_equal(slice->process, TP_PROCESS_ADMIN + i);
		assert_int_equal(slice->revision, 7);
		tp_slice_close(&slice);
		close(fds[i]);
	}
	free(m);
}

static void expect_refused(const char *json, bool sealed, const char *path, const char *text)
{
	size_t count;
	int fds[3];
	struct tp_msg_validated *m = try(json, sealed, fds, &count);

	assert_int_equal(m->err, TP_FORMAT);
	assert_int_equal(count, 0);
	assert_true(m->errors_count >= 1);
	assert_string_equal(m->errors[0].path, path);
	if (!strstr(m->errors[0].text, text))
		fail_msg("wanted '%s', got '%s'", text, m->errors[0].text);
	free(m);
}

static void bad_candidates_get_reasons(void **state)
{
	char deep[500];

	(void)state;
	expect_refused("{}", true, "/turnpike-system:system/host-name", "missing");
	expect_refused("{\"turnpike-system:system\":{\"host-name\":\"new\"}}", false, "",
		       "not a sealed file");
	expect_refused("not json", true, "", "not valid JSON");
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	expect_refused(deep, true, "", "nested deeper");
	expect_refused("{\"turnpike-system:system\":{\"host-name\":\"n\"},\"turnpike-search:"
		       "search\":{\"rule\":[{"
		       "\"name\":\"r\",\"match\":\"regex\",\"pattern\":\"(((\",\"target\":"
		       "\"registrations\"}]}}",
		       true, "/turnpike-search:search/rule[name='r']/pattern",
		       "not a regular expression");
}

static void other_messages_end_it(void **state)
{
	static const uint8_t frame[] = {0, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}; /* ping */
	struct validator v = start();

	(void)state;
	assert_int_equal(send(v.fd, frame, sizeof(frame), 0), sizeof(frame));
	assert_int_equal(end(&v), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_candidate_gives_three_slices),
		cmocka_unit_test(bad_candidates_get_reasons),
		cmocka_unit_test(other_messages_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
