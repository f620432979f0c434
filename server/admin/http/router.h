/* Requests, answers and the table of routes. What reaches a handler has passed the
 * table: the path exists (404), the method is listed (405), the caller satisfies the
 * route's access rule (401, 403), the CSRF token and Origin were checked (403), the
 * body is within the route's cap (413). Handlers run on many threads at once.
 * Runs in turnpike-admin. */
#ifndef TP_ADMIN_HTTP_ROUTER_H
#define TP_ADMIN_HTTP_ROUTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "admin/account/access.h"
#include "admin/cac/card.h"
#include "core/addr.h"
#include "core/err.h"

enum tp_http_method {
	TP_HTTP_GET = 1,
	TP_HTTP_POST = 2,
	TP_HTTP_PUT = 4,
	TP_HTTP_DELETE = 8,
	TP_HTTP_OPTIONS = 16, /* answered by the router; not for tables */
};

enum {
	TP_HTTP_BODY_MAX = 1 << 20,
	TP_HTTP_CONFIGURATION_MAX = 8 << 20,
	TP_HTTP_PATH_MAX = 2047,   /* bytes of the undecoded path */
	TP_HTTP_PARAMETER_MAX = 255,
};

/* All texts are NUL-terminated, without NUL inside; "" when absent. */
struct tp_http_request {
	enum tp_http_method method;
	const char *path;       /* as sent, still percent-encoded, without the query */
	const char *query;      /* as sent, without '?' */
	const char *host;
	const char *origin;
	const char *cookie;
	const char *csrf;
	const char *content_type;
	const char *if_match;
	const char *if_none_match;
	const char *accept_encoding;
	const char *authorization;
	const char *body;       /* NUL-terminated for convenience; may hold NUL */
	size_t body_len;

	struct tp_addr peer;    /* family 0 on the administration socket */
	bool local;             /* came by the administration socket */
	bool background;        /* the page asked by itself: no sign of a person */
	uint64_t connection;    /* number of the TCP or socket connection, never reused */
	uint64_t newest_connection; /* highest number given out by now */

	const struct tp_card *card; /* what the client showed; NULL on the administration socket */

	enum tp_operator_state state;
	struct tp_rights rights; /* of an active caller; root on the administration socket: all */
	bool by_api;            /* a program's session or token, not the web interface's */
	bool by_token;          /* there is no session: an API token came with the request */
	bool remote;            /* the account is kept elsewhere, whatever is called like it here */
	bool api_off;           /* nobody may use the API */
	bool advanced;          /* the appliance is in the advanced mode */
	char user[128];         /* who, when active: account name, "NAME, token TOKEN", or "root" */
	uint8_t session[32];    /* SHA-256 of the cookie's value; zeros: no cookie */
	const char *ended;      /* why that session is no more, for its user; NULL: not known */
	uint8_t session_card[32]; /* of the certificate that the session belongs to; zeros: none */
	char session_card_name[128]; /* what the certificate was called when it was the login; else "" */
	char csrf_wanted[65];   /* what csrf has to be; "" on the administration socket */

	/* From the route's pattern. */
	char parameter[TP_HTTP_PARAMETER_MAX + 1]; /* what '*' stood for, percent-decoded */
	const char *rest;       /* what '**' stood for, not decoded; "" for nothing */
};

struct tp_http_response {
	int status;             /* 0 until a reply function was called */
	char content_type[64];
	char *body;             /* heap */
	size_t body_len;
	const void *fixed;      /* static bytes instead of body */
	size_t fixed_len;
	json_t *headers;        /* object of extra headers; NULL = none */
	json_t *cookies;        /* array of Set-Cookie values; NULL = none */
	bool close;             /* end the connection behind this answer */
};

/* Each replaces what was there. */
void tp_http_reply_json(struct tp_http_response *res, int status, json_t *stolen);
void tp_http_reply_bytes(struct tp_http_response *res, int status, const char *content_type,
			 const void *bytes, size_t len);
void tp_http_reply_empty(struct tp_http_response *res, int status);
/* RESTCONF error form with one error. path may be NULL. */
void tp_http_reply_error(struct tp_http_response *res, int status, const char *tag, const char *path,
			 const char *fmt, ...) TP_PRINTF(5, 6);
