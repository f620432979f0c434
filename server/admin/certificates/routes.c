/* The page of all certificates. Runs in turnpike-admin's workers. */
#include "admin/certificates/routes.h"

#include <stdlib.h>
#include <string.h>

#include "admin/certificates/collect.h"
#include "admin/certificates/expiry.h"
#include "admin/certificates/list.h"
#include "admin/certificates/names.h"
#include "admin/config/inside.h"
#include "admin/http/times.h"

/* The rows that fit the query, all of them; NULL: *res holds the answer. */
static json_t *select_rows(const struct tp_certificates_routes *from,
			   const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_list_query query;
	struct tp_diag diag = { 0 };
	enum tp_err err = tp_list_query_parse(req->query, &query, &diag);
	json_t *tls, *rows, *crls, *chosen;

	if (err != TP_OK) {
		tp_http_reply_error(res, 400, "invalid-value", diag.where, "%s", diag.text);
		return NULL;
	}
	tls = tp_config_get(from->config, "running/turnpike-tls:tls", NULL);
	if (!tls) {
		tp_http_reply_error(res, 503, "operation-failed", NULL, "The appliance is starting.");
		return NULL;
	}
	rows = tp_certificates_rows(tls);
	tp_certificates_add_requests(rows, from->store, tls);
	crls = tp_lists_json(from->lists);
	tp_certificates_add_crls(rows, crls);
	json_decref(crls);
	chosen = tp_list_select(rows, &query);
	json_decref(rows);
	json_decref(tls);
	return chosen;
}

static void add_expiry(json_t *row, int64_t now_s)
{
	const json_t *at = json_object_get(row, "not-after-s");
	bool ends = json_is_integer(at);
	int64_t left_s = ends ? json_integer_value(at) - now_s : 0;
	enum tp_expiry expiry = ends ? tp_expiry_of(json_integer_value(at), now_s) : TP_EXPIRY_FINE;

	/* A revocation list that lives for a week is not near its end all the time. */
	if (expiry != TP_EXPIRY_OVER && !strcmp(json_string_value(json_object_get(row, "kind")), "crl"))
		expiry = TP_EXPIRY_FINE;
	json_object_set_new(row, "expiry", ends ? json_string(tp_expiry_name(expiry)) : json_null());
	json_object_set_new(row, "days-left", ends ? json_integer(left_s / 86400) : json_null());
	json_object_del(row, "not-after-s");
}

static void get_certificates(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	int64_t now_s = (int64_t)(tp_times_now_ms() / 1000);
	uint32_t offset = tp_http_query_u32(req, "offset", 0, UINT32_MAX / 2);
	uint32_t limit = tp_http_query_u32(req, "limit", TP_LIST_PAGE, TP_LIST_PAGE_MAX);
	json_t *rows = select_rows(arg, req, res);
	json_t *page = json_array(), *answer = tp_list_describe();

	for (size_t i = offset; rows && i < json_array_size(rows) && i - offset < limit; i++) {
		json_t *row = json_array_get(rows, i);

		add_expiry(row, now_s);
		json_array_append(page, row);
	}
	if (rows) {
		json_object_set_new(answer, "total", json_integer((json_int_t)json_array_size(rows)));
		json_object_set(answer, "certificates", page);
		tp_http_reply_json(res, 200, json_incref(answer));
	}
	json_decref(answer);
	json_decref(page);
	json_decref(rows);
}

static void get_csv(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	json_t *rows = select_rows(arg, req, res);
	char *text = NULL;
	size_t len = 0;
	enum tp_err err = rows ? tp_list_csv(rows, &text, &len) : TP_STATE;

	if (err == TP_OK) {
		tp_http_reply_bytes(res, 200, "text/csv; charset=utf-8", text, len);
		tp_http_header(res, "Content-Disposition", "attachment; filename=\"certificates.csv\"");
	} else if (rows) {
		tp_http_reply_failure(res, err, NULL);
	}
	free(text);
	json_decref(rows);
}

static void get_names(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_certificates_routes *from = arg;
	char name[TP_LIST_VALUE_MAX + 1] = "";
	json_t *tls = tp_config_get(from->config, "running/turnpike-tls:tls", NULL);
	json_t *host = tp_config_get(from->config, "running/turnpike-system:system/host-name", NULL);
	json_t *domains = tp_config_get(from->config, "running/turnpike-sip:sip/registrar/domain", NULL);

	if (!tp_http_query(req, "name", name, sizeof(name)))
		name[0] = '\0';
	if (tls)
		tp_http_reply_json(res, 200,
				   tp_certificates_names(tls, json_string_value(host), domains, name,
							 (int64_t)(tp_times_now_ms() / 1000)));
	else
		tp_http_reply_error(res, 503, "operation-failed", NULL, "The appliance is starting.");
	json_decref(tls);
	json_decref(host);
	json_decref(domains);
}

static const struct tp_route table[] = {
	TP_ROUTE(TP_HTTP_GET, "/api/v1/certificates", TP_ACCESS_READ, 0, get_certificates),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/certificates/names", TP_ACCESS_READ, 0, get_names),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/certificates.csv", TP_ACCESS_READ, 0, get_csv),
};

const struct tp_route *tp_certificates_routes(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}
