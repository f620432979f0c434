/* The configuration for the other parts of the process. Runs in turnpike-admin. */
#include "admin/config/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/config/state.h"

static json_t *get(struct tp_config *config, const char *path, bool sealed, char etag[68])
{
	char full[TP_CONFIG_PATH_MAX + 16];
	const struct tp_restconf_request ask = {
		.method = "GET",
		.path = full,
		.query = "with-defaults=explicit",
		.sealed = sealed,
		.op = { .user = "root", .source = "", .connection = 1 },
	};
	struct tp_restconf_response answer = { 0 };
	json_t *body, *value;

	snprintf(full, sizeof(full), "/restconf/ds/%s", path);
	tp_restconf_handle(config, &ask, &answer);
	if (etag)
		tp_text_copy(etag, 68, answer.status == 200 ? answer.etag : "");
	body = answer.status == 200 && answer.body ?
		       json_loadb(answer.body, answer.body_len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	value = json_incref(json_object_iter_value(json_object_iter(body)));
	json_decref(body);
	tp_restconf_response_fini(&answer);
	return value;
}

json_t *tp_config_get(struct tp_config *config, const char *path, char etag[68])
{
	return get(config, path, false, etag);
}

json_t *tp_config_get_sealed(struct tp_config *config, const char *path)
{
	return get(config, path, true, NULL);
}

static void put(struct tp_config *config, const struct tp_operator *op, const char *path,
		const char *name, json_t *value, const char *etag, bool sealed,
		struct tp_restconf_response *out)
{
	json_t *body = json_pack("{s:o}", name, value);
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	char full[TP_CONFIG_PATH_MAX + 32];
	const struct tp_restconf_request ask = {
		.method = "PUT",
		.path = full,
		.body = text,
		.body_len = text ? strlen(text) : 0,
		.if_match = etag,
		.sealed = sealed,
		.op = *op,
	};

	json_decref(body);
	if (!text || ask.body_len > TP_RESTCONF_BODY_MAX) {
		free(text);
		out->status = text ? 413 : 500;
		return;
	}
	snprintf(full, sizeof(full), "/restconf/ds/candidate/%s", path);
	tp_restconf_handle(config, &ask, out);
	free(text);
}

void tp_config_put(struct tp_config *config, const struct tp_operator *op, const char *path,
		   const char *name, json_t *value, const char *etag,
		   struct tp_restconf_response *out)
{
	put(config, op, path, name, value, etag, false, out);
}

void tp_config_put_sealed(struct tp_config *config, const struct tp_operator *op, const char *path,
			  const char *name, json_t *value, const char *etag,
			  struct tp_restconf_response *out)
{
	put(config, op, path, name, value, etag, true, out);
}

void tp_config_ask(struct tp_config *config, const struct tp_operator *op, const char *method,
		   const char *path, json_t *body, struct tp_restconf_response *out)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	const struct tp_restconf_request ask = {
		.method = method,
		.path = path,
		.body = text,
		.body_len = text ? strlen(text) : 0,
		.op = *op,
	};

	json_decref(body);
	tp_restconf_handle(config, &ask, out);
	free(text);
}

/* Locks it; false: the appliance is starting. */
static bool enter(struct tp_config *config)
{
	pthread_mutex_lock(&config->mutex);
	tp_config_settle(config);
	return config->ready && config->running_number;
}

enum tp_err tp_config_look_at(struct tp_config *config, tp_config_look look, void *arg)
{
	bool ready = enter(config);

	if (ready)
		look(arg, config->model, config->running, tp_config_candidate(config));
	pthread_mutex_unlock(&config->mutex);
	return ready ? TP_OK : TP_STATE;
}

enum tp_err tp_config_change(struct tp_config *config, const char *user, tp_config_edit edit, void *arg)
{
	struct tp_tree *tree = NULL;
	enum tp_err err = enter(config) ? tp_tree_copy(tp_config_candidate(config), &tree) : TP_STATE;

	if (err == TP_OK)
		err = edit(arg, config->model, tree);
	if (err == TP_OK)
		err = tp_config_set_candidate(config, &tree, user);
	tp_tree_free(&tree);
	pthread_mutex_unlock(&config->mutex);
	return err;
}
