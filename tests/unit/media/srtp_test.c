/* media/srtp, on each back end: each suite both ways, wrong tags and replays refused,
 * sources bounded, and what a process that was killed must not do when it is back. And
 * the same bytes of both back ends, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "ipc/messages.h"
#include "media/srtp.h"
#include "proto/rtcp.h"
#include "proto/rtp.h"

enum { PAYLOAD = 160, ROOM = 12 + PAYLOAD + TP_SRTP_TAIL_BYTES };

struct packet {
	_Alignas(8) uint8_t bytes[ROOM];
	size_t len;
};

static struct packet rtp(uint32_t ssrc, uint16_t sequence)
{
	struct tp_rtp h = { .ssrc = ssrc, .sequence = sequence, .timestamp = sequence * 160u };
	struct packet p = { .len = 12 + PAYLOAD };

	tp_rtp_write_header(p.bytes, &h);
	memset(p.bytes + 12, sequence & 0xff, PAYLOAD);
	return p;
}

static struct packet rtcp(uint32_t ssrc)
{
	struct packet p = { .bytes = { 0x80, TP_RTCP_RR, 0, 1 }, .len = 8 };

	tp_store_be32(p.bytes + 4, ssrc);
	return p;
}

static const struct tp_srtp_backend *backend;

struct end {
	struct tp_srtp *srtp;
	struct tp_srtp_record record;
};

/* `earlier`: the record of a killed process, or NULL. */
static void make_on(const struct tp_srtp_backend *on, struct end *e, uint8_t suite, bool sealing,
		    const struct tp_srtp_record *earlier)
{
	uint8_t key[64];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + suite);
	memset(e, 0, sizeof(*e));
	if (earlier)
		e->record = *earlier;
	assert_int_equal(tp_srtp_new_on(on, suite, key, tp_srtp_key_len(suite), sealing, &e->record,
					&e->srtp), TP_OK);
}

static void make(struct end *e, uint8_t suite, bool sealing, const struct tp_srtp_record *earlier)
{
	make_on(backend, e, suite, sealing, earlier);
}

static void each_suite_goes_both_ways(void **state)
{
	static const uint8_t tag[] = { 0, 10, 4, 10, 4, 16, 16 };

	(void)state;
	for (uint8_t suite = 1; suite <= 6; suite++) {
		struct end tx, rx;

		make(&tx, suite, true, NULL);
		make(&rx, suite, false, NULL);
		for (unsigned n = 65000; n < 67000; n++) { /* over the wrap */
			struct packet clear = rtp(1, (uint16_t)n), p = clear;
			bool newest = false;

			assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_OK);
			assert_int_equal(p.len, clear.len + tag[suite]);
			assert_memory_not_equal(p.bytes + 12, clear.bytes + 12, PAYLOAD);
			assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_OK);
			assert_int_equal(p.len, clear.len);
			assert_memory_equal(p.bytes, clear.bytes, clear.len);
			assert_true(newest);
		}
		for (unsigned n = 0; n < 5; n++) {
			struct packet clear = rtcp(1), p = clear;

			assert_int_equal(tp_srtp_seal_rtcp(tx.srtp, p.bytes, &p.len), TP_OK);
			assert_int_equal(p.len, clear.len + 4 + (suite < 5 ? 10 : 16));
			assert_int_equal(tp_srtp_open_rtcp(rx.srtp, p.bytes, &p.len), TP_OK);
			assert_memory_equal(p.bytes, clear.bytes, clear.len);
		}
		assert_true(tx.record.slots[0].rtp_next == 67000);
		assert_int_equal(tx.record.slots[0].rtcp_next, 6); /* from 1 */
		tp_srtp_free(&tx.srtp);
		tp_srtp_free(&rx.srtp);
	}
}

