/* Scoped cleanup: `TP_AUTO(fd) int fd = -1;` runs tp_auto_fd at scope end. */
#ifndef TP_CORE_AUTO_H
#define TP_CORE_AUTO_H

#define TP_AUTO(kind) __attribute__((cleanup(tp_auto_##kind)))

#include <stdlib.h>

static inline void tp_auto_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

#endif
