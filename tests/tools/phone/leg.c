/* One leg of a call: what both ends share, and the calling end. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "phone.h"
#include "text.h"

enum {
	T1_MS = 500,
	T2_MS = 4000,
	PATIENCE_MS = 32000,   /* for any answer */
	DRAIN_MS = 300,        /* what is under way arrives before the BYE overtakes it */
	LINGER_MS = 1000,      /* a leg that is over still answers repeats */
};

struct leg *leg_new(struct phone *p, bool caller)
{
	struct app *app = p->app;
	struct leg *leg = calloc(1, sizeof(*leg));
	if (app->leg_count + 1 >= app->leg_capacity) {
		app->leg_capacity = app->leg_capacity ? 2 * app->leg_capacity : 1024;
		app->by_id = realloc(app->by_id, app->leg_capacity * sizeof(*app->by_id));
		app->phone_of = realloc(app->phone_of, app->leg_capacity);
	}
	leg->id = ++app->leg_count;
	app->by_id[leg->id] = leg;
	app->phone_of[leg->id] = (uint8_t)(p - app->phones);
	leg->phone = p;
	leg->caller = caller;
	leg->started = app->now;
	leg->give_up = app->now + PATIENCE_MS * NS_PER_MS;
	leg->next = app->legs;
	app->legs = leg;
	snprintf(leg->local_tag, sizeof(leg->local_tag), "L%u-%lx", leg->id, (unsigned long)random());
	return leg;
}

void leg_fail(struct leg *leg, const char *fmt, ...)
{
	struct app *app = leg->phone->app;
	char text[160];
	va_list ap;
	if (leg->failed)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	leg->failed = true;
	app->failed++;
	snprintf(leg->why, sizeof(leg->why), "%s", text);
	if (app->failure_count < FAILURES_MAX)
		snprintf(app->failures[app->failure_count++], sizeof(app->failures[0]), "%s, leg %u (%s): %s",
			 leg->phone->spec.name, leg->id, leg->caller ? "caller" : "callee", text);
}

void leg_stop_repeating(struct leg *leg)
{
	free(leg->resend);
	leg->resend = NULL;
	leg->resend_due = 0;
}

void leg_send(struct leg *leg, const char *text, size_t len, bool repeat)
{
	struct app *app = leg->phone->app;
	leg_stop_repeating(leg);
	if (repeat) {
		leg->resend = malloc(len);
		memcpy(leg->resend, text, len);
		leg->resend_len = len;
		leg->resend_after = T1_MS * NS_PER_MS;
		leg->resend_due = app->now + leg->resend_after;
	}
	wire_send(leg->phone, text, len);
}

/* A leg that is over: keeps its counters, drops the rest after a while. */
void leg_finish(struct leg *leg)
{
	if (leg->state == LEG_DONE)
		return;
	leg->state = LEG_DONE;
	leg->media.sending = false;
	leg_stop_repeating(leg);
	leg->next_due = leg->phone->app->now + LINGER_MS * NS_PER_MS;
	if (leg->script)
		leg->script->live--;
	media_close(leg);
}

static void add_contact(struct text *t, const struct phone *p)
{
	text_add(t, "Contact: <sip:%s@%s%s%s:%u;transport=%s>\r\n", p->spec.user, p->v6 ? "[" : "",
		 p->address, p->v6 ? "]" : "", p->wire.local_port,
		 p->spec.transport == WIRE_UDP ? "udp" : p->spec.transport == WIRE_TCP ? "tcp" : "tls");
}

/* Request line to CSeq; `attempt` keeps branches of one leg apart. */
static void add_head(struct text *t, struct leg *leg, const char *method, const char *uri,
		     uint32_t cseq, const char *cseq_method)
{
	struct phone *p = leg->phone;
	text_add(t, "%s %s SIP/2.0\r\n", method, uri);
	text_add(t, "Via: SIP/2.0/%s %s%s%s:%u;branch=z9hG4bK-%s-%u;rport\r\n",
		 wire_name(p->spec.transport), p->v6 ? "[" : "", p->address, p->v6 ? "]" : "",
		 p->wire.local_port, leg->local_tag, leg->attempts);
	for (size_t i = 0; i < leg->route_count; i++)
		text_add(t, "Route: %s\r\n", leg->routes[i]);
	text_add(t, "Max-Forwards: 70\r\nFrom: %s;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n",
		 leg->local_uri, leg->local_tag, leg->remote_uri, leg->call_id, cseq, cseq_method);
}

