/* AES-256-GCM by OpenSSL EVP. Runs in turnpike-media. */
#include "media/seal.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"

enum { KEY_BYTES = 32, NONCE_BYTES = 12 };

struct tp_seal {
	EVP_CIPHER_CTX *ctx;
	uint8_t salt[NONCE_BYTES];
};

enum tp_err tp_seal_new(const uint8_t key[TP_SEAL_KEY_BYTES], bool sealing, struct tp_seal **out)
{
	struct tp_seal *s = calloc(1, sizeof(*s));

	if (!s)
		return TP_NOMEM;
	memcpy(s->salt, key + KEY_BYTES, NONCE_BYTES);
	s->ctx = EVP_CIPHER_CTX_new();
	if (!s->ctx ||
	    EVP_CipherInit_ex(s->ctx, EVP_aes_256_gcm(), NULL, key, NULL, sealing ? 1 : 0) != 1) {
		tp_seal_free(&s);
		return TP_INTERNAL;
	}
	*out = s;
	return TP_OK;
}

void tp_seal_free(struct tp_seal **seal)
{
	if (!*seal)
		return;
	EVP_CIPHER_CTX_free((*seal)->ctx);
	tp_wipe(*seal, sizeof(**seal));
	free(*seal);
	*seal = NULL;
}

static bool begin(struct tp_seal *s, uint64_t number, const uint8_t *aad, size_t aad_len)
{
	uint8_t nonce[NONCE_BYTES];
	int n;

	memcpy(nonce, s->salt, sizeof(nonce));
	for (int i = 0; i < 8; i++)
		nonce[NONCE_BYTES - 1 - i] ^= (uint8_t)(number >> (8 * i));
	return EVP_CipherInit_ex(s->ctx, NULL, NULL, NULL, nonce, -1) == 1 &&
	       EVP_CipherUpdate(s->ctx, NULL, &n, aad, (int)aad_len) == 1;
}

enum tp_err tp_seal_close(struct tp_seal *s, uint64_t number, const uint8_t *aad, size_t aad_len,
			  uint8_t *text, size_t len)
{
	int n;

	if (!begin(s, number, aad, aad_len) ||
	    EVP_CipherUpdate(s->ctx, text, &n, text, (int)len) != 1 ||
	    EVP_CipherFinal_ex(s->ctx, text + len, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, TP_SEAL_TAG_BYTES, text + len) != 1)
		return TP_INTERNAL;
	return TP_OK;
}

enum tp_err tp_seal_open(struct tp_seal *s, uint64_t number, const uint8_t *aad, size_t aad_len,
			 uint8_t *text, size_t len)
{
	int n;

	if (!begin(s, number, aad, aad_len) ||
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, TP_SEAL_TAG_BYTES, text + len) != 1 ||
	    EVP_CipherUpdate(s->ctx, text, &n, text, (int)len) != 1)
		return TP_INTERNAL;
	return EVP_CipherFinal_ex(s->ctx, text + len, &n) == 1 ? TP_OK : TP_AUTH;
}
