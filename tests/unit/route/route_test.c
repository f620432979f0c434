/* route: which targets a request gets, in which groups, and the reasons given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "route/route.h"

static struct tp_cfg_zone zones[] = {
	{ .id = 1, .name = "core", .type = 2, .enabled = true },
	{ .id = 2, .name = "pbx", .type = 3, .enabled = true },
	{ .id = 3, .name = "off", .type = 3, .enabled = false },
};

static struct tp_cfg_rule rule(const char *name, uint16_t priority, uint8_t match, const char *pattern,
			       uint32_t zone)
{
	struct tp_cfg_rule r = { .priority = priority, .enabled = true, .match = match,
				 .target = zone ? 1 : 0, .target_zone = zone };

	tp_text_copy(r.name, sizeof(r.name), name);
	tp_text_copy(r.pattern, sizeof(r.pattern), pattern);
	return r;
}

/* Decides for "alice@example.com" from the default zone unless the request says else. */
static struct tp_route_decision *decide(const struct tp_cfg_rule *rules, size_t count,
					struct tp_route_request request)
{
	struct tp_cfg_sip *cfg = calloc(1, sizeof(*cfg));
	struct tp_route_decision *d = calloc(1, sizeof(*d));
	struct tp_diag diag = { 0 };
	struct tp_route *route;

	cfg->zones = zones;
	cfg->zones_count = 3;
	cfg->rules = (struct tp_cfg_rule *)rules;
	cfg->rules_count = (uint32_t)count;
	if (!request.host.p) {
		request.user = TP_SPAN("alice");
		request.host = TP_SPAN("example.com");
	}
	if (tp_route_new(cfg, &route, &diag) != TP_OK)
		fail_msg("%s: %s", diag.where, diag.text);
	tp_route_decide(route, &request, d);
	tp_route_free(&route);
	free(cfg);
	return d;
}

static void expect_alias(const struct tp_cfg_rule *r, const char *user, const char *host)
{
	struct tp_route_decision *d = decide(r, 1, (struct tp_route_request){ 0 });

	assert_int_equal(d->target_count, 1);
	assert_string_equal(d->targets[0].user, user);
	assert_string_equal(d->targets[0].host, host);
	free(d);
}

static void every_kind_of_pattern_rewrites(void **state)
{
	struct tp_cfg_rule r;

	(void)state;
	r = rule("p", 1, TP_RULE_PREFIX, "ALI", 2);
	expect_alias(&r, "alice", "example.com");
	r.behavior = 1;
	expect_alias(&r, "ce", "example.com");
	r.behavior = 2;
	tp_text_copy(r.replacement, sizeof(r.replacement), "9");
	expect_alias(&r, "9ce", "example.com");
	r = rule("s", 1, TP_RULE_SUFFIX, "@example.com", 2);
	r.behavior = 2;
	tp_text_copy(r.replacement, sizeof(r.replacement), "@inside.test");
	expect_alias(&r, "alice", "inside.test");
	r = rule("e", 1, TP_RULE_EXACT, "alice@example.com", 2);
	r.behavior = 2;
	tp_text_copy(r.replacement, sizeof(r.replacement), "bob@b.test");
	expect_alias(&r, "bob", "b.test");
	r = rule("r", 1, TP_RULE_REGEX, "(.)(.*)@(.*)\\.com", 2);
	r.behavior = 2;
	tp_text_copy(r.replacement, sizeof(r.replacement), "\\2-\\1@\\3.org\\9");
	expect_alias(&r, "lice-a", "example.org");
}

static void regex_matches_the_whole_alias(void **state)
{
	struct tp_cfg_rule r = rule("r", 1, TP_RULE_REGEX, "alice", 2);
	struct tp_route_decision *d = decide(&r, 1, (struct tp_route_request){ 0 });

	(void)state;
	assert_int_equal(d->target_count, 0);
	assert_string_equal(d->steps[0], "rule 'r' (priority 1): regex 'alice' does not match "
					 "'alice@example.com': the regular expression does not match");
	assert_string_equal(d->steps[1], "no search rule gives a target: not found");
	free(d);
}

