/* Reading and changing a tree by RESTCONF path. A change is made on a copy, which
 * takes the tree's place when all went well. Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "model/path.h"

static enum tp_err locate(const struct tp_tree *tree, const char *path, struct tp_target *target,
			  struct tp_model_errors *errors)
{
	struct tp_path parsed;
	struct tp_diag diag;
	enum tp_err err = tp_path_parse(path, &parsed, &diag);

	if (err == TP_OK)
		err = tp_path_find(tree, &parsed, target, &diag);
	if (err == TP_OK)
		return TP_OK;
	tp_model_errors_add(errors, "", "%s", diag.text);
	return TP_FORMAT;
}

/* --------------------------------------------------------------------------- get */

static json_t *list_json(const struct lyd_node *first, const struct lysc_node *schema,
			 unsigned print)
{
	json_t *list = json_array();

	for (; first; first = first->next) {
		if (first->schema == schema)
			json_array_append_new(list, tp_node_json(first, print));
	}
	return list;
}

static json_t *target_json(const struct tp_tree *tree, const struct tp_target *t, bool keyed,
			   unsigned print)
{
	bool many = t->schema->nodetype & (LYS_LIST | LYS_LEAFLIST);
	json_t *list;

	if (!many)
		return t->node ? tp_node_json(t->node, print) : NULL;
	if (!keyed)
		return t->parent || !t->schema->parent
			       ? list_json(t->parent ? lyd_child(t->parent) : tree->root, t->schema,
					   print)
			       : NULL;
	if (!t->node)
		return NULL;
	list = json_array();
	json_array_append_new(list, tp_node_json(t->node, print));
	return list;
}

static bool last_has_key(const char *path)
{
	struct tp_path parsed;

	return tp_path_parse(path, &parsed, NULL) == TP_OK && parsed.count &&
	       parsed.segment[parsed.count - 1].has_key;
}

enum tp_err tp_tree_get(const struct tp_tree *tree, const char *path, unsigned print, char **json,
			struct tp_model_errors *errors)
{
	struct tp_target t;
	char name[160] = "ietf-restconf:data";
	json_t *value;
	json_t *o;
	enum tp_err err = locate(tree, path, &t, errors);

	if (err != TP_OK)
		return err;
	if (t.schema) {
		value = target_json(tree, &t, last_has_key(path), print);
		if (!value) {
			tp_model_errors_add(errors, "", "%s is not set.",
					    tp_schema_label(t.schema));
			return TP_NOTFOUND;
		}
		snprintf(name, sizeof(name), "%s:%s", t.schema->module->name, t.schema->name);
	} else {
		value = tp_siblings_json(tree->root, print);
	}
	o = json_object();
	json_object_set_new(o, name, value);
	*json = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return *json ? TP_OK : TP_NOMEM;
}

/* ------------------------------------------------------------------------- edits */

/* The one member of the body, which must carry the target's name; for a list the
 * one entry in its array. Borrowed from body. */
static json_t *body_value(json_t *body, const struct lysc_node *schema,
			  struct tp_model_errors *errors)
{
	const char *name = json_object_iter_key(json_object_iter(body));
	json_t *value = json_object_iter_value(json_object_iter(body));
	struct tp_span local = tp_span_of(name ? name : "");
	struct tp_span module = tp_span_split(&local, ':');

	if (!local.p) {
		local = module;
		module = tp_span_of(schema->module->name);
	}
	if (json_object_size(body) != 1 || !tp_span_equal(local, tp_span_of(schema->name)) ||
	    !tp_span_equal(module, tp_span_of(schema->module->name))) {
		tp_model_errors_add(errors, "", "The body must hold \"%s:%s\" and nothing else.",
				    schema->module->name, schema->name);
		return NULL;
	}
	if ((schema->nodetype & (LYS_LIST | LYS_LEAFLIST)) && !json_is_array(value)) {
		tp_model_errors_add(errors, "", "\"%s\" must be an array.", schema->name);
		return NULL;
	}
	return value;
}

/* A tree of its own that holds the way to the target's parent; *parent is its end. */
static enum tp_err build_way(const struct tp_tree *tree, const struct tp_path *path, size_t count,
			     struct lyd_node **root, struct lyd_node **parent,
			     struct tp_model_errors *errors)
{
	const struct lysc_node *schema = NULL;
	struct lyd_node *node = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct tp_path_segment *s = &path->segment[i];
		LY_ERR e;

		schema = tp_schema_child(tree->model, schema, tp_span_of(s->module),
					 tp_span_of(s->name));
		if (!schema)
			return TP_FORMAT;
		if (schema->nodetype == LYS_LIST)
			e = lyd_new_list(node, schema->module, schema->name, 0, &node, s->key);
		else
			e = lyd_new_inner(node, schema->module, schema->name, 0, &node);
		if (e) {
			tp_model_errors_add(errors, "", "'%s' cannot be a name here.", s->key);
			return TP_FORMAT;
		}
		if (!*root)
			*root = node;
	}
	*parent = node;
	return TP_OK;
}

