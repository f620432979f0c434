/* Search rules in order of priority over the alias user@host. Runs in turnpike-sip. */
#include "route/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { ALIAS_MAX = 2 * TP_ROUTE_PART_MAX + 1 };

struct rule {
	struct tp_cfg_rule cfg;
	pcre2_code *regex; /* TP_RULE_REGEX only */
};

struct zone {
	uint32_t id;
	bool enabled;
	bool traversal;
	char name[64];
};

struct tp_route {
	size_t rule_count;
	struct rule *rules; /* by priority */
	size_t zone_count;
	struct zone *zones;
	pcre2_match_context *limits;
};

static enum tp_err compile(struct rule *rule, struct tp_diag *diag)
{
	unsigned char words[160];
	char path[TP_DIAG_WHERE_MAX + 1];
	PCRE2_SIZE at;
	int code;

	if (rule->cfg.match != TP_RULE_REGEX)
		return TP_OK;
	rule->regex = pcre2_compile((PCRE2_SPTR)rule->cfg.pattern, PCRE2_ZERO_TERMINATED,
				    PCRE2_CASELESS | PCRE2_NEVER_BACKSLASH_C | PCRE2_ANCHORED |
					    PCRE2_ENDANCHORED,
				    &code, &at, NULL);
	if (rule->regex)
		return TP_OK;
	if (pcre2_get_error_message(code, words, sizeof(words)) < 0)
		words[0] = 0;
	snprintf(path, sizeof(path), "/turnpike-search:search/rule[name='%s']/pattern", rule->cfg.name);
	return tp_fail(diag, TP_FORMAT, path, "the regular expression is wrong at character %zu: %s", at + 1,
		       (const char *)words);
}

static enum tp_err copy_rules(struct tp_route *route, const struct tp_cfg_sip *cfg, struct tp_diag *diag)
{
	route->rules = calloc(cfg->rules_count ? cfg->rules_count : 1, sizeof(*route->rules));
	route->zones = calloc(cfg->zones_count ? cfg->zones_count : 1, sizeof(*route->zones));
	route->limits = pcre2_match_context_create(NULL);
	if (!route->rules || !route->zones || !route->limits)
		return TP_NOMEM;
	pcre2_set_match_limit(route->limits, TP_ROUTE_MATCH_LIMIT);
	pcre2_set_depth_limit(route->limits, TP_ROUTE_DEPTH_LIMIT);
	pcre2_set_heap_limit(route->limits, TP_ROUTE_HEAP_LIMIT_KIB);
	for (size_t i = 0; i < cfg->zones_count; i++) {
		struct zone *zone = &route->zones[route->zone_count++];

		zone->id = cfg->zones[i].id;
		zone->enabled = cfg->zones[i].enabled;
		zone->traversal = cfg->zones[i].type == 1 || cfg->zones[i].type == 2;
		tp_text_copy(zone->name, sizeof(zone->name), cfg->zones[i].name);
	}
	for (size_t i = 0; i < cfg->rules_count; i++) {
		struct rule *rule = &route->rules[route->rule_count++];
		enum tp_err err;

		rule->cfg = cfg->rules[i];
		err = compile(rule, diag);
		if (err != TP_OK)
			return err;
	}
	return TP_OK;
}

enum tp_err tp_route_new(const struct tp_cfg_sip *cfg, struct tp_route **out, struct tp_diag *diag)
{
	struct tp_route *route = calloc(1, sizeof(*route));
	enum tp_err err;

	if (!route)
		return TP_NOMEM;
	err = copy_rules(route, cfg, diag);
	if (err != TP_OK) {
		tp_route_free(&route);
		return err;
	}
	*out = route;
	return TP_OK;
}

void tp_route_free(struct tp_route **route)
{
	struct tp_route *r = *route;

	if (!r)
		return;
	for (size_t i = 0; i < r->rule_count; i++)
		pcre2_code_free(r->rules[i].regex);
	pcre2_match_context_free(r->limits);
	free(r->rules);
	free(r->zones);
	free(r);
	*route = NULL;
}

