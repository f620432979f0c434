/* Outgoing connections: the socket on its way, and finding again the one that already
 * leads to a target. Used by sip. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/sockaddr.h"
#include "sip/transport/internal.h"

static void write_target_key(struct tp_transport_layer *layer,
			     const struct tp_transport_target *target, struct target_key *out)
{
	const char *name = target->verify_name ? target->verify_name : "";
	uint64_t name_hash = tp_siphash(layer->by_target.seed, name, strlen(name));
	struct tp_wr wr;

	memset(out, 0, sizeof(*out));
	tp_wr_init(&wr, out->bytes, sizeof(out->bytes));
	tp_wr_u8(&wr, (uint8_t)target->transport);
	tp_wr_u8(&wr, target->remote.family);
	tp_wr_bytes(&wr, target->remote.ip, sizeof(target->remote.ip));
	tp_wr_u16(&wr, target->remote.port);
	tp_wr_u8(&wr, target->local.family);
	tp_wr_bytes(&wr, target->local.ip, sizeof(target->local.ip));
	tp_wr_u64(&wr, target->tag);
	tp_wr_u8(&wr, (uint8_t)target->unknown);
	tp_wr_u64(&wr, name_hash + target->cn_names);
	tp_wr_u64(&wr, (uint64_t)(uintptr_t)target->tls);
}

struct connection *tp_connection_find_target(struct tp_transport_layer *layer,
					     const struct tp_transport_target *target)
{
	struct tp_map_node *node;
	struct target_key key;

	write_target_key(layer, target, &key);
	node = tp_map_find(&layer->by_target, key.bytes, sizeof(key.bytes));
	return node ? TP_CONTAINER(node, struct connection, target_node) : NULL;
}

/* A socket on its way to the target. */
static enum tp_err start_connect(const struct tp_transport_target *target, int *out,
				 struct tp_diag *diag)
{
	const int on = 1;
	struct sockaddr_storage sa;
	socklen_t len;
	int error = 0;
	int fd = socket(target->remote.family == TP_ADDR_V6 ? AF_INET6 : AF_INET,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return tp_fail(diag, TP_IO, "socket", "%s", strerror(errno));
	if (tp_addr_is_set(&target->local)) {
		struct tp_addr local = target->local;

		local.port = 0;
		len = tp_sockaddr_from(&local, &sa);
		(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		if (bind(fd, (struct sockaddr *)&sa, len) < 0)
			error = errno;
	}
	len = tp_sockaddr_from(&target->remote, &sa);
	if (!error && connect(fd, (struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS)
		error = errno;
	if (error) {
		close(fd);
		return tp_fail(diag, TP_IO, "connect", "%s", strerror(error));
	}
	*out = fd;
	return TP_OK;
}

static void set_sent_by(struct connection *c, const struct tp_transport_target *target)
{
	const struct listener *l;

	if (tp_sockaddr_local(c->fd, &c->flow.local) != TP_OK)
		c->flow.local = target->local;
	c->flow.sent_by = target->sent_by;
	if (tp_addr_is_set(&target->sent_by))
		return;
	l = tp_listener_find(c->layer, target->transport, &c->flow.local);
	c->flow.sent_by = l ? tp_listener_sent_by(l) : c->flow.local;
}

enum tp_err tp_connection_dial(struct tp_transport_layer *layer,
			       const struct tp_transport_target *target, bool shared,
			       struct connection **out, struct tp_diag *diag)
{
	struct connection *c = NULL;
	enum tp_err err;
	int fd = -1;

	if (target->transport == TP_TRANSPORT_TLS && !target->tls)
		return tp_fail(diag, TP_STATE, "connect", "TLS without a certificate store");
	if (layer->counters.connections >= layer->limits.connections)
		return tp_fail(diag, TP_LIMIT, "connect", "too many connections");
	err = start_connect(target, &fd, diag);
	if (err != TP_OK)
		return err;
	err = tp_connection_new(layer, fd, TP_LOOP_READ | TP_LOOP_WRITE, &c);
	if (err != TP_OK) {
		close(fd);
		return err;
	}
	c->phase = PHASE_CONNECT;
	c->flow.outgoing = true;
	c->flow.transport = target->transport;
	c->flow.remote = target->remote;
	c->flow.listener_tag = target->tag;
	set_sent_by(c, target);
	if (target->transport == TP_TRANSPORT_TLS) {
		err = tp_tls_session_new(target->tls, fd, false, target->verify_name, &c->tls);
		if (err == TP_OK)
			c->context = tp_tls_context_ref(target->tls);
		if (err == TP_OK && target->cn_names)
			tp_tls_session_allow_cn(c->tls);
		if (err == TP_OK)
			tp_tls_session_set_unknown(c->tls, target->unknown);
	}
	if (err == TP_OK && shared) {
		write_target_key(layer, target, &c->target);
		if (tp_map_put(&layer->by_target, &c->target_node, c->target.bytes,
			       sizeof(c->target.bytes)) != TP_OK)
			c->target_node.key = NULL;
	}
	if (err != TP_OK) {
		tp_connection_drop(c);
		tp_connection_unref(c);
		return err;
	}
	tp_connection_arm(c);
	*out = c;
	return TP_OK;
}
