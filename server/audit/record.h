/* The audit log's records and how each is bound to the one before. Shared by turnpike-admin,
 * which keeps them, and turnpikectl, which verifies exported ones; docs/audit.md. */
#ifndef TP_AUDIT_RECORD_H
#define TP_AUDIT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum {
	TP_AUDIT_HASH = 32,
	TP_AUDIT_BOOT = 16,
	/* Longest record in canonical form; what admin keeps is far below. */
	TP_AUDIT_RECORD_MAX = 8192,
};

enum tp_audit_kind { TP_AUDIT_EVENT = 0, TP_AUDIT_CONFIGURATION = 1 };

/* Texts are borrowed and NUL-terminated. */
struct tp_audit_record {
	uint64_t sequence; /* from 1, without a gap */
	uint8_t boot[TP_AUDIT_BOOT];
	uint64_t at_ms; /* Unix time */
	uint8_t kind;	/* enum tp_audit_kind */
	uint8_t severity;
	const char *name;
	const char *text;
	const char *user;
	const char *source;
	const char *path;
	const char *before;
	const char *after;
	uint8_t hash[TP_AUDIT_HASH]; /* as stored; not part of what is hashed */
};

/* SHA-256 over "turnpike audit record 1" with its NUL, the hash of the record before (zeros
 * before the first), sequence (8 bytes), boot (16), at_ms (8), kind, severity, and the seven texts in
 * the order above, each behind its length (4); numbers big-endian. TP_LIMIT: too long. */
TP_NODISCARD enum tp_err tp_audit_record_hash(const uint8_t before[TP_AUDIT_HASH],
					      const struct tp_audit_record *r,
					      uint8_t hash[TP_AUDIT_HASH]);
/* Bytes that it counts for in the log's size. */
size_t tp_audit_record_size(const struct tp_audit_record *r);

#endif
