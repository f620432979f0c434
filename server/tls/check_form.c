/* The form of one certificate: its extensions, dates, serial, and how strong key and
 * signature are. Used by sip, admin and turnpikectl. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "tls/check_internal.h"
#include "tls/der.h"

enum { DNS_NAME_MAX = 253, DNS_LABEL_MAX = 63 };
enum { EXTENSIONS_MAX = 100, SERIAL_BYTES_MAX = 20, RSA_BITS_MIN = 2048, EC_BITS_MIN = 256, SECURITY_BITS_MIN = 112 };
/* Beyond these a peer could have a handshake cost hundreds of milliseconds. */
enum { RSA_BITS_MAX = 8192, RSA_EXPONENT_BITS_MAX = 33, EC_BITS_MAX = 521, COSTLY_BITS_MIN = 3072 };

/* What is processed, or may be passed over because it says nothing about validity. */
static const struct known {
	int nid;
	bool may_be_critical;
	bool never_critical; /* a MUST of section 4.2 */
} known[] = {
	{ NID_basic_constraints, true, false },
	{ NID_key_usage, true, false },
	{ NID_ext_key_usage, true, false },
	{ NID_subject_alt_name, true, false },
	{ NID_issuer_alt_name, true, false },
	{ NID_name_constraints, true, false },
	{ NID_certificate_policies, true, false },
	{ NID_policy_mappings, true, false },
	{ NID_policy_constraints, true, false },
	{ NID_inhibit_any_policy, true, false },
	{ NID_crl_distribution_points, true, false },
	{ NID_authority_key_identifier, false, true },
	{ NID_subject_key_identifier, false, true },
	{ NID_freshest_crl, false, true },
	{ NID_info_access, false, true },
	{ NID_sinfo_access, false, true },
};

static void blame(struct tp_check_cert *c, int error, const char *problem)
{
	if (c->problem)
		return;
	c->error = error;
	c->problem = problem;
}

static bool digits(const unsigned char *p, int len, int from, int count, int *out)
{
	*out = 0;
	if (from + count > len)
		return false;
	for (int i = from; i < from + count; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*out = *out * 10 + (p[i] - '0');
	}
	return true;
}

bool tp_check_time(const ASN1_TIME *t, bool strict, int64_t *out)
{
	const unsigned char *p = ASN1_STRING_get0_data(t);
	bool utc = ASN1_STRING_type(t) == V_ASN1_UTCTIME;
	int len = ASN1_STRING_length(t);
	int at = utc ? 2 : 4;
	struct tm tm = { 0 };
	struct tm back;
	int year;
	time_t when;

	if (len != at + 11 || p[len - 1] != 'Z' || !digits(p, len, 0, at, &year) ||
	    !digits(p, len, at, 2, &tm.tm_mon) || !digits(p, len, at + 2, 2, &tm.tm_mday) ||
	    !digits(p, len, at + 4, 2, &tm.tm_hour) || !digits(p, len, at + 6, 2, &tm.tm_min) ||
	    !digits(p, len, at + 8, 2, &tm.tm_sec))
		return false;
	if (utc)
		year += year < 50 ? 2000 : 1900;
	else if (strict && year < 2050)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon -= 1;
	back = tm;
	when = timegm(&back);
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday || back.tm_hour != tm.tm_hour ||
	    back.tm_min != tm.tm_min || back.tm_sec != tm.tm_sec)
		return false; /* 30 February */
	*out = when;
	return true;
}

static const char *key_strength(EVP_PKEY *key)
{
	int explicit_curve = 0;

	if (!key)
		return "has a key of an unknown kind";
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		if (EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
			return "has a weak key: RSA with less than 2048 bits";
		return EVP_PKEY_get_bits(key) % 8 ? "has an odd key: RSA bits that fill no byte" : NULL;
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_bits(key) < EC_BITS_MIN)
			return "has a weak key: a curve of less than 256 bits";
		if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
					   &explicit_curve) == 1 &&
		    explicit_curve)
			return "has a key on a curve without a name";
		return NULL;
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return NULL;
	default:
		return "has a key of a kind that is not accepted";
	}
}

