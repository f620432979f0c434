/* From a checked configuration to the records of model/slice.def; that of turnpike-admin is
 * made in make_admin.c. Runs in turnpike-validate. */
#include "model/make_slices.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/messages.h"
#include "model/maker.h"

enum {
	TRAVERSAL_PORT = 7001,
	SIP_PORT = 5060,
	SIPS_PORT = 5061,
	NEIGHBOR_KEEPALIVE_S = 60,
	CLIENT_IDENTITIES_MAX = 32, /* client_identities of slice.def */
};

static void fill_policies(struct tp_maker *m, struct tp_cfg_sip *s)
{
	s->tls_count = TP_SIP_IDENTITIES;
	tp_maker_policy(m, TP_TLS_SERVICE_SIP, TP_TLS_INBOUND, &s->tls[TP_SIP_IDENTITY_SIP_SERVER]);
	tp_maker_policy(m, TP_TLS_SERVICE_SIP, TP_TLS_OUTBOUND, &s->tls[TP_SIP_IDENTITY_SIP_CLIENT]);
	tp_maker_policy(m, TP_TLS_SERVICE_TRAVERSAL, TP_TLS_INBOUND,
			&s->tls[TP_SIP_IDENTITY_TRAVERSAL_SERVER]);
	tp_maker_policy(m, TP_TLS_SERVICE_TRAVERSAL, TP_TLS_OUTBOUND,
			&s->tls[TP_SIP_IDENTITY_TRAVERSAL_CLIENT]);
}

static void fill_revocation(const struct tp_maker *m, struct tp_cfg_sip *s)
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

static void fill_identities(struct tp_maker *m, struct tp_cfg_sip *s)
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

		tp_maker_certificate(m, ids[i], &to->certificate_pem, &to->certificate_pem_len);
		to->key_secret = tp_maker_secret(m, tp_maker_identity(m, ids[i]), "private-key");
	}
}

static void fill_client_identities(struct tp_maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *all = tp_leaf_child(m->tls, "identities");
	const struct lyd_node *at = NULL;

	while (m->err == TP_OK && (at = tp_leaf_next(all, "client-identity", at))) {
		const char *pem = tp_leaf_text(at, "certificate");
		struct tp_cfg_identity *to;

		if (s->client_identities_count == CLIENT_IDENTITIES_MAX) {
			m->err = TP_LIMIT;
			return;
		}
		to = &s->client_identities[s->client_identities_count++];
		to->certificate_pem = (const uint8_t *)pem;
		to->certificate_pem_len = (uint32_t)strlen(pem);
		to->key_secret = tp_maker_secret(m, at, "private-key");
	}
}

/* 0: the zone names none. */
static uint8_t client_identity(const struct tp_maker *m, const struct lyd_node *zone)
{
	const char *name = tp_leaf_text(zone, "client-identity");
	const struct lyd_node *all = tp_leaf_child(m->tls, "identities");
	const struct lyd_node *at = NULL;

	for (uint8_t i = 1; name[0] && (at = tp_leaf_next(all, "client-identity", at)); i++)
		if (!strcmp(tp_leaf_text(at, "name"), name))
			return i;
	return 0;
}

/* --------------------------------------------------------------------------- sip */

static void fill_networks(struct tp_maker *m, struct tp_cfg_network **list, uint32_t *count)
{
	const struct lyd_node *net = NULL;

	*count = (uint32_t)tp_leaf_count(m->system, "network");
	*list = tp_maker_array(m, *count, sizeof(**list));
	for (uint32_t i = 0;
	     *list && m->err == TP_OK && (net = tp_leaf_next(m->system, "network", net)); i++) {
		struct tp_cfg_network *n = &(*list)[i];

		TP_MAKER_COPY(m, n->name, tp_leaf_text(net, "name"));
		n->address = tp_leaf_addr(net, "address", 0);
		n->advertised = tp_leaf_addr(net, "advertised-address", 0);
	}
}

