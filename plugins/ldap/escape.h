/* Puts what somebody typed into a search filter or a distinguished name. Runs in
 * turnpike-ldap. */
#ifndef TP_LDAP_ESCAPE_H
#define TP_LDAP_ESCAPE_H

#include <stddef.h>

#include "core/err.h"
#include "core/text.h"

enum { TP_LDAP_TEXT_MAX = 2047 }; /* bytes of what comes out */

/* Replaces each %s by the value, in which every byte that could mean something is
 * written as \XX (RFC 4515 section 3, RFC 4514 section 2.4). TP_FORMAT: the value is empty
 * or holds a NUL; TP_LIMIT: the result is too long. */
TP_NODISCARD enum tp_err tp_ldap_escape(const char *form, struct tp_span value,
					char out[TP_LDAP_TEXT_MAX + 1]);

#endif
