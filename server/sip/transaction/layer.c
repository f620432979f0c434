/* The transaction layer as a whole: keys, counters, caps, stateless answers. Used by
 * sip. RFC 3261 sections 17.1.3 and 17.2.3. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "os/random.h"
#include "sip/transaction/internal.h"

void tp_txn_bytes_drop(struct txn_bytes *b)
{
	free(b->p);
	b->p = NULL;
	b->len = 0;
}

enum tp_err tp_txn_bytes_from(struct txn_bytes *b, struct tp_sip_msg *msg)
{
	enum tp_err err;
	char *p;
	size_t len;

	err = tp_sip_msg_write(msg, &p, &len);
	if (err != TP_OK)
		return err;
	tp_txn_bytes_drop(b);
	b->p = p;
	b->len = len;
	return TP_OK;
}

/* ------------------------------------------------------------------------- keys */

static void add_to_key(struct txn_key *key, const char *text)
{
	size_t len = strnlen(text, TP_SIP_TOKEN_MAX);

	memcpy(key->bytes + key->len, text, len);
	key->len += len;
	key->bytes[key->len++] = '\0';
}

bool tp_txn_server_key(const struct tp_sip_msg *msg, const char *method, struct txn_key *out)
{
	struct tp_sip_via via;
	size_t at;

	out->len = 0;
	if (!tp_sip_msg_via(msg, 0, &via) || strncasecmp(via.branch, "z9hG4bK", 7) != 0 || !via.branch[7])
		return false;
	add_to_key(out, method);
	add_to_key(out, via.branch);
	at = out->len;
	add_to_key(out, via.host);
	for (; at < out->len; at++)
		if (out->bytes[at] >= 'A' && out->bytes[at] <= 'Z')
			out->bytes[at] = (char)(out->bytes[at] - 'A' + 'a');
	memcpy(out->bytes + out->len, &via.port, sizeof(via.port));
	out->len += sizeof(via.port);
	return true;
}

void tp_txn_client_key(const char *method, const char *branch, struct txn_key *out)
{
	out->len = 0;
	add_to_key(out, method);
	add_to_key(out, branch);
}

/* ------------------------------------------------------------------------ layer */

enum tp_err tp_transaction_layer_new(struct tp_loop *loop, struct tp_sip_ids *ids,
				     const struct tp_transaction_timers *timers, uint32_t max,
				     const struct tp_transaction_events *events, void *arg,
				     struct tp_transaction_layer **out)
{
	struct tp_transaction_layer *layer = calloc(1, sizeof(*layer));
	uint8_t seed[16];

	if (!layer)
		return TP_NOMEM;
	layer->loop = loop;
	layer->ids = ids;
	if (timers)
		layer->timers = *timers;
	if (!layer->timers.t1)
		layer->timers.t1 = 500;
	if (!layer->timers.t2)
		layer->timers.t2 = 4000;
	if (!layer->timers.t4)
		layer->timers.t4 = 5000;
	if (!layer->timers.timer_d)
		layer->timers.timer_d = 32000;
	layer->max = max ? max : TP_SIP_TRANSACTIONS_MAX;
	layer->events = *events;
	layer->arg = arg;
	tp_random_bytes(seed, sizeof(seed));
	tp_map_init(&layer->servers, seed, layer->max);
	tp_map_init(&layer->clients, seed, layer->max);
	tp_list_init(&layer->all_servers);
	tp_list_init(&layer->all_clients);
	*out = layer;
	return TP_OK;
}

void tp_transaction_layer_free(struct tp_transaction_layer **layer)
{
	struct tp_transaction_layer *l = *layer;
	struct tp_list *it;

	*layer = NULL;
	if (!l)
		return;
	while ((it = tp_list_first(&l->all_servers)))
		tp_server_free(TP_CONTAINER(it, struct tp_server_txn, link));
	while ((it = tp_list_first(&l->all_clients)))
		tp_client_free(TP_CONTAINER(it, struct tp_client_txn, link));
	tp_map_fini(&l->servers);
	tp_map_fini(&l->clients);
	free(l);
}

void tp_transaction_receive(struct tp_transaction_layer *layer, struct tp_flow *flow,
			    struct tp_sip_msg *msg)
{
	if (tp_sip_msg_is_request(msg))
		tp_server_receive(layer, flow, msg);
	else
		tp_client_receive(layer, flow, msg);
}

void tp_transaction_flow_closed(struct tp_transaction_layer *layer, struct tp_flow *flow)
{
	struct tp_list *it;

	(void)layer;
	while ((it = tp_list_first(&flow->transactions))) {
		struct tp_client_txn *t = TP_CONTAINER(it, struct tp_client_txn, flow_link);

		tp_list_remove(it);
		if (t->state == CLIENT_CALLING || t->state == CLIENT_PROCEEDING)
			tp_client_fail(t, TP_CLOSED, flow->reason[0] ? flow->reason : "connection closed");
	}
}

enum tp_err tp_transaction_answer(struct tp_transaction_layer *layer, struct tp_flow *flow,
				  const struct tp_sip_msg *request, int status, const char *phrase)
{
	struct txn_bytes bytes = { NULL, 0 };
	struct tp_sip_msg *response;
	char tag[TP_SIP_ID_TEXT];
	enum tp_err err;

	if (tp_sip_msg_method(request) == TP_SIP_ACK)
		return TP_STATE;
	err = tp_sip_msg_new_response(request, status, phrase, tp_sip_ids_tag(layer->ids, tag), &response);
	if (err != TP_OK)
		return err;
	if (status == 503)
		err = tp_sip_msg_set(response, "Retry-After", "10");
	if (err == TP_OK)
		err = tp_txn_bytes_from(&bytes, response);
	if (err == TP_OK)
		err = tp_flow_send(flow, bytes.p, bytes.len);
	tp_txn_bytes_drop(&bytes);
	tp_sip_msg_free(&response);
	return err;
}

static enum tp_err push_own_via(struct tp_transaction_layer *layer, struct tp_flow *flow,
				struct tp_sip_msg *msg)
{
	char branch[TP_SIP_ID_TEXT];
	char host[TP_ADDR_IP_TEXT];

	return tp_sip_msg_push_via(msg, flow->transport, tp_addr_write_ip(&flow->sent_by, host),
				   flow->sent_by.port, tp_sip_ids_branch(layer->ids, branch));
}

enum tp_err tp_transaction_send(struct tp_transaction_layer *layer, struct tp_flow *flow,
				struct tp_sip_msg *msg)
{
	struct txn_bytes bytes = { NULL, 0 };
	enum tp_err err = push_own_via(layer, flow, msg);

	if (err == TP_OK)
		err = tp_txn_bytes_from(&bytes, msg);
	if (err == TP_OK)
		err = tp_flow_send(flow, bytes.p, bytes.len);
	tp_txn_bytes_drop(&bytes);
	return err;
}

void tp_transaction_count(const struct tp_transaction_layer *layer,
			  struct tp_transaction_counters *out)
{
	out->server = (uint32_t)layer->servers.count;
	out->client = (uint32_t)layer->clients.count;
}
