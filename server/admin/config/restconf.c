/* From request to response for all of the configuration's paths. Runs in
 * turnpike-admin, any thread. */
#include "admin/config/restconf.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "admin/config/state.h"
#include "core/log.h"
#include "core/secret.h"

#define JSON_TYPE "application/json"
#define YANG_TYPE "application/yang-data+json"
#define RUNNING "/restconf/ds/running"
#define CANDIDATE "/restconf/ds/candidate"

enum { REVISIONS_DEFAULT = 50 };

/* One request on its way; the configuration's mutex is held. */
struct call {
	struct tp_config *c;
	const struct tp_restconf_request *q;
	struct tp_restconf_response *out;
	struct tp_model_errors *errors;
	json_t *body; /* of POST requests outside of the datastores */
};

/* ----------------------------------------------------------------------- replies */

static void reply_json(struct call *k, int status, json_t *value, const char *type)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

	json_decref(value);
	k->out->status = text ? status : 500;
	k->out->body = text;
	k->out->body_len = text ? strlen(text) : 0;
	k->out->content_type = text ? type : NULL;
}

struct fault {
	int status;
	const char *tag;
	const char *text; /* when errors hold nothing */
};

static struct fault fault_of(enum tp_err err)
{
	switch (err) {
	case TP_FORMAT:
		return (struct fault){400, "invalid-value", "The request is not valid."};
	case TP_NOTFOUND:
		return (struct fault){404, "invalid-value", "There is no such setting."};
	case TP_EXISTS:
		return (struct fault){409, "data-exists", "It exists already."};
	case TP_CONFLICT:
		return (struct fault){409, "in-use", "Another change or trial is under way."};
	case TP_STATE:
		return (struct fault){409, "operation-failed", "This is not possible now."};
	case TP_DENIED:
	case TP_AUTH:
		return (struct fault){403, "access-denied", "You may not do this."};
	case TP_LIMIT:
		return (struct fault){413, "too-big", "This is too big."};
	case TP_UNSUPPORTED:
		return (struct fault){405, "operation-not-supported",
				      "This method does nothing here."};
	case TP_CLOSED:
	case TP_AGAIN:
		return (struct fault){503, "operation-failed", "The supervisor gives no answer."};
	case TP_IO:
		return (struct fault){500, "operation-failed",
				      "The database cannot be read or written; the disk may be full. Nothing "
				      "was changed, and what is in use goes on."};
	default:
		return (struct fault){500, "operation-failed", "The appliance cannot do this now."};
	}
}

static void reply_fault(struct call *k, enum tp_err err)
{
	struct fault f = fault_of(err);
	json_t *list = json_array();

	for (size_t i = 0; i < k->errors->count; i++) {
		json_t *e = json_pack("{s:s, s:s, s:s}", "error-type", "application", "error-tag",
				      f.tag, "error-message", k->errors->list[i].text);

		if (k->errors->list[i].path[0])
			json_object_set_new(e, "error-path", json_string(k->errors->list[i].path));
		json_array_append_new(list, e);
	}
	if (!k->errors->count)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s}", "error-type", "application",
						"error-tag", f.tag, "error-message", f.text));
	reply_json(k, f.status, json_pack("{s:{s:o}}", "ietf-restconf:errors", "error", list),
		   YANG_TYPE);
}

static void reply_fault_text(struct call *k, int status, const char *tag, const char *text)
{
	reply_json(k, status,
		   json_pack("{s:{s:[{s:s, s:s, s:s}]}}", "ietf-restconf:errors", "error",
			     "error-type", "protocol", "error-tag", tag, "error-message", text),
		   YANG_TYPE);
}

static void refuse_method(struct call *k, const char *allow)
{
	if (!strcmp(k->q->method, "OPTIONS")) {
		k->out->status = 204;
	} else {
		reply_fault(k, TP_UNSUPPORTED);
	}
	k->out->allow = allow;
}

/* --------------------------------------------------------------------- the query */

