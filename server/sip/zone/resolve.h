/* Host names of zones' peers to addresses, in a thread of its own so that nothing
 * waits for a name server. Used by sip. */
#ifndef TP_SIP_ZONE_RESOLVE_H
#define TP_SIP_ZONE_RESOLVE_H

#include "core/addr.h"
#include "os/loop.h"

struct tp_resolver;

enum { TP_RESOLVE_HOST_MAX = 255, TP_RESOLVE_QUEUE_MAX = 64 };

/* Runs on the loop's thread; address family 0: not found, reason in words. */
typedef void (*tp_resolved)(void *arg, const char *host, const struct tp_addr *address,
			    const char *reason);

/* Starts the thread; uses the loop's wake. */
TP_NODISCARD enum tp_err tp_resolver_new(struct tp_loop *loop, tp_resolved on_resolved, void *arg,
					 struct tp_resolver **out);
/* Waits for a lookup under way. */
void tp_resolver_free(struct tp_resolver **resolver);
/* A name asked for already is not asked twice. TP_LIMIT when the queue is full. */
enum tp_err tp_resolver_ask(struct tp_resolver *resolver, const char *host);

#endif
