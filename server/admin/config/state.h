/* What the files of admin/config share; nobody else includes this. */
#ifndef TP_ADMIN_CONFIG_STATE_H
#define TP_ADMIN_CONFIG_STATE_H

#include <jansson.h>
#include <pthread.h>

#include "admin/config/restconf.h"
#include "model/model.h"

struct tp_config {
	struct tp_store *store;
	struct tp_config_bus bus;
	struct tp_model *model;
	struct tp_config_gate gate; /* check NULL: there is none */

	/* Guards what follows; held for a whole request, questions to the supervisor
	 * included, so that commits and edits never mix. */
	pthread_mutex_t mutex;
	bool ready;
	struct tp_tree *running;
	uint64_t running_number;
	struct tp_tree *candidate; /* NULL: the same as running */
	char holder[TP_STORE_AUTHOR_MAX + 1];
	uint64_t trial;		   /* revision on trial, 0 = none */
	uint64_t trial_until_ms;   /* monotonic */
	uint64_t trial_connection; /* newest at the commit; 0 = not known any more */
	uint64_t trial_previous;   /* what comes back */

	/* The supervisor's newest word, handed over by its thread. */
	pthread_mutex_t said_mutex;
	pthread_cond_t said_cond;
	bool said; /* to be worked in, by whoever holds the mutex next */
	bool heard; /* the thread has to look: a request may have worked it in already */
	struct tp_msg_revision_state state;
	char *said_json; /* the running configuration that came with it, or NULL */
	size_t said_json_len;
	bool stop;
	pthread_t thread;
	bool thread_started;
};

uint64_t tp_config_now_ms(void);   /* Unix */
uint64_t tp_config_clock_ms(void); /* monotonic */
/* The tree that edits start from and reads of the candidate see. Mutex held. */
static inline const struct tp_tree *tp_config_candidate(const struct tp_config *c)
{
	return c->candidate ? c->candidate : c->running;
}
/* A line of the configuration log; a failure to write it is logged. */
void tp_config_log(struct tp_config *c, uint8_t severity, const char *name,
		   const struct tp_operator *op, const char *fmt, ...) TP_PRINTF(5, 6);
/* One setting that revision `number` changed, with what was before and what is after. */
void tp_config_log_change(struct tp_config *c, const struct tp_operator *op, uint64_t number,
			  const struct tp_change *change);

/* ---------------------------------------------------------------- reconcile.c */
/* Works in what the supervisor said last, if anything. Mutex held. */
void tp_config_settle(struct tp_config *c);
/* Tree of a stored revision. */
TP_NODISCARD enum tp_err tp_config_load(struct tp_config *c, uint64_t number, struct tp_tree **out);

/* ------------------------------------------------------------------- commit.c */
/* Mutex held. Each fills errors with what to tell when it does not answer TP_OK. */
TP_NODISCARD enum tp_err tp_config_validate(struct tp_config *c, struct tp_model_errors *errors);
TP_NODISCARD enum tp_err tp_config_commit(struct tp_config *c, const struct tp_operator *op,
					  const char *comment, uint32_t confirm_within_s,
					  struct tp_model_errors *errors);
TP_NODISCARD enum tp_err tp_config_confirm(struct tp_config *c, const struct tp_operator *op,
					   struct tp_model_errors *errors);
TP_NODISCARD enum tp_err tp_config_undo(struct tp_config *c, const struct tp_operator *op,
					struct tp_model_errors *errors);
void tp_config_discard(struct tp_config *c, const struct tp_operator *op);
TP_NODISCARD enum tp_err tp_config_restore(struct tp_config *c, const struct tp_operator *op,
					   uint64_t number, struct tp_model_errors *errors);
/* Makes `tree` the candidate (taken), or drops it when it equals running. */
TP_NODISCARD enum tp_err tp_config_set_candidate(struct tp_config *c, struct tp_tree **tree,
						 const char *user);

/* -------------------------------------------------------------------- setup.c */
/* The first configuration of a fresh appliance: valid, without networks. */
TP_NODISCARD enum tp_err tp_config_first(struct tp_config *c, struct tp_model_errors *errors);
/* The wizard's last step. */
TP_NODISCARD enum tp_err tp_config_setup(struct tp_config *c, const struct tp_operator *op,
					 json_t *body, struct tp_model_errors *errors);
/* Seals by the supervisor; a tp_tree_sealer with the configuration as arg. */
TP_NODISCARD enum tp_err tp_config_seal(void *config, const char *record, struct tp_span clear,
					char sealed[TP_MODEL_SEALED_MAX + 1]);
/* The same for secrets that come sealed from the supervisor. */
TP_NODISCARD enum tp_err tp_config_keep_sealed(void *config, const char *record,
					       struct tp_span text,
					       char sealed[TP_MODEL_SEALED_MAX + 1]);

/* ------------------------------------------------------------------ answers.c */
/* JSON bodies of GET requests; NULL: no memory. Mutex held. */
json_t *tp_config_status_json(struct tp_config *c);
json_t *tp_config_changes_json(const struct tp_changes *changes);
json_t *tp_config_revisions_json(struct tp_config *c, uint64_t offset, uint32_t limit);
json_t *tp_config_identity_json(const struct tp_tree *tree);
json_t *tp_config_ports_json(const struct tp_tree *tree);

/* ------------------------------------------------------------------ library.c */
/* GET /restconf, /restconf/yang-library-version, and the library itself. */
json_t *tp_config_restconf_json(void);
json_t *tp_config_library_version_json(void);
json_t *tp_config_library_json(const struct tp_model *model);
json_t *tp_config_time_json(uint64_t unix_ms);

/* "EC P-256", "RSA 3072"; "" when the PEM text does not read. Returns out. */
const char *tp_config_key_type(const char *pem, char out[32]);

#endif
