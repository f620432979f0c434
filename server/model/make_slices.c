/* From a checked configuration to the records of model/slice.def.
 * Runs in turnpike-validate. */
#include "model/make_slices.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/messages.h"
#include "model/leaf.h"
#include "model/slice_write.h"
#include "model/tls_policy.h"

enum {
	TRAVERSAL_PORT = 7001,
	SIP_PORT = 5060,
	SIPS_PORT = 5061,
	NEIGHBOR_KEEPALIVE_S = 60,
	TRUSTED_MAX = 1048576, /* trusted_pem of slice.def */
	TP_CLIENT_IDENTITIES_MAX = 32, /* client_identities of slice.def */
};

struct maker {
	const struct tp_tree *tree;
	const struct lyd_node *system, *tls, *sip, *zones, *search, *media, *access, *log;
	struct tp_slice_writer *writer;
	enum tp_err err; /* sticky */
	bool trust_is_too_big;
};

static void *make_array(struct maker *m, size_t count, size_t size)
{
	void *p = count ? calloc(count, size) : NULL;

	if (count && !p)
		m->err = TP_NOMEM;
	return p;
}

static void copy(struct maker *m, char *dst, size_t size, const char *src)
{
	if (!tp_text_copy(dst, size, src) && m->err == TP_OK)
		m->err = TP_LIMIT;
}
#define COPY(m, field, src) copy((m), (field), sizeof(field), (src))

/* 0 when the leaf is not set. */
static uint16_t secret(struct maker *m, const struct lyd_node *node, const char *name)
{
	const struct lyd_node *leaf = tp_leaf_child(node, name);
	char record[TP_MODEL_TEXT_MAX + 1];
	uint16_t number = 0;

	if (!leaf || m->err != TP_OK)
		return 0;
	m->err = tp_schema_record(leaf->schema, node, record, sizeof(record));
	if (m->err == TP_OK)
		m->err = tp_slice_writer_secret(m->writer, record, tp_span_of(lyd_get_value(leaf)),
						&number);
	return number;
}

/* The service's own certificate where it has one, else the one that all share. */
static const struct lyd_node *identity(const struct maker *m, const char *id)
{
	const struct lyd_node *own = tp_leaf_child(m->tls, "identities");
	const struct lyd_node *at = NULL;

	while ((at = tp_leaf_next(own, "identity", at))) {
		if (!strcmp(tp_leaf_text(at, "id"), id))
			return at;
	}
	return tp_leaf_child(m->tls, "identity");
}

static void put_certificate(const struct maker *m, const char *id, const uint8_t **pem,
			    uint32_t *len)
{
	const char *text = tp_leaf_text(identity(m, id), "certificate");

	*pem = (const uint8_t *)text;
	*len = (uint32_t)strlen(text);
}

static void put_policy(struct maker *m, enum tp_tls_service service, enum tp_tls_side side,
		       struct tp_cfg_tls_policy *out)
{
	struct tp_tls_policy p;

	tp_leaf_tls_policy(m->tls, service, side, &p);
	out->least = (uint8_t)p.least;
	COPY(m, out->ciphers, p.ciphers);
	COPY(m, out->ciphersuites, p.ciphersuites);
	COPY(m, out->groups, p.groups);
}

static void fill_policies(struct maker *m, struct tp_cfg_sip *s)
{
	s->tls_count = TP_SIP_IDENTITIES;
	put_policy(m, TP_TLS_SERVICE_SIP, TP_TLS_INBOUND, &s->tls[TP_SIP_IDENTITY_SIP_SERVER]);
	put_policy(m, TP_TLS_SERVICE_SIP, TP_TLS_OUTBOUND, &s->tls[TP_SIP_IDENTITY_SIP_CLIENT]);
	put_policy(m, TP_TLS_SERVICE_TRAVERSAL, TP_TLS_INBOUND,
		   &s->tls[TP_SIP_IDENTITY_TRAVERSAL_SERVER]);
	put_policy(m, TP_TLS_SERVICE_TRAVERSAL, TP_TLS_OUTBOUND,
		   &s->tls[TP_SIP_IDENTITY_TRAVERSAL_CLIENT]);
}

static void fill_revocation(const struct maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *r = tp_leaf_child(tp_leaf_child(m->tls, "revocation"), "sip");

	s->revocation = tp_leaf_enum(r, "mode");
	s->revocation_ocsp = tp_leaf_true(r, "use-ocsp");
	s->revocation_crls = tp_leaf_true(r, "use-crls");
	s->revocation_cdp = tp_leaf_true(r, "allow-cdp-downloads");
	s->revocation_fallback = tp_leaf_enum(r, "fallback");
	s->revocation_deadline_s = (uint8_t)tp_leaf_number(r, "deadline", 3);
	s->revocation_last_good_h = (uint16_t)tp_leaf_number(r, "last-known-good", 0);
}

