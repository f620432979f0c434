/* The way of a change: candidate, validator, prepare, decision, swap. One at a time.
 * Runs in turnpiked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "os/memfd.h"
#include "supervisor/supervisor.h"

enum {
	WAITING_MAX = 8,
	PREPARE_MS = 20000,
	TRIAL_MAX_S = 3600,
};

static void start_next(void *arg);

static void schedule_next(struct tp_sup *sup)
{
	if (!sup->ending)
		tp_later_add(sup->loop, &sup->commit.next, start_next, sup);
}

static void free_request(struct tp_sup_request **at)
{
	struct tp_sup_request *r = *at;

	if (!r)
		return;
	*at = NULL;
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

/* ------------------------------------------------------------------- answers */

static void add_error(struct tp_msg_candidate_result *result, const char *path, const char *text)
{
	size_t max = sizeof(result->errors) / sizeof(result->errors[0]);

	if (result->errors_count >= max)
		return;
	tp_text_copy(result->errors[result->errors_count].path,
		     sizeof(result->errors[0].path), path);
	tp_text_copy(result->errors[result->errors_count].text,
		     sizeof(result->errors[0].text), text);
	result->errors_count++;
}

static void answer(struct tp_sup *sup, uint32_t request)
{
	struct tp_channel *admin = tp_sup_child_of(sup, TP_PROCESS_ADMIN)->process.channel;

	TP_CHANNEL_SEND(admin, candidate_result, request, &sup->commit.result);
}

static void refuse_request(struct tp_sup *sup, const struct tp_sup_request *r, enum tp_err err,
			   const char *path, const char *text)
{
	struct tp_msg_candidate_result *result = &sup->commit.result;

	memset(result, 0, sizeof(*result));
	result->revision = r->m.revision;
	result->err = (uint8_t)err;
	add_error(result, path, text);
	answer(sup, r->request);
}

/* Ends the change under way, whatever came of it; the result has been filled. */
static void finish(struct tp_sup *sup)
{
	struct tp_sup_commit *commit = &sup->commit;

	tp_timer_stop(sup->loop, &commit->timer);
	commit->stage = TP_SUP_COMMIT_IDLE;
	if (commit->request)
		answer(sup, commit->request->request);
	free_request(&commit->request);
	tp_revision_fini(&commit->fresh);
	schedule_next(sup);
}

/* Takes back what children have prepared of the revision that is given up. */
static void abort_prepared(struct tp_sup *sup)
{
	uint64_t number = sup->commit.fresh.number;

	if (sup->commit.stage != TP_SUP_COMMIT_PREPARING)
		return;
	sup->commit.stage = TP_SUP_COMMIT_IDLE;
	for (size_t i = 0; i < TP_SLICES; i++) {
		struct tp_sup_child *c = &sup->children[i];

		if (c->process.pid && (c->configuring == number || c->prepared == number))
			tp_sup_child_commit(c, number, false);
		tp_sup_child_configure(c);
	}
}

static void fail_with(struct tp_sup *sup, enum tp_err err, const char *path, const char *text)
{
	struct tp_msg_candidate_result *result = &sup->commit.result;

	memset(result, 0, sizeof(*result));
	result->revision = sup->commit.request ? sup->commit.request->m.revision : 0;
	result->err = (uint8_t)err;
	add_error(result, path, text);
	TP_LOG(TP_LOG_WARN, "config.refused", "revision %llu: %s %s: %s",
	       (unsigned long long)result->revision, tp_err_name(err), path, text);
	abort_prepared(sup);
	finish(sup);
}

static void succeed(struct tp_sup *sup)
{
	struct tp_msg_candidate_result *result = &sup->commit.result;

	memset(result, 0, sizeof(*result));
	result->revision = sup->commit.request->m.revision;
	result->err = TP_OK;
	finish(sup);
}

/* ------------------------------------------------------------------ decision */

