/* The SRTP suites, and the way to a back end. Runs in turnpike-media. */
#include <openssl/sha.h>
#include <string.h>

#include "core/bytes.h"
#include "core/secret.h"
#include "ipc/messages.h"
#include "media/srtp.h"

static const struct {
	const char *name;
	uint8_t key_len; /* master key and master salt */
} suites[] = {
	[TP_SRTP_NONE] = { "none", 0 },
	[TP_SRTP_AES_CM_128_HMAC_SHA1_80] = { "AES_CM_128_HMAC_SHA1_80", 16 + 14 },
	[TP_SRTP_AES_CM_128_HMAC_SHA1_32] = { "AES_CM_128_HMAC_SHA1_32", 16 + 14 },
	[TP_SRTP_AES_256_CM_HMAC_SHA1_80] = { "AES_256_CM_HMAC_SHA1_80", 32 + 14 },
	[TP_SRTP_AES_256_CM_HMAC_SHA1_32] = { "AES_256_CM_HMAC_SHA1_32", 32 + 14 },
	[TP_SRTP_AEAD_AES_128_GCM] = { "AEAD_AES_128_GCM", 16 + 12 },
	[TP_SRTP_AEAD_AES_256_GCM] = { "AEAD_AES_256_GCM", 32 + 12 },
};
enum { SUITES = sizeof(suites) / sizeof(suites[0]) };

size_t tp_srtp_key_len(uint8_t suite)
{
	return suite < SUITES ? suites[suite].key_len : 0;
}

const char *tp_srtp_suite_name(uint8_t suite)
{
	return suite < SUITES ? suites[suite].name : "unknown";
}

void tp_srtp_key_name(uint8_t suite, const uint8_t *key, size_t key_len, const uint64_t scope[2],
		      uint8_t name[TP_SRTP_KEY_NAME_BYTES])
{
	uint8_t text[17 + 64] = { suite }, digest[SHA256_DIGEST_LENGTH];

	if (key_len > sizeof(text) - 17)
		key_len = sizeof(text) - 17;
	tp_store_be64(text + 1, scope[0]);
	tp_store_be64(text + 9, scope[1]);
	memcpy(text + 17, key, key_len);
	SHA256(text, 17 + key_len, digest);
	memcpy(name, digest, TP_SRTP_KEY_NAME_BYTES);
	tp_wipe(text, sizeof(text));
}

enum tp_err tp_srtp_new_on(const struct tp_srtp_backend *backend, uint8_t suite,
			   const uint8_t *key, size_t key_len, bool sealing,
			   struct tp_srtp_record *record, struct tp_srtp **out)
{
	if (tp_srtp_key_len(suite) == 0)
		return TP_UNSUPPORTED;
	if (key_len != tp_srtp_key_len(suite))
		return TP_FORMAT;
	return backend->make(suite, key, key_len, sealing, record, out);
}

enum tp_err tp_srtp_new(uint8_t suite, const uint8_t *key, size_t key_len, bool sealing,
			struct tp_srtp_record *record, struct tp_srtp **out)
{
	return tp_srtp_new_on(&tp_srtp_backend_evp, suite, key, key_len, sealing, record, out);
}

void tp_srtp_free(struct tp_srtp **srtp)
{
	if (*srtp)
		(*srtp)->backend->unmake(*srtp);
	*srtp = NULL;
}

enum tp_err tp_srtp_seal_rtp(struct tp_srtp *srtp, void *packet, size_t *len)
{
	return srtp->backend->seal_rtp(srtp, packet, len);
}

enum tp_err tp_srtp_seal_rtcp(struct tp_srtp *srtp, void *packet, size_t *len)
{
	return srtp->backend->seal_rtcp(srtp, packet, len);
}

enum tp_err tp_srtp_open_rtp(struct tp_srtp *srtp, void *packet, size_t *len, bool *newest)
{
	return srtp->backend->open_rtp(srtp, packet, len, newest);
}

enum tp_err tp_srtp_open_rtcp(struct tp_srtp *srtp, void *packet, size_t *len)
{
	return srtp->backend->open_rtcp(srtp, packet, len);
}
