/* The one SSL_CTX factory. Used by sip and admin. */
#include "tls/context.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "tls/check.h"
#include "tls/internal.h"
#include "tls/revocation_chain.h"

enum { CHAIN_BYTES_MAX = 32768 };   /* of the peer's Certificate message */
enum { CLIENT_CA_NAMES_MAX = 200 }; /* named to clients when asking for a certificate */

static enum tp_err fail_openssl(struct tp_diag *diag, const char *where, const char *what)
{
	char words[TP_TLS_REASON_MAX + 1];

	tp_tls_error_words(words, sizeof(words));
	return tp_fail(diag, TP_FORMAT, where, "%s: %s", what, words);
}

/* A PEM file ends with "no start line"; anything else is damage. */
static bool pem_ended(void)
{
	unsigned long e = ERR_peek_last_error();
	bool ended = ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;

	if (ended)
		ERR_clear_error();
	return ended;
}

static enum tp_err use_chain(SSL_CTX *ssl, struct tp_span pem, struct tp_diag *diag)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	enum tp_err err = TP_OK;
	unsigned count = 0;
	X509 *x;

	if (!bio)
		return TP_NOMEM;
	while (err == TP_OK && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		if (++count > TP_TLS_CHAIN_MAX)
			err = tp_fail(diag, TP_LIMIT, "certificate", "more than %d certificates in the chain",
				      TP_TLS_CHAIN_MAX);
		else if ((count == 1 ? SSL_CTX_use_certificate(ssl, x) : SSL_CTX_add1_chain_cert(ssl, x)) != 1)
			err = fail_openssl(diag, "certificate", "cannot be used");
		X509_free(x);
	}
	BIO_free(bio);
	if (err != TP_OK)
		return err;
	if (!pem_ended())
		return fail_openssl(diag, "certificate", "does not parse");
	if (count == 0)
		return tp_fail(diag, TP_FORMAT, "certificate", "no certificate in the PEM text");
	return TP_OK;
}

/* A key in clear is expected; asking for a passphrase must not reach a terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static enum tp_err use_key(SSL_CTX *ssl, const struct tp_secret *key, struct tp_diag *diag)
{
	BIO *bio = BIO_new_mem_buf(key->bytes, (int)key->len);
	enum tp_err err = TP_OK;
	EVP_PKEY *pkey;

	if (!bio)
		return TP_NOMEM;
	pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (!pkey)
		return fail_openssl(diag, "key", "does not parse");
	if (SSL_CTX_use_PrivateKey(ssl, pkey) != 1 || SSL_CTX_check_private_key(ssl) != 1)
		err = fail_openssl(diag, "key", "does not belong to the certificate");
	EVP_PKEY_free(pkey);
	return err;
}

static enum tp_err trust(SSL_CTX *ssl, struct tp_span pem, bool name_them, struct tp_diag *diag)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ssl);
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	enum tp_err err = TP_OK;
	unsigned count = 0;
	X509 *x;

	if (!bio)
		return TP_NOMEM;
	while (err == TP_OK && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		if (++count > TP_TLS_TRUSTED_MAX)
			err = tp_fail(diag, TP_LIMIT, "trusted", "more than %d certificates",
				      TP_TLS_TRUSTED_MAX);
		else if (X509_STORE_add_cert(store, x) != 1 ||
			 (name_them && count <= CLIENT_CA_NAMES_MAX && SSL_CTX_add_client_CA(ssl, x) != 1))
			err = fail_openssl(diag, "trusted", "cannot be used");
		X509_free(x);
	}
	BIO_free(bio);
	if (err == TP_OK && !pem_ended())
		err = fail_openssl(diag, "trusted", "does not parse");
	return err;
}

static enum tp_err add_crls(SSL_CTX *ssl, struct tp_span pem, struct tp_diag *diag)
{
	STACK_OF(X509) *certificates = NULL;
	STACK_OF(X509_CRL) *crls = NULL;
	enum tp_err err = tp_tls_check_read(pem, TP_TLS_TRUSTED_MAX, &certificates, &crls, diag);

	if (err != TP_OK)
		return err;
	for (int i = 0; err == TP_OK && i < sk_X509_CRL_num(crls); i++)
		if (X509_STORE_add_crl(SSL_CTX_get_cert_store(ssl), sk_X509_CRL_value(crls, i)) != 1)
			err = fail_openssl(diag, "trusted", "a revocation list cannot be used");
	sk_X509_pop_free(certificates, X509_free);
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	return err;
}

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		       const unsigned char *offered, unsigned offered_len, void *arg)
{
	const struct tp_tls_context *context = arg;
	unsigned char *chosen;

	(void)ssl;
	if (SSL_select_next_proto(&chosen, out_len, context->alpn + 0, context->alpn[0] + 1u, offered,
				  offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static enum tp_err set_alpn(struct tp_tls_context *context, const char *alpn, struct tp_diag *diag)
{
	size_t len = strlen(alpn);

	if (len == 0 || len > 255)
		return tp_fail(diag, TP_LIMIT, "alpn", "protocol name of %zu bytes", len);
	context->alpn[0] = (uint8_t)len;
	memcpy(context->alpn + 1, alpn, len < sizeof(context->alpn) ? len : sizeof(context->alpn) - 1);
	SSL_CTX_set_alpn_select_cb(context->ssl, select_alpn, context);
	if (SSL_CTX_set_alpn_protos(context->ssl, context->alpn, (unsigned)len + 1) != 0)
		return TP_NOMEM;
	return TP_OK;
}

/* Everything that depends on no input: what must never happen on any service. */
static bool harden(SSL_CTX *ssl)
{
	uint8_t session_context[16];

	if (RAND_bytes(session_context, sizeof(session_context)) != 1)
		return false;
	SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ssl, CHAIN_BYTES_MAX);
	SSL_CTX_set_msg_callback(ssl, tp_tls_guard_certificates);
	return SSL_CTX_set_num_tickets(ssl, 0) == 1 &&
	       SSL_CTX_set_session_id_context(ssl, session_context, sizeof(session_context)) == 1;
}

