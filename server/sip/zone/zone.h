/* Zones at run time: the traversal link (both ends), neighbors, their state and the
 * reason for it in words, and the hop keys that travel over the link. Used by sip. */
#ifndef TP_SIP_ZONE_ZONE_H
#define TP_SIP_ZONE_ZONE_H

#include "model/slice.h"
#include "sip/context.h"

enum {
	TP_ZONES_MAX = 200,
	TP_ZONE_MISSED_MAX = 3,     /* keepalives without an answer: the link is dead */
	TP_ZONE_ANSWER_MS = 5000,   /* wait for an answer before the next is sent */
	TP_ZONE_BACKOFF_DOUBLINGS = 3,
	TP_ZONE_QUICK_RETRIES = 20, /* after a link was lost, and at the start */
	TP_ZONE_AUTH_MS = 10000,    /* from an open connection to an authenticated link */
	TP_ZONE_PEERS_MAX = 6,
};

/* What the peers exchange over the link so that their media processes can talk. */
struct tp_zone_hop {
	bool set;                      /* hop_set was sent to the media process in its present life */
	bool up;
	struct tp_addr remote_rtp;     /* client: the edge's pair */
	struct tp_addr remote_rtcp;
	struct tp_addr seen;           /* from hop_status */
	struct tp_msg_hop_key own;     /* last of our media process; epoch valid when key_len */
	struct tp_msg_hop_peer_key peer; /* last of the peer's */
};

struct tp_zone {
	struct tp_sip *sip;
	uint32_t id;
	const struct tp_cfg_zone *cfg; /* of the revision in force */
	enum tp_zone_state state;
	char reason[512];
	uint64_t since_ms;             /* Unix time */
	bool alarm;
	enum tp_zone_state said_state; /* last written as an event */
	char said_reason[512];
	uint32_t connects;
	uint32_t calls;
	struct tp_addr peer;           /* who it is, or was, for the Zones page */
	struct tp_addr addrs[TP_ZONE_PEERS_MAX]; /* of cfg->peers; family 0 = not resolved */
	uint8_t peer_index;

	struct tp_flow *link;          /* traversal: authenticated; NULL = down */
	struct tp_flow *dialing;       /* traversal client: on the way */
	struct tp_client_txn *auth;    /* the OPTIONS that authenticates us */
	unsigned auth_attempts;
	unsigned failures;             /* in a row, after the quick ones */
	unsigned quick_retries;        /* left */
	struct tp_timer retry;         /* client: dial again; neighbor: resolve again */
	struct tp_timer keepalive;
	struct tp_client_txn *ping;
	uint64_t ping_sent_us;
	unsigned missed;
	uint32_t round_trip_us;

	struct tp_zone_hop hop;
};

TP_NODISCARD enum tp_err tp_zones_new(struct tp_sip *sip, struct tp_zones **out);
void tp_zones_free(struct tp_zones **zones);
/* After a commit, sip->config is the new revision and `old` the one before (NULL: none),
 * both still there. Zones that did not change keep their link. */
void tp_zones_apply(struct tp_sip *sip, const struct tp_sip_config *old);
struct tp_zone *tp_zones_find(struct tp_sip *sip, uint32_t id);
struct tp_zone *tp_zones_find_named(struct tp_sip *sip, const char *name);
size_t tp_zones_count(const struct tp_sip *sip);
struct tp_zone *tp_zones_at(struct tp_sip *sip, size_t index);

/* Transport events; true when the flow was a zone's. */
bool tp_zones_flow_open(struct tp_sip *sip, struct tp_flow *flow);
bool tp_zones_flow_closed(struct tp_sip *sip, struct tp_flow *flow);
void tp_zones_flow_refused(struct tp_sip *sip, uint64_t tag, const struct tp_addr *remote,
			   const char *reason);
/* A request on a traversal port or link that concerns the link itself, or that comes
 * before authentication: answered here. False: an ordinary request. */
bool tp_zones_request(struct tp_sip *sip, struct tp_server_txn *txn, struct tp_flow *flow,
		      const struct tp_sip_msg *msg);

/* The fallback for the peer of a held connection, where only its certificate tells the
 * zone; else GLOBAL. */
enum tp_revocation_unknown tp_zones_unknown_of(struct tp_sip *sip, const struct tp_flow *held);
/* The zone a request on this flow comes from; NULL = the default zone. */
struct tp_zone *tp_zones_source(struct tp_sip *sip, const struct tp_flow *flow);
/* A flow to the zone, with a reference. Traversal zones: the live link only. TP_STATE
 * with the reason when there is none. */
