/* Reading RESTCONF paths and following them through schema and tree.
 * Runs in turnpike-admin and turnpike-validate. */
#include <string.h>

#include "model/path.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Percent-decoding; NUL and control bytes are refused. */
static enum tp_err decode(struct tp_span in, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		int c = (unsigned char)in.p[i];

		if (c == '%') {
			int high = i + 2 < in.len ? hex_digit(in.p[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(in.p[i + 2]) : -1;

			if (low < 0)
				return TP_FORMAT;
			c = high << 4 | low;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return TP_FORMAT;
		if (n + 1 >= size)
			return TP_LIMIT;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return TP_OK;
}

bool tp_path_encode(const char *key, char *out, size_t size)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *key; key++) {
		bool as_is = strchr(plain, *key) != NULL;

		if (n + (as_is ? 1 : 3) >= size)
			return false;
		if (as_is) {
			out[n++] = *key;
			continue;
		}
		out[n++] = '%';
		out[n++] = hex[(unsigned char)*key >> 4];
		out[n++] = hex[(unsigned char)*key & 15];
	}
	out[n] = '\0';
	return true;
}

static enum tp_err parse_segment(struct tp_span text, struct tp_path_segment *s)
{
	struct tp_span rest = text;
	struct tp_span name = tp_span_split(&rest, '=');
	struct tp_span local = name;
	struct tp_span module = tp_span_split(&local, ':');
	enum tp_err err;

	s->has_key = rest.p != NULL;
	if (s->has_key) {
		err = decode(rest, s->key, sizeof(s->key));
		if (err != TP_OK)
			return err;
	}
	if (!local.p) {
		local = module;
		module = (struct tp_span){"", 0};
	} else if (!module.len) {
		return TP_FORMAT;
	}
	if (!local.len)
		return TP_FORMAT;
	err = decode(module, s->module, sizeof(s->module));
	return err == TP_OK ? decode(local, s->name, sizeof(s->name)) : err;
}

enum tp_err tp_path_parse(const char *text, struct tp_path *out, struct tp_diag *diag)
{
	struct tp_span rest = tp_span_of(text);

	memset(out, 0, sizeof(*out));
	while (rest.len) {
		struct tp_span segment = tp_span_split(&rest, '/');
		enum tp_err err;

		if (out->count == TP_PATH_SEGMENTS_MAX)
			return tp_fail(diag, TP_LIMIT, "path", "The path is too long.");
		err = parse_segment(segment, &out->segment[out->count]);
		if (err != TP_OK)
			return tp_fail(diag, err, "path", "This is not a path: %s", text);
		out->count++;
	}
	return TP_OK;
}

static bool same_key(const struct lyd_node *node, const char *key)
{
	if (node->schema->nodetype == LYS_LEAFLIST)
		return !strcmp(lyd_get_value(node), key);
	return !strcmp(lyd_get_value(lyd_child(node)), key);
}

/* Every list of the model has one key. */
static struct lyd_node *find_instance(struct lyd_node *siblings, const struct lysc_node *schema,
				      const struct tp_path_segment *s)
{
	struct lyd_node *found = NULL;

	if (schema->nodetype & (LYS_LIST | LYS_LEAFLIST)) {
		if (!s->has_key)
			return NULL;
		for (found = siblings; found; found = found->next) {
			if (found->schema == schema && same_key(found, s->key))
				return found;
		}
		return NULL;
	}
	for (found = siblings; found && found->schema != schema;)
		found = found->next;
	return found;
}

static enum tp_err check_key(const struct lysc_node *schema, const struct tp_path_segment *s,
			     bool last, struct tp_diag *diag)
{
	bool keyed = schema->nodetype & (LYS_LIST | LYS_LEAFLIST);

	if (s->has_key && !keyed)
		return tp_fail(diag, TP_FORMAT, s->name, "'%s' takes no key.", s->name);
	if (keyed && !s->has_key && !last)
		return tp_fail(diag, TP_FORMAT, s->name, "'%s' needs a key: %s=NAME.", s->name,
			       s->name);
	if (!last && (schema->nodetype & (LYS_LEAF | LYS_LEAFLIST)))
		return tp_fail(diag, TP_FORMAT, s->name, "There is nothing below '%s'.", s->name);
	return TP_OK;
}

enum tp_err tp_path_find(const struct tp_tree *tree, const struct tp_path *path,
			 struct tp_target *out, struct tp_diag *diag)
{
	struct lyd_node *siblings = tree->root;
	bool present = true;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < path->count; i++) {
		const struct tp_path_segment *s = &path->segment[i];
		bool last = i + 1 == path->count;
		const struct lysc_node *schema = tp_schema_child(
			tree->model, out->schema, tp_span_of(s->module), tp_span_of(s->name));
		enum tp_err err;

		if (!schema)
			return tp_fail(diag, TP_FORMAT, s->name, "There is no setting '%s'%s%s.",
				       s->name, out->schema ? " in " : "",
				       out->schema ? out->schema->name : "");
		err = check_key(schema, s, last, diag);
		if (err != TP_OK)
			return err;
		out->schema = schema;
		out->parent = out->node;
		out->node = present ? find_instance(siblings, schema, s) : NULL;
		if (!out->node && !last) {
			out->parent_missing = out->parent_missing || schema->nodetype == LYS_LIST;
			present = false;
		}
		siblings = out->node ? lyd_child(out->node) : NULL;
	}
	return TP_OK;
}
