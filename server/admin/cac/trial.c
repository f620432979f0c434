/* The page on which certificates are tried. Runs in turnpike-admin's workers. */
#include "admin/cac/trial.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/cac/authorize.h"
#include "admin/cac/text.h"
#include "admin/certificates/facts.h"
#include "admin/http/times.h"
#include "tls/check.h"
#include "tls/upload.h"

/* What is tried: a certificate, or (leaf NULL) only the text of one. */
struct subject {
	X509 *leaf;
	STACK_OF(X509) *others; /* owned */
	char *text;             /* owned; given as text, or of the leaf */
	size_t text_len;
	char text_reason[TP_DIAG_TEXT_MAX + 1]; /* why there is no text of the leaf */
};

static void subject_fini(struct subject *s)
{
	X509_free(s->leaf);
	sk_X509_pop_free(s->others, X509_free);
	free(s->text);
}

/* -------------------------------------------------------------------- where it is from */

static enum tp_err take_chain(const struct tp_tls_upload *upload, struct subject *out)
{
	X509 *x;

	out->others = sk_X509_new_null();
	for (size_t i = 0; out->others && (x = tp_tls_upload_certificate(upload, i)); i++) {
		if (!X509_up_ref(x))
			return TP_NOMEM;
		if (i == 0)
			out->leaf = x;
		else if (sk_X509_push(out->others, x) <= 0)
			X509_free(x);
	}
	return out->leaf ? TP_OK : TP_NOMEM;
}

/* PEM with anything around it, DER, or what openssl prints of a certificate. */
static enum tp_err read_bytes(const char *bytes, size_t len, struct subject *out, struct tp_diag *diag)
{
	struct tp_tls_upload *upload = NULL;
	enum tp_err err = tp_tls_upload_read((struct tp_span){ bytes, len }, &upload, diag);

	if (err == TP_OK) {
		tp_tls_upload_order(upload, TP_SPAN(""));
		err = take_chain(upload, out);
	} else if (err == TP_FORMAT && !memchr(bytes, '\0', len) && strstr(bytes, "Subject:")) {
		out->text = strdup(bytes);
		out->text_len = len;
		err = out->text ? TP_OK : TP_NOMEM;
	}
	tp_tls_upload_free(&upload);
	return err;
}

static enum tp_err from_upload(const struct tp_cac_parts *p, const struct tp_http_request *req, const json_t *body,
			       struct subject *out, struct tp_diag *diag)
{
	const json_t *given = json_object_get(body, "certificate");
	bool coded = json_is_true(json_object_get(body, "base64"));
	size_t len = json_string_length(given), cap = len + 1;
	char *bytes = json_is_string(given) ? malloc(cap) : NULL;
	enum tp_err err = TP_OK;

	if (!bytes)
		return json_is_string(given) ? TP_NOMEM :
					       tp_fail(diag, TP_FORMAT, "/certificate", "Choose a file or paste a certificate.");
	if (coded)
		err = tp_text_parse_base64((struct tp_span){ json_string_value(given), len }, bytes, cap - 1, &len);
	else
		memcpy(bytes, json_string_value(given), len);
	if (err != TP_OK)
		err = tp_fail(diag, TP_FORMAT, "/certificate", "This is not base64.");
	else if (len > TP_SESSION_KEPT_MAX)
		err = tp_fail(diag, TP_LIMIT, "/certificate", "The file has more than %d bytes.", TP_SESSION_KEPT_MAX);
	if (err == TP_OK) {
		bytes[len] = '\0';
		err = read_bytes(bytes, len, out, diag);
	}
	/* For the next try; the administration socket has no session to keep it in. */
	if (err == TP_OK && !req->local)
		err = tp_session_keep(p->login->sessions, req->session, bytes, len);
	free(bytes);
	return err;
}

static enum tp_err from_session(const struct tp_cac_parts *p, const struct tp_http_request *req,
				struct subject *out, struct tp_diag *diag)
{
	char *bytes = NULL;
	size_t len;
	enum tp_err err = tp_session_kept(p->login->sessions, req->session, &bytes, &len);

	if (err == TP_NOTFOUND)
		return tp_fail(diag, err, "/certificate", "Nothing was uploaded in this session: choose the file again.");
	if (err == TP_OK)
		err = read_bytes(bytes, len, out, diag);
	free(bytes);
	return err;
}

static enum tp_err from_connection(const struct tp_http_request *req, struct subject *out, struct tp_diag *diag)
{
	if (!req->card || !req->card->leaf)
		return tp_fail(diag, TP_NOTFOUND, "/source", "Your connection shows no certificate.");
	if (!X509_up_ref(req->card->leaf))
		return TP_NOMEM;
	out->leaf = req->card->leaf;
	out->others = req->card->others ? X509_chain_up_ref(req->card->others) : NULL;
	return TP_OK;
}

