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
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/account/device.h"
#include "admin/account/password.h"
#include "admin/account/session.h"
#include "admin/account/throttle.h"
#include "admin/http/sources.h"

static const struct tp_session_facts alice = { .state = TP_OPERATOR_ACTIVE, .user = "alice" };

static void row_173_session_ends_by_idleness_and_age(void **state)
{
	const struct tp_session_limits limits = { .idle_s = 60, .absolute_s = 100, .most = 10 };
	struct tp_sessions *s = NULL;
	struct tp_session_facts got;
	char id[TP_SESSION_ID_TEXT];
	uint8_t hash[32];

	(void)state;
	assert_int_equal(tp_sessions_new(&s), TP_OK);
	tp_sessions_set_limits(s, &limits);
	assert_int_equal(tp_session_open(s, &alice, NULL, 0, id, hash), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 59999, true, &got), TP_OK);
	assert_string_equal(got.user, "alice");
	/* Used at 59.999 s, so idleness is far away, but 100 s are its age. */
	assert_int_equal(tp_session_find(s, hash, 100000, true, &got), TP_NOTFOUND);

	assert_int_equal(tp_session_open(s, &alice, NULL, 0, id, hash), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 60000, true, &got), TP_NOTFOUND);
	assert_int_equal(tp_sessions_count(s), 0);

	/* A page that asks by itself is no sign of a person. */
	assert_int_equal(tp_session_open(s, &alice, NULL, 0, id, hash), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 59999, false, &got), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 60000, false, &got), TP_NOTFOUND);

	/* A request that read the clock before another one used the session. */
	assert_int_equal(tp_session_open(s, &alice, NULL, 1000, id, hash), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 1002, true, &got), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 1001, true, &got), TP_OK);
	assert_int_equal(tp_session_find(s, hash, 999, true, &got), TP_OK);
	tp_sessions_free(&s);
}

static void one_session_too_many_ends_the_quietest(void **state)
{
	const struct tp_session_limits limits = { .idle_s = 60, .absolute_s = 100, .most = 2 };
	struct tp_sessions *s = NULL;
	struct tp_session_facts got;
	char id[TP_SESSION_ID_TEXT];
	uint8_t first[32], second[32], third[32];

	(void)state;
	assert_int_equal(tp_sessions_new(&s), TP_OK);
	tp_sessions_set_limits(s, &limits);
	assert_int_equal(tp_session_open(s, &alice, NULL, 1, id, first), TP_OK);
	assert_int_equal(tp_session_open(s, &alice, NULL, 2, id, second), TP_OK);
	assert_int_equal(tp_session_find(s, first, 3, true, &got), TP_OK);
	assert_int_equal(tp_session_open(s, &alice, NULL, 4, id, third), TP_OK);
	assert_int_equal(tp_session_find(s, second, 5, true, &got), TP_NOTFOUND);
	assert_int_equal(tp_session_find(s, first, 5, true, &got), TP_OK);
	assert_int_equal(tp_session_close_user(s, "alice", false, third, TP_SESSION_REVOKED, 6), 1);
	assert_int_equal(tp_session_find(s, first, 6, true, &got), TP_NOTFOUND);
	assert_int_equal(tp_session_find(s, third, 6, true, &got), TP_OK);
	tp_sessions_free(&s);
}

static struct tp_session_facts facts_of(const char *user)
{
	struct tp_session_facts facts = { .state = TP_OPERATOR_ACTIVE, .source = "192.0.2.9" };

	snprintf(facts.user, sizeof(facts.user), "%s", user);
	return facts;
}