static enum tp_err decide(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_revision *fresh = &sup->commit.fresh;
	uint32_t trial_s = sup->commit.request->m.trial_s;
	struct tp_decision next = sup->decision;
	enum tp_err err = tp_revision_store(sup->config_fd, fresh, diag);

	next.running.number = fresh->number;
	memcpy(next.running.sha256, fresh->sha256, sizeof(fresh->sha256));
	if (trial_s)
		next.trial_until_s = tp_loop_unix_ms(sup->loop) / 1000 + trial_s;
	else
		next.last_good = next.running;
	if (err != TP_OK)
		return err;
	err = tp_decision_write(sup->config_fd, &next, diag);
	if (err == TP_OK)
		sup->decision = next;
	else if (tp_decision_write(sup->config_fd, &sup->decision, NULL) != TP_OK)
		/* The new one may stand there although its folder could not be synced. */
		TP_LOG(TP_LOG_ERROR, "config.decision", "the decision in force cannot be written");
	return err;
}

static void swap_all(struct tp_sup *sup)
{
	struct tp_diag diag;

	if (decide(sup, &diag) != TP_OK) {
		fail_with(sup, TP_IO, diag.where, diag.text);
		return;
	}
	tp_revision_fini(&sup->running);
	sup->running = sup->commit.fresh;
	memset(&sup->commit.fresh, 0, sizeof(sup->commit.fresh));
	sup->commit.stage = TP_SUP_COMMIT_IDLE;
	tp_sup_remake_forget(sup);
	for (size_t i = 0; i < TP_SLICES; i++) {
		tp_sup_child_commit(&sup->children[i], sup->running.number, true);
		tp_sup_child_configure(&sup->children[i]);
	}
	if (tp_sup_trial_arm(sup) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "config.trial", "no memory for the timer of the trial");
	TP_LOG(TP_LOG_INFO, "config.commit", "revision %llu by %s is in force%s",
	       (unsigned long long)sup->running.number, sup->commit.request->m.author,
	       sup->decision.trial_until_s ? ", on trial" : "");
	succeed(sup);
	tp_revision_sweep(sup->config_fd, &sup->decision);
}

/* ------------------------------------------------------------------- prepare */

static void on_prepare_due(void *arg)
{
	fail_with(arg, TP_STATE, "", "not all processes were ready for the change in time");
}

static void prepare_child(struct tp_sup *sup, struct tp_sup_child *c)
{
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_sup_child_prepare(c, &sup->commit.fresh, &diag);

	if (err != TP_OK)
		fail_with(sup, err, diag.where, diag.text);
}

static void prepare_all(struct tp_sup *sup)
{
	if (tp_timer_start(sup->loop, &sup->commit.timer, PREPARE_MS, on_prepare_due, sup) != TP_OK) {
		fail_with(sup, TP_NOMEM, "", "no memory");
		return;
	}
	sup->commit.stage = TP_SUP_COMMIT_PREPARING;
	/* A child that is just being started again takes part when it is ready. */
	for (size_t i = 0; i < TP_SLICES && sup->commit.stage == TP_SUP_COMMIT_PREPARING; i++)
		if (sup->children[i].ready)
			prepare_child(sup, &sup->children[i]);
}

void tp_sup_commit_child_ready(struct tp_sup *sup, struct tp_sup_child *c)
{
	prepare_child(sup, c);
}

void tp_sup_commit_prepared(struct tp_sup *sup, struct tp_sup_child *c,
			    const struct tp_msg_config_prepared *m)
{
	char text[sizeof(m->text) + 64];

	c->configuring = 0;
	if (m->err != TP_OK) {
		/* Nothing to abort in the child that refused. */
		snprintf(text, sizeof(text), "%s: %s", tp_process_name(c->process.which), m->text);
		fail_with(sup, (enum tp_err)m->err, m->path, text);
		return;
	}
	c->prepared = m->revision;
	for (size_t i = 0; i < TP_SLICES; i++)
		if (sup->children[i].prepared != sup->commit.fresh.number)
			return;
	swap_all(sup);
}

