/* Digest authentication: keyed nonces that carry their time, hashes by OpenSSL.
 * Runs in turnpike-sip. */
#include "sip/digest/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/bytes.h"
#include "os/random.h"

enum { NONCE_MAC = 16, NONCE_BYTES = 8 + 8 + NONCE_MAC, NONCE_TEXT = 2 * NONCE_BYTES + 1, HASH_TEXT = 65 };

static const char *const algorithm_names[] = { "SHA-256", "MD5" };

enum tp_err tp_digest_init(struct tp_digest *d)
{
	memset(d, 0, sizeof(*d));
	d->slots = calloc(TP_DIGEST_NONCE_SLOTS, sizeof(*d->slots));
	if (!d->slots)
		return TP_NOMEM;
	tp_random_bytes(d->key, sizeof(d->key));
	return TP_OK;
}

void tp_digest_fini(struct tp_digest *d)
{
	free(d->slots);
	tp_wipe(d, sizeof(*d));
}

/* ----------------------------------------------------------------- nonces */

/* Under the realm, so that a nonce of the registrar is none of a traversal zone. */
static void nonce_mac(const struct tp_digest *d, const uint8_t head[16], const char *realm,
		      uint8_t mac[NONCE_MAC])
{
	uint8_t input[16 + TP_DIGEST_REALM_MAX], out[EVP_MAX_MD_SIZE];
	size_t realm_len = strnlen(realm, TP_DIGEST_REALM_MAX);
	unsigned len = 0;

	memcpy(input, head, 16);
	memcpy(input + 16, realm, realm_len);
	HMAC(EVP_sha256(), d->key, sizeof(d->key), input, 16 + realm_len, out, &len);
	memcpy(mac, out, NONCE_MAC);
}

static void write_nonce(struct tp_digest *d, const char *realm, uint64_t now_s, char text[NONCE_TEXT])
{
	struct tp_digest_slot *slot;
	uint8_t bytes[NONCE_BYTES];

	d->counter++;
	slot = &d->slots[d->counter % TP_DIGEST_NONCE_SLOTS];
	slot->counter = d->counter;
	slot->nc = 0;
	tp_store_be64(bytes, now_s);
	tp_store_be64(bytes + 8, d->counter);
	nonce_mac(d, bytes, realm, bytes + 16);
	tp_text_write_hex(text, bytes, sizeof(bytes));
}

/* The slot of a nonce of ours that is still good; NULL otherwise. */
static struct tp_digest_slot *find_nonce(const struct tp_digest *d, const char *text, const char *realm,
					 uint64_t now_s)
{
	uint8_t bytes[NONCE_BYTES], mac[NONCE_MAC];
	uint64_t made_s, counter;
	struct tp_digest_slot *slot;

	if (strlen(text) != NONCE_TEXT - 1 ||
	    tp_text_parse_hex(tp_span_of(text), bytes, sizeof(bytes)) != TP_OK)
		return NULL;
	nonce_mac(d, bytes, realm, mac);
	if (!tp_equal_constant_time(mac, bytes + 16, sizeof(mac)))
		return NULL;
	made_s = tp_load_be64(bytes);
	counter = tp_load_be64(bytes + 8);
	slot = &d->slots[counter % TP_DIGEST_NONCE_SLOTS];
	if (slot->counter != counter || now_s > made_s + TP_DIGEST_NONCE_LIFE_S)
		return NULL;
	return slot;
}

/* ----------------------------------------------------------------- hashes */

struct hash {
	EVP_MD_CTX *ctx;
	bool ok;
};

static void hash_start(struct hash *h, enum tp_digest_algorithm algorithm)
{
	h->ctx = EVP_MD_CTX_new();
	h->ok = h->ctx && EVP_DigestInit_ex(h->ctx, algorithm == TP_DIGEST_MD5 ? EVP_md5() : EVP_sha256(),
					    NULL) == 1;
}

static void hash_add(struct hash *h, const void *bytes, size_t len)
{
	if (h->ok && EVP_DigestUpdate(h->ctx, bytes, len) != 1)
		h->ok = false;
}

static void hash_text(struct hash *h, const char *text)
{
	hash_add(h, text, strlen(text));
}

