/* turnpike-admin: HTTPS for administrators, the configuration and what is kept of it.
 * Started by turnpiked (docs/processes.md). */
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/tester.h"
#include "admin/acme/acme.h"
#include "admin/advanced/gate.h"
#include "admin/advanced/leave.h"
#include "admin/advanced/lockout.h"
#include "admin/advanced/routes.h"
#include "admin/apply.h"
#include "admin/bus/bus.h"
#include "admin/cac/gate.h"
#include "admin/cac/routes.h"
#include "admin/certificates/routes.h"
#include "admin/ciphers/peers.h"
#include "admin/ciphers/routes.h"
#include "admin/config/config.h"
#include "admin/http/configuration.h"
#include "admin/identity/identities.h"
#include "admin/log/network.h"
#include "admin/log/routes.h"
#include "admin/revocation/lists.h"
#include "admin/revocation/peer_check.h"
#include "admin/routes.h"
#include "core/log.h"
#include "os/sandbox.h"

/* Threads that want memory at the same moment share these: with the default, one after the
 * other of the web server's workers fills an arena of its own, which looks like a leak. */
enum { ARENAS = 2 };

/* Everything that lives as long as the process. */
struct admin {
	struct tp_bus *bus;
	struct tp_store *store;
	struct tp_password_gate gate;
	struct tp_auth_helpers helpers;
	struct tp_login *login;
	struct tp_cac *cac;
	struct tp_router *router;
	struct tp_config *config;
	struct tp_status *status;
	struct tp_server *server;
	struct tp_apply *apply;
	struct tp_identities *identities;
	struct tp_lists *lists;
	struct tp_acme *acme;
	struct tp_keeper *keeper;
	struct tp_log_routes log;
	struct tp_configuration_routes configuration;
	struct tp_cipher_parts ciphers;
	struct tp_tester_parts tester;
	struct tp_certificates_routes certificates;
	struct tp_cac_parts card_login;
	struct tp_advanced_parts advanced;
	struct tp_leave_parts leave;
	struct tp_addr first;
};

/* -------------------------------------------------- from the bus to the modules */

static void on_running_file(void *arg, int fd)
{
	struct admin *a = arg;

	if (a->config)
		tp_config_on_running_file(a->config, fd);
}

static void on_revision_state(void *arg, const struct tp_msg_revision_state *m)
{
	struct admin *a = arg;

	tp_config_on_revision_state(a->config, m);
	if (a->status)
		tp_status_look(a->status);
}

static void on_alarm(void *arg, enum tp_process from, const struct tp_msg_alarm *m)
{
	struct admin *a = arg;

	tp_status_on_alarm(a->status, from, m);
}

static void on_event(void *arg, enum tp_process from, const struct tp_msg_event *m)
{
	struct admin *a = arg;

	tp_status_on_event(a->status, from, m);
}

static void on_tls_seen(void *arg, const struct tp_msg_tls_seen *m)
{
	struct admin *a = arg;

	tp_cipher_peers_seen(a->store, m);
}

static void on_acme_challenge(void *arg, const struct tp_msg_acme_challenge *m)
{
	struct admin *a = arg;

	tp_acme_on_challenge(a->acme, m);
}

static void on_connections(void *arg, const struct tp_msg_connections *m)
{
	struct admin *a = arg;

	tp_network_of_sip(a->keeper, m);
}

static void on_web_connection(void *arg, const struct tp_network_note *note)
{
	tp_network_add(arg, note);
}

static enum tp_err on_call_ended(void *arg, const struct tp_msg_call_ended *m)
{
	struct admin *a = arg;

	return tp_status_on_call_ended(a->status, m);
}

static void on_crl_index(void *arg, uint8_t slot, int fd)
{
	struct admin *a = arg;

	tp_lists_on_index(a->lists, slot, fd);
	tp_cac_forget(a->cac);
}

static void on_first_login(void *arg, const struct tp_msg_first_login *m)
{
	struct admin *a = arg;

	tp_login_first(a->login, m);
}

static void on_device_key(void *arg, const struct tp_msg_device_key *m)
{
	struct admin *a = arg;

	tp_login_device_key(a->login, m);
}

static enum tp_err on_prepare(void *arg, const struct tp_slice *slice, struct tp_diag *diag)
{
	struct admin *a = arg;

	return tp_apply_prepare(a->apply, slice, diag);
}

