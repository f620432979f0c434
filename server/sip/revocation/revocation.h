/* Asking OCSP responders about TLS peers: holds connections until the answer or the
 * deadline, keeps the alarms, answers "what would happen now". The question itself is
 * carried by the supervisor's fetch helper. Runs in turnpike-sip. */
#ifndef TP_SIP_REVOCATION_REVOCATION_H
#define TP_SIP_REVOCATION_REVOCATION_H

#include "sip/context.h"

struct tp_revocation; /* tls/revocation_chain.h */

enum {
	TP_SIP_OCSP_QUERIES_MAX = 512, /* asked or waiting; one for all who want to know the same */
	TP_SIP_OCSP_ASKED_MAX = 12,    /* handed to fetch helpers at a time: fewer than the supervisor
	                                * runs, so that lists can be downloaded beside them */
	TP_SIP_OCSP_ASKED_ONE_MAX = 4, /* of one responder: one that stalls must not keep others out */
	TP_SIP_OCSP_QUERY_MS = 10000,  /* of one: longer than the deadline, so that a slow responder
	                                * serves at least the next handshake */
	TP_SIP_OCSP_TROUBLED_MAX = 32, /* responders with an alarm */
	TP_SIP_DOWNLOADS_MAX = 64,     /* lists that certificates name: on their way or waiting */
	TP_SIP_DOWNLOADS_ASKED_MAX = 4, /* asked for at a time: fewer than the supervisor takes */
	TP_SIP_DOWNLOADS_ONE_MAX = 2,  /* of one host */
	TP_SIP_DOWNLOAD_MS = 25000,    /* for a supervisor that never answers */
	TP_SIP_POINTS_FIRST_SLOT = 40, /* of the set: above those that the supervisor hands out */
	TP_SIP_POINTS_SLOTS = 16,      /* distribution points whose list is held */
	TP_SIP_REVOCATION_TESTS_MAX = 8,
};

TP_NODISCARD enum tp_err tp_sip_revocation_new(struct tp_sip *sip, struct tp_sip_revocation **out);
void tp_sip_revocation_free(struct tp_sip *sip);
/* What TLS contexts are to be made with; borrowed. */
struct tp_revocation *tp_sip_revocation_shared(const struct tp_sip_revocation *revocation);
/* A configuration is in force. */
void tp_sip_revocation_apply(struct tp_sip *sip);

/* Transport event: the flow is held from here on. */
void tp_sip_revocation_held(struct tp_sip *sip, struct tp_flow *flow);
/* The helper's answer; takes the frame's fd. */
TP_NODISCARD enum tp_err tp_sip_revocation_fetched(struct tp_sip *sip, struct tp_frame *frame);

/* The supervisor's answer about a distribution point; takes the frame's fd. */
TP_NODISCARD enum tp_err tp_sip_revocation_point_read(struct tp_sip *sip, struct tp_frame *frame);

/* What a slot of the revocation lists holds from now on; takes the frame's fd. */
TP_NODISCARD enum tp_err tp_sip_revocation_crls(struct tp_sip *sip, struct tp_frame *frame);

/* Answers request number `request` of admin when all sources have been asked. TP_OK, or
 * what sending gave. */
enum tp_err tp_sip_revocation_test(struct tp_sip *sip, uint32_t request,
				   const struct tp_msg_revocation_test *m);
/* admin is back: it gets the alarms again. */
void tp_sip_revocation_report(struct tp_sip *sip);

#endif