/* Attack cases 3 and 6: dropped, however many, and the stream lives on. */
static void wrong_tags_and_replays_are_refused(void **state)
{
	(void)state;
	for (uint8_t suite = 1; suite <= 6; suite++) {
		struct end tx, rx;
		struct packet good, p;
		bool newest;

		make(&tx, suite, true, NULL);
		make(&rx, suite, false, NULL);
		good = rtp(1, 1);
		assert_int_equal(tp_srtp_seal_rtp(tx.srtp, good.bytes, &good.len), TP_OK);
		for (size_t at = 12; at < good.len; at += 7) {
			p = good;
			p.bytes[at] ^= 1;
			assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_AUTH);
		}
		for (uint32_t ssrc = 2; ssrc < 500; ssrc++) { /* clear packets, no tag */
			p = rtp(ssrc, 9);
			assert_int_not_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_OK);
		}
		assert_int_equal(rx.record.slot_count, 0); /* nothing was learned */
		p = good;
		assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_OK);
		p = good;
		assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_EXISTS);
		good = rtcp(1);
		assert_int_equal(tp_srtp_seal_rtcp(tx.srtp, good.bytes, &good.len), TP_OK);
		p = good;
		p.bytes[5] ^= 1;
		assert_int_not_equal(tp_srtp_open_rtcp(rx.srtp, p.bytes, &p.len), TP_OK);
		p = good;
		assert_int_equal(tp_srtp_open_rtcp(rx.srtp, p.bytes, &p.len), TP_OK);
		p = good;
		assert_int_equal(tp_srtp_open_rtcp(rx.srtp, p.bytes, &p.len), TP_EXISTS);
		tp_srtp_free(&tx.srtp);
		tp_srtp_free(&rx.srtp);
	}
}

static void keys_must_fit_the_suite(void **state)
{
	struct tp_srtp_record record = { 0 };
	struct tp_srtp *s = NULL;
	uint8_t key[64] = { 0 };

	(void)state;
	assert_int_equal(tp_srtp_new(1, key, 31, true, &record, &s), TP_FORMAT);
	assert_int_equal(tp_srtp_new(7, key, 30, true, &record, &s), TP_UNSUPPORTED);
	assert_int_equal(tp_srtp_new(0, key, 0, true, &record, &s), TP_UNSUPPORTED);
	assert_null(s);
}

static void sources_under_a_key_are_bounded(void **state)
{
	struct end tx, rx;
	struct packet p;
	bool newest;

	(void)state;
	make(&tx, 1, true, NULL);
	make(&rx, 1, false, NULL);
	for (uint32_t ssrc = 1; ssrc <= TP_SRTP_SSRC_MAX; ssrc++) {
		p = rtp(ssrc, 5);
		assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_OK);
		assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_OK);
	}
	p = rtp(99, 5);
	assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_LIMIT);
	assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_LIMIT);
	p = rtp(3, 6);
	assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_OK);
	tp_srtp_free(&tx.srtp);
	tp_srtp_free(&rx.srtp);
}

/* The sealing end is killed in the second cycle and comes back: it goes on where the
 * peer expects it, and never seals an index twice, RTP or RTCP. */
