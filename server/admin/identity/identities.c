/* The identities' API. Runs in turnpike-admin's workers. */
#include "admin/identity/identities.h"

#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/http/times.h"
#include "admin/identity/parts.h"
#include "core/log.h"

enum { INPUT_MAX = 65536 /* key_spec of messages.def */ };

void tp_identity_note(const struct tp_identity_call *k, uint8_t severity, const char *name,
		      const char *fmt, ...)
{
	struct tp_log_entry line = {.at_ms = tp_times_now_ms(), .severity = severity};
	va_list ap;

	tp_text_copy(line.name, sizeof(line.name), name);
	tp_text_copy(line.user, sizeof(line.user), k->op.user);
	tp_text_copy(line.source, sizeof(line.source), k->op.source);
	va_start(ap, fmt);
	vsnprintf(line.text, sizeof(line.text), fmt, ap);
	va_end(ap);
	tp_text_make_printable(line.text);
	if (tp_store_log_add(k->all->store, TP_LOG_KIND_CONFIGURATION, &line) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "identity.log", "not stored: %s %s", name, line.text);
}

void tp_identity_forward(struct tp_identity_call *k, const struct tp_restconf_response *answer)
{
	if (answer->body)
		tp_http_reply_bytes(k->res, answer->status,
				    answer->content_type ? answer->content_type : "application/json",
				    answer->body, answer->body_len);
	else
		tp_http_reply_empty(k->res, answer->status);
}

static bool start_call(struct tp_identity_call *k, void *arg, const struct tp_http_request *req,
		       struct tp_http_response *res)
{
	*k = (struct tp_identity_call){.all = arg, .req = req, .res = res};
	k->which = tp_tls_identity_find(req->parameter);
	if (k->which == TP_TLS_IDENTITIES) {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "There is no identity '%s'.",
				    req->parameter);
		return false;
	}
	k->info = tp_tls_identity_info(k->which);
	tp_login_source(req, k->source);
	k->op = (struct tp_operator){.user = req->user,
				     .source = k->source,
				     .connection = req->connection,
				     .newest = req->newest_connection,
				     .may_write = true};
	return true;
}

/* --------------------------------------------------------------------------- GET */

/* A request whose certificate serves is done. While a trial is under way, it may yet
 * be needed again. */
static void settle(struct tp_identities *all, unsigned which, const struct tp_identity_request *r)
{
	char *pem = tp_identity_own_chain(all->config, "running", which);
	struct tp_tls_upload *upload = NULL;
	struct tp_span key = {(const char *)r->public_key, r->public_key_len};

	if (pem && tp_tls_upload_read(tp_span_of(pem), &upload, NULL) == TP_OK &&
	    tp_tls_upload_has_key(upload, key) &&
	    tp_store_request_delete(all->store, r->identity) != TP_OK)
		TP_LOG(TP_LOG_WARN, "identity.request", "a request that is done stays: %s", r->identity);
	tp_tls_upload_free(&upload);
	free(pem);
}

static bool on_trial(struct tp_identities *all)
{
	const struct tp_operator op = {.user = "root", .source = "", .connection = 1};
	struct tp_restconf_response answer = {0};
	json_t *status;
	bool trial;

	tp_config_ask(all->config, &op, "GET", "/api/v1/config/status", NULL, &answer);
	status = answer.body ? json_loadb(answer.body, answer.body_len, 0, NULL) : NULL;
	trial = !json_is_null(json_object_get(status, "trial"));
	json_decref(status);
	tp_restconf_response_fini(&answer);
	return trial;
}

static void settle_all(struct tp_identities *all)
{
	struct tp_identity_request *r = calloc(1, sizeof(*r));
	bool trial = on_trial(all);

	for (unsigned i = 0; r && !trial && i < TP_TLS_IDENTITIES; i++) {
		const struct tp_tls_identity_info info = tp_tls_identity_info(i);

		if (tp_store_request_get(all->store, info.id, r) != TP_OK)
			continue;
		settle(all, i, r);
		tp_store_request_fini(r);
	}
	free(r);
}

