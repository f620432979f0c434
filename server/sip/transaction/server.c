/* Server transactions. Used by sip. RFC 3261 section 17.2, RFC 6026 section 7.1.
 * A transaction ends from a timer only, never inside a call of its user. */
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "sip/transaction/internal.h"

static bool reliable(const struct tp_server_txn *t)
{
	return t->flow->transport != TP_TRANSPORT_UDP;
}

void tp_server_free(struct tp_server_txn *t)
{
	struct tp_transaction_layer *layer = t->layer;

	tp_timer_stop(layer->loop, &t->retransmit);
	tp_timer_stop(layer->loop, &t->end);
	tp_map_remove(&layer->servers, &t->node);
	tp_list_remove(&t->link);
	tp_txn_bytes_drop(&t->response);
	tp_flow_unref(&t->flow);
	free(t);
}

static void on_end(void *arg)
{
	struct tp_server_txn *t = arg;
	struct tp_transaction_layer *layer = t->layer;

	if (t->state == SERVER_TRYING || t->state == SERVER_PROCEEDING)
		TP_LOG(TP_LOG_WARN, "sip.transaction", "%s was never answered", tp_sip_method_text(t->method));
	if (layer->events.on_server_end)
		layer->events.on_server_end(layer->arg, t, t->acknowledged);
	tp_server_free(t);
}

static void end_after(struct tp_server_txn *t, uint64_t ms)
{
	if (tp_timer_start(t->layer->loop, &t->end, ms, on_end, t) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "sip.transaction", "no memory for a timer");
}

static void resend(struct tp_server_txn *t)
{
	if (t->response.p)
		(void)tp_flow_send(t->flow, t->response.p, t->response.len);
}

static void on_retransmit(void *arg)
{
	struct tp_server_txn *t = arg;

	resend(t);
	t->interval_ms = t->interval_ms * 2 < t->layer->timers.t2 ? t->interval_ms * 2 : t->layer->timers.t2;
	(void)!tp_timer_start(t->layer->loop, &t->retransmit, t->interval_ms, on_retransmit, t);
}

/* ------------------------------------------------------------------- receiving */

static struct tp_server_txn *find(struct tp_transaction_layer *layer, const struct txn_key *key)
{
	struct tp_map_node *node = tp_map_find(&layer->servers, key->bytes, key->len);

	return node ? TP_CONTAINER(node, struct tp_server_txn, node) : NULL;
}

static enum tp_err server_new(struct tp_transaction_layer *layer, struct tp_flow *flow,
			      const struct tp_sip_msg *msg, const struct txn_key *key,
			      struct tp_server_txn **out)
{
	struct tp_server_txn *t;
	enum tp_err err;

	if (layer->servers.count + layer->clients.count >= layer->max)
		return TP_LIMIT;
	t = calloc(1, sizeof(*t) + key->len);
	if (!t)
		return TP_NOMEM;
	t->layer = layer;
	t->method = tp_sip_msg_method(msg);
	t->key_len = key->len;
	memcpy(t->key, key->bytes, key->len);
	err = tp_map_put(&layer->servers, &t->node, t->key, t->key_len);
	if (err != TP_OK) {
		free(t);
		return err;
	}
	tp_list_append(&layer->all_servers, &t->link);
	t->flow = tp_flow_ref(flow);
	tp_sip_ids_tag(layer->ids, t->to_tag);
	/* A user that forgets to answer must not leak: RFC 4320 wants an answer to
	 * anything but INVITE within timer F. */
	if (t->method != TP_SIP_INVITE)
		end_after(t, (uint64_t)128 * layer->timers.t1);
	*out = t;
	return TP_OK;
}

static void take_ack(struct tp_transaction_layer *layer, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	struct tp_server_txn *t = NULL;
	struct txn_key key;

	if (tp_txn_server_key(msg, "INVITE", &key))
		t = find(layer, &key);
	if (!t || t->state == SERVER_ACCEPTED) {
		layer->events.on_request(layer->arg, NULL, flow, msg);
		return;
	}
	if (t->state == SERVER_COMPLETED) {
		t->state = SERVER_CONFIRMED;
		t->acknowledged = true;
		tp_timer_stop(layer->loop, &t->retransmit);
		tp_txn_bytes_drop(&t->response);
		end_after(t, reliable(t) ? 0 : layer->timers.t4);
	}
	tp_sip_msg_free(&msg);
}

static void take_cancel(struct tp_transaction_layer *layer, struct tp_server_txn *cancel,
			struct tp_sip_msg *msg)
{
	struct tp_server_txn *invite = NULL;
	struct txn_key key;

	if (tp_txn_server_key(msg, "INVITE", &key))
		invite = find(layer, &key);
	if (!invite) {
		(void)tp_server_txn_reply(cancel, msg, 481, NULL);
		return;
	}
	/* RFC 3261 section 9.2: the same To tag as the answer to the INVITE. */
	memcpy(cancel->to_tag, invite->to_tag, sizeof(cancel->to_tag));
	(void)tp_server_txn_reply(cancel, msg, 200, NULL);
	if (invite->state == SERVER_TRYING || invite->state == SERVER_PROCEEDING)
		layer->events.on_cancel(layer->arg, invite, msg);
}