/* Value of a query parameter as text; NULL when it is not there. */
static const char *query_value(const char *query, const char *name, char *buf, size_t size)
{
	struct tp_span rest = tp_span_of(query ? query : "");

	while (rest.len) {
		struct tp_span value = tp_span_split(&rest, '&');
		struct tp_span key = tp_span_split(&value, '=');

		if (tp_span_equal(key, tp_span_of(name)) && value.p &&
		    tp_text_copy_span(buf, size, value))
			return buf;
	}
	return NULL;
}

static bool query_number(struct call *k, const char *name, uint64_t *out)
{
	char buf[24];
	const char *text = query_value(k->q->query, name, buf, sizeof(buf));

	if (!text)
		return true;
	if (tp_text_parse_u64(tp_span_of(text), INT64_MAX, out) == TP_OK)
		return true;
	tp_model_errors_add(k->errors, "", "'%s' must be a number.", name);
	return false;
}

/* --------------------------------------------------------------------- datastores */

/* Of the node's whole value, defaults and sealed secrets included. */
static bool make_etag(const struct tp_tree *tree, const char *path, char etag[68])
{
	uint8_t hash[32];
	char *json = NULL;

	if (tp_tree_get(tree, path, TP_PRINT_ALL, &json, NULL) != TP_OK)
		return false;
	SHA256((const unsigned char *)json, strlen(json), hash);
	free(json);
	etag[0] = '"';
	tp_text_write_hex(etag + 1, hash, 16);
	memcpy(etag + 33, "\"", 2);
	return true;
}

static void get_data(struct call *k, const struct tp_tree *tree, const char *path)
{
	char buf[32];
	const char *defaults = query_value(k->q->query, "with-defaults", buf, sizeof(buf));
	unsigned print = k->q->sealed ? TP_PRINT_EXPLICIT : TP_PRINT_MASKED;
	char *json = NULL;
	enum tp_err err;

	if (!defaults || !strcmp(defaults, "report-all"))
		print |= TP_PRINT_ALL;
	else if (strcmp(defaults, "explicit")) {
		tp_model_errors_add(k->errors, "", "with-defaults is report-all or explicit.");
		reply_fault(k, TP_FORMAT);
		return;
	}
	err = tp_tree_get(tree, path, print, &json, k->errors);
	if (err != TP_OK) {
		reply_fault(k, err);
		return;
	}
	k->out->status = 200;
	k->out->body = json;
	k->out->body_len = strlen(json);
	k->out->content_type = YANG_TYPE;
	if (!make_etag(tree, path, k->out->etag))
		k->out->etag[0] = '\0';
}

static bool matches(struct call *k, const char *path)
{
	char etag[68];

	if (!k->q->if_match)
		return true;
	if (!make_etag(tp_config_candidate(k->c), path, etag))
		return false;
	return !strcmp(k->q->if_match, "*") || !strcmp(k->q->if_match, etag);
}

static enum tp_err edit(struct call *k, struct tp_tree *tree, const char *path, bool *created)
{
	const struct tp_restconf_request *q = k->q;
	const tp_tree_sealer seal = q->sealed ? tp_config_keep_sealed : tp_config_seal;
	char location[TP_MODEL_TEXT_MAX + 1];
	enum tp_err err;

	if (!strcmp(q->method, "DELETE"))
		return tp_tree_delete(tree, path, k->errors);
	if (!strcmp(q->method, "PUT"))
		return tp_tree_put(tree, path, q->body ? q->body : "", q->body_len, seal, k->c,
				   created, k->errors);
	err = tp_tree_post(tree, path, q->body ? q->body : "", q->body_len, seal, k->c, location,
			   k->errors);
	if (err == TP_OK && snprintf(k->out->location, sizeof(k->out->location), CANDIDATE "/%s",
				     location) >= (int)sizeof(k->out->location))
		k->out->location[0] = '\0';
	*created = true;
	return err;
}