bool tp_check_key_is_costly(const EVP_PKEY *key)
{
	char field[64] = "";
	BIGNUM *exponent = NULL;
	bool costly = EVP_PKEY_get_bits(key) > COSTLY_BITS_MIN;

	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		costly = EVP_PKEY_get_bits(key) > RSA_BITS_MAX ||
			 EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1 ||
			 BN_num_bits(exponent) > RSA_EXPONENT_BITS_MAX;
		break;
	case EVP_PKEY_EC:
		/* OpenSSL is slow with curves over binary fields. */
		costly = EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_FIELD_TYPE, field, sizeof(field),
							NULL) != 1 ||
			 strcmp(field, SN_X9_62_prime_field) != 0 || EVP_PKEY_get_bits(key) > EC_BITS_MAX;
		break;
	default:
		break;
	}
	BN_free(exponent);
	ERR_clear_error();
	return costly;
}

const char *tp_check_strength(X509 *x, bool signature_counts)
{
	const char *problem = key_strength(X509_get0_pubkey(x));
	int security_bits = 0;

	if (!problem && signature_counts &&
	    (X509_get_signature_info(x, NULL, NULL, &security_bits, NULL) != 1 ||
	     security_bits < SECURITY_BITS_MIN))
		problem = "has a weak signature (MD5 or SHA-1)";
	return problem;
}

static const struct known *find_known(int nid)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].nid == nid)
			return &known[i];
	return NULL;
}

/* One DER element and nothing behind it. */
static bool is_one_element(const ASN1_OCTET_STRING *value)
{
	struct tp_rd rd;

	tp_rd_init(&rd, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
	tp_der_next(&rd);
	return tp_rd_finish(&rd) == TP_OK;
}

static void take_basic(struct tp_check_cert *c, BASIC_CONSTRAINTS *basic)
{
	c->has_basic = true;
	c->ca = basic->ca != 0;
	if (basic->pathlen && c->ca) {
		int64_t n;

		if (ASN1_INTEGER_get_int64(&n, basic->pathlen) != 1 || n < 0)
			blame(c, X509_V_ERR_INVALID_EXTENSION, "has a basic constraint that is not valid");
		else
			c->path_length = n > TP_TLS_CHECK_PATH_MAX ? TP_TLS_CHECK_PATH_MAX : (long)n;
	}
	BASIC_CONSTRAINTS_free(basic);
}

static void take_usage(struct tp_check_cert *c, ASN1_BIT_STRING *bits)
{
	c->has_usage = true;
	if (bits->length > 0)
		c->usage = bits->data[0];
	if (bits->length > 1)
		c->usage |= (uint32_t)bits->data[1] << 8;
	if (c->usage == 0)
		blame(c, X509_V_ERR_INVALID_EXTENSION, "has a key usage without any bit");
	ASN1_BIT_STRING_free(bits);
}

/* Section 4.2.1.4: who does not know a qualifier refuses the extension when critical. */
static void look_at_qualifiers(struct tp_check_cert *c, const CERTIFICATEPOLICIES *policies)
{
	for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
		const STACK_OF(POLICYQUALINFO) *qualifiers = sk_POLICYINFO_value(policies, i)->qualifiers;

		for (int k = 0; k < sk_POLICYQUALINFO_num(qualifiers); k++) {
			int nid = OBJ_obj2nid(sk_POLICYQUALINFO_value(qualifiers, k)->pqualid);

			if (nid != NID_id_qt_cps && nid != NID_id_qt_unotice)
				blame(c, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
				      "holds a critical policy qualifier that is not known here");
		}
	}
}

/* Keeps what later steps need; frees the rest, whose form has been seen. */
static void keep(struct tp_check_cert *c, int nid, X509_EXTENSION *e, void *value)
{
	const X509V3_EXT_METHOD *method = X509V3_EXT_get(e);

	if (nid == NID_certificate_policies && X509_EXTENSION_get_critical(e))
		look_at_qualifiers(c, value);
	switch (nid) {
	case NID_basic_constraints:
		take_basic(c, value);
		return;
	case NID_key_usage:
		take_usage(c, value);
		return;
	case NID_ext_key_usage:
		c->purposes = value;
		return;
	case NID_subject_alt_name:
		c->names = value;
		return;
	case NID_name_constraints:
		c->constraints = value;
		return;
	case NID_authority_key_identifier:
		c->authority = value;
		return;
	case NID_subject_key_identifier:
		c->key_id = value;
		return;
	case NID_crl_distribution_points:
		c->points = value;
		return;
	default:
		if (method && method->it)
			ASN1_item_free(value, ASN1_ITEM_ptr(method->it));
		return;
	}
}

