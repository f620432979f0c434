/* What is kept: ended calls, alarms, log lines. Runs in turnpike-admin. */
#include <stdlib.h>
#include <string.h>

#include "admin/http/times.h"
#include "admin/status/parts.h"
#include "core/auto.h"
#include "core/log.h"

static void filter_of(const struct tp_http_request *req, char filter[128])
{
	if (!tp_http_query(req, "filter", filter, 128))
		filter[0] = '\0';
}

/* ---------------------------------------------------------------------- history */

static void fill_history(struct tp_history *h, const struct tp_msg_call *c)
{
	*h = (struct tp_history){
		.call = c->id,
		.state = c->state,
		.status = c->status,
		.source_transport = c->source_transport,
		.target_transport = c->target_transport,
		.started_ms = c->started_ms,
		.answered_ms = c->answered_ms,
		.ended_ms = c->ended_ms,
	};
	tp_text_copy(h->call_id, sizeof(h->call_id), c->call_id);
	tp_text_copy(h->from, sizeof(h->from), c->from);
	tp_text_copy(h->to, sizeof(h->to), c->to);
	tp_text_copy(h->source_zone, sizeof(h->source_zone), c->source_zone);
	tp_text_copy(h->target_zone, sizeof(h->target_zone), c->target_zone);
	tp_text_copy(h->end_reason, sizeof(h->end_reason), c->end_reason);
}

enum tp_err tp_status_on_call_ended(void *arg, const struct tp_msg_call_ended *m)
{
	struct tp_status *status = arg;
	json_t *steps = tp_status_steps(m->steps, m->steps_count);
	json_t *streams = tp_status_streams(m->stats, m->stats_count);
	TP_AUTO(free) char *steps_text = json_dumps(steps, JSON_COMPACT);
	TP_AUTO(free) char *streams_text = json_dumps(streams, JSON_COMPACT);
	struct tp_history h;
	enum tp_err err = TP_NOMEM;

	json_decref(steps);
	json_decref(streams);
	/* A message without its call is taken and forgotten, not asked for again. */
	if (m->call_count != 1)
		return TP_OK;
	fill_history(&h, &m->call[0]);
	if (steps_text && streams_text)
		err = tp_store_history_add(status->store, &h, steps_text, streams_text);
	if (err != TP_OK)
		TP_LOG(TP_LOG_WARN, "history.store", "an ended call could not be stored: %s",
		       tp_err_name(err));
	return err;
}

