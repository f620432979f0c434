/* The SRTP back end on OpenSSL EVP: AES-CM with HMAC-SHA1 (RFC 3711, 6188) and
 * AES-GCM (RFC 7714), without MKI and with a key derivation rate of 0. Nothing is
 * allocated for a packet. Runs in turnpike-media. */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA_CTX: see struct keys */
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/secret.h"
#include "ipc/messages.h"
#include "media/srtp.h"
#include "proto/rtcp.h"
#include "proto/rtp.h"

enum {
	WINDOW = 256,         /* indices below the highest that are told apart */
	SALT_BYTES = 14,      /* of AES-CM; GCM uses the first 12 */
	GCM_NONCE_BYTES = 12,
	GCM_TAG_BYTES = 16,
	HMAC_KEY_BYTES = 20,
	SHA1_BLOCK = 64,
	SHA1_BYTES = 20,
	RTCP_CLEAR_BYTES = 8, /* header and SSRC of the first packet */
	RTCP_INDEX_BYTES = 4,
	RTCP_INDEX_MAX = 0x7fffffff,
};
static const uint32_t RTCP_ENCRYPTED = 0x80000000u;

/* Labels of RFC 3711 section 4.3.1; SRTCP's are 3 higher. */
enum { LABEL_CIPHER = 0, LABEL_AUTH = 1, LABEL_SALT = 2, LABEL_RTCP = 3 };

struct suite {
	const EVP_CIPHER *(*cipher)(void);
	const EVP_CIPHER *(*prf)(void);
	uint8_t key_len;
	uint8_t salt_len;
	uint8_t rtp_tag;  /* bytes */
	uint8_t rtcp_tag;
	bool gcm;
};

/* Keys of one of the two protocols. */
struct keys {
	EVP_CIPHER_CTX *cipher;
	uint8_t salt[SALT_BYTES];
	/* HMAC-SHA1 after its padded keys. Copied for each packet: EVP's digests and MACs
	 * allocate when they begin anew. */
	SHA_CTX inner;
	SHA_CTX outer;
};

/* Ring of bits, index modulo WINDOW; the highest index stands in the record. */
struct window {
	uint64_t bits[WINDOW / 64];
};

struct source {
	uint64_t resumed_rtp;  /* indices below were used by an earlier process */
	uint64_t resumed_rtcp;
	struct window rtp;
	struct window rtcp;
};

struct evp {
	struct tp_srtp base;
	const struct suite *suite;
	bool sealing;
	struct keys rtp;
	struct keys rtcp;
	struct tp_srtp_record *record;
	struct source sources[TP_SRTP_SSRC_MAX]; /* as record->slots */
};

static const struct suite *suite_of(uint8_t suite)
{
	static const struct suite suites[] = {
		[TP_SRTP_AES_CM_128_HMAC_SHA1_80] = { EVP_aes_128_ctr, EVP_aes_128_ctr, 16, 14, 10, 10, false },
		/* SRTCP keeps 80 bits (RFC 4568 6.2.2, RFC 6188 section 4). */
		[TP_SRTP_AES_CM_128_HMAC_SHA1_32] = { EVP_aes_128_ctr, EVP_aes_128_ctr, 16, 14, 4, 10, false },
		[TP_SRTP_AES_256_CM_HMAC_SHA1_80] = { EVP_aes_256_ctr, EVP_aes_256_ctr, 32, 14, 10, 10, false },
		[TP_SRTP_AES_256_CM_HMAC_SHA1_32] = { EVP_aes_256_ctr, EVP_aes_256_ctr, 32, 14, 4, 10, false },
		[TP_SRTP_AEAD_AES_128_GCM] = { EVP_aes_128_gcm, EVP_aes_128_ctr, 16, 12, 16, 16, true },
		[TP_SRTP_AEAD_AES_256_GCM] = { EVP_aes_256_gcm, EVP_aes_256_ctr, 32, 12, 16, 16, true },
	};

	return suite && suite < sizeof(suites) / sizeof(suites[0]) ? &suites[suite] : NULL;
}

/* --------------------------------------------------------------------- keys */

