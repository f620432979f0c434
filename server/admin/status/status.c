/* The overview, and the life of the module. Runs in turnpike-admin. */
#include "admin/status/status.h"

#include <stdlib.h>
#include <string.h>

#include "admin/config/restconf.h"
#include "admin/http/times.h"
#include "admin/status/parts.h"

enum tp_err tp_status_new(struct tp_store *store, struct tp_bus *bus, struct tp_login *login,
			  struct tp_config *config, struct tp_status **out)
{
	struct tp_status *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;

	if (!s)
		return TP_NOMEM;
	s->store = store;
	s->bus = bus;
	s->login = login;
	s->config = config;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	*out = s;
	return TP_OK;
}

void tp_status_free(struct tp_status **s)
{
	if (!*s)
		return;
	tp_status_unwatch(*s);
	tp_status_web_contexts_free(*s);
	pthread_cond_destroy(&(*s)->wake);
	pthread_mutex_destroy(&(*s)->lock);
	free(*s);
	*s = NULL;
}

void tp_status_tls_least(struct tp_status *s, const struct tp_cfg_tls_least *least, size_t count)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < count && i < TP_TLS_SERVICES; i++)
		s->tls.least[i] = least[i].version;
	s->tls.known = count >= TP_TLS_SERVICES;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void tp_status_pam(struct tp_status *s, bool on)
{
	pthread_mutex_lock(&s->lock);
	s->pam = on;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void tp_status_certificate(struct tp_status *s, int64_t not_after_s, bool temporary)
{
	pthread_mutex_lock(&s->lock);
	s->not_after_s = not_after_s;
	s->temporary = temporary;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static json_t *process_json(const struct tp_msg_process_status *p)
{
	return json_pack("{s:o, s:I, s:b, s:I, s:o, s:o}", "name", tp_json_text(p->name), "pid",
			 (json_int_t)p->pid, "ready", p->ready, "restarts", (json_int_t)p->restarts,
			 "started-at", tp_times_json(p->started_ms), "last-end", tp_json_text(p->last_end));
}

static void add_processes(struct tp_status *s, json_t *out)
{
	struct tp_msg_supervisor_status m;
	json_t *list = json_array();

	if (tp_bus_supervisor_status(s->bus, &m) == TP_OK) {
		for (size_t i = 0; i < m.processes_count; i++)
			json_array_append_new(list, process_json(&m.processes[i]));
		json_object_set_new(out, "started-at", tp_times_json(m.started_ms));
	} else {
		json_object_set_new(out, "started-at", json_null());
	}
	json_object_set_new(out, "processes", list);
}

static void add_sip(struct tp_status *s, json_t *out)
{
	struct tp_msg_sip_counters counters;
	struct tp_msg_calls calls;
	struct tp_msg_zones zones;
	int up = 0, down = 0;
	bool answers = tp_bus_sip_counters(s->bus, &counters) == TP_OK;

	json_object_set_new(out, "sip", answers ? tp_status_sip_counters(&counters) : json_null());
	json_object_set_new(out, "registrations", json_integer(answers ? counters.registrations : 0));
	if (answers && tp_bus_calls(s->bus, 0, 1, &calls) == TP_OK) {
		json_object_set_new(out, "calls-active", json_integer(calls.total));
		tp_msg_calls_fini(&calls);
	} else {
		json_object_set_new(out, "calls-active", json_integer(0));
	}
	if (answers && tp_bus_zones(s->bus, 0, 50, &zones) == TP_OK) {
		for (size_t i = 0; i < zones.zones_count; i++) {
			const struct tp_msg_zone_status *z = &zones.zones[i];

			if (z->type == TP_ZONE_DEFAULT || z->state == TP_ZONE_STATE_DISABLED)
				continue;
			up += z->state == TP_ZONE_STATE_UP;
			down += z->state != TP_ZONE_STATE_UP;
		}
		tp_msg_zones_fini(&zones);
	}
	json_object_set_new(out, "zones", json_pack("{s:i, s:i}", "up", up, "down", down));
}

static void add_media(struct tp_status *s, json_t *out)
{
	struct tp_msg_media_counters counters;
	bool answers = tp_bus_media_counters(s->bus, &counters) == TP_OK;

	json_object_set_new(out, "media", answers ? tp_status_media_counters(&counters) : json_null());
}

static void add_stored(struct tp_status *s, json_t *out)
{
	uint32_t by_severity[3] = { 0 };
	int64_t not_after_s;

	pthread_mutex_lock(&s->lock);
	not_after_s = s->not_after_s;
	pthread_mutex_unlock(&s->lock);
	if (tp_store_alarm_count(s->store, by_severity) != TP_OK)
		memset(by_severity, 0, sizeof(by_severity));
	json_object_set_new(out, "alarms",
			    json_pack("{s:I, s:I, s:I}", "critical", (json_int_t)by_severity[2], "warning",
				      (json_int_t)by_severity[1], "information", (json_int_t)by_severity[0]));
	json_object_set_new(out, "certificate-not-after",
			    tp_times_json(not_after_s > 0 ? (uint64_t)not_after_s * 1000 : 0));
}

/* The number of the running revision, as the configuration tells it. */
static json_t *revision_json(struct tp_status *s)
{
	const struct tp_restconf_request ask = {
		.method = "GET",
		.path = "/api/v1/config/status",
		.op = { .user = "root", .source = "socket", .connection = 1 },
	};
	struct tp_restconf_response answer = { 0 };
	json_t *body, *revision;

	if (!s->config)
		return json_null();
	tp_restconf_handle(s->config, &ask, &answer);
	body = answer.body ? json_loadb(answer.body, answer.body_len, 0, NULL) : NULL;
	revision = json_incref(json_object_get(json_object_get(body, "running"), "revision"));
	json_decref(body);
	tp_restconf_response_fini(&answer);
	return revision ? revision : json_null();
}

void tp_status_get_status(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *s = arg;
	char host_name[256];
	int role;
	json_t *out;

	(void)req;
	tp_login_names(s->login, host_name, &role);
	out = json_pack("{s:o, s:s?, s:s, s:o, s:o}", "host-name", tp_json_text(host_name), "role",
			role < 0 ? NULL : role == TP_ROLE_CORE ? "core" : "edge", "version", TP_VERSION,
			"now-at", tp_times_json(tp_times_now_ms()), "revision", revision_json(s));
	add_processes(s, out);
	add_sip(s, out);
	add_media(s, out);
	json_object_set_new(out, "admin", tp_status_pauses(tp_bus_pauses(s->bus)));
	add_stored(s, out);
	tp_http_reply_json(res, 200, out);
}

static const struct tp_route routes[] = {
	TP_ROUTE(TP_HTTP_GET, "/api/v1/status", TP_ACCESS_READ, 0, tp_status_get_status),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/readiness", TP_ACCESS_READ, 0, tp_status_get_readiness),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/zones", TP_ACCESS_READ, 0, tp_status_get_zones),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/registrations", TP_ACCESS_READ, 0, tp_status_get_registrations),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/calls", TP_ACCESS_READ, 0, tp_status_get_calls),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/calls/*", TP_ACCESS_READ, 0, tp_status_get_call),
	TP_ROUTE(TP_HTTP_DELETE, "/api/v1/calls/*", TP_ACCESS_WRITE, 0, tp_status_end_call),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/history", TP_ACCESS_READ, 0, tp_status_get_history),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/history/*", TP_ACCESS_READ, 0, tp_status_get_history_one),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/alarms", TP_ACCESS_READ, 0, tp_status_get_alarms),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/alarms/*/acknowledge", TP_ACCESS_WRITE, 4096,
		 tp_status_acknowledge),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/tls/serials", TP_ACCESS_READ, 0, tp_status_get_tls_serials),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/traversal-test", TP_ACCESS_WRITE, 4096,
		 tp_status_traversal_test),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/revocation/test", TP_ACCESS_WRITE, 131072,
		 tp_status_revocation_test),
};

const struct tp_route *tp_status_routes(size_t *count)
{
	*count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}
