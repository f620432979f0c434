/* Requests inside a dialog: routed by what the dialog knows to its other end, and
 * their answers back (RFC 3261 section 12.2). Runs in turnpike-sip. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "sip/config/config.h"
#include "sip/proxy/call.h"

struct tp_leg *tp_call_leg(struct tp_call *call, uint8_t side)
{
	return side == 0 ? &call->caller : &call->winner->leg;
}

static struct tp_leg *leg_of(const struct tp_exchange *x, uint8_t side)
{
	return side == 0 ? &x->call->caller : &x->branch->leg;
}

static void free_if_over(struct tp_exchange *x)
{
	struct tp_call *call = x->call;

	if (x->server || x->client)
		return;
	tp_jobs_forget(x->branch, x);
	tp_list_remove(&x->link);
	tp_sip_msg_free(&x->msg);
	tp_sip_msg_free(&x->ok);
	free(x);
	tp_call_unref(call);
}

void tp_exchange_server_end(struct tp_exchange *x)
{
	x->server = NULL;
	free_if_over(x);
}

void tp_exchange_cancel(struct tp_exchange *x)
{
	if (x->client)
		tp_client_txn_cancel(x->client);
}

/* ----------------------------------------------------------------- replies */

/* What a final answer means for the call. */
static void after_final(struct tp_exchange *x, int status)
{
	struct tp_call *call = x->call;
	struct tp_media_session *media = x->branch->media;

	if (x->method == TP_SIP_BYE && status != 401 && status != 407) {
		tp_call_end(call, 0, x->side == 0 ? "the caller hung up" : "the called party hung up");
		return;
	}
	if (!media || (x->method != TP_SIP_INVITE && x->method != TP_SIP_UPDATE))
		return;
	if (status >= 300 || x->method == TP_SIP_UPDATE)
		tp_media_offer_over(media);
	if (status == 481)
		(void)tp_calls_disconnect(call->sip, call->info.id, "one end does not know the call any more");
}

void tp_exchange_reply(struct tp_exchange *x, int status, const char *phrase, const char *warning)
{
	struct tp_sip_msg *response = NULL;
	char value[512];

	if (x->answered)
		return;
	x->answered = true;
	if (x->server && x->msg &&
	    tp_sip_msg_new_response(x->msg, status, phrase, tp_server_txn_to_tag(x->server), &response) ==
		    TP_OK) {
		tp_sip_warning(x->call->sip, warning ? warning : tp_sip_status_phrase(status), value,
			       sizeof(value));
		if (warning && tp_sip_msg_add(response, "Warning", value) != TP_OK)
			TP_LOG(TP_LOG_WARN, "sip.reply", "no memory for a Warning header");
		(void)tp_server_txn_respond(x->server, response);
	}
	tp_sip_msg_free(&response);
	after_final(x, status);
}

void tp_exchange_forward_reply(struct tp_exchange *x, struct tp_sip_msg *msg)
{
	int status = tp_sip_msg_status(msg);

	if (x->answered) {
		tp_sip_msg_free(&msg);
		return;
	}
	if (x->server)
		(void)tp_server_txn_respond(x->server, msg);
	if (status >= 200) {
		x->answered = true;
		if (status < 300 && (x->method == TP_SIP_INVITE || x->method == TP_SIP_UPDATE))
			tp_leg_learn_contact(leg_of(x, 1 - x->side), msg);
		if (status < 300 && x->method == TP_SIP_INVITE) {
			tp_sip_msg_free(&x->ok);
			x->ok = msg;
			msg = NULL;
		}
		after_final(x, status);
	}
	tp_sip_msg_free(&msg);
}

/* A 2xx to a re-INVITE again: the ACK again, or the 2xx again. */
static void repeat(struct tp_exchange *x, const struct tp_sip_msg *msg)
{
	struct tp_branch *branch = x->branch;
	struct tp_sip_msg *ack = NULL;

	if (branch->ack && tp_sip_msg_cseq(branch->ack) == tp_sip_msg_cseq(msg)) {
		if (tp_sip_msg_clone(branch->ack, &ack) == TP_OK)
			(void)tp_transaction_send(x->call->sip->transactions, tp_client_txn_flow(x->client),
						  ack);
		tp_sip_msg_free(&ack);
	} else if (x->ok && x->server) {
		(void)tp_server_txn_respond(x->server, x->ok);
	}
}

