/* How sources outside of this appliance are asked about administrators, by the configuration.
 * Runs in turnpike-admin. */
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "admin/account/authenticate.h"
#include "core/secret.h"
#include "os/memfd.h"

void tp_auth_settings_set(struct tp_auth_settings *out, const struct tp_cfg_admin *cfg)
{
	const struct tp_cfg_login_sources *from = &cfg->login_sources[0];

	memset(out, 0, sizeof(*out));
	if (!cfg->login_sources_count)
		return;
	out->source = (enum tp_login_source)from->source;
	out->pam = from->pam;
	out->pam_time_s = from->pam_time_s;
	out->group_count = from->groups_count < TP_AUTH_GROUPS_MAX ? from->groups_count : TP_AUTH_GROUPS_MAX;
	for (size_t i = 0; i < out->group_count; i++)
		out->groups[i] = from->groups[i];
}

void tp_auth_ldap_fini(struct tp_auth_ldap *ldap)
{
	if (ldap->trusted_fd >= 0)
		close(ldap->trusted_fd);
	tp_wipe(&ldap->form, sizeof(ldap->form));
	memset(ldap->failed_ms, 0, sizeof(ldap->failed_ms));
	ldap->trusted_fd = -1;
}

/* ------------------------------------------------------------- servers that are down */

enum { FORGET_MS = 60000 };

static bool is_down(const struct tp_auth_ldap *ldap, size_t i, uint64_t now_ms)
{
	return ldap->failed_ms[i] && now_ms - ldap->failed_ms[i] < FORGET_MS;
}

void tp_auth_ldap_order(const struct tp_auth_ldap *ldap, uint64_t now_ms, struct tp_msg_ldap_ask *m)
{
	size_t n = 0;

	for (int down = 0; down < 2; down++)
		for (size_t i = 0; i < ldap->form.servers_count; i++)
			if (is_down(ldap, i, now_ms) == (down == 1))
				m->servers[n++] = ldap->form.servers[i];
	m->servers_count = ldap->form.servers_count;
}

void tp_auth_ldap_learn(struct tp_auth_ldap *ldap, uint64_t now_ms, const struct tp_msg_ldap_ask *m,
			uint8_t failed)
{
	bool answered = false;

	for (size_t i = 0; i < m->servers_count && !answered; i++) {
		size_t at = 0;

		answered = !(failed & 1u << i);
		/* Another configuration may have come meanwhile. */
		while (at < ldap->form.servers_count && (ldap->form.servers[at].port != m->servers[i].port ||
							 strcmp(ldap->form.servers[at].host, m->servers[i].host) != 0))
			at++;
		if (at < ldap->form.servers_count)
			ldap->failed_ms[at] = answered ? 0 : now_ms;
	}
}

/* ----------------------------------------------------------------------- settings */

static bool put_servers(const struct tp_cfg_ldap *cfg, struct tp_msg_ldap_ask *m)
{
	bool fits = true;

	for (; fits && m->servers_count < cfg->servers_count; m->servers_count++) {
		const struct tp_cfg_peer *from = &cfg->servers[m->servers_count];
		struct tp_msg_ldap_server *to = &m->servers[m->servers_count];

		fits = tp_text_copy(to->host, sizeof(to->host), from->host);
		to->port = from->port;
	}
	return fits;
}

static bool put_texts(const struct tp_cfg_ldap *cfg, struct tp_msg_ldap_ask *m)
{
	return tp_text_copy(m->bind_dn, sizeof(m->bind_dn), cfg->bind_dn) &&
	       tp_text_copy(m->user_dn, sizeof(m->user_dn), cfg->user_dn) &&
	       tp_text_copy(m->base, sizeof(m->base), cfg->base) &&
	       tp_text_copy(m->filter, sizeof(m->filter), cfg->filter) &&
	       tp_text_copy(m->name_attribute, sizeof(m->name_attribute), cfg->name_attribute) &&
	       tp_text_copy(m->group_base, sizeof(m->group_base), cfg->group_base) &&
	       tp_text_copy(m->member_attribute, sizeof(m->member_attribute), cfg->member_attribute);
}

static bool put_tls(const struct tp_cfg_ldap *cfg, struct tp_msg_ldap_ask *m)
{
	const struct tp_cfg_tls_policy *tls = &cfg->tls[0];

	if (!cfg->tls_count || cfg->certificate_pem_len > sizeof(m->certificate) ||
	    cfg->key_sealed_len > sizeof(m->key))
		return false;
	m->own_identity = cfg->own_identity;
	if (cfg->certificate_pem_len)
		memcpy(m->certificate, cfg->certificate_pem, cfg->certificate_pem_len);
	m->certificate_len = (uint16_t)cfg->certificate_pem_len;
	if (cfg->key_sealed_len)
		memcpy(m->key, cfg->key_sealed, cfg->key_sealed_len);
	m->key_len = (uint16_t)cfg->key_sealed_len;
	m->tls_least = tls->least;
	return tp_text_copy(m->tls_ciphers, sizeof(m->tls_ciphers), tls->ciphers) &&
	       tp_text_copy(m->tls_ciphersuites, sizeof(m->tls_ciphersuites), tls->ciphersuites) &&
	       tp_text_copy(m->tls_groups, sizeof(m->tls_groups), tls->groups);
}

enum tp_err tp_auth_ldap_set(struct tp_auth_ldap *out, const struct tp_cfg_ldap *cfg)
{
	struct tp_msg_ldap_ask *m = &out->form;
	size_t sealed = strlen(cfg->bind_sealed);

	tp_auth_ldap_fini(out);
	m->encryption = cfg->encryption;
	m->crl_check = cfg->crl_check;
	m->bind = cfg->bind;
	m->group_lookup = cfg->group_lookup;
	m->depth = cfg->depth;
	m->server_s = cfg->server_s;
	m->time_s = cfg->time_s;
	if (sealed > sizeof(m->bind_secret) || !put_servers(cfg, m) || !put_texts(cfg, m) || !put_tls(cfg, m))
		return TP_LIMIT;
	memcpy(m->bind_secret, cfg->bind_sealed, sealed);
	m->bind_secret_len = (uint16_t)sealed;
	return tp_memfd_sealed("ldap-trust", cfg->trusted_pem, cfg->trusted_pem_len, &out->trusted_fd);
}

/* ------------------------------------------------------------------------- digest */

static void add(EVP_MD_CTX *md, const char *text)
{
	(void)EVP_DigestUpdate(md, text, strlen(text) + 1);
}

uint64_t tp_auth_ldap_digest(const struct tp_auth_ldap *ldap)
{
	const struct tp_msg_ldap_ask *m = &ldap->form;
	const uint8_t numbers[] = { m->encryption, m->bind, m->group_lookup, m->depth };
	const char *const texts[] = { m->user_dn,	 m->base,	m->filter,
				      m->name_attribute, m->group_base, m->member_attribute };
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t hash[EVP_MAX_MD_SIZE] = { 0 };
	uint64_t digest;

	if (md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1) {
		(void)EVP_DigestUpdate(md, numbers, sizeof(numbers));
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			add(md, texts[i]);
		for (size_t i = 0; i < m->servers_count; i++) {
			add(md, m->servers[i].host);
			(void)EVP_DigestUpdate(md, &m->servers[i].port, sizeof(m->servers[i].port));
		}
		(void)EVP_DigestFinal_ex(md, hash, NULL);
	}
	EVP_MD_CTX_free(md);
	memcpy(&digest, hash, sizeof(digest));
	return digest;
}
