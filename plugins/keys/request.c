/* New keys, with a request for a certificate or one signed with itself. Runs in
 * turnpike-keys. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "work.h"
#include "write.h"

enum { DAY_S = 24 * 3600, CLOCK_SKEW_S = 300 };

static EVP_PKEY *new_key(enum tp_key_type type)
{
	switch (type) {
	case TP_KEY_RSA_2048:
		return EVP_RSA_gen(2048);
	case TP_KEY_RSA_3072:
		return EVP_RSA_gen(3072);
	case TP_KEY_RSA_4096:
		return EVP_RSA_gen(4096);
	case TP_KEY_EC_P256:
		return EVP_EC_gen("P-256");
	case TP_KEY_EC_P384:
		return EVP_EC_gen("P-384");
	}
	return NULL;
}

static const EVP_MD *digest(const struct tp_msg_key_spec *spec)
{
	return spec->hash ? EVP_sha384() : EVP_sha256();
}

static bool add_part(X509_NAME *name, int nid, const char *text)
{
	return !text[0] || X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
						      (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool set_subject(X509_NAME *name, const struct tp_msg_key_spec *spec)
{
	return add_part(name, NID_countryName, spec->country) &&
	       add_part(name, NID_stateOrProvinceName, spec->state) &&
	       add_part(name, NID_localityName, spec->locality) &&
	       add_part(name, NID_organizationName, spec->organization) &&
	       add_part(name, NID_organizationalUnitName, spec->organizational_unit) &&
	       add_part(name, NID_commonName, spec->common_name);
}

/* ----------------------------------------------------------------- extensions */

static bool add_text(STACK_OF(X509_EXTENSION) *list, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (e && sk_X509_EXTENSION_push(list, e) > 0)
		return true;
	X509_EXTENSION_free(e);
	return false;
}

static bool add_usage(STACK_OF(X509_EXTENSION) *list, const struct tp_msg_key_spec *spec)
{
	bool rsa = spec->type <= TP_KEY_RSA_4096;
	const char *purposes = spec->server_auth && spec->client_auth ? "serverAuth,clientAuth" :
			       spec->server_auth		      ? "serverAuth" :
									"clientAuth";

	return add_text(list, NID_key_usage,
			rsa ? "critical,digitalSignature,keyEncipherment" :
			      "critical,digitalSignature") &&
	       (!(spec->server_auth || spec->client_auth) ||
		add_text(list, NID_ext_key_usage, purposes));
}

static bool add_names(STACK_OF(X509_EXTENSION) **list, const GENERAL_NAMES *names)
{
	return sk_GENERAL_NAME_num(names) <= 0 ||
	       X509V3_add1_i2d(list, NID_subject_alt_name, (void *)names, 0,
			       X509V3_ADD_APPEND) == 1;
}

/* What a request or a certificate says besides its subject and key. */
static STACK_OF(X509_EXTENSION) *extensions(const struct tp_msg_key_spec *spec,
					    const GENERAL_NAMES *names)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();

	if (list && add_usage(list, spec) && add_names(&list, names))
		return list;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return NULL;
}

/* ------------------------------------------------------------- whom it is for */

struct whom {
	X509_NAME *subject;
	GENERAL_NAMES *names;
};

static void whom_fini(struct whom *w)
{
	X509_NAME_free(w->subject);
	sk_GENERAL_NAME_pop_free(w->names, GENERAL_NAME_free);
}

/* A certificate without names has that of its subject, which authorities want as a
 * name nowadays. */
static bool push_common_name(struct whom *w)
{
	char text[256];
	int len = X509_NAME_get_text_by_NID(w->subject, NID_commonName, text, sizeof(text));

	if (len <= 0 || (size_t)len != strlen(text) || !tp_keys_is_dns_name(text))
		return true;
	return tp_keys_push_dns(w->names, text);
}

static enum tp_err whom_like(struct tp_span pem, struct whom *w, struct tp_diag *diag)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, tp_keys_no_passphrase, NULL) : NULL;
	enum tp_err err = TP_OK;

	if (!cert) {
		err = tp_fail(diag, TP_FORMAT, "", "the present certificate does not read");
	} else {
		w->subject = X509_NAME_dup(X509_get_subject_name(cert));
		w->names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
		if (!w->names && (w->names = sk_GENERAL_NAME_new_null()) && w->subject &&
		    !push_common_name(w))
			err = TP_NOMEM;
		if (!w->subject || !w->names)
			err = TP_NOMEM;
	}
	X509_free(cert);
	BIO_free(bio);
	return err;
}

