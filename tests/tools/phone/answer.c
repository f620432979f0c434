/* The answering end: requests from the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phone.h"
#include "text.h"

static const char *reason_of(unsigned status)
{
	switch (status) {
	case 180: return "Ringing";
	case 200: return "OK";
	case 404: return "Not Found";
	case 481: return "Call/Transaction Does Not Exist";
	case 486: return "Busy Here";
	case 487: return "Request Terminated";
	case 488: return "Not Acceptable Here";
	case 603: return "Decline";
	default: return "Answer";
	}
}

/* Status line and what every response repeats of its request. */
static void add_response(struct text *t, const char *msg, unsigned status, const char *tag)
{
	char to[URI_MAX], have[64];
	text_add(t, "SIP/2.0 %u %s\r\n", status, reason_of(status));
	text_copy_headers(t, msg, "Via");
	text_copy_headers(t, msg, "From");
	if (text_header(msg, "To", 0, to, sizeof(to)))
		text_add(t, "To: %s%s%s\r\n", to,
			 tag && !text_param(to, "tag", have, sizeof(have)) ? ";tag=" : "",
			 tag && !text_param(to, "tag", have, sizeof(have)) ? tag : "");
	text_copy_headers(t, msg, "Call-ID");
	text_copy_headers(t, msg, "CSeq");
}

static void respond(struct phone *p, const char *msg, unsigned status, const char *tag)
{
	char buf[16384];
	struct text t = { buf, 0, sizeof(buf) };
	add_response(&t, msg, status, tag);
	text_add(&t, "Content-Length: 0\r\n\r\n");
	wire_send(p, buf, t.len);
}

/* Response to the INVITE of a leg, with dialog headers and perhaps a body. */
static void respond_invite(struct leg *leg, const char *msg, unsigned status, bool keep)
{
	struct phone *p = leg->phone;
	char buf[16384], sdp[2048] = "";
	struct text t = { buf, 0, sizeof(buf) };
	add_response(&t, msg, status, leg->local_tag);
	text_copy_headers(&t, msg, "Record-Route");
	text_add(&t, "Contact: <sip:%s@%s%s%s:%u;transport=%s>\r\nUser-Agent: tp-phone\r\n", p->spec.user,
		 p->v6 ? "[" : "", p->address, p->v6 ? "]" : "", p->wire.local_port,
		 p->spec.transport == WIRE_UDP ? "udp" : p->spec.transport == WIRE_TCP ? "tcp" : "tls");
	if (status == 200) {
		media_write_sdp(leg, sdp, sizeof(sdp));
		text_add(&t, "Content-Type: application/sdp\r\n");
	}
	text_add(&t, "Content-Length: %zu\r\n\r\n%s", strlen(sdp), sdp);
	leg_send(leg, buf, t.len, keep);
}

static struct leg *find_by_call_id(struct phone *p, const char *call_id)
{
	for (struct leg *leg = p->app->legs; leg; leg = leg->next)
		if (leg->phone == p && !leg->caller && !strcmp(leg->call_id, call_id))
			return leg;
	return NULL;
}

/* The leg that a request inside a dialog means: its number stands in our tag. */
static struct leg *find_by_tag(struct phone *p, const char *msg)
{
	char to[URI_MAX], tag[64];
	if (!text_header(msg, "To", 0, to, sizeof(to)) || !text_param(to, "tag", tag, sizeof(tag)) ||
	    tag[0] != 'L')
		return NULL;
	unsigned long id = strtoul(tag + 1, NULL, 10);
	struct leg *leg = id <= p->app->leg_count && id > 0 ? p->app->by_id[id] : NULL;
	return leg && leg->phone == p && !strcmp(leg->local_tag, tag) ? leg : NULL;
}

/* The request is kept as text, to answer it when the ringing is over. */
static void keep_request(struct leg *leg, const char *msg)
{
	free(leg->ack);
	leg->ack = strdup(msg);
	leg->ack_len = strlen(msg);
}