static void change_data(struct call *k, const char *path)
{
	struct tp_tree *tree = NULL;
	bool created = false;
	enum tp_err err;

	if (!k->q->op.may_write) {
		reply_fault(k, TP_DENIED);
		return;
	}
	if (!matches(k, path)) {
		reply_fault_text(k, 412, "operation-failed", "This was changed since you read it.");
		return;
	}
	err = tp_tree_copy(tp_config_candidate(k->c), &tree);
	if (err == TP_OK)
		err = edit(k, tree, path, &created);
	if (err == TP_OK)
		err = tp_config_set_candidate(k->c, &tree, k->q->op.user);
	tp_tree_free(&tree);
	if (err != TP_OK) {
		reply_fault(k, err);
		return;
	}
	k->out->status = created ? 201 : 204;
	if (strcmp(k->q->method, "DELETE") &&
	    !make_etag(tp_config_candidate(k->c), path, k->out->etag))
		k->out->etag[0] = '\0';
}

/* What follows a datastore's name: NULL when the path is not below it. */
static const char *below(const char *path, const char *datastore)
{
	size_t n = strlen(datastore);

	if (strncmp(path, datastore, n) || (path[n] && path[n] != '/'))
		return NULL;
	return path[n] ? path + n + 1 : path + n;
}

/* What RESTCONF says of itself. False: the path is another one. */
static bool handle_about(struct call *k)
{
	json_t *value;

	if (!strcmp(k->q->path, "/restconf"))
		value = tp_config_restconf_json();
	else if (!strcmp(k->q->path, "/restconf/yang-library-version"))
		value = tp_config_library_version_json();
	else if (!strcmp(k->q->path, "/restconf/data/ietf-yang-library:yang-library"))
		value = tp_config_library_json(k->c->model);
	else
		return false;
	reply_json(k, 200, value, YANG_TYPE);
	return true;
}

static void handle_data(struct call *k)
{
	const char *path = below(k->q->path, RUNNING);

	if (!strcmp(k->q->method, "GET") && handle_about(k))
		return;
	if (path) {
		if (strcmp(k->q->method, "GET"))
			refuse_method(k, "GET, OPTIONS");
		else
			get_data(k, k->c->running, path);
		return;
	}
	path = below(k->q->path, CANDIDATE);
	if (!path) {
		reply_fault(k, TP_NOTFOUND);
		return;
	}
	if (!strcmp(k->q->method, "GET"))
		get_data(k, tp_config_candidate(k->c), path);
	else if (!strcmp(k->q->method, "OPTIONS"))
		refuse_method(k, "GET, POST, PUT, DELETE, OPTIONS");
	else
		change_data(k, path);
}

/* ------------------------------------------------------------------ /api/v1/config */

static void get_model(struct call *k)
{
	k->out->body = strdup(tp_model_schema(k->c->model));
	k->out->status = k->out->body ? 200 : 500;
	k->out->body_len = k->out->body ? strlen(k->out->body) : 0;
	k->out->content_type = JSON_TYPE;
}

static void get_status(struct call *k)
{
	reply_json(k, 200, tp_config_status_json(k->c), JSON_TYPE);
}

static void get_diff(struct call *k)
{
	struct tp_tree *from = NULL, *to = NULL;
	struct tp_changes changes = {0};
	uint64_t first = 0, second = 0;
	enum tp_err err = TP_OK;

	if (!query_number(k, "from", &first) || !query_number(k, "to", &second)) {
		reply_fault(k, TP_FORMAT);
		return;
	}
	if (first)
		err = tp_config_load(k->c, first, &from);
	if (err == TP_OK && second)
		err = tp_config_load(k->c, second, &to);
	if (err == TP_OK)
		err = tp_tree_diff(from ? from : k->c->running,
				   to	   ? to
				   : first ? k->c->running
					   : tp_config_candidate(k->c),
				   &changes);
	if (err != TP_OK)
		reply_fault(k, err);
	else
		reply_json(k, 200, tp_config_changes_json(&changes), JSON_TYPE);
	tp_changes_fini(&changes);
	tp_tree_free(&from);
	tp_tree_free(&to);
}

