/* The way of a change out of admin: stored as prepared, decided by the supervisor,
 * marked, answered; trials, discarding, restoring. Runs in turnpike-admin. */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "admin/config/state.h"
#include "core/log.h"

enum { LOGGED_CHANGES_MAX = 100, TRIAL_MAX_S = 3600 };

enum tp_err tp_config_set_candidate(struct tp_config *c, struct tp_tree **tree, const char *user)
{
	struct tp_changes changes;
	char *json = NULL;
	size_t len = 0;
	bool same;
	enum tp_err err = tp_tree_diff(c->running, *tree, &changes);

	if (err != TP_OK)
		return err;
	same = changes.count == 0;
	tp_changes_fini(&changes);
	if (same)
		tp_tree_free(tree);
	else
		err = tp_tree_print(*tree, TP_PRINT_EXPLICIT, &json, &len);
	if (err == TP_OK)
		err = tp_store_candidate_save(c->store, json, len, c->candidate ? c->holder : user);
	free(json);
	if (err != TP_OK)
		return err;
	if (same)
		c->holder[0] = '\0';
	else if (!c->candidate)
		tp_text_copy(c->holder, sizeof(c->holder), user);
	tp_tree_free(&c->candidate);
	c->candidate = *tree;
	*tree = NULL;
	return TP_OK;
}

static void drop_candidate(struct tp_config *c)
{
	tp_tree_free(&c->candidate);
	c->holder[0] = '\0';
	if (tp_store_candidate_save(c->store, NULL, 0, "") != TP_OK)
		TP_LOG(TP_LOG_ERROR, "config.candidate", "the stored candidate cannot be removed");
}

void tp_config_discard(struct tp_config *c, const struct tp_operator *op)
{
	bool had = c->candidate != NULL;

	drop_candidate(c);
	if (had)
		tp_config_log(c, 0, "config.discard", op, "Pending changes were discarded");
}

enum tp_err tp_config_restore(struct tp_config *c, const struct tp_operator *op, uint64_t number,
			      struct tp_model_errors *errors)
{
	struct tp_tree *tree = NULL;
	enum tp_err err = tp_config_load(c, number, &tree);

	if (err == TP_NOTFOUND)
		tp_model_errors_add(errors, "", "There is no revision %llu.",
				    (unsigned long long)number);
	else if (err == TP_FORMAT)
		tp_model_errors_add(errors, "", "Revision %llu does not fit this release.",
				    (unsigned long long)number);
	if (err == TP_OK)
		err = tp_config_set_candidate(c, &tree, op->user);
	tp_tree_free(&tree);
	if (err == TP_OK)
		tp_config_log(c, 0, "config.restore", op, "Revision %llu became the candidate",
			      (unsigned long long)number);
	return err;
}

/* ------------------------------------------------------------- asking the supervisor */

static void take_errors(const struct tp_msg_candidate_result *result,
			struct tp_model_errors *errors)
{
	for (size_t i = 0; i < result->errors_count; i++)
		tp_model_errors_add(errors, result->errors[i].path, "%s", result->errors[i].text);
	if (!result->errors_count)
		tp_model_errors_add(errors, "", "The change was refused (%s).",
				    tp_err_name((enum tp_err)result->err));
}

/* A process that cannot bring the candidate into force found it not valid for this
 * machine, whatever its own words for that are; only "not now" stays what it is. */
static enum tp_err refusal(enum tp_err err)
{
	return err == TP_CONFLICT || err == TP_STATE ? err : TP_FORMAT;
}

/* What the supervisor makes of it. TP_AGAIN, TP_CLOSED: it did not answer. */
static enum tp_err ask_candidate(struct tp_config *c, const struct tp_msg_candidate *ask,
				 const char *json, size_t len, struct tp_model_errors *errors)
{
	struct tp_msg_candidate_result *result = calloc(1, sizeof(*result));
	enum tp_err err = result ? c->bus.candidate(c->bus.arg, ask, json, len, result) : TP_NOMEM;

	if (err != TP_OK) {
		tp_model_errors_add(
			errors, "",
			"The supervisor gave no answer; look at the history in a moment.");
	} else if (result->err != TP_OK) {
		take_errors(result, errors);
		err = refusal((enum tp_err)result->err);
	}
	free(result);
	return err;
}

/* The numbers after it are ours: the database may be younger than the supervisor. */
static enum tp_err next_number(struct tp_config *c, uint64_t *number)
{
	enum tp_err err = tp_store_revision_next(c->store, number);

	if (err == TP_OK && *number <= c->running_number)
		*number = c->running_number + 1;
	return err;
}

enum tp_err tp_config_validate(struct tp_config *c, struct tp_model_errors *errors)
{
	struct tp_msg_candidate ask = {.mode = 0};
	struct tp_tree *copy = NULL;
	char *json = NULL;
	size_t len;
	enum tp_err err = tp_tree_copy(tp_config_candidate(c), &copy);

