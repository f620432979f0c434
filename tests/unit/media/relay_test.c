/* The media core between phones: what a caller would hear, what an attacker cannot do
 * (attack cases 1-4, 6), and what a change or restart must not interrupt. */
#include "rig.h"

#define LOCAL "127.0.2.20"

struct fixture {
	struct tp_loop *loop;
	struct rig r;
	struct phone a, b;
	struct tp_msg_media_set set;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(tp_loop_new(&f->loop), TP_OK);
	rig_start(&f->r, f->loop, NULL);
	rig_configure(&f->r, TP_ROLE_CORE, LOCAL, 37000, 37199);
	phone_open(&f->a, "127.0.2.21:20000");
	phone_open(&f->b, "127.0.2.22:20000");
	f->set = rig_call(42, rig_udp_leg(LOCAL, &f->a.at), rig_udp_leg(LOCAL, &f->b.at));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	phone_close(&f->a);
	phone_close(&f->b);
	rig_stop(&f->r, NULL);
	tp_loop_free(&f->loop);
	free(f);
	return 0;
}

static struct tp_addr leg_a(struct fixture *f)
{
	return f->r.set_done.streams[0].local_0;
}

static struct tp_addr leg_b(struct fixture *f)
{
	return f->r.set_done.streams[0].local_1;
}

/* n packets each way; all must arrive. */
static void talk(struct fixture *f, unsigned n)
{
	struct tp_addr to_a = leg_a(f), to_b = leg_b(f);
	unsigned a = f->a.received, b = f->b.received;

	for (unsigned i = 0; i < n; i++) {
		phone_send(&f->a, &to_a);
		phone_send(&f->b, &to_b);
		rig_run(f->loop, 2);
		phone_receive(&f->a, false);
		phone_receive(&f->b, false);
	}
	assert_int_equal(f->a.received - a, n);
	assert_int_equal(f->b.received - b, n);
	assert_true(tp_addr_equal(&f->a.last_from, &to_a));
	assert_true(tp_addr_equal(&f->b.last_from, &to_b));
}

static void two_phones_talk(void **state)
{
	struct fixture *f = *state;
	struct tp_addr to_a, to_b;

	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	to_a = leg_a(f);
	to_b = leg_b(f);
	assert_int_equal(to_a.port % 2, 0);
	assert_int_not_equal(to_a.port, to_b.port);
	talk(f, 50);
	phone_send_rtcp(&f->a, &to_a);
	phone_send_rtcp(&f->b, &to_b);
	rig_run(f->loop, 20);
	assert_int_equal(phone_receive(&f->a, true), 1);
	assert_int_equal(phone_receive(&f->b, true), 1);
	rig_get_counters(&f->r);
	assert_int_equal(f->r.counters.sessions, 1);
	assert_int_equal(f->r.counters.port_pairs_used, 2);
	assert_int_equal(f->r.counters.packets_relayed, 102);
	assert_int_equal(f->r.counters.packets_dropped, 0);
	rig_close(&f->r, 42);
	assert_int_equal(f->r.closed_err, TP_OK);
	assert_int_equal(f->r.stats_count, 2);
	for (int leg = 0; leg < 2; leg++) {
		const struct tp_msg_stream_stats *s = &f->r.stats[leg];

		assert_int_equal(s->leg, leg);
		assert_int_equal(s->rx_packets, 50);
		assert_int_equal(s->rx_octets, 8000);
		assert_int_equal(s->tx_packets, 50);
		assert_int_equal(s->tx_octets, 8000);
		assert_int_equal(s->rx_lost, 0);
		assert_int_equal(s->rtcp_rx, 1);
		assert_int_equal(s->rtcp_tx, 1);
		assert_string_equal(s->reason, "");
	}
	assert_int_equal(f->r.stats[0].ssrc, f->a.ssrc);
	assert_true(tp_addr_equal(&f->r.stats[1].remote_learned, &f->b.at));
	rig_get_counters(&f->r);
	assert_int_equal(f->r.counters.sessions, 0);
	assert_int_equal(f->r.counters.port_pairs_used, 0);
	assert_int_equal(f->r.counters.port_pairs_resting, 2);
	rig_close(&f->r, 42);
	assert_int_equal(f->r.closed_err, TP_NOTFOUND);
}

