/* Taking certificates in, and putting them in use. Runs in turnpike-admin's workers. */
#include <stdlib.h>
#include <string.h>

#include "admin/identity/parts.h"

enum { INPUT_MAX = 65536 /* key_spec of messages.def */ };

/* ----------------------------------------------------------------------- uploads */

/* Keeps what was read, and answers with what there is to say about it. */
void tp_identity_bring(struct tp_identity_call *k, struct tp_span bytes, enum tp_key_source source,
		       const struct tp_msg_key_answer *key)
{
	struct tp_tls_upload *upload = NULL;
	struct tp_staged *s = calloc(1, sizeof(*s));
	struct tp_diag diag = {0};
	enum tp_err err = tp_tls_upload_read(bytes, &upload, &diag);

	if (err == TP_FORMAT || err == TP_LIMIT) {
		tp_http_reply_error(k->res, 400, "invalid-value", NULL,
				    "This is not a certificate that can be read: %s.", diag.text);
	} else if (err == TP_OK && s &&
		   (err = tp_identity_stage(k, upload, source, key, s)) == TP_OK) {
		tp_http_reply_json(k->res, 200,
				   tp_identity_staged_json(k->all->config, k->info.id, s));
		tp_identity_note(k, 0, "identity.upload", "%s: a certificate was brought in",
				 k->info.id);
		tp_staged_fini(s);
	} else {
		tp_http_reply_failure(k->res, err == TP_OK ? TP_NOMEM : err, NULL);
	}
	tp_tls_upload_free(&upload);
	free(s);
}

/* Bytes of a member in base64, or as text; false: *res holds the answer. */
static bool take_bytes(struct tp_identity_call *k, const json_t *value, bool base64, size_t max,
		       uint8_t **out, size_t *len)
{
	struct tp_span text = {json_string_value(value), json_string_length(value)};
	uint8_t *bytes = malloc(text.len + 1);
	enum tp_err err = text.p && bytes ? TP_OK : TP_FORMAT;

	if (err == TP_OK && base64) {
		err = tp_text_parse_base64(text, bytes, text.len, len);
	} else if (err == TP_OK) {
		memcpy(bytes, text.p, text.len);
		*len = text.len;
	}
	if (err == TP_OK && *len <= max) {
		*out = bytes;
		return true;
	}
	free(bytes);
	if (err == TP_OK)
		tp_http_reply_error(k->res, 400, "invalid-value", NULL,
				    "The file is longer than %zu bytes.", max);
	else
		tp_http_reply_error(k->res, 400, "invalid-value", NULL,
				    "Send a certificate as text (pem) or in base64 (der, pkcs12).");
	return false;
}

static bool looks_like_pem(const char *text)
{
	return text && strstr(text, "-----BEGIN ");
}

/* Opens a key or a PKCS#12 file in the helper. */
static bool open_input(struct tp_identity_call *k, enum tp_key_work work, const uint8_t *bytes,
		       size_t len, const json_t *body, struct tp_msg_key_answer *opened)
{
	const char *passphrase = json_string_value(json_object_get(body, "passphrase"));
	struct tp_msg_key_ask *ask = calloc(1, sizeof(*ask));
	bool done = false;

	if (!ask) {
		tp_http_reply_failure(k->res, TP_NOMEM, NULL);
		return false;
	}
	tp_text_copy(ask->identity, sizeof(ask->identity), k->info.id);
	ask->spec_count = 1;
	ask->spec[0].work = (uint8_t)work;
	ask->spec[0].input = bytes;
	ask->spec[0].input_len = (uint32_t)len;
	if (!tp_text_copy(ask->spec[0].passphrase, sizeof(ask->spec[0].passphrase),
			  passphrase ? passphrase : ""))
		tp_http_reply_error(k->res, 400, "invalid-value", "/passphrase",
				    "The passphrase is too long.");
	else
		done = tp_identity_ask(k, ask, opened);
	tp_msg_key_ask_fini(ask);
	free(ask);
	return done;
}