	if (err == TP_OK)
		err = tp_tree_validate(copy, errors);
	if (err == TP_OK && c->candidate) {
		err = next_number(c, &ask.revision);
		if (err == TP_OK)
			err = tp_tree_print(copy, TP_PRINT_EXPLICIT, &json, &len);
		if (err == TP_OK)
			err = ask_candidate(c, &ask, json, len, errors);
	}
	free(json);
	tp_tree_free(&copy);
	return err;
}

/* ------------------------------------------------------------------------ commit */

static void log_changes(struct tp_config *c, const struct tp_operator *op, uint64_t number,
			const struct tp_changes *changes)
{
	for (size_t i = 0; i < changes->count && i < LOGGED_CHANGES_MAX; i++)
		tp_config_log_change(c, op, number, &changes->list[i]);
	if (changes->count > LOGGED_CHANGES_MAX)
		tp_config_log(c, 0, "config.change", op, "Revision %llu: and %zu more",
			      (unsigned long long)number, changes->count - LOGGED_CHANGES_MAX);
}

struct change {
	struct tp_revision revision;
	uint32_t trial_s;
	char *json;
	size_t len;
};

/* In force: database, memory and log follow the supervisor's decision. */
static void take_effect(struct tp_config *c, const struct tp_operator *op,
			const struct change *change, const struct tp_changes *changes)
{
	uint64_t number = change->revision.number;
	enum tp_revision_state state = change->trial_s ? TP_REVISION_TRIAL : TP_REVISION_COMMITTED;

	/* It is in force already; if this fails, the next start corrects it. */
	if (tp_store_revision_set_state(c->store, number, state) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "config.commit", "revision %llu cannot be marked",
		       (unsigned long long)number);
	c->trial_previous = c->running_number;
	c->running_number = number;
	tp_tree_free(&c->running);
	c->running = c->candidate;
	c->candidate = NULL;
	drop_candidate(c);
	c->trial = change->trial_s ? number : 0;
	c->trial_until_ms = tp_config_clock_ms() + 1000ull * change->trial_s;
	/* All that were open at the commit prove nothing about getting in after it. */
	c->trial_connection = op->newest > op->connection ? op->newest : op->connection;
	if (change->trial_s)
		tp_config_log(c, 0, "config.commit", op,
			      "Revision %llu is in force on trial, to be confirmed within %u s: %s",
			      (unsigned long long)number, change->trial_s,
			      change->revision.comment);
	else
		tp_config_log(c, 0, "config.commit", op, "Revision %llu is in force: %s",
			      (unsigned long long)number, change->revision.comment);
	log_changes(c, op, number, changes);
}

static enum tp_err decide(struct tp_config *c, const struct tp_operator *op,
			  const struct change *change, const struct tp_changes *changes,
			  struct tp_model_errors *errors)
{
	struct tp_msg_candidate ask = {
		.revision = change->revision.number,
		.mode = 1,
		.trial_s = change->trial_s,
	};
	enum tp_err err;

	tp_text_copy(ask.author, sizeof(ask.author), op->user);
	err = tp_store_revision_add(c->store, &change->revision, change->json, change->len);
	if (err != TP_OK) {
		tp_model_errors_add(errors, "", "The revision cannot be stored; the disk may be full.");
		return err;
	}
	err = ask_candidate(c, &ask, change->json, change->len, errors);
	if (err == TP_OK) {
		take_effect(c, op, change, changes);
		return TP_OK;
	}
	/* Without an answer it stays prepared: the supervisor may have decided for it. */
	if (err != TP_AGAIN && err != TP_CLOSED &&
	    tp_store_revision_drop(c->store, change->revision.number) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "config.commit", "a refused revision cannot be dropped");
	tp_config_log(c, 1, "config.refused", op, "Revision %llu was refused: %s",
		      (unsigned long long)change->revision.number,
		      errors->count ? errors->list[0].text : "");
	return err;
}

static enum tp_err prepare(struct tp_config *c, const struct tp_operator *op, const char *comment,
			   struct change *change, struct tp_changes *changes,
			   struct tp_model_errors *errors)
{
	struct tp_revision *r = &change->revision;
	enum tp_err err = tp_tree_validate(c->candidate, errors);

	if (err == TP_OK)
		err = tp_tree_diff(c->running, c->candidate, changes);
	if (err == TP_OK)
		err = tp_tree_print(c->candidate, TP_PRINT_EXPLICIT, &change->json, &change->len);
	if (err == TP_OK)
		err = next_number(c, &r->number);
	if (err != TP_OK)
		return err;
	r->at_ms = tp_config_now_ms();
	r->state = TP_REVISION_PREPARED;
	r->changes = (uint32_t)changes->count;
	SHA256((const unsigned char *)change->json, change->len, r->sha256);
	tp_text_copy(r->author, sizeof(r->author), op->user);
	tp_text_copy(r->comment, sizeof(r->comment), comment);
	return TP_OK;
}

