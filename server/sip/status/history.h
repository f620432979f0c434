/* Ended calls on their way to admin's history: kept until admin says it has them.
 * Used by sip. */
#ifndef TP_SIP_STATUS_HISTORY_H
#define TP_SIP_STATUS_HISTORY_H

#include "sip/proxy/call.h"

enum { TP_HISTORY_MAX = 1000 };

TP_NODISCARD enum tp_err tp_history_new(struct tp_history **out);
void tp_history_free(struct tp_history **history);
/* Nothing is kept of what is no INVITE. Beyond the limit the oldest is dropped. */
void tp_history_add(const struct tp_call *call, const struct tp_msg_stream_stats *stats, size_t count);
void tp_history_ack(struct tp_sip *sip, uint64_t sequence);
/* Admin came back: sends all again. */
void tp_history_resend(struct tp_sip *sip);

#endif
