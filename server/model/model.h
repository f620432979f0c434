/* The configuration model: YANG schema (embedded), configuration trees, their
 * checks, edits, differences and printed forms. The only layer that knows libyang.
 * Runs in turnpike-admin and in turnpike-validate.
 *
 * A model may be used by several threads; a tree by one at a time. Every text that
 * comes from outside is hostile: JSON is checked for size, depth, encoding and
 * duplicate members before anything else looks at it, and libyang is never given
 * JSON, only single values. */
#ifndef TP_MODEL_MODEL_H
#define TP_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/text.h"

enum {
	TP_MODEL_JSON_MAX = 8 << 20, /* bytes */
	TP_MODEL_DEPTH_MAX = 32,     /* nested arrays and objects */
	TP_MODEL_ERRORS_MAX = 32,
	TP_MODEL_TEXT_MAX = 511,     /* bytes */
	TP_MODEL_CHANGES_MAX = 5000, /* of one difference */
	TP_MODEL_SEALED_MAX = 16384, /* bytes of a sealed secret's text */
};

struct tp_model;
struct tp_tree;

/* What is wrong with a configuration, for people: at most TP_MODEL_ERRORS_MAX. */
struct tp_model_error {
	char path[TP_MODEL_TEXT_MAX + 1]; /* "/turnpike-zone:zones/zone[name='core']/user", or "" */
	char text[TP_MODEL_TEXT_MAX + 1];
};
struct tp_model_errors {
	size_t count;
	struct tp_model_error list[TP_MODEL_ERRORS_MAX];
};
/* Adds one; beyond the limit nothing happens. */
void tp_model_errors_add(struct tp_model_errors *errors, const char *path, const char *fmt, ...)
	TP_PRINTF(3, 4);

TP_NODISCARD enum tp_err tp_model_new(struct tp_model **out, struct tp_diag *diag);
void tp_model_free(struct tp_model **model);
/* The schema for forms as JSON text (docs/api.md, GET /api/v1/model). Borrowed. */
const char *tp_model_schema(const struct tp_model *model);

/* A YANG module that is loaded. Texts are borrowed. */
struct tp_model_module {
	const char *name;
	const char *revision; /* "" = none */
	const char *uri;      /* its namespace */
	bool imported;	      /* for its types only: it has no settings */
};
/* The first `most` of them; their number. */
size_t tp_model_modules(const struct tp_model *model, struct tp_model_module *rows, size_t most);
/* What the setting at a RESTCONF path without keys is called, as in struct tp_change. False:
 * there is no such setting. */
TP_NODISCARD bool tp_model_label(const struct tp_model *model, const char *path,
				 char label[TP_MODEL_TEXT_MAX + 1]);

/* ------------------------------------------------------------------------ trees */

/* A tree with nothing but defaults. */
TP_NODISCARD enum tp_err tp_tree_new(const struct tp_model *model, struct tp_tree **out);
/* Reads a whole configuration (RFC 7951). Names, JSON types and values are checked;
 * rules between settings are tp_tree_validate's. TP_FORMAT or TP_LIMIT with errors. */
TP_NODISCARD enum tp_err tp_tree_parse(const struct tp_model *model, const char *json, size_t len,
				       struct tp_tree **out, struct tp_model_errors *errors);
TP_NODISCARD enum tp_err tp_tree_copy(const struct tp_tree *tree, struct tp_tree **out);
void tp_tree_free(struct tp_tree **tree);
/* All rules of the model. TP_FORMAT with every broken one in errors (added behind
 * those that stand there). */
TP_NODISCARD enum tp_err tp_tree_validate(struct tp_tree *tree, struct tp_model_errors *errors);

enum tp_tree_print {
	TP_PRINT_EXPLICIT = 0, /* only what somebody set */
	TP_PRINT_ALL = 1,      /* defaults too */
	TP_PRINT_MASKED = 2,   /* flag: secrets as "********" */
};
/* Compact JSON, always the same bytes for the same tree; freed by the caller. */
TP_NODISCARD enum tp_err tp_tree_print(const struct tp_tree *tree, unsigned print, char **json,
				       size_t *len);

