/* From a configuration to what turnpike-admin gets of it: the web interface, and who may come
 * in. Runs in turnpike-validate, and in turnpike-admin for what is not committed yet. */
#include <stdlib.h>
#include <string.h>

#include "ipc/messages.h"
#include "model/make_slices.h"
#include "model/maker.h"

static void put_password_policy(const struct tp_maker *m, struct tp_cfg_password_policy *out)
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

static void put_login_sources(struct tp_maker *m, struct tp_cfg_login_sources *out)
{
	const struct lyd_node *pam = tp_leaf_child(m->access, "pam");
	const struct lyd_node *at = NULL;

	out->source = tp_leaf_enum(tp_leaf_child(m->access, "login"), "source");
	out->pam = tp_leaf_true(pam, "enabled");
	out->pam_time_s = (uint8_t)tp_leaf_number(pam, "time-limit", 20);
	out->groups_count = (uint32_t)tp_leaf_count(m->access, "group");
	out->groups = tp_maker_array(m, out->groups_count, sizeof(*out->groups));
	for (uint32_t i = 0; m->err == TP_OK && (at = tp_leaf_next(m->access, "group", at)); i++) {
		TP_MAKER_COPY(m, out->groups[i].name, tp_leaf_text(at, "name"));
		out->groups[i].level = tp_leaf_enum(at, "level");
		out->groups[i].web = tp_leaf_true(at, "web");
		out->groups[i].api = tp_leaf_true(at, "api");
	}
}

/* Servers that look at certificates without need end the connection at one that they do not
 * trust, so the shared one is shown only where login is by it. */
static void put_ldap_tls(struct tp_maker *m, struct tp_cfg_ldap *out)
{
	const struct lyd_node *own = tp_maker_identity(m, "ldap-client");
	const char *key = tp_leaf_text(own, "private-key");

	out->tls_count = 1;
	tp_maker_policy(m, TP_TLS_SERVICE_LDAP, TP_TLS_OUTBOUND, &out->tls[0]);
	out->own_identity = own != tp_leaf_child(m->tls, "identity");
	if (!out->own_identity && out->bind != TP_LDAP_BIND_EXTERNAL)
		return;
	tp_maker_certificate(m, "ldap-client", &out->certificate_pem, &out->certificate_pem_len);
	out->key_sealed = (const uint8_t *)key;
	out->key_sealed_len = (uint32_t)strlen(key);
}

void tp_maker_ldap(struct tp_maker *m, struct tp_cfg_ldap *out)
{
	enum { LDAP_PORT = 389, LDAPS_PORT = 636, SERVERS = sizeof(out->servers) / sizeof(out->servers[0]) };
	const struct lyd_node *l = tp_leaf_child(m->access, "ldap");
	const struct lyd_node *at = NULL;

	out->enabled = tp_leaf_true(l, "enabled");
	out->encryption = tp_leaf_enum(l, "encryption");
	while (m->err == TP_OK && out->servers_count < SERVERS && (at = tp_leaf_next(l, "server", at))) {
		struct tp_cfg_peer *server = &out->servers[out->servers_count++];

		TP_MAKER_COPY(m, server->host, tp_leaf_text(at, "host"));
		server->port = (uint16_t)tp_leaf_number(
			at, "port", out->encryption == TP_LDAP_LDAPS ? LDAPS_PORT : LDAP_PORT);
	}
	out->crl_check = tp_leaf_enum(l, "crl-check");
	out->bind = tp_leaf_enum(l, "bind");
	TP_MAKER_COPY(m, out->bind_dn, tp_leaf_text(l, "bind-dn"));
	TP_MAKER_COPY(m, out->bind_sealed, tp_leaf_text(l, "bind-password"));
	TP_MAKER_COPY(m, out->user_dn, tp_leaf_text(l, "user-dn"));
	TP_MAKER_COPY(m, out->base, tp_leaf_text(l, "base"));
	TP_MAKER_COPY(m, out->filter, tp_leaf_text(l, "filter"));
	TP_MAKER_COPY(m, out->name_attribute, tp_leaf_text(l, "name-attribute"));
	out->group_lookup = tp_leaf_enum(l, "group-lookup");
	TP_MAKER_COPY(m, out->group_base, tp_leaf_text(l, tp_leaf_child(l, "group-base") ? "group-base" : "base"));
	TP_MAKER_COPY(m, out->member_attribute, tp_leaf_text(l, "member-attribute"));
	out->depth = (uint8_t)tp_leaf_number(l, "depth", 5);
	out->server_s = (uint8_t)tp_leaf_number(l, "server-time", 5);
	out->time_s = (uint8_t)tp_leaf_number(l, "time-limit", 15);
	put_ldap_tls(m, out);
}

