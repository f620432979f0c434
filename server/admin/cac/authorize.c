/* The account that belongs to a certificate's name. Runs in turnpike-admin's workers. */
#include "admin/cac/authorize.h"

enum tp_err tp_cac_authorize(struct tp_store *store, const struct tp_card *card, struct tp_account *out,
			     struct tp_diag *diag)
{
	enum tp_err err;

	if (!card->named)
		return tp_fail(diag, TP_NOTFOUND, "name", "%s", card->name_reason);
	err = tp_store_account_get(store, card->name, out);
	if (err == TP_NOTFOUND)
		return tp_fail(diag, err, "account", "There is no account with the name %s.", card->name);
	if (err != TP_OK)
		return tp_fail(diag, err, "account", "The accounts cannot be read now.");
	if (out->disabled)
		return tp_fail(diag, TP_DENIED, "account", "The account %s is disabled.", card->name);
	return TP_OK;
}

enum tp_err tp_cac_administers(struct tp_store *store, const struct tp_card *card, struct tp_account *out,
			       struct tp_diag *diag)
{
	enum tp_err err = tp_cac_authorize(store, card, out, diag);

	if (err != TP_OK)
		return err;
	if (out->level != TP_ACCOUNT_READ_WRITE || !out->web)
		return tp_fail(diag, TP_DENIED, "account",
			       "The account %s may not change settings in the web interface.", card->name);
	return TP_OK;
}