static void send_invite(struct leg *leg)
{
	char buf[8192], sdp[2048];
	struct text t = { buf, 0, sizeof(buf) };
	leg->cseq++;
	leg->attempts++;
	media_write_sdp(leg, sdp, sizeof(sdp));
	add_head(&t, leg, "INVITE", leg->target, leg->cseq, "INVITE");
	add_contact(&t, leg->phone);
	text_add(&t, "%sUser-Agent: tp-phone\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\n",
		 leg->authorization);
	text_add(&t, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s", strlen(sdp), sdp);
	leg->state = LEG_CALLING;
	leg_send(leg, buf, t.len, true);
}

void leg_call(struct phone *p, struct script *script)
{
	struct leg *leg = leg_new(p, true);
	leg->script = script;
	script->live++;
	p->app->calls++;
	snprintf(leg->call_id, sizeof(leg->call_id), "c%u-%lx%lx", leg->id, (unsigned long)random(),
		 (unsigned long)random());
	snprintf(leg->local_uri, sizeof(leg->local_uri), "<sip:%s@%s>", p->spec.user, p->spec.domain);
	snprintf(leg->remote_uri, sizeof(leg->remote_uri), "<%.*s>", URI_MAX - 3, script->uri);
	snprintf(leg->target, sizeof(leg->target), "%s", script->uri);
	if (!media_open(leg)) {
		leg_fail(leg, "no free media ports");
		leg_finish(leg);
		return;
	}
	send_invite(leg);
}

static void send_ack(struct leg *leg, const char *msg, bool success)
{
	char buf[8192];
	struct text t = { buf, 0, sizeof(buf) };
	if (success)
		leg->attempts++;
	add_head(&t, leg, "ACK", leg->target, leg->cseq, "ACK");
	if (!success) { /* RFC 3261 17.1.1.3: same branch, To of the response */
		char to[URI_MAX];
		t.len = 0;
		char keep[URI_MAX];
		memcpy(keep, leg->remote_uri, sizeof(keep));
		if (text_header(msg, "To", 0, to, sizeof(to)))
			memcpy(leg->remote_uri, to, sizeof(to));
		add_head(&t, leg, "ACK", leg->target, leg->cseq, "ACK");
		memcpy(leg->remote_uri, keep, sizeof(keep));
	}
	text_add(&t, "Content-Length: 0\r\n\r\n");
	wire_send(leg->phone, buf, t.len);
	if (success) {
		free(leg->ack);
		leg->ack = strndup(buf, t.len);
		leg->ack_len = t.len;
	}
}

/* Route set (reversed), remote tag and target from a 2xx. */
static void learn_dialog(struct leg *leg, const char *msg)
{
	char contact[URI_MAX], lines[ROUTES_MAX][URI_MAX];
	size_t n = 0;
	text_header(msg, "To", 0, leg->remote_uri, sizeof(leg->remote_uri));
	while (n < ROUTES_MAX && text_header(msg, "Record-Route", n, lines[n], sizeof(lines[n])))
		n++;
	leg->route_count = n;
	for (size_t i = 0; i < n; i++)
		memcpy(leg->routes[i], lines[n - 1 - i], URI_MAX);
	if (text_header(msg, "Contact", 0, contact, sizeof(contact)))
		text_uri(contact, leg->target, sizeof(leg->target));
}

static void remember_setup_time(struct app *app, uint64_t ns)
{
	if (app->setup_count == app->setup_capacity) {
		app->setup_capacity = app->setup_capacity ? 2 * app->setup_capacity : 1024;
		app->setup_us = realloc(app->setup_us, app->setup_capacity * sizeof(*app->setup_us));
	}
	app->setup_us[app->setup_count++] = (uint32_t)(ns / 1000);
}

void leg_start_media(struct leg *leg)
{
	leg->state = LEG_TALKING;
	leg->answered = leg->phone->app->now;
	leg->give_up = 0;
	media_begin(leg);
}

static void on_success(struct leg *leg, const char *msg)
{
	struct app *app = leg->phone->app;
	leg_stop_repeating(leg);
	learn_dialog(leg, msg);
	send_ack(leg, msg, true);
	if (leg->cancelled || app->stopping) {
		leg_hang_up(leg);
		return;
	}
	if (!media_read_sdp(leg, text_body(msg))) {
		leg_fail(leg, "the answer's SDP does not fit");
		leg_hang_up(leg);
		return;
	}
	remember_setup_time(app, app->now - leg->started);
	leg_start_media(leg);
	leg->next_due = app->now + (uint64_t)(leg->script->seconds * 1e9);
}

static void on_failure(struct leg *leg, const char *msg, unsigned status)
{
	leg_stop_repeating(leg);
	send_ack(leg, msg, false);
	if ((status == 401 || status == 407) && !leg->authorization[0] &&
	    digest_answer(&leg->phone->spec, msg, "INVITE", leg->target, leg->authorization,
			  sizeof(leg->authorization))) {
		send_invite(leg);
		return;
	}
	char line[96];
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(msg + 8, "\r\n"), msg + 8);
	leg_fail(leg, "answered with%s", line);
	leg_finish(leg);
}

