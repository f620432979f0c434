/* The rules of the model over a whole tree, each broken one reported in our own
 * words with its path. Runs in turnpike-admin and turnpike-validate. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "model/tls_policy.h"
#include "model/tree.h"

enum { TARGETS_MAX = 8 };

struct checker {
	struct tp_tree *tree;
	struct tp_model_errors *errors;
	size_t bad;
	/* What leafrefs may point to, by their path: all paths of the model are absolute. */
	struct {
		const char *path;
		struct ly_set *set;
	} targets[TARGETS_MAX];
	size_t target_count;
};

static void report(struct checker *c, const struct lyd_node *node, const char *below,
		   const char *fmt, ...) TP_PRINTF(4, 5);
static void report(struct checker *c, const struct lyd_node *node, const char *below,
		   const char *fmt, ...)
{
	char path[TP_MODEL_TEXT_MAX + 1];
	char text[TP_MODEL_TEXT_MAX + 1];
	size_t n;
	va_list ap;

	n = strlen(tp_node_path(node, path));
	if (below)
		snprintf(path + n, sizeof(path) - n, "/%s", below);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tp_model_errors_add(c->errors, path, "%s", text);
	c->bad++;
}

static void check_musts(struct checker *c, const struct lyd_node *node)
{
	struct lysc_must *musts = lysc_node_musts(node->schema);
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(musts, i)
	{
		ly_bool holds = 0;

		if (lyd_eval_xpath(node, lyxp_get_expr(musts[i].cond), &holds) == LY_SUCCESS &&
		    holds)
			continue;
		report(c, node, NULL, "%s",
		       musts[i].emsg ? musts[i].emsg : "A rule of the model is broken.");
	}
}

static const struct lyd_node *child_of(const struct lyd_node *first, const struct lysc_node *schema)
{
	while (first && first->schema != schema)
		first = first->next;
	return first;
}

/* Leaves that must be there. */
static void check_mandatory(struct checker *c, const struct lyd_node *node)
{
	const struct lysc_node *s;

	if (!(node->schema->nodetype & (LYS_CONTAINER | LYS_LIST)))
		return;
	for (s = lysc_node_child(node->schema); s; s = s->next) {
		if (s->nodetype != LYS_LEAF || !(s->flags & LYS_MAND_TRUE) ||
		    child_of(lyd_child(node), s))
			continue;
		report(c, node, s->name, "%s is missing.", tp_schema_label(s));
	}
}

/* Borrowed from c; NULL when there is none or no room. */
static const struct ly_set *leafref_targets(struct checker *c, const struct lyd_node *node,
					    const char *path)
{
	struct ly_set *set = NULL;

	for (size_t i = 0; i < c->target_count; i++) {
		if (!strcmp(c->targets[i].path, path))
			return c->targets[i].set;
	}
	if (c->target_count == TARGETS_MAX || lyd_find_xpath(node, path, &set) != LY_SUCCESS)
		return NULL;
	c->targets[c->target_count].path = path;
	c->targets[c->target_count++].set = set;
	return set;
}

static void check_leafref(struct checker *c, const struct lyd_node *node)
{
	const struct lysc_type *type = ((const struct lysc_node_leaf *)node->schema)->type;
	const struct ly_set *set;
	bool found = false;

	if (type->basetype != LY_TYPE_LEAFREF)
		return;
	set = leafref_targets(c, node,
			      lyxp_get_expr(((const struct lysc_type_leafref *)type)->path));
	for (uint32_t i = 0; set && i < set->count && !found; i++)
		found = !strcmp(lyd_get_value(set->dnodes[i]), lyd_get_value(node));
	if (!found)
		report(c, node, NULL, "%s '%s' does not exist.", tp_schema_label(node->schema),
		       lyd_get_value(node));
}

/* Search rules with a regular expression: it must compile. */
static void check_pattern(struct checker *c, const struct lyd_node *node)
{
	const struct lyd_node *match;
	PCRE2_UCHAR words[160] = "";
	PCRE2_SIZE at;
	pcre2_code *code;
	const char *text;
	int number;

	if (strcmp(node->schema->name, "pattern") ||
	    strcmp(node->schema->module->name, "turnpike-search"))
		return;
	for (match = lyd_child(lyd_parent(node)); match && strcmp(match->schema->name, "match");)
		match = match->next;
	if (!match || strcmp(lyd_get_value(match), "regex"))
		return;
	text = lyd_get_value(node);
	code = pcre2_compile((PCRE2_SPTR)text, strlen(text), PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C,
			     &number, &at, NULL);
	if (code) {
		pcre2_code_free(code);
		return;
	}
	pcre2_get_error_message(number, words, sizeof(words));
	report(c, node, NULL, "This is not a regular expression: %s (at character %zu).",
	       (const char *)words, (size_t)at + 1);
}

