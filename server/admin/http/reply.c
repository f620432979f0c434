/* Making answers, and reading what a request carries. Runs in turnpike-admin. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http/router.h"
#include "admin/http/utf8.h"

static const char json_media_type[] = "application/json";
static const char error_type[] = "application/yang-data+json";

void tp_http_response_fini(struct tp_http_response *res)
{
	free(res->body);
	json_decref(res->headers);
	json_decref(res->cookies);
	memset(res, 0, sizeof(*res));
}

static void start(struct tp_http_response *res, int status, const char *content_type)
{
	free(res->body);
	res->body = NULL;
	res->body_len = 0;
	res->fixed = NULL;
	res->fixed_len = 0;
	res->status = status;
	tp_text_copy(res->content_type, sizeof(res->content_type), content_type);
}

static void put_json(struct tp_http_response *res, int status, const char *type, json_t *stolen)
{
	char *text = stolen ? json_dumps(stolen, JSON_COMPACT) : NULL;

	json_decref(stolen);
	start(res, text ? status : 500, type);
	res->body = text;
	res->body_len = text ? strlen(text) : 0;
}

void tp_http_reply_json(struct tp_http_response *res, int status, json_t *stolen)
{
	put_json(res, status, json_media_type, stolen);
}

void tp_http_reply_bytes(struct tp_http_response *res, int status, const char *content_type,
			 const void *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	start(res, copy ? status : 500, content_type);
	if (!copy)
		return;
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	res->body = copy;
	res->body_len = len;
}

void tp_http_reply_empty(struct tp_http_response *res, int status)
{
	start(res, status, "");
}

json_t *tp_http_errors_new(void)
{
	return json_pack("{s:{s:[]}}", "ietf-restconf:errors", "error");
}

void tp_http_errors_add(json_t *errors, const char *tag, const char *path, const char *text)
{
	json_t *list = json_object_get(json_object_get(errors, "ietf-restconf:errors"), "error");
	json_t *error = json_pack("{s:s, s:s, s:o}", "error-type", "application", "error-tag", tag,
				  "error-message", tp_json_text(text));

	if (path && path[0])
		json_object_set_new(error, "error-path", tp_json_text(path));
	json_array_append_new(list, error);
}

void tp_http_reply_errors(struct tp_http_response *res, int status, json_t *stolen)
{
	put_json(res, status, error_type, stolen);
}

void tp_http_reply_error(struct tp_http_response *res, int status, const char *tag, const char *path,
			 const char *fmt, ...)
{
	json_t *errors = tp_http_errors_new();
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tp_http_errors_add(errors, tag, path, text);
	tp_http_reply_errors(res, status, errors);
}

struct meaning {
	int status;
	const char *tag;
	const char *text; /* when there is no diagnostic */
};

static struct meaning meaning_of(enum tp_err err)
{
	switch (err) {
	case TP_AGAIN:
		return (struct meaning){ 503, "operation-failed", "the process did not answer in time" };
	case TP_CLOSED:
		return (struct meaning){ 503, "operation-failed", "the process is not running" };
	case TP_FORMAT:
	case TP_SHORT:
		return (struct meaning){ 400, "invalid-value", "the request is malformed" };
	case TP_LIMIT:
		return (struct meaning){ 400, "too-big", "a limit is exceeded" };
	case TP_DENIED:
		return (struct meaning){ 403, "access-denied", "not allowed" };
	case TP_AUTH:
		return (struct meaning){ 401, "access-denied", "log in first" };
	case TP_NOTFOUND:
		return (struct meaning){ 404, "invalid-value", "there is no such thing" };
	case TP_EXISTS:
		return (struct meaning){ 409, "data-exists", "it exists already" };
	case TP_CONFLICT:
	case TP_STATE:
		return (struct meaning){ 409, "in-use", "not possible in the present state" };
	case TP_UNSUPPORTED:
		return (struct meaning){ 501, "operation-not-supported", "not supported" };
	case TP_NOMEM:
		return (struct meaning){ 503, "resource-denied", "out of memory" };
	case TP_OK:
	case TP_IO:
	case TP_INTERNAL:
		break;
	}
	return (struct meaning){ 500, "operation-failed", "the operation failed" };
}

void tp_http_reply_failure(struct tp_http_response *res, enum tp_err err, const struct tp_diag *diag)
{
	struct meaning m = meaning_of(err);
	bool said = diag && diag->text[0];

	tp_http_reply_error(res, m.status, m.tag, said ? diag->where : NULL, "%s",
			    said ? diag->text : m.text);
}

void tp_http_header(struct tp_http_response *res, const char *name, const char *value)
{
	for (const char *p = value; *p; p++)
		if (*p < ' ' || *p > '~')
			return;
	if (!res->headers)
		res->headers = json_object();
	json_object_set_new(res->headers, name, json_string(value));
}

void tp_http_cookie(struct tp_http_response *res, const char *value)
{
	if (!res->cookies)
		res->cookies = json_array();
	json_array_append_new(res->cookies, json_string(value));
}

json_t *tp_http_body_object(const struct tp_http_request *req, struct tp_http_response *res)
{
	json_error_t error;
	json_t *json = json_loadb(req->body ? req->body : "", req->body_len, JSON_REJECT_DUPLICATES,
				  &error);

	if (json_is_object(json))
		return json;
	if (json)
		tp_http_reply_error(res, 400, "malformed-message", NULL, "the body is not a JSON object");
	else
		tp_http_reply_error(res, 400, "malformed-message", NULL, "JSON: %s (line %d)", error.text,
				    error.line);
	json_decref(json);
	return NULL;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum tp_err decode(struct tp_span text, bool plus, char *dst, size_t size)
{
	size_t out = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (c == '%') {
			if (text.len - i < 3 || hex_value(text.p[i + 1]) < 0 || hex_value(text.p[i + 2]) < 0)
				return TP_FORMAT;
			c = (char)(hex_value(text.p[i + 1]) << 4 | hex_value(text.p[i + 2]));
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (!c)
			return TP_FORMAT;
		if (out + 1 >= size)
			return TP_LIMIT;
		dst[out++] = c;
	}
	dst[out] = '\0';
	return tp_utf8_valid(dst, out) ? TP_OK : TP_FORMAT;
}

enum tp_err tp_http_decode(struct tp_span text, char *dst, size_t size)
{
	return decode(text, false, dst, size);
}

bool tp_http_query(const struct tp_http_request *req, const char *key, char *dst, size_t size)
{
	struct tp_span rest = tp_span_of(req->query);

	while (rest.len) {
		struct tp_span value = tp_span_split(&rest, '&');
		struct tp_span name = tp_span_split(&value, '=');

		if (tp_span_equal(name, tp_span_of(key)))
			return decode(value, true, dst, size) == TP_OK;
	}
	return false;
}

uint32_t tp_http_query_u32(const struct tp_http_request *req, const char *key, uint32_t fallback,
			   uint32_t max)
{
	char text[16];
	uint64_t v = fallback;

	if (!tp_http_query(req, key, text, sizeof(text)) ||
	    tp_text_parse_u64(tp_span_of(text), UINT32_MAX, &v) != TP_OK)
		v = fallback;
	return v > max ? max : (uint32_t)v;
}
