/* The secure traversal test of a core: goes the way of the traversal link up to where
 * the password would be asked for, and says of each step how it went and what to do.
 * Sends no credentials. One at a time. Used by sip. */
#ifndef TP_SIP_ZONE_TRAVERSAL_TEST_H
#define TP_SIP_ZONE_TRAVERSAL_TEST_H

#include "sip/context.h"

enum {
	TP_TRAVERSAL_TEST_MS = 15000,
	TP_TRAVERSAL_TEST_CLOCK_S = 60, /* what two clocks may differ */
};

TP_NODISCARD enum tp_err tp_traversal_test_new(struct tp_sip *sip, struct tp_traversal_test **out);
void tp_traversal_test_free(struct tp_traversal_test **test);

/* Answers request number `request` of admin when the test has ended, or at once with the
 * reason why there is none. TP_OK, or what sending gave. */
enum tp_err tp_traversal_test_start(struct tp_sip *sip, uint32_t request,
				    const struct tp_msg_traversal_test *ask);
/* Nobody waits for the answer any more. */
void tp_traversal_test_abort(struct tp_sip *sip);

/* Transport and resolver events; true when the flow is the test's. */
void tp_traversal_test_flow_held(struct tp_sip *sip, struct tp_flow *flow);
bool tp_traversal_test_flow_open(struct tp_sip *sip, struct tp_flow *flow);
bool tp_traversal_test_flow_closed(struct tp_sip *sip, struct tp_flow *flow);
/* Requests of what may be anybody: to be refused. */
bool tp_traversal_test_owns(const struct tp_sip *sip, const struct tp_flow *flow);
void tp_traversal_test_resolved(struct tp_sip *sip, const char *host, const struct tp_addr *address,
				const char *reason);

/* The Date header of RFC 3261 section 20.17, by which the two clocks are compared. */
TP_NODISCARD enum tp_err tp_zone_add_date(struct tp_sip *sip, struct tp_sip_msg *msg);
/* Unix time in seconds of such a header; TP_FORMAT. */
TP_NODISCARD enum tp_err tp_zone_read_date(const char *value, int64_t *out);

#endif
