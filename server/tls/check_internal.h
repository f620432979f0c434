/* What the files of the certificate check share. Not included by others. */
#ifndef TP_TLS_CHECK_INTERNAL_H
#define TP_TLS_CHECK_INTERNAL_H

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "tls/check.h"
#include "tls/internal.h"

/* One certificate with its extensions read; made when a path first needs it. */
struct tp_check_cert {
	X509 *x; /* borrowed */
	bool anchor;
	bool read;
	bool self_issued;
	bool self_signed;
	bool has_usage, has_basic, ca;
	uint32_t usage;      /* KU_ bits of OpenSSL */
	long path_length;    /* -1 = no limit */
	int64_t not_before, not_after;
	EXTENDED_KEY_USAGE *purposes;
	GENERAL_NAMES *names;
	NAME_CONSTRAINTS *constraints;
	AUTHORITY_KEYID *authority;
	ASN1_OCTET_STRING *key_id;
	CRL_DIST_POINTS *points;
	EVP_PKEY *inherited; /* its key, where the parameters are those of its issuer */
	int error;           /* what is wrong with its form; 0 = nothing */
	const char *problem; /* the same for a person */
};

struct tp_check_failure {
	int error;
	unsigned depth;
	X509 *x; /* borrowed */
	char reason[TP_TLS_REASON_MAX + 1];
};

struct tp_check_edge {
	unsigned child, issuer;
	bool good;
};

/* A CRL with what says for what it stands. */
struct tp_check_crl {
	X509_CRL *crl; /* borrowed */
	bool usable;   /* form, time */
	bool expired;
	int64_t this_update;
	ISSUING_DIST_POINT *idp;
	ASN1_INTEGER *number;
	ASN1_INTEGER *delta_of; /* not NULL: a delta CRL */
	AUTHORITY_KEYID *authority;
};

/* One run. Certificates are known by their place in `all`: the leaf is 0. */
struct tp_check_run {
	const struct tp_tls_check *want;
	struct tp_check_cert *all;
	unsigned count;
	struct tp_check_edge edges[TP_TLS_CHECK_SIGNATURES_MAX];
	unsigned edge_count, edge_limit;
	unsigned steps_left;
	unsigned paths_left;
	unsigned names_left;
	bool exhausted; /* a budget of this run is used up */
	bool costly;    /* a signature was passed over: verifying it takes too long */
	struct tp_check_crl *crls;
	unsigned crl_count;
	unsigned crl_checks_left; /* signatures of CRLs still to be verified at most */
	unsigned entries_left;
	unsigned signers[TP_TLS_CHECK_PATH_MAX]; /* CRL issuers whose own path is being built */
	unsigned signer_count;
};

struct tp_check_path {
	unsigned certs[TP_TLS_CHECK_PATH_MAX]; /* leaf first, anchor last */
	unsigned length;
};

/* Reads the extensions once; the certificate's own problem is in error. */
struct tp_check_cert *tp_check_cert_at(struct tp_check_run *run, unsigned i);
void tp_check_cert_fini(struct tp_check_cert *cert);
/* A Time in the one form that RFC 5280 section 4.1.2.5 has for it. `strict` refuses
 * GeneralizedTime before 2050 too. */
bool tp_check_time(const ASN1_TIME *t, bool strict, int64_t *out);
/* Our own rules for key and signature; NULL when they are strong enough. */
const char *tp_check_strength(X509 *x, bool signature_counts);
/* Whether verifying a signature with it takes so long that a peer must not make us. */
bool tp_check_key_is_costly(const EVP_PKEY *key);

/* Tries every path from `first` to an anchor until `judge` takes one. */
typedef bool tp_check_judge(struct tp_check_run *run, const struct tp_check_path *path, void *arg,
			    struct tp_check_failure *why);
bool tp_check_search(struct tp_check_run *run, unsigned first, tp_check_judge *judge, void *arg,
		     struct tp_check_path *found, struct tp_check_failure *why);
/* RFC 5280 section 6.1 over a path whose signatures are good, without CRLs. */
bool tp_check_path_valid(struct tp_check_run *run, const struct tp_check_path *path,
			 bool whole, struct tp_check_failure *why);
/* Its public key, borrowed; NULL when it cannot be used. */
EVP_PKEY *tp_check_key(struct tp_check_run *run, unsigned i);
/* Whether issuer's key made child's signature; counted against the budget. */
bool tp_check_signed(struct tp_check_run *run, unsigned child, unsigned issuer);
/* Whether the key identifiers let `issuer` be the one that `authority` means; 2 agrees,
 * 1 says nothing, 0 contradicts. */
int tp_check_key_fits(const AUTHORITY_KEYID *authority, const struct tp_check_cert *issuer);

/* Name constraints of path[holder] against path[depth]. */
bool tp_check_names_allowed(struct tp_check_run *run, const NAME_CONSTRAINTS *constraints,
			    const struct tp_check_cert *cert, bool is_leaf, const char **problem);
/* Whether the extension itself makes sense; NULL when it does. `strict`: no leading
 * period in DNS constraints. */
const char *tp_check_constraints_form(const NAME_CONSTRAINTS *constraints, bool strict);

enum tp_err tp_check_crls_read(struct tp_check_run *run);
void tp_check_crls_fini(struct tp_check_run *run);
/* RFC 5280 section 6.3 for every certificate of the path but the anchor. */
bool tp_check_crls(struct tp_check_run *run, const struct tp_check_path *path,
		   struct tp_check_failure *why);

/* Fills *why and returns false. */
bool tp_check_refuse(struct tp_check_failure *why, int error, unsigned depth, X509 *x, const char *fmt,
		     ...) TP_PRINTF(5, 6);

#endif