static void fill_identities(struct maker *m, struct tp_cfg_sip *s)
{
	static const char *const ids[TP_SIP_IDENTITIES] = {
		[TP_SIP_IDENTITY_SIP_SERVER] = "sip-server",
		[TP_SIP_IDENTITY_SIP_CLIENT] = "sip-client",
		[TP_SIP_IDENTITY_TRAVERSAL_SERVER] = "traversal-server",
		[TP_SIP_IDENTITY_TRAVERSAL_CLIENT] = "traversal-client",
	};

	s->identities_count = TP_SIP_IDENTITIES;
	for (size_t i = 0; i < TP_SIP_IDENTITIES; i++) {
		struct tp_cfg_identity *to = &s->identities[i];

		put_certificate(m, ids[i], &to->certificate_pem, &to->certificate_pem_len);
		to->key_secret = secret(m, identity(m, ids[i]), "private-key");
	}
}

static void fill_client_identities(struct maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *all = tp_leaf_child(m->tls, "identities");
	const struct lyd_node *at = NULL;

	while (m->err == TP_OK && (at = tp_leaf_next(all, "client-identity", at))) {
		const char *pem = tp_leaf_text(at, "certificate");
		struct tp_cfg_identity *to;

		if (s->client_identities_count == TP_CLIENT_IDENTITIES_MAX) {
			m->err = TP_LIMIT;
			return;
		}
		to = &s->client_identities[s->client_identities_count++];
		to->certificate_pem = (const uint8_t *)pem;
		to->certificate_pem_len = (uint32_t)strlen(pem);
		to->key_secret = secret(m, at, "private-key");
	}
}

/* 0: the zone names none. */
static uint8_t client_identity(const struct maker *m, const struct lyd_node *zone)
{
	const char *name = tp_leaf_text(zone, "client-identity");
	const struct lyd_node *all = tp_leaf_child(m->tls, "identities");
	const struct lyd_node *at = NULL;

	for (uint8_t i = 1; name[0] && (at = tp_leaf_next(all, "client-identity", at)); i++)
		if (!strcmp(tp_leaf_text(at, "name"), name))
			return i;
	return 0;
}

/* ------------------------------------------------------------------------- admin */

static void put_password_policy(const struct maker *m, struct tp_cfg_password_policy *out)
{
	const struct lyd_node *p = tp_leaf_child(m->access, "password-policy");

	out->length = (uint8_t)tp_leaf_number(p, "minimum-length", 12);
	out->upper = (uint8_t)tp_leaf_number(p, "minimum-upper", 0);
	out->lower = (uint8_t)tp_leaf_number(p, "minimum-lower", 0);
	out->digits = (uint8_t)tp_leaf_number(p, "minimum-digits", 0);
	out->special = (uint8_t)tp_leaf_number(p, "minimum-special", 0);
	out->history = (uint8_t)tp_leaf_number(p, "history", 5);
	out->changed = (uint8_t)tp_leaf_number(p, "minimum-changed", 0);
	out->max_age_d = (uint16_t)tp_leaf_number(p, "maximum-age", 0);
	out->min_age_h = (uint16_t)tp_leaf_number(p, "minimum-age", 0);
}

static void put_login_sources(struct maker *m, struct tp_cfg_login_sources *out)
{
	const struct lyd_node *pam = tp_leaf_child(m->access, "pam");
	const struct lyd_node *at = NULL;

	out->source = tp_leaf_enum(tp_leaf_child(m->access, "login"), "source");
	out->pam = tp_leaf_true(pam, "enabled");
	out->pam_time_s = (uint8_t)tp_leaf_number(pam, "time-limit", 20);
	out->groups_count = (uint32_t)tp_leaf_count(m->access, "group");
	out->groups = make_array(m, out->groups_count, sizeof(*out->groups));
	for (uint32_t i = 0; m->err == TP_OK && (at = tp_leaf_next(m->access, "group", at)); i++) {
		COPY(m, out->groups[i].name, tp_leaf_text(at, "name"));
		out->groups[i].level = tp_leaf_enum(at, "level");
		out->groups[i].web = tp_leaf_true(at, "web");
		out->groups[i].api = tp_leaf_true(at, "api");
	}
}

/* Servers that look at certificates without need end the connection at one that they do not
 * trust, so the shared one is shown only where login is by it. */
