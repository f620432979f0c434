/* The user name in a certificate: a pattern written the PHP way over the text of the
 * certificate, and a format with the groups it takes. Pure: no clock but the thread's own
 * time, no I/O. Runs in turnpike-admin. */
#ifndef TP_ADMIN_CAC_PATTERN_H
#define TP_ADMIN_CAC_PATTERN_H

#include <stdbool.h>

#include "core/err.h"
#include "core/text.h"

enum {
	TP_CAC_PATTERN_MAX = 1023,      /* bytes, with delimiters and flags */
	TP_CAC_FORMAT_MAX = 255,        /* bytes */
	TP_CAC_TEXT_MAX = 65536,        /* bytes of a certificate's text */
	TP_CAC_NAME_MAX = 127,          /* bytes of the name that comes out */
	TP_CAC_MATCH_LIMIT = 100000,    /* steps back */
	TP_CAC_DEPTH_LIMIT = 20000,     /* of them inside one another */
	TP_CAC_HEAP_LIMIT_KIB = 16384,
	TP_CAC_TIME_LIMIT_MS = 20,      /* of the thread's own time, for one name */
};

#define TP_CAC_PATTERN_DEFAULT "/Subject:.*CN=(?<Group1>.*)/m"
#define TP_CAC_FORMAT_DEFAULT "#Group1#"

struct tp_cac_pattern;

/* pattern: delimiter, expression, delimiter, flags of "imsxADUuJn"; bracket pairs are
 * delimiters too. format: text with #group#, at least one; each must be a named group of the
 * pattern. TP_FORMAT: diag->where is "pattern" or "format"; TP_LIMIT; TP_NOMEM. */
TP_NODISCARD enum tp_err tp_cac_pattern_new(const char *pattern, const char *format,
					    struct tp_cac_pattern **out, struct tp_diag *diag);
void tp_cac_pattern_free(struct tp_cac_pattern **pattern);

struct tp_cac_name {
	char text[TP_CAC_NAME_MAX + 1]; /* UTF-8 without control characters */
	bool again; /* the pattern fits a second place: the certificate's owner may choose which */
};

/* The name in a certificate's text, any thread. TP_NOTFOUND: the pattern does not fit, or a
 * group of the format is empty; TP_LIMIT: text or name too long, or the pattern costs too
 * much; TP_FORMAT: the name holds what no name may hold. diag says which. */
TP_NODISCARD enum tp_err tp_cac_pattern_apply(const struct tp_cac_pattern *pattern,
					      struct tp_span text, struct tp_cac_name *out,
					      struct tp_diag *diag);

#endif
