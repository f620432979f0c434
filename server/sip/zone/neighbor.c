/* Neighbor zones: a PBX or another server that we reach by address; OPTIONS tell
 * whether it is there. Runs in turnpike-sip. */
#include "sip/zone/zone.h"

#include "core/log.h"

static void on_retry(void *arg)
{
	tp_zone_neighbor_start(arg);
}

void tp_zone_neighbor_start(struct tp_zone *zone)
{
	enum { RESOLVE_AGAIN_MS = 5000 };

	zone->peer = zone->addrs[0];
	if (!tp_addr_is_set(&zone->addrs[0])) {
		tp_zone_set_state(zone, TP_ZONE_STATE_CONNECTING, "looking up the address of '%s'",
				  zone->cfg->peers_count ? zone->cfg->peers[0].host : "no peer");
		tp_zone_resolve(zone);
		if (tp_timer_start(zone->sip->loop, &zone->retry, RESOLVE_AGAIN_MS, on_retry, zone) != TP_OK)
			TP_LOG(TP_LOG_ERROR, "zone.retry", "zone '%s': no timer", zone->cfg->name);
		return;
	}
	if (zone->cfg->monitor) {
		tp_zone_set_state(zone, TP_ZONE_STATE_CONNECTING, "asking with OPTIONS");
		tp_zone_keepalive_start(zone);
	} else {
		tp_zone_set_state(zone, TP_ZONE_STATE_UP, "not monitored");
	}
}
