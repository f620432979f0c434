/* proto/rtp: header bounds with contributing sources, extension and padding;
 * classification of what arrives on a media port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "proto/rtp.h"

static void header_round_trip(void **state)
{
	struct tp_rtp in = { .payload_type = 8, .marker = true, .sequence = 65535,
			     .timestamp = 0x01020304, .ssrc = 0xa0b0c0d0 };
	uint8_t packet[TP_RTP_HEADER_BYTES + 160] = { 0 };
	struct tp_rtp out;
	size_t payload;

	(void)state;
	tp_rtp_write_header(packet, &in);
	assert_int_equal(tp_rtp_parse_header(packet, sizeof(packet), &out), TP_OK);
	assert_int_equal(out.payload_type, 8);
	assert_true(out.marker);
	assert_int_equal(out.sequence, 65535);
	assert_int_equal(out.timestamp, 0x01020304);
	assert_int_equal(out.ssrc, 0xa0b0c0d0);
	assert_int_equal(out.header_len, 12);
	assert_int_equal(tp_rtp_payload_len(packet, sizeof(packet), &out, &payload), TP_OK);
	assert_int_equal(payload, 160);
	tp_rtp_set_sequence(packet, 7);
	assert_int_equal(tp_rtp_parse_header(packet, sizeof(packet), &out), TP_OK);
	assert_int_equal(out.sequence, 7);
	assert_int_equal(out.timestamp, 0x01020304);
}

static void header_must_fit(void **state)
{
	uint8_t packet[12 + 8 + 4 + 4] = { 0x80 | 0x10 | 2 }; /* extension, two sources */
	struct tp_rtp h;

	(void)state;
	tp_store_be16(packet + 12 + 8 + 2, 1);
	assert_int_equal(tp_rtp_parse_header(packet, sizeof(packet), &h), TP_OK);
	assert_int_equal(h.header_len, sizeof(packet));
	for (size_t n = 0; n < sizeof(packet); n++)
		assert_int_equal(tp_rtp_parse_header(packet, n, &h), TP_SHORT);
	tp_store_be16(packet + 12 + 8 + 2, 0xffff);
	assert_int_equal(tp_rtp_parse_header(packet, sizeof(packet), &h), TP_SHORT);
	packet[0] = 0x40;
	assert_int_equal(tp_rtp_parse_header(packet, sizeof(packet), &h), TP_FORMAT);
}

static void padding_must_fit(void **state)
{
	uint8_t packet[12 + 4] = { 0x80 | 0x20 };
	struct tp_rtp h;
	size_t payload;

	(void)state;
	packet[15] = 3;
	assert_int_equal(tp_rtp_parse_header(packet, sizeof(packet), &h), TP_OK);
	assert_int_equal(tp_rtp_payload_len(packet, sizeof(packet), &h, &payload), TP_OK);
	assert_int_equal(payload, 1);
	packet[15] = 5;
	assert_int_equal(tp_rtp_payload_len(packet, sizeof(packet), &h, &payload), TP_FORMAT);
	packet[15] = 0;
	assert_int_equal(tp_rtp_payload_len(packet, sizeof(packet), &h, &payload), TP_FORMAT);
	assert_int_equal(tp_rtp_payload_len(packet, 12, &h, &payload), TP_FORMAT);
}

static void datagrams_are_told_apart(void **state)
{
	static const struct {
		uint8_t bytes[2];
		enum tp_media_protocol is;
	} cases[] = {
		{ { 0x00, 0x01 }, TP_MEDIA_STUN },         { { 0x03, 0 }, TP_MEDIA_STUN },
		{ { 4, 0 }, TP_MEDIA_UNKNOWN },            { { 15, 0 }, TP_MEDIA_UNKNOWN },
		{ { 16, 0 }, TP_MEDIA_ZRTP },              { { 20, 0 }, TP_MEDIA_DTLS },
		{ { 63, 0 }, TP_MEDIA_DTLS },              { { 64, 0 }, TP_MEDIA_TURN_CHANNEL },
		{ { 80, 0 }, TP_MEDIA_UNKNOWN },           { { 127, 0 }, TP_MEDIA_UNKNOWN },
		{ { 0x80, 0 }, TP_MEDIA_RTP },             { { 0x80, 200 }, TP_MEDIA_RTCP },
		{ { 0x80, 191 }, TP_MEDIA_RTP },           { { 0x81, 223 }, TP_MEDIA_RTCP },
		{ { 0x80, 224 }, TP_MEDIA_RTP },           { { 0xbf, 8 }, TP_MEDIA_RTP },
		{ { 0xc0, 200 }, TP_MEDIA_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(tp_media_classify(cases[i].bytes, 2), cases[i].is);
	assert_int_equal(tp_media_classify(cases[0].bytes, 1), TP_MEDIA_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_round_trip),
		cmocka_unit_test(header_must_fit),
		cmocka_unit_test(padding_must_fit),
		cmocka_unit_test(datagrams_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
