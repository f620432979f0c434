/* Heads of the audit log: what turnpiked says of a record's number and hash, so that nobody
 * can say something else of it later. Made by turnpiked, kept by turnpike-admin, verified by
 * both and by turnpikectl; docs/audit.md. */
#ifndef TP_AUDIT_HEAD_H
#define TP_AUDIT_HEAD_H

#include <stdbool.h>

#include "audit/record.h"

enum {
	TP_AUDIT_MAC = 32,
	TP_AUDIT_SIGNATURE = 64,
	TP_AUDIT_KEY = 32,    /* of the MAC */
	TP_AUDIT_PUBLIC = 32, /* Ed25519 */
};

enum tp_audit_head_kind {
	TP_AUDIT_HEAD = 0,	 /* the log reaches to this record */
	TP_AUDIT_CHECKPOINT = 1, /* records up to this one were dropped in order */
};

struct tp_audit_head {
	uint8_t kind;	  /* enum tp_audit_head_kind */
	uint64_t counter; /* of heads of both kinds, from 1 */
	uint64_t sequence;
	uint8_t hash[TP_AUDIT_HASH]; /* of record `sequence` */
	uint8_t boot[TP_AUDIT_BOOT]; /* drawn at turnpiked's start */
	uint64_t at_ms;		     /* when turnpiked made it */
	uint8_t mac[TP_AUDIT_MAC];   /* HMAC-SHA256 over all above */
	uint8_t signature[TP_AUDIT_SIGNATURE]; /* Ed25519 over the same bytes */
};

/* What is signed: "turnpike audit head 1" with its NUL, kind, counter, sequence, hash, boot,
 * at_ms; numbers big-endian. */
enum { TP_AUDIT_HEAD_BYTES = 22 + 1 + 8 + 8 + TP_AUDIT_HASH + TP_AUDIT_BOOT + 8 };
void tp_audit_head_write(const struct tp_audit_head *head, uint8_t bytes[TP_AUDIT_HEAD_BYTES]);

TP_NODISCARD enum tp_err tp_audit_head_mac(const uint8_t key[TP_AUDIT_KEY],
					   const struct tp_audit_head *head,
					   uint8_t mac[TP_AUDIT_MAC]);
/* Whether the signature is good under this public key. */
bool tp_audit_head_is_signed(const uint8_t public_key[TP_AUDIT_PUBLIC],
			     const struct tp_audit_head *head);

#endif
