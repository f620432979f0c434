/* Presets and checks of TLS policies. Runs in turnpike-validate, sip and admin. */
#include "tls/policy.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "core/text.h"
#include "tls/internal.h"

/* What the appliances before us have; SIP lets anonymous suites out, for endpoints that
 * have no certificate, and none in. */
#define SEED_LIST "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL"
#define AES_256 "TLS_AES_256_GCM_SHA384"
#define AES_128 "TLS_AES_128_GCM_SHA256"
#define CHACHA "TLS_CHACHA20_POLY1305_SHA256"

static const char seed_ciphers[] = SEED_LIST ":!aNULL";
static const char seed_sip_outbound[] = SEED_LIST ":+ADH";
static const char seed_sip_inbound[] = SEED_LIST ":+ADH:!aNULL";
static const char recommended_ciphers[] =
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
static const char disa_ciphers[] =
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
static const char all_suites[] = AES_256 ":" CHACHA ":" AES_128;
static const char disa_suites[] = AES_256 ":" AES_128;
static const char all_groups[] = "X25519:P-256:P-384:P-521";
static const char disa_groups[] = "P-384:P-256:P-521";

static const char *const version_names[] = {"1.0", "1.1", "1.2", "1.3"};
static const char *const preset_names[] = {"compatible", "recommended", "disa", "custom"};

const char *tp_tls_version_name(enum tp_tls_version version)
{
	return version_names[version];
}

const char *tp_tls_preset_name(enum tp_tls_preset preset)
{
	return preset_names[preset];
}

bool tp_tls_version_find(const char *name, enum tp_tls_version *out)
{
	for (int i = TP_TLS_1_0; i <= TP_TLS_1_3; i++) {
		if (!strcmp(version_names[i], name)) {
			*out = (enum tp_tls_version)i;
			return true;
		}
	}
	return false;
}

bool tp_tls_preset_find(const char *name, enum tp_tls_preset *out)
{
	for (int i = TP_TLS_COMPATIBLE; i <= TP_TLS_CUSTOM; i++) {
		if (!strcmp(preset_names[i], name)) {
			*out = (enum tp_tls_preset)i;
			return true;
		}
	}
	return false;
}

void tp_tls_policy_preset(enum tp_tls_service service, enum tp_tls_side side,
			  enum tp_tls_preset preset, struct tp_tls_policy *out)
{
	struct tp_tls_policy p = {TP_TLS_1_2, recommended_ciphers, all_suites, all_groups};

	if (preset == TP_TLS_DISA) {
		p.ciphers = disa_ciphers;
		p.ciphersuites = disa_suites;
		p.groups = disa_groups;
	} else if (preset == TP_TLS_COMPATIBLE && service == TP_TLS_SERVICE_SIP) {
		p.ciphers = side == TP_TLS_INBOUND ? seed_sip_inbound : seed_sip_outbound;
	} else if (preset == TP_TLS_COMPATIBLE) {
		p.ciphers = seed_ciphers;
	}
	*out = p;
}

/* ----------------------------------------------------------------------- applying */

/* OpenSSL's own judgement, but for two things: Diffie-Hellman is never below 2048
 * bits, whatever the level; and suites without authentication, which a level above 0
 * forbids, pass where the policy means them. */
static int guard(const SSL *s, const SSL_CTX *ctx, int op, int bits, int nid, void *other, void *ex)
{
	const struct tp_tls_guard *g = ex;
	enum { DH_SECURITY_BITS = 112 }; /* of TP_TLS_DH_BITS_MIN, SP 800-57 */

	if (op == SSL_SECOP_TMP_DH && bits < DH_SECURITY_BITS)
		return 0;
	if ((op & SSL_SECOP_OTHER_TYPE) == SSL_SECOP_OTHER_CIPHER &&
	    SSL_CIPHER_get_auth_nid(other) == NID_auth_null)
		return g->anonymous && bits >= DH_SECURITY_BITS;
	return g->otherwise(s, ctx, op, bits, nid, other, ex);
}

