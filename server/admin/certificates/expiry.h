/* How near the end of a certificate is, and the alarms about it. Runs in
 * turnpike-admin. */
#ifndef TP_ADMIN_CERTIFICATES_EXPIRY_H
#define TP_ADMIN_CERTIFICATES_EXPIRY_H

#include <jansson.h>
#include <stdint.h>

#include "ipc/messages.h"

enum tp_expiry {
	TP_EXPIRY_FINE = 0,
	TP_EXPIRY_INFORMATION, /* within 60 days */
	TP_EXPIRY_WARNING,     /* within 30 days */
	TP_EXPIRY_CRITICAL,    /* within 7 days */
	TP_EXPIRY_OVER,
};

/* Both Unix times in seconds. */
enum tp_expiry tp_expiry_of(int64_t not_after_s, int64_t now_s);
/* "fine", "information", "warning", "critical", "expired". */
const char *tp_expiry_name(enum tp_expiry expiry);

enum {
	TP_ALARM_CERTIFICATE_EXPIRES = 40002, /* of an own certificate; subject: the identity's id */
	TP_ALARM_TRUSTED_CA_EXPIRES = 40003,  /* subject: the trusted CA's name */
	TP_ALARM_DEFAULT_TRUST_OLD = 40004,   /* subject: "default-list" */
	TP_EXPIRY_ALARMS_MAX = 64,
};

/* The alarms that should be open now, raised = true; those nearest to their end first
 * when there are more than fit. rows: as tp_certificates_rows makes them. bundle_at_s:
 * date of the default trust list, 0 when none of it is trusted. Returns how many. */
size_t tp_expiry_alarms(const json_t *rows, int64_t bundle_at_s, int64_t now_s,
			struct tp_msg_alarm out[TP_EXPIRY_ALARMS_MAX]);

#endif
