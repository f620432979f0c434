/* Secrets at rest. Runs in turnpiked. */
#include "supervisor/seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/messages.h"
#include "os/random.h"

enum { KEY = 32, NONCE = 12, TAG = 16, VERSION = 1, NONCE_AT = 1, TEXT_AT = NONCE_AT + NONCE };

static const char prefix[] = "$tp1$";
static const char at_rest[] = "turnpike secret at rest 1";

/* One goto-free pass: OpenSSL's objects are freed whatever failed. */
static bool derive(const struct tp_secret *from, const char *purpose, const uint8_t *salt,
		   size_t salt_len, uint8_t key[KEY])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, from->bytes, from->len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)purpose,
						  strlen(purpose)),
		salt_len ? OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_len)
			 : OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end(),
	};
	bool done = ctx && EVP_KDF_derive(ctx, key, KEY, params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done;
}

enum tp_err tp_seal_open(struct tp_seal *seal, const struct tp_secret *root)
{
	return tp_seal_open_generation(seal, root, NULL, 0);
}

enum tp_err tp_seal_open_generation(struct tp_seal *seal, const struct tp_secret *root,
				    const uint8_t *salt, size_t salt_len)
{
	uint8_t key[KEY];
	enum tp_err err = derive(root, at_rest, salt, salt_len, key) ?
				  tp_secret_set(&seal->key, key, KEY) :
				  TP_INTERNAL;

	tp_wipe(key, sizeof(key));
	return err;
}

enum tp_err tp_seal_derive(const struct tp_seal *seal, const char *purpose, uint8_t key[32])
{
	return derive(&seal->key, purpose, NULL, 0, key) ? TP_OK : TP_INTERNAL;
}

void tp_seal_close(struct tp_seal *seal)
{
	tp_secret_fini(&seal->key);
}

/* Encrypts into `box` behind version and nonce, tag last. */
static bool encrypt(const struct tp_seal *seal, const char *name, const void *secret, size_t len,
		    uint8_t *box)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;
	bool done = c &&
		    EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, seal->key.bytes, box + NONCE_AT) &&
		    EVP_EncryptUpdate(c, NULL, &n, (const uint8_t *)name, (int)strlen(name)) &&
		    EVP_EncryptUpdate(c, box + TEXT_AT, &n, secret, (int)len) &&
		    EVP_EncryptFinal_ex(c, box + TEXT_AT + len, &n) &&
		    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, box + TEXT_AT + len);

	EVP_CIPHER_CTX_free(c);
	return done;
}

enum tp_err tp_seal_secret(const struct tp_seal *seal, const char *name, const void *secret,
			   size_t len, char *text, size_t size)
{
	uint8_t *box;
	enum tp_err err = TP_INTERNAL;

	if (len > TP_SECRET_MAX || size < TP_SEAL_TEXT(len))
		return TP_LIMIT;
	box = malloc(len + TP_SEAL_OVERHEAD);
	if (!box)
		return TP_NOMEM;
	box[0] = VERSION;
	tp_random_bytes(box + NONCE_AT, NONCE);
	if (encrypt(seal, name, secret, len, box)) {
		memcpy(text, prefix, TP_SEAL_PREFIX);
		tp_text_write_base64(text + TP_SEAL_PREFIX, box, len + TP_SEAL_OVERHEAD);
		err = TP_OK;
	}
	free(box);
	return err;
}

static bool decrypt(const struct tp_seal *seal, const char *name, uint8_t *box, size_t len,
		    uint8_t *clear)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;
	bool done = c &&
		    EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, seal->key.bytes, box + NONCE_AT) &&
		    EVP_DecryptUpdate(c, NULL, &n, (const uint8_t *)name, (int)strlen(name)) &&
		    EVP_DecryptUpdate(c, clear, &n, box + TEXT_AT, (int)len) &&
		    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, box + TEXT_AT + len) &&
		    EVP_DecryptFinal_ex(c, clear + len, &n) > 0;

	EVP_CIPHER_CTX_free(c);
	return done;
}

static enum tp_err open_box(const struct tp_seal *seal, const char *name, uint8_t *box, size_t len,
			    struct tp_secret *clear)
{
	uint8_t *text;
	enum tp_err err;

	if (len < TP_SEAL_OVERHEAD || box[0] != VERSION)
		return TP_FORMAT;
	len -= TP_SEAL_OVERHEAD;
	text = malloc(len + 1);
	if (!text)
		return TP_NOMEM;
	err = decrypt(seal, name, box, len, text) ? tp_secret_set(clear, text, len) : TP_AUTH;
	tp_wipe(text, len);
	free(text);
	return err;
}

enum tp_err tp_seal_unseal(const struct tp_seal *seal, const char *name, struct tp_span text,
			   struct tp_secret *clear)
{
	uint8_t *box;
	size_t len;
	enum tp_err err;

	if (text.len < TP_SEAL_PREFIX || memcmp(text.p, prefix, TP_SEAL_PREFIX) != 0)
		return TP_FORMAT;
	text.p += TP_SEAL_PREFIX;
	text.len -= TP_SEAL_PREFIX;
	if (text.len > TP_SEAL_TEXT(TP_SECRET_MAX))
		return TP_LIMIT;
	box = malloc(text.len + 1);
	if (!box)
		return TP_NOMEM;
	err = tp_text_parse_base64(text, box, text.len, &len);
	if (err == TP_OK)
		err = open_box(seal, name, box, len, clear);
	free(box);
	return err;
}

/* The default identity's key is called server: it is older than the others. */
static const struct {
	const char *key;
	bool admin;
	bool sip;
} identities[] = {
	{ "identity/server/key", true, true },
	{ "identity/web-server/key", true, false },
	{ "identity/sip-server/key", false, true },
	{ "identity/sip-client/key", false, true },
	{ "identity/traversal-server/key", false, true },
	{ "identity/traversal-client/key", false, true },
	{ "identity/ldap-client/key", false, false }, /* of the helper alone (ldap.c) */
};

enum { IDENTITIES = sizeof(identities) / sizeof(*identities) };

static bool starts(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static bool is_of_sip(const char *name)
{
	return starts(name, "zone/") || starts(name, "account/") || starts(name, "client-identity/");
}

bool tp_seal_may_receive(uint8_t process, const char *name)
{
	if (is_of_sip(name))
		return process == TP_PROCESS_SIP;
	for (size_t i = 0; i < IDENTITIES; i++)
		if (strcmp(name, identities[i].key) == 0)
			return (process == TP_PROCESS_ADMIN && identities[i].admin) ||
			       (process == TP_PROCESS_SIP && identities[i].sip);
	return false;
}

bool tp_seal_may_make(const char *name)
{
	if (is_of_sip(name) || strcmp(name, "acme/eab-key") == 0 ||
	    strcmp(name, "ldap/bind-password") == 0)
		return true;
	for (size_t i = 0; i < IDENTITIES; i++)
		if (strcmp(name, identities[i].key) == 0)
			return true;
	return false;
}
