/* admin/config: the way of a change with a supervisor played by this test: edits,
 * commits, trials, refusals, what a restart makes of a half-done commit, the wizard. */
#include <dirent.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "admin/config/inside.h"
#include "tls/identity.h"
#include "folder.h"

/* What the played supervisor does and has seen. */
struct supervisor {
	enum tp_err say; /* verdict on candidates */
	bool silent;	 /* no answer at all */
	bool decide;	 /* takes effect even when silent */
	uint64_t running;
	uint64_t last_good;
	char *json;
	uint32_t trial_s;
	unsigned candidates;
	unsigned sealed;
	bool undo;
};

struct fixture {
	struct folder folder;
	struct tp_store *store;
	struct supervisor sup;
	struct tp_config *config;
	uint64_t newest; /* connection number when a request is made */
};

static enum tp_err fake_seal(void *arg, const struct tp_msg_seal *ask, struct tp_msg_sealed *answer)
{
	struct supervisor *s = arg;
	char text[512];

	s->sealed++;
	assert_null(memmem(ask->secret, ask->secret_len, "$tp1$", 5));
	snprintf(text, sizeof(text), "$tp1$%u", s->sealed);
	answer->err = TP_OK;
	answer->sealed_len = (uint16_t)strlen(text);
	memcpy(answer->sealed, text, strlen(text));
	return TP_OK;
}

static enum tp_err fake_candidate(void *arg, const struct tp_msg_candidate *ask, const char *json,
				  size_t len, struct tp_msg_candidate_result *answer)
{
	struct supervisor *s = arg;

	s->candidates++;
	/* the clear text of a secret never leaves for the supervisor's disk */
	assert_null(memmem(json, len, "swordfish", 9));
	if (ask->mode == 1 && (s->say == TP_OK || s->decide) && !(s->silent && !s->decide)) {
		assert_true(ask->revision > s->running);
		free(s->json);
		s->json = strndup(json, len);
		s->running = ask->revision;
		s->trial_s = ask->trial_s;
		if (!ask->trial_s)
			s->last_good = ask->revision;
	}
	if (s->silent)
		return TP_AGAIN;
	answer->revision = ask->revision;
	answer->err = (uint8_t)s->say;
	if (s->say != TP_OK) {
		answer->errors_count = 1;
		snprintf(answer->errors[0].path, sizeof(answer->errors[0].path),
			 "/turnpike-sip:sip/tls/port");
		snprintf(answer->errors[0].text, sizeof(answer->errors[0].text),
			 "turnpike-sip: port is taken");
	}
	return TP_OK;
}

static enum tp_err fake_trial_end(void *arg, const struct tp_msg_trial_end *ask,
				  struct tp_msg_candidate_result *answer)
{
	struct supervisor *s = arg;

	assert_int_equal(ask->revision, s->running);
	s->undo = ask->undo;
	if (ask->undo)
		s->running = s->last_good;
	else
		s->last_good = s->running;
	s->trial_s = 0;
	answer->err = TP_OK;
	return TP_OK;
}

