/* The hop between two media cores (design: media, decision 8), and what happens to
 * calls when sip or media are killed. */
#include "rig.h"

#define EDGE "127.0.2.24"
#define CORE "127.0.2.25"

struct pair {
	struct tp_loop *loop;
	struct rig edge, core;
	struct phone out, in; /* at the edge, at the core */
	uint32_t edge_flow, core_flow;
};

/* What the two sip processes do over the traversal link. */
static void carry_key(struct rig *from, struct rig *to)
{
	struct tp_msg_hop_peer_key key = { .link = 1, .epoch = from->hop_key.epoch,
					   .key_len = from->hop_key.key_len,
					   .link_flow = from->hop_key.link_flow };

	memcpy(key.key, from->hop_key.key, sizeof(key.key));
	assert_int_equal(TP_CHANNEL_SEND(to->sip, hop_peer_key, 0, &key), TP_OK);
}

static void set_link(struct rig *r, enum tp_role role)
{
	struct tp_msg_hop_set set = { .link = 1, .role = role == TP_ROLE_EDGE, .name = "pair" };
	unsigned before = r->hop_keys;

	set.local = rig_addr(role == TP_ROLE_EDGE ? EDGE ":36000" : CORE);
	if (role == TP_ROLE_CORE) {
		set.remote_rtp = rig_addr(EDGE ":36000");
		set.remote_rtcp = rig_addr(EDGE ":36001");
	}
	assert_int_equal(TP_CHANNEL_SEND(r->sip, hop_set, 5, &set), TP_OK);
	RIG_WAIT(r->loop, r->hop_keys > before, 1000);
}

static bool both_up(struct pair *p)
{
	struct tp_link *a = tp_link_find(p->edge.media, 1), *b = tp_link_find(p->core.media, 1);

	return a && b && tp_link_is_up(a) && tp_link_is_up(b);
}

static void link_up(struct pair *p)
{
	set_link(&p->edge, TP_ROLE_EDGE);
	set_link(&p->core, TP_ROLE_CORE);
	carry_key(&p->edge, &p->core);
	carry_key(&p->core, &p->edge);
	RIG_WAIT(p->loop, both_up(p), 3000);
}

static enum tp_err set_edge_call(struct pair *p, uint32_t flow_rx)
{
	struct tp_msg_media_set set = rig_call(1, rig_udp_leg(EDGE, &p->out.at), rig_hop_leg(1, p->core_flow));

	set.streams[0].legs[1].flow_rx = flow_rx;
	return rig_set(&p->edge, &set);
}

static enum tp_err set_core_call(struct pair *p, uint32_t flow_rx)
{
	struct tp_msg_media_set set = rig_call(1, rig_hop_leg(1, p->edge_flow), rig_udp_leg(CORE, &p->in.at));

	set.streams[0].legs[0].flow_rx = flow_rx;
	return rig_set(&p->core, &set);
}

static void call_up(struct pair *p)
{
	assert_int_equal(set_edge_call(p, 0), TP_OK);
	p->edge_flow = p->edge.set_done.streams[0].flow_rx_1;
	assert_int_equal(set_core_call(p, 0), TP_OK);
	p->core_flow = p->core.set_done.streams[0].flow_rx_0;
	assert_int_equal(set_edge_call(p, 0), TP_OK);
	assert_int_equal(p->edge.set_done.streams[0].flow_rx_1, p->edge_flow);
}

static int setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	assert_int_equal(tp_loop_new(&p->loop), TP_OK);
	rig_start(&p->edge, p->loop, NULL);
	rig_start(&p->core, p->loop, NULL);
	rig_configure(&p->edge, TP_ROLE_EDGE, EDGE, 36000, 36199);
	rig_configure(&p->core, TP_ROLE_CORE, CORE, 36002, 36199);
	phone_open(&p->out, "127.0.2.26:20000");
	phone_open(&p->in, "127.0.2.27:20000");
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct pair *p = *state;

	phone_close(&p->out);
	phone_close(&p->in);
	rig_stop(&p->edge, NULL);
	rig_stop(&p->core, NULL);
	tp_loop_free(&p->loop);
	free(p);
	return 0;
}