static bool hash_finish(struct hash *h, char hex[HASH_TEXT])
{
	uint8_t out[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (h->ok && EVP_DigestFinal_ex(h->ctx, out, &len) == 1 && len <= 32)
		tp_text_write_hex(hex, out, len);
	else
		h->ok = false;
	EVP_MD_CTX_free(h->ctx);
	tp_wipe(out, sizeof(out));
	return h->ok;
}

bool tp_digest_response(const struct tp_digest_answer *a, const char *method,
			const struct tp_secret *password, char response[HASH_TEXT])
{
	char ha1[HASH_TEXT], ha2[HASH_TEXT];
	struct hash h;
	bool ok;

	hash_start(&h, a->algorithm);
	hash_text(&h, a->user);
	hash_text(&h, ":");
	hash_text(&h, a->realm);
	hash_text(&h, ":");
	hash_add(&h, password->bytes, password->len);
	ok = hash_finish(&h, ha1);
	hash_start(&h, a->algorithm);
	hash_text(&h, method);
	hash_text(&h, ":");
	hash_text(&h, a->uri);
	ok = hash_finish(&h, ha2) && ok;
	if (!ok)
		return false;
	hash_start(&h, a->algorithm);
	hash_text(&h, ha1);
	hash_text(&h, ":");
	hash_text(&h, a->nonce);
	hash_text(&h, ":");
	hash_text(&h, a->nc);
	hash_text(&h, ":");
	hash_text(&h, a->cnonce);
	hash_text(&h, ":auth:");
	hash_text(&h, ha2);
	ok = hash_finish(&h, response);
	tp_wipe(ha1, sizeof(ha1));
	return ok;
}

/* ----------------------------------------------------------------- server */

/* Appends with a backslash before quotes and backslashes. */
static void write_quoted(struct tp_wr *wr, const char *text)
{
	tp_wr_text(wr, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			tp_wr_text(wr, "\\");
		tp_wr_u8(wr, (uint8_t)*text);
	}
	tp_wr_text(wr, "\"");
}

enum tp_err tp_digest_challenge(struct tp_digest *d, enum tp_digest_algorithm algorithm,
				const char *realm, uint64_t now_s, bool stale, char *buf, size_t size)
{
	char nonce[NONCE_TEXT];
	struct tp_wr wr;

	write_nonce(d, realm, now_s, nonce);
	tp_wr_init(&wr, buf, size);
	tp_wr_text(&wr, "Digest realm=");
	write_quoted(&wr, realm);
	tp_wr_fmt(&wr, ", nonce=\"%s\", algorithm=%s, qop=\"auth\"%s", nonce, algorithm_names[algorithm],
		  stale ? ", stale=true" : "");
	tp_wr_u8(&wr, 0);
	return wr.err;
}

static bool copy_param(const struct tp_sip_credentials *c, const char *name, char *buf, size_t size)
{
	return tp_sip_param_text(c->params, name, buf, size);
}

/* Absent means MD5 (RFC 7616 section 3.3). */
static enum tp_err read_algorithm(const struct tp_sip_credentials *c, enum tp_digest_algorithm *out)
{
	char name[32];

	if (!tp_sip_param(c->params, "algorithm")) {
		*out = TP_DIGEST_MD5;
		return TP_OK;
	}
	if (!copy_param(c, "algorithm", name, sizeof(name)))
		return TP_UNSUPPORTED;
	for (int i = 0; i < 2; i++) {
		if (strcasecmp(name, algorithm_names[i]) == 0) {
			*out = (enum tp_digest_algorithm)i;
			return TP_OK;
		}
	}
	return TP_UNSUPPORTED;
}

enum tp_err tp_digest_read(const struct tp_sip_credentials *c, struct tp_digest_answer *out)
{
	char qop[16];
	enum tp_err err;

	memset(out, 0, sizeof(*out));
	if (strcasecmp(c->scheme, "Digest") != 0)
		return TP_UNSUPPORTED;
	err = read_algorithm(c, &out->algorithm);
	if (err != TP_OK)
		return err;
	if (!copy_param(c, "username", out->user, sizeof(out->user)) ||
	    !copy_param(c, "realm", out->realm, sizeof(out->realm)) ||
	    !copy_param(c, "nonce", out->nonce, sizeof(out->nonce)) ||
	    !copy_param(c, "uri", out->uri, sizeof(out->uri)) ||
	    !copy_param(c, "response", out->response, sizeof(out->response)) ||
	    !copy_param(c, "cnonce", out->cnonce, sizeof(out->cnonce)) ||
	    !copy_param(c, "nc", out->nc, sizeof(out->nc)) || !copy_param(c, "qop", qop, sizeof(qop)) ||
	    strcasecmp(qop, "auth") != 0)
		return TP_FORMAT;
	return TP_OK;
}

enum tp_err tp_digest_check(struct tp_digest *d, const struct tp_digest_answer *answer, const char *method,
			    const char *realm, const struct tp_secret *password, uint64_t now_s)
{
	static const struct tp_secret nobody = { (uint8_t *)"", 0 };
	struct tp_digest_slot *slot;
	char wanted[HASH_TEXT], given[HASH_TEXT];
	uint8_t nc[4];
	size_t len;

	if (strcmp(answer->realm, realm) != 0)
		return TP_AUTH;
	slot = find_nonce(d, answer->nonce, realm, now_s);
	if (!slot)
		return TP_AGAIN;
	if (tp_text_parse_hex(tp_span_of(answer->nc), nc, sizeof(nc)) != TP_OK)
		return TP_AUTH;
	if (!tp_digest_response(answer, method, password ? password : &nobody, wanted))
		return TP_AUTH;
	len = strlen(wanted);
	if (strlen(answer->response) != len)
		return TP_AUTH;
	for (size_t i = 0; i <= len; i++)
		given[i] = (char)(answer->response[i] >= 'A' && answer->response[i] <= 'F' ?
					  answer->response[i] + 32 : answer->response[i]);
	if (!tp_equal_constant_time(wanted, given, len) || !password)
		return TP_AUTH;
	if (tp_load_be32(nc) <= slot->nc)
		return TP_AGAIN;
	slot->nc = tp_load_be32(nc);
	return TP_OK;
}

/* ----------------------------------------------------------------- client */

/* Whether the challenge's qop list names auth. */
static bool offers_auth(const struct tp_sip_credentials *c)
{
	char list[64];
	struct tp_span rest;

	if (!copy_param(c, "qop", list, sizeof(list)))
		return false;
	for (rest = tp_span_of(list); rest.p;)
		if (tp_span_equal_nocase(tp_span_trim(tp_span_split(&rest, ',')), TP_SPAN("auth")))
			return true;
	return false;
}

enum tp_err tp_digest_answer_challenge(const struct tp_sip_credentials *c, const char *expected_realm,
				       const char *user, const struct tp_secret *password,
				       const char *method, const char *uri, char *buf, size_t size)
{
	struct tp_digest_answer a = { 0 };
	char response[HASH_TEXT];
	uint8_t random[16];
	struct tp_wr wr;

	if (strcasecmp(c->scheme, "Digest") != 0 || read_algorithm(c, &a.algorithm) != TP_OK ||
	    a.algorithm != TP_DIGEST_SHA256 || !offers_auth(c) ||
	    !copy_param(c, "realm", a.realm, sizeof(a.realm)) || strcmp(a.realm, expected_realm) != 0 ||
	    !copy_param(c, "nonce", a.nonce, sizeof(a.nonce)))
		return TP_DENIED;
	if (!tp_text_copy(a.user, sizeof(a.user), user) || !tp_text_copy(a.uri, sizeof(a.uri), uri))
		return TP_LIMIT;
	tp_random_bytes(random, sizeof(random));
	tp_text_write_hex(a.cnonce, random, sizeof(random));
	snprintf(a.nc, sizeof(a.nc), "00000001");
	if (!tp_digest_response(&a, method, password, response))
		return TP_INTERNAL;
	tp_wr_init(&wr, buf, size);
	tp_wr_text(&wr, "Digest username=");
	write_quoted(&wr, a.user);
	tp_wr_text(&wr, ", realm=");
	write_quoted(&wr, a.realm);
	tp_wr_text(&wr, ", nonce=");
	write_quoted(&wr, a.nonce);
	tp_wr_text(&wr, ", uri=");
	write_quoted(&wr, a.uri);
	tp_wr_fmt(&wr, ", algorithm=SHA-256, response=\"%s\", qop=auth, nc=%s, cnonce=\"%s\"", response, a.nc,
		  a.cnonce);
	tp_wr_u8(&wr, 0);
	return wr.err;
}
