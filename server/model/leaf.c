/* Short ways to the leaves of a checked tree. Runs in turnpike-admin and
 * turnpike-validate. */
#include "model/leaf.h"

#include <stdlib.h>
#include <string.h>

static const struct lyd_node *named(const struct lyd_node *first, const char *name)
{
	while (first && strcmp(first->schema->name, name))
		first = first->next;
	return first;
}

const struct lyd_node *tp_leaf_top(const struct tp_tree *tree, const char *name)
{
	return named(tree->root, name);
}

const struct lyd_node *tp_leaf_child(const struct lyd_node *node, const char *name)
{
	return node ? named(lyd_child(node), name) : NULL;
}

const struct lyd_node *tp_leaf_next(const struct lyd_node *node, const char *name,
				    const struct lyd_node *after)
{
	return after ? named(after->next, name) : tp_leaf_child(node, name);
}

size_t tp_leaf_count(const struct lyd_node *node, const char *name)
{
	size_t n = 0;

	for (const struct lyd_node *at = NULL; (at = tp_leaf_next(node, name, at));)
		n++;
	return n;
}

const char *tp_leaf_text(const struct lyd_node *node, const char *name)
{
	const struct lyd_node *leaf = tp_leaf_child(node, name);

	return leaf ? lyd_get_value(leaf) : "";
}

uint32_t tp_leaf_number(const struct lyd_node *node, const char *name, uint32_t absent)
{
	const struct lyd_node *leaf = tp_leaf_child(node, name);

	return leaf ? (uint32_t)strtoul(lyd_get_value(leaf), NULL, 10) : absent;
}

bool tp_leaf_true(const struct lyd_node *node, const char *name)
{
	return !strcmp(tp_leaf_text(node, name), "true");
}

uint8_t tp_leaf_enum(const struct lyd_node *node, const char *name)
{
	const struct lyd_node *leaf = tp_leaf_child(node, name);
	const struct lyd_value *value;

	if (!leaf)
		return 0;
	value = &((const struct lyd_node_term *)leaf)->value;
	return value->realtype->basetype == LY_TYPE_ENUM ? (uint8_t)value->enum_item->value : 0;
}

struct tp_addr tp_leaf_addr(const struct lyd_node *node, const char *name, uint16_t port)
{
	struct tp_addr addr = {0};

	if (tp_addr_parse_ip(tp_span_of(tp_leaf_text(node, name)), port, &addr) != TP_OK)
		memset(&addr, 0, sizeof(addr));
	return addr;
}