static void put_ldap_tls(struct maker *m, struct tp_cfg_ldap *out)
{
	const struct lyd_node *own = identity(m, "ldap-client");
	const char *key = tp_leaf_text(own, "private-key");

	out->tls_count = 1;
	put_policy(m, TP_TLS_SERVICE_LDAP, TP_TLS_OUTBOUND, &out->tls[0]);
	out->own_identity = own != tp_leaf_child(m->tls, "identity");
	if (!out->own_identity && out->bind != TP_LDAP_BIND_EXTERNAL)
		return;
	put_certificate(m, "ldap-client", &out->certificate_pem, &out->certificate_pem_len);
	out->key_sealed = (const uint8_t *)key;
	out->key_sealed_len = (uint32_t)strlen(key);
}

static void put_ldap(struct maker *m, struct tp_cfg_ldap *out)
{
	enum { LDAP_PORT = 389, LDAPS_PORT = 636, SERVERS = sizeof(out->servers) / sizeof(out->servers[0]) };
	const struct lyd_node *l = tp_leaf_child(m->access, "ldap");
	const struct lyd_node *at = NULL;

	out->enabled = tp_leaf_true(l, "enabled");
	out->encryption = tp_leaf_enum(l, "encryption");
	while (m->err == TP_OK && out->servers_count < SERVERS && (at = tp_leaf_next(l, "server", at))) {
		struct tp_cfg_peer *server = &out->servers[out->servers_count++];

		COPY(m, server->host, tp_leaf_text(at, "host"));
		server->port = (uint16_t)tp_leaf_number(
			at, "port", out->encryption == TP_LDAP_LDAPS ? LDAPS_PORT : LDAP_PORT);
	}
	out->crl_check = tp_leaf_enum(l, "crl-check");
	out->bind = tp_leaf_enum(l, "bind");
	COPY(m, out->bind_dn, tp_leaf_text(l, "bind-dn"));
	COPY(m, out->bind_sealed, tp_leaf_text(l, "bind-password"));
	COPY(m, out->user_dn, tp_leaf_text(l, "user-dn"));
	COPY(m, out->base, tp_leaf_text(l, "base"));
	COPY(m, out->filter, tp_leaf_text(l, "filter"));
	COPY(m, out->name_attribute, tp_leaf_text(l, "name-attribute"));
	out->group_lookup = tp_leaf_enum(l, "group-lookup");
	COPY(m, out->group_base, tp_leaf_text(l, tp_leaf_child(l, "group-base") ? "group-base" : "base"));
	COPY(m, out->member_attribute, tp_leaf_text(l, "member-attribute"));
	out->depth = (uint8_t)tp_leaf_number(l, "depth", 5);
	out->server_s = (uint8_t)tp_leaf_number(l, "server-time", 5);
	out->time_s = (uint8_t)tp_leaf_number(l, "time-limit", 15);
	put_ldap_tls(m, out);
}

static void put_card_login(struct maker *m, struct tp_cfg_card_login *out)
{
	const struct lyd_node *c = tp_leaf_child(m->access, "certificate-login");

	out->level = tp_leaf_enum(c, "level");
	COPY(m, out->pattern, tp_leaf_text(c, "pattern"));
	COPY(m, out->format, tp_leaf_text(c, "format"));
	out->crls = tp_leaf_true(c, "use-crls");
	out->ocsp = tp_leaf_true(c, "use-ocsp");
	out->refuse_unknown = tp_leaf_enum(c, "unknown-status");
	if (tp_leaf_true(tp_leaf_child(c, "card-port"), "enabled"))
		out->port = (uint16_t)tp_leaf_number(tp_leaf_child(c, "card-port"), "port", 7444);
}

static void put_logs(const struct maker *m, struct tp_cfg_logs *out)
{
	const struct lyd_node *audit = tp_leaf_child(m->log, "audit");
	const struct lyd_node *network = tp_leaf_child(m->log, "network");

	out->warning_percent = (uint8_t)tp_leaf_number(m->log, "warning-level", 75);
	out->audit_mb = (uint16_t)tp_leaf_number(audit, "size", 256);
	out->audit_days = (uint16_t)tp_leaf_number(audit, "keep", 365);
	out->network = tp_leaf_true(network, "enabled");
	out->network_mb = (uint16_t)tp_leaf_number(network, "size", 64);
	out->network_days = (uint16_t)tp_leaf_number(network, "keep", 30);
}

static void put_consent(struct maker *m, struct tp_cfg_consent *out)
{
	const struct lyd_node *c = tp_leaf_child(m->access, "consent");

	if (!tp_leaf_true(c, "enabled"))
		return;
	COPY(m, out->title, tp_leaf_text(c, "title"));
	COPY(m, out->text, tp_leaf_text(c, "text"));
	out->required = tp_leaf_true(c, "must-acknowledge");
}

