/* turnpike-crl: makes one index of revocation lists for the supervisor, then ends. Sees
 * nothing but its channel and the descriptors it was given. */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/log.h"
#include "ipc/channel.h"
#include "make.h"
#include "os/sandbox.h"

enum { SUPERVISOR_FD = 3, FILE_FD = 4, CURRENT_FD = 5 };

struct helper {
	struct tp_loop *loop;
	bool done;
};

static enum tp_err answer(struct tp_channel *ch, struct tp_frame *frame,
			  const struct tp_crl_asked *asked)
{
	struct tp_msg_crl_made *made = calloc(1, sizeof(*made));
	int index = -1;
	enum tp_err err;

	if (!made)
		return TP_NOMEM;
	tp_crl_make(asked, made, &index);
	err = TP_CHANNEL_SEND_FDS(ch, crl_made, frame->request, made, &index,
				  made->err == TP_OK ? 1 : 0);
	if (made->err == TP_OK)
		close(index);
	free(made);
	return err;
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct helper *h = arg;
	struct tp_crl_asked *asked;
	enum tp_err err;

	if (frame->type != TP_MSG_TYPE_crl_make || frame->fd_count != 2)
		return TP_FORMAT;
	asked = calloc(1, sizeof(*asked));
	if (!asked)
		return TP_NOMEM;
	err = tp_msg_crl_make_read(&frame->body, &asked->m);
	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK) {
		asked->bytes_fd = frame->fds[0];
		asked->trusted_fd = frame->fds[1];
		asked->file_fd = FILE_FD;
		asked->current_fd = asked->m.current ? CURRENT_FD : -1;
		err = answer(ch, frame, asked);
		h->done = err == TP_OK;
	}
	free(asked);
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
		err = tp_channel_new(h->loop, SUPERVISOR_FD, TP_PROCESS_CRL, TP_PROCESS_SUP,
				     on_frame, on_closed, h, &ch);
	if (err == TP_OK)
		err = tp_crl_warm_up();
	if (err == TP_OK)
		err = tp_sandbox_enter(&tp_sandbox_profile_crl, NULL, 0, &diag);
	if (err == TP_OK)
		err = tp_loop_run(h->loop);
	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "crl.start", "%s: %s %s", tp_err_name(err), diag.where,
		       diag.text);
	tp_channel_free(&ch);
	tp_loop_free(&h->loop);
	return err;
}

int main(void)
{
	struct helper h = { 0 };

	tp_log_open(tp_process_name(TP_PROCESS_CRL), TP_LOG_INFO);
	prctl(PR_SET_NAME, tp_process_name(TP_PROCESS_CRL), 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	return serve(&h) == TP_OK && h.done ? 0 : 1;
}
