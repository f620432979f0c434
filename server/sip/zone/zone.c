/* The table of zones: configuration changes, states, and who a flow belongs to.
 * Runs in turnpike-sip. */
#include "sip/zone/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "sip/config/config.h"
#include "sip/status/report.h"
#include "sip/zone/resolve.h"

struct tp_zones {
	size_t count;
	struct tp_zone *rows[TP_ZONES_MAX];
	struct tp_list guests; /* guest.c */
	struct tp_list proven; /* mutual.c */
};

static void stop(struct tp_zone *zone, const char *reason)
{
	tp_timer_stop(zone->sip->loop, &zone->retry);
	tp_zone_keepalive_stop(zone);
	if (zone->auth)
		tp_client_txn_detach(&zone->auth);
	if (zone->dialing) {
		tp_flow_close(zone->dialing, reason);
		tp_flow_unref(&zone->dialing);
	}
	tp_zone_link_drop(zone, reason);
}

static void send_alarm(struct tp_zone *zone);

static void free_zone(struct tp_zone *zone)
{
	if (zone->alarm) {
		zone->alarm = false;
		send_alarm(zone);
	}
	stop(zone, "zone removed from the configuration");
	tp_zone_hop_stop(zone);
	tp_wipe(&zone->hop, sizeof(zone->hop));
	free(zone);
}

enum tp_err tp_zones_new(struct tp_sip *sip, struct tp_zones **out)
{
	struct tp_zones *zones = calloc(1, sizeof(*zones));

	(void)sip;
	if (!zones)
		return TP_NOMEM;
	tp_list_init(&zones->guests);
	tp_list_init(&zones->proven);
	*out = zones;
	return TP_OK;
}

void tp_zones_free(struct tp_zones **zones)
{
	struct tp_zones *z = *zones;

	if (!z)
		return;
	tp_zone_guests_drop(&z->guests);
	tp_zone_mutual_drop(&z->proven);
	for (size_t i = 0; i < z->count; i++)
		free_zone(z->rows[i]);
	free(z);
	*zones = NULL;
}

struct tp_zone *tp_zones_find(struct tp_sip *sip, uint32_t id)
{
	for (size_t i = 0; i < sip->zones->count; i++)
		if (sip->zones->rows[i]->id == id)
			return sip->zones->rows[i];
	return NULL;
}

struct tp_zone *tp_zones_find_named(struct tp_sip *sip, const char *name)
{
	for (size_t i = 0; i < sip->zones->count; i++)
		if (strcmp(sip->zones->rows[i]->cfg->name, name) == 0)
			return sip->zones->rows[i];
	return NULL;
}

size_t tp_zones_count(const struct tp_sip *sip)
{
	return sip->zones->count;
}

struct tp_zone *tp_zones_at(struct tp_sip *sip, size_t index)
{
	return sip->zones->rows[index];
}

bool tp_zone_is_traversal(const struct tp_zone *zone)
{
	return zone->cfg->type == TP_ZONE_TRAVERSAL_CLIENT || zone->cfg->type == TP_ZONE_TRAVERSAL_SERVER;
}

/* --------------------------------------------------------- configuration */

static bool same_peers(const struct tp_cfg_zone *a, const struct tp_cfg_zone *b)
{
	if (a->peers_count != b->peers_count)
		return false;
	for (size_t i = 0; i < a->peers_count; i++)
		if (strcmp(a->peers[i].host, b->peers[i].host) != 0 || a->peers[i].port != b->peers[i].port)
			return false;
	return true;
}

static bool same_password(const struct tp_sip_config *old, const struct tp_cfg_zone *a,
			  const struct tp_sip_config *now, const struct tp_cfg_zone *b)
{
	const struct tp_secret *x = tp_sip_config_password(old, a->password_secret);
	const struct tp_secret *y = tp_sip_config_password(now, b->password_secret);

	if (!x || !y)
		return x == y;
	return x->len == y->len && tp_equal_constant_time(x->bytes, y->bytes, x->len);
}

/* Whether what the connection itself depends on stayed the same. Certificates and
 * trusted authorities serve the next handshake; a link that stands goes on. */
