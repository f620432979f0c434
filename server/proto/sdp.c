/* Session descriptions: one pass that reads, one pass that copies with edits.
 * Runs in turnpike-sip. */
#include "proto/sdp.h"

#include <string.h>

#include "core/secret.h"

struct suite {
	const char *name;
	uint8_t key_len;
};

static const struct suite suites[TP_SDP_SUITE_COUNT] = {
	[TP_SDP_SUITE_AES_CM_128_HMAC_SHA1_80] = { "AES_CM_128_HMAC_SHA1_80", 30 },
	[TP_SDP_SUITE_AES_CM_128_HMAC_SHA1_32] = { "AES_CM_128_HMAC_SHA1_32", 30 },
	[TP_SDP_SUITE_AES_256_CM_HMAC_SHA1_80] = { "AES_256_CM_HMAC_SHA1_80", 46 },
	[TP_SDP_SUITE_AES_256_CM_HMAC_SHA1_32] = { "AES_256_CM_HMAC_SHA1_32", 46 },
	[TP_SDP_SUITE_AEAD_AES_128_GCM] = { "AEAD_AES_128_GCM", 28 },
	[TP_SDP_SUITE_AEAD_AES_256_GCM] = { "AEAD_AES_256_GCM", 44 },
};

const char *tp_sdp_suite_name(enum tp_sdp_suite suite)
{
	return (unsigned)suite < TP_SDP_SUITE_COUNT ? suites[suite].name : NULL;
}

size_t tp_sdp_suite_key_len(enum tp_sdp_suite suite)
{
	return (unsigned)suite < TP_SDP_SUITE_COUNT ? suites[suite].key_len : 0;
}

/* One line: `text` without its end, `whole` with it. */
struct line {
	struct tp_span text;
	struct tp_span whole;
};

/* Takes the next line off *rest; false at the end of the body. */
static bool next_line(struct tp_span *rest, struct line *line)
{
	const char *lf;

	if (!rest->len)
		return false;
	lf = memchr(rest->p, '\n', rest->len);
	line->whole.p = line->text.p = rest->p;
	line->whole.len = lf ? (size_t)(lf - rest->p) + 1 : rest->len;
	line->text.len = lf ? line->whole.len - 1 : line->whole.len;
	if (line->text.len && line->text.p[line->text.len - 1] == '\r')
		line->text.len--;
	rest->p += line->whole.len;
	rest->len -= line->whole.len;
	return true;
}

/* The value of "x=value"; p is NULL for another letter. */
static struct tp_span value_of(struct tp_span text, char letter)
{
	if (text.len < 2 || text.p[0] != letter || text.p[1] != '=')
		return (struct tp_span){ NULL, 0 };
	return (struct tp_span){ text.p + 2, text.len - 2 };
}

/* Whether a= value `a` is the attribute `name`; *value gets what stands behind ':'. */
static bool attribute(struct tp_span a, const char *name, struct tp_span *value)
{
	size_t len = strlen(name);

	if (a.len < len || memcmp(a.p, name, len) != 0)
		return false;
	if (a.len == len) {
		*value = (struct tp_span){ a.p + len, 0 };
		return true;
	}
	if (a.p[len] != ':')
		return false;
	*value = (struct tp_span){ a.p + len + 1, a.len - len - 1 };
	return true;
}

/* ---------------------------------------------------------------- reading */

/* "IN IP4 192.0.2.1" with the port given. Names and multicast leave family 0. */
static void parse_connection(struct tp_span value, uint16_t port, struct tp_addr *addr, bool *held)
{
	struct tp_span type;

	memset(addr, 0, sizeof(*addr));
	*held = false;
	if (!tp_span_equal_nocase(tp_span_split(&value, ' '), TP_SPAN("IN")))
		return;
	type = tp_span_split(&value, ' ');
	value = tp_span_trim(value);
	if (memchr(value.p ? value.p : "", '/', value.len) || tp_addr_parse_ip(value, port, addr) != TP_OK) {
		memset(addr, 0, sizeof(*addr));
		return;
	}
	if ((addr->family == TP_ADDR_V4) != tp_span_equal_nocase(type, TP_SPAN("IP4"))) {
		memset(addr, 0, sizeof(*addr));
		return;
	}
	*held = tp_addr_is_wildcard(addr);
	if (*held || (addr->family == TP_ADDR_V4 && addr->ip[0] >= 224) ||
	    (addr->family == TP_ADDR_V6 && addr->ip[0] == 0xff))
		memset(addr, 0, sizeof(*addr));
}

