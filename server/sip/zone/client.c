/* Traversal client: dials the edge, judges its certificate, proves who we are, and
 * tries again with growing pauses. Runs in turnpike-sip. */
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "os/random.h"
#include "sip/config/config.h"
#include "sip/zone/zone.h"

static void dial(struct tp_zone *zone);

static void on_retry(void *arg)
{
	dial(arg);
}

/* retry_s, doubled up to eight times of it, with a quarter of jitter either way. A link
 * that was just lost, and one never tried yet, is dialled again within a second for some
 * seconds: the other side may only be starting again. */
static void schedule(struct tp_zone *zone)
{
	enum { QUICK_MS = 300, QUICK_JITTER_MS = 600 };
	unsigned doublings = zone->failures > TP_ZONE_BACKOFF_DOUBLINGS ? TP_ZONE_BACKOFF_DOUBLINGS :
									  zone->failures;
	uint64_t wait_ms = ((uint64_t)zone->cfg->retry_s * 1000) << doublings;

	wait_ms = wait_ms * 3 / 4 + tp_random_below((uint32_t)(wait_ms / 2 + 1));
	if (zone->quick_retries) {
		zone->quick_retries--;
		wait_ms = QUICK_MS + tp_random_below(QUICK_JITTER_MS);
	} else {
		zone->failures++;
	}
	if (tp_timer_start(zone->sip->loop, &zone->retry, wait_ms, on_retry, zone) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "zone.retry", "zone '%s': no timer", zone->cfg->name);
}

void tp_zone_client_failed(struct tp_zone *zone, const char *reason)
{
	char words[sizeof(zone->reason)];

	tp_text_copy(words, sizeof(words), reason); /* may lie in what is closed next */
	if (zone->auth)
		tp_client_txn_detach(&zone->auth);
	if (zone->dialing) {
		tp_flow_close(zone->dialing, words);
		tp_flow_unref(&zone->dialing);
	}
	if (zone->cfg->peers_count > 1)
		zone->peer_index = (uint8_t)((zone->peer_index + 1) % zone->cfg->peers_count);
	tp_zone_set_state(zone, TP_ZONE_STATE_FAILED, "%s", words);
	schedule(zone);
}

/* ------------------------------------------------------- authentication */

static void send_options(struct tp_zone *zone, const struct tp_sip_msg *challenge_in);

static void on_auth_response(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg)
{
	struct tp_zone *zone = arg;
	int status = tp_sip_msg_status(msg);
	char words[384], reason[448];

	if (zone->auth != txn || status < 200) {
		tp_sip_msg_free(&msg);
		return;
	}
	tp_client_txn_detach(&zone->auth);
	if (status == 401 && zone->auth_attempts < 3) {
		send_options(zone, msg);
	} else if (status >= 200 && status < 300) {
		struct tp_flow *flow = zone->dialing;

		zone->dialing = NULL;
		tp_timer_stop(zone->sip->loop, &zone->retry);
		tp_zone_link_up(zone, flow);
		tp_flow_unref(&flow);
	} else {
		tp_zone_words(msg, words, sizeof(words));
		snprintf(reason, sizeof(reason), "the edge refused us: %s", words);
		zone->quick_retries = 0;
		tp_zone_client_failed(zone, reason);
	}
	tp_sip_msg_free(&msg);
}

static void on_auth_error(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason)
{
	struct tp_zone *zone = arg;

	(void)err;
	if (zone->auth != txn)
		return;
	zone->auth = NULL;
	tp_zone_client_failed(zone, reason);
}

static void on_auth_end(void *arg, struct tp_client_txn *txn)
{
	struct tp_zone *zone = arg;

	if (zone->auth == txn)
		zone->auth = NULL;
}

static const struct tp_client_events auth_events = { on_auth_response, on_auth_error, on_auth_end };

/* The digest answer to the 401 of an edge whose certificate has been verified. */
static enum tp_err add_answer(struct tp_zone *zone, const struct tp_sip_msg *refused,
			      struct tp_sip_msg *request)
{
	const struct tp_secret *password = tp_sip_config_password(zone->sip->config,
								  zone->cfg->password_secret);
	struct tp_sip_uri uri = tp_sip_msg_request_uri(request);
	char uri_text[TP_SIP_URI_MAX + 1], value[TP_DIGEST_VALUE_MAX];
	struct tp_sip_credentials challenge;

