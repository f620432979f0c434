/* A media session: the two legs of one call (or of one branch of it), offer and
 * answer through us (RFC 3264), and the media process that relays. Used by sip. */
#ifndef TP_SIP_MEDIA_SESSION_H
#define TP_SIP_MEDIA_SESSION_H

#include "core/map.h"
#include "model/slice.h"
#include "proto/sdp.h"
#include "sip/context.h"

enum { TP_OFFER_CRYPTO_MAX = 5, TP_MEDIA_SESSIONS_MAX = 20000 };

/* One end of the session as SIP knows it. */
struct tp_media_party {
	uint8_t kind;              /* enum tp_media_leg_kind: UDP or hop */
	uint8_t encryption;        /* enum tp_encryption; not looked at on a hop */
	bool nat;
	uint32_t link;             /* hop */
	struct tp_addr local;      /* UDP: where to receive; port 0 */
	struct tp_addr advertised; /* what SDP says instead of local; family 0 = local */
	char name[80];             /* "zone 'pbx'", for words */
};

/* One m-line between offer and answer. */
struct tp_offer_stream {
	bool off;
	bool mux;
	bool held;
	uint8_t direction;
	uint8_t type;
	uint32_t clock_rate;
	uint32_t hop_flow;
	struct tp_addr rtp;
	struct tp_addr rtcp;
	char proto[2][24]; /* as offered to us; as we offered on */
	uint8_t their_count;
	uint8_t our_count;
	struct tp_sdp_crypto theirs[TP_SDP_CRYPTO_MAX];
	struct tp_sdp_crypto ours[TP_OFFER_CRYPTO_MAX];
};

struct tp_offer {
	uint8_t side; /* 0: the caller offered, 1: the callee */
	bool answered;
	uint8_t stream_count;
	struct tp_offer_stream streams[];
};

struct tp_media_session;

/* err TP_OK: body is the edited one for the other leg (borrowed). Else diag->text says
 * why, for a person. */
typedef void (*tp_media_done)(void *arg, enum tp_err err, const struct tp_diag *diag,
			      struct tp_span body);
/* stats of the whole session; count 0 when there were none. */
typedef void (*tp_media_closed)(void *arg, const struct tp_msg_stream_stats *stats, size_t count);

struct tp_media_owner {
	/* Appends sip's record of the call. */
	void (*write_record)(void *arg, struct tp_wr *wr);
	/* The media process lost the session, or nothing arrives any more: end the call. */
	void (*on_lost)(void *arg, const char *reason);
};

struct tp_media_session {
	struct tp_map_node node;
	struct tp_sip *sip;
	uint64_t id;
	struct tp_media_party party[2];
	bool open;                     /* the media process was told of it */
	uint8_t stream_count;          /* m-lines */
	struct tp_msg_media_stream *streams; /* by m-line, as last sent; legs off where there is none */
	uint8_t wanted_count;          /* while an operation is under way: what was asked for */
	struct tp_msg_media_stream *wanted;
	struct tp_offer *offer;        /* until its transaction is over */
	uint32_t request;              /* of the operation under way; 0 = none */
	char *body;                    /* SDP being worked on, until done */
	size_t body_len;
	bool answering;
	tp_media_done done;
	void *done_arg;
	const struct tp_media_owner *owner;
	void *owner_arg;
	tp_media_closed closed;
	void *closed_arg;
};

TP_NODISCARD enum tp_err tp_media_link_new(struct tp_sip *sip, struct tp_media_link **out);
/* Frees all sessions without telling the media process, which keeps them for our
 * next life. */
void tp_media_link_free(struct tp_media_link **link);
size_t tp_media_session_count(const struct tp_sip *sip);
/* Frames and life of the channel to the media process. */
void tp_media_up(struct tp_sip *sip);
void tp_media_down(struct tp_sip *sip);
TP_NODISCARD enum tp_err tp_media_frame(struct tp_sip *sip, struct tp_frame *frame);

TP_NODISCARD enum tp_err tp_media_session_new(struct tp_sip *sip, const struct tp_media_owner *owner,
					      void *owner_arg, struct tp_media_session **out);
/* One that the media process kept over our restart; claims it. */
TP_NODISCARD enum tp_err tp_media_session_adopt(struct tp_sip *sip, const struct tp_msg_media_kept *kept,
						const struct tp_media_owner *owner, void *owner_arg,
						struct tp_media_session **out);
/* Ends it. `closed` (may be NULL) is called later, exactly once; no other callback is. */
void tp_media_session_close(struct tp_media_session **session, tp_media_closed closed, void *arg);

/* An offer came from `side`: allocates what is new and gives the body to offer on. One
 * operation at a time. done may run inside the call only with an error.
 * TP_DENIED: a policy of a leg says no (488); TP_FORMAT, TP_LIMIT, TP_UNSUPPORTED:
 * the body (400/488); TP_STATE: an offer is open already (491); TP_CLOSED: no media
 * process (503). */
void tp_media_offer(struct tp_media_session *s, uint8_t side, struct tp_span body, tp_media_done done,
		    void *arg);
/* The answer to the offer at hand came from the other side. May be given again while
 * the offer is held (early media, then the 200). */
void tp_media_answer(struct tp_media_session *s, struct tp_span body, tp_media_done done, void *arg);
/* Whether a body from `side` is an answer: in a response, to the offer of its request
 * (again, perhaps); in a request (ACK, PRACK), to one that has none yet. */
bool tp_media_is_answer(const struct tp_media_session *s, uint8_t side, bool response);
/* The transaction of the offer is over: an answered one is forgotten, an unanswered
 * one is taken back at the media process. */
void tp_media_offer_over(struct tp_media_session *s);
/* Nobody waits for an operation any more: its callback does not come. */
void tp_media_end_operations(struct tp_media_session *s);
/* Sends the session again as it is, e.g. because the record changed. */
void tp_media_refresh(struct tp_media_session *s);

/* ------------------------------------------------- between the files of media/ */

/* Reads body as an offer of `side`: fills s->offer and s->wanted. */
TP_NODISCARD enum tp_err tp_offer_read(struct tp_media_session *s, uint8_t side, const struct tp_sdp *sdp,
				       struct tp_diag *diag);
/* With the answer: fills s->wanted to the agreed state. */
TP_NODISCARD enum tp_err tp_answer_read(struct tp_media_session *s, const struct tp_sdp *sdp,
					struct tp_diag *diag);
/* Writes what goes to the other leg after the media process has allocated. */
TP_NODISCARD enum tp_err tp_offer_write(const struct tp_media_session *s, const struct tp_sdp *sdp,
					struct tp_wr *wr);
TP_NODISCARD enum tp_err tp_answer_write(const struct tp_media_session *s, const struct tp_sdp *sdp,
					 struct tp_wr *wr);

#endif