static void on_response(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg)
{
	struct tp_exchange *x = arg;
	struct tp_call *call = x->call;
	int status = tp_sip_msg_status(msg);

	(void)txn;
	if (status == 100 || tp_sip_msg_pop_via(msg) != TP_OK) {
		tp_sip_msg_free(&msg);
		return;
	}
	tp_call_ref(call);
	if (status < 200 && x->method == TP_SIP_INVITE && x->client)
		tp_client_txn_set_timer_c(x->client, TP_CALL_TIMER_C_MS);
	if (!x->server || x->answered) {
		if (x->answered && status >= 200 && status < 300)
			repeat(x, msg);
		tp_sip_msg_free(&msg);
	} else if (x->branch->media && !call->ended) {
		tp_job_add(x->branch, TP_JOB_REPLY, 1 - x->side, msg, x);
	} else {
		tp_exchange_forward_reply(x, msg);
	}
	tp_call_unref(call);
}

static void on_error(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason)
{
	struct tp_exchange *x = arg;

	(void)txn;
	tp_exchange_reply(x, err == TP_AGAIN ? 408 : 503, NULL, reason);
}

static void on_end(void *arg, struct tp_client_txn *txn)
{
	struct tp_exchange *x = arg;

	(void)txn;
	x->client = NULL;
	free_if_over(x);
}

static const struct tp_client_events exchange_events = { on_response, on_error, on_end };

/* ----------------------------------------------------------------- sending */

/* Our own Routes go off. Without one the sender knew no route: the dialog's is used,
 * and the Request-URI is the other end's Contact. */
static enum tp_err set_way(struct tp_call *call, const struct tp_leg *to, struct tp_sip_msg *msg)
{
	struct tp_sip_uri uri = tp_sip_msg_request_uri(msg);
	struct tp_sip_address route;
	bool ours = false;

	while (tp_sip_msg_route(msg, TP_SIP_ROUTE, 0, &route) &&
	       tp_route_call_id(&route.uri) == call->info.id) {
		enum tp_err err = tp_sip_msg_pop_route(msg, TP_SIP_ROUTE);

		if (err != TP_OK)
			return err;
		ours = true;
	}
	if (ours && !tp_sip_config_is_self(call->sip->config, uri.host))
		return TP_OK;
	tp_sip_msg_clear_route(msg, TP_SIP_ROUTE);
	if (to->routes) {
		enum tp_err err = tp_sip_msg_set(msg, "Route", to->routes);

		if (err != TP_OK)
			return err;
	}
	return to->target[0] ? tp_sip_msg_set_request_uri(msg, to->target) : TP_OK;
}

void tp_exchange_forward(struct tp_exchange *x, struct tp_sip_msg *msg)
{
	struct tp_call *call = x->call;
	struct tp_leg *to = leg_of(x, 1 - x->side);
	struct tp_flow *flow = NULL;
	struct tp_diag diag = { 0 };
	enum tp_err err = set_way(call, to, msg);

	if (err == TP_OK)
		err = tp_leg_reach(call->sip, to, &flow, &diag);
	if (err == TP_OK)
		err = tp_client_txn_start(call->sip->transactions, flow, msg, &exchange_events, x, &x->client);
	if (err == TP_OK && x->method == TP_SIP_INVITE)
		tp_client_txn_set_timer_c(x->client, TP_CALL_TIMER_C_MS);
	tp_flow_unref(&flow);
	tp_sip_msg_free(&msg);
	if (err != TP_OK)
		tp_exchange_reply(x, x->method == TP_SIP_BYE ? 200 : 503, NULL,
				  diag.text[0] ? diag.text : "the other end cannot be reached");
}

void tp_ack_forward(struct tp_branch *branch, uint8_t side, struct tp_sip_msg *msg)
{
	struct tp_call *call = branch->call;
	struct tp_leg *to = side == 0 ? &branch->leg : &call->caller;
	struct tp_flow *flow = NULL;
	struct tp_diag diag = { 0 };
	enum tp_err err = set_way(call, to, msg);

	if (branch->media)
		tp_media_offer_over(branch->media);
	if (err == TP_OK)
		err = tp_leg_reach(call->sip, to, &flow, &diag);
	tp_sip_msg_free(&branch->ack);
	if (err == TP_OK && tp_sip_msg_clone(msg, &branch->ack) != TP_OK)
		branch->ack = NULL;
	if (err == TP_OK)
		err = tp_transaction_send(call->sip->transactions, flow, msg);
	if (err != TP_OK)
		TP_LOG(TP_LOG_WARN, "sip.ack", "an ACK could not be passed on: %s", diag.text);
	tp_flow_unref(&flow);
	tp_sip_msg_free(&msg);
}

