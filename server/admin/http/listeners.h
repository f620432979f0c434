/* Listening sockets. Only for the files of admin/http. */
#ifndef TP_ADMIN_HTTP_LISTENERS_H
#define TP_ADMIN_HTTP_LISTENERS_H

#include "core/addr.h"

struct tp_listeners {
	struct {
		struct tp_addr address;
		int fd;
	} at[16];
	size_t count;
};

/* `had` may be NULL. */
TP_NODISCARD enum tp_err tp_listeners_make(const struct tp_listeners *had,
					   const struct tp_addr *addresses, size_t count,
					   struct tp_listeners **out, struct tp_diag *diag);

#endif
