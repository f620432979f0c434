/* Log lines. Used by every process. */
#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/text.h"

static struct {
	char process[32];
	enum tp_log_level least;
} settings = { "turnpike", TP_LOG_INFO };

void tp_log_open(const char *process, enum tp_log_level least)
{
	tp_text_copy(settings.process, sizeof(settings.process), process);
	settings.least = least;
}

/* Says whether a line may go out now; *left_out is what to report with it. */
static int site_admits(struct tp_log_site *site, int64_t now_s, uint32_t *left_out)
{
	*left_out = 0;
	if (now_s - site->window_start_s >= TP_LOG_WINDOW_S) {
		*left_out = site->dropped;
		site->window_start_s = now_s;
		site->shown = 0;
		site->dropped = 0;
	}
	if (site->shown >= site->burst) {
		site->dropped++;
		return 0;
	}
	site->shown++;
	return 1;
}

void tp_log_line(struct tp_log_site *site, enum tp_log_level level, const char *event,
		 const char *fmt, ...)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	char text[TP_LOG_LINE_MAX + 1];
	char line[TP_LOG_LINE_MAX + 128];
	struct timespec now;
	struct tm utc;
	uint32_t left_out;
	va_list ap;
	int n;

	if (level > settings.least)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	if (!site_admits(site, now.tv_sec, &left_out))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tp_text_make_printable(text);
	gmtime_r(&now.tv_sec, &utc);
	n = snprintf(line, sizeof(line), "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ %s %s %s %s",
		     utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
		     utc.tm_sec, now.tv_nsec / 1000000, settings.process, names[level], event, text);
	if (n < 0)
		return;
	if ((size_t)n > sizeof(line) - 40)
		n = (int)sizeof(line) - 40;
	if (left_out)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " (%u like it left out)", left_out);
	line[n++] = '\n';
	/* One write a line keeps lines of several processes whole. Nothing can be
	 * done when standard error is gone. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