/* RFC 3711 section 4.3: the PRF's keystream under the salt with the label in it. */
static bool derive(const struct suite *suite, const uint8_t *key, uint8_t label, uint8_t *out,
		   size_t len)
{
	static const uint8_t zeros[32];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t iv[16] = { 0 };
	bool ok;
	int n;

	memcpy(iv, key + suite->key_len, suite->salt_len);
	iv[7] ^= label;
	ok = ctx && EVP_EncryptInit_ex(ctx, suite->prf(), NULL, key, iv) == 1 &&
	     EVP_EncryptUpdate(ctx, out, &n, zeros, (int)len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	tp_wipe(iv, sizeof(iv));
	return ok;
}

static bool begin_hmac(const uint8_t key[HMAC_KEY_BYTES], uint8_t padding, SHA_CTX *out)
{
	uint8_t block[SHA1_BLOCK];
	bool ok;

	memset(block, padding, sizeof(block));
	for (size_t i = 0; i < HMAC_KEY_BYTES; i++)
		block[i] ^= key[i];
	ok = SHA1_Init(out) == 1 && SHA1_Update(out, block, sizeof(block)) == 1;
	tp_wipe(block, sizeof(block));
	return ok;
}

static bool set_keys(struct evp *s, const uint8_t *key, uint8_t base, struct keys *k)
{
	const struct suite *suite = s->suite;
	uint8_t session[32], auth[HMAC_KEY_BYTES] = { 0 };
	bool ok = derive(suite, key, (uint8_t)(base + LABEL_CIPHER), session, suite->key_len) &&
		  derive(suite, key, (uint8_t)(base + LABEL_SALT), k->salt, suite->salt_len) &&
		  (suite->gcm || derive(suite, key, (uint8_t)(base + LABEL_AUTH), auth, sizeof(auth)));

	/* A counter cipher only encrypts; GCM needs to know the direction. */
	k->cipher = EVP_CIPHER_CTX_new();
	ok = ok && k->cipher &&
	     EVP_CipherInit_ex(k->cipher, suite->cipher(), NULL, session, NULL,
			       suite->gcm ? s->sealing : 1) == 1;
	ok = ok && begin_hmac(auth, 0x36, &k->inner) && begin_hmac(auth, 0x5c, &k->outer);
	tp_wipe(session, sizeof(session));
	tp_wipe(auth, sizeof(auth));
	return ok;
}

static void unmake(struct tp_srtp *base)
{
	struct evp *s = (struct evp *)base;

	EVP_CIPHER_CTX_free(s->rtp.cipher);
	EVP_CIPHER_CTX_free(s->rtcp.cipher);
	tp_wipe(s, sizeof(*s));
	free(s);
}

static enum tp_err make(uint8_t suite, const uint8_t *key, size_t key_len, bool sealing,
			struct tp_srtp_record *record, struct tp_srtp **out)
{
	const struct suite *facts = suite_of(suite);
	struct evp *s;

	(void)key_len;
	if (!facts || !facts->cipher)
		return TP_UNSUPPORTED;
	s = calloc(1, sizeof(*s));
	if (!s)
		return TP_NOMEM;
	s->suite = facts;
	s->base.backend = &tp_srtp_backend_evp;
	s->sealing = sealing;
	s->record = record;
	for (uint32_t i = 0; i < record->slot_count; i++) {
		s->sources[i].resumed_rtp = record->slots[i].rtp_next;
		s->sources[i].resumed_rtcp = record->slots[i].rtcp_next;
	}
	if (!set_keys(s, key, 0, &s->rtp) || !set_keys(s, key, LABEL_RTCP, &s->rtcp)) {
		unmake(&s->base);
		return TP_INTERNAL;
	}
	*out = &s->base;
	return TP_OK;
}

/* ------------------------------------------------------------------- replay */

/* next: highest index + 1, 0 for none; resumed: nothing below is new. */
static bool is_new(const struct window *w, uint64_t next, uint64_t resumed, uint64_t index)
{
	if (index < resumed)
		return false;
	if (index >= next)
		return true;
	return next - index <= WINDOW && !(w->bits[index % WINDOW / 64] >> (index % 64) & 1);
}

static void mark(struct window *w, uint64_t next, uint64_t index)
{
	if (index >= next) {
		if (index - next >= WINDOW)
			memset(w->bits, 0, sizeof(w->bits));
		else
			for (uint64_t i = next; i <= index; i++)
				w->bits[i % WINDOW / 64] &= ~((uint64_t)1 << (i % 64));
	}
	w->bits[index % WINDOW / 64] |= (uint64_t)1 << (index % 64);
}

/* ------------------------------------------------------------------- crypto */

/* HMAC-SHA1 over the packet and a 32-bit number behind it. */
static bool authenticate(const struct keys *k, const uint8_t *packet, size_t len, uint32_t tail,
			 uint8_t sum[SHA1_BYTES])
{
	SHA_CTX inner = k->inner, outer = k->outer;
	uint8_t tail_bytes[4];

	tp_store_be32(tail_bytes, tail);
	return SHA1_Update(&inner, packet, len) == 1 &&
	       SHA1_Update(&inner, tail_bytes, sizeof(tail_bytes)) == 1 &&
	       SHA1_Final(sum, &inner) == 1 && SHA1_Update(&outer, sum, SHA1_BYTES) == 1 &&
	       SHA1_Final(sum, &outer) == 1;
}

/* RFC 3711 section 4.1.1: salt * 2^16 xor SSRC * 2^64 xor index * 2^16. */
static bool count_mode(struct keys *k, uint32_t ssrc, uint64_t index, uint8_t *text, size_t len)
{
	uint8_t iv[16] = { 0 };
	int n;

	memcpy(iv, k->salt, SALT_BYTES);
	for (int i = 0; i < 4; i++)
		iv[4 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
	for (int i = 0; i < 6; i++)
		iv[8 + i] ^= (uint8_t)(index >> (40 - 8 * i));
	return EVP_EncryptInit_ex(k->cipher, NULL, NULL, NULL, iv) == 1 &&
	       EVP_EncryptUpdate(k->cipher, text, &n, text, (int)len) == 1;
}

/* RFC 7714 sections 8.1 and 9.1: two zero bytes, SSRC, 48 bits of index, xor salt. */
static bool begin_gcm(struct keys *k, uint32_t ssrc, uint64_t index)
{
	uint8_t nonce[GCM_NONCE_BYTES];

	memcpy(nonce, k->salt, sizeof(nonce));
	for (int i = 0; i < 4; i++)
		nonce[2 + i] ^= (uint8_t)(ssrc >> (24 - 8 * i));
	for (int i = 0; i < 6; i++)
		nonce[6 + i] ^= (uint8_t)(index >> (40 - 8 * i));
	return EVP_CipherInit_ex(k->cipher, NULL, NULL, NULL, nonce, -1) == 1;
}

/* aad, and behind it `tail_len` bytes of tail. */
static bool gcm_seal(struct keys *k, const uint8_t *aad, size_t aad_len, const uint8_t *tail,
		     size_t tail_len, uint8_t *text, size_t len)
{
	int n;

	return EVP_EncryptUpdate(k->cipher, NULL, &n, aad, (int)aad_len) == 1 &&
	       (!tail_len || EVP_EncryptUpdate(k->cipher, NULL, &n, tail, (int)tail_len) == 1) &&
	       (!len || EVP_EncryptUpdate(k->cipher, text, &n, text, (int)len) == 1) &&
	       EVP_EncryptFinal_ex(k->cipher, text + len, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(k->cipher, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES, text + len) == 1;
}

static bool gcm_open(struct keys *k, const uint8_t *aad, size_t aad_len, const uint8_t *tail,
		     size_t tail_len, uint8_t *text, size_t len)
{
	int n;

	return EVP_CIPHER_CTX_ctrl(k->cipher, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_BYTES, text + len) == 1 &&
	       EVP_DecryptUpdate(k->cipher, NULL, &n, aad, (int)aad_len) == 1 &&
	       (!tail_len || EVP_DecryptUpdate(k->cipher, NULL, &n, tail, (int)tail_len) == 1) &&
	       (!len || EVP_DecryptUpdate(k->cipher, text, &n, text, (int)len) == 1) &&
	       EVP_DecryptFinal_ex(k->cipher, text + len, &n) == 1;
}

/* ---------------------------------------------------------------------- RTP */

static enum tp_err seal_rtp(struct tp_srtp *base, void *packet, size_t *len)
{
	struct evp *s = (struct evp *)base;
	struct tp_srtp_slot *slot;
	struct source *source;
	struct tp_rtp h;
	uint8_t *p = packet, sum[SHA1_BYTES];
	uint64_t index;
	bool ok;
	enum tp_err err = tp_rtp_parse_header(packet, *len, &h);

	if (err)
		return TP_FORMAT;
	slot = tp_srtp_record_slot(s->record, h.ssrc, true);
	if (!slot)
		return TP_LIMIT;
	source = &s->sources[slot - s->record->slots];
	index = tp_srtp_guess_index(slot->rtp_next, h.sequence);
	if (index >> 48)
		return TP_LIMIT;
	if (!is_new(&source->rtp, slot->rtp_next, source->resumed_rtp, index))
		return TP_EXISTS;
	/* Used from here on, whatever becomes of the packet or of this process. */
	mark(&source->rtp, slot->rtp_next, index);
	if (index >= slot->rtp_next)
		__atomic_store_n(&slot->rtp_next, index + 1, __ATOMIC_RELEASE);
	if (s->suite->gcm) {
		ok = begin_gcm(&s->rtp, h.ssrc, index) &&
		     gcm_seal(&s->rtp, p, h.header_len, NULL, 0, p + h.header_len,
			      *len - h.header_len);
	} else {
		ok = count_mode(&s->rtp, h.ssrc, index, p + h.header_len, *len - h.header_len) &&
		     authenticate(&s->rtp, p, *len, (uint32_t)(index >> 16), sum);
		memcpy(p + *len, sum, s->suite->rtp_tag);
	}
	if (!ok)
		return TP_INTERNAL;
	*len += s->suite->rtp_tag;
	return TP_OK;
}

/* text_len: the packet without its tag. */
static enum tp_err open_text(struct evp *s, const struct tp_rtp *h, uint64_t index, uint8_t *p,
			     size_t text_len)
{
	uint8_t sum[SHA1_BYTES];

	if (s->suite->gcm)
		return begin_gcm(&s->rtp, h->ssrc, index) &&
				       gcm_open(&s->rtp, p, h->header_len, NULL, 0, p + h->header_len,
						text_len - h->header_len) ?
			       TP_OK :
			       TP_AUTH;
	if (!authenticate(&s->rtp, p, text_len, (uint32_t)(index >> 16), sum) ||
	    !tp_equal_constant_time(sum, p + text_len, s->suite->rtp_tag))
		return TP_AUTH;
	return count_mode(&s->rtp, h->ssrc, index, p + h->header_len, text_len - h->header_len) ?
		       TP_OK :
		       TP_INTERNAL;
}

static enum tp_err open_rtp(struct tp_srtp *base, void *packet, size_t *len, bool *newest)
{
	struct evp *s = (struct evp *)base;
	struct tp_srtp_slot *slot;
	struct source *source;
	struct tp_rtp h;
	uint64_t index;
	size_t text_len;
	enum tp_err err = tp_rtp_parse_header(packet, *len, &h);

	if (err || *len - h.header_len < s->suite->rtp_tag)
		return TP_FORMAT;
	text_len = *len - s->suite->rtp_tag;
	slot = tp_srtp_record_slot(s->record, h.ssrc, false);
	if (!slot && s->record->slot_count == TP_SRTP_SSRC_MAX)
		return TP_LIMIT;
	index = tp_srtp_guess_index(slot ? slot->rtp_next : 0, h.sequence);
	source = slot ? &s->sources[slot - s->record->slots] : NULL;
	if (slot && !is_new(&source->rtp, slot->rtp_next, source->resumed_rtp, index))
		return TP_EXISTS;
	err = open_text(s, &h, index, packet, text_len);
	if (err)
		return err;
	if (!slot) {
		slot = tp_srtp_record_slot(s->record, h.ssrc, true);
		source = &s->sources[slot - s->record->slots];
	}
	mark(&source->rtp, slot->rtp_next, index);
	*newest = index >= slot->rtp_next;
	if (*newest)
		__atomic_store_n(&slot->rtp_next, index + 1, __ATOMIC_RELEASE);
	*len = text_len;
	return TP_OK;
}

/* --------------------------------------------------------------------- RTCP */

/* SRTCP: clear header, text, then with GCM tag and index word, else index word and tag. */
static enum tp_err seal_rtcp(struct tp_srtp *base, void *packet, size_t *len)
{
	struct evp *s = (struct evp *)base;
	uint8_t *p = packet, *text = p + RTCP_CLEAR_BYTES, word[4], sum[SHA1_BYTES];
	struct tp_srtp_slot *slot;
	size_t text_len;
	uint32_t ssrc, index;
	bool ok;

	if (*len < RTCP_CLEAR_BYTES)
		return TP_FORMAT;
	text_len = *len - RTCP_CLEAR_BYTES;
	ssrc = tp_load_be32(p + 4);
	slot = tp_srtp_record_slot(s->record, ssrc, true);
	if (!slot)
		return TP_LIMIT;
	index = slot->rtcp_next ? slot->rtcp_next : 1;
	if (index >= RTCP_INDEX_MAX)
		return TP_LIMIT;
	__atomic_store_n(&slot->rtcp_next, index + 1, __ATOMIC_RELEASE);
	tp_store_be32(word, RTCP_ENCRYPTED | index);
	if (s->suite->gcm) {
		ok = begin_gcm(&s->rtcp, ssrc, index) &&
		     gcm_seal(&s->rtcp, p, RTCP_CLEAR_BYTES, word, sizeof(word), text, text_len);
		memcpy(p + *len + GCM_TAG_BYTES, word, sizeof(word));
	} else {
		ok = count_mode(&s->rtcp, ssrc, index, text, text_len) &&
		     authenticate(&s->rtcp, p, *len, RTCP_ENCRYPTED | index, sum);
		memcpy(p + *len, word, sizeof(word));
		memcpy(p + *len + sizeof(word), sum, s->suite->rtcp_tag);
	}
	if (!ok)
		return TP_INTERNAL;
	*len += RTCP_INDEX_BYTES + s->suite->rtcp_tag;
	return TP_OK;
}

static enum tp_err open_rtcp_text(struct evp *s, uint8_t *p, size_t clear_len, uint32_t ssrc,
				  uint32_t word)
{
	uint8_t *text = p + RTCP_CLEAR_BYTES, word_bytes[4], sum[SHA1_BYTES];
	size_t text_len = clear_len - RTCP_CLEAR_BYTES;
	uint32_t index = word & RTCP_INDEX_MAX;

	tp_store_be32(word_bytes, word);
	if (s->suite->gcm)
		return begin_gcm(&s->rtcp, ssrc, index) &&
				       gcm_open(&s->rtcp, p, RTCP_CLEAR_BYTES, word_bytes,
						sizeof(word_bytes), text, text_len) ?
			       TP_OK :
			       TP_AUTH;
	if (!authenticate(&s->rtcp, p, clear_len, word, sum) ||
	    !tp_equal_constant_time(sum, p + clear_len + RTCP_INDEX_BYTES, s->suite->rtcp_tag))
		return TP_AUTH;
	return count_mode(&s->rtcp, ssrc, index, text, text_len) ? TP_OK : TP_INTERNAL;
}

static enum tp_err open_rtcp(struct tp_srtp *base, void *packet, size_t *len)
{
	struct evp *s = (struct evp *)base;
	size_t behind = RTCP_INDEX_BYTES + s->suite->rtcp_tag, clear_len;
	struct tp_srtp_slot *slot;
	struct source *source;
	uint8_t *p = packet;
	uint32_t ssrc, word, index;
	enum tp_err err;

	if (*len < RTCP_CLEAR_BYTES + behind)
		return TP_FORMAT;
	clear_len = *len - behind;
	ssrc = tp_load_be32(p + 4);
	word = tp_load_be32(s->suite->gcm ? p + *len - RTCP_INDEX_BYTES : p + clear_len);
	index = word & RTCP_INDEX_MAX;
	if (!(word & RTCP_ENCRYPTED))
		return TP_FORMAT; /* nobody agreed on SRTCP in clear */
	slot = tp_srtp_record_slot(s->record, ssrc, false);
	if (!slot && s->record->slot_count == TP_SRTP_SSRC_MAX)
		return TP_LIMIT;
	source = slot ? &s->sources[slot - s->record->slots] : NULL;
	if (slot && !is_new(&source->rtcp, slot->rtcp_next, source->resumed_rtcp, index))
		return TP_EXISTS;
	err = open_rtcp_text(s, p, clear_len, ssrc, word);
	if (err)
		return err;
	if (!slot) {
		slot = tp_srtp_record_slot(s->record, ssrc, true);
		source = &s->sources[slot - s->record->slots];
	}
	mark(&source->rtcp, slot->rtcp_next, index);
	if (index >= slot->rtcp_next)
		__atomic_store_n(&slot->rtcp_next, index + 1, __ATOMIC_RELEASE);
	*len = clear_len;
	return TP_OK;
}

const struct tp_srtp_backend tp_srtp_backend_evp = {
	.name = "OpenSSL EVP",
	.make = make,
	.unmake = unmake,
	.seal_rtp = seal_rtp,
	.seal_rtcp = seal_rtcp,
	.open_rtp = open_rtp,
	.open_rtcp = open_rtcp,
};
