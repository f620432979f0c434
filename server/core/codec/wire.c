/* Field readers and writers shared by generated codecs. Used by every process. */
#include "core/codec/wire.h"

void tp_codec_write_bytes(struct tp_wr *wr, const void *data, size_t len)
{
	if (len > UINT16_MAX) {
		wr->err = TP_LIMIT;
		return;
	}
	tp_wr_u16(wr, (uint16_t)len);
	tp_wr_bytes(wr, data, len);
}

uint8_t tp_codec_read_enum(struct tp_rd *rd, uint8_t greatest)
{
	uint8_t v = tp_rd_u8(rd);

	if (v <= greatest)
		return v;
	tp_rd_set_err(rd, TP_FORMAT);
	return 0;
}

uint16_t tp_codec_read_bytes(struct tp_rd *rd, uint8_t *dst, size_t max)
{
	uint16_t len = tp_rd_u16(rd);
	const uint8_t *src;

	if (len > max) {
		tp_rd_set_err(rd, TP_LIMIT);
		return 0;
	}
	src = tp_rd_bytes(rd, len);
	if (!src)
		return 0;
	if (len)
		memcpy(dst, src, len);
	return len;
}

void tp_codec_read_str(struct tp_rd *rd, char *dst, size_t max)
{
	uint16_t len = tp_codec_read_bytes(rd, (uint8_t *)dst, max);

	dst[len] = '\0';
	if (memchr(dst, 0, len)) {
		tp_rd_set_err(rd, TP_FORMAT);
		dst[0] = '\0';
	}
}

const uint8_t *tp_codec_read_blob(struct tp_rd *rd, size_t max, uint32_t *len)
{
	uint32_t n = tp_rd_u32(rd);
	const uint8_t *p;

	*len = 0;
	if (n > max) {
		tp_rd_set_err(rd, TP_LIMIT);
		return NULL;
	}
	p = tp_rd_bytes(rd, n);
	if (p)
		*len = n;
	return p;
}

uint32_t tp_codec_read_count(struct tp_rd *rd, uint32_t count, uint32_t max)
{
	if (count > max) {
		tp_rd_set_err(rd, TP_LIMIT);
		return 0;
	}
	if (count > tp_rd_left(rd)) {
		tp_rd_set_err(rd, TP_SHORT);
		return 0;
	}
	return count;
}

void *tp_codec_alloc(struct tp_rd *rd, size_t count, size_t size)
{
	void *p;

	if (!count)
		return NULL;
	p = calloc(count, size);
	if (!p)
		tp_rd_set_err(rd, TP_NOMEM);
	return p;
}

static size_t addr_ip_bytes(uint8_t family)
{
	return family == TP_ADDR_V6 ? 16 : family == TP_ADDR_V4 ? 4 : 0;
}

void tp_codec_write_addr(struct tp_wr *wr, const struct tp_addr *a)
{
	tp_wr_u8(wr, a->family);
	tp_wr_bytes(wr, a->ip, addr_ip_bytes(a->family));
	tp_wr_u16(wr, a->port);
}

void tp_codec_read_addr(struct tp_rd *rd, struct tp_addr *a)
{
	struct tp_addr v = { .family = tp_rd_u8(rd) };
	size_t n = addr_ip_bytes(v.family);
	const uint8_t *ip = tp_rd_bytes(rd, n);

	if (n == 0 && v.family != TP_ADDR_NONE)
		tp_rd_set_err(rd, TP_FORMAT);
	if (ip && n)
		memcpy(v.ip, ip, n);
	v.port = tp_rd_u16(rd);
	if (rd->err == TP_OK)
		*a = v;
}
