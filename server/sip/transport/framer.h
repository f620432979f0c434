/* Cutting a byte stream into SIP messages and keepalives. Used by sip. RFC 3261
 * sections 7.5 and 18.3, RFC 5626 section 3.5.1. No I/O. */
#ifndef TP_SIP_TRANSPORT_FRAMER_H
#define TP_SIP_TRANSPORT_FRAMER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/text.h"

/* A zeroed one is ready. Holds no memory while nothing is buffered. */
struct tp_framer {
	char *buf;
	size_t cap;
	size_t start;   /* of the first byte not yet given out */
	size_t end;
	size_t scanned; /* bytes behind start known to hold no end of the head */
	size_t head;    /* length of the head when known, else 0 */
	size_t total;   /* length of the message when known, else 0 */
};

enum tp_framer_kind { TP_FRAMER_MESSAGE, TP_FRAMER_PING };

void tp_framer_fini(struct tp_framer *f);
/* Room to read into; *room is at least 1. TP_LIMIT: the message under way is larger
 * than TP_SIP_MESSAGE_MAX; TP_NOMEM. */
TP_NODISCARD enum tp_err tp_framer_space(struct tp_framer *f, char **p, size_t *room);
void tp_framer_commit(struct tp_framer *f, size_t len);
/* The next whole thing. *message is borrowed until the next call of any of these and set
 * for TP_FRAMER_MESSAGE only. TP_AGAIN: read more. TP_FORMAT, TP_LIMIT: this is no
 * SIP stream, or one whose ends cannot be trusted: answer with what
 * tp_framer_rest gives, and close. */
TP_NODISCARD enum tp_err tp_framer_next(struct tp_framer *f, enum tp_framer_kind *kind,
					struct tp_span *message, struct tp_diag *diag);
/* Whether a message has begun and not ended. */
bool tp_framer_partial(const struct tp_framer *f);
/* What is buffered: after an error, the head that was refused. */
struct tp_span tp_framer_rest(const struct tp_framer *f);

#endif