static void put_advanced(struct maker *m, struct tp_cfg_advanced *out)
{
	const struct lyd_node *a = tp_leaf_child(m->access, "advanced");
	const struct lyd_node *classification = tp_leaf_child(a, "classification");
	const struct lyd_node *lockout = tp_leaf_child(a, "lockout");

	out->enabled = tp_leaf_true(a, "enabled");
	COPY(m, out->emergency_account, tp_leaf_text(a, "emergency-account"));
	COPY(m, out->classification, tp_leaf_text(classification, "text"));
	out->colour = tp_leaf_enum(classification, "colour");
	out->lockout_failures = (uint8_t)tp_leaf_number(lockout, "failures", 3);
	out->lockout_s = tp_leaf_number(lockout, "seconds", 60);
	out->lockout_window_min = (uint16_t)tp_leaf_number(lockout, "window", 0);
}

static void fill_admin(struct maker *m, struct tp_cfg_admin *a)
{
	const struct lyd_node *web = tp_leaf_child(m->system, "web");
	const struct lyd_node *net = NULL;

	COPY(m, a->host_name, tp_leaf_text(m->system, "host-name"));
	a->role = tp_leaf_enum(m->system, "role");
	put_certificate(m, "web-server", &a->certificate_pem, &a->certificate_pem_len);
	a->key_secret = secret(m, identity(m, "web-server"), "private-key");
	a->session_idle_s = 60 * tp_leaf_number(web, "session-idle", 30);
	a->session_absolute_s = 60 * tp_leaf_number(web, "session-absolute", 720);
	a->session_max = (uint16_t)tp_leaf_number(web, "session-max", 50);
	a->session_each = (uint8_t)tp_leaf_number(tp_leaf_child(m->access, "session"), "per-account", 10);
	a->consent_count = 1;
	put_consent(m, &a->consent[0]);
	a->advanced_count = 1;
	put_advanced(m, &a->advanced[0]);
	a->api = tp_leaf_true(tp_leaf_child(m->access, "api"), "enabled");
	a->api_per_minute = (uint16_t)tp_leaf_number(tp_leaf_child(m->access, "api"), "requests", 600);
	a->session_refuse = tp_leaf_enum(tp_leaf_child(m->access, "session"), "when-full") != 0;
	a->web_tls_count = 1;
	put_policy(m, TP_TLS_SERVICE_WEB, TP_TLS_INBOUND, &a->web_tls[0]);
	a->tls_least_count = TP_TLS_SERVICES;
	for (int i = 0; i < TP_TLS_SERVICES; i++) {
		struct tp_tls_policy p;

		tp_leaf_tls_policy(m->tls, (enum tp_tls_service)i, TP_TLS_INBOUND, &p);
		a->tls_least[i].version = (uint8_t)p.least;
	}
	a->logs_count = 1;
	put_logs(m, &a->logs[0]);
	a->password_policy_count = 1;
	put_password_policy(m, &a->password_policy[0]);
	put_card_login(m, &a->card_login[0]);
	a->unused_days = (uint16_t)tp_leaf_number(tp_leaf_child(m->access, "accounts"), "disable-unused", 0);
	a->login_sources_count = 1;
	put_login_sources(m, &a->login_sources[0]);
	a->web_listeners_count = (uint32_t)tp_leaf_count(m->system, "network");
	a->web_listeners = make_array(m, a->web_listeners_count, sizeof(*a->web_listeners));
	for (uint32_t i = 0; m->err == TP_OK && (net = tp_leaf_next(m->system, "network", net));
	     i++) {
		COPY(m, a->web_listeners[i].host, tp_leaf_text(net, "address"));
		a->web_listeners[i].port = (uint16_t)tp_leaf_number(web, "port", 7443);
	}
	/* The wizard gives the first address; before it there is none. */
	a->set_up = a->web_listeners_count > 0;
}

/* --------------------------------------------------------------------------- sip */

static void fill_networks(struct maker *m, struct tp_cfg_network **list, uint32_t *count)
{
	const struct lyd_node *net = NULL;

	*count = (uint32_t)tp_leaf_count(m->system, "network");
	*list = make_array(m, *count, sizeof(**list));
	for (uint32_t i = 0;
	     *list && m->err == TP_OK && (net = tp_leaf_next(m->system, "network", net)); i++) {
		struct tp_cfg_network *n = &(*list)[i];

		COPY(m, n->name, tp_leaf_text(net, "name"));
		n->address = tp_leaf_addr(net, "address", 0);
		n->advertised = tp_leaf_addr(net, "advertised-address", 0);
	}
}