static void put_card_login(struct tp_maker *m, struct tp_cfg_card_login *out)
{
	const struct lyd_node *c = tp_leaf_child(m->access, "certificate-login");

	out->level = tp_leaf_enum(c, "level");
	TP_MAKER_COPY(m, out->pattern, tp_leaf_text(c, "pattern"));
	TP_MAKER_COPY(m, out->format, tp_leaf_text(c, "format"));
	out->crls = tp_leaf_true(c, "use-crls");
	out->ocsp = tp_leaf_true(c, "use-ocsp");
	out->refuse_unknown = tp_leaf_enum(c, "unknown-status");
	if (tp_leaf_true(tp_leaf_child(c, "card-port"), "enabled"))
		out->port = (uint16_t)tp_leaf_number(tp_leaf_child(c, "card-port"), "port", 7444);
}

static void put_logs(const struct tp_maker *m, struct tp_cfg_logs *out)
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

static void put_consent(struct tp_maker *m, struct tp_cfg_consent *out)
{
	const struct lyd_node *c = tp_leaf_child(m->access, "consent");

	if (!tp_leaf_true(c, "enabled"))
		return;
	TP_MAKER_COPY(m, out->title, tp_leaf_text(c, "title"));
	TP_MAKER_COPY(m, out->text, tp_leaf_text(c, "text"));
	out->required = tp_leaf_true(c, "must-acknowledge");
}

static void put_advanced(struct tp_maker *m, struct tp_cfg_advanced *out)
{
	const struct lyd_node *a = tp_leaf_child(m->access, "advanced");
	const struct lyd_node *classification = tp_leaf_child(a, "classification");
	const struct lyd_node *lockout = tp_leaf_child(a, "lockout");

	out->enabled = tp_leaf_true(a, "enabled");
	TP_MAKER_COPY(m, out->emergency_account, tp_leaf_text(a, "emergency-account"));
	TP_MAKER_COPY(m, out->classification, tp_leaf_text(classification, "text"));
	out->colour = tp_leaf_enum(classification, "colour");
	out->lockout_failures = (uint8_t)tp_leaf_number(lockout, "failures", 3);
	out->lockout_s = tp_leaf_number(lockout, "seconds", 60);
	out->lockout_window_min = (uint16_t)tp_leaf_number(lockout, "window", 0);
}

void tp_maker_admin(struct tp_maker *m, struct tp_cfg_admin *a)
{
	const struct lyd_node *web = tp_leaf_child(m->system, "web");
	const struct lyd_node *net = NULL;

	TP_MAKER_COPY(m, a->host_name, tp_leaf_text(m->system, "host-name"));
	a->role = tp_leaf_enum(m->system, "role");
	tp_maker_certificate(m, "web-server", &a->certificate_pem, &a->certificate_pem_len);
	a->key_secret = tp_maker_secret(m, tp_maker_identity(m, "web-server"), "private-key");
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
	tp_maker_policy(m, TP_TLS_SERVICE_WEB, TP_TLS_INBOUND, &a->web_tls[0]);
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
	a->web_listeners = tp_maker_array(m, a->web_listeners_count, sizeof(*a->web_listeners));
	for (uint32_t i = 0; m->err == TP_OK && (net = tp_leaf_next(m->system, "network", net));
	     i++) {
		TP_MAKER_COPY(m, a->web_listeners[i].host, tp_leaf_text(net, "address"));
		a->web_listeners[i].port = (uint16_t)tp_leaf_number(web, "port", 7443);
	}
	/* The wizard gives the first address; before it there is none. */
	a->set_up = a->web_listeners_count > 0;
}

enum tp_err tp_tree_card_login(const struct tp_tree *tree, struct tp_cfg_card_login *out, char **trusted)
{
	struct tp_maker m = {
		.tree = tree,
		.tls = tp_leaf_top(tree, "tls"),
		.access = tp_leaf_top(tree, "access"),
	};
	struct tp_cfg_card_login made = {0};
	char *pem = tp_maker_trusted(&m, "web-login", &made.trusted_pem_len);

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
	struct tp_maker m = {
		.tree = tree,
		.tls = tp_leaf_top(tree, "tls"),
		.access = tp_leaf_top(tree, "access"),
	};
	char *pem;

	memset(out, 0, sizeof(*out));
	pem = tp_maker_trusted(&m, "ldap", &out->ldap[0].trusted_pem_len);
	out->ldap[0].trusted_pem = (const uint8_t *)pem;
	out->login_sources_count = 1;
	put_login_sources(&m, &out->login_sources[0]);
	out->ldap_count = 1;
	tp_maker_ldap(&m, &out->ldap[0]);
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
	struct tp_maker m = { .tree = tree, .access = tp_leaf_top(tree, "access") };
	const struct lyd_node *group = NULL;

	memset(out, 0, sizeof(*out));
	put_advanced(&m, &out->settings);
	out->source = tp_leaf_enum(tp_leaf_child(m.access, "login"), "source");
	out->by_card = !strcmp(tp_leaf_text(tp_leaf_child(m.access, "certificate-login"), "level"), "authentication");
	while ((group = tp_leaf_next(m.access, "group", group)))
		out->administrators |= !strcmp(tp_leaf_text(group, "level"), "read-write") &&
				       tp_leaf_true(group, "web");
}
