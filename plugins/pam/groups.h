/* Groups of a user, as the name service knows them. Runs in turnpike-pam. */
#ifndef TP_PAM_GROUPS_H
#define TP_PAM_GROUPS_H

#include "ipc/messages.h"

/* Whether the user is root, under whatever name. */
bool tp_pam_is_root(const char *user);
/* Fills answer->groups; a group whose name does not fit is left out. TP_NOTFOUND: no such
 * user, TP_NOMEM. */
TP_NODISCARD enum tp_err tp_pam_groups(const char *user, struct tp_msg_remote_answered *answer);

#endif
