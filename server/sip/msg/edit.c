/* Changing a SIP message. Used by sip. What is not touched keeps its bytes. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sip/msg/internal.h"

static msg_pub_t *pub(struct tp_sip_msg *m)
{
	return (msg_pub_t *)m->sip;
}

static su_home_t *home(struct tp_sip_msg *m)
{
	return msg_home(m->msg);
}

bool tp_sip_text_is_line(const char *text)
{
	return !strpbrk(text, "\r\n");
}

void tp_sip_msg_touch(struct tp_sip_msg *m, msg_header_t *header)
{
	const char *end = header->sh_data ? (const char *)header->sh_data + header->sh_len : NULL;
	msg_header_t **list = msg_hclass_offset(msg_mclass(m->msg), pub(m), header->sh_class);

	header->sh_data = NULL;
	header->sh_len = 0;
	/* Headers that came on one line share its end: each must now be written anew. */
	for (msg_header_t *h = list && end ? *list : NULL; h; h = h->sh_next) {
		if (h->sh_data && (const char *)h->sh_data + h->sh_len == end) {
			h->sh_data = NULL;
			h->sh_len = 0;
		}
	}
}

static void remove_header(struct tp_sip_msg *m, void *header)
{
	tp_sip_msg_touch(m, header);
	msg_header_remove(m->msg, pub(m), header);
}

static void remove_all(struct tp_sip_msg *m, void *list)
{
	msg_header_t **h = list;

	while (*h)
		remove_header(m, *h);
}

/* Parses a value as a header of that class and puts it in its place. */
static enum tp_err insert_made(struct tp_sip_msg *m, msg_hclass_t *class, const char *value)
{
	msg_header_t *h;

	if (!tp_sip_text_is_line(value))
		return TP_FORMAT;
	h = msg_header_make(home(m), class, value);
	if (!h)
		return TP_FORMAT;
	return msg_header_insert(m->msg, pub(m), h) < 0 ? TP_NOMEM : TP_OK;
}

/* -------------------------------------------------------------------------- Via */

enum tp_err tp_sip_msg_push_via(struct tp_sip_msg *msg, enum tp_transport transport,
				const char *host, uint16_t port, const char *branch)
{
	static const char *const names[] = { "UDP", "TCP", "TLS" };
	bool brackets = strchr(host, ':') && host[0] != '[';
	char port_text[8] = "";
	char value[640];
	int n;

	if (port)
		snprintf(port_text, sizeof(port_text), ":%u", port);
	n = snprintf(value, sizeof(value), "SIP/2.0/%s %s%s%s%s;branch=%s;rport", names[transport],
		     brackets ? "[" : "", host, brackets ? "]" : "", port_text, branch);
	if (n < 0 || (size_t)n >= sizeof(value))
		return TP_LIMIT;
	return insert_made(msg, sip_via_class, value);
}

enum tp_err tp_sip_msg_pop_via(struct tp_sip_msg *msg)
{
	if (!msg->sip->sip_via)
		return TP_NOTFOUND;
	remove_header(msg, msg->sip->sip_via);
	return TP_OK;
}

enum tp_err tp_sip_msg_stamp_via(struct tp_sip_msg *msg, const struct tp_addr *source)
{
	char received[TP_ADDR_IP_TEXT + 16] = "received=";
	sip_via_t *v = msg->sip->sip_via;
	struct tp_addr sent_by;
	char rport[16];
	bool asked;
	bool same;

	if (!v)
		return TP_NOTFOUND;
	asked = tp_sip_param(v->v_params, "rport") != NULL;
	same = tp_addr_parse_ip(tp_span_of(v->v_host), 0, &sent_by) == TP_OK &&
	       tp_addr_equal_ip(&sent_by, source);
	if (same && !asked && !v->v_received)
		return TP_OK;
	while (msg_header_remove_param(v->v_common, "received") > 0)
		;
	if (!same || asked) {
		tp_addr_write_ip(source, received + strlen(received));
		if (msg_header_replace_param(home(msg), v->v_common, su_strdup(home(msg), received)) < 0)
			return TP_NOMEM;
	}
	if (asked) {
		snprintf(rport, sizeof(rport), "rport=%u", source->port);
		if (msg_header_replace_param(home(msg), v->v_common, su_strdup(home(msg), rport)) < 0)
			return TP_NOMEM;
	}
	tp_sip_msg_touch(msg, (msg_header_t *)v);
	return TP_OK;
}

/* ----------------------------------------------------------------------- routes */

enum tp_err tp_sip_msg_push_route(struct tp_sip_msg *msg, enum tp_sip_list list, const char *uri)
{
	msg_hclass_t *class = list == TP_SIP_ROUTE ? sip_route_class : sip_record_route_class;
	char value[TP_SIP_URI_MAX + 3];
	msg_header_t **slot;
	msg_header_t *h;
	int n = snprintf(value, sizeof(value), "<%s>", uri);

