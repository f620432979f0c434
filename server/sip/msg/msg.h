/* A SIP message: our bounded struct over sofia-sip's parser and serialiser, whose
 * headers are included only in sip/msg/. Used by sip. RFC 3261.
 *
 * Texts and spans handed out are borrowed from the message and live until it is
 * freed; an edit of a header ends the life of what was read from that header.
 * Texts are NUL-terminated, never NULL where the contract says "" = none. What the
 * parser does not understand is kept and written again. */
#ifndef TP_SIP_MSG_MSG_H
#define TP_SIP_MSG_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"
#include "core/text.h"
#include "ipc/messages.h" /* enum tp_transport */
#include "sip/limits.h"

struct tp_sip_msg;

enum tp_sip_method {
	TP_SIP_OTHER = 0, /* by its token */
	TP_SIP_INVITE,
	TP_SIP_ACK,
	TP_SIP_CANCEL,
	TP_SIP_BYE,
	TP_SIP_OPTIONS,
	TP_SIP_REGISTER,
	TP_SIP_INFO,
	TP_SIP_PRACK,
	TP_SIP_UPDATE,
	TP_SIP_MESSAGE,
	TP_SIP_SUBSCRIBE,
	TP_SIP_NOTIFY,
	TP_SIP_REFER,
	TP_SIP_PUBLISH,
};

/* "INVITE"; "" for TP_SIP_OTHER. */
const char *tp_sip_method_text(enum tp_sip_method method);
/* The standard phrase of a status, e.g. "Not Found"; "Unknown" for others. */
const char *tp_sip_status_phrase(int status);

/* ------------------------------------------------------------------- parameters
 * A NULL-terminated list of "name" or "name=value" texts, or NULL for none. */

/* Value of a parameter (compared without case) as on the wire, quotes and all; ""
 * when it stands without a value, NULL when it is not there. */
const char *tp_sip_param(const char *const *params, const char *name);
/* Copies the value without its quotes and backslashes. False when the parameter is
 * not there or does not fit. */
bool tp_sip_param_text(const char *const *params, const char *name, char *buf, size_t size);

/* ------------------------------------------------------------------------ URIs */

enum tp_sip_scheme { TP_SIP_SCHEME_OTHER = 0, TP_SIP_SCHEME_SIP, TP_SIP_SCHEME_SIPS, TP_SIP_SCHEME_TEL };

struct tp_sip_uri {
	enum tp_sip_scheme scheme;
	const char *scheme_text;
	const char *user;     /* as on the wire, escapes kept; "" = none. tel: the number */
	const char *password; /* "" = none */
	const char *host;     /* IPv6 in its brackets; "" = none */
	uint16_t port;        /* 0 = not given */
	const char *params;   /* "lr;transport=tcp" without the first semicolon; "" = none */
	const char *headers;  /* without the question mark; "" = none */
};

/* Parses a URI alone. Its parts are borrowed from storage, which must be longer
 * than the text by 8 bytes (TP_SIP_URI_STORAGE always does). TP_FORMAT, TP_LIMIT. */
enum { TP_SIP_URI_STORAGE = TP_SIP_URI_MAX + 9 };
TP_NODISCARD enum tp_err tp_sip_uri_parse(struct tp_span text, char *storage, size_t size,
					  struct tp_sip_uri *out);
/* Writes the whole URI, terminated; TP_LIMIT when it does not fit. */
TP_NODISCARD enum tp_err tp_sip_uri_write(const struct tp_sip_uri *uri, char *buf, size_t size);
/* The value of a URI parameter: {"", 0} when it stands without one, p NULL when absent. */
struct tp_span tp_sip_uri_param(const struct tp_sip_uri *uri, const char *name);
/* The parameter transport=, or what the scheme implies (sips: TLS), else `otherwise`.
 * TP_UNSUPPORTED for a transport that we do not speak (sctp, ws). */
TP_NODISCARD enum tp_err tp_sip_uri_transport(const struct tp_sip_uri *uri,
					      enum tp_transport otherwise, enum tp_transport *out);
bool tp_sip_uri_is_loose(const struct tp_sip_uri *uri); /* has ;lr */
/* Host as an address in numbers, port as given or `port`. TP_NOTFOUND: it is a name. */
TP_NODISCARD enum tp_err tp_sip_uri_addr(const struct tp_sip_uri *uri, uint16_t port,
					 struct tp_addr *out);
