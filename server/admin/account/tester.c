/* "Test this user": what the sources of accounts say of a user and password, step by
 * step; nothing of it is kept. Runs in turnpike-admin's workers. */
#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"

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
	tp_login_log(l, req, 0, "login.tested", ask->user, "The sources of accounts were asked about this user.");
	tp_http_reply_json(res, 200, describe(err, v));
	free(v);
}

void tp_login_test(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_login *l = arg;
	json_t *body = tp_http_body_object(req, res);
	char address[64];
	const struct tp_auth_ask ask = {
		.user = json_string_value(json_object_get(body, "user")),
		.password = json_string_value(json_object_get(body, "password")),
		.only = json_string_value(json_object_get(body, "source")),
		.address = address,
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
	else if (tp_login_may_try(l, req, res, ask.user))
		test(l, req, res, &ask);
	tp_login_json_free(body);
}