static enum tp_err find_subject(const struct tp_cac_parts *p, const struct tp_http_request *req,
				const json_t *body, struct subject *out, struct tp_diag *diag)
{
	const char *source = json_string_value(json_object_get(body, "source"));
	struct tp_diag why = { "", "" };
	enum tp_err err;

	if (source && !strcmp(source, "upload"))
		err = from_upload(p, req, body, out, diag);
	else if (source && !strcmp(source, "kept"))
		err = from_session(p, req, out, diag);
	else if (source && !strcmp(source, "connection"))
		err = from_connection(req, out, diag);
	else
		err = tp_fail(diag, TP_FORMAT, "/source", "source is upload, kept or connection.");
	if (err == TP_OK && out->leaf && tp_cac_text(out->leaf, &out->text, &out->text_len, &why) != TP_OK)
		tp_text_copy(out->text_reason, sizeof(out->text_reason), why.text);
	return err;
}

/* --------------------------------------------------------------------------- checks */

static void add_check(json_t *checks, const char *name, const char *result, const char *text)
{
	json_array_append_new(checks, json_pack("{s:s, s:s, s:o}", "name", name, "result", result, "text",
						tp_json_text(text)));
}

static bool add_dates(json_t *checks, const struct tp_facts *facts)
{
	int64_t now = (int64_t)(tp_times_now_ms() / 1000);
	const char *problem = now < facts->not_before ? "Not valid yet." : now > facts->not_after ? "Expired." : NULL;

	add_check(checks, "Dates", problem ? "failed" : "passed", problem ? problem : "Valid now.");
	return !problem;
}

/* The path by RFC 5280 alone, then with our own rules for people's certificates. */
static bool add_path(json_t *checks, const struct tp_cac_rules *rules, const struct subject *s,
		     STACK_OF(X509) **path)
{
	struct tp_tls_check check = {
		.purpose = TP_TLS_PURPOSE_ANY,
		.at = (int64_t)(tp_times_now_ms() / 1000),
		.leaf = s->leaf,
		.others = s->others,
		.anchors = rules->anchors,
	};
	struct tp_tls_checked checked;
	bool believed, good;

	tp_tls_check_run(&check, &checked);
	believed = checked.accepted;
	add_check(checks, "Path to a CA that is trusted for web login", believed ? "passed" : "failed",
		  believed ? "There is one." : checked.reason);
	tp_tls_checked_fini(&checked);
	check.purpose = TP_TLS_PURPOSE_WEB_LOGIN;
	tp_tls_check_run(&check, &checked);
	good = checked.accepted;
	add_check(checks, "Purpose, strength and form", good ? "passed" : believed ? "failed" : "skipped",
		  good	   ? "Made for people who log in."
		  : believed ? checked.reason
			     : "There is no path to check.");
	*path = checked.path;
	checked.path = NULL;
	tp_tls_checked_fini(&checked);
	return good;
}

static bool add_revocation(json_t *checks, const struct tp_cac_parts *p, const struct tp_cac_rules *rules,
			   STACK_OF(X509) *path)
{
	struct tp_revocation_verdict verdict;

	if (!path) {
		add_check(checks, "Revocation", "skipped", "There is no path to check.");
		return false;
	}
	tp_cac_revocation(rules, tp_cac_peers(p->cac), path, &verdict);
	add_check(checks, "Revocation", verdict.outcome == TP_REVOCATION_ACCEPT ? "passed" : "failed",
		  verdict.reason);
	return verdict.outcome == TP_REVOCATION_ACCEPT;
}

/* "valid" and "checks" of the answer. */
static void put_validity(json_t *out, const struct tp_cac_parts *p, const struct tp_cac_rules *rules,
			 const struct subject *s, const struct tp_facts *facts)
{
	json_t *checks = json_array();
	STACK_OF(X509) *path = NULL;
	bool valid;

	if (s->leaf) {
		valid = add_dates(checks, facts);
		valid = add_path(checks, rules, s, &path) && valid;
		valid = add_revocation(checks, p, rules, path) && valid;
		json_object_set_new(out, "valid", json_boolean(valid));
	} else {
		add_check(checks, "Validity", "skipped", "This is only the text of a certificate: it cannot be checked.");
		json_object_set_new(out, "valid", json_null());
	}
	sk_X509_pop_free(path, X509_free);
	json_object_set_new(out, "checks", checks);
}

/* ------------------------------------------------------------------------------ name */

