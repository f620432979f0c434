/* Passwords of local administrators: the rule for new ones, and scrypt (RFC 7914).
 * Runs in turnpike-admin. */
#ifndef TP_ADMIN_ACCOUNT_PASSWORD_H
#define TP_ADMIN_ACCOUNT_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

enum {
	TP_PASSWORD_LEAST = 12,    /* characters */
	TP_PASSWORD_MAX = 256,     /* bytes */
	TP_PASSWORD_HASH_MAX = 255, /* bytes of the text form */
	TP_PASSWORD_WAITING_MAX = 16, /* hashes waiting for a turn; beyond: TP_LIMIT */
};

/* Whether `password` may become the password of `user`; diag->text says what to do. */
TP_NODISCARD enum tp_err tp_password_check_rule(const char *user, const char *password,
						struct tp_diag *diag);

/* Two hashes at a time in the whole process, so that logins cannot eat the memory. */
struct tp_password_gate;
struct tp_password_gate *tp_password_gate_new(void);
void tp_password_gate_free(struct tp_password_gate **gate);

/* "$scrypt$ln=15,r=8,p=1$<salt>$<hash>", base64. TP_LIMIT: too many at once. */
TP_NODISCARD enum tp_err tp_password_hash(struct tp_password_gate *gate, const char *password,
					  char out[TP_PASSWORD_HASH_MAX + 1]);
/* TP_OK: it is the password. TP_AUTH: not. hash NULL or malformed: TP_AUTH after as
 * much work, so that unknown accounts cannot be told from known ones by time. */
TP_NODISCARD enum tp_err tp_password_verify(struct tp_password_gate *gate, const char *password,
					    const char *hash);
/* The same with the parts of a hash given one by one; log2_n at most 20. */
TP_NODISCARD enum tp_err tp_password_verify_raw(struct tp_password_gate *gate, const char *password,
						const uint8_t salt[16], uint8_t log2_n, uint8_t r,
						uint8_t p, const uint8_t hash[32]);

#endif
