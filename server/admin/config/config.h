/* The configuration as administrators work with it: the running revision, the one
 * candidate, commits, trials, revisions, the first start and the wizard's last
 * step. Runs in turnpike-admin; every function may be called from any thread but
 * those marked "loop thread" only there or anywhere, because they never wait.
 *
 * Everything that a request may ask for goes through admin/config/restconf.h; this
 * header is for the process around it. */
#ifndef TP_ADMIN_CONFIG_CONFIG_H
#define TP_ADMIN_CONFIG_CONFIG_H

#include "admin/store/store.h"
#include "ipc/messages.h"

struct tp_config;

/* Questions to the supervisor. Each blocks the calling thread (never the loop's)
 * until the answer is there: TP_OK. TP_CLOSED: the supervisor is gone; TP_AGAIN: no
 * answer in time (60 s for candidate and trial_end, 10 s for the others). The answer
 * is then untouched. */
struct tp_config_bus {
	void *arg;
	enum tp_err (*seal)(void *arg, const struct tp_msg_seal *ask, struct tp_msg_sealed *answer);
	/* json goes into a sealed memfd that rides with the message. */
	enum tp_err (*candidate)(void *arg, const struct tp_msg_candidate *ask, const char *json,
				 size_t len, struct tp_msg_candidate_result *answer);
	enum tp_err (*trial_end)(void *arg, const struct tp_msg_trial_end *ask,
				 struct tp_msg_candidate_result *answer);
	enum tp_err (*identity_make)(void *arg, const struct tp_msg_identity_make *ask,
				     struct tp_msg_identity_made *answer);
};

/* store and bus->arg outlive the object. Starts one thread that reconciles the
 * database with the supervisor and, when nothing was ever committed, builds and
 * commits the factory configuration. */
TP_NODISCARD enum tp_err tp_config_new(struct tp_store *store, const struct tp_config_bus *bus,
				       struct tp_config **out, struct tp_diag *diag);
struct tp_tree;      /* model/tree.h */
struct tp_operator;  /* admin/config/restconf.h */
struct tp_model_errors;

/* Asked about each candidate before a commit, also about one that breaks rules of the model, so
 * that all is told at once. Anything but TP_OK refuses it, with what is wrong in errors. Must not
 * come back to the configuration: it is locked. */
struct tp_config_gate {
	void *arg;
	enum tp_err (*check)(void *arg, const struct tp_tree *running, const struct tp_tree *candidate,
			     const struct tp_operator *op, uint32_t confirm_within_s,
			     struct tp_model_errors *errors);
};
/* Before the first request. */
void tp_config_set_gate(struct tp_config *config, const struct tp_config_gate *gate);

/* The bus must answer (or fail) all that is still asked. */
void tp_config_free(struct tp_config **config);

/* Loop thread: what the supervisor says is in force. Never waits. */
void tp_config_on_revision_state(struct tp_config *config,
				 const struct tp_msg_revision_state *state);
/* Loop thread, before tp_config_on_revision_state: the file that came with the same
 * message, which helps when the database has lost that revision. fd stays the
 * caller's. */
void tp_config_on_running_file(struct tp_config *config, int fd);
/* Whether a running configuration is known (the first revision_state was worked in). */
bool tp_config_ready(struct tp_config *config);

#endif
