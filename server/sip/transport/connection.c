/* TCP and TLS connections: accepting, handshake, reading, writing, deadlines. Used by
 * sip. A connection is closed at once and told about at the end of the round, so
 * that no callback runs inside a caller's send. */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "sip/transport/internal.h"

enum {
	READS_A_ROUND = 32,        /* then others have their turn */
	PARSE_ERRORS_MAX = 16,     /* on one connection */
	UNACKED_MS = 30000,        /* the kernel gives up on a silent peer */
	DRAIN_MAX = 65536,
};

static void on_event(void *arg, uint32_t events);
static void on_deadline(void *arg);

/* ------------------------------------------------------------------- life and end */

void tp_connection_unref(struct connection *c)
{
	if (--c->refs > 0)
		return;
	tp_framer_fini(&c->framer);
	tp_tls_context_unref(&c->context);
	free(c->flow.tls);
	free(c->out);
	free(c);
}

static void is_no_longer_silent(struct connection *c)
{
	if (!c->half_open)
		return;
	c->half_open = false;
	c->layer->half_open--;
	tp_list_remove(&c->silent_link);
}

static void leave_tables(struct connection *c)
{
	struct tp_transport_layer *layer = c->layer;

	if (c->target_node.key)
		tp_map_remove(&layer->by_target, &c->target_node);
	c->target_node.key = NULL;
	tp_list_remove(&c->link);
	if (c->source)
		tp_source_leave(layer, c->source);
	c->source = NULL;
	is_no_longer_silent(c);
	layer->counters.connections--;
}

/* A close with unread bytes waiting would reset the connection and take with it what
 * we sent last. */
static void close_fd(struct connection *c)
{
	char sink[4096];
	size_t drained = 0;
	ssize_t n;

	tp_tls_session_free(&c->tls);
	if (c->phase != PHASE_CONNECT) {
		shutdown(c->fd, SHUT_WR);
		while (drained < DRAIN_MAX && (n = recv(c->fd, sink, sizeof(sink), MSG_DONTWAIT)) > 0)
			drained += (size_t)n;
	}
	close(c->fd);
	c->fd = -1;
}

void tp_connection_drop(struct connection *c)
{
	c->flow.state = TP_FLOW_CLOSED;
	tp_watch_stop(c->layer->loop, &c->watch);
	tp_timer_stop(c->layer->loop, &c->timer);
	tp_later_cancel(&c->later);
	tp_later_cancel(&c->read_later);
	close_fd(c);
	leave_tables(c);
	free(c->out);
	c->out = NULL;
	c->out_start = c->out_end = c->out_cap = 0;
}

/* Accepted and never up: the peer has not been shown to the caller. */
static bool never_shown(const struct connection *c)
{
	return !c->flow.outgoing && c->phase != PHASE_UP;
}

static void tell_closed(void *arg)
{
	struct connection *c = arg;
	struct tp_transport_layer *layer = c->layer;

	tp_list_remove(&c->link);
	if (!never_shown(c)) {
		layer->events.on_closed(layer->arg, &c->flow);
	} else {
		char text[TP_FLOW_TEXT];

		layer->counters.refused++;
		TP_LOG(TP_LOG_WARN, "sip.refused", "%s: %s", tp_flow_write(&c->flow, text), c->flow.reason);
		if (layer->events.on_refused)
			layer->events.on_refused(layer->arg, c->flow.listener_tag, &c->flow.remote,
						 c->flow.reason);
	}
	tp_connection_unref(c);
}

void tp_connection_fail(struct connection *c, const char *reason)
{
	if (c->flow.state == TP_FLOW_CLOSED)
		return;
	tp_text_copy(c->flow.reason, sizeof(c->flow.reason), reason);
	if (isupper((unsigned char)c->flow.reason[0]) && islower((unsigned char)c->flow.reason[1]))
		c->flow.reason[0] = (char)tolower((unsigned char)c->flow.reason[0]);
	tp_connection_drop(c);
	tp_list_append(&c->layer->closing, &c->link);
	tp_later_add(c->layer->loop, &c->later, tell_closed, c);
}

/* --------------------------------------------------------------------- deadlines */