static void take_new(struct tp_transaction_layer *layer, struct tp_flow *flow, struct tp_sip_msg *msg,
		     const struct txn_key *key)
{
	struct tp_server_txn *t;

	if (server_new(layer, flow, msg, key, &t) != TP_OK) {
		TP_LOG(TP_LOG_WARN, "sip.overload", "more than %u transactions: answered 503", layer->max);
		(void)tp_transaction_answer(layer, flow, msg, 503, NULL);
		tp_sip_msg_free(&msg);
		return;
	}
	if (t->method == TP_SIP_CANCEL) {
		take_cancel(layer, t, msg);
		tp_sip_msg_free(&msg);
		return;
	}
	layer->events.on_request(layer->arg, t, flow, msg);
}

void tp_server_receive(struct tp_transaction_layer *layer, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	struct tp_server_txn *t;
	struct txn_key key;

	if (tp_sip_msg_method(msg) == TP_SIP_ACK) {
		take_ack(layer, flow, msg);
		return;
	}
	if (!tp_txn_server_key(msg, tp_sip_msg_method_text(msg), &key)) {
		(void)tp_transaction_answer(layer, flow, msg, 400, "Via branch of RFC 3261 required");
		tp_sip_msg_free(&msg);
		return;
	}
	t = find(layer, &key);
	if (!t) {
		take_new(layer, flow, msg, &key);
		return;
	}
	/* A retransmission. In Accepted the user repeats its 2xx itself. */
	if (t->state == SERVER_PROCEEDING || t->state == SERVER_COMPLETED)
		resend(t);
	tp_sip_msg_free(&msg);
}

/* -------------------------------------------------------------------- responding */

static void enter_completed(struct tp_server_txn *t)
{
	const struct tp_transaction_timers *timers = &t->layer->timers;

	t->state = SERVER_COMPLETED;
	if (t->method != TP_SIP_INVITE) {
		end_after(t, reliable(t) ? 0 : 64 * (uint64_t)timers->t1);
		return;
	}
	if (!reliable(t)) {
		t->interval_ms = timers->t1;
		(void)!tp_timer_start(t->layer->loop, &t->retransmit, t->interval_ms, on_retransmit, t);
	}
	end_after(t, 64 * (uint64_t)timers->t1);
}

static void after_response(struct tp_server_txn *t, int status)
{
	bool accepted = t->method == TP_SIP_INVITE && status >= 200 && status < 300;

	t->status = status;
	if (status < 200) {
		t->state = SERVER_PROCEEDING;
	} else if (!accepted) {
		enter_completed(t);
	} else if (t->state != SERVER_ACCEPTED) {
		t->state = SERVER_ACCEPTED;
		t->acknowledged = true;
		end_after(t, 64 * (uint64_t)t->layer->timers.t1);
	}
	if (accepted)
		tp_txn_bytes_drop(&t->response);
}

enum tp_err tp_server_txn_respond(struct tp_server_txn *txn, struct tp_sip_msg *response)
{
	int status = tp_sip_msg_status(response);
	enum tp_err sent;
	enum tp_err err;

	if (status == 0 || txn->state == SERVER_COMPLETED || txn->state == SERVER_CONFIRMED ||
	    (txn->state == SERVER_ACCEPTED && (status < 200 || status >= 300)))
		return TP_STATE;
	err = tp_txn_bytes_from(&txn->response, response);
	if (err != TP_OK)
		return err;
	sent = tp_flow_send(txn->flow, txn->response.p, txn->response.len);
	after_response(txn, status);
	return sent;
}

enum tp_err tp_server_txn_reply(struct tp_server_txn *txn, const struct tp_sip_msg *request, int status,
				const char *phrase)
{
	struct tp_sip_msg *response;
	enum tp_err err;

	err = tp_sip_msg_new_response(request, status, phrase, txn->to_tag, &response);
	if (err != TP_OK)
		return err;
	err = tp_server_txn_respond(txn, response);
	tp_sip_msg_free(&response);
	return err;
}

/* ----------------------------------------------------------------------- reading */

struct tp_flow *tp_server_txn_flow(const struct tp_server_txn *txn)
{
	return txn->flow;
}

enum tp_sip_method tp_server_txn_method(const struct tp_server_txn *txn)
{
	return txn->method;
}

void tp_server_txn_set_user(struct tp_server_txn *txn, void *user)
{
	txn->user = user;
}

void *tp_server_txn_user(const struct tp_server_txn *txn)
{
	return txn->user;
}

int tp_server_txn_status(const struct tp_server_txn *txn)
{
	return txn->status;
}

const char *tp_server_txn_to_tag(const struct tp_server_txn *txn)
{
	return txn->to_tag;
}
