/* Links of the hop: setting up, sending and receiving. Runs in turnpike-media. */
#include "media/link.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/secret.h"
#include "core/text.h"
#include "media/alarms.h"
#include "media/leg.h"
#include "media/link_keys.h"
#include "media/relay.h"
#include "os/random.h"

enum {
	HOP_SOCKET_BYTES = 4 << 20,
	BIND_TRIES = 32,
};

struct tp_link *tp_link_find(struct tp_media *m, uint32_t id)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &m->links) {
		struct tp_link *l = TP_CONTAINER(it, struct tp_link, link);

		if (l->id == id)
			return l;
	}
	return NULL;
}

/* Both ports: the edge can send to the core's RTP port only once it was heard from there. */
bool tp_link_is_up(const struct tp_link *l)
{
	uint64_t now = tp_loop_now_ms(l->media->loop);

	for (int rtcp = 0; rtcp < 2; rtcp++)
		if (!l->heard_ms[rtcp] || now - l->heard_ms[rtcp] >= TP_LINK_UP_MS)
			return false;
	return true;
}

/* ---------------------------------------------------------------- receiving */

/* The peer may sit behind a NAT that moved it: only a packet newer than the one that
 * told the address may tell another. */
static void learn_address(struct tp_link *l, struct tp_link_rx *rx, bool rtcp, uint64_t number,
			  const struct tp_addr *from)
{
	if (l->role != 1 || rx != &l->rx || number <= rx->address_number[rtcp])
		return;
	rx->address_number[rtcp] = number;
	l->remote[rtcp] = *from;
}

static void on_keepalive(struct tp_link *l, const struct tp_buffer *b)
{
	struct tp_hop_keepalive k;

	if (tp_hop_keepalive_parse(b->data, b->len, &k) != TP_OK) {
		l->rejected++;
		return;
	}
	if (k.holds_key)
		tp_link_peer_holds(l, k.held_epoch);
	if (l->role == 1)
		tp_link_send_keepalives(l);
}

static void on_hop_packet(void *owner, struct tp_socket *socket, struct tp_buffer *b)
{
	struct tp_hop_pair *hp = owner;
	struct tp_hop_header h;
	struct tp_map_node *node;
	struct tp_flow *flow;
	struct tp_link *l;
	struct tp_link_rx *rx;

	if (tp_hop_parse(b->data, b->len, &h) != TP_OK) {
		hp->unknown++;
		return;
	}
	node = tp_map_find(&hp->media->flows, &h.flow, sizeof(h.flow));
	flow = node ? TP_CONTAINER(node, struct tp_flow, node) : NULL;
	l = flow ? flow->link : NULL;
	if (!l || l->hop_pair != hp) {
		hp->unknown++;
		return;
	}
	rx = tp_link_open(l, &h, b);
	if (!rx || (h.type == TP_HOP_KEEPALIVE) != (flow->leg == NULL)) {
		l->rejected++;
		return;
	}
	l->rx_packets++;
	l->heard_ms[socket->rtcp] = tp_loop_now_ms(l->media->loop);
	learn_address(l, rx, socket->rtcp, h.number, &b->peer);
	if (h.type == TP_HOP_KEEPALIVE)
		on_keepalive(l, b);
	else
		tp_relay_from_hop(flow->leg, b, h.type == TP_HOP_RTCP);
}

/* ------------------------------------------------------------------ sending */

static bool send_to(struct tp_link *l, enum tp_hop_type type, bool rtcp, uint32_t flow,
		    struct tp_buffer *b)
{
	struct tp_socket *s;

	if (!l->hop_pair || !flow || !tp_addr_is_set(&l->remote[rtcp]) ||
	    !tp_link_seal(l, type, flow, b))
		return false;
	s = rtcp ? &l->hop_pair->pair.rtcp : &l->hop_pair->pair.rtp;
	tp_socket_send(s, b, &l->remote[rtcp]);
	l->tx_packets++;
	return true;
}

bool tp_link_send(struct tp_link *l, enum tp_hop_type type, uint32_t flow_tx, struct tp_buffer *b)
{
	return send_to(l, type, type == TP_HOP_RTCP, flow_tx, b);
}