/* The nearest deadline of the state; *reason is what is said when it is over. */
static uint64_t next_deadline(const struct connection *c, const char **reason)
{
	const struct tp_transport_limits *l = &c->layer->limits;
	uint64_t due = c->flow.last_received_ms + l->idle_ms;

	*reason = "idle for too long";
	if (c->phase == PHASE_HELD) {
		*reason = "the check of its certificate took too long";
		return c->held_ms + TP_SIP_HELD_MS;
	}
	if (c->phase != PHASE_UP) {
		*reason = c->phase == PHASE_CONNECT ? "no answer to the connection attempt"
						    : "TLS handshake took too long";
		return c->flow.opened_ms + l->handshake_ms;
	}
	if (c->half_open && c->flow.opened_ms + l->first_message_ms < due) {
		*reason = "no message came after connecting";
		due = c->flow.opened_ms + l->first_message_ms;
	}
	if (c->partial_since_ms && c->partial_since_ms + l->message_ms < due) {
		*reason = "a message began and did not end";
		due = c->partial_since_ms + l->message_ms;
	}
	return due;
}

/* Deadlines that move away are looked at when the timer comes; nearer ones move it. */
void tp_connection_arm(struct connection *c)
{
	uint64_t now = tp_loop_now_ms(c->layer->loop);
	const char *reason;
	uint64_t due;

	if (c->flow.state == TP_FLOW_CLOSED)
		return;
	due = next_deadline(c, &reason);
	if (tp_timer_running(&c->timer) && c->timer.due_ms <= due)
		return;
	if (tp_timer_start(c->layer->loop, &c->timer, due > now ? due - now : 0, on_deadline, c) != TP_OK)
		tp_connection_fail(c, "out of memory");
}

static void on_deadline(void *arg)
{
	struct connection *c = arg;
	const char *reason;
	uint64_t due = next_deadline(c, &reason);

	if (due > tp_loop_now_ms(c->layer->loop)) {
		tp_connection_arm(c);
		return;
	}
	if (c->phase == PHASE_UP)
		c->layer->counters.refused++;
	tp_connection_fail(c, reason);
}

static void watch_for(struct connection *c)
{
	uint32_t events = TP_LOOP_READ;

	if (c->flow.state == TP_FLOW_CLOSED)
		return;
	if (c->phase == PHASE_CONNECT || c->out_end > c->out_start ||
	    (c->tls && tp_tls_session_wants_write(c->tls)))
		events |= TP_LOOP_WRITE;
	if (c->phase == PHASE_HANDSHAKE && !tp_tls_session_wants_write(c->tls))
		events = TP_LOOP_READ;
	if (c->phase == PHASE_HELD)
		events = 0; /* only that it breaks */
	if (events != c->watch.events && tp_watch_change(c->layer->loop, &c->watch, events) != TP_OK)
		tp_connection_fail(c, "out of memory");
}

/* ----------------------------------------------------------------------- writing */

/* TP_OK with what was taken, TP_AGAIN, or an error with words. */
static enum tp_err write_some(struct connection *c, const char *p, size_t len, size_t *taken,
			      struct tp_diag *diag)
{
	ssize_t n;

	if (c->tls)
		return tp_tls_session_write(c->tls, p, len, taken, diag);
	n = send(c->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n >= 0) {
		*taken = (size_t)n;
		return TP_OK;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return TP_AGAIN;
	return tp_fail(diag, TP_IO, "", "%s", strerror(errno));
}

static void flush(struct connection *c)
{
	struct tp_diag diag = { "", "" };
	enum tp_err err = TP_OK;
	size_t taken = 0;

	while (err == TP_OK && c->out_start < c->out_end) {
		err = write_some(c, c->out + c->out_start, c->out_end - c->out_start, &taken, &diag);
		if (err == TP_OK)
			c->out_start += taken;
	}
	if (err != TP_OK && err != TP_AGAIN) {
		tp_connection_fail(c, diag.text);
		return;
	}
	if (c->out_start == c->out_end) {
		free(c->out);
		c->out = NULL;
		c->out_start = c->out_end = c->out_cap = 0;
	}
}

static enum tp_err queue(struct connection *c, const char *p, size_t len)
{
	size_t waiting = c->out_end - c->out_start;

