/* Admin's questions whether a host name has an address, asked of the system's resolver.
 * Used by sip. */
#ifndef TP_SIP_STATUS_LOOKUP_H
#define TP_SIP_STATUS_LOOKUP_H

#include "sip/context.h"

enum { TP_LOOKUPS_MAX = 8 }; /* under way at a time */

struct tp_lookups;

TP_NODISCARD enum tp_err tp_lookups_new(struct tp_lookups **out);
void tp_lookups_free(struct tp_lookups **lookups);

/* Admin has gone: nobody waits for an answer any more. */
void tp_lookups_forget(struct tp_sip *sip);

/* Answers name_lookup, at once when there are too many. */
enum tp_err tp_lookup_start(struct tp_sip *sip, uint32_t request, const struct tp_msg_name_lookup *m);
/* The resolver's answer, whoever asked. */
void tp_lookup_resolved(struct tp_sip *sip, const char *host, const struct tp_addr *address,
			const char *reason);

#endif
