/* The hash of one record. Runs in turnpike-admin and turnpikectl. */
#include "audit/record.h"

#include <openssl/evp.h>
#include <string.h>

#include "core/bytes.h"

static const char label[] = "turnpike audit record 1";

enum { TEXTS = 7, FIXED = sizeof(label) + TP_AUDIT_HASH + 8 + TP_AUDIT_BOOT + 8 + 2 };

static void texts_of(const struct tp_audit_record *r, const char *texts[TEXTS])
{
	const char *const all[TEXTS] = { r->name, r->text,   r->user, r->source,
					 r->path, r->before, r->after };

	memcpy(texts, all, sizeof(all));
}

enum tp_err tp_audit_record_hash(const uint8_t before[TP_AUDIT_HASH],
				 const struct tp_audit_record *r, uint8_t hash[TP_AUDIT_HASH])
{
	uint8_t bytes[TP_AUDIT_RECORD_MAX];
	const char *texts[TEXTS];
	struct tp_wr wr;

	tp_wr_init(&wr, bytes, sizeof(bytes));
	tp_wr_bytes(&wr, label, sizeof(label));
	tp_wr_bytes(&wr, before, TP_AUDIT_HASH);
	tp_wr_u64(&wr, r->sequence);
	tp_wr_bytes(&wr, r->boot, TP_AUDIT_BOOT);
	tp_wr_u64(&wr, r->at_ms);
	tp_wr_u8(&wr, r->kind);
	tp_wr_u8(&wr, r->severity);
	texts_of(r, texts);
	for (size_t i = 0; i < TEXTS; i++) {
		size_t len = strlen(texts[i]);

		if (len > TP_AUDIT_RECORD_MAX)
			return TP_LIMIT;
		tp_wr_u32(&wr, (uint32_t)len);
		tp_wr_bytes(&wr, texts[i], len);
	}
	if (wr.err != TP_OK)
		return wr.err;
	return EVP_Digest(bytes, wr.len, hash, NULL, EVP_sha256(), NULL) == 1 ? TP_OK : TP_INTERNAL;
}

size_t tp_audit_record_size(const struct tp_audit_record *r)
{
	const char *texts[TEXTS];
	size_t size = FIXED + 4 * (size_t)TEXTS;

	texts_of(r, texts);
	for (size_t i = 0; i < TEXTS; i++)
		size += strlen(texts[i]);
	return size;
}
