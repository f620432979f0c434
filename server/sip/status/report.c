/* Alarms and event lines from sip to admin. Runs in turnpike-sip. */
#include "sip/status/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"

void tp_sip_alarm(struct tp_sip *sip, enum tp_sip_alarm code, bool raised, enum tp_severity severity,
		  const char *subject, const char *text, const char *remedy)
{
	struct tp_channel *admin = sip->child ? tp_child_peer(sip->child, TP_PROCESS_ADMIN) : NULL;
	struct tp_msg_alarm msg = { .code = code, .raised = raised, .severity = severity };

	if (!admin)
		return;
	tp_text_copy(msg.subject, sizeof(msg.subject), subject);
	tp_text_copy(msg.text, sizeof(msg.text), text);
	tp_text_copy(msg.remedy, sizeof(msg.remedy), remedy);
	tp_text_make_printable(msg.text);
	(void)TP_CHANNEL_SEND(admin, alarm, 0, &msg);
}

void tp_sip_event(struct tp_sip *sip, enum tp_severity severity, const char *name, const char *fmt, ...)
{
	static const enum tp_log_level levels[] = { TP_LOG_INFO, TP_LOG_WARN, TP_LOG_ERROR };
	struct tp_channel *admin = sip->child ? tp_child_peer(sip->child, TP_PROCESS_ADMIN) : NULL;
	struct tp_msg_event msg = { .at_ms = tp_loop_unix_ms(sip->loop), .severity = severity };
	va_list args;

	va_start(args, fmt);
	/* Started one line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(msg.text, sizeof(msg.text), fmt, args);
	va_end(args);
	tp_text_make_printable(msg.text);
	TP_LOG(levels[severity], name, "%s", msg.text);
	if (!admin)
		return;
	tp_text_copy(msg.name, sizeof(msg.name), name);
	(void)TP_CHANNEL_SEND(admin, event, 0, &msg);
}
