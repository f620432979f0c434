/* admin/store: schema, revisions, accounts, history, alarms, log; what kill -9 in the
 * middle of commits leaves. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/store/store.h"
#include "folder.h"

struct fixture {
	struct folder folder;
	struct tp_store *store;
};

static void open_store(struct fixture *f)
{
	struct tp_diag diag = {0};

	if (tp_store_open(f->folder.fd, &f->store, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	folder_make(&f->folder);
	open_store(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	tp_store_close(&f->store);
	folder_remove(&f->folder);
	free(f);
	return 0;
}

static enum tp_err add(struct tp_store *store, uint64_t number, enum tp_revision_state state)
{
	struct tp_revision r = {
		.number = number, .at_ms = 1000 + number, .state = state, .changes = 2};
	char json[32];

	snprintf(r.author, sizeof(r.author), "admin");
	snprintf(json, sizeof(json), "{\"n\":%llu}", (unsigned long long)number);
	return tp_store_revision_add(store, &r, json, strlen(json));
}

static void revisions_are_kept_and_numbered(void **state)
{
	struct fixture *f = *state;
	struct tp_revision r, *rows;
	uint64_t n, total;
	char *json;
	size_t len, count;

	assert_int_equal(tp_store_revision_next(f->store, &n), TP_OK);
	assert_int_equal(n, 1);
	assert_int_equal(add(f->store, 1, TP_REVISION_PREPARED), TP_OK);
	assert_int_equal(add(f->store, 1, TP_REVISION_PREPARED), TP_EXISTS);
	assert_int_equal(tp_store_revision_set_state(f->store, 1, TP_REVISION_COMMITTED), TP_OK);
	assert_int_equal(tp_store_revision_drop(f->store, 1), TP_STATE);
	assert_int_equal(add(f->store, 2, TP_REVISION_PREPARED), TP_OK);
	assert_int_equal(tp_store_revision_drop(f->store, 2), TP_OK);
	assert_int_equal(tp_store_revision_next(f->store, &n), TP_OK);
	assert_int_equal(n, 3);
	assert_int_equal(add(f->store, 3, TP_REVISION_PREPARED), TP_OK);
	assert_int_equal(tp_store_revision_get(f->store, 3, &r, &json, &len), TP_OK);
	assert_string_equal(json, "{\"n\":3}");
	assert_int_equal(len, 7);
	free(json);
	assert_int_equal(r.state, TP_REVISION_PREPARED);
	assert_int_equal(tp_store_revision_get(f->store, 2, &r, NULL, NULL), TP_NOTFOUND);
	assert_int_equal(tp_store_revision_list(f->store, false, 0, 10, &rows, &count, &total),
			 TP_OK);
	assert_int_equal(count, 1); /* prepared ones are not shown */
	free(rows);
	assert_int_equal(tp_store_revision_list(f->store, true, 0, 10, &rows, &count, &total),
			 TP_OK);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].number, 3);
	free(rows);
	assert_int_equal(tp_store_revision_set_state(f->store, 9, TP_REVISION_TRIAL), TP_NOTFOUND);
}

static void the_oldest_revisions_go(void **state)
{
	struct fixture *f = *state;
	struct tp_revision r;

	assert_int_equal(add(f->store, 1, TP_REVISION_COMMITTED), TP_OK);
	assert_int_equal(add(f->store, 2, TP_REVISION_COMMITTED), TP_OK);
	assert_int_equal(add(f->store, TP_STORE_REVISIONS_MAX + 1, TP_REVISION_COMMITTED), TP_OK);
	assert_int_equal(tp_store_revision_get(f->store, 1, &r, NULL, NULL), TP_NOTFOUND);
	assert_int_equal(tp_store_revision_get(f->store, 2, &r, NULL, NULL), TP_OK);
}

static void the_candidate_survives_a_restart(void **state)
{
	struct fixture *f = *state;
	char holder[TP_STORE_AUTHOR_MAX + 1];
	char *json;
	size_t len;

	assert_int_equal(tp_store_candidate_load(f->store, &json, &len, holder), TP_OK);
	assert_null(json);
	assert_int_equal(tp_store_candidate_save(f->store, "{}", 2, "alice"), TP_OK);
	assert_int_equal(tp_store_candidate_save(f->store, "{ }", 3, "bob"), TP_OK);
	tp_store_close(&f->store);
	open_store(f);
	assert_int_equal(tp_store_candidate_load(f->store, &json, &len, holder), TP_OK);
	assert_string_equal(json, "{ }");
	assert_string_equal(holder, "bob");
	free(json);
	assert_int_equal(tp_store_candidate_save(f->store, NULL, 0, ""), TP_OK);
	assert_int_equal(tp_store_candidate_load(f->store, &json, &len, holder), TP_OK);
	assert_null(json);
}

