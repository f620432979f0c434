/* The verdict on a peer's certificate, in words. Used by sip and admin. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "tls/check.h"
#include "tls/internal.h"
#include "tls/revocation_chain.h"

/* OpenSSL's numbers for our data on its objects; set once, constant from then on. */
static CRYPTO_ONCE indices_once = CRYPTO_ONCE_STATIC_INIT;
static int context_index = -1;
static int verdict_index = -1;
static int counted_index = -1;

static void free_data(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	(void)parent;
	(void)ad;
	(void)index;
	(void)argl;
	(void)argp;
	free(ptr);
}

static void free_context(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	struct tp_tls_context *context = ptr;

	if (context && context->revocation)
		tp_revocation_unref(&context->revocation);
	free_data(parent, ptr, ad, index, argl, argp);
}

/* Runs in SSL_new, when the SSL already has its SSL_CTX. */
static void count_in(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	struct tp_tls_context *context = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(parent), context_index);

	(void)ptr;
	(void)argl;
	(void)argp;
	if (context && CRYPTO_set_ex_data(ad, index, context) == 1)
		atomic_fetch_add_explicit(&context->connections, 1, memory_order_relaxed);
}

/* Runs in SSL_free, before the SSL lets go of its SSL_CTX. */
static void count_out(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	struct tp_tls_context *context = ptr;

	(void)parent;
	(void)ad;
	(void)index;
	(void)argl;
	(void)argp;
	if (context)
		atomic_fetch_sub_explicit(&context->connections, 1, memory_order_relaxed);
}

static void make_indices(void)
{
	context_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_context);
	verdict_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_data);
	counted_index = SSL_get_ex_new_index(0, NULL, count_in, NULL, count_out);
}

bool tp_tls_context_attach(SSL_CTX *ssl, struct tp_tls_context *context)
{
	return CRYPTO_THREAD_run_once(&indices_once, make_indices) == 1 && context_index >= 0 &&
	       verdict_index >= 0 && counted_index >= 0 && SSL_CTX_set_ex_data(ssl, context_index, context) == 1;
}

const struct tp_tls_context *tp_tls_context_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index);
}

struct tp_tls_verdict *tp_tls_verdict_of(SSL *ssl)
{
	struct tp_tls_verdict *v = SSL_get_ex_data(ssl, verdict_index);

	if (v)
		return v;
	v = calloc(1, sizeof(*v));
	if (v && SSL_set_ex_data(ssl, verdict_index, v) != 1) {
		free(v);
		v = NULL;
	}
	return v;
}

void tp_tls_say(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* Started one line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(buf, size, fmt, ap);
	va_end(ap);
}

STACK_OF(X509) *tp_tls_anchors_of(X509_STORE *trust)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(trust);
	STACK_OF(X509) *anchors = sk_X509_new_reserve(NULL, sk_X509_OBJECT_num(objects) + 1);

	for (int i = 0; anchors && i < sk_X509_OBJECT_num(objects); i++) {
		X509 *x = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

		if (x)
			sk_X509_push(anchors, x);
	}
	return anchors;
}

static STACK_OF(X509_CRL) *crls_of(X509_STORE *trust)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(trust);
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_reserve(NULL, sk_X509_OBJECT_num(objects) + 1);

	for (int i = 0; crls && i < sk_X509_OBJECT_num(objects); i++) {
		X509_CRL *crl = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));

		if (crl)
			sk_X509_CRL_push(crls, crl);
	}
	return crls;
}

/* The path and our own rules; leaves the path in the store's context for revocation. */
static bool check_chain(X509_STORE_CTX *store, const SSL *ssl, enum tp_tls_crl_check crl_check,
			struct tp_tls_verdict *v)
{
	STACK_OF(X509) *anchors = tp_tls_anchors_of(X509_STORE_CTX_get0_store(store));
	STACK_OF(X509_CRL) *crls = crl_check ? crls_of(X509_STORE_CTX_get0_store(store)) : NULL;
	const struct tp_tls_check check = {
		.purpose = SSL_is_server(ssl) ? TP_TLS_PURPOSE_CLIENT : TP_TLS_PURPOSE_SERVER,
		.at = (int64_t)time(NULL),
		.leaf = X509_STORE_CTX_get0_cert(store),
		.others = X509_STORE_CTX_get0_untrusted(store),
		.anchors = anchors,
		.check_crls = crl_check != TP_TLS_CRL_NONE,
		.leaf_crl_only = crl_check == TP_TLS_CRL_PEER,
		.crls = crls,
		.cn_names = v->cn_names,
	};
	struct tp_tls_checked checked;

