/* Fuzz: a whole configuration as JSON. What parses prints, and what was printed
 * parses and prints the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tp_model *model; /* made once: it is the same for every input */
	struct tp_tree *tree = NULL, *again = NULL;
	char *one = NULL, *two = NULL;
	size_t len;

	if (!model && tp_model_new(&model, NULL) != TP_OK)
		abort();
	if (tp_tree_parse(model, (const char *)data, size, &tree, NULL) != TP_OK)
		return 0;
	(void)!tp_tree_validate(tree, NULL);
	if (tp_tree_print(tree, TP_PRINT_EXPLICIT, &one, &len) != TP_OK ||
	    tp_tree_parse(model, one, len, &again, NULL) != TP_OK ||
	    tp_tree_print(again, TP_PRINT_EXPLICIT, &two, NULL) != TP_OK || strcmp(one, two))
		abort();
	free(one);
	free(two);
	tp_tree_free(&tree);
	tp_tree_free(&again);
	return 0;
}
