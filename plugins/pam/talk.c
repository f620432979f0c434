/* One conversation with PAM. Runs in turnpike-pam. */
#include "talk.h"

#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/secret.h"
#include "core/text.h"
#include "groups.h"
#include "ipc/remote.h"

enum { PROMPTS_MAX = 4 };

struct talk {
	const struct tp_msg_pam_ask *ask;
	char password[257];
	unsigned prompts; /* times that a password was asked for */
	bool unknown_question;
	char said[384]; /* by the modules, in one line */
};

/* ------------------------------------------------------------------- conversation */

static void hear(struct talk *t, const char *text)
{
	size_t len = strlen(t->said);

	snprintf(t->said + len, sizeof(t->said) - len, "%s%s", len ? " " : "", text ? text : "");
	tp_text_make_printable(t->said);
}

static char *reply(struct talk *t, const struct pam_message *m)
{
	switch (m->msg_style) {
	case PAM_PROMPT_ECHO_OFF:
		if (t->prompts++ < PROMPTS_MAX && !t->ask->authorise_only)
			return strdup(t->password);
		t->unknown_question = true;
		return NULL;
	case PAM_TEXT_INFO:
	case PAM_ERROR_MSG:
		hear(t, m->msg);
		return NULL;
	default: /* a question that is to be answered in clear: nobody is there */
		t->unknown_question = true;
		return NULL;
	}
}

