/* The configuration part of docs/api.md as a function from request to response;
 * HTTP itself, sessions and CSRF are the caller's. Runs in turnpike-admin.
 *
 * Paths: /restconf/…, /api/v1/model, /api/v1/config/…, /api/v1/identity,
 * /api/v1/ports and /api/v1/setup/complete (the caller has checked that a setup
 * session asks). */
#ifndef TP_ADMIN_CONFIG_RESTCONF_H
#define TP_ADMIN_CONFIG_RESTCONF_H

#include "admin/config/config.h"

struct tp_card; /* admin/cac/card.h */

/* Who asks, for the log, the holder and the rights. */
struct tp_operator {
	const char *user;    /* "admin", "root", "setup" */
	const char *source;  /* "192.0.2.7", "socket" */
	uint64_t connection; /* unique for each TCP or socket connection while admin runs; not 0 */
	uint64_t newest;     /* highest such number given out by now; 0 = not known */
	bool may_write;
	bool emergency; /* the emergency account of the advanced mode asks */
	const struct tp_card *card; /* what the connection's client showed (admin/cac); NULL: nothing */
};

struct tp_restconf_request {
	const char *method;   /* "GET" POST PUT DELETE OPTIONS */
	const char *path;     /* still percent-encoded, without the query */
	const char *query;    /* without '?'; "" or NULL = none */
	const char *body;     /* NULL = none */
	size_t body_len;      /* the caller caps it: 8 MiB */
	const char *if_match; /* header's value or NULL */
	bool sealed;	      /* secrets in the body, or the answer, are sealed; not for requests from outside */
	struct tp_operator op;
};

struct tp_restconf_response {
	int status;
	char *body; /* JSON; NULL for 204 */
	size_t body_len;
	const char *content_type; /* static; NULL without a body */
	const char *allow;	  /* static, for 405 and OPTIONS; else NULL */
	char etag[68];		  /* with its quotes; "" = none */
	char location[512];	  /* 201 of a POST; "" = none */
};

enum { TP_RESTCONF_BODY_MAX = 8 << 20 };

/* Always fills *out (zeroed by the caller); errors too are JSON in RFC 8040's form. */
void tp_restconf_handle(struct tp_config *config, const struct tp_restconf_request *request,
			struct tp_restconf_response *out);
void tp_restconf_response_fini(struct tp_restconf_response *response);

#endif
