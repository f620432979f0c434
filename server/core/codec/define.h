/* Functions of a codec, made from a definition file: include once, in one .c
 * file, after the header that included core/codec/declare.h. */
#include "core/codec/wire.h"

/* Pass 1: write. */
#define TP_REC(n)                                                                        \
	void TP_CODEC_FN(n, _write)(struct tp_wr * wr, const struct TP_CODEC_NAME(n) * m) \
	{                                                                                \
		(void)wr;                                                                \
		(void)m;
#define TP_REC_END(n) }
#define TP_MSG(n, id, from, to) TP_REC(n)
#define TP_MSG_END(n) TP_REC_END(n)
#define TP_U8(f) tp_wr_u8(wr, m->f);
#define TP_U16(f) tp_wr_u16(wr, m->f);
#define TP_U32(f) tp_wr_u32(wr, m->f);
#define TP_U64(f) tp_wr_u64(wr, m->f);
#define TP_BOOL(f) tp_wr_u8(wr, m->f);
#define TP_ADDR(f) tp_codec_write_addr(wr, &m->f);
#define TP_ENUM(f, greatest) tp_wr_u8(wr, m->f);
#define TP_STR(f, max) tp_codec_write_bytes(wr, m->f, strlen(m->f));
#define TP_BYTES(f, max) tp_codec_write_bytes(wr, m->f, m->f##_len);
#define TP_BLOB(f, max)             \
	tp_wr_u32(wr, m->f##_len);  \
	tp_wr_bytes(wr, m->f, m->f##_len);
#define TP_ARR(rec, f, max)                              \
	tp_wr_u8(wr, m->f##_count);                      \
	for (size_t i_ = 0; i_ < m->f##_count; i_++)     \
		TP_CODEC_FN(rec, _write)(wr, &m->f[i_]);
#define TP_VEC(rec, f, max)                              \
	tp_wr_u32(wr, m->f##_count);                     \
	for (size_t i_ = 0; i_ < m->f##_count; i_++)     \
		TP_CODEC_FN(rec, _write)(wr, &m->f[i_]);
#include TP_CODEC_DEF
#include "core/codec/undef.h"

/* Pass 2: fini. */
#define TP_REC(n)                                            \
	void TP_CODEC_FN(n, _fini)(struct TP_CODEC_NAME(n) * m) \
	{
#define TP_REC_END(n)              \
	tp_wipe(m, sizeof(*m));    \
	}
#define TP_MSG(n, id, from, to) TP_REC(n)
#define TP_MSG_END(n) TP_REC_END(n)
#define TP_U8(f)
#define TP_U16(f)
#define TP_U32(f)
#define TP_U64(f)
#define TP_BOOL(f)
#define TP_ADDR(f)
#define TP_ENUM(f, greatest)
#define TP_STR(f, max)
#define TP_BYTES(f, max)
#define TP_BLOB(f, max)
#define TP_ARR(rec, f, max)                          \
	for (size_t i_ = 0; i_ < m->f##_count; i_++) \
		TP_CODEC_FN(rec, _fini)(&m->f[i_]);
#define TP_VEC(rec, f, max)                                        \
	for (size_t i_ = 0; m->f && i_ < m->f##_count; i_++)       \
		TP_CODEC_FN(rec, _fini)(&m->f[i_]);                \
	free(m->f);
#include TP_CODEC_DEF
#include "core/codec/undef.h"

/* Pass 3: read. */
#define TP_REC(n)                                                                             \
	enum tp_err TP_CODEC_FN(n, _read)(struct tp_rd * rd, struct TP_CODEC_NAME(n) * m)     \
	{                                                                                     \
		memset(m, 0, sizeof(*m));
#define TP_REC_END(n)                         \
	if (rd->err != TP_OK)                 \
		TP_CODEC_FN(n, _fini)(m);     \
	return rd->err;                       \
	}
#define TP_MSG(n, id, from, to) TP_REC(n)
#define TP_MSG_END(n) TP_REC_END(n)
#define TP_U8(f) m->f = tp_rd_u8(rd);
#define TP_U16(f) m->f = tp_rd_u16(rd);
#define TP_U32(f) m->f = tp_rd_u32(rd);
#define TP_U64(f) m->f = tp_rd_u64(rd);
#define TP_BOOL(f) m->f = tp_codec_read_enum(rd, 1) != 0;
#define TP_ADDR(f) tp_codec_read_addr(rd, &m->f);
#define TP_ENUM(f, greatest) m->f = tp_codec_read_enum(rd, greatest);
#define TP_STR(f, max) tp_codec_read_str(rd, m->f, max);
#define TP_BYTES(f, max) m->f##_len = tp_codec_read_bytes(rd, m->f, max);
#define TP_BLOB(f, max) m->f = tp_codec_read_blob(rd, max, &m->f##_len);
#define TP_ARR(rec, f, max)                                                      \
	m->f##_count = (uint8_t)tp_codec_read_count(rd, tp_rd_u8(rd), max);      \
	for (size_t i_ = 0; i_ < m->f##_count; i_++)                             \
		if (TP_CODEC_FN(rec, _read)(rd, &m->f[i_]) != TP_OK)             \
			m->f##_count = (uint8_t)i_;
#define TP_VEC(rec, f, max)                                                      \
	m->f##_count = tp_codec_read_count(rd, tp_rd_u32(rd), max);              \
	m->f = tp_codec_alloc(rd, m->f##_count, sizeof(*m->f));                  \
	if (!m->f)                                                               \
		m->f##_count = 0;                                                \
	for (size_t i_ = 0; i_ < m->f##_count; i_++)                             \
		if (TP_CODEC_FN(rec, _read)(rd, &m->f[i_]) != TP_OK)             \
			m->f##_count = (uint32_t)i_;
#include TP_CODEC_DEF
#include "core/codec/undef.h"
