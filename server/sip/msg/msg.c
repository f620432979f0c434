/* Life of a SIP message: parsing with all its checks, writing, cloning, freeing.
 * Used by sip. RFC 3261 section 7, on sofia-sip's parser. */
#include "sip/msg/msg.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sip/msg/internal.h"

static enum tp_err wrap(msg_t *msg, struct tp_sip_msg **out)
{
	struct tp_sip_msg *m = calloc(1, sizeof(*m));

	if (!m) {
		msg_destroy(msg);
		return TP_NOMEM;
	}
	m->msg = msg;
	m->sip = sip_object(msg);
	*out = m;
	return TP_OK;
}

enum tp_err tp_sip_msg_new(struct tp_sip_msg **out)
{
	msg_t *msg = msg_create(sip_default_mclass(), 0);

	return msg ? wrap(msg, out) : TP_NOMEM;
}

enum tp_err tp_sip_msg_adopt(const void *bytes, size_t len, struct tp_sip_msg **out)
{
	msg_t *msg = msg_create(sip_default_mclass(), MSG_DO_EXTRACT_COPY);
	msg_iovec_t vec[2];
	int extracted;

	if (!msg)
		return TP_NOMEM;
	msg_maxsize(msg, 4 * TP_SIP_MESSAGE_MAX);
	su_home_preload(msg_home(msg), 1, (isize_t)len + 2048);
	if (msg_recv_iovec(msg, vec, 2, len, 1) != 1 || vec[0].mv_len < len) {
		msg_destroy(msg);
		return TP_NOMEM;
	}
	memcpy(vec[0].mv_base, bytes, len);
	msg_recv_commit(msg, len, 1);
	extracted = msg_extract(msg);
	if (extracted < 0 || !msg_is_complete(msg) || !sip_object(msg)) {
		msg_destroy(msg);
		return TP_FORMAT;
	}
	return wrap(msg, out);
}

void tp_sip_msg_free(struct tp_sip_msg **msg)
{
	if (*msg) {
		msg_destroy((*msg)->msg);
		free(*msg);
	}
	*msg = NULL;
}

/* -------------------------------------------------- checks on what was parsed */

static size_t list_length(const void *header)
{
	const msg_header_t *h = header;
	size_t n = 0;

	for (; h; h = h->sh_next)
		n++;
	return n;
}

/* The parser keeps headers that it could not read. Those that we act on must not be
 * among them: the next hop might read them otherwise than we do. */
static enum tp_err check_unread(const sip_t *sip, struct tp_diag *diag)
{
	for (const sip_error_t *e = sip->sip_error; e; e = e->er_next) {
		const struct tp_sip_header_name *known;
		size_t index;

		if (!e->er_name)
			return tp_fail(diag, TP_FORMAT, "head", "a header does not parse");
		known = tp_sip_header_find(tp_span_of(e->er_name), &index);
		if (known && known->vital)
			return tp_fail(diag, TP_FORMAT, known->name, "does not parse");
	}
	return TP_OK;
}

static enum tp_err check_counts(const sip_t *sip, struct tp_diag *diag)
{
	static const char *const where[] = { "Via", "Route", "Record-Route", "Contact", "Path",
					     "Authorization", "Proxy-Authorization" };
	const size_t count[] = { list_length(sip->sip_via),
				 list_length(sip->sip_route),
				 list_length(sip->sip_record_route),
				 list_length(sip->sip_contact),
				 list_length(sip->sip_path),
				 list_length(sip->sip_authorization),
				 list_length(sip->sip_proxy_authorization) };
	static const size_t most[] = { TP_SIP_VIA_MAX,	   TP_SIP_ROUTE_MAX,	   TP_SIP_ROUTE_MAX,
				       TP_SIP_CONTACT_MAX, TP_SIP_ROUTE_MAX,	   TP_SIP_CREDENTIALS_MAX,
				       TP_SIP_CREDENTIALS_MAX };

	for (size_t i = 0; i < sizeof(count) / sizeof(count[0]); i++)
		if (count[i] > most[i])
			return tp_fail(diag, TP_LIMIT, where[i], "more than %zu", most[i]);
	return TP_OK;
}

static bool fits(const char *text)
{
	return !text || strlen(text) <= TP_SIP_TOKEN_MAX;
}

