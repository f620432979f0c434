/* Identities in the configuration. Runs in turnpike-admin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/identity/parts.h"

#define TLS "turnpike-tls:tls"

void tp_identity_path(const char *id, char path[TP_CONFIG_PATH_MAX + 1])
{
	if (tp_identity_is_default(id))
		tp_text_copy(path, TP_CONFIG_PATH_MAX + 1, TLS "/identity");
	else
		snprintf(path, TP_CONFIG_PATH_MAX + 1, TLS "/identities/%s=%s",
			 tp_identity_is_named(id) ? "client-identity" : "identity", id);
}

static char *copy_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? strdup(text) : NULL;
}

char *tp_identity_own_chain(struct tp_config *config, const char *datastore, const char *id)
{
	char path[TP_CONFIG_PATH_MAX + 1], full[TP_CONFIG_PATH_MAX + 32];
	json_t *value;
	char *text;

	tp_identity_path(id, path);
	snprintf(full, sizeof(full), "%s/%s", datastore, path);
	value = tp_config_get(config, full, NULL);
	/* A list entry comes as an array of one. */
	text = copy_text(json_object_get(json_is_array(value) ? json_array_get(value, 0) : value,
					 "certificate"));
	json_decref(value);
	return text;
}

char *tp_identity_chain(struct tp_config *config, const char *datastore, const char *id)
{
	char *own = tp_identity_own_chain(config, datastore, id);

	return own || tp_identity_is_named(id) ? own : tp_identity_own_chain(config, datastore, "default");
}

char *tp_identity_trusted(struct tp_config *config)
{
	json_t *list = tp_config_get(config, "running/" TLS "/trusted-ca", NULL);
	size_t len = 0, i;
	json_t *entry;
	char *text;

	json_array_foreach(list, i, entry) len +=
		json_string_length(json_object_get(entry, "certificate")) + 1;
	text = calloc(1, len + 1);
	len = 0;
	json_array_foreach(list, i, entry)
	{
		const json_t *pem = json_object_get(entry, "certificate");

		if (!text || !json_is_string(pem))
			continue;
		memcpy(text + len, json_string_value(pem), json_string_length(pem));
		len += json_string_length(pem);
		text[len++] = '\n';
	}
	json_decref(list);
	return text;
}

void tp_identity_sides(struct tp_config *config, const char *id, bool *server, bool *client)
{
	const struct tp_tls_identity_info info = tp_tls_identity_info(tp_tls_identity_find(id));

	*server = !tp_identity_is_named(id) && info.server;
	*client = tp_identity_is_named(id) || info.client;
	if (!tp_identity_is_default(id))
		return;
	*server = *client = false;
	for (unsigned i = 1; i < TP_TLS_IDENTITIES; i++) {
		const struct tp_tls_identity_info other = tp_tls_identity_info(i);
		char *own = tp_identity_own_chain(config, "candidate", other.id);

		*server = *server || (!own && other.server);
		*client = *client || (!own && other.client);
		free(own);
	}
}

/* ---------------------------------------------------------------------- changing */

static json_t *body_of(struct tp_restconf_response *answer)
{
	return answer->body ? json_loadb(answer->body, answer->body_len, 0, NULL) : NULL;
}

/* Commits only what is ours: whoever has changes pending decides about them. */
static bool refuse_pending(struct tp_identity_call *k)
{
	struct tp_restconf_response answer = {0};
	json_t *status;
	bool busy;

	tp_config_ask(k->all->config, &k->op, "GET", "/api/v1/config/status", NULL, &answer);
	status = body_of(&answer);
	tp_restconf_response_fini(&answer);
	busy = json_integer_value(json_object_get(status, "changes")) > 0 ||
	       json_is_object(json_object_get(status, "trial"));
	json_decref(status);
	if (busy)
		tp_http_reply_error(
			k->res, 409, "in-use", NULL,
			"Other changes or a trial are pending: commit, confirm or discard "
			"them first.");
	return busy;
}

