/* Counters of a session as others read them, with the reason in words when nothing is
 * heard in a direction. Owned by turnpike-media's one thread. */
#ifndef TP_MEDIA_REPORT_H
#define TP_MEDIA_REPORT_H

#include "media/session.h"

/* Fills out[0 .. 31]; how many: two for each stream. */
size_t tp_report_session(const struct tp_session *s, struct tp_msg_stream_stats *out);

#endif
