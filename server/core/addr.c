/* IP addresses as values. Used by every process. */
#include "core/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool tp_addr_is_set(const struct tp_addr *a)
{
	return a->family != TP_ADDR_NONE;
}

bool tp_addr_equal_ip(const struct tp_addr *a, const struct tp_addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool tp_addr_equal(const struct tp_addr *a, const struct tp_addr *b)
{
	return a->port == b->port && tp_addr_equal_ip(a, b);
}

bool tp_addr_is_wildcard(const struct tp_addr *a)
{
	static const uint8_t zero[16];

	return a->family != TP_ADDR_NONE && memcmp(a->ip, zero, sizeof(zero)) == 0;
}

bool tp_addr_is_loopback(const struct tp_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == TP_ADDR_V4)
		return a->ip[0] == 127;
	return a->family == TP_ADDR_V6 && memcmp(a->ip, one, sizeof(one)) == 0;
}

enum tp_err tp_addr_parse_ip(struct tp_span text, uint16_t port, struct tp_addr *out)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct tp_addr a = { .port = port };
	char buf[TP_ADDR_IP_TEXT];

	if (text.len >= 2 && text.p[0] == '[' && text.p[text.len - 1] == ']') {
		text.p++;
		text.len -= 2;
		if (!memchr(text.p, ':', text.len))
			return TP_FORMAT;
	}
	if (text.len == 0 || memchr(text.p, 0, text.len) || !tp_text_copy_span(buf, sizeof(buf), text))
		return TP_FORMAT;
	if (inet_pton(AF_INET, buf, a.ip) == 1) {
		a.family = TP_ADDR_V4;
	} else if (inet_pton(AF_INET6, buf, a.ip) == 1) {
		a.family = TP_ADDR_V6;
		if (memcmp(a.ip, mapped, sizeof(mapped)) == 0) {
			memmove(a.ip, a.ip + 12, 4);
			memset(a.ip + 4, 0, 12);
			a.family = TP_ADDR_V4;
		}
	} else {
		return TP_FORMAT;
	}
	*out = a;
	return TP_OK;
}

enum tp_err tp_addr_parse(struct tp_span text, struct tp_addr *out)
{
	const char *colon = text.len ? memrchr(text.p, ':', text.len) : NULL;
	struct tp_span host = text;
	uint64_t port = 0;

	/* A colon is a port separator behind a bracket, or when it is the only one. */
	if (colon && (colon[-1 + (colon == text.p)] == ']' || memchr(text.p, ':', text.len) == colon)) {
		struct tp_span digits = { colon + 1, text.len - (size_t)(colon + 1 - text.p) };
		enum tp_err err = tp_text_parse_u64(digits, UINT16_MAX, &port);

		if (err != TP_OK)
			return err;
		host.len = (size_t)(colon - text.p);
	}
	return tp_addr_parse_ip(host, (uint16_t)port, out);
}

char *tp_addr_write_ip(const struct tp_addr *a, char buf[TP_ADDR_IP_TEXT])
{
	int family = a->family == TP_ADDR_V6 ? AF_INET6 : AF_INET;

	if (a->family == TP_ADDR_NONE || !inet_ntop(family, a->ip, buf, TP_ADDR_IP_TEXT))
		memcpy(buf, "-", 2);
	return buf;
}

char *tp_addr_write(const struct tp_addr *a, char buf[TP_ADDR_TEXT])
{
	char ip[TP_ADDR_IP_TEXT];

	tp_addr_write_ip(a, ip);
	snprintf(buf, TP_ADDR_TEXT, a->family == TP_ADDR_V6 ? "[%s]:%u" : "%s:%u", ip, a->port);
	return buf;
}
