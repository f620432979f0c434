/* Login by certificate: the settings in force and the verdict on each connection's
 * certificate, which is made anew at each request and remembered for some seconds. Any
 * thread. Runs in turnpike-admin. */
#ifndef TP_ADMIN_CAC_CAC_H
#define TP_ADMIN_CAC_CAC_H

#include "admin/cac/rules.h"

struct tp_cac;

enum { TP_CAC_REMEMBER_S = 10, TP_CAC_REMEMBERED = 64 };

/* Nobody is asked for a certificate until tp_cac_use. */
TP_NODISCARD enum tp_err tp_cac_new(struct tp_cac **out);
void tp_cac_free(struct tp_cac **cac);
/* Who knows about revocation; outlives it. Before the first request. */
void tp_cac_set_peers(struct tp_cac *cac, struct tp_peer_check *peers);
struct tp_peer_check *tp_cac_peers(const struct tp_cac *cac);
/* Puts rules in force; takes the reference. */
void tp_cac_use(struct tp_cac *cac, struct tp_cac_rules **rules);
/* What is known of revocation has changed: every verdict is made anew. */
void tp_cac_forget(struct tp_cac *cac);

/* A reference to the rules in force; NULL before the first configuration. */
struct tp_cac_rules *tp_cac_rules(struct tp_cac *cac);
enum tp_cac_level tp_cac_level(struct tp_cac *cac);
/* Judges what is in card->leaf and card->others, and says whether one is wanted. */
void tp_cac_look(struct tp_cac *cac, struct tp_card *card);

#endif