/* n packets each way; how many of them arrived, both ways together. */
static unsigned talk(struct pair *p, unsigned n)
{
	struct tp_addr edge = p->edge.set_done.streams[0].local_0;
	struct tp_addr core = p->core.set_done.streams[0].local_1;
	unsigned got = 0;

	for (unsigned i = 0; i < n; i++) {
		phone_send(&p->out, &edge);
		phone_send(&p->in, &core);
		rig_run(p->loop, 3);
		got += phone_receive(&p->out, false) + phone_receive(&p->in, false);
	}
	rig_run(p->loop, 10);
	return got + phone_receive(&p->out, false) + phone_receive(&p->in, false);
}

static void a_call_crosses_the_hop(void **state)
{
	struct pair *p = *state;
	struct tp_addr edge;

	link_up(p);
	call_up(p);
	assert_int_equal(talk(p, 50), 100);
	edge = p->edge.set_done.streams[0].local_0;
	phone_send_rtcp(&p->out, &edge);
	rig_run(p->loop, 20);
	assert_int_equal(phone_receive(&p->in, true), 1);
	/* The edge has learned where the core is; the core's ports are of its range. */
	RIG_WAIT(p->loop, p->edge.hop_status.up, 3000);
	assert_true(tp_addr_equal_ip(&p->edge.hop_status.remote, &(struct tp_addr){
		.family = TP_ADDR_V4, .ip = { 127, 0, 2, 25 } }));
	assert_in_range(p->edge.hop_status.remote.port, 36002, 36199);
	rig_close(&p->edge, 1);
	assert_int_equal(p->edge.stats[0].rx_packets, 50);
	assert_int_equal(p->edge.stats[1].rx_packets, 50);
	assert_int_equal(p->edge.stats[1].kind, TP_MEDIA_LEG_HOP);
	rig_get_counters(&p->core);
	assert_int_equal(p->core.counters.hop_flows, 1);
	rig_close(&p->core, 1);
	rig_get_counters(&p->core);
	assert_int_equal(p->core.counters.hop_flows, 0);
}

/* A datagram like those of the core's, from another place: dropped, learned from
 * nothing, whatever it claims. */
static void strangers_have_no_say(void **state)
{
	struct pair *p = *state;
	struct tp_link *l;
	struct tp_addr hop = rig_addr(EDGE ":36000"), before;
	struct phone evil;

	link_up(p);
	call_up(p);
	assert_int_equal(talk(p, 5), 10);
	l = tp_link_find(p->edge.media, 1);
	before = l->remote[0];
	phone_open(&evil, "127.0.2.28:20000");
	for (unsigned i = 0; i < 200; i++) {
		uint8_t packet[16 + 172 + 16];
		struct tp_hop_header h = { TP_HOP_RTP, l->rx.epoch, p->edge_flow, 100000 + i };

		memset(packet, 0x55, sizeof(packet));
		if (i % 2)
			h.flow ^= 0x01010101;
		tp_hop_write(packet, &h);
		phone_send_bytes(&evil, false, &hop, packet, sizeof(packet));
		rig_run(p->loop, 1);
	}
	assert_true(tp_addr_equal(&l->remote[0], &before));
	assert_int_equal(l->rejected, 100);
	assert_int_equal(l->hop_pair->unknown, 100);
	assert_int_equal(phone_receive(&p->out, false), 0);
	assert_int_equal(talk(p, 5), 10);
	phone_close(&evil);
}

static struct tp_buffer *sealed_keepalive(struct pair *p)
{
	struct tp_link *l = tp_link_find(p->core.media, 1);
	struct tp_buffer *b = tp_io_take_buffer(&p->core.media->io);
	struct tp_hop_keepalive k = { false, 0 };
	struct tp_hop_header h = { TP_HOP_KEEPALIVE, l->tx.epoch, l->peer_flow, ++l->tx.number };
	uint8_t *header = b->data - TP_HOP_HEADER_BYTES;

	tp_hop_keepalive_write(b->data, &k);
	tp_hop_write(header, &h);
	assert_int_equal(tp_seal_close(l->tx.seal, h.number, header, TP_HOP_AAD_BYTES, b->data,
				       TP_HOP_KEEPALIVE_BYTES), TP_OK);
	b->data = header;
	b->len = TP_HOP_KEEPALIVE_BYTES + TP_HOP_OVERHEAD_BYTES;
	return b;
}

