/* Every message, empty, small and as large as its definition allows: it must come back
 * as it went, and fit into a frame. `messages_test --write FOLDER` writes the samples
 * as the corpus of tests/fuzz/ipc/messages.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/channel.h"

enum size { EMPTY, SMALL, FULL };

static const uint8_t blob[65536] = { 7 };

static size_t length(enum size size, size_t max)
{
	return size == EMPTY ? 0 : size == FULL ? max : max < 5 ? max : 5;
}

static size_t count(enum size size, size_t max)
{
	return size == EMPTY ? 0 : size == FULL ? max : 1;
}

static void *array(size_t n, size_t bytes)
{
	return n ? calloc(n, bytes) : NULL;
}

/* One function a record that fills it. */
#define TP_REC(n)                                                                     \
	static void fill_##n(struct tp_msg_##n *m, enum size size)                    \
	{                                                                             \
		memset(m, 0, sizeof(*m));                                             \
		(void)size;
#define TP_REC_END(n) }
#define TP_MSG(n, id, from, to) TP_REC(n)
#define TP_MSG_END(n) TP_REC_END(n)
#define TP_U8(f) m->f = size ? 0xa1 : 0;
#define TP_U16(f) m->f = size ? 0xa1b2 : 0;
#define TP_U32(f) m->f = size ? 0xa1b2c3d4 : 0;
#define TP_U64(f) m->f = size ? 0xa1b2c3d4e5f60718 : 0;
#define TP_BOOL(f) m->f = size != EMPTY;
#define TP_ENUM(f, greatest) m->f = size ? (greatest) : 0;
#define TP_STR(f, max) memset(m->f, 'x', length(size, max));
#define TP_BYTES(f, max)                               \
	m->f##_len = (uint16_t)length(size, max);      \
	memset(m->f, 0x5a, m->f##_len);
#define TP_BLOB(f, max)                                \
	m->f##_len = (uint32_t)length(size, max);      \
	m->f = blob;
#define TP_ADDR(f)                                                        \
	if (size)                                                         \
		m->f = (struct tp_addr){ size == FULL ? TP_ADDR_V6 : TP_ADDR_V4, { 1 }, 9 };
#define TP_ARR(rec, f, max)                            \
	m->f##_count = (uint8_t)count(size, max);      \
	for (size_t i = 0; i < m->f##_count; i++)      \
		fill_##rec(&m->f[i], size);
#define TP_VEC(rec, f, max)                                    \
	m->f##_count = (uint32_t)count(size, max);             \
	m->f = array(m->f##_count, sizeof(*m->f));             \
	for (size_t i = 0; i < m->f##_count; i++)              \
		fill_##rec(&m->f[i], size);
#include "ipc/messages.def"
#include "core/codec/undef.h"

static const char *corpus; /* folder to write to, or NULL */

static void write_sample(const char *name, uint16_t type, enum size size, const struct tp_wr *wr)
{
	uint8_t head[2];
	char path[512];
	FILE *f;

	if (!corpus || size == FULL)
		return;
	snprintf(path, sizeof(path), "%s/%s-%s", corpus, name, size == EMPTY ? "empty" : "small");
	tp_store_be16(head, type);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(head, 1, 2, f), 2);
	assert_int_equal(fwrite(wr->base, 1, wr->len, f), wr->len);
	fclose(f);
}

/* Encode, decode, encode: the same bytes, nothing left over, every cut refused. */
#define TP_MSG(n, id, from, to)                                                         \
	static void round_##n(void **state)                                             \
	{                                                                               \
		struct tp_msg_##n *m = malloc(sizeof(*m));                              \
		uint8_t *first = malloc(TP_CHANNEL_FRAME_MAX);                          \
		uint8_t *second = malloc(TP_CHANNEL_FRAME_MAX);                         \
		struct tp_wr wr;                                                        \
		struct tp_wr again;                                                     \
		struct tp_rd rd;                                                        \
		(void)state;                                                            \
		for (int size = EMPTY; size <= FULL; size++) {                          \
			tp_wr_init(&wr, first, TP_CHANNEL_FRAME_MAX - 8);               \
			tp_wr_init(&again, second, TP_CHANNEL_FRAME_MAX);               \
			fill_##n(m, (enum size)size);                                   \
			tp_msg_##n##_write(&wr, m);                                     \
			tp_msg_##n##_fini(m);                                           \
			assert_int_equal(wr.err, TP_OK);                                \
			tp_rd_init(&rd, first, wr.len);                                 \
			assert_int_equal(tp_msg_##n##_read(&rd, m), TP_OK);             \
			assert_int_equal(tp_rd_finish(&rd), TP_OK);                     \
			tp_msg_##n##_write(&again, m);                                  \
			tp_msg_##n##_fini(m);                                           \
			assert_int_equal(again.len, wr.len);                            \
			assert_memory_equal(first, second, wr.len);                     \
			for (size_t cut = 0; cut < wr.len && cut < 300; cut++) {        \
				tp_rd_init(&rd, first, cut);                            \
				assert_int_not_equal(tp_msg_##n##_read(&rd, m), TP_OK); \
			}                                                               \
			write_sample(#n, id, (enum size)size, &wr);                     \
		}                                                                       \
		free(m);                                                                \
		free(first);                                                            \
		free(second);                                                           \
	}
#include "core/codec/messages_only.h"
#include "ipc/messages.def"
#include "core/codec/undef.h"

static void table_is_closed(void **state)
{
	unsigned allowed = 0;

	(void)state;
	for (unsigned type = 0; type < 70000; type += type < 300 ? 1 : 997)
		for (int a = 0; a < TP_PROCESS_COUNT; a++)
			for (int b = 0; b < TP_PROCESS_COUNT; b++)
				if (tp_msg_allowed((uint16_t)type, (enum tp_process)a,
						   (enum tp_process)b)) {
					allowed++;
					assert_int_not_equal(a, b);
				}
	assert_true(allowed > 50);
	/* What a taken-over network process would like to do. */
	assert_false(tp_msg_allowed(TP_MSG_TYPE_candidate, TP_PROCESS_SIP, TP_PROCESS_SUP));
	assert_false(tp_msg_allowed(TP_MSG_TYPE_seal, TP_PROCESS_MEDIA, TP_PROCESS_SUP));
	assert_false(tp_msg_allowed(TP_MSG_TYPE_keys_make, TP_PROCESS_ADMIN, TP_PROCESS_KEYS));
	assert_false(tp_msg_allowed(TP_MSG_TYPE_config_prepare, TP_PROCESS_ADMIN, TP_PROCESS_SIP));
	assert_false(tp_msg_allowed(TP_MSG_TYPE_hop_key, TP_PROCESS_ADMIN, TP_PROCESS_MEDIA));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define TP_MSG(n, id, from, to) cmocka_unit_test(round_##n),
#include "core/codec/messages_only.h"
#include "ipc/messages.def"
#include "core/codec/undef.h"
		cmocka_unit_test(table_is_closed),
	};

	if (argc == 3 && strcmp(argv[1], "--write") == 0)
		corpus = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
