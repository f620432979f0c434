/* Strict check of a request's head. Runs in turnpike-admin's workers. */
#include "admin/http/head.h"

#include <string.h>

#include "core/text.h"

/* What was seen of the headers that frame and address a request. */
struct framing {
	size_t headers;
	unsigned hosts;
	unsigned lengths;
	unsigned encodings;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 9110 section 5.6.2. */
static bool is_token(struct tp_span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!(is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c && strchr("!#$%&'*+-.^_`|~", c))))
			return false;
	}
	return s.len > 0;
}

/* Visible ASCII from a '/' on; escapes complete and of no control byte. */
static bool is_target(struct tp_span s)
{
	if (!s.len || s.p[0] != '/')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '#')
			return false;
		if (s.p[i] != '%')
			continue;
		if (s.len - i < 3 || hex_value(s.p[i + 1]) < 0 || hex_value(s.p[i + 2]) < 0)
			return false;
		if (hex_value(s.p[i + 1]) < 2 ||
		    (hex_value(s.p[i + 1]) == 7 && hex_value(s.p[i + 2]) == 15))
			return false;
	}
	return true;
}

static int check_request_line(struct tp_span line, bool *needs_host)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "DELETE", "OPTIONS" };
	struct tp_span method = tp_span_split(&line, ' ');
	struct tp_span target = tp_span_split(&line, ' ');
	bool known = false;

	if (!is_token(method) || !target.p || !line.p)
		return 400;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		known |= tp_span_equal(method, tp_span_of(methods[i]));
	if (!known)
		return 405;
	if (!is_target(target))
		return 400;
	*needs_host = tp_span_equal(line, TP_SPAN("HTTP/1.1"));
	if (*needs_host || tp_span_equal(line, TP_SPAN("HTTP/1.0")))
		return 0;
	return line.len >= 5 && !memcmp(line.p, "HTTP/", 5) ? 505 : 400;
}

/* Digits alone, and so few that no reader overflows. */
static bool is_length(struct tp_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.len > 0 && s.len <= 15;
}

static int check_header(struct tp_span line, struct framing *f)
{
	struct tp_span name = tp_span_split(&line, ':');
	struct tp_span value = tp_span_trim(line);

	if (++f->headers > TP_HTTP_HEADERS_MAX)
		return 431;
	/* Also catches folded lines and spaces before the colon. */
	if (!is_token(name) || !line.p)
		return 400;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.p[i] < ' ' ? value.p[i] != '\t' : value.p[i] == 0x7f)
			return 400;
	if (tp_span_equal_nocase(name, TP_SPAN("Host"))) {
		if (++f->hosts > 1 || !value.len || memchr(value.p, ' ', value.len) ||
		    memchr(value.p, ',', value.len))
			return 400;
	} else if (tp_span_equal_nocase(name, TP_SPAN("Content-Length"))) {
		if (++f->lengths > 1 || !is_length(value))
			return 400;
	} else if (tp_span_equal_nocase(name, TP_SPAN("Transfer-Encoding"))) {
		f->encodings++;
	}
	return 0;
}

/* The next line without its CRLF; p NULL when it does not end in one. */
static struct tp_span next_line(struct tp_span *rest)
{
	const char *end = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
	struct tp_span line = { NULL, 0 };

	if (!end || end == rest->p || end[-1] != '\r')
		return line;
	line.p = rest->p;
	line.len = (size_t)(end - rest->p) - 1;
	rest->len -= (size_t)(end - rest->p) + 1;
	rest->p = end + 1;
	if (memchr(line.p, '\r', line.len) || memchr(line.p, 0, line.len))
		line.p = NULL;
	return line;
}

int tp_http_check_head(const char *head, size_t len)
{
	struct tp_span rest = { head, len };
	struct framing f = { 0 };
	struct tp_span line = next_line(&rest);
	bool needs_host;
	int status;

	if (!line.p)
		return 400;
	status = check_request_line(line, &needs_host);
	while (status == 0) {
		line = next_line(&rest);
		if (!line.p)
			return 400;
		if (!line.len)
			break;
		status = check_header(line, &f);
	}
	if (status != 0)
		return status;
	if (rest.len || (needs_host && !f.hosts) || (f.encodings && f.lengths))
		return 400;
	return f.encodings ? 411 : 0;
}