/* Rows 22, 24, 28: every suite on one leg, another or none on the other. */
static void each_leg_has_its_own_suite(void **state)
{
	struct fixture *f = *state;

	for (uint8_t suite = 0; suite <= 6; suite++) {
		struct phone *phones[2] = { &f->a, &f->b };

		for (int i = 0; i < 2; i++) {
			struct tp_msg_media_leg *leg = &f->set.streams[0].legs[i];
			uint8_t its = i ? (uint8_t)(6 - suite) : suite;

			*leg = rig_udp_leg(LOCAL, &phones[i]->at);
			tp_srtp_free(&phones[i]->tx);
			tp_srtp_free(&phones[i]->rx);
			memset(&phones[i]->tx_record, 0, sizeof(phones[i]->tx_record));
			memset(&phones[i]->rx_record, 0, sizeof(phones[i]->rx_record));
			if (its)
				phone_agree(phones[i], leg, its, (uint8_t)(10 * suite + 2 * i));
		}
		f->set.session = 100u + suite;
		assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
		talk(f, 20);
		if (suite > 0 && suite < 6) {
			struct tp_addr to_a = leg_a(f);

			phone_send_rtcp(&f->a, &to_a);
			rig_run(f->loop, 20);
			assert_int_equal(phone_receive(&f->b, true), 1);
		}
		assert_int_equal(f->a.refused + f->b.refused, 0);
		rig_close(&f->r, 100u + suite);
		assert_int_equal(f->r.stats[0].rx_suite, suite);
	}
}

/* A gateway that begins its sequence anew under the same source: heard again after a
 * few packets, and no index is sealed twice. */
