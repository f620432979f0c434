/* The identities' API. Runs in turnpike-admin's workers. */
#include "admin/identity/identities.h"

#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/http/times.h"
#include "admin/identity/parts.h"
#include "core/log.h"

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
				    answer->content_type ? answer->content_type
							 : "application/json",
				    answer->body, answer->body_len);
	else
		tp_http_reply_empty(k->res, answer->status);
}

void tp_identity_begin(struct tp_identity_call *k)
{
	tp_login_source(k->req, k->source);
	k->op = (struct tp_operator){.user = k->req->user,
				     .source = k->source,
				     .connection = k->req->connection,
				     .newest = k->req->newest_connection,
				     .may_write = true};
}

bool tp_identity_start(struct tp_identity_call *k, void *arg, const struct tp_http_request *req,
		       struct tp_http_response *res)
{
	*k = (struct tp_identity_call){.all = arg, .req = req, .res = res};
	if (!tp_identity_find(k->all->config, req->parameter, &k->info)) {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "There is no identity '%s'.",
				    req->parameter);
		return false;
	}
	tp_identity_begin(k);
	return true;
}

/* --------------------------------------------------------------------------- GET */

/* A request whose certificate serves is done. While a trial is under way, it may yet
 * be needed again. */
static void settle(struct tp_identities *all, const char *id, const struct tp_identity_request *r)
{
	char *pem = tp_identity_own_chain(all->config, "running", id);
	struct tp_tls_upload *upload = NULL;
	struct tp_span key = {(const char *)r->public_key, r->public_key_len};

	if (pem && tp_tls_upload_read(tp_span_of(pem), &upload, NULL) == TP_OK &&
	    tp_tls_upload_has_key(upload, key) &&
	    tp_store_request_delete(all->store, r->identity) != TP_OK)
		TP_LOG(TP_LOG_WARN, "identity.request", "a request that is done stays: %s",
		       r->identity);
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

void tp_identity_settle(struct tp_identities *all)
{
	struct tp_identity_request *r = calloc(1, sizeof(*r));
	struct tp_identity_list *list = calloc(1, sizeof(*list));
	bool trial = on_trial(all);

	if (list && !trial)
		tp_identity_list(all->config, list);
	for (size_t i = 0; r && list && i < list->count; i++) {
		if (tp_store_request_get(all->store, list->rows[i].id, r) != TP_OK)
			continue;
		settle(all, list->rows[i].id, r);
		tp_store_request_fini(r);
	}
	free(list);
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

static json_t *staged_json(struct tp_identities *all, const char *id)
{
	struct tp_staged *s = calloc(1, sizeof(*s));
	json_t *out = NULL;

	if (s && tp_identity_staged(all, id, NULL, s) == TP_OK) {
		out = tp_identity_staged_json(all->config, id, s);
		tp_staged_fini(s);
	}
	free(s);
	return out ? out : json_null();
}

/* What is to be said about the certificate in use. */
static json_t *running_findings_json(struct tp_identities *all, const char *id, char *pem)
{
	struct tp_tls_findings *findings = calloc(1, sizeof(*findings));
	struct tp_staged *s = calloc(1, sizeof(*s));
	json_t *out = NULL;

	if (findings && s && pem) {
		s->pem = pem;
		s->pem_len = strlen(pem);
		if (tp_identity_judge(all->config, id, s, findings))
			out = tp_identity_findings_json(findings);
	}
	free(findings);
	free(s);
	return out ? out : json_array();
}

/* Labels of the services and sides that show it. */
static json_t *used_by_json(struct tp_config *config, const char *id)
{
	json_t *list = json_array();

	if (tp_identity_is_named(id)) {
		json_decref(list);
		return tp_identity_zones_json(config, id);
	}
	for (unsigned i = 1; i < TP_TLS_IDENTITIES; i++) {
		const struct tp_tls_identity_info info = tp_tls_identity_info(i);
		char *own = tp_identity_own_chain(config, "running", info.id);

		if (own ? !strcmp(info.id, id) : tp_identity_is_default(id))
			json_array_append_new(list, json_string(info.label));
		free(own);
	}
	return list;
}

static json_t *identity_json(struct tp_identities *all, const struct tp_tls_identity_info *info)
{
	bool is_default = tp_identity_is_default(info->id);
	bool named = tp_identity_is_named(info->id);
	char *own = tp_identity_own_chain(all->config, "running", info->id);
	char *pem = own ? strdup(own) : tp_identity_chain(all->config, "running", info->id);
	json_t *certificate;
	json_t *chain = tp_identity_chain_json(pem, &certificate);
	json_t *out = json_pack(
		"{s:s, s:s, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", info->id,
		"label", info->label, "service",
		is_default ? json_null() : json_string(tp_tls_service_info(info->service)->name),
		"side", is_default ? json_null() : json_string(info->server ? "server" : "client"),
		"named", named, "configured", own != NULL, "falls-back-to",
		own || is_default || named ? json_null() : json_string("default"), "used-by",
		used_by_json(all->config, info->id), "certificate", certificate, "chain", chain,
		"findings", running_findings_json(all, info->id, pem), "request",
		pending_json(all, info->id), "staged", staged_json(all, info->id));

	free(own);
	free(pem);
	return out;
}

static void get_all(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_identity_list *rows = calloc(1, sizeof(*rows));
	struct tp_identities *all = arg;
	json_t *list = json_array();

	(void)req;
	tp_identity_settle(all);
	if (rows)
		tp_identity_list(all->config, rows);
	for (size_t i = 0; rows && i < rows->count; i++)
		json_array_append_new(list, identity_json(all, &rows->rows[i]));
	free(rows);
	tp_http_reply_json(res, 200,
			   json_pack("{s:o, s:[s,s,s,s,s], s:[s,s], s:o}", "identities", list,
				     "key-types", "rsa-2048", "rsa-3072", "rsa-4096", "ec-p256",
				     "ec-p384", "hashes", "sha256", "sha384", "defaults",
				     tp_identity_defaults_json(all->config)));
}

static void get_one(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_identity_call k;

	if (!tp_identity_start(&k, arg, req, res))
		return;
	tp_identity_settle(k.all);
	tp_http_reply_json(res, 200, identity_json(k.all, &k.info));
}

/* -------------------------------------------------------------------------- whole */

enum { FORM_MAX = 128 << 10 };

#define ONE "/api/v1/identities/*"

static const struct tp_route table[] = {
	TP_ROUTE(TP_HTTP_GET, "/api/v1/identities", TP_ACCESS_READ, 0, get_all),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/identities", TP_ACCESS_WRITE, 1024, tp_identity_post_named),
	TP_ROUTE(TP_HTTP_GET, ONE, TP_ACCESS_READ, 0, get_one),
	TP_ROUTE(TP_HTTP_DELETE, ONE, TP_ACCESS_WRITE, 0, tp_identity_delete_named),
	TP_ROUTE(TP_HTTP_GET, ONE "/request", TP_ACCESS_READ, 0, tp_identity_get_request),
	TP_ROUTE(TP_HTTP_POST, ONE "/request", TP_ACCESS_WRITE, FORM_MAX,
		 tp_identity_post_request),
	TP_ROUTE(TP_HTTP_DELETE, ONE "/request", TP_ACCESS_WRITE, 0,
		 tp_identity_delete_request),
	TP_ROUTE(TP_HTTP_POST, ONE "/self-signed", TP_ACCESS_WRITE, FORM_MAX,
		 tp_identity_post_self_signed),
	TP_ROUTE(TP_HTTP_POST, ONE "/upload", TP_ACCESS_WRITE, TP_HTTP_BODY_MAX,
		 tp_identity_post_upload),
	TP_ROUTE(TP_HTTP_DELETE, ONE "/staged", TP_ACCESS_WRITE, 0, tp_identity_delete_staged),
	TP_ROUTE(TP_HTTP_POST, ONE "/activate", TP_ACCESS_WRITE, FORM_MAX,
		 tp_identity_post_activate),
	TP_ROUTE(TP_HTTP_DELETE, ONE "/certificate", TP_ACCESS_WRITE, 0,
		 tp_identity_delete_certificate),
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
	for (unsigned i = 0; i < TP_IDENTITIES_MAX; i++)
		tp_staged_fini(&all->staged[i]);
	pthread_mutex_destroy(&all->mutex);
	free(all);
}
