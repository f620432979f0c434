/* Building one configuration revision: decode, compile, open. Runs in turnpike-sip. */
#include "sip/config/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sip/revocation/revocation.h"

#include "tls/services.h"

enum { ACCOUNTS_MAX = 10000 };

static void lower(char *dst, size_t size, const char *src)
{
	size_t i;

	for (i = 0; src[i] && i + 1 < size; i++)
		dst[i] = (char)tolower((unsigned char)src[i]);
	dst[i] = 0;
}

static enum tp_err index_accounts(struct tp_sip *sip, struct tp_sip_config *c)
{
	size_t count = c->cfg.accounts_count;

	tp_map_init(&c->accounts, sip->seed, ACCOUNTS_MAX);
	c->account_rows = calloc(count ? count : 1, sizeof(*c->account_rows));
	if (!c->account_rows)
		return TP_NOMEM;
	for (size_t i = 0; i < count; i++) {
		struct tp_sip_account *row = &c->account_rows[i];
		enum tp_err err;

		row->cfg = &c->cfg.accounts[i];
		lower(row->key, sizeof(row->key), row->cfg->name);
		err = tp_map_put(&c->accounts, &row->node, row->key, strlen(row->key));
		if (err != TP_OK && err != TP_EXISTS)
			return err;
	}
	return TP_OK;
}

/* ------------------------------------------------------------------- TLS */

static bool same_secret(const struct tp_secret *a, const struct tp_secret *b)
{
	if (!a || !b)
		return a == b;
	return a->len == b->len && tp_equal_constant_time(a->bytes, b->bytes, a->len);
}

static bool same_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool same_policy(const struct tp_cfg_tls_policy *a, const struct tp_cfg_tls_policy *b)
{
	return a->least == b->least && !strcmp(a->ciphers, b->ciphers) &&
	       !strcmp(a->ciphersuites, b->ciphersuites) && !strcmp(a->groups, b->groups);
}

static bool same_one(const struct tp_sip_config *a, const struct tp_cfg_identity *x,
		     const struct tp_sip_config *b, const struct tp_cfg_identity *y)
{
	return same_bytes(x->certificate_pem, x->certificate_pem_len, y->certificate_pem,
			  y->certificate_pem_len) &&
	       same_secret(tp_slice_secret(a->slice, x->key_secret), tp_slice_secret(b->slice, y->key_secret));
}

/* Whether certificates, keys, policies and trusted CAs are those of the live revision, so that
 * its contexts, and the connections made with them, can stay. */
static bool same_identity(const struct tp_sip_config *a, const struct tp_sip_config *b)
{
	for (size_t i = 0; i < TP_SIP_IDENTITIES; i++)
		if (!same_one(a, &a->cfg.identities[i], b, &b->cfg.identities[i]))
			return false;
	if (a->cfg.tls_count != b->cfg.tls_count)
		return false;
	for (size_t i = 0; i < a->cfg.tls_count; i++)
		if (!same_policy(&a->cfg.tls[i], &b->cfg.tls[i]))
			return false;
	return same_bytes(a->cfg.trusted_pem, a->cfg.trusted_pem_len, b->cfg.trusted_pem,
			  b->cfg.trusted_pem_len) &&
	       same_bytes(a->cfg.link_trusted_pem, a->cfg.link_trusted_pem_len, b->cfg.link_trusted_pem,
			  b->cfg.link_trusted_pem_len);
}

static void share_contexts(struct tp_sip_config *c, const struct tp_sip_config *live)
{
	c->tls_server = tp_tls_context_ref(live->tls_server);
	c->tls_mutual = tp_tls_context_ref(live->tls_mutual);
	c->tls_link_server = tp_tls_context_ref(live->tls_link_server);
	c->tls_link_client = tp_tls_context_ref(live->tls_link_client);
	c->tls_verify = tp_tls_context_ref(live->tls_verify);
	c->tls_any = tp_tls_context_ref(live->tls_any);
}

static struct tp_span trusted_for(const struct tp_sip_config *c, enum tp_tls_service service)
{
	if (service == TP_TLS_SERVICE_TRAVERSAL)
		return (struct tp_span){ (const char *)c->cfg.link_trusted_pem, c->cfg.link_trusted_pem_len };
	return (struct tp_span){ (const char *)c->cfg.trusted_pem, c->cfg.trusted_pem_len };
}

