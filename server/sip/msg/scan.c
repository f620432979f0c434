/* A pass over the raw head of a SIP message, before the parser sees it: lines,
 * names, doubles, numbers, limits. Used by sip. RFC 3261 sections 7 and 20. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sip/msg/internal.h"

static const struct tp_sip_header_name names[] = {
	{ "To", 't', TP_SIP_HEADER_TO, true },
	{ "Via", 'v', TP_SIP_HEADER_VIA, true },
	{ "CSeq", 0, TP_SIP_HEADER_CSEQ, true },
	{ "Date", 0, TP_SIP_HEADER_ONCE, false },
	{ "From", 'f', TP_SIP_HEADER_FROM, true },
	{ "Path", 0, TP_SIP_HEADER_MANY, true },
	{ "RAck", 0, TP_SIP_HEADER_ONCE, false },
	{ "RSeq", 0, TP_SIP_HEADER_ONCE, false },
	{ "Event", 'o', TP_SIP_HEADER_ONCE, false },
	{ "Route", 0, TP_SIP_HEADER_MANY, true },
	{ "Min-SE", 0, TP_SIP_HEADER_ONCE, false },
	{ "Server", 0, TP_SIP_HEADER_ONCE, false },
	{ "Call-ID", 'i', TP_SIP_HEADER_CALL_ID, true },
	{ "Contact", 'm', TP_SIP_HEADER_MANY, true },
	{ "Expires", 0, TP_SIP_HEADER_ONCE, false },
	{ "Require", 0, TP_SIP_HEADER_MANY, true },
	{ "Subject", 's', TP_SIP_HEADER_ONCE, false },
	{ "Priority", 0, TP_SIP_HEADER_ONCE, false },
	{ "Refer-To", 'r', TP_SIP_HEADER_ONCE, false },
	{ "Replaces", 0, TP_SIP_HEADER_ONCE, false },
	{ "SIP-ETag", 0, TP_SIP_HEADER_ONCE, false },
	{ "Supported", 'k', TP_SIP_HEADER_MANY, true },
	{ "Timestamp", 0, TP_SIP_HEADER_ONCE, false },
	{ "User-Agent", 0, TP_SIP_HEADER_ONCE, false },
	{ "Min-Expires", 0, TP_SIP_HEADER_ONCE, false },
	{ "Referred-By", 'b', TP_SIP_HEADER_ONCE, false },
	{ "Retry-After", 0, TP_SIP_HEADER_ONCE, false },
	{ "Content-Type", 'c', TP_SIP_HEADER_ONCE, true },
	{ "Max-Forwards", 0, TP_SIP_HEADER_MAX_FORWARDS, true },
	{ "MIME-Version", 0, TP_SIP_HEADER_ONCE, false },
	{ "Organization", 0, TP_SIP_HEADER_ONCE, false },
	{ "SIP-If-Match", 0, TP_SIP_HEADER_ONCE, false },
	{ "Record-Route", 0, TP_SIP_HEADER_MANY, true },
	{ "Authorization", 0, TP_SIP_HEADER_MANY, true },
	{ "Proxy-Require", 0, TP_SIP_HEADER_MANY, true },
	{ "Content-Length", 'l', TP_SIP_HEADER_CONTENT_LENGTH, true },
	{ "Session-Expires", 'x', TP_SIP_HEADER_ONCE, false },
	{ "WWW-Authenticate", 0, TP_SIP_HEADER_MANY, true },
	{ "Proxy-Authenticate", 0, TP_SIP_HEADER_MANY, true },
	{ "Content-Disposition", 0, TP_SIP_HEADER_ONCE, false },
	{ "Proxy-Authorization", 0, TP_SIP_HEADER_MANY, true },
	{ "Subscription-State", 0, TP_SIP_HEADER_ONCE, false },
};

enum { NAMES = sizeof(names) / sizeof(names[0]) };

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

const struct tp_sip_header_name *tp_sip_header_find(struct tp_span name, size_t *index)
{
	int first = name.len > 0 ? lower(name.p[0]) : '\0';

	for (size_t i = 0; i < NAMES; i++) {
		bool found = name.len == 1
				     ? names[i].compact == first
				     : lower(names[i].name[0]) == first &&
					       strlen(names[i].name) == name.len &&
					       strncasecmp(names[i].name, name.p, name.len) == 0;

		if (found && first) {
			*index = i;
			return &names[i];
		}
	}
	return NULL;
}

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-.!%*_+`'~", c));
}

static bool is_token(struct tp_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.len > 0;
}

/* One line up to CRLF, which is left out; *rest moves behind it. */
static enum tp_err take_raw_line(struct tp_span *rest, struct tp_span *line, struct tp_diag *diag)
{
	const char *nl = memchr(rest->p, '\n', rest->len);
	size_t len;

