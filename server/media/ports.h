/* The pool of media port pairs (even RTP, odd RTCP): a first-in first-out free list,
 * and a rest for pairs given back, so that late packets of an ended call meet no new
 * one. No sockets here. Owned by turnpike-media's one thread. */
#ifndef TP_MEDIA_PORTS_H
#define TP_MEDIA_PORTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { TP_PORTS_REST_MS = 30000 };

struct tp_ports;

struct tp_ports_count {
	uint32_t used;
	uint32_t resting;
	uint32_t total; /* in the range */
};

/* An empty pool; rest_ms: how long a pair rests before it is handed out again. */
TP_NODISCARD enum tp_err tp_ports_new(uint64_t rest_ms, struct tp_ports **out);
void tp_ports_free(struct tp_ports **ports);

/* The range from now on: whole pairs within first .. last, but for the pair that holds
 * `reserved` (0: none). Pairs in use stay in use; those now outside are forgotten
 * when they come back. */
void tp_ports_set_range(struct tp_ports *ports, uint16_t first, uint16_t last, uint16_t reserved);

/* The pair that has been free for longest; its even port. TP_LIMIT: none is free. */
TP_NODISCARD enum tp_err tp_ports_take(struct tp_ports *ports, uint64_t now_ms, uint16_t *rtp_port);
/* This very pair, resting or not, inside the range or not (calls that live on over a
 * restart or a change of range). TP_CONFLICT: in use; TP_FORMAT: odd or 0. */
TP_NODISCARD enum tp_err tp_ports_take_fixed(struct tp_ports *ports, uint16_t rtp_port);
/* Ends the use of a pair; it rests first. Also for a pair whose bind failed. */
void tp_ports_give_back(struct tp_ports *ports, uint64_t now_ms, uint16_t rtp_port);

struct tp_ports_count tp_ports_count(struct tp_ports *ports, uint64_t now_ms);

#endif
