/* What kind of key a certificate carries, in words. Runs in turnpike-admin. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "admin/config/state.h"
#include "tls/upload.h"

const char *tp_config_key_type(const char *pem, char out[32])
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = certificate ? X509_get0_pubkey(certificate) : NULL;

	out[0] = '\0';
	if (key)
		tp_tls_key_name(key, out, 32);
	X509_free(certificate);
	BIO_free(bio);
	ERR_clear_error();
	return out;
}
