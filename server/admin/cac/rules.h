/* The settings of certificate login, ready for use, and what they say about a certificate.
 * Pure but for the question whether it is revoked. Runs in turnpike-admin. */
#ifndef TP_ADMIN_CAC_RULES_H
#define TP_ADMIN_CAC_RULES_H

#include <stdatomic.h>

#include <openssl/x509.h>

#include "admin/cac/card.h"
#include "admin/cac/pattern.h"
#include "admin/revocation/peer_check.h"
#include "model/slice.h"

enum tp_cac_level {
	TP_CAC_NOT_REQUIRED = 0,
	TP_CAC_VALIDATION,
	TP_CAC_AUTHENTICATION,
};

enum { TP_CAC_OCSP_DEADLINE_MS = 3000 };

/* Not changed once made; counted references. */
struct tp_cac_rules {
	atomic_uint refs;
	enum tp_cac_level level;
	struct tp_cac_pattern *pattern;
	STACK_OF(X509) *anchors; /* CAs trusted for web login */
	bool crls, ocsp, refuse_unknown;
	uint16_t port;           /* of the listener for trying a card; 0: none */
};

/* TP_FORMAT with the setting's path in diag->where. */
TP_NODISCARD enum tp_err tp_cac_rules_new(const struct tp_cfg_card_login *cfg,
					  struct tp_cac_rules **out, struct tp_diag *diag);
struct tp_cac_rules *tp_cac_rules_ref(struct tp_cac_rules *rules);
void tp_cac_rules_unref(struct tp_cac_rules **rules);

/* What is said of revocation of a path that is believed. */
void tp_cac_revocation(const struct tp_cac_rules *rules, struct tp_peer_check *peers,
		       STACK_OF(X509) *path, struct tp_revocation_verdict *out);
/* Fills everything but leaf, others, wanted and login from the first two. peers NULL: no list, no responder. */
void tp_cac_judge(const struct tp_cac_rules *rules, struct tp_peer_check *peers, struct tp_card *card);
/* The name alone. */
void tp_cac_name(const struct tp_cac_pattern *pattern, struct tp_card *card);

#endif
