/* From the name in a certificate to what its owner may do, by the sources of accounts that
 * passwords are checked with. Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_CAC_AUTHORIZE_H
#define TP_ADMIN_CAC_AUTHORIZE_H

#include "admin/account/authenticate.h"
#include "admin/account/login.h"
#include "admin/cac/card.h"

struct tp_cac_user {
	char name[128]; /* "": no source knows the user, or none lets it pass */
	struct tp_rights rights;
	bool remote; /* has no account here */
	struct tp_auth_basis basis;
	uint64_t previous_login_ms;
	uint32_t failures; /* since then */
};

/* The user of a card's name, who asks from `address`, in the browser or (by_api) as a program.
 * TP_NOTFOUND: the card gives no name; TP_DENIED: no; TP_LIMIT, TP_IO as tp_authenticate;
 * with words in diag. */
TP_NODISCARD enum tp_err tp_cac_authorize(struct tp_login *login, const struct tp_card *card,
					  const char *address, bool by_api, struct tp_cac_user *out,
					  struct tp_diag *diag);
/* The same in the browser, and whether the user may change settings (TP_DENIED). */
TP_NODISCARD enum tp_err tp_cac_administers(struct tp_login *login, const struct tp_card *card,
					    const char *address, struct tp_cac_user *out,
					    struct tp_diag *diag);

#endif
