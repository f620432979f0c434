/* Which of the appliance's certificates stand in connections. Runs in turnpike-admin's
 * workers; the web interface's contexts are handed in by the main thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/http/times.h"
#include "admin/status/parts.h"
#include "tls/services.h"

static void drop(struct tp_status *s, size_t i)
{
	tp_tls_context_unref(&s->web[i]);
	memmove(&s->web[i], &s->web[i + 1], (s->web_count - i - 1) * sizeof(s->web[0]));
	s->web_count--;
}

/* Those replaced whose last connection has ended; the newest is the last. */
static void drop_unused(struct tp_status *s)
{
	for (size_t i = 0; i + 1 < s->web_count;)
		if (tp_tls_context_connections(s->web[i]) == 0)
			drop(s, i);
		else
			i++;
}

void tp_status_web_context(struct tp_status *s, struct tp_tls_context *context)
{
	pthread_mutex_lock(&s->lock);
	drop_unused(s);
	/* More changes than that within the life of a browser's connection: the oldest
	 * is no longer told. */
	if (s->web_count == TP_STATUS_WEB_CONTEXTS)
		drop(s, 0);
	s->web[s->web_count++] = tp_tls_context_ref(context);
	pthread_mutex_unlock(&s->lock);
}

void tp_status_web_contexts_free(struct tp_status *s)
{
	while (s->web_count)
		drop(s, s->web_count - 1);
}

static json_t *fingerprint_json(const uint8_t sha256[32])
{
	char text[32 * 3] = "";

	for (size_t i = 0; i < 32; i++)
		snprintf(text + i * 3, sizeof(text) - i * 3, i < 31 ? "%02X:" : "%02X", sha256[i]);
	return json_string(text);
}

static json_t *row_json(const struct tp_msg_tls_serial *r)
{
	enum tp_tls_service service = tp_tls_service_find(r->service);

	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:I, s:o}", "service",
			 tp_json_text(r->service), "label",
			 service < TP_TLS_SERVICES ? tp_tls_service_info(service)->label : "", "side",
			 r->server ? "server" : "client", "serial", tp_json_text(r->serial), "fingerprint",
			 fingerprint_json(r->sha256), "subject", tp_json_text(r->subject), "not-after",
			 tp_times_json(r->not_after_s * 1000), "current", r->current, "connections",
			 (json_int_t)r->connections, "oldest-at", tp_times_json(r->oldest_ms));
}

/* The same certificate in the contexts of several revisions is one row. */
static void add_web(struct tp_status *s, json_t *list)
{
	struct tp_msg_tls_serial rows[TP_STATUS_WEB_CONTEXTS] = { 0 };
	size_t count = 0;

	pthread_mutex_lock(&s->lock);
	drop_unused(s);
	for (size_t i = 0; i < s->web_count; i++) {
		struct tp_tls_own own;
		size_t at = 0;

		tp_tls_context_own(s->web[i], &own);
		while (at < count && memcmp(rows[at].sha256, own.sha256, sizeof(own.sha256)) != 0)
			at++;
		if (at == count)
			count++;
		tp_text_copy(rows[at].service, sizeof(rows[at].service),
			     tp_tls_service_info(TP_TLS_SERVICE_WEB)->name);
		rows[at].server = true;
		rows[at].current = i + 1 == s->web_count;
		tp_text_copy(rows[at].serial, sizeof(rows[at].serial), own.serial);
		tp_text_copy(rows[at].subject, sizeof(rows[at].subject), own.subject);
		memcpy(rows[at].sha256, own.sha256, sizeof(own.sha256));
		rows[at].not_after_s = own.not_after > 0 ? (uint64_t)own.not_after : 0;
		rows[at].connections += tp_tls_context_connections(s->web[i]);
	}
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, row_json(&rows[i]));
}

void tp_status_get_tls_serials(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	struct tp_status *s = arg;
	json_t *list = json_array();
	struct tp_msg_tls_serials sip;
	bool answers = tp_bus_tls_serials(s->bus, &sip) == TP_OK;

	(void)req;
	add_web(s, list);
	if (answers) {
		for (size_t i = 0; i < sip.serials_count; i++)
			json_array_append_new(list, row_json(&sip.serials[i]));
		tp_msg_tls_serials_fini(&sip);
	}
	tp_http_reply_json(res, 200, json_pack("{s:b, s:o}", "complete", answers, "serials", list));
}
