/* TLS-ALPN-01 (RFC 8737): a certificate of its own for a client that offers acme-tls/1
 * and nothing else, while an order runs. Runs in turnpike-admin's workers. */
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "admin/acme/proofs_inside.h"
#include "core/bytes.h"

enum { HASH_BYTES = 32, HOUR_S = 3600, DAY_S = 86400 };

static const unsigned char offer[] = "\x0a" "acme-tls/1";

/* ------------------------------------------------------------------- client hello */

bool tp_acme_is_offer(const void *extension, size_t len)
{
	struct tp_rd rd;
	size_t list;
	const uint8_t *names;

	tp_rd_init(&rd, extension, len);
	list = tp_rd_u16(&rd);
	names = tp_rd_bytes(&rd, list);
	return tp_rd_finish(&rd) == TP_OK && list == sizeof(offer) - 1 &&
	       memcmp(names, offer, sizeof(offer) - 1) == 0;
}

bool tp_acme_read_name(const void *extension, size_t len, struct tp_span *name)
{
	struct tp_rd rd, list;
	uint8_t type;
	size_t name_len;

	tp_rd_init(&rd, extension, len);
	list = tp_rd_window(&rd, tp_rd_u16(&rd));
	type = tp_rd_u8(&list);
	name_len = tp_rd_u16(&list);
	*name = (struct tp_span){(const char *)tp_rd_bytes(&list, name_len), name_len};
	return tp_rd_finish(&rd) == TP_OK && tp_rd_finish(&list) == TP_OK && type == 0 && name_len;
}

void tp_acme_hello(void *arg, SSL *ssl)
{
	struct tp_acme_proofs *p = arg;
	const unsigned char *bytes;
	struct tp_span name;
	size_t len;

	if (!atomic_load(&p->tls_count))
		return;
	if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &bytes,
				       &len) ||
	    !tp_acme_is_offer(bytes, len) ||
	    !SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &len) ||
	    !tp_acme_read_name(bytes, len, &name))
		return;
	pthread_mutex_lock(&p->lock);
	/* The latest counts: an authority may ask twice. */
	for (size_t i = p->count; i-- > 0;)
		if (p->list[i].tls && tp_span_equal_nocase(tp_span_of(p->list[i].name), name)) {
			SSL_set_SSL_CTX(ssl, p->list[i].tls);
			break;
		}
	pthread_mutex_unlock(&p->lock);
}

/* -------------------------------------------------------------------- the certificate */

/* critical, OCTET STRING of the hash in DER: 04 20 and the bytes */
static bool add_proof(X509 *x, const uint8_t hash[HASH_BYTES])
{
	uint8_t der[2 + HASH_BYTES] = {0x04, HASH_BYTES};
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *extension = NULL;
	bool added;

	memcpy(der + 2, hash, HASH_BYTES);
	added = oid && value && ASN1_OCTET_STRING_set(value, der, sizeof(der)) &&
		(extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value)) &&
		X509_add_ext(x, extension, -1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	return added;
}

static bool add_name(X509 *x, const char *name)
{
	char text[272];
	X509_EXTENSION *extension;
	bool added;

	snprintf(text, sizeof(text), "DNS:%s", name);
	extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	added = extension && X509_add_ext(x, extension, -1);
	X509_EXTENSION_free(extension);
	return added;
}

static X509 *make_certificate(EVP_PKEY *key, const char *name, const uint8_t hash[HASH_BYTES])
{
	X509 *x = X509_new();
	X509_NAME *subject = x ? X509_get_subject_name(x) : NULL;

	if (x && X509_set_version(x, X509_VERSION_3) &&
	    ASN1_INTEGER_set(X509_get_serialNumber(x), 1) &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -HOUR_S) &&
	    X509_gmtime_adj(X509_getm_notAfter(x), DAY_S) &&
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				       (const unsigned char *)"acme-tls-alpn-01", -1, -1, 0) &&
	    X509_set_issuer_name(x, subject) && X509_set_pubkey(x, key) && add_name(x, name) &&
	    add_proof(x, hash) && X509_sign(x, key, EVP_sha256()))
		return x;
	X509_free(x);
	return NULL;
}

/* ------------------------------------------------------------------------ the context */

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *len, const unsigned char *in,
		   unsigned in_len, void *arg)
{
	(void)ssl;
	(void)arg;
	if (in_len != sizeof(offer) - 1 || memcmp(in, offer, in_len) != 0)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = in + 1;
	*len = sizeof(offer) - 2;
	return SSL_TLSEXT_ERR_OK;
}

/* Nothing is served to who came for the proof (RFC 8737 section 4). */
static void on_info(const SSL *ssl, int where, int value)
{
	(void)value;
	if (where & SSL_CB_HANDSHAKE_DONE)
		shutdown(SSL_get_fd(ssl), SHUT_RD);
}

/* base64url without padding, of exactly 32 bytes. */
static bool read_hash(const char *text, uint8_t hash[HASH_BYTES])
{
	char padded[48];
	size_t len = strlen(text);

	if (len != 43)
		return false;
	for (size_t i = 0; i <= len; i++)
		padded[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
	memcpy(padded + len, "=", 2);
	return tp_text_parse_base64(tp_span_of(padded), hash, HASH_BYTES, &len) == TP_OK &&
	       len == HASH_BYTES;
}

enum tp_err tp_acme_tls_make(const char *name, const char *proof, SSL_CTX **out)
{
	uint8_t hash[HASH_BYTES];
	EVP_PKEY *key = NULL;
	X509 *x = NULL;
	SSL_CTX *ctx = NULL;
	enum tp_err err = read_hash(proof, hash) ? TP_NOMEM : TP_FORMAT;

	if (err == TP_NOMEM && (key = EVP_EC_gen("P-256")) && (x = make_certificate(key, name, hash)) &&
	    (ctx = SSL_CTX_new(TLS_server_method())) && SSL_CTX_use_certificate(ctx, x) == 1 &&
	    SSL_CTX_use_PrivateKey(ctx, key) == 1) {
		SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
		SSL_CTX_set_info_callback(ctx, on_info);
		*out = ctx;
		ctx = NULL;
		err = TP_OK;
	}
	SSL_CTX_free(ctx);
	X509_free(x);
	EVP_PKEY_free(key);
	return err;
}