static void set_verify(struct tp_tls_context *context)
{
	int mode = SSL_VERIFY_NONE;

	if (context->verify == TP_TLS_VERIFY_REPORT)
		mode = SSL_VERIFY_PEER;
	else if (context->verify == TP_TLS_VERIFY_ENFORCE)
		mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(context->ssl, mode, NULL);
	SSL_CTX_set_verify_depth(context->ssl, TP_TLS_CHAIN_MAX);
	SSL_CTX_set_cert_verify_callback(context->ssl, tp_tls_verify_peer, context);
	/* An administrator who trusts an intermediate CA means it. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context->ssl), X509_V_FLAG_PARTIAL_CHAIN);
}

static enum tp_err fill(struct tp_tls_context *context, const struct tp_tls_options *o,
			struct tp_diag *diag)
{
	struct tp_tls_policy recommended;
	enum tp_err err;

	if (!harden(context->ssl))
		return TP_NOMEM;
	tp_tls_policy_preset(TP_TLS_SERVICE_WEB, TP_TLS_INBOUND, TP_TLS_RECOMMENDED, &recommended);
	/* With a suite without authentication no certificate is ever looked at, so only a
	 * client that takes any certificate may use one. */
	context->guard.anonymous = o->client && !o->server && o->verify == TP_TLS_VERIFY_OFF;
	err = tp_tls_policy_apply(context->ssl, o->policy ? o->policy : &recommended, &context->guard,
				  diag);
	if (err != TP_OK)
		return err;
	set_verify(context);
	if (o->certificate_pem.len > 0) {
		err = use_chain(context->ssl, o->certificate_pem, diag);
		if (err == TP_OK)
			err = use_key(context->ssl, o->key, diag);
		if (err != TP_OK)
			return err;
	}
	if (o->trusted_pem.len > 0) {
		err = trust(context->ssl, o->trusted_pem, o->server && o->verify != TP_TLS_VERIFY_OFF, diag);
		if (err == TP_OK && o->crl_check != TP_TLS_CRL_NONE)
			err = add_crls(context->ssl, o->trusted_pem, diag);
		if (err != TP_OK)
			return err;
	}
	return o->alpn ? set_alpn(context, o->alpn, diag) : TP_OK;
}

static enum tp_err check_options(const struct tp_tls_options *o, struct tp_diag *diag)
{
	if (!o->server && !o->client)
		return tp_fail(diag, TP_STATE, "role", "neither server nor client");
	if (o->certificate_pem.len > TP_TLS_PEM_MAX)
		return tp_fail(diag, TP_LIMIT, "certificate", "longer than %d bytes", TP_TLS_PEM_MAX);
	if (o->trusted_pem.len > TP_TLS_PEM_MAX)
		return tp_fail(diag, TP_LIMIT, "trusted", "longer than %d bytes", TP_TLS_PEM_MAX);
	if (o->server && o->certificate_pem.len == 0)
		return tp_fail(diag, TP_FORMAT, "certificate", "a server needs a certificate");
	if ((o->certificate_pem.len > 0) != (o->key && o->key->len > 0))
		return tp_fail(diag, TP_FORMAT, "key", "certificate and key go together");
	return TP_OK;
}

enum tp_err tp_tls_context_new(const struct tp_tls_options *options, struct tp_tls_context **out,
			       struct tp_diag *diag)
{
	enum tp_err err = check_options(options, diag);
	struct tp_tls_context *context;
	SSL_CTX *ssl;

	if (err != TP_OK)
		return err;
	err = tp_tls_policy_init();
	if (err != TP_OK)
		return err;
	ERR_clear_error();
	context = calloc(1, sizeof(*context));
	ssl = context ? SSL_CTX_new(TLS_method()) : NULL;
	/* From here on the SSL_CTX owns the context: its callbacks need it as long as any
	 * connection lives. */
	if (!ssl || !tp_tls_context_attach(ssl, context)) {
		SSL_CTX_free(ssl);
		free(context);
		return TP_NOMEM;
	}
	context->ssl = ssl;
	context->verify = options->verify;
	context->crl_check = options->crl_check;
	context->server = options->server;
	context->client = options->client;
	if (options->revocation)
		context->revocation = tp_revocation_ref(options->revocation);
	err = fill(context, options, diag);
	if (err != TP_OK)
		SSL_CTX_free(ssl);
	else
		*out = context;
	return err;
}

struct tp_tls_context *tp_tls_context_ref(struct tp_tls_context *context)
{
	SSL_CTX_up_ref(context->ssl);
	return context;
}

void tp_tls_context_unref(struct tp_tls_context **context)
{
	struct tp_tls_context *c = *context;

	*context = NULL;
	if (c)
		SSL_CTX_free(c->ssl);
}

struct ssl_ctx_st *tp_tls_context_ssl(const struct tp_tls_context *context)
{
	return context->ssl;
}