static enum tp_err whom_asked(const struct tp_msg_key_spec *spec, struct whom *w,
			      struct tp_diag *diag)
{
	w->subject = X509_NAME_new();
	w->names = sk_GENERAL_NAME_new_null();
	if (!w->subject || !w->names)
		return TP_NOMEM;
	if (!set_subject(w->subject, spec))
		return tp_fail(diag, TP_FORMAT, "", "the subject is not valid: %s",
			       ERR_reason_error_string(ERR_peek_last_error()));
	if (!tp_keys_push_names(w->names, spec->dns_names, spec->dns_names_count, spec->ip_names,
				spec->ip_names_count, diag->text, sizeof(diag->text)))
		return TP_FORMAT;
	return TP_OK;
}

static enum tp_err whom_init(const struct tp_msg_key_spec *spec, struct whom *w,
			     struct tp_diag *diag)
{
	if (spec->input_len)
		return whom_like((struct tp_span){ (const char *)spec->input, spec->input_len }, w,
				 diag);
	return whom_asked(spec, w, diag);
}

/* ------------------------------------------------------------------- requests */

static bool fill_request(X509_REQ *request, EVP_PKEY *key, const struct whom *w,
			 const struct tp_msg_key_spec *spec)
{
	STACK_OF(X509_EXTENSION) *list = extensions(spec, w->names);
	bool filled = list && X509_REQ_set_version(request, X509_REQ_VERSION_1) &&
		      X509_REQ_set_subject_name(request, w->subject) &&
		      X509_REQ_set_pubkey(request, key) &&
		      X509_REQ_add_extensions(request, list) &&
		      X509_REQ_sign(request, key, digest(spec)) > 0;

	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return filled;
}

enum tp_err tp_keys_request(const struct tp_msg_key_spec *spec, struct tp_keys_result *out,
			    struct tp_diag *diag)
{
	struct whom w = { 0 };
	X509_REQ *request = X509_REQ_new();
	enum tp_err err = request ? whom_init(spec, &w, diag) : TP_NOMEM;

	if (err == TP_OK) {
		out->key = new_key((enum tp_key_type)spec->type);
		out->pem = BIO_new(BIO_s_mem());
		if (!out->key || !out->pem || !fill_request(request, out->key, &w, spec) ||
		    PEM_write_bio_X509_REQ(out->pem, request) != 1)
			err = TP_INTERNAL;
	}
	whom_fini(&w);
	X509_REQ_free(request);
	return err;
}

/* ---------------------------------------------------------------- self-signed */

static bool add_to_certificate(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool added;

	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	added = e && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return added;
}

static bool add_extensions(X509 *cert, const struct tp_msg_key_spec *spec,
			   const GENERAL_NAMES *names)
{
	STACK_OF(X509_EXTENSION) *list = extensions(spec, names);
	bool added = list != NULL;

	for (int i = 0; added && i < sk_X509_EXTENSION_num(list); i++)
		added = X509_add_ext(cert, sk_X509_EXTENSION_value(list, i), -1) == 1;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return added;
}

static bool fill_certificate(X509 *cert, EVP_PKEY *key, const struct whom *w,
			     const struct tp_msg_key_spec *spec)
{
	return X509_set_version(cert, X509_VERSION_3) && tp_keys_set_serial(cert) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -CLOCK_SKEW_S) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), (long)spec->days * DAY_S) &&
	       X509_set_subject_name(cert, w->subject) && X509_set_issuer_name(cert, w->subject) &&
	       X509_set_pubkey(cert, key) &&
	       add_to_certificate(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extensions(cert, spec, w->names) &&
	       add_to_certificate(cert, NID_subject_key_identifier, "hash") &&
	       X509_sign(cert, key, digest(spec)) > 0;
}

enum tp_err tp_keys_self_signed(const struct tp_msg_key_spec *spec, struct tp_keys_result *out,
				struct tp_diag *diag)
{
	struct whom w = { 0 };
	X509 *cert = X509_new();
	enum tp_err err = cert ? whom_init(spec, &w, diag) : TP_NOMEM;

	if (err == TP_OK) {
		out->key = new_key((enum tp_key_type)spec->type);
		out->pem = BIO_new(BIO_s_mem());
		if (!out->key || !out->pem || !fill_certificate(cert, out->key, &w, spec) ||
		    !tp_keys_write_certificate(out->pem, cert))
			err = TP_INTERNAL;
	}
	whom_fini(&w);
	X509_free(cert);
	return err;
}
