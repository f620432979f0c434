/* The supervisor's one context, and what its files offer each other. Runs in
 * turnpiked: it starts the others, keeps the root key, decides what is in force. */
#ifndef TP_SUPERVISOR_SUPERVISOR_H
#define TP_SUPERVISOR_SUPERVISOR_H

#include <sys/types.h>

#include "ipc/channel.h"
#include "supervisor/audit_book.h"
#include "supervisor/decision.h"
#include "supervisor/first_login.h"
#include "supervisor/seal.h"

struct tp_sup;

enum { TP_SUP_EVENTS_KEPT = 16 };

struct tp_sup_options {
	const char *state;
	const char *run; /* NULL: "run" in the state folder */
	const char *log_level;
	const char *users; /* prefix of the user names */
	const char *web;   /* where the wizard listens; NULL: admin's own default */
};

/* ---------------------------------------------------- one started program (process.c) */

/* A program with its channel. Embedded in its owner, who hears of its end once. */
struct tp_sup_process {
	struct tp_sup *sup;
	enum tp_process which;
	pid_t pid; /* 0: not running */
	struct tp_watch end_watch; /* its pidfd */
	struct tp_channel *channel;
	struct tp_timer kill_timer;
	char last_end[128]; /* "signal 9 (Killed)", "exit 1" */
	tp_channel_handler on_frame;
	void (*on_end)(void *arg);
	void *arg;
};

/* argv NULL-terminated; fds go behind the channel, from descriptor 4. */
TP_NODISCARD enum tp_err tp_sup_process_start(struct tp_sup *sup, struct tp_sup_process *p,
					      enum tp_process which, const char *const *argv,
					      const int *fds, size_t fd_count,
					      tp_channel_handler on_frame,
					      void (*on_end)(void *arg), void *arg,
					      struct tp_diag *diag);
/* SIGKILL now; on_end follows. */
void tp_sup_process_kill(struct tp_sup_process *p);
/* SIGKILL unless it has ended by then. */
void tp_sup_process_kill_after(struct tp_sup_process *p, uint64_t ms);
/* Kills and reaps without on_end. */
void tp_sup_process_fini(struct tp_sup_process *p);

/* -------------------------------------------------- the long-lived three (children.c) */

struct tp_sup_child {
	struct tp_sup_process process; /* first */
	struct tp_timer restart_timer;
	struct tp_timer ping_timer;
	bool ready;
	bool settled;         /* has the configuration in force (or there is none yet) */
	uint64_t configuring; /* revision it was sent and has not answered; 0: none */
	uint64_t prepared;    /* revision it prepared and waits to commit; 0: none */
	uint64_t in_force;    /* revision it last committed */
	uint32_t restarts;
	unsigned quick_ends; /* in a row */
	bool alarmed;
	uint64_t started_at_ms; /* loop time */
	uint64_t started_unix_ms;
	uint64_t pong_at_ms;
	uint64_t ping_sequence;
	uint64_t wired_at_ms[TP_SLICES]; /* loop time of the last pair with each other child */
};

void tp_sup_children_start(struct tp_sup *sup);
/* Asks all to end, kills what is left after 5 s, then stops the loop. */
void tp_sup_children_terminate(struct tp_sup *sup);
/* The same for a factory reset, which goes on when all have ended. */
void tp_sup_children_end(struct tp_sup *sup);
void tp_sup_children_fini(struct tp_sup *sup);
/* Brings this child to the revision it should have now; prepare and commit of its own. */
void tp_sup_child_configure(struct tp_sup_child *c);
struct tp_sup_child *tp_sup_child_of(struct tp_sup *sup, enum tp_process which);
/* Sends the child a slice with its secrets put in. */
TP_NODISCARD enum tp_err tp_sup_child_prepare(struct tp_sup_child *c, const struct tp_revision *r,
					      struct tp_diag *diag);
void tp_sup_child_commit(struct tp_sup_child *c, uint64_t revision, bool commit);
/* An event for admin's log; a few are kept while admin is away. */
void tp_sup_event(struct tp_sup *sup, unsigned severity, const char *name, const char *fmt, ...)
	TP_PRINTF(4, 5);

/* ---------------------------------------------------------- the validator (validator.c) */