	if (!nl)
		return tp_fail(diag, TP_FORMAT, "head", "ends without an empty line");
	len = (size_t)(nl - rest->p);
	if (len == 0 || rest->p[len - 1] != '\r')
		return tp_fail(diag, TP_FORMAT, "head", "line feed without carriage return");
	if (memchr(rest->p, '\r', len - 1) || memchr(rest->p, '\0', len))
		return tp_fail(diag, TP_FORMAT, "head", "carriage return or NUL inside a line");
	*line = (struct tp_span){ rest->p, len - 1 };
	rest->p += len + 1;
	rest->len -= len + 1;
	return TP_OK;
}

/* A header line with the folded lines that follow it. */
static enum tp_err take_line(struct tp_span *rest, struct tp_span *line, struct tp_diag *diag)
{
	enum tp_err err = take_raw_line(rest, line, diag);
	struct tp_span more = { "", 0 };

	while (err == TP_OK && line->len > 0 && rest->len > 0 &&
	       (rest->p[0] == ' ' || rest->p[0] == '\t')) {
		err = take_raw_line(rest, &more, diag);
		if (err == TP_OK)
			line->len = (size_t)(more.p + more.len - line->p);
	}
	if (err == TP_OK && line->len > TP_SIP_LINE_MAX)
		return tp_fail(diag, TP_LIMIT, "head", "a header of more than %d bytes", TP_SIP_LINE_MAX);
	return err;
}

static enum tp_err scan_status(struct tp_span line, struct tp_sip_scan *scan, struct tp_diag *diag)
{
	struct tp_span rest = line;
	uint64_t status = 0;

	(void)tp_span_split(&rest, ' ');
	if (rest.len < 3 || (rest.len > 3 && rest.p[3] != ' ') ||
	    tp_text_parse_u64((struct tp_span){ rest.p, 3 }, 699, &status) != TP_OK || status < 100)
		return tp_fail(diag, TP_FORMAT, "status line", "no status of 100 to 699");
	scan->status = (int)status;
	return TP_OK;
}

static enum tp_err scan_request(struct tp_span line, struct tp_sip_scan *scan, struct tp_diag *diag)
{
	struct tp_span rest = line;
	struct tp_span uri;

	scan->method = tp_span_split(&rest, ' ');
	if (!is_token(scan->method) || !rest.p)
		return tp_fail(diag, TP_FORMAT, "request line", "no method");
	if (scan->method.len > TP_SIP_TOKEN_MAX)
		return tp_fail(diag, TP_LIMIT, "request line", "method of %zu bytes", scan->method.len);
	scan->request = true;
	uri = tp_span_split(&rest, ' ');
	if (uri.len == 0 || !rest.p || memchr(rest.p, ' ', rest.len) || memchr(line.p, '\t', line.len))
		return tp_fail(diag, TP_FORMAT, "request line", "not method, URI and version");
	if (uri.len > TP_SIP_URI_MAX)
		return tp_fail(diag, TP_LIMIT, "request line", "URI of %zu bytes", uri.len);
	if (uri.p[0] == '<')
		return tp_fail(diag, TP_FORMAT, "request line", "URI in angle brackets");
	if (!tp_span_equal_nocase(rest, TP_SPAN("SIP/2.0")))
		return tp_fail(diag, TP_UNSUPPORTED, "request line", "version is not SIP/2.0");
	return TP_OK;
}

static enum tp_err scan_start(struct tp_span line, struct tp_sip_scan *scan, struct tp_diag *diag)
{
	if (line.len >= 8 && strncasecmp(line.p, "SIP/2.0 ", 8) == 0)
		return scan_status(line, scan, diag);
	return scan_request(line, scan, diag);
}

/* Digits, then the end or white space. */
static enum tp_err take_number(struct tp_span value, uint64_t max, uint64_t *out,
			       struct tp_span *rest)
{
	size_t n = 0;

