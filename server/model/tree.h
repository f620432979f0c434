/* What the files of this layer share about trees; nobody else includes this. */
#ifndef TP_MODEL_TREE_H
#define TP_MODEL_TREE_H

#include <jansson.h>
#include <libyang/libyang.h>

#include "model/model.h"

struct tp_model {
	struct ly_ctx *ctx;
	char *schema_json;
};

struct tp_tree {
	const struct tp_model *model;
	struct lyd_node *root; /* first top-level node; defaults are in the tree */
};

#define TP_SECRET_MASK "********"

/* ------------------------------------------------------------------ schema (schema.c) */

/* Argument of an extension of turnpike-ui on the node itself; NULL when not there.
 * "" for one without argument. */
const char *tp_schema_ext(const struct lysc_ext_instance *exts, const char *name);
/* Label of the node, else its name. */
const char *tp_schema_label(const struct lysc_node *node);
/* On the node or on one above it. */
bool tp_schema_lockout(const struct lysc_node *node);
/* Data child by name; node NULL: top level, module needed. NULL when there is none. */
const struct lysc_node *tp_schema_child(const struct tp_model *model, const struct lysc_node *node,
					struct tp_span module, struct tp_span name);
/* First error message of our own that the type's range, length or pattern carries. */
const char *tp_schema_type_message(const struct lysc_type *type);
/* Type name for forms: "uint16", "ip-address", "host", "secret", … */
const char *tp_schema_type_name(const struct lysc_node *node);
TP_NODISCARD enum tp_err tp_schema_export(const struct tp_model *model, char **json);

/* ------------------------------------------------------------------- trees (tree.c) */

/* Instance path into buf (cut when too long); returns buf. */
const char *tp_node_path(const struct lyd_node *node, char buf[TP_MODEL_TEXT_MAX + 1]);
/* Record name of a secret leaf below parent, from its extension and the key above. */
TP_NODISCARD enum tp_err tp_schema_record(const struct lysc_node *leaf,
					  const struct lyd_node *parent, char *buf, size_t size);
bool tp_node_is_secret(const struct lyd_node *node);
/* Drops what no longer applies (when), then renews the defaults. */
TP_NODISCARD enum tp_err tp_tree_complete(struct tp_tree *tree);
/* False when a `when` of the node says no. */
bool tp_node_applies(const struct lyd_node *node);
/* Value of one node; an object with qualified names for a row of siblings. */
json_t *tp_node_json(const struct lyd_node *node, unsigned print);
json_t *tp_siblings_json(const struct lyd_node *first, unsigned print);

/* -------------------------------------------------------------- reading JSON (read.c) */

/* Where secrets of the input go. */
struct tp_secret_policy {
	bool clear;		    /* input holds clear texts and masks, else sealed texts */
	const struct lyd_node *old; /* any node of the tree that masks refer to; may be NULL */
	tp_tree_sealer seal;
	void *arg;
};

/* Size, depth, encoding, duplicate members. NULL and an error when refused. */
json_t *tp_json_load(const char *json, size_t len, struct tp_model_errors *errors);

/* Puts `value` for the schema node below parent (NULL: top level, *root is then
 * the first sibling). TP_FORMAT with errors. */
TP_NODISCARD enum tp_err tp_read_node(const struct tp_model *model, const struct lysc_node *schema,
				      json_t *value, struct lyd_node *parent,
				      struct lyd_node **root, const struct tp_secret_policy *policy,
				      struct tp_model_errors *errors);

#endif