static enum tp_err parse_origin(struct tp_span value, uint64_t *version, struct tp_diag *diag)
{
	(void)tp_span_split(&value, ' ');
	(void)tp_span_split(&value, ' ');
	if (tp_text_parse_u64(tp_span_split(&value, ' '), UINT64_MAX, version) != TP_OK)
		return tp_fail(diag, TP_FORMAT, "o=", "the session version is not a number");
	return TP_OK;
}

static enum tp_err parse_m_line(struct tp_span value, struct tp_sdp_stream *s, unsigned number,
				struct tp_diag *diag)
{
	struct tp_span port, count;
	uint64_t n;

	s->media = tp_span_split(&value, ' ');
	port = tp_span_split(&value, ' ');
	s->proto = tp_span_split(&value, ' ');
	s->formats = value;
	if (!s->media.len || !s->proto.len || !value.p || !value.len)
		return tp_fail(diag, TP_FORMAT, "m=", "m-line %u is incomplete", number);
	count = port;
	port = tp_span_split(&count, '/');
	if (tp_text_parse_u64(port, 65535, &n) != TP_OK)
		return tp_fail(diag, TP_FORMAT, "m=", "m-line %u: the port is not a number up to 65535", number);
	s->port = (uint16_t)n;
	if (count.p && (tp_text_parse_u64(count, 65535, &n) != TP_OK || n != 1))
		return tp_fail(diag, TP_UNSUPPORTED, "m=", "m-line %u: more than one port", number);
	s->secure = tp_span_equal_nocase(s->proto, TP_SPAN("RTP/SAVP")) ||
		    tp_span_equal_nocase(s->proto, TP_SPAN("RTP/SAVPF"));
	s->feedback = tp_span_equal_nocase(s->proto, TP_SPAN("RTP/AVPF")) ||
		      tp_span_equal_nocase(s->proto, TP_SPAN("RTP/SAVPF"));
	s->rtp = s->secure || s->feedback || tp_span_equal_nocase(s->proto, TP_SPAN("RTP/AVP"));
	return TP_OK;
}

/* RFC 3551 section 6. */
static uint32_t static_clock_rate(uint64_t payload_type)
{
	switch (payload_type) {
	case 0: case 3: case 4: case 5: case 7: case 8: case 9: case 12: case 13: case 15: case 18:
		return 8000;
	case 6:
		return 16000;
	case 10: case 11:
		return 44100;
	case 14: case 25: case 26: case 28: case 31: case 32: case 33: case 34:
		return 90000;
	default:
		return 0;
	}
}

/* a=rtpmap:<type> <name>/<clock>[/<channels>], when it speaks of the first format. */
static void parse_rtpmap(struct tp_span value, struct tp_sdp_stream *s)
{
	struct tp_span formats = s->formats, clock;
	uint64_t rate;

	if (!tp_span_equal(tp_span_split(&value, ' '), tp_span_split(&formats, ' ')))
		return;
	(void)tp_span_split(&value, '/');
	clock = tp_span_split(&value, '/');
	if (clock.p && tp_text_parse_u64(tp_span_trim(clock), UINT32_MAX, &rate) == TP_OK)
		s->clock_rate = (uint32_t)rate;
}

/* Base64 of key and salt; senders are seen that leave out the padding. */
static bool parse_key(struct tp_span text, struct tp_sdp_crypto *c)
{
	char padded[72];
	size_t len;

	while (text.len && text.p[text.len - 1] == '=')
		text.len--;
	if (text.len > 64)
		return false;
	memcpy(padded, text.p, text.len);
	for (len = text.len; len % 4; len++)
		padded[len] = '=';
	if (tp_text_parse_base64((struct tp_span){ padded, len }, c->key, sizeof(c->key), &len) != TP_OK)
		len = 0;
	tp_wipe(padded, sizeof(padded));
	c->key_len = (uint8_t)len;
	return len && len == tp_sdp_suite_key_len(c->suite);
}