static void accounts_note_logins(void **state)
{
	struct fixture *f = *state;
	struct tp_account a = {.name = "admin", .password_hash = "$scrypt$x",
			       .level = TP_ACCOUNT_AUDITOR, .disabled = true};
	struct tp_account *rows;
	size_t count;

	assert_int_equal(tp_store_account_add(f->store, &a), TP_OK);
	assert_int_equal(tp_store_account_add(f->store, &a), TP_EXISTS);
	assert_int_equal(tp_store_account_note_login(f->store, "admin", false, 5, "192.0.2.1"),
			 TP_OK);
	assert_int_equal(tp_store_account_note_login(f->store, "admin", false, 6, "192.0.2.1"),
			 TP_OK);
	assert_int_equal(tp_store_account_note_login(f->store, "nobody", false, 6, "192.0.2.1"),
			 TP_NOTFOUND);
	assert_int_equal(tp_store_account_get(f->store, "admin", &a), TP_OK);
	assert_int_equal(a.failures, 2);
	assert_int_equal(a.last_failure_ms, 6);
	assert_int_equal(tp_store_account_note_login(f->store, "admin", true, 7, "192.0.2.9"),
			 TP_OK);
	assert_int_equal(tp_store_account_set_password(f->store, "admin", "$scrypt$y", true, 8, 5), TP_OK);
	assert_int_equal(tp_store_account_list(f->store, &rows, &count), TP_OK);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].failures, 0);
	assert_string_equal(rows[0].last_login_source, "192.0.2.9");
	assert_int_equal(rows[0].level, TP_ACCOUNT_AUDITOR);
	assert_true(rows[0].disabled);
	assert_true(rows[0].must_change);
	assert_string_equal(rows[0].password_hash, "$scrypt$y");
	free(rows);
	assert_int_equal(tp_store_account_delete(f->store, "admin"), TP_OK);
	assert_int_equal(tp_store_account_get(f->store, "admin", &a), TP_NOTFOUND);
	assert_int_equal(tp_store_account_delete(f->store, "admin"), TP_NOTFOUND);
}

static void add_account(struct fixture *f, const char *name, enum tp_account_level level)
{
	struct tp_account a = {.password_hash = "$scrypt$0", .level = level, .web = true, .api = true};

	snprintf(a.name, sizeof(a.name), "%s", name);
	assert_int_equal(tp_store_account_add(f->store, &a), TP_OK);
}

static void tokens_end_with_what_their_account_may(void **state)
{
	struct fixture *f = *state;
	struct tp_api_token t = { .name = "ci", .account = "bob", .created_ms = 1000, .expires_ms = 2000 }, got;
	struct tp_account bob;
	uint8_t hash[32] = { 1 };
	uint64_t id;

	assert_int_equal(tp_store_token_add(f->store, &t, hash, &id), TP_NOTFOUND);
	add_account(f, "able", TP_ACCOUNT_READ_WRITE);
	add_account(f, "bob", TP_ACCOUNT_READ_WRITE);
	assert_int_equal(tp_store_account_get(f->store, "bob", &bob), TP_OK);
	for (int round = 0; round < 2; round++) {
		bob.api = true;
		bob.disabled = false;
		assert_int_equal(tp_store_account_update(f->store, &bob), TP_OK);
		assert_int_equal(tp_store_token_add(f->store, &t, hash, &id), TP_OK);
		assert_int_equal(tp_store_token_add(f->store, &t, hash, &id), TP_EXISTS);
		assert_int_equal(tp_store_token_used(f->store, id, 1500, "192.0.2.1"), TP_OK);
		bob.level = TP_ACCOUNT_READ_ONLY; /* takes no token away */
		assert_int_equal(tp_store_account_update(f->store, &bob), TP_OK);
		assert_int_equal(tp_store_token_find(f->store, hash, &got), TP_OK);
		assert_int_equal(got.used_ms, 1500);
		assert_string_equal(got.used_source, "192.0.2.1");
		bob.api = round == 1;
		bob.disabled = round == 1;
		assert_int_equal(tp_store_account_update(f->store, &bob), TP_OK);
		assert_int_equal(tp_store_token_find(f->store, hash, &got), TP_NOTFOUND);
		assert_int_equal(tp_store_token_add(f->store, &t, hash, &id), TP_NOTFOUND);
	}
}

