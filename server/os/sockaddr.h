/* Between struct tp_addr and the system's socket addresses. Used by every process. */
#ifndef TP_OS_SOCKADDR_H
#define TP_OS_SOCKADDR_H

#include <sys/socket.h>

#include "core/addr.h"

/* Fills *out and returns its length; 0 for an address without a family. */
socklen_t tp_sockaddr_from(const struct tp_addr *a, struct sockaddr_storage *out);
/* IPv4 and IPv6 (v4-mapped becomes v4); TP_UNSUPPORTED for others, TP_SHORT. */
TP_NODISCARD enum tp_err tp_sockaddr_to(const struct sockaddr_storage *sa, socklen_t len,
					struct tp_addr *out);
/* Own and peer address of a socket; TP_IO, TP_UNSUPPORTED. */
TP_NODISCARD enum tp_err tp_sockaddr_local(int fd, struct tp_addr *out);
TP_NODISCARD enum tp_err tp_sockaddr_peer(int fd, struct tp_addr *out);

#endif
