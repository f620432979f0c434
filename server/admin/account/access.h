/* Who may use what: the levels of accounts, and the rules that routes carry.
 * Pure. Runs in turnpike-admin. */
#ifndef TP_ADMIN_ACCOUNT_ACCESS_H
#define TP_ADMIN_ACCOUNT_ACCESS_H

#include <stdbool.h>

/* Of an account, as the store keeps it. */
enum tp_account_level {
	TP_ACCOUNT_READ_ONLY = 0,
	TP_ACCOUNT_READ_WRITE = 1,
	TP_ACCOUNT_AUDITOR = 2, /* logs, and the own account */
	TP_ACCOUNT_LEVELS
};

/* Who may use a route. There is no rule with value 0. Only ANYONE and PASSWORD are for
 * an account that has to change its password first. */
enum tp_access {
	TP_ACCESS_ANYONE = 1,   /* also without a session; says nothing about the appliance */
	TP_ACCESS_SETUP,        /* first run, with the first-login secret; later: as WRITE */
	TP_ACCESS_PASSWORD,     /* every account: what a forced change of password needs */
	TP_ACCESS_SIGNED_IN,    /* every account: what concerns the caller alone */
	TP_ACCESS_READ,         /* read-only and read-write: settings and status */
	TP_ACCESS_WRITE,        /* read-write: changes, and tests that send something */
	TP_ACCESS_LOGS,         /* every account; in the advanced mode auditors alone */
	TP_ACCESS_CONSOLE,      /* root on the administration socket alone, also in the advanced mode */
	TP_ACCESS_RULES
};

enum tp_operator_state {
	TP_OPERATOR_ANONYMOUS = 0,
	TP_OPERATOR_SETUP,  /* knows the first-login secret */
	TP_OPERATOR_ACTIVE, /* logged in, or uid 0 on the admin socket */
};

/* What an account may do; of ACTIVE callers. */
struct tp_rights {
	enum tp_account_level level;
	bool web;                  /* may log in by the web interface */
	bool api;                  /* may use the API from programs */
	bool emergency;            /* it is the emergency account */
	bool must_change_password; /* and can do nothing else before */
};

/* Of a request, as far as rules go by it. */
struct tp_access_facts {
	enum tp_operator_state state;
	struct tp_rights rights;
	bool by_api;   /* a program's session or token, not the web interface's */
	bool api_off;  /* nobody may use the API */
	bool advanced; /* the appliance is in the advanced mode */
	bool console;  /* root on the administration socket */
};

/* What every program hears in the advanced mode. */
#define TP_ACCESS_NO_API "The API is off in the advanced mode."

/* 0: may; else 401 or 403, and *why in words. */
int tp_access_check(enum tp_access rule, const struct tp_access_facts *facts, const char **why);
/* "read-only", "read-write", "auditor". */
const char *tp_account_level_name(enum tp_account_level level);
bool tp_account_level_find(const char *name, enum tp_account_level *out);

#endif