static void upload_pkcs12(struct tp_identity_call *k, const json_t *body)
{
	struct tp_msg_key_answer *opened = calloc(1, sizeof(*opened));
	uint8_t *bytes = NULL;
	size_t len = 0;

	if (opened &&
	    take_bytes(k, json_object_get(body, "pkcs12"), true, INPUT_MAX, &bytes, &len) &&
	    open_input(k, TP_KEY_WORK_OPEN_PKCS12, bytes, len, body, opened)) {
		tp_identity_bring(k, (struct tp_span){(const char *)opened->pem, opened->pem_len},
				  TP_KEY_SOURCE_UPLOADED, opened);
		tp_bus_key_answer_fini(opened);
	}
	if (bytes)
		tp_wipe(bytes, len);
	free(bytes);
	free(opened);
}

/* The private key that came along, as bytes; NULL and true when none did. */
static bool take_key(struct tp_identity_call *k, const json_t *body, uint8_t **bytes, size_t *len)
{
	const json_t *key = json_object_get(body, "key");
	const json_t *pem = json_object_get(body, "pem");
	const char *text = json_string_value(pem);

	if (key && !json_is_null(key))
		return take_bytes(k, key, !looks_like_pem(json_string_value(key)), INPUT_MAX, bytes,
				  len);
	if (text && strstr(text, "PRIVATE KEY-----"))
		return take_bytes(k, pem, false, INPUT_MAX, bytes, len);
	return true;
}

static void upload_certificates(struct tp_identity_call *k, const json_t *body)
{
	const json_t *der = json_object_get(body, "der");
	struct tp_msg_key_answer *opened = calloc(1, sizeof(*opened));
	uint8_t *bytes = NULL, *key = NULL;
	size_t len = 0, key_len = 0;
	struct tp_span certificates;

	if (opened &&
	    take_bytes(k, der ? der : json_object_get(body, "pem"), der != NULL, TP_TLS_UPLOAD_MAX,
		       &bytes, &len) &&
	    take_key(k, body, &key, &key_len)) {
		certificates = (struct tp_span){(const char *)bytes, len};
		if (!key) {
			tp_identity_bring(k, certificates, TP_KEY_SOURCE_NONE, NULL);
		} else if (open_input(k, TP_KEY_WORK_OPEN_KEY, key, key_len, body, opened)) {
			tp_identity_bring(k, certificates, TP_KEY_SOURCE_UPLOADED, opened);
			tp_bus_key_answer_fini(opened);
		}
	}
	if (key)
		tp_wipe(key, key_len);
	if (bytes)
		tp_wipe(bytes, len);
	free(key);
	free(bytes);
	free(opened);
}

/* Private keys and passphrases do not stay in freed memory. */
static void wipe_texts(json_t *body)
{
	const char *name;
	json_t *member;

	json_object_foreach(body, name, member) if (json_is_string(member))
		tp_wipe((char *)json_string_value(member), json_string_length(member));
}

void tp_identity_post_upload(void *arg, const struct tp_http_request *req,
			     struct tp_http_response *res)
{
	struct tp_identity_call k;
	json_t *body;

	if (!tp_identity_start(&k, arg, req, res) || !(body = tp_http_body_object(req, res)))
		return;
	if (json_object_get(body, "pkcs12"))
		upload_pkcs12(&k, body);
	else
		upload_certificates(&k, body);
	if (!res->status)
		tp_http_reply_failure(res, TP_NOMEM, NULL);
	wipe_texts(body);
	json_decref(body);
}

void tp_identity_delete_staged(void *arg, const struct tp_http_request *req,
			       struct tp_http_response *res)
{
	struct tp_identity_call k;

	if (!tp_identity_start(&k, arg, req, res))
		return;
	tp_identity_unstage(k.all, k.info.id);
	tp_http_reply_empty(res, 204);
}

