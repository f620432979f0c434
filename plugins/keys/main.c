/* turnpike-keys: does one piece of work on a private key for the supervisor, then ends.
 * Sees nothing but its channel. */
#include <stdlib.h>

#include "ipc/helper.h"
#include "make.h"
#include "os/sandbox.h"
#include "work.h"

struct pieces {
	struct tp_msg_keys_make asked;
	struct tp_msg_keys_made made;
	struct tp_msg_key_do work;
	struct tp_msg_key_made done_work;
};

static enum tp_err make(struct pieces *p, struct tp_channel *ch, struct tp_frame *frame)
{
	enum tp_err err = tp_msg_keys_make_read(&frame->body, &p->asked);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK)
		return err;
	tp_keys_make(&p->asked, &p->made);
	err = TP_CHANNEL_SEND(ch, keys_made, frame->request, &p->made);
	tp_msg_keys_make_fini(&p->asked);
	tp_msg_keys_made_fini(&p->made);
	return err;
}

static enum tp_err work(struct pieces *p, struct tp_channel *ch, struct tp_frame *frame)
{
	enum tp_err err = tp_msg_key_do_read(&frame->body, &p->work);

	if (err != TP_OK)
		return err;
	if (tp_rd_finish(&frame->body) != TP_OK || p->work.spec_count != 1) {
		tp_msg_key_do_fini(&p->work);
		return TP_FORMAT;
	}
	tp_keys_work(&p->work.spec[0], &p->done_work);
	err = TP_CHANNEL_SEND(ch, key_made, frame->request, &p->done_work);
	tp_msg_key_do_fini(&p->work);
	tp_keys_done_fini(&p->done_work);
	return err;
}

static enum tp_err answer(struct tp_channel *ch, struct tp_frame *frame)
{
	struct pieces *p = calloc(1, sizeof(*p));
	enum tp_err err;

	if (!p)
		return TP_NOMEM;
	err = frame->type == TP_MSG_TYPE_key_do ? work(p, ch, frame) : make(p, ch, frame);
	free(p);
	return err;
}

static enum tp_err confine(struct tp_diag *diag)
{
	return tp_sandbox_enter(&tp_sandbox_profile_keys, NULL, 0, diag);
}

int main(int argc, char **argv)
{
	static const struct tp_helper helper = { .self = TP_PROCESS_KEYS,
						 .warm_up = tp_keys_warm_up,
						 .confine = confine,
						 .answer = answer };

	return tp_helper_main(argc, argv, &helper);
}
