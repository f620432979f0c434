/* sip/media offer and answer, without the media process: what each encryption mode
 * offers, accepts and refuses, on UDP legs and on the hop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip/media/session.h"

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"

struct bench {
	struct tp_media_session s;
	struct tp_sdp sdp;
	struct tp_diag diag;
	char out[8192];
};

static struct bench *make(uint8_t caller, uint8_t callee)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->s.streams = calloc(TP_SDP_STREAMS_MAX, sizeof(*b->s.streams));
	b->s.wanted = calloc(TP_SDP_STREAMS_MAX, sizeof(*b->s.wanted));
	b->s.offer = calloc(1, sizeof(*b->s.offer) + TP_SDP_STREAMS_MAX * sizeof(b->s.offer->streams[0]));
	for (int i = 0; i < 2; i++) {
		b->s.party[i].kind = TP_MEDIA_LEG_UDP;
		b->s.party[i].encryption = i == 0 ? caller : callee;
		assert_int_equal(tp_addr_parse(TP_SPAN("198.51.100.1"), &b->s.party[i].local), TP_OK);
		snprintf(b->s.party[i].name, sizeof(b->s.party[i].name), "zone '%d'", i);
	}
	return b;
}

static void drop(struct bench *b)
{
	free(b->s.streams);
	free(b->s.wanted);
	free(b->s.offer);
	free(b);
}

/* What the media process would answer: ports and flow ids. */
static void allocate(struct bench *b)
{
	memcpy(b->s.streams, b->s.wanted, TP_SDP_STREAMS_MAX * sizeof(*b->s.streams));
	b->s.stream_count = b->s.wanted_count;
	for (uint16_t i = 0; i < b->s.stream_count; i++) {
		for (uint16_t leg = 0; leg < 2; leg++) {
			b->s.streams[i].legs[leg].local.port = (uint16_t)(40000 + 100 * leg + 2 * i);
			b->s.streams[i].legs[leg].flow_rx = 7000u + 10u * leg + i;
		}
	}
	memcpy(b->s.wanted, b->s.streams, TP_SDP_STREAMS_MAX * sizeof(*b->s.streams));
}

static enum tp_err offer(struct bench *b, uint8_t side, const char *body)
{
	struct tp_wr wr;
	enum tp_err err;

	memset(b->s.offer->streams, 0, TP_SDP_STREAMS_MAX * sizeof(b->s.offer->streams[0]));
	assert_int_equal(tp_sdp_parse(tp_span_of(body), &b->sdp, &b->diag), TP_OK);
	err = tp_offer_read(&b->s, side, &b->sdp, &b->diag);
	if (err != TP_OK)
		return err;
	allocate(b);
	tp_wr_init(&wr, b->out, sizeof(b->out) - 1);
	err = tp_offer_write(&b->s, &b->sdp, &wr);
	b->out[wr.len] = 0;
	return err;
}

static enum tp_err answer(struct bench *b, const char *body)
{
	struct tp_wr wr;
	enum tp_err err;

	assert_int_equal(tp_sdp_parse(tp_span_of(body), &b->sdp, &b->diag), TP_OK);
	err = tp_answer_read(&b->s, &b->sdp, &b->diag);
	if (err != TP_OK)
		return err;
	memcpy(b->s.streams, b->s.wanted, TP_SDP_STREAMS_MAX * sizeof(*b->s.streams));
	tp_wr_init(&wr, b->out, sizeof(b->out) - 1);
	err = tp_answer_write(&b->s, &b->sdp, &wr);
	b->out[wr.len] = 0;
	return err;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what))) {
		n++;
		text++;
	}
	return n;
}

/* Profile and number of crypto lines offered to the callee. */
static void expect_offer(uint8_t mode, const char *media, const char *profile, unsigned keys)
{
	struct bench *b = make(TP_ENCRYPTION_AUTO, mode);

	assert_int_equal(offer(b, 0, media), TP_OK);
	if (!strstr(b->out, profile) || count(b->out, "a=crypto:") != keys)
		fail_msg("mode %u: not %s with %u keys: %s", mode, profile, keys, b->out);
	drop(b);
}

static const char plain[] = HEAD "m=audio 4000 RTP/AVP 0\r\n";
static const char secure[] = HEAD "m=audio 4000 RTP/SAVP 0\r\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n";
static const char either[] = HEAD "m=audio 4000 RTP/AVP 0\r\na=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n";

