/* The schema context: embedded modules into libyang, and the schema for forms.
 * Runs in turnpike-admin and turnpike-validate. */
#include <stdlib.h>
#include <string.h>

#include "model/tree.h"
#include "model/yang.h"

static LY_ERR find_embedded(const char *name, const char *revision, const char *sub_name,
			    const char *sub_revision, void *arg, LYS_INFORMAT *format,
			    const char **data, ly_module_imp_data_free_clb *free_data)
{
	(void)revision;
	(void)sub_revision;
	(void)arg;
	for (size_t i = 0; !sub_name && i < tp_yang_module_count; i++) {
		if (strcmp(name, tp_yang_modules[i].name))
			continue;
		*format = LYS_IN_YANG;
		*data = tp_yang_modules[i].text;
		*free_data = NULL;
		return LY_SUCCESS;
	}
	return LY_ENOT;
}

static enum tp_err load(struct tp_model *model, struct tp_diag *diag)
{
	if (ly_ctx_new(NULL, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIRS, &model->ctx))
		return tp_fail(diag, TP_NOMEM, "model", "no schema context");
	ly_ctx_set_module_imp_clb(model->ctx, find_embedded, NULL);
	for (size_t i = 0; i < tp_yang_module_count; i++) {
		const struct ly_err_item *e;

		if (lys_parse_mem(model->ctx, tp_yang_modules[i].text, LYS_IN_YANG, NULL) ==
		    LY_SUCCESS)
			continue;
		e = ly_err_last(model->ctx);
		return tp_fail(diag, TP_INTERNAL, tp_yang_modules[i].name, "%s (%s)",
			       e && e->msg ? e->msg : "?", e && e->path ? e->path : "");
	}
	return tp_schema_export(model, &model->schema_json);
}

enum tp_err tp_model_new(struct tp_model **out, struct tp_diag *diag)
{
	struct tp_model *model = calloc(1, sizeof(*model));
	enum tp_err err;

	if (!model)
		return tp_fail(diag, TP_NOMEM, "model", "no memory");
	ly_log_options(LY_LOSTORE_LAST); /* nothing to standard error */
	err = load(model, diag);
	if (err != TP_OK) {
		tp_model_free(&model);
		return err;
	}
	*out = model;
	return TP_OK;
}

void tp_model_free(struct tp_model **model)
{
	if (!*model)
		return;
	ly_ctx_destroy((*model)->ctx);
	free((*model)->schema_json);
	free(*model);
	*model = NULL;
}

const char *tp_model_schema(const struct tp_model *model)
{
	return model->schema_json;
}

size_t tp_model_modules(const struct tp_model *model, struct tp_model_module *rows, size_t most)
{
	const struct lys_module *m;
	uint32_t at = 0;
	size_t n = 0;

	while (n < most && (m = ly_ctx_get_module_iter(model->ctx, &at)))
		rows[n++] = (struct tp_model_module){
			.name = m->name,
			.revision = m->revision ? m->revision : "",
			.uri = m->ns,
			.imported = !m->implemented,
		};
	return n;
}

void tp_model_errors_add(struct tp_model_errors *errors, const char *path, const char *fmt, ...)
{
	struct tp_diag diag;
	va_list ap;
	char text[TP_MODEL_TEXT_MAX + 1];
	struct tp_model_error *e;

	if (!errors || errors->count == TP_MODEL_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tp_fail(&diag, TP_FORMAT, "", "%s", text); /* printable */
	e = &errors->list[errors->count++];
	tp_text_copy(e->path, sizeof(e->path), path ? path : "");
	tp_text_copy(e->text, sizeof(e->text), diag.text);
	tp_text_make_printable(e->path);
}
