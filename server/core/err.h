/* Result codes of fallible functions, and the diagnostic that may go with one.
 * Used by every process; no I/O. */
#ifndef TP_CORE_ERR_H
#define TP_CORE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* Chosen by what the caller does next, not by what went wrong. */
enum tp_err {
	TP_OK = 0,
	TP_AGAIN,       /* nothing now; wait for the event and call again */
	TP_SHORT,       /* input ends before the thing does; more bytes may help */
	TP_FORMAT,      /* input is malformed; more bytes never help */
	TP_LIMIT,       /* a configured or built-in limit would be exceeded */
	TP_DENIED,      /* a policy says no */
	TP_AUTH,        /* credentials are missing or wrong */
	TP_NOTFOUND,
	TP_EXISTS,
	TP_CONFLICT,    /* someone else changed it, or another change is under way */
	TP_STATE,       /* not now: the object is in the wrong state */
	TP_UNSUPPORTED, /* well-formed, but not a thing we do */
	TP_NOMEM,
	TP_IO,          /* the system refused; the diagnostic carries its words */
	TP_CLOSED,      /* the other side has gone */
	TP_INTERNAL,    /* an invariant of ours is broken */
};

#define TP_NODISCARD __attribute__((warn_unused_result))
#define TP_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* Upper-case name of a code, e.g. "FORMAT". Never NULL. */
const char *tp_err_name(enum tp_err err);

enum {
	TP_DIAG_WHERE_MAX = 255, /* bytes */
	TP_DIAG_TEXT_MAX = 511,  /* bytes */
};

/* What is wrong and where, for a person. Both texts are always NUL-terminated
 * printable UTF-8; text that does not fit is cut at the end. */
struct tp_diag {
	char where[TP_DIAG_WHERE_MAX + 1]; /* field, header or path; may be empty */
	char text[TP_DIAG_TEXT_MAX + 1];
};

/* Fills *diag when it is not NULL and returns err, so that a failing function
 * ends with `return tp_fail(diag, TP_FORMAT, "m-line", "port %s is not a number", p);`
 * Bytes below 0x20 and 0x7f in the result are replaced by '?'. */
enum tp_err tp_fail(struct tp_diag *diag, enum tp_err err, const char *where, const char *fmt, ...)
	TP_PRINTF(4, 5);

#endif