enum {
	TP_SUP_VALIDATE_MS = 30000,
	TP_SUP_VALIDATOR_END_MS = 5000, /* between its answer and its end */
};

/* Starts one and hands it this configuration (sealed memfd, not closed); the handlers get
 * sup. After an error p may still run. */
TP_NODISCARD enum tp_err tp_sup_validator_ask(struct tp_sup *sup, struct tp_sup_process *p,
					      uint64_t revision, int configuration,
					      tp_channel_handler on_frame,
					      void (*on_end)(void *arg), struct tp_diag *diag);
/* Reads its answer, which must be about this revision, and lets it end; the caller frees *out. */
TP_NODISCARD enum tp_err tp_sup_validator_answered(struct tp_sup_process *p, struct tp_frame *frame,
						   uint64_t revision, struct tp_msg_validated **out);
/* Reads and checks the slices that came with its answer, for r's number. On an error some
 * may stand in r. */
TP_NODISCARD enum tp_err tp_sup_validator_take(struct tp_revision *r, const struct tp_frame *frame,
					       struct tp_diag *diag);

/* ------------------------------------------------- slices of another version (remake.c) */

struct tp_sup_remake {
	struct tp_sup_process validator;
	struct tp_timer timer;
	bool under_way;
	char refused[500]; /* why the revision in force has no slices; empty: it has */
};

/* Makes the slices of the revision in force again if they are missing, then starts the
 * children: without a configuration if it is refused. */
void tp_sup_remake_start(struct tp_sup *sup);
/* Tells admin whether the alarm of a refused revision stands. */
void tp_sup_remake_tell(struct tp_sup *sup);
/* Another revision is in force. */
void tp_sup_remake_forget(struct tp_sup *sup);
void tp_sup_remake_fini(struct tp_sup *sup);

/* ------------------------------------------------------ a change under way (commit.c) */

struct tp_sup_request {
	struct tp_list link;
	uint32_t request;
	int fd;
	struct tp_msg_candidate m;
};

enum tp_sup_commit_stage {
	TP_SUP_COMMIT_IDLE,
	TP_SUP_COMMIT_VALIDATING,
	TP_SUP_COMMIT_PREPARING,
};

struct tp_sup_commit {
	enum tp_sup_commit_stage stage;
	struct tp_list waiting; /* tp_sup_request */
	size_t waiting_count;
	struct tp_sup_request *request; /* the one under way */
	struct tp_revision fresh;
	struct tp_sup_process validator;
	struct tp_timer timer;
	struct tp_later next;
	struct tp_msg_candidate_result result; /* large; built here */
};

/* Takes the candidate's fd from the frame. */
TP_NODISCARD enum tp_err tp_sup_commit_request(struct tp_sup *sup, struct tp_frame *frame);
/* A child became ready, answered a prepare, or ended: see whether the change goes on. */
void tp_sup_commit_child_ready(struct tp_sup *sup, struct tp_sup_child *c);
void tp_sup_commit_prepared(struct tp_sup *sup, struct tp_sup_child *c,
			    const struct tp_msg_config_prepared *m);
void tp_sup_commit_child_ended(struct tp_sup *sup, struct tp_sup_child *c, bool was_preparing);
/* admin ended: what it asked for and is not decided is dropped. */
void tp_sup_commit_forget(struct tp_sup *sup);
void tp_sup_commit_fini(struct tp_sup *sup);

/* ------------------------------------------------------------ trial and undo (trial.c) */

struct tp_sup_trial {
	struct tp_timer timer;
};

/* Runs the timer of the decision's trial, or stops it. */
TP_NODISCARD enum tp_err tp_sup_trial_arm(struct tp_sup *sup);
TP_NODISCARD enum tp_err tp_sup_trial_request(struct tp_sup *sup, struct tp_frame *frame);
uint32_t tp_sup_trial_left_s(const struct tp_sup *sup);
/* Tells admin what is in force. */
void tp_sup_tell_state(struct tp_sup *sup, uint64_t undone, const char *reason);

/* ------------------------------------------------------------- identities (identity.c) */

struct tp_sup_identity {
	struct tp_sup_process helper;
	uint32_t request;
	struct tp_timer timer;
	struct tp_msg_keys_make *make; /* until the helper has it */
	struct tp_msg_identity_made *made; /* room for the answer */
	bool answered;
};

