/* What a SIP message says. Used by sip. RFC 3261 section 20. */
#include <string.h>
#include <strings.h>

#include "sip/msg/internal.h"

static const struct {
	enum tp_sip_method ours;
	sip_method_t theirs;
	const char *text;
} methods[] = {
	{ TP_SIP_INVITE, sip_method_invite, "INVITE" },
	{ TP_SIP_ACK, sip_method_ack, "ACK" },
	{ TP_SIP_CANCEL, sip_method_cancel, "CANCEL" },
	{ TP_SIP_BYE, sip_method_bye, "BYE" },
	{ TP_SIP_OPTIONS, sip_method_options, "OPTIONS" },
	{ TP_SIP_REGISTER, sip_method_register, "REGISTER" },
	{ TP_SIP_INFO, sip_method_info, "INFO" },
	{ TP_SIP_PRACK, sip_method_prack, "PRACK" },
	{ TP_SIP_UPDATE, sip_method_update, "UPDATE" },
	{ TP_SIP_MESSAGE, sip_method_message, "MESSAGE" },
	{ TP_SIP_SUBSCRIBE, sip_method_subscribe, "SUBSCRIBE" },
	{ TP_SIP_NOTIFY, sip_method_notify, "NOTIFY" },
	{ TP_SIP_REFER, sip_method_refer, "REFER" },
	{ TP_SIP_PUBLISH, sip_method_publish, "PUBLISH" },
};

static const char *text_or_empty(const char *s)
{
	return s ? s : "";
}

const char *tp_sip_method_text(enum tp_sip_method method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].ours == method)
			return methods[i].text;
	return "";
}

const char *tp_sip_status_phrase(int status)
{
	const char *phrase = sip_status_phrase(status);

	return phrase ? phrase : "Unknown";
}

/* ------------------------------------------------------------------- parameters */

const char *tp_sip_param(const char *const *params, const char *name)
{
	size_t len = strlen(name);

	for (; params && *params; params++) {
		if (strncasecmp(*params, name, len) != 0)
			continue;
		if ((*params)[len] == '=')
			return *params + len + 1;
		if ((*params)[len] == '\0')
			return "";
	}
	return NULL;
}

bool tp_sip_param_text(const char *const *params, const char *name, char *buf, size_t size)
{
	const char *value = tp_sip_param(params, name);
	size_t len = 0;

	if (!value)
		return false;
	if (value[0] != '"')
		return tp_text_copy(buf, size, value);
	for (const char *p = value + 1; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		if (len + 1 >= size)
			return false;
		buf[len++] = *p;
	}
	if (size == 0)
		return false;
	buf[len] = '\0';
	return true;
}

/* ------------------------------------------------------------------ single values */

bool tp_sip_msg_is_request(const struct tp_sip_msg *msg)
{
	return msg->sip->sip_request != NULL;
}

enum tp_sip_method tp_sip_msg_method(const struct tp_sip_msg *msg)
{
	const sip_t *sip = msg->sip;
	sip_method_t theirs = sip->sip_request ? sip->sip_request->rq_method
			      : sip->sip_cseq  ? sip->sip_cseq->cs_method
					       : sip_method_unknown;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].theirs == theirs)
			return methods[i].ours;
	return TP_SIP_OTHER;
}

const char *tp_sip_msg_method_text(const struct tp_sip_msg *msg)
{
	const sip_t *sip = msg->sip;

	if (sip->sip_request)
		return text_or_empty(sip->sip_request->rq_method_name);
	return sip->sip_cseq ? text_or_empty(sip->sip_cseq->cs_method_name) : "";
}

int tp_sip_msg_status(const struct tp_sip_msg *msg)
{
	return msg->sip->sip_status ? msg->sip->sip_status->st_status : 0;
}

const char *tp_sip_msg_reason(const struct tp_sip_msg *msg)
{
	return msg->sip->sip_status ? text_or_empty(msg->sip->sip_status->st_phrase) : "";
}

struct tp_sip_uri tp_sip_msg_request_uri(const struct tp_sip_msg *msg)
{
	static const url_t none = { .url_type = url_unknown };

	return tp_sip_uri_from(msg->sip->sip_request ? msg->sip->sip_request->rq_url : &none);
}

struct tp_sip_address tp_sip_address_from(const sip_addr_t *a)
{
	return (struct tp_sip_address){
		.display = text_or_empty(a->a_display),
		.uri = tp_sip_uri_from(a->a_url),
		.params = a->a_params,
		.tag = text_or_empty(a->a_tag),
	};
}