/* The user part with its escapes decoded; TP_FORMAT for a bad escape or a decoded
 * control byte, TP_LIMIT. */
TP_NODISCARD enum tp_err tp_sip_uri_user(const struct tp_sip_uri *uri, char *buf, size_t size);

/* ---------------------------------------------------------------------- parsing */

/* When a message is refused: what may be answered. response is a whole 400, 413 or
 * 505 message on the heap (the caller frees it), or NULL when it was no request, an
 * ACK, or lacked what an answer needs (a Via above all). */
struct tp_sip_refusal {
	char *response;
	size_t response_len;
};

/* One complete message: exactly these bytes are the head and the body. Where
 * Content-Length is missing the body is what is left (UDP); where it is smaller,
 * bytes after it are dropped (RFC 3261 section 18.3); where it is larger the
 * message is refused. Also refused: what sip_sanity_check refuses, Via, From, To,
 * Call-ID or CSeq missing, a header that may stand once standing twice, conflicting
 * Content-Length, a CSeq of another method, a CSeq of 2^31 or more, bare CR or NUL in
 * the head, whatever exceeds limits.h. TP_FORMAT, TP_LIMIT, TP_UNSUPPORTED (not
 * SIP/2.0), TP_NOMEM. refusal may be NULL; it is written on errors only. */
TP_NODISCARD enum tp_err tp_sip_msg_parse(const void *bytes, size_t len, struct tp_sip_msg **out,
					  struct tp_sip_refusal *refusal, struct tp_diag *diag);
void tp_sip_msg_free(struct tp_sip_msg **msg);
TP_NODISCARD enum tp_err tp_sip_msg_clone(const struct tp_sip_msg *msg, struct tp_sip_msg **out);

/* The whole message as flat bytes on the heap; Content-Length is put right.
 * TP_LIMIT above TP_SIP_MESSAGE_MAX. The text is also NUL-terminated. */
TP_NODISCARD enum tp_err tp_sip_msg_write(struct tp_sip_msg *msg, char **bytes, size_t *len);

/* ---------------------------------------------------------------------- reading */

bool tp_sip_msg_is_request(const struct tp_sip_msg *msg);
/* Of a request; of a response, what CSeq says. */
enum tp_sip_method tp_sip_msg_method(const struct tp_sip_msg *msg);
const char *tp_sip_msg_method_text(const struct tp_sip_msg *msg);
int tp_sip_msg_status(const struct tp_sip_msg *msg);          /* 0 for a request */
const char *tp_sip_msg_reason(const struct tp_sip_msg *msg);  /* "" for a request */
/* The Request-URI; all empty for a response. */
struct tp_sip_uri tp_sip_msg_request_uri(const struct tp_sip_msg *msg);

/* A name-addr or addr-spec with its header parameters. */
struct tp_sip_address {
	const char *display;       /* as on the wire, with its quotes; "" = none */
	struct tp_sip_uri uri;
	const char *const *params;
	const char *tag;           /* From and To; "" = none */
};
struct tp_sip_address tp_sip_msg_from(const struct tp_sip_msg *msg);
struct tp_sip_address tp_sip_msg_to(const struct tp_sip_msg *msg);
const char *tp_sip_msg_call_id(const struct tp_sip_msg *msg);
uint32_t tp_sip_msg_cseq(const struct tp_sip_msg *msg);
/* -1 = no Max-Forwards. */
int tp_sip_msg_max_forwards(const struct tp_sip_msg *msg);

struct tp_sip_via {
	const char *transport;     /* "UDP", "TCP", "TLS", or another token */
	const char *host;          /* sent-by; IPv6 in its brackets */
	uint16_t port;             /* 0 = not given */
	const char *branch;        /* "" = none */
	const char *received;      /* "" = none */
	const char *rport;         /* NULL = not asked for, "" = asked for, else the number */
	const char *const *params;
};
size_t tp_sip_msg_via_count(const struct tp_sip_msg *msg);
/* 0 = topmost. False beyond the last. */
bool tp_sip_msg_via(const struct tp_sip_msg *msg, size_t index, struct tp_sip_via *out);

enum tp_sip_list { TP_SIP_ROUTE, TP_SIP_RECORD_ROUTE };
size_t tp_sip_msg_route_count(const struct tp_sip_msg *msg, enum tp_sip_list list);
bool tp_sip_msg_route(const struct tp_sip_msg *msg, enum tp_sip_list list, size_t index,
		      struct tp_sip_address *out);

