/* What the files of sip/transport/ share. Not included by others. */
#ifndef TP_SIP_TRANSPORT_INTERNAL_H
#define TP_SIP_TRANSPORT_INTERNAL_H

#include "core/map.h"
#include "sip/transport/framer.h"
#include "sip/transport/transport.h"
#include "tls/session.h"

struct tp_datagram;

struct tp_transport_layer {
	struct tp_loop *loop;
	struct tp_transport_limits limits;
	struct tp_transport_events events;
	void *arg;
	struct tp_list listeners;   /* struct listener, in the order of the configuration */
	struct tp_list connections; /* struct connection */
	struct tp_list silent;      /* accepted ones that sent no message yet, oldest first */
	struct tp_list closing;     /* those closed and not yet told about */
	struct tp_map by_target;    /* outgoing ones that may be shared */
	struct tp_map sources;      /* struct source */
	uint64_t next_id;
	uint32_t half_open;
	int reserve_fd;             /* given up for a moment when there are no fds left */
	uint8_t *datagrams;         /* receive buffers of one batch */
	struct tp_transport_counters counters;
};

/* A socket that listens, or (UDP) receives and sends. */
struct listener {
	struct tp_list link;
	struct tp_transport_layer *layer;
	unsigned refs; /* the layer's list, a set under preparation, UDP flows */
	int fd;        /* -1 when it has been taken away */
	struct tp_watch watch;
	struct tp_timer pause; /* after EMFILE */
	enum tp_transport transport;
	struct tp_addr address; /* with the real port */
	struct tp_addr advertised;
	struct tp_tls_context *tls;
	char verify_name[TP_TLS_NAME_MAX + 1];
	bool cn_names;
	enum tp_revocation_unknown unknown;
	uint64_t tag;
	bool exempt;
};

void tp_listener_unref(struct listener *l);
/* Stops serving; flows that still hold it can no longer send. */
void tp_listener_take_away(struct listener *l);
/* What Via and Contact shall say for it. */
struct tp_addr tp_listener_sent_by(const struct listener *l);
/* One that has this address (port ignored) and transport; NULL. */
struct listener *tp_listener_find(const struct tp_transport_layer *layer, enum tp_transport transport,
				  const struct tp_addr *local);

/* How many connections come from one address. */
struct source {
	struct tp_map_node node;
	uint8_t key[17];
	uint32_t count;
};

enum phase { PHASE_CONNECT, PHASE_HANDSHAKE, PHASE_HELD, PHASE_UP };

struct target_key {
	uint8_t bytes[96];
};

struct connection {
	struct tp_flow flow; /* first */
	unsigned refs;
	struct tp_transport_layer *layer;
	struct tp_list link;
	struct tp_map_node target_node;
	struct target_key target;
	struct source *source; /* accepted ones not exempt */
	int fd;
	struct tp_watch watch;
	struct tp_timer timer;
	struct tp_later later;      /* tells that it is closed */
	struct tp_later read_later; /* goes on reading what OpenSSL holds */
	enum phase phase;
	bool half_open;             /* accepted, nothing valid received yet: on layer->silent */
	struct tp_list silent_link;
	struct tp_tls_context *context; /* outgoing: part of the identity */
	struct tp_tls_session *tls;
	struct tp_framer framer;
	uint64_t partial_since_ms;  /* 0 = no message under way */
	uint64_t held_ms;           /* since when it is held */
	unsigned parse_errors;
	char *out;                  /* write queue: bytes [out_start, out_end) */
	size_t out_start;
	size_t out_end;
	size_t out_cap;
};

struct udp_flow {
	struct tp_flow flow; /* first */
	unsigned refs;
	struct listener *listener;
	struct tp_addr reply_to;
};

/* layer.c: a descriptor to be given up; -1 when there is none to be had. */
int tp_transport_reserve(void);

/* connection.c */
enum tp_err tp_connection_accept(struct listener *l, int fd, const struct tp_addr *remote);
/* Takes the fd on success only. */
TP_NODISCARD enum tp_err tp_connection_new(struct tp_transport_layer *layer, int fd, uint32_t events,
					   struct connection **out);
/* After a change of its state: its timer comes no later than the nearest deadline. */
void tp_connection_arm(struct connection *c);
/* Closes now, tells at the end of the round. */
void tp_connection_fail(struct connection *c, const char *reason);
/* Closes without telling. */
void tp_connection_drop(struct connection *c);
enum tp_err tp_connection_send(struct connection *c, const void *bytes, size_t len);
void tp_connection_close(struct connection *c, const char *reason);
void tp_connection_release(struct connection *c, bool accept, const char *reason);
void tp_connection_unref(struct connection *c);

/* dial.c */
TP_NODISCARD enum tp_err tp_connection_dial(struct tp_transport_layer *layer,
					    const struct tp_transport_target *target, bool shared,
					    struct connection **out, struct tp_diag *diag);
struct connection *tp_connection_find_target(struct tp_transport_layer *layer,
					     const struct tp_transport_target *target);

/* receive.c */
void tp_transport_receive(struct tp_transport_layer *layer, struct tp_flow *flow,
			  struct tp_span bytes, bool *valid);

/* datagram.c */
void tp_datagrams_read(struct listener *l);
TP_NODISCARD enum tp_err tp_udp_flow_new(struct listener *l, const struct tp_addr *remote,
					 struct tp_flow **out);

/* listener.c: counts against the caps; false = refused. */
bool tp_source_enter(struct tp_transport_layer *layer, const struct tp_addr *remote,
		     struct source **out);
void tp_source_leave(struct tp_transport_layer *layer, struct source *source);

#endif