	tp_tls_check_run(&check, &checked);
	sk_X509_free(anchors);
	sk_X509_CRL_free(crls);
	X509_STORE_CTX_set_error(store, checked.error);
	X509_STORE_CTX_set_error_depth(store, checked.depth);
	tp_text_copy(v->reason, sizeof(v->reason), checked.reason);
	if (checked.accepted) {
		X509_STORE_CTX_set0_verified_chain(store, checked.path);
		checked.path = NULL;
	}
	tp_tls_checked_fini(&checked);
	return checked.accepted;
}

int tp_tls_verify_peer(X509_STORE_CTX *store, void *arg)
{
	const struct tp_tls_context *context = arg;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tp_tls_verdict *v = tp_tls_verdict_of(ssl);

	if (!v)
		return 0;
	v->checked = true;
	v->trusted = v->chain_trusted = check_chain(store, ssl, context->crl_check, v);
	if (v->trusted && v->wanted[0] &&
	    !tp_tls_check_server_name(X509_STORE_CTX_get0_cert(store), v->wanted, v->cn_names, v->reason)) {
		v->trusted = false;
		X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
	} else if (v->trusted) {
		tp_tls_revocation_check(context, store, v);
	}
	tp_text_make_printable(v->reason);
	ERR_clear_error();
	return v->trusted || context->verify != TP_TLS_VERIFY_ENFORCE;
}

/* ------------------------------------------------------------------------ words */

/* Alerts with which a peer says that it does not like our certificate. */
static const char *certificate_alert(int alert)
{
	switch (alert) {
	case SSL_AD_BAD_CERTIFICATE:
		return "bad certificate (for example, a name that it does not expect)";
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
		return "certificate is not for this purpose";
	case SSL_AD_CERTIFICATE_REVOKED:
		return "certificate revoked";
	case SSL_AD_CERTIFICATE_EXPIRED:
		return "certificate expired or not yet valid";
	case SSL_AD_CERTIFICATE_UNKNOWN:
		return "certificate not acceptable";
	case SSL_AD_UNKNOWN_CA:
		return "unknown CA";
	case SSL_AD_DECRYPT_ERROR:
		return "wrong signature";
	case SSL_AD_CERTIFICATE_REQUIRED:
		return "it wants a certificate and got none";
	default:
		return NULL;
	}
}

static const char *plain_words(int reason)
{
	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_PACKET_LENGTH_TOO_LONG:
	case SSL_R_BAD_RECORD_TYPE:
		return "this is not TLS";
	case SSL_R_HTTP_REQUEST:
		return "HTTP without TLS";
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return "no certificate shown";
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
		return "the peer's TLS version is too old";
	case SSL_R_NO_SHARED_CIPHER:
		return "no cipher in common";
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return "connection closed without TLS close";
	default:
		return NULL;
	}
}

void tp_tls_error_words(char *buf, size_t size)
{
	unsigned long e = ERR_get_error();
	int reason = ERR_GET_REASON(e);
	const char *words = NULL;

	ERR_clear_error();
	if (ERR_GET_LIB(e) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET &&
	    reason < SSL_AD_REASON_OFFSET + 256) {
		int alert = reason - SSL_AD_REASON_OFFSET;

		words = certificate_alert(alert);
		if (words)
			tp_tls_say(buf, size, "the peer refused our certificate: %s", words);
		else
			tp_tls_say(buf, size, "the peer ended it: %s", SSL_alert_desc_string_long(alert));
		return;
	}
	if (ERR_GET_LIB(e) == ERR_LIB_SSL)
		words = plain_words(reason);
	if (!words)
		words = e ? ERR_reason_error_string(e) : NULL;
	tp_tls_say(buf, size, "%s", words ? words : "unknown error");
}
