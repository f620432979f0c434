/* JSON into tree nodes: names, JSON types and values are checked against the schema
 * here, each with a message for people. Runs in turnpike-admin and turnpike-validate. */
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"
#include "model/tree.h"

/* Brackets outside of strings; jansson's own depth limit is far higher. */
static bool too_deep(const char *json, size_t len)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (json[i] == '\\')
				i++;
			else if (json[i] == '"')
				in_string = false;
		} else if (json[i] == '"') {
			in_string = true;
		} else if (json[i] == '[' || json[i] == '{') {
			if (++depth > TP_MODEL_DEPTH_MAX)
				return true;
		} else if (json[i] == ']' || json[i] == '}') {
			depth--;
		}
	}
	return false;
}

json_t *tp_json_load(const char *json, size_t len, struct tp_model_errors *errors)
{
	json_error_t e;
	json_t *top;

	if (len > TP_MODEL_JSON_MAX) {
		tp_model_errors_add(errors, "", "The text is longer than %d bytes.",
				    TP_MODEL_JSON_MAX);
		return NULL;
	}
	if (too_deep(json, len)) {
		tp_model_errors_add(errors, "", "The JSON text is nested deeper than %d levels.",
				    TP_MODEL_DEPTH_MAX);
		return NULL;
	}
	top = json_loadb(json, len, JSON_REJECT_DUPLICATES, &e);
	if (json_is_object(top))
		return top;
	if (top)
		tp_model_errors_add(errors, "", "The JSON text is not an object.");
	else
		tp_model_errors_add(errors, "", "This is not valid JSON: %s (line %d).", e.text,
				    e.line);
	json_decref(top);
	return NULL;
}

/* ------------------------------------------------------------------------ leaves */

struct reader {
	const struct tp_model *model;
	const struct tp_secret_policy *policy;
	struct tp_model_errors *errors;
	struct lyd_node **root;
	bool complained;
	enum tp_err err; /* first failure that is not the input's fault */
};

static void complain(struct reader *r, const struct lyd_node *parent, const char *name,
		     const char *fmt, ...) TP_PRINTF(4, 5);
static void complain(struct reader *r, const struct lyd_node *parent, const char *name,
		     const char *fmt, ...)
{
	char path[TP_MODEL_TEXT_MAX + 1];
	char text[TP_MODEL_TEXT_MAX + 1];
	size_t n;
	va_list ap;

	tp_node_path(parent, path);
	n = strlen(path);
	snprintf(path + n, sizeof(path) - n, "/%s", name);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tp_model_errors_add(r->errors, path, "%s", text);
	r->complained = true;
}

static const char *path_name(const struct lysc_node *schema, const struct lyd_node *parent,
			     char buf[160])
{
	snprintf(buf, 160, "%s%s%s", parent ? "" : schema->module->name, parent ? "" : ":",
		 schema->name);
	return buf;
}

/* Text of the JSON value as libyang takes it; NULL when the JSON type is wrong. */
static const char *lexical(const struct lysc_type *type, json_t *value, char number[32])
{
	switch (type->basetype) {
	case LY_TYPE_BOOL:
		return json_is_boolean(value) ? (json_is_true(value) ? "true" : "false") : NULL;
	case LY_TYPE_UINT8:
	case LY_TYPE_UINT16:
	case LY_TYPE_UINT32:
		if (!json_is_integer(value))
			return NULL;
		snprintf(number, 32, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return number;
	default:
		return json_is_string(value) &&
				       strlen(json_string_value(value)) == json_string_length(value)
			       ? json_string_value(value)
			       : NULL;
	}
}

static void list_enums(const struct lysc_type *type, char *buf, size_t size)
{
	const struct lysc_type_enum *e = (const struct lysc_type_enum *)type;
	size_t n = 0;
	LY_ARRAY_COUNT_TYPE i;

	buf[0] = '\0';
	LY_ARRAY_FOR(e->enums, i)
	{
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? ", " : "", e->enums[i].name);
		if (n >= size)
			return;
	}
}

