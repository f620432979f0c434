/* Understanding uacme. Runs in turnpike-acme. */
#include "conversation.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The value behind " key=" up to the next blank, when it holds only these characters. */
static bool take(const char *line, const char *key, const char *allowed, char *dst, size_t size)
{
	const char *at = strstr(line, key);
	size_t len;

	if (!at)
		return false;
	at += strlen(key);
	len = strcspn(at, " ");
	return len && strspn(at, allowed) == len && at[0] != '-' &&
	       tp_text_copy_span(dst, size, (struct tp_span){ at, len });
}

static bool is_challenge(struct tp_conversation *c, const char *line)
{
	return take(line, "challenge=", LETTERS "-", c->type, sizeof(c->type)) &&
	       take(line, " ident=", LETTERS "-._:", c->name, sizeof(c->name)) &&
	       /* A token of base64url may begin with '-': its place is not one of an option. */
	       strstr(line, " token=") && strstr(line, " key_auth=");
}

static bool take_secret(const char *line, const char *key, char *dst, size_t size)
{
	const char *at = strstr(line, key) + strlen(key);
	size_t len = strcspn(at, " ");

	return len && strspn(at, LETTERS "-_.") == len &&
	       tp_text_copy_span(dst, size, (struct tp_span){ at, len });
}

/* ---------------------------------------------------------------------- problems */

static void add_words(struct tp_conversation *c, const json_t *problem)
{
	const char *detail = json_string_value(json_object_get(problem, "detail"));
	const char *type = json_string_value(json_object_get(problem, "type"));
	const char *sub;
	const json_t *part;
	size_t i, at;

	if (!detail || !type)
		return;
	if (strcmp(type, "urn:ietf:params:acme:error:accountDoesNotExist") == 0)
		c->account_unknown = true;
	/* Longer ones are cut. */
	snprintf(c->problem, sizeof(c->problem), "%.1000s (%.100s)", detail, type);
	json_array_foreach(json_object_get(problem, "subproblems"), i, part)
	{
		sub = json_string_value(json_object_get(part, "detail"));
		at = strlen(c->problem);
		if (sub)
			snprintf(c->problem + at, sizeof(c->problem) - at, "; %.200s", sub);
	}
	tp_text_make_printable(c->problem);
}

static void hear_json(struct tp_conversation *c, const char *line)
{
	size_t len = strlen(line);
	json_t *whole;

	if (c->block_len + len + 1 < sizeof(c->block)) {
		memcpy(c->block + c->block_len, line, len);
		c->block_len += len;
		c->block[c->block_len++] = '\n';
	}
	if (line[0] != '}')
		return;
	c->in_block = false;
	whole = json_loadb(c->block, c->block_len, 0, NULL);
	add_words(c, whole);
	json_decref(whole);
}

/* -------------------------------------------------------------------------- lines */

enum tp_heard tp_conversation_hear(struct tp_conversation *c, const char *line)
{
	if (c->in_block) {
		hear_json(c, line);
		return TP_HEARD_NOTHING;
	}
	if (strcmp(line, "{") == 0) {
		c->in_block = true;
		c->block_len = 0;
		hear_json(c, line);
		return TP_HEARD_NOTHING;
	}
	if (strncmp(line, "uacme: ", 7) == 0)
		line += 7;
	if (strncmp(line, "challenge=", 10) == 0)
		return is_challenge(c, line) &&
				       take_secret(line, " token=", c->token, sizeof(c->token)) &&
				       take_secret(line, " key_auth=", c->proof, sizeof(c->proof))
			       ? TP_HEARD_CHALLENGE
			       : TP_HEARD_NOTHING;
	if (line[0]) {
		snprintf(c->last, sizeof(c->last), "%.380s", line);
		tp_text_make_printable(c->last);
	}
	if (strncmp(line, "no account associated with", 26) == 0)
		c->account_unknown = true;
	return strstr(line, "SSL peer certificate or SSH remote key was not OK") ? TP_HEARD_UNTRUSTED
										: TP_HEARD_NOTHING;
}

void tp_conversation_why(const struct tp_conversation *c, char *text, size_t size)
{
	if (c->problem[0])
		snprintf(text, size, "The server says: %s", c->problem);
	else
		snprintf(text, size, "%s",
			 c->last[0] ? c->last : "The ACME client ended without a word.");
}
