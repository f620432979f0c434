/* SIP over UDP. Used by sip. */
#include <stdlib.h>
#include <string.h>

#include "os/udp.h"
#include "sip/transport/internal.h"

enum {
	BATCH = 16,
	BATCHES_A_ROUND = 8, /* then others have their turn */
	DATAGRAM_MAX = 65536,
};

enum tp_err tp_udp_flow_new(struct listener *l, const struct tp_addr *remote, struct tp_flow **out)
{
	struct udp_flow *u = calloc(1, sizeof(*u));

	if (!u)
		return TP_NOMEM;
	u->refs = 1;
	u->listener = l;
	l->refs++;
	u->reply_to = *remote;
	u->flow.state = TP_FLOW_OPEN;
	u->flow.transport = TP_TRANSPORT_UDP;
	u->flow.local = l->address;
	u->flow.remote = *remote;
	u->flow.sent_by = tp_listener_sent_by(l);
	u->flow.listener_tag = l->tag;
	u->flow.opened_ms = u->flow.last_received_ms = tp_loop_now_ms(l->layer->loop);
	tp_list_init(&u->flow.transactions);
	*out = &u->flow;
	return TP_OK;
}

/* Keepalives, and the zero bytes that some phones send for the same end. */
static bool is_keepalive(const struct tp_datagram *d)
{
	for (size_t i = 0; i < d->len; i++)
		if (d->bytes[i] != '\r' && d->bytes[i] != '\n' && d->bytes[i] != 0)
			return false;
	return d->len <= 8;
}

static void take(struct listener *l, const struct tp_datagram *d)
{
	struct tp_flow *flow;
	bool valid;

	if (is_keepalive(d) || d->peer.port == 0 || tp_udp_flow_new(l, &d->peer, &flow) != TP_OK)
		return;
	tp_transport_receive(l->layer, flow, (struct tp_span){ (const char *)d->bytes, d->len }, &valid);
	tp_flow_unref(&flow);
}

void tp_datagrams_read(struct listener *l)
{
	struct tp_transport_layer *layer = l->layer;
	struct tp_datagram batch[BATCH];
	size_t got = BATCH;

	if (!layer->datagrams)
		layer->datagrams = malloc((size_t)BATCH * DATAGRAM_MAX);
	if (!layer->datagrams)
		return;
	l->refs++;
	for (unsigned round = 0; round < BATCHES_A_ROUND && got == BATCH && l->fd >= 0; round++) {
		for (size_t i = 0; i < BATCH; i++) {
			batch[i].bytes = layer->datagrams + i * DATAGRAM_MAX;
			batch[i].len = DATAGRAM_MAX;
		}
		got = tp_udp_receive(l->fd, batch, BATCH);
		for (size_t i = 0; i < got && l->fd >= 0; i++)
			take(l, &batch[i]);
	}
	tp_listener_unref(l);
}