static void on_commit(void *arg)
{
	struct admin *a = arg;

	tp_apply_commit(a->apply);
}

static void on_abort(void *arg)
{
	struct admin *a = arg;

	tp_apply_abort(a->apply);
}

static void on_password_stored(void *arg)
{
	struct admin *a = arg;

	tp_bus_first_login_done(a->bus);
}

/* -------------------------------------------------- what admin/config asks */

static enum tp_err ask_seal(void *arg, const struct tp_msg_seal *ask, struct tp_msg_sealed *answer)
{
	return tp_bus_seal(arg, ask, answer);
}

static enum tp_err ask_candidate(void *arg, const struct tp_msg_candidate *ask, const char *json,
				 size_t len, struct tp_msg_candidate_result *answer)
{
	return tp_bus_candidate(arg, ask, json, len, answer);
}

static enum tp_err ask_trial_end(void *arg, const struct tp_msg_trial_end *ask,
				 struct tp_msg_candidate_result *answer)
{
	return tp_bus_trial_end(arg, ask, answer);
}

static enum tp_err ask_identity_make(void *arg, const struct tp_msg_identity_make *ask,
				     struct tp_msg_identity_made *answer)
{
	return tp_bus_identity_make(arg, ask, answer);
}

/* -------------------------------------------------------- what admin/log asks */

static enum tp_err ask_audit_seal(void *arg, const struct tp_msg_audit_seal *ask,
				  struct tp_msg_audit_sealed *answer)
{
	return tp_bus_audit_seal(arg, ask, answer);
}

static enum tp_err ask_audit_state(void *arg, struct tp_msg_audit_state *answer)
{
	return tp_bus_audit_state(arg, answer);
}

static enum tp_err ask_audit_check(void *arg, const struct tp_msg_audit_check *ask,
				   struct tp_msg_audit_checked *answer)
{
	return tp_bus_audit_check(arg, ask, answer);
}

static void on_log_alarm(void *arg, const struct tp_msg_alarm *m)
{
	tp_status_on_alarm(arg, TP_PROCESS_ADMIN, m);
}

static enum tp_err make_keeper(struct admin *a)
{
	a->log.store = a->store;
	a->log.supervisor = (struct tp_log_supervisor){ a->bus, ask_audit_seal, ask_audit_state,
							ask_audit_check };
	return tp_keeper_new(a->store, &a->log.supervisor, on_log_alarm, a->status, &a->keeper);
}

/* ------------------------------------------------------------------------- life */

/* What turnpiked says of the audit log: the number that it drew at its start, and the record
 * that it sealed last. */
static void take_audit(struct admin *a, int argc, char **argv)
{
	const char *boot_text = tp_child_arg(argc, argv, "--boot");
	const char *last_text = tp_child_arg(argc, argv, "--sealed");
	struct tp_span last = tp_span_of(last_text ? last_text : "");
	struct tp_span number = tp_span_split(&last, ':');
	uint8_t boot[TP_AUDIT_BOOT], hash[TP_AUDIT_HASH];
	uint64_t sequence;

	if (boot_text && tp_text_parse_hex(tp_span_of(boot_text), boot, sizeof(boot)) == TP_OK)
		tp_store_log_boot(a->store, boot);
	if (last.p && tp_text_parse_u64(number, INT64_MAX, &sequence) == TP_OK &&
	    tp_text_parse_hex(last, hash, sizeof(hash)) == TP_OK)
		tp_store_log_behind(a->store, sequence, hash);
}

/* The first start behind a factory reset, with an empty database. */
static enum tp_err take_reset(struct admin *a, int argc, char **argv)
{
	const char *by = tp_child_arg(argc, argv, "--reset-by");
	const char *from = tp_child_arg(argc, argv, "--reset-from");

	return by && from ? tp_leave_record(a->store, by, from) : TP_OK;
}

static enum tp_err read_first(struct admin *a, int argc, char **argv)
{
	const char *text = tp_child_arg(argc, argv, "--web");

	return tp_addr_parse(tp_span_of(text ? text : "0.0.0.0:7443"), &a->first);
}

static enum tp_err ask_pam(void *arg, const struct tp_msg_pam_ask *ask, struct tp_msg_remote_answered *answer)
{
	return tp_bus_pam(arg, ask, answer);
}

