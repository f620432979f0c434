/* Opening what an administrator uploads: PKCS#12 files and private keys. Runs in
 * turnpike-keys. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>

#include "work.h"
#include "write.h"

enum {
	CERTIFICATES_MAX = 20,
	ITERATIONS_MAX = 10 * 1000 * 1000, /* of the passphrase: a few seconds */
};

/* ------------------------------------------------------------------- PKCS#12 */

/* Before anything is derived from the passphrase. The supervisor ends a helper that
 * an inner count keeps busy. */
static enum tp_err check_head(PKCS12 *p12, struct tp_diag *diag)
{
	const ASN1_INTEGER *count = NULL;
	int64_t iterations = 1;

	if (!PKCS12_mac_present(p12))
		return tp_fail(diag, TP_UNSUPPORTED, "", "the file is not protected by a passphrase");
	PKCS12_get0_mac(NULL, NULL, NULL, &count, p12);
	if (count && (!ASN1_INTEGER_get_int64(&iterations, count) || iterations < 1 ||
		      iterations > ITERATIONS_MAX))
		return tp_fail(diag, TP_LIMIT, "", "the file wants its passphrase worked on %lld times",
			       (long long)iterations);
	return TP_OK;
}

/* The certificate of the key, which some files do not mark. */
static X509 *take_own(STACK_OF(X509) *others, EVP_PKEY *key)
{
	for (int i = 0; i < sk_X509_num(others); i++)
		if (X509_check_private_key(sk_X509_value(others, i), key) == 1)
			return sk_X509_delete(others, i);
	return NULL;
}

static enum tp_err write_all(X509 *own, const STACK_OF(X509) *others, BIO **pem, struct tp_diag *diag)
{
	if (sk_X509_num(others) >= CERTIFICATES_MAX)
		return tp_fail(diag, TP_LIMIT, "", "more than %d certificates", CERTIFICATES_MAX);
	*pem = BIO_new(BIO_s_mem());
	if (!*pem || !tp_keys_write_certificate(*pem, own))
		return TP_NOMEM;
	for (int i = 0; i < sk_X509_num(others); i++)
		if (!tp_keys_write_certificate(*pem, sk_X509_value(others, i)))
			return TP_NOMEM;
	return TP_OK;
}

/* OpenSSL's words for a part that it cannot decrypt do not help anybody. */
static enum tp_err explain_pkcs12(struct tp_diag *diag)
{
	unsigned long e = ERR_peek_error();

	if (ERR_GET_LIB(e) == ERR_LIB_PKCS12 && ERR_GET_REASON(e) == PKCS12_R_MAC_VERIFY_FAILURE)
		return tp_fail(diag, TP_AUTH, "", "the passphrase is wrong, or the file is damaged");
	return tp_fail(diag, TP_FORMAT, "", "the PKCS#12 file does not open: %s",
		       e ? ERR_reason_error_string(e) : "no reason given");
}

static enum tp_err parse(PKCS12 *p12, const char *passphrase, struct tp_keys_result *out,
			 struct tp_diag *diag)
{
	STACK_OF(X509) *others = NULL;
	X509 *own = NULL;
	enum tp_err err = TP_OK;

	if (PKCS12_parse(p12, passphrase, &out->key, &own, &others) != 1)
		return explain_pkcs12(diag);
	if (!out->key)
		err = tp_fail(diag, TP_NOTFOUND, "", "the file holds no private key");
	else if (!own && !(own = take_own(others, out->key)))
		err = tp_fail(diag, TP_NOTFOUND, "", "the file holds no certificate of its private key");
	if (err == TP_OK)
		err = write_all(own, others, &out->pem, diag);
	X509_free(own);
	sk_X509_pop_free(others, X509_free);
	return err;
}

enum tp_err tp_keys_open_pkcs12(const struct tp_msg_key_spec *spec, struct tp_keys_result *out,
				struct tp_diag *diag)
{
	const unsigned char *at = spec->input;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)spec->input_len);
	enum tp_err err;

	if (!p12)
		return tp_fail(diag, TP_FORMAT, "", "this is not a PKCS#12 file");
	err = check_head(p12, diag);
	if (err == TP_OK)
		err = parse(p12, spec->passphrase, out, diag);
	PKCS12_free(p12);
	return err;
}

/* --------------------------------------------------------------- private keys */

struct asked {
	const char *passphrase;
	bool was_asked;
};

static int give_passphrase(char *buf, int size, int writing, void *arg)
{
	struct asked *a = arg;
	size_t len = strlen(a->passphrase);

	(void)writing;
	a->was_asked = true;
	if (!len || len > (size_t)size)
		return -1;
	memcpy(buf, a->passphrase, len);
	return (int)len;
}

static EVP_PKEY *read_der(const struct tp_msg_key_spec *spec, struct asked *a)
{
	const unsigned char *at = spec->input;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)spec->input_len);
	BIO *bio;

	if (key)
		return key;
	ERR_clear_error();
	bio = BIO_new_mem_buf(spec->input, (int)spec->input_len);
	key = bio ? d2i_PKCS8PrivateKey_bio(bio, NULL, give_passphrase, a) : NULL;
	BIO_free(bio);
	return key;
}

static EVP_PKEY *read_any(const struct tp_msg_key_spec *spec, struct asked *a)
{
	BIO *bio;
	EVP_PKEY *key;

	if (!memmem(spec->input, spec->input_len, "-----BEGIN ", 11))
		return read_der(spec, a);
	bio = BIO_new_mem_buf(spec->input, (int)spec->input_len);
	key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, a) : NULL;
	BIO_free(bio);
	return key;
}

enum tp_err tp_keys_open_key(const struct tp_msg_key_spec *spec, struct tp_keys_result *out,
			     struct tp_diag *diag)
{
	struct asked a = { spec->passphrase, false };

	out->key = read_any(spec, &a);
	if (out->key)
		return TP_OK;
	if (a.was_asked)
		return tp_fail(diag, TP_AUTH, "",
			       spec->passphrase[0] ? "the passphrase of the private key is wrong" :
						     "the private key needs its passphrase");
	return tp_fail(diag, TP_FORMAT, "", "this is not a private key in PEM or DER form");
}
