/* What advanced account security stands on. Runs in turnpike-admin's workers. */
#include "admin/advanced/prerequisites.h"

#include <strings.h>

#include "admin/account/authenticate.h"
#include "admin/account/session.h"
#include "admin/store/logins.h"

#define ACCESS "/turnpike-access:access/"
#define ADVANCED ACCESS "advanced/"
#define EMERGENCY ADVANCED "emergency-account"

/* What there is to look at. */
struct facts {
	const struct tp_advanced_ground *ground;
	bool known; /* there is an account of the name */
	bool first; /* and the wizard made it */
	uint64_t card_ms; /* it last logged in by certificate; 0: never */
	struct tp_account account;
};

static bool is_remote_only(const struct facts *f)
{
	return f->ground->source == TP_LOGIN_REMOTE;
}

static bool has_group(const struct facts *f)
{
	return f->ground->administrators;
}

static bool is_named(const struct facts *f)
{
	return f->ground->settings.emergency_account[0] != '\0';
}

static bool is_classified(const struct facts *f)
{
	return f->ground->settings.classification[0] != '\0';
}

static bool is_known(const struct facts *f)
{
	return f->known;
}

static bool is_one_of_its_own(const struct facts *f)
{
	return f->known && !f->first && strcasecmp(f->account.name, "admin") != 0;
}

static bool is_able(const struct facts *f)
{
	const struct tp_account *a = &f->account;

	return f->known && a->level == TP_ACCOUNT_READ_WRITE && a->web && !a->disabled;
}

static bool has_own_password(const struct facts *f)
{
	return f->known && (!f->account.must_change || f->ground->by_card);
}

static bool has_own_card(const struct facts *f)
{
	return f->known && (f->card_ms || !f->ground->by_card);
}

static const struct {
	struct tp_prerequisite told;
	bool (*holds)(const struct facts *facts);
} table[TP_PREREQUISITES] = {
	{ { "remote-source", "Remote users alone log in.",
	    "Turn PAM or LDAP on, try it, and set the source to Remote only, all on the page Login.",
	    ACCESS "login/source", true },
	  is_remote_only },
	{ { "remote-administrators", "A group of remote users may administer by the web interface.",
	    "Add a group with the level read-write and access to the web interface on the page Login.",
	    ACCESS "group", true },
	  has_group },
	{ { "classification", "The classification banner has a text.", "Write it.",
	    ADVANCED "classification/text", true },
	  is_classified },
	{ { "emergency-named", "An emergency account is named.", "Choose one.", EMERGENCY, true }, is_named },
	{ { "emergency-exists", "The emergency account is a local account of this appliance.",
	    "Make it on the page Administrators.", EMERGENCY, false },
	  is_known },
	{ { "emergency-own",
	    "The emergency account is neither called admin nor the first account of this appliance.",
	    "Choose another one, or make one on the page Administrators.", EMERGENCY, false },
	  is_one_of_its_own },
	{ { "emergency-rights",
	    "The emergency account is enabled, with the level read-write and access to the web interface.",
	    "Change it on the page Administrators.", EMERGENCY, false },
	  is_able },
	{ { "emergency-password", "The owner of the emergency account has chosen its password.",
	    "Log in with it once and change the password.", EMERGENCY, false },
	  has_own_password },
	{ { "emergency-card",
	    "Where the certificate is the login, the emergency account has logged in with its own.",
	    "Log in with its card once.", EMERGENCY, false },
	  has_own_card },
};

enum tp_err tp_prerequisites_look(struct tp_store *store, const struct tp_advanced_ground *ground,
				  bool passed[TP_PREREQUISITES])
{
	struct facts facts = { .ground = ground };
	enum tp_err err = tp_store_account_get(store, ground->settings.emergency_account, &facts.account);

	facts.known = err == TP_OK;
	if (err == TP_OK)
		err = tp_store_account_is_first(store, facts.account.name, &facts.first);
	if (err == TP_OK)
		err = tp_store_login_by(store, facts.account.name, TP_SESSION_CERTIFICATE, &facts.card_ms);
	if (err != TP_OK && err != TP_NOTFOUND)
		return err;
	for (size_t i = 0; i < TP_PREREQUISITES; i++)
		passed[i] = table[i].holds(&facts);
	return TP_OK;
}

const struct tp_prerequisite *tp_prerequisite(size_t index)
{
	return &table[index].told;
}
