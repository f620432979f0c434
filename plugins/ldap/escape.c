/* Puts what somebody typed into a search filter or a distinguished name. Runs in
 * turnpike-ldap. */
#include "escape.h"

#include <stdbool.h>
#include <string.h>

#include "core/bytes.h"

/* Letters, digits and what stands in mail addresses mean nothing in either; any other byte
 * may be written as \XX in both. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._@", c));
}

static void write_value(struct tp_wr *wr, struct tp_span value)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.p[i];
		char pair[3] = { '\\', digits[c >> 4], digits[c & 15] };

		if (is_plain(value.p[i]))
			tp_wr_bytes(wr, value.p + i, 1);
		else
			tp_wr_bytes(wr, pair, sizeof(pair));
	}
}

enum tp_err tp_ldap_escape(const char *form, struct tp_span value, char out[TP_LDAP_TEXT_MAX + 1])
{
	struct tp_wr wr;

	if (value.len == 0 || memchr(value.p, 0, value.len))
		return TP_FORMAT;
	tp_wr_init(&wr, out, TP_LDAP_TEXT_MAX);
	while (*form) {
		const char *at = strstr(form, "%s");
		size_t n = at ? (size_t)(at - form) : strlen(form);

		tp_wr_bytes(&wr, form, n);
		form += n;
		if (at) {
			write_value(&wr, value);
			form += 2;
		}
	}
	if (wr.err != TP_OK)
		return TP_LIMIT;
	out[wr.len] = '\0';
	return TP_OK;
}