static void tokens_are_bounded_and_make_room(void **state)
{
	struct fixture *f = *state;
	struct tp_api_token t = { .account = "able", .created_ms = 1000, .expires_ms = 2000 }, got, *rows;
	uint8_t hash[32] = { 0 };
	uint64_t id = 0;
	size_t count;

	add_account(f, "able", TP_ACCOUNT_READ_WRITE);
	for (int i = 0; i <= TP_STORE_TOKENS_MAX; i++) {
		snprintf(t.name, sizeof(t.name), "t%d", i);
		hash[0] = (uint8_t)i;
		assert_int_equal(tp_store_token_add(f->store, &t, hash, &id),
				 i < TP_STORE_TOKENS_MAX ? TP_OK : TP_LIMIT);
	}
	assert_int_equal(tp_store_token_list(f->store, "other", &rows, &count), TP_OK);
	assert_int_equal(count, 0);
	free(rows);
	assert_int_equal(tp_store_token_delete(f->store, id, "other", &got), TP_NOTFOUND);
	/* A caller without an account here has none of them. */
	assert_int_equal(tp_store_token_list(f->store, "", &rows, &count), TP_OK);
	assert_int_equal(count, 0);
	free(rows);
	assert_int_equal(tp_store_token_delete(f->store, id, "", &got), TP_NOTFOUND);
	assert_int_equal(tp_store_token_delete(f->store, id, NULL, &got), TP_OK);
	assert_string_equal(got.name, "t19");
	t.created_ms = 2000; /* all have run out */
	t.expires_ms = 3000;
	assert_int_equal(tp_store_token_add(f->store, &t, hash, &id), TP_OK);
	assert_int_equal(tp_store_token_list(f->store, NULL, &rows, &count), TP_OK);
	assert_int_equal(count, 1);
	free(rows);
	assert_int_equal(tp_store_account_update(f->store, &(struct tp_account){ .name = "able" }), TP_STATE);
	assert_int_equal(tp_store_token_find(f->store, hash, &got), TP_OK);
}

/* Row 172: whatever is asked for, somebody is left who can administer. */
static void row_172_the_last_able_account_stays(void **state)
{
	struct fixture *f = *state;
	struct tp_account alice, ALICE = {.name = "ALICE", .password_hash = "$scrypt$0"};

	add_account(f, "alice", TP_ACCOUNT_READ_WRITE);
	add_account(f, "carol", TP_ACCOUNT_AUDITOR);
	assert_int_equal(tp_store_account_add(f->store, &ALICE), TP_EXISTS);
	assert_int_equal(tp_store_account_get(f->store, "alice", &alice), TP_OK);
	for (int i = 0; i < 3; i++) {
		struct tp_account less = alice;

		less.level = i == 0 ? TP_ACCOUNT_READ_ONLY : less.level;
		less.web = i != 1;
		less.disabled = i == 2;
		assert_int_equal(tp_store_account_update(f->store, &less), TP_STATE);
	}
	assert_int_equal(tp_store_account_delete(f->store, "alice"), TP_STATE);
	alice.api = false; /* does not make her less able to use the browser */
	assert_int_equal(tp_store_account_update(f->store, &alice), TP_OK);
	assert_int_equal(tp_store_account_update(f->store, &ALICE), TP_NOTFOUND);
	assert_int_equal(tp_store_account_delete(f->store, "carol"), TP_OK);

	add_account(f, "bob", TP_ACCOUNT_READ_WRITE);
	alice.disabled = true;
	assert_int_equal(tp_store_account_update(f->store, &alice), TP_OK);
	assert_int_equal(tp_store_account_delete(f->store, "bob"), TP_STATE);
	assert_int_equal(tp_store_account_delete(f->store, "alice"), TP_OK);
	assert_int_equal(tp_store_account_delete(f->store, "bob"), TP_STATE);
}