static void read_extension(struct tp_check_cert *c, int at, bool profile)
{
	X509_EXTENSION *e = X509_get_ext(c->x, at);
	const ASN1_OBJECT *object = X509_EXTENSION_get_object(e);
	const struct known *k = find_known(OBJ_obj2nid(object));
	bool critical = X509_EXTENSION_get_critical(e) == 1;
	void *value;

	if (X509_get_ext_by_OBJ(c->x, object, at) >= 0) {
		blame(c, X509_V_ERR_INVALID_EXTENSION, "holds the same extension twice");
		return;
	}
	if (X509_get_ext_by_OBJ(c->x, object, -1) != at)
		return; /* the second one */
	if (critical && (!k || (!k->may_be_critical && (profile || !k->never_critical))))
		blame(c, X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
		      k ? "marks an extension critical that must not be"
			: "holds a critical extension that is not known here");
	if (!k)
		return;
	value = is_one_element(X509_EXTENSION_get_data(e)) ? X509V3_EXT_d2i(e) : NULL;
	if (!value)
		blame(c, X509_V_ERR_INVALID_EXTENSION, "holds an extension that does not parse");
	else
		keep(c, k->nid, e, value);
}

/* The preferred name syntax of section 4.2.1.6; a wildcard may stand as the first label. */
static bool is_dns_name(const ASN1_IA5STRING *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-*";
	struct tp_span rest = { (const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) };

	if (rest.len == 0 || rest.len > DNS_NAME_MAX || rest.p[rest.len - 1] == '.')
		return false;
	while (rest.p) {
		struct tp_span label = tp_span_split(&rest, '.');

		if (label.len == 0 || label.len > DNS_LABEL_MAX || label.p[0] == '-' ||
		    label.p[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++)
			if (!label.p[i] || !strchr(allowed, label.p[i]))
				return false;
	}
	return true;
}

/* What section 4.2 demands of extensions together, whoever made the certificate. */
static void check_together(struct tp_check_cert *c, bool profile)
{
	const char *constraints = tp_check_constraints_form(c->constraints, profile);

	if (constraints)
		blame(c, X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, constraints);
	if (c->names && sk_GENERAL_NAME_num(c->names) == 0)
		blame(c, X509_V_ERR_EMPTY_SUBJECT_ALT_NAME, "has a subjectAltName without a name");
	if (c->purposes && sk_ASN1_OBJECT_num(c->purposes) == 0)
		blame(c, X509_V_ERR_INVALID_EXTENSION, "has an extended key usage without a purpose");
	for (int i = 0; i < sk_GENERAL_NAME_num(c->names); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(c->names, i);

		if (profile && g->type == GEN_DNS && !is_dns_name(g->d.dNSName))
			blame(c, X509_V_ERR_INVALID_EXTENSION, "has a DNS name that is none");
		if (g->type == GEN_IPADD && ASN1_STRING_length(g->d.iPAddress) != 4 &&
		    ASN1_STRING_length(g->d.iPAddress) != 16)
			blame(c, X509_V_ERR_INVALID_EXTENSION, "has an IP address of a wrong length");
	}
}

/* RFC 5280 section 4: demanded of issuers, not of section 6. */
static void check_profile(struct tp_check_cert *c, bool any)
{
	bool no_subject = X509_NAME_entry_count(X509_get_subject_name(c->x)) == 0;
	int san = X509_get_ext_by_NID(c->x, NID_subject_alt_name, -1);
	int limits = X509_get_ext_by_NID(c->x, NID_policy_constraints, -1);
	int names = X509_get_ext_by_NID(c->x, NID_name_constraints, -1);
	int basic = X509_get_ext_by_NID(c->x, NID_basic_constraints, -1);

	if (X509_NAME_entry_count(X509_get_issuer_name(c->x)) == 0)
		blame(c, X509_V_ERR_ISSUER_NAME_EMPTY, "has no issuer name");
	if (no_subject && c->ca)
		blame(c, X509_V_ERR_SUBJECT_NAME_EMPTY, "is a CA without a name");
	if (no_subject && (san < 0 || !X509_EXTENSION_get_critical(X509_get_ext(c->x, san))))
		blame(c, X509_V_ERR_SUBJECT_NAME_EMPTY, "has no subject and no critical subjectAltName");
	if (!c->ca && c->has_usage && (c->usage & KU_KEY_CERT_SIGN))
		blame(c, X509_V_ERR_KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA,
		      "may sign certificates by its key usage but is no CA");
	if (!c->ca && c->constraints)
		blame(c, X509_V_ERR_INVALID_EXTENSION, "has name constraints but is no CA");
	if (!any && limits >= 0 && !X509_EXTENSION_get_critical(X509_get_ext(c->x, limits)))
		blame(c, X509_V_ERR_INVALID_EXTENSION, "has policy constraints that are not critical");
	if (any && names >= 0 && !X509_EXTENSION_get_critical(X509_get_ext(c->x, names)))
		blame(c, X509_V_ERR_INVALID_EXTENSION, "has name constraints that are not critical");
	if (c->self_signed && basic >= 0 && !X509_EXTENSION_get_critical(X509_get_ext(c->x, basic)))
		blame(c, X509_V_ERR_CA_BCONS_NOT_CRITICAL, "is a root whose basic constraints are not critical");
	if (c->key_id && !c->authority && !c->self_signed && !c->anchor)
		blame(c, X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER, "has no authority key identifier");
	if (!any && c->ca && c->anchor && c->self_issued && c->authority && c->key_id &&
	    (!c->authority->keyid || tp_check_key_fits(c->authority, c) == 0))
		blame(c, X509_V_ERR_AKID_SKID_MISMATCH, "is a root whose key identifiers differ");
	if (c->ca && c->authority && !c->key_id)
		blame(c, X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER, "is a CA without a subject key identifier");
}

static void check_serial(struct tp_check_cert *c, bool any)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(c->x);
	bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
	const unsigned char *p = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);

	if (negative && !any)
		blame(c, X509_V_ERR_CERT_REJECTED, "has a negative serial number");
	if (len == 0 || (len == 1 && p[0] == 0))
		blame(c, X509_V_ERR_CERT_REJECTED, "has the serial number 0");
	if (len + (len > 0 && p[0] >= 0x80 && !negative ? 1 : 0) > SERIAL_BYTES_MAX)
		blame(c, X509_V_ERR_CERT_REJECTED, "has a serial number of more than 20 bytes");
}

