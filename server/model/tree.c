/* Configuration trees: life, defaults, printed form, single values.
 * Runs in turnpike-admin and turnpike-validate. */
#include <stdlib.h>
#include <string.h>

#include "model/path.h"
#include "model/tree.h"

static enum tp_err new_tree(const struct tp_model *model, struct lyd_node *root,
			    struct tp_tree **out)
{
	struct tp_tree *tree = calloc(1, sizeof(*tree));
	enum tp_err err;

	if (!tree) {
		lyd_free_all(root);
		return TP_NOMEM;
	}
	tree->model = model;
	tree->root = root;
	err = tp_tree_complete(tree);
	if (err != TP_OK) {
		tp_tree_free(&tree);
		return err;
	}
	*out = tree;
	return TP_OK;
}

enum tp_err tp_tree_new(const struct tp_model *model, struct tp_tree **out)
{
	return new_tree(model, NULL, out);
}

void tp_tree_free(struct tp_tree **tree)
{
	if (!*tree)
		return;
	lyd_free_all((*tree)->root);
	free(*tree);
	*tree = NULL;
}

enum tp_err tp_tree_copy(const struct tp_tree *tree, struct tp_tree **out)
{
	struct lyd_node *root = NULL;

	if (tree->root &&
	    lyd_dup_siblings(tree->root, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &root))
		return TP_NOMEM;
	return new_tree(tree->model, root, out);
}

enum tp_err tp_tree_parse(const struct tp_model *model, const char *json, size_t len,
			  struct tp_tree **out, struct tp_model_errors *errors)
{
	struct tp_secret_policy sealed = {0};
	struct lyd_node *root = NULL;
	struct tp_tree *tree = NULL;
	json_t *top = tp_json_load(json, len, errors);
	enum tp_err err;

	if (!top)
		return TP_FORMAT;
	err = tp_read_node(model, NULL, top, NULL, &root, &sealed, errors);
	json_decref(top);
	if (err != TP_OK) {
		lyd_free_all(root);
		return err;
	}
	/* Defaults are added, but nothing that stands in the text is dropped. */
	tree = calloc(1, sizeof(*tree));
	if (!tree || lyd_new_implicit_all(&root, model->ctx, LYD_IMPLICIT_NO_STATE, NULL)) {
		lyd_free_all(root);
		free(tree);
		return TP_NOMEM;
	}
	tree->model = model;
	tree->root = root;
	*out = tree;
	return TP_OK;
}

/* -------------------------------------------------------------------- completing */

bool tp_node_applies(const struct lyd_node *node)
{
	struct lysc_when **whens = lysc_node_when(node->schema);
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(whens, i)
	{
		ly_bool yes = 0;

		if (lyd_eval_xpath(node, lyxp_get_expr(whens[i]->cond), &yes) || !yes)
			return false;
	}
	return true;
}

/* Frees all nodes below and beside *first that are defaults or do not apply. A
 * container without presence goes with its last explicit node: it is made again.
 * Recursion is bounded by the schema's depth. */
static void prune(struct lyd_node **root, struct lyd_node *first)
{
	struct lyd_node *next;

	for (; first; first = next) {
		next = first->next;
		if ((first->flags & LYD_DEFAULT) || !tp_node_applies(first)) {
			if (*root == first)
				*root = next;
			lyd_free_tree(first);
			continue;
		}
		if (first->schema->nodetype & (LYS_CONTAINER | LYS_LIST))
			prune(root, lyd_child(first));
	}
}

enum tp_err tp_tree_complete(struct tp_tree *tree)
{
	prune(&tree->root, tree->root);
	if (lyd_new_implicit_all(&tree->root, tree->model->ctx, LYD_IMPLICIT_NO_STATE, NULL))
		return TP_NOMEM;
	tree->root = lyd_first_sibling(tree->root);
	return TP_OK;
}

/* ------------------------------------------------------------------------- nodes */

const char *tp_node_path(const struct lyd_node *node, char buf[TP_MODEL_TEXT_MAX + 1])
{
	if (!node || !lyd_path(node, LYD_PATH_STD, buf, TP_MODEL_TEXT_MAX + 1))
		buf[0] = '\0';
	return buf;
}

bool tp_node_is_secret(const struct lyd_node *node)
{
	return tp_schema_ext(node->schema->exts, "secret") != NULL;
}

static const char *key_above(const struct lyd_node *parent)
{
	for (; parent; parent = lyd_parent(parent)) {
		if (parent->schema->nodetype == LYS_LIST)
			return lyd_get_value(lyd_child(parent));
	}
	return "";
}

