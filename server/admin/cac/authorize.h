/* From the name in a certificate to what its owner may do. Every source of accounts is asked
 * here and nowhere else. Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_CAC_AUTHORIZE_H
#define TP_ADMIN_CAC_AUTHORIZE_H

#include "admin/cac/card.h"
#include "admin/store/store.h"

/* The account of a card's name. TP_NOTFOUND: no name, or nobody has it; TP_DENIED: the
 * account is disabled; with words in diag. */
TP_NODISCARD enum tp_err tp_cac_authorize(struct tp_store *store, const struct tp_card *card,
					  struct tp_account *out, struct tp_diag *diag);
/* The same, and whether the account may change settings in the web interface (TP_DENIED). */
TP_NODISCARD enum tp_err tp_cac_administers(struct tp_store *store, const struct tp_card *card,
					    struct tp_account *out, struct tp_diag *diag);

#endif
