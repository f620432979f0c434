/* Whose revocation lists are believed, and whether one really is theirs. Not included
 * outside of tls/. */
#ifndef TP_TLS_CRL_ISSUER_H
#define TP_TLS_CRL_ISSUER_H

#include "tls/crl_read.h"
#include "tls/der.h"

/* Checks that one of the trusted certificates with this name hash may sign lists, and
 * has signed tbs. algorithm: AlgorithmIdentifier in DER; signature: contents of the BIT
 * STRING. Errors of tp_crl_read. */
TP_NODISCARD enum tp_err tp_crl_issuer_check(const struct tp_crl_reading *how,
					     const uint8_t name[TP_CRL_HASH], struct tp_der tbs,
					     struct tp_der algorithm, struct tp_der signature,
					     struct tp_diag *diag);

#endif