static enum tp_err fake_identity(void *arg, const struct tp_msg_identity_make *ask,
				 struct tp_msg_identity_made *answer)
{
	static const char pem[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

	(void)arg;
	assert_string_not_equal(ask->common_name, "");
	answer->err = TP_OK;
	memcpy(answer->certificate_pem, pem, sizeof(pem) - 1);
	answer->certificate_pem_len = sizeof(pem) - 1;
	memcpy(answer->ca_pem, pem, sizeof(pem) - 1);
	answer->ca_pem_len = sizeof(pem) - 1;
	memcpy(answer->key_sealed, "$tp1$KEY", 8);
	answer->key_sealed_len = 8;
	return TP_OK;
}

static void say_state(struct fixture *f, uint64_t undone)
{
	struct tp_msg_revision_state m = {
		.running = f->sup.running,
		.last_good = f->sup.last_good,
		.running_sha256_len = 32,
		.trial_left_s = f->sup.trial_s,
		.undone = undone,
	};

	if (f->sup.json)
		SHA256((unsigned char *)f->sup.json, strlen(f->sup.json), m.running_sha256);
	snprintf(m.reason, sizeof(m.reason), "test");
	tp_config_on_revision_state(f->config, &m);
}

/* A request that comes before the thread has woken: it is answered "starting", and the
 * first configuration is made all the same. */
static void ask_early(struct fixture *f)
{
	const struct tp_restconf_request q = {.method = "GET", .path = "/api/v1/config/status", .query = ""};
	struct tp_restconf_response r = {0};

	tp_restconf_handle(f->config, &q, &r);
	tp_restconf_response_fini(&r);
}

static void start(struct fixture *f)
{
	const struct tp_config_bus bus = {&f->sup, fake_seal, fake_candidate, fake_trial_end,
					  fake_identity};
	struct tp_diag diag = {0};

	if (tp_store_open(f->folder.fd, &f->store, &diag) != TP_OK)
		fail_msg("%s", diag.text);
	assert_int_equal(tp_config_new(f->store, &bus, &f->config, &diag), TP_OK);
	say_state(f, 0);
	ask_early(f);
	for (int i = 0; i < 500 && !tp_config_ready(f->config); i++)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	assert_true(tp_config_ready(f->config));
}

static void stop(struct fixture *f)
{
	tp_config_free(&f->config);
	tp_store_close(&f->store);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	folder_make(&f->folder);
	start(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	stop(f);
	folder_remove(&f->folder);
	free(f->sup.json);
	free(f);
	return 0;
}

/* Sends a request; the answer's body as JSON (NULL without) is the caller's. */
static json_t *ask_as(struct fixture *f, const char *method, const char *path, const char *body,
		      uint64_t connection, bool may_write, int status)
{
	char plain[256];
	const char *mark = strchr(path, '?');
	struct tp_restconf_request q = {
		.method = method,
		.query = mark ? mark + 1 : "",
		.body = body,
		.body_len = body ? strlen(body) : 0,
		.op = {.user = "admin",
		       .source = "192.0.2.7",
		       .connection = connection,
		       .newest = f->newest,
		       .may_write = may_write},
	};
	struct tp_restconf_response r = {0};
	json_t *out;

	snprintf(plain, sizeof(plain), "%.*s", (int)(mark ? mark - path : (ptrdiff_t)strlen(path)),
		 path);
	q.path = plain;
	tp_restconf_handle(f->config, &q, &r);
	if (r.status != status)
		fail_msg("%s %s: %d, wanted %d: %s", method, path, r.status, status,
			 r.body ? r.body : "");
	out = r.body ? json_loadb(r.body, r.body_len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (r.body)
		assert_non_null(out);
	tp_restconf_response_fini(&r);
	return out;
}

static json_t *ask(struct fixture *f, const char *method, const char *path, const char *body,
		   int status)
{
	return ask_as(f, method, path, body, 1, true, status);
}

static void run(struct fixture *f, const char *method, const char *path, const char *body,
		int status)
{
	json_decref(ask(f, method, path, body, status));
}

static const char *error_text(json_t *body)
{
	json_t *list = json_object_get(json_object_get(body, "ietf-restconf:errors"), "error");

	return json_string_value(json_object_get(json_array_get(list, 0), "error-message"));
}

#define PORT "/restconf/ds/candidate/turnpike-sip:sip/tls/port"

static void expect_port(struct fixture *f, const char *datastore, int port)
{
	char path[128];
	json_t *body;

	snprintf(path, sizeof(path), "/restconf/ds/%s/turnpike-sip:sip/tls/port", datastore);
	body = ask(f, "GET", path, NULL, 200);
	assert_int_equal(json_integer_value(json_object_get(body, "turnpike-sip:port")), port);
	json_decref(body);
}

static void expect_status(struct fixture *f, const char *revision, int changes, const char *holder,
			  bool trial)
{
	json_t *s = ask(f, "GET", "/api/v1/config/status", NULL, 200);

	assert_string_equal(
		json_string_value(json_object_get(json_object_get(s, "running"), "revision")),
		revision);
	assert_int_equal(json_integer_value(json_object_get(s, "changes")), changes);
	if (holder)
		assert_string_equal(json_string_value(json_object_get(s, "holder")), holder);
	else
		assert_true(json_is_null(json_object_get(s, "holder")));
	assert_int_equal(json_is_object(json_object_get(s, "trial")), trial);
	json_decref(s);
}

static enum tp_revision_state state_of(struct fixture *f, uint64_t number)
{
	struct tp_revision r;

	assert_int_equal(tp_store_revision_get(f->store, number, &r, NULL, NULL), TP_OK);
	return r.state;
}

static void first_start_commits_the_factory_configuration(void **state)
{
	struct fixture *f = *state;
	json_t *body;

	expect_status(f, "1", 0, NULL, false);
	assert_int_equal(state_of(f, 1), TP_REVISION_COMMITTED);
	body = ask(f, "GET", "/restconf/ds/running/turnpike-system:system/role", NULL, 200);
	assert_string_equal(json_string_value(json_object_get(body, "turnpike-system:role")),
			    "edge");
	json_decref(body);
	assert_non_null(strstr(f->sup.json, "$tp1$KEY"));
}

static void an_edit_is_pending_until_committed(void **state)
{
	struct fixture *f = *state;
	json_t *diff, *change;

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5081}", 204);
	expect_port(f, "candidate", 5081);
	expect_port(f, "running", 5061);
	expect_status(f, "1", 1, "admin", false);
	diff = ask(f, "GET", "/api/v1/config/diff", NULL, 200);
	change = json_array_get(json_object_get(diff, "changes"), 0);
	assert_string_equal(json_string_value(json_object_get(change, "label")),
			    "SIP › TLS › Port");
	assert_string_equal(json_string_value(json_object_get(change, "before")), "5061");
	json_decref(diff);
	run(f, "POST", "/api/v1/config/validate", "{}", 200);
	run(f, "POST", "/api/v1/config/commit", "{\"comment\":\"port\"}", 200);
	expect_port(f, "running", 5081);
	expect_status(f, "2", 0, NULL, false);
	diff = ask(f, "GET", "/api/v1/config/diff?from=1&to=2", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(diff, "changes")), 1);
	json_decref(diff);
	diff = ask(f, "POST", "/api/v1/config/commit", "{}", 400);
	assert_string_equal(error_text(diff), "There are no changes to commit.");
	json_decref(diff);
}

static void the_log_says_what_was_before(void **state)
{
	struct fixture *f = *state;
	const struct tp_log_query q = {
		.kind = TP_LOG_KIND_CONFIGURATION, .filter = "5071", .limit = 10};
	struct tp_log_entry *rows;
	uint64_t total;
	size_t count;

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	run(f, "POST", "/api/v1/config/commit", "{\"comment\":\"why\"}", 200);
	assert_int_equal(tp_store_log_list(f->store, &q, &rows, &count, &total), TP_OK);
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].text, "Revision 2 changed a setting.");
	assert_string_equal(rows[0].path, "/turnpike-sip:sip/tls/port");
	assert_string_equal(rows[0].before, "5061");
	assert_string_equal(rows[0].after, "5071");
	assert_string_equal(rows[0].user, "admin");
	assert_string_equal(rows[0].source, "192.0.2.7");
	free(rows);
}

