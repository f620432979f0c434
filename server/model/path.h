/* RESTCONF data resource paths (RFC 8040 section 3.5.3) and what they point to.
 * Nobody outside of this layer includes this. */
#ifndef TP_MODEL_PATH_H
#define TP_MODEL_PATH_H

#include "model/tree.h"

enum { TP_PATH_SEGMENTS_MAX = 12, TP_PATH_NAME_MAX = 63, TP_PATH_KEY_MAX = 255 };

struct tp_path_segment {
	char module[TP_PATH_NAME_MAX + 1]; /* "" = that of the segment before */
	char name[TP_PATH_NAME_MAX + 1];
	char key[TP_PATH_KEY_MAX + 1]; /* decoded */
	bool has_key;
};
struct tp_path {
	struct tp_path_segment segment[TP_PATH_SEGMENTS_MAX];
	size_t count;
};

/* "turnpike-zone:zones/zone=core/user"; a slash at the end is taken. TP_FORMAT, TP_LIMIT. */
TP_NODISCARD enum tp_err tp_path_parse(const char *text, struct tp_path *out, struct tp_diag *diag);
/* Key text so that it may stand behind '='. False when it does not fit. */
bool tp_path_encode(const char *key, char *out, size_t size);

struct tp_target {
	const struct lysc_node *schema; /* what the last segment names; NULL for the empty path */
	struct lyd_node *node;		/* NULL: not there. For a list without key: NULL */
	struct lyd_node *parent;	/* data parent; NULL: top level, or it is not there */
	bool parent_missing;		/* a list entry on the way does not exist */
};
/* TP_FORMAT with words in diag when the schema has no such node, a key stands where
 * none belongs, or one is missing on the way. */
TP_NODISCARD enum tp_err tp_path_find(const struct tp_tree *tree, const struct tp_path *path,
				      struct tp_target *out, struct tp_diag *diag);

#endif