static void fill_listeners(struct maker *m, struct tp_cfg_sip *s)
{
	enum { KINDS = 4 };
	static const struct {
		const char *name;
		uint8_t transport; /* enum tp_transport */
	} kinds[KINDS] = {{"udp", 0}, {"tcp", 1}, {"tls", 2}, {"mutual-tls", 2}};
	const struct lyd_node *net = NULL;

	s->listeners = make_array(m, KINDS * (size_t)s->networks_count, sizeof(*s->listeners));
	while (m->err == TP_OK && (net = tp_leaf_next(m->system, "network", net))) {
		for (size_t k = 0; k < KINDS; k++) {
			const struct lyd_node *transport = tp_leaf_child(m->sip, kinds[k].name);
			struct tp_cfg_listener *l = &s->listeners[s->listeners_count];

			if (!tp_leaf_true(transport, "enabled"))
				continue;
			l->transport = kinds[k].transport;
			l->mutual = k == KINDS - 1;
			l->address = tp_leaf_addr(net, "address",
						  (uint16_t)tp_leaf_number(transport, "port", 0));
			COPY(m, l->network, tp_leaf_text(net, "name"));
			s->listeners_count++;
		}
	}
}

/* The same for a name in every revision, but for the rare two names that collide:
 * then the later one in the list takes the next free number. */
static uint32_t fresh_zone_id(const struct tp_cfg_sip *s, uint32_t made, const char *name)
{
	uint32_t id = 2166136261u;

	for (const char *p = name; *p; p++)
		id = (id ^ (unsigned char)*p) * 16777619u;
	for (;; id++) {
		bool taken = id == 0;

		for (uint32_t i = 0; i < made && !taken; i++)
			taken = s->zones[i].id == id;
		if (!taken)
			return id;
	}
}

static uint32_t zone_id(const struct tp_cfg_sip *s, const char *name)
{
	for (uint32_t i = 0; i < s->zones_count; i++) {
		if (!strcmp(s->zones[i].name, name))
			return s->zones[i].id;
	}
	return 0;
}

static uint16_t peer_port(const struct tp_cfg_zone *z)
{
	if (z->type == TP_ZONE_TRAVERSAL_CLIENT)
		return TRAVERSAL_PORT;
	return z->transport == TP_TRANSPORT_TLS ? SIPS_PORT : SIP_PORT;
}

static void fill_peers(struct maker *m, const struct lyd_node *zone, struct tp_cfg_zone *z)
{
	const struct lyd_node *peer = NULL;

	z->peers_count = (uint32_t)tp_leaf_count(zone, "peer");
	z->peers = make_array(m, z->peers_count, sizeof(*z->peers));
	for (uint32_t i = 0; m->err == TP_OK && (peer = tp_leaf_next(zone, "peer", peer)); i++) {
		COPY(m, z->peers[i].host, tp_leaf_text(peer, "address"));
		z->peers[i].port = (uint16_t)tp_leaf_number(peer, "port", peer_port(z));
	}
}

static struct tp_addr listen_address(const struct maker *m, const struct lyd_node *zone)
{
	const char *name = tp_leaf_text(zone, "network");
	uint16_t port = (uint16_t)tp_leaf_number(zone, "listen-port", TRAVERSAL_PORT);
	const struct lyd_node *net = NULL;

	while ((net = tp_leaf_next(m->system, "network", net))) {
		if (!name[0] || !strcmp(name, tp_leaf_text(net, "name")))
			return tp_leaf_addr(net, "address", port);
	}
	return (struct tp_addr){0};
}

static void fill_zone(struct maker *m, const struct lyd_node *zone, struct tp_cfg_zone *z)
{
	COPY(m, z->name, tp_leaf_text(zone, "name"));
	z->type = (uint8_t)(tp_leaf_enum(zone, "type") + TP_ZONE_TRAVERSAL_CLIENT);
	z->enabled = tp_leaf_true(zone, "enabled");
	z->transport = tp_leaf_enum(zone, "transport");
	fill_peers(m, zone, z);
	if (z->type == TP_ZONE_TRAVERSAL_SERVER)
		z->listen = listen_address(m, zone);
	COPY(m, z->network, tp_leaf_text(zone, "network"));
	COPY(m, z->verify_name, tp_leaf_text(zone, "verify-name"));
	COPY(m, z->user, tp_leaf_text(zone, "user"));
	z->password_secret = secret(m, zone, "password");
	z->encryption = tp_leaf_enum(zone, "media-encryption");
	z->authentication = tp_leaf_enum(zone, "authentication");
	z->hop_count = (uint8_t)tp_leaf_number(zone, "hop-count", 15);
	z->retry_s = (uint16_t)tp_leaf_number(zone, "retry-interval", 5);
	z->keepalive_s = (uint16_t)tp_leaf_number(zone, "keepalive-interval", NEIGHBOR_KEEPALIVE_S);
	z->monitor = tp_leaf_true(zone, "monitor");
	z->tls_verify = z->type != TP_ZONE_NEIGHBOR || tp_leaf_true(zone, "tls-verify");
	z->media_nat = tp_leaf_true(zone, "media-nat");
	z->cn_names = tp_leaf_true(zone, "cn-names");
	z->revocation_unknown = tp_leaf_enum(zone, "revocation-unknown");
	z->client_identity = client_identity(m, zone);
}

