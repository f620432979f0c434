/* SIP transports: UDP, TCP and TLS over IPv4 and IPv6; listeners, connections,
 * framing, keepalives, timers and caps. Used by sip. RFC 3261 section 18, RFC 3581,
 * RFC 5626 section 4.4. Knows nothing of transactions. */
#ifndef TP_SIP_TRANSPORT_TRANSPORT_H
#define TP_SIP_TRANSPORT_TRANSPORT_H

#include "os/loop.h"
#include "sip/msg/msg.h"
#include "tls/context.h"
#include "tls/revocation.h"

struct tp_transport_layer;

/* ------------------------------------------------------------------------ flows */

enum tp_flow_state {
	TP_FLOW_CONNECTING, /* TCP connect or TLS handshake under way; sends wait in the queue */
	TP_FLOW_OPEN,
	TP_FLOW_CLOSED,
};

/* A way to one peer: a TCP or TLS connection, or (UDP) a local socket with a remote
 * address. Counted references; read-only for others but for the last part. Hold a
 * reference wherever a pointer is kept beyond a callback. A closed flow stays readable. */
struct tp_flow {
	uint64_t id;                /* never reused; 0 for UDP, where a flow is made a datagram */
	enum tp_flow_state state;
	enum tp_transport transport;
	bool outgoing;              /* we connected */
	bool connected;             /* outgoing: the peer took the TCP connection */
	bool opened;                /* it has been up, whatever it is now */
	struct tp_addr local;       /* of the socket; UDP: the listener's */
	struct tp_addr remote;
	struct tp_addr sent_by;     /* what Via, Record-Route and Contact shall say towards this peer:
	                             * the listener's advertised or own address and port */
	uint64_t listener_tag;      /* tp_listener_config.tag at the time; outgoing: target's */
	struct tp_tls_peer *tls;    /* of an open or held TLS flow; else NULL */
	char reason[256];           /* why closed, for a person */
	uint64_t opened_ms;         /* loop time */
	uint64_t last_received_ms;  /* keepalives count */

	/* The caller's own; zero at first. */
	void *user;
	uint64_t zone;              /* authenticated zone; 0 = none yet */
	struct tp_list transactions; /* the transaction layer's */
};

struct tp_flow *tp_flow_ref(struct tp_flow *flow);
/* Clears the pointer. Letting go of an open connection does not close it. */
void tp_flow_unref(struct tp_flow **flow);

/* Queues a whole message (copied). Streams: TP_LIMIT when the write queue is full
 * (the connection is then closed), TP_CLOSED. UDP: sent at once, TP_IO. */
enum tp_err tp_flow_send(struct tp_flow *flow, const void *bytes, size_t len);
/* Ends a connection; on_closed runs at the end of the round. What is queued is
 * tried once. Nothing for UDP or a closed flow. */
void tp_flow_close(struct tp_flow *flow, const char *reason);
/* Of a held flow: the peer's chain with what is to be asked (tls/revocation_chain.h).
 * TP_STATE: not held. */
struct tp_revocation_chain;
TP_NODISCARD enum tp_err tp_flow_chain(const struct tp_flow *flow, struct tp_revocation_chain **out);
/* Ends holding: accepted, the connection comes up (on_open); else it ends with the
 * reason, as after a failed handshake. Nothing for a flow that is not held. */
void tp_flow_release(struct tp_flow *flow, bool accept, const char *reason);
/* Whether the peer of an open or held TLS connection has shown a certificate that carries this
 * name (tp_tls_check_server_name). */
bool tp_flow_peer_carries(const struct tp_flow *flow, const char *name, bool cn_names);
/* "tls 192.0.2.1:5061" for logs and pages; returns buf. */
enum { TP_FLOW_TEXT = TP_ADDR_TEXT + 8 };
char *tp_flow_write(const struct tp_flow *flow, char buf[TP_FLOW_TEXT]);

/* ----------------------------------------------------------------------- events */

struct tp_transport_events {
	/* A whole, parsed message; the topmost Via of a request is already stamped with
	 * its source. The callee owns msg. Keepalives and refused messages never come here. */
	void (*on_message)(void *arg, struct tp_flow *flow, struct tp_sip_msg *msg);
	/* A connection is up: accepted (TLS: handshake done; flow->tls has the verdict where
	 * the context is TP_TLS_VERIFY_REPORT) or connected. May close it. May be NULL. */
	void (*on_open)(void *arg, struct tp_flow *flow);
	/* A connection that was up, or one of ours that did not come up, is gone;
	 * flow->reason says why: "connection refused", "TLS: certificate expired on ...",
	 * "TLS: the peer refused our certificate: unknown CA", "closed by the peer", ... */
	void (*on_closed)(void *arg, struct tp_flow *flow);
	/* An accepted connection failed before on_open (TLS handshake): for the zone's page
	 * and a log line. reason as above. May be NULL. */
	void (*on_refused)(void *arg, uint64_t listener_tag, const struct tp_addr *remote,
			   const char *reason);
	/* The TLS handshake is done, but an OCSP responder is still to be asked about the
	 * peer, or its zone to be found for the fallback (tp_flow_chain). Nothing is read from it or sent to it, and no other event
	 * tells of it, until tp_flow_release. The flow may close meanwhile: look at its
	 * state. NULL: such peers are put out. */
	void (*on_held)(void *arg, struct tp_flow *flow);
};

