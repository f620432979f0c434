/* Search rules: a request in, ordered groups of targets and the reasons in words out.
 * No I/O, no clock. Used by turnpike-sip. */
#ifndef TP_ROUTE_ROUTE_H
#define TP_ROUTE_ROUTE_H

#include "model/slice.h"

enum {
	TP_ROUTE_PART_MAX = 255,    /* bytes of the user or the host part of an alias */
	TP_ROUTE_TARGETS_MAX = 32,  /* of one decision */
	TP_ROUTE_STEPS_MAX = 100,   /* lines of reasons; the last one then says how many are left out */
	TP_ROUTE_STEP_TEXT_MAX = 255,
	TP_ROUTE_MATCH_LIMIT = 20000, /* PCRE2 backtracks of one match */
	TP_ROUTE_DEPTH_LIMIT = 250,
	TP_ROUTE_HEAP_LIMIT_KIB = 256,
};

/* The compiled rules of one configuration revision; immutable. */
struct tp_route;

/* Compiles. TP_FORMAT for a regular expression PCRE2 refuses; diag->where is the
 * rule's RESTCONF path. cfg is not kept. */
TP_NODISCARD enum tp_err tp_route_new(const struct tp_cfg_sip *cfg, struct tp_route **out,
				      struct tp_diag *diag);
void tp_route_free(struct tp_route **route);

struct tp_route_request {
	struct tp_span user; /* of the request URI; may be empty */
	struct tp_span host;
	bool registered;      /* comes from a local registration; source_zone is 0 then */
	uint32_t source_zone; /* 0 = the default zone */
	bool authenticated;
};

struct tp_route_target {
	bool local; /* local registrations; else: */
	uint32_t zone;
	uint16_t group; /* targets of one group are tried in parallel, groups one after the other */
	char rule[64];
	char user[TP_ROUTE_PART_MAX + 1]; /* the alias to ask for, perhaps rewritten */
	char host[TP_ROUTE_PART_MAX + 1];
};

struct tp_route_decision {
	size_t target_count;
	struct tp_route_target targets[TP_ROUTE_TARGETS_MAX]; /* by group */
	size_t step_count;
	size_t steps_left_out;
	char steps[TP_ROUTE_STEPS_MAX][TP_ROUTE_STEP_TEXT_MAX + 1];
};

/* Always gives a decision; without a target the last step says why there is none. */
void tp_route_decide(const struct tp_route *route, const struct tp_route_request *request,
		     struct tp_route_decision *out);

#endif
