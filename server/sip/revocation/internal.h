/* What the files of sip/revocation/ share. Not included by others. */
#ifndef TP_SIP_REVOCATION_INTERNAL_H
#define TP_SIP_REVOCATION_INTERNAL_H

#include "core/map.h"
#include "sip/revocation/revocation.h"
#include "tls/revocation_chain.h"

/* A question under way. */
struct query {
	struct tp_list link;
	struct tp_ocsp_question question;
	uint32_t request; /* 0: waits for its turn */
	struct tp_timer timer;
	struct tp_sip *sip;
};

/* Somebody who waits for answers: a held connection, or a test. */
struct waiter {
	struct tp_list link;
	struct tp_sip *sip;
	struct tp_revocation_chain *chain;
	struct tp_timer timer;
	struct tp_flow *flow; /* held; NULL: a test */
	uint32_t request;     /* of the test */
};

/* A responder that gives cause for an alarm. */
struct troubled {
	char url[TP_OCSP_URL_MAX + 1];
	bool unreachable;
	bool other_id;
	uint64_t last_ms; /* of the loop: when it was last so */
	char text[256];
};

/* An alarm that follows one of the shared counters. */
struct counted_alarm {
	uint64_t seen;    /* of the counter */
	uint64_t since;   /* the counter when the alarm was raised */
	uint64_t told_ms;
	uint64_t last_ms; /* when the counter last grew */
	bool raised;
};

/* A list on its way from a distribution point that a certificate names. */
struct download {
	struct tp_list link;
	struct tp_sip *sip;
	char url[TP_REVOCATION_POINT_MAX + 1];
	char key[TP_REVOCATION_POINT_KEY_MAX + 1];
	char *issuer_pem;
	size_t issuer_len;
	uint32_t request; /* 0: waits for its turn */
	struct tp_timer timer;
};

struct tp_sip_revocation {
	struct tp_revocation *shared;
	struct tp_list queries;
	size_t query_count;
	struct tp_list downloads;
	size_t download_count;
	struct tp_list waiters;
	size_t test_count;
	struct tp_timer tick;
	struct troubled *troubled; /* TP_SIP_OCSP_TROUBLED_MAX of them; url empty: free */
	struct counted_alarm fallback;
	struct counted_alarm last_known_good;
};

/* alarms.c */
void tp_sip_revocation_note(struct tp_sip *sip, const char *url, const struct tp_ocsp_answer *answer);
void tp_sip_revocation_tick(struct tp_sip *sip);
/* All are cleared: what they were about is switched off. */
void tp_sip_revocation_calm(struct tp_sip *sip);

/* test.c */
void tp_sip_revocation_tested(struct waiter *w, const struct tp_revocation_verdict *verdict);

/* points.c: brings the list for certificate n of the chain; one download serves all who
 * wait for it. */
TP_NODISCARD enum tp_err tp_sip_revocation_download(struct tp_sip *sip, const struct tp_revocation_chain *chain,
						    size_t n);
void tp_sip_revocation_drop_downloads(struct tp_sip *sip);
/* Lists that came from distribution points count no more. */
void tp_sip_revocation_drop_points(struct tp_sip *sip);

/* revocation.c: how many bytes of a URL are its scheme and host. */
size_t tp_sip_revocation_host_length(const char *url);
/* revocation.c: a download has ended: whoever waits for it goes on. */
void tp_sip_revocation_downloaded(struct tp_sip *sip, const char *key, const char *text);
/* revocation.c: the waiter asks what is missing; may end it at once. */
void tp_sip_revocation_wait(struct waiter *w, uint64_t ms);

#endif
