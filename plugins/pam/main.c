/* turnpike-pam: asks the PAM modules of the service "turnpike" about one user for the
 * supervisor, then ends. The only program with PAM. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/secret.h"
#include "ipc/helper.h"
#include "os/sandbox.h"
#include "talk.h"

enum { FOLDER_FD = 4 };

static enum tp_err answer(struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_msg_pam_ask *ask = calloc(1, sizeof(*ask));
	struct tp_msg_remote_answered *out = calloc(1, sizeof(*out));
	enum tp_err err = ask && out ? tp_msg_pam_ask_read(&frame->body, ask) : TP_NOMEM;

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK) {
		tp_pam_talk(ask, out);
		err = TP_CHANNEL_SEND(ch, remote_answered, frame->request, out);
		tp_msg_remote_answered_fini(out);
	}
	if (ask)
		tp_wipe(ask, sizeof(*ask));
	free(ask);
	free(out);
	return err;
}

/* What modules read, and the one folder where they may keep who failed how often. */
static enum tp_err confine(struct tp_diag *diag)
{
	static const char *const paths[] = { "/etc", "/usr", "/lib", "/lib64", "/run", "/var/lib", "/dev/urandom" };
	struct tp_sandbox_tree trees[sizeof(paths) / sizeof(paths[0]) + 1];
	size_t count = 0;
	enum tp_err err;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int fd = open(paths[i], O_PATH | O_CLOEXEC);

		if (fd >= 0)
			trees[count++] = (struct tp_sandbox_tree){ .fd = fd };
	}
	trees[count++] = (struct tp_sandbox_tree){ .fd = FOLDER_FD, .write = true };
	err = tp_sandbox_enter(&tp_sandbox_profile_pam, trees, count, diag);
	while (count)
		close(trees[--count].fd);
	return err;
}

int main(int argc, char **argv)
{
	static const struct tp_helper helper = {
		.self = TP_PROCESS_PAM, .warm_up = tp_pam_warm_up, .confine = confine, .answer = answer
	};

	return tp_helper_main(argc, argv, &helper);
}
