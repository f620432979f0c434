/* Source filter and address learning of a leg. Runs in turnpike-media. */
#include "media/latch.h"

#include <string.h>

void tp_latch_signal(struct tp_latch *l, const struct tp_addr *signalled, bool nat)
{
	if (tp_addr_equal(&l->signalled, signalled) && l->nat == nat)
		return;
	memset(l, 0, sizeof(*l));
	l->signalled = *signalled;
	l->nat = nat;
}

bool tp_latch_may_try(const struct tp_latch *l, const struct tp_addr *from)
{
	if (!tp_addr_is_set(&l->signalled))
		return false;
	return l->nat || tp_addr_equal(from, &l->signalled);
}

void tp_latch_authenticated(struct tp_latch *l, const struct tp_addr *from, bool newest)
{
	if (newest || !tp_addr_is_set(&l->learned))
		l->learned = *from;
}

static struct tp_latch_candidate *candidate_for(struct tp_latch *l, const struct tp_addr *from)
{
	struct tp_latch_candidate *c;

	for (size_t i = 0; i < TP_LATCH_CANDIDATES; i++)
		if (tp_addr_equal(&l->candidates[i].from, from))
			return &l->candidates[i];
	c = &l->candidates[l->replace_next];
	l->replace_next = (uint8_t)((l->replace_next + 1) % TP_LATCH_CANDIDATES);
	memset(c, 0, sizeof(*c));
	c->from = *from;
	return c;
}

/* Behind a NAT: several packets that continue each other. */
static bool has_proved_itself(struct tp_latch *l, const struct tp_addr *from, uint32_t ssrc,
			      uint16_t sequence)
{
	struct tp_latch_candidate *c = candidate_for(l, from);
	uint8_t needed = tp_addr_equal_ip(from, &l->signalled) ? TP_LATCH_PACKETS_NEAR :
								 TP_LATCH_PACKETS_FAR;

	if (c->in_a_row == 0 || c->ssrc != ssrc || c->next_sequence != sequence)
		c->in_a_row = 0;
	c->ssrc = ssrc;
	c->next_sequence = (uint16_t)(sequence + 1);
	return ++c->in_a_row >= needed;
}

bool tp_latch_plain_rtp(struct tp_latch *l, const struct tp_addr *from, uint32_t ssrc,
			uint16_t sequence)
{
	if (tp_addr_is_set(&l->learned))
		return tp_addr_equal(&l->learned, from);
	if (!tp_latch_may_try(l, from))
		return false;
	if (!tp_addr_equal(from, &l->signalled) && !has_proved_itself(l, from, ssrc, sequence))
		return false;
	l->learned = *from;
	return true;
}

bool tp_latch_plain_rtcp(struct tp_latch *l, const struct tp_latch *rtp, const struct tp_addr *from)
{
	if (tp_addr_is_set(&l->learned))
		return tp_addr_equal(&l->learned, from);
	if (!tp_latch_may_try(l, from))
		return false;
	if (tp_addr_equal(from, &l->signalled) ||
	    (rtp != l && tp_addr_is_set(&rtp->learned) && tp_addr_equal_ip(from, &rtp->learned))) {
		l->learned = *from;
		return true;
	}
	return false;
}

const struct tp_addr *tp_latch_target(const struct tp_latch *l)
{
	return tp_addr_is_set(&l->learned) ? &l->learned : &l->signalled;
}