enum tp_err tp_tls_policy_apply(SSL_CTX *ssl, const struct tp_tls_policy *policy,
				struct tp_tls_guard *g, struct tp_diag *diag)
{
	static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION,
				       TLS1_3_VERSION};

	/* From level 1 on OpenSSL refuses TLS 1.0 and 1.1 without a word. */
	SSL_CTX_set_security_level(ssl, policy->least < TP_TLS_1_2 ? 0 : 2);
	g->otherwise = SSL_CTX_get_security_callback(ssl);
	SSL_CTX_set0_security_ex_data(ssl, g);
	SSL_CTX_set_security_callback(ssl, guard);
	if (SSL_CTX_set_min_proto_version(ssl, versions[policy->least]) != 1 ||
	    SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_dh_auto(ssl, 1) != 1)
		return TP_NOMEM;
	if (policy->least < TP_TLS_1_3 && SSL_CTX_set_cipher_list(ssl, policy->ciphers) != 1)
		return tp_fail(diag, TP_FORMAT, "ciphers", "This list leaves no cipher suite.");
	if (SSL_CTX_set_ciphersuites(ssl, policy->ciphersuites) != 1)
		return tp_fail(diag, TP_FORMAT, "ciphersuites", "This list leaves no cipher suite.");
	if (SSL_CTX_set1_groups_list(ssl, policy->groups) != 1)
		return tp_fail(diag, TP_FORMAT, "groups", "This is not a list of groups.");
	ERR_clear_error();
	return TP_OK;
}

/* ----------------------------------------------------------------------- checking */

/* Words of the syntax of ciphers(1) that may select nothing in this build, so that
 * trying them out does not tell them from a typing error. */
static const char *const words[] = {
	"3DES",	      "ADH",	   "AECDH",	  "AES",	 "AES128",     "AES256",
	"AESCCM",     "AESCCM8",   "AESGCM",	  "ALL",	 "ARIA",       "ARIA128",
	"ARIA256",    "ARIAGCM",   "CAMELLIA",	  "CAMELLIA128", "CAMELLIA256", "CBC",
	"CHACHA20",   "COMPLEMENTOFALL", "COMPLEMENTOFDEFAULT", "DEFAULT", "DES", "DH",
	"DHE",	      "DSS",	   "ECDH",	  "ECDHE",	 "ECDSA",      "EDH",
	"EECDH",      "EXP",	   "EXPORT",	  "EXPORT40",	 "EXPORT56",   "FIPS",
	"GOST89MAC",  "GOST94",	   "HIGH",	  "IDEA",	 "LOW",	       "MD5",
	"MEDIUM",     "NULL",	   "PSK",	  "RC2",	 "RC4",	       "RSA",
	"SEED",	      "SHA",	   "SHA1",	  "SHA256",	 "SHA384",     "SRP",
	"SSLv3",      "TLSv1",	   "TLSv1.0",	  "TLSv1.2",	 "aDSS",       "aECDSA",
	"aGOST",      "aGOST01",   "aNULL",	  "aPSK",	 "aRSA",       "aSRP",
	"eNULL",      "kDHE",	   "kDHEPSK",	  "kECDHE",	 "kECDHEPSK",  "kEDH",
	"kEECDH",     "kGOST",	   "kPSK",	  "kRSA",	 "kRSAPSK",    "kSRP",
};

enum { WORD_MAX = 63 };

static bool is_listed(const char *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(words[i], word))
			return true;
	}
	return false;
}

/* A suite's name: alone it makes a list. */
static bool is_suite(SSL_CTX *scratch, const char *word)
{
	bool is = SSL_CTX_set_cipher_list(scratch, word) == 1;

	ERR_clear_error();
	return is;
}

/* One part of a word, "AES256" of "-AES256+SHA". */
static enum tp_err check_part(SSL_CTX *scratch, struct tp_span part, struct tp_diag *diag)
{
	char word[WORD_MAX + 1];

	if (part.len == 0 || part.len > WORD_MAX)
		return tp_fail(diag, TP_FORMAT, "ciphers", "'%.*s' is not a word of a cipher list.",
			       (int)(part.len > WORD_MAX ? WORD_MAX : part.len), part.p);
	memcpy(word, part.p, part.len);
	word[part.len] = '\0';
	if (!strncmp(word, "SUITEB", 6))
		return tp_fail(diag, TP_FORMAT, "ciphers",
			       "'%s' is not available: write the suites themselves.", word);
	if (is_listed(word) || is_suite(scratch, word))
		return TP_OK;
	return tp_fail(diag, TP_FORMAT, "ciphers",
		       "'%s' is not known and would be ignored. Mind capital and small letters.", word);
}