static json_t *pending_json(struct tp_identities *all, const char *id)
{
	struct tp_identity_request *r = calloc(1, sizeof(*r));
	json_t *out = NULL;

	if (r && tp_store_request_get(all->store, id, r) == TP_OK) {
		out = tp_identity_request_json(r);
		tp_store_request_fini(r);
	}
	free(r);
	return out ? out : json_null();
}

static json_t *staged_json(struct tp_identities *all, unsigned which)
{
	struct tp_staged *s = calloc(1, sizeof(*s));
	json_t *out = NULL;

	if (s && tp_identity_staged(all, which, NULL, s) == TP_OK) {
		out = tp_identity_staged_json(all->config, which, s);
		tp_staged_fini(s);
	}
	free(s);
	return out ? out : json_null();
}

/* What is to be said about the certificate in use. */
static json_t *running_findings_json(struct tp_identities *all, unsigned which, char *pem)
{
	struct tp_tls_findings *findings = calloc(1, sizeof(*findings));
	struct tp_staged *s = calloc(1, sizeof(*s));
	json_t *out = NULL;

	if (findings && s && pem) {
		s->pem = pem;
		s->pem_len = strlen(pem);
		if (tp_identity_judge(all->config, which, s, findings))
			out = tp_identity_findings_json(findings);
	}
	free(findings);
	free(s);
	return out ? out : json_array();
}

/* Labels of the services and sides that show it. */
static json_t *used_by_json(struct tp_config *config, unsigned which)
{
	json_t *list = json_array();

	for (unsigned i = 1; i < TP_TLS_IDENTITIES; i++) {
		const struct tp_tls_identity_info info = tp_tls_identity_info(i);
		char *own = tp_identity_own_chain(config, "running", i);

		if (own ? i == which : which == TP_TLS_IDENTITY_DEFAULT)
			json_array_append_new(list, json_string(info.label));
		free(own);
	}
	return list;
}

static json_t *identity_json(struct tp_identities *all, unsigned which)
{
	const struct tp_tls_identity_info info = tp_tls_identity_info(which);
	bool is_default = which == TP_TLS_IDENTITY_DEFAULT;
	char *own = tp_identity_own_chain(all->config, "running", which);
	char *pem = own ? strdup(own) : tp_identity_chain(all->config, "running", which);
	json_t *certificate;
	json_t *chain = tp_identity_chain_json(pem, &certificate);
	json_t *out = json_pack(
		"{s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", info.id, "label",
		info.label, "service",
		is_default ? json_null() : json_string(tp_tls_service_info(info.service)->name), "side",
		is_default ? json_null() : json_string(info.server ? "server" : "client"), "configured",
		own != NULL, "falls-back-to", own || is_default ? json_null() : json_string("default"),
		"used-by", used_by_json(all->config, which), "certificate", certificate, "chain", chain,
		"findings", running_findings_json(all, which, pem), "request",
		pending_json(all, info.id), "staged", staged_json(all, which));

	free(own);
	free(pem);
	return out;
}

static void get_all(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_identities *all = arg;
	json_t *list = json_array();

	(void)req;
	settle_all(all);
	for (unsigned i = 0; i < TP_TLS_IDENTITIES; i++)
		json_array_append_new(list, identity_json(all, i));
	tp_http_reply_json(res, 200,
			   json_pack("{s:o, s:[s,s,s,s,s], s:[s,s], s:o}", "identities", list,
				     "key-types", "rsa-2048", "rsa-3072", "rsa-4096", "ec-p256",
				     "ec-p384", "hashes", "sha256", "sha384", "defaults",
				     tp_identity_defaults_json(all->config)));
}

static void get_one(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_identity_call k;

	if (!start_call(&k, arg, req, res))
		return;
	settle_all(k.all);
	tp_http_reply_json(res, 200, identity_json(k.all, k.which));
}

/* ---------------------------------------------------------------------- requests */

static void get_request(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_identity_request *r = calloc(1, sizeof(*r));
	struct tp_identity_call k;
	char disposition[96];
	enum tp_err err;

	if (!start_call(&k, arg, req, res)) {
		free(r);
		return;
	}
	err = r ? tp_store_request_get(k.all->store, k.info.id, r) : TP_NOMEM;
	if (err == TP_OK) {
		tp_http_reply_bytes(res, 200, "application/x-pem-file", r->pem, strlen(r->pem));
		snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s.csr.pem\"",
			 k.info.id);
		tp_http_header(res, "Content-Disposition", disposition);
		tp_store_request_fini(r);
	} else if (err == TP_NOTFOUND) {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "No request is pending.");
	} else {
		tp_http_reply_failure(res, err, NULL);
	}
	free(r);
}

