/* Unit tests of which sessions end when the settings of logins change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "login_fixture.h"

enum { READERS, WRITERS };

struct fixture {
	struct login_fixture at;
	struct tp_cfg_login_sources sources;
	struct tp_cfg_login_group groups[2];
	struct tp_cfg_ldap *ldap;
	struct tp_cfg_tls_policy tls;
	struct tp_cfg_card_login card;
};

static void configure(struct fixture *f)
{
	struct tp_cfg_admin cfg = { .set_up = true, .session_idle_s = 600, .session_absolute_s = 6000,
				    .session_max = 50 };

	f->sources.groups = f->groups;
	cfg.login_sources[0] = f->sources;
	cfg.login_sources_count = 1;
	cfg.ldap[0] = *f->ldap;
	cfg.ldap_count = 1;
	cfg.card_login[0] = f->card;
	cfg.card_login_count = 1;
	tp_login_configure(f->at.login, &cfg);
}

/* Both kinds of accounts, with groups that give what their names say. */
static void begin(struct fixture *f)
{
	static const char *const names[] = { [READERS] = "readers", [WRITERS] = "writers" };

	f->sources = (struct tp_cfg_login_sources){ .source = TP_LOGIN_BOTH, .pam = true, .groups_count = 2 };
	for (int i = 0; i < 2; i++) {
		f->groups[i] = (struct tp_cfg_login_group){ .web = true, .level = TP_ACCOUNT_READ_ONLY };
		snprintf(f->groups[i].name, sizeof(f->groups[i].name), "%s", names[i]);
	}
	f->groups[WRITERS].level = TP_ACCOUNT_READ_WRITE;
	f->groups[WRITERS].api = true;
	memset(f->ldap, 0, sizeof(*f->ldap));
	f->ldap->enabled = true;
	f->ldap->tls_count = 1;
	f->ldap->trusted_pem = (const uint8_t *)"";
	f->ldap->servers_count = 1;
	snprintf(f->ldap->servers[0].host, sizeof(f->ldap->servers[0].host), "a.test");
	snprintf(f->ldap->base, sizeof(f->ldap->base), "dc=test");
	f->card = (struct tp_cfg_card_login){ 0 };
	configure(f);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->ldap = calloc(1, sizeof(*f->ldap));
	login_fixture_make(&f->at, NULL);
	begin(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	login_fixture_remove(&f->at);
	free(f->ldap);
	free(f);
	return 0;
}

static struct tp_session_facts facts_of(struct fixture *f, const char *user, const char *source, int group)
{
	struct tp_session_facts facts = { .state = TP_OPERATOR_ACTIVE,
					  .rights = { .level = TP_ACCOUNT_READ_WRITE, .web = true },
					  .basis = { .source = source, .ldap_digest = f->at.login->auth.ldap_digest },
					  .remote = strcmp(source, "local") != 0 };
	struct tp_msg_remote_group own = { 0 };

	snprintf(facts.user, sizeof(facts.user), "%s", user);
	if (!facts.remote)
		return facts;
	snprintf(own.name, sizeof(own.name), "%s", f->groups[group].name);
	tp_auth_basis_add(&facts.basis, &f->at.login->auth, &own, 1);
	assert_true(tp_auth_basis_map(&facts.basis, &f->at.login->auth, &facts.rights));
	return facts;
}

static void open_one(struct fixture *f, const char *user, const char *source, int group)
{
	struct tp_session_facts facts = facts_of(f, user, source, group);
	char id[TP_SESSION_ID_TEXT];
	uint8_t hash[32];

	assert_int_equal(tp_session_open(f->at.login->sessions, &facts, NULL, tp_login_steady_ms(), id, hash), TP_OK);
}

/* Who is there after the change, by the first letters of their names. */
static void left(struct fixture *f, const char *wanted)
{
	struct tp_session_row *rows = NULL;
	char names[16] = "";
	size_t count = 0;

	configure(f);
	assert_int_equal(tp_sessions_list(f->at.login->sessions, tp_login_steady_ms(), &rows, &count), TP_OK);
	for (size_t i = 0; i < count; i++)
		names[i] = rows[i].facts.user[0];
	free(rows);
	assert_string_equal(names, wanted);
	tp_session_close_user(f->at.login->sessions, "anna", false, NULL, TP_SESSION_LOGOUT, 1);
	for (const char *const *u = (const char *const[]){ "ben", "cora", "dora", NULL }; *u; u++)
		tp_session_close_user(f->at.login->sessions, *u, true, NULL, TP_SESSION_LOGOUT, 1);
	begin(f);
	open_one(f, "anna", "local", 0);
	open_one(f, "ben", "pam", WRITERS);
	open_one(f, "cora", "pam", READERS);
	open_one(f, "dora", "ldap", READERS);
}

static void sessions_end_with_what_let_them_in(void **state)
{
	struct fixture *f = *state;

	left(f, "");
	left(f, "abcd"); /* nothing has changed */
	f->sources.source = TP_LOGIN_LOCAL;
	left(f, "a");
	f->sources.source = TP_LOGIN_REMOTE;
	left(f, "bcd");
	f->sources.pam = false;
	left(f, "ad");
	f->ldap->enabled = false;
	left(f, "abc");
}

static void sessions_end_with_the_rights_of_their_groups(void **state)
{
	struct fixture *f = *state;

	left(f, "");
	f->sources.groups_count = 1; /* the writers are gone */
	left(f, "acd");
	f->groups[WRITERS].level = TP_ACCOUNT_READ_ONLY;
	left(f, "acd");
	f->groups[WRITERS].level = TP_ACCOUNT_AUDITOR;
	left(f, "acd");
	f->groups[WRITERS].api = false;
	left(f, "acd");
	f->groups[READERS].web = false;
	left(f, "ab");
	/* What is given in addition waits for the next login, another level does not. */
	f->groups[READERS].api = true;
	left(f, "abcd");
	f->groups[READERS].level = TP_ACCOUNT_READ_WRITE;
	left(f, "ab");
	/* A group in the place of another one is another one. */
	snprintf(f->groups[WRITERS].name, sizeof(f->groups[WRITERS].name), "writer");
	left(f, "acd");
}

static void sessions_end_with_the_directory_that_knew_them(void **state)
{
	struct fixture *f = *state;
	struct tp_cfg_ldap *l = f->ldap;

	left(f, "");
	snprintf(l->servers[0].host, sizeof(l->servers[0].host), "b.test");
	left(f, "abc");
	l->servers[0].port = 1636;
	left(f, "abc");
	l->servers_count = 2;
	left(f, "abc");
	l->encryption = 1;
	left(f, "abc");
	l->depth = 3;
	left(f, "abc");
	snprintf(l->base, sizeof(l->base), "dc=other");
	left(f, "abc");
	snprintf(l->filter, sizeof(l->filter), "(cn=%%s)");
	left(f, "abc");
	snprintf(l->name_attribute, sizeof(l->name_attribute), "mail");
	left(f, "abc");
	snprintf(l->group_base, sizeof(l->group_base), "ou=groups");
	left(f, "abc");
	/* The time to wait says nothing about who they are. */
	l->server_s = 9;
	left(f, "abcd");
}

static void sessions_end_when_a_certificate_is_asked_for(void **state)
{
	struct fixture *f = *state;
	struct tp_session_facts facts;
	char id[TP_SESSION_ID_TEXT];
	uint8_t hash[32];

	left(f, "");
	f->card.level = TP_CAC_VALIDATION;
	left(f, "");
	for (int method = TP_SESSION_PASSWORD; method <= TP_SESSION_CERTIFICATE; method++) {
		facts = facts_of(f, "erin", "local", 0);
		facts.method = (enum tp_session_method)method;
		facts.card[0] = 1;
		assert_int_equal(tp_session_open(f->at.login->sessions, &facts, NULL, tp_login_steady_ms(), id, hash),
				 TP_OK);
	}
	f->card.level = TP_CAC_VALIDATION;
	left(f, "ee");
	f->card.level = TP_CAC_AUTHENTICATION;
	left(f, "e");
	assert_int_equal(tp_session_find(f->at.login->sessions, hash, tp_login_steady_ms(), false, &facts), TP_OK);
	assert_int_equal(facts.method, TP_SESSION_CERTIFICATE);
}

static void each_end_is_told(void **state)
{
	struct fixture *f = *state;
	struct tp_log_query q = { .filter = "session.ended", .limit = 10 };
	struct tp_log_entry *rows = NULL;
	size_t count = 0;
	uint64_t total = 0;

	open_one(f, "ben", "pam", WRITERS);
	f->sources.groups_count = 1;
	configure(f);
	assert_int_equal(tp_store_log_list(f->at.store, &q, &rows, &count, &total), TP_OK);
	assert_int_equal(count, 1);
	assert_string_equal(rows[0].user, "ben");
	assert_string_equal(rows[0].text, "None of the user's groups may administer this appliance any more.");
	free(rows);
}

static void a_local_account_takes_its_name_back(void **state)
{
	struct fixture *f = *state;
	struct tp_account dora = { .name = "Dora", .level = TP_ACCOUNT_READ_WRITE, .web = true };

	left(f, "");
	assert_int_equal(tp_store_account_add(f->at.store, &dora), TP_OK);
	left(f, "abc");
	f->sources.source = TP_LOGIN_REMOTE; /* then local accounts do not count */
	left(f, "bcd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sessions_end_with_what_let_them_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sessions_end_with_the_rights_of_their_groups, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sessions_end_with_the_directory_that_knew_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sessions_end_when_a_certificate_is_asked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_end_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_local_account_takes_its_name_back, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
