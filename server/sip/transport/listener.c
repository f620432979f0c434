/* Listening sockets, their exchange in two phases, and the caps on what they accept.
 * Used by sip. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "os/sockaddr.h"
#include "os/udp.h"
#include "sip/transport/internal.h"

enum {
	ACCEPTS_A_ROUND = 64,
	BACKLOG = 1024,
	PAUSE_MS = 200, /* after the process ran out of descriptors */
	UDP_BUFFER = 4 << 20,
};

struct entry {
	struct listener *listener; /* holds a reference */
	bool fresh;
	enum tp_transport transport;
	struct tp_addr advertised;
	struct tp_tls_context *tls;
	char verify_name[TP_TLS_NAME_MAX + 1];
	bool cn_names;
	enum tp_revocation_unknown unknown;
	uint64_t tag;
	bool exempt;
};

struct tp_listeners {
	struct tp_transport_layer *layer;
	size_t count;
	struct entry entries[];
};

struct tp_addr tp_listener_sent_by(const struct listener *l)
{
	struct tp_addr a = tp_addr_is_set(&l->advertised) ? l->advertised : l->address;

	if (!a.port)
		a.port = l->address.port;
	return a;
}

struct listener *tp_listener_find(const struct tp_transport_layer *layer, enum tp_transport transport,
				  const struct tp_addr *local)
{
	struct tp_list *it;
	struct tp_list *next;

	TP_LIST_EACH(it, next, &layer->listeners) {
		struct listener *l = TP_CONTAINER(it, struct listener, link);

		if (l->transport == transport && tp_addr_equal_ip(&l->address, local))
			return l;
	}
	return NULL;
}

/* -------------------------------------------------------------------------- caps */

static void write_source_key(const struct tp_addr *remote, uint8_t key[17])
{
	memset(key, 0, 17);
	key[0] = remote->family;
	/* One IPv6 customer has a whole /64. */
	memcpy(key + 1, remote->ip, remote->family == TP_ADDR_V6 ? 8 : 4);
}

static bool add_source(struct tp_transport_layer *layer, const uint8_t key[17], struct source **out)
{
	struct source *s = calloc(1, sizeof(*s));

	if (!s)
		return false;
	memcpy(s->key, key, sizeof(s->key));
	if (tp_map_put(&layer->sources, &s->node, s->key, sizeof(s->key)) != TP_OK) {
		free(s);
		return false;
	}
	s->count = 1;
	*out = s;
	return true;
}

bool tp_source_enter(struct tp_transport_layer *layer, const struct tp_addr *remote,
		     struct source **out)
{
	struct tp_map_node *node;
	struct source *s;
	uint8_t key[17];

	write_source_key(remote, key);
	node = tp_map_find(&layer->sources, key, sizeof(key));
	if (!node)
		return add_source(layer, key, out);
	s = TP_CONTAINER(node, struct source, node);
	if (s->count >= layer->limits.connections_source)
		return false;
	s->count++;
	*out = s;
	return true;
}

void tp_source_leave(struct tp_transport_layer *layer, struct source *source)
{
	if (--source->count > 0)
		return;
	tp_map_remove(&layer->sources, &source->node);
	free(source);
}

/* --------------------------------------------------------------------- accepting */

static void accept_some(struct listener *l);

static void on_socket(void *arg, uint32_t events)
{
	struct listener *l = arg;

	(void)events;
	if (l->transport == TP_TRANSPORT_UDP)
		tp_datagrams_read(l);
	else
		accept_some(l);
}

static void start_watch(struct listener *l)
{
	char text[TP_ADDR_TEXT];

	if (l->fd >= 0 && !l->watch.active &&
	    tp_watch_start(l->layer->loop, &l->watch, l->fd, TP_LOOP_READ, on_socket, l) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "sip.listen", "%s cannot be watched", tp_addr_write(&l->address, text));
}

static void after_pause(void *arg)
{
	start_watch(arg);
}

/* Out of descriptors: a waiting connection would keep the socket readable for ever.
 * The spare one takes it and lets it go; then the listener rests. */
static void shed(struct listener *l)
{
	struct tp_transport_layer *layer = l->layer;
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char text[TP_ADDR_TEXT];
	int fd;

	TP_LOG(TP_LOG_ERROR, "sip.accept", "%s: no file descriptors left; waiting connections refused",
	       tp_addr_write(&l->address, text));
	if (layer->reserve_fd >= 0)
		close(layer->reserve_fd);
	fd = accept4(l->fd, (struct sockaddr *)&sa, &len, SOCK_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		layer->counters.refused++;
	}
	layer->reserve_fd = tp_transport_reserve();
	tp_watch_stop(layer->loop, &l->watch);
	if (tp_timer_start(layer->loop, &l->pause, PAUSE_MS, after_pause, l) != TP_OK)
		start_watch(l);
}

