/* Cutting a byte stream into SIP messages and keepalives. Used by sip. */
#include "sip/transport/framer.h"

#include <stdlib.h>
#include <string.h>

#include "sip/limits.h"

enum {
	FIRST_BUFFER = 4096,
	START_LINE_MAX = TP_SIP_URI_MAX + TP_SIP_TOKEN_MAX + 16,
};

void tp_framer_fini(struct tp_framer *f)
{
	free(f->buf);
	*f = (struct tp_framer){ 0 };
}

bool tp_framer_partial(const struct tp_framer *f)
{
	/* A lone CR LF may be the first half of a ping: not a message. */
	return f->end - f->start > 2 || (f->end > f->start && f->buf[f->start] != '\r');
}

struct tp_span tp_framer_rest(const struct tp_framer *f)
{
	return (struct tp_span){ f->buf + f->start, f->end - f->start };
}

enum tp_err tp_framer_space(struct tp_framer *f, char **p, size_t *room)
{
	if (f->start == f->end)
		f->start = f->end = 0;
	if (f->end == f->cap && f->start > 0) {
		memmove(f->buf, f->buf + f->start, f->end - f->start);
		f->end -= f->start;
		f->start = 0;
	}
	if (f->end == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : FIRST_BUFFER;
		char *buf;

		if (f->cap >= TP_SIP_MESSAGE_MAX)
			return TP_LIMIT;
		buf = realloc(f->buf, cap);
		if (!buf)
			return TP_NOMEM;
		f->buf = buf;
		f->cap = cap;
	}
	*p = f->buf + f->end;
	*room = f->cap - f->end;
	return TP_OK;
}

void tp_framer_commit(struct tp_framer *f, size_t len)
{
	f->end += len;
}

static void consume(struct tp_framer *f, size_t len)
{
	f->start += len;
	f->scanned = f->head = f->total = 0;
}

/* At a message boundary. TP_OK: *kind; TP_AGAIN: none of it, or not whole. */
static enum tp_err take_keepalive(struct tp_framer *f, enum tp_framer_kind *kind, bool *wait,
				  struct tp_diag *diag)
{
	const char *p = f->buf + f->start;
	size_t len = f->end - f->start;

	*wait = true;
	if (len == 1)
		return TP_AGAIN;
	if (p[1] != '\n')
		return tp_fail(diag, TP_FORMAT, "stream", "a carriage return where a message begins");
	if (len >= 4 && p[2] == '\r' && p[3] == '\n') {
		consume(f, 4);
		*kind = TP_FRAMER_PING;
		return TP_OK;
	}
	if (len == 2 || (len == 3 && p[2] == '\r'))
		return TP_AGAIN;
	consume(f, 2);
	*wait = false;
	return TP_AGAIN;
}

