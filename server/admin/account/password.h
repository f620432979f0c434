/* Passwords of local administrators: their hashes by scrypt (RFC 7914), which
 * a helper derives. The rules for new ones are policy.h. Runs in turnpike-admin. */
#ifndef TP_ADMIN_ACCOUNT_PASSWORD_H
#define TP_ADMIN_ACCOUNT_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "ipc/messages.h"

enum {
	TP_PASSWORD_MAX = 256,     /* bytes */
	TP_PASSWORD_HASH_MAX = 255, /* bytes of the text form */
};

/* Who derives hashes: a helper of turnpiked, two at a time for the whole appliance, as
 * logins must not eat memory and processors of this process. Not on the main thread. */
struct tp_password_gate {
	enum tp_err (*derive)(void *arg, const struct tp_msg_hash_ask *ask,
			      struct tp_msg_hash_made *made);
	void *arg;
};

/* "$scrypt$ln=15,r=8,p=1$<salt>$<hash>", base64. TP_LIMIT: too many wait. */
TP_NODISCARD enum tp_err tp_password_hash(const struct tp_password_gate *gate, const char *password,
					  char out[TP_PASSWORD_HASH_MAX + 1]);
/* TP_OK: it is the password. TP_AUTH: not. hash NULL or malformed: TP_AUTH after as
 * much work, so that unknown accounts cannot be told from known ones by time. */
TP_NODISCARD enum tp_err tp_password_verify(const struct tp_password_gate *gate, const char *password,
					    const char *hash);
/* The same in the queue of all who try to log in (not urgent), or before them. */
TP_NODISCARD enum tp_err tp_password_verify_in(const struct tp_password_gate *gate,
					       const char *password, const char *hash, bool urgent);
/* The same with the first-login secret. */
TP_NODISCARD enum tp_err tp_password_verify_first(const struct tp_password_gate *gate,
						  const char *password,
						  const struct tp_msg_first_login *first);

#endif
