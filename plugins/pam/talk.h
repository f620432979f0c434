/* One conversation with PAM. Runs in turnpike-pam. */
#ifndef TP_PAM_TALK_H
#define TP_PAM_TALK_H

#include "ipc/messages.h"

/* Has PAM read its configuration and load its modules, and names looked up once. */
TP_NODISCARD enum tp_err tp_pam_warm_up(void);
/* Asks the modules of the service, and for the groups of whom they let pass. *answer is
 * ended with tp_msg_remote_answered_fini. */
void tp_pam_talk(const struct tp_msg_pam_ask *ask, struct tp_msg_remote_answered *answer);

#endif