static void a_sender_that_begins_anew_is_heard_again(void **state)
{
	struct fixture *f = *state;
	struct tp_addr to_b;

	phone_agree(&f->a, &f->set.streams[0].legs[0], TP_SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	f->b.sequence = 40000;
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	talk(f, 20);
	to_b = leg_b(f);
	for (int again = 0; again < 3; again++) {
		struct tp_rtp h = { .payload_type = 8, .ssrc = f->b.ssrc, .timestamp = 1 };
		unsigned before = f->a.received;

		for (uint16_t n = 0; n < 60; n++) {
			uint8_t packet[172];
			uint16_t sent_as = (uint16_t)(f->a.last_sequence + 1);

			h.sequence = (uint16_t)(30000 - 1000 * again + n);
			tp_rtp_write_header(packet, &h);
			memset(packet + 12, (int)(h.ssrc + sent_as), 160); /* as phone_receive wants it */
			phone_send_bytes(&f->b, false, &to_b, packet, sizeof(packet));
			rig_run(f->loop, 2);
			phone_receive(&f->a, false);
		}
		assert_int_equal(f->a.received - before, 60 - TP_RENUMBER_AFTER);
	}
	assert_int_equal(f->a.refused, 0);
	assert_int_equal(f->a.last_sequence, 40019 + 3 * (60 - TP_RENUMBER_AFTER));
}

static void what_is_not_authentic_is_not_relayed(void **state)
{
	struct fixture *f = *state;
	struct tp_srtp *keys;
	struct tp_addr to_a;

	phone_agree(&f->a, &f->set.streams[0].legs[0], TP_SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	f->set.streams[0].legs[0].nat = true;
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	to_a = leg_a(f);
	talk(f, 5);
	keys = f->a.tx;
	f->a.tx = NULL; /* clear RTP to an SRTP leg, from the right address */
	for (int i = 0; i < 300; i++)
		phone_send(&f->a, &to_a);
	rig_run(f->loop, 30);
	assert_int_equal(phone_receive(&f->b, false), 0);
	f->a.tx = keys;
	talk(f, 5); /* and the stream lives on */
	rig_close(&f->r, 42);
	assert_int_equal(f->r.stats[0].rx_packets, 10);
	assert_int_equal(f->r.stats[0].srtp_failures, 300);
}

/* Attack cases 1 and 2: the spray sees none of the call and adds nothing to it. */
static void a_spray_redirects_nothing(void **state)
{
	struct fixture *f = *state;
	struct phone evil;

	phone_open(&evil, "127.0.2.29:20000");
	evil.ssrc = f->a.ssrc;
	for (int nat = 0; nat < 2; nat++) {
		f->set.session = 42u + (unsigned)nat;
		f->set.streams[0].legs[0].nat = f->set.streams[0].legs[1].nat = nat;
		assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
		talk(f, 5);
		for (uint16_t port = 37000; port < 37199; port++) {
			struct tp_addr to = rig_addr(LOCAL);

			to.port = port;
			for (int i = 0; i < 5; i++)
				phone_send(&evil, &to);
		}
		rig_run(f->loop, 50);
		assert_int_equal(phone_receive(&f->a, false) + phone_receive(&f->b, false), 0);
		talk(f, 20);
		assert_int_equal(phone_receive(&evil, false) + phone_receive(&evil, true), 0);
		rig_close(&f->r, 42u + (unsigned)nat);
		assert_int_equal(f->r.stats[0].wrong_source, 5);
		assert_int_equal(f->r.stats[1].wrong_source, 5);
	}
	phone_close(&evil);
}

static void a_phone_behind_nat_is_found(void **state)
{
	struct fixture *f = *state;
	struct tp_addr private = rig_addr("10.99.0.5:5004"), to_a, to_b;

	f->set.streams[0].legs[0] = rig_udp_leg(LOCAL, &private);
	f->set.streams[0].legs[0].nat = true;
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	to_a = leg_a(f);
	to_b = leg_b(f);
	for (int i = 0; i < TP_LATCH_PACKETS_FAR; i++)
		phone_send(&f->a, &to_a);
	rig_run(f->loop, 20);
	assert_int_equal(phone_receive(&f->b, false), 1);
	phone_send(&f->b, &to_b);
	rig_run(f->loop, 20);
	assert_int_equal(phone_receive(&f->a, false), 1);
	talk(f, 5);
	/* The same signalling again keeps what was learned. */
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	talk(f, 5);
}

static void rtcp_shares_the_port_when_agreed(void **state)
{
	struct fixture *f = *state;
	uint8_t rr[8] = { 0x80, 201, 0, 1, 0, 0, 0, 9 };
	struct tp_addr to_a;

	f->set.streams[0].legs[0].rtcp_mux = true;
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	to_a = leg_a(f);
	talk(f, 3);
	phone_send_bytes(&f->a, false, &to_a, rr, sizeof(rr));
	rig_run(f->loop, 20);
	assert_int_equal(phone_receive(&f->b, true), 1); /* on its own port there */
	f->set.streams[0].legs[0].rtcp_mux = false;
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	phone_send_bytes(&f->a, false, &to_a, rr, sizeof(rr));
	rig_run(f->loop, 20);
	assert_int_equal(phone_receive(&f->b, true), 0);
}

/* What was spoken before the end of the call is heard, though nobody had the time to
 * relay it yet. */
static void the_end_takes_nothing_from_the_call(void **state)
{
	struct fixture *f = *state;
	struct tp_msg_media_close end = { .session = 42 };
	struct tp_addr to_a, to_b;

	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	to_a = leg_a(f);
	to_b = leg_b(f);
	/* The channel was there first, so its message is read before the packets. */
	assert_int_equal(TP_CHANNEL_SEND(f->r.sip, media_close, 8, &end), TP_OK);
	for (int i = 0; i < 40; i++) {
		phone_send(&f->a, &to_a);
		phone_send(&f->b, &to_b);
	}
	f->r.has_stats = false;
	RIG_WAIT(f->loop, f->r.has_stats, 1000);
	assert_int_equal(phone_receive(&f->a, false), 40);
	assert_int_equal(phone_receive(&f->b, false), 40);
	assert_int_equal(f->r.stats[0].rx_packets, 40);
}

static void directions_are_respected(void **state)
{
	struct fixture *f = *state;
	struct tp_addr to_a, to_b;

	f->set.streams[0].legs[0].receive = false; /* caller holds: we hear it not */
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	to_a = leg_a(f);
	to_b = leg_b(f);
	phone_send(&f->a, &to_a);
	phone_send(&f->b, &to_b);
	phone_send_rtcp(&f->a, &to_a);
	rig_run(f->loop, 20);
	assert_int_equal(phone_receive(&f->a, false), 1);
	assert_int_equal(phone_receive(&f->b, false), 0);
	assert_int_equal(phone_receive(&f->b, true), 1); /* RTCP goes on */
	f->set.streams[0].legs[0].receive = true;
	f->set.streams[0].legs[1].send = false;
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	phone_send(&f->a, &to_a);
	rig_run(f->loop, 20);
	assert_int_equal(phone_receive(&f->b, false), 0);
	f->set.streams[0].legs[1].send = true;
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	talk(f, 3);
}

static void an_update_changes_only_what_changed(void **state)
{
	struct fixture *f = *state;
	struct tp_addr a, b;
	struct phone c;

	phone_agree(&f->a, &f->set.streams[0].legs[0], TP_SRTP_AEAD_AES_256_GCM, 1);
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	a = leg_a(f);
	b = leg_b(f);
	talk(f, 5);
	/* A second stream comes: the first keeps ports and SRTP state. */
	f->set.streams_count = 2;
	f->set.streams[1] = f->set.streams[0];
	f->set.streams[1].index = 1;
	f->set.streams[1].type = 1;
	f->set.streams[1].legs[0] = rig_udp_leg(LOCAL, NULL);
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	assert_int_equal(f->r.set_done.streams_count, 2);
	assert_true(tp_addr_equal(&f->r.set_done.streams[0].local_0, &a));
	assert_true(tp_addr_equal(&f->r.set_done.streams[0].local_1, &b));
	talk(f, 5);
	/* A change that cannot be made leaves all as it was. */
	f->set.streams[0].legs[1].local = rig_addr("192.0.2.1");
	f->set.streams[1].index = 2;
	assert_int_equal(rig_set(&f->r, &f->set), TP_DENIED);
	assert_int_not_equal(f->r.set_done.text[0], 0);
	f->set.streams[0].legs[1].local = rig_addr(LOCAL);
	f->set.streams[1].index = 1;
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	talk(f, 5);
	/* The second stream goes; the callee moves to another phone by signalling. */
	phone_open(&c, "127.0.2.23:20000");
	f->set.streams_count = 1;
	f->set.streams[0].legs[1] = rig_udp_leg(LOCAL, &c.at);
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	assert_int_equal(f->r.set_done.streams_count, 1);
	phone_send(&c, &b);
	phone_send(&f->a, &a);
	rig_run(f->loop, 20);
	assert_int_equal(phone_receive(&c, false), 1);
	assert_int_equal(phone_receive(&f->a, false), 1);
	rig_get_counters(&f->r);
	assert_int_equal(f->r.counters.port_pairs_used, 2);
	phone_close(&c);
}

static void nonsense_is_refused_whole(void **state)
{
	struct fixture *f = *state;
	struct tp_msg_media_set good = f->set;

	f->set.session = 0;
	assert_int_equal(rig_set(&f->r, &f->set), TP_FORMAT);
	f->set = good;
	f->set.streams[0].legs_count = 1;
	assert_int_equal(rig_set(&f->r, &f->set), TP_FORMAT);
	f->set = good;
	f->set.streams_count = 2;
	f->set.streams[1] = f->set.streams[0]; /* the same index twice */
	assert_int_equal(rig_set(&f->r, &f->set), TP_FORMAT);
	f->set = good;
	f->set.streams[0].legs[1].tx_suite = TP_SRTP_AEAD_AES_128_GCM; /* no key */
	assert_int_equal(rig_set(&f->r, &f->set), TP_FORMAT);
	f->set = good;
	f->set.streams[0].legs[0].local.port = 37001; /* odd */
	assert_int_equal(rig_set(&f->r, &f->set), TP_FORMAT);
	rig_get_counters(&f->r);
	assert_int_equal(f->r.counters.sessions, 0);
	assert_int_equal(f->r.counters.port_pairs_used, 0);
}

/* One key of ours for two legs would use keystream twice. */
static void one_transmit_key_serves_one_leg(void **state)
{
	struct fixture *f = *state;

	phone_agree(&f->a, &f->set.streams[0].legs[0], TP_SRTP_AEAD_AES_128_GCM, 1);
	f->set.streams[0].legs[1].tx_suite = f->set.streams[0].legs[0].tx_suite;
	f->set.streams[0].legs[1].tx_key_len = f->set.streams[0].legs[0].tx_key_len;
	memcpy(f->set.streams[0].legs[1].tx_key, f->set.streams[0].legs[0].tx_key, 28);
	assert_int_equal(rig_set(&f->r, &f->set), TP_CONFLICT);
}

static void the_pool_runs_dry_politely(void **state)
{
	struct fixture *f = *state;

	rig_configure(&f->r, TP_ROLE_CORE, LOCAL, 37300, 37305); /* three pairs */
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	f->set.session = 43;
	assert_int_equal(rig_set(&f->r, &f->set), TP_LIMIT);
	rig_get_counters(&f->r);
	assert_int_equal(f->r.counters.sessions, 1);
	assert_int_equal(f->r.counters.port_pairs_used, 2);
	rig_close(&f->r, 43);
	assert_int_equal(f->r.closed_err, TP_NOTFOUND);
	/* Before it is dry, the administrator is told; and when there is room again. */
	rig_configure(&f->r, TP_ROLE_CORE, LOCAL, 37300, 37341);
	for (uint16_t port = 37306; port < 37340; port = (uint16_t)(port + 2))
		assert_int_equal(tp_ports_take_fixed(f->r.media->ports, port), TP_OK);
	RIG_WAIT(f->loop, f->r.alarms_raised == 1, 2500);
	assert_non_null(strstr(f->r.alarm.text, "Of 21 media port pairs"));
	rig_configure(&f->r, TP_ROLE_CORE, LOCAL, 37300, 37400);
	RIG_WAIT(f->loop, f->r.alarms_raised == 0, 2500);
}

/* A port of ours that somebody else has bound costs one try, not the call. */
static void a_taken_port_is_stepped_over(void **state)
{
	struct fixture *f = *state;
	struct phone squatter;

	phone_open(&squatter, LOCAL ":37400");
	rig_configure(&f->r, TP_ROLE_CORE, LOCAL, 37400, 37405);
	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	assert_int_not_equal(leg_a(f).port, 37400);
	assert_int_not_equal(leg_b(f).port, 37400);
	talk(f, 3);
	phone_close(&squatter);
}

static void a_flood_of_rtcp_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct tp_addr to_a;
	unsigned passed;

	assert_int_equal(rig_set(&f->r, &f->set), TP_OK);
	to_a = leg_a(f);
	rig_run(f->loop, 10);
	for (int i = 0; i < 1000; i++) {
		phone_send_rtcp(&f->a, &to_a);
		if (i % 50 == 0)
			rig_run(f->loop, 2);
	}
	rig_run(f->loop, 20);
	passed = phone_receive(&f->b, true);
	assert_in_range(passed, 100, 300);
	talk(f, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_phones_talk, setup, teardown),
		cmocka_unit_test_setup_teardown(each_leg_has_its_own_suite, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sender_that_begins_anew_is_heard_again, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_authentic_is_not_relayed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_spray_redirects_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_phone_behind_nat_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(rtcp_shares_the_port_when_agreed, setup, teardown),
		cmocka_unit_test_setup_teardown(the_end_takes_nothing_from_the_call, setup, teardown),
		cmocka_unit_test_setup_teardown(directions_are_respected, setup, teardown),
		cmocka_unit_test_setup_teardown(an_update_changes_only_what_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_is_refused_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(one_transmit_key_serves_one_leg, setup, teardown),
		cmocka_unit_test_setup_teardown(the_pool_runs_dry_politely, setup, teardown),
		cmocka_unit_test_setup_teardown(a_taken_port_is_stepped_over, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flood_of_rtcp_is_bounded, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
