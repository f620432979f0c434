/* turnpike-crl: makes one index of revocation lists for the supervisor, then ends. Sees
 * nothing but its channel and the descriptors it was given. */
#include <stdlib.h>
#include <unistd.h>

#include "ipc/helper.h"
#include "make.h"
#include "os/sandbox.h"

enum { FILE_FD = 4, CURRENT_FD = 5 };

static enum tp_err make(struct tp_channel *ch, struct tp_frame *frame,
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

static enum tp_err answer(struct tp_channel *ch, struct tp_frame *frame)
{
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
		err = make(ch, frame, asked);
	}
	free(asked);
	return err;
}

static enum tp_err confine(struct tp_diag *diag)
{
	return tp_sandbox_enter(&tp_sandbox_profile_crl, NULL, 0, diag);
}

int main(int argc, char **argv)
{
	static const struct tp_helper helper = { .self = TP_PROCESS_CRL,
						 .warm_up = tp_crl_warm_up,
						 .confine = confine,
						 .answer = answer };

	return tp_helper_main(argc, argv, &helper);
}
