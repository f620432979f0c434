/* Where a leg's media may come from and goes to: the signalled address and, where the
 * peer may be behind a NAT, the one learned from its packets. Pure decisions, no I/O.
 * Once learned, an address moves only by signalling or by an authenticated packet. */
#ifndef TP_MEDIA_LATCH_H
#define TP_MEDIA_LATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"

enum {
	TP_LATCH_CANDIDATES = 4,
	TP_LATCH_PACKETS_NEAR = 2, /* in a row, from the signalled IP but another port */
	TP_LATCH_PACKETS_FAR = 3,  /* in a row, from another IP */
};

struct tp_latch_candidate {
	struct tp_addr from;
	uint32_t ssrc;
	uint16_t next_sequence;
	uint8_t in_a_row;
};

struct tp_latch {
	struct tp_addr signalled; /* family 0: not known yet; nothing is accepted */
	bool nat;
	struct tp_addr learned;   /* family 0: nothing accepted yet */
	struct tp_latch_candidate candidates[TP_LATCH_CANDIDATES];
	uint8_t replace_next;
};

/* What signalling says. A changed address or nat flag forgets what was learned. */
void tp_latch_signal(struct tp_latch *l, const struct tp_addr *signalled, bool nat);

/* Whether a packet from there is worth authenticating. Changes nothing. */
bool tp_latch_may_try(const struct tp_latch *l, const struct tp_addr *from);
/* A packet from a source that may be tried was authenticated; newest: none with a
 * higher index was before it. */
void tp_latch_authenticated(struct tp_latch *l, const struct tp_addr *from, bool newest);
/* A plain RTP packet. True: accept. */
bool tp_latch_plain_rtp(struct tp_latch *l, const struct tp_addr *from, uint32_t ssrc,
			uint16_t sequence);
/* A plain, well-formed RTCP packet; rtp is the latch of the RTP beside it (l itself
 * where both share a port). True: accept. */
bool tp_latch_plain_rtcp(struct tp_latch *l, const struct tp_latch *rtp,
			 const struct tp_addr *from);

/* Where to send: learned, else signalled; family 0: nowhere yet. */
const struct tp_addr *tp_latch_target(const struct tp_latch *l);

#endif
