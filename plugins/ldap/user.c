/* The entry of a user. Runs in turnpike-ldap. */
#include <string.h>
#include <strings.h>

#include "ask.h"
#include "core/text.h"
#include "escape.h"

/* Of an entry whose attributes nobody wants. */
static char no_attributes[] = LDAP_NO_ATTRS;

static bool fill(struct tp_ask *a, const char *step, const char *form, char out[TP_LDAP_TEXT_MAX + 1])
{
	if (tp_ldap_escape(form, tp_span_of(a->asked->user), out) == TP_OK)
		return true;
	tp_ask_note(a, step, false, "", "The user name is too long for the directory.");
	return false;
}

static bool keep_dn(struct tp_ask *a, const char *step, const char *dn)
{
	if (dn && dn[0] && tp_text_copy(a->dn, sizeof(a->dn), dn))
		return true;
	tp_ask_note(a, step, false, "", "The distinguished name of the user is longer than %d bytes.", TP_LDAP_DN_MAX);
	return false;
}

enum tp_remote_result tp_ask_form_user(struct tp_ask *a)
{
	char dn[TP_LDAP_TEXT_MAX + 1];

	if (!a->asked->user_dn[0]) {
		tp_ask_note(a, "user-bind", false, "Set the form of user DNs on the page Login.",
			    "There is no form of which the user's DN could be made.");
		return TP_REMOTE_UNAVAILABLE;
	}
	return fill(a, "user-bind", a->asked->user_dn, dn) && keep_dn(a, "user-bind", dn) ? TP_REMOTE_OK : TP_REMOTE_REFUSED;
}

static enum tp_remote_result take_only(struct tp_ask *a, LDAPMessage *answer, const char *filter)
{
	LDAPMessage *entry = ldap_first_entry(a->ldap, answer);
	char *dn;
	bool kept;

	if (!entry) {
		tp_ask_note(a, "search", false, "Look at the search base and the filter.",
			    "No entry below %s matches %s.", a->asked->base, filter);
		return TP_REMOTE_REFUSED;
	}
	if (ldap_next_entry(a->ldap, entry)) {
		tp_ask_note(a, "search", false, "Choose a filter that matches one entry for one name.",
			    "More than one entry matches %s.", filter);
		return TP_REMOTE_REFUSED;
	}
	dn = ldap_get_dn(a->ldap, entry);
	kept = keep_dn(a, "search", dn);
	ldap_memfree(dn);
	if (kept)
		tp_ask_note(a, "search", true, "", "The user is %s.", a->dn);
	return kept ? TP_REMOTE_OK : TP_REMOTE_REFUSED;
}

enum tp_remote_result tp_ask_find_user(struct tp_ask *a)
{
	enum { ENOUGH = 2 };
	char *attributes[] = { no_attributes, NULL };
	char filter[TP_LDAP_TEXT_MAX + 1];
	LDAPMessage *answer = NULL;
	enum tp_remote_result result;
	int code;

	if (!fill(a, "search", a->asked->filter, filter))
		return TP_REMOTE_REFUSED;
	code = ldap_search_ext_s(a->ldap, a->asked->base, LDAP_SCOPE_SUBTREE, filter, attributes, 0, NULL, NULL,
				 NULL, ENOUGH, &answer);
	/* The limit is ours: what came is enough to know. */
	if (code == LDAP_SUCCESS || code == LDAP_SIZELIMIT_EXCEEDED)
		result = take_only(a, answer, filter);
	else
		result = tp_ask_failed(a, "search", "search for the user",
				       code == LDAP_FILTER_ERROR ? "Look at the filter: it is not one."
								 : "Look at the search base, and what the bind DN may read.",
				       code);
	ldap_msgfree(answer);
	return result;
}

/* What may not be shown or would not fit is not taken over. */
static bool is_name(const struct tp_ask *a, const struct berval *value)
{
	if (value->bv_len == 0 || value->bv_len >= sizeof(a->out->user))
		return false;
	for (size_t i = 0; i < value->bv_len; i++)
		if ((unsigned char)value->bv_val[i] < ' ' || value->bv_val[i] == 0x7f)
			return false;
	return true;
}

/* Directories keep values in no order: of several it is the one that was typed, else the first
 * by its bytes, so that a user has one name at each login. */
static const struct berval *choose_name(const struct tp_ask *a, struct berval **values)
{
	const struct berval *chosen = NULL;

	for (size_t i = 0; values && values[i]; i++) {
		if (!is_name(a, values[i]))
			continue;
		if (!strcasecmp(values[i]->bv_val, a->asked->user))
			return values[i];
		if (!chosen || strcmp(values[i]->bv_val, chosen->bv_val) < 0)
			chosen = values[i];
	}
	return chosen;
}

/* A directory finds an entry by a name that is spaced otherwise, or holds characters that are not
 * seen: such a name is nobody's here. */
static bool is_plain_name(const char *name)
{
	for (; *name; name++)
		if (*name <= ' ' || *name >= 0x7f)
			return false;
	return true;
}

static enum tp_remote_result take_name(struct tp_ask *a, struct berval **values)
{
	const struct berval *chosen = choose_name(a, values);

	if (chosen || is_plain_name(a->asked->user)) {
		tp_text_copy(a->out->user, sizeof(a->out->user), chosen ? chosen->bv_val : a->asked->user);
		return TP_REMOTE_OK;
	}
	tp_ask_note(a, "search", false, "Choose a name attribute that the entry has.",
		    "%s does not say what the user is called (%s), and the typed name is not plain enough.", a->dn,
		    a->asked->name_attribute);
	return TP_REMOTE_REFUSED;
}

enum tp_remote_result tp_ask_name_user(struct tp_ask *a)
{
	char *attributes[] = { (char *)a->asked->name_attribute, NULL };
	struct berval **values = NULL;
	LDAPMessage *answer = NULL;
	int code = ldap_search_ext_s(a->ldap, a->dn, LDAP_SCOPE_BASE, NULL, attributes, 0, NULL, NULL, NULL, 1,
				     &answer);
	LDAPMessage *entry = code == LDAP_SUCCESS ? ldap_first_entry(a->ldap, answer) : NULL;

	enum tp_remote_result result;

	if (entry)
		values = ldap_get_values_len(a->ldap, entry, a->asked->name_attribute);
	result = code < 0 ? tp_ask_failed(a, "search", "entry of the user", "", code) : take_name(a, values);
	ldap_value_free_len(values);
	ldap_msgfree(answer);
	return result;
}