/* Lists of a service that speaks TLS; those of the presets are known to be good. */
static void check_tls_service(struct checker *c, const struct lyd_node *node)
{
	enum tp_tls_service service = tp_node_tls_service(node);
	enum tp_tls_preset preset = TP_TLS_RECOMMENDED;
	bool told = false;

	if (service == TP_TLS_SERVICES ||
	    !tp_tls_preset_find(tp_leaf_text(node, "preset"), &preset) || preset != TP_TLS_CUSTOM)
		return;
	for (int side = TP_TLS_INBOUND; side <= TP_TLS_OUTBOUND; side++) {
		const struct tp_tls_service_info *info = tp_tls_service_info(service);
		struct tp_diag diag = {0};
		struct tp_tls_policy p;
		char below[64];
		bool list;

		if (side == TP_TLS_INBOUND ? !info->server : !info->client)
			continue;
		tp_leaf_tls_policy(lyd_parent(lyd_parent(node)), service, (enum tp_tls_side)side, &p);
		if (tp_tls_policy_check(&p, (enum tp_tls_side)side, &diag) == TP_OK)
			continue;
		/* What both sides share is told once. */
		list = !strcmp(diag.where, "ciphers");
		if (!list && told)
			continue;
		told = told || !list;
		snprintf(below, sizeof(below), "%s%.40s",
			 list && info->client ? side == TP_TLS_INBOUND ? "inbound/" : "outbound/" : "",
			 diag.where);
		report(c, node, below, "%s", diag.text);
	}
}

static void check_node(struct checker *c, const struct lyd_node *node)
{
	if (!tp_node_applies(node)) {
		if (!(node->flags & LYD_DEFAULT))
			report(c, node, NULL, "%s does not apply here: remove it.",
			       tp_schema_label(node->schema));
		return;
	}
	check_musts(c, node);
	check_mandatory(c, node);
	check_tls_service(c, node);
	if (node->schema->nodetype == LYS_LEAF) {
		check_leafref(c, node);
		check_pattern(c, node);
	}
}

/* What libyang still finds when all of the above holds: too many or double entries. */
static void report_libyang(struct checker *c)
{
	const struct ly_err_item *e = ly_err_last(c->tree->model->ctx);
	const char *path = e && e->path ? strstr(e->path, "ata location \"") : NULL;
	const char *message = e && e->msg ? e->msg : "";
	char where[TP_MODEL_TEXT_MAX + 1] = "";
	const char *text = "This configuration is not valid.";

	if (path) {
		path += strlen("ata location \"");
		snprintf(where, sizeof(where), "%.*s", (int)strcspn(path, "\""), path);
	} else if (e && e->path && e->path[0] == '/') {
		tp_text_copy(where, sizeof(where), e->path);
	}
	if (!strncmp(message, "Too many", 8))
		text = "There are too many entries.";
	else if (!strncmp(message, "Duplicate", 9))
		text = "This entry is there twice.";
	else if (message[0])
		text = message;
	tp_model_errors_add(c->errors, where, "%s", text);
	c->bad++;
}

enum tp_err tp_tree_validate(struct tp_tree *tree, struct tp_model_errors *errors)
{
	struct checker c = {.tree = tree, .errors = errors};
	const struct lyd_node *root;
	struct lyd_node *node;

	LY_LIST_FOR(tree->root, root)
	{
		LYD_TREE_DFS_BEGIN(root, node)
		{
			check_node(&c, node);
			LYD_TREE_DFS_END(root, node);
		}
	}
	for (size_t i = 0; i < c.target_count; i++)
		ly_set_free(c.targets[i].set, NULL);
	if (c.bad)
		return TP_FORMAT;
	ly_err_clean(tree->model->ctx, NULL);
	if (lyd_validate_all(&tree->root, tree->model->ctx, LYD_VALIDATE_NO_STATE, NULL))
		report_libyang(&c);
	return c.bad ? TP_FORMAT : TP_OK;
}
