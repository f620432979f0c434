/* Listening sockets of the administration. Runs in turnpike-admin. */
#include "admin/http/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/http/server.h"
#include "os/sockaddr.h"

void tp_listeners_free(struct tp_listeners **listeners)
{
	if (!*listeners)
		return;
	for (size_t i = 0; i < (*listeners)->count; i++)
		close((*listeners)->at[i].fd);
	free(*listeners);
	*listeners = NULL;
}

/* SO_REUSEPORT: while the configuration moves from 0.0.0.0 to single addresses of the
 * same port, both sockets are open for a moment. */
static bool set_options(int fd, int family, bool absent)
{
	const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 &&
	       (!absent || setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) == 0) &&
	       (family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0);
}

static int open_listener(const struct tp_addr *address, bool absent)
{
	struct sockaddr_storage sa;
	socklen_t len = tp_sockaddr_from(address, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int failed;

	if (fd < 0)
		return -1;
	if (set_options(fd, sa.ss_family, absent) && bind(fd, (struct sockaddr *)&sa, len) == 0 &&
	    listen(fd, 256) == 0)
		return fd;
	failed = errno;
	close(fd);
	errno = failed;
	return -1;
}

static int duplicate(const struct tp_listeners *had, const struct tp_addr *address)
{
	for (size_t i = 0; had && i < had->count; i++)
		if (tp_addr_equal(&had->at[i].address, address))
			return fcntl(had->at[i].fd, F_DUPFD_CLOEXEC, 0);
	return -1;
}

enum tp_err tp_listeners_make(const struct tp_listeners *had, const struct tp_addr *addresses,
			      size_t count, bool absent, struct tp_listeners **out,
			      struct tp_diag *diag)
{
	struct tp_listeners *made;
	char text[TP_ADDR_TEXT];

	if (count > sizeof(made->at) / sizeof(made->at[0]))
		return tp_fail(diag, TP_LIMIT, "/turnpike-system:system/network",
			       "at most %zu addresses for the web interface",
			       sizeof(made->at) / sizeof(made->at[0]));
	made = calloc(1, sizeof(*made));
	if (!made)
		return TP_NOMEM;
	for (size_t i = 0; i < count; i++) {
		int fd = duplicate(had, &addresses[i]);

		if (fd < 0)
			fd = open_listener(&addresses[i], absent);
		if (fd < 0) {
			const char *why = strerror(errno);

			tp_listeners_free(&made);
			return tp_fail(diag, TP_IO, "/turnpike-system:system/network",
				       "the web interface cannot listen on %s: %s",
				       tp_addr_write(&addresses[i], text), why);
		}
		made->at[i].address = addresses[i];
		made->at[i].fd = fd;
		made->count = i + 1;
	}
	*out = made;
	return TP_OK;
}
