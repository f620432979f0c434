/* From the router to admin/config, and the wizard's overview. Runs in turnpike-admin's
 * workers. */
#include "admin/http/configuration.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/config/restconf.h"
#include "os/sockaddr.h"

static const char *method_name(enum tp_http_method method)
{
	switch (method) {
	case TP_HTTP_GET:
		return "GET";
	case TP_HTTP_POST:
		return "POST";
	case TP_HTTP_PUT:
		return "PUT";
	case TP_HTTP_DELETE:
		return "DELETE";
	case TP_HTTP_OPTIONS:
		break;
	}
	return "OPTIONS";
}

static void handle(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_configuration_routes *routes = arg;
	char source[64];
	struct tp_restconf_request ask = {
		.method = method_name(req->method),
		.path = req->path,
		.query = req->query,
		.body = req->body_len ? req->body : NULL,
		.body_len = req->body_len,
		.if_match = req->if_match[0] ? req->if_match : NULL,
		.op = { .user = req->user[0] ? req->user : "setup",
			.source = source,
			.connection = req->connection,
			.newest = req->newest_connection,
			.may_write = req->state == TP_OPERATOR_SETUP ||
				     req->rights.level == TP_ACCOUNT_READ_WRITE,
			.emergency = req->rights.emergency,
			.card = req->card },
	};
	struct tp_restconf_response answer = { 0 };

	tp_login_source(req, source);
	tp_restconf_handle(routes->config, &ask, &answer);
	if (answer.body)
		tp_http_reply_bytes(res, answer.status,
				    answer.content_type ? answer.content_type : "application/json",
				    answer.body, answer.body_len);
	else
		tp_http_reply_empty(res, answer.status);
	if (answer.allow)
		tp_http_header(res, "Allow", answer.allow);
	/* A browser shares its connections: without this one the next attempt comes over another. */
	res->close = answer.status == 403 && strcmp(req->path, "/api/v1/config/confirm") == 0;
	if (answer.etag[0])
		tp_http_header(res, "ETag", answer.etag);
	if (answer.location[0])
		tp_http_header(res, "Location", answer.location);
	tp_restconf_response_fini(&answer);
}

/* ------------------------------------------------------------------ GET setup */

static json_t *local_addresses(void)
{
	struct ifaddrs *all = NULL;
	json_t *list = json_array();

	if (getifaddrs(&all) != 0)
		return list;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		char text[TP_ADDR_IP_TEXT];
		struct sockaddr_storage sa = { 0 };
		struct tp_addr address;
		socklen_t len;

		if (!i->ifa_addr || !(i->ifa_flags & IFF_UP))
			continue;
		len = i->ifa_addr->sa_family == AF_INET	 ? sizeof(struct sockaddr_in) :
		      i->ifa_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
							   0;
		if (!len)
			continue;
		memcpy(&sa, i->ifa_addr, len);
		/* Link-local addresses cannot be configured: their zone is not part of them. */
		if (tp_sockaddr_to(&sa, len, &address) != TP_OK ||
		    (address.family == TP_ADDR_V6 && address.ip[0] == 0xfe && (address.ip[1] & 0xc0) == 0x80))
			continue;
		json_array_append_new(list, json_pack("{s:s, s:s}", "name", i->ifa_name, "address",
						      tp_addr_write_ip(&address, text)));
	}
	freeifaddrs(all);
	return list;
}

static json_t *identity(const struct tp_configuration_routes *routes)
{
	const struct tp_restconf_request ask = {
		.method = "GET",
		.path = "/api/v1/identity",
		.op = { .user = "setup", .source = "", .connection = 1 },
	};
	struct tp_restconf_response answer = { 0 };
	json_t *body, *out = json_null();

	tp_restconf_handle(routes->config, &ask, &answer);
	body = answer.status == 200 && answer.body ? json_loadb(answer.body, answer.body_len, 0, NULL) : NULL;
	if (json_object_get(body, "ca-fingerprint"))
		out = json_pack("{s:O, s:O?}", "ca-fingerprint", json_object_get(body, "ca-fingerprint"),
				"certificate-fingerprint", json_object_get(body, "certificate-fingerprint"));
	json_decref(body);
	tp_restconf_response_fini(&answer);
	return out;
}

static void get_setup(void *arg, const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_configuration_routes *routes = arg;
	json_t *steps = json_array();

	(void)req;
	if (tp_login_awaits_first(routes->login))
		json_array_append_new(steps, json_string("password"));
	if (!tp_login_is_set_up(routes->login)) {
		json_array_append_new(steps, json_string("system"));
		json_array_append_new(steps, json_string("identity"));
		json_array_append_new(steps, json_string("peer"));
	}
	tp_http_reply_json(res, 200,
			   json_pack("{s:o, s:o, s:o}", "step-needed", steps, "local-addresses",
				     local_addresses(), "identity", identity(routes)));
}

enum { CHANGES = TP_HTTP_POST | TP_HTTP_PUT | TP_HTTP_DELETE };

static const struct tp_route table[] = {
	TP_ROUTE(TP_HTTP_GET, "/api/v1/setup", TP_ACCESS_SETUP, 0, get_setup),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/setup/complete", TP_ACCESS_SETUP, TP_HTTP_BODY_MAX, handle),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/identity", TP_ACCESS_SETUP, 0, handle),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/model", TP_ACCESS_READ, 0, handle),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/ports", TP_ACCESS_READ, 0, handle),
	TP_ROUTE(TP_HTTP_GET, "/api/v1/config/*", TP_ACCESS_READ, 0, handle),
	TP_ROUTE(TP_HTTP_POST, "/api/v1/config/*", TP_ACCESS_WRITE, TP_HTTP_BODY_MAX, handle),
	TP_ROUTE(TP_HTTP_GET, "/restconf/**", TP_ACCESS_READ, 0, handle),
	TP_ROUTE(CHANGES, "/restconf/ds/candidate/**", TP_ACCESS_WRITE, TP_HTTP_CONFIGURATION_MAX, handle),
};

const struct tp_route *tp_configuration_routes(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}
