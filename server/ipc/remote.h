/* Remote users: the words of answers about them, and our service of PAM. Runs in turnpike-pam,
 * turnpike-ldap and turnpiked. */
#ifndef TP_IPC_REMOTE_H
#define TP_IPC_REMOTE_H

#include "core/err.h"
#include "ipc/messages.h"

/* Our service of PAM, and where it is described. Without that file Linux-PAM would take the
 * service `other`, which nobody has chosen for us. */
#define TP_PAM_SERVICE "turnpike"
#define TP_PAM_SERVICE_FILE "/etc/pam.d/" TP_PAM_SERVICE
/* Whether this process can read it, there or where packages put theirs (/usr/lib/pam.d). */
bool tp_remote_has_pam_service(void);

/* Adds a step in words, made printable and cut to their room; remedy "" where nothing is to be
 * done. Of more steps than there is room for, the first ones stay. */
void tp_remote_note(struct tp_msg_remote_answered *answer, const char *step, bool passed,
		    const char *remedy, const char *fmt, ...) TP_PRINTF(5, 6);
/* The same with the arguments of another such function. */
void tp_remote_vnote(struct tp_msg_remote_answered *answer, const char *step, bool passed,
		     const char *remedy, const char *fmt, va_list ap) TP_PRINTF(5, 0);

#endif
