/* Bounded text. Used by every process. */
#include "core/text.h"

#include <string.h>

struct tp_span tp_span_of(const char *s)
{
	return (struct tp_span){ s, s ? strlen(s) : 0 };
}

bool tp_span_equal(struct tp_span a, struct tp_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool tp_span_equal_nocase(struct tp_span a, struct tp_span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct tp_span tp_span_trim(struct tp_span s)
{
	while (s.len && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

struct tp_span tp_span_split(struct tp_span *rest, char at)
{
	struct tp_span head = *rest;
	const char *hit = rest->len ? memchr(rest->p, at, rest->len) : NULL;

	if (!hit) {
		*rest = (struct tp_span){ NULL, 0 };
		return head;
	}
	head.len = (size_t)(hit - head.p);
	rest->len -= head.len + 1;
	rest->p = hit + 1;
	return head;
}

bool tp_text_copy_span(char *dst, size_t size, struct tp_span src)
{
	size_t n = src.len < size ? src.len : size - 1;

	if (n)
		memcpy(dst, src.p, n);
	dst[n] = '\0';
	return n == src.len;
}

bool tp_text_copy(char *dst, size_t size, const char *src)
{
	return tp_text_copy_span(dst, size, tp_span_of(src));
}

void tp_text_make_printable(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

enum tp_err tp_text_parse_u64(struct tp_span s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0)
		return TP_FORMAT;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)(s.p[i] - '0');

		if (digit > 9)
			return TP_FORMAT;
		if (v > (UINT64_MAX - digit) / 10)
			return TP_LIMIT;
		v = v * 10 + digit;
	}
	if (v > max)
		return TP_LIMIT;
	*out = v;
	return TP_OK;
}

void tp_text_write_hex(char *dst, const void *src, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = src;

	for (size_t i = 0; i < len; i++) {
		*dst++ = digits[b[i] >> 4];
		*dst++ = digits[b[i] & 15];
	}
	*dst = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum tp_err tp_text_parse_hex(struct tp_span s, void *dst, size_t len)
{
	uint8_t *out = dst;

	if (s.len != 2 * len)
		return TP_FORMAT;
	for (size_t i = 0; i < len; i++)
		if (hex_value(s.p[2 * i]) < 0 || hex_value(s.p[2 * i + 1]) < 0)
			return TP_FORMAT;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(hex_value(s.p[2 * i]) * 16 + hex_value(s.p[2 * i + 1]));
	return TP_OK;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void tp_text_write_base64(char *dst, const void *src, size_t len)
{
	const uint8_t *b = src;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t v = (uint32_t)b[i] << 16;

		if (left > 1)
			v |= (uint32_t)b[i + 1] << 8;
		if (left > 2)
			v |= b[i + 2];
		*dst++ = base64_digits[v >> 18];
		*dst++ = base64_digits[v >> 12 & 63];
		*dst++ = left > 1 ? base64_digits[v >> 6 & 63] : '=';
		*dst++ = left > 2 ? base64_digits[v & 63] : '=';
	}
	*dst = '\0';
}

static int base64_value(char c)
{
	const char *hit = c ? strchr(base64_digits, c) : NULL;

	return hit ? (int)(hit - base64_digits) : -1;
}

enum tp_err tp_text_parse_base64(struct tp_span s, void *dst, size_t cap, size_t *len)
{
	uint8_t *out = dst;
	size_t pad = 0;
	size_t n;

	if (s.len % 4)
		return TP_FORMAT;
	while (pad < 2 && pad < s.len && s.p[s.len - 1 - pad] == '=')
		pad++;
	n = s.len / 4 * 3 - pad;
	if (n > cap)
		return TP_LIMIT;
	for (size_t i = 0, o = 0; i < s.len; i += 4) {
		uint32_t v = 0;

		for (size_t k = 0; k < 4; k++) {
			bool padding = i + k >= s.len - pad;
			int d = padding ? 0 : base64_value(s.p[i + k]);

			if (d < 0)
				return TP_FORMAT;
			v = v << 6 | (uint32_t)d;
		}
		if (i + 4 == s.len && pad && (v & (pad == 2 ? 0xffffu : 0xffu)))
			return TP_FORMAT;
		for (size_t k = 0; k < 3 && o < n; k++, o++)
			out[o] = (uint8_t)(v >> (16 - 8 * k));
	}
	*len = n;
	return TP_OK;
}