/* "inline:<key>|<lifetime>|<MKI>:<length>": a lifetime is accepted (it allows no fewer
 * packets than a call sends), an MKI is not. */
static bool parse_key_params(struct tp_span params, struct tp_sdp_crypto *c)
{
	struct tp_span method, part;

	if (memchr(params.p, ';', params.len))
		return false;
	method = tp_span_split(&params, ':');
	if (!tp_span_equal_nocase(method, TP_SPAN("inline")) || !params.p)
		return false;
	part = tp_span_split(&params, '|');
	if (!parse_key(part, c))
		return false;
	while (params.p) {
		part = tp_span_split(&params, '|');
		if (memchr(part.p, ':', part.len))
			return false;
	}
	return true;
}

/* a=crypto:<tag> <suite> <key params> [<session params>] (RFC 4568 section 9.1). */
static bool parse_crypto(struct tp_span value, struct tp_sdp_crypto *c)
{
	struct tp_span name, keys;
	uint64_t tag;

	memset(c, 0, sizeof(*c));
	if (tp_text_parse_u64(tp_span_split(&value, ' '), TP_SDP_TAG_MAX, &tag) != TP_OK || !value.p)
		return false;
	c->tag = (uint32_t)tag;
	name = tp_span_split(&value, ' ');
	for (size_t i = 1; i < TP_SDP_SUITE_COUNT && !c->suite; i++)
		if (tp_span_equal_nocase(name, tp_span_of(suites[i].name)))
			c->suite = (uint8_t)i;
	keys = tp_span_split(&value, ' ');
	if (!c->suite || !keys.p || !parse_key_params(keys, c))
		return false;
	while (value.p) {
		struct tp_span param = tp_span_split(&value, ' ');

		/* WSH is advice; '-' marks what may be ignored. The rest change the bytes on the wire. */
		if (param.len && param.p[0] != '-' &&
		    !(param.len > 4 && tp_span_equal_nocase((struct tp_span){ param.p, 4 }, TP_SPAN("WSH="))))
			return false;
	}
	return true;
}

static void add_crypto(struct tp_span value, struct tp_sdp_stream *s)
{
	struct tp_sdp_crypto c;

	if (s->crypto_count < TP_SDP_CRYPTO_MAX && parse_crypto(value, &c))
		s->crypto[s->crypto_count++] = c;
	else if (s->crypto_refused < UINT8_MAX)
		s->crypto_refused++;
	tp_wipe(&c, sizeof(c));
}

/* Whether the attribute is a direction; *direction gets it. */
static bool parse_direction(struct tp_span a, uint8_t *direction)
{
	static const char *const names[] = { "sendrecv", "sendonly", "recvonly", "inactive" };

	for (uint8_t i = 0; i < 4; i++) {
		if (tp_span_equal(a, tp_span_of(names[i]))) {
			*direction = i;
			return true;
		}
	}
	return false;
}

/* a=rtcp:<port> [IN IP4 <address>] (RFC 3605). */
static void parse_rtcp(struct tp_span value, struct tp_sdp_stream *s)
{
	uint64_t port;
	bool held;

	if (tp_text_parse_u64(tp_span_split(&value, ' '), 65535, &port) != TP_OK)
		return;
	if (value.p)
		parse_connection(value, (uint16_t)port, &s->rtcp_addr, &held);
	else
		s->rtcp_addr.port = (uint16_t)port; /* the address follows in finish_stream */
}

static void parse_stream_attribute(struct tp_span a, struct tp_sdp_stream *s)
{
	struct tp_span value;
	uint64_t n;

	if (parse_direction(a, &s->direction))
		return;
	if (attribute(a, "crypto", &value))
		add_crypto(value, s);
	else if (attribute(a, "rtcp-mux", &value))
		s->rtcp_mux = true;
	else if (attribute(a, "rtcp", &value))
		parse_rtcp(value, s);
	else if (attribute(a, "rtpmap", &value))
		parse_rtpmap(value, s);
	else if (attribute(a, "x-turnpike-hop", &value) &&
		 tp_text_parse_u64(value, UINT32_MAX, &n) == TP_OK)
		s->hop_flow = (uint32_t)n;
}

