/* Which passwords local administrators may choose, and for how long. Pure.
 * Runs in turnpike-admin. */
#ifndef TP_ADMIN_ACCOUNT_POLICY_H
#define TP_ADMIN_ACCOUNT_POLICY_H

#include "model/slice.h"

/* What holds before the appliance has its configuration: the defaults of
 * turnpike-access:access/password-policy. */
extern const struct tp_cfg_password_policy tp_policy_default;

struct tp_policy_question {
	const struct tp_cfg_password_policy *policy;
	const char *user;
	const char *password;
	const char *old; /* the present one in clear; NULL: nobody typed it */
};

typedef void (*tp_policy_text)(void *arg, const char *text);

/* Calls `broken` with words for each rule that the password breaks. Earlier passwords and
 * ages are not looked at. Returns their number. */
size_t tp_policy_check(const struct tp_policy_question *q, tp_policy_text broken, void *arg);
/* The rules themselves, for those who choose a password. `owner`: of one's own. */
void tp_policy_rules(const struct tp_cfg_password_policy *policy, bool owner, tp_policy_text rule,
		     void *arg);
/* Whether a password set then has to be changed. */
bool tp_policy_is_too_old(const struct tp_cfg_password_policy *policy, uint64_t changed_ms, uint64_t now_ms);
/* Hours before its owner may change it again; 0: now. */
uint32_t tp_policy_wait_h(const struct tp_cfg_password_policy *policy, uint64_t changed_ms, uint64_t now_ms);

#endif
