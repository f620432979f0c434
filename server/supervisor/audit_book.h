/* turnpiked's book of audit heads: the key that makes them, the counter, and the last one of
 * each kind, in state/audit. Outside of the database that it vouches for: who changes that,
 * or puts an older copy of it back, finds here what was sealed. Runs in turnpiked alone.
 *
 * Files: `head` (the last head and checkpoint, each with its MAC) and `key.sealed` (the private
 * Ed25519 key, sealed under the root key); docs/audit.md. */
#ifndef TP_SUPERVISOR_AUDIT_BOOK_H
#define TP_SUPERVISOR_AUDIT_BOOK_H

#include "audit/head.h"
#include "core/secret.h"
#include "supervisor/seal.h"

struct tp_audit_book {
	int folder_fd;		  /* -1: not open */
	struct tp_secret mac_key; /* derived from the root key */
	struct tp_secret signing_key;
	uint8_t public_key[TP_AUDIT_PUBLIC];
	uint8_t boot[TP_AUDIT_BOOT];
	struct tp_audit_head head;	 /* counter 0: none yet */
	struct tp_audit_head checkpoint; /* the same */
	bool damaged; /* the files do not read: nothing is sealed */
};

/* Reads state/audit, making it first where there is none. TP_OK also when the files are
 * damaged, which is logged: the appliance starts, and says that it cannot seal. */
TP_NODISCARD enum tp_err tp_audit_book_open(int state_fd, const struct tp_secret *root,
					    const struct tp_seal *seal, struct tp_audit_book *book,
					    struct tp_diag *diag);
void tp_audit_book_close(struct tp_audit_book *book);

/* A head for record `sequence`, on disk before it is given out. The last one again when it is
 * asked for again. TP_DENIED: its number is used, for another hash or by a later head;
 * TP_STATE: damaged; TP_IO. */
TP_NODISCARD enum tp_err tp_audit_book_seal(struct tp_audit_book *book, uint64_t sequence,
					    const uint8_t hash[TP_AUDIT_HASH], uint64_t now_ms,
					    struct tp_audit_head *out);
/* A checkpoint at an earlier head, which must be one of ours. TP_AUTH: it is not;
 * TP_DENIED: a later one was made. */
TP_NODISCARD enum tp_err tp_audit_book_drop_to(struct tp_audit_book *book,
					       const struct tp_audit_head *head, uint64_t now_ms,
					       struct tp_audit_head *out);
bool tp_audit_book_made(const struct tp_audit_book *book, const struct tp_audit_head *head);

#endif
