/* An OCSP responder in the test itself: answers good and bad of every kind. */
#ifndef TEST_TLS_RESPONDER_H
#define TEST_TLS_RESPONDER_H

#include <openssl/ocsp.h>

#include "../sipbase/certificates.h"
#include "tls/ocsp.h"

struct said {
	const struct identity *signer;
	const struct identity *signer_shown; /* certificate put into the answer; NULL = none */
	X509 *about;                         /* certificate spoken of; NULL = the one asked about */
	const EVP_MD *id_digest;             /* NULL = SHA-256 */
	int status;                          /* V_OCSP_CERTSTATUS_... */
	long this_s;                         /* offsets from now, seconds */
	long next_s;                         /* 0 = no nextUpdate */
	enum { NONCE_SAME, NONCE_NONE, NONCE_OTHER } nonce;
	bool by_key;                         /* responder named by key hash */
	const EVP_MD *signed_with;           /* NULL = SHA-256 */
};

struct asked {
	struct identity ca;
	struct identity leaf;
	struct tp_ocsp_question question;
};

static inline void identity_sign_again(struct identity *id, const struct identity *ca)
{
	OPENSSL_assert(X509_sign(id->cert, ca->key, EVP_sha256()) > 0);
	identity_write_pem(id);
}

static inline void identity_with_responder(struct identity *id, const struct identity_options *o,
					   const char *aia)
{
	identity_make(id, o);
	identity_extension(id, o->ca, NID_info_access, aia);
	tp_secret_fini(&id->secret);
	identity_sign_again(id, o->ca ? o->ca : id);
}

static inline int answer_write(const struct tp_ocsp_question *q, X509 *about, X509 *issuer,
			       const struct said *said, uint8_t *out, size_t cap)
{
	const unsigned char *p = q->request;
	OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &p, q->request_len);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(said->id_digest ? said->id_digest : EVP_sha256(),
					  said->about ? said->about : about, issuer);
	ASN1_TIME *this_update = X509_gmtime_adj(NULL, said->this_s);
	ASN1_TIME *next_update = said->next_s ? X509_gmtime_adj(NULL, said->next_s) : NULL;
	ASN1_TIME *revoked = X509_gmtime_adj(NULL, -86400);
	OCSP_RESPONSE *response;
	int len;

	assert_non_null(OCSP_basic_add1_status(basic, id, said->status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
					       said->status == V_OCSP_CERTSTATUS_REVOKED ? revoked : NULL,
					       this_update, next_update));
	if (said->nonce == NONCE_SAME)
		OCSP_copy_nonce(basic, request);
	else if (said->nonce == NONCE_OTHER)
		OCSP_basic_add1_nonce(basic, NULL, 32);
	if (said->signer_shown)
		OCSP_basic_add1_cert(basic, said->signer_shown->cert);
	assert_int_equal(OCSP_basic_sign(basic, said->signer->cert, said->signer->key,
					 said->signed_with ? said->signed_with : EVP_sha256(), NULL,
					 OCSP_NOCERTS | (said->by_key ? OCSP_RESPID_KEY : 0)), 1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	len = i2d_OCSP_RESPONSE(response, NULL);
	assert_in_range(len, 1, cap);
	len = i2d_OCSP_RESPONSE(response, &out);
	OCSP_RESPONSE_free(response);
	OCSP_CERTID_free(id);
	OCSP_BASICRESP_free(basic);
	OCSP_REQUEST_free(request);
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	ASN1_TIME_free(revoked);
	return len;
}

#endif
