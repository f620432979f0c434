/* The routes of revocation lists. Runs in turnpike-admin's workers. */
#include "admin/revocation/routes.h"

#include "admin/revocation/lists.h"

static void get_lists(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	json_t *out = tp_lists_json(arg);

	(void)req;
	if (out)
		tp_http_reply_json(res, 200, out);
	else
		tp_http_reply_failure(res, TP_NOMEM, NULL);
}

static void post_update(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	size_t count = tp_lists_update_now(arg);

	(void)req;
	if (count)
		tp_http_reply_json(res, 202, json_pack("{s:I}", "sources", (json_int_t)count));
	else
		tp_http_reply_error(res, 409, "operation-failed", NULL,
				    "Automatic CRL updates are off.");
}

static void put_manual(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_diag diag = { "", "" };
	json_t *body = tp_http_body_object(req, res);
	const json_t *pem = json_object_get(body, "pem");
	enum tp_err err = TP_FORMAT;

	if (!body)
		return;
	if (json_is_string(pem))
		err = tp_lists_upload(arg,
				      (struct tp_span){ json_string_value(pem),
							json_string_length(pem) },
				      &diag);
	else
		tp_fail(&diag, err, "", "The file is missing: {\"pem\": text}.");
	json_decref(body);
	if (err == TP_OK)
		tp_http_reply_json(res, 200, json_pack("{s:o}", "result", tp_json_text(diag.text)));
	else if (err == TP_CONFLICT)
		tp_http_reply_error(res, 409, "in-use", NULL, "%s", diag.text);
	else if (err == TP_AGAIN || err == TP_CLOSED || err == TP_NOMEM || err == TP_INTERNAL)
		tp_http_reply_error(res, 503, "operation-failed", NULL, "%s", diag.text);
	else
		tp_http_reply_error(res, 400, "invalid-value", NULL, "%s", diag.text);
}

static void delete_manual(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_diag diag = { "", "" };
	enum tp_err err = tp_lists_remove_upload(arg, &diag);

	(void)req;
	if (err == TP_OK)
		tp_http_reply_empty(res, 204);
	else
		tp_http_reply_error(res, err == TP_CONFLICT ? 409 : 503, "operation-failed", NULL, "%s",
				    diag.text);
}

const struct tp_route *tp_lists_routes(size_t *count)
{
	static const struct tp_route routes[] = {
		TP_ROUTE(TP_HTTP_GET, "/api/v1/revocation/crls", TP_ACCESS_READ, 0, get_lists),
		TP_ROUTE(TP_HTTP_POST, "/api/v1/revocation/crls/update", TP_ACCESS_WRITE, 1024,
			 post_update),
		TP_ROUTE(TP_HTTP_PUT, "/api/v1/revocation/crls/manual", TP_ACCESS_WRITE,
			 TP_LISTS_UPLOAD_MAX, put_manual),
		TP_ROUTE(TP_HTTP_DELETE, "/api/v1/revocation/crls/manual", TP_ACCESS_WRITE, 0,
			 delete_manual),
	};

	*count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}
