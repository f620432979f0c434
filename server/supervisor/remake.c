/* Slices of the revision in force that another version made, or that are damaged: made
 * again from its JSON before any child runs. Runs in turnpiked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "os/memfd.h"
#include "supervisor/supervisor.h"

enum { CODE_NO_SLICES = 15004, TOLD_ERRORS = 3 };

/* ---------------------------------------------------------------- what came of it */

void tp_sup_remake_tell(struct tp_sup *sup)
{
	const struct tp_sup_remake *remake = &sup->remake;
	struct tp_sup_child *admin = tp_sup_child_of(sup, TP_PROCESS_ADMIN);
	struct tp_msg_alarm m = { .code = CODE_NO_SLICES, .raised = remake->refused[0] != '\0',
				  .severity = 2 };

	if (!admin->ready)
		return;
	tp_text_copy(m.subject, sizeof(m.subject), "configuration");
	tp_text_copy(m.text, sizeof(m.text), remake->refused);
	tp_text_copy(m.remedy, sizeof(m.remedy),
		     "Correct these settings with turnpikectl on the appliance and commit: until "
		     "then neither SIP nor media nor the web interface runs.");
	TP_CHANNEL_SEND(admin->process.channel, alarm, 0, &m);
}

void tp_sup_remake_forget(struct tp_sup *sup)
{
	if (!sup->remake.refused[0])
		return;
	sup->remake.refused[0] = '\0';
	tp_sup_remake_tell(sup);
}

static void refuse(struct tp_sup *sup, const char *path, const char *text)
{
	char *to = sup->remake.refused;
	size_t size = sizeof(sup->remake.refused);

	if (!to[0])
		snprintf(to, size, "This version does not take revision %llu in force:",
			 (unsigned long long)sup->running.number);
	snprintf(to + strlen(to), size - strlen(to), " %s%s%s", path, path[0] ? ": " : "", text);
	TP_LOG(TP_LOG_ERROR, "config.remake", "revision %llu in force is refused: %s: %s",
	       (unsigned long long)sup->running.number, path, text);
}

/* The children start with what there is now. */
static void finish(struct tp_sup *sup)
{
	sup->remake.under_way = false;
	tp_timer_stop(sup->loop, &sup->remake.timer);
	if (!sup->ending)
		tp_sup_children_start(sup);
}

static void fail_with(struct tp_sup *sup, const char *path, const char *text)
{
	refuse(sup, path, text);
	finish(sup);
}

/* --------------------------------------------------------------------- validator */

static void take_slices(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_revision fresh = { .number = sup->running.number };
	struct tp_diag diag = { 0 };

	if (tp_sup_validator_take(&fresh, frame, &diag) != TP_OK) {
		tp_revision_fini(&fresh);
		fail_with(sup, diag.where, diag.text);
		return;
	}
	memcpy(sup->running.slices, fresh.slices, sizeof(fresh.slices));
	memcpy(sup->running.slice_lens, fresh.slice_lens, sizeof(fresh.slice_lens));
	if (tp_revision_store_slices(sup->config_fd, &sup->running, &diag) == TP_OK)
		TP_LOG(TP_LOG_INFO, "config.remake", "the slices of revision %llu are made again",
		       (unsigned long long)sup->running.number);
	else
		TP_LOG(TP_LOG_ERROR, "config.remake",
		       "the slices of revision %llu are made again but cannot be kept: %s: %s",
		       (unsigned long long)sup->running.number, diag.where, diag.text);
	finish(sup);
}

static void take_errors(struct tp_sup *sup, const struct tp_msg_validated *m)
{
	if (!m->errors_count)
		refuse(sup, "", tp_err_name((enum tp_err)m->err));
	for (size_t i = 0; i < m->errors_count && i < TOLD_ERRORS; i++)
		refuse(sup, m->errors[i].path, m->errors[i].text);
	finish(sup);
}

static enum tp_err on_validated(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sup *sup = arg;
	struct tp_msg_validated *m = NULL;
	enum tp_err err = TP_STATE;

	(void)ch;
	if (sup->remake.under_way)
		err = tp_sup_validator_answered(&sup->remake.validator, frame, sup->running.number, &m);
	if (err != TP_OK)
		return err;
	if (m->err == TP_OK)
		take_slices(sup, frame);
	else
		take_errors(sup, m);
	free(m);
	return TP_OK;
}

static void on_validator_end(void *arg)
{
	struct tp_sup *sup = arg;
	char text[256];

	if (!sup->remake.under_way)
		return;
	snprintf(text, sizeof(text), "the validator ended without an answer (%s)",
		 sup->remake.validator.last_end);
	fail_with(sup, "", text);
}

static void on_due(void *arg)
{
	struct tp_sup *sup = arg;

	/* Its end is told as the failure. */
	tp_sup_process_kill(&sup->remake.validator);
}

static enum tp_err ask(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_revision *r = &sup->running;
	int fd = -1;
	enum tp_err err = tp_memfd_sealed("running", r->json, r->json_len, &fd);

	if (err != TP_OK)
		return tp_fail(diag, err, "", "no memory for the configuration");
	err = tp_sup_validator_ask(sup, &sup->remake.validator, r->number, fd, on_validated,
				   on_validator_end, diag);
	close(fd);
	if (err == TP_OK && tp_timer_start(sup->loop, &sup->remake.timer, TP_SUP_VALIDATE_MS,
					   on_due, sup) != TP_OK)
		err = tp_fail(diag, TP_NOMEM, "", "no memory for the validator's time limit");
	return err;
}

void tp_sup_remake_start(struct tp_sup *sup)
{
	struct tp_diag diag = { 0 };

	if (!sup->running.number || tp_revision_has_slices(&sup->running)) {
		tp_sup_children_start(sup);
		return;
	}
	TP_LOG(TP_LOG_INFO, "config.remake", "revision %llu: %s; making its slices again",
	       (unsigned long long)sup->running.number, sup->running.stale);
	sup->remake.under_way = true;
	if (ask(sup, &diag) == TP_OK)
		return;
	tp_sup_process_fini(&sup->remake.validator);
	fail_with(sup, diag.where, diag.text);
}

void tp_sup_remake_fini(struct tp_sup *sup)
{
	tp_sup_process_fini(&sup->remake.validator);
}
