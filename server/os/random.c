/* Random bytes from the kernel. Used by every process. */
#include "os/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void tp_random_bytes(void *dst, size_t len)
{
	uint8_t *p = dst;

	while (len) {
		ssize_t n = getrandom(p, len < 256 ? len : 256, 0);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			abort();
		}
		p += n;
		len -= (size_t)n;
	}
}

uint64_t tp_random_u64(void)
{
	uint64_t v;

	tp_random_bytes(&v, sizeof(v));
	return v;
}

uint32_t tp_random_below(uint32_t bound)
{
	/* Values in the last, incomplete run of `bound` are drawn again. */
	uint32_t reject_below = -bound % bound;
	uint32_t v;

	do
		tp_random_bytes(&v, sizeof(v));
	while (v < reject_below);
	return v % bound;
}