static void a_killed_sender_goes_on_above_what_it_used(void **state)
{
	(void)state;
	for (uint8_t suite = 1; suite <= 6; suite++) {
		struct tp_srtp_record left;
		struct end tx, rx;
		struct packet p, again, last_rtcp;
		bool newest;

		make(&tx, suite, true, NULL);
		make(&rx, suite, false, NULL);
		for (unsigned n = 60000; n < 65536 + 100; n++) {
			p = rtp(1, (uint16_t)n);
			assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_OK);
			assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_OK);
		}
		for (unsigned n = 0; n < 7; n++) {
			last_rtcp = rtcp(1);
			assert_int_equal(tp_srtp_seal_rtcp(tx.srtp, last_rtcp.bytes, &last_rtcp.len),
					 TP_OK);
			p = last_rtcp;
			assert_int_equal(tp_srtp_open_rtcp(rx.srtp, p.bytes, &p.len), TP_OK);
		}
		left = tx.record;
		tp_srtp_free(&tx.srtp);
		make(&tx, suite, true, &left);
		again = rtp(1, 99); /* the last one again: its keystream is used up */
		assert_int_equal(tp_srtp_seal_rtp(tx.srtp, again.bytes, &again.len), TP_EXISTS);
		again = rtp(1, 50);
		assert_int_equal(tp_srtp_seal_rtp(tx.srtp, again.bytes, &again.len), TP_EXISTS);
		for (unsigned n = 65536 + 200; n < 65536 + 300; n++) {
			struct packet clear = p = rtp(1, (uint16_t)n);

			assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_OK);
			assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_OK);
			assert_memory_equal(p.bytes, clear.bytes, clear.len);
		}
		p = rtcp(1);
		assert_int_equal(tp_srtp_seal_rtcp(tx.srtp, p.bytes, &p.len), TP_OK);
		assert_memory_not_equal(p.bytes, last_rtcp.bytes, p.len);
		assert_int_equal(tp_srtp_open_rtcp(rx.srtp, p.bytes, &p.len), TP_OK);
		tp_srtp_free(&tx.srtp);
		tp_srtp_free(&rx.srtp);
	}
}

/* The opening end is killed; the peer's packets pass a wrap before it is back. */
static void a_killed_receiver_finds_the_cycle_again(void **state)
{
	(void)state;
	for (uint8_t suite = 1; suite <= 6; suite++) {
		struct tp_srtp_record left;
		struct end tx, rx;
		struct packet p, old, old_rtcp;
		bool newest;

		make(&tx, suite, true, NULL);
		make(&rx, suite, false, NULL);
		for (unsigned n = 60000; n < 3 * 65536 - 20; n += 1) {
			p = rtp(1, (uint16_t)n);
			assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_OK);
			old = p;
			if (n % 64 == 0 || n > 3 * 65536 - 40)
				assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest),
						 TP_OK);
		}
		old_rtcp = rtcp(1);
		assert_int_equal(tp_srtp_seal_rtcp(tx.srtp, old_rtcp.bytes, &old_rtcp.len), TP_OK);
		p = old_rtcp;
		assert_int_equal(tp_srtp_open_rtcp(rx.srtp, p.bytes, &p.len), TP_OK);
		left = rx.record;
		tp_srtp_free(&rx.srtp);
		make(&rx, suite, false, &left);
		p = old; /* recorded before the crash, played back after it */
		assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_EXISTS);
		p = old_rtcp;
		assert_int_equal(tp_srtp_open_rtcp(rx.srtp, p.bytes, &p.len), TP_EXISTS);
		p = rtp(1, 60); /* nonsense first: learned from nothing */
		assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_AUTH);
		for (unsigned n = 3 * 65536 - 20; n < 3 * 65536 + 80; n++) {
			struct packet clear = p = rtp(1, (uint16_t)n);

			assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_OK);
			if (n < 3 * 65536 + 30)
				continue;
			assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_OK);
			assert_memory_equal(p.bytes, clear.bytes, clear.len);
		}
		p = rtcp(1);
		assert_int_equal(tp_srtp_seal_rtcp(tx.srtp, p.bytes, &p.len), TP_OK);
		assert_int_equal(tp_srtp_open_rtcp(rx.srtp, p.bytes, &p.len), TP_OK);
		tp_srtp_free(&tx.srtp);
		tp_srtp_free(&rx.srtp);
	}
}

