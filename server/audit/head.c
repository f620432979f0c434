/* Bytes, MAC and signature of a head. Runs in turnpiked, turnpike-admin and turnpikectl. */
#include "audit/head.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "core/bytes.h"

void tp_audit_head_write(const struct tp_audit_head *head, uint8_t bytes[TP_AUDIT_HEAD_BYTES])
{
	static const char label[22] = "turnpike audit head 1";
	struct tp_wr wr;

	tp_wr_init(&wr, bytes, TP_AUDIT_HEAD_BYTES);
	tp_wr_bytes(&wr, label, sizeof(label));
	tp_wr_u8(&wr, head->kind);
	tp_wr_u64(&wr, head->counter);
	tp_wr_u64(&wr, head->sequence);
	tp_wr_bytes(&wr, head->hash, TP_AUDIT_HASH);
	tp_wr_bytes(&wr, head->boot, TP_AUDIT_BOOT);
	tp_wr_u64(&wr, head->at_ms);
}

enum tp_err tp_audit_head_mac(const uint8_t key[TP_AUDIT_KEY], const struct tp_audit_head *head,
			      uint8_t mac[TP_AUDIT_MAC])
{
	uint8_t bytes[TP_AUDIT_HEAD_BYTES];
	unsigned len = TP_AUDIT_MAC;

	tp_audit_head_write(head, bytes);
	return HMAC(EVP_sha256(), key, TP_AUDIT_KEY, bytes, sizeof(bytes), mac, &len) ? TP_OK
										     : TP_INTERNAL;
}

bool tp_audit_head_is_signed(const uint8_t public_key[TP_AUDIT_PUBLIC],
			     const struct tp_audit_head *head)
{
	EVP_PKEY *key =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, TP_AUDIT_PUBLIC);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t bytes[TP_AUDIT_HEAD_BYTES];
	bool good;

	tp_audit_head_write(head, bytes);
	good = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, head->signature, TP_AUDIT_SIGNATURE, bytes, sizeof(bytes)) ==
		       1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}
