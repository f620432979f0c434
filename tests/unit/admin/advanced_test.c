/* Unit tests of advanced account security: what begins it, and who is who while it lasts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "admin/account/login_state.h"
#include "admin/advanced/gate.h"
#include "admin/advanced/prerequisites.h"
#include "folder.h"
#include "ipc/messages.h"

#define EMERGENCY "BAKER"
#define GROUP "\"group\":[{\"name\":\"g\",\"level\":\"read-write\"}]"
#define READY                                                                                    \
	"\"login\":{\"source\":\"remote\"},\"pam\":{\"enabled\":true}," GROUP ",\"advanced\":{"      \
	"\"classification\":{\"text\":\"SECRET\"},\"emergency-account\":\""
#define OFF(name) "{\"turnpike-access:access\":{" READY name "\"}}}"
#define ON(name) "{\"turnpike-access:access\":{" READY name "\",\"enabled\":true}}}"

struct fixture {
	struct folder folder;
	struct tp_store *store;
	struct tp_login *login;
	struct tp_model *model;
	struct tp_advanced_parts parts;
};

/* A source that knows everybody; who types "alias" is called as the emergency account. */
static enum tp_err answer(void *arg, const struct tp_msg_pam_ask *ask, struct tp_msg_remote_answered *out)
{
	const char *user = !strcmp(ask->user, "alias") ? EMERGENCY : ask->user;

	(void)arg;
	memset(out, 0, sizeof(*out));
	out->result = TP_REMOTE_OK;
	tp_text_copy(out->user, sizeof(out->user), user);
	out->groups = calloc(1, sizeof(*out->groups));
	assert_non_null(out->groups);
	out->groups_count = 1;
	tp_text_copy(out->groups[0].name, sizeof(out->groups[0].name), "g");
	return TP_OK;
}

static const struct tp_auth_helpers helpers = { .pam = answer };

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct tp_diag diag = { 0 };

	folder_make(&f->folder);
	assert_int_equal(tp_store_open(f->folder.fd, &f->store, &diag), TP_OK);
	assert_int_equal(tp_login_new(f->store, NULL, &helpers, NULL, NULL, &f->login), TP_OK);
	assert_int_equal(tp_model_new(&f->model, &diag), TP_OK);
	f->parts = (struct tp_advanced_parts){ f->store, f->login, NULL };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tp_login_free(&f->login);
	tp_store_close(&f->store);
	tp_model_free(&f->model);
	folder_remove(&f->folder);
	free(f);
	return 0;
}

static void add(struct fixture *f, const char *name)
{
	struct tp_account a = { .level = TP_ACCOUNT_READ_WRITE, .web = true, .api = true };

	snprintf(a.name, sizeof(a.name), "%s", name);
	snprintf(a.password_hash, sizeof(a.password_hash), "x");
	assert_int_equal(tp_store_account_add(f->store, &a), TP_OK);
}

static struct tp_tree *tree_of(struct fixture *f, const char *json)
{
	struct tp_model_errors errors = { 0 };
	struct tp_tree *tree = NULL;

	if (tp_tree_parse(f->model, json, strlen(json), &tree, &errors) != TP_OK)
		fail_msg("%s: %s", errors.list[0].path, errors.list[0].text);
	return tree;
}

/* What the gate says of a commit from one configuration to another; the number of reasons. */
static size_t commit(struct fixture *f, const char *from, const char *to, bool emergency, uint32_t trial_s,
		     struct tp_model_errors *errors)
{
	const struct tp_operator op = { .user = "somebody", .emergency = emergency, .may_write = true };
	struct tp_tree *running = tree_of(f, from), *candidate = tree_of(f, to);
	enum tp_err err;

	memset(errors, 0, sizeof(*errors));
	err = tp_advanced_gate(&f->parts, running, candidate, &op, trial_s, errors);
	assert_int_equal(err, errors->count ? TP_DENIED : TP_OK);
	tp_tree_free(&running);
	tp_tree_free(&candidate);
	return errors->count;
}