void tp_sup_commit_child_ended(struct tp_sup *sup, struct tp_sup_child *c, bool was_preparing)
{
	char text[256];

	if (sup->commit.stage != TP_SUP_COMMIT_PREPARING || !was_preparing)
		return;
	snprintf(text, sizeof(text), "%s ended (%s) while it prepared the change",
		 tp_process_name(c->process.which), c->process.last_end);
	fail_with(sup, TP_STATE, "", text);
}

/* ------------------------------------------------------------------ validate */

static void take_slices(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_sup_validator_take(&sup->commit.fresh, frame, &diag);

	if (err != TP_OK)
		fail_with(sup, err, diag.where, diag.text);
	else if (sup->commit.request->m.mode == 0)
		succeed(sup);
	else
		prepare_all(sup);
}

static void take_errors(struct tp_sup *sup, const struct tp_msg_validated *m)
{
	struct tp_msg_candidate_result *result = &sup->commit.result;

	memset(result, 0, sizeof(*result));
	result->revision = m->revision;
	result->err = m->err;
	result->errors_count = m->errors_count;
	memcpy(result->errors, m->errors, sizeof(result->errors));
	finish(sup);
}

static enum tp_err on_validated(void *arg, struct tp_channel *ch, struct tp_frame *frame)
{
	struct tp_sup *sup = arg;
	struct tp_msg_validated *m = NULL;
	enum tp_err err = TP_STATE;

	(void)ch;
	if (sup->commit.stage == TP_SUP_COMMIT_VALIDATING)
		err = tp_sup_validator_answered(&sup->commit.validator, frame, sup->commit.fresh.number, &m);
	if (err != TP_OK)
		return err;
	tp_timer_stop(sup->loop, &sup->commit.timer);
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

	if (sup->commit.stage == TP_SUP_COMMIT_VALIDATING) {
		snprintf(text, sizeof(text), "the validator ended without an answer (%s)",
			 sup->commit.validator.last_end);
		fail_with(sup, TP_INTERNAL, "", text);
	}
	schedule_next(sup);
}

static void on_validate_due(void *arg)
{
	struct tp_sup *sup = arg;

	/* Its end is told as the failure. */
	tp_sup_process_kill(&sup->commit.validator);
}

static enum tp_err validate(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_sup_commit *commit = &sup->commit;
	enum tp_err err = tp_sup_validator_ask(sup, &commit->validator,
					       commit->request->m.revision, commit->request->fd,
					       on_validated, on_validator_end, diag);

	if (err == TP_OK && tp_timer_start(sup->loop, &commit->timer, TP_SUP_VALIDATE_MS,
					   on_validate_due, sup) != TP_OK)
		err = tp_fail(diag, TP_NOMEM, "", "no memory for the validator's time limit");
	if (err != TP_OK) {
		tp_sup_process_kill(&commit->validator);
		return err;
	}
	commit->stage = TP_SUP_COMMIT_VALIDATING;
	return TP_OK;
}

/* ------------------------------------------------------------------ requests */

static enum tp_err check_commit(const struct tp_sup *sup, const struct tp_msg_candidate *m,
				struct tp_diag *diag)
{
	if (m->mode == 0)
		return TP_OK;
	if (sup->decision.trial_until_s)
		return tp_fail(diag, TP_CONFLICT, "",
			       "revision %llu is on trial: confirm or undo it first",
			       (unsigned long long)sup->running.number);
	if (m->revision <= sup->running.number)
		return tp_fail(diag, TP_CONFLICT, "", "revision %llu is in force already",
			       (unsigned long long)sup->running.number);
	if (m->trial_s > TRIAL_MAX_S)
		return tp_fail(diag, TP_LIMIT, "", "a trial lasts at most %d s", TRIAL_MAX_S);
	if (m->trial_s && !sup->decision.last_good.number)
		return tp_fail(diag, TP_STATE, "",
			       "the first revision cannot be on trial: there is none to go back to");
	if (m->trial_s && !tp_revision_has_slices(&sup->running))
		return tp_fail(diag, TP_STATE, "",
			       "no trial now: this version does not take revision %llu to go back to",
			       (unsigned long long)sup->running.number);
	return TP_OK;
}

