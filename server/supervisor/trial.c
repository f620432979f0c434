/* Trial of a revision: its timer, its confirmation, the way back. Runs in turnpiked. */
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "os/memfd.h"
#include "supervisor/supervisor.h"

enum { RETRY_MS = 5000 };

uint32_t tp_sup_trial_left_s(const struct tp_sup *sup)
{
	uint64_t now_s = tp_loop_unix_ms(sup->loop) / 1000;

	if (!sup->decision.trial_until_s)
		return 0;
	/* At least one: 0 says that there is no trial. */
	return sup->decision.trial_until_s > now_s ? (uint32_t)(sup->decision.trial_until_s - now_s)
						   : 1;
}

void tp_sup_tell_state(struct tp_sup *sup, uint64_t undone, const char *reason)
{
	struct tp_sup_child *admin = tp_sup_child_of(sup, TP_PROCESS_ADMIN);
	struct tp_msg_revision_state m = {
		.running = sup->decision.running.number,
		.last_good = sup->decision.last_good.number,
		.running_sha256_len = TP_SHA256_BYTES,
		.trial_left_s = tp_sup_trial_left_s(sup),
		.undone = undone,
	};
	int fd = -1;

	if (!admin->ready)
		return;
	memcpy(m.running_sha256, sup->decision.running.sha256, TP_SHA256_BYTES);
	tp_text_copy(m.reason, sizeof(m.reason), reason);
	if (sup->running.number &&
	    tp_memfd_sealed("running", sup->running.json, sup->running.json_len, &fd) != TP_OK)
		fd = -1;
	TP_CHANNEL_SEND_FDS(admin->process.channel, revision_state, 0, &m, &fd, fd >= 0 ? 1 : 0);
	if (fd >= 0)
		close(fd);
}

/* last-good comes into force again: decided on disk first, then each child is brought
 * there on its own; one that refuses is started afresh. */
static enum tp_err go_back(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_decision next = sup->decision;
	struct tp_revision old = { 0 };
	enum tp_err err = tp_revision_load(sup->config_fd, &sup->decision.last_good, &old, diag);

	if (err == TP_OK && !tp_revision_has_slices(&old)) {
		err = tp_fail(diag, TP_FORMAT, "slice", "%s", old.stale);
		tp_revision_fini(&old);
	}
	if (err != TP_OK)
		return err;
	next.running = next.last_good;
	next.trial_until_s = 0;
	err = tp_decision_write(sup->config_fd, &next, diag);
	if (err != TP_OK) {
		tp_revision_fini(&old);
		return err;
	}
	sup->decision = next;
	tp_revision_fini(&sup->running);
	sup->running = old;
	tp_timer_stop(sup->loop, &sup->trial.timer);
	for (size_t i = 0; i < TP_SLICES; i++)
		tp_sup_child_configure(&sup->children[i]);
	tp_revision_sweep(sup->config_fd, &sup->decision);
	TP_LOG(TP_LOG_INFO, "config.undo", "revision %llu is in force again",
	       (unsigned long long)sup->running.number);
	return TP_OK;
}

static void on_due(void *arg)
{
	struct tp_sup *sup = arg;
	uint64_t undone = sup->running.number;
	struct tp_diag diag;

	if (go_back(sup, &diag) != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "config.undo", "cannot go back: %s: %s", diag.where, diag.text);
		if (tp_timer_start(sup->loop, &sup->trial.timer, RETRY_MS, on_due, sup) != TP_OK)
			TP_LOG(TP_LOG_ERROR, "config.undo", "no memory to try again");
		return;
	}
	tp_sup_event(sup, 1, "config.undone", "revision %llu was not confirmed in time",
		     (unsigned long long)undone);
	tp_sup_tell_state(sup, undone, "the change was not confirmed in time");
}

enum tp_err tp_sup_trial_arm(struct tp_sup *sup)
{
	tp_timer_stop(sup->loop, &sup->trial.timer);
	if (!sup->decision.trial_until_s)
		return TP_OK;
	return tp_timer_start(sup->loop, &sup->trial.timer,
			      (uint64_t)tp_sup_trial_left_s(sup) * 1000, on_due, sup);
}

static enum tp_err confirm(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_decision next = sup->decision;
	enum tp_err err;

	next.last_good = next.running;
	next.trial_until_s = 0;
	err = tp_decision_write(sup->config_fd, &next, diag);
	if (err != TP_OK)
		return err;
	sup->decision = next;
	tp_timer_stop(sup->loop, &sup->trial.timer);
	tp_revision_sweep(sup->config_fd, &sup->decision);
	return TP_OK;
}

static enum tp_err end_trial(struct tp_sup *sup, const struct tp_msg_trial_end *m,
			     struct tp_diag *diag)
{
	if (!sup->decision.trial_until_s)
		return tp_fail(diag, TP_STATE, "", "no revision is on trial");
	if (m->revision != sup->running.number)
		return tp_fail(diag, TP_CONFLICT, "", "revision %llu is on trial, not %llu",
			       (unsigned long long)sup->running.number,
			       (unsigned long long)m->revision);
	return m->undo ? go_back(sup, diag) : confirm(sup, diag);
}

enum tp_err tp_sup_trial_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_msg_candidate_result *result = &sup->commit.result;
	struct tp_msg_trial_end m;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_msg_trial_end_read(&frame->body, &m);

	if (err != TP_OK)
		return err;
	err = end_trial(sup, &m, &diag);
	memset(result, 0, sizeof(*result));
	result->revision = m.revision;
	result->err = (uint8_t)err;
	if (err != TP_OK) {
		tp_text_copy(result->errors[0].path, sizeof(result->errors[0].path), diag.where);
		tp_text_copy(result->errors[0].text, sizeof(result->errors[0].text), diag.text);
		result->errors_count = 1;
	}
	return TP_CHANNEL_SEND(tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel,
			       candidate_result, frame->request, result);
}
