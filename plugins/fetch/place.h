/* Where a request may go: checked against each address at the moment of connecting, so
 * that neither a redirect nor a changed name leads elsewhere. Runs in turnpike-fetch. */
#ifndef TP_FETCH_PLACE_H
#define TP_FETCH_PLACE_H

#include "ipc/messages.h"

enum { TP_PLACE_OWN_MAX = 512 };

struct tp_place {
	struct tp_addr own[TP_PLACE_OWN_MAX]; /* addresses of this machine */
	size_t own_count;
	bool private_allowed;
	const struct tp_msg_host *hosts; /* to whose addresses nothing is forbidden */
	size_t host_count;
	bool any;          /* the host of the request under way is one of them */
	char refused[160]; /* why the last address was refused; empty: none was */
};

/* Reads the machine's own addresses. TP_IO; TP_LIMIT. */
TP_NODISCARD enum tp_err tp_place_init(struct tp_place *place, const struct tp_msg_fetch *asked);
/* The next request goes to this host. */
void tp_place_host(struct tp_place *place, const char *host);
bool tp_place_allows(struct tp_place *place, const struct tp_addr *address);

#endif
