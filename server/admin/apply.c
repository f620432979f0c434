/* How a configuration reaches the web server. Runs on turnpike-admin's main thread. */
#include "admin/apply.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

struct tp_apply {
	struct tp_server *server;
	struct tp_login *login;
	struct tp_cac *cac;
	struct tp_status *status;
	struct tp_keeper *keeper;
	struct tp_addr first;
	bool started; /* a configuration is in force since this process began */

	/* What prepare built and commit puts in force. */
	bool prepared;
	struct tp_cfg_admin cfg;
	struct tp_tls_context *tls; /* NULL: the configuration has no certificate yet */
	struct tp_tls_context *card_tls; /* NULL: no port for trying a card */
	struct tp_cac_rules *rules;
	struct tp_listeners *listeners;
	int64_t not_after_s;
	bool temporary;
};

enum tp_err tp_apply_new(struct tp_server *server, struct tp_login *login, struct tp_cac *cac,
			 struct tp_status *status, struct tp_keeper *keeper,
			 const struct tp_addr *first, struct tp_apply **out)
{
	struct tp_apply *a = calloc(1, sizeof(*a));

	if (!a)
		return TP_NOMEM;
	a->server = server;
	a->login = login;
	a->cac = cac;
	a->status = status;
	a->keeper = keeper;
	a->first = *first;
	*out = a;
	return TP_OK;
}

void tp_apply_abort(void *arg)
{
	struct tp_apply *a = arg;

	if (!a->prepared)
		return;
	a->prepared = false;
	tp_cfg_admin_fini(&a->cfg);
	tp_tls_context_unref(&a->tls);
	tp_tls_context_unref(&a->card_tls);
	tp_cac_rules_unref(&a->rules);
	tp_listeners_free(&a->listeners);
}

void tp_apply_free(struct tp_apply **a)
{
	if (!*a)
		return;
	tp_apply_abort(*a);
	free(*a);
	*a = NULL;
}

/* Whether the leaf is signed by the CA that the key helper makes (plugins/keys). */
static bool is_temporary(struct tp_span pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	char name[256] = "";

	if (leaf)
		X509_NAME_get_text_by_NID(X509_get_issuer_name(leaf), NID_commonName, name, sizeof(name));
	X509_free(leaf);
	BIO_free(bio);
	return strncmp(name, "Turnpike temporary CA", 21) == 0;
}

static enum tp_err make_tls(struct tp_apply *a, const struct tp_slice *slice, struct tp_diag *diag)
{
	const struct tp_cfg_tls_policy *cfg = &a->cfg.web_tls[0];
	const struct tp_tls_policy policy = { (enum tp_tls_version)cfg->least, cfg->ciphers,
					      cfg->ciphersuites, cfg->groups };
	const struct tp_cfg_card_login *card = a->cfg.card_login;
	struct tp_tls_options options = {
		.policy = a->cfg.web_tls_count ? &policy : NULL,
		.server = true,
		.certificate_pem = { (const char *)a->cfg.certificate_pem, a->cfg.certificate_pem_len },
		.key = tp_slice_secret(slice, a->cfg.key_secret),
		.verify = TP_TLS_VERIFY_OFF,
		.alpn = "http/1.1",
	};
	struct tp_tls_peer leaf;
	enum tp_err err;

	if (!a->cfg.certificate_pem_len)
		return TP_OK;
	/* Whoever shows no good certificate is told so by a page, not by an alert. */
	options.trusted_pem = (struct tp_span){ (const char *)card->trusted_pem, card->trusted_pem_len };
	if (a->rules->level != TP_CAC_NOT_REQUIRED)
		options.verify = TP_TLS_VERIFY_REPORT;
	err = tp_tls_context_new(&options, &a->tls, diag);
	options.verify = TP_TLS_VERIFY_REPORT;
	if (err == TP_OK && a->rules->level == TP_CAC_NOT_REQUIRED && a->rules->port)
		err = tp_tls_context_new(&options, &a->card_tls, diag);
	if (err != TP_OK)
		return err;
	if (tp_tls_peer_from_pem(options.certificate_pem, &leaf) == TP_OK) {
		a->not_after_s = leaf.not_after;
		a->temporary = is_temporary(options.certificate_pem);
	}
	return TP_OK;
}

