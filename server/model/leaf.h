/* Short ways to the leaves of a checked tree, for code that turns it into something
 * else. Nobody outside of this layer includes this. */
#ifndef TP_MODEL_LEAF_H
#define TP_MODEL_LEAF_H

#include "core/addr.h"
#include "model/tree.h"

/* Top-level container, or a container or leaf below node; NULL when not there. */
const struct lyd_node *tp_leaf_top(const struct tp_tree *tree, const char *name);
const struct lyd_node *tp_leaf_child(const struct lyd_node *node, const char *name);
/* The next of the children of this name (list entries, leaf-list values); after
 * NULL: the first. */
const struct lyd_node *tp_leaf_next(const struct lyd_node *node, const char *name,
				    const struct lyd_node *after);
size_t tp_leaf_count(const struct lyd_node *node, const char *name);
/* Value of a leaf below node: "" / `absent` / false when it is not there. */
const char *tp_leaf_text(const struct lyd_node *node, const char *name);
uint32_t tp_leaf_number(const struct lyd_node *node, const char *name, uint32_t absent);
bool tp_leaf_true(const struct lyd_node *node, const char *name);
/* Number of an enumeration's value, as the order in the YANG file gives it. */
uint8_t tp_leaf_enum(const struct lyd_node *node, const char *name);
/* Address with this port; family 0 when it is not there. */
struct tp_addr tp_leaf_addr(const struct lyd_node *node, const char *name, uint16_t port);

#endif
