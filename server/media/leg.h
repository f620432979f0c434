/* One leg of one stream: its sockets or its flow on the hop, keys, source filter and
 * counters. Changed in two steps, so that a refused change leaves all as it was.
 * Owned by turnpike-media's one thread. */
#ifndef TP_MEDIA_LEG_H
#define TP_MEDIA_LEG_H

#include "ipc/messages.h"
#include "media/latch.h"
#include "media/media.h"
#include "media/renumber.h"
#include "media/sources.h"
#include "media/srtp.h"

/* RTCP packets a second and burst that a leg may pass on. */
enum { TP_RTCP_RATE = 100, TP_RTCP_BURST = 200 };

struct tp_bucket {
	uint32_t level_milli;
	uint64_t filled_us;
};

struct tp_leg_counters {
	uint64_t rx_packets, rx_octets, tx_packets, tx_octets;
	uint64_t rtcp_rx, rtcp_tx;
	uint64_t srtp_failures, srtp_replays, wrong_source, malformed;
	uint64_t rtcp_excess;      /* over the rate */
	uint64_t too_many_sources;
	uint64_t other_protocol;   /* STUN, DTLS: nothing we answer */
	uint64_t tx_unsealed;      /* could not be protected: dropped */
};

/* Both directions of SRTP of a leg; NULL where plain. */
struct tp_leg_crypto {
	struct tp_srtp *srtp;
	struct tp_srtp_record *record;
};

struct tp_session;
struct tp_stream;

struct tp_leg {
	struct tp_media *media;
	struct tp_stream *stream;
	uint8_t side;                 /* 0 towards the caller, 1 towards the callee */
	struct tp_msg_media_leg want; /* as last set; local and flow_rx as allocated */
	struct tp_pair *pair;         /* UDP */
	struct tp_latch rtp_latch;
	struct tp_latch rtcp_latch;
	struct tp_leg_crypto rx;
	struct tp_leg_crypto tx;
	struct tp_renumber renumber;  /* of what is sealed */
	struct tp_flow flow;          /* hop */
	struct tp_sources sources;
	struct tp_bucket rtcp_bucket;
	struct tp_leg_counters count;
	struct tp_addr wrong_source;  /* the last one */
	uint64_t heard_us;            /* last accepted packet; 0: never */
	uint64_t opened_us;
};

struct tp_stream {
	struct tp_session *session;
	uint8_t index;
	uint8_t type;
	uint32_t clock_rate;
	struct tp_leg legs[2];
};

/* What a change of a leg needs, gathered before anything live is touched. */
struct tp_leg_plan {
	struct tp_msg_media_leg want;
	bool keep_transport; /* sockets or flow stay */
	bool keep_rx, keep_tx;
	struct tp_pair *pair;
	struct tp_leg_crypto rx, tx;
	uint32_t flow_id;
};

/* `leg` is the leg to change, new ones zeroed but for media, stream and side. In
 * `plan` is only what must be opened anew; tp_leg_plan_drop undoes. */
TP_NODISCARD enum tp_err tp_leg_plan(struct tp_leg *leg, uint64_t session,
				     const struct tp_msg_media_leg *want,
				     struct tp_leg_plan *plan, struct tp_diag *diag);
void tp_leg_plan_drop(struct tp_media *m, struct tp_leg_plan *plan);
/* Takes everything out of plan. Cannot fail: room in the map of flows was made. */
void tp_leg_commit(struct tp_leg *leg, struct tp_leg_plan *plan);
void tp_leg_close(struct tp_leg *leg);

struct tp_leg *tp_leg_other(struct tp_leg *leg);
/* RTCP rides on the RTP port. */
bool tp_leg_is_muxed(const struct tp_leg *leg);

#endif
