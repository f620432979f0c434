/* The model, and configurations of it from JSON, for the tests of one program. Include it behind
 * cmocka.h. */
#ifndef TP_TESTS_ADMIN_MODEL_FIXTURE_H
#define TP_TESTS_ADMIN_MODEL_FIXTURE_H

#include <string.h>

#include "model/model.h"

static struct tp_model *model;

static int set_up(void **state)
{
	struct tp_diag diag;

	(void)state;
	return tp_model_new(&model, &diag) == TP_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	tp_model_free(&model);
	return 0;
}

static struct tp_tree *tree_of(const char *json)
{
	struct tp_model_errors errors = { 0 };
	struct tp_tree *tree = NULL;
	enum tp_err err = tp_tree_parse(model, json, strlen(json), &tree, &errors);

	if (err != TP_OK)
		fail_msg("%s: %s", errors.list[0].path, errors.list[0].text);
	return tree;
}

#endif