struct tp_sip_contact {
	struct tp_sip_address address;
	const char *q;             /* "" = none */
	int64_t expires_s;         /* -1 = none or not a number; at most 2^32-1 */
};
size_t tp_sip_msg_contact_count(const struct tp_sip_msg *msg);
bool tp_sip_msg_contact_is_star(const struct tp_sip_msg *msg); /* "Contact: *" */
bool tp_sip_msg_contact(const struct tp_sip_msg *msg, size_t index, struct tp_sip_contact *out);
/* The Expires header; -1 = none. */
int64_t tp_sip_msg_expires_s(const struct tp_sip_msg *msg);

/* Option tags; each names one in turn, NULL beyond the last. */
enum tp_sip_tags { TP_SIP_REQUIRE, TP_SIP_PROXY_REQUIRE, TP_SIP_SUPPORTED, TP_SIP_UNSUPPORTED };
const char *tp_sip_msg_option(const struct tp_sip_msg *msg, enum tp_sip_tags tags, size_t index);
bool tp_sip_msg_has_option(const struct tp_sip_msg *msg, enum tp_sip_tags tags, const char *option);

enum tp_sip_auth {
	TP_SIP_AUTHORIZATION,
	TP_SIP_PROXY_AUTHORIZATION,
	TP_SIP_WWW_AUTHENTICATE,
	TP_SIP_PROXY_AUTHENTICATE,
};
struct tp_sip_credentials {
	const char *scheme;        /* "Digest" */
	const char *const *params; /* use tp_sip_param_text: quotes and escapes are still there */
};
bool tp_sip_msg_credentials(const struct tp_sip_msg *msg, enum tp_sip_auth which, size_t index,
			    struct tp_sip_credentials *out);
/* Takes off the index-th of its kind (after they have been checked by us). */
void tp_sip_msg_remove_credentials(struct tp_sip_msg *msg, enum tp_sip_auth which, size_t index);

const char *tp_sip_msg_user_agent(const struct tp_sip_msg *msg);   /* User-Agent or Server; "" */
const char *tp_sip_msg_content_type(const struct tp_sip_msg *msg); /* "application/sdp", no params; "" */
struct tp_span tp_sip_msg_body(const struct tp_sip_msg *msg);

/* Value of any header, the index-th of that name (case ignored; long or compact
 * form), written into buf and terminated. TP_NOTFOUND, TP_LIMIT. */
TP_NODISCARD enum tp_err tp_sip_msg_header(const struct tp_sip_msg *msg, const char *name,
					   size_t index, char *buf, size_t size);

/* ---------------------------------------------------------------------- editing
 * Texts given are copied. A CR, LF or NUL in one, or a text that does not parse as
 * that header: TP_FORMAT. All may answer TP_NOMEM; the message is then unchanged. */

/* On top: "SIP/2.0/<UDP|TCP|TLS> host[:port];branch=...;rport". IPv6 gets brackets.
 * The port is left out when 0. */
TP_NODISCARD enum tp_err tp_sip_msg_push_via(struct tp_sip_msg *msg, enum tp_transport transport,
					     const char *host, uint16_t port, const char *branch);
/* TP_NOTFOUND when there is none. */
TP_NODISCARD enum tp_err tp_sip_msg_pop_via(struct tp_sip_msg *msg);
/* What a server adds to the topmost Via (RFC 3261 section 18.2.1, RFC 3581): received
 * when sent-by is not that address or rport was asked for, and rport where asked. An
 * earlier received or rport value of the peer's own making is replaced. */
TP_NODISCARD enum tp_err tp_sip_msg_stamp_via(struct tp_sip_msg *msg, const struct tp_addr *source);

/* Adds "<uri>" on top. uri: "sip:host:port;transport=tls;lr". */
TP_NODISCARD enum tp_err tp_sip_msg_push_route(struct tp_sip_msg *msg, enum tp_sip_list list,
					       const char *uri);
TP_NODISCARD enum tp_err tp_sip_msg_pop_route(struct tp_sip_msg *msg, enum tp_sip_list list);
void tp_sip_msg_clear_route(struct tp_sip_msg *msg, enum tp_sip_list list);

