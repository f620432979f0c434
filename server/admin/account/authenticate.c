/* Who may administer, and as what. Runs in turnpike-admin's workers. */
#include "admin/account/authenticate.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "admin/account/login_state.h"
#include "admin/http/utf8.h"
#include "core/log.h"

/* One question, on its way along the sources. */
struct question {
	struct tp_login *login;
	const struct tp_auth_settings *settings;
	struct tp_cfg_advanced advanced;
	const struct tp_auth_ask *ask;
	struct tp_auth_verdict *out;
	const char *source;
};

/* Notes a step; a failed one is what the log says. */
static void note_with(struct question *q, const char *name, bool passed, const char *text, const char *remedy)
{
	struct tp_auth_verdict *v = q->out;
	struct tp_auth_step *step = &v->steps[v->step_count];

	if (!passed)
		snprintf(v->text, sizeof(v->text), "%s", text);
	if (v->step_count == TP_AUTH_STEPS_MAX)
		return;
	v->step_count++;
	step->source = q->source;
	step->passed = passed;
	snprintf(step->name, sizeof(step->name), "%s", name);
	snprintf(step->text, sizeof(step->text), "%s", text);
	snprintf(step->remedy, sizeof(step->remedy), "%s", remedy);
}

static void note(struct question *q, const char *name, bool passed, const char *text)
{
	note_with(q, name, passed, text, "");
}

/* ----------------------------------------------------------------- local accounts */

/* Unknown ones cost a hash, too. */
static enum tp_err check_password(struct question *q, const struct tp_account *account)
{
	enum tp_err err;

	if (!q->ask->password)
		return account ? TP_OK : TP_AUTH;
	err = tp_password_verify_in(q->login->gate, q->ask->password,
				    account ? account->password_hash : NULL, q->ask->urgent);
	if (err == TP_AUTH)
		note(q, "password", false, "Wrong user name or password.");
	else if (err != TP_OK)
		note(q, "password", false, "The password could not be checked: too many at once.");
	else
		note(q, "password", true, "It is the password.");
	return err == TP_OK || err == TP_AUTH ? err : TP_LIMIT;
}

/* Who has shown a certificate is told the name that it gives. */
static void note_unknown(struct question *q)
{
	char text[192];

	snprintf(text, sizeof(text), "There is no account with the name %.127s.", q->ask->user);
	note(q, "account", false, q->ask->password ? "Wrong user name or password." : text);
}

static enum tp_err ask_local(struct question *q)
{
	struct tp_account account = { 0 };
	bool known = tp_store_account_get(q->login->store, q->ask->user, &account) == TP_OK;
	enum tp_err err = check_password(q, known ? &account : NULL);

	q->out->local = known;
	if (err == TP_LIMIT)
		return err;
	if (!known) {
		note_unknown(q);
		return TP_NOTFOUND;
	}
	if (err == TP_OK && account.disabled) {
		note(q, "account", false, "The account is disabled.");
		err = TP_AUTH;
	}
	if (err != TP_OK)
		return err;
	note(q, "account", true, "There is a local account.");
	tp_text_copy(q->out->user, sizeof(q->out->user), account.name);
	q->out->rights = tp_login_rights(q->login, &account);
	q->out->previous_login_ms = account.last_login_ms;
	q->out->failures = account.failures;
	return TP_OK;
}

/* ------------------------------------------------------------------ groups, levels */

static int worth(uint8_t level)
{
	return level == TP_ACCOUNT_READ_WRITE ? 2 : level == TP_ACCOUNT_READ_ONLY ? 1 : 0;
}

bool tp_authenticate_map(const struct tp_auth_settings *s, const struct tp_msg_remote_group *groups,
			 size_t count, struct tp_rights *out)
{
	struct tp_rights rights = { .level = TP_ACCOUNT_AUDITOR };
	bool mapped = false;

	for (size_t i = 0; i < s->group_count; i++) {
		const struct tp_cfg_login_group *group = &s->groups[i];
		size_t at = 0;

		while (at < count && strcmp(groups[at].name, group->name) != 0)
			at++;
		if (at == count)
			continue;
		mapped = true;
		rights.web |= group->web;
		rights.api |= group->api;
		if (worth(group->level) > worth(rights.level))
			rights.level = (enum tp_account_level)group->level;
	}
	if (mapped)
		*out = rights;
	return mapped;
}

