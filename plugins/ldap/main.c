/* turnpike-ldap: asks a directory about one user for the supervisor, then ends. Sees its
 * channel, the network, and the files that say how names are looked up. The only program
 * with libldap. */
#include <stdlib.h>

#include "ask.h"
#include "core/secret.h"
#include "ipc/helper.h"
#include "os/sandbox.h"

static enum tp_err answer(struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_msg_ldap_ask *asked = calloc(1, sizeof(*asked));
	struct tp_msg_remote_answered *out = calloc(1, sizeof(*out));
	enum tp_err err = asked && out ? TP_OK : TP_NOMEM;

	if (err == TP_OK && (frame->type != TP_MSG_TYPE_ldap_ask || frame->fd_count != 1))
		err = TP_FORMAT;
	if (err == TP_OK)
		err = tp_msg_ldap_ask_read(&frame->body, asked);
	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK) {
		tp_ldap_ask(asked, frame->fds[0], out);
		err = TP_CHANNEL_SEND(ch, remote_answered, frame->request, out);
		tp_msg_remote_answered_fini(out);
	}
	if (asked)
		tp_wipe(asked, sizeof(*asked));
	free(asked);
	free(out);
	return err;
}

static enum tp_err confine(struct tp_diag *diag)
{
	return tp_sandbox_enter_looking_up(&tp_sandbox_profile_ldap, diag);
}

int main(int argc, char **argv)
{
	static const struct tp_helper helper = {
		.self = TP_PROCESS_LDAP, .warm_up = tp_ldap_warm_up, .confine = confine, .answer = answer
	};

	return tp_helper_main(argc, argv, &helper);
}
