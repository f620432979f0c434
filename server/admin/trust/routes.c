/* The page of trusted authorities. Changes go to the candidate, like every change of
 * the configuration. Runs in turnpike-admin's workers. */
#include "admin/trust/routes.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/config/inside.h"
#include "admin/http/times.h"
#include "admin/trust/bundle.h"
#include "admin/trust/list.h"
#include "tls/services.h"

#define CANDIDATE "candidate/turnpike-tls:tls/trusted-ca"
#define RUNNING "running/turnpike-tls:tls/trusted-ca"

enum { TRIES = 3, DAY_S = 86400 };

static int64_t now_s(void)
{
	return (int64_t)(tp_times_now_ms() / 1000);
}

/* NULL: *res holds the answer. */
static json_t *read_list(struct tp_config *config, const char *path, char etag[68],
			 struct tp_http_response *res)
{
	json_t *list = tp_config_get(config, path, etag);

	if (json_is_array(list))
		return list;
	json_decref(list);
	tp_http_reply_error(res, 503, "operation-failed", NULL, "The appliance is starting.");
	return NULL;
}

/* --------------------------------------------------------------------------- GET */

/* People who come to the web interface with a certificate: no service of its own. */
static const char web_login[] = "web-login";

/* What a CA may be chosen for: services where a peer shows its certificate. */
static json_t *uses_json(void)
{
	json_t *uses = json_array();

	for (enum tp_tls_service s = 0; s < TP_TLS_SERVICES; s++) {
		const struct tp_tls_service_info *info = tp_tls_service_info(s);

		if (info->client)
			json_array_append_new(uses, json_pack("{s:s, s:s}", "name", info->name, "label",
							      info->label));
	}
	json_array_append_new(uses, json_pack("{s:s, s:s}", "name", web_login, "label", "Web login"));
	return uses;
}

static json_t *bundle_json(const json_t *running)
{
	struct tp_span pem = tp_trust_bundle();
	char date[64], source[64], sha256[65];
	uint8_t digest[32];
	json_t *list = tp_trust_default(now_s());
	json_t *out;

	SHA256((const unsigned char *)pem.p, pem.len, digest);
	tp_text_write_hex(sha256, digest, sizeof(digest));
	sha256[64] = '\0';
	tp_trust_bundle_says("date", date);
	tp_trust_bundle_says("source", source);
	out = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "date", date, "source", source, "sha256", sha256,
			"age-days", (json_int_t)((now_s() - tp_trust_bundle_at()) / DAY_S), "certificates",
			(json_int_t)json_array_size(list), "trusted",
			(json_int_t)tp_trust_count_default(running));
	json_decref(list);
	return out;
}

static void get_trust(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	json_t *shown = read_list(arg, CANDIDATE, NULL, res);
	json_t *running = shown ? read_list(arg, RUNNING, NULL, res) : NULL;

	(void)req;
	if (running)
		tp_http_reply_json(res, 200,
				   json_pack("{s:o, s:o, s:i, s:o}", "certificates",
					     tp_trust_rows(shown, running), "uses", uses_json(), "limit",
					     TP_TRUST_MAX, "default-list", bundle_json(running)));
	json_decref(shown);
	json_decref(running);
}

typedef enum tp_err (*writer)(const json_t *list, const char *name, char **out, size_t *len);

static void reply_file(void *arg, const char *name, writer write, const char *type,
		       struct tp_http_response *res)
{
	json_t *list = read_list(arg, CANDIDATE, NULL, res);
	char *text = NULL;
	size_t len = 0;
	enum tp_err err = list ? write(list, name, &text, &len) : TP_STATE;

	json_decref(list);
	if (err == TP_OK)
		tp_http_reply_bytes(res, 200, type, text, len);
	else if (err == TP_NOTFOUND)
		tp_http_reply_error(res, 404, "invalid-value", NULL, "There is no trusted CA %s.", name);
	else if (list)
		tp_http_reply_failure(res, err, NULL);
	free(text);
}

#define TEXT_TYPE "text/plain; charset=utf-8"
#define PEM_TYPE "application/x-pem-file"

static void get_text(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	reply_file(arg, req->parameter[0] ? req->parameter : NULL, tp_trust_text, TEXT_TYPE, res);
}

static void get_pem(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	reply_file(arg, req->parameter[0] ? req->parameter : NULL, tp_trust_pem, PEM_TYPE, res);
	if (res->status == 200)
		tp_http_header(res, "Content-Disposition",
			       req->parameter[0] ? "attachment; filename=\"ca.pem\"" :
						   "attachment; filename=\"trusted-cas.pem\"");
}

/* -------------------------------------------------------------------------- POST */

static struct tp_operator operator_of(const struct tp_http_request *req, char source[64])
{
	tp_login_source(req, source);
	return (struct tp_operator){ .user = req->user, .source = source, .connection = req->connection,
				     .newest = req->newest_connection, .may_write = true };
}

/* Puts the list into the candidate. False when somebody was quicker; else *res holds
 * the answer when it did not work. */
static bool write_list(struct tp_config *config, const struct tp_http_request *req, json_t *list,
		       const char *etag, struct tp_http_response *res, bool *done)
{
	struct tp_restconf_response answer = { 0 };
	char source[64];
	const struct tp_operator op = operator_of(req, source);
	bool again;

	tp_config_put(config, &op, "turnpike-tls:tls/trusted-ca", "turnpike-tls:trusted-ca",
		      json_incref(list), etag, &answer);
	*done = answer.status == 201 || answer.status == 204;
	again = answer.status == 412;
	if (!*done)
		tp_http_reply_bytes(res, answer.status, answer.content_type ? answer.content_type : "",
				    answer.body ? answer.body : "", answer.body_len);
	tp_restconf_response_fini(&answer);
	return !again;
}

