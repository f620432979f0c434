/* Renumbering of sources that begin anew. Runs in turnpike-media. */
#include "media/renumber.h"

#include <stddef.h>

static struct tp_renumber_source *find(const struct tp_renumber *r, uint32_t ssrc)
{
	for (uint8_t i = 0; i < r->count; i++)
		if (r->sources[i].ssrc == ssrc)
			return (struct tp_renumber_source *)&r->sources[i];
	return NULL;
}

uint16_t tp_renumber_sequence(const struct tp_renumber *r, uint32_t ssrc, uint16_t sequence)
{
	const struct tp_renumber_source *s = find(r, ssrc);

	return s ? (uint16_t)(sequence + s->shift) : sequence;
}

void tp_renumber_sealed(struct tp_renumber *r, uint32_t ssrc)
{
	struct tp_renumber_source *s = find(r, ssrc);

	if (s)
		s->refused = 0;
}

void tp_renumber_refused(struct tp_renumber *r, uint32_t ssrc, uint16_t sequence, uint16_t highest)
{
	struct tp_renumber_source *s = find(r, ssrc);

	if (!s) {
		if (r->count == TP_SRTP_SSRC_MAX)
			return;
		s = &r->sources[r->count++];
		*s = (struct tp_renumber_source){ .ssrc = ssrc };
	}
	if (s->refused && sequence != s->next_refused)
		s->refused = 0; /* a replay or a late one, not a new beginning */
	s->next_refused = (uint16_t)(sequence + 1);
	if (++s->refused < TP_RENUMBER_AFTER)
		return;
	s->refused = 0;
	s->shift = (uint16_t)(highest + 1 - (uint16_t)(sequence + 1));
}
