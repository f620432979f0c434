/* Commits that touch advanced account security. Runs in turnpike-admin's workers. */
#include "admin/advanced/gate.h"

#include <stdlib.h>
#include <string.h>

#include "admin/advanced/advanced.h"
#include "admin/advanced/prerequisites.h"
#include "core/auto.h"

#define ENABLED "/turnpike-access:access/advanced/enabled"
#define EMERGENCY "/turnpike-access:access/advanced/emergency-account"
#define CARDS "/turnpike-access:access/certificate-login"
#define LEVEL CARDS "/level"

struct both {
	struct tp_advanced_ground was, will;
};

static enum tp_err refuse(struct tp_model_errors *errors, const char *path, const char *text)
{
	tp_model_errors_add(errors, path, "%s", text);
	return TP_DENIED;
}

/* What the store has to say; all of it. */
static enum tp_err check_prerequisites(const struct tp_advanced_parts *parts, const struct both *both,
				       struct tp_model_errors *errors)
{
	bool passed[TP_PREREQUISITES];
	enum tp_err err = tp_prerequisites_look(parts->store, &both->will, passed), result = TP_OK;

	if (err != TP_OK)
		return refuse(errors, EMERGENCY, "The accounts cannot be read now.");
	for (size_t i = 0; i < TP_PREREQUISITES; i++) {
		const struct tp_prerequisite *p = tp_prerequisite(i);

		if (passed[i] || p->modelled || !both->will.settings.emergency_account[0])
			continue;
		tp_model_errors_add(errors, p->path, "This is not so yet: %s %s", p->text, p->remedy);
		result = TP_DENIED;
	}
	return result;
}

/* Whether the certificates of the same CAs are called the same. */
static bool names_alike(const struct tp_cfg_card_login *a, const struct tp_cfg_card_login *b)
{
	return !strcmp(a->pattern, b->pattern) && !strcmp(a->format, b->format) &&
	       a->trusted_pem_len == b->trusted_pem_len &&
	       (!a->trusted_pem_len || !memcmp(a->trusted_pem, b->trusted_pem, a->trusted_pem_len));
}

/* Whoever says what certificates are called, or which CAs make them, may call his own one as the
 * emergency account. */
static enum tp_err check_names(const struct tp_tree *running, const struct tp_tree *candidate,
			       struct tp_model_errors *errors)
{
	struct tp_cfg_card_login was, will;
	TP_AUTO(free) char *was_trusted = NULL, *will_trusted = NULL;
	enum tp_err err = tp_tree_card_login(running, &was, &was_trusted);

	if (err == TP_OK)
		err = tp_tree_card_login(candidate, &will, &will_trusted);
	if (err != TP_OK)
		return refuse(errors, CARDS, "Certificate login cannot be compared now.");
	if (names_alike(&was, &will))
		return TP_OK;
	return refuse(errors, CARDS,
		      "Nobody but the emergency account changes pattern, format and CAs of certificate login where "
		      "the certificate is the login: a certificate with its name is its login.");
}

enum tp_err tp_advanced_gate(void *arg, const struct tp_tree *running, const struct tp_tree *candidate,
			     const struct tp_operator *op, uint32_t confirm_within_s,
			     struct tp_model_errors *errors)
{
	const struct tp_advanced_parts *parts = arg;
	struct both both = { 0 };
	bool renamed;
	enum tp_err err = TP_OK;

	if (running)
		tp_tree_advanced(running, &both.was);
	tp_tree_advanced(candidate, &both.will);
	/* A database that is damaged does not say what is in force. */
	if ((both.was.settings.enabled || tp_advanced_is_on(tp_login_advanced(parts->login))) &&
	    !both.will.settings.enabled)
		return refuse(errors, ENABLED,
			      "No change of settings ends the advanced mode: leaving it on its page puts the "
			      "appliance back to factory state.");
	if (!both.will.settings.enabled)
		return TP_OK;
	if (both.was.settings.enabled && both.will.by_card && !both.was.by_card && !op->emergency)
		err = refuse(errors, LEVEL,
			     "In the advanced mode the emergency account itself makes the certificate the login: "
			     "so it is shown that it has a good one.");
	if (both.was.settings.enabled && both.was.by_card && both.will.by_card && !op->emergency)
		err = check_names(running, candidate, errors);
	renamed = strcmp(both.was.settings.emergency_account, both.will.settings.emergency_account) != 0;
	if (both.was.settings.enabled && !renamed)
		return err;
	if (both.was.settings.enabled && !op->emergency)
		err = refuse(errors, EMERGENCY, "Nobody but the emergency account itself names another one.");
	if (check_prerequisites(parts, &both, errors) != TP_OK)
		err = TP_DENIED;
	if (err == TP_OK && !confirm_within_s)
		err = refuse(errors, both.was.settings.enabled ? EMERGENCY : ENABLED,
			     "This change can shut administrators out: commit it on trial, to be confirmed.");
	return err;
}
