/* What is going on now, asked of the other processes. Runs in turnpike-admin's workers. */
#include <stdlib.h>

#include "admin/status/parts.h"

enum { PAGE_ZONES = 50, PAGE_REGISTRATIONS = 100, PAGE_CALLS = 50, LIMIT_MAX = 500, ZONES_MAX = 250 };

/* Puts both numbers of a page request within bounds. */
static void page_of(const struct tp_http_request *req, uint32_t *offset, uint32_t *limit)
{
	*offset = tp_http_query_u32(req, "offset", 0, UINT32_MAX / 2);
	*limit = tp_http_query_u32(req, "limit", 50, LIMIT_MAX);
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void tp_status_get_zones(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *status = arg;
	json_t *list = json_array();
	uint32_t total = 1;

	(void)req;
	for (uint32_t offset = 0; offset < least(total, ZONES_MAX); offset += PAGE_ZONES) {
		struct tp_msg_zones zones;
		enum tp_err err = tp_bus_zones(status->bus, offset, PAGE_ZONES, &zones);

		if (err != TP_OK) {
			json_decref(list);
			tp_http_reply_failure(res, err, NULL);
			return;
		}
		total = zones.total;
		for (size_t i = 0; i < zones.zones_count; i++)
			json_array_append_new(list, tp_status_zone(&zones.zones[i]));
		tp_msg_zones_fini(&zones);
	}
	tp_http_reply_json(res, 200, json_pack("{s:o}", "zones", list));
}

void tp_status_get_registrations(void *arg, const struct tp_http_request *req,
				 struct tp_http_response *res)
{
	struct tp_status *status = arg;
	json_t *list = json_array();
	uint32_t offset, limit, total = 0;
	char filter[128] = "";

	page_of(req, &offset, &limit);
	if (!tp_http_query(req, "filter", filter, sizeof(filter)))
		filter[0] = '\0';
	do {
		struct tp_msg_registrations page;
		uint32_t want = least(limit, PAGE_REGISTRATIONS);
		enum tp_err err = tp_bus_registrations(status->bus, offset, want, filter, &page);

		if (err != TP_OK) {
			json_decref(list);
			tp_http_reply_failure(res, err, NULL);
			return;
		}
		total = page.total;
		for (size_t i = 0; i < page.registrations_count; i++)
			json_array_append_new(list, tp_status_registration(&page.registrations[i]));
		tp_msg_registrations_fini(&page);
		offset += want;
		limit -= want;
	} while (limit && offset < total);
	tp_http_reply_json(res, 200,
			   json_pack("{s:I, s:o}", "total", (json_int_t)total, "registrations", list));
}

void tp_status_get_calls(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *status = arg;
	json_t *list = json_array();
	uint32_t offset, limit, total = 0;

	page_of(req, &offset, &limit);
	do {
		struct tp_msg_calls page;
		uint32_t want = least(limit, PAGE_CALLS);
		enum tp_err err = tp_bus_calls(status->bus, offset, want, &page);

		if (err != TP_OK) {
			json_decref(list);
			tp_http_reply_failure(res, err, NULL);
			return;
		}
		total = page.total;
		for (size_t i = 0; i < page.calls_count; i++)
			json_array_append_new(list, tp_status_call(&page.calls[i]));
		tp_msg_calls_fini(&page);
		offset += want;
		limit -= want;
	} while (limit && offset < total);
	tp_http_reply_json(res, 200, json_pack("{s:I, s:o}", "total", (json_int_t)total, "calls", list));
}

/* The streams of a call; without media an empty list, with none to ask null. */
static json_t *streams_of(struct tp_status *status, uint64_t session)
{
	struct tp_msg_media_stats stats;
	json_t *streams;

	if (!session)
		return json_array();
	if (tp_bus_media_stats(status->bus, session, &stats) != TP_OK)
		return json_null();
	streams = tp_status_streams(stats.stats, stats.stats_count);
	tp_msg_media_stats_fini(&stats);
	return streams;
}

/* The id in the path; false: *res holds the refusal. */
static bool id_of(const struct tp_http_request *req, struct tp_http_response *res, uint64_t *id)
{
	if (tp_text_parse_u64(tp_span_of(req->parameter), UINT64_MAX, id) == TP_OK)
		return true;
	tp_http_reply_error(res, 404, "invalid-value", NULL, "there is no such call");
	return false;
}

void tp_status_get_call(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *status = arg;
	struct tp_msg_call_detail *detail;
	uint64_t id;
	enum tp_err err;

	if (!id_of(req, res, &id))
		return;
	detail = calloc(1, sizeof(*detail));
	err = detail ? tp_bus_call(status->bus, id, detail) : TP_NOMEM;
	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		free(detail);
		return;
	}
	if (detail->found && detail->call_count == 1) {
		json_t *out = tp_status_call(&detail->call[0]);

		json_object_set_new(out, "steps", tp_status_steps(detail->steps, detail->steps_count));
		json_object_set_new(out, "streams", streams_of(status, detail->call[0].session));
		tp_http_reply_json(res, 200, out);
	} else {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "the call has ended");
	}
	tp_msg_call_detail_fini(detail);
	free(detail);
}

void tp_status_end_call(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *status = arg;
	struct tp_msg_call_disconnected done;
	uint64_t id;
	enum tp_err err;

	if (!id_of(req, res, &id))
		return;
	err = tp_bus_call_disconnect(status->bus, id, &done);
	if (err == TP_OK)
		err = (enum tp_err)done.err;
	if (err != TP_OK)
		tp_http_reply_failure(res, err, NULL);
	else
		tp_http_reply_empty(res, 204);
}