static bool is_pending(struct tp_identity_call *k)
{
	struct tp_identity_request *r = calloc(1, sizeof(*r));
	bool is = r && tp_store_request_get(k->all->store, k->info.id, r) == TP_OK;

	if (is)
		tp_store_request_fini(r);
	free(r);
	return is;
}

static void keep_request(struct tp_identity_call *k, const struct tp_msg_key_answer *made,
			 const char *distribution)
{
	struct tp_identity_request *r = calloc(1, sizeof(*r));
	enum tp_err err = r ? TP_OK : TP_NOMEM;

	if (err == TP_OK) {
		r->created_ms = tp_times_now_ms();
		tp_text_copy(r->identity, sizeof(r->identity), k->info.id);
		tp_text_copy(r->created_by, sizeof(r->created_by), k->op.user);
		tp_text_copy(r->distribution, sizeof(r->distribution), distribution);
		tp_text_copy_span(r->key_sealed, sizeof(r->key_sealed),
				  (struct tp_span){(const char *)made->key_sealed, made->key_sealed_len});
		memcpy(r->public_key, made->public_key, made->public_key_len);
		r->public_key_len = made->public_key_len;
		r->pem = (char *)(uintptr_t)made->pem; /* NUL behind it; stays the answer's */
		err = tp_store_request_put(k->all->store, r);
	}
	if (err == TP_OK) {
		tp_http_reply_json(k->res, 201, tp_identity_request_json(r));
		tp_identity_note(k, 0, "identity.request", "%s: a key and a request were made",
				 k->info.id);
	} else {
		tp_http_reply_failure(k->res, err, NULL);
	}
	free(r);
}

/* Makes what the body asks for; then goes on with it. */
static void make(struct tp_identity_call *k, enum tp_key_work work, const json_t *body,
		 void (*then)(struct tp_identity_call *k, const struct tp_msg_key_answer *made,
			      const char *distribution))
{
	struct tp_msg_key_ask *ask = calloc(1, sizeof(*ask));
	struct tp_msg_key_answer *made = calloc(1, sizeof(*made));
	char distribution[16], *like = NULL;

	if (!ask || !made) {
		tp_http_reply_failure(k->res, TP_NOMEM, NULL);
	} else if (tp_identity_read_request(k, body, ask, distribution, &like)) {
		ask->spec[0].work = (uint8_t)work;
		if (tp_identity_ask(k, ask, made)) {
			then(k, made, distribution);
			tp_bus_key_answer_fini(made);
		}
	}
	if (ask)
		tp_msg_key_ask_fini(ask);
	free(like);
	free(ask);
	free(made);
}

static void post_request(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_identity_call k;
	json_t *body;

	if (!start_call(&k, arg, req, res) || !(body = tp_http_body_object(req, res)))
		return;
	settle_all(k.all);
	if (!json_is_true(json_object_get(body, "replace")) && is_pending(&k))
		tp_http_reply_error(res, 409, "in-use", NULL,
				    "A request of this identity is pending already: upload its certificate, "
				    "discard it, or replace it.");
	else
		make(&k, TP_KEY_WORK_REQUEST, body, keep_request);
	json_decref(body);
}

static void delete_request(void *arg, const struct tp_http_request *req,
			   struct tp_http_response *res)
{
	struct tp_identity_call k;
	enum tp_err err;

	if (!start_call(&k, arg, req, res))
		return;
	err = tp_store_request_delete(k.all->store, k.info.id);
	if (err == TP_OK) {
		tp_identity_note(&k, 0, "identity.discard", "%s: the pending request and its key were discarded",
				 k.info.id);
		tp_http_reply_empty(res, 204);
	} else if (err == TP_NOTFOUND) {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "No request is pending.");
	} else {
		tp_http_reply_failure(res, err, NULL);
	}
}

/* ----------------------------------------------------------------------- uploads */

