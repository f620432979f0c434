/* What the files of sip/msg/ share: the message's inside and the raw scan. Not
 * included by others; the sofia-sip headers come in here and nowhere else. */
#ifndef TP_SIP_MSG_INTERNAL_H
#define TP_SIP_MSG_INTERNAL_H

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/url.h>

#include "sip/msg/msg.h"

struct tp_sip_msg {
	msg_t *msg;
	sip_t *sip; /* its public part */
};

/* Names of headers that the raw scan knows, by what it does with them. */
enum tp_sip_header_rule {
	TP_SIP_HEADER_MANY = 0, /* may stand more than once, or is not known */
	TP_SIP_HEADER_ONCE,
	TP_SIP_HEADER_VIA,
	TP_SIP_HEADER_FROM,
	TP_SIP_HEADER_TO,
	TP_SIP_HEADER_CALL_ID,
	TP_SIP_HEADER_CSEQ,
	TP_SIP_HEADER_MAX_FORWARDS,
	TP_SIP_HEADER_CONTENT_LENGTH,
};

struct tp_sip_header_name {
	const char *name;
	char compact; /* 0 = none */
	enum tp_sip_header_rule rule;
	bool vital;   /* we act on it: a malformed one is refused, not passed on */
};

/* By its long or compact name, case ignored; NULL when not in the table. */
const struct tp_sip_header_name *tp_sip_header_find(struct tp_span name, size_t *index);

/* What a pass over the raw head finds, before any parser sees it. Spans are
 * borrowed; lines include their folded ones but not the last CRLF. */
struct tp_sip_scan {
	bool request;
	int status;
	struct tp_span method;
	size_t head_len;        /* with the empty line */
	int64_t content_length; /* -1 = none */
	struct tp_span via[TP_SIP_VIA_MAX];
	size_t via_lines;
	struct tp_span from, to, call_id, cseq;
};

/* Checks everything of the contract of tp_sip_msg_parse that needs no parser. On an
 * error the scan is as far as it got, which is what a refusal is made from. */
TP_NODISCARD enum tp_err tp_sip_scan_head(struct tp_span bytes, struct tp_sip_scan *scan,
					  struct tp_diag *diag);
/* Leaves refusal->response NULL where none may or can be sent. */
void tp_sip_refuse(const struct tp_sip_scan *scan, enum tp_err err, const char *where,
		   struct tp_sip_refusal *refusal);

/* The sofia part of parsing, without the checks: for what we wrote ourselves. */
TP_NODISCARD enum tp_err tp_sip_msg_adopt(const void *bytes, size_t len, struct tp_sip_msg **out);
/* An empty message. */
TP_NODISCARD enum tp_err tp_sip_msg_new(struct tp_sip_msg **out);

struct tp_sip_uri tp_sip_uri_from(const url_t *url);
struct tp_sip_address tp_sip_address_from(const sip_addr_t *a);

/* After a change in one header: it, and those that came on the same line, are
 * written anew. */
void tp_sip_msg_touch(struct tp_sip_msg *msg, msg_header_t *header);
/* False for a text with CR, LF or NUL... that would start another header line. */
bool tp_sip_text_is_line(const char *text);

#endif