static void fill_zones(struct maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *zone = NULL;

	s->zones_count = (uint32_t)tp_leaf_count(m->zones, "zone");
	s->zones = make_array(m, s->zones_count, sizeof(*s->zones));
	for (uint32_t i = 0; m->err == TP_OK && (zone = tp_leaf_next(m->zones, "zone", zone));
	     i++) {
		s->zones[i].id = fresh_zone_id(s, i, tp_leaf_text(zone, "name"));
		fill_zone(m, zone, &s->zones[i]);
	}
}

static int by_priority(const void *a, const void *b)
{
	const struct tp_cfg_rule *x = a;
	const struct tp_cfg_rule *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void fill_rules(struct maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *rule = NULL;

	s->rules_count = (uint32_t)tp_leaf_count(m->search, "rule");
	s->rules = make_array(m, s->rules_count, sizeof(*s->rules));
	for (uint32_t i = 0; m->err == TP_OK && (rule = tp_leaf_next(m->search, "rule", rule));
	     i++) {
		struct tp_cfg_rule *r = &s->rules[i];

		COPY(m, r->name, tp_leaf_text(rule, "name"));
		r->priority = (uint16_t)tp_leaf_number(rule, "priority", 100);
		r->enabled = tp_leaf_true(rule, "enabled");
		r->source = tp_leaf_enum(rule, "source");
		r->source_zone = zone_id(s, tp_leaf_text(rule, "source-zone"));
		r->authenticated_only = tp_leaf_true(rule, "authenticated-only");
		r->match = tp_leaf_enum(rule, "match");
		COPY(m, r->pattern, tp_leaf_text(rule, "pattern"));
		r->behavior = tp_leaf_enum(rule, "behavior");
		COPY(m, r->replacement, tp_leaf_text(rule, "replacement"));
		r->stop = tp_leaf_enum(rule, "on-match") == 1;
		r->target = tp_leaf_enum(rule, "target");
		r->target_zone = zone_id(s, tp_leaf_text(rule, "target-zone"));
	}
	if (m->err == TP_OK && s->rules_count)
		qsort(s->rules, s->rules_count, sizeof(*s->rules), by_priority);
}

static void fill_registrar(struct maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *registrar = tp_leaf_child(m->sip, "registrar");
	const struct lyd_node *at = NULL;

	COPY(m, s->realm, tp_leaf_text(registrar, "realm"));
	s->expires_min_s = tp_leaf_number(registrar, "expires-min", 60);
	s->expires_max_s = tp_leaf_number(registrar, "expires-max", 3600);
	s->registration_nat = tp_leaf_true(registrar, "nat");
	s->domains_count = (uint32_t)tp_leaf_count(registrar, "domain");
	s->domains = make_array(m, s->domains_count, sizeof(*s->domains));
	for (uint32_t i = 0; m->err == TP_OK && (at = tp_leaf_next(registrar, "domain", at)); i++)
		COPY(m, s->domains[i].value, lyd_get_value(at));
	s->accounts_count = (uint32_t)tp_leaf_count(registrar, "account");
	s->accounts = make_array(m, s->accounts_count, sizeof(*s->accounts));
	at = NULL;
	for (uint32_t i = 0; m->err == TP_OK && (at = tp_leaf_next(registrar, "account", at));
	     i++) {
		COPY(m, s->accounts[i].name, tp_leaf_text(at, "name"));
		s->accounts[i].password_secret = secret(m, at, "password");
		s->accounts[i].encryption = tp_leaf_enum(at, "media-encryption");
	}
}

/* An authority without a chosen use is trusted for all but people, who are many CAs' business. */
static bool is_for(const struct lyd_node *ca, const char *use)
{
	const struct lyd_node *at = NULL;

	while ((at = tp_leaf_next(ca, "use", at))) {
		if (!strcmp(lyd_get_value(at), use))
			return true;
	}
	return tp_leaf_count(ca, "use") == 0 && strcmp(use, "web-login") != 0;
}

/* The authorities trusted for a use in one text; freed by the caller. */
static char *trusted_pem(struct maker *m, const char *use, uint32_t *len)
{
	const struct lyd_node *ca = NULL;
	char *text = malloc(TRUSTED_MAX);
	struct tp_wr wr;

	if (!text) {
		m->err = TP_NOMEM;
		return NULL;
	}
	tp_wr_init(&wr, text, TRUSTED_MAX);
	while ((ca = tp_leaf_next(m->tls, "trusted-ca", ca))) {
		if (!is_for(ca, use))
			continue;
		tp_wr_text(&wr, tp_leaf_text(ca, "certificate"));
		tp_wr_text(&wr, "\n");
		/* The others have lists of their own (tls/revocation). */
		if (!strcmp(use, "ldap")) {
			tp_wr_text(&wr, tp_leaf_text(ca, "crl"));
			tp_wr_text(&wr, "\n");
		}
	}
	if (wr.err != TP_OK) {
		m->err = wr.err;
		m->trust_is_too_big = true;
	}
	*len = (uint32_t)wr.len;
	return text;
}

static void fill_sip(struct maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *unknown = tp_leaf_child(m->sip, "default-zone");

	COPY(m, s->host_name, tp_leaf_text(m->system, "host-name"));
	s->role = tp_leaf_enum(m->system, "role");
	fill_identities(m, s);
	fill_client_identities(m, s);
	fill_policies(m, s);
	fill_revocation(m, s);
	fill_networks(m, &s->networks, &s->networks_count);
	fill_listeners(m, s);
	fill_zones(m, s);
	s->default_encryption = tp_leaf_enum(unknown, "media-encryption");
	s->default_authentication = tp_leaf_enum(unknown, "authentication");
	s->default_media_nat = tp_leaf_true(unknown, "media-nat");
	fill_rules(m, s);
	fill_registrar(m, s);
	s->calls_max = tp_leaf_number(m->sip, "calls-max", 500);
	s->call_silence_s = tp_leaf_number(m->sip, "media-silence", 900);
	s->hop_rtp_port = (uint16_t)tp_leaf_number(m->media, "hop-rtp-port", 36000);
	s->hop_rtcp_port = (uint16_t)tp_leaf_number(m->media, "hop-rtcp-port", 36001);
}

/* ------------------------------------------------------------------------- media */

static void fill_media(struct maker *m, struct tp_cfg_media *media)
{
	media->role = tp_leaf_enum(m->system, "role");
	media->port_first = (uint16_t)tp_leaf_number(m->media, "port-first", 36002);
	media->port_last = (uint16_t)tp_leaf_number(m->media, "port-last", 59999);
	media->hop_rtp_port = (uint16_t)tp_leaf_number(m->media, "hop-rtp-port", 36000);
	media->hop_rtcp_port = (uint16_t)tp_leaf_number(m->media, "hop-rtcp-port", 36001);
	fill_networks(m, &media->networks, &media->networks_count);
	media->sessions_max = tp_leaf_number(m->media, "sessions-max", 1000);
	media->dscp = (uint8_t)tp_leaf_number(m->media, "dscp", 46);
}

/* ------------------------------------------------------------------------- whole */

static void write_admin(struct tp_wr *wr, const void *record)
{
	tp_cfg_admin_write(wr, record);
}
static void write_sip(struct tp_wr *wr, const void *record)
{
	tp_cfg_sip_write(wr, record);
}
static void write_media(struct tp_wr *wr, const void *record)
{
	tp_cfg_media_write(wr, record);
}

static void finish(struct maker *m, void (*write)(struct tp_wr *, const void *), const void *record,
		   int *fd)
{
	if (m->err == TP_OK)
		m->err = tp_slice_writer_finish(m->writer, write, record, fd);
	tp_slice_writer_free(&m->writer);
}

static void begin(struct maker *m, enum tp_process process, uint64_t revision)
{
	if (m->err == TP_OK)
		m->err = tp_slice_writer_new((uint8_t)process, revision, &m->writer);
}

static void make_admin(struct maker *m, uint64_t revision, int *fd)
{
	struct tp_cfg_admin *a = make_array(m, 1, sizeof(*a));
	char *trusted = NULL, *ldap_trusted = NULL;

	begin(m, TP_PROCESS_ADMIN, revision);
	if (m->err == TP_OK) {
		a->card_login_count = 1;
		trusted = trusted_pem(m, "web-login", &a->card_login[0].trusted_pem_len);
		a->card_login[0].trusted_pem = (const uint8_t *)trusted;
		a->ldap_count = 1;
		ldap_trusted = trusted_pem(m, "ldap", &a->ldap[0].trusted_pem_len);
		a->ldap[0].trusted_pem = (const uint8_t *)ldap_trusted;
		put_ldap(m, &a->ldap[0]);
		fill_admin(m, a);
	}
	finish(m, write_admin, a, fd);
	if (a)
		tp_cfg_admin_fini(a);
	free(a);
	free(trusted);
	free(ldap_trusted);
}

static void make_sip(struct maker *m, uint64_t revision, int *fd)
{
	struct tp_cfg_sip *s = make_array(m, 1, sizeof(*s));
	char *trusted = NULL, *link_trusted = NULL;

	begin(m, TP_PROCESS_SIP, revision);
	if (m->err == TP_OK) {
		trusted = trusted_pem(m, "sip", &s->trusted_pem_len);
		s->trusted_pem = (const uint8_t *)trusted;
		link_trusted = trusted_pem(m, "traversal", &s->link_trusted_pem_len);
		s->link_trusted_pem = (const uint8_t *)link_trusted;
		fill_sip(m, s);
	}
	finish(m, write_sip, s, fd);
	if (s)
		tp_cfg_sip_fini(s);
	free(s);
	free(trusted);
	free(link_trusted);
}

static void make_media(struct maker *m, uint64_t revision, int *fd)
{
	struct tp_cfg_media *media = make_array(m, 1, sizeof(*media));

	begin(m, TP_PROCESS_MEDIA, revision);
	if (m->err == TP_OK)
		fill_media(m, media);
	finish(m, write_media, media, fd);
	if (media)
		tp_cfg_media_fini(media);
	free(media);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

enum tp_err tp_tree_make_slices(const struct tp_tree *tree, uint64_t revision,
				struct tp_slice_fds *out, struct tp_diag *diag)
{
	struct tp_slice_fds fds = {-1, -1, -1};
	struct maker m = {.tree = tree, .err = TP_OK};

	m.system = tp_leaf_top(tree, "system");
	m.tls = tp_leaf_top(tree, "tls");
	m.sip = tp_leaf_top(tree, "sip");
	m.zones = tp_leaf_top(tree, "zones");
	m.search = tp_leaf_top(tree, "search");
	m.media = tp_leaf_top(tree, "media");
	m.access = tp_leaf_top(tree, "access");
	m.log = tp_leaf_top(tree, "log");
	make_admin(&m, revision, &fds.admin);
	make_sip(&m, revision, &fds.sip);
	make_media(&m, revision, &fds.media);
	if (m.err != TP_OK) {
		close_fd(&fds.admin);
		close_fd(&fds.sip);
		close_fd(&fds.media);
		if (m.trust_is_too_big)
			return tp_fail(diag, m.err, "/turnpike-tls:tls/trusted-ca",
				       "The trusted CAs are more than 1 MiB in PEM form: delete those "
				       "that are not needed.");
		return tp_fail(
			diag, m.err, "",
			"The configuration does not fit into what the processes can take (%s).",
			tp_err_name(m.err));
	}
	*out = fds;
	return TP_OK;
}

enum tp_err tp_tree_card_login(const struct tp_tree *tree, struct tp_cfg_card_login *out, char **trusted)
{
	struct maker m = {
		.tree = tree,
		.tls = tp_leaf_top(tree, "tls"),
		.access = tp_leaf_top(tree, "access"),
	};
	struct tp_cfg_card_login made = {0};
	char *pem = trusted_pem(&m, "web-login", &made.trusted_pem_len);

	made.trusted_pem = (const uint8_t *)pem;
	put_card_login(&m, &made);
	if (m.err != TP_OK) {
		free(pem);
		return m.err;
	}
	*out = made;
	*trusted = pem;
	return TP_OK;
}

enum tp_err tp_tree_remote_login(const struct tp_tree *tree, struct tp_cfg_admin *out, char **trusted)
{
	struct maker m = {
		.tree = tree,
		.tls = tp_leaf_top(tree, "tls"),
		.access = tp_leaf_top(tree, "access"),
	};
	char *pem;

	memset(out, 0, sizeof(*out));
	pem = trusted_pem(&m, "ldap", &out->ldap[0].trusted_pem_len);
	out->ldap[0].trusted_pem = (const uint8_t *)pem;
	out->login_sources_count = 1;
	put_login_sources(&m, &out->login_sources[0]);
	out->ldap_count = 1;
	put_ldap(&m, &out->ldap[0]);
	if (m.err != TP_OK) {
		tp_cfg_admin_fini(out);
		free(pem);
		return m.err;
	}
	*trusted = pem;
	return TP_OK;
}

void tp_tree_advanced(const struct tp_tree *tree, struct tp_advanced_ground *out)
{
	struct maker m = { .tree = tree, .access = tp_leaf_top(tree, "access") };
	const struct lyd_node *group = NULL;

	memset(out, 0, sizeof(*out));
	put_advanced(&m, &out->settings);
	out->source = tp_leaf_enum(tp_leaf_child(m.access, "login"), "source");
	out->by_card = !strcmp(tp_leaf_text(tp_leaf_child(m.access, "certificate-login"), "level"), "authentication");
	while ((group = tp_leaf_next(m.access, "group", group)))
		out->administrators |= !strcmp(tp_leaf_text(group, "level"), "read-write") &&
				       tp_leaf_true(group, "web");
}
