/* SIP messages of our own making: requests, responses, CANCEL, ACK. Used by sip.
 * RFC 3261 sections 8.1.1, 8.2.6, 9.1, 17.1.1.3. */
#include <stdio.h>
#include <string.h>

#include "sip/msg/internal.h"

static bool dup_all(struct tp_sip_msg *m, const void *header)
{
	return !header || sip_add_dup(m->msg, m->sip, header) == 0;
}

static bool dup_one(struct tp_sip_msg *m, const void *header)
{
	msg_header_t *h = msg_header_dup_one(msg_home(m->msg), header);

	return h && msg_header_insert(m->msg, (msg_pub_t *)m->sip, h) >= 0;
}

static bool insert(struct tp_sip_msg *m, void *header)
{
	return header && msg_header_insert(m->msg, (msg_pub_t *)m->sip, header) >= 0;
}

static sip_method_t their_method(enum tp_sip_method method)
{
	return sip_method_code(tp_sip_method_text(method));
}

static enum tp_err fill_request(struct tp_sip_msg *m, const struct tp_sip_request *r)
{
	su_home_t *home = msg_home(m->msg);
	sip_method_t method = their_method(r->method);
	unsigned hops = r->max_forwards ? r->max_forwards : 70;
	enum tp_err err;

	if (!insert(m, sip_request_create(home, method, NULL, (const url_string_t *)r->uri, NULL)) ||
	    !insert(m, sip_cseq_create(home, r->cseq, method, NULL)))
		return TP_NOMEM;
	err = tp_sip_msg_add(m, "From", r->from);
	if (err == TP_OK)
		err = tp_sip_msg_add(m, "To", r->to);
	if (err == TP_OK)
		err = tp_sip_msg_add(m, "Call-ID", r->call_id);
	return err == TP_OK ? tp_sip_msg_set_max_forwards(m, hops) : err;
}

enum tp_err tp_sip_msg_new_request(const struct tp_sip_request *request, struct tp_sip_msg **out)
{
	char storage[TP_SIP_URI_STORAGE];
	struct tp_sip_uri uri;
	struct tp_sip_msg *m;
	enum tp_err err;

	if (request->method == TP_SIP_OTHER)
		return TP_UNSUPPORTED;
	err = tp_sip_uri_parse(tp_span_of(request->uri), storage, sizeof(storage), &uri);
	if (err == TP_OK)
		err = tp_sip_msg_new(&m);
	if (err != TP_OK)
		return err;
	err = fill_request(m, request);
	if (err != TP_OK)
		tp_sip_msg_free(&m);
	else
		*out = m;
	return err;
}

static bool fill_response(struct tp_sip_msg *m, const sip_t *request, int status, const char *phrase,
			  const char *to_tag)
{
	su_home_t *home = msg_home(m->msg);

	if (!insert(m, sip_status_create(home, (unsigned)status, phrase, NULL)) ||
	    !dup_all(m, request->sip_via) || !dup_all(m, request->sip_from) ||
	    !dup_all(m, request->sip_to) || !dup_all(m, request->sip_call_id) ||
	    !dup_all(m, request->sip_cseq))
		return false;
	if (status == 100 && !dup_all(m, request->sip_timestamp))
		return false;
	if (status > 100 && status < 300 && !dup_all(m, request->sip_record_route))
		return false;
	return status == 100 || !to_tag || tp_sip_msg_set_to_tag(m, to_tag) == TP_OK;
}

enum tp_err tp_sip_msg_new_response(const struct tp_sip_msg *request, int status, const char *phrase,
				    const char *to_tag, struct tp_sip_msg **out)
{
	struct tp_sip_msg *m;
	enum tp_err err;

	if (status < 100 || status > 699 || (phrase && !tp_sip_text_is_line(phrase)))
		return TP_FORMAT;
	if (!tp_sip_msg_is_request(request))
		return TP_STATE;
	err = tp_sip_msg_new(&m);
	if (err != TP_OK)
		return err;
	if (!fill_response(m, request->sip, status, phrase ? phrase : tp_sip_status_phrase(status),
			   to_tag)) {
		tp_sip_msg_free(&m);
		return TP_NOMEM;
	}
	*out = m;
	return TP_OK;
}

/* What CANCEL and ACK have in common; the To is the only difference but the method. */
static bool fill_follower(struct tp_sip_msg *m, const sip_t *invite, const sip_to_t *to,
			  enum tp_sip_method method)
{
	su_home_t *home = msg_home(m->msg);
	sip_method_t theirs = their_method(method);

	return insert(m, sip_request_create(home, theirs, NULL,
					    (const url_string_t *)invite->sip_request->rq_url, NULL)) &&
	       dup_one(m, invite->sip_via) && dup_all(m, invite->sip_route) &&
	       dup_all(m, invite->sip_from) && dup_all(m, to) && dup_all(m, invite->sip_call_id) &&
	       insert(m, sip_cseq_create(home, invite->sip_cseq->cs_seq, theirs, NULL)) &&
	       tp_sip_msg_set_max_forwards(m, 70) == TP_OK;
}

static enum tp_err new_follower(const struct tp_sip_msg *invite, const sip_to_t *to,
				enum tp_sip_method method, struct tp_sip_msg **out)
{
	struct tp_sip_msg *m;
	enum tp_err err;

	if (!tp_sip_msg_is_request(invite) || !invite->sip->sip_via)
		return TP_STATE;
	err = tp_sip_msg_new(&m);
	if (err != TP_OK)
		return err;
	if (!fill_follower(m, invite->sip, to, method)) {
		tp_sip_msg_free(&m);
		return TP_NOMEM;
	}
	*out = m;
	return TP_OK;
}

enum tp_err tp_sip_msg_new_cancel(const struct tp_sip_msg *invite, struct tp_sip_msg **out)
{
	return new_follower(invite, invite->sip->sip_to, TP_SIP_CANCEL, out);
}

enum tp_err tp_sip_msg_new_ack(const struct tp_sip_msg *invite, const struct tp_sip_msg *response,
			       struct tp_sip_msg **out)
{
	return new_follower(invite, response->sip->sip_to, TP_SIP_ACK, out);
}