	while (n < value.len && value.p[n] >= '0' && value.p[n] <= '9')
		n++;
	*rest = tp_span_trim((struct tp_span){ value.p + n, value.len - n });
	if (n < value.len && value.p[n] != ' ' && value.p[n] != '\t' && value.p[n] != '\r')
		return TP_FORMAT;
	return tp_text_parse_u64((struct tp_span){ value.p, n }, max, out);
}

/* White space of folded lines stands inside; trims that too. */
static struct tp_span trim_folds(struct tp_span s)
{
	while (s.len > 0 && strchr(" \t\r\n", s.p[0]))
		s.p++, s.len--;
	while (s.len > 0 && strchr(" \t\r\n", s.p[s.len - 1]))
		s.len--;
	return s;
}

static enum tp_err scan_cseq(const struct tp_sip_scan *scan, struct tp_span value,
			     struct tp_diag *diag)
{
	struct tp_span method = { NULL, 0 };
	uint64_t number = 0;

	if (take_number(value, INT32_MAX, &number, &method) != TP_OK)
		return tp_fail(diag, TP_FORMAT, "CSeq", "no number below 2^31");
	method = trim_folds(method);
	if (!is_token(method) || method.len > TP_SIP_TOKEN_MAX)
		return tp_fail(diag, TP_FORMAT, "CSeq", "no method");
	if (scan->request && !tp_span_equal(method, scan->method))
		return tp_fail(diag, TP_FORMAT, "CSeq", "method is not that of the request");
	return TP_OK;
}

static enum tp_err scan_number(const char *name, struct tp_span value, uint64_t max, uint64_t *out,
			       struct tp_diag *diag)
{
	struct tp_span rest = { NULL, 0 };

	if (take_number(value, max, out, &rest) != TP_OK || trim_folds(rest).len > 0)
		return tp_fail(diag, TP_FORMAT, name, "not a number of at most %llu",
			       (unsigned long long)max);
	return TP_OK;
}

static enum tp_err scan_known(const struct tp_sip_header_name *known, struct tp_span line,
			      struct tp_span value, struct tp_sip_scan *scan, struct tp_diag *diag)
{
	enum tp_err err;
	uint64_t number = 0;

	switch (known->rule) {
	case TP_SIP_HEADER_VIA:
		if (scan->via_lines == TP_SIP_VIA_MAX)
			return tp_fail(diag, TP_LIMIT, "Via", "more than %d", TP_SIP_VIA_MAX);
		scan->via[scan->via_lines++] = line;
		return TP_OK;
	case TP_SIP_HEADER_FROM:
		scan->from = line;
		return TP_OK;
	case TP_SIP_HEADER_TO:
		scan->to = line;
		return TP_OK;
	case TP_SIP_HEADER_CALL_ID:
		scan->call_id = line;
		if (value.len > TP_SIP_TOKEN_MAX)
			return tp_fail(diag, TP_LIMIT, "Call-ID", "of %zu bytes", value.len);
		return TP_OK;
	case TP_SIP_HEADER_CSEQ:
		scan->cseq = line;
		return scan_cseq(scan, value, diag);
	case TP_SIP_HEADER_MAX_FORWARDS:
		return scan_number(known->name, value, 255, &number, diag);
	case TP_SIP_HEADER_CONTENT_LENGTH:
		err = scan_number(known->name, value, INT32_MAX, &number, diag);
		if (err == TP_OK)
			scan->content_length = (int64_t)number;
		return err;
	default:
		return TP_OK;
	}
}

static enum tp_err scan_header(struct tp_span line, struct tp_sip_scan *scan, uint64_t *seen,
			       struct tp_diag *diag)
{
	const char *colon = memchr(line.p, ':', line.len);
	const struct tp_sip_header_name *known;
	struct tp_span value;
	struct tp_span name;
	size_t index = 0;

	if (!colon)
		return tp_fail(diag, TP_FORMAT, "head", "a line without a colon");
	name = tp_span_trim((struct tp_span){ line.p, (size_t)(colon - line.p) });
	if (name.p != line.p || !is_token(name))
		return tp_fail(diag, TP_FORMAT, "head", "a header whose name is not a token");
	value = trim_folds((struct tp_span){ colon + 1, line.len - (size_t)(colon + 1 - line.p) });
	known = tp_sip_header_find(name, &index);
	if (!known)
		return TP_OK;
	if (known->rule != TP_SIP_HEADER_MANY && known->rule != TP_SIP_HEADER_VIA) {
		if (*seen & (uint64_t)1 << index)
			return tp_fail(diag, TP_FORMAT, known->name, "stands more than once");
		*seen |= (uint64_t)1 << index;
	}
	return scan_known(known, line, value, scan, diag);
}

