/* Unit tests of sessions, throttling, password hashes and connection shares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/account/device.h"
#include "admin/account/password.h"
#include "admin/account/session.h"
#include "admin/account/throttle.h"
#include "admin/http/sources.h"

static const struct tp_session_facts alice = { .state = TP_OPERATOR_ACTIVE, .user = "alice" };

static void session_ends_by_idleness_and_age(void **state)
{
	const struct tp_session_limits limits = { 60, 100, 10 };
	struct tp_sessions *s = NULL;
	struct tp_session_facts got;
	char id[TP_SESSION_ID_TEXT];
	uint8_t hash[32];

	(void)state;
	assert_int_equal(tp_sessions_new(&s), TP_OK);
	tp_sessions_set_limits(s, &limits);
	assert_int_equal(tp_session_open(s, &alice, 0, id, hash), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 59999, true, &got), TP_OK);
	assert_string_equal(got.user, "alice");
	/* Used at 59.999 s, so idleness is far away, but 100 s are its age. */
	assert_int_equal(tp_session_find(s, hash, 100000, true, &got), TP_NOTFOUND);

	assert_int_equal(tp_session_open(s, &alice, 0, id, hash), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 60000, true, &got), TP_NOTFOUND);
	assert_int_equal(tp_sessions_count(s), 0);

	/* A page that asks by itself is no sign of a person. */
	assert_int_equal(tp_session_open(s, &alice, 0, id, hash), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 59999, false, &got), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 60000, false, &got), TP_NOTFOUND);

	/* A request that read the clock before another one used the session. */
	assert_int_equal(tp_session_open(s, &alice, 1000, id, hash), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 1002, true, &got), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 1001, true, &got), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 999, true, &got), TP_OK);
	tp_sessions_free(&s);
}

static void one_session_too_many_ends_the_quietest(void **state)
{
	const struct tp_session_limits limits = { 60, 100, 2 };
	struct tp_sessions *s = NULL;
	struct tp_session_facts got;
	char id[TP_SESSION_ID_TEXT];
	uint8_t first[32], second[32], third[32];

	(void)state;
	assert_int_equal(tp_sessions_new(&s), TP_OK);
	tp_sessions_set_limits(s, &limits);
	assert_int_equal(tp_session_open(s, &alice, 1, id, first), TP_OK);
	assert_int_equal(tp_session_open(s, &alice, 2, id, second), TP_OK);
	assert_int_equal(tp_session_find(s, first, 3, true, &got), TP_OK);
	assert_int_equal(tp_session_open(s, &alice, 4, id, third), TP_OK);
	assert_int_equal(tp_session_find(s, second, 5, true, &got), TP_NOTFOUND);
	assert_int_equal(tp_session_find(s, first, 5, true, &got), TP_OK);
	tp_session_close_user(s, "alice", third);
	assert_int_equal(tp_session_find(s, first, 6, true, &got), TP_NOTFOUND);
	assert_int_equal(tp_session_find(s, third, 6, true, &got), TP_OK);
	tp_sessions_free(&s);
}

static void cookie_is_read_strictly(void **state)
{
	char id[TP_SESSION_ID_TEXT], header[512], token[65], other[65];
	struct tp_sessions *s = NULL;
	uint8_t hash[32], again[32];

	(void)state;
	assert_int_equal(tp_sessions_new(&s), TP_OK);
	assert_int_equal(tp_session_open(s, &alice, 0, id, hash), TP_OK);
	snprintf(header, sizeof(header), "a=b; __Host-turnpike=%s; c=d", id);
	assert_true(tp_session_cookie(header, again));
	assert_memory_equal(hash, again, 32);
	snprintf(header, sizeof(header), "__Host-turnpike=%s; __Host-turnpike=%s", id, id);
	assert_false(tp_session_cookie(header, again));
	snprintf(header, sizeof(header), "__Host-turnpike=%.63s", id);
	assert_false(tp_session_cookie(header, again));
	snprintf(header, sizeof(header), "turnpike=%s", id);
	assert_false(tp_session_cookie(header, again));
	assert_false(tp_session_cookie("", again));
	tp_session_csrf(s, hash, token);
	hash[0] ^= 1;
	tp_session_csrf(s, hash, other);
	assert_int_equal(strlen(token), 64);
	assert_string_not_equal(token, other);
	tp_sessions_free(&s);
}