static enum tp_err make_listeners(struct tp_apply *a, struct tp_diag *diag)
{
	struct tp_addr wanted[TP_SERVER_LISTENERS_MAX] = { a->first };
	size_t count = 1;

	if (a->cfg.set_up && a->cfg.web_listeners_count) {
		count = a->cfg.web_listeners_count;
		for (size_t i = 0; i < count; i++) {
			const struct tp_cfg_peer *at = &a->cfg.web_listeners[i];

			if (tp_addr_parse_ip(tp_span_of(at->host), at->port, &wanted[i]) != TP_OK)
				return tp_fail(diag, TP_FORMAT, "/turnpike-system:system/network",
					       "%s is not an IP address", at->host);
		}
	}
	for (size_t i = 0, ports = count; a->card_tls && i < ports && count < TP_SERVER_LISTENERS_MAX; i++) {
		wanted[count] = wanted[i];
		wanted[count++].port = a->rules->port;
	}
	/* What was good before must not keep the web interface down when an address comes
	 * up later than we do; in a new configuration the same is a mistake to be told. */
	return tp_listeners_open(a->server, wanted, count, !a->started, &a->listeners, diag);
}

enum tp_err tp_apply_prepare(void *arg, const struct tp_slice *slice, struct tp_diag *diag)
{
	struct tp_apply *a = arg;
	struct tp_rd body = slice->body;
	enum tp_err err = tp_cfg_admin_read(&body, &a->cfg);

	if (err == TP_OK && tp_rd_finish(&body) != TP_OK) {
		tp_cfg_admin_fini(&a->cfg);
		err = TP_FORMAT;
	}
	if (err != TP_OK)
		return tp_fail(diag, err, "", "the slice of turnpike-admin does not decode");
	a->prepared = true;
	a->not_after_s = 0;
	a->temporary = false;
	err = a->cfg.card_login_count ? tp_cac_rules_new(&a->cfg.card_login[0], &a->rules, diag) : TP_FORMAT;
	if (err == TP_OK)
		err = make_tls(a, slice, diag);
	if (err == TP_OK)
		err = make_listeners(a, diag);
	if (err != TP_OK)
		tp_apply_abort(a);
	return err;
}

static void configure_logs(struct tp_apply *a)
{
	const struct tp_cfg_logs *l = &a->cfg.logs[0];
	const struct tp_keeper_settings settings = {
		.audit_bytes = (uint64_t)l->audit_mb << 20,
		.audit_days = l->audit_days,
		.network = l->network,
		.network_bytes = (uint64_t)l->network_mb << 20,
		.network_days = l->network_days,
		.warn_percent = l->warning_percent,
	};

	if (a->cfg.logs_count)
		tp_keeper_configure(a->keeper, &settings);
}

void tp_apply_commit(void *arg)
{
	struct tp_apply *a = arg;

	if (!a->prepared)
		return;
	tp_login_configure(a->login, &a->cfg);
	tp_login_by_card(a->login, a->rules->level == TP_CAC_AUTHENTICATION);
	tp_server_set_card_tls(a->server, a->card_tls, a->rules->port);
	tp_cac_use(a->cac, &a->rules);
	configure_logs(a);
	tp_status_certificate(a->status, a->not_after_s, a->temporary);
	tp_status_tls_least(a->status, a->cfg.tls_least, a->cfg.tls_least_count);
	tp_status_pam(a->status, a->cfg.login_sources_count && a->cfg.login_sources[0].pam);
	if (a->tls) {
		tp_server_set_tls(a->server, a->tls);
		tp_status_web_context(a->status, a->tls);
	} else {
		TP_LOG(TP_LOG_WARN, "web.tls", "the configuration has no certificate: no browser can connect");
	}
	tp_server_listen(a->server, &a->listeners);
	a->started = true;
	tp_apply_abort(a);
}
