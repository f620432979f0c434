/* Paths of settings. Runs in turnpikectl. */
#include "ctl/path.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

struct out {
	char *p;
	size_t left;
	bool full;
};

static void put(struct out *o, char c)
{
	if (o->left < 2) {
		o->full = true;
		return;
	}
	*o->p++ = c;
	*o->p = '\0';
	o->left--;
}

static void put_text(struct out *o, struct tp_span s)
{
	for (size_t i = 0; i < s.len; i++)
		put(o, s.p[i]);
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~", c));
}

/* also: further characters that stay as they are. */
static void put_key(struct out *o, struct tp_span key, const char *also)
{
	for (size_t i = 0; i < key.len; i++) {
		char hex[4];

		if (is_plain(key.p[i]) || (key.p[i] && strchr(also, key.p[i]))) {
			put(o, key.p[i]);
			continue;
		}
		snprintf(hex, sizeof(hex), "%%%02X", (unsigned char)key.p[i]);
		put_text(o, tp_span_of(hex));
	}
}

/* A top-level name without its module: "sip" is "turnpike-sip:sip". */
static void put_module(struct out *o, struct tp_span name)
{
	put_text(o, TP_SPAN("turnpike-"));
	put_text(o, tp_span_equal(name, TP_SPAN("zones")) ? TP_SPAN("zone") : name);
	put(o, ':');
}

/* "[name='x']" and so on behind a segment's name; moves *p behind them. */
static int put_predicates(struct out *o, const char **p)
{
	bool first = true;

	while (**p == '[') {
		const char *equals = strchr(*p, '=');
		const char *end;

		if (!equals || (equals[1] != '\'' && equals[1] != '"'))
			return -1;
		end = strchr(equals + 2, equals[1]);
		if (!end || end[1] != ']')
			return -1;
		put(o, first ? '=' : ',');
		put_key(o, (struct tp_span){ equals + 2, (size_t)(end - equals) - 2 }, "");
		*p = end + 2;
		first = false;
	}
	return 0;
}

int tp_ctl_path(const char *written, char out[TP_CTL_PATH_MAX])
{
	struct out o = { out, TP_CTL_PATH_MAX, false };
	const char *p = written;
	bool top = true;

	out[0] = '\0';
	while (*p == '/')
		p++;
	while (*p) {
		size_t n = strcspn(p, "/[=");
		struct tp_span name = { p, n };

		put(&o, '/');
		if (top && n && !memchr(p, ':', n))
			put_module(&o, name);
		put_text(&o, name);
		top = false;
		p += n;
		if (*p == '=') {
			n = strcspn(p, "/");
			/* Escapes and the commas between keys stay as they were written. */
			put_key(&o, (struct tp_span){ p, n }, "=%,");
			p += n;
		} else if (put_predicates(&o, &p) != 0) {
			return -1;
		}
		if (*p && *p != '/')
			return -1;
		while (*p == '/')
			p++;
	}
	return o.full ? -1 : 0;
}

/* The path without keys, as the model writes it. */
static void schema_path(const char *path, char out[TP_CTL_PATH_MAX])
{
	bool in_key = false;
	size_t n = 0;

	for (; *path && n + 1 < TP_CTL_PATH_MAX; path++) {
		if (*path == '=')
			in_key = true;
		if (*path == '/')
			in_key = false;
		if (!in_key)
			out[n++] = *path;
	}
	out[n] = '\0';
}

static const json_t *find_node(const json_t *nodes, const char *path)
{
	size_t i;
	json_t *node;

	json_array_foreach(nodes, i, node) {
		const char *at = json_string_value(json_object_get(node, "path"));
		size_t n = at ? strlen(at) : 0;

		if (!at || strncmp(at, path, n) != 0)
			continue;
		if (!path[n])
			return node;
		if (path[n] == '/')
			return find_node(json_object_get(node, "nodes"), path);
	}
	return NULL;
}

static json_t *value_of(const char *kind, const char *type, const char *text)
{
	json_t *value;

	if (strcmp(kind, "leaf") != 0) {
		value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		if (!strcmp(kind, "list") && json_is_object(value))
			value = json_pack("[o]", value);
		return value;
	}
	if (!strcmp(type, "boolean"))
		return !strcmp(text, "true") ? json_true() : !strcmp(text, "false") ? json_false() : NULL;
	if (!strncmp(type, "int", 3) || !strncmp(type, "uint", 4)) {
		if (strstr(type, "64"))
			return json_string(text);
		value = json_loads(text, JSON_DECODE_ANY, NULL);
		if (json_is_integer(value))
			return value;
		json_decref(value);
		return json_string(text); /* the appliance says what is wrong with it */
	}
	return json_string(text);
}

json_t *tp_ctl_value(const json_t *model, const char *path, const char *text, char *name, size_t size)
{
	char schema[TP_CTL_PATH_MAX];
	const json_t *node;
	const char *kind, *type, *last, *colon;

	schema_path(path, schema);
	node = find_node(json_object_get(model, "nodes"), schema);
	kind = json_string_value(json_object_get(node, "kind"));
	type = json_string_value(json_object_get(node, "type"));
	if (!node || !kind)
		return NULL;
	last = strrchr(schema, '/') + 1;
	colon = strchr(schema, ':');
	if (strchr(last, ':'))
		snprintf(name, size, "%s", last);
	else
		snprintf(name, size, "%.*s:%s", colon ? (int)(colon - schema - 1) : 0, schema + 1, last);
	return value_of(kind, type ? type : "", text);
}
