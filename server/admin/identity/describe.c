/* Certificates, requests and findings as JSON. Runs in turnpike-admin. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/certificates/facts.h"
#include "admin/http/times.h"
#include "admin/identity/parts.h"

/* ----------------------------------------------------------------- certificates */

static void add_name(void *arg, const char *name)
{
	json_array_append_new(arg, tp_json_text(name));
}

static json_t *names_json(X509 *x)
{
	json_t *list = json_array();

	tp_tls_each_name(x, add_name, list);
	return list;
}

static json_t *purposes_json(X509 *x)
{
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	json_t *out = json_array();
	char text[80];

	for (int i = 0; i < sk_ASN1_OBJECT_num(list); i++) {
		const ASN1_OBJECT *o = sk_ASN1_OBJECT_value(list, i);
		int nid = OBJ_obj2nid(o);

		if (nid == NID_server_auth || nid == NID_client_auth)
			tp_text_copy(text, sizeof(text),
				     nid == NID_server_auth ? "serverAuth" : "clientAuth");
		else
			OBJ_obj2txt(text, sizeof(text), o, 0);
		json_array_append_new(out, tp_json_text(text));
	}
	EXTENDED_KEY_USAGE_free(list);
	return out;
}

static json_t *pem_json(X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());
	json_t *out = NULL;
	char *text;
	long len;

	if (bio && PEM_write_bio_X509(bio, x) && (len = BIO_get_mem_data(bio, &text)) > 0)
		out = json_stringn(text, (size_t)len);
	BIO_free(bio);
	return out;
}

json_t *tp_identity_certificate_json(X509 *x)
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	struct tp_facts f;
	char key_name[64] = "";

	if (tp_facts_read(x, &f) != TP_OK)
		return NULL;
	if (key)
		tp_tls_key_name(key, key_name, sizeof(key_name));
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:s, s:i, s:s, s:o, s:b, s:b, s:o}",
		"subject", tp_json_text(f.subject), "issuer", tp_json_text(f.issuer), "common-name",
		tp_json_text(f.common_name), "names", names_json(x), "serial", f.serial, "sha256",
		f.sha256, "not-before-at", tp_times_json((uint64_t)f.not_before * 1000),
		"not-after-at", tp_times_json((uint64_t)f.not_after * 1000), "key-type", key_name,
		"key-bits", key ? EVP_PKEY_get_bits(key) : 0, "signature",
		OBJ_nid2sn(X509_get_signature_nid(x)), "purposes", purposes_json(x), "ca", f.ca,
		"self-signed", f.self_signed, "pem", pem_json(x));
}

json_t *tp_identity_chain_json(const char *pem, json_t **certificate)
{
	BIO *bio = pem ? BIO_new_mem_buf(pem, -1) : NULL;
	json_t *list = json_array();
	X509 *x;

	*certificate = NULL;
	while (bio && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		json_t *one = tp_identity_certificate_json(x);

		X509_free(x);
		if (!*certificate)
			*certificate = one;
		else
			json_array_append_new(list, one);
	}
	BIO_free(bio);
	ERR_clear_error();
	if (!*certificate)
		*certificate = json_null();
	return list;
}

/* --------------------------------------------------------------------- findings */

json_t *tp_identity_findings_json(const struct tp_tls_findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct tp_tls_finding *f = &findings->list[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o}", "id", f->id,
						      "severity", tp_tls_severity_name(f->severity),
						      "text", tp_json_text(f->text), "remedy",
						      tp_json_text(f->remedy)));
	}
	return list;
}

static struct tp_span span_of(const char *text)
{
	return text ? tp_span_of(text) : (struct tp_span){0};
}

bool tp_identity_judge(struct tp_config *config, const char *id, const struct tp_staged *staged,
		       struct tp_tls_findings *out)
{
	char *present = tp_identity_chain(config, "running", id);
	char *trusted = tp_identity_trusted(config);
	struct tp_tls_upload *upload = NULL;
	struct tp_tls_judgement by = {
		.now = (int64_t)(tp_times_now_ms() / 1000),
		.key = staged->found,
		.trusted_pem = span_of(trusted),
		.present_pem = span_of(present),
		.left_over = staged->left_over,
	};
	bool read;

	tp_identity_sides(config, id, &by.server, &by.client);
	read = tp_tls_upload_read((struct tp_span){staged->pem, staged->pem_len}, &upload, NULL) ==
	       TP_OK;
	if (read) {
		tp_tls_upload_order(upload, (struct tp_span){(const char *)staged->public_key,
							     staged->public_key_len});
		tp_tls_findings_make(upload, &by, out);
	}
	tp_tls_upload_free(&upload);
	free(present);
	free(trusted);
	return read;
}

/* --------------------------------------------------------------------- requests */

/* Names of a request, and what there is to say about them. */
static json_t *request_names_json(X509_REQ *request, struct tp_tls_findings *findings)
{
	STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
	json_t *list = json_array();
	X509 *x = X509_new();

	/* They are read as those of a certificate are. */
	for (int i = 0; x && i < sk_X509_EXTENSION_num(extensions); i++)
		X509_add_ext(x, sk_X509_EXTENSION_value(extensions, i), -1);
	if (x) {
		tp_tls_each_name(x, add_name, list);
		tp_tls_find_long_names(x, findings);
	}
	X509_free(x);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return list;
}

