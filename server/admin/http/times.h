/* Times in answers: RFC 3339, UTC, milliseconds. Runs in turnpike-admin. */
#ifndef TP_ADMIN_HTTP_TIMES_H
#define TP_ADMIN_HTTP_TIMES_H

#include <jansson.h>
#include <stdint.h>

enum { TP_TIMES_TEXT = 32 };

/* Unix milliseconds. */
uint64_t tp_times_now_ms(void);
/* "2026-11-21T22:15:45.120Z". Returns text. */
char *tp_times_write(uint64_t unix_ms, char text[TP_TIMES_TEXT]);
/* The same as JSON; null for 0. */
json_t *tp_times_json(uint64_t unix_ms);

#endif
