/* The secure traversal test, asked of sip. Runs in turnpike-admin's workers. */
#include <stdlib.h>
#include <string.h>

#include "admin/status/parts.h"

enum { DEFAULT_PORT = 7001 };

/* Copies a text member; false: *res holds the refusal. */
static bool text_of(const json_t *body, const char *key, const char *fallback, char *dst, size_t size,
		    struct tp_http_response *res)
{
	const json_t *value = json_object_get(body, key);
	const char *text = value ? json_string_value(value) : fallback;

	if (text && text[0] && strlen(text) == (value ? json_string_length(value) : strlen(text)) &&
	    tp_text_copy(dst, size, text))
		return true;
	tp_http_reply_error(res, 400, "invalid-value", key, "'%s' must be a text of 1 to %zu characters", key,
			    size - 1);
	return false;
}

static bool read_question(struct tp_status *status, const json_t *body, struct tp_msg_traversal_test *out,
			  struct tp_http_response *res)
{
	char host_name[256];
	int role;
	const json_t *port = json_object_get(body, "port");
	json_int_t number = port ? json_integer_value(port) : DEFAULT_PORT;

	tp_login_names(status->login, host_name, &role);
	if (!text_of(body, "address", NULL, out->address, sizeof(out->address), res) ||
	    !text_of(body, "verify-name", host_name, out->verify_name, sizeof(out->verify_name), res) ||
	    !text_of(body, "edge-name", out->address, out->edge_name, sizeof(out->edge_name), res))
		return false;
	if ((port && !json_is_integer(port)) || number < 1 || number > 65535) {
		tp_http_reply_error(res, 400, "invalid-value", "port", "'port' must be a number from 1 to 65535");
		return false;
	}
	out->port = (uint16_t)number;
	return true;
}

static json_t *step_json(const struct tp_msg_traversal_test_step *s)
{
	static const char *const outcomes[] = { "ok", "warn", "fail", "not-reached" };

	return json_pack("{s:o, s:s, s:o, s:o}", "step", tp_json_text(s->name), "result",
			 outcomes[s->result], "text", tp_json_text(s->text), "remedy",
			 tp_json_text(s->remedy));
}

/* The worst of the steps that were reached. */
static const char *verdict_of(const struct tp_msg_traversal_test_result *r)
{
	bool warn = false;

	for (size_t i = 0; i < r->steps_count; i++) {
		if (r->steps[i].result == TP_TEST_FAIL)
			return "fail";
		warn = warn || r->steps[i].result == TP_TEST_WARN;
	}
	return warn ? "warn" : "ok";
}

static void reply(const struct tp_msg_traversal_test_result *r, struct tp_http_response *res)
{
	json_t *steps;

	if (r->err != TP_OK) {
		tp_http_reply_error(res, r->err == TP_FORMAT ? 400 : 409,
				    r->err == TP_FORMAT ? "invalid-value" : "in-use", NULL, "%s", r->reason);
		return;
	}
	steps = json_array();
	for (size_t i = 0; i < r->steps_count; i++)
		json_array_append_new(steps, step_json(&r->steps[i]));
	tp_http_reply_json(res, 200, json_pack("{s:s, s:I, s:o}", "result", verdict_of(r), "took-ms",
					       (json_int_t)r->took_ms, "steps", steps));
}

void tp_status_traversal_test(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *status = arg;
	json_t *body = tp_http_body_object(req, res);
	struct tp_msg_traversal_test *question = calloc(1, sizeof(*question));
	struct tp_msg_traversal_test_result *result = calloc(1, sizeof(*result));
	enum tp_err err = TP_NOMEM;

	if (body && question && result && read_question(status, body, question, res)) {
		err = tp_bus_traversal_test(status->bus, question, result);
		if (err == TP_OK)
			reply(result, res);
		else
			tp_http_reply_failure(res, err, NULL);
	} else if (!question || !result) {
		tp_http_reply_failure(res, TP_NOMEM, NULL);
	}
	free(result);
	free(question);
	json_decref(body);
}