/* One side of a service, as identities and policies are numbered. */
static enum tp_sip_identity side_of(enum tp_tls_service service, bool server)
{
	if (service == TP_TLS_SERVICE_TRAVERSAL)
		return server ? TP_SIP_IDENTITY_TRAVERSAL_SERVER : TP_SIP_IDENTITY_TRAVERSAL_CLIENT;
	return server ? TP_SIP_IDENTITY_SIP_SERVER : TP_SIP_IDENTITY_SIP_CLIENT;
}

static struct tp_tls_policy policy_from(const struct tp_cfg_tls_policy *cfg)
{
	return (struct tp_tls_policy){ (enum tp_tls_version)cfg->least, cfg->ciphers, cfg->ciphersuites,
				       cfg->groups };
}

/* The setting that an input of a context comes from. */
static void name_setting(enum tp_tls_service service, const char *where, char *path, size_t size)
{
	if (!strcmp(where, "trusted"))
		tp_text_copy(path, size, "/turnpike-tls:tls/trusted-ca");
	else if (!strcmp(where, "ciphers") || !strcmp(where, "ciphersuites") || !strcmp(where, "groups"))
		snprintf(path, size, "/turnpike-tls:tls/service/%s", tp_tls_service_info(service)->name);
	else
		tp_text_copy(path, size, "/turnpike-tls:tls");
}

/* For one side of the service: server or client. identity: NULL = the service's. */
static enum tp_err make_context(const struct tp_sip_config *c, enum tp_tls_service service, bool server,
				enum tp_tls_verify verify, const struct tp_cfg_identity *identity,
				struct tp_tls_context **out, struct tp_diag *diag)
{
	enum tp_sip_identity side = side_of(service, server);
	const struct tp_cfg_identity *shown = identity ? identity : &c->cfg.identities[side];
	struct tp_tls_policy policy = policy_from(&c->cfg.tls[side]);
	struct tp_tls_options options = {
		.server = server,
		.client = !server,
		.certificate_pem = { (const char *)shown->certificate_pem, shown->certificate_pem_len },
		.key = tp_slice_secret(c->slice, shown->key_secret),
		.trusted_pem = trusted_for(c, service),
		.revocation = c->revocation,
		.verify = verify,
		.policy = side < c->cfg.tls_count ? &policy : NULL,
	};
	char path[TP_DIAG_WHERE_MAX + 1];
	struct tp_diag inner = { 0 };
	enum tp_err err = tp_tls_context_new(&options, out, &inner);

	if (err != TP_OK) {
		name_setting(service, inner.where, path, sizeof(path));
		tp_fail(diag, err, path, "%s: %s", inner.where, inner.text);
	}
	return err;
}

static enum tp_err make_common_contexts(struct tp_sip_config *c, struct tp_diag *diag)
{
	const struct {
		enum tp_tls_service service;
		bool server;
		enum tp_tls_verify verify;
		struct tp_tls_context **out;
	} all[] = {
		{ TP_TLS_SERVICE_SIP, true, TP_TLS_VERIFY_OFF, &c->tls_server },
		{ TP_TLS_SERVICE_SIP, true, TP_TLS_VERIFY_ENFORCE, &c->tls_mutual },
		{ TP_TLS_SERVICE_TRAVERSAL, true, TP_TLS_VERIFY_REPORT, &c->tls_link_server },
		{ TP_TLS_SERVICE_TRAVERSAL, false, TP_TLS_VERIFY_REPORT, &c->tls_link_client },
		{ TP_TLS_SERVICE_SIP, false, TP_TLS_VERIFY_ENFORCE, &c->tls_verify },
		{ TP_TLS_SERVICE_SIP, false, TP_TLS_VERIFY_OFF, &c->tls_any },
	};
	enum tp_err err = TP_OK;

	for (size_t i = 0; err == TP_OK && i < sizeof(all) / sizeof(all[0]); i++)
		err = make_context(c, all[i].service, all[i].server, all[i].verify, NULL, all[i].out, diag);
	return err;
}

static const struct tp_cfg_identity *identity_of(const struct tp_sip_config *c,
						 const struct tp_cfg_zone *zone)
{
	size_t n = zone->client_identity;

	return n && n <= c->cfg.client_identities_count ? &c->cfg.client_identities[n - 1] : NULL;
}

