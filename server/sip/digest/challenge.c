/* Challenges and checks of phones against the accounts of the configuration. Runs in
 * turnpike-sip. */
#include "sip/digest/challenge.h"

#include <string.h>

#include "sip/config/config.h"

/* They read the first challenge only, or stop at the first algorithm not MD5. */
static bool only_md5(const char *user_agent)
{
	static const char *const names[] = { "baresip v0.", "baresip v1.", "SIPp" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(user_agent, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static enum tp_err add_challenge(struct tp_sip *sip, struct tp_sip_msg *response, bool proxy, bool stale,
				 enum tp_digest_algorithm algorithm)
{
	char value[TP_DIGEST_VALUE_MAX];
	enum tp_err err = tp_digest_challenge(&sip->digest, algorithm, tp_sip_config_realm(sip->config),
					      tp_loop_unix_ms(sip->loop) / 1000, stale, value, sizeof(value));

	if (err != TP_OK)
		return err;
	return tp_sip_msg_add(response, proxy ? "Proxy-Authenticate" : "WWW-Authenticate", value);
}

void tp_sip_challenge(struct tp_sip *sip, struct tp_server_txn *txn, const struct tp_sip_msg *msg,
		      bool proxy, bool stale)
{
	struct tp_sip_msg *response = NULL;
	enum tp_err err = tp_sip_msg_new_response(msg, proxy ? 407 : 401, NULL, tp_server_txn_to_tag(txn),
						  &response);

	if (err == TP_OK && !only_md5(tp_sip_msg_user_agent(msg)))
		err = add_challenge(sip, response, proxy, stale, TP_DIGEST_SHA256);
	if (err == TP_OK)
		err = add_challenge(sip, response, proxy, stale, TP_DIGEST_MD5);
	if (err == TP_OK)
		(void)tp_server_txn_respond(txn, response);
	else
		(void)tp_server_txn_reply(txn, msg, 500, NULL);
	tp_sip_msg_free(&response);
}

enum tp_err tp_sip_authenticate(struct tp_sip *sip, struct tp_sip_msg *msg, bool proxy, char *user,
				const struct tp_cfg_account **account)
{
	enum tp_sip_auth which = proxy ? TP_SIP_PROXY_AUTHORIZATION : TP_SIP_AUTHORIZATION;
	const char *realm = tp_sip_config_realm(sip->config);
	struct tp_sip_credentials credentials;
	struct tp_digest_answer answer;

	for (size_t i = 0; tp_sip_msg_credentials(msg, which, i, &credentials); i++) {
		const struct tp_cfg_account *found;
		enum tp_err err;

		if (tp_digest_read(&credentials, &answer) != TP_OK || strcmp(answer.realm, realm) != 0)
			continue;
		if (user)
			tp_text_copy(user, TP_DIGEST_USER_MAX + 1, answer.user);
		found = tp_sip_config_account(sip->config, answer.user);
		err = tp_digest_check(&sip->digest, &answer, tp_sip_msg_method_text(msg), realm,
				      found ? tp_sip_config_password(sip->config, found->password_secret) : NULL,
				      tp_loop_unix_ms(sip->loop) / 1000);
		if (err == TP_OK) {
			*account = found;
			tp_sip_msg_remove_credentials(msg, which, i);
		}
		return err;
	}
	return TP_NOTFOUND;
}