void tp_status_get_history(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *status = arg;
	TP_AUTO(free) struct tp_history *rows = NULL;
	char filter[128], result[16];
	enum tp_history_result which = TP_HISTORY_ALL;
	json_t *list = json_array();
	size_t count = 0;
	uint64_t total = 0;
	enum tp_err err;

	filter_of(req, filter);
	if (tp_http_query(req, "result", result, sizeof(result)))
		which = !strcmp(result, "answered") ? TP_HISTORY_ANSWERED :
			!strcmp(result, "failed")   ? TP_HISTORY_FAILED :
						      TP_HISTORY_ALL;
	err = tp_store_history_list(status->store, filter, which,
				    tp_http_query_u32(req, "offset", 0, UINT32_MAX),
				    tp_http_query_u32(req, "limit", 50, TP_STORE_PAGE_MAX), &rows, &count,
				    &total);
	for (size_t i = 0; err == TP_OK && i < count; i++)
		json_array_append_new(list, tp_status_history(&rows[i]));
	if (err != TP_OK) {
		json_decref(list);
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	tp_http_reply_json(res, 200, json_pack("{s:I, s:o}", "total", (json_int_t)total, "calls", list));
}

static json_t *stored_list(const char *text)
{
	json_t *list = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (json_is_array(list))
		return list;
	json_decref(list);
	return json_array();
}

void tp_status_get_history_one(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *status = arg;
	TP_AUTO(free) char *steps = NULL;
	TP_AUTO(free) char *streams = NULL;
	struct tp_history h;
	uint64_t id;
	enum tp_err err = tp_text_parse_u64(tp_span_of(req->parameter), INT64_MAX, &id);
	json_t *out;

	err = err == TP_OK ? tp_store_history_get(status->store, id, &h, &steps, &streams) : TP_NOTFOUND;
	if (err != TP_OK) {
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	out = tp_status_history(&h);
	json_object_set_new(out, "steps", stored_list(steps));
	json_object_set_new(out, "streams", stored_list(streams));
	tp_http_reply_json(res, 200, out);
}

/* ----------------------------------------------------------------------- alarms */

void tp_status_on_alarm(void *arg, enum tp_process from, const struct tp_msg_alarm *m)
{
	struct tp_status *status = arg;
	struct tp_alarm alarm = { .code = m->code, .severity = m->severity };
	struct tp_log_entry line = { .at_ms = tp_times_now_ms(), .severity = m->severity };
	bool fresh = false;
	enum tp_err err;

	alarm.raised_ms = line.at_ms;
	tp_text_copy(alarm.subject, sizeof(alarm.subject), m->subject);
	tp_text_copy(alarm.text, sizeof(alarm.text), m->text);
	tp_text_copy(alarm.remedy, sizeof(alarm.remedy), m->remedy);
	if (m->raised)
		err = tp_store_alarm_raise(status->store, &alarm, &fresh);
	else
		err = tp_store_alarm_clear(status->store, m->code, m->subject, line.at_ms);
	if (err == TP_OK && (fresh || !m->raised)) {
		tp_text_copy(line.name, sizeof(line.name), m->raised ? "alarm.raised" : "alarm.cleared");
		tp_text_copy(line.text, sizeof(line.text), m->text[0] ? m->text : m->subject);
		tp_text_copy(line.source, sizeof(line.source), tp_process_name(from));
		if (!m->raised)
			line.severity = 0;
		err = tp_store_log_add(status->store, TP_LOG_KIND_EVENT, &line);
	}
	if (err != TP_OK && err != TP_NOTFOUND)
		TP_LOG(TP_LOG_WARN, "alarm.store", "an alarm could not be stored: %s", tp_err_name(err));
}

static json_t *alarm_json(const struct tp_alarm *a)
{
	return json_pack("{s:o, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "id", tp_status_u64(a->id), "code",
			 (json_int_t)a->code, "severity", tp_status_severity(a->severity), "subject",
			 tp_json_text(a->subject), "text", tp_json_text(a->text), "remedy",
			 tp_json_text(a->remedy), "raised-at", tp_times_json(a->raised_ms), "cleared-at",
			 tp_times_json(a->cleared_ms), "acknowledged-by",
			 a->acknowledged_by[0] ? tp_json_text(a->acknowledged_by) : json_null());
}

void tp_status_get_alarms(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *status = arg;
	TP_AUTO(free) struct tp_alarm *rows = NULL;
	json_t *list = json_array();
	size_t count = 0;
	enum tp_err err = tp_store_alarm_list(status->store, &rows, &count);

	(void)req;
	for (size_t i = 0; err == TP_OK && i < count; i++)
		json_array_append_new(list, alarm_json(&rows[i]));
	if (err != TP_OK) {
		json_decref(list);
		tp_http_reply_failure(res, err, NULL);
		return;
	}
	tp_http_reply_json(res, 200, json_pack("{s:o}", "alarms", list));
}

void tp_status_acknowledge(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *status = arg;
	uint64_t id;
	enum tp_err err = tp_text_parse_u64(tp_span_of(req->parameter), INT64_MAX, &id);

	err = err == TP_OK ? tp_store_alarm_acknowledge(status->store, id, req->user, tp_times_now_ms()) :
			     TP_NOTFOUND;
	if (err != TP_OK)
		tp_http_reply_failure(res, err, NULL);
	else
		tp_http_reply_empty(res, 204);
}

/* -------------------------------------------------------------------------- log */

void tp_status_on_event(void *arg, enum tp_process from, const struct tp_msg_event *m)
{
	struct tp_status *status = arg;
	struct tp_log_entry line = { .at_ms = m->at_ms, .severity = m->severity };

	tp_text_copy(line.name, sizeof(line.name), m->name);
	tp_text_copy(line.text, sizeof(line.text), m->text);
	tp_text_copy(line.source, sizeof(line.source), tp_process_name(from));
	if (tp_store_log_add(status->store, TP_LOG_KIND_EVENT, &line) != TP_OK)
		TP_LOG(TP_LOG_WARN, "event.store", "an event could not be stored");
}
