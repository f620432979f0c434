/* Media sessions: the streams of one call, opened and changed by sip's media_set.
 * Owned by turnpike-media's one thread. */
#ifndef TP_MEDIA_SESSION_H
#define TP_MEDIA_SESSION_H

#include "media/leg.h"

enum { TP_SESSION_STREAMS_MAX = 16 };

struct tp_session {
	struct tp_map_node node;
	uint64_t id;
	struct tp_media *media;
	struct tp_stream *streams[TP_SESSION_STREAMS_MAX]; /* by order of media_set; NULL behind the last */
	size_t stream_count;
	uint8_t *record; /* sip's own */
	size_t record_len;
	uint64_t opened_us;
	uint64_t heard_us;     /* last accepted packet of any leg; 0: never */
	uint64_t told_silent_s;
	uint64_t told_round;   /* kept_round in which sip was told of it */
	uint64_t claim_round;  /* kept_round in which sip set it */
};

/* Opens the session or brings it to this state; after an error it is as it was. */
TP_NODISCARD enum tp_err tp_session_set(struct tp_media *m, const struct tp_msg_media_set *set,
					struct tp_session **out, struct tp_diag *diag);
struct tp_session *tp_session_find(struct tp_media *m, uint64_t id);
/* Relays what has arrived already, so that the end of a call takes nothing from it. */
void tp_session_drain(struct tp_session *session);
void tp_session_close(struct tp_session **session);
void tp_session_close_all(struct tp_media *m);
/* The streams as they stand, with what was allocated. */
void tp_session_write_streams(const struct tp_session *s,
			      struct tp_msg_media_stream streams[TP_SESSION_STREAMS_MAX]);
void tp_session_write_allocations(const struct tp_session *s, struct tp_msg_media_set_done *done);

#endif
