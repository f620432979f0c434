/* Programs of the administrator's that put DNS-01 proofs into the DNS. */
#ifndef TP_ACME_HOOK_H
#define TP_ACME_HOOK_H

#include "core/err.h"
#include "core/text.h"

enum { TP_HOOK_MS = 120000 };

/* Whether this may be the name of a program in the folder of hooks. */
bool tp_hook_is_name(const char *name);
/* Runs NAME WHAT DNS-NAME VALUE and waits for its end. On an error diag holds what it said
 * last. */
TP_NODISCARD enum tp_err tp_hook_run(const char *name, const char *what, const char *dns_name,
				     const char *value, struct tp_diag *diag);

#endif
