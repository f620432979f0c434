/* Secrets. Used by every process. */
#include "core/secret.h"

#include <stdlib.h>
#include <string.h>

void tp_wipe(void *p, size_t len)
{
	if (len)
		explicit_bzero(p, len);
}

bool tp_equal_constant_time(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t differ = 0;

	for (size_t i = 0; i < len; i++)
		differ = (uint8_t)(differ | (x[i] ^ y[i]));
	return differ == 0;
}

enum tp_err tp_secret_set(struct tp_secret *s, const void *bytes, size_t len)
{
	uint8_t *copy;

	if (len > TP_SECRET_MAX)
		return TP_LIMIT;
	copy = malloc(len + 1);
	if (!copy)
		return TP_NOMEM;
	if (len)
		memcpy(copy, bytes, len);
	copy[len] = 0;
	tp_secret_fini(s);
	s->bytes = copy;
	s->len = len;
	return TP_OK;
}

void tp_secret_fini(struct tp_secret *s)
{
	if (s->bytes) {
		tp_wipe(s->bytes, s->len);
		free(s->bytes);
	}
	s->bytes = NULL;
	s->len = 0;
}
