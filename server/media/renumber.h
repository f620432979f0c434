/* Sequence numbers of what a leg seals. SRTP cannot seal an index twice, so a sender
 * that begins its sequence anew under the same source (a gateway after a hold, a
 * restarted player) would never be heard again; after some refusals in a row its
 * packets are numbered on from where the source stood. Owned by turnpike-media's one
 * thread. */
#ifndef TP_MEDIA_RENUMBER_H
#define TP_MEDIA_RENUMBER_H

#include <stdint.h>

#include "media/srtp_state.h"

enum { TP_RENUMBER_AFTER = 10 }; /* packets refused in a row that continue each other */

struct tp_renumber_source {
	uint32_t ssrc;
	uint16_t shift;         /* added to each sequence number */
	uint16_t next_refused;  /* sequence number that would continue the refused ones */
	uint8_t refused;
};

struct tp_renumber {
	struct tp_renumber_source sources[TP_SRTP_SSRC_MAX];
	uint8_t count;
};

/* The number to send a packet under. */
uint16_t tp_renumber_sequence(const struct tp_renumber *r, uint32_t ssrc, uint16_t sequence);
/* Sealing succeeded, or was refused because the index was used before; highest: the
 * last sequence number the source has used. */
void tp_renumber_sealed(struct tp_renumber *r, uint32_t ssrc);
void tp_renumber_refused(struct tp_renumber *r, uint32_t ssrc, uint16_t sequence, uint16_t highest);

#endif
