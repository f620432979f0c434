/* The first-login secret: shown to whoever reads the state folder, until the wizard
 * has stored a password. Runs in turnpiked; admin gets a scrypt hash of it only. */
#ifndef TP_SUPERVISOR_FIRST_LOGIN_H
#define TP_SUPERVISOR_FIRST_LOGIN_H

#include <stdbool.h>

#include "ipc/messages.h"

struct tp_first_login {
	bool open; /* not yet used up */
	struct tp_msg_first_login hash;
};

/* Makes the secret: 120 bits as 24 base32 letters in groups of four, file
 * `first-login`, mode 0600. */
TP_NODISCARD enum tp_err tp_first_login_make(int state_fd, struct tp_diag *diag);
/* Reads the file and hashes the secret; without the file, open is false. */
TP_NODISCARD enum tp_err tp_first_login_load(int state_fd, struct tp_first_login *f,
					     struct tp_diag *diag);
/* Removes the file. */
TP_NODISCARD enum tp_err tp_first_login_end(int state_fd, struct tp_first_login *f);

#endif
