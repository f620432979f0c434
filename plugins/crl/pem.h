/* Lists in PEM form, one behind the other, with anything between them. Runs in
 * turnpike-crl. */
#ifndef TP_CRL_PEM_H
#define TP_CRL_PEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

typedef enum tp_err (*tp_crl_each)(void *arg, const uint8_t *der, size_t len);

/* Whether it holds the first line of a list. */
bool tp_crl_is_pem(const uint8_t *bytes, size_t len);
/* TP_FORMAT: a block without end, or not base64; TP_NOMEM; or what `each` returned. */
TP_NODISCARD enum tp_err tp_crl_pem_walk(const uint8_t *bytes, size_t len, tp_crl_each each,
					 void *arg, struct tp_diag *diag);

#endif
