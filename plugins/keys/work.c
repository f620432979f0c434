/* Work on the key of one identity. Runs in turnpike-keys. */
#include "work.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "write.h"

enum { PEM_MAX = 65536 }; /* key_made.pem */

static enum tp_err run(const struct tp_msg_key_spec *spec, struct tp_keys_result *result,
		       struct tp_diag *diag)
{
	switch ((enum tp_key_work)spec->work) {
	case TP_KEY_WORK_REQUEST:
		return tp_keys_request(spec, result, diag);
	case TP_KEY_WORK_SELF_SIGNED:
		return tp_keys_self_signed(spec, result, diag);
	case TP_KEY_WORK_OPEN_PKCS12:
		return tp_keys_open_pkcs12(spec, result, diag);
	case TP_KEY_WORK_OPEN_KEY:
		return tp_keys_open_key(spec, result, diag);
	}
	return TP_UNSUPPORTED;
}

static enum tp_err take_pem(BIO *bio, struct tp_msg_key_made *done, struct tp_diag *diag)
{
	char *bytes;
	long len = bio ? BIO_get_mem_data(bio, &bytes) : 0;
	uint8_t *copy;

	if (len <= 0)
		return TP_OK;
	if (len > PEM_MAX)
		return tp_fail(diag, TP_LIMIT, "", "more than %d characters come of this", PEM_MAX);
	copy = malloc((size_t)len);
	if (!copy)
		return TP_NOMEM;
	memcpy(copy, bytes, (size_t)len);
	done->pem = copy;
	done->pem_len = (uint32_t)len;
	return TP_OK;
}

static enum tp_err take_key(EVP_PKEY *key, struct tp_msg_key_made *done, struct tp_diag *diag)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	enum tp_err err = TP_OK;

	if (len <= 0 || (size_t)len > sizeof(done->public_key) ||
	    !tp_keys_write_key(key, done->key_pem, sizeof(done->key_pem), &done->key_pem_len)) {
		err = tp_fail(diag, TP_LIMIT, "", "the private key is too long");
	} else {
		memcpy(done->public_key, der, (size_t)len);
		done->public_key_len = (uint16_t)len;
	}
	OPENSSL_free(der);
	return err;
}

void tp_keys_work(const struct tp_msg_key_spec *spec, struct tp_msg_key_made *done)
{
	struct tp_keys_result result = { 0 };
	struct tp_diag diag = { 0 };
	enum tp_err err;

	ERR_clear_error();
	memset(done, 0, sizeof(*done));
	err = run(spec, &result, &diag);
	if (err == TP_OK)
		err = take_key(result.key, done, &diag);
	if (err == TP_OK)
		err = take_pem(result.pem, done, &diag);
	done->err = (uint8_t)err;
	tp_text_copy(done->text, sizeof(done->text), diag.text);
	if (err != TP_OK && !done->text[0])
		ERR_error_string_n(ERR_peek_last_error(), done->text, sizeof(done->text));
	EVP_PKEY_free(result.key);
	BIO_free(result.pem);
	ERR_clear_error();
}

void tp_keys_done_fini(struct tp_msg_key_made *done)
{
	free((void *)done->pem);
	tp_msg_key_made_fini(done);
}
