/* The text of a certificate that patterns run over. Runs in turnpike-admin. */
#ifndef TP_ADMIN_CAC_TEXT_H
#define TP_ADMIN_CAC_TEXT_H

#include <stddef.h>

#include "core/err.h"

struct x509_st; /* X509 */

/* Byte for byte what `openssl x509 -text -nameopt RFC2253 -noout` prints, with a NUL behind it;
 * *out is freed by the caller. TP_FORMAT: a name in it holds a NUL, which would end the name
 * for some and not for others, or an alternative name what stands between two in the text;
 * TP_LIMIT: longer than TP_CAC_TEXT_MAX; TP_NOMEM. */
TP_NODISCARD enum tp_err tp_cac_text(struct x509_st *certificate, char **out, size_t *len,
				     struct tp_diag *diag);

#endif
