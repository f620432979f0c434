/* Questions about the schema, and its printed form for forms (GET /api/v1/model).
 * Runs in turnpike-admin and turnpike-validate. */
#include <stdlib.h>
#include <string.h>

#include "model/path.h"

const char *tp_schema_ext(const struct lysc_ext_instance *exts, const char *name)
{
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(exts, i)
	{
		if (!strcmp(exts[i].def->name, name) &&
		    !strcmp(exts[i].def->module->name, "turnpike-ui"))
			return exts[i].argument ? exts[i].argument : "";
	}
	return NULL;
}

const char *tp_schema_label(const struct lysc_node *node)
{
	const char *label = tp_schema_ext(node->exts, "label");

	return label ? label : node->name;
}

bool tp_model_label(const struct tp_model *model, const char *path, char label[TP_MODEL_TEXT_MAX + 1])
{
	const struct lysc_node *node = NULL;
	struct tp_path parsed;
	size_t n = 0;

	if (tp_path_parse(path, &parsed, NULL) != TP_OK || !parsed.count)
		return false;
	label[0] = '\0';
	for (size_t i = 0; i < parsed.count && n <= TP_MODEL_TEXT_MAX; i++) {
		const struct tp_path_segment *s = &parsed.segment[i];

		node = tp_schema_child(model, node, tp_span_of(s->module), tp_span_of(s->name));
		if (!node)
			return false;
		n += (size_t)snprintf(label + n, TP_MODEL_TEXT_MAX + 1 - n, "%s%s", i ? " › " : "",
				      tp_schema_label(node));
	}
	return true;
}

bool tp_schema_lockout(const struct lysc_node *node)
{
	for (; node; node = node->parent) {
		if (tp_schema_ext(node->exts, "lockout"))
			return true;
	}
	return false;
}

static bool span_is(struct tp_span s, const char *text)
{
	return tp_span_equal(s, tp_span_of(text));
}

const struct lysc_node *tp_schema_child(const struct tp_model *model, const struct lysc_node *node,
					struct tp_span module, struct tp_span name)
{
	const struct lysc_node *child;
	const struct lys_module *mod;
	uint32_t i = 0;

	if (node) {
		for (child = lysc_node_child(node); child; child = child->next) {
			if (span_is(name, child->name) &&
			    (!module.len || span_is(module, child->module->name)))
				return child;
		}
		return NULL;
	}
	while (module.len && (mod = ly_ctx_get_module_iter(model->ctx, &i))) {
		if (!mod->implemented || !span_is(module, mod->name) || !mod->compiled)
			continue;
		for (child = mod->compiled->data; child; child = child->next) {
			if (span_is(name, child->name))
				return child;
		}
	}
	return NULL;
}

static const struct lysc_type *real_type(const struct lysc_type *type)
{
	while (type->basetype == LY_TYPE_LEAFREF)
		type = ((const struct lysc_type_leafref *)type)->realtype;
	return type;
}

const char *tp_schema_type_message(const struct lysc_type *type)
{
	LY_ARRAY_COUNT_TYPE i;

	if (type->basetype == LY_TYPE_STRING) {
		const struct lysc_type_str *str = (const struct lysc_type_str *)type;

		LY_ARRAY_FOR(str->patterns, i)
		{
			if (str->patterns[i]->emsg)
				return str->patterns[i]->emsg;
		}
		return str->length ? str->length->emsg : NULL;
	}
	if (type->basetype >= LY_TYPE_UINT8 && type->basetype <= LY_TYPE_UINT64) {
		const struct lysc_type_num *num = (const struct lysc_type_num *)type;

		return num->range ? num->range->emsg : NULL;
	}
	return NULL;
}

static const char *string_type_name(const struct lysc_type *type)
{
	const struct lysc_type_union *u = (const struct lysc_type_union *)type;
	LY_ARRAY_COUNT_TYPE i;

	if (type->basetype != LY_TYPE_UNION)
		return "string";
	LY_ARRAY_FOR(u->types, i)
	{
		if (tp_schema_type_message(u->types[i]))
			return "host";
	}
	return "ip-address";
}