/* The live context of a zone that dials in the same way with the same identity; NULL. */
static struct tp_tls_context *live_zone_tls(const struct tp_sip_config *c, const struct tp_cfg_zone *zone,
					    const struct tp_sip_config *live)
{
	const struct tp_cfg_zone *was = live ? tp_sip_config_zone_named(live, zone->name) : NULL;
	const struct tp_cfg_identity *x = identity_of(c, zone);
	const struct tp_cfg_identity *y = was ? identity_of(live, was) : NULL;

	if (!x || !y || was->type != zone->type || was->tls_verify != zone->tls_verify ||
	    !same_one(c, x, live, y))
		return NULL;
	return live->zone_tls[was - live->cfg.zones];
}

/* same: everything that all contexts share is that of the live revision. */
static enum tp_err make_zone_contexts(struct tp_sip_config *c, const struct tp_sip_config *live, bool same,
				      struct tp_diag *diag)
{
	enum tp_err err = TP_OK;

	c->zone_tls = calloc(c->cfg.zones_count ? c->cfg.zones_count : 1, sizeof(*c->zone_tls));
	if (!c->zone_tls)
		return TP_NOMEM;
	for (size_t i = 0; err == TP_OK && i < c->cfg.zones_count; i++) {
		const struct tp_cfg_zone *z = &c->cfg.zones[i];
		const struct tp_cfg_identity *identity = identity_of(c, z);
		struct tp_tls_context *kept = same ? live_zone_tls(c, z, live) : NULL;

		if (kept)
			c->zone_tls[i] = tp_tls_context_ref(kept);
		else if (identity && z->type == TP_ZONE_TRAVERSAL_CLIENT)
			err = make_context(c, TP_TLS_SERVICE_TRAVERSAL, false, TP_TLS_VERIFY_REPORT, identity,
					   &c->zone_tls[i], diag);
		else if (identity)
			err = make_context(c, TP_TLS_SERVICE_SIP, false,
					   z->tls_verify ? TP_TLS_VERIFY_ENFORCE : TP_TLS_VERIFY_OFF, identity,
					   &c->zone_tls[i], diag);
	}
	return err;
}

/* Without a certificate (before the wizard) there is no TLS at all. */
static enum tp_err make_contexts(struct tp_sip *sip, struct tp_sip_config *c, struct tp_diag *diag)
{
	const struct tp_sip_config *live = sip->config && sip->config->tls_server ? sip->config : NULL;
	bool same = live && same_identity(c, live);
	enum tp_err err = TP_OK;

	for (size_t i = 0; i < TP_SIP_IDENTITIES; i++)
		if (!c->cfg.identities[i].certificate_pem_len || !c->cfg.identities[i].key_secret)
			return TP_OK;
	if (same)
		share_contexts(c, live);
	else
		err = make_common_contexts(c, diag);
	return err == TP_OK ? make_zone_contexts(c, live, same, diag) : err;
}

struct tp_tls_context *tp_sip_config_dialling(const struct tp_sip_config *c, const struct tp_cfg_zone *zone)
{
	struct tp_tls_context *own = c->zone_tls ? c->zone_tls[zone - c->cfg.zones] : NULL;

	if (own)
		return own;
	if (zone->type == TP_ZONE_TRAVERSAL_CLIENT)
		return c->tls_link_client;
	return zone->tls_verify ? c->tls_verify : c->tls_any;
}

/* ------------------------------------------------------------- listeners */

const struct tp_cfg_network *tp_sip_config_network(const struct tp_sip_config *c,
						   const struct tp_addr *address)
{
	for (size_t i = 0; i < c->cfg.networks_count; i++)
		if (tp_addr_equal_ip(&c->cfg.networks[i].address, address))
			return &c->cfg.networks[i];
	return NULL;
}

static void set_advertised(const struct tp_sip_config *c, struct tp_listener_config *l)
{
	const struct tp_cfg_network *network = tp_sip_config_network(c, &l->address);

	if (network && tp_addr_is_set(&network->advertised)) {
		l->advertised = network->advertised;
		l->advertised.port = l->address.port;
	}
}

