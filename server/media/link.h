/* The hop between core and edge: one link a traversal zone, with its keys, its
 * replay windows, its keepalives and the socket pair it uses (media.md, decision 8).
 * Owned by turnpike-media's one thread. */
#ifndef TP_MEDIA_LINK_H
#define TP_MEDIA_LINK_H

#include "ipc/messages.h"
#include "media/io.h"
#include "media/media.h"
#include "media/seal.h"
#include "proto/hop.h"

enum {
	TP_LINK_KEEPALIVE_MS = 10000,
	TP_LINK_HURRY_MS = 1000,       /* between keepalives until the link is up */
	TP_LINK_UP_MS = 30000,         /* up: an authenticated packet on both ports not longer ago */
	TP_LINK_EPOCH_MS = 3600000,
	TP_LINK_OLD_KEY_MS = 30000,    /* after the first packet under the newer key */
};

/* A socket pair of the hop. On the core each link has its own, on the edge all links
 * of one address share one. */
struct tp_hop_pair {
	struct tp_list link;
	struct tp_media *media;
	struct tp_pair pair;
	bool from_pool; /* give the port back */
	unsigned users;
	uint64_t unknown; /* datagrams of no flow */
};

struct tp_link_tx {
	struct tp_seal *seal; /* NULL: not there */
	uint16_t epoch;
	uint8_t key[TP_SEAL_KEY_BYTES];
	uint64_t number;      /* last used */
	uint64_t made_ms;
};

struct tp_link_rx {
	struct tp_seal *seal;
	uint16_t epoch;
	uint8_t key[TP_SEAL_KEY_BYTES];
	struct tp_hop_window window;
	uint64_t address_number[2]; /* packet number that told the peer's RTP, RTCP address */
};

struct tp_link {
	struct tp_list link;
	struct tp_media *media;
	uint32_t id;
	uint8_t role; /* 0 core, 1 edge */
	char name[128];
	struct tp_addr local;     /* as set */
	struct tp_addr remote[2]; /* RTP, RTCP; edge: learned */
	struct tp_hop_pair *hop_pair; /* NULL: could not be opened yet, each tick tries */
	struct tp_link_tx tx;
	struct tp_link_tx tx_next; /* told to the peer, sealed with once it holds it */
	struct tp_link_rx rx;      /* the peer's newest */
	struct tp_link_rx rx_old;
	uint64_t rx_old_until_ms;  /* 0: the newer key has not been seen in use */
	struct tp_flow flow;       /* of keepalives to us */
	uint32_t peer_flow;        /* 0: not known */
	uint64_t heard_ms[2];      /* last authenticated packet on the RTP and RTCP port; 0: never */
	uint64_t keepalive_ms;     /* last sent */
	uint64_t status_ms;        /* last told to sip */
	bool told_up;
	bool alarmed;              /* its ports cannot be opened, and admin was told */
	uint64_t claim_round;      /* sip process that last set it */
	uint64_t rx_packets, tx_packets, rejected;
};

TP_NODISCARD enum tp_err tp_link_set(struct tp_media *m, const struct tp_msg_hop_set *set,
				     struct tp_link **out, struct tp_diag *diag);
TP_NODISCARD enum tp_err tp_link_set_peer_key(struct tp_media *m,
					      const struct tp_msg_hop_peer_key *key);
/* A link that is not there is no error. */
void tp_link_drop(struct tp_media *m, uint32_t id);
struct tp_link *tp_link_find(struct tp_media *m, uint32_t id);
/* Tells sip the key the peer shall have now; request 0: an event. */
void tp_link_tell_key(struct tp_link *link, uint32_t request);

/* Seals and queues a packet of a leg for the flow `flow_tx` of the peer. False: the
 * link cannot send yet; the buffer is the caller's still. */
bool tp_link_send(struct tp_link *link, enum tp_hop_type type, uint32_t flow_tx,
		  struct tp_buffer *buffer);
bool tp_link_is_up(const struct tp_link *link);
/* Whether a call goes over it. */
bool tp_link_has_legs(const struct tp_link *link);
/* Keepalives, epochs, old keys, status: each tick, for all links. */
void tp_link_tick(struct tp_media *m);
void tp_link_drop_all(struct tp_media *m);

#endif