static bool is_token_or_version(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-.!%*_+`'~/", c));
}

/* Tells garbage from SIP as early as can be, so that it need not time out. */
static enum tp_err check_start(struct tp_span s, struct tp_diag *diag)
{
	const char *nl = memchr(s.p, '\n', s.len);
	size_t line = nl ? (size_t)(nl - s.p) : s.len;
	size_t n = 0;

	while (n < line && is_token_or_version(s.p[n]))
		n++;
	if (n == 0 || (n < line && s.p[n] != ' ') || n > TP_SIP_TOKEN_MAX)
		return tp_fail(diag, TP_FORMAT, "stream", "this is not SIP");
	if (line > START_LINE_MAX)
		return tp_fail(diag, TP_LIMIT, "stream", "first line of more than %d bytes", START_LINE_MAX);
	if (nl && !(line > 9 && (memcmp(s.p, "SIP/", 4) == 0 ||
				 (s.p[line - 1] == '\r' && memcmp(s.p + line - 9, " SIP/", 5) == 0))))
		return tp_fail(diag, TP_FORMAT, "stream", "this is not SIP");
	return TP_OK;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The line's header name without the white space before its colon. */
static struct tp_span line_name(struct tp_span line)
{
	struct tp_span rest = line;

	return tp_span_trim(tp_span_split(&rest, ':'));
}

/* Length of the line at p with folded ones, without the last CR LF. */
static size_t folded_line(struct tp_span s)
{
	size_t n = 0;

	for (;;) {
		const char *nl = memchr(s.p + n, '\n', s.len - n);

		n = nl ? (size_t)(nl - s.p) + 1 : s.len;
		if (n == s.len || (s.p[n] != ' ' && s.p[n] != '\t'))
			return n;
	}
}

static enum tp_err take_length(struct tp_span line, uint64_t *out, struct tp_diag *diag)
{
	struct tp_span value = line;
	enum tp_err err;

	(void)tp_span_split(&value, ':');
	while (value.len > 0 && is_blank(value.p[0]))
		value.p++, value.len--;
	while (value.len > 0 && is_blank(value.p[value.len - 1]))
		value.len--;
	err = tp_text_parse_u64(value, TP_SIP_MESSAGE_MAX, out);
	if (err != TP_OK)
		return tp_fail(diag, err == TP_LIMIT ? TP_LIMIT : TP_FORMAT, "Content-Length",
			       "not a number of at most %d", TP_SIP_MESSAGE_MAX);
	return TP_OK;
}

static enum tp_err find_length(struct tp_span head, uint64_t *out, struct tp_diag *diag)
{
	bool found = false;
	enum tp_err err;

	for (size_t n; head.len > 0; head.p += n, head.len -= n) {
		struct tp_span name;

		n = folded_line(head);
		name = line_name((struct tp_span){ head.p, n });
		if (!tp_span_equal_nocase(name, TP_SPAN("Content-Length")) &&
		    !tp_span_equal_nocase(name, TP_SPAN("l")))
			continue;
		if (found)
			return tp_fail(diag, TP_FORMAT, "Content-Length", "stands more than once");
		found = true;
		err = take_length((struct tp_span){ head.p, n }, out, diag);
		if (err != TP_OK)
			return err;
	}
	/* RFC 3261 section 18.3: on a stream nothing else tells where a message ends. */
	return found ? TP_OK : tp_fail(diag, TP_FORMAT, "Content-Length", "is missing on a stream");
}

/* Looks for the end of the head in bytes not looked at before. */
static enum tp_err find_head(struct tp_framer *f, struct tp_diag *diag)
{
	struct tp_span all = tp_framer_rest(f);
	uint64_t body = 0;
	const char *end;
	enum tp_err err = check_start(all, diag);

	if (err != TP_OK)
		return err;
	end = memmem(all.p + f->scanned, all.len - f->scanned, "\r\n\r\n", 4);
	if (!end) {
		f->scanned = all.len > 3 ? all.len - 3 : 0;
		if (all.len > TP_SIP_HEAD_MAX)
			return tp_fail(diag, TP_LIMIT, "stream", "head of more than %d bytes",
				       TP_SIP_HEAD_MAX);
		return TP_AGAIN;
	}
	f->head = (size_t)(end - all.p) + 4;
	err = find_length((struct tp_span){ all.p, f->head }, &body, diag);
	if (err != TP_OK)
		return err;
	f->total = f->head + (size_t)body;
	if (f->head > TP_SIP_HEAD_MAX || f->total > TP_SIP_MESSAGE_MAX)
		return tp_fail(diag, TP_LIMIT, "stream", "message of %zu bytes", f->total);
	return TP_OK;
}

enum tp_err tp_framer_next(struct tp_framer *f, enum tp_framer_kind *kind, struct tp_span *message,
			   struct tp_diag *diag)
{
	enum tp_err err;
	bool wait;

	while (f->start < f->end && f->buf[f->start] == '\r') {
		err = take_keepalive(f, kind, &wait, diag);
		if (err != TP_AGAIN || wait)
			return err;
	}
	if (f->start == f->end) {
		tp_framer_fini(f);
		return TP_AGAIN;
	}
	if (!f->total) {
		err = find_head(f, diag);
		if (err != TP_OK)
			return err;
	}
	if (f->end - f->start < f->total)
		return TP_AGAIN;
	*kind = TP_FRAMER_MESSAGE;
	*message = (struct tp_span){ f->buf + f->start, f->total };
	consume(f, f->total);
	return TP_OK;
}
