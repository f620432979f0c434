/* The user who belongs to a certificate's name. Runs in turnpike-admin's workers. */
#include "admin/cac/authorize.h"

#include <stdlib.h>

/* As all sources in force say; nobody asks for a password. */
static enum tp_err ask(struct tp_login *login, const struct tp_card *card, const char *address, bool by_api,
		       struct tp_auth_verdict *v, struct tp_diag *diag)
{
	const struct tp_auth_ask question = {
		.user = card->name, .address = address, .urgent = true, .by_api = by_api
	};
	enum tp_err err = tp_authenticate(login, &question, v);

	if (err == TP_OK)
		return TP_OK;
	return tp_fail(diag, err == TP_AUTH ? TP_DENIED : err, "account", "%s",
		       v->text[0] ? v->text : "Nobody can say now what this user may do.");
}

enum tp_err tp_cac_authorize(struct tp_login *login, const struct tp_card *card, const char *address,
			     bool by_api, struct tp_cac_user *out, struct tp_diag *diag)
{
	struct tp_auth_verdict *v;
	enum tp_err err;

	*out = (struct tp_cac_user){ 0 };
	if (!card->named)
		return tp_fail(diag, TP_NOTFOUND, "name", "%s", card->name_reason);
	v = calloc(1, sizeof(*v));
	if (!v)
		return TP_NOMEM;
	err = ask(login, card, address, by_api, v, diag);
	tp_text_copy(out->name, sizeof(out->name), v->user);
	out->rights = v->rights;
	out->rights.must_change_password = false; /* nobody asks for it */
	out->remote = v->remote;
	out->basis = v->basis;
	out->previous_login_ms = v->previous_login_ms;
	out->failures = v->failures;
	free(v);
	return err;
}

enum tp_err tp_cac_administers(struct tp_login *login, const struct tp_card *card, const char *address,
			       struct tp_cac_user *out, struct tp_diag *diag)
{
	enum tp_err err = tp_cac_authorize(login, card, address, false, out, diag);

	if (err == TP_OK && out->rights.level != TP_ACCOUNT_READ_WRITE)
		return tp_fail(diag, TP_DENIED, "account", "%s may not change settings.", card->name);
	return err;
}
