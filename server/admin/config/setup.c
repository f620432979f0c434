/* The first configuration, the wizard's last step, and the sealing of secrets.
 * Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/config/state.h"
#include "core/log.h"
#include "core/secret.h"

enum tp_err tp_config_seal(void *config, const char *record, struct tp_span clear,
			   char sealed[TP_MODEL_SEALED_MAX + 1])
{
	struct tp_config *c = config;
	struct tp_msg_sealed *answer;
	struct tp_msg_seal *ask;
	enum tp_err err = TP_NOMEM;

	if (clear.len > sizeof(ask->secret))
		return TP_LIMIT;
	ask = calloc(1, sizeof(*ask));
	answer = calloc(1, sizeof(*answer));
	if (ask && answer) {
		memcpy(ask->secret, clear.p, clear.len);
		ask->secret_len = (uint16_t)clear.len;
		err = tp_text_copy(ask->name, sizeof(ask->name), record) ? TP_OK : TP_LIMIT;
	}
	if (err == TP_OK)
		err = c->bus.seal(c->bus.arg, ask, answer);
	if (err == TP_OK)
		err = (enum tp_err)answer->err;
	if (err == TP_OK &&
	    !tp_text_copy_span(sealed, TP_MODEL_SEALED_MAX + 1,
			       (struct tp_span){(const char *)answer->sealed, answer->sealed_len}))
		err = TP_LIMIT;
	if (ask)
		tp_wipe(ask, sizeof(*ask));
	free(ask);
	free(answer);
	return err;
}

enum tp_err tp_config_keep_sealed(void *config, const char *record, struct tp_span text,
				  char sealed[TP_MODEL_SEALED_MAX + 1])
{
	(void)config;
	(void)record;
	return tp_text_copy_span(sealed, TP_MODEL_SEALED_MAX + 1, text) ? TP_OK : TP_LIMIT;
}

/* Takes the value. */
static enum tp_err put(struct tp_tree *tree, const char *path, json_t *value, tp_tree_sealer seal,
		       void *arg, struct tp_model_errors *errors)
{
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	enum tp_err err = TP_NOMEM;

	json_decref(value);
	if (text) {
		err = tp_tree_put(tree, path, text, strlen(text), seal, arg, NULL, errors);
		tp_wipe(text, strlen(text));
	}
	free(text);
	return err;
}

/* ---------------------------------------------------------------------- identity */

static void add_name(struct tp_msg_identity_make *ask, const char *name, bool is_ip)
{
	uint8_t *count = is_ip ? &ask->ip_names_count : &ask->dns_names_count;
	struct tp_msg_name *list = is_ip ? ask->ip_names : ask->dns_names;
	size_t max = sizeof(ask->dns_names) / sizeof(ask->dns_names[0]);

	if (*count < max && tp_text_copy(list[*count].name, sizeof(list[*count].name), name))
		(*count)++;
}

static json_t *identity_json(const struct tp_msg_identity_made *made)
{
	char *chain = NULL;
	json_t *value = NULL;

	if (asprintf(&chain, "%.*s\n%.*s", (int)made->certificate_pem_len,
		     (const char *)made->certificate_pem, (int)made->ca_pem_len,
		     (const char *)made->ca_pem) < 0)
		return NULL;
	value = json_pack("{s:{s:s, s:s%}}", "turnpike-tls:identity", "certificate", chain,
			  "private-key", (const char *)made->key_sealed,
			  (size_t)made->key_sealed_len);
	free(chain);
	return value;
}

/* A certificate for these names from the temporary CA, put into the tree. */
static enum tp_err make_identity(struct tp_config *c, struct tp_tree *tree,
				 const struct tp_msg_identity_make *ask,
				 struct tp_model_errors *errors)
{
	struct tp_msg_identity_made *made = calloc(1, sizeof(*made));
	enum tp_err err = made ? c->bus.identity_make(c->bus.arg, ask, made) : TP_NOMEM;

	if (err == TP_OK && made->err != TP_OK) {
		err = (enum tp_err)made->err;
		tp_model_errors_add(errors, "/turnpike-tls:tls/identity",
				    "No certificate could be made: %s", made->text);
	} else if (err != TP_OK) {
		tp_model_errors_add(errors, "/turnpike-tls:tls/identity",
				    "No certificate could be made: the supervisor gave no answer.");
	}
	if (err == TP_OK)
		err = put(tree, "turnpike-tls:tls/identity", identity_json(made),
			  tp_config_keep_sealed, NULL, errors);
	free(made);
	return err;
}

/* ------------------------------------------------------------------- first start */

/* The system's host name where it is one, else a neutral one. */
static void read_host_name(char *name, size_t size)
{
	size_t ok;

	if (gethostname(name, size))
		name[0] = '\0';
	name[size - 1] = '\0';
	ok = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");
	if (!name[0] || name[ok] || name[0] == '-' || name[0] == '.')
		tp_text_copy(name, size, "turnpike");
}

enum tp_err tp_config_first(struct tp_config *c, struct tp_model_errors *errors)
{
	const struct tp_operator system = {.user = "system", .source = "", .may_write = true};
	struct tp_msg_identity_make *ask = calloc(1, sizeof(*ask));
	struct tp_tree *tree = NULL;
	char name[64];
	enum tp_err err = ask ? tp_tree_new(c->model, &tree) : TP_NOMEM;