void tp_link_send_keepalives(struct tp_link *l)
{
	struct tp_io *io = &l->media->io;

	l->keepalive_ms = tp_loop_now_ms(l->media->loop);
	for (int rtcp = 0; rtcp < 2; rtcp++) {
		struct tp_hop_keepalive k = { l->rx.seal != NULL, l->rx.epoch };
		struct tp_buffer *b = tp_io_take_buffer(io);

		tp_hop_keepalive_write(b->data, &k);
		b->len = TP_HOP_KEEPALIVE_BYTES;
		if (!send_to(l, TP_HOP_KEEPALIVE, rtcp, l->peer_flow, b))
			tp_io_put_buffer(io, b);
	}
}

/* --------------------------------------------------------------- setting up */

static struct tp_hop_pair *find_shared(struct tp_media *m, const struct tp_addr *local)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &m->hop_pairs) {
		struct tp_hop_pair *hp = TP_CONTAINER(it, struct tp_hop_pair, link);

		if (!hp->from_pool && tp_addr_equal(&hp->pair.rtp.local, local))
			return hp;
	}
	return NULL;
}

static void release_pair(struct tp_hop_pair **hop_pair)
{
	struct tp_hop_pair *hp = *hop_pair;

	*hop_pair = NULL;
	if (!hp || --hp->users > 0)
		return;
	if (hp->from_pool)
		tp_ports_give_back(hp->media->ports, tp_loop_now_ms(hp->media->loop),
				   hp->pair.rtp.local.port);
	tp_pair_close(&hp->pair);
	tp_list_remove(&hp->link);
	free(hp);
}

static enum tp_err open_hop_pair(struct tp_media *m, struct tp_addr rtp, struct tp_addr rtcp,
				 bool from_pool, struct tp_hop_pair **out, struct tp_diag *diag)
{
	struct tp_hop_pair *hp = calloc(1, sizeof(*hp));
	struct tp_pair_options options = {
		.udp = { .receive_bytes = HOP_SOCKET_BYTES, .send_bytes = HOP_SOCKET_BYTES,
			 .dscp = m->config.dscp },
		.headroom = TP_BUFFER_HEADROOM - TP_HOP_HEADER_BYTES,
		.on_packet = on_hop_packet,
		.owner = hp,
	};
	enum tp_err err;

	if (!hp)
		return TP_NOMEM;
	hp->media = m;
	hp->users = 1;
	hp->from_pool = from_pool;
	err = tp_pair_open(&m->io, &rtp, &rtcp, &options, &hp->pair, diag);
	if (err) {
		free(hp);
		return err;
	}
	tp_list_append(&m->hop_pairs, &hp->link);
	*out = hp;
	return TP_OK;
}

static enum tp_err open_edge_pair(struct tp_media *m, const struct tp_addr *local,
				  struct tp_hop_pair **out, struct tp_diag *diag)
{
	struct tp_hop_pair *shared = find_shared(m, local);
	struct tp_addr rtcp = *local;

	if (shared) {
		shared->users++;
		*out = shared;
		return TP_OK;
	}
	rtcp.port = local->port == m->config.hop_rtp_port ? m->config.hop_rtcp_port :
							   (uint16_t)(local->port + 1);
	return open_hop_pair(m, *local, rtcp, false, out, diag);
}

static enum tp_err open_core_pair(struct tp_media *m, const struct tp_addr *local,
				  struct tp_hop_pair **out, struct tp_diag *diag)
{
	uint64_t now = tp_loop_now_ms(m->loop);
	struct tp_addr rtp = *local, rtcp;
	enum tp_err err = TP_LIMIT;

	for (unsigned i = 0; i < BIND_TRIES; i++) {
		if (tp_ports_take(m->ports, now, &rtp.port) != TP_OK)
			return tp_fail(diag, TP_LIMIT, "local", "no media port is free");
		rtcp = rtp;
		rtcp.port++;
		err = open_hop_pair(m, rtp, rtcp, true, out, diag);
		if (!err)
			return TP_OK;
		tp_ports_give_back(m->ports, now, rtp.port);
		if (err != TP_EXISTS)
			return err;
	}
	return err;
}

/* Legs that named this link find it, or lose it. */
static void attach_legs(struct tp_media *m, uint32_t id, struct tp_link *l)
{
	struct tp_map_node *node = NULL;

	while ((node = tp_map_next(&m->flows, node)) != NULL) {
		struct tp_flow *flow = TP_CONTAINER(node, struct tp_flow, node);

		if (flow->leg && flow->leg->want.link == id)
			flow->link = l;
	}
}

