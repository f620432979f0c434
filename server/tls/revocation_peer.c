/* Revocation in the handshake: the verify callback asks what is in memory; what only a
 * responder can say is asked when the handshake is done and the peer has proved that
 * the key is its own. Used by sip. */
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/internal.h"
#include "tls/revocation_chain.h"

static enum tp_err chain_of(struct tp_revocation *r, const STACK_OF(X509) *stack, bool kept,
			    struct tp_revocation_chain **out)
{
	X509 *certificates[TP_REVOCATION_CHAIN_MAX];
	int count = sk_X509_num(stack);

	if (count <= 0 || count > TP_REVOCATION_CHAIN_MAX)
		return TP_LIMIT;
	for (int i = 0; i < count; i++)
		certificates[i] = sk_X509_value(stack, i);
	return tp_revocation_chain_new(r, certificates, (size_t)count, kept, (int64_t)time(NULL), out);
}

void tp_tls_revocation_check(const struct tp_tls_context *context, X509_STORE_CTX *store,
			     struct tp_tls_verdict *v)
{
	struct tp_revocation *r = context->revocation;
	struct tp_revocation_chain *chain = NULL;
	struct tp_revocation_verdict verdict = { .outcome = TP_REVOCATION_REFUSE };

	if (!r || context->verify == TP_TLS_VERIFY_OFF || !tp_revocation_policy(r)->enabled)
		return;
	if (chain_of(r, X509_STORE_CTX_get0_chain(store), true, &chain) == TP_OK)
		tp_revocation_chain_decide(chain, &verdict);
	else
		tp_text_copy(verdict.reason, sizeof(verdict.reason), "its revocation cannot be checked");
	tp_revocation_chain_free(&chain);
	v->held = verdict.outcome == TP_REVOCATION_WAIT;
	if (v->held)
		return;
	tp_revocation_count(r, &verdict);
	if (verdict.outcome != TP_REVOCATION_REFUSE)
		return;
	v->trusted = false;
	tp_tls_say(v->reason, sizeof(v->reason), "certificate refused: %s", verdict.reason);
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED);
}

enum tp_err tp_tls_revocation_chain(SSL *ssl, struct tp_revocation_chain **out)
{
	const struct tp_tls_context *context = tp_tls_context_of(ssl);

	if (!context || !context->revocation)
		return TP_STATE;
	return chain_of(context->revocation, SSL_get0_verified_chain(ssl), true, out);
}

/* ------------------------------------------------------------------- from a PEM text */

static enum tp_err read_pem(struct tp_span pem, X509 **leaf, STACK_OF(X509) *others)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	enum tp_err err = bio ? TP_OK : TP_NOMEM;
	X509 *x;

	while (err == TP_OK && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		if (!*leaf)
			*leaf = x;
		else if (sk_X509_num(others) >= TP_REVOCATION_CHAIN_MAX || sk_X509_push(others, x) <= 0)
			err = TP_LIMIT;
		if (err != TP_OK)
			X509_free(x);
	}
	BIO_free(bio);
	ERR_clear_error();
	return err == TP_OK && !*leaf ? TP_FORMAT : err;
}

enum tp_err tp_tls_revocation_chain_of_pem(const struct tp_tls_context *context, struct tp_span pem,
					   struct tp_revocation_chain **out, struct tp_diag *diag)
{
	STACK_OF(X509) *others = sk_X509_new_null();
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	X509 *leaf = NULL;
	enum tp_err err = TP_NOMEM;

	if (!context->revocation)
		err = TP_STATE;
	else if (pem.len > TP_TLS_PEM_MAX)
		err = TP_LIMIT;
	else if (others && store)
		err = read_pem(pem, &leaf, others);
	if (err == TP_FORMAT)
		tp_fail(diag, err, "pem", "no certificate in the PEM text");
	if (err == TP_OK && X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(context->ssl), leaf, others) != 1)
		err = TP_NOMEM;
	if (err == TP_OK) {
		X509_STORE_CTX_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
		if (X509_verify_cert(store) == 1)
			err = chain_of(context->revocation, X509_STORE_CTX_get0_chain(store), false, out);
		else
			err = tp_fail(diag, TP_DENIED, "pem", "%s",
				      X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
	}
	X509_STORE_CTX_free(store);
	sk_X509_pop_free(others, X509_free);
	X509_free(leaf);
	ERR_clear_error();
	return err;
}
