/* media/srtp: each suite both ways, wrong tags and replays refused, sources bounded,
 * and what a process that was killed must not do when it is back. */
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

struct end {
	struct tp_srtp *srtp;
	struct tp_srtp_record record;
};

/* `earlier`: the record of a killed process, or NULL. */
static void make(struct end *e, uint8_t suite, bool sealing, const struct tp_srtp_record *earlier)
{
	uint8_t key[64];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + suite);
	memset(e, 0, sizeof(*e));
	if (earlier)
		e->record = *earlier;
	assert_int_equal(tp_srtp_new(suite, key, tp_srtp_key_len(suite), sealing, &e->record,
				     &e->srtp), TP_OK);
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
		assert_int_equal(tx.record.slots[0].rtcp_next, 5);
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

static int start(void **state)
{
	(void)state;
	return tp_srtp_start() == TP_OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	tp_srtp_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_suite_goes_both_ways),
		cmocka_unit_test(wrong_tags_and_replays_are_refused),
		cmocka_unit_test(keys_must_fit_the_suite),
		cmocka_unit_test(sources_under_a_key_are_bounded),
		cmocka_unit_test(a_killed_sender_goes_on_above_what_it_used),
		cmocka_unit_test(a_killed_receiver_finds_the_cycle_again),
		cmocka_unit_test(state_outlives_its_process),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
