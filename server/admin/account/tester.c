/* "Test this user": what the sources of accounts say of a user and password, step by
 * step; nothing of it is kept. Runs in turnpike-admin's workers. */
#include "admin/account/tester.h"

#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/config/inside.h"
#include "model/make_slices.h"

static const char *result_name(enum tp_err err)
{
	switch (err) {
	case TP_OK:
		return "passed";
	case TP_AUTH:
		return "refused";
	case TP_LIMIT:
		return "busy";
	default:
		return "unavailable";
	}
}

static json_t *describe(enum tp_err err, const struct tp_auth_verdict *v)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < v->step_count; i++)
		json_array_append_new(steps, json_pack("{s:s, s:s, s:b, s:o, s:o}", "source", v->steps[i].source, "step",
						       v->steps[i].name, "passed", v->steps[i].passed, "text",
						       tp_json_text(v->steps[i].text), "remedy",
						       tp_json_text(v->steps[i].remedy)));
	return json_pack("{s:s, s:s?, s:o, s:s?, s:b, s:b, s:o}", "result", result_name(err), "source", v->source,
			 "user", tp_json_text(v->user), "level",
			 err == TP_OK ? tp_account_level_name(v->rights.level) : NULL, "web",
			 err == TP_OK && v->rights.web, "api", err == TP_OK && v->rights.api, "steps", steps);
}

static void test(struct tp_login *l, const struct tp_http_request *req, struct tp_http_response *res,
		 const struct tp_auth_ask *ask)
{
	struct tp_auth_verdict *v = calloc(1, sizeof(*v));
	enum tp_err err;

	if (!v) {
		tp_http_reply_failure(res, TP_NOMEM, NULL);
		return;
	}
	err = tp_authenticate(l, ask, v);
	tp_login_log(l, req, 0, "login.tested", ask->user,
		     ask->draft ? "The sources of accounts were asked about this user, by the settings of the candidate."
				: "The sources of accounts were asked about this user.");
	tp_http_reply_json(res, 200, describe(err, v));
	free(v);
}

/* ------------------------------------------------------------------- the candidate */

struct taking {
	struct tp_auth_draft *draft;
	enum tp_err err;
};

static void take_candidate(void *arg, const struct tp_model *model, const struct tp_tree *running,
			   const struct tp_tree *candidate)
{
	struct taking *t = arg;
	struct tp_cfg_admin *cfg = calloc(1, sizeof(*cfg));
	char *trusted = NULL;

	(void)model;
	(void)running;
	t->err = cfg ? tp_tree_remote_login(candidate, cfg, &trusted) : TP_NOMEM;
	if (t->err == TP_OK) {
		tp_auth_settings_set(&t->draft->settings, cfg);
		t->err = tp_auth_ldap_set(&t->draft->ldap, &cfg->ldap[0]);
		t->draft->settings.ldap = cfg->ldap[0].enabled;
		tp_cfg_admin_fini(cfg);
	}
	free(trusted);
	free(cfg);
}

static void test_candidate(const struct tp_tester_parts *p, const struct tp_http_request *req,
			   struct tp_http_response *res, const struct tp_auth_ask *ask)
{
	struct tp_auth_draft *draft = calloc(1, sizeof(*draft));
	struct taking taking = { .draft = draft };
	struct tp_auth_ask by_draft = *ask;
	enum tp_err err = draft ? TP_OK : TP_NOMEM;

	if (err == TP_OK) {
		draft->ldap.trusted_fd = -1;
		err = tp_config_look_at(p->config, take_candidate, &taking);
	}
	if (err == TP_OK)
		err = taking.err;
	by_draft.draft = draft;
	if (err == TP_OK)
		test(p->login, req, res, &by_draft);
	else
		tp_http_reply_failure(res, err, NULL);
	if (draft)
		tp_auth_ldap_fini(&draft->ldap);
	free(draft);
}

/* -------------------------------------------------------------------------- request */

static void login_test(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_tester_parts *p = arg;
	json_t *body = tp_http_body_object(req, res);
	const char *datastore = json_string_value(json_object_get(body, "datastore"));
	bool candidate = datastore && !strcmp(datastore, "candidate");
	char address[64];
	const struct tp_auth_ask ask = {
		.user = json_string_value(json_object_get(body, "user")),
		.password = json_string_value(json_object_get(body, "password")),
		.only = json_string_value(json_object_get(body, "source")),
		.address = address,
		.in_order = true,
		.urgent = true,
	};

	if (!body)
		return;
	tp_login_source(req, address);
	if (!ask.user || !ask.user[0] || strlen(ask.user) > TP_SESSION_USER_MAX)
		tp_http_reply_error(res, 400, "missing-element", "/user", "user is needed");
	else if (ask.password && (!ask.password[0] || strlen(ask.password) > TP_PASSWORD_MAX))
		tp_http_reply_error(res, 400, "invalid-value", "/password",
				    "A password has 1 to %d bytes.", TP_PASSWORD_MAX);
	else if (ask.only && !tp_authenticate_knows(ask.only))
		tp_http_reply_error(res, 400, "invalid-value", "/source", "there is no such source");
	else if (datastore && !candidate && strcmp(datastore, "running") != 0)
		tp_http_reply_error(res, 400, "invalid-value", "/datastore", "datastore is running or candidate");
	else if (ask.password && !req->rights.emergency &&
		 tp_advanced_is_emergency(tp_login_advanced(p->login), ask.user))
		tp_http_reply_error(res, 403, "access-denied", NULL,
				    "In the advanced mode nobody but the emergency account itself tries its password.");
	else if (!tp_login_may_try(p->login, req, res, req->user)) /* whoever is tested */
		; /* *res says why not */
	else if (candidate)
		test_candidate(p, req, res, &ask);
	else
		test(p->login, req, res, &ask);
	tp_login_json_free(body);
}

static const struct tp_route table[] = {
	TP_ROUTE_NO_TOKEN(TP_HTTP_POST, "/api/v1/login/test", TP_ACCESS_WRITE, 4096, login_test),
};

const struct tp_route *tp_tester_routes(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}
