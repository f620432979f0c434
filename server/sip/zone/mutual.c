/* The port where a certificate is required: who may stay, and as which zone. The
 * handshake has let pass only certificates of trusted authorities. Runs in turnpike-sip. */
#include <stdlib.h>

#include "core/log.h"
#include "sip/config/config.h"
#include "sip/status/report.h"
#include "sip/zone/zone.h"

struct proven {
	struct tp_list link;
	struct tp_flow *flow;
};

struct tp_zone *tp_zone_mutual_match(struct tp_sip *sip, const struct tp_flow *flow)
{
	for (size_t i = 0; i < tp_zones_count(sip); i++) {
		struct tp_zone *zone = tp_zones_at(sip, i);

		if (zone->cfg->type == TP_ZONE_NEIGHBOR && zone->cfg->enabled &&
		    zone->cfg->verify_name[0] &&
		    tp_flow_peer_carries(flow, zone->cfg->verify_name, zone->cfg->cn_names))
			return zone;
	}
	return NULL;
}

static void refuse(struct tp_sip *sip, struct tp_flow *flow)
{
	const char *names = flow->tls && flow->tls->names[0] ? flow->tls->names : "no name";
	char ip[TP_ADDR_IP_TEXT];

	tp_addr_write_ip(&flow->remote, ip);
	TP_LOG(TP_LOG_WARN, "sip.mutual",
	       "connection from %s closed: its certificate (%s) carries no zone's certificate name", ip,
	       names);
	tp_sip_event(sip, TP_SEVERITY_WARNING, "sip.mutual",
		     "A connection from %s to the port that wants certificates was closed: its certificate "
		     "(%s) carries the certificate name of no enabled neighbor zone.",
		     ip, names);
	flow->zone = 0;
	tp_flow_close(flow, "its certificate carries no zone's certificate name");
}

static void forget(struct proven *p)
{
	tp_list_remove(&p->link);
	tp_flow_unref(&p->flow);
	free(p);
}

void tp_zone_mutual_open(struct tp_sip *sip, struct tp_list *proven, struct tp_flow *flow)
{
	struct tp_zone *zone = tp_zone_mutual_match(sip, flow);
	struct proven *p;
	char text[TP_FLOW_TEXT];

	if (!zone) {
		refuse(sip, flow);
		return;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		tp_flow_close(flow, "no memory");
		return;
	}
	p->flow = tp_flow_ref(flow);
	tp_list_append(proven, &p->link);
	flow->zone = zone->id;
	TP_LOG(TP_LOG_INFO, "sip.mutual", "%s has proved to be zone '%s'", tp_flow_write(flow, text),
	       zone->cfg->name);
}

void tp_zone_mutual_closed(struct tp_list *proven, struct tp_flow *flow)
{
	struct tp_list *it, *next;

	if (flow->outgoing)
		return;
	TP_LIST_EACH(it, next, proven) {
		struct proven *p = TP_CONTAINER(it, struct proven, link);

		if (p->flow == flow) {
			forget(p);
			return;
		}
	}
}

void tp_zone_mutual_apply(struct tp_sip *sip, struct tp_list *proven)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, proven) {
		struct proven *p = TP_CONTAINER(it, struct proven, link);
		struct tp_zone *zone = tp_zone_mutual_match(sip, p->flow);

		if (zone)
			p->flow->zone = zone->id;
		else
			refuse(sip, p->flow);
	}
}

void tp_zone_mutual_drop(struct tp_list *proven)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, proven)
		forget(TP_CONTAINER(it, struct proven, link));
}