	if (waiting + len > c->layer->limits.write_queue_bytes) {
		tp_connection_fail(c, "the peer does not read what it is sent");
		return TP_LIMIT;
	}
	if (c->out_end + len > c->out_cap && c->out_start > 0) {
		memmove(c->out, c->out + c->out_start, waiting);
		c->out_start = 0;
		c->out_end = waiting;
	}
	if (c->out_end + len > c->out_cap) {
		size_t cap = c->out_cap ? c->out_cap : 4096;
		char *grown;

		while (cap < c->out_end + len)
			cap *= 2;
		grown = realloc(c->out, cap);
		if (!grown)
			return TP_NOMEM;
		c->out = grown;
		c->out_cap = cap;
	}
	memcpy(c->out + c->out_end, p, len);
	c->out_end += len;
	return TP_OK;
}

enum tp_err tp_connection_send(struct connection *c, const void *bytes, size_t len)
{
	struct tp_diag diag = { "", "" };
	const char *p = bytes;
	size_t taken = 0;
	enum tp_err err;

	if (c->flow.state == TP_FLOW_CLOSED)
		return TP_CLOSED;
	while (c->phase == PHASE_UP && len > 0 && c->out_start == c->out_end) {
		err = write_some(c, p, len, &taken, &diag);
		if (err == TP_AGAIN)
			break;
		if (err != TP_OK) {
			tp_connection_fail(c, diag.text);
			return TP_CLOSED;
		}
		p += taken;
		len -= taken;
	}
	if (len > 0) {
		err = queue(c, p, len);
		if (err != TP_OK)
			return err;
		if (c->phase == PHASE_UP)
			watch_for(c);
	}
	return c->flow.state == TP_FLOW_CLOSED ? TP_CLOSED : TP_OK;
}

void tp_connection_close(struct connection *c, const char *reason)
{
	if (c->flow.state != TP_FLOW_CLOSED && c->phase == PHASE_UP)
		flush(c);
	tp_connection_fail(c, reason);
}

/* ----------------------------------------------------------------------- reading */

static void had_message(struct connection *c, bool valid)
{
	if (valid)
		is_no_longer_silent(c);
	if (!valid && (c->half_open || ++c->parse_errors > PARSE_ERRORS_MAX))
		tp_connection_close(c, "sent what is not SIP");
}

/* A stream whose framing is lost: what can be answered is, then it ends. */
static void refuse_stream(struct connection *c, const struct tp_diag *why)
{
	struct tp_sip_refusal refusal = { NULL, 0 };
	struct tp_span rest = tp_framer_rest(&c->framer);
	struct tp_sip_msg *msg = NULL;
	char text[TP_FLOW_TEXT];
	char reason[256];

	c->layer->counters.parse_errors++;
	TP_LOG(TP_LOG_WARN, "sip.garbage", "%s: %s: %s; closed", tp_flow_write(&c->flow, text), why->where,
	       why->text);
	if (c->framer.head > 0 && tp_sip_msg_parse(rest.p, c->framer.head, &msg, &refusal, NULL) != TP_OK &&
	    refusal.response)
		(void)tp_connection_send(c, refusal.response, refusal.response_len);
	tp_sip_msg_free(&msg);
	free(refusal.response);
	tp_text_copy(reason, sizeof(reason), why->text);
	tp_connection_close(c, reason);
}

/* Hands out all that is whole in the buffer. */
static void take_messages(struct connection *c)
{
	struct tp_transport_layer *layer = c->layer;
	enum tp_framer_kind kind;
	struct tp_span message;
	struct tp_diag diag = { "", "" };
	bool ponged = false;
	enum tp_err err;
	bool valid;

	while (c->flow.state == TP_FLOW_OPEN) {
		err = tp_framer_next(&c->framer, &kind, &message, &diag);
		if (err == TP_AGAIN)
			break;
		if (err != TP_OK) {
			refuse_stream(c, &diag);
			return;
		}
		if (kind == TP_FRAMER_MESSAGE) {
			tp_transport_receive(layer, &c->flow, message, &valid);
			had_message(c, valid);
		} else if (!ponged) {
			ponged = true; /* one answer a round, however many were asked */
			(void)tp_connection_send(c, "\r\n", 2);
		}
	}
	if (!tp_framer_partial(&c->framer))
		c->partial_since_ms = 0;
	else if (!c->partial_since_ms)
		c->partial_since_ms = tp_loop_now_ms(layer->loop);
}

static enum tp_err read_some(struct connection *c, char *p, size_t room, size_t *len,
			     struct tp_diag *diag)
{
	ssize_t n;

