/* Where a download may not go: special addresses of the IP address space. Pure; used by
 * the fetch helper. */
#ifndef TP_PROTO_DESTINATION_H
#define TP_PROTO_DESTINATION_H

#include "core/addr.h"

enum tp_destination {
	TP_DESTINATION_PUBLIC = 0,
	TP_DESTINATION_PRIVATE, /* RFC 1918, RFC 4193, RFC 6598, RFC 2544 */
	TP_DESTINATION_LOOPBACK,
	TP_DESTINATION_LINK_LOCAL,
	TP_DESTINATION_UNSPECIFIED,
	TP_DESTINATION_MULTICAST, /* and broadcast */
	TP_DESTINATION_RESERVED,
};

/* An IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4) counts as itself. */
enum tp_destination tp_destination_of(const struct tp_addr *address);
/* "a loopback address" ... */
const char *tp_destination_text(enum tp_destination d);

#endif
