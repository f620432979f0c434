/* Who may use what. Runs in turnpike-admin. */
#include "admin/account/access.h"

#include <string.h>

static const char *const names[TP_ACCOUNT_LEVELS] = {
	[TP_ACCOUNT_READ_ONLY] = "read-only",
	[TP_ACCOUNT_READ_WRITE] = "read-write",
	[TP_ACCOUNT_AUDITOR] = "auditor",
};

const char *tp_account_level_name(enum tp_account_level level)
{
	return names[level];
}

bool tp_account_level_find(const char *name, enum tp_account_level *out)
{
	for (int i = 0; i < TP_ACCOUNT_LEVELS; i++) {
		if (!strcmp(names[i], name)) {
			*out = (enum tp_account_level)i;
			return true;
		}
	}
	return false;
}

static bool allows(enum tp_access rule, const struct tp_access_facts *facts, const char **why)
{
	switch (rule) {
	case TP_ACCESS_ANYONE:
	case TP_ACCESS_PASSWORD:
	case TP_ACCESS_SIGNED_IN:
		return true;
	case TP_ACCESS_READ:
		*why = "Your account is for the logs only.";
		return facts->rights.level != TP_ACCOUNT_AUDITOR;
	case TP_ACCESS_SETUP:
	case TP_ACCESS_WRITE:
		*why = facts->rights.level == TP_ACCOUNT_AUDITOR ? "Your account is for the logs only." :
								   "Your account may only read.";
		return facts->rights.level == TP_ACCOUNT_READ_WRITE;
	case TP_ACCESS_LOGS:
		*why = "In the advanced mode auditors alone see the logs.";
		return !facts->advanced || facts->rights.level == TP_ACCOUNT_AUDITOR;
	case TP_ACCESS_CONSOLE:
		*why = "Only root on the appliance does this, with turnpikectl.";
		return facts->console;
	case TP_ACCESS_RULES:
		break;
	}
	return false;
}

int tp_access_check(enum tp_access rule, const struct tp_access_facts *facts, const char **why)
{
	*why = "Your session may not do this.";
	if (facts->console && facts->advanced && rule != TP_ACCESS_CONSOLE) {
		*why = "In the advanced mode turnpikectl does nothing but factory-reset.";
		return 403;
	}
	if (rule == TP_ACCESS_ANYONE)
		return 0;
	if (facts->state == TP_OPERATOR_ANONYMOUS) {
		*why = "log in first";
		return 401;
	}
	if (facts->state == TP_OPERATOR_SETUP)
		return rule == TP_ACCESS_SETUP ? 0 : 403;
	if (facts->rights.must_change_password && rule != TP_ACCESS_PASSWORD) {
		*why = "Change your password first.";
		return 403;
	}
	if (facts->by_api && (facts->advanced || facts->api_off || !facts->rights.api)) {
		*why = facts->advanced ? TP_ACCESS_NO_API :
		       facts->api_off  ? "The API is off." :
					 "Your account may not use the API.";
		return 403;
	}
	if (!facts->by_api && !facts->rights.web) {
		*why = "Your account may not use the web interface.";
		return 403;
	}
	return allows(rule, facts, why) ? 0 : 403;
}
