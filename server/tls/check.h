/* Whether a chain of certificates is to be believed: path building and validation
 * of RFC 5280 section 6 with CRLs, policies and name constraints, the name match of
 * RFC 9525, and our own rules. Used by sip and admin for the other side of a
 * connection, and by turnpikectl. Pure: no clock, no file, no network. */
#ifndef TP_TLS_CHECK_H
#define TP_TLS_CHECK_H

#include "tls/context.h"

struct stack_st_X509;        /* STACK_OF(X509) */
struct stack_st_X509_CRL;    /* STACK_OF(X509_CRL) */
struct stack_st_ASN1_OBJECT; /* STACK_OF(ASN1_OBJECT) */

/* Every one but ANY adds our own rules (docs/certificates.md). */
enum tp_tls_purpose {
	TP_TLS_PURPOSE_ANY = 0,   /* RFC 5280 alone */
	TP_TLS_PURPOSE_SERVER,    /* of a TLS connection: web, SIP, the link */
	TP_TLS_PURPOSE_CLIENT,    /* of a TLS connection */
	TP_TLS_PURPOSE_WEB_LOGIN, /* a person with a certificate or a smart card */
};

enum {
	TP_TLS_CHECK_PATH_MAX = 20,            /* certificates from leaf to anchor */
	TP_TLS_CHECK_OTHERS_MAX = 1000,        /* certificates behind the leaf */
	TP_TLS_CHECK_SIGNATURES_MAX = 400,     /* signatures verified in one check ... */
	TP_TLS_CHECK_SIGNATURES_LIVE = 32,     /* ... without `profile`: a handshake waits */
	TP_TLS_CHECK_STEPS_MAX = 4000,         /* certificates tried as the next of a path ... */
	TP_TLS_CHECK_STEPS_LIVE = 200,
	TP_TLS_CHECK_PATHS_MAX = 100,          /* paths tried to their end in one check */
	TP_TLS_CHECK_NAMES_MAX = 1 << 20,      /* comparisons of a name with a constraint ... */
	TP_TLS_CHECK_NAMES_LIVE = 1 << 16,
	TP_TLS_CHECK_CERTIFICATE_MAX = 1 << 18, /* bytes of one, in DER */
	TP_TLS_CHECK_POLICIES_MAX = 32,        /* shown of an accepted path */
	TP_TLS_CHECK_CRLS_MAX = 1000,
};

struct tp_tls_check {
	enum tp_tls_purpose purpose;
	int64_t at;             /* Unix time, seconds */
	const char *name;       /* what the leaf must carry; NULL or "" = any */
	bool cn_names;          /* the subject's CN counts as a name where the SAN holds none */
	bool profile;           /* also refuse what RFC 5280 section 4 forbids issuers */
	struct x509_st *leaf;   /* all borrowed */
	struct stack_st_X509 *others;  /* any order, may be NULL: intermediates, CRL issuers */
	struct stack_st_X509 *anchors; /* each is trusted as it is, an intermediate too */
	bool check_crls;        /* of every certificate of the path but its anchor */
	bool leaf_crl_only;     /* with check_crls: of the leaf alone */
	struct stack_st_X509_CRL *crls;
	struct stack_st_ASN1_OBJECT *policies; /* user-initial-policy-set; NULL = any policy */
	bool require_explicit_policy;
	bool inhibit_policy_mapping;
	bool inhibit_any_policy;
};

struct tp_tls_checked {
	bool accepted;
	int error; /* X509_V_OK, or the X509_V_ERR_ that chooses the fitting TLS alert */
	int depth; /* of the refused certificate; 0 is the leaf */
	char reason[TP_TLS_REASON_MAX + 1];    /* for a person; empty when accepted */
	char subject[TP_TLS_SUBJECT_MAX + 1];  /* of the refused certificate */
	struct stack_st_X509 *path; /* of the accepted: leaf first, anchor last; NULL else */
	unsigned policy_count;      /* authorities' policies the path is valid for (6.1.6) */
	char policies[TP_TLS_CHECK_POLICIES_MAX][80];
};

/* Always fills *out; lack of memory or a limit is a refusal. */
void tp_tls_check_run(const struct tp_tls_check *check, struct tp_tls_checked *out);
void tp_tls_checked_fini(struct tp_tls_checked *checked);

/* tp_tls_check_name, and with cn_names also the last CN of a subject where no DNS name,
 * IP address or SIP URI stands in subjectAltName. */
bool tp_tls_check_server_name(struct x509_st *certificate, const char *wanted, bool cn_names,
			      char reason[TP_TLS_REASON_MAX + 1]);
/* Whether a certificate is that of a person: a user principal name or an e-mail address
 * of it (without case), or a CN (exactly). Fills reason (may be NULL) when false. */
bool tp_tls_check_person(struct x509_st *certificate, const char *wanted,
			 char reason[TP_TLS_REASON_MAX + 1]);

/* Reads every CERTIFICATE block, at most max, into a new stack, the first one first;
 * crls (may be NULL: such blocks are passed over) also takes the X509 CRL blocks.
 * Other blocks and text between them are passed over. Each must be DER without
 * bytes behind it. TP_FORMAT, TP_LIMIT. */
TP_NODISCARD enum tp_err tp_tls_check_read(struct tp_span pem, unsigned max,
					   struct stack_st_X509 **certificates,
					   struct stack_st_X509_CRL **crls, struct tp_diag *diag);

#endif
