/* Login by certificate, and what a page needs to lead an administrator there. Runs in
 * turnpike-admin's workers. */
#include "admin/cac/routes.h"

#include <openssl/err.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/cac/authorize.h"
#include "admin/cac/trial.h"
#include "admin/certificates/facts.h"
#include "admin/http/times.h"
#include "core/log.h"

static const char *const level_names[] = { "not-required", "validation", "authentication" };

/* --------------------------------------------------------------------------- the card */

json_t *tp_cac_card_json(const struct tp_card *card)
{
	struct tp_facts facts;

	if (!card || !card->leaf)
		return json_pack("{s:b, s:b, s:s}", "shown", false, "good", false, "reason",
				 "no certificate was shown");
	if (tp_facts_read(card->leaf, &facts) != TP_OK)
		return json_pack("{s:b, s:b, s:s}", "shown", true, "good", false, "reason",
				 "the certificate cannot be read");
	return json_pack("{s:b, s:b, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:b}", "shown", true, "good",
			 card->good, "reason", card->good ? json_null() : tp_json_text(card->reason), "subject",
			 tp_json_text(facts.subject), "issuer", tp_json_text(facts.issuer), "serial", facts.serial,
			 "sha256", facts.sha256, "not-before-at", tp_times_json((uint64_t)facts.not_before * 1000),
			 "not-after-at", tp_times_json((uint64_t)facts.not_after * 1000), "name",
			 card->named ? tp_json_text(card->name) : json_null(), "name-reason",
			 card->named ? json_null() : tp_json_text(card->name_reason), "again", card->again);
}

/* About the asker's own certificate alone. */
static void get_own(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_cac_parts *p = arg;

	tp_http_reply_json(res, 200, json_pack("{s:s, s:o}", "level", level_names[tp_cac_level(p->cac)],
					       "certificate", tp_cac_card_json(req->card)));
}

/* -------------------------------------------------------------------------- the login */

static void refuse_login(const struct tp_cac_parts *p, const struct tp_http_request *req,
			 struct tp_http_response *res, bool by_api, enum tp_err err, const char *why)
{
	bool later = err == TP_LIMIT || err == TP_IO;

	tp_visits_failed(p->login, req, req->card->name, by_api, TP_SESSION_CERTIFICATE,
			 later ? TP_LOGIN_UNKNOWN : TP_LOGIN_REFUSED);
	tp_login_log(p->login, req, 1, later ? "login.unavailable" : "login.failed", req->card->name, why);
	if (later) {
		tp_http_reply_error(res, 503, "resource-denied", NULL,
				    "What you may do cannot be checked now. Try again.");
		tp_http_header(res, "Retry-After", "2");
	} else {
		tp_http_reply_error(res, 403, "access-denied", NULL, "%s", why);
	}
}

static void log_in(const struct tp_cac_parts *p, const struct tp_http_request *req,
		   struct tp_http_response *res, bool by_api)
{
	struct tp_session_facts facts = { .state = TP_OPERATOR_ACTIVE,
					  .by_api = by_api,
					  .method = TP_SESSION_CERTIFICATE };
	struct tp_diag diag = { "", "" };
	struct tp_cac_user user;
	enum tp_err err;
	char source[64];

	tp_login_source(req, source);
	tp_login_disable_unused(p->login);
	err = tp_cac_authorize(p->login, req->card, source, by_api, &user, &diag);
	if (err != TP_OK) {
		refuse_login(p, req, res, by_api, err, diag.text);
		return;
	}
	tp_login_passed(p->login, req, req->card->name);
	facts.previous_login_ms = user.previous_login_ms;
	facts.failed_logins = user.failures;
	facts.rights = user.rights;
	facts.remote = user.remote;
	facts.basis = user.basis;
	tp_text_copy(facts.card_name, sizeof(facts.card_name), req->card->name);
	tp_text_copy(facts.user, sizeof(facts.user), user.name);
	if (tp_login_admit(p->login, req, res, &facts))
		tp_login_log(p->login, req, 0, "login", user.name, "Logged in with a certificate.");
}

static void post_login(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_cac_parts *p = arg;
	json_t *body = tp_http_body_object(req, res);
	const char *by = json_string_value(json_object_get(body, "access"));

	if (!body)
		return;
	if (by && strcmp(by, "web") != 0 && strcmp(by, "api") != 0)
		tp_http_reply_error(res, 400, "invalid-value", "/access", "access is web or api");
	else if (!req->card || !req->card->login)
		tp_http_reply_error(res, 409, "operation-not-supported", NULL,
				    "Login by certificate is not switched on.");
	else if (req->advanced && by && !strcmp(by, "api"))
		tp_http_reply_error(res, 403, "access-denied", NULL, TP_ACCESS_NO_API);
	else if (!req->card->good) /* tp_cac_guard has refused it before */
		tp_http_reply_error(res, 401, "access-denied", NULL, "%s", req->card->reason);
	else if (tp_login_has_consent(p->login, req, body, res) &&
		 tp_login_may_try(p->login, req, res, req->card->name))
		log_in(p, req, res, by && !strcmp(by, "api"));
	json_decref(body);
}

