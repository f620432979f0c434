/* One order of a certificate, from the account to the chain. */
#ifndef TP_ACME_ORDER_H
#define TP_ACME_ORDER_H

#include "conversation.h"
#include "ipc/messages.h"
#include "program.h"

enum { TP_ORDER_MS = 540000, TP_ORDER_PROOFS_MAX = 200 };

/* A proof that a hook has put into the DNS. */
struct tp_order_proof {
	char name[256];
	char value[512];
};

struct tp_order {
	struct tp_msg_acme_do asked;
	uint8_t *request;
	struct tp_program uacme;
	uint64_t until_ms;
	bool running;
	struct tp_conversation said;
	struct tp_order_proof *proofs;
	size_t proof_count;
	char failed[400]; /* why we ended it; empty: we did not */
};

/* Begins: TP_AGAIN with said.name, token and proof to be shown; TP_OK: it is over, *out
 * tells how. trusted: the CAs as a file. */
TP_NODISCARD enum tp_err tp_order_begin(struct tp_order *o, const struct tp_msg_acme_do *asked,
					int trusted, struct tp_msg_acme_done *out);
/* Goes on when the proof is shown, or cannot be. The same results. */
TP_NODISCARD enum tp_err tp_order_go_on(struct tp_order *o, bool shown,
					struct tp_msg_acme_done *out);
void tp_order_fini(struct tp_order *o);

#endif
