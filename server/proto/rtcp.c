/* Walk over RTCP compound packets. Runs in turnpike-media. */
#include "proto/rtcp.h"

#include "core/bytes.h"

enum { REPORT_BLOCK_BYTES = 24 };

static void read_report_blocks(struct tp_rd *rd, unsigned count, struct tp_rtcp *out)
{
	for (unsigned i = 0; i < count; i++) {
		struct tp_rd block = tp_rd_window(rd, REPORT_BLOCK_BYTES);
		uint8_t lost;

		tp_rd_u32(&block);
		lost = tp_rd_u8(&block);
		if (rd->err)
			return;
		out->report_blocks++;
		if (lost > out->fraction_lost)
			out->fraction_lost = lost;
	}
}

static void read_sender_report(struct tp_rd *rd, unsigned count, struct tp_rtcp *out)
{
	tp_rd_u32(rd);      /* SSRC */
	tp_rd_bytes(rd, 12); /* NTP and RTP time */
	out->sender_report = true;
	out->sent_packets = tp_rd_u32(rd);
	out->sent_octets = tp_rd_u32(rd);
	read_report_blocks(rd, count, out);
}

/* Chunks: SSRC, items of type, length and text up to a zero, padded to 32 bits. */
static void read_descriptions(struct tp_rd *rd, unsigned count)
{
	for (unsigned i = 0; i < count && !rd->err; i++) {
		const uint8_t *start = rd->p;

		tp_rd_u32(rd);
		while (tp_rd_u8(rd) != 0)
			tp_rd_bytes(rd, tp_rd_u8(rd));
		if (rd->err)
			return;
		tp_rd_bytes(rd, (4 - (size_t)(rd->p - start) % 4) % 4);
	}
}

static void read_goodbye(struct tp_rd *rd, unsigned count, struct tp_rtcp *out)
{
	tp_rd_bytes(rd, (size_t)count * 4);
	if (tp_rd_left(rd) > 0)
		tp_rd_bytes(rd, tp_rd_u8(rd));
	out->bye = true;
}

/* One packet's content, without header and padding. */
static enum tp_err read_content(struct tp_rd *rd, uint8_t type, unsigned count, struct tp_rtcp *out)
{
	switch (type) {
	case TP_RTCP_SR:
		read_sender_report(rd, count, out);
		break;
	case TP_RTCP_RR:
		tp_rd_u32(rd);
		read_report_blocks(rd, count, out);
		break;
	case TP_RTCP_SDES:
		read_descriptions(rd, count);
		break;
	case TP_RTCP_BYE:
		read_goodbye(rd, count, out);
		break;
	default:
		break; /* feedback, extended reports, APP: relayed unread */
	}
	return rd->err ? TP_FORMAT : TP_OK;
}

enum tp_err tp_rtcp_parse(const void *compound, size_t len, struct tp_rtcp *out)
{
	struct tp_rtcp r = { 0 };
	struct tp_rd rd;

	tp_rd_init(&rd, compound, len);
	do {
		uint8_t first = tp_rd_u8(&rd), type = tp_rd_u8(&rd);
		size_t content = (size_t)tp_rd_u16(&rd) * 4;
		struct tp_rd body = tp_rd_window(&rd, content);
		enum tp_err err;

		if (rd.err)
			return rd.err;
		if (first >> 6 != 2 || type < 192 || type > 223)
			return TP_FORMAT;
		if (++r.packets > TP_RTCP_PACKETS_MAX)
			return TP_LIMIT;
		if (r.packets == 1) {
			if (content < 4)
				return TP_FORMAT;
			r.ssrc = tp_load_be32(body.p);
		}
		if (first & 0x20) {
			/* Padding is for the last packet only; its last byte counts it. */
			uint8_t padding = content ? body.end[-1] : 0;

			if (tp_rd_left(&rd) > 0 || padding == 0 || padding % 4 || padding > content)
				return TP_FORMAT;
			body.end -= padding;
		}
		err = read_content(&body, type, first & 0x1f, &r);
		if (err)
			return err;
	} while (tp_rd_left(&rd) > 0);
	*out = r;
	return TP_OK;
}
