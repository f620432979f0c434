/* Keys and certificates as text, and names of a certificate. Runs in turnpike-keys. */
#include "write.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

enum { SERIAL_BYTES = 16 };

/* ------------------------------------------------------------------------ PEM */

bool tp_keys_copy_bio(BIO *bio, uint8_t *dst, size_t max, uint16_t *len)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	if (n <= 0 || (size_t)n > max)
		return false;
	memcpy(dst, p, (size_t)n);
	*len = (uint16_t)n;
	return true;
}

bool tp_keys_write_certificate(BIO *bio, X509 *cert)
{
	return PEM_write_bio_X509(bio, cert) == 1;
}

bool tp_keys_write_key(EVP_PKEY *key, uint8_t *dst, size_t max, uint16_t *len)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	bool written = bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) &&
		       tp_keys_copy_bio(bio, dst, max, len);

	BIO_free(bio);
	return written;
}

int tp_keys_no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* ---------------------------------------------------------------------- names */

bool tp_keys_set_serial(X509 *cert)
{
	uint8_t bytes[SERIAL_BYTES];
	BIGNUM *n;
	bool set;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (bytes[0] & 0x7f) | 0x40; /* positive, of full length */
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	set = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
	BN_free(n);
	return set;
}

static bool push_name(GENERAL_NAMES *names, int type, const void *bytes, size_t len)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value = type == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();

	if (!name || !value || !ASN1_STRING_set(value, bytes, (int)len)) {
		GENERAL_NAME_free(name);
		ASN1_STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(names, name) > 0)
		return true;
	GENERAL_NAME_free(name);
	return false;
}

bool tp_keys_is_dns_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");

	return n > 0 && s[n] == '\0' && s[0] != '.' && s[0] != '-';
}

bool tp_keys_push_dns(GENERAL_NAMES *names, const char *name)
{
	return push_name(names, GEN_DNS, name, strlen(name));
}

bool tp_keys_push_names(GENERAL_NAMES *names, const struct tp_msg_name *dns, size_t dns_count,
			const struct tp_msg_name *ip, size_t ip_count, char *text, size_t size)
{
	for (size_t i = 0; i < dns_count; i++) {
		if (!tp_keys_is_dns_name(dns[i].name)) {
			snprintf(text, size, "'%.200s' is not a DNS name", dns[i].name);
			return false;
		}
		if (!tp_keys_push_dns(names, dns[i].name))
			return false;
	}
	for (size_t i = 0; i < ip_count; i++) {
		struct tp_addr a;

		if (tp_addr_parse_ip(tp_span_of(ip[i].name), 0, &a) != TP_OK) {
			snprintf(text, size, "'%.200s' is not an IP address", ip[i].name);
			return false;
		}
		if (!push_name(names, GEN_IPADD, a.ip, a.family == TP_ADDR_V4 ? 4 : 16))
			return false;
	}
	return true;
}