static void secrets_are_sealed_and_masked(void **state)
{
	struct fixture *f = *state;
	const char *account = "/restconf/ds/candidate/turnpike-sip:sip/registrar/account=alice";
	json_t *body;

	run(f, "PUT", account,
	    "{\"turnpike-sip:account\":[{\"name\":\"alice\",\"password\":\"swordfish\"}]}", 201);
	assert_int_equal(f->sup.sealed, 1);
	body = ask(f, "GET",
		   "/restconf/ds/candidate/turnpike-sip:sip/registrar/account=alice/password", NULL,
		   200);
	assert_string_equal(json_string_value(json_object_get(body, "turnpike-sip:password")),
			    "********");
	json_decref(body);
	run(f, "PUT", account,
	    "{\"turnpike-sip:account\":[{\"name\":\"alice\",\"password\":\"********\"}]}", 204);
	assert_int_equal(f->sup.sealed, 1);
	run(f, "POST", "/api/v1/config/commit", "{}", 200);
	assert_non_null(strstr(f->sup.json, "$tp1$1"));
}

static void a_refusal_leaves_everything_as_it_was(void **state)
{
	struct fixture *f = *state;
	struct tp_revision r;
	json_t *body;

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	f->sup.say = TP_STATE;
	body = ask(f, "POST", "/api/v1/config/commit", "{}", 409);
	assert_string_equal(error_text(body), "turnpike-sip: port is taken");
	json_decref(body);
	expect_port(f, "running", 5061);
	expect_status(f, "1", 1, "admin", false);
	assert_int_equal(tp_store_revision_get(f->store, 2, &r, NULL, NULL), TP_NOTFOUND);
	f->sup.say = TP_OK;
	run(f, "POST", "/api/v1/config/commit", "{}", 200);
	expect_status(f, "3", 0, NULL, false); /* a number is never used twice */
}

