/* admin's side of the channels to turnpiked, turnpike-sip and turnpike-media. The
 * main thread runs the event loop (ipc/child.h); HTTP workers ask and wait here.
 *
 * Questions may be asked from any thread but the main one. Each waits for its answer
 * at most TP_BUS_WAIT_MS (candidate, trial_end and identity_make:
 * TP_BUS_COMMIT_WAIT_MS) and then gives TP_AGAIN; TP_CLOSED when that process is not
 * there. Answers are written to *out on success only; those with vectors are freed
 * with their tp_msg_<name>_fini. */
#ifndef TP_ADMIN_BUS_BUS_H
#define TP_ADMIN_BUS_BUS_H

#include "core/secret.h"
#include "ipc/child.h"
#include "ipc/messages.h"
#include "model/slice.h"

enum { TP_BUS_WAIT_MS = 2000, TP_BUS_TEST_WAIT_MS = 20000, TP_BUS_COMMIT_WAIT_MS = 60000, TP_BUS_EVENTS_MAX = 8192 };

struct tp_bus;

enum {
	TP_BUS_CRL_WAIT_MS = 450000, /* download and reading of a revocation list */
	TP_BUS_ACME_WAIT_MS = 620000, /* order of a certificate */
};

/* What arrives unasked. Any but prepare, commit and abort may be NULL. */
struct tp_bus_events {
	void *arg;
	/* On the events thread, one at a time and in order: may write to the database
	 * and ask on the bus. */
	void (*alarm)(void *arg, enum tp_process from, const struct tp_msg_alarm *m);
	void (*event)(void *arg, enum tp_process from, const struct tp_msg_event *m);
	/* TP_OK: stored, and acknowledged to sip, which then forgets it. */
	enum tp_err (*call_ended)(void *arg, const struct tp_msg_call_ended *m);
	void (*device_key)(void *arg, const struct tp_msg_device_key *m);
	void (*first_login)(void *arg, const struct tp_msg_first_login *m);
	void (*tls_seen)(void *arg, const struct tp_msg_tls_seen *m);
	/* Answered by tp_bus_acme_ready. */
	void (*acme_challenge)(void *arg, const struct tp_msg_acme_challenge *m);
	void (*connections)(void *arg, const struct tp_msg_connections *m);
	/* A channel to sip or media is there, or gone. */
	void (*peer)(void *arg, enum tp_process peer, bool up);

	/* On the main thread: must neither wait nor ask. */
	void (*revision_state)(void *arg, const struct tp_msg_revision_state *m);
	/* Before revision_state: the running configuration that came with it. The fd
	 * is closed after the call. */
	void (*running_file)(void *arg, int fd);
	/* What a slot of revocation lists holds from now on; -1: nothing. The fd is
	 * closed after the call. */
	void (*crl_index)(void *arg, uint8_t slot, int fd);
	enum tp_err (*prepare)(void *arg, const struct tp_slice *slice, struct tp_diag *diag);
	void (*commit)(void *arg);
	void (*abort)(void *arg);
	/* turnpiked asks us to end, or has gone; the loop stops after it. */
	void (*terminate)(void *arg);
};

/* Takes fd 3 and the command line (ipc/child.h), starts the events thread with all
 * signals blocked. events is copied. */
TP_NODISCARD enum tp_err tp_bus_new(int argc, char **argv, const struct tp_bus_events *events,
				    struct tp_bus **out);
/* Starts the events thread: after the sandbox, which a new thread inherits. */
TP_NODISCARD enum tp_err tp_bus_start(struct tp_bus *bus);
/* Main thread: says ready and runs the loop; the result is main()'s. */
TP_NODISCARD int tp_bus_run(struct tp_bus *bus);
/* After tp_bus_run has returned: waiting and later questions get TP_CLOSED. */
void tp_bus_close(struct tp_bus *bus);
/* When no other thread uses it any more. */
void tp_bus_free(struct tp_bus **bus);

/* Of the loop of the main thread. */
struct tp_loop_pauses tp_bus_pauses(const struct tp_bus *bus);
/* A password is stored: turnpiked forgets the first-login secret. */
void tp_bus_first_login_done(struct tp_bus *bus);

/* turnpiked. */
TP_NODISCARD enum tp_err tp_bus_seal(struct tp_bus *bus, const struct tp_msg_seal *q,
				     struct tp_msg_sealed *out);
/* json: the whole configuration (RFC 7951). */
TP_NODISCARD enum tp_err tp_bus_candidate(struct tp_bus *bus, const struct tp_msg_candidate *q,
					  const char *json, size_t len,
					  struct tp_msg_candidate_result *out);
TP_NODISCARD enum tp_err tp_bus_trial_end(struct tp_bus *bus, const struct tp_msg_trial_end *q,
					  struct tp_msg_candidate_result *out);