/* Status and tag that belong to a failure; diag may be NULL. */
void tp_http_reply_failure(struct tp_http_response *res, enum tp_err err, const struct tp_diag *diag);
/* To start an answer with many errors: {"ietf-restconf:errors":{"error":[]}}, and add. */
json_t *tp_http_errors_new(void);
void tp_http_errors_add(json_t *errors, const char *tag, const char *path, const char *text);
/* With such errors as the answer; they are stolen. */
void tp_http_reply_errors(struct tp_http_response *res, int status, json_t *stolen);
/* Value: printable ASCII, or the header is left out. */
void tp_http_header(struct tp_http_response *res, const char *name, const char *value);
/* One more Set-Cookie; value as above. */
void tp_http_cookie(struct tp_http_response *res, const char *value);
void tp_http_response_fini(struct tp_http_response *res);

/* The body as a JSON object: UTF-8, no duplicate keys, nothing behind it. NULL: *res holds the 400 already. */
json_t *tp_http_body_object(const struct tp_http_request *req, struct tp_http_response *res);
/* Text `key` of the query, percent- and plus-decoded. False: absent, longer than
 * size - 1, or not UTF-8. */
bool tp_http_query(const struct tp_http_request *req, const char *key, char *dst, size_t size);
/* Number `key` of the query; `fallback` when absent or malformed, cut at max. */
uint32_t tp_http_query_u32(const struct tp_http_request *req, const char *key, uint32_t fallback,
			   uint32_t max);
/* Percent-decoding of one path segment; TP_FORMAT for a broken escape, a NUL or bytes
 * that are not UTF-8, TP_LIMIT when it does not fit. */
TP_NODISCARD enum tp_err tp_http_decode(struct tp_span text, char *dst, size_t size);
/* A JSON string of any bytes: what is not UTF-8 becomes U+FFFD, so that peers' text
 * never spoils an answer. */
json_t *tp_json_text(const char *bytes);

typedef void (*tp_http_handler)(void *arg, const struct tp_http_request *req,
				struct tp_http_response *res);

/* pattern: segments separated by '/'; '*' stands for one segment, a last '**' for
 * all that is left (also nothing). */
struct tp_route {
	unsigned methods; /* of enum tp_http_method, or-ed */
	const char *pattern;
	enum tp_access access;
	size_t body_max;
	tp_http_handler handler;
	bool no_token; /* for people and their sessions: no API token opens it */
};

/* A row of a table. A row that leaves out its access rule, or gives 0, does not compile. */
#define TP_ROUTE(methods_, pattern_, access_, body_max_, handler_)                       \
	{ (methods_), (pattern_),                                                        \
	  (enum tp_access)((access_) + 0 * sizeof(char[(access_) > 0 ? 1 : -1])),        \
	  (body_max_), (handler_), false }
#define TP_ROUTE_NO_TOKEN(methods_, pattern_, access_, body_max_, handler_)              \
	{ (methods_), (pattern_),                                                        \
	  (enum tp_access)((access_) + 0 * sizeof(char[(access_) > 0 ? 1 : -1])),        \
	  (body_max_), (handler_), true }

struct tp_router;

struct tp_router *tp_router_new(void);
void tp_router_free(struct tp_router **router);
/* Adds a table (borrowed, static) whose handlers get `arg`. Before the first request. */
TP_NODISCARD enum tp_err tp_router_add(struct tp_router *router, const struct tp_route *routes,
				       size_t count, void *arg);
/* Walks all routes, for tests and documentation; NULL behind the last. */
const struct tp_route *tp_router_route(const struct tp_router *router, size_t index);

/* Asked before the handler of each POST, PUT or DELETE whose route is neither for anyone nor
 * for readers; false: *res holds the refusal. Before the first request. */
typedef bool (*tp_router_gate)(void *arg, const struct tp_http_request *req,
			       struct tp_http_response *res);
void tp_router_set_gate(struct tp_router *router, tp_router_gate gate, void *arg);

/* What admits a request: the row and its table's argument. */
struct tp_admission {
	const struct tp_route *route;
	void *arg;
	tp_router_gate gate; /* NULL: none to pass */
	void *gate_arg;
};

/* Everything that is checked before the body is read: table, access rule, CSRF token,
 * Origin. Fills req->parameter and req->rest. False: *res holds the answer. */
TP_NODISCARD bool tp_router_admit(const struct tp_router *router, struct tp_http_request *req,
				  struct tp_http_response *res, struct tp_admission *out);
/* Checks the body's size and type, and calls the handler. */
void tp_router_run(const struct tp_admission *admission, const struct tp_http_request *req,
		   struct tp_http_response *res);

#endif
