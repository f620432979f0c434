/* proto/sdp: what is read, what is written, and that nothing else changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/sdp.h"

#define KEY_30 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"

static const char offer[] =
	"v=0\r\n"
	"o=alice 1 7 IN IP4 192.0.2.1\r\n"
	"s=-\r\n"
	"c=IN IP4 192.0.2.1\r\n"
	"b=TIAS:64000\r\n"
	"t=0 0\r\n"
	"a=ice-ufrag:abcd\r\n"
	"m=audio 4000 RTP/SAVP 96 0\r\n"
	"a=rtpmap:96 opus/48000/2\r\n"
	"a=fmtp:96  useinbandfec=1 \r\n"
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY_30 "|2^31\r\n"
	"a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" KEY_30 "|2^31|1:4\r\n"
	"a=crypto:3 F8_128_HMAC_SHA1_80 inline:" KEY_30 "\r\n"
	"a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:" KEY_30 " UNENCRYPTED_SRTP\r\n"
	"a=crypto:5 AES_CM_128_HMAC_SHA1_32 inline:" KEY_30 " WSH=64 -X\r\n"
	"a=candidate:1 1 UDP 2130706431 192.0.2.1 4000 typ host\r\n"
	"a=rtcp:4007\r\n"
	"a=x-turnpike-hop:77\r\n"
	"a=sendonly\r\n"
	"m=video 0 RTP/AVP 31\r\n"
	"c=IN IP6 2001:db8::9\r\n"
	"a=x-kept:\xc3\xa4 \r\n";

static struct tp_sdp *parse(const char *body)
{
	struct tp_sdp *sdp = calloc(1, sizeof(*sdp));
	struct tp_diag diag = { 0 };

	assert_non_null(sdp);
	if (tp_sdp_parse(tp_span_of(body), sdp, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
	return sdp;
}

static void offer_is_read(void **state)
{
	struct tp_sdp *sdp = parse(offer);
	const struct tp_sdp_stream *a = &sdp->streams[0], *v = &sdp->streams[1];
	char text[TP_ADDR_TEXT];

	(void)state;
	assert_int_equal(sdp->stream_count, 2);
	assert_int_equal(sdp->version, 7);
	assert_true(a->rtp && a->secure && !a->feedback);
	assert_int_equal(a->port, 4000);
	assert_int_equal(a->clock_rate, 48000);
	assert_int_equal(a->direction, TP_SDP_SENDONLY);
	assert_int_equal(a->hop_flow, 77);
	assert_string_equal(tp_addr_write(&a->rtp_addr, text), "192.0.2.1:4000");
	assert_string_equal(tp_addr_write(&a->rtcp_addr, text), "192.0.2.1:4007");
	/* 1 and 5 are usable; MKI, unknown suite and UNENCRYPTED_SRTP are not */
	assert_int_equal(a->crypto_count, 2);
	assert_int_equal(a->crypto_refused, 3);
	assert_int_equal(a->crypto[0].tag, 1);
	assert_int_equal(a->crypto[0].key_len, 30);
	assert_int_equal(a->crypto[0].key[29], 29);
	assert_int_equal(a->crypto[1].tag, 5);
	assert_int_equal(a->crypto[1].suite, TP_SDP_SUITE_AES_CM_128_HMAC_SHA1_32);
	assert_int_equal(v->port, 0);
	assert_int_equal(v->clock_rate, 90000);
	free(sdp);
}

static void only_what_is_ours_changes(void **state)
{
	static const char expected[] =
		"v=0\r\n"
		"o=alice 1 7 IN IP4 192.0.2.1\r\n"
		"s=-\r\n"
		"c=IN IP4 198.51.100.2\r\n"
		"b=TIAS:64000\r\n"
		"t=0 0\r\n"
		"m=audio 36010 RTP/AVP 96 0\r\n"
		"a=rtpmap:96 opus/48000/2\r\n"
		"a=fmtp:96  useinbandfec=1 \r\n"
		"a=sendonly\r\n"
		"a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:" KEY_30 "\r\n"
		"a=x-turnpike-hop:123\r\n"
		"m=video 0 RTP/AVP 31\r\n"
		"c=IN IP4 198.51.100.2\r\n"
		"a=x-kept:\xc3\xa4 \r\n";
	struct tp_sdp *sdp = parse(offer);
	struct tp_sdp_crypto crypto = sdp->streams[0].crypto[0];
	struct tp_sdp_edit edit = { 0 };
	char out[2048];
	struct tp_wr wr;

	(void)state;
	crypto.tag = 9;
	assert_int_equal(tp_addr_parse(TP_SPAN("198.51.100.2"), &edit.connection), TP_OK);
	edit.streams[0] = (struct tp_sdp_edit_stream){ 36010, "RTP/AVP", 123, false, 1, &crypto };
	tp_wr_init(&wr, out, sizeof(out));
	assert_int_equal(tp_sdp_write(sdp, &edit, &wr), TP_OK);
	assert_int_equal(wr.len, strlen(expected));
	assert_memory_equal(out, expected, wr.len);
	tp_wr_init(&wr, out, 100);
	assert_int_equal(tp_sdp_write(sdp, &edit, &wr), TP_LIMIT);
	free(sdp);
}

