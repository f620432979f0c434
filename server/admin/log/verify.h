/* Verifying the audit log where it is kept: records and heads from the store, their MACs by
 * turnpiked. Runs in turnpike-admin. */
#ifndef TP_ADMIN_LOG_VERIFY_H
#define TP_ADMIN_LOG_VERIFY_H

#include "admin/store/store.h"
#include "audit/check.h"
#include "ipc/messages.h"

/* How turnpiked is asked; in the appliance the bus. */
struct tp_log_supervisor {
	void *arg;
	enum tp_err (*seal)(void *arg, const struct tp_msg_audit_seal *q, struct tp_msg_audit_sealed *a);
	enum tp_err (*state)(void *arg, struct tp_msg_audit_state *a);
	enum tp_err (*check)(void *arg, const struct tp_msg_audit_check *q,
			     struct tp_msg_audit_checked *a);
};

struct tp_log_verified {
	struct tp_audit_check check;
	uint64_t unsealed; /* records behind the last head: chained, but under no head yet */
	bool has_head;
	struct tp_audit_head head; /* turnpiked's own last one */
};

/* False: its parts do not have their lengths. */
bool tp_log_head_of(const struct tp_msg_audit_head *m, struct tp_audit_head *h);
void tp_log_head_to(const struct tp_audit_head *h, struct tp_msg_audit_head *m);

/* All of it. TP_CLOSED, TP_AGAIN: turnpiked gives no answer; TP_STATE: its book is damaged;
 * TP_IO. Faults are no error: see out->check. */
TP_NODISCARD enum tp_err tp_log_verify(struct tp_store *store, const struct tp_log_supervisor *supervisor,
				       struct tp_log_verified *out);

#endif
