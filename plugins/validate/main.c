/* turnpike-validate: checks one candidate configuration and makes the slices of the
 * other processes from it. Started by the supervisor with the channel on fd 3, in a
 * sandbox that can open nothing; ends after one answer. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc/helper.h"
#include "model/make_slices.h"
#include "model/model.h"
#include "os/memfd.h"
#include "os/sandbox.h"
#include "tls/policy.h"

struct validator {
	struct tp_model *model; /* NULL: model_err says why */
	enum tp_err model_err;
	struct tp_diag model_diag;
};

/* Parses, checks, makes the slices. What is wrong goes into errors. */
static enum tp_err work(struct validator *v, uint64_t revision, int candidate,
			struct tp_slice_fds *fds, struct tp_model_errors *errors)
{
	struct tp_diag diag = {0};
	struct tp_tree *tree = NULL;
	void *json = NULL;
	size_t len;
	enum tp_err err;

	if (v->model_err != TP_OK) {
		tp_model_errors_add(errors, "", "The configuration model cannot be loaded: %s: %s",
				    v->model_diag.where, v->model_diag.text);
		return v->model_err;
	}
	if (!tp_memfd_is_sealed(candidate)) {
		tp_model_errors_add(errors, "", "The candidate is not a sealed file.");
		return TP_FORMAT;
	}
	err = tp_memfd_read(candidate, TP_MODEL_JSON_MAX, &json, &len);
	if (err == TP_OK)
		err = tp_tree_parse(v->model, json, len, &tree, errors);
	if (err == TP_OK)
		err = tp_tree_validate(tree, errors);
	if (err == TP_OK) {
		err = tp_tree_make_slices(tree, revision, fds, &diag);
		if (err != TP_OK)
			tp_model_errors_add(errors, diag.where, "%s", diag.text);
	}
	if (err != TP_OK && !errors->count)
		tp_model_errors_add(errors, "", "The candidate cannot be read (%s).",
				    tp_err_name(err));
	tp_tree_free(&tree);
	free(json);
	return err;
}

static enum tp_err answer(struct tp_channel *ch, uint32_t request, uint64_t revision,
			  enum tp_err result, const struct tp_slice_fds *slices,
			  const struct tp_model_errors *errors)
{
	const int fds[] = {slices->admin, slices->sip, slices->media};
	struct tp_msg_validated *m = calloc(1, sizeof(*m));
	enum tp_err err;

	if (!m)
		return TP_NOMEM;
	m->revision = revision;
	m->err = (uint8_t)result;
	for (size_t i = 0; i < errors->count; i++) {
		tp_text_copy(m->errors[i].path, sizeof(m->errors[i].path), errors->list[i].path);
		tp_text_copy(m->errors[i].text, sizeof(m->errors[i].text), errors->list[i].text);
	}
	m->errors_count = (uint8_t)errors->count;
	err = TP_CHANNEL_SEND_FDS(ch, validated, request, m, fds, result == TP_OK ? 3 : 0);
	free(m);
	return err;
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct validator *v = arg;
	struct tp_slice_fds slices = {-1, -1, -1};
	struct tp_model_errors *errors;
	struct tp_msg_validate m;
	enum tp_err err;

	if (frame->type != TP_MSG_TYPE_validate || frame->fd_count != 1)
		return TP_FORMAT;
	err = tp_msg_validate_read(&frame->body, &m);
	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK)
		return err;
	errors = calloc(1, sizeof(*errors));
	if (!errors)
		return TP_NOMEM;
	err = work(v, m.revision, frame->fds[0], &slices, errors);
	err = answer(ch, frame->request, m.revision, err, &slices, errors);
	free(errors);
	if (slices.admin >= 0) {
		close(slices.admin);
		close(slices.sip);
		close(slices.media);
	}
	return err;
}

static enum tp_err confine(struct tp_diag *diag)
{
	return tp_sandbox_enter(&tp_sandbox_profile_validate, NULL, 0, diag);
}

int main(int argc, char **argv)
{
	struct validator v = {0};
	const struct tp_helper helper = {
		.self = TP_PROCESS_VALIDATE,
		.warm_up = tp_tls_policy_init,
		.confine = confine,
		.converse = on_frame,
		.arg = &v,
	};
	int result;

	/* Out of files that the sandbox closes off; what is wrong is told with the answer. */
	v.model_err = tp_model_new(&v.model, &v.model_diag);
	result = tp_helper_main(argc, argv, &helper);
	tp_model_free(&v.model);
	return result;
}