static enum tp_err check_word(SSL_CTX *scratch, struct tp_span word, struct tp_diag *diag)
{
	enum tp_err err = TP_OK;

	if (tp_span_equal(word, TP_SPAN("@STRENGTH")))
		return TP_OK;
	if (word.p[0] == '@')
		return tp_fail(diag, TP_FORMAT, "ciphers",
			       "'%.*s' is not taken here: the minimum version sets the security level.",
			       (int)(word.len > WORD_MAX ? WORD_MAX : word.len), word.p);
	if (strchr("!-+", word.p[0])) {
		word.p++;
		word.len--;
	}
	do {
		err = check_part(scratch, tp_span_split(&word, '+'), diag);
	} while (err == TP_OK && word.p);
	return err;
}

static enum tp_err check_words(SSL_CTX *scratch, const char *list, struct tp_diag *diag)
{
	const char *separators = ":,; ";
	const char *start = list;
	enum tp_err err = TP_OK;

	while (err == TP_OK && *list) {
		size_t len = strcspn(list, separators);

		if (list != start && tp_span_equal((struct tp_span){list, len}, TP_SPAN("DEFAULT")))
			return tp_fail(diag, TP_FORMAT, "ciphers",
				       "DEFAULT stands only at the beginning of a list.");
		if (len)
			err = check_word(scratch, (struct tp_span){list, len}, diag);
		list += len + (list[len] != '\0');
	}
	return err;
}

static enum tp_err check_suites_13(const char *list, struct tp_diag *diag)
{
	static const char *const known[] = {AES_256, AES_128, CHACHA, "TLS_AES_128_CCM_SHA256",
					    "TLS_AES_128_CCM_8_SHA256"};
	struct tp_span rest = tp_span_of(list);

	while (rest.p) {
		struct tp_span word = tp_span_split(&rest, ':');
		size_t i = 0;

		while (i < sizeof(known) / sizeof(known[0]) &&
		       !tp_span_equal(word, tp_span_of(known[i])))
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			return tp_fail(diag, TP_FORMAT, "ciphersuites",
				       "'%.*s' is not a cipher suite of TLS 1.3.",
				       (int)(word.len > WORD_MAX ? WORD_MAX : word.len), word.p);
	}
	return TP_OK;
}

/* What must not be in a list, with the first such suite and how many there are. */
static enum tp_err check_selected(SSL_CTX *ssl, enum tp_tls_side side, struct tp_diag *diag)
{
	STACK_OF(SSL_CIPHER) *selected = SSL_CTX_get_ciphers(ssl);
	const char *clear = NULL;
	const char *anonymous = NULL;
	int anonymous_count = 0;

	for (int i = 0; i < sk_SSL_CIPHER_num(selected); i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(selected, i);

		if (SSL_CIPHER_get_cipher_nid(c) == NID_undef)
			clear = SSL_CIPHER_get_name(c);
		if (SSL_CIPHER_get_auth_nid(c) != NID_auth_null)
			continue;
		if (!anonymous_count++)
			anonymous = SSL_CIPHER_get_name(c);
	}
	if (clear)
		return tp_fail(diag, TP_FORMAT, "ciphers",
			       "This list has suites without encryption (%s). Add :!eNULL to it.", clear);
	if (anonymous && side == TP_TLS_INBOUND)
		return tp_fail(diag, TP_FORMAT, "ciphers",
			       "This list lets in %d %s without authentication (%s). Add :!aNULL to it; "
			       ":!ADH alone is not enough.",
			       anonymous_count, anonymous_count == 1 ? "suite" : "suites", anonymous);
	return TP_OK;
}

