/* Revocation of a whole chain: asks the CRLs in memory and the OCSP answers kept, says
 * what is still to be asked over the network, and sums up. No I/O. Used by sip; one
 * thread. */
#ifndef TP_TLS_REVOCATION_CHAIN_H
#define TP_TLS_REVOCATION_CHAIN_H

#include "core/text.h"
#include "tls/ocsp.h"

struct x509_st;    /* X509 */
struct tp_crl_set; /* tls/crl_index.h */

struct tp_revocation_policy {
	bool enabled; /* false: nothing is asked, everything accepted */
	bool use_ocsp;
	bool use_crls;
	bool use_points; /* lists that certificates name may be downloaded */
	bool automatic_overrides;
	bool unknown_is_revoked;
	uint32_t last_known_good_s;
};

/* What all TLS contexts of a service share, so that a new CRL or switch counts from the
 * next handshake on without a new context. Counted references. */
struct tp_revocation;

enum { TP_REVOCATION_CACHE_MAX = 4096 /* OCSP answers kept */ };

/* crls: borrowed, must live as long; NULL: none. seed: of the cache's hash. */
TP_NODISCARD enum tp_err tp_revocation_new(const struct tp_crl_set *crls, const uint8_t seed[16],
					   struct tp_revocation **out);
struct tp_revocation *tp_revocation_ref(struct tp_revocation *r);
void tp_revocation_unref(struct tp_revocation **r);
void tp_revocation_set_policy(struct tp_revocation *r, const struct tp_revocation_policy *policy);
const struct tp_revocation_policy *tp_revocation_policy(const struct tp_revocation *r);

/* Final verdicts since the start, for the alarms. */
struct tp_revocation_counters {
	uint64_t accepted;
	uint64_t refused;
	uint64_t fallback;        /* the fallback decided */
	uint64_t last_known_good; /* accepted by an expired CRL inside the window */
	char fallback_text[TP_REVOCATION_REASON_MAX + 1];        /* of the last one */
	char last_known_good_text[TP_REVOCATION_REASON_MAX + 1];
};
const struct tp_revocation_counters *tp_revocation_counters(const struct tp_revocation *r);
/* Counts one peer's final verdict. */
void tp_revocation_count(struct tp_revocation *r, const struct tp_revocation_verdict *verdict);

/* Judges an answer and keeps it until its nextUpdate when it says good or revoked. An
 * answer whose signer a CRL revokes is worth nothing. */
void tp_revocation_learn(struct tp_revocation *r, const struct tp_ocsp_question *question,
			 const void *response, size_t response_len, int64_t now,
			 struct tp_ocsp_answer *out);

enum {
	TP_REVOCATION_POINT_MAX = 1023, /* bytes of a distribution point's URL */
	TP_REVOCATION_POINT_KEY_MAX = TP_REVOCATION_POINT_MAX + 17, /* with the CA: another CA's certificates
	                                 * may name the same place, and fail there */
	TP_REVOCATION_POINTS_MAX = 64,  /* distribution points about which something is kept */
	TP_REVOCATION_POINT_FRESH_S = 86400, /* from one download of a list in force to the next */
	TP_REVOCATION_POINT_AGAIN_S = 60,    /* from one that brought no list in force */
};

/* Downloading the list at this distribution point has ended, one way or the other. */
void tp_revocation_point_ended(struct tp_revocation *r, const char *key, int64_t now);

/* ------------------------------------------------------------------ one chain */

struct tp_revocation_chain;

enum { TP_REVOCATION_CHAIN_MAX = 20 /* certificates, with the anchor */ };

/* certificates: leaf first, the anchor last, which is not asked about. Takes references.
 * kept: whether OCSP answers kept may serve. TP_LIMIT: too long; TP_NOMEM. */
TP_NODISCARD enum tp_err tp_revocation_chain_new(struct tp_revocation *r,
						 struct x509_st *const *certificates, size_t count,
						 bool kept, int64_t now,
						 struct tp_revocation_chain **out);
struct tp_tls_context;
/* The same of a PEM text, leaf first, as a peer of the context would show it; answers kept
 * are not used. TP_FORMAT: no certificate in it; TP_DENIED: its chain is not trusted, with
 * the reason in diag; TP_STATE: the context asks about no revocation. */
TP_NODISCARD enum tp_err tp_tls_revocation_chain_of_pem(const struct tp_tls_context *context,
							struct tp_span pem,
							struct tp_revocation_chain **out,
							struct tp_diag *diag);
void tp_revocation_chain_free(struct tp_revocation_chain **chain);
/* Takes another fallback than the policy's; GLOBAL and LATER change nothing. */
void tp_revocation_chain_set_unknown(struct tp_revocation_chain *chain,
				     enum tp_revocation_unknown unknown);
/* How many certificates are asked about. */
size_t tp_revocation_chain_count(const struct tp_revocation_chain *chain);
/* What is still to be asked about certificate n; NULL: nothing. */
const struct tp_ocsp_question *tp_revocation_chain_question(const struct tp_revocation_chain *chain,
							    size_t n);
/* The distribution point whose list is still to be downloaded for certificate n; NULL: none. */
const char *tp_revocation_chain_point(const struct tp_revocation_chain *chain, size_t n);
/* The same, as it is told apart from others. */
const char *tp_revocation_chain_point_key(const struct tp_revocation_chain *chain, size_t n);
/* The CA whose list that is, in PEM form, in memory of the caller's; TP_NOMEM. */
TP_NODISCARD enum tp_err tp_revocation_chain_point_issuer(const struct tp_revocation_chain *chain, size_t n,
							  char **pem, size_t *len);
/* The download for this distribution point has ended: the lists in memory are asked again.
 * text: why there is none, empty when there is. False: no certificate waits for it. */
bool tp_revocation_chain_point_ended(struct tp_revocation_chain *chain, const char *key, const char *text);
/* An answer for every certificate with that key. False: for none. */
bool tp_revocation_chain_answer(struct tp_revocation_chain *chain, const uint8_t key[32],
				const struct tp_ocsp_answer *answer);
/* No more answers and lists are waited for: those missing count as unreachable. */
void tp_revocation_chain_give_up(struct tp_revocation_chain *chain);
/* The whole chain's verdict; the reason names the certificate when it is not the
 * leaf's own. Refusing wins over waiting, waiting over accepting. */
void tp_revocation_chain_decide(const struct tp_revocation_chain *chain,
				struct tp_revocation_verdict *out);

/* For pages: certificate n, what each source says, and its own verdict. */
struct tp_revocation_look {
	char subject[256];
	char responder[TP_OCSP_URL_MAX + 1]; /* empty: none named */
	struct tp_revocation_facts facts;
	char ocsp_text[TP_OCSP_TEXT_MAX + 1];
	char point_text[TP_OCSP_TEXT_MAX + 1]; /* why no list came from where the certificate says */
	struct tp_revocation_verdict verdict;
};
void tp_revocation_chain_look(const struct tp_revocation_chain *chain, size_t n,
			      struct tp_revocation_look *out);

#endif