static void one_account_has_its_own_limit(void **state)
{
	struct tp_session_limits limits = { .idle_s = 60, .absolute_s = 100, .most = 10, .most_each = 2 };
	const struct tp_session_facts bob = facts_of("bob");
	struct tp_sessions *s = NULL;
	struct tp_session_facts got;
	char id[TP_SESSION_ID_TEXT];
	uint8_t first[32], second[32], third[32], other[32], fourth[32];

	(void)state;
	assert_int_equal(tp_sessions_new(&s), TP_OK);
	tp_sessions_set_limits(s, &limits);
	assert_int_equal(tp_session_open(s, &bob, NULL, 1, id, other), TP_OK);
	assert_int_equal(tp_session_open(s, &alice, NULL, 2, id, first), TP_OK);
	assert_int_equal(tp_session_open(s, &alice, NULL, 3, id, second), TP_OK);
	assert_int_equal(tp_session_find(s, first, 4, true, &got), TP_OK);
	/* Her quietest gives way, not bob's, who is quiet for longer. */
	assert_int_equal(tp_session_open(s, &alice, NULL, 5, id, third), TP_OK);
	assert_int_equal(tp_session_find(s, second, 6, true, &got), TP_NOTFOUND);
	assert_non_null(strstr(tp_session_why(s, second), "too many"));
	assert_int_equal(tp_session_find(s, other, 6, true, &got), TP_OK);
	limits.refuse = true;
	tp_sessions_set_limits(s, &limits);
	memset(fourth, 7, sizeof(fourth));
	assert_int_equal(tp_session_open(s, &alice, NULL, 7, id, fourth), TP_LIMIT);
	assert_int_equal(tp_session_find(s, first, 8, true, &got), TP_OK);
	assert_int_equal(tp_session_find(s, third, 8, true, &got), TP_OK);
	/* A browser that logs in again takes its own place, */
	assert_int_equal(tp_session_open(s, &alice, third, 9, id, fourth), TP_OK);
	assert_int_equal(tp_session_find(s, third, 9, true, &got), TP_NOTFOUND);
	assert_int_equal(tp_sessions_count(s), 3);
	/* and what has passed its time takes none. */
	assert_int_equal(tp_session_open(s, &alice, NULL, 100008, id, third), TP_OK);
	assert_int_equal(tp_sessions_count(s), 1);
	tp_sessions_free(&s);
}

static void a_namesake_of_another_source_is_another_user(void **state)
{
	const struct tp_session_limits limits = { .idle_s = 60, .absolute_s = 100, .most = 10, .most_each = 1,
						  .refuse = true };
	struct tp_session_facts remote = facts_of("alice");
	struct tp_sessions *s = NULL;
	struct tp_session_facts got;
	char id[TP_SESSION_ID_TEXT];
	uint8_t here[32], there[32], more[32];

	(void)state;
	remote.remote = true;
	assert_int_equal(tp_sessions_new(&s), TP_OK);
	tp_sessions_set_limits(s, &limits);
	assert_int_equal(tp_session_open(s, &alice, NULL, 1, id, here), TP_OK);
	assert_int_equal(tp_session_open(s, &remote, NULL, 2, id, there), TP_OK);
	assert_int_equal(tp_session_open(s, &remote, NULL, 3, id, more), TP_LIMIT);
	assert_int_equal(tp_session_close_user(s, "alice", false, NULL, TP_SESSION_ACCOUNT, 4), 1);
	assert_int_equal(tp_session_find(s, here, 5, false, &got), TP_NOTFOUND);
	assert_int_equal(tp_session_find(s, there, 5, false, &got), TP_OK);
	assert_true(got.remote);
	tp_sessions_free(&s);
}

struct ends {
	struct tp_session_row rows[8];
	size_t count;
};

static void note_end(void *arg, const struct tp_session_row *row)
{
	struct ends *e = arg;

	assert_true(e->count < 8);
	e->rows[e->count++] = *row;
}

