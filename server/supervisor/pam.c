/* Questions of admin to PAM (questions.c). Runs in turnpiked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/file.h"
#include "supervisor/supervisor.h"

static enum tp_err send_asked(struct tp_channel *helper, void *asked)
{
	struct tp_msg_pam_ask *m = asked;
	enum tp_err err = TP_CHANNEL_SEND(helper, pam_ask, 0, m);

	tp_wipe(m->password, sizeof(m->password));
	return err;
}

static void free_asked(void *asked)
{
	tp_wipe(asked, sizeof(struct tp_msg_pam_ask));
	free(asked);
}

static const struct tp_sup_question_kind kind = {
	.process = TP_PROCESS_PAM,
	.name = "PAM",
	.late = "The PAM modules took too long.",
	.busy = "Too many wait for the PAM modules.",
	.send = send_asked,
	.free = free_asked,
};

enum tp_err tp_sup_pam_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_pam_ask *m = calloc(1, sizeof(*m));
	enum tp_err err = m ? tp_msg_pam_ask_read(&frame->body, m) : TP_NOMEM;

	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err == TP_OK)
		return tp_sup_question_ask(&sup->pam, frame->request, m->time_s, m);
	if (m)
		free_asked(m);
	return err;
}

void tp_sup_pam_init(struct tp_sup *sup)
{
	tp_sup_questions_init(&sup->pam, sup, &kind);
}

enum tp_err tp_sup_pam_open(struct tp_sup *sup, struct tp_diag *diag)
{
	enum tp_err err = tp_file_open_dir(sup->run_fd, "pam", 0700, &sup->pam.folder_fd, diag);

	if (err == TP_OK && sup->set_ids &&
	    fchown(sup->pam.folder_fd, sup->uids[TP_PROCESS_PAM], sup->gids[TP_PROCESS_PAM]) < 0)
		return tp_fail(diag, TP_IO, "pam", "%s", strerror(errno));
	return err;
}

void tp_sup_pam_fini(struct tp_sup *sup)
{
	tp_sup_questions_fini(&sup->pam);
	if (sup->pam.folder_fd >= 0)
		close(sup->pam.folder_fd);
}
