/* admin's side of the channels to turnpiked, turnpike-sip and turnpike-media: a
 * thread that owns the event loop, so that HTTP workers can ask and wait.
 *
 * Questions may be asked from any thread but the bus's own two. Each waits for its
 * answer at most TP_BUS_WAIT_MS (candidate, trial_end and identity_make:
 * TP_BUS_COMMIT_WAIT_MS) and then gives TP_AGAIN; TP_CLOSED when that process is not
 * there. Answers are written to *out on success only; those with vectors are freed
 * with their tp_msg_<name>_fini. */
#ifndef TP_ADMIN_BUS_BUS_H
#define TP_ADMIN_BUS_BUS_H

#include "core/secret.h"
#include "ipc/messages.h"
#include "model/slice.h"

enum { TP_BUS_WAIT_MS = 2000, TP_BUS_COMMIT_WAIT_MS = 30000 };

struct tp_bus;
struct tp_msg_first_login; /* ipc/messages.def */

/* What arrives unasked. The first group runs on the events thread, one at a time and
 * in order, and may write to the database or ask on the bus; the second runs on the
 * loop thread and must neither wait nor ask. Any may be NULL. */
struct tp_bus_events {
	void *arg;
	/* Events thread. */
	void (*on_revision_state)(void *arg, const struct tp_msg_revision_state *m);
	void (*on_alarm)(void *arg, enum tp_process from, const struct tp_msg_alarm *m);
	void (*on_event)(void *arg, enum tp_process from, const struct tp_msg_event *m);
	/* TP_OK: stored, and acknowledged to sip, which then forgets it. */
	enum tp_err (*on_call_ended)(void *arg, const struct tp_msg_call_ended *m);
	void (*on_first_login)(void *arg, const struct tp_msg_first_login *m);
	/* Loop thread. The slice is the handler's from then on, also when it refuses. */
	enum tp_err (*on_prepare)(void *arg, uint64_t revision, struct tp_slice *slice,
				  struct tp_diag *diag);
	void (*on_commit)(void *arg, uint64_t revision, bool commit);
	/* turnpiked asks us to end, or has gone. */
	void (*on_end)(void *arg);
};

/* Takes the fd of the channel to turnpiked (also on failure) and starts both threads
 * with all signals blocked. */
TP_NODISCARD enum tp_err tp_bus_new(int supervisor_fd, const struct tp_bus_events *events,
				    struct tp_bus **out);
/* Ends the threads; waiting questions get TP_CLOSED. Not from the bus's threads. */
void tp_bus_free(struct tp_bus **bus);
/* Tells turnpiked that we are initialised and sandboxed. */
enum tp_err tp_bus_ready(struct tp_bus *bus);
bool tp_bus_connected(struct tp_bus *bus, enum tp_process process);

/* turnpiked. *sealed_len is at most sizeof(((struct tp_msg_sealed *)0)->sealed). */
TP_NODISCARD enum tp_err tp_bus_seal(struct tp_bus *bus, const char *name, const void *secret,
				     size_t len, struct tp_msg_sealed *out);
/* configuration_fd: sealed memfd with the RFC 7951 JSON; stays the caller's. */
TP_NODISCARD enum tp_err tp_bus_candidate(struct tp_bus *bus, const struct tp_msg_candidate *q,
					  int configuration_fd, struct tp_msg_candidate_result *out);
TP_NODISCARD enum tp_err tp_bus_trial_end(struct tp_bus *bus, uint64_t revision, bool undo,
					  struct tp_msg_candidate_result *out);
TP_NODISCARD enum tp_err tp_bus_identity_make(struct tp_bus *bus, const struct tp_msg_identity_make *q,
					      struct tp_msg_identity_made *out);
TP_NODISCARD enum tp_err tp_bus_supervisor_status(struct tp_bus *bus,
						  struct tp_msg_supervisor_status *out);

/* turnpike-sip. */
TP_NODISCARD enum tp_err tp_bus_zones(struct tp_bus *bus, uint32_t offset, uint32_t limit,
				      struct tp_msg_zones *out);
TP_NODISCARD enum tp_err tp_bus_registrations(struct tp_bus *bus, uint32_t offset, uint32_t limit,
					      const char *filter, struct tp_msg_registrations *out);
TP_NODISCARD enum tp_err tp_bus_calls(struct tp_bus *bus, uint32_t offset, uint32_t limit,
				      struct tp_msg_calls *out);
TP_NODISCARD enum tp_err tp_bus_call(struct tp_bus *bus, uint64_t id, struct tp_msg_call_detail *out);
TP_NODISCARD enum tp_err tp_bus_call_disconnect(struct tp_bus *bus, uint64_t id,
						struct tp_msg_call_disconnected *out);
TP_NODISCARD enum tp_err tp_bus_sip_counters(struct tp_bus *bus, struct tp_msg_sip_counters *out);

/* turnpike-media. */
TP_NODISCARD enum tp_err tp_bus_media_stats(struct tp_bus *bus, uint64_t session,
					    struct tp_msg_media_stats *out);
TP_NODISCARD enum tp_err tp_bus_media_counters(struct tp_bus *bus, struct tp_msg_media_counters *out);

#endif