static void each_end_is_told_with_its_reason(void **state)
{
	const struct tp_session_limits limits = { .idle_s = 60, .absolute_s = 100, .most = 10 };
	const struct tp_session_facts bob = facts_of("bob");
	struct ends ends = { 0 };
	struct tp_sessions *s = NULL;
	struct tp_session_row *rows = NULL, row;
	char id[TP_SESSION_ID_TEXT], name[TP_SESSION_NAME];
	uint8_t a[32], b[32], c[32], d[32];
	size_t count = 0;

	(void)state;
	assert_int_equal(tp_sessions_new(&s), TP_OK);
	tp_sessions_on_end(s, note_end, &ends);
	tp_sessions_set_limits(s, &limits);
	assert_int_equal(tp_session_open(s, &bob, NULL, 1000, id, a), TP_OK);
	assert_int_equal(tp_session_open(s, &alice, NULL, 2000, id, b), TP_OK);
	assert_int_equal(tp_session_open(s, &alice, NULL, 3000, id, c), TP_OK);
	assert_int_equal(tp_sessions_list(s, 4000, &rows, &count), TP_OK);
	assert_int_equal(count, 3);
	assert_string_equal(rows[0].facts.user, "bob");
	assert_string_equal(rows[0].facts.source, "192.0.2.9");
	assert_int_equal(rows[0].opened_ms, 1000);
	/* A name is not the id, nor its hash. */
	tp_session_name(a, name);
	assert_string_equal(rows[0].name, name);
	assert_int_equal(strlen(name), 32);
	free(rows);
	assert_int_equal(tp_session_close_named(s, "0123", TP_SESSION_REVOKED, 5000, &row), TP_NOTFOUND);
	assert_int_equal(tp_session_close_named(s, name, TP_SESSION_REVOKED, 5000, &row), TP_OK);
	assert_string_equal(row.facts.user, "bob");
	assert_non_null(strstr(tp_session_why(s, a), "administrator"));
	memset(d, 9, sizeof(d));
	assert_null(tp_session_why(s, d));
	assert_null(tp_session_why(s, b));
	tp_session_close(s, b, TP_SESSION_LOGOUT, 6000);
	tp_sessions_expire(s, 62999);
	assert_int_equal(ends.count, 2);
	tp_sessions_expire(s, 90000);
	assert_int_equal(ends.count, 3);
	assert_int_equal(ends.rows[0].end, TP_SESSION_REVOKED);
	assert_int_equal(ends.rows[1].end, TP_SESSION_LOGOUT);
	assert_int_equal(ends.rows[1].ended_ms, 6000);
	/* It ended when its time was over, not when somebody looked. */
	assert_int_equal(ends.rows[2].end, TP_SESSION_IDLE);
	assert_int_equal(ends.rows[2].ended_ms, 63000);
	/* What a restart takes away is not told of. */
	assert_int_equal(tp_session_open(s, &alice, NULL, 91000, id, c), TP_OK);
	tp_sessions_free(&s);
	assert_int_equal(ends.count, 3);
}

static void cookie_is_read_strictly(void **state)
{
	char id[TP_SESSION_ID_TEXT], header[512], token[65], other[65];
	struct tp_sessions *s = NULL;
	uint8_t hash[32], again[32];

	(void)state;
	assert_int_equal(tp_sessions_new(&s), TP_OK);
	assert_int_equal(tp_session_open(s, &alice, NULL, 0, id, hash), TP_OK);
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
	enum { MANY = 9 }; /* more than what a browser opens */
	struct sockaddr_in a = from("192.0.2.1"), b = from("192.0.2.2"), c = from("192.0.2.3");
	struct tp_sources *s = NULL;
	int pair[MANY + 2][2];

	(void)state;
	assert_int_equal(tp_sources_new(MANY + 1, MANY + 1, &s), TP_OK);
	for (size_t i = 0; i < MANY + 2; i++) {
		struct sockaddr_in *who = i == 0 ? &b : i <= MANY ? &a : &c;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair[i]), 0);
		assert_true(tp_sources_enter(s, (struct sockaddr *)who, pair[i][0]));
	}
	/* `a` holds most and loses its oldest one; `b`, who was there first, keeps his. */
	for (size_t i = 0; i < MANY + 2; i++)
		assert_int_equal(is_shut(pair[i][1]), i == 1);
	assert_int_equal(tp_sources_count(s), MANY + 1);
	for (size_t i = 0; i < MANY + 2; i++) {
		close(pair[i][0]);
		close(pair[i][1]);
	}
	tp_sources_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_173_session_ends_by_idleness_and_age),
		cmocka_unit_test(one_session_too_many_ends_the_quietest),
		cmocka_unit_test(one_account_has_its_own_limit),
		cmocka_unit_test(a_namesake_of_another_source_is_another_user),
		cmocka_unit_test(each_end_is_told_with_its_reason),
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