/* Of a request; TP_STATE on a response. */
TP_NODISCARD enum tp_err tp_sip_msg_set_request_uri(struct tp_sip_msg *msg, const char *uri);
TP_NODISCARD enum tp_err tp_sip_msg_set_max_forwards(struct tp_sip_msg *msg, unsigned hops);
/* Lowers Max-Forwards by one, to at most `most`; where none stands, sets `most`.
 * TP_LIMIT when it is 0 already (answer 483). */
TP_NODISCARD enum tp_err tp_sip_msg_hop(struct tp_sip_msg *msg, unsigned most);
/* Sets the To tag if there is none yet. */
TP_NODISCARD enum tp_err tp_sip_msg_set_to_tag(struct tp_sip_msg *msg, const char *tag);
/* Content-Length follows. type NULL keeps Content-Type; len 0 takes the body and
 * Content-Type off. */
TP_NODISCARD enum tp_err tp_sip_msg_set_body(struct tp_sip_msg *msg, const char *type,
					     const void *body, size_t len);
/* Replaces all Contacts; value e.g. "<sip:a@b:5060>;expires=60, ...". NULL: none. */
TP_NODISCARD enum tp_err tp_sip_msg_set_contact(struct tp_sip_msg *msg, const char *value);
/* The index-th Contact's URI alone; its parameters stay. TP_NOTFOUND. */
TP_NODISCARD enum tp_err tp_sip_msg_set_contact_uri(struct tp_sip_msg *msg, size_t index,
						    const char *uri);
/* Adds a header line below those of the same name. TP_EXISTS for a header that may
 * stand once and does. */
TP_NODISCARD enum tp_err tp_sip_msg_add(struct tp_sip_msg *msg, const char *name, const char *value);
/* Takes off all headers of that name, however they were written; answers how many.
 * Not for Via, From, To, Call-ID, CSeq. */
size_t tp_sip_msg_remove(struct tp_sip_msg *msg, const char *name);
/* Both: afterwards exactly this one stands. */
TP_NODISCARD enum tp_err tp_sip_msg_set(struct tp_sip_msg *msg, const char *name, const char *value);

/* --------------------------------------------------------------------- building */

struct tp_sip_request {
	enum tp_sip_method method; /* not TP_SIP_OTHER */
	const char *uri;           /* Request-URI */
	const char *from;          /* header value with its tag: "<sip:a@b>;tag=x" */
	const char *to;            /* header value */
	const char *call_id;
	uint32_t cseq;
	unsigned max_forwards;     /* 0 = 70 */
};
/* Without Via (the client transaction adds it), Contact and body. */
TP_NODISCARD enum tp_err tp_sip_msg_new_request(const struct tp_sip_request *request,
						struct tp_sip_msg **out);
/* Copies Via, From, To, Call-ID, CSeq; Record-Route for 101-299 (RFC 3261 section
 * 12.1.1). phrase NULL: the standard one. to_tag is added where To has none and the
 * status is above 100; NULL = none. Content-Length: 0. */
TP_NODISCARD enum tp_err tp_sip_msg_new_response(const struct tp_sip_msg *request, int status,
						 const char *phrase, const char *to_tag,
						 struct tp_sip_msg **out);
/* From the INVITE as it was sent (with our Via on top): section 9.1. */
TP_NODISCARD enum tp_err tp_sip_msg_new_cancel(const struct tp_sip_msg *invite,
					       struct tp_sip_msg **out);
/* For a final response above 299: section 17.1.1.3. */
TP_NODISCARD enum tp_err tp_sip_msg_new_ack(const struct tp_sip_msg *invite,
					    const struct tp_sip_msg *response,
					    struct tp_sip_msg **out);

/* ------------------------------------------------------- tags, branches, Call-IDs
 * SipHash over a counter under a random key: unique and not to be guessed. */
struct tp_sip_ids {
	uint8_t key[2][16];
	uint64_t counter;
};
enum { TP_SIP_ID_TEXT = 48 }; /* bytes with NUL, for each of the three */

void tp_sip_ids_init(struct tp_sip_ids *ids);
char *tp_sip_ids_tag(struct tp_sip_ids *ids, char buf[TP_SIP_ID_TEXT]);
char *tp_sip_ids_branch(struct tp_sip_ids *ids, char buf[TP_SIP_ID_TEXT]); /* z9hG4bK... */
char *tp_sip_ids_call_id(struct tp_sip_ids *ids, char buf[TP_SIP_ID_TEXT]);

#endif