TP_NODISCARD enum tp_err tp_sup_identity_request(struct tp_sup *sup, struct tp_frame *frame);
void tp_sup_identity_fini(struct tp_sup *sup);

/* --------------------------------------------------- keys of identities (key_work.c) */

struct tp_sup_key_work {
	struct tp_sup_process helper;
	struct tp_timer timer;
	uint32_t request;
	char record[64]; /* that the key is sealed for */
	struct tp_msg_key_answer *answer; /* kept until the helper has ended */
};

TP_NODISCARD enum tp_err tp_sup_key_work_request(struct tp_sup *sup, struct tp_frame *frame);
void tp_sup_key_work_fini(struct tp_sup *sup);

/* ------------------------------------------------------------ password hashes (hash.c) */

enum { TP_SUP_HASHERS = 2, TP_SUP_HASH_QUEUES = 2 };

struct tp_sup_hasher {
	struct tp_sup_process process;
	struct tp_timer timer; /* of its work, then of its idleness */
	bool busy;
	bool ending; /* killed, its end is not seen yet */
	bool urgent; /* what it works on */
	uint32_t request; /* 0: nobody waits for it any more */
};

struct tp_sup_hash {
	struct tp_sup_hasher hashers[TP_SUP_HASHERS];
	struct tp_list waiting[TP_SUP_HASH_QUEUES]; /* urgent, others */
	size_t count[TP_SUP_HASH_QUEUES];
};

void tp_sup_hash_init(struct tp_sup *sup);
TP_NODISCARD enum tp_err tp_sup_hash_request(struct tp_sup *sup, struct tp_frame *frame);
/* admin ended: nobody waits for the answers any more. */
void tp_sup_hash_forget(struct tp_sup *sup);
void tp_sup_hash_fini(struct tp_sup *sup);

/* ------------------------------------- questions to PAM and directories (questions.c) */

/* What a kind of question is. `asked` is its own, from tp_sup_question_ask to free. */
struct tp_sup_question_kind {
	enum tp_process process;
	const char *name;	  /* of the helper, in words */
	const char *late, *busy; /* what admin is told */
	/* Sends it to the helper that was started for it, and wipes its secrets. */
	enum tp_err (*send)(struct tp_channel *helper, void *asked);
	void (*free)(void *asked);
};

struct tp_sup_questions {
	struct tp_sup *sup;
	const struct tp_sup_question_kind *kind;
	struct tp_list list; /* running and waiting, in the order they came */
	int folder_fd;	     /* handed to each helper; -1: none */
};

void tp_sup_questions_init(struct tp_sup_questions *all, struct tp_sup *sup,
			   const struct tp_sup_question_kind *kind);
/* Takes asked over, whatever comes of it. At most 4 run and 16 wait; time_s: at most 120. */
TP_NODISCARD enum tp_err tp_sup_question_ask(struct tp_sup_questions *all, uint32_t request, uint32_t time_s,
					     void *asked);
/* Answers admin in the place of a helper. */
void tp_sup_question_refuse(struct tp_sup *sup, uint32_t request, enum tp_remote_result result,
			    const char *text);
/* admin ended: nobody waits for the answers any more. */
void tp_sup_questions_forget(struct tp_sup_questions *all);
void tp_sup_questions_fini(struct tp_sup_questions *all);

/* pam.c: its folder is RUN/pam, where modules may write. */
void tp_sup_pam_init(struct tp_sup *sup);
TP_NODISCARD enum tp_err tp_sup_pam_open(struct tp_sup *sup, struct tp_diag *diag);
TP_NODISCARD enum tp_err tp_sup_pam_request(struct tp_sup *sup, struct tp_frame *frame);
void tp_sup_pam_fini(struct tp_sup *sup);

/* ldap.c */
void tp_sup_ldap_init(struct tp_sup *sup);
TP_NODISCARD enum tp_err tp_sup_ldap_request(struct tp_sup *sup, struct tp_frame *frame);

/* ------------------------------------------------------------------ downloads (fetch.c) */

enum { TP_SUP_FETCHES = 16, TP_SUP_FETCHES_WAITING = 128 };

struct tp_sup_fetch;

/* Hears of the end once. body: memfd on TP_OK, closed after the call; else -1. */
typedef void (*tp_sup_fetched)(void *arg, const struct tp_msg_fetched *m, int body);