struct tp_sip_address tp_sip_msg_from(const struct tp_sip_msg *msg)
{
	return tp_sip_address_from(msg->sip->sip_from);
}

struct tp_sip_address tp_sip_msg_to(const struct tp_sip_msg *msg)
{
	return tp_sip_address_from(msg->sip->sip_to);
}

const char *tp_sip_msg_call_id(const struct tp_sip_msg *msg)
{
	return text_or_empty(msg->sip->sip_call_id->i_id);
}

uint32_t tp_sip_msg_cseq(const struct tp_sip_msg *msg)
{
	return msg->sip->sip_cseq->cs_seq;
}

int tp_sip_msg_max_forwards(const struct tp_sip_msg *msg)
{
	return msg->sip->sip_max_forwards ? (int)msg->sip->sip_max_forwards->mf_count : -1;
}

int64_t tp_sip_msg_expires_s(const struct tp_sip_msg *msg)
{
	const sip_expires_t *e = msg->sip->sip_expires;

	if (!e || e->ex_date)
		return -1;
	return e->ex_delta > UINT32_MAX ? UINT32_MAX : (int64_t)e->ex_delta;
}

const char *tp_sip_msg_user_agent(const struct tp_sip_msg *msg)
{
	if (msg->sip->sip_user_agent)
		return text_or_empty(msg->sip->sip_user_agent->g_string);
	return msg->sip->sip_server ? text_or_empty(msg->sip->sip_server->g_string) : "";
}

const char *tp_sip_msg_content_type(const struct tp_sip_msg *msg)
{
	return msg->sip->sip_content_type ? text_or_empty(msg->sip->sip_content_type->c_type) : "";
}

struct tp_span tp_sip_msg_body(const struct tp_sip_msg *msg)
{
	const sip_payload_t *pl = msg->sip->sip_payload;

	return pl ? (struct tp_span){ pl->pl_data, pl->pl_len } : (struct tp_span){ "", 0 };
}

/* ------------------------------------------------------------------------- lists */

static const void *nth(const void *header, size_t index)
{
	const msg_header_t *h = header;

	while (h && index-- > 0)
		h = h->sh_next;
	return h;
}

static size_t count(const void *header)
{
	const msg_header_t *h = header;
	size_t n = 0;

	for (; h; h = h->sh_next)
		n++;
	return n;
}

size_t tp_sip_msg_via_count(const struct tp_sip_msg *msg)
{
	return count(msg->sip->sip_via);
}

bool tp_sip_msg_via(const struct tp_sip_msg *msg, size_t index, struct tp_sip_via *out)
{
	const sip_via_t *v = nth(msg->sip->sip_via, index);
	const char *slash;
	uint64_t port = 0;

	if (!v)
		return false;
	slash = v->v_protocol ? strrchr(v->v_protocol, '/') : NULL;
	if (v->v_port && tp_text_parse_u64(tp_span_of(v->v_port), UINT16_MAX, &port) != TP_OK)
		port = 0;
	*out = (struct tp_sip_via){
		.transport = slash ? slash + 1 : "",
		.host = text_or_empty(v->v_host),
		.port = (uint16_t)port,
		.branch = text_or_empty(v->v_branch),
		.received = text_or_empty(v->v_received),
		.rport = tp_sip_param(v->v_params, "rport"),
		.params = v->v_params,
	};
	return true;
}

static const sip_route_t *routes(const struct tp_sip_msg *msg, enum tp_sip_list list)
{
	return list == TP_SIP_ROUTE ? msg->sip->sip_route : msg->sip->sip_record_route;
}

size_t tp_sip_msg_route_count(const struct tp_sip_msg *msg, enum tp_sip_list list)
{
	return count(routes(msg, list));
}

bool tp_sip_msg_route(const struct tp_sip_msg *msg, enum tp_sip_list list, size_t index,
		      struct tp_sip_address *out)
{
	const sip_route_t *r = nth(routes(msg, list), index);

	if (!r)
		return false;
	*out = (struct tp_sip_address){
		.display = text_or_empty(r->r_display),
		.uri = tp_sip_uri_from(r->r_url),
		.params = r->r_params,
		.tag = "",
	};
	return true;
}

size_t tp_sip_msg_contact_count(const struct tp_sip_msg *msg)
{
	return count(msg->sip->sip_contact);
}

bool tp_sip_msg_contact_is_star(const struct tp_sip_msg *msg)
{
	for (const sip_contact_t *c = msg->sip->sip_contact; c; c = c->m_next)
		if (c->m_url->url_type == url_any)
			return true;
	return false;
}