static void state_outlives_its_process(void **state)
{
	size_t len = tp_srtp_state_size(2);
	void *memory = calloc(1, len);
	uint8_t a[16] = { 1 }, b[16] = { 2 }, c[16] = { 3 };
	struct tp_srtp_record *ra = NULL, *rb = NULL, *r = NULL;
	struct tp_srtp_state *s = NULL;

	(void)state;
	assert_int_equal(tp_srtp_state_new(memory, len, &s), TP_OK);
	assert_int_equal(tp_srtp_state_claim(s, a, 1, false, &r), TP_NOTFOUND);
	assert_int_equal(tp_srtp_state_claim(s, a, 1, true, &ra), TP_OK);
	assert_int_equal(tp_srtp_state_claim(s, a, 1, true, &r), TP_CONFLICT);
	assert_int_equal(tp_srtp_state_claim(s, b, 2, true, &rb), TP_OK);
	assert_int_equal(tp_srtp_state_claim(s, c, 3, true, &r), TP_LIMIT);
	tp_srtp_record_slot(ra, 77, true)->rtp_next = 123456;
	tp_srtp_state_free(&s);

	assert_int_equal(tp_srtp_state_new(memory, len, &s), TP_OK);
	assert_int_equal(tp_srtp_state_claim(s, a, 1, false, &ra), TP_OK);
	assert_true(tp_srtp_record_slot(ra, 77, false)->rtp_next == 123456);
	assert_int_equal(tp_srtp_state_drop_unclaimed(s), 1); /* b */
	assert_int_equal(tp_srtp_state_claim(s, c, 3, true, &r), TP_OK);
	tp_srtp_state_release(s, &ra);
	assert_null(ra);
	assert_int_equal(tp_srtp_state_claim(s, a, 1, false, &ra), TP_NOTFOUND);
	tp_srtp_state_free(&s);

	((uint8_t *)memory)[0] ^= 1;
	assert_int_equal(tp_srtp_state_new(memory, len, &s), TP_FORMAT);
	assert_int_equal(tp_srtp_state_new(memory, 8, &s), TP_LIMIT);
	free(memory);
}

/* A packet with all that a header can hold. */
static struct packet odd_rtp(unsigned n)
{
	struct packet p = rtp(0xfedcba98, (uint16_t)n);

	p.bytes[0] |= 0x10 | (n % 4); /* extension, contributing sources */
	tp_store_be32(p.bytes + 12 + n % 4 * 4, 0xbede0000u | n % 3);
	p.len = 12 + 4 * (n % 4) + 4 + 4 * (n % 3) + n % 90; /* no payload at times */
	return p;
}

static struct packet odd_rtcp(unsigned n)
{
	struct packet p = rtcp(0xfedcba98);

	for (p.len = 8; p.len < 8 + 4 * (n % 20); p.len++)
		p.bytes[p.len] = (uint8_t)(n * p.len);
	return p;
}

/* What one seals, byte for byte the other seals too, and each opens the other's. */
static void both_back_ends_make_the_same_bytes(void **state)
{
	const struct tp_srtp_backend *both[2] = { &tp_srtp_backend_evp, &tp_srtp_backend_libsrtp };

	(void)state;
	for (uint8_t suite = 1; suite <= 6; suite++) {
		struct end tx[2], rx[2];

		for (int i = 0; i < 2; i++) {
			make_on(both[i], &tx[i], suite, true, NULL);
			make_on(both[i], &rx[i], suite, false, NULL);
		}
		for (unsigned n = 32000; n < 140000; n += n % 7 ? 1 : 150) {
			struct packet clear = odd_rtp(n), sealed[2] = { clear, clear };
			bool newest;

			for (int i = 0; i < 2; i++)
				assert_int_equal(tp_srtp_seal_rtp(tx[i].srtp, sealed[i].bytes,
								  &sealed[i].len), TP_OK);
			assert_int_equal(sealed[0].len, sealed[1].len);
			assert_memory_equal(sealed[0].bytes, sealed[1].bytes, sealed[0].len);
			for (int i = 0; i < 2; i++) {
				assert_int_equal(tp_srtp_open_rtp(rx[i].srtp, sealed[i].bytes,
								  &sealed[i].len, &newest), TP_OK);
				assert_int_equal(sealed[i].len, clear.len);
				assert_memory_equal(sealed[i].bytes, clear.bytes, clear.len);
			}
		}
		for (unsigned n = 0; n < 60; n++) {
			struct packet clear = odd_rtcp(n), sealed[2] = { clear, clear };

			for (int i = 0; i < 2; i++)
				assert_int_equal(tp_srtp_seal_rtcp(tx[i].srtp, sealed[i].bytes,
								   &sealed[i].len), TP_OK);
			assert_int_equal(sealed[0].len, sealed[1].len);
			assert_memory_equal(sealed[0].bytes, sealed[1].bytes, sealed[0].len);
			for (int i = 0; i < 2; i++) {
				assert_int_equal(tp_srtp_open_rtcp(rx[i].srtp, sealed[i].bytes,
								   &sealed[i].len), TP_OK);
				assert_memory_equal(sealed[i].bytes, clear.bytes, clear.len);
			}
		}
		assert_memory_equal(&tx[0].record, &tx[1].record, sizeof(tx[0].record));
		assert_memory_equal(&rx[0].record, &rx[1].record, sizeof(rx[0].record));
		for (int i = 0; i < 2; i++) {
			tp_srtp_free(&tx[i].srtp);
			tp_srtp_free(&rx[i].srtp);
		}
	}
}