/* The session part, as far as streams inherit from it. */
struct session {
	struct tp_span connection;
	uint8_t direction;
};

struct reading {
	struct session session;
	struct tp_sdp_stream *stream; /* the m-section we are in; NULL = the session part */
	struct tp_span connection;    /* of the m-section */
};

static enum tp_err finish_stream(struct reading *r, unsigned number, struct tp_diag *diag)
{
	struct tp_sdp_stream *s = r->stream;
	struct tp_span c = r->connection.p ? r->connection : r->session.connection;
	struct tp_span formats;
	uint64_t type;

	if (!s)
		return TP_OK;
	if (!c.p && s->port)
		return tp_fail(diag, TP_FORMAT, "c=", "m-line %u has no connection address", number);
	if (c.p)
		parse_connection(c, s->port, &s->rtp_addr, &s->held);
	if (!tp_addr_is_set(&s->rtcp_addr) && tp_addr_is_set(&s->rtp_addr)) {
		uint16_t port = s->rtcp_addr.port;

		s->rtcp_addr = s->rtp_addr;
		s->rtcp_addr.port = port ? port : (uint16_t)(s->port == 65535 ? 0 : s->port + 1);
	}
	formats = s->formats;
	if (!s->clock_rate && tp_text_parse_u64(tp_span_split(&formats, ' '), 127, &type) == TP_OK)
		s->clock_rate = static_clock_rate(type);
	return TP_OK;
}

static enum tp_err start_stream(struct reading *r, struct tp_sdp *sdp, struct tp_span value,
				struct tp_diag *diag)
{
	enum tp_err err = finish_stream(r, sdp->stream_count, diag);

	if (err != TP_OK)
		return err;
	if (sdp->stream_count == TP_SDP_STREAMS_MAX)
		return tp_fail(diag, TP_LIMIT, "m=", "more than %d media streams", TP_SDP_STREAMS_MAX);
	r->stream = &sdp->streams[sdp->stream_count++];
	r->stream->direction = r->session.direction;
	r->connection = (struct tp_span){ NULL, 0 };
	return parse_m_line(value, r->stream, sdp->stream_count, diag);
}

static enum tp_err parse_line(struct reading *r, struct tp_sdp *sdp, struct tp_span text,
			      struct tp_diag *diag)
{
	struct tp_span value;

	if (!text.len)
		return TP_OK;
	if (text.len < 2 || text.p[1] != '=' || text.p[0] < 'a' || text.p[0] > 'z')
		return tp_fail(diag, TP_FORMAT, "SDP", "a line is not of the form letter=value");
	if (text.len > TP_SDP_LINE_MAX)
		return tp_fail(diag, TP_LIMIT, "SDP", "a line is longer than %d bytes", TP_SDP_LINE_MAX);
	value = value_of(text, text.p[0]);
	switch (text.p[0]) {
	case 'm':
		return start_stream(r, sdp, value, diag);
	case 'o':
		return r->stream ? tp_fail(diag, TP_FORMAT, "o=", "o= stands inside an m-section") :
				   parse_origin(value, &sdp->version, diag);
	case 'c':
		if (!r->stream)
			r->session.connection = value;
		else if (!r->connection.p)
			r->connection = value;
		return TP_OK;
	case 'a':
		if (r->stream)
			parse_stream_attribute(value, r->stream);
		else
			(void)parse_direction(value, &r->session.direction);
		return TP_OK;
	default:
		return TP_OK;
	}
}

enum tp_err tp_sdp_parse(struct tp_span body, struct tp_sdp *out, struct tp_diag *diag)
{
	struct reading r = { 0 };
	struct tp_span rest = body;
	struct line line;
	enum tp_err err;

