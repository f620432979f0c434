/* AES-256-GCM of the hop: one key and direction, nonce = salt xor packet number.
 * Owned by turnpike-media's one thread. */
#ifndef TP_MEDIA_SEAL_H
#define TP_MEDIA_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { TP_SEAL_KEY_BYTES = 44, TP_SEAL_TAG_BYTES = 16 }; /* AES-256 key, 12 bytes of salt */

struct tp_seal;

TP_NODISCARD enum tp_err tp_seal_new(const uint8_t key[TP_SEAL_KEY_BYTES], bool sealing,
				     struct tp_seal **out);
void tp_seal_free(struct tp_seal **seal);

/* In place; writes the tag behind the text (room for it is the caller's to have).
 * Never twice with one number under one key. */
TP_NODISCARD enum tp_err tp_seal_close(struct tp_seal *seal, uint64_t number, const uint8_t *aad,
				       size_t aad_len, uint8_t *text, size_t len);
/* In place; len is without the tag that follows. TP_AUTH: the tag is wrong, and the
 * text is then garbage. */
TP_NODISCARD enum tp_err tp_seal_open(struct tp_seal *seal, uint64_t number, const uint8_t *aad,
				      size_t aad_len, uint8_t *text, size_t len);

#endif
