/* Between struct tp_addr and the system's socket addresses. Used by every process. */
#include "os/sockaddr.h"

#include <netinet/in.h>
#include <string.h>

socklen_t tp_sockaddr_from(const struct tp_addr *a, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (a->family == TP_ADDR_V4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip, 4);
		return sizeof(*in);
	}
	if (a->family == TP_ADDR_V6) {
		struct sockaddr_in6 *in = (struct sockaddr_in6 *)out;

		in->sin6_family = AF_INET6;
		in->sin6_port = htons(a->port);
		memcpy(&in->sin6_addr, a->ip, 16);
		return sizeof(*in);
	}
	return 0;
}

enum tp_err tp_sockaddr_to(const struct sockaddr_storage *sa, socklen_t len, struct tp_addr *out)
{
	struct tp_addr a = { 0 };

	if (len < (socklen_t)sizeof(sa->ss_family))
		return TP_SHORT;
	if (sa->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		if (len < (socklen_t)sizeof(*in))
			return TP_SHORT;
		a.family = TP_ADDR_V4;
		a.port = ntohs(in->sin_port);
		memcpy(a.ip, &in->sin_addr, 4);
	} else if (sa->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)sa;

		if (len < (socklen_t)sizeof(*in))
			return TP_SHORT;
		a.port = ntohs(in->sin6_port);
		a.family = IN6_IS_ADDR_V4MAPPED(&in->sin6_addr) ? TP_ADDR_V4 : TP_ADDR_V6;
		if (a.family == TP_ADDR_V4)
			memcpy(a.ip, in->sin6_addr.s6_addr + 12, 4);
		else
			memcpy(a.ip, &in->sin6_addr, 16);
	} else {
		return TP_UNSUPPORTED;
	}
	*out = a;
	return TP_OK;
}

enum tp_err tp_sockaddr_local(int fd, struct tp_addr *out)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return TP_IO;
	return tp_sockaddr_to(&sa, len, out);
}

enum tp_err tp_sockaddr_peer(int fd, struct tp_addr *out)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof(sa);

	if (getpeername(fd, (struct sockaddr *)&sa, &len) < 0)
		return TP_IO;
	return tp_sockaddr_to(&sa, len, out);
}
