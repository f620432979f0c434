/* A pattern, a replacement and an alias, each up to a line end. */
#include <stdlib.h>

#include "route/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tp_cfg_sip cfg;
	static struct tp_route_decision decision;
	struct tp_cfg_rule rule = { .enabled = true, .match = TP_RULE_REGEX, .behavior = 2 };
	struct tp_span rest = { (const char *)data, size };
	struct tp_route_request request = { 0 };
	struct tp_route *route;

	tp_text_copy_span(rule.pattern, sizeof(rule.pattern), tp_span_split(&rest, '\n'));
	tp_text_copy_span(rule.replacement, sizeof(rule.replacement), tp_span_split(&rest, '\n'));
	cfg.rules = &rule;
	cfg.rules_count = 1;
	request.user = tp_span_split(&rest, '@');
	request.host = rest;
	if (tp_route_new(&cfg, &route, NULL) != TP_OK)
		return 0;
	tp_route_decide(route, &request, &decision);
	tp_route_free(&route);
	return 0;
}
