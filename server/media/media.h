/* The one context of turnpike-media, and what its parts share. Public for main.c and
 * the tests: the functions at the end; the structs are this folder's own. */
#ifndef TP_MEDIA_MEDIA_H
#define TP_MEDIA_MEDIA_H

#include "core/map.h"
#include "ipc/channel.h"
#include "media/io.h"
#include "media/ports.h"
#include "media/srtp_state.h"
#include "model/slice.h"
#include "os/loop.h"

enum {
	TP_MEDIA_NETWORKS_MAX = 16,
	TP_MEDIA_TICK_MS = 1000,
	TP_MEDIA_CLAIM_MS = 60000,    /* a new sip process has so long to claim what is kept */
	TP_MEDIA_SESSIONS_LIMIT = 20000,
	TP_MEDIA_FLOWS_LIMIT = 160000,
	TP_MEDIA_LINKS_MAX = 256,
	TP_MEDIA_SILENT_STEP_S = 10,  /* media_silent is told at each multiple */
};

/* What this process reads of a revision. */
struct tp_media_config {
	uint16_t port_first;
	uint16_t port_last;
	uint16_t hop_rtp_port;
	uint16_t hop_rtcp_port;
	uint8_t role;
	uint8_t dscp;
	uint32_t sessions_max;
	size_t network_count;
	struct tp_addr networks[TP_MEDIA_NETWORKS_MAX];
};

struct tp_leg;
struct tp_link;

/* Who receives on a flow id of the hop: a leg, or with leg NULL the link itself. */
struct tp_flow {
	struct tp_map_node node;
	uint32_t id;
	struct tp_leg *leg;
	struct tp_link *link; /* NULL: a leg of a link that is not set up */
};

struct tp_media {
	struct tp_loop *loop;
	struct tp_io io;
	struct tp_ports *ports;
	struct tp_srtp_state *srtp_state;
	struct tp_map sessions;   /* struct tp_session by id */
	struct tp_map flows;      /* struct tp_flow by id */
	struct tp_list links;
	struct tp_list hop_pairs;
	size_t link_count;
	struct tp_media_config config;
	struct tp_media_config prepared;
	struct tp_channel *sip;
	struct tp_channel *admin;
	struct tp_timer tick;
	struct tp_timer tell_kept; /* the next portion of media_kept */
	uint64_t kept_round;       /* raised when a new sip process comes */
	uint64_t claim_until_ms;   /* 0: nothing to claim */
	bool ports_short;          /* alarm raised */
	uint64_t relayed;
	uint64_t dropped;
};

/* srtp_memory: shared with an earlier process of this name, or zeroed; borrowed. */
TP_NODISCARD enum tp_err tp_media_new(struct tp_loop *loop, void *srtp_memory, size_t srtp_len,
				      struct tp_media **out);
void tp_media_free(struct tp_media **media);

/* Configuration, in two steps; live sessions are not touched. */
TP_NODISCARD enum tp_err tp_media_prepare(struct tp_media *m, const struct tp_cfg_media *cfg,
					  struct tp_diag *diag);
void tp_media_commit(struct tp_media *m);

/* A channel to sip or admin is there, speaks, is gone. */
void tp_media_peer_up(struct tp_media *m, struct tp_channel *ch);
TP_NODISCARD enum tp_err tp_media_frame(struct tp_media *m, struct tp_channel *ch,
					struct tp_frame *frame);
void tp_media_peer_closed(struct tp_media *m, enum tp_process peer);

#endif