	if (c->tls)
		return tp_tls_session_read(c->tls, p, room, len, diag);
	n = recv(c->fd, p, room, MSG_DONTWAIT);
	if (n > 0) {
		*len = (size_t)n;
		return TP_OK;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return TP_AGAIN;
	if (n == 0)
		return tp_fail(diag, TP_CLOSED, "", "closed by the peer");
	return tp_fail(diag, TP_IO, "", "%s", strerror(errno));
}

static void read_again(void *arg);

static void read_all(struct connection *c)
{
	struct tp_diag diag = { "", "" };
	unsigned rounds = 0;
	size_t room = 0;
	size_t len = 0;
	char *p = NULL;

	for (; c->flow.state == TP_FLOW_OPEN && rounds < READS_A_ROUND; rounds++) {
		enum tp_err err = tp_framer_space(&c->framer, &p, &room);

		if (err == TP_OK)
			err = read_some(c, p, room, &len, &diag);
		if (err == TP_AGAIN)
			break;
		if (err != TP_OK) {
			tp_connection_fail(c, diag.text[0] ? diag.text : "message too large");
			return;
		}
		tp_framer_commit(&c->framer, len);
		c->flow.last_received_ms = tp_loop_now_ms(c->layer->loop);
		take_messages(c);
	}
	if (c->flow.state != TP_FLOW_OPEN)
		return;
	/* Nothing buffered: an idle connection holds no memory for it. */
	if (c->framer.start == c->framer.end)
		tp_framer_fini(&c->framer);
	if (rounds == READS_A_ROUND && c->tls && tp_tls_session_pending(c->tls))
		tp_later_add(c->layer->loop, &c->read_later, read_again, c);
	tp_connection_arm(c);
}

static void read_again(void *arg)
{
	struct connection *c = arg;

	c->refs++;
	read_all(c);
	watch_for(c);
	tp_connection_unref(c);
}

/* ------------------------------------------------------------------- coming up */

/* False: the connection has failed. */
static bool keep_peer(struct connection *c)
{
	if (!c->flow.tls)
		c->flow.tls = calloc(1, sizeof(*c->flow.tls));
	if (!c->flow.tls) {
		tp_connection_fail(c, "out of memory");
		return false;
	}
	tp_tls_session_peer(c->tls, c->flow.tls);
	return true;
}

static void come_up(struct connection *c)
{
	struct tp_transport_layer *layer = c->layer;

	if (c->tls && !keep_peer(c))
		return;
	c->phase = PHASE_UP;
	c->flow.state = TP_FLOW_OPEN;
	c->flow.opened = true;
	c->flow.opened_ms = c->flow.last_received_ms = tp_loop_now_ms(layer->loop);
	tp_timer_stop(layer->loop, &c->timer);
	tp_connection_arm(c);
	if (layer->events.on_open && c->flow.state == TP_FLOW_OPEN)
		layer->events.on_open(layer->arg, &c->flow);
	if (c->flow.state == TP_FLOW_OPEN)
		flush(c);
}

/* The peer has proved who it is, but a responder is to be asked whether that still
 * counts: what it sends stays unread, what is sent to it waits in the queue. */
static void hold(struct connection *c)
{
	struct tp_transport_layer *layer = c->layer;

	if (!layer->events.on_held) {
		tp_connection_fail(c, "its certificate cannot be checked for revocation");
		return;
	}
	if (!keep_peer(c))
		return;
	c->phase = PHASE_HELD;
	c->held_ms = tp_loop_now_ms(layer->loop);
	tp_timer_stop(layer->loop, &c->timer);
	tp_connection_arm(c);
	if (c->flow.state != TP_FLOW_CLOSED)
		layer->events.on_held(layer->arg, &c->flow);
}

void tp_connection_release(struct connection *c, bool accept, const char *reason)
{
	if (c->phase != PHASE_HELD || c->flow.state == TP_FLOW_CLOSED)
		return;
	c->refs++;
	if (!accept) {
		tp_connection_fail(c, reason);
	} else {
		come_up(c);
		if (c->flow.state == TP_FLOW_OPEN)
			read_all(c);
		watch_for(c);
	}
	tp_connection_unref(c);
}

static void shake_hands(struct connection *c)
{
	struct tp_diag diag = { "", "" };
	enum tp_err err = tp_tls_session_handshake(c->tls, &diag);

	if (err == TP_OK && tp_tls_session_held(c->tls))
		hold(c);
	else if (err == TP_OK)
		come_up(c);
	else if (err != TP_AGAIN)
		tp_connection_fail(c, diag.text);
}

static void finish_connect(struct connection *c)
{
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error) {
		tp_connection_fail(c, strerror(error));
		return;
	}
	c->flow.connected = true;
	if (c->tls) {
		c->phase = PHASE_HANDSHAKE;
		shake_hands(c);
	} else {
		come_up(c);
	}
}

static void on_event(void *arg, uint32_t events)
{
	struct connection *c = arg;

	c->refs++;
	if (c->phase == PHASE_CONNECT)
		finish_connect(c);
	else if (c->phase == PHASE_HANDSHAKE)
		shake_hands(c);
	else if (c->phase == PHASE_HELD)
		tp_connection_fail(c, "closed by the peer while its certificate was being checked");
	if (c->flow.state == TP_FLOW_OPEN && (events & TP_LOOP_WRITE))
		flush(c);
	if (c->flow.state == TP_FLOW_OPEN)
		read_all(c);
	watch_for(c);
	tp_connection_unref(c);
}

/* ---------------------------------------------------------------------- making */

static void set_stream_options(int fd)
{
	const int on = 1;
	const unsigned unacked = UNACKED_MS;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked, sizeof(unacked));
}

