/* Reception statistics of RFC 3550 (6.4.1, A.1, A.3, A.8) for the few synchronisation
 * sources of one leg. Pure; owned by turnpike-media's one thread. */
#ifndef TP_MEDIA_SOURCES_H
#define TP_MEDIA_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/rtp.h"

enum {
	TP_SOURCES_MAX = 16,      /* a leg */
	TP_SOURCES_IDLE_MS = 5000, /* a silent source may make room for a new one */
};

struct tp_source {
	uint32_t ssrc;
	uint32_t base;      /* extended sequence number of the first packet */
	uint32_t highest;   /* extended */
	uint64_t received;
	uint64_t last_us;
	int64_t transit;    /* in clock ticks */
	uint32_t jitter_16; /* 16 times the jitter, in clock ticks */
};

struct tp_sources {
	struct tp_source list[TP_SOURCES_MAX];
	uint8_t count;
	uint8_t latest;     /* index of the source that sent last */
	uint64_t lost_before; /* of sources that made room */
};

/* Whether a packet of this source can be counted: known, or there is room. */
bool tp_sources_has_room(const struct tp_sources *s, uint32_t ssrc, uint64_t now_us);
/* Counts an accepted packet of a source for which there is room. clock_rate in Hz,
 * 0: unknown, no jitter. */
void tp_sources_count(struct tp_sources *s, const struct tp_rtp *h, uint32_t clock_rate,
		      uint64_t now_us);
/* Expected minus received over all sources, not below 0 for each. */
uint64_t tp_sources_lost(const struct tp_sources *s);
/* Of the source that sent last. */
uint32_t tp_sources_jitter_us(const struct tp_sources *s, uint32_t clock_rate);
uint32_t tp_sources_ssrc(const struct tp_sources *s);

#endif