/* Starts it, or lets it wait for its turn. asked is copied with its body; trusted_fd is
 * duplicated, -1 = none. TP_LIMIT: too many wait. */
TP_NODISCARD enum tp_err tp_sup_fetch(struct tp_sup *sup, const struct tp_msg_fetch *asked,
				      int trusted_fd, tp_sup_fetched done, void *arg);
/* A question of admin or sip. */
TP_NODISCARD enum tp_err tp_sup_fetch_request(struct tp_sup *sup, enum tp_process from,
					      struct tp_frame *frame);
/* This process ended: nobody waits for its answers any more. */
void tp_sup_fetch_forget(struct tp_sup *sup, enum tp_process from);
void tp_sup_fetch_fini(struct tp_sup *sup);

/* ----------------------------------------------------------- revocation lists (crl.c) */

enum { TP_SUP_CRL_SLOTS = 33 };

struct tp_sup_crl_update;

struct tp_sup_crl {
	int folder_fd; /* state/crl */
	int indexes[TP_SUP_CRL_SLOTS]; /* sealed memfds; -1: none */
	int leaving; /* the one replaced last, until its timer */
	struct tp_timer leave_timer;
	struct tp_sup_crl_update *updates[2]; /* under way: an upload, a download */
};

enum { TP_SUP_POINTS = 8 };

/* point.c: a question of sip. */
TP_NODISCARD enum tp_err tp_sup_point_request(struct tp_sup *sup, struct tp_frame *frame);
/* sip ended: nobody waits for the answers any more. */
void tp_sup_point_forget(struct tp_sup *sup);
void tp_sup_point_fini(struct tp_sup *sup);

/* Reads what was kept. */
TP_NODISCARD enum tp_err tp_sup_crl_open(struct tp_sup *sup, struct tp_diag *diag);
TP_NODISCARD enum tp_err tp_sup_crl_update(struct tp_sup *sup, struct tp_frame *frame);
TP_NODISCARD enum tp_err tp_sup_crl_drop(struct tp_sup *sup, struct tp_frame *frame);
/* Hands all slots to a child that has just started. */
void tp_sup_crl_tell(struct tp_sup *sup, struct tp_sup_child *c);
/* admin ended: nobody waits for the answer any more. */
void tp_sup_crl_forget(struct tp_sup *sup);
void tp_sup_crl_fini(struct tp_sup *sup);

/* --------------------------------------------------------- the audit log (audit.c) */

TP_NODISCARD enum tp_err tp_sup_audit_seal(struct tp_sup *sup, struct tp_frame *frame);
TP_NODISCARD enum tp_err tp_sup_audit_state(struct tp_sup *sup, struct tp_frame *frame);
TP_NODISCARD enum tp_err tp_sup_audit_check(struct tp_sup *sup, struct tp_frame *frame);

/* ------------------------------------------------------ orders of certificates (acme.c) */

struct tp_sup_acme {
	struct tp_sup_process helper;
	struct tp_timer timer;
	uint32_t request;
	bool admin_waits;
	int folder_fd;  /* run/acme: what one order needs on disk; the helper may write there */
	int private_fd; /* its folder private */
	int trust_fd;   /* turnpike-acme-trust.so */
	int hooks_fd;   /* state/acme-hooks */
};

/* After the programs are open. */
TP_NODISCARD enum tp_err tp_sup_acme_open(struct tp_sup *sup, struct tp_diag *diag);
TP_NODISCARD enum tp_err tp_sup_acme_order(struct tp_sup *sup, struct tp_frame *frame);
TP_NODISCARD enum tp_err tp_sup_acme_ready(struct tp_sup *sup, struct tp_frame *frame);
/* admin ended: the order does, too. */
void tp_sup_acme_forget(struct tp_sup *sup);
/* Ends the order and removes its files. */
void tp_sup_acme_end(struct tp_sup *sup);
void tp_sup_acme_fini(struct tp_sup *sup);

/* ------------------------------------------------------------ factory reset (reset.c) */

/* State files: `factory-reset`, the mark: who asked and from where, from the moment it is decided
 * until a fresh admin is ready; `generation`, a random number in the key that seals, drawn by each
 * reset, so that what was sealed before it opens no more. */
