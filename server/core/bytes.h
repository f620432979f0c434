/* Bounded reader and writer over byte buffers. Every byte from outside goes
 * through struct tp_rd. Used by every process. Numbers are big-endian. */
#ifndef TP_CORE_BYTES_H
#define TP_CORE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/text.h"

/* Reader with a sticky error: after the first failure every read returns zero
 * or an empty span and `err` keeps the reason, so callers check once. */
struct tp_rd {
	const uint8_t *p;
	const uint8_t *end;
	enum tp_err err;
};

void tp_rd_init(struct tp_rd *rd, const void *data, size_t len);
size_t tp_rd_left(const struct tp_rd *rd);
uint8_t tp_rd_u8(struct tp_rd *rd);
uint16_t tp_rd_u16(struct tp_rd *rd);
uint32_t tp_rd_u32(struct tp_rd *rd);
uint64_t tp_rd_u64(struct tp_rd *rd);
/* len bytes, borrowed from the buffer; NULL after an error. */
const uint8_t *tp_rd_bytes(struct tp_rd *rd, size_t len);
/* A child window of len bytes; the parent moves past it. */
struct tp_rd tp_rd_window(struct tp_rd *rd, size_t len);
/* Marks the reader bad (the first reason stays). */
void tp_rd_set_err(struct tp_rd *rd, enum tp_err err);
/* The sticky error, or TP_FORMAT when bytes are left over. */
TP_NODISCARD enum tp_err tp_rd_finish(const struct tp_rd *rd);

/* Writer into a caller's buffer, sticky TP_LIMIT when it is full. */
struct tp_wr {
	uint8_t *base;
	size_t len;
	size_t cap;
	enum tp_err err;
};

void tp_wr_init(struct tp_wr *wr, void *buf, size_t cap);
void tp_wr_u8(struct tp_wr *wr, uint8_t v);
void tp_wr_u16(struct tp_wr *wr, uint16_t v);
void tp_wr_u32(struct tp_wr *wr, uint32_t v);
void tp_wr_u64(struct tp_wr *wr, uint64_t v);
void tp_wr_bytes(struct tp_wr *wr, const void *data, size_t len);
void tp_wr_span(struct tp_wr *wr, struct tp_span s);
void tp_wr_text(struct tp_wr *wr, const char *s);
void tp_wr_fmt(struct tp_wr *wr, const char *fmt, ...) TP_PRINTF(2, 3);

/* Big-endian loads and stores for code that has already checked its bounds. */
static inline uint16_t tp_load_be16(const void *p)
{
	const uint8_t *b = p;
	return (uint16_t)(b[0] << 8 | b[1]);
}
static inline uint32_t tp_load_be32(const void *p)
{
	const uint8_t *b = p;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}
static inline uint64_t tp_load_be64(const void *p)
{
	return (uint64_t)tp_load_be32(p) << 32 | tp_load_be32((const uint8_t *)p + 4);
}
static inline void tp_store_be16(void *p, uint16_t v)
{
	uint8_t *b = p;
	b[0] = (uint8_t)(v >> 8);
	b[1] = (uint8_t)v;
}
static inline void tp_store_be32(void *p, uint32_t v)
{
	uint8_t *b = p;
	b[0] = (uint8_t)(v >> 24);
	b[1] = (uint8_t)(v >> 16);
	b[2] = (uint8_t)(v >> 8);
	b[3] = (uint8_t)v;
}
static inline void tp_store_be64(void *p, uint64_t v)
{
	tp_store_be32(p, (uint32_t)(v >> 32));
	tp_store_be32((uint8_t *)p + 4, (uint32_t)v);
}

#endif
