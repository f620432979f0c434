/* RTP packets (RFC 3550 section 5) and which protocol a datagram on a media port
 * speaks (RFC 7983, RFC 5761). Bytes in, struct out; used by media. */
#ifndef TP_PROTO_RTP_H
#define TP_PROTO_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { TP_RTP_HEADER_BYTES = 12 };

struct tp_rtp {
	uint8_t payload_type; /* 0 .. 127 */
	bool marker;
	bool padding;         /* the P bit; its count byte is not looked at */
	uint16_t sequence;
	uint32_t timestamp;
	uint32_t ssrc;
	size_t header_len;    /* bytes with contributing sources and extension */
};

/* The header alone, which SRTP leaves in clear. TP_SHORT: the packet ends within it;
 * TP_FORMAT: not version 2. */
TP_NODISCARD enum tp_err tp_rtp_parse_header(const void *packet, size_t len, struct tp_rtp *out);
/* Octets of payload of a packet in clear, without padding. TP_FORMAT: the padding
 * count is zero or greater than what stands behind the header. */
TP_NODISCARD enum tp_err tp_rtp_payload_len(const void *packet, size_t len,
					    const struct tp_rtp *header, size_t *out);

/* Rewriting in place; the packet holds at least TP_RTP_HEADER_BYTES. */
void tp_rtp_set_sequence(void *packet, uint16_t sequence);
/* Writes a header without contributing sources, extension or padding. */
void tp_rtp_write_header(uint8_t out[TP_RTP_HEADER_BYTES], const struct tp_rtp *header);

enum tp_media_protocol {
	TP_MEDIA_UNKNOWN,
	TP_MEDIA_RTP,
	TP_MEDIA_RTCP,
	TP_MEDIA_STUN,
	TP_MEDIA_DTLS,
	TP_MEDIA_TURN_CHANNEL,
	TP_MEDIA_ZRTP,
};

/* By the first two bytes. RTP and RTCP are told apart by the packet type range of
 * RFC 5761 section 4, so this also works on a multiplexed port. */
enum tp_media_protocol tp_media_classify(const void *packet, size_t len);

#endif