static void complain_value(struct reader *r, const struct lysc_node *schema,
			   const struct lyd_node *parent, const char *name, const char *text)
{
	const struct lysc_type *type = ((const struct lysc_node_leaf *)schema)->type;
	const struct ly_err_item *e = ly_err_last(r->model->ctx);
	const char *message = tp_schema_type_message(type);
	char choices[256];

	switch (type->basetype) {
	case LY_TYPE_ENUM:
		list_enums(type, choices, sizeof(choices));
		complain(r, parent, name, "'%s' is none of: %s.", text, choices);
		return;
	case LY_TYPE_UNION:
		complain(r, parent, name, "'%s' is not an IP address%s.", text,
			 !strcmp(tp_schema_type_name(schema), "host") ? " or host name" : "");
		return;
	case LY_TYPE_STRING:
		/* libyang repeats the message of the restriction that failed. */
		complain(r, parent, name, "%s",
			 e && e->msg ? e->msg
			 : message   ? message
				     : "Not allowed.");
		return;
	default:
		complain(r, parent, name, "%s", message ? message : "This number is out of range.");
		return;
	}
}

static const char *wrong_type(const struct lysc_type *type)
{
	switch (type->basetype) {
	case LY_TYPE_BOOL:
		return "This must be true or false.";
	case LY_TYPE_UINT8:
	case LY_TYPE_UINT16:
	case LY_TYPE_UINT32:
		return "This must be a whole number.";
	default:
		return "This must be a text.";
	}
}

/* Text to store for a secret: what it was, or what seal makes of the clear text. */
static const char *seal_secret(struct reader *r, const struct lysc_node *schema,
			       const struct lyd_node *parent, const char *name, const char *text,
			       char sealed[TP_MODEL_SEALED_MAX + 1])
{
	char record[TP_MODEL_TEXT_MAX + 1];
	char path[TP_MODEL_TEXT_MAX + 1];
	struct lyd_node *old = NULL;
	size_t n;

	if (!strcmp(text, TP_SECRET_MASK)) {
		n = strlen(tp_node_path(parent, path));
		snprintf(path + n, sizeof(path) - n, "/%s", name);
		if (r->policy->old && lyd_find_path(r->policy->old, path, 0, &old) == LY_SUCCESS &&
		    old)
			return lyd_get_value(old);
		complain(r, parent, name, "There is no stored value to keep: enter it.");
		return NULL;
	}
	if (!text[0]) {
		complain(r, parent, name, "This must not be empty.");
		return NULL;
	}
	r->err = tp_schema_record(schema, parent, record, sizeof(record));
	if (r->err == TP_OK)
		r->err = r->policy->seal(r->policy->arg, record, tp_span_of(text), sealed);
	tp_wipe((char *)text, strlen(text)); /* it stands in our own parsed JSON */
	if (r->err == TP_LIMIT) {
		r->err = TP_OK;
		complain(r, parent, name, "This is too long.");
		return NULL;
	}
	return r->err == TP_OK ? sealed : NULL;
}

static void link_top(struct reader *r, struct lyd_node *node)
{
	if (lyd_parent(node))
		return;
	if (lyd_insert_sibling(*r->root, node, r->root))
		r->err = TP_NOMEM;
}

static void read_term(struct reader *r, const struct lysc_node *schema, json_t *value,
		      struct lyd_node *parent)
{
	const struct lysc_type *type = ((const struct lysc_node_leaf *)schema)->type;
	const struct lysc_type *real = type;
	struct lyd_node *node = NULL;
	char sealed[TP_MODEL_SEALED_MAX + 1];
	char number[32];
	char name[160];
	const char *text;

	while (real->basetype == LY_TYPE_LEAFREF)
		real = ((const struct lysc_type_leafref *)real)->realtype;
	path_name(schema, parent, name);
	text = lexical(real, value, number);
	if (!text) {
		complain(r, parent, name, "%s", wrong_type(real));
		return;
	}
	if (r->policy->clear && tp_schema_ext(schema->exts, "secret")) {
		text = seal_secret(r, schema, parent, name, text, sealed);
		if (!text)
			return;
	}
	ly_err_clean(r->model->ctx, NULL);
	if (lyd_new_term(parent, schema->module, schema->name, text, 0, &node))
		complain_value(r, schema, parent, name, text);
	else
		link_top(r, node);
}