/* A NAT that moves the core is followed; a recorded packet played from elsewhere is not. */
static void only_newer_packets_move_the_core(void **state)
{
	struct pair *p = *state;
	struct tp_addr hop = rig_addr(EDGE ":36000");
	struct tp_buffer *b;
	struct tp_link *l;
	struct phone nat, evil;
	uint64_t rejected;

	link_up(p);
	l = tp_link_find(p->edge.media, 1);
	phone_open(&nat, "127.0.2.28:20000");
	phone_open(&evil, "127.0.2.28:20010");
	b = sealed_keepalive(p);
	phone_send_bytes(&nat, false, &hop, b->data, b->len);
	rig_run(p->loop, 20);
	assert_true(tp_addr_equal(&l->remote[0], &nat.at));
	rejected = l->rejected;
	phone_send_bytes(&evil, false, &hop, b->data, b->len);
	rig_run(p->loop, 20);
	assert_true(tp_addr_equal(&l->remote[0], &nat.at));
	assert_true(l->rejected == rejected + 1);
	/* Altered in its open header, it is no packet of the core's. */
	tp_io_put_buffer(&p->core.media->io, b);
	b = sealed_keepalive(p);
	b->data[15] ^= 0x40;
	phone_send_bytes(&evil, false, &hop, b->data, b->len);
	rig_run(p->loop, 20);
	assert_true(tp_addr_equal(&l->remote[0], &nat.at));
	tp_io_put_buffer(&p->core.media->io, b);
	phone_close(&nat);
	phone_close(&evil);
}

static void a_wrong_key_keeps_the_link_down(void **state)
{
	struct pair *p = *state;

	set_link(&p->edge, TP_ROLE_EDGE);
	set_link(&p->core, TP_ROLE_CORE);
	p->core.hop_key.key[3] ^= 1;
	carry_key(&p->edge, &p->core);
	carry_key(&p->core, &p->edge);
	rig_run(p->loop, 1500);
	assert_false(tp_link_is_up(tp_link_find(p->edge.media, 1)));
	assert_false(tp_link_is_up(tp_link_find(p->core.media, 1)));
	assert_true(tp_link_find(p->edge.media, 1)->rejected > 0);
}

/* The hour strikes: the new key is used once the peer has it, and not one packet is
 * lost though it takes its time to be carried over. */
static void a_new_epoch_loses_nothing(void **state)
{
	struct pair *p = *state;
	struct tp_link *l;
	uint16_t old_epoch;
	unsigned keys;

	link_up(p);
	call_up(p);
	assert_int_equal(talk(p, 10), 20);
	l = tp_link_find(p->core.media, 1);
	old_epoch = l->tx.epoch;
	keys = p->core.hop_keys;
	l->tx.made_ms -= TP_LINK_EPOCH_MS;
	RIG_WAIT(p->loop, p->core.hop_keys > keys, 3000);
	assert_int_equal(talk(p, 10), 20); /* not carried yet: the old key serves */
	assert_int_equal(l->tx.epoch, old_epoch);
	carry_key(&p->core, &p->edge);
	assert_int_equal(talk(p, 20), 40);
	assert_int_equal(l->tx.epoch, (uint16_t)(old_epoch + 1));
	assert_non_null(tp_link_find(p->edge.media, 1)->rx_old.seal); /* for late ones */
	tp_link_find(p->edge.media, 1)->rx_old_until_ms = 1;
	rig_run(p->loop, 1200);
	assert_null(tp_link_find(p->edge.media, 1)->rx_old.seal);
	assert_int_equal(talk(p, 10), 20);
	/* Told again, a key's replay window does not begin anew. */
	{
		uint64_t highest = tp_link_find(p->edge.media, 1)->rx.window.highest;

		carry_key(&p->core, &p->edge);
		rig_run(p->loop, 30);
		assert_true(tp_link_find(p->edge.media, 1)->rx.window.highest >= highest);
		assert_true(highest > 0);
	}
}

/* sip may be faster with a new configuration than media: the link comes up all the
 * same, without being asked for again. */