/* -------------------------------------------------------------------- activation */

static bool is_accepted(const json_t *body, const char *id)
{
	const json_t *accept = json_object_get(body, "accept");
	const json_t *entry;
	size_t i;

	json_array_foreach(accept, i, entry) if (json_is_string(entry) &&
						 !strcmp(json_string_value(entry), id)) return true;
	return false;
}

static void add_error(json_t *list, const struct tp_tls_finding *f)
{
	json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:{s:s, s:o}}", "error-type",
					      "application", "error-tag", "operation-failed",
					      "error-app-tag", f->id, "error-message",
					      tp_json_text(f->text), "error-info", "severity",
					      tp_tls_severity_name(f->severity), "remedy",
					      tp_json_text(f->remedy)));
}

/* What stands in the way; NULL: nothing. */
static json_t *objections(const struct tp_tls_findings *findings, const json_t *body)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct tp_tls_finding *f = &findings->list[i];

		if (f->severity == TP_TLS_REFUSE ||
		    (f->severity == TP_TLS_WARN && !is_accepted(body, f->id)))
			add_error(list, f);
	}
	if (json_array_size(list))
		return json_pack("{s:{s:o}}", "ietf-restconf:errors", "error", list);
	json_decref(list);
	return NULL;
}

static void activate(struct tp_identity_call *k, const struct tp_staged *s, const json_t *body)
{
	struct tp_tls_findings *findings = calloc(1, sizeof(*findings));
	json_t *refused;

	if (!findings || !tp_identity_judge(k->all->config, k->info.id, s, findings)) {
		tp_http_reply_failure(k->res, TP_NOMEM, NULL);
	} else if ((refused = objections(findings, body))) {
		tp_http_reply_json(k->res, 409, refused);
	} else {
		tp_identity_put(k, s->pem, s->key_sealed, body);
		if (k->res->status == 200) {
			tp_identity_unstage(k->all, k->info.id);
			tp_identity_settle(k->all);
			tp_identity_note(k, 0, "identity.activate",
					 "%s: the new certificate was %s", k->info.id,
					 json_is_true(json_object_get(body, "commit"))
						 ? "put in use"
						 : "put into the pending changes");
		}
	}
	free(findings);
}

void tp_identity_post_activate(void *arg, const struct tp_http_request *req,
			       struct tp_http_response *res)
{
	struct tp_staged *s = calloc(1, sizeof(*s));
	struct tp_identity_call k;
	const char *token;
	json_t *body = NULL;

	if (s && tp_identity_start(&k, arg, req, res) && (body = tp_http_body_object(req, res))) {
		token = json_string_value(json_object_get(body, "staged"));
		if (tp_identity_staged(k.all, k.info.id, token ? token : "", s) == TP_OK) {
			activate(&k, s, body);
			tp_staged_fini(s);
		} else {
			tp_http_reply_error(res, 404, "invalid-value", "/staged",
					    "This upload is not there any more: upload it again.");
		}
	}
	json_decref(body);
	free(s);
}

void tp_identity_delete_certificate(void *arg, const struct tp_http_request *req,
				    struct tp_http_response *res)
{
	struct tp_identity_call k;
	char now[8] = "";

	if (!tp_identity_start(&k, arg, req, res))
		return;
	if (tp_identity_is_default(k.info.id) || tp_identity_is_named(k.info.id)) {
		tp_http_reply_error(res, 405, "operation-not-supported", NULL,
				    tp_identity_is_default(k.info.id)
					    ? "The shared identity always has a certificate; replace it."
					    : "A client identity has nothing to go back to; delete it.");
		return;
	}
	tp_identity_remove(&k,
			   tp_http_query(req, "commit", now, sizeof(now)) && !strcmp(now, "true"));
	if (res->status == 200)
		tp_identity_note(&k, 0, "identity.remove", "%s: goes back to the shared identity",
				 k.info.id);
}