static void earlier_passwords_are_kept_in_order(void **state)
{
	struct fixture *f = *state;
	char hashes[TP_STORE_PASSWORDS_MAX][256];
	char hash[16];
	size_t count;

	add_account(f, "alice", TP_ACCOUNT_READ_WRITE);
	add_account(f, "bob", TP_ACCOUNT_READ_WRITE);
	for (int i = 1; i <= 7; i++) {
		snprintf(hash, sizeof(hash), "$scrypt$%d", i);
		assert_int_equal(tp_store_account_set_password(f->store, "alice", hash, false, 1, 4),
				 TP_OK);
	}
	assert_int_equal(tp_store_account_passwords(f->store, "alice", hashes, &count), TP_OK);
	assert_int_equal(count, 4);
	assert_string_equal(hashes[0], "$scrypt$6");
	assert_string_equal(hashes[3], "$scrypt$3");
	assert_int_equal(tp_store_account_set_password(f->store, "nobody", "$", false, 1, 4),
			 TP_NOTFOUND);
	assert_int_equal(tp_store_account_delete(f->store, "alice"), TP_OK);
	assert_int_equal(tp_store_account_passwords(f->store, "alice", hashes, &count), TP_OK);
	assert_int_equal(count, 0);
}

static void add_call(struct fixture *f, uint64_t call, const char *from, bool answered)
{
	struct tp_history h = {.call = call,
			       .status = 200,
			       .started_ms = 1000 * call,
			       .answered_ms = answered ? 1000 * call + 1 : 0,
			       .ended_ms = 1000 * call + 9};

	snprintf(h.from, sizeof(h.from), "%s", from);
	snprintf(h.call_id, sizeof(h.call_id), "id%llu", (unsigned long long)call);
	assert_int_equal(tp_store_history_add(f->store, &h, "[\"step\"]", "[]"), TP_OK);
}

static void expect_calls(struct fixture *f, const char *filter, enum tp_history_result result,
			 size_t wanted)
{
	struct tp_history *rows;
	uint64_t total;
	size_t count;

	assert_int_equal(
		tp_store_history_list(f->store, filter, result, 0, 50, &rows, &count, &total),
		TP_OK);
	assert_int_equal(count, wanted);
	assert_int_equal(total, wanted);
	free(rows);
}

static void history_is_filtered_and_pages(void **state)
{
	struct fixture *f = *state;
	struct tp_history *rows, one;
	char *steps, *streams;
	uint64_t total;
	size_t count;

	add_call(f, 1, "alice@example.com", true);
	add_call(f, 2, "bob@example.com", false);
	add_call(f, 3, "Alice@example.net", false);
	add_call(f, 3, "Alice@example.net", false); /* sip may send it twice */
	expect_calls(f, NULL, TP_HISTORY_ALL, 3);
	expect_calls(f, "ALICE", TP_HISTORY_ALL, 2);
	expect_calls(f, "", TP_HISTORY_ANSWERED, 1);
	expect_calls(f, "", TP_HISTORY_FAILED, 2);
	expect_calls(f, "example.net", TP_HISTORY_ANSWERED, 0);
	expect_calls(f, "100%_'", TP_HISTORY_ALL, 0);
	assert_int_equal(
		tp_store_history_list(f->store, "", TP_HISTORY_ALL, 1, 1, &rows, &count, &total),
		TP_OK);
	assert_int_equal(count, 1);
	assert_int_equal(total, 3);
	assert_int_equal(rows[0].call, 2);
	assert_int_equal(tp_store_history_get(f->store, rows[0].id, &one, &steps, &streams), TP_OK);
	assert_string_equal(one.from, "bob@example.com");
	assert_string_equal(steps, "[\"step\"]");
	free(rows);
	free(steps);
	free(streams);
	assert_int_equal(tp_store_history_get(f->store, 99, &one, &steps, &streams), TP_NOTFOUND);
}

static void old_calls_go(void **state)
{
	struct fixture *f = *state;
	struct tp_history h = {.call = 9,
			       .ended_ms = (TP_STORE_HISTORY_DAYS + 1ull) * 24 * 3600 * 1000};

	add_call(f, 1, "alice", true);
	assert_int_equal(tp_store_history_add(f->store, &h, "[]", "[]"), TP_OK);
	expect_calls(f, "", TP_HISTORY_ALL, 1);
}

