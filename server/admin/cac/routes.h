/* The routes of certificate login (docs/api.md, "Certificate login"). Runs in
 * turnpike-admin's workers. */
#ifndef TP_ADMIN_CAC_ROUTES_H
#define TP_ADMIN_CAC_ROUTES_H

#include "admin/account/login.h"
#include "admin/cac/cac.h"
#include "admin/config/config.h"
#include "admin/revocation/lists.h"

struct tp_cac_parts {
	struct tp_cac *cac;
	struct tp_store *store;
	struct tp_login *login;
	struct tp_config *config;
	struct tp_lists *lists;
};

/* Routes; their argument is a struct tp_cac_parts. */
const struct tp_route *tp_cac_routes(size_t *count);

/* What the client of a request showed: {"shown","good","reason","subject","issuer","sha256",
 * "not-after-at","name","name-reason","again"}. */
json_t *tp_cac_card_json(const struct tp_card *card);

#endif