/* Keeps what was read, and answers with what there is to say about it. */
static void stage(struct tp_identity_call *k, struct tp_span bytes, enum tp_key_source source,
		  const struct tp_msg_key_answer *key)
{
	struct tp_tls_upload *upload = NULL;
	struct tp_staged *s = calloc(1, sizeof(*s));
	struct tp_diag diag = {0};
	enum tp_err err = tp_tls_upload_read(bytes, &upload, &diag);

	if (err == TP_FORMAT || err == TP_LIMIT) {
		tp_http_reply_error(k->res, 400, "invalid-value", NULL,
				    "This is not a certificate that can be read: %s.", diag.text);
	} else if (err == TP_OK && s && (err = tp_identity_stage(k, upload, source, key, s)) == TP_OK) {
		tp_http_reply_json(k->res, 200, tp_identity_staged_json(k->all->config, k->which, s));
		tp_identity_note(k, 0, "identity.upload", "%s: a certificate was brought in", k->info.id);
		tp_staged_fini(s);
	} else {
		tp_http_reply_failure(k->res, err == TP_OK ? TP_NOMEM : err, NULL);
	}
	tp_tls_upload_free(&upload);
	free(s);
}

static void stage_made(struct tp_identity_call *k, const struct tp_msg_key_answer *made,
		       const char *distribution)
{
	(void)distribution;
	stage(k, (struct tp_span){(const char *)made->pem, made->pem_len}, TP_KEY_SOURCE_MADE, made);
}

static void post_self_signed(void *arg, const struct tp_http_request *req,
			     struct tp_http_response *res)
{
	struct tp_identity_call k;
	json_t *body;

	if (!start_call(&k, arg, req, res) || !(body = tp_http_body_object(req, res)))
		return;
	make(&k, TP_KEY_WORK_SELF_SIGNED, body, stage_made);
	json_decref(body);
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