static void each_mode_offers_its_own(void **state)
{
	(void)state;
	expect_offer(TP_ENCRYPTION_AUTO, plain, "m=audio 40100 RTP/AVP 0", 0);
	expect_offer(TP_ENCRYPTION_AUTO, secure, "m=audio 40100 RTP/SAVP 0", 5);
	expect_offer(TP_ENCRYPTION_AUTO, either, "m=audio 40100 RTP/AVP 0", 5);
	expect_offer(TP_ENCRYPTION_FORCE_ENCRYPTED, plain, "m=audio 40100 RTP/SAVP 0", 5);
	expect_offer(TP_ENCRYPTION_FORCE_UNENCRYPTED, secure, "m=audio 40100 RTP/AVP 0", 0);
	expect_offer(TP_ENCRYPTION_BEST_EFFORT, secure, "m=audio 40100 RTP/AVP 0", 5);
	expect_offer(TP_ENCRYPTION_BEST_EFFORT, HEAD "m=audio 4 RTP/AVPF 0\r\n", "RTP/AVPF 0", 5);
}

static void expect_refused(uint8_t mode, const char *body, const char *words)
{
	struct bench *b = make(mode, TP_ENCRYPTION_AUTO);

	assert_int_equal(offer(b, 0, body), TP_DENIED);
	if (!strstr(b->diag.text, words))
		fail_msg("'%s' does not say '%s'", b->diag.text, words);
	drop(b);
}

static void offers_against_the_policy_are_refused(void **state)
{
	(void)state;
	expect_refused(TP_ENCRYPTION_FORCE_ENCRYPTED, plain, "zone '0' requires encrypted media");
	expect_refused(TP_ENCRYPTION_FORCE_UNENCRYPTED, secure, "zone '0' requires unencrypted media");
	expect_refused(TP_ENCRYPTION_AUTO, HEAD "m=audio 4000 RTP/SAVP 0\r\n", "without an a=crypto line");
}

