/* Fuzz: RESTCONF edits. The first line is the path, the rest the body. A refused edit
 * leaves the tree as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum tp_err seal(void *arg, const char *record, struct tp_span clear, char *sealed)
{
	(void)arg;
	(void)record;
	memcpy(sealed, "$tp1$AAAA", 10);
	return clear.len ? TP_OK : TP_LIMIT;
}

static char *print(const struct tp_tree *tree)
{
	char *json = NULL;

	if (tp_tree_print(tree, TP_PRINT_ALL, &json, NULL) != TP_OK)
		abort();
	return json;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tp_model *model; /* made once: it is the same for every input */
	char location[TP_MODEL_TEXT_MAX + 1];
	const uint8_t *end = memchr(data, '\n', size);
	size_t path_len = end ? (size_t)(end - data) : size;
	const char *body = (const char *)data + (end ? path_len + 1 : size);
	size_t body_len = size - (size_t)(body - (const char *)data);
	char *path = strndup((const char *)data, path_len);
	struct tp_tree *tree = NULL;
	char *before, *after;

	if ((!model && tp_model_new(&model, NULL) != TP_OK) || tp_tree_new(model, &tree) != TP_OK ||
	    !path)
		abort();
	before = print(tree);
	if (tp_tree_put(tree, path, body, body_len, seal, NULL, NULL, NULL) != TP_OK) {
		after = print(tree);
		if (strcmp(before, after))
			abort();
		free(after);
	}
	(void)!tp_tree_post(tree, path, body, body_len, seal, NULL, location, NULL);
	(void)!tp_tree_delete(tree, path, NULL);
	free(before);
	free(path);
	tp_tree_free(&tree);
	return 0;
}