static void guessing_slows_down(void **state)
{
	const struct tp_throttle_policy policy = { .free = 3, .most_wait_s = 8, .forget_s = 100, .keys = 2 };
	struct tp_throttle *t = NULL;
	uint64_t now = 1000000;

	(void)state;
	assert_int_equal(tp_throttle_new(&policy, &t), TP_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(tp_throttle_try(t, "a", now), 0);
	assert_int_equal(tp_throttle_try(t, "a", now), 0); /* the fourth starts a wait of 1 s */
	assert_int_equal(tp_throttle_try(t, "a", now), 1);
	assert_int_equal(tp_throttle_try(t, "b", now), 0);
	assert_int_equal(tp_throttle_try(t, "a", now + 1000), 0);
	assert_int_equal(tp_throttle_try(t, "a", now + 1000), 2);
	assert_int_equal(tp_throttle_try(t, "a", now + 3000), 0);
	assert_int_equal(tp_throttle_try(t, "a", now + 7000), 0);
	assert_int_equal(tp_throttle_try(t, "a", now + 7000), 8);
	assert_int_equal(tp_throttle_try(t, "a", now + 15000), 0);
	assert_int_equal(tp_throttle_try(t, "a", now + 15000), 8); /* does not grow further */
	/* Quiet for long enough, or passed: as new. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(tp_throttle_try(t, "a", now + 200000), 0);
	assert_int_not_equal(tp_throttle_try(t, "a", now + 200000), 0);
	tp_throttle_passed(t, "a");
	assert_int_equal(tp_throttle_try(t, "a", now + 200000), 0);
	/* No more keys than allowed; a new one drives out the quietest. */
	assert_int_equal(tp_throttle_try(t, "c", now), 0);
	assert_int_equal(tp_throttle_try(t, "d", now), 0);
	tp_throttle_free(&t);
}

static void a_bucket_bounds_good_attempts_too(void **state)
{
	const struct tp_throttle_policy policy = { .free = UINT32_MAX, .keys = 2, .burst = 3, .each_ms = 500 };
	struct tp_throttle *t = NULL;
	uint64_t now = 1000000;

	(void)state;
	assert_int_equal(tp_throttle_new(&policy, &t), TP_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(tp_throttle_try(t, "", now), 0);
		tp_throttle_passed(t, "");
	}
	assert_int_equal(tp_throttle_try(t, "", now), 1);
	assert_int_equal(tp_throttle_try(t, "", now + 499), 1);
	assert_int_equal(tp_throttle_try(t, "", now + 500), 0);
	assert_int_equal(tp_throttle_try(t, "", now + 500), 1);
	/* It never holds more than its burst. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(tp_throttle_try(t, "", now + 100000), 0);
	assert_int_equal(tp_throttle_try(t, "", now + 100000), 1);
	tp_throttle_free(&t);
}

static void a_device_is_known_by_its_cookie_alone(void **state)
{
	static const uint8_t key[TP_DEVICE_KEY] = { 1 }, other_key[TP_DEVICE_KEY] = { 2 };
	const uint64_t now = 1800000000000, day = 86400000;
	struct tp_device made = { "alice", 1700000000000, now, { 7 } };
	struct tp_device read = { .account = "alice", .password_ms = 1700000000000 };
	char value[TP_DEVICE_VALUE_MAX + 1], header[TP_DEVICE_VALUE_MAX + 64];
	size_t at;

	(void)state;
	assert_int_equal(tp_device_write(key, &made, value), TP_OK);
	snprintf(header, sizeof(header), "a=b; " TP_DEVICE_COOKIE "=%s", value);
	assert_int_equal(tp_device_find(key, header, now + day, &read), TP_OK);
	assert_memory_equal(read.id, made.id, sizeof(made.id));
	assert_int_equal(read.issued_ms, now);
	/* Another account, another password, another key, too old. */
	read = (struct tp_device){ .account = "alic", .password_ms = made.password_ms };
	assert_int_equal(tp_device_find(key, header, now, &read), TP_NOTFOUND);
	read = (struct tp_device){ .account = "alice", .password_ms = made.password_ms + 1 };
	assert_int_equal(tp_device_find(key, header, now, &read), TP_NOTFOUND);
	read.password_ms = made.password_ms;
	assert_int_equal(tp_device_find(other_key, header, now, &read), TP_NOTFOUND);
	assert_int_equal(tp_device_find(key, header, now + (TP_DEVICE_DAYS + 1) * day, &read), TP_NOTFOUND);
	/* No byte of it may change. */
	at = strlen(header) - strlen(value);
	for (size_t i = at; header[i]; i++) {
		char was = header[i];

		header[i] = was == '0' ? '1' : '0';
		assert_int_equal(tp_device_find(key, header, now, &read), TP_NOTFOUND);
		header[i] = was;
	}
	assert_int_equal(tp_device_find(key, "", now, &read), TP_NOTFOUND);
	assert_int_equal(tp_device_find(key, TP_DEVICE_COOKIE "=.", now, &read), TP_NOTFOUND);
}

static void sources_of_ipv6_are_networks(void **state)
{
	char a[TP_THROTTLE_SOURCE_TEXT], b[TP_THROTTLE_SOURCE_TEXT];
	struct tp_addr addr;

	(void)state;
	assert_int_equal(tp_addr_parse_ip(TP_SPAN("2001:db8:1:2::7"), 1, &addr), TP_OK);
	tp_throttle_source(&addr, a);
	assert_int_equal(tp_addr_parse_ip(TP_SPAN("2001:db8:1:2:ffff::1"), 2, &addr), TP_OK);
	tp_throttle_source(&addr, b);
	assert_string_equal(a, b);
	assert_int_equal(tp_addr_parse_ip(TP_SPAN("2001:db8:1:3::7"), 1, &addr), TP_OK);
	tp_throttle_source(&addr, b);
	assert_string_not_equal(a, b);
}

/* As turnpike-hash does it; counts in *arg. */
static enum tp_err derive(void *arg, const struct tp_msg_hash_ask *ask, struct tp_msg_hash_made *made)
{
	unsigned *count = arg;

	(*count)++;
	*made = (struct tp_msg_hash_made){ .hash_len = sizeof(made->hash) };
	assert_int_equal(EVP_PBE_scrypt((const char *)ask->password, ask->password_len, ask->salt,
					ask->salt_len, 1u << ask->log2_n, ask->r, ask->p, 1u << 30,
					made->hash, sizeof(made->hash)),
			 1);
	return TP_OK;
}

static void password_hash_verifies(void **state)
{
	unsigned count = 0;
	const struct tp_password_gate made = { derive, &count }, *gate = &made;
	char hash[TP_PASSWORD_HASH_MAX + 1], again[TP_PASSWORD_HASH_MAX + 1];

	(void)state;
	assert_int_equal(tp_password_hash(gate, "correct horse battery", hash), TP_OK);
	assert_int_equal(tp_password_hash(gate, "correct horse battery", again), TP_OK);
	assert_string_not_equal(hash, again);
	assert_null(strstr(hash, "correct"));
	assert_int_equal(tp_password_verify(gate, "correct horse battery", hash), TP_OK);
	assert_int_equal(tp_password_verify(gate, "correct horse batterz", hash), TP_AUTH);
	assert_int_equal(tp_password_verify(gate, "correct horse battery", NULL), TP_AUTH);
	assert_int_equal(tp_password_verify(gate, "", "$scrypt$ln=99,r=8,p=1$AA$BB"), TP_AUTH);
	/* Also those that cannot be right have cost one hash each. */
	assert_int_equal(count, 6);
}

static struct sockaddr_in from(const char *ip)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };

	assert_int_equal(inet_pton(AF_INET, ip, &sa.sin_addr), 1);
	return sa;
}