static void ports_that_come_late_are_opened(void **state)
{
	struct pair *p = *state;

	rig_configure(&p->core, TP_ROLE_CORE, CORE, 35000, 35001);
	assert_int_equal(tp_ports_take_fixed(p->core.media->ports, 35000), TP_OK);
	set_link(&p->edge, TP_ROLE_EDGE);
	set_link(&p->core, TP_ROLE_CORE); /* no port is free */
	carry_key(&p->edge, &p->core);
	carry_key(&p->core, &p->edge);
	rig_run(p->loop, 100);
	assert_null(tp_link_find(p->core.media, 1)->hop_pair);
	RIG_WAIT(p->loop, p->core.alarms_raised == 2, 4000); /* no port is free, none for the zone */
	assert_string_equal(p->core.alarm.subject, "pair");
	rig_configure(&p->core, TP_ROLE_CORE, CORE, 36002, 36199);
	RIG_WAIT(p->loop, both_up(p), 4000);
	RIG_WAIT(p->loop, p->core.alarms_raised == 0, 2500);
	call_up(p);
	assert_int_equal(talk(p, 5), 10);
}

static void reasons_name_the_silent_side(void **state)
{
	struct pair *p = *state;
	struct tp_addr edge;

	set_link(&p->edge, TP_ROLE_EDGE);
	assert_int_equal(set_edge_call(p, 0), TP_OK);
	edge = p->edge.set_done.streams[0].local_0;
	for (int i = 0; i < 33; i++) { /* over the three seconds that need no reason */
		phone_send(&p->out, &edge);
		rig_run(p->loop, 100);
	}
	rig_get_stats(&p->edge, 1);
	assert_string_equal(p->edge.stats[0].reason, "");
	assert_non_null(strstr(p->edge.stats[1].reason,
			       "the caller sends, but nothing arrived from the callee"));
	assert_non_null(strstr(p->edge.stats[1].reason, "has not sent its media key"));
	link_up(p);
	call_up(p);
	rig_run(p->loop, 3200);
	rig_get_stats(&p->core, 1);
	assert_non_null(strstr(p->core.stats[1].reason, "no packet ever reached " CORE));
	assert_non_null(strstr(p->core.stats[1].reason, "from 127.0.2.27:20000"));
}

/* kill -9 of sip: the audio goes on; the new one is told of each call. */
static void sip_is_killed(void **state)
{
	struct pair *p = *state;
	struct tp_msg_media_set set;

	link_up(p);
	call_up(p);
	set = rig_call(2, rig_udp_leg(EDGE, &p->out.at), rig_udp_leg(EDGE, &p->in.at));
	set.record = (const uint8_t *)"dialog record";
	set.record_len = 13;
	{
		struct tp_msg_media_set_done first = p->edge.set_done;

		assert_int_equal(rig_set(&p->edge, &set), TP_OK);
		p->edge.set_done = first;
	}
	rig_disconnect_sip(&p->edge);
	assert_int_equal(talk(p, 20), 40);
	rig_connect(&p->edge, TP_PROCESS_SIP, &p->edge.media_sip, &p->edge.sip);
	RIG_WAIT(p->loop, p->edge.kept_end, 1000);
	assert_int_equal(p->edge.kept_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_in_range(p->edge.kept[i], 1, 2);
		assert_int_not_equal(p->edge.kept_leg[i].local.port, 0); /* as allocated */
		if (p->edge.kept[i] == 2)
			assert_string_equal(p->edge.kept_record[i], "dialog record");
	}
	rig_get_counters(&p->edge);
	assert_int_equal(p->edge.counters.kept_sessions, 2);
	/* One is claimed; the other's time runs out, as if 60 s had gone by. The link,
	 * which sip has not set again, stays for the call on it. */
	assert_int_equal(set_edge_call(p, 0), TP_OK);
	p->edge.media->claim_until_ms = tp_loop_now_ms(p->loop);
	rig_run(p->loop, 1200);
	rig_get_counters(&p->edge);
	assert_int_equal(p->edge.counters.sessions, 1);
	assert_int_equal(p->edge.counters.kept_sessions, 0);
	assert_int_equal(talk(p, 10), 20);
	set_link(&p->edge, TP_ROLE_EDGE);
	p->edge.hop_status.up = false;
	RIG_WAIT(p->loop, p->edge.hop_status.up, 2500); /* told at once that it is up */
	assert_int_equal(talk(p, 10), 20);
}

/* kill -9 of the edge's media: sip sets all again, on the same ports, with the same
 * SRTP keys; the phone hears on without a new key, and the link gets a new epoch. */