static enum tp_err ask_ldap(void *arg, const struct tp_msg_ldap_ask *ask, int trusted_fd,
			    struct tp_msg_remote_answered *answer)
{
	return tp_bus_ldap(arg, ask, trusted_fd, answer);
}

static enum tp_err ask_hash(void *arg, const struct tp_msg_hash_ask *ask, struct tp_msg_hash_made *answer)
{
	return tp_bus_hash(arg, ask, answer);
}

/* Before the sandbox: what opens files by name. */
static enum tp_err open_parts(struct admin *a, int state_fd, struct tp_diag *diag)
{
	enum tp_err err = tp_store_open(state_fd, &a->store, diag);

	a->gate = (struct tp_password_gate){ ask_hash, a->bus };
	a->helpers = (struct tp_auth_helpers){ .ldap = ask_ldap, .pam = ask_pam, .arg = a->bus };
	if (err == TP_OK)
		err = tp_login_new(a->store, &a->gate, &a->helpers, on_password_stored, a, &a->login);
	if (err == TP_OK)
		err = tp_cac_new(&a->cac);
	if (err == TP_OK && !(a->router = tp_router_new()))
		err = TP_NOMEM;
	return err;
}

static enum tp_err add_routes(struct admin *a)
{
	void *const args[TP_ROUTE_TABLES] = {
		[TP_ROUTES_LOGIN] = a->login,
		[TP_ROUTES_TESTER] = &a->tester,
		[TP_ROUTES_STATUS] = a->status,
		[TP_ROUTES_CONFIGURATION] = &a->configuration,
		[TP_ROUTES_IDENTITIES] = a->identities,
		[TP_ROUTES_LISTS] = a->lists,
		[TP_ROUTES_TRUST] = a->config,
		[TP_ROUTES_CIPHERS] = &a->ciphers,
		[TP_ROUTES_CERTIFICATES] = &a->certificates,
		[TP_ROUTES_ACME] = a->acme,
		[TP_ROUTES_LOG] = &a->log,
		[TP_ROUTES_CAC] = &a->card_login,
		[TP_ROUTES_PRESETS] = a->config,
		[TP_ROUTES_ADVANCED] = &a->advanced,
		[TP_ROUTES_LEAVE] = &a->leave,
	};

	a->tester = (struct tp_tester_parts){ a->login, a->config };
	a->configuration = (struct tp_configuration_routes){ a->config, a->login };
	a->ciphers = (struct tp_cipher_parts){ a->config, a->store };
	a->certificates = (struct tp_certificates_routes){ a->config, a->store, a->lists };
	tp_router_set_gate(a->router, tp_log_may_change, a->store);
	a->card_login = (struct tp_cac_parts){ a->cac, a->store, a->login, a->config, a->lists };
	a->advanced = (struct tp_advanced_parts){ a->store, a->login, a->config };
	a->leave = (struct tp_leave_parts){ a->login, a->bus };
	return tp_routes_add_all(a->router, args);
}

/* What every commit has to pass besides the model; each says what it has to say. */
static enum tp_err check_commit(void *arg, const struct tp_tree *running, const struct tp_tree *candidate,
				const struct tp_operator *op, uint32_t confirm_within_s,
				struct tp_model_errors *errors)
{
	struct admin *a = arg;
	enum tp_err by_card =
		tp_cac_gate(&a->card_login, running, candidate, op, confirm_within_s, errors);
	enum tp_err by_mode =
		tp_advanced_gate(&a->advanced, running, candidate, op, confirm_within_s, errors);

	return by_card != TP_OK ? by_card : by_mode;
}

static enum tp_err new_acme(struct admin *a)
{
	const struct tp_acme_parts parts = { a->store, a->bus, a->config, a->identities, a->status };

	return tp_acme_new(&parts, &a->acme);
}

/* After the sandbox: what starts threads. */
static enum tp_err start_parts(struct admin *a, int socket_fd, struct tp_diag *diag)
{
	const struct tp_config_bus config_bus = { a->bus, ask_seal, ask_candidate, ask_trial_end,
						  ask_identity_make };
	enum tp_err err = tp_config_new(a->store, &config_bus, &a->config, diag);

