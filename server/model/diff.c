/* What differs between two trees, for people. Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "model/tree.h"

struct differ {
	struct tp_changes *out;
	enum tp_err err;
};

/* "SIP › TLS › Port"; a list entry shows its key behind the list's label. */
static char *label_of(const struct lyd_node *node)
{
	const struct lyd_node *chain[16];
	char text[1024] = "";
	size_t depth = 0;
	size_t n = 0;

	for (; node && depth < 16; node = lyd_parent(node))
		chain[depth++] = node;
	while (depth-- > 0 && n < sizeof(text)) {
		const struct lyd_node *at = chain[depth];
		bool entry = at->schema->nodetype == LYS_LIST;

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s%s", n ? " › " : "",
				      tp_schema_label(at->schema), entry ? " " : "",
				      entry ? lyd_get_value(lyd_child(at)) : "");
	}
	return strdup(text);
}

static char *value_of(const struct lyd_node *node)
{
	if (!node || !(node->schema->nodetype & (LYS_LEAF | LYS_LEAFLIST)))
		return NULL;
	return strdup(tp_node_is_secret(node) ? TP_SECRET_MASK : lyd_get_value(node));
}

static void note(struct differ *d, enum tp_change_op op, const struct lyd_node *before,
		 const struct lyd_node *after)
{
	const struct lyd_node *node = after ? after : before;
	char path[TP_MODEL_TEXT_MAX + 1];
	struct tp_change *c;

	if (d->out->count == TP_MODEL_CHANGES_MAX) {
		d->out->more = true;
		return;
	}
	if (d->out->count % 64 == 0) {
		c = reallocarray(d->out->list, d->out->count + 64, sizeof(*c));
		if (!c) {
			d->err = TP_NOMEM;
			return;
		}
		d->out->list = c;
	}
	c = &d->out->list[d->out->count++];
	c->path = strdup(tp_node_path(node, path));
	c->label = label_of(node);
	c->before = value_of(before);
	c->after = value_of(after);
	c->op = op;
	c->lockout = tp_schema_lockout(node->schema);
	if (!c->path || !c->label)
		d->err = TP_NOMEM;
}

/* A whole subtree came or went: the list entry, then each value that somebody set. */
static void note_subtree(struct differ *d, enum tp_change_op op, const struct lyd_node *node)
{
	bool added = op == TP_CHANGE_ADD;

	if ((node->flags & LYD_DEFAULT) || lysc_is_key(node->schema))
		return;
	if (node->schema->nodetype != LYS_CONTAINER)
		note(d, op, added ? NULL : node, added ? node : NULL);
	for (const struct lyd_node *child = lyd_child(node); child; child = child->next)
		note_subtree(d, op, child);
}

static struct lyd_node *match(const struct lyd_node *siblings, const struct lyd_node *node)
{
	struct lyd_node *found = NULL;

	if (!siblings || lyd_find_sibling_first(siblings, node, &found) != LY_SUCCESS)
		return NULL;
	return found;
}

/* Recursion is bounded by the schema's depth. */
static void compare(struct differ *d, const struct lyd_node *before, const struct lyd_node *after)
{
	for (const struct lyd_node *b = before; b; b = b->next) {
		const struct lyd_node *a = b->schema->nodetype == LYS_LEAF ? NULL : match(after, b);

		if (b->schema->nodetype == LYS_LEAF) {
			for (a = after; a && a->schema != b->schema;)
				a = a->next;
			if (a && strcmp(lyd_get_value(a), lyd_get_value(b)))
				note(d, TP_CHANGE_CHANGE, b, a);
		} else if (a) {
			compare(d, lyd_child(b), lyd_child(a));
		}
		if (!a)
			note_subtree(d, TP_CHANGE_DELETE, b);
	}
	for (const struct lyd_node *a = after; a; a = a->next) {
		const struct lyd_node *b =
			a->schema->nodetype == LYS_LEAF ? NULL : match(before, a);

		if (a->schema->nodetype == LYS_LEAF) {
			for (b = before; b && b->schema != a->schema;)
				b = b->next;
		}
		if (!b)
			note_subtree(d, TP_CHANGE_ADD, a);
	}
}

enum tp_err tp_tree_diff(const struct tp_tree *before, const struct tp_tree *after,
			 struct tp_changes *out)
{
	struct tp_changes changes = {0};
	struct differ d = {&changes, TP_OK};

	compare(&d, before->root, after->root);
	if (d.err != TP_OK) {
		tp_changes_fini(&changes);
		return d.err;
	}
	*out = changes;
	return TP_OK;
}

void tp_changes_fini(struct tp_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->list[i].path);
		free(changes->list[i].label);
		free(changes->list[i].before);
		free(changes->list[i].after);
	}
	free(changes->list);
	memset(changes, 0, sizeof(*changes));
}
