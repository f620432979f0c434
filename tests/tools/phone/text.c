/* Reading SIP messages as text. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *compact_form(const char *name)
{
	static const char *const pairs[][2] = {
		{ "Via", "v" },     { "From", "f" },    { "To", "t" },
		{ "Call-ID", "i" }, { "Contact", "m" }, { "Content-Length", "l" },
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!strcasecmp(name, pairs[i][0]))
			return pairs[i][1];
	return NULL;
}

static bool line_has_name(const char *line, size_t name_end, const char *name)
{
	return name && strlen(name) == name_end && !strncasecmp(line, name, name_end);
}

/* The next line of that header from *at on; its value in [*value, *end). */
static bool next_header(const char **at, const char *name, const char **line, const char **value,
			const char **end)
{
	const char *compact = compact_form(name);
	const char *p = *at;
	while (p && *p && strncmp(p, "\r\n", 2) != 0) {
		const char *stop = strstr(p, "\r\n");
		if (!stop)
			return false;
		size_t name_end = strcspn(p, ": \t\r");
		*at = stop + 2;
		if (line_has_name(p, name_end, name) || line_has_name(p, name_end, compact)) {
			*line = p;
			*value = p + name_end;
			*value += strspn(*value, ": \t");
			*end = stop;
			return true;
		}
		p = *at;
	}
	return false;
}

bool text_header(const char *msg, const char *name, size_t n, char *out, size_t size)
{
	const char *at = strstr(msg, "\r\n");
	const char *line, *value, *end;
	at = at ? at + 2 : NULL;
	while (at && next_header(&at, name, &line, &value, &end)) {
		if (n-- > 0)
			continue;
		size_t len = (size_t)(end - value);
		if (len >= size)
			return false;
		memcpy(out, value, len);
		out[len] = 0;
		return true;
	}
	return false;
}

void text_copy_headers(struct text *t, const char *msg, const char *name)
{
	const char *at = strstr(msg, "\r\n");
	const char *line, *value, *end;
	at = at ? at + 2 : NULL;
	while (at && next_header(&at, name, &line, &value, &end))
		text_add(t, "%.*s\r\n", (int)(end - line), line);
}

bool text_param(const char *value, const char *name, char *out, size_t size)
{
	size_t name_len = strlen(name);
	for (const char *p = value; *p; p++) {
		if (strncasecmp(p, name, name_len) != 0 || p[name_len] != '=')
			continue;
		if (p != value && !strchr(";, \t", p[-1]))
			continue;
		p += name_len + 1;
		bool quoted = *p == '"';
		p += quoted;
		size_t len = strcspn(p, quoted ? "\"" : ";, \t\r\n>");
		if (len >= size)
			return false;
		memcpy(out, p, len);
		out[len] = 0;
		return true;
	}
	return false;
}

bool text_uri(const char *value, char *out, size_t size)
{
	const char *open = strchr(value, '<');
	const char *p = open ? open + 1 : value;
	size_t len = strcspn(p, open ? ">" : ";, \t\r\n");
	if (len >= size)
		return false;
	memcpy(out, p, len);
	out[len] = 0;
	return true;
}

const char *text_body(const char *msg)
{
	const char *end = strstr(msg, "\r\n\r\n");
	return end ? end + 4 : "";
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(t->p + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}
