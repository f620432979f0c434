/* Asking a fresh turnpike-validate for the slices of a configuration. Runs in turnpiked. */
#include <stdlib.h>

#include "model/slice.h"
#include "model/slice_seal.h"
#include "os/memfd.h"
#include "supervisor/supervisor.h"

enum tp_err tp_sup_validator_ask(struct tp_sup *sup, struct tp_sup_process *p, uint64_t revision,
				 int configuration, tp_channel_handler on_frame,
				 void (*on_end)(void *arg), struct tp_diag *diag)
{
	const char *argv[] = { tp_process_name(TP_PROCESS_VALIDATE), "--log-level",
			       sup->options.log_level, NULL };
	struct tp_msg_validate m = { .revision = revision };
	enum tp_err err = tp_sup_process_start(sup, p, TP_PROCESS_VALIDATE, argv, NULL, 0,
					       on_frame, on_end, sup, diag);

	if (err != TP_OK)
		return err;
	err = TP_CHANNEL_SEND_FDS(p->channel, validate, 0, &m, &configuration, 1);
	if (err != TP_OK)
		return tp_fail(diag, err, "", "the validator cannot be asked");
	return TP_OK;
}

enum tp_err tp_sup_validator_answered(struct tp_sup_process *p, struct tp_frame *frame,
				      uint64_t revision, struct tp_msg_validated **out)
{
	struct tp_msg_validated *m = calloc(1, sizeof(*m));
	enum tp_err err;

	if (!m)
		return TP_NOMEM;
	err = tp_msg_validated_read(&frame->body, m);
	if (err == TP_OK && m->revision != revision)
		err = TP_STATE;
	if (err != TP_OK) {
		free(m);
		return err;
	}
	tp_sup_process_kill_after(p, TP_SUP_VALIDATOR_END_MS);
	tp_channel_free(&p->channel);
	*out = m;
	return TP_OK;
}

static enum tp_err take_slice(struct tp_revision *r, size_t index, int fd, struct tp_diag *diag)
{
	enum tp_err err = TP_FORMAT;

	/* Sealed, so that what is checked is what is kept. */
	if (tp_memfd_is_sealed(fd))
		err = tp_memfd_read(fd, TP_SLICE_MAX, &r->slices[index], &r->slice_lens[index]);
	if (err != TP_OK)
		return tp_fail(diag, err, "slice", "the validator's slice does not read");
	return tp_slice_check(r->slices[index], r->slice_lens[index], (uint8_t)(index + 1),
			      r->number, diag);
}

enum tp_err tp_sup_validator_take(struct tp_revision *r, const struct tp_frame *frame,
				  struct tp_diag *diag)
{
	enum tp_err err = frame->fd_count == TP_SLICES
				  ? TP_OK
				  : tp_fail(diag, TP_FORMAT, "slice", "slices are missing");

	for (size_t i = 0; i < TP_SLICES && err == TP_OK; i++)
		err = take_slice(r, i, frame->fds[i], diag);
	return err;
}
