/* The record of a call that outlives sip: written into every media_set, read back
 * from media_kept. Used by sip. */
#ifndef TP_SIP_DIALOG_RECORD_H
#define TP_SIP_DIALOG_RECORD_H

#include "sip/proxy/call.h"

#define TP_CODEC_DEF "sip/dialog/record.def"
#define TP_CODEC_NAME(n) tp_record_##n
#include "core/codec/declare.h"
#undef TP_CODEC_DEF
#undef TP_CODEC_NAME

enum { TP_RECORD_VERSION = 1 };

/* The call of this branch as it stands. Nothing is written for one that is not
 * answered by this branch. */
void tp_record_write(struct tp_branch *branch, struct tp_wr *wr);
/* Makes the call that a kept session belonged to and claims the session; one without
 * a usable record is closed. */
void tp_record_restore(struct tp_sip *sip, const struct tp_msg_media_kept *kept);

#endif
