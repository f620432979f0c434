/* What every long-lived child of turnpiked shares: the channel on fd 3, the loop,
 * answers to ping and terminate, the two steps of a configuration change, and the
 * channels to the other children. Runs in admin, sip and media; main thread only.
 *
 * The main() of a child is
 *   tp_child_new(TP_PROCESS_SIP, argc, argv, &handlers, &ctx, &child)
 *   build what does not need the configuration (sockets of the command line, threads)
 *   tp_sandbox_enter(&tp_sandbox_profile_sip, ...)
 *   tp_child_ready(child)       from here on the supervisor sends configuration
 *   tp_child_run(child)         until terminate, or the supervisor is gone
 *   tp_child_free(&child) */
#ifndef TP_IPC_CHILD_H
#define TP_IPC_CHILD_H

#include "ipc/channel.h"
#include "model/slice.h"
#include "os/loop.h"

struct tp_child;

/* Every member but prepare, commit and abort may be NULL. */
struct tp_child_handlers {
	/* Build what `slice` asks for beside what is live; change nothing live. Not
	 * TP_OK: refused, with diag->where the setting and diag->text the reason (the
	 * child has undone its part, abort does not follow). The slice, its secrets and
	 * what blobs of its records point to stay valid until this revision was
	 * aborted, or until the commit call of a later revision has returned. */
	enum tp_err (*prepare)(void *arg, const struct tp_slice *slice, struct tp_diag *diag);
	/* Swap to what was prepared. Cannot fail. */
	void (*commit)(void *arg);
	/* Drop what was prepared. */
	void (*abort)(void *arg);

	/* A message of the supervisor that the child library does not answer itself
	 * (admin: candidate_result, revision_state, sealed, identity_made, ...; media
	 * and sip have none today). Not TP_OK: the process ends. */
	enum tp_err (*supervisor_frame)(void *arg, struct tp_channel *ch, struct tp_frame *frame);

	/* A fresh channel to a peer process; tp_channel_peer(ch) says which. When the
	 * peer was started again, peer_closed came before. */
	void (*peer_up)(void *arg, struct tp_channel *ch);
	/* Not TP_OK: the channel is closed. */
	enum tp_err (*peer_frame)(void *arg, struct tp_channel *ch, struct tp_frame *frame);
	/* The channel to this peer is gone (tp_child_peer answers NULL already). */
	void (*peer_closed)(void *arg, enum tp_process peer);

	/* End in order within 5 s: finish, then tp_loop_stop(). NULL: the loop stops
	 * at once. Also called when the supervisor is gone. */
	void (*terminate)(void *arg);
};

/* Takes fd 3, opens the log (--log-level), names the process, makes it not
 * dumpable, ignores SIGPIPE, makes the loop. handlers is copied. */
TP_NODISCARD enum tp_err tp_child_new(enum tp_process self, int argc, char **argv,
				      const struct tp_child_handlers *handlers, void *arg,
				      struct tp_child **out);
void tp_child_free(struct tp_child **child);

/* What every program that turnpiked starts does first: log at `--log-level` under its own
 * name, no core dumps, no death by a closed socket. tp_child_new begins with it. */
void tp_child_begin(enum tp_process self, int argc, char **argv);

/* Value behind `--name` on the command line as an open fd number, e.g. "--state-fd";
 * -1 when it is not there or not an open fd. The fd is made close-on-exec. */
int tp_child_arg_fd(int argc, char **argv, const char *name);
/* Text behind `--name`; NULL when it is not there. */
const char *tp_child_arg(int argc, char **argv, const char *name);

struct tp_loop *tp_child_loop(const struct tp_child *child);
/* Channel to the supervisor. Alarms and events go to the peer admin, not here. */
struct tp_channel *tp_child_supervisor(const struct tp_child *child);
/* Channel to a peer; NULL while it is not there. */
struct tp_channel *tp_child_peer(const struct tp_child *child, enum tp_process peer);
/* The slice in force; NULL before the first commit. */
const struct tp_slice *tp_child_slice(const struct tp_child *child);

/* Tells the supervisor that the process is sandboxed and wants its configuration. */
TP_NODISCARD enum tp_err tp_child_ready(struct tp_child *child);
/* Runs the loop; the result is main()'s: 0 after terminate, 1 otherwise. */
TP_NODISCARD int tp_child_run(struct tp_child *child);
/* The end of main: logs why the process did not come up (started, diag), or says that it is
 * ready and runs. The result is main()'s. */
TP_NODISCARD int tp_child_serve(struct tp_child *child, enum tp_err started,
				const struct tp_diag *diag);

#endif
