/* What TLS a service speaks: least version, cipher suites, groups; the presets; and
 * what a list of words comes to, or why it is refused. Used by turnpike-validate (to
 * refuse), admin (to show) and the context factory (to apply). */
#ifndef TP_TLS_POLICY_H
#define TP_TLS_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "tls/services.h"

/* As the model and the slices number them. */
enum tp_tls_version { TP_TLS_1_0 = 0, TP_TLS_1_1 = 1, TP_TLS_1_2 = 2, TP_TLS_1_3 = 3 };
enum tp_tls_preset {
	TP_TLS_COMPATIBLE = 0,  /* the lists of the appliances that we replace */
	TP_TLS_RECOMMENDED = 1,
	TP_TLS_DISA = 2,        /* FIPS algorithms only: AES-GCM, NIST curves */
	TP_TLS_CUSTOM = 3,
};
/* Accepting and connecting have lists of their own. */
enum tp_tls_side { TP_TLS_INBOUND = 0, TP_TLS_OUTBOUND = 1 };

enum {
	TP_TLS_CIPHERS_MAX = 1023,     /* bytes of a list up to TLS 1.2 */
	TP_TLS_CIPHERSUITES_MAX = 255, /* bytes of a list of TLS 1.3 */
	TP_TLS_GROUPS_MAX = 127,
	TP_TLS_SUITES_MAX = 200,       /* of one expansion */
	TP_TLS_DH_BITS_MIN = 2048,     /* of finite-field Diffie-Hellman, at every level */
};

struct tp_tls_policy {
	enum tp_tls_version least;
	const char *ciphers;      /* up to TLS 1.2, OpenSSL's syntax; unused from 1.3 on */
	const char *ciphersuites; /* TLS 1.3, names joined by ':' */
	const char *groups;       /* key exchange groups, OpenSSL's names joined by ':' */
};

const char *tp_tls_version_name(enum tp_tls_version version); /* "1.2" */
const char *tp_tls_preset_name(enum tp_tls_preset preset);    /* "recommended" */
/* False when there is none of this name. */
bool tp_tls_version_find(const char *name, enum tp_tls_version *out);
bool tp_tls_preset_find(const char *name, enum tp_tls_preset *out);

/* The preset's lists for one side of a service, least version 1.2; of
 * TP_TLS_CUSTOM: the recommended ones. */
void tp_tls_policy_preset(enum tp_tls_service service, enum tp_tls_side side,
			  enum tp_tls_preset preset, struct tp_tls_policy *out);

/* One suite that a policy lets in. */
struct tp_tls_suite {
	char name[64];          /* OpenSSL's */
	char standard[64];      /* of the IANA registry */
	char protocol[16];      /* first version that has it: "TLSv1.2" */
	char exchange[16];      /* "ECDHE", "DHE", "RSA" */
	char authentication[16];/* "RSA", "ECDSA", "none" */
	char encryption[32];    /* "AESGCM(256)" */
	uint16_t bits;          /* of strength */
	const char *weak;       /* why, for a person; NULL = not weak. A constant. */
};

/* Refuses, with words for a person in diag->text and the part in diag->where
 * ("minimum-version", "ciphers", "ciphersuites", "groups"): words that OpenSSL does
 * not know (it would ignore them), @SECLEVEL, a list that leaves nothing, suites
 * without encryption, suites without authentication inbound. TP_FORMAT, TP_LIMIT. */
TP_NODISCARD enum tp_err tp_tls_policy_check(const struct tp_tls_policy *policy,
					     enum tp_tls_side side, struct tp_diag *diag);
/* The suites in the order of preference; freed by the caller. Checks first. */
TP_NODISCARD enum tp_err tp_tls_policy_expand(const struct tp_tls_policy *policy,
					      enum tp_tls_side side, struct tp_tls_suite **out,
					      size_t *count, struct tp_diag *diag);
/* Brings OpenSSL up, without the system's openssl.cnf, before a sandbox is entered. */
TP_NODISCARD enum tp_err tp_tls_policy_init(void);

#endif
