/* Random bytes from the kernel. Used by every process. */
#ifndef TP_OS_RANDOM_H
#define TP_OS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Cannot fail: where the kernel has no randomness to give, the process ends. */
void tp_random_bytes(void *dst, size_t len);
uint64_t tp_random_u64(void);
/* Uniform in 0 .. bound - 1; bound > 0. */
uint32_t tp_random_below(uint32_t bound);

#endif
