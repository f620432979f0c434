/* turnpike-fetch: makes one HTTP request for the supervisor, then ends. Sees its channel,
 * the network, and the files that say how names are looked up. */
#include <stdlib.h>
#include <unistd.h>

#include "fetch.h"
#include "ipc/helper.h"
#include "os/sandbox.h"

static enum tp_err fetch(struct tp_channel *ch, struct tp_frame *frame,
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

static enum tp_err answer(struct tp_channel *ch, struct tp_frame *frame)
{
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
	if (err == TP_OK)
		err = fetch(ch, frame, asked);
	free(asked);
	return err;
}

static enum tp_err confine(struct tp_diag *diag)
{
	return tp_sandbox_enter_looking_up(&tp_sandbox_profile_fetch, diag);
}

int main(int argc, char **argv)
{
	static const struct tp_helper helper = { .self = TP_PROCESS_FETCH,
						 .warm_up = tp_fetch_warm_up,
						 .confine = confine,
						 .answer = answer };

	return tp_helper_main(argc, argv, &helper);
}
