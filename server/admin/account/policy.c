/* Which passwords local administrators may choose. Runs in turnpike-admin. */
#include "admin/account/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "admin/account/password.h"
#include "admin/http/utf8.h"

enum { DIFFERENT_LEAST = 6, RULE_TEXT = 160 };

#define HOUR_MS (UINT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

const struct tp_cfg_password_policy tp_policy_default = { .length = 12, .history = 5 };

/* ------------------------------------------------------------------ what is counted */

static size_t count_characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static size_t count_different(const char *s)
{
	bool seen[256] = { false };
	size_t n = 0;

	for (; *s; s++) {
		n += !seen[(unsigned char)*s];
		seen[(unsigned char)*s] = true;
	}
	return n;
}

/* Each character the one before it plus or minus one, or the same: "abcdef654321". */
static bool is_sequence(const char *s)
{
	size_t steps = 0, len = strlen(s);

	for (size_t i = 1; i < len; i++)
		steps += abs(s[i] - s[i - 1]) <= 1;
	return steps * 4 >= (len - 1) * 3;
}

static bool is_common(const char *s)
{
	static const char *const parts[] = { "password", "turnpike",  "qwerty", "letmein", "welcome",
					     "admin",	 "iloveyou", "changeme" };
	char left[TP_PASSWORD_MAX + 1];
	size_t len = strlen(s);

	if (len > TP_PASSWORD_MAX)
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *at = strcasestr(s, parts[i]);
		size_t n = strlen(parts[i]);

		if (!at)
			continue;
		memcpy(left, s, (size_t)(at - s));
		memcpy(left + (at - s), at + n, len - (size_t)(at - s) - n + 1);
		/* What stands around it must be enough of a password by itself. */
		if (count_different(left) < 6 || strlen(left) < 8)
			return true;
	}
	return false;
}

/* A to Z, a to z, 0 to 9 and the other signs of ASCII; letters of other scripts are none. */
struct kinds {
	unsigned upper, lower, digits, special;
};

static struct kinds count_kinds(const char *s)
{
	struct kinds k = { 0 };

	for (; *s; s++) {
		k.upper += *s >= 'A' && *s <= 'Z';
		k.lower += *s >= 'a' && *s <= 'z';
		k.digits += *s >= '0' && *s <= '9';
		k.special += (*s >= ' ' && *s < '0') || (*s > '9' && *s < 'A') || (*s > 'Z' && *s < 'a') ||
			     (*s > 'z' && *s < 0x7f);
	}
	return k;
}

/* Bytes of the character at s, which is UTF-8 and not at its end. */
static size_t character(const char *s)
{
	size_t n = 1;

	while (((unsigned char)s[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* Places where the two have different characters, or only one has any. */
static size_t count_changed(const char *old, const char *new)
{
	size_t n = 0;

	while (*old || *new) {
		size_t a = *old ? character(old) : 0;
		size_t b = *new ? character(new) : 0;

		n += a != b || memcmp(old, new, a) != 0;
		old += a;
		new += b;
	}
	return n;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

/* ------------------------------------------------------------------------ the rules */

struct speaker {
	tp_policy_text say;
	void *arg;
	size_t count;
};

static void say(struct speaker *to, const char *fmt, ...) TP_PRINTF(2, 3);

static void say(struct speaker *to, const char *fmt, ...)
{
	char text[RULE_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	to->count++;
	to->say(to->arg, text);
}

static const char *plural(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void check_kinds(const struct tp_policy_question *q, struct speaker *to)
{
	const struct kinds has = count_kinds(q->password);
	const struct {
		unsigned has, wanted;
		const char *name;
	} rows[] = {
		{ has.upper, q->policy->upper, "upper-case letter" },
		{ has.lower, q->policy->lower, "lower-case letter" },
		{ has.digits, q->policy->digits, "digit" },
		{ has.special, q->policy->special, "special character" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].has < rows[i].wanted)
			say(to, "The password needs at least %u %s%s.", rows[i].wanted, rows[i].name,
			    plural(rows[i].wanted));
}

/* What makes a password easy to guess whatever it is made of. */
static void check_guess(const struct tp_policy_question *q, struct speaker *to)
{
	if (count_different(q->password) < DIFFERENT_LEAST)
		say(to, "The password needs at least six different characters.");
	if (is_sequence(q->password))
		say(to, "The password is mostly a sequence such as abcdef or 123456.");
	if (strlen(q->user) >= 3 && strcasestr(q->password, q->user) &&
	    strlen(q->password) < strlen(q->user) + q->policy->length)
		say(to, "The password holds the user name; leave it out.");
	if (is_common(q->password))
		say(to, "The password is a well-known word with little added.");
}

size_t tp_policy_check(const struct tp_policy_question *q, tp_policy_text broken, void *arg)
{
	struct speaker to = { broken, arg, 0 };
	size_t len = strlen(q->password);

	/* Nothing else can be said of these. */
	if (!tp_utf8_valid(q->password, len))
		say(&to, "The password is not UTF-8 text.");
	else if (len > TP_PASSWORD_MAX)
		say(&to, "The password may have at most %d bytes.", TP_PASSWORD_MAX);
	if (to.count)
		return to.count;
	if (has_control(q->password))
		say(&to, "The password holds a control character.");
	if (count_characters(q->password) < q->policy->length)
		say(&to, "The password needs at least %u characters.", q->policy->length);
	check_kinds(q, &to);
	check_guess(q, &to);
	if (q->old && count_changed(q->old, q->password) < q->policy->changed)
		say(&to, "The password needs another character than the one before in at least %u place%s.",
		    q->policy->changed, plural(q->policy->changed));
	return to.count;
}

void tp_policy_rules(const struct tp_cfg_password_policy *p, bool owner, tp_policy_text rule, void *arg)
{
	const struct {
		unsigned wanted;
		const char *name;
	} rows[] = {
		{ p->upper, "upper-case letter" },
		{ p->lower, "lower-case letter" },
		{ p->digits, "digit" },
		{ p->special, "special character" },
	};
	struct speaker to = { rule, arg, 0 };

	say(&to, "At least %u characters, six of them different", p->length);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].wanted)
			say(&to, "At least %u %s%s", rows[i].wanted, rows[i].name, plural(rows[i].wanted));
	if (p->history == 1)
		say(&to, "Not the present password");
	else if (p->history)
		say(&to, "None of the last %u passwords", p->history);
	if (owner && p->changed)
		say(&to, "Another character than before in at least %u place%s", p->changed, plural(p->changed));
	say(&to, "No well-known word, no sequence, not the user name");
}

/* ------------------------------------------------------------------------- its age */

bool tp_policy_is_too_old(const struct tp_cfg_password_policy *p, uint64_t changed_ms, uint64_t now_ms)
{
	return p->max_age_d && now_ms > changed_ms && now_ms - changed_ms >= p->max_age_d * DAY_MS;
}

uint32_t tp_policy_wait_h(const struct tp_cfg_password_policy *p, uint64_t changed_ms, uint64_t now_ms)
{
	uint64_t free_ms = changed_ms + p->min_age_h * HOUR_MS;

	/* A password from the future: the clock was set back, and holds nobody up. */
	if (!p->min_age_h || now_ms < changed_ms || now_ms >= free_ms)
		return 0;
	return (uint32_t)((free_ms - now_ms + HOUR_MS - 1) / HOUR_MS);
}