static void on_bye_answer(struct leg *leg, unsigned status)
{
	if (status < 200)
		return;
	if (status >= 300)
		leg_fail(leg, "BYE answered with %u", status);
	leg_finish(leg);
}

void leg_on_answer(struct leg *leg, const char *msg, unsigned status, const char *method)
{
	char cseq[64];
	if (!text_header(msg, "CSeq", 0, cseq, sizeof(cseq)))
		return;
	if (!strcmp(method, "BYE")) {
		if (leg->state == LEG_ENDING)
			on_bye_answer(leg, status);
		return;
	}
	if (strcmp(method, "INVITE") != 0 || strtoul(cseq, NULL, 10) != leg->cseq)
		return;
	if (status < 200) {
		if (leg->state == LEG_CALLING)
			leg_stop_repeating(leg);
		return;
	}
	if (leg->state == LEG_CALLING || (leg->state == LEG_ENDING && leg->cancelled)) {
		if (status / 100 == 2)
			on_success(leg, msg);
		else
			on_failure(leg, msg, status);
	} else if (status / 100 == 2 && leg->ack) {
		wire_send(leg->phone, leg->ack, leg->ack_len);
	} else if (status >= 300) {
		send_ack(leg, msg, false);
	}
}

void leg_hang_up(struct leg *leg)
{
	char buf[8192];
	struct text t = { buf, 0, sizeof(buf) };
	struct app *app = leg->phone->app;
	leg->media.sending = false;
	leg->cseq++;
	leg->attempts++;
	add_head(&t, leg, "BYE", leg->target, leg->cseq, "BYE");
	text_add(&t, "%sContent-Length: 0\r\n\r\n", "");
	leg->state = LEG_ENDING;
	leg->give_up = app->now + PATIENCE_MS * NS_PER_MS;
	leg_send(leg, buf, t.len, true);
}

static void send_cancel(struct leg *leg)
{
	char buf[4096];
	struct text t = { buf, 0, sizeof(buf) };
	add_head(&t, leg, "CANCEL", leg->target, leg->cseq, "CANCEL");
	text_add(&t, "Content-Length: 0\r\n\r\n");
	leg->cancelled = true;
	leg->state = LEG_ENDING;
	leg->give_up = leg->phone->app->now + 5 * NS_PER_S;
	wire_send(leg->phone, buf, t.len);
}

/* Both ends stop talking together, so that every packet sent can still arrive. */
static void start_draining(struct leg *leg)
{
	struct app *app = leg->phone->app;
	uint32_t other = leg->media.peer;
	leg->media.sending = false;
	if (other && other <= app->leg_count && app->by_id[other])
		app->by_id[other]->media.sending = false;
	leg->state = LEG_DRAINING;
	leg->next_due = app->now + DRAIN_MS * NS_PER_MS;
}

static void on_time_over(struct leg *leg)
{
	leg->give_up = 0;
	switch (leg->state) {
	case LEG_CALLING:
		leg_fail(leg, "no final answer");
		send_cancel(leg);
		break;
	case LEG_ANSWERED:
		leg_fail(leg, "no ACK");
		leg_hang_up(leg);
		break;
	case LEG_ENDING:
		leg_fail(leg, leg->cancelled ? "no answer after CANCEL" : "no answer to BYE");
		leg_finish(leg);
		break;
	default:
		leg_finish(leg);
	}
}

static void repeat(struct leg *leg)
{
	struct app *app = leg->phone->app;
	wire_send(leg->phone, leg->resend, leg->resend_len);
	leg->resend_after *= 2;
	if (leg->resend_after > T2_MS * NS_PER_MS && leg->state != LEG_CALLING)
		leg->resend_after = T2_MS * NS_PER_MS;
	leg->resend_due = app->now + leg->resend_after;
}

/* Every 10 ms. Over TCP and TLS, requests are repeated too: a connection may have been
 * lost under them, and the server's transaction absorbs the repeat. */
void leg_tick(struct leg *leg)
{
	struct app *app = leg->phone->app;
	if (leg->resend_due && app->now >= leg->resend_due && leg->resend)
		repeat(leg);
	if (leg->give_up && app->now >= leg->give_up) {
		on_time_over(leg);
		return;
	}
	if (!leg->next_due || app->now < leg->next_due)
		return;
	leg->next_due = 0;
	if (leg->state == LEG_RINGING)
		answer_accept(leg);
	else if (leg->state == LEG_TALKING)
		start_draining(leg);
	else if (leg->state == LEG_DRAINING)
		leg_hang_up(leg);
}
