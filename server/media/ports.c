/* Pool of media port pairs. Runs in turnpike-media. */
#include "media/ports.h"

#include <stdbool.h>
#include <stdlib.h>

#include "core/list.h"
#include "os/random.h"

enum { PAIRS = 32768 };

enum pair_state { UNUSED, FREE, USED, RESTING };

struct pair {
	struct tp_list link; /* on the free or the resting list */
	uint64_t rested_at_ms;
	uint8_t state;
	bool in_range;
};

struct tp_ports {
	uint64_t rest_ms;
	struct tp_list free;
	struct tp_list resting; /* in the order in which they become free */
	struct tp_ports_count count;
	struct pair pairs[PAIRS]; /* index: even port / 2 */
};

enum tp_err tp_ports_new(uint64_t rest_ms, struct tp_ports **out)
{
	struct tp_ports *p = calloc(1, sizeof(*p));

	if (!p)
		return TP_NOMEM;
	p->rest_ms = rest_ms;
	tp_list_init(&p->free);
	tp_list_init(&p->resting);
	*out = p;
	return TP_OK;
}

void tp_ports_free(struct tp_ports **ports)
{
	free(*ports);
	*ports = NULL;
}

static uint16_t port_of(const struct tp_ports *p, const struct pair *pair)
{
	return (uint16_t)((pair - p->pairs) * 2);
}

static void end_rest(struct tp_ports *p, struct pair *pair)
{
	tp_list_remove(&pair->link);
	p->count.resting--;
	pair->state = UNUSED;
	if (pair->in_range) {
		pair->state = FREE;
		tp_list_append(&p->free, &pair->link);
	}
}

static void end_rests(struct tp_ports *p, uint64_t now_ms)
{
	struct tp_list *first;

	while ((first = tp_list_first(&p->resting)) != NULL) {
		struct pair *pair = TP_CONTAINER(first, struct pair, link);

		if (pair->rested_at_ms > now_ms)
			return;
		end_rest(p, pair);
	}
}

static void leave_range(struct tp_ports *p, struct pair *pair)
{
	pair->in_range = false;
	p->count.total--;
	if (pair->state == RESTING)
		end_rest(p, pair);
	if (pair->state == FREE) {
		tp_list_remove(&pair->link);
		pair->state = UNUSED;
	}
}

/* New pairs join the free list in random order, so that the port of the next call is
 * not known to who saw the last one. */
static void add_shuffled(struct tp_ports *p, uint16_t *fresh, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t other = i + tp_random_below((uint32_t)(count - i));
		uint16_t index = fresh[other];

		fresh[other] = fresh[i];
		p->pairs[index].state = FREE;
		tp_list_append(&p->free, &p->pairs[index].link);
	}
}

void tp_ports_set_range(struct tp_ports *p, uint16_t first, uint16_t last, uint16_t reserved)
{
	static _Thread_local uint16_t fresh[PAIRS];
	size_t count = 0;

	for (uint32_t i = 0; i < PAIRS; i++) {
		struct pair *pair = &p->pairs[i];
		uint32_t even = i * 2;
		bool inside = even != 0 && even >= first && even + 1 <= last &&
			      !(reserved && i == reserved / 2u);

		if (pair->in_range && !inside) {
			leave_range(p, pair);
		} else if (!pair->in_range && inside) {
			pair->in_range = true;
			p->count.total++;
			if (pair->state == UNUSED)
				fresh[count++] = (uint16_t)i;
		}
	}
	add_shuffled(p, fresh, count);
}

static void use(struct tp_ports *p, struct pair *pair)
{
	tp_list_remove(&pair->link);
	if (pair->state == RESTING)
		p->count.resting--;
	pair->state = USED;
	p->count.used++;
}

enum tp_err tp_ports_take(struct tp_ports *p, uint64_t now_ms, uint16_t *rtp_port)
{
	struct tp_list *first;
	struct pair *pair;

	end_rests(p, now_ms);
	first = tp_list_first(&p->free);
	if (!first)
		return TP_LIMIT;
	pair = TP_CONTAINER(first, struct pair, link);
	use(p, pair);
	*rtp_port = port_of(p, pair);
	return TP_OK;
}

enum tp_err tp_ports_take_fixed(struct tp_ports *p, uint16_t rtp_port)
{
	struct pair *pair = &p->pairs[rtp_port / 2];

	if (rtp_port == 0 || rtp_port % 2)
		return TP_FORMAT;
	if (pair->state == USED)
		return TP_CONFLICT;
	use(p, pair);
	return TP_OK;
}

void tp_ports_give_back(struct tp_ports *p, uint64_t now_ms, uint16_t rtp_port)
{
	struct pair *pair = &p->pairs[rtp_port / 2];

	if (pair->state != USED)
		return;
	p->count.used--;
	pair->state = UNUSED;
	if (!pair->in_range)
		return;
	pair->state = RESTING;
	pair->rested_at_ms = now_ms + p->rest_ms;
	tp_list_append(&p->resting, &pair->link);
	p->count.resting++;
}

struct tp_ports_count tp_ports_count(struct tp_ports *p, uint64_t now_ms)
{
	end_rests(p, now_ms);
	return p->count;
}
