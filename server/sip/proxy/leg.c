/* The ends of a call: how they are reached, and what their media may be. Runs in
 * turnpike-sip. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sip/config/config.h"
#include "sip/proxy/call.h"
#include "sip/registrar/registrar.h"
#include "sip/zone/zone.h"

void tp_leg_set_flow(struct tp_leg *leg, struct tp_flow *flow)
{
	struct tp_flow *old = leg->flow;

	leg->flow = tp_flow_ref(flow);
	tp_flow_unref(&old);
	leg->transport = flow->transport;
	leg->local = flow->local;
	leg->remote = flow->remote;
}

void tp_leg_fini(struct tp_leg *leg)
{
	tp_flow_unref(&leg->flow);
	free(leg->routes);
	leg->routes = NULL;
}

void tp_leg_party(struct tp_sip *sip, const struct tp_leg *leg, struct tp_media_party *out)
{
	const struct tp_cfg_zone *zone = leg->zone ? tp_sip_config_zone(sip->config, leg->zone) : NULL;
	const struct tp_cfg_network *network;

	memset(out, 0, sizeof(*out));
	out->kind = TP_MEDIA_LEG_UDP;
	out->encryption = leg->encryption;
	out->nat = leg->nat;
	out->local = leg->local;
	out->local.port = 0;
	network = tp_sip_config_network(sip->config, &leg->local);
	if (network && tp_addr_is_set(&network->advertised))
		out->advertised = network->advertised;
	if (zone && (zone->type == TP_ZONE_TRAVERSAL_CLIENT || zone->type == TP_ZONE_TRAVERSAL_SERVER)) {
		out->kind = TP_MEDIA_LEG_HOP;
		out->link = leg->zone;
	}
	if (leg->registered)
		tp_text_copy(out->name, sizeof(out->name), "the account");
	else
		snprintf(out->name, sizeof(out->name), "zone '%s'", leg->zone_name);
}

/* ------------------------------------------------------------------ flows */

/* The address in the nearest route or the target, when it is the machine that the leg
 * talked from: another one is never followed. */
static bool stated_address(const struct tp_leg *leg, struct tp_addr *out)
{
	char storage[TP_SIP_URI_STORAGE];
	struct tp_span text = tp_span_of(leg->target);
	struct tp_sip_uri uri;

	if (leg->routes) {
		text = tp_span_of(leg->routes + 1);
		text = tp_span_split(&text, '>');
	}
	return tp_sip_uri_parse(text, storage, sizeof(storage), &uri) == TP_OK &&
	       tp_sip_uri_addr(&uri, leg->transport == TP_TRANSPORT_TLS ? 5061 : 5060, out) == TP_OK &&
	       tp_addr_equal_ip(out, &leg->remote);
}

static enum tp_err reach_address(struct tp_sip *sip, struct tp_leg *leg, struct tp_flow **out,
				 struct tp_diag *diag)
{
	struct tp_transport_target target = {
		.transport = leg->transport, .remote = leg->remote, .local = leg->local,
	};
	bool stated = !leg->nat && stated_address(leg, &target.remote);
	enum tp_err err;

	if (leg->transport == TP_TRANSPORT_TLS)
		return tp_fail(diag, TP_CLOSED, "flow", "the TLS connection is gone; the phone has to come back");
	if (leg->transport == TP_TRANSPORT_TCP) {
		if (!stated)
			return tp_fail(diag, TP_CLOSED, "flow", "the TCP connection is gone");
		target.local.port = 0;
	}
	if (!tp_addr_is_set(&target.remote))
		return tp_fail(diag, TP_STATE, "flow", "no address is known");
	err = tp_transport_reach(sip->transport, &target, out, diag);
	return err;
}

enum tp_err tp_leg_reach(struct tp_sip *sip, struct tp_leg *leg, struct tp_flow **out, struct tp_diag *diag)
{
	struct tp_zone *zone = leg->zone ? tp_zones_find(sip, leg->zone) : NULL;

	if (leg->zone && !zone)
		return tp_fail(diag, TP_STATE, "zone", "zone '%s' is gone", leg->zone_name);
	if (zone && tp_zone_is_traversal(zone))
		return tp_zones_reach(zone, out, diag);
	if (leg->registered && leg->transport != TP_TRANSPORT_UDP &&
	    (!leg->flow || leg->flow->state == TP_FLOW_CLOSED)) {
		/* The phone has come back over another connection. */
		struct tp_flow *flow = tp_registrar_flow(sip, leg->user, leg->transport);

		if (flow)
			tp_leg_set_flow(leg, flow);
	}
	if (leg->flow && leg->flow->transport != TP_TRANSPORT_UDP && leg->flow->state != TP_FLOW_CLOSED) {
		*out = tp_flow_ref(leg->flow);
		return TP_OK;
	}
	if (zone && leg->transport != TP_TRANSPORT_UDP)
		return tp_zones_reach(zone, out, diag);
	return reach_address(sip, leg, out, diag);
}

/* ----------------------------------------------------------- record-route */

void tp_leg_record_route(const struct tp_call *call, const struct tp_flow *flow, char *buf, size_t size)
{
	static const char *const transports[] = { "udp", "tcp", "tls" };
	char address[TP_ADDR_TEXT];

	snprintf(buf, size, "sip:%s;transport=%s;lr;x-tp=%016" PRIx64, tp_addr_write(&flow->sent_by, address),
		 transports[flow->transport], call->info.id);
}

uint64_t tp_route_call_id(const struct tp_sip_uri *uri)
{
	struct tp_span value = tp_sip_uri_param(uri, "x-tp");
	uint8_t bytes[8];

	if (!value.p || value.len != 16 || tp_text_parse_hex(value, bytes, sizeof(bytes)) != TP_OK)
		return 0;
	return tp_load_be64(bytes);
}
