/* Names of result codes and the filling of diagnostics.
 * Used by every process. */
#include "core/err.h"

#include <stdio.h>

#include "core/text.h"

const char *tp_err_name(enum tp_err err)
{
	static const char *const names[] = {
		"OK",     "AGAIN",    "SHORT", "FORMAT",      "LIMIT", "DENIED", "AUTH",   "NOTFOUND",
		"EXISTS", "CONFLICT", "STATE", "UNSUPPORTED", "NOMEM", "IO",     "CLOSED", "INTERNAL",
	};

	if ((size_t)err >= sizeof(names) / sizeof(names[0]))
		return "UNKNOWN";
	return names[err];
}

enum tp_err tp_fail(struct tp_diag *diag, enum tp_err err, const char *where, const char *fmt, ...)
{
	va_list ap;

	if (!diag)
		return err;

	tp_text_copy(diag->where, sizeof(diag->where), where ? where : "");
	va_start(ap, fmt);
	vsnprintf(diag->text, sizeof(diag->text), fmt, ap);
	va_end(ap);
	tp_text_make_printable(diag->where);
	tp_text_make_printable(diag->text);
	return err;
}