/* What may be refused by one remote source may be known to the next. */
static enum tp_err err_of(uint8_t result)
{
	switch (result) {
	case TP_REMOTE_OK:
		return TP_OK;
	case TP_REMOTE_REFUSED:
		return TP_NOTFOUND;
	case TP_REMOTE_UNAVAILABLE:
	case TP_REMOTE_LATE:
	case TP_REMOTE_BUSY:
		return TP_IO;
	default:
		return TP_AUTH;
	}
}

/* In the advanced mode one account stays here, by its very name. */
static bool is_emergency(const struct question *q, const char *user)
{
	return q->advanced.enabled && !strcmp(user, q->advanced.emergency_account);
}

/* A character that is not seen, or that turns the direction of those behind it: with one, a name
 * looks like another one in logs. Of well-formed UTF-8. */
static bool is_unseen(const unsigned char *p)
{
	if (p[0] == 0xc2) /* C1 controls, no-break space, soft hyphen */
		return p[1] <= 0xa0 || p[1] == 0xad;
	if (p[0] == 0xe2 && p[1] == 0x80) /* blanks of any width, directions */
		return p[2] <= 0x8f || (p[2] >= 0xa8 && p[2] <= 0xaf);
	if (p[0] == 0xe2 && p[1] == 0x81)
		return p[2] >= 0x9f && p[2] <= 0xaf;
	if (p[0] == 0xef && p[1] == 0xb8) /* variation selectors */
		return p[2] <= 0x8f;
	return !memcmp(p, "\xd8\x9c", 2) || !memcmp(p, "\xef\xbb\xbf", 3) || !memcmp(p, "\xe3\x80\x80", 3) ||
	       !memcmp(p, "\xe3\x85\xa4", 3) || !memcmp(p, "\xf3\xa0", 2);
}

/* Whoever fills a directory must not write lines of a log or of a terminal, nor a name that
 * cannot be told from another one there, nor pass for a token (name_user of account/tokens.c). */
static bool is_plain(const char *user)
{
	size_t len = strlen(user);

	if (!len || user[0] == ' ' || user[len - 1] == ' ' || !tp_utf8_valid(user, len))
		return false;
	for (const unsigned char *p = (const unsigned char *)user; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (*p >= 0xc2 && is_unseen(p)))
			return false;
	return !strstr(user, ", token ") && !strstr(user, "  ");
}

/* A remote user goes by a name that is nobody's here: logs, limits of sessions and tokens
 * tell users by their names. */
static enum tp_err check_name(struct question *q, const char *user)
{
	bool ours = false;

	if (!is_plain(user)) {
		note_with(q, "name", false,
			  "The name holds control characters, or blanks and others that are not seen, is not UTF-8, or "
			  "reads as if it were an API token.",
			  "Give the user another name in the directory, or take another name attribute.");
		return TP_AUTH;
	}
	if (!strcasecmp(user, "root")) {
		note_with(q, "name", false, "The name root is that of the console.",
			  "Give the user another name in the directory.");
		return TP_AUTH;
	}
	if (q->advanced.enabled && !strcasecmp(user, q->advanced.emergency_account)) {
		note_with(q, "name", false, "The emergency account has this name, in capital letters or not.",
			  "Give the user another name in the directory.");
		return TP_AUTH;
	}
	if (q->settings->source == TP_LOGIN_REMOTE)
		return TP_OK;
	if (tp_store_account_named(q->login->store, user, &ours) != TP_OK)
		return TP_IO;
	if (ours)
		note_with(q, "name", false, "A local account has this name, in capital letters or not.",
			  "Give the local account another name.");
	return ours ? TP_AUTH : TP_OK;
}

/* By its groups the user may do what, if anything? */
static enum tp_err judge_groups(struct question *q, const struct tp_msg_remote_answered *a)
{
	enum tp_err err = check_name(q, a->user);
	char text[256];

