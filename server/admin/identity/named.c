/* Client identities that an administrator makes for zones. Runs in turnpike-admin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/identity/parts.h"

#define NAMED "turnpike-tls:tls/identities/client-identity"

bool tp_identity_is_default(const char *id)
{
	return !strcmp(id, "default");
}

bool tp_identity_is_named(const char *id)
{
	return tp_tls_identity_find(id) == TP_TLS_IDENTITIES;
}

static struct tp_tls_identity_info info_of(const char *name)
{
	struct tp_tls_identity_info info = { .service = TP_TLS_SERVICE_SIP, .client = true };

	tp_text_copy(info.id, sizeof(info.id), name);
	tp_text_copy(info.label, sizeof(info.label), name);
	return info;
}

static bool holds(const struct tp_identity_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->rows[i].id, id))
			return true;
	return false;
}

static void add_named(struct tp_config *config, const char *path, struct tp_identity_list *out)
{
	json_t *all = tp_config_get(config, path, NULL);
	json_t *entry;
	size_t i;

	json_array_foreach(all, i, entry)
	{
		const char *name = json_string_value(json_object_get(entry, "name"));

		if (name && strlen(name) <= TP_TLS_IDENTITY_TEXT && out->count < TP_IDENTITIES_MAX &&
		    !holds(out, name))
			out->rows[out->count++] = info_of(name);
	}
	json_decref(all);
}

void tp_identity_list(struct tp_config *config, struct tp_identity_list *out)
{
	out->count = 0;
	for (unsigned i = 0; i < TP_TLS_IDENTITIES; i++)
		out->rows[out->count++] = tp_tls_identity_info(i);
	add_named(config, "running/" NAMED, out);
	add_named(config, "candidate/" NAMED, out);
}

bool tp_identity_find(struct tp_config *config, const char *id, struct tp_tls_identity_info *out)
{
	struct tp_identity_list *list = calloc(1, sizeof(*list));
	bool found = false;

	if (list)
		tp_identity_list(config, list);
	for (size_t i = 0; list && i < list->count && !found; i++) {
		found = !strcmp(list->rows[i].id, id);
		if (found)
			*out = list->rows[i];
	}
	free(list);
	return found;
}

json_t *tp_identity_zones_json(struct tp_config *config, const char *name)
{
	json_t *zones = tp_config_get(config, "running/turnpike-zone:zones/zone", NULL);
	json_t *list = json_array();
	json_t *zone;
	size_t i;

	json_array_foreach(zones, i, zone)
	{
		const char *used = json_string_value(json_object_get(zone, "client-identity"));

		if (used && !strcmp(used, name))
			json_array_append_new(list, json_sprintf("Zone %s", json_string_value(json_object_get(
										 zone, "name"))));
	}
	json_decref(zones);
	return list;
}

/* ---------------------------------------------------------------- making, deleting */

static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= 31 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len && name[0] != '-' &&
	       name[len - 1] != '-';
}

/* Into the candidate, without a certificate. */
void tp_identity_post_named(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_identity_call k = { .all = arg, .req = req, .res = res };
	json_t *body = tp_http_body_object(req, res);
	const char *name = json_string_value(json_object_get(body, "id"));
	struct tp_tls_identity_info info;
	struct tp_restconf_response answer = { 0 };
	char path[TP_CONFIG_PATH_MAX + 1], full[TP_CONFIG_PATH_MAX + 32];

	if (!body)
		return;
	if (!name || !is_name(name)) {
		tp_http_reply_error(res, 400, "invalid-value", "/id",
				    "A name holds 1 to 31 small letters, digits and hyphens.");
	} else if (tp_identity_find(k.all->config, name, &info)) {
		tp_http_reply_error(res, 409, "in-use", "/id", "There is an identity of this name already.");
	} else {
		tp_identity_begin(&k);
		tp_identity_path(name, path);
		snprintf(full, sizeof(full), "/restconf/ds/candidate/%s", path);
		tp_config_ask(k.all->config, &k.op, "PUT", full,
			      json_pack("{s:[{s:s}]}", "turnpike-tls:client-identity", "name", name), &answer);
		if (answer.status == 201 || answer.status == 204)
			tp_http_reply_json(res, 201, json_pack("{s:s}", "id", name));
		else
			tp_identity_forward(&k, &answer);
		tp_restconf_response_fini(&answer);
	}
	json_decref(body);
}

void tp_identity_delete_named(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_identity_call k;
	char now[8] = "";

	if (!tp_identity_start(&k, arg, req, res))
		return;
	if (!tp_identity_is_named(k.info.id)) {
		tp_http_reply_error(res, 405, "operation-not-supported", NULL,
				    "Identities of services stay; only a client identity can be deleted.");
		return;
	}
	tp_identity_remove(&k, tp_http_query(req, "commit", now, sizeof(now)) && !strcmp(now, "true"));
	if (res->status != 200)
		return;
	tp_identity_unstage(k.all, k.info.id);
	tp_identity_note(&k, 0, "identity.delete", "%s: the client identity goes", k.info.id);
}