/* True when the other end of the pair was shut down. */
static bool is_shut(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void a_source_keeps_to_its_share(void **state)
{
	struct sockaddr_in a = from("192.0.2.1"), b = from("192.0.2.2");
	struct tp_sources *s = NULL;
	int pair[4][2];

	(void)state;
	assert_int_equal(tp_sources_new(3, 2, &s), TP_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]), 0);
	assert_true(tp_sources_enter(s, (struct sockaddr *)&a, pair[0][0]));
	assert_true(tp_sources_enter(s, (struct sockaddr *)&a, pair[1][0]));
	tp_sources_busy(s, pair[0][0], true);
	/* The third of `a` drives out its oldest idle one; `b` is not touched. */
	assert_true(tp_sources_enter(s, (struct sockaddr *)&b, pair[2][0]));
	assert_true(tp_sources_enter(s, (struct sockaddr *)&a, pair[3][0]));
	assert_false(is_shut(pair[0][1]));
	assert_true(is_shut(pair[1][1]));
	assert_false(is_shut(pair[2][1]));
	tp_sources_leave(s, pair[1][0]);
	tp_sources_busy(s, pair[3][0], true);
	/* All of `a` are being served: one more is refused. */
	assert_false(tp_sources_enter(s, (struct sockaddr *)&a, pair[1][0]));
	tp_sources_leave(s, pair[0][0]);
	assert_true(tp_sources_enter(s, (struct sockaddr *)&a, pair[1][0]));
	for (size_t i = 0; i < 4; i++) {
		close(pair[i][0]);
		close(pair[i][1]);
	}
	tp_sources_free(&s);
}

