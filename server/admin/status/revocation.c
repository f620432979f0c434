/* "What would happen now" with a peer's certificate, asked of sip. Runs in
 * turnpike-admin's workers. */
#include <stdlib.h>

#include "admin/status/parts.h"

static json_t *look_json(const struct tp_msg_revocation_look *c)
{
	return json_pack("{s:o, s:s, s:o, s:[{s:s, s:o}, {s:s, s:o}, {s:s, s:o, s:o}]}", "subject",
			 tp_json_text(c->subject), "verdict", c->refused ? "refuse" : "accept", "reason",
			 tp_json_text(c->text), "sources", "source", "automatic-crl", "answer",
			 tp_json_text(c->automatic), "source", "manual-crl", "answer",
			 tp_json_text(c->manual), "source", "ocsp", "responder",
			 tp_json_text(c->responder), "answer", tp_json_text(c->ocsp));
}

static void reply(const struct tp_msg_revocation_tested *m, struct tp_http_response *res)
{
	json_t *certificates;

	if (m->err == TP_LIMIT || m->err == TP_STATE) {
		tp_http_reply_error(res, 409, "in-use", NULL, "%s", m->text);
		return;
	}
	if (m->err != TP_OK && m->err != TP_DENIED) {
		tp_http_reply_error(res, 400, "invalid-value", "pem", "%s", m->text);
		return;
	}
	certificates = json_array();
	for (size_t i = 0; i < m->certificates_count; i++)
		json_array_append_new(certificates, look_json(&m->certificates[i]));
	tp_http_reply_json(res, 200, json_pack("{s:s, s:b, s:i, s:o, s:o}", "verdict",
					       m->refused || m->err != TP_OK ? "refuse" : "accept",
					       "trusted", m->err == TP_OK, "rule", (int)m->rule, "reason",
					       tp_json_text(m->text), "certificates", certificates));
}

void tp_status_revocation_test(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *status = arg;
	json_t *body = tp_http_body_object(req, res);
	const json_t *pem = body ? json_object_get(body, "pem") : NULL;
	struct tp_msg_revocation_tested *result = calloc(1, sizeof(*result));
	struct tp_msg_revocation_test question = { 0 };
	enum tp_err err;

	if (!result) {
		tp_http_reply_failure(res, TP_NOMEM, NULL);
	} else if (body && (!json_is_string(pem) || json_string_length(pem) == 0 ||
			    json_string_length(pem) > 65536)) {
		tp_http_reply_error(res, 400, "invalid-value", "pem",
				    "'pem' must be a certificate in PEM form, at most 65536 characters");
	} else if (body) {
		question.pem = (const uint8_t *)json_string_value(pem);
		question.pem_len = (uint32_t)json_string_length(pem);
		err = tp_bus_revocation_test(status->bus, &question, result);
		if (err == TP_OK)
			reply(result, res);
		else
			tp_http_reply_failure(res, err, NULL);
	}
	free(result);
	json_decref(body);
}