static void last_line_without_end_gets_one(void **state)
{
	struct tp_sdp *sdp = parse("v=0\no=- 1 1 IN IP4 1.2.3.4\nc=IN IP4 1.2.3.4\nm=audio 4 RTP/AVP 0\na=x");
	struct tp_sdp_edit edit = { .streams[0] = { 8, NULL, 5, true, 0, NULL } };
	char out[512];
	struct tp_wr wr;

	(void)state;
	assert_int_equal(tp_addr_parse(TP_SPAN("2001:db8::1"), &edit.connection), TP_OK);
	tp_wr_init(&wr, out, sizeof(out) - 1);
	assert_int_equal(tp_sdp_write(sdp, &edit, &wr), TP_OK);
	out[wr.len] = 0;
	assert_string_equal(out, "v=0\no=- 1 1 IN IP4 1.2.3.4\nc=IN IP6 2001:db8::1\r\n"
				 "m=audio 8 RTP/AVP 0\r\na=x\r\na=sendonly\r\na=x-turnpike-hop:5\r\n");
	free(sdp);
}

static void every_suite_is_read_back(void **state)
{
	(void)state;
	for (uint8_t suite = 1; suite < TP_SDP_SUITE_COUNT; suite++) {
		struct tp_sdp_crypto c = { 1, suite, (uint8_t)tp_sdp_suite_key_len(suite), { 0 } };
		struct tp_sdp *sdp = parse("v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nc=IN IP4 1.2.3.4\r\n"
					   "m=audio 4 RTP/AVP 0\r\n");
		struct tp_sdp_edit edit = { .streams[0] = { 8, "RTP/SAVP", 0, false, 1, &c } };
		char out[512];
		struct tp_sdp *again;
		struct tp_wr wr;

		memset(c.key, suite, c.key_len);
		assert_int_equal(tp_addr_parse(TP_SPAN("192.0.2.1"), &edit.connection), TP_OK);
		tp_wr_init(&wr, out, sizeof(out) - 1);
		assert_int_equal(tp_sdp_write(sdp, &edit, &wr), TP_OK);
		out[wr.len] = 0;
		again = parse(out);
		assert_int_equal(again->streams[0].crypto_count, 1);
		assert_memory_equal(&again->streams[0].crypto[0], &c, sizeof(c));
		free(again);
		free(sdp);
	}
}

static void held_and_odd_connections(void **state)
{
	struct tp_sdp *sdp = parse("v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nm=audio 4 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"
				   "m=audio 4 RTP/AVP 0\r\nc=IN IP4 host.example.com\r\n"
				   "m=audio 4 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\n"
				   "m=application 5 UDP/BFCP (\r\nc=IN IP4 192.0.2.1\r\n");

	(void)state;
	assert_int_equal(sdp->stream_count, 4);
	assert_true(sdp->streams[0].held);
	for (int i = 0; i < 3; i++)
		assert_false(tp_addr_is_set(&sdp->streams[i].rtp_addr));
	assert_false(sdp->streams[3].rtp);
	assert_int_equal(sdp->streams[3].port, 5);
	free(sdp);
}

static void bad_bodies_are_refused_with_words(void **state)
{
	static const struct {
		const char *body;
		enum tp_err err;
	} cases[] = {
		{ "", TP_FORMAT },
		{ "hello", TP_FORMAT },
		{ "v=0\r\nm=audio\r\n", TP_FORMAT },
		{ "v=0\r\nm=audio 99999 RTP/AVP 0\r\n", TP_FORMAT },
		{ "v=0\r\nm=audio 4000 RTP/AVP 0\r\n", TP_FORMAT }, /* no c= */
		{ "v=0\r\nc=IN IP4 1.2.3.4\r\nm=audio 4000/2 RTP/AVP 0\r\n", TP_UNSUPPORTED },
		{ "v=0\r\no=- 1 x IN IP4 1.2.3.4\r\n", TP_FORMAT },
		{ "v=0\r\nno equals sign\r\n", TP_FORMAT },
	};
	struct tp_sdp *sdp = calloc(1, sizeof(*sdp));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tp_diag diag = { 0 };

		assert_int_equal(tp_sdp_parse(tp_span_of(cases[i].body), sdp, &diag), cases[i].err);
		assert_true(diag.text[0]);
	}
	free(sdp);
}

static void thousands_of_streams_are_refused(void **state)
{
	static const char head[] = "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nc=IN IP4 1.2.3.4\r\n";
	static char body[5000 * 11 + sizeof(head)];
	struct tp_sdp *sdp = calloc(1, sizeof(*sdp));
	struct tp_diag diag = { 0 };
	size_t len = strlen(head);

	(void)state;
	memcpy(body, head, len);
	for (int i = 0; i < 5000; i++) {
		memcpy(body + len, "m=a 1 b c\r\n", 11);
		len += 11;
	}
	assert_int_equal(tp_sdp_parse((struct tp_span){ body, len }, sdp, &diag), TP_LIMIT);
	assert_string_equal(diag.text, "more than 16 media streams");
	free(sdp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offer_is_read),
		cmocka_unit_test(only_what_is_ours_changes),
		cmocka_unit_test(last_line_without_end_gets_one),
		cmocka_unit_test(every_suite_is_read_back),
		cmocka_unit_test(held_and_odd_connections),
		cmocka_unit_test(bad_bodies_are_refused_with_words),
		cmocka_unit_test(thousands_of_streams_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