	if (!password)
		return TP_AUTH;
	if (tp_sip_uri_write(&uri, uri_text, sizeof(uri_text)) != TP_OK)
		return TP_LIMIT;
	for (size_t i = 0; tp_sip_msg_credentials(refused, TP_SIP_WWW_AUTHENTICATE, i, &challenge); i++)
		if (tp_digest_answer_challenge(&challenge, TP_ZONE_REALM, zone->cfg->user, password,
					       "OPTIONS", uri_text, value, sizeof(value)) == TP_OK)
			return tp_sip_msg_add(request, "Authorization", value);
	return TP_DENIED;
}

static void send_options(struct tp_zone *zone, const struct tp_sip_msg *challenge_in)
{
	struct tp_sip_msg *msg = NULL;
	enum tp_err err = tp_zone_new_request(zone, TP_SIP_OPTIONS, zone->dialing, &msg);

	zone->auth_attempts++;
	if (err == TP_OK && challenge_in)
		err = add_answer(zone, challenge_in, msg);
	if (err == TP_OK)
		err = tp_client_txn_start(zone->sip->transactions, zone->dialing, msg, &auth_events, zone,
					  &zone->auth);
	tp_sip_msg_free(&msg);
	if (err == TP_AUTH)
		tp_zone_client_failed(zone, "no password is set for this zone");
	else if (err == TP_DENIED)
		tp_zone_client_failed(zone, "the edge asks for credentials in a way that we refuse");
	else if (err != TP_OK)
		tp_zone_client_failed(zone, "the authentication request could not be sent");
}

/* Tells the edge in words why its certificate is refused, before hanging up. */
static void send_refusal(struct tp_zone *zone, struct tp_flow *flow, const char *words)
{
	struct tp_sip_msg *msg = NULL;
	char warning[512];

	tp_zone_write_warning(zone, words, warning, sizeof(warning));
	if (tp_zone_new_request(zone, TP_SIP_OPTIONS, flow, &msg) == TP_OK &&
	    tp_sip_msg_add(msg, "Warning", warning) == TP_OK)
		(void)tp_transaction_send(zone->sip->transactions, flow, msg);
	tp_sip_msg_free(&msg);
}

void tp_zone_client_open(struct tp_zone *zone, struct tp_flow *flow)
{
	char reason[TP_TLS_REASON_MAX + 96];

	if (!flow->tls || !flow->tls->trusted) {
		snprintf(reason, sizeof(reason), "the certificate of the edge was refused: %s",
			 flow->tls ? flow->tls->reason : "no TLS");
		send_refusal(zone, flow, reason);
		zone->quick_retries = 0;
		tp_zone_client_failed(zone, reason);
		return;
	}
	tp_zone_set_state(zone, TP_ZONE_STATE_AUTHENTICATING, "connected, authenticating");
	zone->auth_attempts = 0;
	send_options(zone, NULL);
}

/* ---------------------------------------------------------------- dialling */

static void dial(struct tp_zone *zone)
{
	const struct tp_sip_config *config = zone->sip->config;
	struct tp_transport_target target = {
		.transport = TP_TRANSPORT_TLS,
		.local = tp_zone_local(zone),
		.remote = zone->addrs[zone->peer_index],
		.tls = tp_sip_config_dialling(config, zone->cfg),
		.verify_name = zone->cfg->verify_name,
		.cn_names = zone->cfg->cn_names,
		.unknown = (enum tp_revocation_unknown)zone->cfg->revocation_unknown,
		.tag = zone->id,
	};
	struct tp_diag diag = { 0 };
	char text[TP_ADDR_TEXT];

	if (zone->link || zone->dialing)
		return;
	if (!target.tls) {
		tp_zone_client_failed(zone, "this appliance has no certificate yet");
		return;
	}
	if (!tp_addr_is_set(&target.remote)) {
		snprintf(diag.text, sizeof(diag.text), "the address of '%s' is not known yet",
			 zone->cfg->peers_count ? zone->cfg->peers[zone->peer_index].host : "no peer");
		tp_zone_resolve(zone);
		tp_zone_client_failed(zone, diag.text);
		return;
	}
	zone->peer = target.remote;
	tp_zone_set_state(zone, TP_ZONE_STATE_CONNECTING, "connecting to %s", tp_addr_write(&zone->peer, text));
	if (tp_transport_connect(zone->sip->transport, &target, &zone->dialing, &diag) != TP_OK)
		tp_zone_client_failed(zone, diag.text);
}

void tp_zone_client_start(struct tp_zone *zone)
{
	zone->quick_retries = TP_ZONE_QUICK_RETRIES;
	tp_zone_set_state(zone, TP_ZONE_STATE_CONNECTING, "connecting");
	if (tp_timer_start(zone->sip->loop, &zone->retry, 0, on_retry, zone) != TP_OK)
		TP_LOG(TP_LOG_ERROR, "zone.retry", "zone '%s': no timer", zone->cfg->name);
}
