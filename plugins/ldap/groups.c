/* The groups of a user, and the groups that those are in. Runs in turnpike-ldap. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ask.h"
#include "core/text.h"
#include "escape.h"

struct group {
	char *dn; /* as the server writes it, normalised */
	unsigned depth;
};

/* Each group once, in the order in which it was found: a ring ends by itself. */
struct walk {
	struct tp_ask *ask;
	struct group groups[TP_LDAP_GROUPS_MAX];
	size_t count;
	unsigned searches;
	bool cut; /* a limit was reached */
	char base[TP_LDAP_DN_MAX + 1];
};

/* One spelling for one name. NULL: it is not a name. */
static char *normalise(const char *dn)
{
	LDAPDN parsed = NULL;
	char *out = NULL;

	if (strlen(dn) > TP_LDAP_DN_MAX || ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
		return NULL;
	if (ldap_dn2str(parsed, &out, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
		out = NULL;
	ldap_dnfree(parsed);
	return out;
}

/* Whether the name is below the base, at a boundary between parts. */
static bool is_below(const char *dn, const char *base)
{
	size_t len = strlen(dn), tail = strlen(base);

	return tail == 0 || (len > tail + 1 && dn[len - tail - 1] == ',' && !strcasecmp(dn + len - tail, base));
}

static void add(struct walk *w, const char *dn, unsigned depth)
{
	char *name = normalise(dn);
	size_t i = 0;

	while (name && i < w->count && strcasecmp(w->groups[i].dn, name) != 0)
		i++;
	if (!name || i < w->count || !is_below(name, w->base)) {
		ldap_memfree(name);
	} else if (w->count == TP_LDAP_GROUPS_MAX) {
		w->cut = true;
		ldap_memfree(name);
	} else {
		w->groups[w->count++] = (struct group){ .dn = name, .depth = depth };
	}
}

/* ------------------------------------------------------------------- from the server */

static int read_member_of(struct walk *w, const char *dn, unsigned depth)
{
	static char attribute[] = "memberOf";
	char *attributes[] = { attribute, NULL };
	LDAP *ldap = w->ask->ldap;
	struct berval **values = NULL;
	LDAPMessage *answer = NULL;
	int code = ldap_search_ext_s(ldap, dn, LDAP_SCOPE_BASE, NULL, attributes, 0, NULL, NULL, NULL, 1, &answer);
	LDAPMessage *entry = code == LDAP_SUCCESS ? ldap_first_entry(ldap, answer) : NULL;

	if (entry)
		values = ldap_get_values_len(ldap, entry, attribute);
	for (size_t i = 0; values && values[i]; i++)
		if (!memchr(values[i]->bv_val, 0, values[i]->bv_len))
			add(w, values[i]->bv_val, depth);
	ldap_value_free_len(values);
	ldap_msgfree(answer);
	return code;
}

static int search_members(struct walk *w, const char *dn, unsigned depth)
{
	static char nothing[] = LDAP_NO_ATTRS;
	char *attributes[] = { nothing, NULL };
	char filter[TP_LDAP_TEXT_MAX + 1], form[96];
	LDAP *ldap = w->ask->ldap;
	LDAPMessage *answer = NULL;
	int code;

	snprintf(form, sizeof(form), "(%s=%%s)", w->ask->asked->member_attribute);
	if (tp_ldap_escape(form, tp_span_of(dn), filter) != TP_OK) {
		w->cut = true;
		return LDAP_SUCCESS;
	}
	code = ldap_search_ext_s(ldap, w->ask->asked->group_base, LDAP_SCOPE_SUBTREE, filter, attributes, 0, NULL,
				 NULL, NULL, TP_LDAP_GROUPS_MAX, &answer);
	if (code == LDAP_SIZELIMIT_EXCEEDED) {
		w->cut = true;
		code = LDAP_SUCCESS;
	}
	for (LDAPMessage *entry = code == LDAP_SUCCESS ? ldap_first_entry(ldap, answer) : NULL; entry;
	     entry = ldap_next_entry(ldap, entry)) {
		char *group = ldap_get_dn(ldap, entry);

		if (group)
			add(w, group, depth);
		ldap_memfree(group);
	}
	ldap_msgfree(answer);
	return code;
}

/* A group that cannot be read has no groups; a user that cannot is a failure. */
static int look(struct walk *w, const char *dn, unsigned depth)
{
	int code;

	if (w->searches++ == TP_LDAP_SEARCHES_MAX) {
		w->cut = true;
		return LDAP_SUCCESS;
	}
	code = w->ask->asked->group_lookup ? search_members(w, dn, depth) : read_member_of(w, dn, depth);
	if (depth > 0 && (code == LDAP_NO_SUCH_OBJECT || code == LDAP_INSUFFICIENT_ACCESS))
		return LDAP_SUCCESS;
	return code;
}

static int walk_all(struct walk *w)
{
	int code = look(w, w->ask->dn, 0);

	for (size_t i = 0; code == LDAP_SUCCESS && !w->cut && i < w->count; i++)
		if (w->groups[i].depth < w->ask->asked->depth)
			code = look(w, w->groups[i].dn, w->groups[i].depth + 1);
	return code;
}

/* ------------------------------------------------------------------------- the answer */

/* The value of the first part of a name: Admins of cn=Admins,dc=example. One with '=' could be
 * taken for the whole name of another group. */
static bool first_value(const char *dn, char *out, size_t size)
{
	LDAPDN parsed = NULL;
	bool taken = false;

	if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
		return false;
	if (parsed && parsed[0] && parsed[0][0]) {
		const struct berval *value = &parsed[0][0]->la_value;

		taken = value->bv_len && value->bv_len < size && !memchr(value->bv_val, 0, value->bv_len) &&
			!memchr(value->bv_val, '=', value->bv_len);
		if (taken) {
			memcpy(out, value->bv_val, value->bv_len);
			out[value->bv_len] = '\0';
		}
	}
	ldap_dnfree(parsed);
	return taken;
}

static enum tp_remote_result answer(struct walk *w)
{
	struct tp_msg_remote_answered *out = w->ask->out;

	out->groups = w->count ? calloc(2 * w->count, sizeof(*out->groups)) : NULL;
	if (w->count && !out->groups)
		return TP_REMOTE_UNAVAILABLE;
	for (size_t i = 0; i < w->count; i++) {
		struct tp_msg_remote_group *group = &out->groups[out->groups_count];

		if (tp_text_copy(group->name, sizeof(group->name), w->groups[i].dn))
			group = &out->groups[++out->groups_count];
		if (first_value(w->groups[i].dn, group->name, sizeof(group->name)))
			out->groups_count++;
	}
	tp_ask_note(w->ask, "groups", true, w->cut ? "Let the group base hold fewer groups." : "",
		    "%zu group%s%s%.300s%s", w->count, w->count == 1 ? "" : "s", w->count ? ", the first is " : "",
		    w->count ? w->groups[0].dn : "", w->cut ? "; a limit was reached, there may be more." : ".");
	return TP_REMOTE_OK;
}

enum tp_remote_result tp_ask_find_groups(struct tp_ask *a)
{
	struct walk *w = calloc(1, sizeof(*w));
	char *base = normalise(a->asked->group_base);
	enum tp_remote_result result = TP_REMOTE_UNAVAILABLE;
	int code;

	if (w && base && tp_text_copy(w->base, sizeof(w->base), base)) {
		w->ask = a;
		code = walk_all(w);
		result = code == LDAP_SUCCESS
				 ? answer(w)
				 : tp_ask_failed(a, "groups", "groups of the user",
						 "Look at the group base, and what the account that asks may read.", code);
		for (size_t i = 0; i < w->count; i++)
			ldap_memfree(w->groups[i].dn);
	} else {
		tp_ask_note(a, "groups", false, "Look at the group base.", "The group base is not a distinguished name.");
	}
	ldap_memfree(base);
	free(w);
	return result;
}