	memset(out, 0, sizeof(*out));
	out->body = body;
	if (body.len > TP_SDP_BODY_MAX)
		return tp_fail(diag, TP_LIMIT, "SDP", "longer than %d bytes", TP_SDP_BODY_MAX);
	if (body.len < 4 || memcmp(body.p, "v=0", 3) != 0)
		return tp_fail(diag, TP_FORMAT, "v=", "the body does not start with v=0");
	if (memchr(body.p, 0, body.len))
		return tp_fail(diag, TP_FORMAT, "SDP", "the body holds a NUL byte");
	while (next_line(&rest, &line)) {
		err = parse_line(&r, out, line.text, diag);
		if (err != TP_OK)
			return err;
	}
	return finish_stream(&r, out->stream_count, diag);
}

/* ---------------------------------------------------------------- writing */

/* Attributes that speak of the transport of the leg the body came from. */
static bool is_leg_attribute(struct tp_span a)
{
	static const char *const names[] = {
		"crypto",      "rtcp",     "x-turnpike-hop",    "candidate",         "ice-ufrag",
		"ice-pwd",     "ice-lite", "remote-candidates", "end-of-candidates", "ice-options",
		"ice-mismatch", "ice-pacing", "acap", "tcap", "pcfg", "acfg", "creq", "csup",
	};
	struct tp_span value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (attribute(a, names[i], &value))
			return true;
	return false;
}

static void write_connection(struct tp_wr *wr, const struct tp_addr *addr)
{
	char ip[TP_ADDR_IP_TEXT];

	tp_wr_fmt(wr, "c=IN %s %s\r\n", addr->family == TP_ADDR_V6 ? "IP6" : "IP4",
		  tp_addr_write_ip(addr, ip));
}

static void write_m_line(struct tp_wr *wr, const struct tp_sdp_stream *s,
			 const struct tp_sdp_edit_stream *e)
{
	tp_wr_text(wr, "m=");
	tp_wr_span(wr, s->media);
	tp_wr_fmt(wr, " %u ", e->port);
	if (e->proto)
		tp_wr_text(wr, e->proto);
	else
		tp_wr_span(wr, s->proto);
	tp_wr_text(wr, " ");
	tp_wr_span(wr, s->formats);
	tp_wr_text(wr, "\r\n");
}

/* What we add at the end of an m-section. */
static void write_own(struct tp_wr *wr, const struct tp_sdp_edit_stream *e)
{
	char key[4 * ((TP_SDP_KEY_MAX + 2) / 3) + 1];

	for (size_t i = 0; i < e->crypto_count; i++) {
		const struct tp_sdp_crypto *c = &e->crypto[i];
		const char *suite = tp_sdp_suite_name(c->suite);

		if (!suite)
			continue;
		tp_text_write_base64(key, c->key, c->key_len);
		tp_wr_fmt(wr, "a=crypto:%u %s inline:%s\r\n", (unsigned)c->tag, suite, key);
	}
	tp_wipe(key, sizeof(key));
	if (e->hold)
		tp_wr_text(wr, "a=sendonly\r\n");
	if (e->hop_flow)
		tp_wr_fmt(wr, "a=x-turnpike-hop:%u\r\n", (unsigned)e->hop_flow);
}

enum tp_err tp_sdp_write(const struct tp_sdp *sdp, const struct tp_sdp_edit *edit, struct tp_wr *wr)
{
	struct tp_span rest = sdp->body;
	struct line line;
	size_t streams = 0;

	while (next_line(&rest, &line)) {
		struct tp_span a = value_of(line.text, 'a');

		if (value_of(line.text, 'm').p) {
			if (streams)
				write_own(wr, &edit->streams[streams - 1]);
			write_m_line(wr, &sdp->streams[streams], &edit->streams[streams]);
			streams++;
		} else if (value_of(line.text, 'c').p) {
			write_connection(wr, &edit->connection);
		} else if (!a.p || !is_leg_attribute(a)) {
			tp_wr_span(wr, line.whole);
			if (line.whole.p[line.whole.len - 1] != '\n')
				tp_wr_text(wr, "\r\n");
		}
	}
	if (streams)
		write_own(wr, &edit->streams[streams - 1]);
	return wr->err;
}
