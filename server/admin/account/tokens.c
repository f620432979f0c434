/* API tokens: how programs prove who they are, without a session. A token is 256 random bits
 * of which only the SHA-256 is kept. Runs in turnpike-admin's workers. */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/account/login_state.h"
#include "admin/http/times.h"
#include "core/bytes.h"
#include "core/log.h"
#include "os/random.h"

#define PREFIX "tp_"
#define SCHEME "Bearer "

enum {
	SECRET = 32,
	TEXT = sizeof(PREFIX) - 1 + (size_t)2 * SECRET, /* characters of a token */
	DAYS_MAX = 366,
	NOTE_EVERY_MS = 60000, /* the last use is that exact */
	QUIET_MS = 3600000,    /* after such a time the account may have been unused for too long */
};

#define DAY_MS (UINT64_C(86400) * 1000)

/* -------------------------------------------------------------------- requests */

/* How logs and revisions name who came by a token. False: it does not fit. */
static bool name_user(char user[128], const char *account, const char *token)
{
	struct tp_wr wr;

	tp_wr_init(&wr, user, 127);
	tp_wr_fmt(&wr, "%s, token %s", account, token);
	user[wr.len] = '\0';
	return wr.err == TP_OK;
}

/* False: not one of ours by form. */
static bool read_token(const char *text, uint8_t sha256[32])
{
	size_t prefix = sizeof(PREFIX) - 1;

	if (strlen(text) != TEXT || strncmp(text, PREFIX, prefix) != 0 ||
	    strspn(text + prefix, "0123456789abcdef") != (size_t)2 * SECRET)
		return false;
	SHA256((const unsigned char *)text, TEXT, sha256);
	return true;
}

/* Why this token of this account does not count; NULL: it does. */
static const char *fault_of(struct tp_login *l, const struct tp_api_token *token,
			    struct tp_account *account)
{
	bool remote;

	pthread_mutex_lock(&l->lock);
	remote = l->auth.source == TP_LOGIN_REMOTE;
	pthread_mutex_unlock(&l->lock);
	if (token->expires_ms <= tp_times_now_ms())
		return "The token has expired.";
	if (remote)
		return "Local accounts do not count now.";
	if (tp_store_account_get(l->store, token->account, account) != TP_OK || account->disabled)
		return "The account of the token is disabled.";
	return NULL;
}

static void note_use(struct tp_login *l, const struct tp_http_request *req,
		     const struct tp_api_token *token)
{
	uint64_t now = tp_times_now_ms();
	char source[64];
	enum tp_err err;

	tp_login_source(req, source);
	if (!token->used_ms)
		tp_login_log(l, req, 0, "token.used", req->user, "The API token was used for the first time.");
	if (token->used_ms && now - token->used_ms < NOTE_EVERY_MS && !strcmp(token->used_source, source))
		return;
	err = tp_store_token_used(l->store, token->id, now, source);
	if (err != TP_OK && err != TP_NOTFOUND)
		TP_LOG(TP_LOG_WARN, "token.note", "the use of a token could not be noted");
}

static void refuse_token(struct tp_login *l, const struct tp_http_request *req,
			 struct tp_http_response *res, const char *user, const char *why)
{
	if (!tp_login_bad_token(l, req, res))
		return;
	tp_login_log(l, req, 1, "token.refused", user, why);
	tp_http_reply_error(res, 401, "access-denied", NULL, "%s", why);
	tp_http_header(res, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
}

bool tp_login_is_token(const struct tp_http_request *req)
{
	return !req->local && !strncasecmp(req->authorization, SCHEME, sizeof(SCHEME) - 1);
}

bool tp_login_identify_token(struct tp_login *l, struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_api_token token;
	struct tp_account account;
	uint8_t sha256[32];
	const char *why;

	req->by_api = req->by_token = true;
	if (req->advanced) {
		tp_http_reply_error(res, 403, "access-denied", NULL, TP_ACCESS_NO_API);
		return false;
	}
	if (!read_token(req->authorization + sizeof(SCHEME) - 1, sha256) ||
	    tp_store_token_find(l->store, sha256, &token) != TP_OK) {
		refuse_token(l, req, res, "", "There is no such token.");
		return false;
	}
	if (tp_times_now_ms() - token.used_ms > QUIET_MS)
		tp_login_disable_unused(l);
	why = fault_of(l, &token, &account);
	if (!name_user(req->user, token.account, token.name))
		why = "The token has no name.";
	if (why) {
		refuse_token(l, req, res, req->user, why);
		return false;
	}
	req->state = TP_OPERATOR_ACTIVE;
	req->rights = tp_login_rights(l, &account);
	if (!token.may_write && req->rights.level == TP_ACCOUNT_READ_WRITE)
		req->rights.level = TP_ACCOUNT_READ_ONLY;
	if (!tp_login_may_call(l, token.account, res))
		return false;
	note_use(l, req, &token);
	return true;
}

/* ------------------------------------------------------------------------ lists */

static json_t *token_json(const struct tp_api_token *t)
{
	char id[24];

	snprintf(id, sizeof(id), "%llu", (unsigned long long)t->id);
	return json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:b, s:o, s:o}", "id", id, "name",
			 tp_json_text(t->name), "account", tp_json_text(t->account), "scope",
			 t->may_write ? "write" : "read", "created-at", tp_times_json(t->created_ms), "expires-at",
			 tp_times_json(t->expires_ms), "expired", t->expires_ms <= tp_times_now_ms(),
			 "last-used-at", tp_times_json(t->used_ms), "last-used-source",
			 tp_json_text(t->used_source));
}

