/* Which peers finished a TLS handshake, with which version and suite, told to admin
 * in batches: what the preview of a stricter policy is made from. Used by sip. */
#ifndef TP_SIP_STATUS_HANDSHAKES_H
#define TP_SIP_STATUS_HANDSHAKES_H

#include "sip/context.h"

struct tp_handshakes;

enum {
	TP_HANDSHAKES_MAX = 256,      /* of a batch; those beyond are noted another time */
	TP_HANDSHAKES_FLUSH_MS = 5000,
};

TP_NODISCARD enum tp_err tp_handshakes_new(struct tp_sip *sip, struct tp_handshakes **out);
void tp_handshakes_free(struct tp_handshakes **handshakes);
/* A TLS connection is up; others are ignored. Once a batch for a peer's address,
 * version and suite. What admin does not take is forgotten. */
void tp_handshakes_note(struct tp_sip *sip, const struct tp_flow *flow);

#endif
