/* Whom a revocation list speaks about: names and certificates in the form in which
 * tls/crl_index.h compares them. Used by sip, admin and the CRL helper. */
#ifndef TP_TLS_CRL_QUESTION_H
#define TP_TLS_CRL_QUESTION_H

#include "tls/crl_index.h"

struct x509_st;      /* X509 */
struct X509_name_st; /* X509_NAME */
struct GENERAL_NAME_st;

/* Two names that are equal by RFC 5280 section 7.1 (without regard to string type, case
 * of ASCII letters and runs of space) have the same hash. TP_FORMAT, TP_NOMEM. */
TP_NODISCARD enum tp_err tp_crl_name_hash(const struct X509_name_st *name,
					  uint8_t hash[TP_CRL_HASH]);
TP_NODISCARD enum tp_err tp_crl_point_hash(const struct GENERAL_NAME_st *point,
					   uint8_t hash[TP_CRL_HASH]);
/* The first http:// distribution point in the certificate whose list its own issuer signs
 * for all reasons; false: there is none that fits into size. */
bool tp_crl_point_url(struct x509_st *certificate, char *url, size_t size);
/* Everything of the question that stands in the certificate; sources and now are zero. */
TP_NODISCARD enum tp_err tp_crl_question_of(struct x509_st *certificate,
					    struct tp_crl_question *out);

#endif