/* The parser takes "SIP/2.0/TLS[::1]" for a protocol and a host at once. */
static bool is_protocol(const char *text)
{
	if (!text || strncasecmp(text, "SIP/2.0/", 8) != 0 || !text[8])
		return false;
	for (text += 8; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("-.!%*_+`'~", *text))
			return false;
	return true;
}

/* The parser is generous with URIs; what it guesses, the next hop may guess otherwise. */
static bool is_uri(const url_t *url)
{
	const char *parts[] = { url->url_user,	 url->url_password, url->url_host,    url->url_path,
				url->url_params, url->url_headers,  url->url_fragment };
	const char *host = url->url_host;
	uint64_t port;

	if (!url->url_scheme || !isalpha((unsigned char)url->url_scheme[0]) ||
	    url->url_type == url_invalid || url->url_type == url_any)
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i] && strpbrk(parts[i], "<>\" \t\r\n"))
			return false;
	if (url->url_type != url_sip && url->url_type != url_sips)
		return true;
	if (!host || !host[0] || url->url_path || url->url_fragment || url->url_root)
		return false;
	if (strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:") !=
	    strlen(host))
		return false;
	return !url->url_port || tp_text_parse_u64(tp_span_of(url->url_port), UINT16_MAX, &port) == TP_OK;
}

static bool is_route(const url_t *url)
{
	return is_uri(url) && (url->url_type == url_sip || url->url_type == url_sips);
}

static enum tp_err check_uris(const sip_t *sip, struct tp_diag *diag)
{
	const char *bad = NULL;

	if (sip->sip_request && !is_uri(sip->sip_request->rq_url))
		bad = "request line";
	if (!is_uri(sip->sip_from->a_url))
		bad = "From";
	if (!is_uri(sip->sip_to->a_url))
		bad = "To";
	for (const sip_route_t *r = sip->sip_route; r; r = r->r_next)
		bad = is_route(r->r_url) ? bad : "Route";
	for (const sip_route_t *r = sip->sip_record_route; r; r = r->r_next)
		bad = is_route(r->r_url) ? bad : "Record-Route";
	for (const sip_contact_t *c = sip->sip_contact; c; c = c->m_next)
		bad = c->m_url->url_type == url_any || is_uri(c->m_url) ? bad : "Contact";
	return bad ? tp_fail(diag, TP_FORMAT, bad, "a URI that does not parse") : TP_OK;
}

static enum tp_err check_texts(const sip_t *sip, struct tp_diag *diag)
{
	if (!fits(sip->sip_from->a_tag))
		return tp_fail(diag, TP_LIMIT, "From", "tag too long");
	if (!fits(sip->sip_to->a_tag))
		return tp_fail(diag, TP_LIMIT, "To", "tag too long");
	for (const sip_via_t *v = sip->sip_via; v; v = v->v_next) {
		if (!fits(v->v_branch))
			return tp_fail(diag, TP_LIMIT, "Via", "branch too long");
		if (!is_protocol(v->v_protocol))
			return tp_fail(diag, TP_FORMAT, "Via", "no SIP/2.0 and a transport");
		if (!v->v_host || !v->v_host[0])
			return tp_fail(diag, TP_FORMAT, "Via", "no sent-by");
	}
	return TP_OK;
}

static enum tp_err check_parsed(const struct tp_sip_msg *m, struct tp_diag *diag)
{
	enum tp_err err = check_unread(m->sip, diag);

	if (err == TP_OK && (msg_has_error(m->msg) || sip_sanity_check(m->sip) < 0 ||
			     !m->sip->sip_call_id->i_id || !m->sip->sip_call_id->i_id[0]))
		err = tp_fail(diag, TP_FORMAT, "head", "not a well-formed SIP message");
	if (err == TP_OK)
		err = check_counts(m->sip, diag);
	if (err == TP_OK)
		err = check_texts(m->sip, diag);
	if (err == TP_OK)
		err = check_uris(m->sip, diag);
	return err;
}

/* ---------------------------------------------------------------------- parsing */

static struct tp_span skip_blank_lines(struct tp_span s)
{
	while (s.len >= 2 && s.p[0] == '\r' && s.p[1] == '\n')
		s.p += 2, s.len -= 2;
	return s;
}

static enum tp_err parse(struct tp_span bytes, struct tp_sip_scan *scan, struct tp_sip_msg **out,
			 struct tp_diag *diag)
{
	struct tp_sip_msg *m;
	enum tp_err err;
	size_t body;