/* ---------------------------------------------------------------- deciding */

static void step(struct tp_route_decision *d, const char *fmt, ...) TP_PRINTF(2, 3);

static void step(struct tp_route_decision *d, const char *fmt, ...)
{
	va_list args;

	if (d->step_count == TP_ROUTE_STEPS_MAX - 1) {
		d->steps_left_out++; /* the last line is kept for the outcome */
		return;
	}
	va_start(args, fmt);
	/* Started one line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	vsnprintf(d->steps[d->step_count], sizeof(d->steps[0]), fmt, args);
	va_end(args);
	tp_text_make_printable(d->steps[d->step_count++]);
}

static const struct zone *find_zone(const struct tp_route *route, uint32_t id)
{
	for (size_t i = 0; i < route->zone_count; i++)
		if (route->zones[i].id == id)
			return &route->zones[i];
	return NULL;
}

static const char *zone_name(const struct tp_route *route, uint32_t id)
{
	const struct zone *zone = find_zone(route, id);

	return zone ? zone->name : "default";
}

/* Appends to a bounded text; false when it is full. */
static bool append(char *dst, size_t size, const char *src, size_t len)
{
	size_t have = strlen(dst);

	if (have + len >= size)
		return false;
	memcpy(dst + have, src, len);
	dst[have + len] = 0;
	return true;
}

/* A match: the alias as it shall go on, or the reason why not. */
struct match {
	bool matched;
	const char *why_not;
	char alias[ALIAS_MAX + 1];
};

/* behavior: 0 leave, 1 strip, 2 replace; [start, end) is what matched. */
static void apply(const struct tp_cfg_rule *cfg, const char *alias, size_t start, size_t end,
		  const char *replacement, struct match *m)
{
	m->alias[0] = 0;
	m->matched = append(m->alias, sizeof(m->alias), alias, start) &&
		     (cfg->behavior != 2 ||
		      append(m->alias, sizeof(m->alias), replacement, strlen(replacement))) &&
		     append(m->alias, sizeof(m->alias), alias + end, strlen(alias + end));
	if (cfg->behavior == 0)
		m->matched = tp_text_copy(m->alias, sizeof(m->alias), alias);
	if (!m->matched)
		m->why_not = "the rewritten alias is too long";
}

/* Puts \0 to \9 of the replacement in. */
static bool expand(const char *replacement, const char *alias, const PCRE2_SIZE *groups, int count,
		   char *out, size_t size)
{
	out[0] = 0;
	for (const char *p = replacement; *p; p++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '9') {
			size_t n = (size_t)(*++p - '0');

			if (n < (size_t)count && groups[2 * n] != PCRE2_UNSET &&
			    !append(out, size, alias + groups[2 * n], groups[2 * n + 1] - groups[2 * n]))
				return false;
		} else {
			if (p[0] == '\\' && p[1] == '\\')
				p++;
			if (!append(out, size, p, 1))
				return false;
		}
	}
	return true;
}

static void match_regex(const struct tp_route *route, const struct rule *rule, const char *alias,
			struct match *m)
{
	char replacement[ALIAS_MAX + 1];
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(rule->regex, NULL);
	const PCRE2_SIZE *groups;
	int count;

	if (!data) {
		m->why_not = "no memory";
		return;
	}
	count = pcre2_match(rule->regex, (PCRE2_SPTR)alias, strlen(alias), 0, 0, data, route->limits);
	groups = pcre2_get_ovector_pointer(data);
	if (count == PCRE2_ERROR_NOMATCH)
		m->why_not = "the regular expression does not match";
	else if (count < 0)
		m->why_not = "the regular expression needs too much work on this alias (limit reached)";
	else if (!expand(rule->cfg.replacement, alias, groups, count, replacement, sizeof(replacement)))
		m->why_not = "the rewritten alias is too long";
	else
		apply(&rule->cfg, alias, groups[0], groups[1], replacement, m);
	pcre2_match_data_free(data);
}

