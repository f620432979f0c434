/* Connections of browsers: how many a source may hold, and who makes way. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/http/sources.h"

enum { MOST = 20, SHARE = 12 };

struct peer {
	int fd;   /* ours */
	int far;  /* the browser's */
};

struct room {
	struct tp_sources *sources;
	struct peer peers[128];
	size_t count;
};

static int set_up(void **state)
{
	static struct room room;

	room = (struct room){ .count = 0 };
	*state = &room;
	return tp_sources_new(MOST, SHARE, &room.sources) == TP_OK ? 0 : -1;
}

static int take_down(void **state)
{
	struct room *room = *state;

	for (size_t i = 0; i < room->count; i++) {
		close(room->peers[i].fd);
		close(room->peers[i].far);
	}
	tp_sources_free(&room->sources);
	return 0;
}

/* The new connection; NULL when it was refused. */
static struct peer *enter(struct room *room, const char *address)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	struct peer *p = &room->peers[room->count];
	int pair[2];

	assert_true(room->count < sizeof(room->peers) / sizeof(room->peers[0]));
	assert_int_equal(inet_pton(AF_INET, address, &sa.sin_addr), 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	p->fd = pair[0];
	p->far = pair[1];
	room->count++;
	return tp_sources_enter(room->sources, (struct sockaddr *)&sa, p->fd) ? p : NULL;
}

static struct peer *stranger(struct room *room, unsigned number)
{
	char address[32];

	snprintf(address, sizeof(address), "192.0.2.%u", number);
	return enter(room, address);
}

/* Whether it was shut down to make room. */
static bool gone(const struct peer *p)
{
	char byte;

	return recv(p->far, &byte, 1, MSG_DONTWAIT) == 0;
}

static void the_oldest_of_strangers_makes_way(void **state)
{
	struct room *room = *state;

	for (unsigned i = 1; i <= MOST; i++)
		assert_non_null(stranger(room, i));
	assert_non_null(stranger(room, 100));
	assert_true(gone(&room->peers[0]));
	assert_false(gone(&room->peers[1]));
	assert_int_equal(tp_sources_count(room->sources), MOST);
	tp_sources_leave(room->sources, room->peers[0].fd);
	assert_int_equal(tp_sources_count(room->sources), MOST);
	tp_sources_leave(room->sources, room->peers[1].fd);
	assert_int_equal(tp_sources_count(room->sources), MOST - 1);
}

static void who_waits_for_us_stays(void **state)
{
	struct room *room = *state;

	for (unsigned i = 1; i <= MOST; i++)
		assert_non_null(stranger(room, i));
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(write(room->peers[i].far, "hello", 5), 5);
	assert_non_null(stranger(room, 100));
	assert_false(gone(&room->peers[0]));
	assert_true(gone(&room->peers[5]));
	/* But not when they all do: a hello alone holds no place. */
	for (size_t i = 6; i < room->count; i++)
		assert_int_equal(write(room->peers[i].far, "hello", 5), 5);
	assert_non_null(stranger(room, 101));
	assert_true(gone(&room->peers[0]));
}

static void the_busy_and_the_trusted_stay(void **state)
{
	struct room *room = *state;

	assert_non_null(enter(room, "198.51.100.7"));
	tp_sources_trust(room->sources, room->peers[0].fd);
	for (unsigned i = 1; i < MOST; i++)
		assert_non_null(stranger(room, i));
	tp_sources_busy(room->sources, room->peers[1].fd, true);
	assert_non_null(stranger(room, 100));
	assert_false(gone(&room->peers[0]));
	assert_false(gone(&room->peers[1]));
	assert_true(gone(&room->peers[2]));
	for (size_t i = 3; i < room->count; i++)
		tp_sources_busy(room->sources, room->peers[i].fd, true);
	assert_null(stranger(room, 101));
}

static void a_greedy_source_makes_way_first(void **state)
{
	struct room *room = *state;

	for (unsigned i = 1; i <= MOST - 10; i++)
		assert_non_null(stranger(room, i));
	for (unsigned i = 0; i < 10; i++)
		assert_non_null(enter(room, "203.0.113.9"));
	assert_non_null(stranger(room, 100));
	assert_true(gone(&room->peers[10]));
	assert_false(gone(&room->peers[0]));
	/* Of nine another one; of eight none, for so many a browser opens. */
	assert_non_null(stranger(room, 101));
	assert_true(gone(&room->peers[11]));
	assert_non_null(stranger(room, 102));
	assert_false(gone(&room->peers[12]));
	assert_true(gone(&room->peers[0]));
}

static void a_source_has_a_share(void **state)
{
	struct room *room = *state;

	for (unsigned i = 0; i < SHARE; i++)
		assert_non_null(enter(room, "203.0.113.9"));
	assert_non_null(enter(room, "203.0.113.9"));
	assert_true(gone(&room->peers[0]));
	assert_int_equal(tp_sources_count(room->sources), SHARE);
	tp_sources_leave(room->sources, room->peers[0].fd);
	for (size_t i = 1; i < room->count; i++)
		tp_sources_leave(room->sources, room->peers[i].fd);
	assert_int_equal(tp_sources_count(room->sources), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_oldest_of_strangers_makes_way, set_up, take_down),
		cmocka_unit_test_setup_teardown(who_waits_for_us_stays, set_up, take_down),
		cmocka_unit_test_setup_teardown(the_busy_and_the_trusted_stay, set_up, take_down),
		cmocka_unit_test_setup_teardown(a_greedy_source_makes_way_first, set_up, take_down),
		cmocka_unit_test_setup_teardown(a_source_has_a_share, set_up, take_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
