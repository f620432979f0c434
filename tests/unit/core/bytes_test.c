/* core/bytes, core/text, core/addr, core/map: bounds, canonical forms, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/addr.h"
#include "core/bytes.h"
#include "core/map.h"

static void reader_stops_at_the_end(void **state)
{
	uint8_t data[] = { 1, 2, 3 };
	struct tp_rd rd;

	(void)state;
	tp_rd_init(&rd, data, sizeof(data));
	assert_int_equal(tp_rd_u16(&rd), 0x0102);
	assert_int_equal(tp_rd_finish(&rd), TP_FORMAT); /* a byte is left over */
	assert_int_equal(tp_rd_u16(&rd), 0);
	assert_int_equal(rd.err, TP_SHORT);
	assert_int_equal(tp_rd_u8(&rd), 0); /* sticky */
	assert_int_equal(tp_rd_finish(&rd), TP_SHORT);
}

static void writer_never_overruns(void **state)
{
	uint8_t buf[5] = { 0 };
	struct tp_wr wr;

	(void)state;
	tp_wr_init(&wr, buf, 4);
	tp_wr_u32(&wr, 0xdeadbeef);
	tp_wr_u8(&wr, 1);
	assert_int_equal(wr.err, TP_LIMIT);
	assert_int_equal(wr.len, 4);
	assert_int_equal(buf[4], 0);
}

static void base64_is_canonical(void **state)
{
	char text[16];
	uint8_t out[8];
	size_t len;

	(void)state;
	tp_text_write_base64(text, "ab", 2);
	assert_string_equal(text, "YWI=");
	assert_int_equal(tp_text_parse_base64(TP_SPAN("YWI="), out, sizeof(out), &len), TP_OK);
	assert_int_equal(len, 2);
	assert_memory_equal(out, "ab", 2);
	/* bits behind the last byte are not zero */
	assert_int_equal(tp_text_parse_base64(TP_SPAN("YWJ="), out, sizeof(out), &len), TP_FORMAT);
	assert_int_equal(tp_text_parse_base64(TP_SPAN("YWI"), out, sizeof(out), &len), TP_FORMAT);
	assert_int_equal(tp_text_parse_base64(TP_SPAN("YWJj"), out, 2, &len), TP_LIMIT);
}

static void addresses_round_trip(void **state)
{
	struct tp_addr a;
	char text[TP_ADDR_TEXT];

	(void)state;
	assert_int_equal(tp_addr_parse(TP_SPAN("192.0.2.1:5060"), &a), TP_OK);
	assert_string_equal(tp_addr_write(&a, text), "192.0.2.1:5060");
	assert_int_equal(tp_addr_parse(TP_SPAN("[2001:db8::1]:5061"), &a), TP_OK);
	assert_string_equal(tp_addr_write(&a, text), "[2001:db8::1]:5061");
	assert_int_equal(tp_addr_parse(TP_SPAN("2001:db8::1"), &a), TP_OK);
	assert_int_equal(a.port, 0);
	assert_int_equal(tp_addr_parse(TP_SPAN("::ffff:192.0.2.7"), &a), TP_OK);
	assert_int_equal(a.family, TP_ADDR_V4);
	assert_int_equal(tp_addr_parse(TP_SPAN("192.0.2.1:65536"), &a), TP_LIMIT);
	assert_int_equal(tp_addr_parse(TP_SPAN("192.0.2.1:"), &a), TP_FORMAT);
	assert_int_equal(tp_addr_parse(TP_SPAN(":5060"), &a), TP_FORMAT);
	assert_int_equal(tp_addr_parse(TP_SPAN("fe80::1%eth0"), &a), TP_FORMAT);
	assert_int_equal(tp_addr_parse(TP_SPAN("[192.0.2.1]:1"), &a), TP_FORMAT);
}

static void siphash_matches_its_paper(void **state)
{
	uint8_t seed[16];
	uint8_t data[15];

	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		seed[i] = i;
	for (uint8_t i = 0; i < 15; i++)
		data[i] = i;
	assert_true(tp_siphash(seed, data, sizeof(data)) == 0xa129ca6149be45e5u);
}

struct entry {
	char key[8];
	struct tp_map_node node;
};

static void map_finds_limits_and_removes(void **state)
{
	static struct entry entries[100];
	uint8_t seed[16] = { 1 };
	struct tp_map map;
	size_t seen = 0;

	(void)state;
	tp_map_init(&map, seed, 99);
	for (size_t i = 0; i < 100; i++) {
		entries[i].key[0] = (char)i;
		assert_int_equal(tp_map_put(&map, &entries[i].node, entries[i].key, 8),
				 i < 99 ? TP_OK : TP_LIMIT);
	}
	assert_int_equal(tp_map_put(&map, &entries[99].node, entries[0].key, 8), TP_EXISTS);
	for (struct tp_map_node *n = tp_map_next(&map, NULL); n; n = tp_map_next(&map, n))
		seen++;
	assert_int_equal(seen, 99);
	tp_map_remove(&map, &entries[5].node);
	assert_null(tp_map_find(&map, entries[5].key, 8));
	assert_ptr_equal(tp_map_find(&map, entries[6].key, 8), &entries[6].node);
	assert_int_equal(map.count, 98);
	tp_map_fini(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_stops_at_the_end),   cmocka_unit_test(writer_never_overruns),
		cmocka_unit_test(base64_is_canonical),       cmocka_unit_test(addresses_round_trip),
		cmocka_unit_test(siphash_matches_its_paper), cmocka_unit_test(map_finds_limits_and_removes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