static void accept_one(struct listener *l, int fd, const struct sockaddr_storage *sa, socklen_t len)
{
	struct tp_addr remote;
	char text[TP_ADDR_TEXT];

	if (tp_sockaddr_to(sa, len, &remote) != TP_OK) {
		close(fd);
		return;
	}
	if (tp_connection_accept(l, fd, &remote) != TP_OK) {
		l->layer->counters.refused++;
		TP_LOG(TP_LOG_WARN, "sip.refused", "connection from %s: too many connections",
		       tp_addr_write_ip(&remote, text));
	}
}

static void accept_some(struct listener *l)
{
	l->refs++;
	for (unsigned i = 0; i < ACCEPTS_A_ROUND && l->fd >= 0; i++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof(sa);
		int fd = accept4(l->fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accept_one(l, fd, &sa, len);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			shed(l);
		else if (errno == ECONNABORTED || errno == EINTR)
			continue;
		break;
	}
	tp_listener_unref(l);
}

/* ----------------------------------------------------------------- opening, closing */

void tp_listener_take_away(struct listener *l)
{
	if (l->fd < 0)
		return;
	tp_watch_stop(l->layer->loop, &l->watch);
	tp_timer_stop(l->layer->loop, &l->pause);
	tp_list_remove(&l->link);
	close(l->fd);
	l->fd = -1;
}

void tp_listener_unref(struct listener *l)
{
	if (--l->refs > 0)
		return;
	tp_listener_take_away(l);
	tp_tls_context_unref(&l->tls);
	free(l);
}

static enum tp_err open_stream(const struct tp_addr *address, int *out, struct tp_diag *diag)
{
	const int on = 1;
	struct sockaddr_storage sa;
	socklen_t len = tp_sockaddr_from(address, &sa);
	char text[TP_ADDR_TEXT];
	int error = 0;
	int fd = socket(address->family == TP_ADDR_V6 ? AF_INET6 : AF_INET,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return tp_fail(diag, TP_IO, "socket", "%s", strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (address->family == TP_ADDR_V6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, (struct sockaddr *)&sa, len) < 0 || listen(fd, BACKLOG) < 0)
		error = errno;
	if (error) {
		close(fd);
		return tp_fail(diag, TP_IO, tp_addr_write(address, text), "%s", strerror(error));
	}
	*out = fd;
	return TP_OK;
}

static enum tp_err listener_new(struct tp_transport_layer *layer, const struct tp_listener_config *config,
				struct listener **out, struct tp_diag *diag)
{
	const struct tp_udp_options options = { .receive_bytes = UDP_BUFFER, .send_bytes = UDP_BUFFER };
	struct listener *l = calloc(1, sizeof(*l));
	enum tp_err err;

	if (!l)
		return TP_NOMEM;
	l->layer = layer;
	l->refs = 1;
	l->fd = -1;
	l->transport = config->transport;
	l->address = config->address;
	err = config->transport == TP_TRANSPORT_UDP ? tp_udp_open(&config->address, &options, &l->fd, diag)
						   : open_stream(&config->address, &l->fd, diag);
	if (err == TP_OK)
		err = tp_sockaddr_local(l->fd, &l->address);
	if (err != TP_OK) {
		tp_listener_unref(l);
		return err;
	}
	*out = l;
	return TP_OK;
}

static bool same_socket(enum tp_transport a, enum tp_transport b)
{
	return (a == TP_TRANSPORT_UDP) == (b == TP_TRANSPORT_UDP);
}

/* TCP becoming TLS goes on with the same socket. */
static struct listener *find_same(const struct tp_transport_layer *layer,
				  const struct tp_listener_config *config)
{
	struct tp_list *it;
	struct tp_list *next;

	TP_LIST_EACH(it, next, &layer->listeners) {
		struct listener *l = TP_CONTAINER(it, struct listener, link);

		if (same_socket(l->transport, config->transport) && config->address.port != 0 &&
		    tp_addr_equal(&l->address, &config->address))
			return l;
	}
	return NULL;
}

static enum tp_err check_config(const struct tp_listener_config *list, size_t at, struct tp_diag *diag)
{
	const struct tp_listener_config *c = &list[at];
	char text[TP_ADDR_TEXT];

	if (c->address.family == TP_ADDR_NONE || tp_addr_is_wildcard(&c->address))
		return tp_fail(diag, TP_FORMAT, "listener", "address of no interface");
	if ((c->transport == TP_TRANSPORT_TLS) != (c->tls != NULL))
		return tp_fail(diag, TP_FORMAT, tp_addr_write(&c->address, text),
			       c->tls ? "a certificate without TLS" : "TLS without a certificate");
	if (c->verify_name && strlen(c->verify_name) > TP_TLS_NAME_MAX)
		return tp_fail(diag, TP_LIMIT, tp_addr_write(&c->address, text), "name too long");
	for (size_t i = 0; i < at && c->address.port; i++)
		if (same_socket(list[i].transport, c->transport) &&
		    tp_addr_equal(&list[i].address, &c->address))
			return tp_fail(diag, TP_EXISTS, tp_addr_write(&c->address, text),
				       "two listeners on one address and port");
	return TP_OK;
}

static enum tp_err prepare_one(struct tp_transport_layer *layer, const struct tp_listener_config *config,
			       struct entry *e, struct tp_diag *diag)
{
	e->listener = find_same(layer, config);
	if (e->listener) {
		e->listener->refs++;
	} else {
		enum tp_err err = listener_new(layer, config, &e->listener, diag);

		if (err != TP_OK)
			return err;
		e->fresh = true;
	}
	e->transport = config->transport;
	e->advertised = config->advertised;
	e->tls = config->tls ? tp_tls_context_ref(config->tls) : NULL;
	tp_text_copy(e->verify_name, sizeof(e->verify_name), config->verify_name ? config->verify_name : "");
	e->cn_names = config->cn_names;
	e->unknown = config->unknown;
	e->tag = config->tag;
	e->exempt = config->exempt_source_cap;
	return TP_OK;
}

enum tp_err tp_transport_prepare(struct tp_transport_layer *layer, const struct tp_listener_config *list,
				 size_t count, struct tp_listeners **out, struct tp_diag *diag)
{
	struct tp_listeners *set = calloc(1, sizeof(*set) + count * sizeof(set->entries[0]));
	enum tp_err err = TP_OK;

	if (!set)
		return TP_NOMEM;
	set->layer = layer;
	for (size_t i = 0; i < count && err == TP_OK; i++) {
		err = check_config(list, i, diag);
		if (err == TP_OK)
			err = prepare_one(layer, &list[i], &set->entries[i], diag);
		if (err == TP_OK)
			set->count++;
	}
	if (err != TP_OK)
		tp_transport_discard(&set);
	else
		*out = set;
	return err;
}

static void apply(struct entry *e)
{
	struct listener *l = e->listener;

	l->transport = e->transport;
	l->advertised = e->advertised;
	tp_tls_context_unref(&l->tls);
	l->tls = e->tls;
	e->tls = NULL;
	memcpy(l->verify_name, e->verify_name, sizeof(l->verify_name));
	l->cn_names = e->cn_names;
	l->unknown = e->unknown;
	l->tag = e->tag;
	l->exempt = e->exempt;
}

void tp_transport_commit(struct tp_transport_layer *layer, struct tp_listeners **set)
{
	struct tp_listeners *s = *set;
	struct tp_list old;
	struct tp_list *it;

	tp_list_init(&old);
	while ((it = tp_list_first(&layer->listeners))) {
		tp_list_remove(it);
		tp_list_append(&old, it);
	}
	for (size_t i = 0; i < s->count; i++) {
		struct listener *l = s->entries[i].listener;

		apply(&s->entries[i]);
		tp_list_remove(&l->link);
		tp_list_append(&layer->listeners, &l->link);
		if (s->entries[i].fresh) {
			l->refs++; /* the list's */
			start_watch(l);
		}
	}
	while ((it = tp_list_first(&old))) {
		struct listener *l = TP_CONTAINER(it, struct listener, link);

		tp_list_remove(it);
		tp_listener_take_away(l);
		tp_listener_unref(l);
	}
	tp_transport_discard(set);
}

void tp_transport_discard(struct tp_listeners **set)
{
	struct tp_listeners *s = *set;

	*set = NULL;
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		tp_tls_context_unref(&s->entries[i].tls);
		tp_listener_unref(s->entries[i].listener);
	}
	free(s);
}

bool tp_transport_listener_address(const struct tp_transport_layer *layer, size_t index,
				   struct tp_addr *out)
{
	struct tp_list *it;
	struct tp_list *next;

	TP_LIST_EACH(it, next, &layer->listeners) {
		if (index-- == 0) {
			*out = TP_CONTAINER(it, struct listener, link)->address;
			return true;
		}
	}
	return false;
}
