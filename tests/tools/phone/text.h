/* Reading SIP messages as text: enough for a phone that trusts its server's syntax. */
#ifndef TP_TOOLS_TEXT_H
#define TP_TOOLS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Value of the n-th header line of that name (or its compact form) into out, without
 * line end. False when there is none or it does not fit. */
bool text_header(const char *msg, const char *name, size_t n, char *out, size_t size);
/* Parameter `name` of a header value, e.g. tag or branch; quotes are taken off. */
bool text_param(const char *value, const char *name, char *out, size_t size);
/* The URI between < and >, or the bare one. */
bool text_uri(const char *value, char *out, size_t size);
const char *text_body(const char *msg);
/* Appends; stops at the end of the buffer. */
struct text {
	char *p;
	size_t len;
	size_t size;
};
void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Copies all lines of that header, with their line ends. */
void text_copy_headers(struct text *t, const char *msg, const char *name);

#endif