static void fill_listeners(struct tp_maker *m, struct tp_cfg_sip *s)
{
	enum { KINDS = 4 };
	static const struct {
		const char *name;
		uint8_t transport; /* enum tp_transport */
	} kinds[KINDS] = {{"udp", 0}, {"tcp", 1}, {"tls", 2}, {"mutual-tls", 2}};
	const struct lyd_node *net = NULL;

	s->listeners = tp_maker_array(m, KINDS * (size_t)s->networks_count, sizeof(*s->listeners));
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
			TP_MAKER_COPY(m, l->network, tp_leaf_text(net, "name"));
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

static void fill_peers(struct tp_maker *m, const struct lyd_node *zone, struct tp_cfg_zone *z)
{
	const struct lyd_node *peer = NULL;

	z->peers_count = (uint32_t)tp_leaf_count(zone, "peer");
	z->peers = tp_maker_array(m, z->peers_count, sizeof(*z->peers));
	for (uint32_t i = 0; m->err == TP_OK && (peer = tp_leaf_next(zone, "peer", peer)); i++) {
		TP_MAKER_COPY(m, z->peers[i].host, tp_leaf_text(peer, "address"));
		z->peers[i].port = (uint16_t)tp_leaf_number(peer, "port", peer_port(z));
	}
}

static struct tp_addr listen_address(const struct tp_maker *m, const struct lyd_node *zone)
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

static void fill_zone(struct tp_maker *m, const struct lyd_node *zone, struct tp_cfg_zone *z)
{
	TP_MAKER_COPY(m, z->name, tp_leaf_text(zone, "name"));
	z->type = (uint8_t)(tp_leaf_enum(zone, "type") + TP_ZONE_TRAVERSAL_CLIENT);
	z->enabled = tp_leaf_true(zone, "enabled");
	z->transport = tp_leaf_enum(zone, "transport");
	fill_peers(m, zone, z);
	if (z->type == TP_ZONE_TRAVERSAL_SERVER)
		z->listen = listen_address(m, zone);
	TP_MAKER_COPY(m, z->network, tp_leaf_text(zone, "network"));
	TP_MAKER_COPY(m, z->verify_name, tp_leaf_text(zone, "verify-name"));
	TP_MAKER_COPY(m, z->user, tp_leaf_text(zone, "user"));
	z->password_secret = tp_maker_secret(m, zone, "password");
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

static void fill_zones(struct tp_maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *zone = NULL;

	s->zones_count = (uint32_t)tp_leaf_count(m->zones, "zone");
	s->zones = tp_maker_array(m, s->zones_count, sizeof(*s->zones));
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

static void fill_rules(struct tp_maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *rule = NULL;

	s->rules_count = (uint32_t)tp_leaf_count(m->search, "rule");
	s->rules = tp_maker_array(m, s->rules_count, sizeof(*s->rules));
	for (uint32_t i = 0; m->err == TP_OK && (rule = tp_leaf_next(m->search, "rule", rule));
	     i++) {
		struct tp_cfg_rule *r = &s->rules[i];

		TP_MAKER_COPY(m, r->name, tp_leaf_text(rule, "name"));
		r->priority = (uint16_t)tp_leaf_number(rule, "priority", 100);
		r->enabled = tp_leaf_true(rule, "enabled");
		r->source = tp_leaf_enum(rule, "source");
		r->source_zone = zone_id(s, tp_leaf_text(rule, "source-zone"));
		r->authenticated_only = tp_leaf_true(rule, "authenticated-only");
		r->match = tp_leaf_enum(rule, "match");
		TP_MAKER_COPY(m, r->pattern, tp_leaf_text(rule, "pattern"));
		r->behavior = tp_leaf_enum(rule, "behavior");
		TP_MAKER_COPY(m, r->replacement, tp_leaf_text(rule, "replacement"));
		r->stop = tp_leaf_enum(rule, "on-match") == 1;
		r->target = tp_leaf_enum(rule, "target");
		r->target_zone = zone_id(s, tp_leaf_text(rule, "target-zone"));
	}
	if (m->err == TP_OK && s->rules_count)
		qsort(s->rules, s->rules_count, sizeof(*s->rules), by_priority);
}

static void fill_registrar(struct tp_maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *registrar = tp_leaf_child(m->sip, "registrar");
	const struct lyd_node *at = NULL;

	TP_MAKER_COPY(m, s->realm, tp_leaf_text(registrar, "realm"));
	s->expires_min_s = tp_leaf_number(registrar, "expires-min", 60);
	s->expires_max_s = tp_leaf_number(registrar, "expires-max", 3600);
	s->registration_nat = tp_leaf_true(registrar, "nat");
	s->domains_count = (uint32_t)tp_leaf_count(registrar, "domain");
	s->domains = tp_maker_array(m, s->domains_count, sizeof(*s->domains));
	for (uint32_t i = 0; m->err == TP_OK && (at = tp_leaf_next(registrar, "domain", at)); i++)
		TP_MAKER_COPY(m, s->domains[i].value, lyd_get_value(at));
	s->accounts_count = (uint32_t)tp_leaf_count(registrar, "account");
	s->accounts = tp_maker_array(m, s->accounts_count, sizeof(*s->accounts));
	at = NULL;
	for (uint32_t i = 0; m->err == TP_OK && (at = tp_leaf_next(registrar, "account", at));
	     i++) {
		TP_MAKER_COPY(m, s->accounts[i].name, tp_leaf_text(at, "name"));
		s->accounts[i].password_secret = tp_maker_secret(m, at, "password");
		s->accounts[i].encryption = tp_leaf_enum(at, "media-encryption");
	}
}

static void fill_sip(struct tp_maker *m, struct tp_cfg_sip *s)
{
	const struct lyd_node *unknown = tp_leaf_child(m->sip, "default-zone");

	TP_MAKER_COPY(m, s->host_name, tp_leaf_text(m->system, "host-name"));
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

static void fill_media(struct tp_maker *m, struct tp_cfg_media *media)
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

static void finish(struct tp_maker *m, void (*write)(struct tp_wr *, const void *), const void *record,
		   int *fd)
{
	if (m->err == TP_OK)
		m->err = tp_slice_writer_finish(m->writer, write, record, fd);
	tp_slice_writer_free(&m->writer);
}

static void begin(struct tp_maker *m, enum tp_process process, uint64_t revision)
{
	if (m->err == TP_OK)
		m->err = tp_slice_writer_new((uint8_t)process, revision, &m->writer);
}

static void make_admin(struct tp_maker *m, uint64_t revision, int *fd)
{
	struct tp_cfg_admin *a = tp_maker_array(m, 1, sizeof(*a));
	char *trusted = NULL, *ldap_trusted = NULL;

	begin(m, TP_PROCESS_ADMIN, revision);
	if (m->err == TP_OK) {
		a->card_login_count = 1;
		trusted = tp_maker_trusted(m, "web-login", &a->card_login[0].trusted_pem_len);
		a->card_login[0].trusted_pem = (const uint8_t *)trusted;
		a->ldap_count = 1;
		ldap_trusted = tp_maker_trusted(m, "ldap", &a->ldap[0].trusted_pem_len);
		a->ldap[0].trusted_pem = (const uint8_t *)ldap_trusted;
		tp_maker_ldap(m, &a->ldap[0]);
		tp_maker_admin(m, a);
	}
	finish(m, write_admin, a, fd);
	if (a)
		tp_cfg_admin_fini(a);
	free(a);
	free(trusted);
	free(ldap_trusted);
}

static void make_sip(struct tp_maker *m, uint64_t revision, int *fd)
{
	struct tp_cfg_sip *s = tp_maker_array(m, 1, sizeof(*s));
	char *trusted = NULL, *link_trusted = NULL;

	begin(m, TP_PROCESS_SIP, revision);
	if (m->err == TP_OK) {
		trusted = tp_maker_trusted(m, "sip", &s->trusted_pem_len);
		s->trusted_pem = (const uint8_t *)trusted;
		link_trusted = tp_maker_trusted(m, "traversal", &s->link_trusted_pem_len);
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

static void make_media(struct tp_maker *m, uint64_t revision, int *fd)
{
	struct tp_cfg_media *media = tp_maker_array(m, 1, sizeof(*media));

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
	struct tp_maker m = {.tree = tree, .err = TP_OK};

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
