/* Connections on a traversal port that have not yet proved who they are: each gets a
 * bounded time. Runs in turnpike-sip. */
#include <stdlib.h>

#include "core/log.h"
#include "sip/zone/zone.h"

struct guest {
	struct tp_list link;
	struct tp_sip *sip;
	struct tp_flow *flow;
	struct tp_timer timer;
};

static void forget(struct guest *g)
{
	tp_timer_stop(g->sip->loop, &g->timer);
	tp_list_remove(&g->link);
	tp_flow_unref(&g->flow);
	free(g);
}

static void on_due(void *arg)
{
	struct guest *g = arg;

	if (!g->flow->zone)
		tp_flow_close(g->flow, "not authenticated in time");
	forget(g);
}

void tp_zone_guest_add(struct tp_sip *sip, struct tp_list *guests, struct tp_flow *flow)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (!g || tp_timer_start(sip->loop, &g->timer, TP_ZONE_AUTH_MS, on_due, g) != TP_OK) {
		tp_flow_close(flow, "no memory");
		free(g);
		return;
	}
	g->sip = sip;
	g->flow = tp_flow_ref(flow);
	tp_list_append(guests, &g->link);
}

void tp_zone_guests_drop(struct tp_list *guests)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, guests)
		forget(TP_CONTAINER(it, struct guest, link));
}