TP_NODISCARD enum tp_err tp_zones_reach(struct tp_zone *zone, struct tp_flow **out, struct tp_diag *diag);

/* Media process: came, went, said something about a hop. */
void tp_zones_media_up(struct tp_sip *sip);
void tp_zones_media_down(struct tp_sip *sip);
void tp_zones_hop_key(struct tp_sip *sip, const struct tp_msg_hop_key *key);
void tp_zones_hop_status(struct tp_sip *sip, const struct tp_msg_hop_status *status);
/* A name was looked up (tp_resolved). */
void tp_zones_resolved(void *sip, const char *host, const struct tp_addr *address, const char *reason);
/* Admin came back: raise again what is open. */
void tp_zones_report(struct tp_sip *sip);
void tp_zone_fill(const struct tp_zone *zone, struct tp_msg_zone_status *out);

/* ------------------------------------------------ between the files of zone/ */

/* A change of state with its reason (NULL: none); says it in the log and as event,
 * raises or clears the alarm. */
void tp_zone_set_state(struct tp_zone *zone, enum tp_zone_state state, const char *fmt, ...)
	TP_PRINTF(3, 4);
bool tp_zone_is_traversal(const struct tp_zone *zone);
/* The address of the network the zone dials from; family 0 = by route. */
struct tp_addr tp_zone_local(const struct tp_zone *zone);
/* Text of a Warning or Reason header, else the reason phrase. */
void tp_zone_words(const struct tp_sip_msg *msg, char *buf, size_t size);
/* An OPTIONS or INFO of our own towards the zone. */
TP_NODISCARD enum tp_err tp_zone_new_request(struct tp_zone *zone, enum tp_sip_method method,
					     const struct tp_flow *flow, struct tp_sip_msg **out);
/* The digest realm of traversal links. */
#define TP_ZONE_REALM "turnpike-traversal"
/* A Warning header that carries words to the other side. */
void tp_zone_write_warning(const struct tp_zone *zone, const char *words, char *buf, size_t size);

void tp_zone_client_start(struct tp_zone *zone);
void tp_zone_client_open(struct tp_zone *zone, struct tp_flow *flow);
void tp_zone_client_failed(struct tp_zone *zone, const char *reason);
void tp_zone_server_request(struct tp_zone *zone, struct tp_server_txn *txn, struct tp_flow *flow,
			    const struct tp_sip_msg *msg);
void tp_zone_neighbor_start(struct tp_zone *zone);

/* The flow is authenticated: it becomes the link, an older one is closed. */
void tp_zone_link_up(struct tp_zone *zone, struct tp_flow *flow);
void tp_zone_link_drop(struct tp_zone *zone, const char *reason);
void tp_zone_keepalive_start(struct tp_zone *zone);
void tp_zone_keepalive_stop(struct tp_zone *zone);

/* Closes an accepted connection that is not the link after TP_ZONE_AUTH_MS. */
void tp_zone_guest_add(struct tp_sip *sip, struct tp_list *guests, struct tp_flow *flow);
void tp_zone_guests_drop(struct tp_list *guests);

/* Connections on the port where a certificate is required: each is taken as the enabled
 * neighbor zone whose certificate name it carries, and closed when there is none, or
 * when a change of the configuration leaves none. */
/* NULL: there is none. */
struct tp_zone *tp_zone_mutual_match(struct tp_sip *sip, const struct tp_flow *flow);
void tp_zone_mutual_open(struct tp_sip *sip, struct tp_list *proven, struct tp_flow *flow);
void tp_zone_mutual_closed(struct tp_list *proven, struct tp_flow *flow);
void tp_zone_mutual_apply(struct tp_sip *sip, struct tp_list *proven);
void tp_zone_mutual_drop(struct tp_list *proven);

void tp_zone_hop_start(struct tp_zone *zone);
void tp_zone_hop_stop(struct tp_zone *zone);
void tp_zone_hop_send(struct tp_zone *zone);
/* A hop control body from the authenticated link; TP_FORMAT. */
TP_NODISCARD enum tp_err tp_zone_hop_receive(struct tp_zone *zone, struct tp_span body);

/* Starts resolving names among the peers; addrs of numbers are set at once. */
void tp_zone_resolve(struct tp_zone *zone);

#endif