static void get_revisions(struct call *k)
{
	uint64_t offset = 0, limit = REVISIONS_DEFAULT;

	if (!query_number(k, "offset", &offset) || !query_number(k, "limit", &limit)) {
		reply_fault(k, TP_FORMAT);
		return;
	}
	if (limit > TP_STORE_PAGE_MAX)
		limit = TP_STORE_PAGE_MAX;
	reply_json(k, 200, tp_config_revisions_json(k->c, offset, (uint32_t)limit), JSON_TYPE);
}

static void get_identity(struct call *k)
{
	reply_json(k, 200, tp_config_identity_json(k->c->running), JSON_TYPE);
}

static void get_ports(struct call *k)
{
	reply_json(k, 200, tp_config_ports_json(k->c->running), JSON_TYPE);
}

static void post_validate(struct call *k)
{
	enum tp_err err = tp_config_validate(k->c, k->errors);
	json_t *list;

	if (err == TP_AGAIN || err == TP_CLOSED || err == TP_NOMEM || err == TP_IO) {
		reply_fault(k, err);
		return;
	}
	if (err == TP_OK) {
		reply_json(k, 200, json_pack("{s:b}", "valid", 1), JSON_TYPE);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < k->errors->count; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "path", k->errors->list[i].path,
						      "message", k->errors->list[i].text));
	reply_json(k, 200, json_pack("{s:b, s:o}", "valid", 0, "errors", list), JSON_TYPE);
}

static void reply_revision(struct call *k)
{
	json_t *status = tp_config_status_json(k->c);

	reply_json(k, 200,
		   json_pack("{s:O, s:O}", "revision",
			     json_object_get(json_object_get(status, "running"), "revision"),
			     "trial", json_object_get(status, "trial")),
		   JSON_TYPE);
	json_decref(status);
}

static void post_commit(struct call *k)
{
	json_t *comment = json_object_get(k->body, "comment");
	json_t *within = json_object_get(k->body, "confirm-within-s");
	json_int_t seconds = within ? json_integer_value(within) : 0;
	enum tp_err err;

	if ((comment && !json_is_string(comment)) || (within && !json_is_integer(within)) ||
	    seconds < 0 || seconds > 86400) {
		tp_model_errors_add(
			k->errors, "",
			"The body is {\"comment\": text, \"confirm-within-s\": number}.");
		reply_fault(k, TP_FORMAT);
		return;
	}
	err = tp_config_commit(k->c, &k->q->op, comment ? json_string_value(comment) : "",
			       (uint32_t)seconds, k->errors);
	if (err == TP_OK)
		reply_revision(k);
	else
		reply_fault(k, err);
}

static void post_confirm(struct call *k)
{
	enum tp_err err = tp_config_confirm(k->c, &k->q->op, k->errors);

	if (err == TP_OK)
		reply_revision(k);
	else
		reply_fault(k, err);
}

static void post_undo(struct call *k)
{
	enum tp_err err = tp_config_undo(k->c, &k->q->op, k->errors);

	if (err == TP_OK)
		reply_revision(k);
	else
		reply_fault(k, err);
}

static void post_discard(struct call *k)
{
	tp_config_discard(k->c, &k->q->op);
	k->out->status = 204;
}

static void post_restore(struct call *k)
{
	json_t *revision = json_object_get(k->body, "revision");
	uint64_t number;
	enum tp_err err;

	if (!json_is_string(revision) || tp_text_parse_u64(tp_span_of(json_string_value(revision)),
							   INT64_MAX, &number) != TP_OK) {
		tp_model_errors_add(k->errors, "", "The body is {\"revision\": \"number\"}.");
		reply_fault(k, TP_FORMAT);
		return;
	}
	err = tp_config_restore(k->c, &k->q->op, number, k->errors);
	if (err == TP_OK)
		k->out->status = 204;
	else
		reply_fault(k, err);
}