const char *tp_schema_type_name(const struct lysc_node *node)
{
	const struct lysc_type *type = ((const struct lysc_node_leaf *)node)->type;

	if (tp_schema_ext(node->exts, "secret"))
		return "secret";
	switch (type->basetype) {
	case LY_TYPE_UINT8:
		return "uint8";
	case LY_TYPE_UINT16:
		return "uint16";
	case LY_TYPE_UINT32:
		return "uint32";
	case LY_TYPE_BOOL:
		return "boolean";
	case LY_TYPE_ENUM:
		return "enumeration";
	case LY_TYPE_LEAFREF:
		return "leafref";
	default:
		return string_type_name(type);
	}
}

/* ---------------------------------------------------------------------- export */

static void add_text(json_t *o, const char *name, const char *text)
{
	json_object_set_new(o, name, text ? json_string(text) : json_null());
}

/* Names of other modules come off: forms compare plain names. */
static json_t *path_text(const char *expr)
{
	char out[TP_MODEL_TEXT_MAX + 1];
	size_t n = 0;

	for (const char *p = expr; *p && n < sizeof(out) - 1;) {
		const char *colon = p + strspn(p, "abcdefghijklmnopqrstuvwxyz-");

		if (colon != p && *colon == ':' && (n == 0 || out[n - 1] == '/') && n > 1)
			p = colon + 1;
		else
			out[n++] = *p++;
	}
	out[n] = '\0';
	return json_string(out);
}

static void add_range(json_t *o, const char *name, const struct lysc_range *range)
{
	char text[256] = "";
	size_t n = 0;
	LY_ARRAY_COUNT_TYPE i;

	if (!range) {
		add_text(o, name, NULL);
		return;
	}
	LY_ARRAY_FOR(range->parts, i)
	{
		unsigned long long low = range->parts[i].min_u64;
		unsigned long long high = range->parts[i].max_u64;

		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      low == high ? "%s%llu" : "%s%llu..%llu", i ? " | " : "", low,
				      high);
		if (n >= sizeof(text))
			break;
	}
	add_text(o, name, text);
}

static void add_enum(json_t *o, const struct lysc_type *type)
{
	const struct lysc_type_enum *e = (const struct lysc_type_enum *)type;
	json_t *list;
	LY_ARRAY_COUNT_TYPE i;

	if (type->basetype != LY_TYPE_ENUM)
		return;
	list = json_array();
	LY_ARRAY_FOR(e->enums, i)
	{
		const char *label = tp_schema_ext(e->enums[i].exts, "label");
		json_t *item = json_object();

		add_text(item, "name", e->enums[i].name);
		add_text(item, "label", label ? label : e->enums[i].name);
		add_text(item, "help", e->enums[i].dsc);
		json_array_append_new(list, item);
	}
	json_object_set_new(o, "enum", list);
}

static void add_type(json_t *o, const struct lysc_node *node)
{
	const struct lysc_type *type = ((const struct lysc_node_leaf *)node)->type;
	const struct lysc_type *real = real_type(type);
	bool secret = tp_schema_ext(node->exts, "secret") != NULL;

	add_text(o, "type", tp_schema_type_name(node));
	add_enum(o, type);
	if (type->basetype == LY_TYPE_LEAFREF)
		json_object_set_new(
			o, "leafref",
			path_text(lyxp_get_expr(((const struct lysc_type_leafref *)type)->path)));
	if (secret)
		return; /* length and pattern speak of the sealed form */
	if (real->basetype == LY_TYPE_STRING) {
		const struct lysc_type_str *str = (const struct lysc_type_str *)real;
		LY_ARRAY_COUNT_TYPE i;

		LY_ARRAY_FOR(str->patterns, i)
		{
			add_text(o, "pattern", str->patterns[i]->expr);
			add_text(o, "pattern-message", str->patterns[i]->emsg);
		}
		add_range(o, "length", str->length);
		return;
	}
	if (real->basetype >= LY_TYPE_UINT8 && real->basetype <= LY_TYPE_UINT64) {
		add_range(o, "range", ((const struct lysc_type_num *)real)->range);
		add_text(o, "range-message", tp_schema_type_message(real));
	}
}