static bool keeps_link(const struct tp_sip_config *old, const struct tp_cfg_zone *a,
		       const struct tp_sip_config *now, const struct tp_cfg_zone *b)
{
	return a->type == b->type && a->enabled == b->enabled && a->transport == b->transport &&
	       same_peers(a, b) && tp_addr_equal(&a->listen, &b->listen) &&
	       strcmp(a->network, b->network) == 0 && strcmp(a->verify_name, b->verify_name) == 0 &&
	       a->cn_names == b->cn_names &&
	       strcmp(a->user, b->user) == 0 && same_password(old, a, now, b) && a->monitor == b->monitor &&
	       a->tls_verify == b->tls_verify && a->keepalive_s == b->keepalive_s &&
	       a->retry_s == b->retry_s &&
	       old->cfg.hop_rtp_port == now->cfg.hop_rtp_port &&
	       old->cfg.hop_rtcp_port == now->cfg.hop_rtcp_port;
}

/* One that does not stand begins anew when what it was refused for may have changed. */
static bool same_tls(const struct tp_sip_config *old, const struct tp_cfg_zone *a,
		     const struct tp_sip_config *now, const struct tp_cfg_zone *b)
{
	return old->tls_link_client == now->tls_link_client && old->tls_link_server == now->tls_link_server &&
	       old->tls_verify == now->tls_verify &&
	       tp_sip_config_dialling(old, a) == tp_sip_config_dialling(now, b) &&
	       a->revocation_unknown == b->revocation_unknown;
}

static void start(struct tp_zone *zone)
{
	zone->failures = 0;
	zone->peer_index = 0;
	memset(&zone->peer, 0, sizeof(zone->peer));
	memset(zone->addrs, 0, sizeof(zone->addrs));
	if (!zone->cfg->enabled) {
		tp_zone_set_state(zone, TP_ZONE_STATE_DISABLED, "disabled in the configuration");
		tp_zone_hop_stop(zone);
		return;
	}
	tp_zone_resolve(zone);
	if (zone->cfg->type == TP_ZONE_TRAVERSAL_CLIENT) {
		tp_zone_client_start(zone);
	} else if (zone->cfg->type == TP_ZONE_TRAVERSAL_SERVER) {
		tp_zone_set_state(zone, TP_ZONE_STATE_WAITING, "waiting for the core to connect");
		tp_zone_hop_start(zone);
	} else {
		tp_zone_neighbor_start(zone);
	}
}

static void add(struct tp_sip *sip, const struct tp_cfg_zone *cfg)
{
	struct tp_zone *zone = sip->zones->count < TP_ZONES_MAX ? calloc(1, sizeof(*zone)) : NULL;

	if (!zone) {
		TP_LOG(TP_LOG_ERROR, "zone.add", "zone '%s' is left out: no room", cfg->name);
		return;
	}
	zone->sip = sip;
	zone->id = cfg->id;
	zone->cfg = cfg;
	zone->state = TP_ZONE_STATE_DISABLED;
	sip->zones->rows[sip->zones->count++] = zone;
	start(zone);
}

void tp_zones_apply(struct tp_sip *sip, const struct tp_sip_config *old)
{
	struct tp_zones *zones = sip->zones;

	for (size_t i = 0; i < zones->count;) {
		struct tp_zone *zone = zones->rows[i];
		const struct tp_cfg_zone *cfg = tp_sip_config_zone_named(sip->config, zone->cfg->name);

		if (!cfg) {
			free_zone(zone);
			zones->rows[i] = zones->rows[--zones->count];
			continue;
		}
		bool keep = keeps_link(old, zone->cfg, sip->config, cfg) &&
			    (zone->state == TP_ZONE_STATE_UP || same_tls(old, zone->cfg, sip->config, cfg));

		if (!keep)
			stop(zone, "the zone's configuration changed");
		zone->cfg = cfg;
		zone->id = cfg->id;
		if (zone->link)
			zone->link->zone = cfg->id;
		if (!keep)
			start(zone);
		i++;
	}
	for (size_t i = 0; i < sip->config->cfg.zones_count; i++)
		if (!tp_zones_find_named(sip, sip->config->cfg.zones[i].name))
			add(sip, &sip->config->cfg.zones[i]);
	tp_zone_mutual_apply(sip, &zones->proven);
}

/* ----------------------------------------------------------------- state */

static void send_alarm(struct tp_zone *zone)
{
	bool traversal = tp_zone_is_traversal(zone);
	char text[768];

	snprintf(text, sizeof(text), "%s '%s' is down: %s",
		 traversal ? "The traversal link of zone" : "Neighbor zone", zone->cfg->name, zone->reason);
	tp_sip_alarm(zone->sip, traversal ? TP_ALARM_LINK_DOWN : TP_ALARM_NEIGHBOR_DOWN, zone->alarm,
		     TP_SEVERITY_CRITICAL, zone->cfg->name, text,
		     "Look at the reason on the Zones page of both appliances; check address, port, "
		     "certificates, and user and password of the zone.");
}

