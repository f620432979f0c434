/* From a checked configuration to what each network process gets of it
 * (model/slice.def). Runs in turnpike-validate. */
#ifndef TP_MODEL_MAKE_SLICES_H
#define TP_MODEL_MAKE_SLICES_H

#include "model/model.h"
#include "model/slice.h"

struct tp_slice_fds {
	int admin, sip, media; /* sealed memfds, the caller's to close; -1 = none */
};

/* The tree must have passed tp_tree_validate. On an error no fd is left open. */
TP_NODISCARD enum tp_err tp_tree_make_slices(const struct tp_tree *tree, uint64_t revision,
					     struct tp_slice_fds *out, struct tp_diag *diag);

/* The part about login by certificate alone, of any tree. *trusted is what *out leans on and is
 * freed by the caller. */
TP_NODISCARD enum tp_err tp_tree_card_login(const struct tp_tree *tree, struct tp_cfg_card_login *out,
					    char **trusted);

/* The parts about logins by remote sources alone (login_sources, ldap), of any tree. *out leans on
 * the tree and on *trusted, which the caller frees; it is ended with tp_cfg_admin_fini. */
TP_NODISCARD enum tp_err tp_tree_remote_login(const struct tp_tree *tree, struct tp_cfg_admin *out,
					      char **trusted);

/* What advanced account security stands on, of any tree. */
struct tp_advanced_ground {
	struct tp_cfg_advanced settings;
	uint8_t source;	     /* enum tp_login_source */
	bool administrators; /* a group of remote users may administer by the web interface */
	bool by_card;	     /* the certificate is the login */
};
void tp_tree_advanced(const struct tp_tree *tree, struct tp_advanced_ground *out);

#endif
