/* UTF-8 as answers need it. Runs in turnpike-admin. */
#ifndef TP_ADMIN_HTTP_UTF8_H
#define TP_ADMIN_HTTP_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed character at p (RFC 3629: no surrogates, no over-long
 * forms, at most U+10FFFF), or 0. len > 0. */
size_t tp_utf8_step(const char *p, size_t len);
bool tp_utf8_valid(const char *p, size_t len);

#endif