	read_host_name(name, sizeof(name));
	if (err == TP_OK)
		err = put(tree, "turnpike-system:system/host-name",
			  json_pack("{s:s}", "turnpike-system:host-name", name),
			  tp_config_keep_sealed, NULL, errors);
	if (err == TP_OK) {
		tp_text_copy(ask->common_name, sizeof(ask->common_name), name);
		add_name(ask, name, false);
		err = make_identity(c, tree, ask, errors);
	}
	if (err == TP_OK)
		err = tp_config_set_candidate(c, &tree, system.user);
	if (err == TP_OK)
		err = tp_config_commit(c, &system, "Factory configuration", 0, errors);
	if (err != TP_OK && c->candidate)
		tp_config_discard(c, &system);
	tp_tree_free(&tree);
	free(ask);
	return err;
}

/* ------------------------------------------------------------------------ wizard */

static const char *text_of(json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

static enum tp_err put_system(struct tp_tree *tree, json_t *body, struct tp_model_errors *errors)
{
	json_t *networks = json_object_get(body, "networks");
	enum tp_err err;

	if (!json_array_size(networks)) {
		tp_model_errors_add(errors, "/turnpike-system:system/network",
				    "Name at least one network address.");
		return TP_FORMAT;
	}
	err = put(tree, "turnpike-system:system/host-name",
		  json_pack("{s:s}", "turnpike-system:host-name", text_of(body, "host-name")),
		  tp_config_keep_sealed, NULL, errors);
	if (err == TP_OK)
		err = put(tree, "turnpike-system:system/role",
			  json_pack("{s:s}", "turnpike-system:role", text_of(body, "role")),
			  tp_config_keep_sealed, NULL, errors);
	if (err == TP_OK)
		err = put(tree, "turnpike-system:system/network",
			  json_pack("{s:O}", "turnpike-system:network", networks),
			  tp_config_keep_sealed, NULL, errors);
	return err;
}

static json_t *zone_json(json_t *peer, bool core)
{
	json_t *port = json_object_get(peer, "port");
	json_t *zone = json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", text_of(peer, "name"), "type",
				 core ? "traversal-client" : "traversal-server", "verify-name",
				 text_of(peer, "verify-name"), "user", text_of(peer, "user"),
				 "password", text_of(peer, "password"));

	if (core) {
		json_t *at = json_pack("{s:s}", "address", text_of(peer, "address"));

		if (port)
			json_object_set(at, "port", port);
		json_object_set_new(zone, "peer", json_pack("[o]", at));
	} else if (port) {
		json_object_set(zone, "listen-port", port);
	}
	return json_pack("{s:[o]}", "turnpike-zone:zone", zone);
}

static enum tp_err put_peer(struct tp_config *c, struct tp_tree *tree, json_t *peer, bool core,
			    struct tp_model_errors *errors)
{
	const char *ca = text_of(peer, "peer-ca");
	char location[TP_MODEL_TEXT_MAX + 1];
	char name[80];
	json_t *body = zone_json(peer, core);
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	enum tp_err err = TP_NOMEM;

	json_decref(body);
	if (text) {
		err = tp_tree_post(tree, "turnpike-zone:zones", text, strlen(text), tp_config_seal,
				   c, location, errors);
		tp_wipe(text, strlen(text));
	}
	free(text);
	if (err != TP_OK || !ca[0])
		return err;
	snprintf(name, sizeof(name), "%.55s-ca", text_of(peer, "name"));
	body = json_pack("{s:[{s:s, s:s}]}", "turnpike-tls:trusted-ca", "name", name, "certificate",
			 ca);
	text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	err = text ? tp_tree_post(tree, "turnpike-tls:tls", text, strlen(text),
				  tp_config_keep_sealed, NULL, location, errors)
		   : TP_NOMEM;
	free(text);
	return err;
}

static enum tp_err put_identity(struct tp_config *c, struct tp_tree *tree, json_t *body,
				struct tp_model_errors *errors)
{
	struct tp_msg_identity_make *ask = calloc(1, sizeof(*ask));
	json_t *network;
	size_t i;
	enum tp_err err;

	if (!ask)
		return TP_NOMEM;
	tp_text_copy(ask->common_name, sizeof(ask->common_name), text_of(body, "host-name"));
	add_name(ask, text_of(body, "host-name"), false);
	json_array_foreach(json_object_get(body, "networks"), i, network)
	{
		add_name(ask, text_of(network, "address"), true);
		if (text_of(network, "advertised-address")[0])
			add_name(ask, text_of(network, "advertised-address"), true);
	}
	err = make_identity(c, tree, ask, errors);
	free(ask);
	return err;
}

enum tp_err tp_config_setup(struct tp_config *c, const struct tp_operator *op, json_t *body,
			    struct tp_model_errors *errors)
{
	json_t *peer = json_object_get(body, "peer");
	bool core = !strcmp(text_of(body, "role"), "core");
	struct tp_tree *tree = NULL;
	enum tp_err err;

	if (tp_tree_count(c->running, "turnpike-system:system/network")) {
		tp_model_errors_add(errors, "", "This appliance has been set up already.");
		return TP_STATE;
	}
	err = tp_tree_copy(c->running, &tree);
	if (err == TP_OK)
		err = put_system(tree, body, errors);
	if (err == TP_OK && json_is_object(peer))
		err = put_peer(c, tree, peer, core, errors);
	if (err == TP_OK) /* before a key is made for it */
		err = tp_tree_validate(tree, errors);
	if (err == TP_OK)
		err = put_identity(c, tree, body, errors);
	if (err == TP_OK) {
		tp_config_discard(c, op);
		err = tp_config_set_candidate(c, &tree, op->user);
	}
	if (err == TP_OK)
		err = tp_config_commit(c, op, "Set up", 0, errors);
	if (err != TP_OK && c->candidate)
		tp_config_discard(c, op);
	tp_tree_free(&tree);
	return err;
}
