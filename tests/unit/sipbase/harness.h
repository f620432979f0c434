/* What the tests of sip/transport and sip/transaction share: a loop run with a
 * bound, plain sockets as peers, certificates made on the spot. */
#ifndef TEST_SIPBASE_HARNESS_H
#define TEST_SIPBASE_HARNESS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/loop.h"
#include "os/sockaddr.h"
#include "sip/transaction/transaction.h"

#define LOCAL "127.0.3.1"

static inline struct tp_addr test_addr(const char *text)
{
	struct tp_addr a;

	assert_int_equal(tp_addr_parse(tp_span_of(text), &a), TP_OK);
	return a;
}

static inline void test_stop(void *arg)
{
	tp_loop_stop(arg);
}

/* Runs the loop for that long. */
static inline void test_run(struct tp_loop *loop, uint64_t ms)
{
	struct tp_timer timer = { 0 };

	assert_int_equal(tp_timer_start(loop, &timer, ms, test_stop, loop), TP_OK);
	assert_int_equal(tp_loop_run(loop), TP_OK);
	tp_timer_stop(loop, &timer);
}

/* Runs it until *counter reaches `wanted`, at most 5 s. */
static inline void test_run_until(struct tp_loop *loop, const unsigned *counter, unsigned wanted)
{
	for (int i = 0; i < 1000 && *counter < wanted; i++)
		test_run(loop, 5);
	if (*counter < wanted)
		fail_msg("waited for %u, have %u", wanted, *counter);
}

/* A plain non-blocking socket as a peer. */
static inline int test_socket(int type, const char *bind_to)
{
	struct sockaddr_storage sa;
	struct tp_addr a = test_addr(bind_to);
	socklen_t len = tp_sockaddr_from(&a, &sa);
	int fd = socket(a.family == TP_ADDR_V6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	return fd;
}

static inline void test_connect(int fd, const struct tp_addr *to)
{
	struct sockaddr_storage sa;
	socklen_t len = tp_sockaddr_from(to, &sa);

	assert_int_equal(connect(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

static inline void test_send(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What has come, as text; "" when nothing has. */
static inline const char *test_received(int fd)
{
	static char buf[1 << 17];
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

/* Whether the other side has closed. */
static inline bool test_is_closed(int fd)
{
	char c[65536];
	ssize_t n;

	while ((n = recv(fd, c, sizeof(c), MSG_DONTWAIT)) > 0)
		;
	return n == 0 || (n < 0 && errno != EAGAIN);
}

static inline void test_listen(struct tp_transport_layer *layer, const struct tp_listener_config *list,
			       size_t count)
{
	struct tp_listeners *set = NULL;
	struct tp_diag diag = { "", "" };

	if (tp_transport_prepare(layer, list, count, &set, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
	tp_transport_commit(layer, &set);
}

static inline struct tp_addr test_listener(struct tp_transport_layer *layer, size_t index)
{
	struct tp_addr a;

	assert_true(tp_transport_listener_address(layer, index, &a));
	return a;
}

#endif