	if (n < 0 || (size_t)n >= sizeof(value))
		return TP_LIMIT;
	if (!tp_sip_text_is_line(value) || strpbrk(uri, "<>"))
		return TP_FORMAT;
	h = msg_header_make(home(msg), class, value);
	if (!h)
		return TP_FORMAT;
	slot = msg_hclass_offset(msg_mclass(msg->msg), pub(msg), class);
	return msg_header_prepend(msg->msg, pub(msg), slot, h) < 0 ? TP_NOMEM : TP_OK;
}

enum tp_err tp_sip_msg_pop_route(struct tp_sip_msg *msg, enum tp_sip_list list)
{
	sip_route_t *top = list == TP_SIP_ROUTE ? msg->sip->sip_route : msg->sip->sip_record_route;

	if (!top)
		return TP_NOTFOUND;
	remove_header(msg, top);
	return TP_OK;
}

void tp_sip_msg_clear_route(struct tp_sip_msg *msg, enum tp_sip_list list)
{
	if (list == TP_SIP_ROUTE)
		remove_all(msg, &msg->sip->sip_route);
	else
		remove_all(msg, &msg->sip->sip_record_route);
}

/* ---------------------------------------------------------------- single values */

static enum tp_err check_uri(const char *text)
{
	char storage[TP_SIP_URI_STORAGE];
	struct tp_sip_uri uri;

	return tp_sip_uri_parse(tp_span_of(text), storage, sizeof(storage), &uri);
}

enum tp_err tp_sip_msg_set_request_uri(struct tp_sip_msg *msg, const char *uri)
{
	sip_request_t *old = msg->sip->sip_request;
	enum tp_err err = check_uri(uri);
	url_t *url;

	if (!old)
		return TP_STATE;
	if (err != TP_OK)
		return err;
	url = url_hdup(home(msg), (const url_t *)uri);
	if (!url)
		return TP_NOMEM;
	*old->rq_url = *url;
	tp_sip_msg_touch(msg, (msg_header_t *)old);
	return TP_OK;
}

enum tp_err tp_sip_msg_set_max_forwards(struct tp_sip_msg *msg, unsigned hops)
{
	char value[8];

	if (msg->sip->sip_max_forwards) {
		msg->sip->sip_max_forwards->mf_count = hops;
		tp_sip_msg_touch(msg, (msg_header_t *)msg->sip->sip_max_forwards);
		return TP_OK;
	}
	snprintf(value, sizeof(value), "%u", hops & 255u);
	return insert_made(msg, sip_max_forwards_class, value);
}

enum tp_err tp_sip_msg_hop(struct tp_sip_msg *msg, unsigned most)
{
	int now = tp_sip_msg_max_forwards(msg);

	if (now == 0)
		return TP_LIMIT;
	if (now < 0 || (unsigned)now - 1 > most)
		return tp_sip_msg_set_max_forwards(msg, most);
	return tp_sip_msg_set_max_forwards(msg, (unsigned)now - 1);
}

enum tp_err tp_sip_msg_set_to_tag(struct tp_sip_msg *msg, const char *tag)
{
	sip_to_t *to = msg->sip->sip_to;

	if (to->a_tag)
		return TP_OK;
	if (!tp_sip_text_is_line(tag) || !tag[0])
		return TP_FORMAT;
	if (sip_to_tag(home(msg), to, tag) < 0)
		return TP_NOMEM;
	tp_sip_msg_touch(msg, (msg_header_t *)to);
	return TP_OK;
}

enum tp_err tp_sip_msg_set_body(struct tp_sip_msg *msg, const char *type, const void *body, size_t len)
{
	sip_content_type_t *c = NULL;
	sip_payload_t *p = NULL;

	if (len > TP_SIP_MESSAGE_MAX)
		return TP_LIMIT;
	if (len > 0 && type) {
		if (!tp_sip_text_is_line(type))
			return TP_FORMAT;
		c = (sip_content_type_t *)msg_header_make(home(msg), sip_content_type_class, type);
		if (!c)
			return TP_FORMAT;
	}
	if (len > 0) {
		p = sip_payload_create(home(msg), body, (isize_t)len);
		if (!p)
			return TP_NOMEM;
	}
	if ((c || len == 0) && msg->sip->sip_content_type)
		remove_header(msg, msg->sip->sip_content_type);
	if (msg->sip->sip_payload)
		remove_header(msg, msg->sip->sip_payload);
	if ((c && msg_header_insert(msg->msg, pub(msg), (msg_header_t *)c) < 0) ||
	    (p && msg_header_insert(msg->msg, pub(msg), (msg_header_t *)p) < 0))
		return TP_NOMEM;
	return TP_OK;
}

/* --------------------------------------------------------------------- contacts */

enum tp_err tp_sip_msg_set_contact(struct tp_sip_msg *msg, const char *value)
{
	msg_header_t *h = NULL;

	if (value) {
		if (!tp_sip_text_is_line(value))
			return TP_FORMAT;
		h = msg_header_make(home(msg), sip_contact_class, value);
		if (!h)
			return TP_FORMAT;
	}
	remove_all(msg, &msg->sip->sip_contact);
	return h && msg_header_insert(msg->msg, pub(msg), h) < 0 ? TP_NOMEM : TP_OK;
}

