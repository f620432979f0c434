/* Keys and certificates as text, and names of a certificate. Runs in turnpike-keys. */
#ifndef TP_PLUGINS_KEYS_WRITE_H
#define TP_PLUGINS_KEYS_WRITE_H

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "ipc/messages.h"

/* Appends PEM; false without memory. */
bool tp_keys_write_certificate(BIO *bio, X509 *cert);
/* Copies what bio holds; false when it is nothing or longer than max. */
bool tp_keys_copy_bio(BIO *bio, uint8_t *dst, size_t max, uint16_t *len);
/* PEM (PKCS#8, in clear); false when it does not fit. */
bool tp_keys_write_key(EVP_PKEY *key, uint8_t *dst, size_t max, uint16_t *len);

/* For readers of PEM: there is never anybody to ask. */
int tp_keys_no_passphrase(char *buf, int size, int writing, void *arg);

bool tp_keys_set_serial(X509 *cert);
/* Names to put into a certificate or request. False: *text says which is none, or is
 * empty without memory. */
bool tp_keys_push_names(GENERAL_NAMES *names, const struct tp_msg_name *dns, size_t dns_count,
			const struct tp_msg_name *ip, size_t ip_count, char *text, size_t size);
bool tp_keys_push_dns(GENERAL_NAMES *names, const char *name);
bool tp_keys_is_dns_name(const char *s);

#endif
