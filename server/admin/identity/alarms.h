/* Alarms about the certificates in use. Runs in turnpike-admin. */
#ifndef TP_ADMIN_IDENTITY_ALARMS_H
#define TP_ADMIN_IDENTITY_ALARMS_H

#include "admin/config/config.h"
#include "ipc/messages.h"

enum {
	TP_ALARM_CERTIFICATE_FINDING = 40005, /* subject: "sip-client: cn-missing" */
	TP_IDENTITY_ALARMS_MAX = 32,
};

/* The alarms that should be open now, raised = true, about what stays wrong with the
 * certificates in use although it was accepted (row 72). False: the configuration
 * cannot be read now. */
bool tp_identity_alarms(struct tp_config *config, struct tp_msg_alarm out[TP_IDENTITY_ALARMS_MAX],
			size_t *count);

#endif
