/* Unit tests of what is kept and shown: ended calls, alarms, log lines, over a real
 * store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/log/routes.h"
#include "admin/status/status.h"
#include "folder.h"

struct world {
	struct folder folder;
	struct tp_store *store;
	struct tp_status *status;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	folder_make(&w->folder);
	assert_int_equal(tp_store_open(w->folder.fd, &w->store, NULL), TP_OK);
	assert_int_equal(tp_status_new(w->store, NULL, NULL, NULL, &w->status), TP_OK);
	*state = w;
	return 0;
}

static int take_down(void **state)
{
	struct world *w = *state;

	tp_status_free(&w->status);
	tp_store_close(&w->store);
	folder_remove(&w->folder);
	free(w);
	return 0;
}

/* The answer of the route with this pattern; the caller frees it. */
static json_t *ask(struct world *w, enum tp_http_method method, const char *pattern, const char *query,
		   const char *parameter, int wanted)
{
	struct tp_http_request req = { .method = method, .path = "", .query = query, .body = "", .rest = "" };
	struct tp_http_response res = { 0 };
	struct tp_log_routes log = { .store = w->store };
	const struct tp_route *routes;
	json_t *json = NULL;
	size_t count, i;

	strcpy(req.user, "admin");
	strcpy(req.parameter, parameter);
	routes = strcmp(pattern, "/api/v1/log") ? tp_status_routes(&count) : tp_log_routes(&count);
	for (i = 0; i < count; i++)
		if (!strcmp(routes[i].pattern, pattern) && (routes[i].methods & method))
			break;
	assert_true(i < count);
	routes[i].handler(routes == tp_status_routes(&count) ? (void *)w->status : &log, &req, &res);
	assert_int_equal(res.status, wanted);
	if (res.body)
		json = json_loadb(res.body, res.body_len, JSON_REJECT_DUPLICATES, NULL);
	tp_http_response_fini(&res);
	return json;
}

