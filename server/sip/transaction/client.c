/* Client transactions. Used by sip. RFC 3261 section 17.1, RFC 6026 section 7.2.
 * A transaction ends from a timer, or when its flow is closed; never inside a call
 * of its user. */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "sip/transaction/internal.h"

static bool reliable(const struct tp_client_txn *t)
{
	return t->flow->transport != TP_TRANSPORT_UDP;
}

static bool is_invite(const struct tp_client_txn *t)
{
	return t->method == TP_SIP_INVITE;
}

void tp_client_free(struct tp_client_txn *t)
{
	struct tp_transaction_layer *layer = t->layer;

	tp_timer_stop(layer->loop, &t->retransmit);
	tp_timer_stop(layer->loop, &t->end);
	tp_timer_stop(layer->loop, &t->timer_c);
	tp_map_remove(&layer->clients, &t->node);
	tp_list_remove(&t->link);
	tp_list_remove(&t->flow_link);
	tp_txn_bytes_drop(&t->request);
	tp_txn_bytes_drop(&t->ack);
	tp_flow_unref(&t->flow);
	free(t);
}

static void finish(struct tp_client_txn *t)
{
	if (t->events.on_end)
		t->events.on_end(t->arg, t);
	tp_client_free(t);
}

void tp_client_fail(struct tp_client_txn *t, enum tp_err err, const char *reason)
{
	t->state = CLIENT_COMPLETED;
	if (t->events.on_error)
		t->events.on_error(t->arg, t, err, reason);
	finish(t);
}

static void on_end(void *arg)
{
	struct tp_client_txn *t = arg;

	if (t->state == CLIENT_CALLING)
		tp_client_fail(t, TP_AGAIN, "no answer");
	else if (t->state == CLIENT_PROCEEDING)
		tp_client_fail(t, TP_AGAIN, t->cancelled ? "no final answer after CANCEL" : "no final answer");
	else
		finish(t);
}

static void end_after(struct tp_client_txn *t, uint64_t ms)
{
	if (tp_timer_start(t->layer->loop, &t->end, ms, on_end, t) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "sip.transaction", "no memory for a timer");
}

static void on_retransmit(void *arg)
{
	struct tp_client_txn *t = arg;
	uint32_t t2 = t->layer->timers.t2;

	(void)tp_flow_send(t->flow, t->request.p, t->request.len);
	t->interval_ms *= 2;
	/* Timer A doubles without a bound; E stays at T2, at once when proceeding. */
	if (!is_invite(t) && (t->interval_ms > t2 || t->state == CLIENT_PROCEEDING))
		t->interval_ms = t2;
	(void)!tp_timer_start(t->layer->loop, &t->retransmit, t->interval_ms, on_retransmit, t);
}

/* ---------------------------------------------------------------------- starting */

static enum tp_err client_new(struct tp_transaction_layer *layer, struct tp_flow *flow,
			      enum tp_sip_method method, const char *method_text, const char *branch,
			      struct tp_client_txn **out)
{
	struct tp_client_txn *t;
	struct txn_key key;
	enum tp_err err;

	if (layer->servers.count + layer->clients.count >= layer->max)
		return TP_LIMIT;
	if (flow->state == TP_FLOW_CLOSED)
		return TP_CLOSED;
	tp_txn_client_key(method_text, branch, &key);
	t = calloc(1, sizeof(*t) + key.len);
	if (!t)
		return TP_NOMEM;
	t->layer = layer;
	t->method = method;
	tp_text_copy(t->branch, sizeof(t->branch), branch);
	t->key_len = key.len;
	memcpy(t->key, key.bytes, key.len);
	err = tp_map_put(&layer->clients, &t->node, t->key, t->key_len);
	if (err != TP_OK) {
		free(t);
		return err;
	}
	tp_list_append(&layer->all_clients, &t->link);
	tp_list_append(&flow->transactions, &t->flow_link);
	t->flow = tp_flow_ref(flow);
	*out = t;
	return TP_OK;
}

