/* OCSP questions and answers. Used by sip. */
#include "tls/ocsp.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "tls/internal.h"

enum {
	NONCE_BYTES = 32,     /* RFC 8954: 1 to 32 */
	SIGNERS_MAX = 8,      /* certificates looked at in an answer */
	SINGLES_MAX = 64,     /* statuses in an answer */
	STRENGTH_BITS = 112,
};

/* ----------------------------------------------------------------- the question */

/* The first responder with a scheme that we can speak. */
static enum tp_err find_url(X509 *certificate, char *out, size_t size)
{
	AUTHORITY_INFO_ACCESS *aia = X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL);
	enum tp_err err = TP_NOTFOUND;

	for (int i = 0; err == TP_NOTFOUND && i < sk_ACCESS_DESCRIPTION_num(aia); i++) {
		const ACCESS_DESCRIPTION *d = sk_ACCESS_DESCRIPTION_value(aia, i);
		const ASN1_IA5STRING *uri;
		struct tp_span s;

		if (OBJ_obj2nid(d->method) != NID_ad_OCSP || d->location->type != GEN_URI)
			continue;
		uri = d->location->d.uniformResourceIdentifier;
		s = (struct tp_span){ (const char *)ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri) };
		if (s.len < 8 || memchr(s.p, 0, s.len) ||
		    (strncasecmp(s.p, "http://", 7) != 0 && strncasecmp(s.p, "https://", 8) != 0))
			continue;
		err = s.len < size && tp_text_copy_span(out, size, s) ? TP_OK : TP_LIMIT;
	}
	AUTHORITY_INFO_ACCESS_free(aia);
	ERR_clear_error();
	for (const char *p = out; err == TP_OK && *p; p++) {
		if ((unsigned char)*p <= ' ' || (unsigned char)*p > '~')
			err = TP_NOTFOUND;
	}
	return err;
}

static bool add_nonce(OCSP_REQUEST *request)
{
	unsigned char nonce[NONCE_BYTES];

	return RAND_bytes(nonce, sizeof(nonce)) == 1 &&
	       OCSP_request_add1_nonce(request, nonce, sizeof(nonce)) == 1;
}

static enum tp_err write_request(OCSP_REQUEST *request, struct tp_ocsp_question *q)
{
	unsigned char *p = q->request;
	int len = i2d_OCSP_REQUEST(request, NULL);

	if (len <= 0)
		return TP_NOMEM;
	if (len > TP_OCSP_REQUEST_MAX)
		return TP_LIMIT;
	q->request_len = (uint16_t)i2d_OCSP_REQUEST(request, &p);
	return TP_OK;
}

static bool write_key(OCSP_CERTID *id, uint8_t key[32])
{
	unsigned char *der = NULL;
	int len = i2d_OCSP_CERTID(id, &der);
	bool written = len > 0 && EVP_Digest(der, (size_t)len, key, NULL, EVP_sha256(), NULL) == 1;

	OPENSSL_free(der);
	return written;
}

enum tp_err tp_ocsp_ask(struct x509_st *certificate, struct x509_st *issuer,
			struct tp_ocsp_question *out)
{
	struct tp_ocsp_question q = { .url = "" };
	OCSP_REQUEST *request;
	OCSP_CERTID *id;
	enum tp_err err = find_url(certificate, q.url, sizeof(q.url));

	if (err != TP_OK)
		return err;
	request = OCSP_REQUEST_new();
	id = OCSP_cert_to_id(EVP_sha256(), certificate, issuer);
	err = TP_NOMEM;
	if (request && id && write_key(id, q.key) && OCSP_request_add0_id(request, id)) {
		id = NULL; /* the request's now */
		if (add_nonce(request))
			err = write_request(request, &q);
	}
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(request);
	ERR_clear_error();
	if (err != TP_OK)
		return err;
	X509_up_ref(issuer);
	q.issuer = issuer;
	*out = q;
	return TP_OK;
}

