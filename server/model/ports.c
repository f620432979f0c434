/* Every port that a configuration opens or dials. Runs in turnpike-admin. */
#include "model/ports.h"

#include <string.h>

#include "model/leaf.h"

struct lister {
	const struct lyd_node *system, *sip, *zones, *media, *card, *acme;
	void (*each)(void *arg, const struct tp_port *port);
	void *arg;
};

static void list(const struct lister *l, bool outward, const char *protocol, const char *address,
		 const char *port, const char *service, const char *peer)
{
	struct tp_port p = {.protocol = protocol, .outward = outward};

	tp_text_copy(p.address, sizeof(p.address), address);
	tp_text_copy(p.port, sizeof(p.port), port);
	tp_text_copy(p.service, sizeof(p.service), service);
	tp_text_copy(p.peer, sizeof(p.peer), peer);
	l->each(l->arg, &p);
}

static const char *media_range(const struct lister *l, char buf[32])
{
	snprintf(buf, 32, "%.10s-%.10s", tp_leaf_text(l->media, "port-first"),
		 tp_leaf_text(l->media, "port-last"));
	return buf;
}

static const char *hop_pair(const struct lister *l, char buf[32])
{
	snprintf(buf, 32, "%.10s, %.10s", tp_leaf_text(l->media, "hop-rtp-port"),
		 tp_leaf_text(l->media, "hop-rtcp-port"));
	return buf;
}

static bool is_type(const struct lyd_node *zone, const char *type)
{
	return !strcmp(tp_leaf_text(zone, "type"), type) && tp_leaf_true(zone, "enabled");
}

static bool has_zone(const struct lister *l, const char *type)
{
	for (const struct lyd_node *zone = NULL; (zone = tp_leaf_next(l->zones, "zone", zone));) {
		if (is_type(zone, type))
			return true;
	}
	return false;
}

static void list_address(const struct lister *l, const char *address)
{
	static const char *const names[] = {"udp", "tcp", "tls"};
	static const char *const services[] = {"SIP over UDP", "SIP over TCP", "SIP over TLS"};
	char range[32];

	list(l, false, "TCP", address, tp_leaf_text(tp_leaf_child(l->system, "web"), "port"),
	     "Administration (HTTPS)", "Administrators");
	if (tp_leaf_true(tp_leaf_child(l->card, "card-port"), "enabled") &&
	    tp_leaf_enum(l->card, "level") == 0)
		list(l, false, "TCP", address, tp_leaf_text(tp_leaf_child(l->card, "card-port"), "port"),
		     "Administration (HTTPS), for trying a card", "Administrators");
	for (int i = 0; i < 3; i++) {
		const struct lyd_node *transport = tp_leaf_child(l->sip, names[i]);

		if (tp_leaf_true(transport, "enabled"))
			list(l, false, i == 0 ? "UDP" : "TCP", address,
			     tp_leaf_text(transport, "port"), services[i],
			     "Phones and SIP systems");
	}
	if (tp_leaf_true(tp_leaf_child(l->sip, "mutual-tls"), "enabled"))
		list(l, false, "TCP", address,
		     tp_leaf_text(tp_leaf_child(l->sip, "mutual-tls"), "port"),
		     "SIP over TLS, certificate required", "Neighbor zones");
	list(l, false, "UDP", address, media_range(l, range), "Media of calls (RTP, RTCP)",
	     "Phones and SIP systems");
}

static const char *zone_address(const struct lister *l, const struct lyd_node *zone)
{
	const char *name = tp_leaf_text(zone, "network");
	const struct lyd_node *net = NULL;

	while ((net = tp_leaf_next(l->system, "network", net))) {
		if (!name[0] || !strcmp(name, tp_leaf_text(net, "name")))
			return tp_leaf_text(net, "address");
	}
	return "";
}

static void list_server(const struct lister *l, const struct lyd_node *zone)
{
	const char *name = tp_leaf_text(zone, "name");
	char service[160];
	char pair[32];

	snprintf(service, sizeof(service), "Traversal link of zone %.63s (SIP over TLS)", name);
	list(l, false, "TCP", zone_address(l, zone), tp_leaf_text(zone, "listen-port"), service,
	     "The core");
	snprintf(service, sizeof(service), "Media of zone %.63s, always encrypted", name);
	list(l, false, "UDP", zone_address(l, zone), hop_pair(l, pair), service, "The core");
}