static void put_account(json_t *out, const struct tp_cac_parts *p, const struct tp_http_request *req,
			const char *name)
{
	struct tp_card card = { .named = true };
	struct tp_diag diag = { "", "" };
	struct tp_cac_user user;
	char address[64];
	enum tp_err err;

	tp_login_source(req, address);
	tp_text_copy(card.name, sizeof(card.name), name);
	err = tp_cac_administers(p->login, &card, address, &user, &diag);
	json_object_set_new(out, "account",
			    json_pack("{s:b, s:b, s:o, s:s?}", "known", user.name[0] != '\0', "administers",
				      err == TP_OK, "reason", err == TP_OK ? json_null() : tp_json_text(diag.text),
				      "level", user.name[0] ? tp_account_level_name(user.rights.level) : NULL));
}

static void put_name(json_t *out, const struct tp_cac_parts *p, const struct tp_http_request *req,
		     const struct tp_cac_pattern *pattern, const struct subject *s)
{
	struct tp_diag diag = { "", "" };
	struct tp_cac_name name = { "", false };
	enum tp_err err = TP_FORMAT;

	if (s->text)
		err = tp_cac_pattern_apply(pattern, (struct tp_span){ s->text, s->text_len }, &name, &diag);
	json_object_set_new(out, "string", err == TP_OK ? tp_json_text(name.text) : json_null());
	json_object_set_new(out, "string-reason",
			    err == TP_OK ? json_null() : tp_json_text(s->text ? diag.text : s->text_reason));
	json_object_set_new(out, "again", json_boolean(err == TP_OK && name.again));
	json_object_set_new(out, "account", json_null());
	if (err == TP_OK)
		put_account(out, p, req, name.text);
}

static json_t *facts_json(const struct tp_facts *f)
{
	return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o}", "subject", tp_json_text(f->subject), "issuer",
			 tp_json_text(f->issuer), "serial", f->serial, "sha256", f->sha256, "not-before-at",
			 tp_times_json((uint64_t)f->not_before * 1000), "not-after-at",
			 tp_times_json((uint64_t)f->not_after * 1000));
}

static void answer(const struct tp_cac_parts *p, const struct tp_http_request *req,
		   const struct tp_cac_rules *rules, const struct tp_cac_pattern *pattern,
		   const struct subject *s, struct tp_http_response *res)
{
	json_t *out = json_object();
	struct tp_facts facts = { 0 };

	if (s->leaf && tp_facts_read(s->leaf, &facts) != TP_OK) {
		json_decref(out);
		tp_http_reply_failure(res, TP_NOMEM, NULL);
		return;
	}
	json_object_set_new(out, "certificate", s->leaf ? facts_json(&facts) : json_null());
	put_validity(out, p, rules, s, &facts);
	put_name(out, p, req, pattern, s);
	json_object_set_new(out, "text", s->text ? tp_json_text(s->text) : json_null());
	tp_http_reply_json(res, 200, out);
}

/* The certificate, the pattern and the format of a body. */
static enum tp_err try(const struct tp_cac_parts *p, const struct tp_http_request *req, const json_t *body,
		       struct tp_http_response *res, struct tp_diag *diag)
{
	const char *text = json_string_value(json_object_get(body, "pattern"));
	const char *format = json_string_value(json_object_get(body, "format"));
	struct tp_cac_rules *rules = tp_cac_rules(p->cac);
	struct tp_cac_pattern *pattern = NULL;
	struct subject subject = { 0 };
	enum tp_err err = rules ? TP_OK : TP_STATE;

	if (err == TP_OK && (!text || !format))
		err = tp_fail(diag, TP_FORMAT, "/pattern", "pattern and format are needed.");
	if (err == TP_OK)
		err = tp_cac_pattern_new(text, format, &pattern, diag);
	if (err == TP_OK)
		err = find_subject(p, req, body, &subject, diag);
	if (err == TP_OK)
		answer(p, req, rules, pattern, &subject, res);
	subject_fini(&subject);
	tp_cac_pattern_free(&pattern);
	tp_cac_rules_unref(&rules);
	return err;
}

void tp_cac_post_test(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	json_t *body = tp_http_body_object(req, res);
	struct tp_diag diag = { "", "" };
	enum tp_err err = body ? try(arg, req, body, res, &diag) : TP_OK;

	json_decref(body);
	ERR_clear_error();
	if (err != TP_OK)
		tp_http_reply_error(res, err == TP_NOMEM || err == TP_STATE ? 503 : 400, "invalid-value",
				    diag.where[0] ? diag.where : NULL, "%s",
				    diag.text[0] ? diag.text : "The appliance cannot do it now.");
}
