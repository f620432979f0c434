/* Commits that touch who comes in by certificate. Runs in turnpike-admin's workers. */
#include "admin/cac/gate.h"

#include <stdlib.h>
#include <string.h>

#include "admin/cac/authorize.h"
#include "model/make_slices.h"

#define LEVEL "/turnpike-access:access/certificate-login/level"

struct both {
	struct tp_cfg_card_login was, will;
	char *was_trusted, *will_trusted;
};

static enum tp_err read_both(const struct tp_tree *running, const struct tp_tree *candidate, struct both *out)
{
	enum tp_err err = tp_tree_card_login(candidate, &out->will, &out->will_trusted);

	if (err == TP_OK && running)
		err = tp_tree_card_login(running, &out->was, &out->was_trusted);
	return err;
}

/* Whether the same certificates come in as the same people. */
static bool admits_the_same(const struct tp_cfg_card_login *a, const struct tp_cfg_card_login *b)
{
	return a->level == b->level && !strcmp(a->pattern, b->pattern) && !strcmp(a->format, b->format) &&
	       a->crls == b->crls && a->ocsp == b->ocsp && a->refuse_unknown == b->refuse_unknown &&
	       a->trusted_pem_len == b->trusted_pem_len &&
	       !memcmp(a->trusted_pem, b->trusted_pem, a->trusted_pem_len);
}

/* Whether the present connection's certificate would do under the new settings. */
static enum tp_err prove(const struct tp_cac_parts *parts, const struct tp_cfg_card_login *will,
			 const struct tp_operator *op, struct tp_diag *diag)
{
	struct tp_cac_rules *rules = NULL;
	struct tp_cac_user user;
	struct tp_card card;
	enum tp_err err;

	if (!op->card || !op->card->leaf)
		return tp_fail(diag, TP_DENIED, "", "Your connection shows no certificate: open the page with your "
						    "card, by the port for trying a card, and commit from there.");
	err = tp_cac_rules_new(will, &rules, diag);
	if (err != TP_OK)
		return err;
	card = *op->card;
	tp_cac_judge(rules, tp_cac_peers(parts->cac), &card);
	tp_cac_rules_unref(&rules);
	if (!card.good)
		return tp_fail(diag, TP_DENIED, "", "With these settings your own certificate would be refused: %s.",
			       card.reason);
	return tp_cac_administers(parts->login, &card, op->source, &user, diag);
}

enum tp_err tp_cac_gate(void *arg, const struct tp_tree *running, const struct tp_tree *candidate,
			const struct tp_operator *op, uint32_t confirm_within_s, struct tp_model_errors *errors)
{
	struct both both = { 0 };
	struct tp_diag diag = { "", "" };
	enum tp_err err = read_both(running, candidate, &both);

	if (err == TP_OK && both.will.level != TP_CAC_NOT_REQUIRED && !admits_the_same(&both.was, &both.will)) {
		err = prove(arg, &both.will, op, &diag);
		if (err == TP_OK && !confirm_within_s)
			err = tp_fail(&diag, TP_DENIED, "",
				      "This change can shut administrators out: commit it on trial, to be confirmed.");
	}
	free(both.was_trusted);
	free(both.will_trusted);
	if (err == TP_OK)
		return TP_OK;
	tp_model_errors_add(errors, diag.where[0] == '/' ? diag.where : LEVEL, "%s",
			    diag.text[0] ? diag.text : tp_err_name(err));
	return err == TP_NOMEM ? err : TP_DENIED;
}