static void row_135_the_gate_asks_the_store(void **state)
{
	struct fixture *f = *state;
	struct tp_model_errors errors;
	struct tp_account a;

	add(f, "first");
	add(f, "Admin");
	add(f, EMERGENCY);
	assert_int_equal(commit(f, OFF(EMERGENCY), ON(EMERGENCY), false, 60, &errors), 0);
	assert_int_equal(commit(f, OFF(EMERGENCY), ON(EMERGENCY), false, 0, &errors), 1);
	assert_non_null(strstr(errors.list[0].text, "on trial"));
	/* The first one, in whatever name; admin, in whatever letters; nobody. */
	assert_int_equal(commit(f, OFF(EMERGENCY), ON("first"), false, 60, &errors), 1);
	assert_int_equal(commit(f, OFF(EMERGENCY), ON("Admin"), false, 60, &errors), 1);
	assert_int_equal(commit(f, OFF(EMERGENCY), ON("baker"), false, 60, &errors), 5);
	assert_string_equal(errors.list[0].path, "/turnpike-access:access/advanced/emergency-account");
	/* Each thing by itself, and all at once. */
	assert_int_equal(tp_store_account_get(f->store, EMERGENCY, &a), TP_OK);
	a.must_change = true;
	assert_int_equal(tp_store_account_update(f->store, &a), TP_OK);
	assert_int_equal(commit(f, OFF(EMERGENCY), ON(EMERGENCY), false, 60, &errors), 1);
	a.web = false;
	assert_int_equal(tp_store_account_update(f->store, &a), TP_OK);
	assert_int_equal(commit(f, OFF(EMERGENCY), ON(EMERGENCY), false, 60, &errors), 2);
	/* Without the mode nobody asks. */
	assert_int_equal(commit(f, OFF(EMERGENCY), OFF("nobody"), false, 0, &errors), 0);
}

#define CARDS "\"certificate-login\":{\"level\":\"authentication\"},"
#define ON_BY_CARD "{\"turnpike-access:access\":{" CARDS READY EMERGENCY "\",\"enabled\":true}}}"
#define OFF_BY_CARD "{\"turnpike-access:access\":{" CARDS READY EMERGENCY "\"}}}"

/* Where the certificate is the login, nobody asks for the password, and the card has to be shown once. */
static void row_109_the_emergency_account_has_a_card(void **state)
{
	const struct tp_login_row by_card = { .user = EMERGENCY, .method = TP_SESSION_CERTIFICATE, .started_ms = 1 };
	struct fixture *f = *state;
	struct tp_model_errors errors;
	struct tp_account a;
	uint64_t id;

	add(f, "first");
	add(f, EMERGENCY);
	assert_int_equal(tp_store_account_get(f->store, EMERGENCY, &a), TP_OK);
	a.must_change = true;
	assert_int_equal(tp_store_account_update(f->store, &a), TP_OK);
	assert_int_equal(commit(f, OFF_BY_CARD, ON_BY_CARD, false, 60, &errors), 1);
	assert_non_null(strstr(errors.list[0].text, "Log in with its card once."));
	assert_int_equal(tp_store_login_add(f->store, &by_card, &id), TP_OK);
	assert_int_equal(commit(f, OFF_BY_CARD, ON_BY_CARD, false, 60, &errors), 0);
	/* In the mode it shows its card itself. */
	assert_int_equal(commit(f, ON(EMERGENCY), ON_BY_CARD, false, 60, &errors), 1);
	assert_string_equal(errors.list[0].path, "/turnpike-access:access/certificate-login/level");
	assert_int_equal(commit(f, ON(EMERGENCY), ON_BY_CARD, true, 60, &errors), 0);
	assert_int_equal(commit(f, ON_BY_CARD, ON(EMERGENCY), false, 60, &errors), 0);
}

#define NAMED(pattern, ca, crls)                                                                  \
	"{\"turnpike-access:access\":{\"certificate-login\":{\"level\":\"authentication\","           \
	"\"pattern\":\"" pattern "\",\"use-crls\":" crls "}," READY EMERGENCY "\",\"enabled\":true}},"       \
	"\"turnpike-tls:tls\":{\"trusted-ca\":[{\"name\":\"a\",\"use\":[\"web-login\"],\"certificate\":"    \
	"\"-----BEGIN CERTIFICATE-----\\n" ca "\\n-----END CERTIFICATE-----\"}]}}"
#define BY_CN "/CN=(?<Group1>[a-z]+)/"