static void what_breaks_a_rule_never_reaches_the_supervisor(void **state)
{
	struct fixture *f = *state;
	unsigned asked = f->sup.candidates;
	json_t *body;

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":7443}", 201);
	body = ask(f, "POST", "/api/v1/config/commit", "{}", 400);
	assert_string_equal(error_text(body),
			    "The administration web server has this TCP port already.");
	json_decref(body);
	body = ask(f, "POST", "/api/v1/config/validate", NULL, 200);
	assert_true(json_is_false(json_object_get(body, "valid")));
	json_decref(body);
	assert_int_equal(f->sup.candidates, asked);
}

static void a_trial_is_confirmed_over_another_connection(void **state)
{
	struct fixture *f = *state;

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	run(f, "POST", "/api/v1/config/commit", "{\"confirm-within-s\":300}", 200);
	assert_int_equal(f->sup.trial_s, 300);
	assert_int_equal(state_of(f, 2), TP_REVISION_TRIAL);
	expect_status(f, "2", 0, NULL, true);
	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5072}", 204);
	run(f, "POST", "/api/v1/config/commit", "{}", 409); /* one trial at a time */
	run(f, "POST", "/api/v1/config/confirm", "{}", 403);
	assert_int_equal(state_of(f, 2), TP_REVISION_TRIAL);
	json_decref(ask_as(f, "POST", "/api/v1/config/confirm", "{}", 2, true, 200));
	assert_int_equal(state_of(f, 2), TP_REVISION_COMMITTED);
	expect_status(f, "2", 1, "admin", false);
	run(f, "POST", "/api/v1/config/confirm", "{}", 409);
}

static void a_connection_from_before_the_commit_cannot_confirm(void **state)
{
	struct fixture *f = *state;

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	f->newest = 7;
	run(f, "POST", "/api/v1/config/commit", "{\"confirm-within-s\":300}", 200);
	json_decref(ask_as(f, "POST", "/api/v1/config/confirm", "{}", 7, true, 403));
	assert_int_equal(state_of(f, 2), TP_REVISION_TRIAL);
	json_decref(ask_as(f, "POST", "/api/v1/config/confirm", "{}", 8, true, 200));
	assert_int_equal(state_of(f, 2), TP_REVISION_COMMITTED);
}

static void a_trial_is_undone(void **state)
{
	struct fixture *f = *state;

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	run(f, "POST", "/api/v1/config/commit", "{\"confirm-within-s\":60}", 200);
	run(f, "POST", "/api/v1/config/undo", "{}", 200);
	assert_true(f->sup.undo);
	assert_int_equal(state_of(f, 2), TP_REVISION_UNDONE);
	expect_port(f, "running", 5061);
	expect_status(f, "1", 0, NULL, false);
}

static void a_trial_that_runs_out_is_undone_by_the_supervisor(void **state)
{
	struct fixture *f = *state;

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	run(f, "POST", "/api/v1/config/commit", "{\"confirm-within-s\":60}", 200);
	f->sup.running = f->sup.last_good;
	f->sup.trial_s = 0;
	free(f->sup.json);
	f->sup.json = NULL;
	say_state(f, 2);
	expect_port(f, "running", 5061);
	expect_status(f, "1", 0, NULL, false);
	assert_int_equal(state_of(f, 2), TP_REVISION_UNDONE);
}

static void an_old_word_does_not_undo_a_newer_commit(void **state)
{
	struct fixture *f = *state;
	struct tp_msg_revision_state old = {.running = 1, .last_good = 1, .running_sha256_len = 32};

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	run(f, "POST", "/api/v1/config/commit", "{}", 200);
	tp_config_on_revision_state(f->config, &old);
	expect_port(f, "running", 5071);
	expect_status(f, "2", 0, NULL, false);
}

/* admin dies between storing a revision and hearing the decision. */
static void after_a_restart_the_decision_wins(void **state)
{
	struct fixture *f = *state;
	struct tp_revision r;

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	f->sup.silent = true;
	run(f, "POST", "/api/v1/config/commit", "{}", 503);
	assert_int_equal(state_of(f, 2), TP_REVISION_PREPARED);
	stop(f);
	start(f); /* the supervisor had not decided for it */
	assert_int_equal(tp_store_revision_get(f->store, 2, &r, NULL, NULL), TP_NOTFOUND);
	expect_port(f, "running", 5061);
	expect_port(f, "candidate", 5071); /* the edits are still there */

	f->sup.decide = true;
	run(f, "POST", "/api/v1/config/commit", "{}", 503);
	stop(f);
	start(f); /* it had decided for it */
	assert_int_equal(state_of(f, 3), TP_REVISION_COMMITTED);
	expect_port(f, "running", 5071);
	expect_status(f, "3", 0, "admin", false);
}