static void match_alias(const struct tp_route *route, const struct rule *rule, const char *alias,
			struct match *m)
{
	struct tp_span a = tp_span_of(alias), pattern = tp_span_of(rule->cfg.pattern);
	size_t start = 0;

	m->matched = false;
	m->why_not = NULL;
	switch (rule->cfg.match) {
	case TP_RULE_ANY:
		apply(&rule->cfg, alias, 0, a.len, rule->cfg.replacement, m);
		return;
	case TP_RULE_EXACT:
		if (tp_span_equal_nocase(a, pattern))
			apply(&rule->cfg, alias, 0, a.len, rule->cfg.replacement, m);
		return;
	case TP_RULE_SUFFIX:
		start = a.len >= pattern.len ? a.len - pattern.len : 0;
		/* fall through */
	case TP_RULE_PREFIX:
		if (a.len >= pattern.len &&
		    tp_span_equal_nocase((struct tp_span){ alias + start, pattern.len }, pattern))
			apply(&rule->cfg, alias, start, start + pattern.len, rule->cfg.replacement, m);
		return;
	default:
		match_regex(route, rule, alias, m);
		return;
	}
}

static const char *kind_of(const struct tp_cfg_rule *cfg)
{
	static const char *const names[] = { "any alias", "exact", "prefix", "suffix", "regex" };

	return cfg->match < sizeof(names) / sizeof(names[0]) ? names[cfg->match] : "?";
}

/* Whether the rule looks at requests from this source; tells the step why not. */
static bool source_fits(const struct tp_route *route, const struct tp_cfg_rule *cfg,
			const struct tp_route_request *req, struct tp_route_decision *d)
{
	if (!cfg->enabled) {
		step(d, "rule '%s' (priority %u): disabled", cfg->name, cfg->priority);
		return false;
	}
	if (cfg->source == 1 && (req->registered || req->source_zone != cfg->source_zone)) {
		step(d, "rule '%s' (priority %u): only for requests from zone '%s', this one is from %s%s%s",
		     cfg->name, cfg->priority, zone_name(route, cfg->source_zone),
		     req->registered ? "a local registration" : "zone '",
		     req->registered ? "" : zone_name(route, req->source_zone), req->registered ? "" : "'");
		return false;
	}
	if (cfg->source == 2 && !req->registered) {
		step(d, "rule '%s' (priority %u): only for requests from local registrations, this one is "
			"from zone '%s'", cfg->name, cfg->priority, zone_name(route, req->source_zone));
		return false;
	}
	if (cfg->authenticated_only && !req->authenticated) {
		step(d, "rule '%s' (priority %u): only for authenticated requests", cfg->name, cfg->priority);
		return false;
	}
	return true;
}

/* Splits the alias at its last '@'. */
static bool split_alias(const char *alias, struct tp_route_target *t)
{
	const char *at = strrchr(alias, '@');

	if (!at) {
		t->user[0] = 0;
		return *alias && tp_text_copy(t->host, sizeof(t->host), alias);
	}
	return tp_text_copy_span(t->user, sizeof(t->user), (struct tp_span){ alias, (size_t)(at - alias) }) &&
	       tp_text_copy(t->host, sizeof(t->host), at + 1) && t->host[0];
}

/* Adds the rule's target; false when the rule gives none after all. */
static bool add_target(const struct tp_route *route, const struct tp_cfg_rule *cfg,
		       const struct tp_route_request *req, const struct match *m,
		       struct tp_route_decision *d)
{
	struct tp_route_target *t = &d->targets[d->target_count];
	const struct zone *zone = cfg->target == 1 ? find_zone(route, cfg->target_zone) : NULL;