/* -------------------------------------------------------------------------- the guide */

static json_t *examples_json(void)
{
	static const struct {
		const char *id, *title, *pattern, *format;
	} examples[] = {
#define TP_CAC_EXAMPLE(id, title, pattern, format) { id, title, pattern, format },
#include "admin/cac/examples.def"
#undef TP_CAC_EXAMPLE
	};
	json_t *out = json_array();

	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:s}", "id", examples[i].id, "title",
						     examples[i].title, "pattern", examples[i].pattern, "format",
						     examples[i].format));
	return out;
}

/* What is held of this issuer among the lists of admin/revocation; NULL: nothing. */
static const json_t *find_list(const json_t *at, const char *issuer)
{
	const char *name = json_string_value(json_object_get(at, "issuer"));
	const json_t *found = NULL, *value;
	const char *key;
	size_t i;

	/* A delta list says nothing by itself. */
	if (name && !strcmp(name, issuer) && !json_is_true(json_object_get(at, "delta")))
		return at;
	if (json_is_object(at))
		json_object_foreach((json_t *)at, key, value)
			if (!found)
				found = find_list(value, issuer);
	if (json_is_array(at))
		json_array_foreach(at, i, value)
			if (!found)
				found = find_list(value, issuer);
	return found;
}

static void write_subject(X509 *x, char *out, int size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len = 0;

	if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(x), 0, XN_FLAG_RFC2253) >= 0)
		len = BIO_read(bio, out, size - 1);
	out[len > 0 ? len : 0] = '\0';
	BIO_free(bio);
	ERR_clear_error();
}

static json_t *authorities_json(const struct tp_cac_parts *p, const struct tp_cac_rules *rules)
{
	json_t *out = json_array(), *lists = tp_lists_json(p->lists);

	for (int i = 0; i < sk_X509_num(rules->anchors); i++) {
		char subject[TP_CRL_ISSUER_MAX + 1];
		const json_t *list;

		write_subject(sk_X509_value(rules->anchors, i), subject, sizeof(subject));
		list = find_list(lists, subject);
		json_array_append_new(
			out, json_pack("{s:o, s:o?, s:O?}", "subject", tp_json_text(subject), "crl",
				       list ? json_incref(json_object_get(list, "state")) : NULL,
				       "next-update-at", list ? json_object_get(list, "next-update-at") : NULL));
	}
	json_decref(lists);
	return out;
}

/* Whether the asker's certificate could administer the appliance. */
static json_t *account_json(const struct tp_cac_parts *p, const struct tp_http_request *req)
{
	const struct tp_card *card = req->card;
	struct tp_diag diag = { "", "" };
	struct tp_cac_user user;
	char address[64];
	enum tp_err err;

	if (!card || !card->leaf)
		return json_null();
	tp_login_source(req, address);
	err = tp_cac_administers(p->login, card, address, &user, &diag);
	return json_pack("{s:b, s:o, s:s?}", "administers", err == TP_OK, "reason",
			 err == TP_OK ? json_null() : tp_json_text(diag.text), "level",
			 user.name[0] ? tp_account_level_name(user.rights.level) : NULL);
}

/* In the advanced mode one local account stays, and needs a certificate as everybody does. */
static json_t *emergency_json(const struct tp_cac_parts *p)
{
	struct tp_cfg_advanced advanced;
	uint64_t at_ms = 0;

	tp_advanced_get(tp_login_advanced(p->login), &advanced);
	if (!advanced.emergency_account[0] ||
	    tp_store_login_by(p->store, advanced.emergency_account, TP_SESSION_CERTIFICATE, &at_ms) != TP_OK)
		return json_null();
	return json_pack("{s:o, s:o}", "account", tp_json_text(advanced.emergency_account), "by-certificate-at",
			 tp_times_json(at_ms));
}

static void get_guide(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_cac_parts *p = arg;
	struct tp_cac_rules *rules = tp_cac_rules(p->cac);

	if (!rules) {
		tp_http_reply_error(res, 503, "operation-failed", NULL, "The appliance is starting.");
		return;
	}
	tp_http_reply_json(res, 200,
			   json_pack("{s:s, s:i, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o}", "level",
				     level_names[rules->level], "card-port", (int)rules->port, "use-crls",
				     rules->crls, "use-ocsp", rules->ocsp, "refuse-unknown", rules->refuse_unknown,
				     "authorities", authorities_json(p, rules), "certificate",
				     tp_cac_card_json(req->card), "account", account_json(p, req), "examples",
				     examples_json(), "emergency", emergency_json(p)));
	tp_cac_rules_unref(&rules);
}

static const struct tp_route table[] = {
	TP_ROUTE(TP_HTTP_GET, "/api/v1/session/certificate", TP_ACCESS_ANYONE, 0, get_own),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/session/certificate", TP_ACCESS_ANYONE, 4096, post_login),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/certificate-login", TP_ACCESS_READ, 0, get_guide),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/certificate-login/test", TP_ACCESS_READ, TP_CAC_TEST_BODY_MAX,
		 tp_cac_post_test),
};

const struct tp_route *tp_cac_routes(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}
