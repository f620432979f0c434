/* Loss and jitter of received RTP. Runs in turnpike-media. */
#include "media/sources.h"

#include <string.h>

enum { MISORDER_MAX = 100, DROPOUT_MAX = 3000 };

static struct tp_source *find(struct tp_sources *s, uint32_t ssrc)
{
	if (s->count && s->list[s->latest].ssrc == ssrc)
		return &s->list[s->latest];
	for (uint8_t i = 0; i < s->count; i++)
		if (s->list[i].ssrc == ssrc)
			return &s->list[i];
	return NULL;
}

static const struct tp_source *most_idle(const struct tp_sources *s)
{
	const struct tp_source *idle = &s->list[0];

	for (uint8_t i = 1; i < s->count; i++)
		if (s->list[i].last_us < idle->last_us)
			idle = &s->list[i];
	return idle;
}

bool tp_sources_has_room(const struct tp_sources *s, uint32_t ssrc, uint64_t now_us)
{
	if (s->count < TP_SOURCES_MAX || find((struct tp_sources *)s, ssrc))
		return true;
	return now_us - most_idle(s)->last_us > TP_SOURCES_IDLE_MS * 1000ull;
}

static uint64_t lost_of(const struct tp_source *src)
{
	uint64_t expected = (uint64_t)(src->highest - src->base) + 1;

	return expected > src->received ? expected - src->received : 0;
}

static struct tp_source *add(struct tp_sources *s, const struct tp_rtp *h)
{
	struct tp_source *src;

	if (s->count < TP_SOURCES_MAX) {
		src = &s->list[s->count++];
	} else {
		src = (struct tp_source *)most_idle(s);
		s->lost_before += lost_of(src);
	}
	memset(src, 0, sizeof(*src));
	src->ssrc = h->ssrc;
	/* One cycle up, so that a late packet from before the first needs no sign. */
	src->base = src->highest = 0x10000u + h->sequence;
	return src;
}

static void count_sequence(struct tp_source *src, uint16_t sequence)
{
	uint16_t ahead = (uint16_t)(sequence - (uint16_t)src->highest);

	if (ahead == 0)
		return; /* the first, or one sent twice */
	if (ahead < DROPOUT_MAX) {
		src->highest += ahead;
	} else if (ahead <= 0x10000 - MISORDER_MAX) {
		/* The sender began anew: what was lost before the jump stays counted. */
		uint32_t lost = (uint32_t)lost_of(src);

		src->highest = (src->highest & 0xffff0000u) + 0x10000u + sequence;
		src->base = src->highest - (uint32_t)src->received - lost;
	}
}

static void count_jitter(struct tp_source *src, uint32_t timestamp, uint32_t clock_rate,
			 uint64_t now_us)
{
	int64_t arrival = (int64_t)(now_us / 1000000 * clock_rate +
				    now_us % 1000000 * clock_rate / 1000000);
	int32_t transit = (int32_t)((uint32_t)arrival - timestamp);
	int32_t change = (int32_t)((uint32_t)transit - (uint32_t)src->transit);
	uint32_t distance = change < 0 ? 0u - (uint32_t)change : (uint32_t)change;

	src->transit = transit;
	if (src->received == 0 || distance > clock_rate * 10u)
		return; /* the first packet, or a new time base */
	src->jitter_16 += distance - ((src->jitter_16 + 8) >> 4);
}

void tp_sources_count(struct tp_sources *s, const struct tp_rtp *h, uint32_t clock_rate,
		      uint64_t now_us)
{
	struct tp_source *src = find(s, h->ssrc);

	if (!src)
		src = add(s, h);
	count_sequence(src, h->sequence);
	if (clock_rate)
		count_jitter(src, h->timestamp, clock_rate, now_us);
	src->received++;
	src->last_us = now_us;
	s->latest = (uint8_t)(src - s->list);
}

uint64_t tp_sources_lost(const struct tp_sources *s)
{
	uint64_t lost = s->lost_before;

	for (uint8_t i = 0; i < s->count; i++)
		lost += lost_of(&s->list[i]);
	return lost;
}

uint32_t tp_sources_jitter_us(const struct tp_sources *s, uint32_t clock_rate)
{
	if (!s->count || !clock_rate)
		return 0;
	return (uint32_t)((uint64_t)(s->list[s->latest].jitter_16 >> 4) * 1000000 / clock_rate);
}

uint32_t tp_sources_ssrc(const struct tp_sources *s)
{
	return s->count ? s->list[s->latest].ssrc : 0;
}