static void add_leaf(json_t *o, const struct lysc_node *node)
{
	const struct lysc_node_leaf *leaf = (const struct lysc_node_leaf *)node;

	add_type(o, node);
	add_text(o, "units", leaf->units);
	if (node->nodetype == LYS_LEAF) {
		json_object_set_new(o, "mandatory", json_boolean(node->flags & LYS_MAND_TRUE));
		add_text(o, "default",
			 leaf->dflt ? lyd_value_get_canonical(node->module->ctx, leaf->dflt)
				    : NULL);
		if (lysc_is_key(node))
			json_object_set_new(o, "key", json_true());
	} else {
		const struct lysc_node_leaflist *list = (const struct lysc_node_leaflist *)node;

		json_object_set_new(o, "max-elements", json_integer(list->max));
	}
}

static json_t *export_node(const struct lysc_node *node, const char *page);

static json_t *export_children(const struct lysc_node *first, const char *page)
{
	json_t *list = json_array();

	for (; first; first = first->next)
		json_array_append_new(list, export_node(first, page));
	return list;
}

static void add_inner(json_t *o, const struct lysc_node *node, const char *page)
{
	const struct lysc_node *child;

	if (node->nodetype == LYS_LIST) {
		json_t *keys = json_array();

		for (child = lysc_node_child(node); child && lysc_is_key(child);
		     child = child->next)
			json_array_append_new(keys, json_string(child->name));
		json_object_set_new(o, "keys", keys);
		json_object_set_new(o, "max-elements",
				    json_integer(((const struct lysc_node_list *)node)->max));
	}
	json_object_set_new(o, "nodes", export_children(lysc_node_child(node), page));
}

static const char *kind_of(const struct lysc_node *node)
{
	switch (node->nodetype) {
	case LYS_CONTAINER:
		return "container";
	case LYS_LIST:
		return "list";
	case LYS_LEAFLIST:
		return "leaf-list";
	default:
		return "leaf";
	}
}

/* Recursion is bounded by our own schema's depth. */
static json_t *export_node(const struct lysc_node *node, const char *page)
{
	const char *own_page = tp_schema_ext(node->exts, "page");
	const char *order = tp_schema_ext(node->exts, "order");
	struct lysc_when **whens = lysc_node_when(node);
	json_t *o = json_object();
	char path[TP_MODEL_TEXT_MAX + 1];

	page = own_page ? own_page : page;
	add_text(o, "path", lysc_path(node, LYSC_PATH_DATA, path, sizeof(path)) ? path : "");
	add_text(o, "name", node->name);
	add_text(o, "kind", kind_of(node));
	add_text(o, "label", tp_schema_label(node));
	add_text(o, "help", node->dsc);
	add_text(o, "page", page);
	if (order)
		json_object_set_new(o, "order", json_integer(strtol(order, NULL, 10)));
	add_text(o, "when", LY_ARRAY_COUNT(whens) ? lyxp_get_expr(whens[0]->cond) : NULL);
	json_object_set_new(o, "lockout", json_boolean(tp_schema_lockout(node)));
	if (node->nodetype & (LYS_LEAF | LYS_LEAFLIST))
		add_leaf(o, node);
	else
		add_inner(o, node, page);
	return o;
}

enum tp_err tp_schema_export(const struct tp_model *model, char **json)
{
	json_t *root = json_object();
	json_t *nodes = json_array();
	const struct lys_module *mod;
	uint32_t i = 0;

	json_object_set_new(root, "nodes", nodes);
	while ((mod = ly_ctx_get_module_iter(model->ctx, &i))) {
		if (!mod->implemented || !mod->compiled || strncmp(mod->name, "turnpike-", 9))
			continue;
		for (const struct lysc_node *top = mod->compiled->data; top; top = top->next)
			json_array_append_new(nodes, export_node(top, NULL));
	}
	*json = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return *json ? TP_OK : TP_NOMEM;
}