static void alarms_have_a_life(void **state)
{
	struct fixture *f = *state;
	struct tp_alarm a = {
		.code = 40001, .severity = 1, .subject = "core", .text = "down", .raised_ms = 10};
	struct tp_alarm *rows;
	uint32_t by[3];
	size_t count;
	bool fresh;

	assert_int_equal(tp_store_alarm_raise(f->store, &a, &fresh), TP_OK);
	assert_true(fresh);
	a.severity = 2;
	a.raised_ms = 20;
	assert_int_equal(tp_store_alarm_raise(f->store, &a, &fresh), TP_OK);
	assert_false(fresh);
	assert_int_equal(tp_store_alarm_count(f->store, by), TP_OK);
	assert_int_equal(by[1], 0);
	assert_int_equal(by[2], 1);
	assert_int_equal(tp_store_alarm_list(f->store, &rows, &count), TP_OK);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].raised_ms, 10);
	assert_int_equal(tp_store_alarm_acknowledge(f->store, rows[0].id, "admin", 30), TP_OK);
	assert_int_equal(tp_store_alarm_acknowledge(f->store, rows[0].id, "admin", 30), TP_STATE);
	assert_int_equal(tp_store_alarm_acknowledge(f->store, 99, "admin", 30), TP_NOTFOUND);
	free(rows);
	assert_int_equal(tp_store_alarm_clear(f->store, 40001, "core", 40), TP_OK);
	assert_int_equal(tp_store_alarm_clear(f->store, 40001, "core", 41), TP_NOTFOUND);
	assert_int_equal(tp_store_alarm_raise(f->store, &a, &fresh), TP_OK);
	assert_true(fresh);
	assert_int_equal(tp_store_alarm_list(f->store, &rows, &count), TP_OK);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].cleared_ms, 0);
	assert_int_equal(rows[1].cleared_ms, 40);
	assert_string_equal(rows[1].acknowledged_by, "admin");
	free(rows);
	assert_int_equal(tp_store_alarm_clear(f->store, 40001, "core", 50), TP_OK);
	assert_int_equal(tp_store_alarm_count(f->store, by), TP_OK);
	assert_int_equal(by[2], 0);
	for (uint64_t i = 0; i < 210; i++) {
		a.code = (uint32_t)(50000 + i);
		assert_int_equal(tp_store_alarm_raise(f->store, &a, NULL), TP_OK);
		assert_int_equal(tp_store_alarm_clear(f->store, a.code, "core", 100 + i), TP_OK);
	}
	assert_int_equal(tp_store_alarm_list(f->store, &rows, &count), TP_OK);
	assert_int_equal(count, 200);
	assert_int_equal(rows[0].code, 50209);
	free(rows);
}

static void logs_are_apart(void **state)
{
	struct fixture *f = *state;
	struct tp_log_entry line = {.at_ms = 1,
				    .name = "login.failed",
				    .text = "wrong password",
				    .source = "192.0.2.1"};
	struct tp_log_query q = {.kind = TP_LOG_KIND_EVENT, .limit = 10};
	struct tp_log_entry *rows;
	uint64_t total;
	size_t count;

	assert_int_equal(tp_store_log_add(f->store, TP_LOG_KIND_EVENT, &line), TP_OK);
	assert_int_equal(tp_store_log_add(f->store, TP_LOG_KIND_CONFIGURATION, &line), TP_OK);
	line.at_ms = 2;
	snprintf(line.text, sizeof(line.text), "other");
	assert_int_equal(tp_store_log_add(f->store, TP_LOG_KIND_EVENT, &line), TP_OK);
	assert_int_equal(tp_store_log_list(f->store, &q, &rows, &count, &total), TP_OK);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].at_ms, 2);
	free(rows);
	q.filter = "PASSWORD";
	assert_int_equal(tp_store_log_list(f->store, &q, &rows, &count, &total), TP_OK);
	assert_int_equal(count, 1);
	free(rows);
}

