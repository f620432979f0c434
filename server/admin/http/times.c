/* Times in answers. Runs in turnpike-admin. */
#include "admin/http/times.h"

#include <stdio.h>
#include <time.h>

uint64_t tp_times_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

char *tp_times_write(uint64_t unix_ms, char text[TP_TIMES_TEXT])
{
	/* Whatever a peer process says, the year keeps four digits. */
	const uint64_t last = 253402300799999;
	uint64_t ms = unix_ms < last ? unix_ms : last;
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(text, TP_TIMES_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, TP_TIMES_TEXT - n, ".%03uZ", (unsigned)(ms % 1000));
	return text;
}

json_t *tp_times_json(uint64_t unix_ms)
{
	char text[TP_TIMES_TEXT];

	return unix_ms ? json_string(tp_times_write(unix_ms, text)) : json_null();
}