enum tp_err tp_schema_record(const struct lysc_node *leaf, const struct lyd_node *parent, char *buf,
			     size_t size)
{
	const char *form = tp_schema_ext(leaf->exts, "secret");
	const char *hole = strstr(form, "{name}");
	int n;

	if (hole)
		n = snprintf(buf, size, "%.*s%s%s", (int)(hole - form), form, key_above(parent),
			     hole + 6);
	else
		n = snprintf(buf, size, "%s", form);
	return n >= 0 && (size_t)n < size ? TP_OK : TP_LIMIT;
}

/* ---------------------------------------------------------------------- printing */

static json_t *term_json(const struct lyd_node *node, unsigned print)
{
	const struct lyd_node_term *term = (const struct lyd_node_term *)node;
	const char *text = lyd_get_value(node);

	if ((print & TP_PRINT_MASKED) && tp_node_is_secret(node))
		return json_string(TP_SECRET_MASK);
	switch (term->value.realtype->basetype) {
	case LY_TYPE_BOOL:
		return json_boolean(term->value.boolean);
	case LY_TYPE_UINT8:
	case LY_TYPE_UINT16:
	case LY_TYPE_UINT32:
		return json_integer(strtoll(text, NULL, 10));
	default:
		return json_string(text);
	}
}

static bool shown(const struct lyd_node *node, unsigned print)
{
	return (print & TP_PRINT_ALL) || !(node->flags & LYD_DEFAULT);
}

static void add_member(json_t *o, const struct lyd_node *node, bool qualify, json_t *value)
{
	char name[160];
	json_t *list;

	snprintf(name, sizeof(name), "%s%s%s", qualify ? node->schema->module->name : "",
		 qualify ? ":" : "", node->schema->name);
	if (!(node->schema->nodetype & (LYS_LIST | LYS_LEAFLIST))) {
		json_object_set_new(o, name, value);
		return;
	}
	list = json_object_get(o, name);
	if (!list) {
		list = json_array();
		json_object_set_new(o, name, list);
	}
	json_array_append_new(list, value);
}

/* Recursion is bounded by the schema's depth. */
json_t *tp_node_json(const struct lyd_node *node, unsigned print)
{
	json_t *o;

	if (node->schema->nodetype & (LYS_LEAF | LYS_LEAFLIST))
		return term_json(node, print);
	o = json_object();
	for (const struct lyd_node *child = lyd_child(node); child; child = child->next) {
		if (shown(child, print))
			add_member(o, child, false, tp_node_json(child, print));
	}
	return o;
}

json_t *tp_siblings_json(const struct lyd_node *first, unsigned print)
{
	json_t *o = json_object();

	for (; first; first = first->next) {
		if (shown(first, print))
			add_member(o, first, true, tp_node_json(first, print));
	}
	return o;
}

enum tp_err tp_tree_print(const struct tp_tree *tree, unsigned print, char **json, size_t *len)
{
	json_t *o = tp_siblings_json(tree->root, print);
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	if (!text)
		return TP_NOMEM;
	*json = text;
	if (len)
		*len = strlen(text);
	return TP_OK;
}

/* ----------------------------------------------------------------- single values */

const char *tp_tree_value(const struct tp_tree *tree, const char *path)
{
	struct tp_path parsed;
	struct tp_target target;

	if (tp_path_parse(path, &parsed, NULL) != TP_OK ||
	    tp_path_find(tree, &parsed, &target, NULL) != TP_OK || !target.node ||
	    target.schema->nodetype != LYS_LEAF)
		return NULL;
	return lyd_get_value(target.node);
}

size_t tp_tree_count(const struct tp_tree *tree, const char *path)
{
	struct tp_path parsed;
	struct tp_target target;
	size_t n = 0;

	if (tp_path_parse(path, &parsed, NULL) != TP_OK ||
	    tp_path_find(tree, &parsed, &target, NULL) != TP_OK || !target.parent)
		return 0;
	for (const struct lyd_node *at = lyd_child(target.parent); at; at = at->next)
		n += at->schema == target.schema;
	return n;
}

void tp_tree_each_secret(const struct tp_tree *tree,
			 void (*each)(void *arg, const char *record, const char *sealed), void *arg)
{
	const struct lyd_node *root;
	struct lyd_node *node;

	LY_LIST_FOR(tree->root, root)
	{
		LYD_TREE_DFS_BEGIN(root, node)
		{
			char record[TP_MODEL_TEXT_MAX + 1];

			if (node->schema->nodetype == LYS_LEAF && tp_node_is_secret(node) &&
			    tp_schema_record(node->schema, lyd_parent(node), record,
					     sizeof(record)) == TP_OK)
				each(arg, record, lyd_get_value(node));
			LYD_TREE_DFS_END(root, node);
		}
	}
}
