/* Alarms and event lines from sip to admin. Used by sip. */
#ifndef TP_SIP_STATUS_REPORT_H
#define TP_SIP_STATUS_REPORT_H

#include "sip/context.h"

enum tp_severity { TP_SEVERITY_INFORMATION = 0, TP_SEVERITY_WARNING = 1, TP_SEVERITY_CRITICAL = 2 };

/* Alarm codes of the SIP process; families as in the field (25nnn network). */
enum tp_sip_alarm {
	TP_ALARM_LINK_DOWN = 25001,     /* subject: zone */
	TP_ALARM_NEIGHBOR_DOWN = 25002, /* subject: zone */
	TP_ALARM_MEDIA_AWAY = 15001,    /* subject: "media" */
	TP_ALARM_OCSP_UNREACHABLE = 40091,     /* subject: URL */
	TP_ALARM_OCSP_SHA1 = 40092,            /* subject: URL */
	TP_ALARM_REVOCATION_FALLBACK = 40095,  /* subject: "SIP TLS"; so is the next one's */
	TP_ALARM_REVOCATION_LAST_GOOD = 40096,
};

/* Both are lost while admin is away; owners of alarms raise theirs again when it is back. */
void tp_sip_alarm(struct tp_sip *sip, enum tp_sip_alarm code, bool raised, enum tp_severity severity,
		  const char *subject, const char *text, const char *remedy);
void tp_sip_event(struct tp_sip *sip, enum tp_severity severity, const char *name, const char *fmt, ...)
	TP_PRINTF(4, 5);

#endif
