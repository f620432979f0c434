/* RTP header reading and writing, and classification of datagrams on a media port.
 * Runs in turnpike-media. */
#include "proto/rtp.h"

#include "core/bytes.h"

enum tp_err tp_rtp_parse_header(const void *packet, size_t len, struct tp_rtp *out)
{
	struct tp_rd rd;
	struct tp_rtp h = { 0 };
	uint8_t first, second;

	tp_rd_init(&rd, packet, len);
	first = tp_rd_u8(&rd);
	second = tp_rd_u8(&rd);
	h.sequence = tp_rd_u16(&rd);
	h.timestamp = tp_rd_u32(&rd);
	h.ssrc = tp_rd_u32(&rd);
	if (rd.err)
		return rd.err;
	if (first >> 6 != 2)
		return TP_FORMAT;
	h.padding = first & 0x20;
	h.marker = second & 0x80;
	h.payload_type = second & 0x7f;
	tp_rd_bytes(&rd, (size_t)(first & 0x0f) * 4);
	if (first & 0x10) {
		tp_rd_u16(&rd);
		tp_rd_bytes(&rd, (size_t)tp_rd_u16(&rd) * 4);
	}
	if (rd.err)
		return rd.err;
	h.header_len = len - tp_rd_left(&rd);
	*out = h;
	return TP_OK;
}

enum tp_err tp_rtp_payload_len(const void *packet, size_t len, const struct tp_rtp *header,
			       size_t *out)
{
	size_t behind, padding;

	if (header->header_len > len)
		return TP_SHORT;
	behind = len - header->header_len;
	if (!header->padding) {
		*out = behind;
		return TP_OK;
	}
	if (behind == 0)
		return TP_FORMAT;
	padding = ((const uint8_t *)packet)[len - 1];
	if (padding == 0 || padding > behind)
		return TP_FORMAT;
	*out = behind - padding;
	return TP_OK;
}

void tp_rtp_set_sequence(void *packet, uint16_t sequence)
{
	tp_store_be16((uint8_t *)packet + 2, sequence);
}

void tp_rtp_write_header(uint8_t out[TP_RTP_HEADER_BYTES], const struct tp_rtp *header)
{
	out[0] = 0x80;
	out[1] = (uint8_t)((header->marker ? 0x80 : 0) | (header->payload_type & 0x7f));
	tp_store_be16(out + 2, header->sequence);
	tp_store_be32(out + 4, header->timestamp);
	tp_store_be32(out + 8, header->ssrc);
}

enum tp_media_protocol tp_media_classify(const void *packet, size_t len)
{
	const uint8_t *b = packet;

	if (len < 2)
		return TP_MEDIA_UNKNOWN;
	if (b[0] <= 3)
		return TP_MEDIA_STUN;
	if (b[0] >= 16 && b[0] <= 19)
		return TP_MEDIA_ZRTP;
	if (b[0] >= 20 && b[0] <= 63)
		return TP_MEDIA_DTLS;
	if (b[0] >= 64 && b[0] <= 79)
		return TP_MEDIA_TURN_CHANNEL;
	if (b[0] >= 128 && b[0] <= 191)
		return b[1] >= 192 && b[1] <= 223 ? TP_MEDIA_RTCP : TP_MEDIA_RTP;
	return TP_MEDIA_UNKNOWN;
}
