/* What the settings of certificate login say about a certificate. Runs in turnpike-admin. */
#include "admin/cac/rules.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/cac/text.h"
#include "tls/check.h"

#define SETTINGS "/turnpike-access:access/certificate-login/"

static enum tp_err read_anchors(const struct tp_cfg_card_login *cfg, STACK_OF(X509) **out,
				struct tp_diag *diag)
{
	struct tp_span pem = { (const char *)cfg->trusted_pem, cfg->trusted_pem_len };
	enum tp_err err;

	if (!pem.len)
		return TP_OK;
	err = tp_tls_check_read(pem, TP_TLS_TRUSTED_MAX, out, NULL, diag);
	return err == TP_OK ? TP_OK : tp_fail(diag, TP_FORMAT, "/turnpike-tls:tls/trusted-ca",
					      "A CA that is trusted for web login cannot be read.");
}

enum tp_err tp_cac_rules_new(const struct tp_cfg_card_login *cfg, struct tp_cac_rules **out,
			     struct tp_diag *diag)
{
	struct tp_cac_rules *r = calloc(1, sizeof(*r));
	struct tp_diag why = { "", "" };
	enum tp_err err;

	if (!r)
		return TP_NOMEM;
	atomic_init(&r->refs, 1);
	r->level = (enum tp_cac_level)cfg->level;
	r->crls = cfg->crls;
	r->ocsp = cfg->ocsp;
	r->refuse_unknown = cfg->refuse_unknown;
	r->port = cfg->port;
	err = tp_cac_pattern_new(cfg->pattern, cfg->format, &r->pattern, &why);
	if (err != TP_OK)
		err = tp_fail(diag, err, strcmp(why.where, "format") ? SETTINGS "pattern" : SETTINGS "format",
			      "%s", why.text);
	if (err == TP_OK)
		err = read_anchors(cfg, &r->anchors, diag);
	if (err != TP_OK)
		tp_cac_rules_unref(&r);
	else
		*out = r;
	return err;
}

struct tp_cac_rules *tp_cac_rules_ref(struct tp_cac_rules *r)
{
	atomic_fetch_add(&r->refs, 1);
	return r;
}

void tp_cac_rules_unref(struct tp_cac_rules **rules)
{
	struct tp_cac_rules *r = *rules;

	*rules = NULL;
	if (!r || atomic_fetch_sub(&r->refs, 1) > 1)
		return;
	tp_cac_pattern_free(&r->pattern);
	sk_X509_pop_free(r->anchors, X509_free);
	free(r);
}

/* ------------------------------------------------------------------------- revocation */

void tp_cac_revocation(const struct tp_cac_rules *r, struct tp_peer_check *peers, STACK_OF(X509) *path,
		       struct tp_revocation_verdict *out)
{
	const struct tp_revocation_policy policy = {
		.enabled = r->crls || r->ocsp,
		.use_crls = r->crls,
		.use_ocsp = r->ocsp,
		.automatic_overrides = true,
		.unknown_is_revoked = r->refuse_unknown,
	};
	X509 *certificates[TP_REVOCATION_CHAIN_MAX];
	int count = sk_X509_num(path);

	*out = (struct tp_revocation_verdict){ .outcome = TP_REVOCATION_REFUSE };
	if (count <= 0 || count > TP_REVOCATION_CHAIN_MAX || (policy.enabled && !peers)) {
		tp_text_copy(out->reason, sizeof(out->reason), "its revocation cannot be checked");
		return;
	}
	if (!policy.enabled) {
		out->outcome = TP_REVOCATION_ACCEPT;
		tp_text_copy(out->reason, sizeof(out->reason), "neither lists nor responders are asked");
		return;
	}
	for (int i = 0; i < count; i++)
		certificates[i] = sk_X509_value(path, i);
	tp_peer_check_run(peers, &policy, TP_CAC_OCSP_DEADLINE_MS, certificates, (size_t)count, out);
}

/* ---------------------------------------------------------------------------- the card */

static bool is_good(const struct tp_cac_rules *r, struct tp_peer_check *peers, struct tp_card *card)
{
	const struct tp_tls_check check = {
		.purpose = TP_TLS_PURPOSE_WEB_LOGIN,
		.at = (int64_t)time(NULL),
		.leaf = card->leaf,
		.others = card->others,
		.anchors = r->anchors,
	};
	struct tp_revocation_verdict verdict;
	struct tp_tls_checked checked;
	bool good;

	tp_tls_check_run(&check, &checked);
	good = checked.accepted;
	tp_text_copy(card->reason, sizeof(card->reason), checked.reason);
	if (good) {
		tp_cac_revocation(r, peers, checked.path, &verdict);
		good = verdict.outcome == TP_REVOCATION_ACCEPT;
		if (!good)
			tp_text_copy(card->reason, sizeof(card->reason), verdict.reason);
	}
	tp_tls_checked_fini(&checked);
	tp_text_make_printable(card->reason);
	return good;
}

void tp_cac_name(const struct tp_cac_pattern *pattern, struct tp_card *card)
{
	struct tp_diag diag = { "", "" };
	struct tp_cac_name name = { "", false };
	char *text = NULL;
	size_t len;
	enum tp_err err = tp_cac_text(card->leaf, &text, &len, &diag);

	if (err == TP_OK)
		err = tp_cac_pattern_apply(pattern, (struct tp_span){ text, len }, &name, &diag);
	free(text);
	card->named = err == TP_OK;
	card->again = card->named && name.again;
	tp_text_copy(card->name, sizeof(card->name), card->named ? name.text : "");
	tp_text_copy(card->name_reason, sizeof(card->name_reason),
		     card->named ? "" : diag.text[0] ? diag.text : "There is no memory to read the name.");
}

void tp_cac_judge(const struct tp_cac_rules *r, struct tp_peer_check *peers, struct tp_card *card)
{
	unsigned len = sizeof(card->sha256);

	card->good = card->named = card->again = false;
	card->name[0] = card->name_reason[0] = '\0';
	if (!card->leaf) {
		tp_text_copy(card->reason, sizeof(card->reason), "no certificate was shown");
		return;
	}
	if (X509_digest(card->leaf, EVP_sha256(), card->sha256, &len) != 1) {
		tp_text_copy(card->reason, sizeof(card->reason), "the certificate cannot be read");
		return;
	}
	card->good = is_good(r, peers, card);
	tp_cac_name(r->pattern, card);
	ERR_clear_error();
}