static enum tp_err check_needed(const struct tp_sip_scan *scan, struct tp_diag *diag)
{
	const char *missing = scan->via_lines == 0 ? "Via"
			      : !scan->from.p	   ? "From"
			      : !scan->to.p	   ? "To"
			      : !scan->call_id.p   ? "Call-ID"
			      : !scan->cseq.p	   ? "CSeq"
						   : NULL;

	_Static_assert(NAMES <= 64, "the mask of names seen has 64 bits");
	return missing ? tp_fail(diag, TP_FORMAT, missing, "is missing") : TP_OK;
}

enum tp_err tp_sip_scan_head(struct tp_span bytes, struct tp_sip_scan *scan, struct tp_diag *diag)
{
	struct tp_span rest = bytes;
	enum tp_err first = TP_OK;
	uint64_t seen = 0;
	size_t count = 0;
	struct tp_span line = { "", 0 };
	enum tp_err err;

	memset(scan, 0, offsetof(struct tp_sip_scan, via));
	scan->via_lines = 0;
	scan->from = scan->to = scan->call_id = scan->cseq = (struct tp_span){ NULL, 0 };
	scan->content_length = -1;
	err = take_raw_line(&rest, &line, diag);
	if (err == TP_OK)
		err = scan_start(line, scan, diag);
	/* A request of another version still gets its 505, for which the rest is read. */
	if (err != TP_OK && !scan->request)
		return err;
	first = err;
	for (;;) {
		err = take_line(&rest, &line, first == TP_OK ? diag : NULL);
		if (err != TP_OK)
			return first != TP_OK ? first : err;
		if (line.len == 0)
			break;
		if (++count > TP_SIP_HEADERS_MAX)
			return first != TP_OK ? first
					      : tp_fail(diag, TP_LIMIT, "head", "more than %d headers",
							TP_SIP_HEADERS_MAX);
		/* Reading goes on after the first fault: the refusal wants all its lines. */
		err = scan_header(line, scan, &seen, first == TP_OK ? diag : NULL);
		if (first == TP_OK)
			first = err;
	}
	scan->head_len = (size_t)(rest.p - bytes.p);
	if (first == TP_OK && scan->head_len > TP_SIP_HEAD_MAX)
		first = tp_fail(diag, TP_LIMIT, "head", "of %zu bytes", scan->head_len);
	return first != TP_OK ? first : check_needed(scan, diag);
}

/* ---------------------------------------------------------------------- refusal */

enum { REFUSAL_MAX = 8192 };

static void write_line(struct tp_wr *wr, struct tp_span line)
{
	if (!line.p)
		return;
	tp_wr_span(wr, line);
	tp_wr_text(wr, "\r\n");
}

void tp_sip_refuse(const struct tp_sip_scan *scan, enum tp_err err, const char *where,
		   struct tp_sip_refusal *refusal)
{
	char buf[REFUSAL_MAX];
	struct tp_wr wr;

	refusal->response = NULL;
	refusal->response_len = 0;
	if (!scan->request || scan->via_lines == 0 || tp_span_equal(scan->method, TP_SPAN("ACK")))
		return;
	tp_wr_init(&wr, buf, sizeof(buf));
	if (err == TP_UNSUPPORTED)
		tp_wr_text(&wr, "SIP/2.0 505 Version Not Supported\r\n");
	else if (err == TP_LIMIT)
		tp_wr_fmt(&wr, "SIP/2.0 413 Request Entity Too Large (%s)\r\n", where);
	else
		tp_wr_fmt(&wr, "SIP/2.0 400 Bad Request (%s)\r\n", where);
	for (size_t i = 0; i < scan->via_lines; i++)
		write_line(&wr, scan->via[i]);
	write_line(&wr, scan->from);
	write_line(&wr, scan->to);
	write_line(&wr, scan->call_id);
	write_line(&wr, scan->cseq);
	tp_wr_text(&wr, "Content-Length: 0\r\n\r\n");
	if (wr.err != TP_OK)
		return;
	refusal->response = malloc(wr.len + 1);
	if (!refusal->response)
		return;
	memcpy(refusal->response, buf, wr.len);
	refusal->response[wr.len] = '\0';
	refusal->response_len = wr.len;
}
