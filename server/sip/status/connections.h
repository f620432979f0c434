/* Connections as they come up, fail and end, told to admin for its network log. Bounded: what is
 * too much in a second is counted. Used by sip. */
#ifndef TP_SIP_STATUS_CONNECTIONS_H
#define TP_SIP_STATUS_CONNECTIONS_H

#include "sip/context.h"

struct tp_connections;

enum {
	TP_CONNECTIONS_MAX = 128, /* of a batch */
	TP_CONNECTIONS_FLUSH_MS = 1000,
};

TP_NODISCARD enum tp_err tp_connections_new(struct tp_sip *sip, struct tp_connections **out);
void tp_connections_free(struct tp_connections **connections);

/* It is up. */
void tp_connections_opened(struct tp_sip *sip, const struct tp_flow *flow);
/* It is gone, or one of ours did not come up; its reason says why. */
void tp_connections_closed(struct tp_sip *sip, const struct tp_flow *flow);
/* One that came to us failed before it was up. */
void tp_connections_refused(struct tp_sip *sip, uint64_t tag, const struct tp_addr *remote,
			    const char *reason);

#endif