/* The entry of a keyed path must carry that key. */
static enum tp_err check_entry(const struct lysc_node *schema, json_t *value, const char *key,
			       struct tp_model_errors *errors)
{
	json_t *entry = json_array_get(value, 0);
	json_t *found = schema->nodetype == LYS_LIST
				? json_object_get(entry, lysc_node_child(schema)->name)
				: entry;

	if (json_array_size(value) != 1) {
		tp_model_errors_add(errors, "", "The array must hold exactly one entry.");
		return TP_FORMAT;
	}
	if (key && (!json_is_string(found) || strcmp(json_string_value(found), key))) {
		tp_model_errors_add(errors, "",
				    "The entry in the body is not the one of the path: '%s'.", key);
		return TP_FORMAT;
	}
	return TP_OK;
}

static void remove_all(struct tp_tree *tree, const struct tp_target *t, bool keyed)
{
	struct lyd_node *first = t->parent ? lyd_child(t->parent) : tree->root;
	struct lyd_node *next;

	for (struct lyd_node *n = first; n; n = next) {
		next = n->next;
		if (n->schema != t->schema || (keyed && n != t->node))
			continue;
		if (n == tree->root)
			tree->root = next;
		lyd_free_tree(n);
	}
}

struct edit {
	const char *path;
	struct tp_path parsed;
	const char *key;     /* of the last segment, NULL = none */
	struct tp_target at; /* in the tree being edited */
	struct lyd_node *new_root;
	struct lyd_node *new_parent;
};

/* Reads the body as a tree of its own. */
static enum tp_err read_body(const struct tp_tree *tree, struct edit *e, size_t way,
			     const struct lysc_node *schema, json_t *value,
			     const struct tp_secret_policy *policy, struct tp_model_errors *errors)
{
	enum tp_err err = build_way(tree, &e->parsed, way, &e->new_root, &e->new_parent, errors);

	if (err != TP_OK)
		return err;
	return tp_read_node(tree->model, schema, value, e->new_parent, &e->new_root, policy,
			    errors);
}

/* Puts what was read in place of what was there, in a copy that then becomes the tree. */
static enum tp_err apply(struct tp_tree *tree, struct edit *e, bool replace,
			 struct tp_model_errors *errors)
{
	struct tp_tree *copy = NULL;
	struct tp_target t;
	enum tp_err err = tp_tree_copy(tree, &copy);

	if (err != TP_OK)
		return err;
	err = locate(copy, e->path, &t, errors);
	if (err == TP_OK && replace)
		remove_all(copy, &t, e->key != NULL);
	if (err == TP_OK && lyd_merge_siblings(&copy->root, e->new_root, 0))
		err = TP_NOMEM;
	if (err == TP_OK)
		err = tp_tree_complete(copy);
	if (err == TP_OK)
		err = locate(copy, e->path, &t, errors);
	if (err == TP_OK && replace && t.schema->nodetype == LYS_LEAF && !t.node) {
		tp_model_errors_add(errors, "", "%s does not apply here.",
				    tp_schema_label(t.schema));
		err = TP_FORMAT;
	}
	if (err == TP_OK) {
		struct lyd_node *old = tree->root;

		tree->root = copy->root;
		copy->root = old;
	}
	tp_tree_free(&copy);
	return err;
}

static enum tp_err start_edit(const struct tp_tree *tree, const char *path, struct edit *e,
			      struct tp_model_errors *errors)
{
	enum tp_err err;

	memset(e, 0, sizeof(*e));
	e->path = path;
	err = locate(tree, path, &e->at, errors);
	if (err != TP_OK || tp_path_parse(path, &e->parsed, NULL) != TP_OK)
		return TP_FORMAT;
	if (e->parsed.count && e->parsed.segment[e->parsed.count - 1].has_key)
		e->key = e->parsed.segment[e->parsed.count - 1].key;
	if (e->at.parent_missing) {
		tp_model_errors_add(errors, "",
				    "The entry that the path goes through does not exist.");
		return TP_NOTFOUND;
	}
	return TP_OK;
}

enum tp_err tp_tree_put(struct tp_tree *tree, const char *path, const char *json, size_t len,
			tp_tree_sealer seal, void *arg, bool *created,
			struct tp_model_errors *errors)
{
	struct tp_secret_policy policy = {true, tree->root, seal, arg};
	struct edit e;
	json_t *body;
	json_t *value;
	enum tp_err err = start_edit(tree, path, &e, errors);
	bool was_there = e.at.node && !(e.at.node->flags & LYD_DEFAULT);

	if (err != TP_OK)
		return err;
	if (!e.at.schema || lysc_is_key(e.at.schema)) {
		tp_model_errors_add(errors, "", "%s cannot be replaced: name a setting below it.",
				    e.at.schema ? "A name" : "The whole configuration");
		return TP_FORMAT;
	}
	body = tp_json_load(json, len, errors);
	if (!body)
		return TP_FORMAT;
	value = body_value(body, e.at.schema, errors);
	err = value ? TP_OK : TP_FORMAT;
	if (err == TP_OK && e.key)
		err = check_entry(e.at.schema, value, e.key, errors);
	if (err == TP_OK)
		err = read_body(tree, &e, e.parsed.count - 1, e.at.schema, value, &policy, errors);
	if (err == TP_OK)
		err = apply(tree, &e, true, errors);
	lyd_free_all(e.new_root);
	json_decref(body);
	if (err == TP_OK && created)
		*created = !was_there;
	return err;
}