/* ---------------------------------------------------------------- inner and lists */

static void read_any(struct reader *r, const struct lysc_node *schema, json_t *value,
		     struct lyd_node *parent);

static void read_members(struct reader *r, const struct lysc_node *schema, json_t *value,
			 struct lyd_node *node)
{
	const char *member;
	json_t *child_value;

	json_object_foreach(value, member, child_value)
	{
		struct tp_span local = tp_span_of(member);
		struct tp_span module = tp_span_split(&local, ':');
		const struct lysc_node *child;

		if (!local.p) {
			local = module;
			module = (struct tp_span){"", 0};
		}
		child = tp_schema_child(r->model, schema, module, local);
		if (!child) {
			complain(r, node, member, "There is no such setting.");
			continue;
		}
		if (schema && schema->nodetype == LYS_LIST && lysc_is_key(child))
			continue; /* made with the entry */
		read_any(r, child, child_value, node);
		if (r->err != TP_OK)
			return;
	}
}

static void read_container(struct reader *r, const struct lysc_node *schema, json_t *value,
			   struct lyd_node *parent)
{
	struct lyd_node *node = NULL;
	char name[160];

	if (!json_is_object(value)) {
		complain(r, parent, path_name(schema, parent, name), "This must be an object.");
		return;
	}
	if (lyd_new_inner(parent, schema->module, schema->name, 0, &node)) {
		r->err = TP_NOMEM;
		return;
	}
	link_top(r, node);
	read_members(r, schema, value, node);
}

static void read_entry(struct reader *r, const struct lysc_node *schema, json_t *value,
		       struct lyd_node *parent)
{
	const struct lysc_node *key_schema = lysc_node_child(schema);
	struct lyd_node *node = NULL;
	json_t *key = json_object_get(value, key_schema->name);
	char name[160];

	path_name(schema, parent, name);
	if (!json_is_string(key) || strlen(json_string_value(key)) != json_string_length(key)) {
		complain(r, parent, name, "Each entry needs a text '%s'.", key_schema->name);
		return;
	}
	ly_err_clean(r->model->ctx, NULL);
	if (lyd_new_list(parent, schema->module, schema->name, 0, &node, json_string_value(key))) {
		complain_value(r, key_schema, parent, name, json_string_value(key));
		return;
	}
	link_top(r, node);
	read_members(r, schema, value, node);
}

/* Recursion is bounded by the schema's depth: a value is followed only where the
 * schema has a node. */
static void read_any(struct reader *r, const struct lysc_node *schema, json_t *value,
		     struct lyd_node *parent)
{
	char name[160];
	json_t *item;
	size_t i;

	switch (schema->nodetype) {
	case LYS_CONTAINER:
		read_container(r, schema, value, parent);
		return;
	case LYS_LEAF:
		read_term(r, schema, value, parent);
		return;
	default:
		break;
	}
	if (!json_is_array(value)) {
		complain(r, parent, path_name(schema, parent, name), "This must be an array.");
		return;
	}
	json_array_foreach(value, i, item)
	{
		if (schema->nodetype == LYS_LEAFLIST)
			read_term(r, schema, item, parent);
		else
			read_entry(r, schema, item, parent);
		if (r->err != TP_OK || (r->errors && r->errors->count == TP_MODEL_ERRORS_MAX))
			return;
	}
}

enum tp_err tp_read_node(const struct tp_model *model, const struct lysc_node *schema,
			 json_t *value, struct lyd_node *parent, struct lyd_node **root,
			 const struct tp_secret_policy *policy, struct tp_model_errors *errors)
{
	struct reader r = {model, policy, errors, root, false, TP_OK};

	if (schema)
		read_any(&r, schema, value, parent);
	else
		read_members(&r, NULL, value, NULL);
	return r.err == TP_OK && r.complained ? TP_FORMAT : r.err;
}