static void media_is_killed(void **state)
{
	struct pair *p = *state;
	struct tp_msg_media_set set, again;
	struct tp_addr local;
	uint16_t old_epoch;
	void *memory;

	link_up(p);
	set = rig_call(1, rig_udp_leg(EDGE, &p->out.at), rig_hop_leg(1, 0));
	phone_agree(&p->out, &set.streams[0].legs[0], TP_SRTP_AES_CM_128_HMAC_SHA1_80, 3);
	p->out.sequence = p->in.sequence = 65500; /* the cycle changes on the way */
	assert_int_equal(rig_set(&p->edge, &set), TP_OK);
	p->edge_flow = p->edge.set_done.streams[0].flow_rx_1;
	assert_int_equal(set_core_call(p, 0), TP_OK);
	p->core_flow = set.streams[0].legs[1].flow_tx = p->core.set_done.streams[0].flow_rx_0;
	assert_int_equal(rig_set(&p->edge, &set), TP_OK);
	assert_int_equal(talk(p, 60), 120);
	local = p->edge.set_done.streams[0].local_0;
	old_epoch = tp_link_find(p->edge.media, 1)->tx.epoch;

	rig_stop(&p->edge, &memory);
	for (int i = 0; i < 50; i++) { /* spoken into the gap */
		phone_send(&p->out, &local);
		phone_send(&p->in, &p->core.set_done.streams[0].local_1);
	}
	rig_run(p->loop, 20);
	rig_start(&p->edge, p->loop, memory);
	rig_configure(&p->edge, TP_ROLE_EDGE, EDGE, 36000, 36199);
	set_link(&p->edge, TP_ROLE_EDGE);
	assert_int_not_equal(p->edge.hop_key.epoch, old_epoch);
	carry_key(&p->edge, &p->core);
	carry_key(&p->core, &p->edge);
	set.streams[0].legs[0].local = local;
	set.streams[0].legs[1].flow_rx = p->edge_flow;
	again = set;
	assert_int_equal(rig_set(&p->edge, &set), TP_OK);
	assert_true(tp_addr_equal(&p->edge.set_done.streams[0].local_0, &local));
	assert_int_equal(p->edge.set_done.streams[0].flow_rx_1, p->edge_flow);
	RIG_WAIT(p->loop, both_up(p), 2000);
	rig_run(p->loop, 50);
	phone_receive(&p->out, false);
	phone_receive(&p->in, false);
	assert_int_equal(talk(p, 40), 80);
	assert_int_equal(p->out.refused, 0);

	/* Where the memory was lost too, nothing is sealed under the old key. */
	rig_stop(&p->edge, NULL);
	rig_start(&p->edge, p->loop, NULL);
	rig_configure(&p->edge, TP_ROLE_EDGE, EDGE, 36000, 36199);
	assert_int_equal(rig_set(&p->edge, &again), TP_STATE);
	assert_non_null(strstr(p->edge.set_done.text, "a new key is needed"));
}

static void silence_is_told(void **state)
{
	struct pair *p = *state;

	assert_int_equal(set_edge_call(p, 0), TP_OK);
	tp_session_find(p->edge.media, 1)->opened_us -= 21 * 1000000;
	RIG_WAIT(p->loop, p->edge.silents > 0, 2500);
	assert_true(p->edge.silent.session == 1);
	assert_int_equal(p->edge.silent.silent_s, 20);
	rig_run(p->loop, 1200);
	assert_int_equal(p->edge.silents, 1);
}

static void dropping_a_link_leaves_its_calls(void **state)
{
	struct pair *p = *state;
	struct tp_msg_hop_drop drop = { .link = 1 };

	link_up(p);
	call_up(p);
	assert_int_equal(talk(p, 3), 6);
	assert_int_equal(TP_CHANNEL_SEND(p->edge.sip, hop_drop, 0, &drop), TP_OK);
	rig_run(p->loop, 20);
	assert_null(tp_link_find(p->edge.media, 1));
	assert_int_equal(talk(p, 3), 0);
	link_up(p);
	assert_int_equal(talk(p, 3), 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_call_crosses_the_hop, setup, teardown),
		cmocka_unit_test_setup_teardown(strangers_have_no_say, setup, teardown),
		cmocka_unit_test_setup_teardown(only_newer_packets_move_the_core, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_key_keeps_the_link_down, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_epoch_loses_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(ports_that_come_late_are_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(reasons_name_the_silent_side, setup, teardown),
		cmocka_unit_test_setup_teardown(sip_is_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(media_is_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(dropping_a_link_leaves_its_calls, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
