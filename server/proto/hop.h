/* Datagrams of the hop between core and edge, without their cryptography:
 *   u8 version 1, u8 type, be16 key epoch, be32 flow id   (associated data)
 *   be64 packet number                                    (part of the nonce)
 *   sealed payload, 16 bytes of tag
 * The flow id is the receiver's. Bytes in, struct out; used by media. */
#ifndef TP_PROTO_HOP_H
#define TP_PROTO_HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum {
	TP_HOP_VERSION = 1,
	TP_HOP_AAD_BYTES = 8,
	TP_HOP_HEADER_BYTES = 16, /* in front of the sealed payload */
	TP_HOP_TAG_BYTES = 16,
	TP_HOP_OVERHEAD_BYTES = TP_HOP_HEADER_BYTES + TP_HOP_TAG_BYTES,
};

enum tp_hop_type { TP_HOP_RTP = 1, TP_HOP_RTCP = 2, TP_HOP_KEEPALIVE = 3 };

struct tp_hop_header {
	uint8_t type; /* enum tp_hop_type */
	uint16_t epoch;
	uint32_t flow;
	uint64_t number; /* from 1 */
};

/* TP_SHORT: less than header and tag; TP_UNSUPPORTED: another version; TP_FORMAT:
 * unknown type, flow 0 or number 0. */
TP_NODISCARD enum tp_err tp_hop_parse(const void *datagram, size_t len, struct tp_hop_header *out);
void tp_hop_write(uint8_t out[TP_HOP_HEADER_BYTES], const struct tp_hop_header *header);

/* What a keepalive carries, sealed: the newest epoch of the receiver's keys that the
 * sender holds, so that the receiver knows when it may seal under a new one. */
struct tp_hop_keepalive {
	bool holds_key;
	uint16_t held_epoch;
};
enum { TP_HOP_KEEPALIVE_BYTES = 3 };
TP_NODISCARD enum tp_err tp_hop_keepalive_parse(const void *payload, size_t len,
						struct tp_hop_keepalive *out);
void tp_hop_keepalive_write(uint8_t out[TP_HOP_KEEPALIVE_BYTES], const struct tp_hop_keepalive *k);

/* Replay window over packet numbers. It is wide because RTP, RTCP and keepalives of
 * all calls share the numbers, and are read from two sockets in turn. */
enum { TP_HOP_WINDOW = 4096 };
struct tp_hop_window {
	uint64_t highest; /* 0: nothing seen */
	uint64_t bits[TP_HOP_WINDOW / 64];
};

/* Whether the number is new: neither seen nor too old to know. */
bool tp_hop_window_is_new(const struct tp_hop_window *w, uint64_t number);
/* Marks a number that is new and authenticated; true when it is the highest so far. */
bool tp_hop_window_mark(struct tp_hop_window *w, uint64_t number);

#endif