static const char *text(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static void end_call(struct world *w, uint64_t id, uint64_t answered_ms, const char *from)
{
	static struct tp_msg_call_ended m;
	static struct tp_msg_decision_step steps[2] = { { "rule 'a' matches" }, { "\xff<script>" } };
	static struct tp_msg_stream_stats stats[1];

	memset(&m, 0, sizeof(m));
	m.call_count = 1;
	m.call[0].id = id;
	m.call[0].state = 3;
	m.call[0].status = answered_ms ? 200 : 486;
	m.call[0].started_ms = 1000000 + id;
	m.call[0].answered_ms = answered_ms;
	m.call[0].ended_ms = 1090000;
	strcpy(m.call[0].from, from);
	snprintf(m.call[0].call_id, sizeof(m.call[0].call_id), "call-%llu", (unsigned long long)id);
	m.steps = steps;
	m.steps_count = 2;
	stats[0].rx_packets = UINT64_MAX;
	stats[0].silent_ms = UINT32_MAX;
	stats[0].leg = 1;
	stats[0].jitter_us = 1500;
	strcpy(stats[0].reason, "nothing arrives");
	m.stats = stats;
	m.stats_count = 1;
	assert_int_equal(tp_status_on_call_ended(w->status, &m), TP_OK);
}

static void ended_calls_are_kept_and_found(void **state)
{
	struct world *w = *state;
	json_t *list, *one, *stream;

	end_call(w, 1, 1030000, "sip:alice@a");
	end_call(w, 2, 0, "sip:b\xc3(ob@b");
	end_call(w, 2, 0, "sip:b\xc3(ob@b"); /* sip sends it again when the acknowledgement was lost */
	list = ask(w, TP_HTTP_GET, "/api/v1/history", "", "", 200);
	assert_int_equal(json_integer_value(json_object_get(list, "total")), 2);
	one = json_array_get(json_object_get(list, "calls"), 0);
	assert_string_equal(text(one, "from"), "sip:b\xef\xbf\xbd(ob@b");
	assert_true(json_is_null(json_object_get(one, "answered-at")));
	json_decref(list);

	list = ask(w, TP_HTTP_GET, "/api/v1/history", "result=answered&filter=ALICE", "", 200);
	one = json_array_get(json_object_get(list, "calls"), 0);
	assert_int_equal(json_integer_value(json_object_get(one, "duration-s")), 60);
	one = ask(w, TP_HTTP_GET, "/api/v1/history/*", "", text(one, "id"), 200);
	json_decref(list);
	assert_string_equal(json_string_value(json_array_get(json_object_get(one, "steps"), 1)),
			    "\xef\xbf\xbd<script>");
	stream = json_array_get(json_object_get(one, "streams"), 0);
	assert_string_equal(text(stream, "rx-packets"), "18446744073709551615");
	assert_string_equal(text(stream, "leg"), "callee");
	assert_string_equal(text(stream, "reason"), "nothing arrives");
	assert_true(json_is_null(json_object_get(stream, "silent-ms")));
	assert_true(json_is_null(json_object_get(stream, "remote-learned")));
	json_decref(one);
	json_decref(ask(w, TP_HTTP_GET, "/api/v1/history/*", "", "99", 404));
	json_decref(ask(w, TP_HTTP_GET, "/api/v1/history/*", "", "x", 404));
}

static void raise_alarm(struct world *w, bool raised, uint8_t severity)
{
	const struct tp_msg_alarm m = { .code = 25001,
					.raised = raised,
					.severity = severity,
					.subject = "edge",
					.text = "The link is down.",
					.remedy = "Look at the cable." };

	tp_status_on_alarm(w->status, TP_PROCESS_SIP, &m);
}

static void alarms_rise_clear_and_are_acknowledged(void **state)
{
	struct world *w = *state;
	json_t *list, *alarm;
	char id[32];

	raise_alarm(w, true, 1);
	raise_alarm(w, true, 2);
	list = ask(w, TP_HTTP_GET, "/api/v1/alarms", "", "", 200);
	assert_int_equal(json_array_size(json_object_get(list, "alarms")), 1);
	alarm = json_array_get(json_object_get(list, "alarms"), 0);
	assert_string_equal(text(alarm, "severity"), "critical");
	assert_string_equal(text(alarm, "remedy"), "Look at the cable.");
	assert_true(json_is_null(json_object_get(alarm, "acknowledged-by")));
	snprintf(id, sizeof(id), "%s", text(alarm, "id"));
	json_decref(list);

	json_decref(ask(w, TP_HTTP_POST, "/api/v1/alarms/*/acknowledge", "", id, 204));
	json_decref(ask(w, TP_HTTP_POST, "/api/v1/alarms/*/acknowledge", "", id, 409));
	json_decref(ask(w, TP_HTTP_POST, "/api/v1/alarms/*/acknowledge", "", "77", 404));
	raise_alarm(w, false, 0);
	raise_alarm(w, false, 0); /* clearing what is not open does nothing */
	list = ask(w, TP_HTTP_GET, "/api/v1/alarms", "", "", 200);
	alarm = json_array_get(json_object_get(list, "alarms"), 0);
	assert_string_equal(text(alarm, "acknowledged-by"), "admin");
	assert_non_null(text(alarm, "cleared-at"));
	json_decref(list);
	list = ask(w, TP_HTTP_GET, "/api/v1/log", "filter=alarm.", "", 200);
	assert_int_equal(json_integer_value(json_object_get(list, "total")), 2);
	json_decref(list);
}

static void events_reach_the_log(void **state)
{
	const struct tp_msg_event m = { .at_ms = 1700000000123, .severity = 1, .name = "zone.state", .text = "x\x1b" };
	struct world *w = *state;
	json_t *list, *line;

	tp_status_on_event(w->status, TP_PROCESS_SIP, &m);
	list = ask(w, TP_HTTP_GET, "/api/v1/log", "kind=event", "", 200);
	line = json_array_get(json_object_get(list, "lines"), 0);
	assert_string_equal(text(line, "at"), "2023-11-14T22:13:20.123Z");
	assert_string_equal(text(line, "severity"), "warning");
	assert_string_equal(text(line, "source"), "turnpike-sip");
	json_decref(list);
	list = ask(w, TP_HTTP_GET, "/api/v1/log", "kind=configuration", "", 200);
	assert_int_equal(json_integer_value(json_object_get(list, "total")), 0);
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ended_calls_are_kept_and_found, set_up, take_down),
		cmocka_unit_test_setup_teardown(alarms_rise_clear_and_are_acknowledged, set_up, take_down),
		cmocka_unit_test_setup_teardown(events_reach_the_log, set_up, take_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