	if (d->target_count == TP_ROUTE_TARGETS_MAX) {
		step(d, "rule '%s' (priority %u): matches, but there are %d targets already", cfg->name,
		     cfg->priority, TP_ROUTE_TARGETS_MAX);
		return false;
	}
	memset(t, 0, sizeof(*t));
	t->local = cfg->target == 0;
	t->zone = t->local ? 0 : cfg->target_zone;
	tp_text_copy(t->rule, sizeof(t->rule), cfg->name);
	if (!t->local && (!zone || !zone->enabled)) {
		step(d, "rule '%s' (priority %u): matches, but zone '%s' is disabled", cfg->name,
		     cfg->priority, zone ? zone->name : "?");
		return false;
	}
	if (zone && zone->traversal && !req->registered && req->source_zone == zone->id) {
		step(d, "rule '%s' (priority %u): matches, but zone '%s' is where the request comes from",
		     cfg->name, cfg->priority, zone->name);
		return false;
	}
	if (!split_alias(m->alias, t)) {
		step(d, "rule '%s' (priority %u): matches, but the rewritten alias '%s' has no host",
		     cfg->name, cfg->priority, m->alias);
		return false;
	}
	t->group = d->target_count == 0 ? 0 : d->targets[d->target_count - 1].group;
	d->target_count++;
	step(d, "rule '%s' (priority %u): %s '%s' matches; target %s%s%s as '%s'", cfg->name, cfg->priority,
	     kind_of(cfg), cfg->pattern, t->local ? "local registrations" : "zone '",
	     t->local ? "" : zone->name, t->local ? "" : "'", m->alias);
	return true;
}

static void write_alias(const struct tp_route_request *req, char *alias, size_t size)
{
	struct tp_span user = req->user, host = req->host;

	if (user.len > TP_ROUTE_PART_MAX)
		user.len = TP_ROUTE_PART_MAX;
	if (host.len > TP_ROUTE_PART_MAX)
		host.len = TP_ROUTE_PART_MAX;
	if (user.len)
		snprintf(alias, size, "%.*s@%.*s", (int)user.len, user.p, (int)host.len, host.p);
	else
		snprintf(alias, size, "%.*s", (int)host.len, host.p ? host.p : "");
	tp_text_make_printable(alias);
}

static void conclude(struct tp_route_decision *d)
{
	char *last;

	if (d->step_count == TP_ROUTE_STEPS_MAX - 1 && d->steps_left_out) {
		last = d->steps[d->step_count++];
		snprintf(last, sizeof(d->steps[0]), "%zu more lines are left out; %zu targets found",
			 d->steps_left_out, d->target_count);
	} else if (!d->target_count) {
		step(d, "no search rule gives a target: not found");
	}
}

void tp_route_decide(const struct tp_route *route, const struct tp_route_request *request,
		     struct tp_route_decision *out)
{
	char alias[ALIAS_MAX + 1];
	uint32_t stop_behind = UINT32_MAX; /* priority of a rule that says stop */
	uint32_t last_priority = UINT32_MAX; /* of the last target */
	struct match m;

	out->target_count = out->step_count = out->steps_left_out = 0;
	write_alias(request, alias, sizeof(alias));
	for (size_t i = 0; i < route->rule_count; i++) {
		const struct tp_cfg_rule *cfg = &route->rules[i].cfg;
		size_t before = out->target_count;

		if (cfg->priority > stop_behind)
			break;
		if (!source_fits(route, cfg, request, out))
			continue;
		match_alias(route, &route->rules[i], alias, &m);
		if (!m.matched) {
			step(out, "rule '%s' (priority %u): %s '%s' does not match '%s'%s%s", cfg->name,
			     cfg->priority, kind_of(cfg), cfg->pattern, alias, m.why_not ? ": " : "",
			     m.why_not ? m.why_not : "");
			continue;
		}
		if (add_target(route, cfg, request, &m, out)) {
			if (before && cfg->priority != last_priority)
				out->targets[before].group++;
			last_priority = cfg->priority;
		}
		if (cfg->stop)
			stop_behind = cfg->priority;
	}
	conclude(out);
}