static void a_pending_request_is_kept_until_it_is_done(void **state)
{
	struct fixture *f = *state;
	char pem[] = "-----BEGIN CERTIFICATE REQUEST-----";
	struct tp_identity_request r = {.identity = "sip-client",
					.created_ms = 7,
					.created_by = "admin",
					.distribution = "this-server",
					.pem = pem,
					.key_sealed = "$tp1$AAAA",
					.public_key = {1, 0, 3},
					.public_key_len = 3};
	struct tp_identity_request *read = calloc(1, sizeof(*read));
	struct tp_diag diag = {0};

	assert_int_equal(tp_store_request_get(f->store, "sip-client", read), TP_NOTFOUND);
	assert_int_equal(tp_store_request_put(f->store, &r), TP_OK);
	r.created_ms = 8;
	assert_int_equal(tp_store_request_put(f->store, &r), TP_OK);
	tp_store_close(&f->store);
	assert_int_equal(tp_store_open(f->folder.fd, &f->store, &diag), TP_OK);
	assert_int_equal(tp_store_request_get(f->store, "default", read), TP_NOTFOUND);
	assert_int_equal(tp_store_request_get(f->store, "sip-client", read), TP_OK);
	assert_int_equal(read->created_ms, 8);
	assert_string_equal(read->pem, pem);
	assert_string_equal(read->key_sealed, "$tp1$AAAA");
	assert_string_equal(read->created_by, "admin");
	assert_int_equal(read->public_key_len, 3);
	assert_memory_equal(read->public_key, r.public_key, 3);
	tp_store_request_fini(read);
	free(read);
	assert_int_equal(tp_store_request_delete(f->store, "sip-client"), TP_OK);
	assert_int_equal(tp_store_request_delete(f->store, "sip-client"), TP_NOTFOUND);
}

static void row_122_peers_are_remembered_for_30_days_and_to_a_limit(void **state)
{
	const uint64_t day = UINT64_C(86400000), start = 100 * day;
	struct tp_tls_peer_row row = {.service = "sip", .inbound = true, .peer = "192.0.2.1",
				      .protocol = "TLSv1", .cipher = "AES128-SHA"};
	struct tp_tls_peer_row *many = calloc(TP_STORE_TLS_PEERS_MAX + 100, sizeof(*many)), *rows;
	struct fixture *f = *state;
	size_t count;

	assert_int_equal(tp_store_tls_peers_seen(f->store, &row, 1, start), TP_OK);
	assert_int_equal(tp_store_tls_peers_seen(f->store, &row, 1, start + day), TP_OK);
	assert_int_equal(tp_store_tls_peers_list(f->store, "sip", 0, &rows, &count), TP_OK);
	assert_int_equal(count, 1); /* the same, seen again */
	assert_int_equal(rows[0].seen_ms, start + day);
	assert_true(rows[0].inbound);
	assert_string_equal(rows[0].peer, "192.0.2.1");
	assert_string_equal(rows[0].cipher, "AES128-SHA");
	free(rows);
	assert_int_equal(tp_store_tls_peers_list(f->store, "traversal", 0, &rows, &count), TP_OK);
	assert_int_equal(count, 0);
	free(rows);
	row.inbound = false;
	assert_int_equal(tp_store_tls_peers_seen(f->store, &row, 1, start + 32 * day), TP_OK);
	assert_int_equal(tp_store_tls_peers_list(f->store, "sip", 0, &rows, &count), TP_OK);
	assert_int_equal(count, 1);
	assert_false(rows[0].inbound); /* the other is older than 30 days */
	free(rows);
	for (size_t i = 0; i < TP_STORE_TLS_PEERS_MAX + 100; i++) {
		many[i] = row;
		snprintf(many[i].peer, sizeof(many[i].peer), "10.0.%zu.%zu", i / 256, i % 256);
	}
	for (size_t i = 0; i < TP_STORE_TLS_PEERS_MAX + 100; i += 100)
		assert_int_equal(tp_store_tls_peers_seen(f->store, many + i, 100, start + 33 * day + i), TP_OK);
	/* The oldest went, the latest are there. */
	assert_int_equal(tp_store_tls_peers_list(f->store, "sip", start + 33 * day + 100, &rows, &count), TP_OK);
	assert_int_equal(count, 5 * TP_STORE_PAGE_MAX);
	assert_int_equal(rows[0].seen_ms, start + 33 * day + TP_STORE_TLS_PEERS_MAX);
	free(rows);
	free(many);
}

static void a_newer_release_is_not_touched(void **state)
{
	struct fixture *f = *state;
	struct tp_diag diag = {0};
	uint8_t version[4] = {0, 0, 3, 231};
	int fd;

	tp_store_close(&f->store);
	/* user_version stands at byte 60 of the file (SQLite file format, 1.3) */
	fd = openat(f->folder.fd, "turnpike.db", O_RDWR);
	assert_int_equal(pwrite(fd, version, 4, 60), 4);
	close(fd);
	assert_int_equal(tp_store_open(f->folder.fd, &f->store, &diag), TP_UNSUPPORTED);
	assert_non_null(strstr(diag.text, "newer release"));
	assert_null(f->store);
}

