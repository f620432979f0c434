/* Traversal server: who may become the link. Nothing of a connection is believed
 * before certificate and digest have been checked. Runs in turnpike-sip. */
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "sip/config/config.h"
#include "sip/status/report.h"
#include "sip/zone/traversal_test.h"
#include "sip/zone/zone.h"

/* Answers 403 with words, shows them on our own page too, and hangs up. */
static void refuse(struct tp_zone *zone, struct tp_server_txn *txn, struct tp_flow *flow,
		   const struct tp_sip_msg *msg, const char *words)
{
	struct tp_sip_msg *response = NULL;
	char warning[512], peer[TP_ADDR_IP_TEXT];

	tp_zone_write_warning(zone, words, warning, sizeof(warning));
	if (tp_sip_msg_new_response(msg, 403, NULL, tp_server_txn_to_tag(txn), &response) == TP_OK &&
	    tp_sip_msg_add(response, "Warning", warning) == TP_OK &&
	    tp_zone_add_date(zone->sip, response) == TP_OK)
		(void)tp_server_txn_respond(txn, response);
	else
		(void)tp_server_txn_reply(txn, msg, 403, NULL);
	tp_sip_msg_free(&response);
	tp_addr_write_ip(&flow->remote, peer);
	if (zone->link) {
		tp_sip_event(zone->sip, TP_SEVERITY_WARNING, "zone.refused",
			     "zone '%s': a second connection from %s was refused: %s", zone->cfg->name, peer,
			     words);
	} else {
		zone->peer = flow->remote;
		tp_zone_set_state(zone, TP_ZONE_STATE_FAILED, "refused %s: %s", peer, words);
	}
	tp_flow_close(flow, words);
}

static void challenge(struct tp_zone *zone, struct tp_server_txn *txn, const struct tp_sip_msg *msg,
		      bool stale)
{
	struct tp_sip *sip = zone->sip;
	struct tp_sip_msg *response = NULL;
	char value[TP_DIGEST_VALUE_MAX];

	if (tp_digest_challenge(&sip->digest, TP_DIGEST_SHA256, TP_ZONE_REALM,
				tp_loop_unix_ms(sip->loop) / 1000, stale, value, sizeof(value)) == TP_OK &&
	    tp_sip_msg_new_response(msg, 401, NULL, tp_server_txn_to_tag(txn), &response) == TP_OK &&
	    tp_sip_msg_add(response, "WWW-Authenticate", value) == TP_OK &&
	    tp_zone_add_date(sip, response) == TP_OK)
		(void)tp_server_txn_respond(txn, response);
	else
		(void)tp_server_txn_reply(txn, msg, 500, NULL);
	tp_sip_msg_free(&response);
}

/* TP_NOTFOUND without credentials for the link; else as tp_digest_check. */
static enum tp_err check(struct tp_zone *zone, const struct tp_sip_msg *msg, char *user, size_t size)
{
	struct tp_sip *sip = zone->sip;
	struct tp_sip_credentials credentials;
	struct tp_digest_answer answer;

	for (size_t i = 0; tp_sip_msg_credentials(msg, TP_SIP_AUTHORIZATION, i, &credentials); i++) {
		const struct tp_secret *password = NULL;

		if (tp_digest_read(&credentials, &answer) != TP_OK || answer.algorithm != TP_DIGEST_SHA256 ||
		    strcmp(answer.realm, TP_ZONE_REALM) != 0)
			continue;
		tp_text_copy(user, size, answer.user);
		if (strcmp(answer.user, zone->cfg->user) == 0)
			password = tp_sip_config_password(sip->config, zone->cfg->password_secret);
		return tp_digest_check(&sip->digest, &answer, tp_sip_msg_method_text(msg), TP_ZONE_REALM,
				       password, tp_loop_unix_ms(sip->loop) / 1000);
	}
	return TP_NOTFOUND;
}

void tp_zone_server_request(struct tp_zone *zone, struct tp_server_txn *txn, struct tp_flow *flow,
			    const struct tp_sip_msg *msg)
{
	char words[400], user[TP_DIGEST_USER_MAX + 1] = "";

	if (tp_sip_msg_method(msg) != TP_SIP_OPTIONS) {
		refuse(zone, txn, flow, msg, "the link is not authenticated");
		return;
	}
	if (tp_sip_msg_header(msg, "Warning", 0, words, sizeof(words)) == TP_OK) {
		tp_zone_words(msg, words, sizeof(words));
		if (!zone->link) {
			zone->peer = flow->remote;
			tp_zone_set_state(zone, TP_ZONE_STATE_FAILED, "the core says: %s", words);
		}
		(void)tp_server_txn_reply(txn, msg, 403, NULL);
		tp_flow_close(flow, words);
		return;
	}
	if (!flow->tls || !flow->tls->trusted) {
		snprintf(words, sizeof(words), "the certificate of the core was refused: %s",
			 flow->tls ? flow->tls->reason : "no TLS");
		refuse(zone, txn, flow, msg, words);
		return;
	}
	switch (check(zone, msg, user, sizeof(user))) {
	case TP_OK:
		(void)tp_server_txn_reply(txn, msg, 200, NULL);
		tp_zone_link_up(zone, flow);
		return;
	case TP_NOTFOUND:
		if (!zone->link)
			tp_zone_set_state(zone, TP_ZONE_STATE_AUTHENTICATING, "a core connects");
		challenge(zone, txn, msg, false);
		return;
	case TP_AGAIN:
		challenge(zone, txn, msg, true);
		return;
	default:
		snprintf(words, sizeof(words), "wrong user name or password (user '%s')", user);
		refuse(zone, txn, flow, msg, words);
	}
}