void tp_ocsp_question_copy(struct tp_ocsp_question *dst, const struct tp_ocsp_question *src)
{
	*dst = *src;
	X509_up_ref(dst->issuer);
}

void tp_ocsp_question_fini(struct tp_ocsp_question *question)
{
	X509_free(question->issuer);
	question->issuer = NULL;
}

/* -------------------------------------------------------------------- the signer */

static bool is_strong(int signature_nid)
{
	int digest = NID_undef;
	int key = NID_undef;

	if (OBJ_find_sigid_algs(signature_nid, &digest, &key) != 1)
		return false;
	return digest != NID_md5 && digest != NID_sha1 && digest != NID_md5_sha1 && digest != NID_md2 &&
	       digest != NID_md4 && digest != NID_ripemd160;
}

static bool is_named(const OCSP_BASICRESP *basic, X509 *candidate)
{
	const ASN1_OCTET_STRING *key_hash = NULL;
	const X509_NAME *name = NULL;
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (OCSP_resp_get0_id(basic, &key_hash, &name) != 1)
		return false;
	if (name)
		return X509_NAME_cmp(name, X509_get_subject_name(candidate)) == 0;
	return X509_pubkey_digest(candidate, EVP_sha1(), hash, &len) == 1 &&
	       (int)len == ASN1_STRING_length(key_hash) &&
	       memcmp(hash, ASN1_STRING_get0_data(key_hash), len) == 0;
}

static bool signed_by(const OCSP_BASICRESP *basic, X509 *signer)
{
	EVP_PKEY *key = X509_get0_pubkey(signer);

	return key && EVP_PKEY_get_security_bits(key) >= STRENGTH_BITS &&
	       ASN1_item_verify(ASN1_ITEM_rptr(OCSP_RESPDATA), OCSP_resp_get0_tbs_sigalg(basic),
				OCSP_resp_get0_signature(basic),
				OCSP_resp_get0_respdata(basic), key) == 1;
}

static bool to_unix(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*out = (int64_t)timegm(&tm);
	return true;
}

/* Whether the issuer itself made this one a signer of OCSP answers (RFC 6960 section
 * 4.2.2.2); *why says what is missing. */
static bool is_delegate(X509 *x, X509 *issuer, int64_t now, const char **why)
{
	uint32_t flags = X509_get_extension_flags(x);
	int64_t from = 0;
	int64_t to = 0;

	*why = NULL;
	if (X509_check_issued(issuer, x) != X509_V_OK || X509_verify(x, X509_get0_pubkey(issuer)) != 1)
		*why = "its signer's certificate is not of the CA that issued the certificate";
	else if ((flags & EXFLAG_INVALID) || (flags & EXFLAG_CRITICAL) ||
		 !is_strong(X509_get_signature_nid(x)))
		*why = "its signer's certificate is malformed or weakly signed";
	else if (!(flags & EXFLAG_XKUSAGE) || !(X509_get_extended_key_usage(x) & XKU_OCSP_SIGN) ||
		 !(X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE))
		*why = "its signer's certificate is not for signing OCSP answers";
	else if (!to_unix(X509_get0_notBefore(x), &from) || !to_unix(X509_get0_notAfter(x), &to) ||
		 now < from || now > to)
		*why = "its signer's certificate has expired or is not yet valid";
	return !*why;
}

/* Finds who signed; NULL in *delegate when it is the issuer itself. */
static bool check_signature(const OCSP_BASICRESP *basic, X509 *issuer, int64_t now, X509 **delegate,
			    const char **why)
{
	const STACK_OF(X509) *certificates = OCSP_resp_get0_certs(basic);
	const X509_ALGOR *algorithm = OCSP_resp_get0_tbs_sigalg(basic);
	const ASN1_OBJECT *oid = NULL;

	*why = "it is not signed by the issuer of the certificate";
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	if (!is_strong(OBJ_obj2nid(oid))) {
		*why = "its signature algorithm is too weak";
		return false;
	}
	if (is_named(basic, issuer) && signed_by(basic, issuer))
		return true;
	for (int i = 0; i < sk_X509_num(certificates) && i < SIGNERS_MAX; i++) {
		X509 *x = sk_X509_value(certificates, i);

		if (!is_named(basic, x) || !is_delegate(x, issuer, now, why))
			continue;
		if (signed_by(basic, x)) {
			X509_up_ref(x);
			*delegate = x;
			return true;
		}
		*why = "its signature is wrong";
	}
	return false;
}

