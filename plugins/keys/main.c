/* turnpike-keys: does one piece of work on a private key for the supervisor, then ends.
 * Sees nothing but its channel. */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "core/log.h"
#include "ipc/channel.h"
#include "make.h"
#include "os/sandbox.h"
#include "work.h"

enum { SUPERVISOR_FD = 3 };

struct helper {
	struct tp_loop *loop;
	bool done;
	struct tp_msg_keys_make asked;
	struct tp_msg_keys_made made;
	struct tp_msg_key_do work;
	struct tp_msg_key_made done_work;
};

static enum tp_err make(struct helper *h, struct tp_channel *ch, struct tp_frame *frame)
{
	enum tp_err err = tp_msg_keys_make_read(&frame->body, &h->asked);

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK)
		return err;
	tp_keys_make(&h->asked, &h->made);
	err = TP_CHANNEL_SEND(ch, keys_made, frame->request, &h->made);
	tp_msg_keys_make_fini(&h->asked);
	tp_msg_keys_made_fini(&h->made);
	return err;
}

static enum tp_err work(struct helper *h, struct tp_channel *ch, struct tp_frame *frame)
{
	enum tp_err err = tp_msg_key_do_read(&frame->body, &h->work);

	if (err != TP_OK)
		return err;
	if (tp_rd_finish(&frame->body) != TP_OK || h->work.spec_count != 1) {
		tp_msg_key_do_fini(&h->work);
		return TP_FORMAT;
	}
	tp_keys_work(&h->work.spec[0], &h->done_work);
	err = TP_CHANNEL_SEND(ch, key_made, frame->request, &h->done_work);
	tp_msg_key_do_fini(&h->work);
	tp_keys_done_fini(&h->done_work);
	return err;
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct helper *h = arg;
	enum tp_err err = frame->type == TP_MSG_TYPE_key_do ? work(h, ch, frame) :
							      make(h, ch, frame);

	h->done = err == TP_OK;
	tp_loop_stop(h->loop);
	return err;
}

static void on_closed(void *arg, struct tp_channel *ch)
{
	struct helper *h = arg;

	(void)ch;
	tp_loop_stop(h->loop);
}

static enum tp_err serve(struct helper *h)
{
	struct tp_channel *ch = NULL;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_loop_new(&h->loop);

	if (err == TP_OK)
		err = tp_channel_new(h->loop, SUPERVISOR_FD, TP_PROCESS_KEYS, TP_PROCESS_SUP,
				     on_frame, on_closed, h, &ch);
	if (err == TP_OK)
		err = tp_keys_warm_up();
	if (err == TP_OK)
		err = tp_sandbox_enter(&tp_sandbox_profile_keys, NULL, 0, &diag);
	if (err == TP_OK)
		err = tp_loop_run(h->loop);
	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "keys.start", "%s: %s %s", tp_err_name(err), diag.where,
		       diag.text);
	tp_channel_free(&ch);
	tp_loop_free(&h->loop);
	return err;
}

int main(void)
{
	struct helper *h = calloc(1, sizeof(*h));
	bool done;

	if (!h)
		return 1;
	tp_log_open(tp_process_name(TP_PROCESS_KEYS), TP_LOG_INFO);
	prctl(PR_SET_NAME, tp_process_name(TP_PROCESS_KEYS), 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	done = serve(h) == TP_OK && h->done;
	free(h);
	return done ? 0 : 1;
}