static void any_revision_is_restored(void **state)
{
	struct fixture *f = *state;
	json_t *list;

	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	run(f, "POST", "/api/v1/config/commit", "{\"comment\":\"up\"}", 200);
	run(f, "POST", "/api/v1/config/restore", "{\"revision\":\"1\"}", 204);
	expect_port(f, "candidate", 5061);
	expect_status(f, "2", 1, "admin", false);
	run(f, "POST", "/api/v1/config/discard", "{}", 204);
	expect_port(f, "candidate", 5071);
	run(f, "POST", "/api/v1/config/restore", "{\"revision\":\"1\"}", 204);
	run(f, "POST", "/api/v1/config/commit", "{\"comment\":\"down\"}", 200);
	expect_port(f, "running", 5061);
	run(f, "POST", "/api/v1/config/restore", "{\"revision\":\"9\"}", 404);
	run(f, "POST", "/api/v1/config/restore", "{\"revision\":9}", 400);
	list = ask(f, "GET", "/api/v1/config/revisions?limit=2", NULL, 200);
	assert_int_equal(json_integer_value(json_object_get(list, "total")), 3);
	assert_int_equal(json_array_size(json_object_get(list, "revisions")), 2);
	assert_string_equal(
		json_string_value(json_object_get(
			json_array_get(json_object_get(list, "revisions"), 0), "comment")),
		"down");
	json_decref(list);
}

static void conditional_edits_see_others_edits(void **state)
{
	struct fixture *f = *state;
	struct tp_restconf_request q = {
		.method = "GET",
		.path = "/restconf/ds/candidate/turnpike-sip:sip/tls",
		.op = {.user = "a", .source = "", .connection = 1, .may_write = true},
	};
	struct tp_restconf_response r = {0};
	char etag[68];

	tp_restconf_handle(f->config, &q, &r);
	assert_int_equal(r.status, 200);
	snprintf(etag, sizeof(etag), "%s", r.etag);
	assert_int_equal(etag[0], '"');
	tp_restconf_response_fini(&r);
	run(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 201);
	q.method = "PUT";
	q.if_match = etag;
	q.body = "{\"turnpike-sip:tls\":{\"enabled\":false}}";
	q.body_len = strlen(q.body);
	tp_restconf_handle(f->config, &q, &r);
	assert_int_equal(r.status, 412);
	tp_restconf_response_fini(&r);
	expect_port(f, "candidate", 5071);
}

static void requests_are_refused_by_name(void **state)
{
	struct fixture *f = *state;

	json_decref(ask_as(f, "PUT", PORT, "{\"turnpike-sip:port\":5071}", 1, false, 403));
	json_decref(ask_as(f, "POST", "/api/v1/config/commit", "{}", 1, false, 403));
	run(f, "PUT", "/restconf/ds/running/turnpike-sip:sip/tls/port",
	    "{\"turnpike-sip:port\":5071}", 405);
	run(f, "POST", "/api/v1/config/status", "{}", 405);
	run(f, "GET", "/api/v1/config/commit", NULL, 405);
	run(f, "OPTIONS", PORT, NULL, 204);
	run(f, "GET", "/restconf/ds/nothing/x", NULL, 404);
	run(f, "GET", "/restconf/ds/running/turnpike-sip:sip/nothing", NULL, 400);
	run(f, "GET", "/restconf/ds/running/turnpike-zone:zones/zone=x", NULL, 404);
	run(f, "GET", "/restconf/ds/running/turnpike-sip:sip?with-defaults=trim", NULL, 400);
	run(f, "POST", "/api/v1/config/commit", "[]", 400);
	run(f, "POST", "/api/v1/config/commit", "{\"comment\":1}", 400);
	run(f, "POST", "/api/v1/config/commit", "{\"comment\":\"a\",\"comment\":\"b\"}", 400);
	run(f, "DELETE", PORT, NULL, 404);
}

#define WIZARD_PEM "-----BEGIN CERTIFICATE-----\\nBBBB\\n-----END CERTIFICATE-----\\n"