	if (err == TP_OK)
		err = tp_status_new(a->store, a->bus, a->login, a->config, &a->status);
	if (err == TP_OK)
		tp_lockout_on_change(tp_login_lockout(a->login), tp_status_look, a->status);
	if (err == TP_OK)
		err = tp_identities_new(a->store, a->bus, a->config, &a->identities);
	if (err == TP_OK)
		err = tp_lists_new(a->bus, a->config, a->status, &a->lists);
	if (err == TP_OK)
		err = new_acme(a);
	if (err == TP_OK)
		err = make_keeper(a);
	a->log.keeper = a->keeper;
	if (err == TP_OK)
		tp_cac_set_peers(a->cac, tp_lists_peer_check(a->lists));
	if (err == TP_OK)
		tp_config_set_gate(a->config, &(struct tp_config_gate){ a, check_commit });
	if (err == TP_OK)
		err = add_routes(a);
	if (err == TP_OK)
		err = tp_server_new(a->router, a->login, a->cac, socket_fd, &a->server);
	if (err == TP_OK)
		tp_server_on_hello(a->server, tp_acme_hello, tp_acme_proofs(a->acme));
	if (err == TP_OK)
		err = tp_apply_new(a->server, a->login, a->cac, a->status, a->keeper, &a->first,
				   &a->apply);
	if (err == TP_OK)
		err = tp_bus_start(a->bus);
	if (err == TP_OK)
		tp_server_on_connection(a->server, on_web_connection, a->keeper);
	if (err == TP_OK)
		err = tp_keeper_start(a->keeper);
	if (err == TP_OK)
		err = tp_status_watch(a->status);
	if (err == TP_OK)
		err = tp_lists_start(a->lists);
	if (err == TP_OK)
		err = tp_acme_start(a->acme);
	return err;
}

static void close_parts(struct admin *a)
{
	if (a->bus)
		tp_bus_close(a->bus);
	tp_server_free(&a->server);
	if (a->lists)
		tp_lists_stop(a->lists);
	if (a->acme)
		tp_acme_stop(a->acme);
	if (a->status)
		tp_status_unwatch(a->status);
	tp_keeper_free(&a->keeper);
	tp_acme_free(&a->acme);
	tp_identities_free(&a->identities);
	if (a->config)
		tp_config_free(&a->config);
	tp_apply_free(&a->apply);
	tp_lists_free(&a->lists);
	tp_status_free(&a->status);
	tp_router_free(&a->router);
	tp_cac_free(&a->cac);
	tp_login_free(&a->login);
	if (a->store)
		tp_store_close(&a->store);
	tp_bus_free(&a->bus);
}

static int serve(struct admin *a, int argc, char **argv)
{
	int state_fd = tp_child_arg_fd(argc, argv, "--state-fd");
	int socket_fd = tp_child_arg_fd(argc, argv, "--socket-fd");
	const struct tp_sandbox_tree trees[] = { { state_fd, true, false } };
	struct tp_diag diag = { 0 };
	enum tp_err err = state_fd < 0 ? TP_NOTFOUND : read_first(a, argc, argv);

	if (err == TP_OK)
		err = open_parts(a, state_fd, &diag);
	if (err == TP_OK)
		take_audit(a, argc, argv);
	if (err == TP_OK)
		err = take_reset(a, argc, argv);
	if (err == TP_OK)
		err = tp_sandbox_enter(&tp_sandbox_profile_admin, trees, 1, &diag);
	if (err == TP_OK)
		err = start_parts(a, socket_fd, &diag);
	if (err != TP_OK) {
		TP_LOG(TP_LOG_ERROR, "admin.start", "%s: %s %s", tp_err_name(err), diag.where, diag.text);
		return 1;
	}
	return tp_bus_run(a->bus);
}

int main(int argc, char **argv)
{
	struct admin a = { 0 };
	const struct tp_bus_events events = {
		.arg = &a,
		.alarm = on_alarm,
		.event = on_event,
		.call_ended = on_call_ended,
		.tls_seen = on_tls_seen,
		.acme_challenge = on_acme_challenge,
		.connections = on_connections,
		.first_login = on_first_login,
		.device_key = on_device_key,
		.revision_state = on_revision_state,
		.running_file = on_running_file,
		.crl_index = on_crl_index,
		.prepare = on_prepare,
		.commit = on_commit,
		.abort = on_abort,
	};
	int result = 1;

	mallopt(M_ARENA_MAX, ARENAS);
	if (tp_bus_new(argc, argv, &events, &a.bus) == TP_OK)
		result = serve(&a, argc, argv);
	close_parts(&a);
	return result;
}