bool tp_link_has_legs(const struct tp_link *l)
{
	struct tp_map_node *node = NULL;

	while ((node = tp_map_next(&l->media->flows, node)) != NULL) {
		const struct tp_flow *flow = TP_CONTAINER(node, struct tp_flow, node);

		if (flow->leg && flow->link == l)
			return true;
	}
	return false;
}

static enum tp_err make_link(struct tp_media *m, uint32_t id, struct tp_link **out)
{
	struct tp_link *l;
	enum tp_err err;

	if (m->link_count >= TP_MEDIA_LINKS_MAX)
		return TP_LIMIT;
	l = calloc(1, sizeof(*l));
	if (!l)
		return TP_NOMEM;
	l->media = m;
	l->id = id;
	err = tp_link_start_keys(l);
	do {
		l->flow.id = (uint32_t)tp_random_u64();
	} while (l->flow.id == 0 || tp_map_find(&m->flows, &l->flow.id, sizeof(l->flow.id)));
	l->flow.link = l;
	if (!err)
		err = tp_map_put(&m->flows, &l->flow.node, &l->flow.id, sizeof(l->flow.id));
	if (err) {
		tp_link_free_keys(l);
		free(l);
		return err;
	}
	tp_list_append(&m->links, &l->link);
	m->link_count++;
	*out = l;
	return TP_OK;
}

/* Without sockets the link waits for the next tick: an address may come up late, and
 * sip may learn of a new configuration before we do. */
void tp_link_open_pair(struct tp_link *l)
{
	struct tp_media *m = l->media;
	struct tp_diag diag = { 0 };
	enum tp_err err;

	if (l->hop_pair)
		return;
	err = l->role == 1 ? open_edge_pair(m, &l->local, &l->hop_pair, &diag) :
			     open_core_pair(m, &l->local, &l->hop_pair, &diag);
	if (err)
		TP_LOG(TP_LOG_ERROR, "media.hop", "link %u (%s) has no ports yet: %s", l->id,
		       l->name, diag.text[0] ? diag.text : tp_err_name(err));
}

static bool same_place(const struct tp_link *l, const struct tp_msg_hop_set *set)
{
	return l->role == set->role && tp_addr_equal(&l->local, &set->local);
}

enum tp_err tp_link_set(struct tp_media *m, const struct tp_msg_hop_set *set, struct tp_link **out,
			struct tp_diag *diag)
{
	struct tp_link *l = tp_link_find(m, set->link);
	enum tp_err err = TP_OK;

	if (set->link == 0)
		return tp_fail(diag, TP_FORMAT, "link", "0 is no link");
	if (!l)
		err = make_link(m, set->link, &l);
	if (err)
		return tp_fail(diag, err, "link", "no room for another link");
	tp_text_copy(l->name, sizeof(l->name), set->name);
	if (!same_place(l, set)) {
		release_pair(&l->hop_pair);
		l->role = set->role;
		l->local = set->local;
		memset(l->remote, 0, sizeof(l->remote));
	}
	if (set->role == 0) {
		l->remote[0] = set->remote_rtp;
		l->remote[1] = set->remote_rtcp;
	}
	l->claim_round = m->kept_round;
	l->status_ms = 0; /* a new sip process wants to know soon */
	attach_legs(m, l->id, l);
	tp_link_open_pair(l);
	tp_link_send_keepalives(l);
	*out = l;
	return TP_OK;
}

static void free_link(struct tp_media *m, struct tp_link *l)
{
	tp_alarms_forget_link(l);
	attach_legs(m, l->id, NULL);
	tp_map_remove(&m->flows, &l->flow.node);
	release_pair(&l->hop_pair);
	tp_link_free_keys(l);
	tp_list_remove(&l->link);
	m->link_count--;
	free(l);
}

void tp_link_drop(struct tp_media *m, uint32_t id)
{
	struct tp_link *l = tp_link_find(m, id);

	if (l)
		free_link(m, l);
}

void tp_link_drop_all(struct tp_media *m)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &m->links)
		free_link(m, TP_CONTAINER(it, struct tp_link, link));
}