enum tp_err tp_sip_msg_set_contact_uri(struct tp_sip_msg *msg, size_t index, const char *uri)
{
	sip_contact_t *c = msg->sip->sip_contact;
	enum tp_err err = check_uri(uri);
	url_t *url;

	while (c && index-- > 0)
		c = c->m_next;
	if (!c)
		return TP_NOTFOUND;
	if (err != TP_OK)
		return err;
	url = url_hdup(home(msg), (const url_t *)uri);
	if (!url)
		return TP_NOMEM;
	*c->m_url = *url;
	tp_sip_msg_touch(msg, (msg_header_t *)c);
	return TP_OK;
}

/* ---------------------------------------------------------------- any by its name */

static const msg_href_t *find_class(struct tp_sip_msg *m, const char *name)
{
	return msg_find_hclass(msg_mclass(m->msg), name, NULL);
}

static bool is_unknown(const msg_href_t *ref)
{
	return !ref || ref->hr_class->hc_hash == msg_unknown_hash;
}

static bool is_name(const char *name)
{
	return name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-.!%*_+`'~") == strlen(name);
}

/* The header made of name and value; NULL when it does not parse. */
static msg_header_t *make_header(struct tp_sip_msg *m, const msg_href_t *ref, const char *name,
				 const char *value)
{
	char *line = su_sprintf(home(m), "%s: %s", name, value);
	msg_header_t *h = line ? msg_header_d(home(m), m->msg, line) : NULL;

	su_free(home(m), line);
	if (h && h->sh_class != ref->hr_class) {
		su_free(home(m), h);
		h = NULL;
	}
	return h;
}

enum tp_err tp_sip_msg_add(struct tp_sip_msg *msg, const char *name, const char *value)
{
	const msg_href_t *ref;
	msg_header_t **slot;
	msg_header_t *h;

	if (!is_name(name) || !tp_sip_text_is_line(value))
		return TP_FORMAT;
	ref = find_class(msg, name);
	if (!ref)
		return TP_FORMAT;
	slot = (msg_header_t **)((char *)msg->sip + ref->hr_offset);
	if (!is_unknown(ref) && ref->hr_class->hc_kind == msg_kind_single && *slot)
		return TP_EXISTS;
	h = make_header(msg, ref, name, value);
	if (!h)
		return TP_FORMAT;
	/* Lists of tokens are one header to the parser; its own insertion loses the old. */
	if (!is_unknown(ref) && ref->hr_class->hc_kind == msg_kind_list && *slot) {
		if (msg_list_append_items(home(msg), (*slot)->sh_list, h->sh_list->k_items) < 0)
			return TP_NOMEM;
		tp_sip_msg_touch(msg, *slot);
		return TP_OK;
	}
	return msg_header_insert(msg->msg, pub(msg), h) < 0 ? TP_NOMEM : TP_OK;
}

static size_t remove_unknown(struct tp_sip_msg *m, const char *name)
{
	sip_unknown_t *next;
	size_t n = 0;

	for (sip_unknown_t *u = m->sip->sip_unknown; u; u = next) {
		next = u->un_next;
		if (u->un_name && strcasecmp(u->un_name, name) == 0) {
			remove_header(m, u);
			n++;
		}
	}
	return n;
}

/* Headers of a known name that did not parse; the parser keeps them apart. */
static size_t remove_unread(struct tp_sip_msg *m, const char *name)
{
	sip_error_t *next;
	size_t n = 0;

	for (sip_error_t *e = m->sip->sip_error; e; e = next) {
		next = e->er_next;
		if (e->er_name && strcasecmp(e->er_name, name) == 0) {
			msg_header_remove(m->msg, pub(m), (msg_header_t *)e);
			n++;
		}
	}
	return n;
}

static bool is_structural(msg_hclass_t *class)
{
	return class == sip_via_class || class == sip_from_class || class == sip_to_class ||
	       class == sip_call_id_class || class == sip_cseq_class;
}

size_t tp_sip_msg_remove(struct tp_sip_msg *msg, const char *name)
{
	const msg_href_t *ref = is_name(name) ? find_class(msg, name) : NULL;
	msg_header_t **slot;
	size_t n = 0;

	if (!ref)
		return 0;
	if (is_unknown(ref))
		return remove_unknown(msg, name);
	if (is_structural(ref->hr_class))
		return 0;
	slot = (msg_header_t **)((char *)msg->sip + ref->hr_offset);
	for (; *slot; n++)
		remove_header(msg, *slot);
	return n + remove_unread(msg, ref->hr_class->hc_name);
}

enum tp_err tp_sip_msg_set(struct tp_sip_msg *msg, const char *name, const char *value)
{
	const msg_href_t *ref = is_name(name) ? find_class(msg, name) : NULL;
	msg_header_t *h;

	if (!ref || !tp_sip_text_is_line(value) || is_structural(ref->hr_class))
		return TP_FORMAT;
	h = make_header(msg, ref, name, value);
	if (!h)
		return TP_FORMAT;
	(void)tp_sip_msg_remove(msg, name);
	return msg_header_insert(msg->msg, pub(msg), h) < 0 ? TP_NOMEM : TP_OK;
}
