/* Reading one certificate revocation list: signature, issuer, dates, then its entries
 * one after another into an index. Used by the CRL helper.
 *
 * The list is walked where it lies; no object is made of it, so a list of a million
 * entries costs the bytes of its index and nothing else. */
#ifndef TP_TLS_CRL_READ_H
#define TP_TLS_CRL_READ_H

#include "tls/crl_write.h"

struct tp_crl_trust;

/* The certificates whose lists are believed, from PEM blocks one behind the other; those
 * that do not parse are left out. May be empty. TP_LIMIT above 1,000. */
TP_NODISCARD enum tp_err tp_crl_trust_new(struct tp_span pem, struct tp_crl_trust **out);
void tp_crl_trust_free(struct tp_crl_trust **trust);

struct tp_crl_reading {
	const struct tp_crl_trust *trust;
	const struct tp_crl_index *current; /* what is in use and must not become older; or NULL */
	int64_t now;                        /* Unix time, seconds */
};

/* Adds the list in DER form as one list of *w. On failure *w is as before and diag holds
 * the issuer (where) and the reason (text): TP_FORMAT malformed; TP_NOTFOUND its issuer
 * is not trusted; TP_AUTH wrong signature; TP_DENIED issuer may not, not yet valid, or
 * older than what is in use; TP_UNSUPPORTED a delta list without a number that fits, an unknown critical
 * extension or algorithm; TP_LIMIT; TP_NOMEM. *in_use: a list of this issuer is in `current`. */
TP_NODISCARD enum tp_err tp_crl_read(const struct tp_crl_reading *how, const uint8_t *der,
				     size_t len, struct tp_crl_write *w, bool *in_use,
				     struct tp_diag *diag);

#endif