/* Once it is begun, all processes end within half a second. */
TP_NODISCARD enum tp_err tp_bus_factory_reset(struct tp_bus *bus, const struct tp_msg_factory_reset *q,
					      struct tp_msg_factory_reset_begun *out);
TP_NODISCARD enum tp_err tp_bus_identity_make(struct tp_bus *bus, const struct tp_msg_identity_make *q,
					      struct tp_msg_identity_made *out);
/* out->pem is the caller's own copy: end it with tp_bus_key_answer_fini. */
TP_NODISCARD enum tp_err tp_bus_key_ask(struct tp_bus *bus, const struct tp_msg_key_ask *q,
					struct tp_msg_key_answer *out);
void tp_bus_key_answer_fini(struct tp_msg_key_answer *answer);
enum { TP_BUS_HASH_WAIT_MS = 15000, TP_BUS_PAM_WAIT_MS = 130000 };
/* One scrypt by a hash helper. TP_AGAIN when it takes too long. */
TP_NODISCARD enum tp_err tp_bus_hash(struct tp_bus *bus, const struct tp_msg_hash_ask *q,
				     struct tp_msg_hash_made *out);
/* One question to PAM; end *out with tp_msg_remote_answered_fini. */
TP_NODISCARD enum tp_err tp_bus_pam(struct tp_bus *bus, const struct tp_msg_pam_ask *q,
				    struct tp_msg_remote_answered *out);
/* One question to a directory; end *out with tp_msg_remote_answered_fini. */
TP_NODISCARD enum tp_err tp_bus_ldap(struct tp_bus *bus, const struct tp_msg_ldap_ask *q, int trusted_fd,
				     struct tp_msg_remote_answered *out);
/* bytes_fd: an upload; -1 for a download. Waits up to TP_BUS_CRL_WAIT_MS. */
TP_NODISCARD enum tp_err tp_bus_crl_update(struct tp_bus *bus, const struct tp_msg_crl_update *q,
					   int trusted_fd, int bytes_fd, struct tp_msg_crl_made *out);
TP_NODISCARD enum tp_err tp_bus_crl_drop(struct tp_bus *bus, uint8_t slot,
					 struct tp_msg_crl_made *out);
/* Waits for as long as the question says, and somewhat more. *body_fd, the caller's own:
 * the answer's bytes, -1 when there are none. */
TP_NODISCARD enum tp_err tp_bus_fetch(struct tp_bus *bus, const struct tp_msg_fetch *q,
				      struct tp_msg_fetched *out, int *body_fd);
/* Waits up to TP_BUS_ACME_WAIT_MS. out->chain_pem is the caller's own copy, with a NUL
 * behind it: freed by the caller. */
TP_NODISCARD enum tp_err tp_bus_acme_order(struct tp_bus *bus, const struct tp_msg_acme_order *q,
					   int trusted_fd, struct tp_msg_acme_ordered *out);
/* The proof asked for is shown, or cannot be. */
void tp_bus_acme_ready(struct tp_bus *bus, bool ready);
TP_NODISCARD enum tp_err tp_bus_supervisor_status(struct tp_bus *bus,
						  struct tp_msg_supervisor_status *out);

TP_NODISCARD enum tp_err tp_bus_audit_seal(struct tp_bus *bus, const struct tp_msg_audit_seal *q,
					   struct tp_msg_audit_sealed *out);
TP_NODISCARD enum tp_err tp_bus_audit_state(struct tp_bus *bus, struct tp_msg_audit_state *out);
TP_NODISCARD enum tp_err tp_bus_audit_check(struct tp_bus *bus, const struct tp_msg_audit_check *q,
					    struct tp_msg_audit_checked *out);

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

TP_NODISCARD enum tp_err tp_bus_tls_serials(struct tp_bus *bus, struct tp_msg_tls_serials *out);
/* Waits up to TP_BUS_TEST_WAIT_MS: name servers may be slow. */
TP_NODISCARD enum tp_err tp_bus_name_lookup(struct tp_bus *bus, const char *host,
					    struct tp_msg_name_found *out);
/* Waits up to TP_BUS_TEST_WAIT_MS. */
TP_NODISCARD enum tp_err tp_bus_traversal_test(struct tp_bus *bus, const struct tp_msg_traversal_test *q,
					       struct tp_msg_traversal_test_result *out);
TP_NODISCARD enum tp_err tp_bus_revocation_test(struct tp_bus *bus, const struct tp_msg_revocation_test *q,
						struct tp_msg_revocation_tested *out);

/* turnpike-media. */
TP_NODISCARD enum tp_err tp_bus_media_stats(struct tp_bus *bus, uint64_t session,
					    struct tp_msg_media_stats *out);
TP_NODISCARD enum tp_err tp_bus_media_counters(struct tp_bus *bus, struct tp_msg_media_counters *out);

#endif
