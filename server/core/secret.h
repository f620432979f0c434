/* A secret of bounded size: zeroed when done, no formatter. Used by every process. */
#ifndef TP_CORE_SECRET_H
#define TP_CORE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { TP_SECRET_MAX = 16384 }; /* bytes: an RSA-8192 private key in PEM fits */

struct tp_secret {
	uint8_t *bytes; /* followed by a NUL that is not counted */
	size_t len;
};

/* Overwrites memory in a way the compiler keeps. */
void tp_wipe(void *p, size_t len);
/* Compares in time that depends on len only. */
bool tp_equal_constant_time(const void *a, const void *b, size_t len);

/* Copies; an earlier value of *s is wiped and freed. TP_LIMIT, TP_NOMEM. */
TP_NODISCARD enum tp_err tp_secret_set(struct tp_secret *s, const void *bytes, size_t len);
/* Wipes, frees, and leaves *s empty. */
void tp_secret_fini(struct tp_secret *s);

#endif