static const char *hash_of(X509_REQ *request)
{
	int digest = NID_undef;

	OBJ_find_sigid_algs(X509_REQ_get_signature_nid(request), &digest, NULL);
	return digest == NID_sha384 ? "sha384" : "sha256";
}

static void write_key_print(const struct tp_identity_request *r, char text[3 * 32])
{
	uint8_t digest[32];

	SHA256(r->public_key, r->public_key_len, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(text + 3 * i, 4, i + 1 < sizeof(digest) ? "%02X:" : "%02X", digest[i]);
}

static json_t *subject_json(const X509_NAME *subject)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char text[512] = "";
	int n = 0;

	if (bio &&
	    X509_NAME_print_ex(bio, subject, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_read(bio, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
	return tp_json_text(text);
}

static json_t *common_name_json(const X509_NAME *subject)
{
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *text = NULL;
	json_t *out;

	if (at < 0 || ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(
							 X509_NAME_get_entry(subject, at))) < 0)
		return json_string("");
	out = tp_json_text((const char *)text);
	OPENSSL_free(text);
	return out;
}

json_t *tp_identity_request_json(const struct tp_identity_request *r)
{
	BIO *bio = BIO_new_mem_buf(r->pem, -1);
	X509_REQ *request = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
	struct tp_tls_findings *findings = calloc(1, sizeof(*findings));
	char key_name[64] = "", key_print[3 * 32];
	json_t *names, *out = NULL;

	if (request && findings) {
		const X509_NAME *subject = X509_REQ_get_subject_name(request);

		names = request_names_json(request, findings);
		tp_tls_key_name(X509_REQ_get0_pubkey(request), key_name, sizeof(key_name));
		write_key_print(r, key_print);
		out = json_pack("{s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:s}", "subject",
				subject_json(subject), "common-name", common_name_json(subject),
				"names", names, "key-type", key_name, "hash", hash_of(request),
				"distribution", r->distribution, "created-at",
				tp_times_json(r->created_ms), "created-by",
				tp_json_text(r->created_by), "sha256", key_print, "findings",
				tp_identity_findings_json(findings), "pem", r->pem);
	}
	free(findings);
	X509_REQ_free(request);
	BIO_free(bio);
	ERR_clear_error();
	return out;
}

/* ----------------------------------------------------------------------- staged */

static X509 *first_of(const char *pem)
{
	BIO *bio = pem ? BIO_new_mem_buf(pem, -1) : NULL;
	X509 *x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return x;
}

bool tp_identity_is_temporary(const char *pem)
{
	static const char made[] = "Turnpike temporary CA"; /* plugins/keys/make.c */
	X509 *x = first_of(pem);
	char name[256] = "";

	if (x)
		X509_NAME_get_text_by_NID(X509_get_issuer_name(x), NID_commonName, name,
					  sizeof(name));
	X509_free(x);
	return !strncmp(name, made, sizeof(made) - 1);
}

struct comparison {
	X509 *other;
	json_t *list;
};

static void add_missing(void *arg, const char *name)
{
	struct comparison *c = arg;

	if (!tp_tls_has_name(c->other, name))
		json_array_append_new(c->list, tp_json_text(name));
}

/* Names of `a` that `b` lacks. */
static json_t *missing_json(X509 *a, X509 *b)
{
	struct comparison c = {b, json_array()};

	if (a && b)
		tp_tls_each_name(a, add_missing, &c);
	return c.list;
}

static json_t *needed_json(const struct tp_tls_findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++)
		if (findings->list[i].severity == TP_TLS_WARN)
			json_array_append_new(list, json_string(findings->list[i].id));
	return list;
}

json_t *tp_identity_staged_json(struct tp_config *config, const char *id, const struct tp_staged *s)
{
	static const char *const sources[] = {"none", "pending", "uploaded", "present", "made"};
	struct tp_tls_findings *findings = calloc(1, sizeof(*findings));
	char *present_pem = tp_identity_chain(config, "running", id);
	X509 *present = first_of(present_pem), *leaf = first_of(s->pem);
	json_t *certificate, *chain, *out = NULL;

	if (findings && tp_identity_judge(config, id, s, findings)) {
		chain = tp_identity_chain_json(s->pem, &certificate);
		out = json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:b, s:o, s:o, s:o}", "staged",
				s->token, "expires-at", tp_times_json(s->until_ms), "certificate",
				certificate, "chain", chain, "key", sources[s->source], "findings",
				tp_identity_findings_json(findings), "refused",
				tp_tls_findings_worst(findings) == TP_TLS_REFUSE, "accept-needed",
				needed_json(findings), "names-lost", missing_json(present, leaf),
				"names-new", missing_json(leaf, present));
	}
	X509_free(present);
	X509_free(leaf);
	free(present_pem);
	free(findings);
	return out;
}