/* The list that the body's member names, below the node of the path. */
static const struct lysc_node *body_list(const struct tp_tree *tree, const struct edit *e,
					 json_t *body, struct tp_model_errors *errors)
{
	const char *member = json_object_iter_key(json_object_iter(body));
	struct tp_span local = tp_span_of(member ? member : "");
	struct tp_span module = tp_span_split(&local, ':');
	const struct lysc_node *schema = NULL;

	if (!local.p) {
		local = module;
		module = (struct tp_span){"", 0};
	}
	if (!e->at.schema || (e->at.schema->nodetype & (LYS_CONTAINER | LYS_LIST)))
		schema = tp_schema_child(tree->model, e->at.schema, module, local);
	if (schema && (schema->nodetype & (LYS_LIST | LYS_LEAFLIST)))
		return schema;
	tp_model_errors_add(errors, "", "The body must hold a list that stands below the path.");
	return NULL;
}

static enum tp_err post_entry(struct tp_tree *tree, struct edit *e, const struct lysc_node *schema,
			      json_t *body, const struct tp_secret_policy *policy,
			      char location[TP_MODEL_TEXT_MAX + 1], struct tp_model_errors *errors)
{
	json_t *value = body_value(body, schema, errors);
	json_t *entry = json_array_get(value, 0);
	json_t *key = schema->nodetype == LYS_LIST
			      ? json_object_get(entry, lysc_node_child(schema)->name)
			      : entry;
	char encoded[3 * TP_PATH_KEY_MAX + 1];
	char full[TP_MODEL_TEXT_MAX + 1];
	struct tp_target there;
	enum tp_err err;

	if (!value)
		return TP_FORMAT;
	err = check_entry(schema, value, NULL, errors);
	if (err != TP_OK)
		return err;
	if (!json_is_string(key) ||
	    !tp_path_encode(json_string_value(key), encoded, sizeof(encoded)) ||
	    snprintf(full, sizeof(full), "%s%s%s=%s", e->path, e->parsed.count ? "/" : "",
		     schema->name, encoded) >= (int)sizeof(full)) {
		tp_model_errors_add(errors, "", "The entry has no usable name.");
		return TP_FORMAT;
	}
	err = locate(tree, full, &there, errors);
	if (err != TP_OK)
		return err;
	if (there.node) {
		tp_model_errors_add(errors, "", "'%s' exists already.", json_string_value(key));
		return TP_EXISTS;
	}
	err = read_body(tree, e, e->parsed.count, schema, value, policy, errors);
	if (err == TP_OK)
		err = apply(tree, e, false, errors);
	if (err == TP_OK)
		tp_text_copy(location, TP_MODEL_TEXT_MAX + 1, full);
	return err;
}

enum tp_err tp_tree_post(struct tp_tree *tree, const char *path, const char *json, size_t len,
			 tp_tree_sealer seal, void *arg, char location[TP_MODEL_TEXT_MAX + 1],
			 struct tp_model_errors *errors)
{
	struct tp_secret_policy policy = {true, tree->root, seal, arg};
	const struct lysc_node *schema;
	struct edit e;
	json_t *body;
	enum tp_err err = start_edit(tree, path, &e, errors);

	if (err != TP_OK)
		return err;
	if (e.parsed.count && e.key && !e.at.node) {
		tp_model_errors_add(errors, "", "'%s' does not exist.", e.key);
		return TP_NOTFOUND;
	}
	body = tp_json_load(json, len, errors);
	if (!body)
		return TP_FORMAT;
	schema = body_list(tree, &e, body, errors);
	err = schema ? post_entry(tree, &e, schema, body, &policy, location, errors) : TP_FORMAT;
	lyd_free_all(e.new_root);
	json_decref(body);
	return err;
}

enum tp_err tp_tree_delete(struct tp_tree *tree, const char *path, struct tp_model_errors *errors)
{
	bool many;
	struct edit e;
	enum tp_err err = start_edit(tree, path, &e, errors);

	if (err != TP_OK)
		return err;
	if (!e.at.schema || lysc_is_key(e.at.schema)) {
		tp_model_errors_add(errors, "", "This cannot be deleted: name a setting below it.");
		return TP_FORMAT;
	}
	many = e.at.schema->nodetype & (LYS_LIST | LYS_LEAFLIST);
	if ((!many || e.key) && (!e.at.node || (e.at.node->flags & LYD_DEFAULT))) {
		tp_model_errors_add(errors, "", "%s is not set.", tp_schema_label(e.at.schema));
		return TP_NOTFOUND;
	}
	remove_all(tree, &e.at, e.key != NULL);
	return tp_tree_complete(tree);
}