void tp_config_set_gate(struct tp_config *c, const struct tp_config_gate *gate)
{
	c->gate = *gate;
}

enum tp_err tp_config_commit(struct tp_config *c, const struct tp_operator *op, const char *comment,
			     uint32_t confirm_within_s, struct tp_model_errors *errors)
{
	struct tp_changes changes = {0};
	struct change change = {.trial_s = confirm_within_s};
	enum tp_err err, gated = TP_OK;

	if (c->trial) {
		tp_model_errors_add(errors, "",
				    "Revision %llu is on trial: confirm or undo it first.",
				    (unsigned long long)c->trial);
		return TP_CONFLICT;
	}
	if (!c->candidate) {
		tp_model_errors_add(errors, "", "There are no changes to commit.");
		return TP_FORMAT;
	}
	if (confirm_within_s > TRIAL_MAX_S) {
		tp_model_errors_add(errors, "", "A trial lasts at most %d seconds.", TRIAL_MAX_S);
		return TP_FORMAT;
	}
	if (strlen(comment) > TP_STORE_COMMENT_MAX) {
		tp_model_errors_add(errors, "", "The comment is too long.");
		return TP_FORMAT;
	}
	err = prepare(c, op, comment, &change, &changes, errors);
	if ((err == TP_OK || err == TP_FORMAT) && c->gate.check)
		gated = c->gate.check(c->gate.arg, c->running, c->candidate, op, confirm_within_s, errors);
	err = err == TP_OK ? gated : err;
	if (err == TP_OK)
		err = decide(c, op, &change, &changes, errors);
	tp_changes_fini(&changes);
	free(change.json);
	return err;
}

/* ------------------------------------------------------------------------ trials */

static enum tp_err end_trial(struct tp_config *c, bool undo, struct tp_model_errors *errors)
{
	struct tp_msg_trial_end ask = {.revision = c->trial, .undo = undo};
	struct tp_msg_candidate_result *result = calloc(1, sizeof(*result));
	enum tp_err err = result ? c->bus.trial_end(c->bus.arg, &ask, result) : TP_NOMEM;

	if (err != TP_OK) {
		tp_model_errors_add(errors, "",
				    "The supervisor gave no answer; look again in a moment.");
	} else if (result->err != TP_OK) {
		take_errors(result, errors);
		err = (enum tp_err)result->err;
	}
	free(result);
	return err;
}

static enum tp_err check_trial(struct tp_config *c, struct tp_model_errors *errors)
{
	if (c->trial)
		return TP_OK;
	tp_model_errors_add(errors, "", "No revision is on trial.");
	return TP_STATE;
}

enum tp_err tp_config_confirm(struct tp_config *c, const struct tp_operator *op,
			      struct tp_model_errors *errors)
{
	uint64_t number = c->trial;
	enum tp_err err = check_trial(c, errors);

	if (err != TP_OK)
		return err;
	if (op->connection <= c->trial_connection) {
		tp_model_errors_add(
			errors, "",
			"Confirm over a new connection, which shows that you can still get in: "
			"open the page again and log in.");
		return TP_DENIED;
	}
	err = end_trial(c, false, errors);
	if (err != TP_OK)
		return err;
	c->trial = 0;
	if (tp_store_revision_set_state(c->store, number, TP_REVISION_COMMITTED) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "config.confirm", "revision %llu cannot be marked",
		       (unsigned long long)number);
	tp_config_log(c, 0, "config.confirm", op, "Revision %llu was confirmed",
		      (unsigned long long)number);
	return TP_OK;
}

enum tp_err tp_config_undo(struct tp_config *c, const struct tp_operator *op,
			   struct tp_model_errors *errors)
{
	struct tp_tree *previous = NULL;
	uint64_t number = c->trial;
	enum tp_err err = check_trial(c, errors);

	if (err == TP_OK)
		err = tp_config_load(c, c->trial_previous, &previous);
	if (err == TP_OK)
		err = end_trial(c, true, errors);
	if (err != TP_OK) {
		tp_tree_free(&previous);
		return err;
	}
	c->trial = 0;
	tp_tree_free(&c->running);
	c->running = previous;
	c->running_number = c->trial_previous;
	if (tp_store_revision_set_state(c->store, number, TP_REVISION_UNDONE) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "config.undo", "revision %llu cannot be marked",
		       (unsigned long long)number);
	tp_config_log(c, 0, "config.undo", op,
		      "Revision %llu was undone; revision %llu is in force",
		      (unsigned long long)number, (unsigned long long)c->running_number);
	return TP_OK;
}