/* Sends for the first time; on failure the transaction is gone. */
static enum tp_err launch(struct tp_client_txn *t, struct tp_sip_msg *msg)
{
	enum tp_err err = tp_txn_bytes_from(&t->request, msg);

	if (err == TP_OK)
		err = tp_flow_send(t->flow, t->request.p, t->request.len);
	/* The network may refuse one datagram and take the next. */
	if (err == TP_IO)
		err = TP_OK;
	if (err == TP_OK && !reliable(t)) {
		t->interval_ms = t->layer->timers.t1;
		err = tp_timer_start(t->layer->loop, &t->retransmit, t->interval_ms, on_retransmit, t);
	}
	if (err == TP_OK)
		err = tp_timer_start(t->layer->loop, &t->end, 64 * (uint64_t)t->layer->timers.t1, on_end, t);
	if (err != TP_OK)
		tp_client_free(t);
	return err;
}

enum tp_err tp_client_txn_start(struct tp_transaction_layer *layer, struct tp_flow *flow,
				struct tp_sip_msg *msg, const struct tp_client_events *events, void *arg,
				struct tp_client_txn **out)
{
	char branch[TP_SIP_ID_TEXT];
	char host[TP_ADDR_IP_TEXT];
	struct tp_client_txn *t;
	enum tp_err err;

	if (!tp_sip_msg_is_request(msg) || tp_sip_msg_method(msg) == TP_SIP_ACK)
		return TP_STATE;
	tp_sip_ids_branch(layer->ids, branch);
	err = client_new(layer, flow, tp_sip_msg_method(msg), tp_sip_msg_method_text(msg), branch, &t);
	if (err != TP_OK)
		return err;
	t->events = *events;
	t->arg = arg;
	err = tp_sip_msg_push_via(msg, flow->transport, tp_addr_write_ip(&flow->sent_by, host),
				  flow->sent_by.port, branch);
	if (err != TP_OK) {
		tp_client_free(t);
		return err;
	}
	err = launch(t, msg);
	if (err == TP_OK)
		*out = t;
	else
		(void)!tp_sip_msg_pop_via(msg);
	return err;
}

/* ------------------------------------------------------------------ ACK and CANCEL */

/* What was sent, parsed again: rare enough not to keep it. */
static enum tp_err parse_request(const struct tp_client_txn *t, struct tp_sip_msg **out)
{
	return tp_sip_msg_parse(t->request.p, t->request.len, out, NULL, NULL);
}

static void acknowledge(struct tp_client_txn *t, const struct tp_sip_msg *response)
{
	struct tp_sip_msg *invite = NULL;
	struct tp_sip_msg *ack = NULL;

	if (!t->ack.p && parse_request(t, &invite) == TP_OK &&
	    tp_sip_msg_new_ack(invite, response, &ack) == TP_OK)
		(void)!tp_txn_bytes_from(&t->ack, ack);
	tp_sip_msg_free(&invite);
	tp_sip_msg_free(&ack);
	if (t->ack.p)
		(void)tp_flow_send(t->flow, t->ack.p, t->ack.len);
}

static void send_cancel(struct tp_client_txn *t)
{
	struct tp_sip_msg *invite = NULL;
	struct tp_sip_msg *cancel = NULL;
	struct tp_client_txn *c;

	t->cancelled = true;
	end_after(t, 64 * (uint64_t)t->layer->timers.t1);
	if (parse_request(t, &invite) == TP_OK && tp_sip_msg_new_cancel(invite, &cancel) == TP_OK &&
	    client_new(t->layer, t->flow, TP_SIP_CANCEL, "CANCEL", t->branch, &c) == TP_OK)
		(void)!launch(c, cancel);
	tp_sip_msg_free(&invite);
	tp_sip_msg_free(&cancel);
}

void tp_client_txn_cancel(struct tp_client_txn *txn)
{
	if (!is_invite(txn) || txn->cancel_wanted ||
	    (txn->state != CLIENT_CALLING && txn->state != CLIENT_PROCEEDING))
		return;
	txn->cancel_wanted = true;
	if (txn->state == CLIENT_PROCEEDING)
		send_cancel(txn);
}