static struct tp_exchange *new_exchange(struct tp_branch *branch, uint8_t side, enum tp_sip_method method)
{
	struct tp_exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->kind = TP_TXN_EXCHANGE;
	x->branch = branch;
	x->call = branch->call;
	x->side = side;
	x->method = method;
	tp_list_append(&x->call->exchanges, &x->link);
	tp_call_ref(x->call);
	return x;
}

/* The flow of an end whose old one is gone: where its latest request came from. */
static void renew_flow(struct tp_leg *leg, struct tp_flow *flow)
{
	if (!leg->flow || leg->flow->state == TP_FLOW_CLOSED)
		tp_leg_set_flow(leg, flow);
}

void tp_indialog_request(struct tp_call *call, struct tp_branch *branch, uint8_t side,
			 struct tp_server_txn *txn, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	struct tp_leg *from = side == 0 ? &call->caller : &branch->leg;
	enum tp_sip_method method = tp_sip_msg_method(msg);
	struct tp_sip_msg *copy = NULL;
	struct tp_exchange *x;

	renew_flow(from, flow);
	if (tp_sip_msg_hop(msg, 70) != TP_OK) {
		if (txn)
			(void)tp_server_txn_reply(txn, msg, 483, NULL);
		tp_sip_msg_free(&msg);
		return;
	}
	tp_sip_strip_credentials(call->sip, msg);
	if (!txn) {
		tp_job_add(branch, TP_JOB_ACK, side, msg, NULL);
		return;
	}
	if (tp_sip_msg_cseq(msg) > from->cseq)
		from->cseq = tp_sip_msg_cseq(msg);
	x = tp_sip_msg_clone(msg, &copy) == TP_OK ? new_exchange(branch, side, method) : NULL;
	if (!x) {
		(void)tp_server_txn_reply(txn, msg, 500, NULL);
		tp_sip_msg_free(&copy);
		tp_sip_msg_free(&msg);
		return;
	}
	x->server = txn;
	x->msg = copy;
	tp_server_txn_set_user(txn, x);
	if (method == TP_SIP_INVITE)
		(void)tp_server_txn_reply(txn, msg, 100, NULL);
	if (method == TP_SIP_INVITE || method == TP_SIP_UPDATE)
		tp_leg_learn_contact(from, msg);
	tp_job_add(branch, TP_JOB_REQUEST, side, msg, x);
}

/* ------------------------------------------------------------- our own BYE */

void tp_indialog_bye(struct tp_call *call, uint8_t side, const char *reason)
{
	struct tp_leg *leg = tp_call_leg(call, side), *other = tp_call_leg(call, 1 - side);
	char uri[TP_SIP_URI_MAX + 1], value[512];
	struct tp_sip_request request = {
		.method = TP_SIP_BYE, .uri = leg->target, .cseq = ++other->cseq,
		.from = side == 0 ? call->to : call->from,
		.to = side == 0 ? call->from : call->to, .call_id = call->info.call_id,
	};
	struct tp_sip_msg *msg = NULL;
	struct tp_exchange *x;
	enum tp_err err;

	if (!request.from || !request.to)
		return;
	if (!leg->target[0]) {
		char address[TP_ADDR_TEXT];

		snprintf(uri, sizeof(uri), "sip:%s", tp_addr_write(&leg->remote, address));
		request.uri = uri;
	}
	err = tp_sip_msg_new_request(&request, &msg);
	if (err == TP_OK && leg->routes)
		err = tp_sip_msg_set(msg, "Route", leg->routes);
	snprintf(value, sizeof(value), "SIP;text=\"%.300s\"", reason);
	if (err == TP_OK)
		err = tp_sip_msg_add(msg, "Reason", value);
	x = err == TP_OK ? new_exchange(call->winner, 1 - side, TP_SIP_BYE) : NULL;
	if (!x) {
		tp_sip_msg_free(&msg);
		return;
	}
	tp_exchange_forward(x, msg);
	free_if_over(x);
}
