/* Asking a phone who it is: challenges on a response, and whose account a request
 * proves. Used by sip. */
#ifndef TP_SIP_DIGEST_CHALLENGE_H
#define TP_SIP_DIGEST_CHALLENGE_H

#include "sip/context.h"

/* Answers 401 (proxy false) or 407 with a SHA-256 and an MD5 challenge for our realm.
 * User agents known to give up at an algorithm they do not know get MD5 alone. */
void tp_sip_challenge(struct tp_sip *sip, struct tp_server_txn *txn, const struct tp_sip_msg *msg,
		      bool proxy, bool stale);

/* Looks for credentials of our realm and checks them against the accounts. TP_OK:
 * *account is whose they are, and they are taken off msg; TP_NOTFOUND: there are none;
 * TP_AUTH: wrong; TP_AGAIN: right or not, the nonce is too old. user (may be NULL, size
 * TP_DIGEST_USER_MAX + 1) is the name given. */
struct tp_cfg_account;
TP_NODISCARD enum tp_err tp_sip_authenticate(struct tp_sip *sip, struct tp_sip_msg *msg, bool proxy,
					     char *user, const struct tp_cfg_account **account);

#endif
