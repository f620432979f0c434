/* turnpike-fetch: makes one HTTP request for the supervisor, then ends. Sees its channel,
 * the network, and the files that say how names are looked up. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/log.h"
#include "fetch.h"
#include "ipc/channel.h"
#include "os/sandbox.h"

enum { SUPERVISOR_FD = 3 };

struct helper {
	struct tp_loop *loop;
	bool done;
};

static enum tp_err answer(struct tp_channel *ch, struct tp_frame *frame,
			  const struct tp_msg_fetch *asked)
{
	struct tp_msg_fetched *out = calloc(1, sizeof(*out));
	int body = -1;
	enum tp_err err;

	if (!out)
		return TP_NOMEM;
	tp_fetch(asked, frame->fd_count ? frame->fds[0] : -1, out, &body);
	err = TP_CHANNEL_SEND_FDS(ch, fetched, frame->request, out, &body, out->err == TP_OK ? 1 : 0);
	if (body >= 0)
		close(body);
	free(out);
	return err;
}

static enum tp_err on_frame(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct helper *h = arg;
	struct tp_msg_fetch *asked;
	enum tp_err err;

	if (frame->type != TP_MSG_TYPE_fetch || frame->fd_count > 1)
		return TP_FORMAT;
	asked = calloc(1, sizeof(*asked));
	if (!asked)
		return TP_NOMEM;
	err = tp_msg_fetch_read(&frame->body, asked);
	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK) {
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

/* What looking up names reads; nothing else of the file system stays reachable. */
static enum tp_err confine(struct tp_diag *diag)
{
	static const char *const files[] = {
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
		"/etc/services",
	};
	enum { COUNT = sizeof(files) / sizeof(files[0]) };
	struct tp_sandbox_tree trees[COUNT];
	size_t count = 0;
	enum tp_err err;

	for (size_t i = 0; i < COUNT; i++) {
		int fd = open(files[i], O_PATH | O_CLOEXEC);

		if (fd >= 0)
			trees[count++] = (struct tp_sandbox_tree){ .fd = fd, .write = false };
	}
	err = tp_sandbox_enter(&tp_sandbox_profile_fetch, trees, count, diag);
	while (count)
		close(trees[--count].fd);
	return err;
}

static enum tp_err serve(struct helper *h)
{
	struct tp_channel *ch = NULL;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_loop_new(&h->loop);

	if (err == TP_OK)
		err = tp_channel_new(h->loop, SUPERVISOR_FD, TP_PROCESS_FETCH, TP_PROCESS_SUP,
				     on_frame, on_closed, h, &ch);
	if (err == TP_OK)
		err = tp_fetch_warm_up();
	if (err == TP_OK)
		err = confine(&diag);
	if (err == TP_OK)
		err = tp_loop_run(h->loop);
	if (err != TP_OK)
		TP_LOG(TP_LOG_ERROR, "fetch.start", "%s: %s %s", tp_err_name(err), diag.where,
		       diag.text);
	tp_channel_free(&ch);
	tp_loop_free(&h->loop);
	return err;
}

int main(void)
{
	struct helper h = { 0 };

	tp_log_open(tp_process_name(TP_PROCESS_FETCH), TP_LOG_INFO);
	prctl(PR_SET_NAME, tp_process_name(TP_PROCESS_FETCH), 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	return serve(&h) == TP_OK && h.done ? 0 : 1;
}