/* -------------------------------------------------------------------- the status */

static bool has_unknown_critical(OCSP_BASICRESP *basic, OCSP_SINGLERESP *single)
{
	for (int i = 0; i < OCSP_BASICRESP_get_ext_count(basic); i++) {
		X509_EXTENSION *e = OCSP_BASICRESP_get_ext(basic, i);

		if (X509_EXTENSION_get_critical(e) &&
		    OBJ_obj2nid(X509_EXTENSION_get_object(e)) != NID_id_pkix_OCSP_Nonce)
			return true;
	}
	return OCSP_SINGLERESP_get_ext_by_critical(single, 1, -1) >= 0;
}

/* The status that counts for the CertID: where several do, one that says revoked. */
static OCSP_SINGLERESP *find_single(OCSP_BASICRESP *basic, OCSP_CERTID *id)
{
	OCSP_SINGLERESP *found = NULL;
	int i = -1;

	while ((i = OCSP_resp_find(basic, id, i)) >= 0) {
		OCSP_SINGLERESP *s = OCSP_resp_get0(basic, i);

		if (!found || OCSP_single_get0_status(s, NULL, NULL, NULL, NULL) == V_OCSP_CERTSTATUS_REVOKED)
			found = s;
	}
	return found;
}

/* Why the CertID that was asked is not there. */
static void explain_other_id(OCSP_BASICRESP *basic, struct tp_ocsp_answer *out)
{
	bool sha1 = false;

	for (int i = 0; i < OCSP_resp_count(basic); i++) {
		/* OpenSSL forgot a const. NOLINTNEXTLINE(performance-no-int-to-ptr) */
		OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(OCSP_resp_get0(basic, i));
		ASN1_OBJECT *digest = NULL;

		OCSP_id_get0_info(NULL, &digest, NULL, NULL, id);
		sha1 = sha1 || OBJ_obj2nid(digest) == NID_sha1;
	}
	out->status = TP_OCSP_OTHER_ID;
	tp_text_copy(out->text, sizeof(out->text),
		     sha1 ? "it answers with a SHA-1 CertID where a SHA-256 one was asked"
			  : "it answers about another certificate than the one asked");
}

static void say(struct tp_ocsp_answer *out, enum tp_ocsp_status status, const char *text)
{
	out->status = status;
	tp_text_copy(out->text, sizeof(out->text), text);
}

static void judge_single(OCSP_BASICRESP *basic, OCSP_SINGLERESP *single, bool fresh, int64_t now,
			 struct tp_ocsp_answer *out)
{
	ASN1_GENERALIZEDTIME *revoked = NULL;
	ASN1_GENERALIZEDTIME *this_update = NULL;
	ASN1_GENERALIZEDTIME *next_update = NULL;
	int status = OCSP_single_get0_status(single, NULL, &revoked, &this_update, &next_update);

