/* A revocation list of a CA gone bad: the bytes behind the issuer's name are signed by a
 * trusted key, so that they are read, indexed and asked about. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls/crl_question.h"
#include "tls/crl_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_MAX_BYTES = 32768, ROOM = SIZE_MAX_BYTES + 512, NOW = 1893456000, ED25519_BYTES = 64 };

static const uint8_t ed25519[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70 };
static const uint8_t name[] = { 0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 'F' };

/* Made at the first call and kept until the end. */
struct ca {
	EVP_PKEY *key;
	struct tp_crl_trust *trust;
};

static void make_ca(struct ca *ca)
{
	const unsigned char *p = name;
	X509_NAME *subject = d2i_X509_NAME(NULL, &p, sizeof(name));
	X509 *x = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	ca->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509_set_subject_name(x, subject);
	X509_set_issuer_name(x, subject);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400);
	ASN1_TIME_set(X509_getm_notAfter(x), (time_t)NOW + 86400);
	X509_set_pubkey(x, ca->key);
	if (!X509_sign(x, ca->key, NULL) || !PEM_write_bio_X509(bio, x))
		abort();
	len = BIO_get_mem_data(bio, &pem);
	if (tp_crl_trust_new((struct tp_span){ pem, (size_t)len }, &ca->trust) != TP_OK)
		abort();
	BIO_free(bio);
	X509_free(x);
	X509_NAME_free(subject);
}

static size_t length_bytes(size_t len)
{
	return len < 0x80 ? 1 : len < 0x100 ? 2 : 3;
}

/* Tag and length of what follows. */
static size_t put(uint8_t *out, size_t at, uint8_t tag, size_t len)
{
	out[at++] = tag;
	if (length_bytes(len) > 1)
		out[at++] = (uint8_t)(0x80 + length_bytes(len) - 1);
	if (length_bytes(len) > 2)
		out[at++] = (uint8_t)(len >> 8);
	out[at++] = (uint8_t)len;
	return at;
}

static size_t copy(uint8_t *out, size_t at, const void *bytes, size_t len)
{
	memcpy(out + at, bytes, len);
	return at + len;
}

static size_t make_list(const struct ca *ca, const uint8_t *data, size_t size, uint8_t *out)
{
	static const uint8_t version[] = { 0x02, 0x01, 0x01 };
	size_t inner = sizeof(version) + sizeof(ed25519) + sizeof(name) + size;
	size_t signature_len = ED25519_BYTES;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	size_t at = put(out, 0, 0x30, 1 + length_bytes(inner) + inner + sizeof(ed25519) + 2 + 1 + ED25519_BYTES);
	size_t tbs = at;

	at = put(out, at, 0x30, inner);
	at = copy(out, at, version, sizeof(version));
	at = copy(out, at, ed25519, sizeof(ed25519));
	at = copy(out, at, name, sizeof(name));
	if (size)
		at = copy(out, at, data, size);
	inner = at - tbs;
	at = copy(out, at, ed25519, sizeof(ed25519));
	at = put(out, at, 0x03, 1 + ED25519_BYTES);
	out[at++] = 0;
	if (EVP_DigestSignInit(md, NULL, NULL, NULL, ca->key) != 1 ||
	    EVP_DigestSign(md, out + at, &signature_len, out + tbs, inner) != 1)
		abort();
	EVP_MD_CTX_free(md);
	return at + signature_len;
}

/* Whatever was taken opens again and answers. */
static void ask(struct tp_crl_write *w)
{
	struct tp_crl_question q = { .sources = 3, .now = NOW };
	struct tp_crl_answer a = { 0 };
	struct tp_crl_index *x = NULL;
	struct tp_crl_list list;
	int fd = -1;

	if (tp_crl_write_seal(w, &fd) != TP_OK || tp_crl_index_open(fd, &x) != TP_OK ||
	    tp_crl_index_lists(x) != 1)
		abort();
	tp_crl_index_list(x, 0, &list);
	if (list.entries != tp_crl_write_entries(w))
		abort();
	tp_crl_index_ask(x, &q, &a);
	tp_crl_index_close(&x);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ca ca; /* of a program that is nothing but this */
	const struct tp_crl_about about = { .source = TP_CRL_MANUAL };
	struct tp_crl_reading how = { .now = NOW };
	struct tp_crl_write *w = NULL;
	struct tp_diag diag = { "", "" };
	uint8_t *list;
	bool in_use;

	if (size > SIZE_MAX_BYTES)
		return 0;
	if (!ca.key)
		make_ca(&ca);
	how.trust = ca.trust;
	list = malloc(ROOM);
	if (!list || tp_crl_write_new(&about, 1000, &w) != TP_OK)
		abort();
	if (tp_crl_read(&how, list, make_list(&ca, data, size, list), w, &in_use, &diag) == TP_OK)
		ask(w);
	else if (tp_crl_write_lists(w) != 0 || tp_crl_write_entries(w) != 0)
		abort();
	tp_crl_write_free(&w);
	free(list);
	ERR_clear_error();
	return 0;
}