/* Otherwise an administrator would call his own card as the emergency account. */
static void row_142_the_emergency_account_says_what_cards_are_called(void **state)
{
	static const char *const before = NAMED(BY_CN, "AAAA", "true");
	static const char *const after[] = { NAMED("/(?<Group1>BAKER|CN)/", "AAAA", "true"),
					     NAMED(BY_CN, "AAAB", "true") };
	struct fixture *f = *state;
	struct tp_model_errors errors;

	add(f, "first");
	add(f, EMERGENCY);
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		assert_int_equal(commit(f, before, after[i], false, 60, &errors), 1);
		assert_non_null(strstr(errors.list[0].text, "Nobody but the emergency account"));
		assert_int_equal(commit(f, before, after[i], true, 60, &errors), 0);
	}
	assert_int_equal(commit(f, before, NAMED(BY_CN, "AAAA", "false"), false, 60, &errors), 0);
	/* Where passwords are asked for, no card is anybody's name. */
	assert_int_equal(commit(f, before, ON(EMERGENCY), false, 60, &errors), 0);
}

static void row_135_the_first_account_stays_the_first(void **state)
{
	struct fixture *f = *state;
	bool first;

	add(f, "first");
	add(f, "second");
	assert_int_equal(tp_store_account_delete(f->store, "first"), TP_OK);
	assert_int_equal(tp_store_account_is_first(f->store, "second", &first), TP_OK);
	assert_false(first);
}

static void row_140_the_gate_lets_nobody_out(void **state)
{
	struct fixture *f = *state;
	struct tp_model_errors errors;

	add(f, "first");
	add(f, EMERGENCY);
	add(f, "DAVIS");
	for (int emergency = 0; emergency < 2; emergency++) {
		assert_int_equal(commit(f, ON(EMERGENCY), OFF(EMERGENCY), emergency, 60, &errors), 1);
		assert_non_null(strstr(errors.list[0].text, "No change of settings ends"));
		assert_int_equal(commit(f, ON(EMERGENCY), "{}", emergency, 60, &errors), 1);
		assert_int_equal(commit(f, ON(EMERGENCY), ON(EMERGENCY), emergency, 0, &errors), 0);
	}
	/* Row 142: another emergency account, named by the one before and on trial. */
	assert_int_equal(commit(f, ON(EMERGENCY), ON("DAVIS"), false, 60, &errors), 1);
	assert_non_null(strstr(errors.list[0].text, "Nobody but the emergency account itself"));
	assert_int_equal(commit(f, ON(EMERGENCY), ON("DAVIS"), true, 0, &errors), 1);
	assert_int_equal(commit(f, ON(EMERGENCY), ON("DAVIS"), true, 60, &errors), 0);
	assert_int_equal(commit(f, ON(EMERGENCY), ON("first"), true, 60, &errors), 1);
}

/* --------------------------------------------------------------------- who is who */

static void configure(struct fixture *f, enum tp_login_source source, bool enabled)
{
	struct tp_cfg_admin *cfg = calloc(1, sizeof(*cfg));
	struct tp_cfg_login_group group = { .name = "g", .level = TP_ACCOUNT_READ_ONLY, .web = true };

	assert_non_null(cfg);
	cfg->api = true;
	cfg->session_idle_s = cfg->session_absolute_s = 600;
	cfg->session_max = 50;
	cfg->login_sources_count = cfg->advanced_count = 1;
	cfg->login_sources[0] = (struct tp_cfg_login_sources){
		.source = (uint8_t)source, .pam = true, .pam_time_s = 5, .groups_count = 1, .groups = &group
	};
	cfg->advanced[0].enabled = enabled;
	tp_text_copy(cfg->advanced[0].emergency_account, sizeof(cfg->advanced[0].emergency_account), EMERGENCY);
	tp_login_configure(f->login, cfg);
	free(cfg);
}

/* The running revision as the database has it is what the gate is given. */
static void row_140_a_damaged_database_is_no_way_out(void **state)
{
	struct fixture *f = *state;
	struct tp_model_errors errors;

	configure(f, TP_LOGIN_REMOTE, true);
	assert_int_equal(commit(f, "{}", OFF(EMERGENCY), true, 60, &errors), 1);
	assert_non_null(strstr(errors.list[0].text, "No change of settings ends"));
	configure(f, TP_LOGIN_REMOTE, false);
	assert_int_equal(commit(f, "{}", OFF(EMERGENCY), true, 60, &errors), 0);
}

/* "local", "remote", or "": does not come in. Nobody is asked for a password. */
static const char *come(struct fixture *f, const char *name)
{
	const struct tp_auth_ask ask = { .user = name, .address = "192.0.2.1" };
	struct tp_auth_verdict *v = calloc(1, sizeof(*v));
	const char *how;

	assert_non_null(v);
	if (tp_authenticate(f->login, &ask, v) != TP_OK)
		how = "";
	else
		how = v->remote ? "remote" : "local";
	/* The level of the account here, or of the group there. */
	if (how[0])
		assert_int_equal(v->rights.level, v->remote ? TP_ACCOUNT_READ_ONLY : TP_ACCOUNT_READ_WRITE);
	free(v);
	return how;
}