static void post_setup(struct call *k)
{
	enum tp_err err = tp_config_setup(k->c, &k->q->op, k->body, k->errors);

	if (err == TP_OK)
		reply_revision(k);
	else
		reply_fault(k, err);
}

static const struct {
	const char *path;
	const char *method;
	void (*handle)(struct call *k);
	bool writes;
} routes[] = {
	{"/api/v1/model", "GET", get_model, false},
	{"/api/v1/identity", "GET", get_identity, false},
	{"/api/v1/ports", "GET", get_ports, false},
	{"/api/v1/config/status", "GET", get_status, false},
	{"/api/v1/config/diff", "GET", get_diff, false},
	{"/api/v1/config/revisions", "GET", get_revisions, false},
	{"/api/v1/config/validate", "POST", post_validate, false},
	{"/api/v1/config/commit", "POST", post_commit, true},
	{"/api/v1/config/confirm", "POST", post_confirm, true},
	{"/api/v1/config/undo", "POST", post_undo, true},
	{"/api/v1/config/discard", "POST", post_discard, true},
	{"/api/v1/config/restore", "POST", post_restore, true},
	{"/api/v1/setup/complete", "POST", post_setup, true},
};

enum { ROUTES = sizeof(routes) / sizeof(*routes) };

/* Passwords of the wizard do not stay in freed memory. */
static void wipe_texts(json_t *value)
{
	const char *name;
	json_t *member;

	json_object_foreach(value, name, member)
	{
		if (json_is_string(member))
			tp_wipe((char *)json_string_value(member), json_string_length(member));
		else
			wipe_texts(member);
	}
}

static bool read_body(struct call *k)
{
	json_error_t e;

	if (!k->q->body_len) {
		k->body = json_object();
		return k->body != NULL;
	}
	k->body = json_loadb(k->q->body, k->q->body_len, JSON_REJECT_DUPLICATES, &e);
	if (json_is_object(k->body))
		return true;
	tp_model_errors_add(k->errors, "", "The body is not a JSON object: %s",
			    k->body ? "" : e.text);
	return false;
}

static void handle_route(struct call *k, size_t i)
{
	bool post = !strcmp(routes[i].method, "POST");

	if (strcmp(k->q->method, routes[i].method)) {
		refuse_method(k, post ? "POST, OPTIONS" : "GET, OPTIONS");
	} else if (routes[i].writes && !k->q->op.may_write) {
		reply_fault(k, TP_DENIED);
	} else if (post && !read_body(k)) {
		reply_fault(k, TP_FORMAT);
	} else {
		routes[i].handle(k);
	}
	wipe_texts(k->body);
	json_decref(k->body);
}

static void dispatch(struct call *k)
{
	if (below(k->q->path, "/restconf")) {
		handle_data(k);
		return;
	}
	for (size_t i = 0; i < ROUTES; i++) {
		if (!strcmp(k->q->path, routes[i].path)) {
			handle_route(k, i);
			return;
		}
	}
	reply_fault(k, TP_NOTFOUND);
}

void tp_restconf_handle(struct tp_config *config, const struct tp_restconf_request *request,
			struct tp_restconf_response *out)
{
	struct call k = {.c = config, .q = request, .out = out};

	k.errors = calloc(1, sizeof(*k.errors));
	if (!k.errors) {
		out->status = 500;
		return;
	}
	pthread_mutex_lock(&config->mutex);
	tp_config_settle(config);
	if (config->ready && config->running_number)
		dispatch(&k);
	else
		reply_fault_text(&k, 503, "operation-failed", "The appliance is starting.");
	pthread_mutex_unlock(&config->mutex);
	free(k.errors);
}

void tp_restconf_response_fini(struct tp_restconf_response *response)
{
	free(response->body);
	memset(response, 0, sizeof(*response));
}
