/* Whether what let a session in still holds: the source that knew its user, the groups that
 * gave its rights, the kind of login. Looked at when a configuration comes into force, when
 * a local account appears, and right after a login. Runs in turnpike-admin. */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "admin/account/login_state.h"
#include "admin/cac/rules.h"
#include "admin/http/times.h"
#include "core/auto.h"

/* -------------------------------------------------------------------------- groups */

static uint64_t digest_of(const char *name)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	uint64_t digest;

	SHA256((const unsigned char *)name, strlen(name), hash);
	memcpy(&digest, hash, sizeof(digest));
	return digest;
}

static bool has(const struct tp_msg_remote_group *groups, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(groups[i].name, name))
			return true;
	return false;
}

void tp_auth_basis_add(struct tp_auth_basis *basis, const struct tp_auth_settings *s,
		       const struct tp_msg_remote_group *groups, size_t count)
{
	for (size_t i = 0; i < s->group_count && basis->group_count < TP_AUTH_GROUPS_MAX; i++)
		if (has(groups, count, s->groups[i].name))
			basis->groups[basis->group_count++] = digest_of(s->groups[i].name);
}

static bool is_in(const struct tp_auth_basis *basis, uint64_t group)
{
	for (size_t i = 0; i < basis->group_count; i++)
		if (basis->groups[i] == group)
			return true;
	return false;
}

bool tp_auth_basis_map(const struct tp_auth_basis *basis, const struct tp_auth_settings *s,
		       struct tp_rights *out)
{
	struct tp_msg_remote_group own[TP_AUTH_GROUPS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < s->group_count && count < TP_AUTH_GROUPS_MAX; i++)
		if (is_in(basis, digest_of(s->groups[i].name)))
			tp_text_copy(own[count++].name, sizeof(own[0].name), s->groups[i].name);
	return tp_authenticate_map(s, own, count, out);
}

/* ------------------------------------------------------------------------ standing */

static const char *fault_of_kind(enum tp_cac_level level, const struct tp_session_facts *f)
{
	static const uint8_t none[sizeof(f->card)];

	if (level == TP_CAC_AUTHENTICATION && f->method != TP_SESSION_CERTIFICATE)
		return "A certificate is the login now.";
	if (level != TP_CAC_NOT_REQUIRED && !memcmp(f->card, none, sizeof(none)))
		return "A certificate is asked for now.";
	return NULL;
}

/* Rights that came later wait for the next login; what was lost is lost at once. */
static const char *fault_of_groups(const struct tp_auth_settings *s, const struct tp_session_facts *f)
{
	struct tp_rights now;

	if (!tp_auth_basis_map(&f->basis, s, &now))
		return "None of the user's groups may administer this appliance any more.";
	if (now.level != f->rights.level)
		return "The user's groups give another level now.";
	if ((f->rights.web && !now.web) || (f->rights.api && !now.api))
		return "The user's groups give less access now.";
	return NULL;
}

static const char *fault_of_remote(struct tp_login *l, const struct tp_auth_settings *s,
				   const struct tp_session_facts *f, const char *source)
{
	bool ours = false;

	if (!strcmp(source, "ldap") && f->basis.ldap_digest != s->ldap_digest)
		return "Another directory is asked now, or in another way.";
	if (s->source != TP_LOGIN_REMOTE &&
	    (tp_store_account_named(l->store, f->user, &ours) != TP_OK || ours))
		return "A local account has the user's name now.";
	return fault_of_groups(s, f);
}

static const char *fault_of_source(struct tp_login *l, const struct tp_auth_settings *s,
				   const struct tp_session_facts *f)
{
	const char *source = f->basis.source ? f->basis.source : "local";

	if (!f->remote && tp_advanced_is_emergency(l->advanced, f->user))
		return NULL;
	if (!tp_authenticate_asks(s, source))
		return f->remote ? "The source that let the user in is not asked any more." :
				   "Local accounts do not count now.";
	return f->remote ? fault_of_remote(l, s, f, source) : NULL;
}

/* A copy of the settings, since the store is asked meanwhile. NULL: no memory. */
static struct tp_auth_settings *take_settings(struct tp_login *l, enum tp_cac_level *level)
{
	struct tp_auth_settings *s = malloc(sizeof(*s));

	pthread_mutex_lock(&l->lock);
	if (s)
		*s = l->auth;
	*level = l->card_level;
	pthread_mutex_unlock(&l->lock);
	return s;
}

static const char *fault_of(struct tp_login *l, const struct tp_auth_settings *s, enum tp_cac_level level,
			    const struct tp_session_facts *f)
{
	const char *why;

	if (f->state != TP_OPERATOR_ACTIVE)
		return NULL;
	why = fault_of_kind(level, f);
	return why ? why : fault_of_source(l, s, f);
}

bool tp_login_stands(struct tp_login *l, const struct tp_session_facts *f)
{
	enum tp_cac_level level;
	TP_AUTO(free) struct tp_auth_settings *s = take_settings(l, &level);

	/* TP_AUTO frees it. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	return s && !fault_of(l, s, level, f);
}

static void end(struct tp_login *l, const struct tp_session_row *row, const char *why)
{
	struct tp_log_entry line = { .at_ms = tp_times_now_ms(), .severity = 1, .name = "session.ended" };
	struct tp_session_row ended;

	if (tp_session_close_named(l->sessions, row->name, TP_SESSION_SETTINGS, tp_login_steady_ms(), &ended) !=
	    TP_OK)
		return;
	tp_text_copy(line.text, sizeof(line.text), why);
	tp_text_copy(line.user, sizeof(line.user), row->facts.user);
	tp_text_make_printable(line.user);
	tp_text_copy(line.source, sizeof(line.source), row->facts.source);
	if (tp_store_log_add(l->store, TP_LOG_KIND_EVENT, &line) != TP_OK)
		TP_LOG(TP_LOG_WARN, "login.log", "%s could not be stored", line.name);
}

void tp_login_end_fallen(struct tp_login *l)
{
	enum tp_cac_level level;
	TP_AUTO(free) struct tp_auth_settings *s = take_settings(l, &level);
	TP_AUTO(free) struct tp_session_row *rows = NULL;
	size_t count = 0;

	if (!s || tp_sessions_list(l->sessions, tp_login_steady_ms(), &rows, &count) != TP_OK) {
		/* TP_AUTO frees it. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
		TP_LOG(TP_LOG_ERROR, "login.sessions", "no memory to look at the sessions");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *why = fault_of(l, s, level, &rows[i].facts);

		if (why)
			end(l, &rows[i], why);
	}
}