static void row_141_one_local_account_comes_in(void **state)
{
	static const struct {
		const char *name;
		const char *with_both, *remote_only, *in_the_mode;
	} cases[] = {
		{ "first", "local", "remote", "remote" }, /* the remote user of that name */
		{ EMERGENCY, "local", "remote", "local" },
		{ "baker", "", "remote", "" }, /* no remote user goes by its name */
		{ "alias", "", "remote", "" }, /* nor does one whom the source calls so */
		{ "ann", "remote", "remote", "remote" },
		{ "root", "", "", "" },
	};
	struct fixture *f = *state;

	add(f, "first");
	add(f, EMERGENCY);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		configure(f, TP_LOGIN_BOTH, false);
		assert_string_equal(come(f, cases[i].name), cases[i].with_both);
		configure(f, TP_LOGIN_REMOTE, false);
		assert_string_equal(come(f, cases[i].name), cases[i].remote_only);
		configure(f, TP_LOGIN_REMOTE, true);
		assert_string_equal(come(f, cases[i].name), cases[i].in_the_mode);
	}
}

/* ----------------------------------------------------------------------- sessions */

static bool lives(struct fixture *f, const uint8_t hash[32])
{
	struct tp_session_facts facts;

	return tp_session_find(f->login->sessions, hash, tp_login_steady_ms(), false, &facts) == TP_OK;
}

/* As after a login: of a remote user with what the source has said. */
static void open_session(struct fixture *f, const struct tp_session_facts *given, uint8_t hash[32])
{
	static const uint8_t none[32];
	const struct tp_auth_ask ask = { .user = given->user, .address = "192.0.2.1" };
	struct tp_auth_verdict *v = calloc(1, sizeof(*v));
	struct tp_session_facts facts = *given;
	char id[TP_SESSION_ID_TEXT];

	assert_non_null(v);
	if (given->remote) {
		assert_int_equal(tp_authenticate(f->login, &ask, v), TP_OK);
		facts.basis = v->basis;
		facts.rights = v->rights;
	}
	free(v);
	assert_int_equal(tp_session_open(f->login->sessions, &facts, none, tp_login_steady_ms(), id, hash), TP_OK);
}

static void row_141_sessions_of_the_others_end(void **state)
{
	static const struct {
		struct tp_session_facts facts;
		bool stays;
	} cases[] = {
		{ { .state = TP_OPERATOR_ACTIVE, .user = "first" }, false },
		{ { .state = TP_OPERATOR_ACTIVE, .user = EMERGENCY }, true },
		{ { .state = TP_OPERATOR_ACTIVE, .user = EMERGENCY, .by_api = true }, false },
		{ { .state = TP_OPERATOR_ACTIVE, .user = "ann", .remote = true }, true },
		{ { .state = TP_OPERATOR_ACTIVE, .user = "ann", .remote = true, .by_api = true }, false },
		{ { .state = TP_OPERATOR_ACTIVE, .user = EMERGENCY, .remote = true }, false }, /* a namesake */
		{ { .state = TP_OPERATOR_ACTIVE, .user = "baker", .remote = true }, false },
		{ { .state = TP_OPERATOR_SETUP }, false },
	};
	enum { CASES = sizeof(cases) / sizeof(cases[0]) };
	struct fixture *f = *state;
	uint8_t hash[CASES][32];

	configure(f, TP_LOGIN_BOTH, false);
	for (size_t i = 0; i < CASES; i++)
		open_session(f, &cases[i].facts, hash[i]);
	configure(f, TP_LOGIN_BOTH, false);
	for (size_t i = 0; i < CASES; i++)
		assert_true(lives(f, hash[i]));
	configure(f, TP_LOGIN_REMOTE, true);
	for (size_t i = 0; i < CASES; i++) {
		assert_int_equal(lives(f, hash[i]), cases[i].stays);
		if (!cases[i].stays)
			assert_non_null(strstr(tp_session_why(f->login->sessions, hash[i]), "advanced mode"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(row_135_the_gate_asks_the_store, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_109_the_emergency_account_has_a_card, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_142_the_emergency_account_says_what_cards_are_called, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(row_135_the_first_account_stays_the_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_140_the_gate_lets_nobody_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_140_a_damaged_database_is_no_way_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_141_one_local_account_comes_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(row_141_sessions_of_the_others_end, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