/* ------------------------------------------------- edits by RESTCONF path (RFC 8040) */

/* A path is what follows the datastore, e.g. "turnpike-zone:zones/zone=core/user":
 * names joined by '/', the first with its module, a list's key behind '=',
 * everything percent-encoded. Bodies hold one member named after the target, e.g.
 * {"turnpike-zone:user":"core"}; lists as arrays of one entry. */

/* JSON of the node at path, as RFC 8040 section 4.3 gives it: {"module:name": …}.
 * The empty path gives {"ietf-restconf:data": {…}}; a list without key all entries.
 * TP_NOTFOUND: no such node or not set; TP_FORMAT: not a path of the model. */
TP_NODISCARD enum tp_err tp_tree_get(const struct tp_tree *tree, const char *path, unsigned print,
				     char **json, struct tp_model_errors *errors);

/* Seals a secret that came in clear. record: its record name. sealed: text to store. */
typedef enum tp_err (*tp_tree_sealer)(void *arg, const char *record, struct tp_span clear,
				      char sealed[TP_MODEL_SEALED_MAX + 1]);

/* Creates or replaces the node at path. Secrets sent as "********" keep the value
 * that the same node has now; others go through seal. Settings that no longer apply
 * after the edit are dropped. On an error nothing is changed. TP_FORMAT with
 * errors; TP_NOTFOUND when the path names a key whose list entry the parent lacks;
 * else what seal returned. */
TP_NODISCARD enum tp_err tp_tree_put(struct tp_tree *tree, const char *path, const char *json,
				     size_t len, tp_tree_sealer seal, void *arg, bool *created,
				     struct tp_model_errors *errors);
/* Creates a list entry (or leaf-list value) below path. TP_EXISTS when it is there.
 * location: path of the new node from the datastore. */
TP_NODISCARD enum tp_err tp_tree_post(struct tp_tree *tree, const char *path, const char *json,
				      size_t len, tp_tree_sealer seal, void *arg,
				      char location[TP_MODEL_TEXT_MAX + 1],
				      struct tp_model_errors *errors);
/* Removes the node (a leaf goes back to its default). TP_NOTFOUND when not set. */
TP_NODISCARD enum tp_err tp_tree_delete(struct tp_tree *tree, const char *path,
					struct tp_model_errors *errors);

/* -------------------------------------------------------------------- differences */

enum tp_change_op { TP_CHANGE_CHANGE = 0, TP_CHANGE_ADD = 1, TP_CHANGE_DELETE = 2 };

struct tp_change {
	char *path;   /* as in tp_model_error */
	char *label;  /* "SIP › TLS › Port" */
	char *before; /* NULL = was not; secrets are masked */
	char *after;
	enum tp_change_op op;
	bool lockout;
};
struct tp_changes {
	struct tp_change *list;
	size_t count;
	bool more; /* there were more than TP_MODEL_CHANGES_MAX */
};

/* Effective values are compared: setting a leaf to its default is no change. */
TP_NODISCARD enum tp_err tp_tree_diff(const struct tp_tree *before, const struct tp_tree *after,
				      struct tp_changes *out);
void tp_changes_fini(struct tp_changes *changes);

/* ------------------------------------------------------------------ single values */

/* Text of a leaf by RESTCONF path ("turnpike-system:system/host-name"), NULL when it
 * is not set and has no default. Borrowed from the tree. */
const char *tp_tree_value(const struct tp_tree *tree, const char *path);
/* Number of entries of the list at path ("turnpike-system:system/network"). */
size_t tp_tree_count(const struct tp_tree *tree, const char *path);
/* Calls each for every secret that is set. */
void tp_tree_each_secret(const struct tp_tree *tree,
			 void (*each)(void *arg, const char *record, const char *sealed),
			 void *arg);

#endif