static void a_trusted_source_is_not_driven_out_by_others(void **state)
{
	struct sockaddr_in a = from("192.0.2.1"), b = from("192.0.2.2"), c = from("192.0.2.3");
	struct tp_sources *s = NULL;
	int pair[4][2];

	(void)state;
	assert_int_equal(tp_sources_new(2, 2, &s), TP_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]), 0);
	assert_true(tp_sources_enter(s, (struct sockaddr *)&a, pair[0][0]));
	tp_sources_trust(s, pair[0][0]);
	tp_sources_trust(s, pair[0][0]);
	assert_true(tp_sources_enter(s, (struct sockaddr *)&b, pair[1][0]));
	/* Not the first that came, which is a's, but b's. */
	assert_true(tp_sources_enter(s, (struct sockaddr *)&c, pair[2][0]));
	assert_false(is_shut(pair[0][1]));
	assert_true(is_shut(pair[1][1]));
	tp_sources_leave(s, pair[1][0]);
	/* It drives out others itself. */
	assert_true(tp_sources_enter(s, (struct sockaddr *)&a, pair[3][0]));
	assert_true(is_shut(pair[2][1]));
	tp_sources_leave(s, pair[2][0]);
	/* All is trusted now: a stranger finds no room. */
	assert_false(tp_sources_enter(s, (struct sockaddr *)&b, pair[1][0]));
	for (size_t i = 0; i < 4; i++) {
		close(pair[i][0]);
		close(pair[i][1]);
	}
	tp_sources_free(&s);
}

static void all_together_keep_to_the_limit(void **state)
{
	struct sockaddr_in a = from("192.0.2.1"), b = from("192.0.2.2"), c = from("192.0.2.3");
	struct sockaddr *order[] = { (struct sockaddr *)&b, (struct sockaddr *)&a, (struct sockaddr *)&a,
				     (struct sockaddr *)&c };
	struct tp_sources *s = NULL;
	int pair[4][2];

	(void)state;
	assert_int_equal(tp_sources_new(3, 3, &s), TP_OK);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]), 0);
		assert_true(tp_sources_enter(s, order[i], pair[i][0]));
	}
	/* `a` holds most and loses its older one; `b`, who was there first, keeps his. */
	assert_false(is_shut(pair[0][1]));
	assert_true(is_shut(pair[1][1]));
	assert_false(is_shut(pair[2][1]));
	assert_int_equal(tp_sources_count(s), 3);
	for (size_t i = 0; i < 4; i++) {
		close(pair[i][0]);
		close(pair[i][1]);
	}
	tp_sources_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_ends_by_idleness_and_age),
		cmocka_unit_test(one_session_too_many_ends_the_quietest),
		cmocka_unit_test(cookie_is_read_strictly),
		cmocka_unit_test(guessing_slows_down),
		cmocka_unit_test(a_bucket_bounds_good_attempts_too),
		cmocka_unit_test(a_device_is_known_by_its_cookie_alone),
		cmocka_unit_test(sources_of_ipv6_are_networks),
		cmocka_unit_test(password_hash_verifies),
		cmocka_unit_test(a_source_keeps_to_its_share),
		cmocka_unit_test(all_together_keep_to_the_limit),
		cmocka_unit_test(a_trusted_source_is_not_driven_out_by_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