static void list_client(const struct lister *l, const struct lyd_node *zone)
{
	const struct lyd_node *peer = NULL;
	char service[160];
	char port[32];

	while ((peer = tp_leaf_next(zone, "peer", peer))) {
		snprintf(service, sizeof(service), "Traversal link of zone %.63s (SIP over TLS)",
			 tp_leaf_text(zone, "name"));
		snprintf(port, sizeof(port), "%u", tp_leaf_number(peer, "port", 7001));
		list(l, true, "TCP", tp_leaf_text(peer, "address"), port, service, "The edge");
		snprintf(service, sizeof(service),
			 "Media of zone %.63s, from UDP %.10s-%.10s, always encrypted",
			 tp_leaf_text(zone, "name"), tp_leaf_text(l->media, "port-first"),
			 tp_leaf_text(l->media, "port-last"));
		list(l, true, "UDP", tp_leaf_text(peer, "address"), hop_pair(l, port), service,
		     "The edge");
	}
}

static void list_neighbor(const struct lister *l, const struct lyd_node *zone)
{
	const char *transport = tp_leaf_text(zone, "transport");
	bool tls = !strcmp(transport, "tls");
	const struct lyd_node *peer = NULL;
	char service[160];
	char port[32];

	while ((peer = tp_leaf_next(zone, "peer", peer))) {
		snprintf(service, sizeof(service), "SIP to zone %.63s", tp_leaf_text(zone, "name"));
		snprintf(port, sizeof(port), "%u", tp_leaf_number(peer, "port", tls ? 5061 : 5060));
		list(l, true, strcmp(transport, "udp") ? "TCP" : "UDP",
		     tp_leaf_text(peer, "address"), port, service, tp_leaf_text(zone, "name"));
	}
}

static void list_zones(const struct lister *l, bool outward)
{
	const struct lyd_node *zone = NULL;

	while ((zone = tp_leaf_next(l->zones, "zone", zone))) {
		if (!outward && is_type(zone, "traversal-server"))
			list_server(l, zone);
		else if (outward && is_type(zone, "traversal-client"))
			list_client(l, zone);
		else if (outward && is_type(zone, "neighbor"))
			list_neighbor(l, zone);
	}
}

static void list_acme(const struct lister *l, bool outward)
{
	if (!tp_leaf_true(l->acme, "enabled"))
		return;
	if (!outward && !strcmp(tp_leaf_text(l->acme, "challenge"), "http-01"))
		list(l, false, "TCP", "all addresses", tp_leaf_text(l->acme, "http-port"),
		     "ACME HTTP-01, while an order runs", "The certificate authority");
	if (outward)
		list(l, true, "TCP", tp_leaf_text(l->acme, "directory"), "443, or as the URL says",
		     "ACME (HTTPS)", "The certificate authority");
}

static bool has_named_peer(const struct lister *l)
{
	for (const struct lyd_node *zone = NULL; (zone = tp_leaf_next(l->zones, "zone", zone));) {
		if (!tp_leaf_true(zone, "enabled"))
			continue;
		for (const struct lyd_node *peer = NULL;
		     (peer = tp_leaf_next(zone, "peer", peer));) {
			struct tp_addr addr = tp_leaf_addr(peer, "address", 0);

			if (!tp_addr_is_set(&addr))
				return true;
		}
	}
	return false;
}

void tp_tree_each_port(const struct tp_tree *tree,
		       void (*each)(void *arg, const struct tp_port *port), void *arg)
{
	const struct lister l = {
		.system = tp_leaf_top(tree, "system"),
		.sip = tp_leaf_top(tree, "sip"),
		.zones = tp_leaf_top(tree, "zones"),
		.media = tp_leaf_top(tree, "media"),
		.acme = tp_leaf_child(tp_leaf_top(tree, "tls"), "acme"),
		.card = tp_leaf_child(tp_leaf_top(tree, "access"), "certificate-login"),
		.each = each,
		.arg = arg,
	};
	const struct lyd_node *net = NULL;

	while ((net = tp_leaf_next(l.system, "network", net)))
		list_address(&l, tp_leaf_text(net, "address"));
	list_zones(&l, false);
	list_acme(&l, false);
	list_zones(&l, true);
	if (has_zone(&l, "neighbor"))
		list(&l, true, "UDP", "addresses in SDP", "any",
		     "Media of calls to neighbors (RTP, RTCP)", "Phones and SIP systems");
	list_acme(&l, true);
	if (has_named_peer(&l))
		list(&l, true, "UDP, TCP", "name servers", "53", "DNS, for peers given by name",
		     "Name servers");
}
