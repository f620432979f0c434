/* Listening sockets. Only for the files of admin/http. */
#ifndef TP_ADMIN_HTTP_LISTENERS_H
#define TP_ADMIN_HTTP_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/addr.h"

struct tp_listeners {
	struct {
		struct tp_addr address;
		int fd;
	} at[32]; /* TP_SERVER_LISTENERS_MAX */
	size_t count;
};

/* `had` may be NULL. absent: see tp_listeners_open. */
TP_NODISCARD enum tp_err tp_listeners_make(const struct tp_listeners *had,
					   const struct tp_addr *addresses, size_t count, bool absent,
					   struct tp_listeners **out, struct tp_diag *diag);

#endif