static enum tp_err check_sizes(const struct tp_tls_policy *p, struct tp_diag *diag)
{
	if (p->least < TP_TLS_1_3 && strlen(p->ciphers) > TP_TLS_CIPHERS_MAX)
		return tp_fail(diag, TP_LIMIT, "ciphers", "This list is longer than %d characters.",
			       TP_TLS_CIPHERS_MAX);
	if (strlen(p->ciphersuites) > TP_TLS_CIPHERSUITES_MAX)
		return tp_fail(diag, TP_LIMIT, "ciphersuites",
			       "This list is longer than %d characters.", TP_TLS_CIPHERSUITES_MAX);
	return TP_OK;
}

/* *out: a context with the policy on it, which uses *g as long as it lives. */
static enum tp_err try_out(const struct tp_tls_policy *policy, enum tp_tls_side side,
			   struct tp_tls_guard *g, SSL_CTX **out, struct tp_diag *diag)
{
	enum tp_err err = check_sizes(policy, diag);
	SSL_CTX *ssl;

	if (err != TP_OK)
		return err;
	err = tp_tls_policy_init();
	ssl = err == TP_OK ? SSL_CTX_new(TLS_method()) : NULL;
	if (!ssl)
		return err == TP_OK ? TP_NOMEM : err;
	if (policy->least < TP_TLS_1_3)
		err = check_words(ssl, policy->ciphers, diag);
	if (err == TP_OK)
		err = check_suites_13(policy->ciphersuites, diag);
	if (err == TP_OK)
		err = tp_tls_policy_apply(ssl, policy, g, diag);
	if (err == TP_OK && policy->least < TP_TLS_1_3)
		err = check_selected(ssl, side, diag);
	if (err == TP_OK)
		*out = ssl;
	else
		SSL_CTX_free(ssl);
	ERR_clear_error();
	return err;
}

enum tp_err tp_tls_policy_init(void)
{
	/* The first such call of the process decides: the system's file is not read. */
	return OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1 ? TP_OK : TP_INTERNAL;
}

/* ---------------------------------------------------------------------- expanding */

static const char *weakness(const SSL_CIPHER *c)
{
	int cipher = SSL_CIPHER_get_cipher_nid(c);
	int exchange = SSL_CIPHER_get_kx_nid(c);

	if (SSL_CIPHER_get_auth_nid(c) == NID_auth_null)
		return "No authentication: anyone in the middle can read along.";
	if (SSL_CIPHER_get_bits(c, NULL) < 128)
		return "Its key is shorter than 128 bits.";
	if (cipher == NID_rc4 || cipher == NID_des_ede3_cbc || cipher == NID_seed_cbc ||
	    cipher == NID_idea_cbc)
		return "Its encryption is outdated.";
	if (SSL_CIPHER_get_auth_nid(c) == NID_auth_dss)
		return "Only for DSA certificates, which are refused.";
	if (exchange != NID_kx_any && exchange != NID_kx_ecdhe && exchange != NID_kx_dhe)
		return "No forward secrecy: who gets the private key can read what was recorded.";
	if (!SSL_CIPHER_is_aead(c))
		return "CBC mode, open to padding attacks.";
	if (strstr(SSL_CIPHER_get_name(c), "CCM8") || strstr(SSL_CIPHER_get_name(c), "CCM_8"))
		return "Its integrity check is cut to 64 bits.";
	return NULL;
}

static const char *exchange_name(int nid)
{
	switch (nid) {
	case NID_kx_rsa:
		return "RSA";
	case NID_kx_ecdhe:
		return "ECDHE";
	case NID_kx_dhe:
		return "DHE";
	case NID_kx_any:
		return "(EC)DHE";
	default:
		return "other";
	}
}

static const char *authentication_name(int nid)
{
	switch (nid) {
	case NID_auth_rsa:
		return "RSA";
	case NID_auth_ecdsa:
		return "ECDSA";
	case NID_auth_dss:
		return "DSS";
	case NID_auth_null:
		return "none";
	case NID_auth_any:
		return "any";
	default:
		return "other";
	}
}

/* From "... Enc=AESGCM(256)   Mac=AEAD". */
static void write_encryption(const SSL_CIPHER *c, char *buf, size_t size)
{
	char text[256] = "";
	const char *at;

	SSL_CIPHER_description(c, text, sizeof(text));
	at = strstr(text, "Enc=");
	at = at ? at + 4 : "";
	tp_tls_say(buf, size, "%.*s", (int)strcspn(at, " \n"), at);
}