static void read_dates(struct tp_check_cert *c, bool strict)
{
	if (!tp_check_time(X509_get0_notBefore(c->x), strict, &c->not_before))
		blame(c, X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD, "has a notBefore that is not valid");
	if (!tp_check_time(X509_get0_notAfter(c->x), strict, &c->not_after))
		blame(c, X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD, "has a notAfter that is not valid");
}

struct tp_check_cert *tp_check_cert_at(struct tp_check_run *run, unsigned i)
{
	struct tp_check_cert *c = &run->all[i];
	bool any = run->want->purpose == TP_TLS_PURPOSE_ANY;

	if (c->read)
		return c;
	c->read = true;
	c->path_length = -1;
	c->self_issued = X509_NAME_cmp(X509_get_subject_name(c->x), X509_get_issuer_name(c->x)) == 0;
	if (X509_get_version(c->x) != X509_VERSION_3 && X509_get_ext_count(c->x) > 0)
		blame(c, X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3, "has extensions but is not of version 3");
	if (X509_get_ext_count(c->x) > EXTENSIONS_MAX)
		blame(c, X509_V_ERR_INVALID_EXTENSION, "holds too many extensions");
	for (int at = 0; at < X509_get_ext_count(c->x) && at < EXTENSIONS_MAX; at++)
		read_extension(c, at, run->want->profile);
	c->self_signed = c->self_issued && tp_check_key_fits(c->authority, c) > 0;
	read_dates(c, !any);
	check_together(c, run->want->profile);
	if (run->want->profile)
		check_profile(c, any);
	if (!c->anchor && (run->want->profile || !any))
		check_serial(c, any);
	ERR_clear_error();
	return c;
}

void tp_check_cert_fini(struct tp_check_cert *c)
{
	EXTENDED_KEY_USAGE_free(c->purposes);
	GENERAL_NAMES_free(c->names);
	NAME_CONSTRAINTS_free(c->constraints);
	AUTHORITY_KEYID_free(c->authority);
	ASN1_OCTET_STRING_free(c->key_id);
	CRL_DIST_POINTS_free(c->points);
	EVP_PKEY_free(c->inherited);
}