	if (err != TP_OK)
		return err;
	if (!tp_authenticate_map(q->settings, a->groups, a->groups_count, &q->out->rights)) {
		note_with(q, "level", false, "None of the user's groups may administer this appliance.",
			  "Add one of them to the groups of the page Login.");
		return TP_AUTH;
	}
	snprintf(text, sizeof(text), "Its groups give the level %s.",
		 tp_account_level_name(q->out->rights.level));
	note(q, "level", true, text);
	tp_auth_basis_add(&q->out->basis, q->settings, a->groups, a->groups_count);
	tp_text_copy(q->out->user, sizeof(q->out->user), a->user);
	return TP_OK;
}

static enum tp_err judge(struct question *q, const struct tp_msg_remote_answered *a)
{
	enum tp_err err = err_of(a->result);

	for (size_t i = 0; i < a->steps_count; i++)
		note_with(q, a->steps[i].name, a->steps[i].passed, a->steps[i].text, a->steps[i].remedy);
	return err == TP_OK ? judge_groups(q, a) : err;
}

/* --------------------------------------------------------------------------- PAM */

static enum tp_err ask_pam(struct question *q)
{
	struct tp_msg_remote_answered *answer = calloc(1, sizeof(*answer));
	struct tp_msg_pam_ask *m = calloc(1, sizeof(*m));
	const char *password = q->ask->password ? q->ask->password : "";
	size_t len = strlen(password);
	enum tp_err err = answer && m ? TP_OK : TP_NOMEM;

	if (err == TP_OK && (len > sizeof(m->password) ||
			     !tp_text_copy(m->user, sizeof(m->user), q->ask->user) ||
			     !tp_text_copy(m->source, sizeof(m->source), q->ask->address)))
		err = TP_LIMIT;
	if (err == TP_OK) {
		/* Its length goes with it. NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
		memcpy(m->password, password, len);
		m->password_len = (uint16_t)len;
		m->authorise_only = !q->ask->password;
		m->time_s = q->settings->pam_time_s;
		err = q->login->helpers->pam(q->login->helpers->arg, m, answer);
	}
	if (m)
		tp_wipe(m, sizeof(*m));
	free(m);
	if (err == TP_OK) {
		err = judge(q, answer);
		tp_msg_remote_answered_fini(answer);
	} else {
		note(q, "question", false, "The PAM helper could not be asked.");
		err = TP_IO;
	}
	free(answer);
	return err;
}

/* -------------------------------------------------------------------------- LDAP */

/* The form with the user put in, and the trusted CAs as a descriptor of our own. */
static enum tp_err make_ldap_ask(const struct question *q, struct tp_msg_ldap_ask *m, int *trusted_fd)
{
	const char *password = q->ask->password ? q->ask->password : "";
	struct tp_login *l = q->login;
	const struct tp_auth_ldap *ldap = q->ask->draft ? &q->ask->draft->ldap : &l->ldap;
	size_t len = strlen(password);

	pthread_mutex_lock(&l->lock);
	*m = ldap->form;
	if (!q->ask->in_order)
		tp_auth_ldap_order(ldap, tp_login_steady_ms(), m);
	*trusted_fd = ldap->trusted_fd >= 0 ? fcntl(ldap->trusted_fd, F_DUPFD_CLOEXEC, 3) : -1;
	pthread_mutex_unlock(&l->lock);
	if (*trusted_fd < 0)
		return TP_IO;
	if (len > sizeof(m->password) || !tp_text_copy(m->user, sizeof(m->user), q->ask->user))
		return TP_LIMIT;
	memcpy(m->password, password, len);
	m->password_len = (uint16_t)len;
	m->authorise_only = !q->ask->password;
	return TP_OK;
}

static void learn_servers(struct tp_login *l, const struct tp_msg_ldap_ask *m,
			  const struct tp_msg_remote_answered *answer)
{
	bool asked = answer->failed || answer->result == TP_REMOTE_OK || answer->result == TP_REMOTE_REFUSED;

	if (!asked)
		return;
	pthread_mutex_lock(&l->lock);
	tp_auth_ldap_learn(&l->ldap, tp_login_steady_ms(), m, answer->failed);
	pthread_mutex_unlock(&l->lock);
}

static enum tp_err ask_ldap(struct question *q)
{
	struct tp_msg_remote_answered *answer = calloc(1, sizeof(*answer));
	struct tp_msg_ldap_ask *m = calloc(1, sizeof(*m));
	int trusted_fd = -1;
	enum tp_err err = answer && m ? make_ldap_ask(q, m, &trusted_fd) : TP_NOMEM;

	if (err == TP_OK)
		err = q->login->helpers->ldap(q->login->helpers->arg, m, trusted_fd, answer);
	if (trusted_fd >= 0)
		close(trusted_fd);
	if (err == TP_OK && !q->ask->draft)
		learn_servers(q->login, m, answer);
	if (m)
		tp_wipe(m, sizeof(*m));
	free(m);
	if (err == TP_OK) {
		err = judge(q, answer);
		tp_msg_remote_answered_fini(answer);
	} else {
		note(q, "question", false, "The LDAP helper could not be asked.");
		err = TP_IO;
	}
	free(answer);
	return err;
}

/* ------------------------------------------------------------------------- sources */

static bool pam_is_on(const struct tp_auth_settings *settings)
{
	return settings->pam;
}

static bool ldap_is_on(const struct tp_auth_settings *settings)
{
	return settings->ldap;
}

static bool always(const struct tp_auth_settings *settings)
{
	(void)settings;
	return true;
}

/* In the order in which they are asked. ask: TP_OK; TP_NOTFOUND: not here, the next may
 * know; TP_AUTH: no, whatever others say; TP_LIMIT, TP_IO as tp_authenticate. */
static const struct source {
	const char *name;
	bool remote;
	bool (*on)(const struct tp_auth_settings *settings);
	enum tp_err (*ask)(struct question *q);
} sources[] = {
	{ "local", false, always, ask_local },
	{ "pam", true, pam_is_on, ask_pam },
	{ "ldap", true, ldap_is_on, ask_ldap },
};

enum { SOURCES = sizeof(sources) / sizeof(sources[0]) };

bool tp_authenticate_knows(const char *name)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (!strcmp(sources[i].name, name))
			return true;
	return false;
}

static bool counts(const struct tp_auth_settings *settings, const struct source *source)
{
	return source->on(settings) && (settings->source == TP_LOGIN_BOTH ||
					source->remote == (settings->source == TP_LOGIN_REMOTE));
}

bool tp_authenticate_asks(const struct tp_auth_settings *settings, const char *source)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (!strcmp(sources[i].name, source))
			return counts(settings, &sources[i]);
	return false;
}

