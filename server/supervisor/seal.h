/* Secrets at rest: AES-256-GCM under a key derived (HKDF-SHA256) from the root key,
 * with the record's name as associated data. Runs in turnpiked alone.
 *
 * Text form: "$tp1$" and base64 of {u8 version 1, 12 bytes nonce, ciphertext, 16
 * bytes tag}. The nonce is random: at most 2^32 secrets a root key, far above what
 * an appliance ever stores. */
#ifndef TP_SUPERVISOR_SEAL_H
#define TP_SUPERVISOR_SEAL_H

#include <stdint.h>

#include "core/secret.h"
#include "core/text.h"

enum {
	TP_SEAL_OVERHEAD = 1 + 12 + 16,
	/* Bytes of the text form with NUL of a secret of n bytes. */
	TP_SEAL_PREFIX = 5,
};
#define TP_SEAL_TEXT(n) (TP_SEAL_PREFIX + ((n) + TP_SEAL_OVERHEAD + 2) / 3 * 4 + 1)

struct tp_seal {
	struct tp_secret key;
};

TP_NODISCARD enum tp_err tp_seal_open(struct tp_seal *seal, const struct tp_secret *root);
/* Of a later generation of the appliance (supervisor/reset.c): what an earlier one sealed does
 * not open. salt: its random number; length 0: the first one, as tp_seal_open. */
TP_NODISCARD enum tp_err tp_seal_open_generation(struct tp_seal *seal, const struct tp_secret *root,
						 const uint8_t *salt, size_t salt_len);
void tp_seal_close(struct tp_seal *seal);
/* A key for another purpose, which says nothing of the one that seals. */
TP_NODISCARD enum tp_err tp_seal_derive(const struct tp_seal *seal, const char *purpose,
					uint8_t key[32]);

/* Writes the text form, NUL-terminated, into `text` (TP_LIMIT when size is below
 * TP_SEAL_TEXT(len)). */
TP_NODISCARD enum tp_err tp_seal_secret(const struct tp_seal *seal, const char *name,
					const void *secret, size_t len, char *text, size_t size);
/* TP_FORMAT: not a text form; TP_AUTH: sealed under another key or name, or changed. */
TP_NODISCARD enum tp_err tp_seal_unseal(const struct tp_seal *seal, const char *name,
					struct tp_span text, struct tp_secret *clear);

/* Whether a process (enum tp_process) may have the secret of this record in clear. */
bool tp_seal_may_receive(uint8_t process, const char *name);
/* Whether admin may have a secret of this name sealed. */
bool tp_seal_may_make(const char *name);

#endif
