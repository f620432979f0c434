/* TLS versions and cipher suites of each service. Runs in turnpike-admin's workers. */
#include "admin/ciphers/routes.h"

#include <stdio.h>

#include "admin/ciphers/peers.h"
#include "admin/config/inside.h"

enum { PREVIEW_MAX = 8192 };

/* The preset's lists at the default minimum. */
static json_t *preset_json(enum tp_tls_service service, enum tp_tls_preset preset)
{
	struct tp_cipher_settings s;
	struct tp_diag diag = {0};
	json_t *settings = json_pack("{s:s}", "preset", tp_tls_preset_name(preset));
	json_t *out = NULL;

	if (tp_cipher_settings_read(service, settings, &s, &diag) == TP_OK)
		out = tp_cipher_settings_json(&s);
	json_decref(settings);
	return out;
}

static json_t *service_json(struct tp_config *config, enum tp_tls_service service)
{
	const struct tp_tls_service_info *info = tp_tls_service_info(service);
	struct tp_cipher_settings s;
	struct tp_diag diag = {0};
	json_t *presets = json_array(), *running, *shown = json_null();
	char path[TP_CONFIG_PATH_MAX + 1];

	snprintf(path, sizeof(path), "running/turnpike-tls:tls/service/%s", info->name);
	running = tp_config_get(config, path, NULL);
	if (tp_cipher_settings_read(service, running, &s, &diag) == TP_OK)
		shown = tp_cipher_settings_json(&s);
	json_decref(running);
	for (int p = TP_TLS_COMPATIBLE; p < TP_TLS_CUSTOM; p++)
		json_array_append_new(presets, preset_json(service, (enum tp_tls_preset)p));
	return json_pack("{s:s, s:s, s:b, s:b, s:o, s:o}", "name", info->name, "label", info->label, "server",
			 info->server, "client", info->client, "running", shown, "presets", presets);
}

static void get_services(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_cipher_parts *parts = arg;
	json_t *list = json_array();

	(void)req;
	for (int s = 0; s < TP_TLS_SERVICES; s++)
		json_array_append_new(list, service_json(parts->config, (enum tp_tls_service)s));
	tp_http_reply_json(res, 200, json_pack("{s:o}", "services", list));
}

static void post_preview(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	json_t *body = tp_http_body_object(req, res);
	const char *name = json_string_value(json_object_get(body, "service"));
	enum tp_tls_service service = name ? tp_tls_service_find(name) : TP_TLS_SERVICES;
	struct tp_cipher_settings s;
	const struct tp_cipher_parts *parts = arg;
	struct tp_diag diag = {0};
	json_t *out;

	if (!body)
		return;
	if (service == TP_TLS_SERVICES) {
		tp_http_reply_error(res, 400, "invalid-value", "service", "There is no such service.");
	} else if (tp_cipher_settings_read(service, body, &s, &diag) != TP_OK) {
		tp_http_reply_error(res, 400, "invalid-value", diag.where, "%s", diag.text);
	} else {
		out = tp_cipher_settings_json(&s);
		json_object_set_new(out, "peers", tp_cipher_peers_json(parts->store, &s));
		tp_http_reply_json(res, 200, out);
	}
	json_decref(body);
}

static const struct tp_route routes[] = {
	TP_ROUTE(TP_HTTP_GET, "/api/v1/tls/services", TP_ACCESS_READ, 0, get_services),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/tls/preview", TP_ACCESS_READ, PREVIEW_MAX, post_preview),
};

const struct tp_route *tp_cipher_routes(size_t *count)
{
	*count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}