/* NULL: the caller sees those of all. */
static const char *whose(const struct tp_http_request *req)
{
	if (req->rights.level == TP_ACCOUNT_READ_WRITE)
		return NULL;
	return req->remote ? "" : req->user;
}

void tp_login_tokens(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	struct tp_api_token *rows = NULL;
	size_t count = 0;
	json_t *list;
	enum tp_err err = tp_store_token_list(l->store, whose(req), &rows, &count);

	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, token_json(&rows[i]));
	free(rows);
	tp_http_reply_json(res, 200, json_pack("{s:o, s:i, s:i}", "tokens", list, "most", TP_STORE_TOKENS_MAX,
					       "most-days", DAYS_MAX));
}

static void note_change(struct tp_login *l, const struct tp_http_request *req, const char *name,
			const char *what, const struct tp_api_token *t)
{
	char text[256];

	snprintf(text, sizeof(text), "The API token %s of %s was %s.", t->name, t->account, what);
	tp_login_log(l, req, 0, name, req->user, text);
	tp_login_log_configuration(l, req, name, text);
}

/* ---------------------------------------------------------------------- making */

static bool is_good_name(const char *name)
{
	size_t len = strlen(name);

	return len && len <= TP_STORE_TOKEN_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == len;
}

/* False: *res holds the 400 or 403. */
static bool read_wanted(const struct tp_http_request *req, const json_t *body, struct tp_api_token *t,
			struct tp_http_response *res)
{
	const char *name = json_string_value(json_object_get(body, "name"));
	const char *scope = json_string_value(json_object_get(body, "scope"));
	json_int_t days = json_integer_value(json_object_get(body, "expires-in-days"));
	char user[sizeof(req->user)];

	if (!name || !is_good_name(name))
		tp_http_reply_error(res, 400, "invalid-value", "/name",
				    "A name has 1 to %d letters, digits and . - _ only.", TP_STORE_TOKEN_NAME_MAX);
	else if (!scope || (strcmp(scope, "read") != 0 && strcmp(scope, "write") != 0))
		tp_http_reply_error(res, 400, "invalid-value", "/scope", "scope is read or write");
	else if (days < 1 || days > DAYS_MAX)
		tp_http_reply_error(res, 400, "invalid-value", "/expires-in-days",
				    "A token expires after 1 to %d days.", DAYS_MAX);
	else if (!strcmp(scope, "write") && req->rights.level != TP_ACCOUNT_READ_WRITE)
		tp_http_reply_error(res, 403, "access-denied", "/scope", "Your account may only read.");
	else if (!name_user(user, req->user, name))
		tp_http_reply_error(res, 400, "invalid-value", "/name",
				    "Together with the name of your account this name is too long.");
	else {
		tp_text_copy(t->name, sizeof(t->name), name);
		tp_text_copy(t->account, sizeof(t->account), req->user);
		t->may_write = !strcmp(scope, "write");
		t->created_ms = tp_times_now_ms();
		t->expires_ms = t->created_ms + (uint64_t)days * DAY_MS;
		return true;
	}
	return false;
}

static void refuse_making(struct tp_http_response *res, enum tp_err err)
{
	if (err == TP_EXISTS)
		tp_http_reply_error(res, 409, "data-exists", "/name", "You have a token of this name already.");
	else if (err == TP_LIMIT)
		tp_http_reply_error(res, 409, "resource-denied", NULL,
				    "An account has at most %d tokens: delete one first.", TP_STORE_TOKENS_MAX);
	else if (err == TP_NOTFOUND)
		tp_http_reply_error(res, 403, "access-denied", NULL,
				    "Tokens are for accounts of this appliance that may use the API; yours is not "
				    "one.");
	else
		tp_http_reply_failure(res, err, NULL);
}

static void make_token(struct tp_login *l, const struct tp_http_request *req, struct tp_http_response *res,
		       struct tp_api_token *t)
{
	uint8_t secret[SECRET], sha256[32];
	char text[TEXT + 1] = PREFIX;
	json_t *answer;
	enum tp_err err;

	tp_random_bytes(secret, sizeof(secret));
	tp_text_write_hex(text + sizeof(PREFIX) - 1, secret, sizeof(secret));
	tp_wipe(secret, sizeof(secret));
	SHA256((const unsigned char *)text, TEXT, sha256);
	err = tp_store_token_add(l->store, t, sha256, &t->id);
	if (err != TP_OK) {
		refuse_making(res, err);
	} else {
		note_change(l, req, "token.created", t->may_write ? "created, to read and write" : "created, to read",
			    t);
		answer = token_json(t);
		json_object_set_new(answer, "token", json_string(text));
		tp_http_reply_json(res, 201, answer);
	}
	tp_wipe(text, sizeof(text));
}

void tp_login_token_add(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_api_token t = { 0 };
	json_t *body = tp_http_body_object(req, res);

	if (!body)
		return;
	if (req->remote)
		refuse_making(res, TP_NOTFOUND);
	else if (read_wanted(req, body, &t, res))
		make_token(arg, req, res, &t);
	json_decref(body);
}

void tp_login_token_delete(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	struct tp_api_token gone;
	uint64_t id;
	enum tp_err err = tp_text_parse_u64(tp_span_of(req->parameter), INT64_MAX, &id);

	err = err == TP_OK ? tp_store_token_delete(l->store, id, whose(req), &gone) : TP_NOTFOUND;
	if (err == TP_NOTFOUND) {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "There is no such token.");
		return;
	}
	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	note_change(l, req, "token.deleted", "deleted", &gone);
	tp_http_reply_empty(res, 204);
}
