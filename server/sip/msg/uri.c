/* SIP and tel URIs. Used by sip. RFC 3261 section 19.1, RFC 3966. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sip/msg/internal.h"

static const char *text_or_empty(const char *s)
{
	return s ? s : "";
}

struct tp_sip_uri tp_sip_uri_from(const url_t *url)
{
	struct tp_sip_uri uri = { .scheme = TP_SIP_SCHEME_OTHER };
	uint64_t port;

	switch (url->url_type) {
	case url_sip:
		uri.scheme = TP_SIP_SCHEME_SIP;
		break;
	case url_sips:
		uri.scheme = TP_SIP_SCHEME_SIPS;
		break;
	case url_tel:
		uri.scheme = TP_SIP_SCHEME_TEL;
		break;
	}
	uri.scheme_text = text_or_empty(url->url_scheme);
	uri.user = text_or_empty(url->url_user);
	uri.password = text_or_empty(url->url_password);
	uri.host = text_or_empty(url->url_host);
	uri.params = text_or_empty(url->url_params);
	uri.headers = text_or_empty(url->url_headers);
	if (url->url_port && tp_text_parse_u64(tp_span_of(url->url_port), UINT16_MAX, &port) == TP_OK)
		uri.port = (uint16_t)port;
	return uri;
}

enum tp_err tp_sip_uri_parse(struct tp_span text, char *storage, size_t size, struct tp_sip_uri *out)
{
	url_t url = { .url_type = url_unknown };
	uint64_t port;

	if (text.len == 0)
		return TP_FORMAT;
	if (text.len > TP_SIP_URI_MAX || text.len + 8 > size)
		return TP_LIMIT;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f || strchr("<>\"", text.p[i]))
			return TP_FORMAT;
	memcpy(storage, text.p, text.len);
	memset(storage + text.len, 0, 8);
	if (url_d(&url, storage) < 0 || url.url_type == url_invalid || url.url_type == url_unknown ||
	    url.url_type == url_any)
		return TP_FORMAT;
	if (url.url_port && tp_text_parse_u64(tp_span_of(url.url_port), UINT16_MAX, &port) != TP_OK)
		return TP_FORMAT;
	if ((url.url_type == url_sip || url.url_type == url_sips) && !(url.url_host && url.url_host[0]))
		return TP_FORMAT;
	*out = tp_sip_uri_from(&url);
	return TP_OK;
}

enum tp_err tp_sip_uri_write(const struct tp_sip_uri *uri, char *buf, size_t size)
{
	bool at = uri->user[0] && uri->host[0];
	char port[8] = "";
	int n;

	if (uri->port)
		snprintf(port, sizeof(port), ":%u", uri->port);
	n = snprintf(buf, size, "%s:%s%s%s%s%s%s%s%s%s%s", uri->scheme_text, uri->user,
		     uri->password[0] ? ":" : "", uri->password, at ? "@" : "", uri->host, port,
		     uri->params[0] ? ";" : "", uri->params, uri->headers[0] ? "?" : "", uri->headers);
	return n < 0 || (size_t)n >= size ? TP_LIMIT : TP_OK;
}

struct tp_span tp_sip_uri_param(const struct tp_sip_uri *uri, const char *name)
{
	struct tp_span rest = tp_span_of(uri->params);
	struct tp_span wanted = tp_span_of(name);

	while (rest.len > 0) {
		struct tp_span value = tp_span_split(&rest, ';');
		struct tp_span key = tp_span_split(&value, '=');

		if (tp_span_equal_nocase(key, wanted))
			return value.p ? value : (struct tp_span){ "", 0 };
	}
	return (struct tp_span){ NULL, 0 };
}

enum tp_err tp_sip_uri_transport(const struct tp_sip_uri *uri, enum tp_transport otherwise,
				 enum tp_transport *out)
{
	struct tp_span t = tp_sip_uri_param(uri, "transport");
	bool sips = uri->scheme == TP_SIP_SCHEME_SIPS;

	if (!t.p)
		*out = sips ? TP_TRANSPORT_TLS : otherwise;
	else if (tp_span_equal_nocase(t, TP_SPAN("udp")) && !sips)
		*out = TP_TRANSPORT_UDP;
	else if (tp_span_equal_nocase(t, TP_SPAN("tcp")))
		*out = sips ? TP_TRANSPORT_TLS : TP_TRANSPORT_TCP;
	else if (tp_span_equal_nocase(t, TP_SPAN("tls")))
		*out = TP_TRANSPORT_TLS;
	else
		return TP_UNSUPPORTED;
	return TP_OK;
}

bool tp_sip_uri_is_loose(const struct tp_sip_uri *uri)
{
	return tp_sip_uri_param(uri, "lr").p != NULL;
}

enum tp_err tp_sip_uri_addr(const struct tp_sip_uri *uri, uint16_t port, struct tp_addr *out)
{
	if (tp_addr_parse_ip(tp_span_of(uri->host), uri->port ? uri->port : port, out) != TP_OK)
		return TP_NOTFOUND;
	return TP_OK;
}

enum tp_err tp_sip_uri_user(const struct tp_sip_uri *uri, char *buf, size_t size)
{
	const char *s = uri->user;
	size_t len = 0;

	for (; *s; s++) {
		uint8_t c = (uint8_t)*s;

		if (c == '%') {
			if (!s[1] || !s[2] || tp_text_parse_hex((struct tp_span){ s + 1, 2 }, &c, 1) != TP_OK)
				return TP_FORMAT;
			s += 2;
		}
		if (c < ' ' || c == 0x7f)
			return TP_FORMAT;
		if (len + 1 >= size)
			return TP_LIMIT;
		buf[len++] = (char)c;
	}
	if (size == 0)
		return TP_LIMIT;
	buf[len] = '\0';
	return TP_OK;
}
