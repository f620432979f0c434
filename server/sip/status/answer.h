/* Admin's questions about zones, registrations, calls and counters. Used by sip. */
#ifndef TP_SIP_STATUS_ANSWER_H
#define TP_SIP_STATUS_ANSWER_H

#include "sip/context.h"

/* A frame of admin. TP_UNSUPPORTED for a type that is not answered here. */
TP_NODISCARD enum tp_err tp_status_frame(struct tp_sip *sip, struct tp_channel *admin,
					 struct tp_frame *frame);

#endif
