/* What becomes of sessions and links when sip is started again: it is told of each
 * session, and what it has not claimed after a while is freed. */
#ifndef TP_MEDIA_KEPT_H
#define TP_MEDIA_KEPT_H

#include "media/media.h"

/* A new sip process is there. */
void tp_kept_begin(struct tp_media *m);
/* Frees what was not claimed in time; each tick. */
void tp_kept_tick(struct tp_media *m, uint64_t now_ms);
/* Sessions that wait to be claimed. */
uint32_t tp_kept_count(const struct tp_media *m);

#endif