/* One listener alone, to find out which one the system refuses. */
static enum tp_err try_one(struct tp_sip *sip, const struct tp_listener_config *l, const char *path,
			   struct tp_diag *diag)
{
	struct tp_listeners *set = NULL;
	struct tp_diag inner = { 0 };
	char address[TP_ADDR_TEXT];
	enum tp_err err = tp_transport_prepare(sip->transport, l, 1, &set, &inner);

	if (err == TP_OK)
		tp_transport_discard(&set);
	else
		tp_fail(diag, err, path, "cannot listen on %s: %s",
			tp_addr_write(&l->address, address), inner.text);
	return err;
}

static enum tp_err open_listeners(struct tp_sip *sip, struct tp_sip_config *c, struct tp_diag *diag)
{
	static const char *const paths[] = { "/turnpike-sip:sip/udp/port", "/turnpike-sip:sip/tcp/port",
					     "/turnpike-sip:sip/tls/port" };
	size_t max = c->cfg.listeners_count + c->cfg.zones_count, count = 0;
	struct tp_listener_config *list = calloc(max ? max : 1, sizeof(*list));
	char path[TP_DIAG_WHERE_MAX + 1];
	struct tp_diag inner = { 0 };
	enum tp_err err;

	if (!list)
		return TP_NOMEM;
	for (size_t i = 0; i < c->cfg.listeners_count; i++) {
		const struct tp_cfg_listener *l = &c->cfg.listeners[i];

		if (l->transport == TP_TRANSPORT_TLS && !c->tls_server)
			continue;
		list[count] = (struct tp_listener_config){ .transport = l->transport, .address = l->address };
		if (l->transport == TP_TRANSPORT_TLS)
			list[count].tls = l->mutual ? c->tls_mutual : c->tls_server;
		list[count].tag = l->mutual ? TP_SIP_TAG_MUTUAL : 0;
		/* A zone may take a CN for the name: it has to be held to the CAs' constraints. */
		list[count].cn_names = l->mutual;
		list[count].unknown = l->mutual ? TP_REVOCATION_UNKNOWN_LATER : TP_REVOCATION_UNKNOWN_GLOBAL;
		set_advertised(c, &list[count++]);
	}
	for (size_t i = 0; i < c->cfg.zones_count; i++) {
		const struct tp_cfg_zone *z = &c->cfg.zones[i];

		if (z->type != TP_ZONE_TRAVERSAL_SERVER || !z->enabled || !c->tls_link_server)
			continue;
		list[count] = (struct tp_listener_config){
			.transport = TP_TRANSPORT_TLS, .address = z->listen, .tls = c->tls_link_server,
			.verify_name = z->verify_name, .cn_names = z->cn_names,
			.unknown = (enum tp_revocation_unknown)z->revocation_unknown, .tag = z->id,
			.exempt_source_cap = true,
		};
		set_advertised(c, &list[count++]);
	}
	err = tp_transport_prepare(sip->transport, list, count, &c->listeners, &inner);
	for (size_t i = 0; err != TP_OK && i < count; i++) {
		if (list[i].tag == TP_SIP_TAG_MUTUAL)
			tp_text_copy(path, sizeof(path), "/turnpike-sip:sip/mutual-tls/port");
		else if (list[i].tag)
			snprintf(path, sizeof(path), "/turnpike-zone:zones/zone[name='%s']/listen-port",
				 tp_sip_config_zone_name(c, (uint32_t)list[i].tag));
		else
			tp_text_copy(path, sizeof(path), paths[list[i].transport]);
		if (try_one(sip, &list[i], path, diag) != TP_OK)
			break;
		if (i + 1 == count)
			tp_fail(diag, err, "/turnpike-sip:sip", "%s", inner.text);
	}
	free(list);
	return err;
}

/* ------------------------------------------------------------------ whole */

static enum tp_err build(struct tp_sip *sip, struct tp_sip_config *c, struct tp_diag *diag)
{
	struct tp_rd body = c->slice->body;
	enum tp_err err = tp_cfg_sip_read(&body, &c->cfg);

