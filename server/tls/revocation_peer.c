/* Revocation in the handshake: the verify callback asks what is in memory; what only a
 * responder can say is asked when the handshake is done and the peer has proved that
 * the key is its own. Used by sip. */
#include <time.h>

#include <openssl/err.h>

#include "tls/check.h"
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
	if (chain_of(r, X509_STORE_CTX_get0_chain(store), true, &chain) == TP_OK) {
		tp_revocation_chain_set_unknown(chain, v->unknown);
		tp_revocation_chain_decide(chain, &verdict);
	} else {
		tp_text_copy(verdict.reason, sizeof(verdict.reason), "its revocation cannot be checked");
	}
	tp_revocation_chain_free(&chain);
	v->held = verdict.outcome == TP_REVOCATION_WAIT ||
		  (verdict.fallback && v->unknown == TP_REVOCATION_UNKNOWN_LATER);
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
	const struct tp_tls_verdict *v = tp_tls_verdict_of(ssl);
	enum tp_err err;

	if (!context || !context->revocation || !v)
		return TP_STATE;
	err = chain_of(context->revocation, SSL_get0_verified_chain(ssl), true, out);
	if (err == TP_OK)
		tp_revocation_chain_set_unknown(*out, v->unknown);
	return err;
}

/* ------------------------------------------------------------------- from a PEM text */

/* The path that a peer with these certificates would be believed by, as the side of a
 * connection that it can be. */
static enum tp_err find_path(const struct tp_tls_context *context, STACK_OF(X509) *shown,
			     struct tp_revocation_chain **out, struct tp_diag *diag)
{
	static const enum tp_tls_purpose purposes[] = { TP_TLS_PURPOSE_CLIENT, TP_TLS_PURPOSE_SERVER };
	STACK_OF(X509) *anchors = tp_tls_anchors_of(SSL_CTX_get_cert_store(context->ssl));
	struct tp_tls_check check = {
		.at = (int64_t)time(NULL),
		.leaf = sk_X509_value(shown, 0),
		.others = shown,
		.anchors = anchors,
	};
	enum tp_err err = TP_DENIED;

	for (size_t i = 0; err == TP_DENIED && i < sizeof(purposes) / sizeof(purposes[0]); i++) {
		struct tp_tls_checked checked;

		check.purpose = purposes[i];
		tp_tls_check_run(&check, &checked);
		if (checked.accepted)
			err = chain_of(context->revocation, checked.path, false, out);
		else
			tp_fail(diag, err, "pem", "%s", checked.reason);
		tp_tls_checked_fini(&checked);
	}
	sk_X509_free(anchors);
	return err;
}

enum tp_err tp_tls_revocation_chain_of_pem(const struct tp_tls_context *context, struct tp_span pem,
					   struct tp_revocation_chain **out, struct tp_diag *diag)
{
	STACK_OF(X509) *shown = NULL;
	enum tp_err err;

	if (!context->revocation)
		return tp_fail(diag, TP_STATE, "", "revocation is not checked here");
	err = tp_tls_check_read(pem, TP_REVOCATION_CHAIN_MAX, &shown, NULL, diag);
	if (err == TP_OK && sk_X509_num(shown) == 0)
		err = tp_fail(diag, TP_FORMAT, "pem", "no certificate in the PEM text");
	if (err == TP_OK)
		err = find_path(context, shown, out, diag);
	sk_X509_pop_free(shown, X509_free);
	ERR_clear_error();
	return err;
}
