/* Log lines to standard error: one line an event, rate limited a site.
 * Used by every process. Never pass a secret. */
#ifndef TP_CORE_LOG_H
#define TP_CORE_LOG_H

#include <stdint.h>

#include "core/err.h"

enum tp_log_level { TP_LOG_ERROR, TP_LOG_WARN, TP_LOG_INFO, TP_LOG_DEBUG };

/* Names the process in each line and sets the least important level shown.
 * The one process-wide state of this module: set before threads start. */
void tp_log_open(const char *process, enum tp_log_level least);

/* At most `burst` lines a `TP_LOG_WINDOW_S` seconds for one site; the first line
 * after a silence says how many were left out. One static one a call site. */
struct tp_log_site {
	uint32_t burst;
	int64_t window_start_s;
	uint32_t shown;
	uint32_t dropped;
};
enum { TP_LOG_WINDOW_S = 10, TP_LOG_LINE_MAX = 1023 };

void tp_log_line(struct tp_log_site *site, enum tp_log_level level, const char *event,
		 const char *fmt, ...) TP_PRINTF(4, 5);

/* event: a short stable name, e.g. "sip.parse". Control bytes in the text are
 * replaced, so peers cannot forge lines. */
#define TP_LOG(level, event, ...)                                         \
	do {                                                              \
		static _Thread_local struct tp_log_site tp_site_ = { 20, 0, 0, 0 }; \
		tp_log_line(&tp_site_, (level), (event), __VA_ARGS__);    \
	} while (0)

#endif