enum tp_err tp_connection_new(struct tp_transport_layer *layer, int fd, uint32_t events,
			      struct connection **out)
{
	struct connection *c = calloc(1, sizeof(*c));
	enum tp_err err;

	if (!c)
		return TP_NOMEM;
	c->layer = layer;
	c->refs = 1;
	c->fd = fd;
	c->flow.id = ++layer->next_id;
	c->flow.state = TP_FLOW_CONNECTING;
	c->flow.opened_ms = c->flow.last_received_ms = tp_loop_now_ms(layer->loop);
	tp_list_init(&c->flow.transactions);
	err = tp_watch_start(layer->loop, &c->watch, fd, events, on_event, c);
	if (err != TP_OK) {
		free(c);
		return err;
	}
	set_stream_options(fd);
	tp_list_append(&layer->connections, &c->link);
	layer->counters.connections++;
	*out = c;
	return TP_OK;
}

/* The oldest that says nothing. One that is held may not speak yet, so it is passed over,
 * unless held ones fill the quarter of the places that is left to them. */
static struct connection *find_silent(const struct tp_transport_layer *layer)
{
	struct connection *held = NULL;
	uint32_t shielded = layer->limits.half_open / 4;

	for (struct tp_list *it = layer->silent.next; it != &layer->silent; it = it->next) {
		struct connection *c = TP_CONTAINER(it, struct connection, silent_link);

		if (c->phase != PHASE_HELD)
			return c;
		if (!held)
			held = c;
		if (!shielded--)
			return held;
	}
	return held;
}

/* A flood of connections that say nothing must not keep newcomers out. */
static bool make_room(struct tp_transport_layer *layer)
{
	struct connection *oldest;

	while (layer->counters.connections >= layer->limits.connections ||
	       layer->half_open >= layer->limits.half_open) {
		oldest = find_silent(layer);
		if (!oldest)
			return false;
		tp_connection_fail(oldest, "gave way to newer connections, having sent no message");
	}
	return true;
}

enum tp_err tp_connection_accept(struct listener *l, int fd, const struct tp_addr *remote)
{
	struct tp_transport_layer *layer = l->layer;
	struct source *source = NULL;
	struct connection *c = NULL;
	enum tp_err err = TP_LIMIT;

	if (make_room(layer) && (l->exempt || tp_source_enter(layer, remote, &source)))
		err = tp_connection_new(layer, fd, TP_LOOP_READ, &c);
	if (err != TP_OK) {
		if (source)
			tp_source_leave(layer, source);
		close(fd);
		return err;
	}
	layer->counters.accepted++;
	c->source = source;
	c->half_open = true;
	layer->half_open++;
	tp_list_append(&layer->silent, &c->silent_link);
	c->flow.transport = l->transport;
	c->flow.remote = *remote;
	c->flow.local = l->address;
	c->flow.sent_by = tp_listener_sent_by(l);
	c->flow.listener_tag = l->tag;
	c->phase = l->tls ? PHASE_HANDSHAKE : PHASE_UP;
	if (l->tls && tp_tls_session_new(l->tls, fd, true, l->verify_name, &c->tls) != TP_OK) {
		tp_connection_fail(c, "out of memory");
		return TP_OK;
	}
	if (l->tls && l->cn_names)
		tp_tls_session_allow_cn(c->tls);
	if (l->tls)
		tp_tls_session_set_unknown(c->tls, l->unknown);
	c->refs++;
	if (l->tls)
		tp_connection_arm(c);
	else
		come_up(c);
	tp_connection_unref(c);
	return TP_OK;
}