static void equal_priorities_fork_and_stop_ends_the_search(void **state)
{
	struct tp_cfg_rule r[4] = {
		rule("a", 10, TP_RULE_ANY, "", 2), rule("b", 10, TP_RULE_ANY, "", 0),
		rule("c", 20, TP_RULE_ANY, "", 2), rule("d", 30, TP_RULE_ANY, "", 2),
	};
	struct tp_route_decision *d;

	(void)state;
	r[2].stop = true;
	d = decide(r, 4, (struct tp_route_request){ 0 });
	assert_int_equal(d->target_count, 3);
	assert_int_equal(d->targets[0].group, 0);
	assert_int_equal(d->targets[1].group, 0);
	assert_true(d->targets[1].local);
	assert_int_equal(d->targets[2].group, 1);
	free(d);
}

static void source_and_authentication_are_looked_at(void **state)
{
	struct tp_cfg_rule r = rule("a", 10, TP_RULE_ANY, "", 2);
	struct tp_route_decision *d;

	(void)state;
	r.source = 1;
	r.source_zone = 1;
	d = decide(&r, 1, (struct tp_route_request){ 0 });
	assert_int_equal(d->target_count, 0);
	assert_string_equal(d->steps[0], "rule 'a' (priority 10): only for requests from zone 'core', "
					 "this one is from zone 'default'");
	free(d);
	d = decide(&r, 1, (struct tp_route_request){ .source_zone = 1 });
	assert_int_equal(d->target_count, 1);
	free(d);
	r.source = 2;
	d = decide(&r, 1, (struct tp_route_request){ .registered = true });
	assert_int_equal(d->target_count, 1);
	free(d);
	r.authenticated_only = true;
	d = decide(&r, 1, (struct tp_route_request){ .registered = true });
	assert_int_equal(d->target_count, 0);
	free(d);
}

static void dead_ends_are_explained(void **state)
{
	struct tp_cfg_rule r[2] = { rule("off", 1, TP_RULE_ANY, "", 3), rule("back", 2, TP_RULE_ANY, "", 1) };
	struct tp_route_decision *d = decide(r, 2, (struct tp_route_request){ .source_zone = 1 });

	(void)state;
	assert_int_equal(d->target_count, 0);
	assert_string_equal(d->steps[0], "rule 'off' (priority 1): matches, but zone 'off' is disabled");
	assert_string_equal(d->steps[1],
			    "rule 'back' (priority 2): matches, but zone 'core' is where the request comes from");
	free(d);
}

static void costly_patterns_are_cut_short(void **state)
{
	struct tp_cfg_rule r = rule("slow", 1, TP_RULE_REGEX, "(a+)+b", 2);
	struct tp_route_request request = { .user = TP_SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
					    .host = TP_SPAN("x") };
	struct tp_route_decision *d = decide(&r, 1, request);

	(void)state;
	assert_int_equal(d->target_count, 0);
	free(d);
	r = rule("wrong", 1, TP_RULE_REGEX, "(", 2);
	{
		struct tp_cfg_sip *cfg = calloc(1, sizeof(*cfg));
		struct tp_diag diag = { 0 };
		struct tp_route *route;

		cfg->rules = &r;
		cfg->rules_count = 1;
		assert_int_equal(tp_route_new(cfg, &route, &diag), TP_FORMAT);
		assert_string_equal(diag.where, "/turnpike-search:search/rule[name='wrong']/pattern");
		free(cfg);
	}
}

static void two_thousand_rules_leave_a_bounded_story(void **state)
{
	struct tp_cfg_rule *r = calloc(2000, sizeof(*r));
	struct tp_route_decision *d;

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		r[i] = rule("n", (uint16_t)(i + 1), TP_RULE_EXACT, "nobody@nowhere", 2);
	r[1999] = rule("last", 3000, TP_RULE_ANY, "", 2);
	d = decide(r, 2000, (struct tp_route_request){ 0 });
	assert_int_equal(d->target_count, 1);
	assert_int_equal(d->step_count, TP_ROUTE_STEPS_MAX);
	assert_non_null(strstr(d->steps[TP_ROUTE_STEPS_MAX - 1], "1 targets found"));
	free(d);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_pattern_rewrites),
		cmocka_unit_test(regex_matches_the_whole_alias),
		cmocka_unit_test(equal_priorities_fork_and_stop_ends_the_search),
		cmocka_unit_test(source_and_authentication_are_looked_at),
		cmocka_unit_test(dead_ends_are_explained),
		cmocka_unit_test(costly_patterns_are_cut_short),
		cmocka_unit_test(two_thousand_rules_leave_a_bounded_story),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
