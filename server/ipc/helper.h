/* What the helpers of turnpiked share: the channel on fd 3, the loop, the sandbox. Most
 * answer one question and end. Runs in turnpike-validate, turnpike-keys, turnpike-fetch,
 * turnpike-crl, turnpike-acme and turnpike-hash. */
#ifndef TP_IPC_HELPER_H
#define TP_IPC_HELPER_H

#include "ipc/channel.h"

struct tp_helper {
	enum tp_process self;
	/* What has to be read or loaded before the sandbox is entered. */
	enum tp_err (*warm_up)(void);
	/* Enters the sandbox. */
	enum tp_err (*confine)(struct tp_diag *diag);
	/* The question; TP_OK when it has been answered, TP_AGAIN when more may be asked of
	 * this process; else the channel is closed. */
	enum tp_err (*answer)(struct tp_channel *ch, struct tp_frame *frame);
	/* Instead of answer, for one that asks back: TP_AGAIN while frames are to follow. */
	enum tp_err (*converse)(void *arg, struct tp_channel *ch, struct tp_frame *frame);
	void *arg;
};

/* The whole of main(); its result is main()'s: 0 when the question was answered. */
TP_NODISCARD int tp_helper_main(int argc, char **argv, const struct tp_helper *helper);

#endif