static void each_leg_gets_its_own_keys(void **state)
{
	struct bench *b = make(TP_ENCRYPTION_AUTO, TP_ENCRYPTION_AUTO);
	const struct tp_msg_media_leg *caller = &b->s.streams[0].legs[0], *callee = &b->s.streams[0].legs[1];
	char first[64];

	(void)state;
	assert_int_equal(offer(b, 0, secure), TP_OK);
	assert_null(strstr(b->out, KEY));
	assert_int_equal(answer(b, HEAD "m=audio 5000 RTP/SAVP 0\r\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:" KEY
				   "\r\n"), TP_OK);
	assert_non_null(strstr(b->out, "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:"));
	assert_null(strstr(b->out, KEY));
	assert_int_equal(caller->rx_suite, TP_SRTP_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(callee->tx_suite, TP_SRTP_AES_CM_128_HMAC_SHA1_80);
	assert_memory_not_equal(caller->tx_key, callee->tx_key, 30);
	assert_memory_equal(callee->tx_key, b->s.offer->streams[0].ours[3].key, 30);
	assert_true(caller->send && caller->receive && callee->send && callee->receive);
	/* the answer again, as a 200 behind a 183 does: the key stays */
	memcpy(first, caller->tx_key, 30);
	assert_int_equal(answer(b, HEAD "m=audio 5000 RTP/SAVP 0\r\na=crypto:4 AES_CM_128_HMAC_SHA1_80 inline:" KEY
				   "\r\n"), TP_OK);
	assert_memory_equal(first, caller->tx_key, 30);
	/* a new offer shows the running stream's key only */
	assert_int_equal(offer(b, 0, secure), TP_OK);
	assert_int_equal(count(b->out, "a=crypto:"), 1);
	drop(b);
}

static void answers_are_held_to_the_offer(void **state)
{
	struct bench *b = make(TP_ENCRYPTION_AUTO, TP_ENCRYPTION_FORCE_ENCRYPTED);

	(void)state;
	assert_int_equal(offer(b, 0, plain), TP_OK);
	assert_int_equal(answer(b, HEAD "m=audio 5000 RTP/AVP 0\r\n"), TP_DENIED);
	assert_string_equal(b->diag.text,
			    "zone '1' requires encrypted media, but the answer for m-line 1 has no usable key");
	assert_int_equal(answer(b, HEAD "m=audio 5000 RTP/AVP 0\r\nm=audio 1 RTP/AVP 0\r\n"), TP_FORMAT);
	drop(b);
	b = make(TP_ENCRYPTION_AUTO, TP_ENCRYPTION_BEST_EFFORT);
	assert_int_equal(offer(b, 0, plain), TP_OK);
	assert_int_equal(answer(b, HEAD "m=audio 5000 RTP/AVP 0\r\n"), TP_OK);
	assert_int_equal(b->s.streams[0].legs[1].tx_suite, TP_SRTP_NONE);
	drop(b);
}

static void the_hop_carries_flows_and_no_keys(void **state)
{
	struct bench *b = make(TP_ENCRYPTION_AUTO, TP_ENCRYPTION_AUTO);

	(void)state;
	b->s.party[1].kind = TP_MEDIA_LEG_HOP;
	assert_int_equal(offer(b, 0, secure), TP_OK);
	assert_non_null(strstr(b->out, "m=audio 9 RTP/SAVP 0\r\n"));
	assert_non_null(strstr(b->out, "a=x-turnpike-hop:7010\r\n"));
	assert_null(strstr(b->out, "crypto"));
	/* an answer without a flow is no answer of a hop */
	assert_int_equal(answer(b, HEAD "m=audio 9 RTP/SAVP 0\r\n"), TP_OK);
	assert_non_null(strstr(b->out, "m=audio 0 RTP/SAVP 0"));
	assert_int_equal(b->s.streams[0].legs[0].kind, TP_MEDIA_LEG_OFF);
	drop(b);
	b = make(TP_ENCRYPTION_AUTO, TP_ENCRYPTION_AUTO);
	b->s.party[0].kind = TP_MEDIA_LEG_HOP;
	assert_int_equal(offer(b, 0, HEAD "m=audio 9 RTP/SAVP 0\r\na=x-turnpike-hop:55\r\n"), TP_OK);
	assert_int_equal(count(b->out, "a=crypto:"), 5);
	assert_null(strstr(b->out, "x-turnpike-hop"));
	assert_int_equal(answer(b, HEAD "m=audio 5000 RTP/SAVP 0\r\na=crypto:1 AEAD_AES_256_GCM inline:"
				   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis=\r\n"), TP_OK);
	assert_non_null(strstr(b->out, "a=x-turnpike-hop:7000"));
	assert_int_equal(b->s.streams[0].legs[0].flow_tx, 55);
	drop(b);
}

/* The first packets of the callee come out of the hop before its 200. */
static void early_media_out_of_the_hop_passes(void **state)
{
	static const struct {
		const char *offer;
		uint8_t answerer;
		bool open;
	} cases[] = {
		{ plain, TP_MEDIA_LEG_HOP, true },
		{ secure, TP_MEDIA_LEG_HOP, false }, /* it has no key of ours yet */
		{ HEAD "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n", TP_MEDIA_LEG_HOP, false },
		{ plain, TP_MEDIA_LEG_UDP, false }, /* from whom is not known yet */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench *b = make(TP_ENCRYPTION_AUTO, TP_ENCRYPTION_AUTO);

		b->s.party[1].kind = cases[i].answerer;
		assert_int_equal(offer(b, 0, cases[i].offer), TP_OK);
		assert_int_equal(b->s.wanted[0].legs[0].send, cases[i].open);
		assert_int_equal(b->s.wanted[0].legs[1].receive, cases[i].open);
		assert_false(b->s.wanted[0].legs[0].receive || b->s.wanted[0].legs[1].send);
		drop(b);
	}
}

static void directions_and_odd_streams(void **state)
{
	struct bench *b = make(TP_ENCRYPTION_AUTO, TP_ENCRYPTION_AUTO);
	const struct tp_msg_media_leg *caller = &b->s.streams[0].legs[0], *callee = &b->s.streams[0].legs[1];

	(void)state;
	assert_int_equal(offer(b, 0, HEAD "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n"
				     "m=application 5 UDP/BFCP (\r\nm=video 0 RTP/AVP 31\r\n"), TP_OK);
	assert_non_null(strstr(b->out, "m=application 0 UDP/BFCP (\r\n"));
	assert_int_equal(answer(b, HEAD "m=audio 5000 RTP/AVP 0\r\na=recvonly\r\n"
				   "m=application 0 UDP/BFCP (\r\nm=video 0 RTP/AVP 31\r\n"), TP_OK);
	assert_true(caller->receive && !caller->send);
	assert_true(callee->send && !callee->receive);
	/* fewer m-lines than before are no offer */
	b->s.stream_count = 3;
	assert_int_equal(offer(b, 0, plain), TP_FORMAT);
	drop(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mode_offers_its_own),
		cmocka_unit_test(offers_against_the_policy_are_refused),
		cmocka_unit_test(each_leg_gets_its_own_keys),
		cmocka_unit_test(answers_are_held_to_the_offer),
		cmocka_unit_test(the_hop_carries_flows_and_no_keys),
		cmocka_unit_test(early_media_out_of_the_hop_passes),
		cmocka_unit_test(directions_and_odd_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
