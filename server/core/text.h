/* Bounded text: copying, comparing, number reading. Used by every process. */
#ifndef TP_CORE_TEXT_H
#define TP_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* A borrowed run of bytes; never NUL-terminated by promise. */
struct tp_span {
	const char *p;
	size_t len;
};

#define TP_SPAN(literal) ((struct tp_span){ (literal), sizeof(literal) - 1 })

struct tp_span tp_span_of(const char *nul_terminated);
bool tp_span_equal(struct tp_span a, struct tp_span b);
/* ASCII case-insensitive. */
bool tp_span_equal_nocase(struct tp_span a, struct tp_span b);
/* Without leading and trailing space and tab. */
struct tp_span tp_span_trim(struct tp_span s);
/* Splits *rest at the first `at`: returns what stands before it and moves *rest
 * behind it. Without `at`, returns all and leaves *rest empty (p NULL). */
struct tp_span tp_span_split(struct tp_span *rest, char at);

/* Copies and terminates; false when src had to be cut to fit. size > 0. */
bool tp_text_copy(char *dst, size_t size, const char *src);
bool tp_text_copy_span(char *dst, size_t size, struct tp_span src);

/* Replaces every control byte (below 0x20 and 0x7f) by '?'. In place. */
void tp_text_make_printable(char *s);

/* Decimal digits only, no sign, no space, no empty text, at most max. */
TP_NODISCARD enum tp_err tp_text_parse_u64(struct tp_span s, uint64_t max, uint64_t *out);

/* Hexadecimal, lower case on write, either case on read. */
void tp_text_write_hex(char *dst, const void *src, size_t len); /* 2*len+1 bytes */
TP_NODISCARD enum tp_err tp_text_parse_hex(struct tp_span s, void *dst, size_t len);

/* Base64 with padding (RFC 4648 section 4). Write needs 4*((len+2)/3)+1 bytes.
 * Parse refuses anything but canonical text and never writes past cap. */
void tp_text_write_base64(char *dst, const void *src, size_t len);
TP_NODISCARD enum tp_err tp_text_parse_base64(struct tp_span s, void *dst, size_t cap, size_t *len);

#endif