static void on_new_invite(struct phone *p, const char *msg)
{
	char contact[URI_MAX], cseq[64], call_id[256];
	if (!text_header(msg, "Call-ID", 0, call_id, sizeof(call_id)))
		return;
	struct leg *leg = find_by_call_id(p, call_id);
	if (leg) { /* a repeat */
		if (leg->resend)
			wire_send(p, leg->resend, leg->resend_len);
		return;
	}
	leg = leg_new(p, false);
	memcpy(leg->call_id, call_id, sizeof(call_id));
	leg->state = LEG_RINGING;
	text_header(msg, "To", 0, leg->local_uri, sizeof(leg->local_uri));
	text_header(msg, "From", 0, leg->remote_uri, sizeof(leg->remote_uri));
	if (text_header(msg, "Contact", 0, contact, sizeof(contact)))
		text_uri(contact, leg->target, sizeof(leg->target));
	if (text_header(msg, "CSeq", 0, cseq, sizeof(cseq)))
		leg->remote_cseq = (uint32_t)strtoul(cseq, NULL, 10);
	while (leg->route_count < ROUTES_MAX &&
	       text_header(msg, "Record-Route", leg->route_count, leg->routes[leg->route_count], URI_MAX))
		leg->route_count++;
	keep_request(leg, msg);
	respond_invite(leg, msg, 180, false);
	leg->next_due = p->app->now + p->spec.ring_ms * NS_PER_MS;
	if (!p->spec.ring_ms)
		answer_accept(leg);
}

void answer_accept(struct leg *leg)
{
	struct phone *p = leg->phone;
	leg->next_due = 0;
	if (p->spec.answer != 200) {
		respond_invite(leg, leg->ack, p->spec.answer, true);
		leg->state = LEG_ANSWERED;
		return;
	}
	if (!media_open(leg) || !media_read_sdp(leg, text_body(leg->ack))) {
		leg_fail(leg, "the offer's SDP does not fit");
		respond_invite(leg, leg->ack, 488, true);
		leg->state = LEG_ANSWERED;
		return;
	}
	(void)media_arm(leg); /* the caller's first packet may overtake its ACK */
	leg->state = LEG_ANSWERED;
	respond_invite(leg, leg->ack, 200, true);
}

static void on_ack(struct leg *leg)
{
	leg_stop_repeating(leg);
	if (leg->state != LEG_ANSWERED)
		return;
	if (leg->media.open && leg->media.remote.ss_family && !leg->failed)
		leg_start_media(leg);
	else
		leg_finish(leg);
}

static void on_cancel(struct phone *p, const char *msg)
{
	char call_id[256];
	if (!text_header(msg, "Call-ID", 0, call_id, sizeof(call_id)))
		return;
	struct leg *leg = find_by_call_id(p, call_id);
	respond(p, msg, leg ? 200 : 481, leg ? leg->local_tag : NULL);
	if (leg && leg->state == LEG_RINGING) {
		respond_invite(leg, leg->ack, 487, true);
		leg->state = LEG_ANSWERED;
	}
}

/* A re-INVITE (session refresh, re-key): answered with what we have. */
static void on_reinvite(struct leg *leg, const char *msg)
{
	char cseq[64];
	if (text_header(msg, "CSeq", 0, cseq, sizeof(cseq)))
		leg->remote_cseq = (uint32_t)strtoul(cseq, NULL, 10);
	if (!strstr(text_body(msg), "m=") || media_read_sdp(leg, text_body(msg)))
		respond_invite(leg, msg, 200, true);
	else
		respond_invite(leg, msg, 488, true);
}

void answer_request(struct phone *p, const char *msg, const char *method)
{
	struct leg *leg = find_by_tag(p, msg);
	if (!strcmp(method, "INVITE")) {
		if (leg)
			on_reinvite(leg, msg);
		else
			on_new_invite(p, msg);
	} else if (!strcmp(method, "ACK")) {
		if (leg)
			on_ack(leg);
	} else if (!strcmp(method, "CANCEL")) {
		on_cancel(p, msg);
	} else if (!strcmp(method, "BYE")) {
		respond(p, msg, leg ? 200 : 481, "none");
		if (leg)
			leg_finish(leg);
	} else {
		respond(p, msg, 200, "none");
	}
}
