/* The life of a helper that answers one question. Runs in turnpike-validate, turnpike-keys,
 * turnpike-fetch, turnpike-crl, turnpike-acme and turnpike-hash. */
#include "ipc/helper.h"

#include "core/log.h"
#include "ipc/child.h"
#include "os/loop.h"

enum { SUPERVISOR_FD = 3 };

struct life {
	const struct tp_helper *helper;
	struct tp_loop *loop;
	bool done;
};

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct life *l = arg;
	enum tp_err err = l->helper->converse ? l->helper->converse(l->helper->arg, ch, frame)
					      : l->helper->answer(ch, frame);

	if (err == TP_AGAIN)
		return TP_OK;
	l->done = err == TP_OK;
	tp_loop_stop(l->loop);
	return err;
}

static void on_closed(void *arg, struct tp_channel *ch)
{
	struct life *l = arg;

	(void)ch;
	tp_loop_stop(l->loop);
}

static enum tp_err serve(struct life *l)
{
	enum tp_process self = l->helper->self;
	struct tp_channel *ch = NULL;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_loop_new(&l->loop);

	if (err == TP_OK)
		err = tp_channel_new(l->loop, SUPERVISOR_FD, self, TP_PROCESS_SUP, on_frame, on_closed,
				     l, &ch);
	if (err == TP_OK)
		err = l->helper->warm_up();
	if (err == TP_OK)
		err = l->helper->confine(&diag);
	if (err == TP_OK)
		err = tp_loop_run(l->loop);
	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "helper.start", "%s: %s %s", tp_err_name(err), diag.where,
		       diag.text);
	tp_channel_free(&ch);
	tp_loop_free(&l->loop);
	return err;
}

int tp_helper_main(int argc, char **argv, const struct tp_helper *helper)
{
	struct life l = { .helper = helper };

	tp_child_begin(helper->self, argc, argv);
	return serve(&l) == TP_OK && l.done ? 0 : 1;
}
