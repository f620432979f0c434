/* Which of our certificates stand in connections now: after a change, the old ones until
 * the last connection that was made with them has ended. Used by sip. */
#ifndef TP_SIP_STATUS_SERIALS_H
#define TP_SIP_STATUS_SERIALS_H

#include "sip/context.h"

enum { TP_SERIALS_MAX = 64 }; /* of one service and side each; more are not shown */

/* Answers tls_serials_get. */
enum tp_err tp_serials_answer(struct tp_sip *sip, struct tp_channel *admin, uint32_t request);

#endif