	if (err == TP_OK && tp_rd_finish(&body) != TP_OK)
		err = TP_FORMAT;
	if (err != TP_OK)
		return tp_fail(diag, err, "/turnpike-sip:sip", "the slice of the configuration does not decode");
	err = index_accounts(sip, c);
	if (err == TP_OK)
		err = tp_route_new(&c->cfg, &c->route, diag);
	c->revocation = sip->revocation ? tp_sip_revocation_shared(sip->revocation) : NULL;
	if (err == TP_OK)
		err = make_contexts(sip, c, diag);
	if (err == TP_OK)
		err = open_listeners(sip, c, diag);
	return err;
}

enum tp_err tp_sip_config_new(struct tp_sip *sip, const struct tp_slice *slice,
			      struct tp_sip_config **out, struct tp_diag *diag)
{
	struct tp_sip_config *c = calloc(1, sizeof(*c));
	enum tp_err err;

	if (!c)
		return TP_NOMEM;
	c->slice = slice;
	err = build(sip, c, diag);
	if (err != TP_OK) {
		tp_sip_config_free(&c);
		return err;
	}
	*out = c;
	return TP_OK;
}

void tp_sip_config_free(struct tp_sip_config **config)
{
	struct tp_sip_config *c = *config;

	if (!c)
		return;
	tp_transport_discard(&c->listeners);
	tp_map_fini(&c->accounts);
	free(c->account_rows);
	tp_route_free(&c->route);
	tp_tls_context_unref(&c->tls_server);
	tp_tls_context_unref(&c->tls_mutual);
	tp_tls_context_unref(&c->tls_link_server);
	tp_tls_context_unref(&c->tls_link_client);
	tp_tls_context_unref(&c->tls_verify);
	tp_tls_context_unref(&c->tls_any);
	for (size_t i = 0; c->zone_tls && i < c->cfg.zones_count; i++)
		tp_tls_context_unref(&c->zone_tls[i]);
	free(c->zone_tls);
	tp_cfg_sip_fini(&c->cfg);
	free(c);
	*config = NULL;
}

/* --------------------------------------------------------------- reading */

const struct tp_cfg_zone *tp_sip_config_zone(const struct tp_sip_config *c, uint32_t id)
{
	for (size_t i = 0; i < c->cfg.zones_count; i++)
		if (c->cfg.zones[i].id == id)
			return &c->cfg.zones[i];
	return NULL;
}

const struct tp_cfg_zone *tp_sip_config_zone_named(const struct tp_sip_config *c, const char *name)
{
	for (size_t i = 0; i < c->cfg.zones_count; i++)
		if (strcmp(c->cfg.zones[i].name, name) == 0)
			return &c->cfg.zones[i];
	return NULL;
}

const char *tp_sip_config_zone_name(const struct tp_sip_config *c, uint32_t id)
{
	const struct tp_cfg_zone *zone = tp_sip_config_zone(c, id);

	if (!id)
		return "default";
	return zone ? zone->name : "?";
}

const struct tp_cfg_account *tp_sip_config_account(const struct tp_sip_config *c, const char *name)
{
	char key[128];
	struct tp_map_node *node;

	lower(key, sizeof(key), name);
	node = tp_map_find(&c->accounts, key, strlen(key));
	return node ? TP_CONTAINER(node, struct tp_sip_account, node)->cfg : NULL;
}

const struct tp_secret *tp_sip_config_password(const struct tp_sip_config *c, uint16_t number)
{
	return tp_slice_secret(c->slice, number);
}

const char *tp_sip_config_realm(const struct tp_sip_config *c)
{
	return c->cfg.realm[0] ? c->cfg.realm : c->cfg.host_name;
}

bool tp_sip_config_is_domain(const struct tp_sip_config *c, const char *host)
{
	for (size_t i = 0; i < c->cfg.domains_count; i++)
		if (strcasecmp(c->cfg.domains[i].value, host) == 0)
			return true;
	return false;
}

bool tp_sip_config_is_self(const struct tp_sip_config *c, const char *host)
{
	struct tp_addr addr;

	if (strcasecmp(c->cfg.host_name, host) == 0)
		return true;
	if (tp_addr_parse_ip(tp_span_of(host), 0, &addr) != TP_OK)
		return false;
	for (size_t i = 0; i < c->cfg.networks_count; i++)
		if (tp_addr_equal_ip(&c->cfg.networks[i].address, &addr) ||
		    tp_addr_equal_ip(&c->cfg.networks[i].advertised, &addr))
			return true;
	return false;
}
