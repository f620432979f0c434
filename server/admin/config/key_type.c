/* What kind of key a certificate carries, in words. Runs in turnpike-admin. */
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "admin/config/state.h"

static void name_key(EVP_PKEY *key, char *out, size_t size)
{
	char group[64] = "";
	size_t len;

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		if (!EVP_PKEY_get_group_name(key, group, sizeof(group), &len))
			group[0] = '\0';
		snprintf(out, size, "EC %s",
			 !strcmp(group, "prime256v1")  ? "P-256"
			 : !strcmp(group, "secp384r1") ? "P-384"
			 : !strcmp(group, "secp521r1") ? "P-521"
						       : group);
		return;
	case EVP_PKEY_RSA:
		snprintf(out, size, "RSA %d", EVP_PKEY_get_bits(key));
		return;
	default:
		snprintf(out, size, "%s", OBJ_nid2sn(EVP_PKEY_get_base_id(key)));
		return;
	}
}

const char *tp_config_key_type(const char *pem, char out[32])
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = certificate ? X509_get0_pubkey(certificate) : NULL;

	out[0] = '\0';
	if (key)
		name_key(key, out, 32);
	X509_free(certificate);
	BIO_free(bio);
	ERR_clear_error();
	return out;
}