static enum tp_err begin(struct tp_sup *sup, struct tp_diag *diag)
{
	struct tp_sup_commit *commit = &sup->commit;
	struct tp_revision *fresh = &commit->fresh;
	enum tp_err err = check_commit(sup, &commit->request->m, diag);

	if (err != TP_OK)
		return err;
	err = tp_memfd_read(commit->request->fd, TP_CONFIGURATION_MAX, &fresh->json,
			    &fresh->json_len);
	if (err == TP_OK)
		err = tp_sha256(fresh->json, fresh->json_len, fresh->sha256);
	if (err != TP_OK)
		return tp_fail(diag, err, "", "the candidate does not read (%s)", tp_err_name(err));
	fresh->number = commit->request->m.revision;
	return validate(sup, diag);
}

static void start_next(void *arg)
{
	struct tp_sup *sup = arg;
	struct tp_sup_commit *commit = &sup->commit;
	struct tp_list *first = tp_list_first(&commit->waiting);
	struct tp_diag diag = { 0 };
	enum tp_err err;

	if (sup->ending || commit->stage != TP_SUP_COMMIT_IDLE || !first || commit->validator.pid)
		return;
	tp_list_remove(first);
	commit->waiting_count--;
	commit->request = TP_CONTAINER(first, struct tp_sup_request, link);
	err = begin(sup, &diag);
	if (err != TP_OK)
		fail_with(sup, err, diag.where, diag.text);
}

static enum tp_err enqueue(struct tp_sup *sup, struct tp_sup_request *r)
{
	if (!tp_memfd_is_sealed(r->fd) || r->m.revision == 0) {
		refuse_request(sup, r, TP_FORMAT, "", "not a sealed candidate with a number");
		return TP_FORMAT;
	}
	if (sup->commit.waiting_count >= WAITING_MAX) {
		refuse_request(sup, r, TP_CONFLICT, "", "other changes are under way");
		return TP_LIMIT;
	}
	tp_list_append(&sup->commit.waiting, &r->link);
	sup->commit.waiting_count++;
	schedule_next(sup);
	return TP_OK;
}

enum tp_err tp_sup_commit_request(struct tp_sup *sup, struct tp_frame *frame)
{
	struct tp_sup_request *r;
	enum tp_err err;

	if (frame->fd_count != 1)
		return TP_FORMAT;
	r = calloc(1, sizeof(*r));
	if (!r)
		return TP_NOMEM;
	r->fd = -1;
	err = tp_msg_candidate_read(&frame->body, &r->m);
	if (err == TP_OK)
		err = tp_rd_finish(&frame->body);
	if (err != TP_OK) {
		free_request(&r);
		return err;
	}
	r->request = frame->request;
	r->fd = frame->fds[0];
	frame->fds[0] = -1;
	if (enqueue(sup, r) != TP_OK)
		free_request(&r);
	return TP_OK;
}

static void drop_waiting(struct tp_sup *sup)
{
	struct tp_list *first;

	while ((first = tp_list_pop(&sup->commit.waiting))) {
		struct tp_sup_request *r = TP_CONTAINER(first, struct tp_sup_request, link);

		free_request(&r);
	}
	sup->commit.waiting_count = 0;
}

void tp_sup_commit_forget(struct tp_sup *sup)
{
	drop_waiting(sup);
	if (sup->commit.stage == TP_SUP_COMMIT_IDLE)
		return;
	free_request(&sup->commit.request);
	abort_prepared(sup);
	tp_sup_process_kill(&sup->commit.validator);
	finish(sup);
}

void tp_sup_commit_fini(struct tp_sup *sup)
{
	drop_waiting(sup);
	tp_later_cancel(&sup->commit.next);
	tp_sup_process_fini(&sup->commit.validator);
	free_request(&sup->commit.request);
	tp_revision_fini(&sup->commit.fresh);
}