static bool only_ours(struct tp_identity_call *k)
{
	struct tp_restconf_response answer = {0};
	json_t *diff, *change;
	bool ours = true;
	size_t i;

	tp_config_ask(k->all->config, &k->op, "GET", "/api/v1/config/diff", NULL, &answer);
	diff = body_of(&answer);
	tp_restconf_response_fini(&answer);
	json_array_foreach(json_object_get(diff, "changes"), i, change)
	{
		const char *path = json_string_value(json_object_get(change, "path"));

		ours = ours && path &&
		       !strncmp(path, "/" TLS "/identit", sizeof("/" TLS "/identit") - 1);
	}
	ours = ours && json_is_object(diff);
	json_decref(diff);
	return ours;
}

/* What stands in the candidate goes in force, or leaves it. */
static void commit(struct tp_identity_call *k, const char *comment, json_int_t within_s)
{
	struct tp_restconf_response answer = {0}, dropped = {0};

	if (!only_ours(k)) {
		tp_http_reply_error(
			k->res, 409, "in-use", NULL,
			"Somebody else began to change the configuration: the certificate "
			"waits in the candidate.");
		return;
	}
	tp_config_ask(k->all->config, &k->op, "POST", "/api/v1/config/commit",
		      json_pack("{s:s, s:I}", "comment", comment, "confirm-within-s", within_s),
		      &answer);
	if (answer.status != 200) {
		tp_config_ask(k->all->config, &k->op, "POST", "/api/v1/config/discard", NULL,
			      &dropped);
		tp_restconf_response_fini(&dropped);
	}
	tp_identity_forward(k, &answer);
	tp_restconf_response_fini(&answer);
}

static void finish(struct tp_identity_call *k, const char *what, bool now, const json_t *body)
{
	const char *comment = json_string_value(json_object_get(body, "comment"));
	char made[160];

	if (!now) {
		tp_http_reply_json(k->res, 200, json_pack("{s:n}", "revision"));
		return;
	}
	snprintf(made, sizeof(made), "%s (%s)", what, k->info.id);
	commit(k, comment && comment[0] ? comment : made,
	       json_integer_value(json_object_get(body, "confirm-within-s")));
}

void tp_identity_put(struct tp_identity_call *k, const char *chain, const char *key_sealed,
		     const json_t *body)
{
	bool now = json_is_true(json_object_get(body, "commit"));
	bool named = tp_identity_is_named(k->info.id);
	struct tp_restconf_response answer = {0};
	char path[TP_CONFIG_PATH_MAX + 1];
	json_t *value = json_pack("{s:s, s:s}", "certificate", chain, "private-key",
				  key_sealed[0] ? key_sealed : "********");

	if (now && refuse_pending(k)) {
		json_decref(value);
		return;
	}
	tp_identity_path(k->info.id, path);
	if (!tp_identity_is_default(k->info.id)) {
		json_object_set_new(value, named ? "name" : "id", json_string(k->info.id));
		value = json_pack("[o]", value);
	}
	tp_config_put_sealed(k->all->config, &k->op, path,
			     named ? "turnpike-tls:client-identity" : "turnpike-tls:identity", value,
			     NULL, &answer);
	if (answer.status == 201 || answer.status == 204)
		finish(k, "New certificate", now, body);
	else
		tp_identity_forward(k, &answer);
	tp_restconf_response_fini(&answer);
}

void tp_identity_remove(struct tp_identity_call *k, bool now)
{
	char path[TP_CONFIG_PATH_MAX + 1], full[TP_CONFIG_PATH_MAX + 32];
	struct tp_restconf_response answer = {0};

	if (now && refuse_pending(k))
		return;
	tp_identity_path(k->info.id, path);
	snprintf(full, sizeof(full), "/restconf/ds/candidate/%s", path);
	tp_config_ask(k->all->config, &k->op, "DELETE", full, NULL, &answer);
	if (answer.status == 204)
		finish(k,
		       tp_identity_is_named(k->info.id) ? "Client identity deleted"
							: "Back to the default certificate",
		       now, NULL);
	else if (answer.status == 404)
		tp_http_reply_error(k->res, 404, "invalid-value", NULL,
				    "This identity has no certificate of its own.");
	else
		tp_identity_forward(k, &answer);
	tp_restconf_response_fini(&answer);
}
