/* RTCP compound packets (RFC 3550 section 6): structure checked, sender and receiver
 * reports read. Bytes in, struct out; used by media. */
#ifndef TP_PROTO_RTCP_H
#define TP_PROTO_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum {
	TP_RTCP_SR = 200,
	TP_RTCP_RR = 201,
	TP_RTCP_SDES = 202,
	TP_RTCP_BYE = 203,
	TP_RTCP_HEADER_BYTES = 8, /* of the first packet, which SRTCP leaves in clear */
	TP_RTCP_PACKETS_MAX = 32, /* in one compound */
};

struct tp_rtcp {
	uint32_t ssrc;        /* of the sender: the first packet's */
	unsigned packets;
	bool sender_report;
	bool bye;
	uint32_t sent_packets; /* of a sender report */
	uint32_t sent_octets;
	unsigned report_blocks; /* of SR and RR */
	uint8_t fraction_lost;  /* greatest of the report blocks, in 1/256 */
};

/* A compound packet in clear. The first packet may be of any type, as RFC 5506
 * allows. TP_SHORT: a packet is longer than what is there; TP_FORMAT: version, count,
 * padding or text lengths do not fit; TP_LIMIT: more than TP_RTCP_PACKETS_MAX. */
TP_NODISCARD enum tp_err tp_rtcp_parse(const void *compound, size_t len, struct tp_rtcp *out);

#endif