static void on_timer_c(void *arg)
{
	struct tp_client_txn *t = arg;

	if (t->state == CLIENT_PROCEEDING)
		tp_client_txn_cancel(t);
	else if (t->state == CLIENT_CALLING)
		tp_client_fail(t, TP_AGAIN, "timer C");
}

void tp_client_txn_set_timer_c(struct tp_client_txn *txn, uint32_t after_ms)
{
	tp_timer_stop(txn->layer->loop, &txn->timer_c);
	if (after_ms)
		(void)!tp_timer_start(txn->layer->loop, &txn->timer_c, after_ms, on_timer_c, txn);
}

/* --------------------------------------------------------------------- receiving */

/* Hands the message over, or frees it. */
static void deliver(struct tp_client_txn *t, struct tp_sip_msg *msg)
{
	if (t->events.on_response)
		t->events.on_response(t->arg, t, msg);
	else
		tp_sip_msg_free(&msg);
}

static void enter_proceeding(struct tp_client_txn *t)
{
	if (t->state == CLIENT_PROCEEDING)
		return;
	t->state = CLIENT_PROCEEDING;
	if (!is_invite(t))
		return; /* timers E and F go on */
	tp_timer_stop(t->layer->loop, &t->retransmit);
	tp_timer_stop(t->layer->loop, &t->end);
	if (t->cancel_wanted && !t->cancelled)
		send_cancel(t);
}

/* The first final response. */
static void enter_final(struct tp_client_txn *t, int status)
{
	const struct tp_transaction_timers *timers = &t->layer->timers;

	tp_timer_stop(t->layer->loop, &t->retransmit);
	tp_timer_stop(t->layer->loop, &t->timer_c);
	if (is_invite(t) && status < 300) {
		t->state = CLIENT_ACCEPTED;
		end_after(t, 64 * (uint64_t)timers->t1);
	} else {
		t->state = CLIENT_COMPLETED;
		end_after(t, reliable(t) ? 0 : is_invite(t) ? timers->timer_d : timers->t4);
	}
}

static void take_response(struct tp_client_txn *t, struct tp_sip_msg *msg)
{
	int status = tp_sip_msg_status(msg);
	bool ended = t->state == CLIENT_COMPLETED || t->state == CLIENT_ACCEPTED;

	if (ended) {
		if (t->state == CLIENT_COMPLETED && is_invite(t) && status >= 300)
			acknowledge(t, msg);
		if (t->state == CLIENT_ACCEPTED && status >= 200 && status < 300)
			deliver(t, msg);
		else
			tp_sip_msg_free(&msg);
		return;
	}
	t->status = status;
	if (status < 200) {
		enter_proceeding(t);
	} else {
		enter_final(t, status);
		if (is_invite(t) && status >= 300)
			acknowledge(t, msg);
		tp_txn_bytes_drop(&t->request);
	}
	deliver(t, msg);
}

void tp_client_receive(struct tp_transaction_layer *layer, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	struct tp_map_node *node = NULL;
	struct tp_sip_via via;
	struct txn_key key;

	if (tp_sip_msg_via(msg, 0, &via)) {
		tp_txn_client_key(tp_sip_msg_method_text(msg), via.branch, &key);
		node = tp_map_find(&layer->clients, key.bytes, key.len);
	}
	if (node)
		take_response(TP_CONTAINER(node, struct tp_client_txn, node), msg);
	else if (layer->events.on_stray_response)
		layer->events.on_stray_response(layer->arg, flow, msg);
	else
		tp_sip_msg_free(&msg);
}

/* ----------------------------------------------------------------------- reading */

void tp_client_txn_detach(struct tp_client_txn **txn)
{
	if (*txn)
		memset(&(*txn)->events, 0, sizeof((*txn)->events));
	*txn = NULL;
}

struct tp_flow *tp_client_txn_flow(const struct tp_client_txn *txn)
{
	return txn->flow;
}

const char *tp_client_txn_branch(const struct tp_client_txn *txn)
{
	return txn->branch;
}

int tp_client_txn_status(const struct tp_client_txn *txn)
{
	return txn->status;
}
