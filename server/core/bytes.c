/* Bounded reader and writer. Used by every process. */
#include "core/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tp_rd_init(struct tp_rd *rd, const void *data, size_t len)
{
	rd->p = data;
	rd->end = len ? (const uint8_t *)data + len : data;
	rd->err = TP_OK;
}

size_t tp_rd_left(const struct tp_rd *rd)
{
	return rd->err == TP_OK ? (size_t)(rd->end - rd->p) : 0;
}

void tp_rd_set_err(struct tp_rd *rd, enum tp_err err)
{
	if (rd->err == TP_OK)
		rd->err = err;
}

const uint8_t *tp_rd_bytes(struct tp_rd *rd, size_t len)
{
	const uint8_t *p = rd->p;

	if (rd->err != TP_OK)
		return NULL;
	if (len > (size_t)(rd->end - rd->p)) {
		rd->err = TP_SHORT;
		return NULL;
	}
	if (len)
		rd->p += len;
	return p;
}

uint8_t tp_rd_u8(struct tp_rd *rd)
{
	const uint8_t *b = tp_rd_bytes(rd, 1);

	return b ? b[0] : 0;
}

uint16_t tp_rd_u16(struct tp_rd *rd)
{
	const uint8_t *b = tp_rd_bytes(rd, 2);

	return b ? tp_load_be16(b) : 0;
}

uint32_t tp_rd_u32(struct tp_rd *rd)
{
	const uint8_t *b = tp_rd_bytes(rd, 4);

	return b ? tp_load_be32(b) : 0;
}

uint64_t tp_rd_u64(struct tp_rd *rd)
{
	const uint8_t *b = tp_rd_bytes(rd, 8);

	return b ? tp_load_be64(b) : 0;
}

struct tp_rd tp_rd_window(struct tp_rd *rd, size_t len)
{
	struct tp_rd child;
	const uint8_t *p = tp_rd_bytes(rd, len);

	tp_rd_init(&child, p, p ? len : 0);
	child.err = rd->err;
	return child;
}

enum tp_err tp_rd_finish(const struct tp_rd *rd)
{
	if (rd->err != TP_OK)
		return rd->err;
	return rd->p == rd->end ? TP_OK : TP_FORMAT;
}

void tp_wr_init(struct tp_wr *wr, void *buf, size_t cap)
{
	wr->base = buf;
	wr->len = 0;
	wr->cap = cap;
	wr->err = TP_OK;
}

void tp_wr_bytes(struct tp_wr *wr, const void *data, size_t len)
{
	if (wr->err != TP_OK)
		return;
	if (len > wr->cap - wr->len) {
		wr->err = TP_LIMIT;
		return;
	}
	if (len)
		memcpy(wr->base + wr->len, data, len);
	wr->len += len;
}

void tp_wr_u8(struct tp_wr *wr, uint8_t v)
{
	tp_wr_bytes(wr, &v, 1);
}

void tp_wr_u16(struct tp_wr *wr, uint16_t v)
{
	uint8_t b[2];

	tp_store_be16(b, v);
	tp_wr_bytes(wr, b, sizeof(b));
}

void tp_wr_u32(struct tp_wr *wr, uint32_t v)
{
	uint8_t b[4];

	tp_store_be32(b, v);
	tp_wr_bytes(wr, b, sizeof(b));
}

void tp_wr_u64(struct tp_wr *wr, uint64_t v)
{
	uint8_t b[8];

	tp_store_be64(b, v);
	tp_wr_bytes(wr, b, sizeof(b));
}

void tp_wr_span(struct tp_wr *wr, struct tp_span s)
{
	tp_wr_bytes(wr, s.p, s.len);
}

void tp_wr_text(struct tp_wr *wr, const char *s)
{
	tp_wr_bytes(wr, s, strlen(s));
}

void tp_wr_fmt(struct tp_wr *wr, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (wr->err != TP_OK)
		return;
	va_start(ap, fmt);
	n = vsnprintf((char *)wr->base + wr->len, wr->cap - wr->len, fmt, ap);
	va_end(ap);
	/* vsnprintf needs room for its NUL; a text that fits exactly but for it is a limit too. */
	if (n < 0 || (size_t)n >= wr->cap - wr->len)
		wr->err = TP_LIMIT;
	else
		wr->len += (size_t)n;
}