/* The states on the way up change nothing about an alarm. */
static void update_alarm(struct tp_zone *zone)
{
	bool down = zone->state == TP_ZONE_STATE_FAILED ||
		    (zone->state == TP_ZONE_STATE_WAITING && zone->connects);

	if (zone->state == TP_ZONE_STATE_CONNECTING || zone->state == TP_ZONE_STATE_AUTHENTICATING ||
	    (!down && !zone->alarm))
		return;
	zone->alarm = down;
	send_alarm(zone);
}

/* Each failure is said once, not at every attempt that ends the same way. */
static bool is_news(struct tp_zone *zone)
{
	if (zone->state != TP_ZONE_STATE_UP && zone->state != TP_ZONE_STATE_FAILED &&
	    zone->state != TP_ZONE_STATE_WAITING)
		return false;
	if (zone->said_state == zone->state && strcmp(zone->said_reason, zone->reason) == 0)
		return false;
	zone->said_state = zone->state;
	tp_text_copy(zone->said_reason, sizeof(zone->said_reason), zone->reason);
	return true;
}

void tp_zone_set_state(struct tp_zone *zone, enum tp_zone_state state, const char *fmt, ...)
{
	static const char *const names[] = { "disabled", "waiting", "connecting", "authenticating",
					     "up", "failed" };
	char reason[sizeof(zone->reason)];
	va_list args;

	va_start(args, fmt);
	/* Started one line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	tp_text_make_printable(reason);
	if (zone->state != state || !zone->since_ms)
		zone->since_ms = tp_loop_unix_ms(zone->sip->loop);
	zone->state = state;
	tp_text_copy(zone->reason, sizeof(zone->reason), reason);
	if (is_news(zone)) {
		tp_sip_event(zone->sip,
			     state == TP_ZONE_STATE_FAILED ? TP_SEVERITY_WARNING : TP_SEVERITY_INFORMATION,
			     "zone.state", "zone '%s' is %s%s%s", zone->cfg->name, names[state],
			     reason[0] ? ": " : "", reason);
		update_alarm(zone);
	} else if (state == TP_ZONE_STATE_DISABLED) {
		update_alarm(zone);
	}
}

void tp_zones_report(struct tp_sip *sip)
{
	for (size_t i = 0; i < sip->zones->count; i++)
		if (sip->zones->rows[i]->alarm)
			send_alarm(sip->zones->rows[i]);
}

void tp_zone_fill(const struct tp_zone *zone, struct tp_msg_zone_status *out)
{
	const struct tp_tls_peer *tls = zone->link ? zone->link->tls : NULL;
	char hex[65];

	memset(out, 0, sizeof(*out));
	tp_text_copy(out->name, sizeof(out->name), zone->cfg->name);
	out->type = zone->cfg->type;
	out->state = zone->state;
	tp_text_copy(out->reason, sizeof(out->reason), zone->reason);
	out->peer = zone->peer;
	out->since_ms = zone->since_ms;
	out->round_trip_us = zone->state == TP_ZONE_STATE_UP ? zone->round_trip_us : 0;
	out->calls = zone->calls;
	out->hop_up = zone->hop.up;
	out->hop_peer = zone->hop.seen;
	out->connects = zone->connects;
	if (!tls)
		return;
	snprintf(out->tls, sizeof(out->tls), "%.15s %.46s", tls->protocol, tls->cipher);
	tp_text_write_hex(hex, tls->sha256, sizeof(tls->sha256));
	snprintf(out->peer_certificate, sizeof(out->peer_certificate), "%.400s SHA-256 %s", tls->subject, hex);
	tp_text_make_printable(out->peer_certificate);
}

/* ------------------------------------------------------------- addresses */

static uint16_t default_port(const struct tp_zone *zone)
{
	if (tp_zone_is_traversal(zone))
		return 7001;
	return zone->cfg->transport == TP_TRANSPORT_TLS ? 5061 : 5060;
}

void tp_zone_resolve(struct tp_zone *zone)
{
	for (size_t i = 0; i < zone->cfg->peers_count && i < TP_ZONE_PEERS_MAX; i++) {
		const struct tp_cfg_peer *peer = &zone->cfg->peers[i];
		uint16_t port = peer->port ? peer->port : default_port(zone);

		if (tp_addr_parse_ip(tp_span_of(peer->host), port, &zone->addrs[i]) != TP_OK &&
		    tp_resolver_ask(zone->sip->resolver, peer->host) != TP_OK)
			TP_LOG(TP_LOG_WARN, "zone.resolve", "zone '%s': too many names to look up",
			       zone->cfg->name);
	}
}

void tp_zones_resolved(void *arg, const char *host, const struct tp_addr *address, const char *reason)
{
	struct tp_sip *sip = arg;

	if (!tp_addr_is_set(address))
		TP_LOG(TP_LOG_WARN, "zone.resolve", "looking up '%s' failed: %s", host, reason);
	for (size_t z = 0; z < sip->zones->count; z++) {
		struct tp_zone *zone = sip->zones->rows[z];
		bool waiting = false;

		for (size_t i = 0; i < zone->cfg->peers_count && i < TP_ZONE_PEERS_MAX; i++) {
			const struct tp_cfg_peer *peer = &zone->cfg->peers[i];

			if (strcmp(peer->host, host) != 0 || !tp_addr_is_set(address))
				continue;
			waiting = waiting || !tp_addr_is_set(&zone->addrs[i]);
			zone->addrs[i] = *address;
			zone->addrs[i].port = peer->port ? peer->port : default_port(zone);
		}
		if (!waiting || !zone->cfg->enabled)
			continue;
		if (zone->cfg->type == TP_ZONE_NEIGHBOR)
			tp_zone_neighbor_start(zone);
		else if (zone->cfg->type == TP_ZONE_TRAVERSAL_CLIENT && !zone->link && !zone->dialing)
			tp_zone_client_start(zone);
	}
}

/* ----------------------------------------------------------------- flows */

struct tp_addr tp_zone_local(const struct tp_zone *zone)
{
	const struct tp_cfg_sip *cfg = &zone->sip->config->cfg;
	struct tp_addr none = { 0 };

	for (size_t i = 0; zone->cfg->network[0] && i < cfg->networks_count; i++)
		if (strcmp(cfg->networks[i].name, zone->cfg->network) == 0)
			return cfg->networks[i].address;
	return none;
}

bool tp_zones_flow_open(struct tp_sip *sip, struct tp_flow *flow)
{
	struct tp_zone *zone = flow->listener_tag ? tp_zones_find(sip, (uint32_t)flow->listener_tag) : NULL;

	if (flow->listener_tag == TP_SIP_TAG_MUTUAL && !flow->outgoing) {
		tp_zone_mutual_open(sip, &sip->zones->proven, flow);
		return true;
	}
	if (!zone || !tp_zone_is_traversal(zone))
		return zone != NULL;
	if (flow->outgoing) {
		if (zone->dialing == flow)
			tp_zone_client_open(zone, flow);
		return true;
	}
	tp_zone_guest_add(sip, &sip->zones->guests, flow);
	/* The connection stays open just long enough to tell the peer why it is refused. */
	if (!zone->link && !(flow->tls && flow->tls->trusted)) {
		zone->peer = flow->remote;
		tp_zone_set_state(zone, TP_ZONE_STATE_FAILED, "the certificate of the peer was refused: %s",
				  flow->tls ? flow->tls->reason : "no TLS");
	}
	return true;
}

enum tp_revocation_unknown tp_zones_unknown_of(struct tp_sip *sip, const struct tp_flow *held)
{
	const struct tp_zone *zone = NULL;

	if (held->listener_tag == TP_SIP_TAG_MUTUAL && !held->outgoing)
		zone = tp_zone_mutual_match(sip, held);
	return zone ? (enum tp_revocation_unknown)zone->cfg->revocation_unknown : TP_REVOCATION_UNKNOWN_GLOBAL;
}

bool tp_zones_flow_closed(struct tp_sip *sip, struct tp_flow *flow)
{
	tp_zone_mutual_closed(&sip->zones->proven, flow);
	for (size_t i = 0; i < sip->zones->count; i++) {
		struct tp_zone *zone = sip->zones->rows[i];

		if (zone->dialing == flow) {
			tp_zone_client_failed(zone, flow->reason);
			return true;
		}
		if (zone->link == flow) {
			char reason[sizeof(flow->reason) + 24];

			snprintf(reason, sizeof(reason), "the link was lost: %s", flow->reason);
			tp_zone_link_drop(zone, reason);
			if (zone->cfg->type == TP_ZONE_TRAVERSAL_CLIENT)
				tp_zone_client_failed(zone, reason);
			else
				tp_zone_set_state(zone, TP_ZONE_STATE_WAITING,
						  "waiting for the core to connect again; %s", reason);
			return true;
		}
	}
	struct tp_zone *zone = flow->listener_tag ? tp_zones_find(sip, (uint32_t)flow->listener_tag) : NULL;

	/* One that was asked for its password and went away. */
	if (zone && zone->cfg->type == TP_ZONE_TRAVERSAL_SERVER && !zone->link &&
	    zone->state == TP_ZONE_STATE_AUTHENTICATING)
		tp_zone_set_state(zone, TP_ZONE_STATE_WAITING, "waiting for the core to connect");
	return false;
}

void tp_zones_flow_refused(struct tp_sip *sip, uint64_t tag, const struct tp_addr *remote,
			   const char *reason)
{
	struct tp_zone *zone = tag ? tp_zones_find(sip, (uint32_t)tag) : NULL;
	char ip[TP_ADDR_IP_TEXT];

	TP_LOG(TP_LOG_WARN, "sip.refused", "connection from %s refused: %s", tp_addr_write_ip(remote, ip),
	       reason);
	if (zone && !zone->link)
		tp_zone_set_state(zone, TP_ZONE_STATE_FAILED, "a connection from %s failed: %s", ip, reason);
}

struct tp_zone *tp_zones_source(struct tp_sip *sip, const struct tp_flow *flow)
{
	struct tp_zone *by_ip = NULL;

	if (flow->zone)
		return tp_zones_find(sip, (uint32_t)flow->zone);
	for (size_t i = 0; i < sip->zones->count; i++) {
		struct tp_zone *zone = sip->zones->rows[i];

		if (zone->cfg->type != TP_ZONE_NEIGHBOR || !zone->cfg->enabled)
			continue;
		for (size_t n = 0; n < zone->cfg->peers_count && n < TP_ZONE_PEERS_MAX; n++) {
			if (!tp_addr_is_set(&zone->addrs[n]) ||
			    !tp_addr_equal_ip(&zone->addrs[n], &flow->remote))
				continue;
			if (zone->addrs[n].port == flow->remote.port)
				return zone;
			if (!by_ip)
				by_ip = zone;
		}
	}
	return by_ip;
}

/* What the certificate of the neighbor that we connect to must carry. */
static const char *name_of_peer(const struct tp_zone *zone)
{
	if (zone->cfg->verify_name[0] || zone->peer_index >= zone->cfg->peers_count)
		return zone->cfg->verify_name;
	return zone->cfg->peers[zone->peer_index].host;
}

static enum tp_err reach_neighbor(struct tp_zone *zone, struct tp_flow **out, struct tp_diag *diag)
{
	const struct tp_sip_config *config = zone->sip->config;
	struct tp_transport_target target = {
		.transport = zone->cfg->transport,
		.local = tp_zone_local(zone),
		.remote = zone->addrs[zone->peer_index],
		.cn_names = zone->cfg->cn_names,
		.unknown = (enum tp_revocation_unknown)zone->cfg->revocation_unknown,
	};

	if (!tp_addr_is_set(&target.remote))
		return tp_fail(diag, TP_STATE, zone->cfg->name, "the address of peer '%s' is not known yet",
			       zone->cfg->peers_count ? zone->cfg->peers[zone->peer_index].host : "");
	if (target.transport == TP_TRANSPORT_TLS) {
		target.tls = tp_sip_config_dialling(config, zone->cfg);
		if (zone->cfg->tls_verify)
			target.verify_name = name_of_peer(zone);
		if (!target.tls)
			return tp_fail(diag, TP_STATE, zone->cfg->name, "this appliance has no certificate yet");
	}
	return tp_transport_reach(zone->sip->transport, &target, out, diag);
}

enum tp_err tp_zones_reach(struct tp_zone *zone, struct tp_flow **out, struct tp_diag *diag)
{
	if (!zone->cfg->enabled)
		return tp_fail(diag, TP_STATE, zone->cfg->name, "zone '%s' is disabled", zone->cfg->name);
	if (!tp_zone_is_traversal(zone))
		return reach_neighbor(zone, out, diag);
	if (!zone->link || zone->link->state != TP_FLOW_OPEN)
		return tp_fail(diag, TP_STATE, zone->cfg->name, "the traversal link of zone '%s' is down: %s",
			       zone->cfg->name, zone->reason);
	*out = tp_flow_ref(zone->link);
	return TP_OK;
}