	if (opened && take_bytes(k, json_object_get(body, "pkcs12"), true, INPUT_MAX, &bytes, &len) &&
	    open_input(k, TP_KEY_WORK_OPEN_PKCS12, bytes, len, body, opened)) {
		stage(k, (struct tp_span){(const char *)opened->pem, opened->pem_len},
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
		return take_bytes(k, key, !looks_like_pem(json_string_value(key)), INPUT_MAX, bytes, len);
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
	    take_bytes(k, der ? der : json_object_get(body, "pem"), der != NULL, TP_TLS_UPLOAD_MAX, &bytes,
		       &len) &&
	    take_key(k, body, &key, &key_len)) {
		certificates = (struct tp_span){(const char *)bytes, len};
		if (!key) {
			stage(k, certificates, TP_KEY_SOURCE_NONE, NULL);
		} else if (open_input(k, TP_KEY_WORK_OPEN_KEY, key, key_len, body, opened)) {
			stage(k, certificates, TP_KEY_SOURCE_UPLOADED, opened);
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

	json_object_foreach(body, name, member)
		if (json_is_string(member))
			tp_wipe((char *)(uintptr_t)json_string_value(member), json_string_length(member));
}

static void post_upload(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_identity_call k;
	json_t *body;

	if (!start_call(&k, arg, req, res) || !(body = tp_http_body_object(req, res)))
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

static void delete_staged(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_identity_call k;

	if (!start_call(&k, arg, req, res))
		return;
	tp_identity_unstage(k.all, k.which);
	tp_http_reply_empty(res, 204);
}

/* -------------------------------------------------------------------- activation */

static bool is_accepted(const json_t *body, const char *id)
{
	const json_t *accept = json_object_get(body, "accept");
	const json_t *entry;
	size_t i;

	json_array_foreach(accept, i, entry)
		if (json_is_string(entry) && !strcmp(json_string_value(entry), id))
			return true;
	return false;
}

static void add_error(json_t *list, const struct tp_tls_finding *f)
{
	json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o, s:{s:s, s:o}}", "error-type",
					      "application", "error-tag", "operation-failed",
					      "error-app-tag", f->id, "error-message", tp_json_text(f->text),
					      "error-info", "severity", tp_tls_severity_name(f->severity),
					      "remedy", tp_json_text(f->remedy)));
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

	if (!findings || !tp_identity_judge(k->all->config, k->which, s, findings)) {
		tp_http_reply_failure(k->res, TP_NOMEM, NULL);
	} else if ((refused = objections(findings, body))) {
		tp_http_reply_json(k->res, 409, refused);
	} else {
		tp_identity_put(k, s->pem, s->key_sealed, body);
		if (k->res->status == 200) {
			tp_identity_unstage(k->all, k->which);
			settle_all(k->all);
			tp_identity_note(k, 0, "identity.activate", "%s: the new certificate was %s", k->info.id,
					 json_is_true(json_object_get(body, "commit")) ?
						 "put in use" :
						 "put into the pending changes");
		}
	}
	free(findings);
}

static void post_activate(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_staged *s = calloc(1, sizeof(*s));
	struct tp_identity_call k;
	const char *token;
	json_t *body = NULL;

	if (s && start_call(&k, arg, req, res) && (body = tp_http_body_object(req, res))) {
		token = json_string_value(json_object_get(body, "staged"));
		if (tp_identity_staged(k.all, k.which, token ? token : "", s) == TP_OK) {
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

static void delete_certificate(void *arg, const struct tp_http_request *req,
			       struct tp_http_response *res)
{
	struct tp_identity_call k;
	char now[8] = "";

	if (!start_call(&k, arg, req, res))
		return;
	if (k.which == TP_TLS_IDENTITY_DEFAULT) {
		tp_http_reply_error(res, 405, "operation-not-supported", NULL,
				    "The shared identity always has a certificate; replace it.");
		return;
	}
	tp_identity_remove(&k, tp_http_query(req, "commit", now, sizeof(now)) && !strcmp(now, "true"));
	if (res->status == 200)
		tp_identity_note(&k, 0, "identity.remove", "%s: goes back to the shared identity",
				 k.info.id);
}

/* -------------------------------------------------------------------------- whole */

enum { FORM_MAX = 128 << 10 };

#define ONE "/api/v1/identities/*"

static const struct tp_route table[] = {
	TP_ROUTE(TP_HTTP_GET, "/api/v1/identities", TP_ACCESS_SIGNED_IN, 0, get_all),
	TP_ROUTE(TP_HTTP_GET, ONE, TP_ACCESS_SIGNED_IN, 0, get_one),
	TP_ROUTE(TP_HTTP_GET, ONE "/request", TP_ACCESS_SIGNED_IN, 0, get_request),
	TP_ROUTE(TP_HTTP_POST, ONE "/request", TP_ACCESS_SIGNED_IN, FORM_MAX, post_request),
	TP_ROUTE(TP_HTTP_DELETE, ONE "/request", TP_ACCESS_SIGNED_IN, 0, delete_request),
	TP_ROUTE(TP_HTTP_POST, ONE "/self-signed", TP_ACCESS_SIGNED_IN, FORM_MAX, post_self_signed),
	TP_ROUTE(TP_HTTP_POST, ONE "/upload", TP_ACCESS_SIGNED_IN, TP_HTTP_BODY_MAX, post_upload),
	TP_ROUTE(TP_HTTP_DELETE, ONE "/staged", TP_ACCESS_SIGNED_IN, 0, delete_staged),
	TP_ROUTE(TP_HTTP_POST, ONE "/activate", TP_ACCESS_SIGNED_IN, FORM_MAX, post_activate),
	TP_ROUTE(TP_HTTP_DELETE, ONE "/certificate", TP_ACCESS_SIGNED_IN, 0, delete_certificate),
};

const struct tp_route *tp_identities_routes(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}

enum tp_err tp_identities_new(struct tp_store *store, struct tp_bus *bus, struct tp_config *config,
			      struct tp_identities **out)
{
	struct tp_identities *all = calloc(1, sizeof(*all));

	if (!all)
		return TP_NOMEM;
	all->store = store;
	all->bus = bus;
	all->config = config;
	pthread_mutex_init(&all->mutex, NULL);
	*out = all;
	return TP_OK;
}

void tp_identities_free(struct tp_identities **identities)
{
	struct tp_identities *all = *identities;

	if (!all)
		return;
	*identities = NULL;
	for (unsigned i = 0; i < TP_TLS_IDENTITIES; i++)
		tp_staged_fini(&all->staged[i]);
	pthread_mutex_destroy(&all->mutex);
	free(all);
}