/* Limits; zero = the one in limits.h. */
struct tp_transport_limits {
	uint32_t connections;
	uint32_t connections_source;
	uint32_t half_open;
	uint32_t write_queue_bytes;
	uint32_t handshake_ms;
	uint32_t first_message_ms;
	uint32_t message_ms;
	uint32_t idle_ms;
};

TP_NODISCARD enum tp_err tp_transport_layer_new(struct tp_loop *loop,
						const struct tp_transport_limits *limits,
						const struct tp_transport_events *events, void *arg,
						struct tp_transport_layer **out);
/* Closes all without events. */
void tp_transport_layer_free(struct tp_transport_layer **layer);

/* -------------------------------------------------------------------- listeners */

struct tp_listener_config {
	enum tp_transport transport;
	struct tp_addr address;        /* never a wildcard; port 0 only in tests */
	struct tp_addr advertised;     /* family 0: as address; port 0: as address */
	struct tp_tls_context *tls;    /* TLS only; a reference is taken */
	const char *verify_name;       /* TLS: what a client's certificate must carry to be trusted;
	                                * NULL or "" = any; copied */
	bool cn_names;                 /* TLS: its CN counts where it has no other name */
	enum tp_revocation_unknown unknown; /* TLS: the fallback for those who come here */
	uint64_t tag;                  /* the caller's own, shown in flows */
	bool exempt_source_cap;        /* a traversal server's port: many calls, one peer */
};

struct tp_listeners; /* a set being prepared */

/* Two phases, as a commit goes: prepare opens the sockets that are new, without
 * serving them; commit swaps (cannot fail): listeners of the same transport and
 * address go on untouched with the new tls, tag and advertised address for new
 * connections; those no longer listed stop listening, their connections live on.
 * TP_EXISTS: the same one twice; TP_IO with the address and the system's words. */
TP_NODISCARD enum tp_err tp_transport_prepare(struct tp_transport_layer *layer,
					      const struct tp_listener_config *list, size_t count,
					      struct tp_listeners **out, struct tp_diag *diag);
void tp_transport_commit(struct tp_transport_layer *layer, struct tp_listeners **set);
void tp_transport_discard(struct tp_listeners **set);
/* Real address of a listener (tests bind port 0). False when index is too high. */
bool tp_transport_listener_address(const struct tp_transport_layer *layer, size_t index,
				   struct tp_addr *out);

/* --------------------------------------------------------------------- reaching */

struct tp_transport_target {
	enum tp_transport transport;
	struct tp_addr remote;
	struct tp_addr local;         /* to send from: UDP: picks the listener; streams: source IP
	                               * (port 0 = any); family 0 = the first that fits / by route */
	struct tp_addr sent_by;       /* family 0: of the listener that has the local IP and the same
	                               * transport, else the socket's own */
	struct tp_tls_context *tls;   /* TLS: our certificate and whom to trust */
	const char *verify_name;      /* TLS: what the peer's certificate must carry; NULL or "" = any */
	bool cn_names;                /* TLS: its CN counts where it has no other name */
	enum tp_revocation_unknown unknown; /* TLS: the fallback for it */
	uint64_t tag;                 /* becomes flow->listener_tag */
};

/* A flow to that target, with a reference for the caller. UDP: at once. TCP, TLS:
 * an existing one to the same address made with the same tls, verify_name, fallback and tag, or
 * an accepted one is not reused; else a new connection in state CONNECTING: messages
 * sent meanwhile wait; on_open or on_closed tells the end. TP_NOTFOUND: no UDP
 * listener fits; TP_LIMIT; TP_IO. */
TP_NODISCARD enum tp_err tp_transport_reach(struct tp_transport_layer *layer,
					    const struct tp_transport_target *target,
					    struct tp_flow **out, struct tp_diag *diag);
/* Always a new connection: for the traversal link. Not for UDP. */
TP_NODISCARD enum tp_err tp_transport_connect(struct tp_transport_layer *layer,
					      const struct tp_transport_target *target,
					      struct tp_flow **out, struct tp_diag *diag);

/* Walks the TLS connections that are up, with the certificate that we show on each
 * (tp_tls_session_shown; may be NULL). Nothing may be closed meanwhile. */
struct x509_st; /* X509 */
void tp_transport_each_tls(const struct tp_transport_layer *layer,
			   void (*each)(void *arg, const struct tp_flow *flow, struct x509_st *shown),
			   void *arg);

struct tp_transport_counters {
	uint32_t connections;        /* alive, all states */
	uint64_t accepted;
	uint64_t refused;            /* caps, failed handshakes, slow or idle ones */
	uint64_t messages_received;
	uint64_t requests_received;
	uint64_t responses_received;
	uint64_t parse_errors;
	uint64_t messages_sent;
};
void tp_transport_count(const struct tp_transport_layer *layer, struct tp_transport_counters *out);

#endif
