/* The transport layer as a whole, and what can be done with a flow. Used by sip. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/random.h"
#include "os/udp.h"
#include "sip/transport/internal.h"

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

static void set_limits(struct tp_transport_limits *l, const struct tp_transport_limits *given)
{
	if (given)
		*l = *given;
	l->connections = or_default(l->connections, TP_SIP_CONNECTIONS_MAX);
	l->connections_source = or_default(l->connections_source, TP_SIP_CONNECTIONS_SOURCE_MAX);
	l->half_open = or_default(l->half_open, TP_SIP_HALF_OPEN_MAX);
	l->write_queue_bytes = or_default(l->write_queue_bytes, TP_SIP_WRITE_QUEUE_MAX);
	l->handshake_ms = or_default(l->handshake_ms, TP_SIP_HANDSHAKE_MS);
	l->first_message_ms = or_default(l->first_message_ms, TP_SIP_FIRST_MESSAGE_MS);
	l->message_ms = or_default(l->message_ms, TP_SIP_MESSAGE_MS);
	l->idle_ms = or_default(l->idle_ms, TP_SIP_IDLE_MS);
}

/* A socket and not a file: none may be opened in the sandbox. */
int tp_transport_reserve(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

enum tp_err tp_transport_layer_new(struct tp_loop *loop, const struct tp_transport_limits *limits,
				   const struct tp_transport_events *events, void *arg,
				   struct tp_transport_layer **out)
{
	struct tp_transport_layer *layer = calloc(1, sizeof(*layer));
	uint8_t seed[16];

	if (!layer)
		return TP_NOMEM;
	/* OpenSSL writes to sockets without MSG_NOSIGNAL. */
	signal(SIGPIPE, SIG_IGN);
	layer->loop = loop;
	layer->events = *events;
	layer->arg = arg;
	set_limits(&layer->limits, limits);
	tp_list_init(&layer->listeners);
	tp_list_init(&layer->connections);
	tp_list_init(&layer->silent);
	tp_list_init(&layer->closing);
	tp_random_bytes(seed, sizeof(seed));
	tp_map_init(&layer->by_target, seed, layer->limits.connections);
	tp_map_init(&layer->sources, seed, layer->limits.connections);
	layer->reserve_fd = tp_transport_reserve();
	*out = layer;
	return TP_OK;
}

static void free_connections(struct tp_transport_layer *t)
{
	struct tp_list *it;

	while ((it = tp_list_first(&t->connections))) {
		struct connection *c = TP_CONTAINER(it, struct connection, link);

		tp_connection_drop(c);
		tp_connection_unref(c);
	}
	while ((it = tp_list_first(&t->closing))) {
		struct connection *c = TP_CONTAINER(it, struct connection, link);

		tp_list_remove(it);
		tp_later_cancel(&c->later);
		tp_connection_unref(c);
	}
}

void tp_transport_layer_free(struct tp_transport_layer **layer)
{
	struct tp_transport_layer *t = *layer;
	struct tp_list *it;

	*layer = NULL;
	if (!t)
		return;
	free_connections(t);
	while ((it = tp_list_first(&t->listeners))) {
		struct listener *l = TP_CONTAINER(it, struct listener, link);

		tp_list_remove(it);
		tp_listener_take_away(l);
		tp_listener_unref(l);
	}
	tp_map_fini(&t->by_target);
	tp_map_fini(&t->sources);
	if (t->reserve_fd >= 0)
		close(t->reserve_fd);
	free(t->datagrams);
	free(t);
}

/* ------------------------------------------------------------------------ flows */

static bool is_udp(const struct tp_flow *flow)
{
	return flow->transport == TP_TRANSPORT_UDP;
}

struct tp_flow *tp_flow_ref(struct tp_flow *flow)
{
	if (is_udp(flow))
		((struct udp_flow *)flow)->refs++;
	else
		((struct connection *)flow)->refs++;
	return flow;
}

void tp_flow_unref(struct tp_flow **flow)
{
	struct tp_flow *f = *flow;

	*flow = NULL;
	if (!f)
		return;
	if (!is_udp(f)) {
		tp_connection_unref((struct connection *)f);
		return;
	}
	if (--((struct udp_flow *)f)->refs == 0) {
		tp_listener_unref(((struct udp_flow *)f)->listener);
		free(f);
	}
}

static enum tp_err send_datagram(struct udp_flow *u, const void *bytes, size_t len)
{
	const struct tp_datagram d = { .peer = u->reply_to, .bytes = (uint8_t *)bytes, .len = len };
	size_t refused = 0;

	if (u->listener->fd < 0)
		return TP_CLOSED;
	/* A full socket buffer is as if the network had lost it. */
	(void)tp_udp_send(u->listener->fd, &d, 1, &refused);
	return refused ? TP_IO : TP_OK;
}

enum tp_err tp_flow_send(struct tp_flow *flow, const void *bytes, size_t len)
{
	enum tp_err err;

	if (is_udp(flow)) {
		struct udp_flow *u = (struct udp_flow *)flow;

		err = send_datagram(u, bytes, len);
		if (err == TP_OK)
			u->listener->layer->counters.messages_sent++;
		return err;
	}
	err = tp_connection_send((struct connection *)flow, bytes, len);
	if (err == TP_OK)
		((struct connection *)flow)->layer->counters.messages_sent++;
	return err;
}

void tp_flow_close(struct tp_flow *flow, const char *reason)
{
	if (!is_udp(flow))
		tp_connection_close((struct connection *)flow, reason);
}

enum tp_err tp_flow_chain(const struct tp_flow *flow, struct tp_revocation_chain **out)
{
	const struct connection *c = (const struct connection *)flow;

	return !is_udp(flow) && c->tls ? tp_tls_session_chain(c->tls, out) : TP_STATE;
}

void tp_flow_release(struct tp_flow *flow, bool accept, const char *reason)
{
	if (!is_udp(flow))
		tp_connection_release((struct connection *)flow, accept, reason);
}

bool tp_flow_peer_carries(const struct tp_flow *flow, const char *name, bool cn_names)
{
	const struct connection *c = (const struct connection *)flow;

	return !is_udp(flow) && c->tls && tp_tls_session_peer_carries(c->tls, name, cn_names);
}

char *tp_flow_write(const struct tp_flow *flow, char buf[TP_FLOW_TEXT])
{
	static const char *const names[] = { "udp", "tcp", "tls" };
	char address[TP_ADDR_TEXT];

	snprintf(buf, TP_FLOW_TEXT, "%s %s", names[flow->transport], tp_addr_write(&flow->remote, address));
	return buf;
}

/* --------------------------------------------------------------------- reaching */

static enum tp_err reach_udp(struct tp_transport_layer *layer, const struct tp_transport_target *target,
			     struct tp_flow **out, struct tp_diag *diag)
{
	struct tp_list *it;
	struct tp_list *next;

	TP_LIST_EACH(it, next, &layer->listeners) {
		struct listener *l = TP_CONTAINER(it, struct listener, link);
		const struct tp_addr *local = &target->local;
		enum tp_err err;

		if (l->transport != TP_TRANSPORT_UDP || l->address.family != target->remote.family)
			continue;
		if (tp_addr_is_set(local) && (!tp_addr_equal_ip(local, &l->address) ||
					      (local->port && local->port != l->address.port)))
			continue;
		err = tp_udp_flow_new(l, &target->remote, out);
		if (err == TP_OK) {
			(*out)->outgoing = true;
			(*out)->listener_tag = target->tag;
			if (tp_addr_is_set(&target->sent_by))
				(*out)->sent_by = target->sent_by;
		}
		return err;
	}
	return tp_fail(diag, TP_NOTFOUND, "reach", "no UDP listener to send from");
}

enum tp_err tp_transport_reach(struct tp_transport_layer *layer, const struct tp_transport_target *target,
			       struct tp_flow **out, struct tp_diag *diag)
{
	struct connection *c;
	enum tp_err err;

	if (target->transport == TP_TRANSPORT_UDP)
		return reach_udp(layer, target, out, diag);
	c = tp_connection_find_target(layer, target);
	if (!c) {
		err = tp_connection_dial(layer, target, true, &c, diag);
		if (err != TP_OK)
			return err;
	}
	*out = tp_flow_ref(&c->flow);
	return TP_OK;
}

enum tp_err tp_transport_connect(struct tp_transport_layer *layer, const struct tp_transport_target *target,
				 struct tp_flow **out, struct tp_diag *diag)
{
	struct connection *c;
	enum tp_err err;

	if (target->transport == TP_TRANSPORT_UDP)
		return TP_UNSUPPORTED;
	err = tp_connection_dial(layer, target, false, &c, diag);
	if (err == TP_OK)
		*out = tp_flow_ref(&c->flow);
	return err;
}

void tp_transport_count(const struct tp_transport_layer *layer, struct tp_transport_counters *out)
{
	*out = layer->counters;
}

void tp_transport_each_tls(const struct tp_transport_layer *layer,
			   void (*each)(void *arg, const struct tp_flow *flow, struct x509_st *shown),
			   void *arg)
{
	for (const struct tp_list *it = layer->connections.next; it != &layer->connections; it = it->next) {
		const struct connection *c = TP_CONTAINER(it, struct connection, link);

		if (c->tls && c->phase == PHASE_UP)
			each(arg, &c->flow, tp_tls_session_shown(c->tls));
	}
}