	if (bytes.len > TP_SIP_MESSAGE_MAX)
		return tp_fail(diag, TP_LIMIT, "message", "of %zu bytes", bytes.len);
	err = tp_sip_scan_head(bytes, scan, diag);
	if (err != TP_OK)
		return err;
	body = bytes.len - scan->head_len;
	if (scan->content_length > (int64_t)body)
		return tp_fail(diag, TP_FORMAT, "Content-Length", "is %lld where %zu bytes follow",
			       (long long)scan->content_length, body);
	if (scan->content_length >= 0)
		body = (size_t)scan->content_length;
	err = tp_sip_msg_adopt(bytes.p, scan->head_len + body, &m);
	if (err == TP_FORMAT)
		return tp_fail(diag, err, "head", "does not parse");
	if (err != TP_OK)
		return err;
	err = check_parsed(m, diag);
	if (err != TP_OK)
		tp_sip_msg_free(&m);
	else
		*out = m;
	return err;
}

enum tp_err tp_sip_msg_parse(const void *bytes, size_t len, struct tp_sip_msg **out,
			     struct tp_sip_refusal *refusal, struct tp_diag *diag)
{
	struct tp_span all = skip_blank_lines((struct tp_span){ bytes, len });
	struct tp_sip_scan scan;
	struct tp_diag own;
	enum tp_err err;

	scan.request = false;
	own.where[0] = own.text[0] = '\0';
	err = parse(all, &scan, out, &own);
	if (err == TP_OK)
		return TP_OK;
	if (diag)
		*diag = own;
	if (refusal)
		tp_sip_refuse(&scan, err, own.where, refusal);
	return err;
}

/* ---------------------------------------------------------------------- writing */

/* RFC 3261 section 20.14: Content-Length says what is there; a separator follows
 * the headers. */
static bool complete(struct tp_sip_msg *m)
{
	uint32_t body = m->sip->sip_payload ? (uint32_t)m->sip->sip_payload->pl_len : 0;
	su_home_t *home = msg_home(m->msg);

	if (!m->sip->sip_content_length || m->sip->sip_content_length->l_length != body) {
		sip_content_length_t *l = sip_content_length_create(home, body);

		if (!l)
			return false;
		if (m->sip->sip_content_length)
			msg_header_remove(m->msg, (msg_pub_t *)m->sip,
					  (msg_header_t *)m->sip->sip_content_length);
		if (msg_header_insert(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)l) < 0)
			return false;
	}
	if (!m->sip->sip_separator) {
		sip_separator_t *s = sip_separator_create(home);

		if (!s || msg_header_insert(m->msg, (msg_pub_t *)m->sip, (msg_header_t *)s) < 0)
			return false;
	}
	return true;
}

enum tp_err tp_sip_msg_write(struct tp_sip_msg *msg, char **bytes, size_t *len)
{
	size_t total = 0;
	size_t at = 0;
	char *flat;

	if (!complete(msg) || msg_serialize(msg->msg, (msg_pub_t *)msg->sip) < 0 ||
	    msg_prepare(msg->msg) < 0)
		return TP_NOMEM;
	for (msg_header_t *h = *msg_chain_head(msg->msg); h; h = h->sh_succ)
		total += h->sh_len;
	if (total > TP_SIP_MESSAGE_MAX)
		return TP_LIMIT;
	flat = malloc(total + 1);
	if (!flat)
		return TP_NOMEM;
	for (msg_header_t *h = *msg_chain_head(msg->msg); h; h = h->sh_succ) {
		if (h->sh_len > 0)
			memcpy(flat + at, h->sh_data, h->sh_len);
		at += h->sh_len;
	}
	flat[total] = '\0';
	*bytes = flat;
	*len = total;
	return TP_OK;
}

enum tp_err tp_sip_msg_clone(const struct tp_sip_msg *msg, struct tp_sip_msg **out)
{
	/* Writing fills in cached encodings only; what the message says stays. */
	struct tp_sip_msg *source = (struct tp_sip_msg *)msg;
	enum tp_err err;
	char *bytes;
	size_t len;

	err = tp_sip_msg_write(source, &bytes, &len);
	if (err != TP_OK)
		return err;
	err = tp_sip_msg_adopt(bytes, len, out);
	free(bytes);
	return err;
}
