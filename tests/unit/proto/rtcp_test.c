/* proto/rtcp: compound packets read, and refused when a part does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "proto/rtcp.h"

/* SR with one report block, SDES with a CNAME, BYE. */
static size_t write_compound(uint8_t *out, size_t cap)
{
	struct tp_wr wr;

	tp_wr_init(&wr, out, cap);
	tp_wr_u8(&wr, 0x81);
	tp_wr_u8(&wr, TP_RTCP_SR);
	tp_wr_u16(&wr, 12);
	tp_wr_u32(&wr, 0x11223344);
	tp_wr_u64(&wr, 1);
	tp_wr_u32(&wr, 2);
	tp_wr_u32(&wr, 500);  /* packets */
	tp_wr_u32(&wr, 80000); /* octets */
	tp_wr_u32(&wr, 0x55667788);
	tp_wr_u8(&wr, 64); /* a quarter lost */
	for (int i = 0; i < 19; i++)
		tp_wr_u8(&wr, 0);
	tp_wr_u8(&wr, 0x81);
	tp_wr_u8(&wr, TP_RTCP_SDES);
	tp_wr_u16(&wr, 3);
	tp_wr_u32(&wr, 0x11223344);
	tp_wr_u8(&wr, 1);
	tp_wr_u8(&wr, 4);
	tp_wr_bytes(&wr, "a@bc", 4);
	tp_wr_u16(&wr, 0);
	tp_wr_u8(&wr, 0x81);
	tp_wr_u8(&wr, TP_RTCP_BYE);
	tp_wr_u16(&wr, 1);
	tp_wr_u32(&wr, 0x11223344);
	assert_int_equal(wr.err, TP_OK);
	return wr.len;
}

static void compound_is_read(void **state)
{
	uint8_t packet[128];
	size_t len = write_compound(packet, sizeof(packet));
	struct tp_rtcp r;

	(void)state;
	assert_int_equal(tp_rtcp_parse(packet, len, &r), TP_OK);
	assert_int_equal(r.ssrc, 0x11223344);
	assert_int_equal(r.packets, 3);
	assert_true(r.sender_report);
	assert_true(r.bye);
	assert_int_equal(r.sent_packets, 500);
	assert_int_equal(r.sent_octets, 80000);
	assert_int_equal(r.report_blocks, 1);
	assert_int_equal(r.fraction_lost, 64);
}

static void parts_must_fit(void **state)
{
	uint8_t packet[128], copy[128];
	size_t len = write_compound(packet, sizeof(packet));
	struct tp_rtcp r;

	(void)state;
	/* Cut anywhere but between two packets, it is refused. */
	for (size_t n = 0; n < len; n++)
		if (n != 52 && n != 68)
			assert_int_not_equal(tp_rtcp_parse(packet, n, &r), TP_OK);
	memcpy(copy, packet, len);
	copy[0] = 0x82; /* two blocks said, one there */
	assert_int_equal(tp_rtcp_parse(copy, len, &r), TP_FORMAT);
	memcpy(copy, packet, len);
	copy[52 + 9] = 200; /* text runs out of its chunk */
	assert_int_equal(tp_rtcp_parse(copy, len, &r), TP_FORMAT);
	memcpy(copy, packet, len);
	copy[0] |= 0x20; /* padding in the first of three */
	assert_int_equal(tp_rtcp_parse(copy, len, &r), TP_FORMAT);
	copy[0] = 0x41;
	assert_int_equal(tp_rtcp_parse(copy, len, &r), TP_FORMAT);
}

static void number_of_packets_is_bounded(void **state)
{
	uint8_t packet[(TP_RTCP_PACKETS_MAX + 1) * 8];
	struct tp_rtcp r;

	(void)state;
	for (size_t i = 0; i < sizeof(packet); i += 8) {
		const uint8_t rr[8] = { 0x80, TP_RTCP_RR, 0, 1, 0, 0, 0, 9 };

		memcpy(packet + i, rr, sizeof(rr));
	}
	assert_int_equal(tp_rtcp_parse(packet, sizeof(packet) - 8, &r), TP_OK);
	assert_int_equal(tp_rtcp_parse(packet, sizeof(packet), &r), TP_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compound_is_read),
		cmocka_unit_test(parts_must_fit),
		cmocka_unit_test(number_of_packets_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
