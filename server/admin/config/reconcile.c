/* The database after the supervisor's word: what it decided is right, whatever admin
 * had stored when it ended. Runs in turnpike-admin. */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "admin/config/state.h"
#include "core/log.h"

enum tp_err tp_config_load(struct tp_config *c, uint64_t number, struct tp_tree **out)
{
	struct tp_revision r;
	char *json = NULL;
	size_t len;
	enum tp_err err = tp_store_revision_get(c->store, number, &r, &json, &len);

	if (err == TP_OK)
		err = tp_tree_parse(c->model, json, len, out, NULL);
	free(json);
	return err;
}

/* A revision that is in force but not in the database: it is stored again from what
 * the supervisor sent along. */
static enum tp_err recover(struct tp_config *c, const struct tp_msg_revision_state *s,
			   const char *json, size_t len)
{
	struct tp_revision r = {
		.number = s->running,
		.at_ms = tp_config_now_ms(),
		.state = TP_REVISION_COMMITTED,
		.author = "system",
		.comment = "Recovered from the running appliance",
	};

	SHA256((const unsigned char *)json, len, r.sha256);
	if (s->running_sha256_len != sizeof(r.sha256) ||
	    memcmp(r.sha256, s->running_sha256, sizeof(r.sha256)))
		return TP_FORMAT;
	tp_config_log(c, 1, "config.recovered", NULL,
		      "Revision %llu is in force but was not in the database; it was stored again",
		      (unsigned long long)s->running);
	return tp_store_revision_add(c->store, &r, json, len);
}

static enum tp_err load_running(struct tp_config *c, const struct tp_msg_revision_state *s,
				const char *json, size_t len)
{
	struct tp_tree *tree = NULL;
	struct tp_revision r;
	enum tp_err err = tp_store_revision_get(c->store, s->running, &r, NULL, NULL);

	if (err == TP_NOTFOUND && json) {
		err = recover(c, s, json, len);
		if (err == TP_OK)
			err = tp_store_revision_get(c->store, s->running, &r, NULL, NULL);
	}
	if (err == TP_OK && s->running_sha256_len == sizeof(r.sha256) &&
	    memcmp(r.sha256, s->running_sha256, sizeof(r.sha256)))
		TP_LOG(TP_LOG_ERROR, "config.reconcile",
		       "revision %llu in the database is not the one in force",
		       (unsigned long long)s->running);
	if (err == TP_OK)
		err = tp_config_load(c, s->running, &tree);
	if (err != TP_OK)
		return err;
	tp_tree_free(&c->running);
	c->running = tree;
	c->running_number = s->running;
	return TP_OK;
}

static void mark(struct tp_config *c, const struct tp_revision *r, enum tp_revision_state state)
{
	if (r->state != state && tp_store_revision_set_state(c->store, r->number, state) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "config.reconcile", "revision %llu cannot be marked",
		       (unsigned long long)r->number);
}

/* Newest revisions only: older ones were settled before. */
static void correct_states(struct tp_config *c, const struct tp_msg_revision_state *s)
{
	struct tp_revision *rows = NULL;
	size_t count;
	uint64_t total;

	if (tp_store_revision_list(c->store, true, 0, TP_STORE_PAGE_MAX, &rows, &count, &total) !=
	    TP_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		struct tp_revision *r = &rows[i];

		if (r->number == s->running)
			mark(c, r, s->trial_left_s ? TP_REVISION_TRIAL : TP_REVISION_COMMITTED);
		else if (r->state == TP_REVISION_TRIAL || r->number == s->undone)
			mark(c, r, TP_REVISION_UNDONE);
		else if (r->state == TP_REVISION_PREPARED &&
			 tp_store_revision_drop(c->store, r->number) != TP_OK)
			TP_LOG(TP_LOG_ERROR, "config.reconcile", "revision %llu cannot be dropped",
			       (unsigned long long)r->number);
	}
	free(rows);
}

static void settle_trial(struct tp_config *c, const struct tp_msg_revision_state *s)
{
	if (!s->trial_left_s) {
		c->trial = 0;
		return;
	}
	if (c->trial != s->running)
		c->trial_connection = 0;
	c->trial = s->running;
	c->trial_previous = s->last_good;
	c->trial_until_ms = tp_config_clock_ms() + 1000ull * s->trial_left_s;
}

static bool take_word(struct tp_config *c, struct tp_msg_revision_state *s, char **json,
		      size_t *len)
{
	bool said;

	pthread_mutex_lock(&c->said_mutex);
	said = c->said;
	c->said = false;
	*s = c->state;
	*json = c->said_json;
	*len = c->said_json_len;
	c->said_json = NULL;
	pthread_mutex_unlock(&c->said_mutex);
	return said;
}

void tp_config_settle(struct tp_config *c)
{
	struct tp_msg_revision_state s;
	char *json = NULL;
	size_t len;
	enum tp_err err = TP_OK;

	if (!take_word(c, &s, &json, &len)) {
		free(json);
		return;
	}
	/* Said before a commit of ours that has been answered since. */
	if (c->running_number > s.running && !s.undone) {
		free(json);
		return;
	}
	if (s.running != c->running_number)
		err = load_running(c, &s, json, len);
	free(json);
	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "config.reconcile",
		       "revision %llu is in force but cannot be loaded (%s)",
		       (unsigned long long)s.running, tp_err_name(err));
		c->running_number = s.running;
	}
	correct_states(c, &s);
	settle_trial(c, &s);
	if (s.undone)
		tp_config_log(c, 1, "config.undone", NULL,
			      "Revision %llu was undone; revision %llu is in force: %s",
			      (unsigned long long)s.undone, (unsigned long long)s.running,
			      s.reason);
	c->ready = true;
}