	if (has_unknown_critical(basic, single)) {
		say(out, TP_OCSP_WRONG, "it has a critical extension that is not understood");
		return;
	}
	if (!to_unix(this_update, &out->this_update) ||
	    (next_update && !to_unix(next_update, &out->next_update)) ||
	    (next_update && out->next_update < out->this_update)) {
		say(out, TP_OCSP_WRONG, "its times make no sense");
		return;
	}
	if (out->this_update > now + TP_OCSP_SKEW_S)
		say(out, TP_OCSP_STALE, "its thisUpdate is in the future");
	else if (next_update && out->next_update < now - TP_OCSP_SKEW_S)
		say(out, TP_OCSP_STALE, "its nextUpdate has passed");
	else if (!next_update && !fresh && out->this_update < now - TP_OCSP_AGE_MAX_S)
		say(out, TP_OCSP_STALE, "it names no nextUpdate and is more than an hour old");
	else if (status == V_OCSP_CERTSTATUS_GOOD)
		out->status = TP_OCSP_GOOD;
	else if (status == V_OCSP_CERTSTATUS_REVOKED)
		out->status = TP_OCSP_REVOKED;
	else
		say(out, TP_OCSP_UNKNOWN, "it does not know the certificate");
	if (out->status == TP_OCSP_REVOKED && revoked)
		(void)to_unix(revoked, &out->revoked_at);
}

static void judge_basic(OCSP_REQUEST *request, OCSP_BASICRESP *basic, X509 *issuer, int64_t now,
			struct tp_ocsp_answer *out)
{
	OCSP_CERTID *id = OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0));
	int nonce = OCSP_check_nonce(request, basic);
	OCSP_SINGLERESP *single;
	const char *why = "";

	if (OCSP_resp_count(basic) > SINGLES_MAX) {
		say(out, TP_OCSP_WRONG, "it holds too many statuses");
		return;
	}
	if (!check_signature(basic, issuer, now, &out->delegate, &why)) {
		say(out, TP_OCSP_WRONG, why);
		return;
	}
	if (nonce == 0 || nonce == 3) {
		say(out, TP_OCSP_WRONG, "its nonce is not the one that was sent");
		return;
	}
	single = find_single(basic, id);
	if (!single)
		explain_other_id(basic, out);
	else
		judge_single(basic, single, nonce == 1, now, out);
}

static void judge_response(OCSP_REQUEST *request, OCSP_RESPONSE *response, X509 *issuer, int64_t now,
			   struct tp_ocsp_answer *out)
{
	int status = OCSP_response_status(response);
	OCSP_BASICRESP *basic;

	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		tp_tls_say(out->text, sizeof(out->text), "it answered \"%s\"%s", OCSP_response_status_str(status),
			   status == OCSP_RESPONSE_STATUS_UNAUTHORIZED ?
				   " (responders that know SHA-1 CertIDs only do this)" : "");
		out->status = TP_OCSP_UNREACHABLE;
		return;
	}
	basic = OCSP_response_get1_basic(response);
	if (!basic) {
		say(out, TP_OCSP_WRONG, "it is no basic OCSP response");
		return;
	}
	judge_basic(request, basic, issuer, now, out);
	OCSP_BASICRESP_free(basic);
}

void tp_ocsp_judge(const struct tp_ocsp_question *question, const void *response,
		   size_t response_len, int64_t now, struct tp_ocsp_answer *out)
{
	const unsigned char *q = question->request;
	const unsigned char *a = response;
	OCSP_REQUEST *asked = d2i_OCSP_REQUEST(NULL, &q, question->request_len);
	OCSP_RESPONSE *answered = NULL;

	memset(out, 0, sizeof(*out));
	say(out, TP_OCSP_WRONG, "it is no OCSP response");
	if (response_len <= TP_OCSP_RESPONSE_MAX && tp_tls_curve_without_name(response, response_len))
		say(out, TP_OCSP_WRONG, "it holds a key on a curve that has no name");
	else if (response_len <= TP_OCSP_RESPONSE_MAX)
		answered = d2i_OCSP_RESPONSE(NULL, &a, (long)response_len);
	if (asked && OCSP_request_onereq_count(asked) == 1 && answered &&
	    a == (const unsigned char *)response + response_len) {
		out->text[0] = '\0';
		judge_response(asked, answered, question->issuer, now, out);
	}
	OCSP_REQUEST_free(asked);
	OCSP_RESPONSE_free(answered);
	ERR_clear_error();
}

void tp_ocsp_answer_fini(struct tp_ocsp_answer *answer)
{
	X509_free(answer->delegate);
	answer->delegate = NULL;
}