static bool is_asked(const struct question *q, const struct source *source)
{
	if (q->ask->only)
		return !strcmp(q->ask->only, source->name);
	return counts(q->settings, source) || (!source->remote && is_emergency(q, q->ask->user));
}

static enum tp_err check_access(struct question *q)
{
	bool may = q->ask->by_api ? q->out->rights.api : q->out->rights.web;

	if (!may)
		note(q, "access", false,
		     q->ask->by_api ? "The account may not use the API." :
				      "The account may not use the web interface.");
	return may ? TP_OK : TP_AUTH;
}

static enum tp_err ask_all(struct question *q)
{
	enum tp_err last = TP_AUTH;

	for (size_t i = 0; i < SOURCES; i++) {
		enum tp_err err;

		if (!is_asked(q, &sources[i]))
			continue;
		q->source = sources[i].name;
		err = sources[i].ask(q);
		if (err == TP_OK) {
			q->out->source = q->out->basis.source = q->source;
			q->out->basis.ldap_digest = q->settings->ldap_digest;
			q->out->remote = sources[i].remote;
			return check_access(q);
		}
		if (err != TP_NOTFOUND && err != TP_IO)
			return err;
		if (err == TP_IO)
			last = TP_IO;
	}
	return last;
}

enum tp_err tp_authenticate(struct tp_login *l, const struct tp_auth_ask *ask, struct tp_auth_verdict *out)
{
	struct tp_auth_settings *settings = malloc(sizeof(*settings));
	struct question q = { .login = l, .settings = settings, .ask = ask, .out = out, .source = "" };
	enum tp_err err;

	memset(out, 0, sizeof(*out));
	if (!settings)
		return TP_LIMIT;
	pthread_mutex_lock(&l->lock);
	*settings = ask->draft ? ask->draft->settings : l->auth;
	pthread_mutex_unlock(&l->lock);
	tp_advanced_get(l->advanced, &q.advanced);
	err = ask_all(&q);
	free(settings);
	return err;
}