static void the_wizard_makes_half_a_pair(void **state)
{
	struct fixture *f = *state;
	const char *core =
		"{\"role\":\"core\",\"host-name\":\"core.example.com\",\"networks\":[{\"name\":"
		"\"lan\","
		"\"address\":\"192.0.2.2\"}],\"peer\":{\"name\":\"edge\",\"address\":\"192.0.2.1\","
		"\"port\":7001,\"verify-name\":\"edge.example.com\",\"user\":\"core\","
		"\"password\":\"swordfish\",\"peer-ca\":\"" WIZARD_PEM "\"}}";
	json_t *body, *zone;

	run(f, "POST", "/api/v1/setup/complete",
	    "{\"role\":\"core\",\"host-name\":\"core.example.com\",\"networks\":[],\"peer\":null}",
	    400);
	run(f, "POST", "/api/v1/setup/complete",
	    "{\"role\":\"both\",\"host-name\":\"core.example.com\",\"networks\":[{\"name\":\"lan\","
	    "\"address\":\"192.0.2.2\"}],\"peer\":null}",
	    400);
	expect_status(f, "1", 0, NULL, false);
	body = ask(f, "POST", "/api/v1/setup/complete", core, 200);
	assert_string_equal(json_string_value(json_object_get(body, "revision")), "2");
	json_decref(body);
	body = ask(f, "GET", "/restconf/ds/running/turnpike-zone:zones/zone=edge", NULL, 200);
	zone = json_array_get(json_object_get(body, "turnpike-zone:zone"), 0);
	assert_string_equal(json_string_value(json_object_get(zone, "type")), "traversal-client");
	assert_string_equal(json_string_value(json_object_get(zone, "password")), "********");
	json_decref(body);
	run(f, "GET", "/restconf/ds/running/turnpike-tls:tls/trusted-ca=edge-ca", NULL, 200);
	body = ask(f, "GET", "/api/v1/ports", NULL, 200);
	assert_true(json_array_size(json_object_get(body, "ports")) >= 4);
	json_decref(body);
	run(f, "GET", "/api/v1/identity", NULL, 200);
	run(f, "GET", "/api/v1/model", NULL, 200);
	run(f, "POST", "/api/v1/setup/complete", core, 409); /* once only */
}

/* The model has an entry for each identity of the table of services and no other; a key
 * that comes sealed stays as it is. */
static void each_side_of_a_service_can_have_an_identity(void **state)
{
	struct fixture *f = *state;
	const struct tp_operator op = {.user = "admin", .source = "", .connection = 1, .may_write = true};
	unsigned sealed = f->sup.sealed;

	for (unsigned i = 1; i <= TP_TLS_IDENTITIES; i++) {
		struct tp_tls_identity_info info = tp_tls_identity_info(i);
		struct tp_restconf_response answer = {0};
		char path[128];

		if (i == TP_TLS_IDENTITIES) /* behind the last: one that is none */
			tp_text_copy(info.id, sizeof(info.id), "web-client");
		snprintf(path, sizeof(path), "turnpike-tls:tls/identities/identity=%s", info.id);
		tp_config_put_sealed(f->config, &op, path, "turnpike-tls:identity",
				     json_pack("[{s:s, s:s, s:s}]", "id", info.id, "certificate",
					       "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
					       "private-key", "$tp1$AAAA"),
				     NULL, &answer);
		assert_int_equal(answer.status, i == TP_TLS_IDENTITIES ? 400 : 201);
		tp_restconf_response_fini(&answer);
	}
	assert_int_equal(f->sup.sealed, sealed);
	run(f, "POST", "/api/v1/config/commit", "{\"comment\":\"identities\"}", 200);
	assert_non_null(strstr(f->sup.json, "\"private-key\":\"$tp1$AAAA\""));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(first_start_commits_the_factory_configuration),
		TEST(an_edit_is_pending_until_committed),
		TEST(the_log_says_what_was_before),
		TEST(secrets_are_sealed_and_masked),
		TEST(a_refusal_leaves_everything_as_it_was),
		TEST(what_breaks_a_rule_never_reaches_the_supervisor),
		TEST(a_trial_is_confirmed_over_another_connection),
		TEST(a_connection_from_before_the_commit_cannot_confirm),
		TEST(a_trial_is_undone),
		TEST(a_trial_that_runs_out_is_undone_by_the_supervisor),
		TEST(an_old_word_does_not_undo_a_newer_commit),
		TEST(after_a_restart_the_decision_wins),
		TEST(any_revision_is_restored),
		TEST(conditional_edits_see_others_edits),
		TEST(requests_are_refused_by_name),
		TEST(the_wizard_makes_half_a_pair),
		TEST(each_side_of_a_service_can_have_an_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
