/* Files in memory, passed between processes. Used by every process. */
#ifndef TP_OS_MEMFD_H
#define TP_OS_MEMFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* A memfd holding these bytes, sealed against writing, growing and shrinking. */
TP_NODISCARD enum tp_err tp_memfd_sealed(const char *name, const void *bytes, size_t len, int *out);
/* A writable memfd of fixed size (sealed against growing and shrinking), zeroed. */
TP_NODISCARD enum tp_err tp_memfd_sized(const char *name, size_t size, int *out);
/* True when nobody can change its bytes or size any more. */
bool tp_memfd_is_sealed(int fd);
/* Whole content of a regular file or memfd into fresh memory (free with free; one
 * NUL follows that is not counted). TP_LIMIT above max, TP_FORMAT when not a regular
 * file, TP_NOMEM, TP_IO. The file offset is not used. */
TP_NODISCARD enum tp_err tp_memfd_read(int fd, size_t max, void **bytes, size_t *len);
/* Maps the whole file; munmap by the caller. writable: shared and writable. */
TP_NODISCARD enum tp_err tp_memfd_map(int fd, bool writable, void **address, size_t *len);

#endif
