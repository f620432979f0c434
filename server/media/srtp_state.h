/* What must outlive this process so that no SRTP keystream is used twice: for each
 * key in use the indices used so far of each synchronisation source, in the shared
 * memory that the supervisor keeps (--srtp-fd). An index is stored before a packet is
 * sealed with it; a killed process loses no store to shared memory, so what the next
 * one reads is exact. Holds no key, only a name derived from it. */
#ifndef TP_MEDIA_SRTP_STATE_H
#define TP_MEDIA_SRTP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/map.h"

enum {
	TP_SRTP_SSRC_MAX = 16, /* under one key */
	TP_SRTP_KEY_NAME_BYTES = 16,
};

/* Layout in shared memory; nothing but this process writes it. */
struct tp_srtp_slot {
	uint32_t ssrc;
	uint32_t rtcp_next; /* highest SRTCP index used + 1; 0: none */
	uint64_t rtp_next;  /* highest 48-bit SRTP index used + 1; 0: none */
};

struct tp_srtp_record {
	uint32_t in_use;
	uint32_t slot_count;
	uint8_t key_name[TP_SRTP_KEY_NAME_BYTES];
	uint64_t session;
	struct tp_srtp_slot slots[TP_SRTP_SSRC_MAX];
};

struct tp_srtp_state;

/* Over shared memory of an earlier process or zeroed memory, both borrowed; records
 * found in it wait to be claimed. TP_FORMAT: another layout; TP_LIMIT: too small. */
TP_NODISCARD enum tp_err tp_srtp_state_new(void *memory, size_t len, struct tp_srtp_state **out);
void tp_srtp_state_free(struct tp_srtp_state **state);
/* Bytes for this many keys. */
size_t tp_srtp_state_size(size_t keys);

/* The record of a key: one that waits, else with fresh = true a new one. TP_NOTFOUND:
 * none waits and fresh is false; TP_CONFLICT: a leg has claimed it; TP_LIMIT: full. */
TP_NODISCARD enum tp_err tp_srtp_state_claim(struct tp_srtp_state *state,
					     const uint8_t name[TP_SRTP_KEY_NAME_BYTES],
					     uint64_t session, bool fresh,
					     struct tp_srtp_record **out);
/* The key is never used again. */
void tp_srtp_state_release(struct tp_srtp_state *state, struct tp_srtp_record **record);
/* Releases what an earlier process left and nobody claimed; how many. */
size_t tp_srtp_state_drop_unclaimed(struct tp_srtp_state *state);

/* Source of a record; with add a new one where there is room; NULL: none. */
struct tp_srtp_slot *tp_srtp_record_slot(struct tp_srtp_record *record, uint32_t ssrc, bool add);

/* 48-bit index of a sequence number, next = highest index + 1 (RFC 3711 appendix A;
 * within the first half of the first cycle there is no earlier cycle to belong to). */
uint64_t tp_srtp_guess_index(uint64_t next, uint16_t sequence);

#endif