struct tp_sup_reset {
	bool marked; /* what there was is wiped, or is about to be */
	bool begun;  /* the children of before still run, */
	bool ending; /* and have been asked to end */
	char user[128];
	char source[64];
	struct tp_timer timer;
	struct tp_later next;
};

/* At the start, before anything is read: finishes a reset that was begun. */
TP_NODISCARD enum tp_err tp_sup_reset_open(struct tp_sup *sup, struct tp_diag *diag);
/* Wipes the state folder but for what a new appliance has, too, and makes a first-login secret. */
TP_NODISCARD enum tp_err tp_sup_reset_wipe(struct tp_sup *sup, struct tp_diag *diag);
/* Opens the key that seals for this generation. */
TP_NODISCARD enum tp_err tp_sup_reset_generation(const struct tp_sup *sup, const struct tp_secret *root,
						 struct tp_seal *seal, struct tp_diag *diag);
/* The mark stands, and what there was is gone. */
bool tp_sup_reset_is_wiped(const struct tp_sup *sup);
/* Before each start of admin with an empty database. */
void tp_sup_reset_checkpoint(struct tp_sup *sup);
TP_NODISCARD enum tp_err tp_sup_reset_request(struct tp_sup *sup, struct tp_frame *frame);
void tp_sup_reset_children_ended(struct tp_sup *sup);
/* It has begun its log with who asked: takes the mark away. */
void tp_sup_reset_admin_ready(struct tp_sup *sup);

/* ---------------------------------------------------------- admin's questions (asked.c) */

TP_NODISCARD enum tp_err tp_sup_asked(struct tp_sup *sup, struct tp_frame *frame);

/* --------------------------------------------------------------------------- the whole */

struct tp_sup {
	struct tp_loop *loop;
	struct tp_sup_options options;
	uint64_t started_unix_ms;
	bool ending;
	bool failed; /* turnpiked ends with an error */
	struct tp_timer end_timer;
	struct tp_watch signal_watch;

	/* Opened at start, before privileges are given up. */
	int state_fd;
	int config_fd;
	int identity_fd;
	int admin_fd;
	int run_fd;
	int socket_fd;
	int srtp_fd;
	int lock_fd;
	int programs[TP_PROCESS_COUNT];
	bool set_ids;
	uid_t uids[TP_PROCESS_COUNT];
	gid_t gids[TP_PROCESS_COUNT];

	struct tp_seal seal;
	struct tp_first_login first_login;
	struct tp_audit_book audit;

	struct tp_decision decision;
	struct tp_revision running; /* number 0: none yet */
	uint64_t undone_at_start;

	struct tp_sup_child children[TP_SLICES];
	/* Events while admin is away; the oldest go when there are more. */
	struct tp_msg_event events[TP_SUP_EVENTS_KEPT];
	size_t event_count;
	struct tp_sup_remake remake;
	struct tp_sup_commit commit;
	struct tp_sup_trial trial;
	struct tp_sup_reset reset;
	struct tp_list fetches;         /* tp_sup_fetch: running first, then waiting */
	struct tp_list points;          /* tp_sup_point */
	struct tp_sup_crl crl;
	struct tp_sup_acme acme;
	struct tp_sup_identity identity;
	struct tp_sup_key_work key_work;
	struct tp_sup_hash hash;
	struct tp_sup_questions pam;
	struct tp_sup_questions ldap;
};

/* start.c: folders, locks, key, programs, users, what is in force. */
TP_NODISCARD enum tp_err tp_sup_open(struct tp_sup *sup, const struct tp_sup_options *options,
				     struct tp_diag *diag);
void tp_sup_close(struct tp_sup *sup);

/* start.c: the key that seals and the first-login secret, also anew; the memory for SRTP state. */
TP_NODISCARD enum tp_err tp_sup_open_keys(struct tp_sup *sup, struct tp_diag *diag);
TP_NODISCARD enum tp_err tp_sup_open_srtp(struct tp_sup *sup, struct tp_diag *diag);

/* start.c: a file beside turnpiked, in a form that every child may open again. */
TP_NODISCARD enum tp_err tp_sup_open_beside(const struct tp_sup *sup, const char *name, int *out,
					    struct tp_diag *diag);

/* confine.c: gives up what the supervisor does not need once it has started. */
TP_NODISCARD enum tp_err tp_sup_confine(struct tp_diag *diag);

#endif