bool tp_sip_msg_contact(const struct tp_sip_msg *msg, size_t index, struct tp_sip_contact *out)
{
	const sip_contact_t *c = nth(msg->sip->sip_contact, index);
	uint64_t expires = 0;

	if (!c)
		return false;
	*out = (struct tp_sip_contact){
		.address = {
			.display = text_or_empty(c->m_display),
			.uri = tp_sip_uri_from(c->m_url),
			.params = c->m_params,
			.tag = "",
		},
		.q = text_or_empty(c->m_q),
		.expires_s = -1,
	};
	if (c->m_expires && tp_text_parse_u64(tp_span_of(c->m_expires), UINT32_MAX, &expires) == TP_OK)
		out->expires_s = (int64_t)expires;
	return true;
}

static const msg_list_t *option_list(const sip_t *sip, enum tp_sip_tags tags)
{
	switch (tags) {
	case TP_SIP_REQUIRE:
		return sip->sip_require;
	case TP_SIP_PROXY_REQUIRE:
		return sip->sip_proxy_require;
	case TP_SIP_SUPPORTED:
		return sip->sip_supported;
	case TP_SIP_UNSUPPORTED:
		return sip->sip_unsupported;
	}
	return NULL;
}

const char *tp_sip_msg_option(const struct tp_sip_msg *msg, enum tp_sip_tags tags, size_t index)
{
	for (const msg_list_t *l = option_list(msg->sip, tags); l; l = l->k_next)
		for (const msg_param_t *item = l->k_items; item && *item; item++)
			if (index-- == 0)
				return *item;
	return NULL;
}

bool tp_sip_msg_has_option(const struct tp_sip_msg *msg, enum tp_sip_tags tags, const char *option)
{
	const char *tag;

	for (size_t i = 0; (tag = tp_sip_msg_option(msg, tags, i)); i++)
		if (strcasecmp(tag, option) == 0)
			return true;
	return false;
}

static msg_auth_t *credentials(const struct tp_sip_msg *msg, enum tp_sip_auth which, size_t index)
{
	const msg_auth_t *list[] = {
		[TP_SIP_AUTHORIZATION] = msg->sip->sip_authorization,
		[TP_SIP_PROXY_AUTHORIZATION] = msg->sip->sip_proxy_authorization,
		[TP_SIP_WWW_AUTHENTICATE] = msg->sip->sip_www_authenticate,
		[TP_SIP_PROXY_AUTHENTICATE] = msg->sip->sip_proxy_authenticate,
	};

	return (msg_auth_t *)nth(list[which], index);
}

bool tp_sip_msg_credentials(const struct tp_sip_msg *msg, enum tp_sip_auth which, size_t index,
			    struct tp_sip_credentials *out)
{
	const msg_auth_t *a = credentials(msg, which, index);

	if (!a)
		return false;
	*out = (struct tp_sip_credentials){ text_or_empty(a->au_scheme), a->au_params };
	return true;
}

void tp_sip_msg_remove_credentials(struct tp_sip_msg *msg, enum tp_sip_auth which, size_t index)
{
	msg_auth_t *a = credentials(msg, which, index);

	if (a)
		msg_header_remove(msg->msg, (msg_pub_t *)msg->sip, (msg_header_t *)a);
}

/* ------------------------------------------------------------------ any by name */

static enum tp_err copy_value(const char *value, char *buf, size_t size)
{
	return tp_text_copy(buf, size, value) ? TP_OK : TP_LIMIT;
}

enum tp_err tp_sip_msg_header(const struct tp_sip_msg *msg, const char *name, size_t index,
			      char *buf, size_t size)
{
	const msg_href_t *ref;
	const msg_header_t *h;
	issize_t len;

	if (size == 0)
		return TP_LIMIT;
	ref = msg_find_hclass(msg_mclass(msg->msg), name, NULL);
	if (!ref || ref->hr_class->hc_hash == msg_unknown_hash) {
		for (const sip_unknown_t *u = msg->sip->sip_unknown; u; u = u->un_next)
			if (u->un_name && strcasecmp(u->un_name, name) == 0 && index-- == 0)
				return copy_value(text_or_empty(u->un_value), buf, size);
		return TP_NOTFOUND;
	}
	h = *(msg_header_t *const *)((const char *)msg->sip + ref->hr_offset);
	h = nth(h, index);
	if (!h)
		return TP_NOTFOUND;
	len = msg_header_field_e(buf, (isize_t)size, h, 0);
	if (len < 0 || (size_t)len >= size)
		return TP_LIMIT;
	buf[len] = '\0';
	return TP_OK;
}