static int converse(int count, const struct pam_message **messages, struct pam_response **out, void *arg)
{
	struct talk *t = arg;
	struct pam_response *r;

	if (count < 1 || count > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	r = calloc((size_t)count, sizeof(*r));
	if (!r)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		r[i].resp = reply(t, messages[i]);
	if (!t->unknown_question) {
		*out = r;
		return PAM_SUCCESS;
	}
	for (int i = 0; i < count; i++) {
		if (r[i].resp)
			tp_wipe(r[i].resp, strlen(r[i].resp));
		free(r[i].resp);
	}
	free(r);
	return PAM_CONV_ERR;
}

/* -------------------------------------------------------------------------- steps */

static enum tp_remote_result result_of(int code)
{
	switch (code) {
	case PAM_SUCCESS:
		return TP_REMOTE_OK;
	case PAM_ACCT_EXPIRED:
	case PAM_CRED_EXPIRED:
	case PAM_AUTHTOK_EXPIRED:
		return TP_REMOTE_EXPIRED;
	case PAM_NEW_AUTHTOK_REQD:
		return TP_REMOTE_MUST_CHANGE;
	case PAM_MAXTRIES:
		return TP_REMOTE_TOO_MANY;
	case PAM_AUTH_ERR:
	case PAM_USER_UNKNOWN:
	case PAM_PERM_DENIED:
	case PAM_CRED_INSUFFICIENT:
		return TP_REMOTE_REFUSED;
	default:
		return TP_REMOTE_UNAVAILABLE;
	}
}

/* Notes what came of one function of PAM. False: this is the end. */
static bool judge(pam_handle_t *pam, const struct talk *t, const char *step, int code,
		  struct tp_msg_remote_answered *a)
{
	a->result = (uint8_t)result_of(code);
	if (t->unknown_question && code != PAM_SUCCESS)
		tp_remote_note(a, step, false, "Let the modules ask for the password alone.",
			       "A module asked for something else than the password.");
	else
		tp_remote_note(a, step, code == PAM_SUCCESS, "", "%s%s%s",
			       code == PAM_SUCCESS ? "Passed." : pam_strerror(pam, code),
			       t->said[0] ? " The modules say: " : "", t->said);
	return code == PAM_SUCCESS;
}

static void find_groups(struct tp_msg_remote_answered *a)
{
	enum tp_err err = tp_pam_groups(a->user, a);

	if (err == TP_OK) {
		tp_remote_note(a, "groups", true, "", "%u found.", a->groups_count);
		return;
	}
	a->result = TP_REMOTE_REFUSED;
	tp_remote_note(a, "groups", false, "", "%s",
		       err == TP_NOTFOUND ? "The name service does not know the user." : "No memory.");
}

/* Modules may have given the user another name. */
static bool take_user(pam_handle_t *pam, struct tp_msg_remote_answered *a)
{
	const void *user = NULL;

	if (pam_get_item(pam, PAM_USER, &user) == PAM_SUCCESS && user && *(const char *)user &&
	    tp_text_copy(a->user, sizeof(a->user), user))
		return true;
	a->result = TP_REMOTE_UNAVAILABLE;
	tp_remote_note(a, "account", false, "", "The modules gave the user an unusable name.");
	return false;
}

/* Root has the console, and logs in nowhere else. */
static bool refuses_root(const char *user, struct tp_msg_remote_answered *a)
{
	if (!tp_pam_is_root(user))
		return false;
	a->result = TP_REMOTE_REFUSED;
	tp_remote_note(a, "account", false, "Log in as a user of one of the groups.",
		       "The user has the number 0: root does not log in here.");
	return true;
}

static void ask_modules(pam_handle_t *pam, struct talk *t, struct tp_msg_remote_answered *a)
{
	const int flags = PAM_DISALLOW_NULL_AUTHTOK;

	/* The modules are no oracle for the password of root either. */
	if (refuses_root(t->ask->user, a))
		return;
	if (!t->ask->authorise_only && !judge(pam, t, "password", pam_authenticate(pam, flags), a))
		return;
	t->said[0] = '\0';
	t->unknown_question = false;
	if (judge(pam, t, "account", pam_acct_mgmt(pam, flags), a) && take_user(pam, a) && !refuses_root(a->user, a))
		find_groups(a);
}

/* Modules write names into the system's log as they are: no lines of somebody else's making. */
static bool is_sound(const struct tp_msg_pam_ask *ask)
{
	for (const char *p = ask->user; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	if (!ask->user[0] || memchr(ask->password, '\0', ask->password_len))
		return false;
	return ask->authorise_only || ask->password_len > 0;
}

void tp_pam_talk(const struct tp_msg_pam_ask *ask, struct tp_msg_remote_answered *a)
{
	struct talk t = { .ask = ask };
	const struct pam_conv conv = { converse, &t };
	pam_handle_t *pam = NULL;
	int code;

	memset(a, 0, sizeof(*a));
	a->result = TP_REMOTE_REFUSED;
	if (!is_sound(ask)) {
		tp_remote_note(a, "question", false, "",
			       "Without a password, or with control characters in the name, PAM is not asked.");
		return;
	}
	if (!tp_remote_has_pam_service()) {
		a->result = TP_REMOTE_UNAVAILABLE;
		tp_remote_note(a, "service", false, "Install the service file, readable by everybody (docs/accounts.md).",
			       TP_PAM_SERVICE_FILE " is missing or cannot be read: PAM is not asked.");
		return;
	}
	memcpy(t.password, ask->password, ask->password_len);
	code = pam_start(TP_PAM_SERVICE, ask->user, &conv, &pam);
	if (code == PAM_SUCCESS)
		code = pam_set_item(pam, PAM_RHOST, ask->source);
	if (code == PAM_SUCCESS)
		code = pam_set_item(pam, PAM_TTY, "turnpike");
	if (code == PAM_SUCCESS)
		ask_modules(pam, &t, a);
	else
		judge(pam, &t, "start", code, a);
	if (pam)
		pam_end(pam, code);
	tp_wipe(&t, sizeof(t));
}

enum tp_err tp_pam_warm_up(void)
{
	static const struct tp_msg_pam_ask nobody;
	struct talk t = { .ask = &nobody };
	const struct pam_conv conv = { converse, &t };
	pam_handle_t *pam = NULL;

	if (pam_start(TP_PAM_SERVICE, "nobody", &conv, &pam) == PAM_SUCCESS)
		pam_end(pam, PAM_SUCCESS);
	/* cppcheck-suppress getpwnamCalled ; this process has one thread */
	(void)getpwnam("turnpike-pam-warm-up");
	/* cppcheck-suppress getgrgidCalled ; this process has one thread */
	(void)getgrgid(0);
	return TP_OK;
}