/* Late packets: each index once, within the window and not below it; both ways. */
static void late_packets_are_taken_once(void **state)
{
	(void)state;
	for (uint8_t suite = 1; suite <= 6; suite += 4) {
		struct end tx, rx;
		struct packet p;
		bool newest;

		make(&tx, suite, true, NULL);
		make(&rx, suite, false, NULL);
		for (unsigned n = 40000; n < 40100; n++) {
			unsigned swapped = n ^ 1; /* every two in the wrong order */
			struct packet again;

			p = rtp(1, (uint16_t)swapped);
			assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_OK);
			again = p;
			assert_int_equal(tp_srtp_open_rtp(rx.srtp, p.bytes, &p.len, &newest), TP_OK);
			assert_int_equal(newest, swapped % 2);
			assert_int_equal(tp_srtp_open_rtp(rx.srtp, again.bytes, &again.len, &newest),
					 TP_EXISTS);
			p = rtp(1, (uint16_t)swapped);
			assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_EXISTS);
		}
		p = rtp(1, 41000);
		assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_OK);
		p = rtp(1, 40999);
		assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_OK);
		p = rtp(1, 40500);
		assert_int_equal(tp_srtp_seal_rtp(tx.srtp, p.bytes, &p.len), TP_EXISTS);
		tp_srtp_free(&tx.srtp);
		tp_srtp_free(&rx.srtp);
	}
}

static int start(void **state)
{
	(void)state;
	return tp_srtp_libsrtp_start() == TP_OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	tp_srtp_libsrtp_stop();
	return 0;
}

static int on_libsrtp(void **state)
{
	(void)state;
	backend = &tp_srtp_backend_libsrtp;
	return 0;
}

static int on_evp(void **state)
{
	(void)state;
	backend = &tp_srtp_backend_evp;
	return 0;
}

#define ON_BOTH(test) \
	{ #test " (EVP)", test, on_evp, NULL, NULL }, { #test " (libsrtp2)", test, on_libsrtp, NULL, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BOTH(each_suite_goes_both_ways),
		ON_BOTH(wrong_tags_and_replays_are_refused),
		ON_BOTH(sources_under_a_key_are_bounded),
		ON_BOTH(a_killed_sender_goes_on_above_what_it_used),
		ON_BOTH(a_killed_receiver_finds_the_cycle_again),
		ON_BOTH(late_packets_are_taken_once),
		cmocka_unit_test(both_back_ends_make_the_same_bytes),
		cmocka_unit_test(keys_must_fit_the_suite),
		cmocka_unit_test(state_outlives_its_process),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