static void damage_is_noticed(void **state)
{
	struct fixture *f = *state;
	struct tp_diag diag = {0};
	uint8_t garbage[512];
	int fd;

	for (uint64_t i = 1; i < 100; i++)
		assert_int_equal(add(f->store, i, TP_REVISION_COMMITTED), TP_OK);
	tp_store_close(&f->store);
	memset(garbage, 0xa5, sizeof(garbage));
	fd = openat(f->folder.fd, "turnpike.db", O_RDWR);
	for (off_t at = 4096; at < 4096 * 12; at += 4096)
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), sizeof(garbage));
	close(fd);
	assert_int_equal(tp_store_open(f->folder.fd, &f->store, &diag), TP_IO);
	assert_non_null(strstr(diag.text, "damaged"));
}

/* A child commits revisions as fast as it can and says each on a pipe after it was
 * told that it is stored; it is killed at some moment. */
static void write_until_killed(struct fixture *f, int report)
{
	struct tp_store *store = NULL;
	uint64_t n;

	if (tp_store_open(f->folder.fd, &store, NULL) != TP_OK)
		_exit(1);
	for (;;) {
		if (tp_store_revision_next(store, &n) != TP_OK ||
		    add(store, n, TP_REVISION_PREPARED) != TP_OK ||
		    tp_store_revision_set_state(store, n, TP_REVISION_COMMITTED) != TP_OK ||
		    write(report, &n, sizeof(n)) != sizeof(n))
			_exit(1);
	}
}

static void kill_takes_nothing_that_was_answered(void **state)
{
	struct fixture *f = *state;
	uint64_t last = 0;

	tp_store_close(&f->store);
	for (int round = 0; round < 10; round++) {
		struct tp_revision r;
		uint64_t n;
		int fds[2];
		pid_t pid;

		assert_int_equal(pipe(fds), 0);
		pid = fork();
		if (pid == 0)
			write_until_killed(f, fds[1]);
		close(fds[1]);
		assert_int_equal(read(fds[0], &n, sizeof(n)), sizeof(n)); /* it runs */
		last = n;
		nanosleep(&(struct timespec){0, (round * 7 + 3) * 1000000L}, NULL);
		kill(pid, SIGKILL);
		while (read(fds[0], &n, sizeof(n)) == sizeof(n))
			last = n;
		close(fds[0]);
		waitpid(pid, NULL, 0);
		open_store(f);
		for (n = 1; n <= last; n++) {
			assert_int_equal(tp_store_revision_get(f->store, n, &r, NULL, NULL), TP_OK);
			/* one may have been stored and not yet marked when it died */
			if (r.state != TP_REVISION_COMMITTED)
				fail_msg("round %d: revision %llu was answered, but is not "
					 "committed",
					 round, (unsigned long long)n);
		}
		if (tp_store_revision_get(f->store, last + 1, &r, NULL, NULL) == TP_OK &&
		    r.state == TP_REVISION_PREPARED)
			assert_int_equal(tp_store_revision_set_state(f->store, last + 1,
								     TP_REVISION_COMMITTED),
					 TP_OK);
		tp_store_close(&f->store);
	}
	assert_true(last >= 10);
	open_store(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(revisions_are_kept_and_numbered),
		TEST(the_oldest_revisions_go),
		TEST(the_candidate_survives_a_restart),
		TEST(accounts_note_logins),
		TEST(row_172_the_last_able_account_stays),
		TEST(tokens_end_with_what_their_account_may),
		TEST(tokens_are_bounded_and_make_room),
		TEST(earlier_passwords_are_kept_in_order),
		TEST(history_is_filtered_and_pages),
		TEST(old_calls_go),
		TEST(alarms_have_a_life),
		TEST(logs_are_apart),
		TEST(a_pending_request_is_kept_until_it_is_done),
		TEST(row_122_peers_are_remembered_for_30_days_and_to_a_limit),
		TEST(a_newer_release_is_not_touched),
		TEST(damage_is_noticed),
		TEST(kill_takes_nothing_that_was_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
