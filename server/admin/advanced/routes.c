/* What a page needs to lead an administrator into the mode. Runs in turnpike-admin's
 * workers. */
#include "admin/advanced/routes.h"

#include "admin/advanced/advanced.h"
#include "admin/advanced/lockout.h"
#include "admin/advanced/prerequisites.h"
#include "admin/advanced/recommended.h"
#include "admin/config/inside.h"
#include "admin/http/times.h"

struct view {
	struct tp_advanced_ground ground;
	json_t *recommendations;
};

static void look(void *arg, const struct tp_model *model, const struct tp_tree *running,
		 const struct tp_tree *candidate)
{
	struct view *v = arg;

	(void)model;
	tp_tree_advanced(candidate, &v->ground);
	v->recommendations = tp_recommended_json(running);
}

static json_t *prerequisites_json(const bool passed[TP_PREREQUISITES])
{
	json_t *list = json_array();

	for (size_t i = 0; i < TP_PREREQUISITES; i++) {
		const struct tp_prerequisite *p = tp_prerequisite(i);

		json_array_append_new(list, json_pack("{s:s, s:b, s:s, s:s?}", "id", p->id, "passed", passed[i],
						      "text", p->text, "remedy", passed[i] ? NULL : p->remedy));
	}
	return list;
}

static json_t *lockout_json(struct tp_login *login)
{
	struct tp_lockout_state state;

	tp_lockout_look(tp_login_lockout(login), tp_times_now_ms(), &state);
	return json_pack("{s:b, s:o, s:i}", "blocked", state.blocked, "until_ms",
			 state.until_ms ? json_integer((json_int_t)state.until_ms) : json_null(), "failures",
			 (int)state.failures);
}

/* Prerequisites are those of the candidate: what a commit would be asked now. Recommended is
 * what is in force. */
static void get_advanced(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_advanced_parts *p = arg;
	struct view view = { .recommendations = NULL };
	struct tp_cfg_advanced now;
	bool passed[TP_PREREQUISITES];
	enum tp_err err = tp_config_look_at(p->config, look, &view);

	(void)req;
	if (err == TP_OK)
		err = tp_prerequisites_look(p->store, &view.ground, passed);
	if (err != TP_OK) {
		json_decref(view.recommendations);
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	tp_advanced_get(tp_login_advanced(p->login), &now);
	tp_http_reply_json(res, 200,
			   json_pack("{s:b, s:o, s:o, s:o, s:o}", "enabled", now.enabled, "emergency-account",
				     now.emergency_account[0] ? tp_json_text(now.emergency_account) : json_null(),
				     "prerequisites", prerequisites_json(passed), "recommendations",
				     view.recommendations, "lockout", lockout_json(p->login)));
}

/* Also where nobody is blocked: then nothing changes. */
static void release_lockout(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_advanced_parts *p = arg;

	tp_login_release(p->login, req);
	tp_http_reply_empty(res, 204);
}

static const struct tp_route table[] = {
	TP_ROUTE(TP_HTTP_POST, "/api/v1/advanced/release-lockout", TP_ACCESS_WRITE, 1024, release_lockout),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/advanced", TP_ACCESS_READ, 0, get_advanced),
};

const struct tp_route *tp_advanced_routes(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}