static void fill_suite(const SSL_CIPHER *c, struct tp_tls_suite *out)
{
	const char *standard = SSL_CIPHER_standard_name(c);

	tp_text_copy(out->name, sizeof(out->name), SSL_CIPHER_get_name(c));
	tp_text_copy(out->standard, sizeof(out->standard), standard ? standard : "");
	tp_text_copy(out->protocol, sizeof(out->protocol), SSL_CIPHER_get_version(c));
	tp_text_copy(out->exchange, sizeof(out->exchange), exchange_name(SSL_CIPHER_get_kx_nid(c)));
	tp_text_copy(out->authentication, sizeof(out->authentication),
		     authentication_name(SSL_CIPHER_get_auth_nid(c)));
	write_encryption(c, out->encryption, sizeof(out->encryption));
	out->bits = (uint16_t)SSL_CIPHER_get_bits(c, NULL);
	out->weak = weakness(c);
}

/* What a handshake would really have: versions, level and missing pre-shared keys
 * take suites away that the list names. */
static enum tp_err list_supported(SSL_CTX *ssl, struct tp_tls_suite **out, size_t *count,
				  struct tp_diag *diag)
{
	SSL *s = SSL_new(ssl);
	STACK_OF(SSL_CIPHER) *supported = s ? SSL_get1_supported_ciphers(s) : NULL;
	int found = supported ? sk_SSL_CIPHER_num(supported) : 0;
	struct tp_tls_suite *list = NULL;
	enum tp_err err = TP_OK;

	if (s && found <= 0)
		err = tp_fail(diag, TP_FORMAT, "ciphers", "This list leaves no cipher suite.");
	else if (found > TP_TLS_SUITES_MAX)
		err = tp_fail(diag, TP_LIMIT, "ciphers", "This list leaves more than %d suites.",
			      TP_TLS_SUITES_MAX);
	else if (!s || !(list = calloc((size_t)found, sizeof(*list))))
		err = TP_NOMEM;
	for (int i = 0; list && i < found; i++)
		fill_suite(sk_SSL_CIPHER_value(supported, i), &list[i]);
	sk_SSL_CIPHER_free(supported);
	SSL_free(s);
	if (err != TP_OK)
		return err;
	*out = list;
	*count = (size_t)found;
	return TP_OK;
}

/* Up to TLS 1.2 something must be left, or the minimum is not the truth. */
static enum tp_err check_left(const struct tp_tls_policy *policy, const struct tp_tls_suite *list,
			      size_t count, struct tp_diag *diag)
{
	for (size_t i = 0; i < count && policy->least < TP_TLS_1_3; i++) {
		if (strcmp(list[i].protocol, "TLSv1.3") != 0)
			return TP_OK;
	}
	if (policy->least == TP_TLS_1_3)
		return TP_OK;
	return tp_fail(diag, TP_FORMAT, "ciphers",
		       "This list leaves no cipher suite up to TLS 1.2. Raise the minimum to TLS 1.3 if "
		       "none is wanted.");
}

enum tp_err tp_tls_policy_expand(const struct tp_tls_policy *policy, enum tp_tls_side side,
				 struct tp_tls_suite **out, size_t *count, struct tp_diag *diag)
{
	struct tp_tls_guard g = {.anonymous = side == TP_TLS_OUTBOUND};
	struct tp_tls_suite *list = NULL;
	SSL_CTX *ssl = NULL;
	size_t n = 0;
	enum tp_err err = try_out(policy, side, &g, &ssl, diag);

	if (err == TP_OK)
		err = list_supported(ssl, &list, &n, diag);
	SSL_CTX_free(ssl);
	ERR_clear_error();
	if (err == TP_OK)
		err = check_left(policy, list, n, diag);
	if (err != TP_OK) {
		free(list);
		return err;
	}
	*out = list;
	*count = n;
	return TP_OK;
}

enum tp_err tp_tls_policy_check(const struct tp_tls_policy *policy, enum tp_tls_side side,
				struct tp_diag *diag)
{
	struct tp_tls_suite *list = NULL;
	size_t count;
	enum tp_err err = tp_tls_policy_expand(policy, side, &list, &count, diag);

	free(list);
	return err;
}