/* Changes the list in the candidate by apply, which gives what to answer with, or
 * NULL after it put an error into *res. */
static void change(struct tp_config *config, const struct tp_http_request *req,
		   struct tp_http_response *res,
		   json_t *(*apply)(json_t **list, const json_t *body, struct tp_http_response *res))
{
	json_t *body = tp_http_body_object(req, res);
	bool settled = !body;

	for (int i = 0; !settled && i < TRIES; i++) {
		char etag[68];
		json_t *list = read_list(config, CANDIDATE, etag, res);
		json_t *before = json_copy(list);
		json_t *answer = list ? apply(&list, body, res) : NULL;
		bool done = answer != NULL;

		settled = !answer || json_equal(before, list) ||
			  write_list(config, req, list, etag, res, &done);
		if (done)
			tp_http_reply_json(res, 200, json_incref(answer));
		json_decref(answer);
		json_decref(before);
		json_decref(list);
	}
	json_decref(body);
}

/* NULL is a good answer: none chosen. False: *res holds the answer. */
static bool read_use(const json_t *body, const json_t **use, struct tp_http_response *res)
{
	json_t *name;
	size_t i;

	*use = json_object_get(body, "use");
	if (*use && !json_is_array(*use)) {
		tp_http_reply_error(res, 400, "invalid-value", "/use", "use is an array of names.");
		return false;
	}
	json_array_foreach(*use, i, name)
	{
		enum tp_tls_service s =
			tp_tls_service_find(json_is_string(name) ? json_string_value(name) : "");

		if (json_is_string(name) && !strcmp(json_string_value(name), web_login))
			continue;
		if (s == TP_TLS_SERVICES || !tp_tls_service_info(s)->client) {
			tp_http_reply_error(res, 400, "invalid-value", "/use",
					    "A CA cannot be trusted for that: GET /api/v1/trust names the uses.");
			return false;
		}
	}
	return true;
}

static json_t *apply_append(json_t **list, const json_t *body, struct tp_http_response *res)
{
	const json_t *pem = json_object_get(body, "pem");
	struct tp_span text = { json_string_value(pem), json_string_length(pem) };
	json_t *results = json_array();
	const json_t *use;
	size_t added;

	if (!read_use(body, &use, res)) {
		json_decref(results);
		return NULL;
	}
	if (!text.p || text.len > TP_TRUST_UPLOAD_MAX) {
		json_decref(results);
		tp_http_reply_error(res, text.p ? 413 : 400, text.p ? "too-big" : "invalid-value", "/pem",
				    text.p ? "One upload holds at most 2 MiB." :
					     "pem is the text of one or more certificates in PEM form.");
		return NULL;
	}
	added = tp_trust_append(*list, text, use, now_s(), results);
	if (json_array_size(results))
		return json_pack("{s:I, s:o}", "added", (json_int_t)added, "results", results);
	json_decref(results);
	tp_http_reply_error(res, 400, "invalid-value", "/pem",
			    "There is no certificate in this text: one in PEM form begins with "
			    "-----BEGIN CERTIFICATE-----.");
	return NULL;
}

static json_t *apply_delete(json_t **list, const json_t *body, struct tp_http_response *res)
{
	const json_t *names = json_object_get(body, "names");
	size_t before = json_array_size(*list);
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_trust_delete(*list, names, &diag);

	if (err == TP_OK)
		return json_pack("{s:I}", "deleted", (json_int_t)(before - json_array_size(*list)));
	tp_http_reply_error(res, err == TP_NOTFOUND ? 404 : 400, "invalid-value", diag.where, "%s", diag.text);
	return NULL;
}

static json_t *apply_reset(json_t **list, const json_t *body, struct tp_http_response *res)
{
	(void)body;
	json_decref(*list);
	*list = tp_trust_default(now_s());
	if (*list)
		return json_pack("{s:I}", "certificates", (json_int_t)json_array_size(*list));
	tp_http_reply_failure(res, TP_NOMEM, NULL);
	return NULL;
}

static void post_append(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	change(arg, req, res, apply_append);
}

static void post_delete(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	change(arg, req, res, apply_delete);
}

static void post_reset(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	change(arg, req, res, apply_reset);
}

/* An upload's line ends and its quotes are longer in JSON. */
enum { APPEND_BODY_MAX = TP_TRUST_UPLOAD_MAX + (TP_TRUST_UPLOAD_MAX >> 4) };

static const struct tp_route table[] = {
	TP_ROUTE(TP_HTTP_GET, "/api/v1/trust", TP_ACCESS_READ, 0, get_trust),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/trust/append", TP_ACCESS_WRITE, APPEND_BODY_MAX, post_append),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/trust/delete", TP_ACCESS_WRITE, TP_HTTP_BODY_MAX, post_delete),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/trust/reset", TP_ACCESS_WRITE, 4096, post_reset),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/trust/text", TP_ACCESS_READ, 0, get_text),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/trust/pem", TP_ACCESS_READ, 0, get_pem),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/trust/*/text", TP_ACCESS_READ, 0, get_text),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/trust/*/pem", TP_ACCESS_READ, 0, get_pem),
};

const struct tp_route *tp_trust_routes(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}
