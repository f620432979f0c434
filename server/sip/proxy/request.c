/* Requests as they come in: to the dialog they belong to, or through policy and
 * search rules to a fork. Runs in turnpike-sip. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/log.h"
#include "os/random.h"
#include "sip/config/config.h"
#include "sip/digest/challenge.h"
#include "sip/proxy/call.h"
#include "sip/proxy/table.h"
#include "sip/registrar/registrar.h"
#include "sip/zone/zone.h"

enum { AUTH_DO_NOT_CHECK = 0, AUTH_TREAT_AS = 1, AUTH_CHECK = 2 };

static void refuse(struct tp_server_txn *txn, struct tp_sip_msg *msg, int status, const char *phrase)
{
	if (txn)
		(void)tp_server_txn_reply(txn, msg, status, phrase);
	tp_sip_msg_free(&msg);
}

/* --------------------------------------------------------------- in dialogs */

static struct tp_branch *branch_with_tag(struct tp_call *call, const char *tag)
{
	struct tp_list *it, *next;

	if (call->winner && strcmp(call->winner->leg.tag, tag) == 0)
		return call->winner;
	TP_LIST_EACH(it, next, &call->branches) {
		struct tp_branch *branch = TP_CONTAINER(it, struct tp_branch, link);

		if (!branch->done && strcmp(branch->leg.tag, tag) == 0)
			return branch;
	}
	return NULL;
}

/* Which branch and side of this call the request is from; false: not of this call. */
static bool belongs(struct tp_call *call, const struct tp_sip_msg *msg, struct tp_branch **branch,
		    uint8_t *side)
{
	const char *from = tp_sip_msg_from(msg).tag, *to = tp_sip_msg_to(msg).tag;

	if (call->ended || strcmp(call->info.call_id, tp_sip_msg_call_id(msg)) != 0)
		return false;
	*side = strcmp(from, call->caller.tag) == 0 ? 0 : 1;
	if (*side == 1 && strcmp(to, call->caller.tag) != 0)
		return false;
	*branch = branch_with_tag(call, *side == 0 ? to : from);
	return *branch != NULL;
}

/* Requests of an end behind a link come over that link, and over it come no others; so
 * it is with connections that have proved to be a neighbor zone, but that zone's own
 * requests also come on others: what tells it there is its address. */
static bool way_fits(struct tp_sip *sip, const struct tp_leg *from, const struct tp_flow *flow)
{
	struct tp_zone *zone = from->zone ? tp_zones_find(sip, from->zone) : NULL;

	if (zone && tp_zone_is_traversal(zone))
		return flow->zone == from->zone;
	return flow->zone == 0 || (zone && flow->zone == from->zone);
}

static bool find_dialog(struct tp_sip *sip, const struct tp_flow *flow, const struct tp_sip_msg *msg,
			struct tp_branch **branch, uint8_t *side)
{
	const char *call_id = tp_sip_msg_call_id(msg);
	struct tp_sip_address route;
	struct tp_call *call = NULL;

	if (tp_sip_msg_route(msg, TP_SIP_ROUTE, 0, &route))
		call = tp_calls_find(sip, tp_route_call_id(&route.uri));
	if (!call || !belongs(call, msg, branch, side)) {
		call = tp_calls_find_dialog(sip, call_id, tp_sip_msg_from(msg).tag);
		if (!call || !belongs(call, msg, branch, side)) {
			call = tp_calls_find_dialog(sip, call_id, tp_sip_msg_to(msg).tag);
			if (!call || !belongs(call, msg, branch, side))
				return false;
		}
	}
	return way_fits(sip, *side == 0 ? &call->caller : &(*branch)->leg, flow);
}

static void in_dialog(struct tp_sip *sip, struct tp_server_txn *txn, struct tp_flow *flow,
		      struct tp_sip_msg *msg)
{
	struct tp_branch *branch;
	uint8_t side;

	if (!find_dialog(sip, flow, msg, &branch, &side)) {
		refuse(txn, msg, 481, NULL);
		return;
	}
	/* Before the answer only requests of the early dialog make sense. */
	if (branch->call->winner != branch) {
		enum tp_sip_method method = tp_sip_msg_method(msg);

		if (method != TP_SIP_PRACK && method != TP_SIP_UPDATE && method != TP_SIP_INFO) {
			refuse(txn, msg, 481, "The call is not answered yet");
			return;
		}
	}
	tp_indialog_request(branch->call, branch, side, txn, flow, msg);
}

/* ------------------------------------------------------------------- policy */

static void set_source(struct tp_sip *sip, const struct tp_flow *flow, const struct tp_sip_msg *msg,
		       struct tp_leg *caller)
{
	const struct tp_cfg_sip *cfg = &sip->config->cfg;
	struct tp_zone *zone = tp_zones_source(sip, flow);
	struct tp_sip_uri from = tp_sip_msg_from(msg).uri;
	struct tp_binding *binding = zone ? NULL : tp_registrar_source(sip, flow, from.user);
	const struct tp_cfg_account *account;

	caller->encryption = cfg->default_encryption;
	caller->nat = cfg->default_media_nat;
	tp_text_copy(caller->zone_name, sizeof(caller->zone_name), "default");
	if (zone) {
		caller->zone = zone->id;
		tp_text_copy(caller->zone_name, sizeof(caller->zone_name), zone->cfg->name);
		caller->encryption = zone->cfg->encryption;
		caller->nat = zone->cfg->media_nat;
	} else if (binding) {
		account = tp_sip_config_account(sip->config, binding->user->key);
		caller->registered = true;
		tp_text_copy(caller->user, sizeof(caller->user), binding->user->key);
		tp_text_copy(caller->zone_name, sizeof(caller->zone_name), "local");
		caller->encryption = account ? account->encryption : cfg->default_encryption;
		caller->nat = cfg->registration_nat;
	}
}

static unsigned policy_of(struct tp_sip *sip, const struct tp_leg *caller, const struct tp_sip_msg *msg)
{
	const struct tp_cfg_zone *zone = caller->zone ? tp_sip_config_zone(sip->config, caller->zone) : NULL;
	unsigned policy = zone ? zone->authentication : sip->config->cfg.default_authentication;

	/* Who claims one of our domains from outside has to prove it. */
	if (!caller->zone && !caller->registered && policy == AUTH_DO_NOT_CHECK &&
	    tp_sip_config_is_domain(sip->config, tp_sip_msg_from(msg).uri.host))
		return AUTH_CHECK;
	return policy;
}

/* Whether the request may go on; *authenticated. False: answered. */
static bool admit(struct tp_sip *sip, struct tp_server_txn *txn, const struct tp_flow *flow,
		  struct tp_leg *caller, struct tp_sip_msg *msg, bool *authenticated)
{
	unsigned policy = policy_of(sip, caller, msg);
	const struct tp_cfg_account *account = NULL;
	char user[TP_DIGEST_USER_MAX + 1] = "", ip[TP_ADDR_IP_TEXT];
	enum tp_err err;

	*authenticated = policy == AUTH_TREAT_AS ||
			 (caller->registered && flow->transport != TP_TRANSPORT_UDP);
	err = tp_sip_authenticate(sip, msg, true, user, &account);
	if (err == TP_OK) {
		struct tp_sip_uri from = tp_sip_msg_from(msg).uri;

		*authenticated = true;
		if (!tp_sip_config_is_domain(sip->config, from.host) || strcasecmp(from.user, account->name) == 0)
			return true;
		(void)tp_server_txn_reply(txn, msg, 403, "From is somebody else's address");
		return false;
	}
	if (policy != AUTH_CHECK || *authenticated)
		return true;
	if (err == TP_NOTFOUND || err == TP_AGAIN) {
		tp_sip_challenge(sip, txn, msg, true, err == TP_AGAIN);
		return false;
	}
	tp_text_make_printable(user);
	TP_LOG(TP_LOG_WARN, "sip.auth", "wrong user or password for '%s' from %s", user,
	       tp_addr_write_ip(&flow->remote, ip));
	(void)tp_server_txn_reply(txn, msg, 403, "Wrong user name or password");
	return false;
}

/* --------------------------------------------------------------- new requests */

static void refuse_options(struct tp_server_txn *txn, struct tp_sip_msg *msg)
{
	struct tp_sip_msg *response = NULL;
	const char *option;
	bool added = tp_sip_msg_new_response(msg, 420, NULL, tp_server_txn_to_tag(txn), &response) == TP_OK;

	for (size_t i = 0; added && (option = tp_sip_msg_option(msg, TP_SIP_PROXY_REQUIRE, i)); i++)
		added = tp_sip_msg_add(response, "Unsupported", option) == TP_OK;
	if (added)
		(void)tp_server_txn_respond(txn, response);
	else
		(void)tp_server_txn_reply(txn, msg, 420, NULL);
	tp_sip_msg_free(&response);
	tp_sip_msg_free(&msg);
}

static void answer_options(struct tp_server_txn *txn, struct tp_sip_msg *msg)
{
	struct tp_sip_msg *response = NULL;

	if (tp_sip_msg_new_response(msg, 200, NULL, tp_server_txn_to_tag(txn), &response) == TP_OK &&
	    tp_sip_msg_add(response, "Allow",
			   "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, PRACK, UPDATE, REFER") == TP_OK)
		(void)tp_server_txn_respond(txn, response);
	else
		(void)tp_server_txn_reply(txn, msg, 500, NULL);
	tp_sip_msg_free(&response);
	tp_sip_msg_free(&msg);
}

/* What is wrong with the request before anyone is asked about it: a status, or 0. */
static int check_request(struct tp_sip *sip, const struct tp_sip_msg *msg, const char **phrase)
{
	struct tp_sip_uri uri = tp_sip_msg_request_uri(msg);
	struct tp_call *twin;

	switch (tp_sip_msg_method(msg)) {
	case TP_SIP_BYE:
	case TP_SIP_PRACK:
	case TP_SIP_UPDATE:
	case TP_SIP_CANCEL:
		return 481;
	default:
		break;
	}
	if (uri.scheme == TP_SIP_SCHEME_OTHER)
		return 416;
	if (tp_sip_msg_max_forwards(msg) == 0)
		return 483;
	if (strncasecmp(tp_sip_msg_content_type(msg), "multipart/", 10) == 0)
		return 415;
	twin = tp_calls_find_dialog(sip, tp_sip_msg_call_id(msg), tp_sip_msg_from(msg).tag);
	if (twin && twin->invite && !twin->final_sent && twin->cseq == tp_sip_msg_cseq(msg) && twin->msg) {
		struct tp_sip_uri other = tp_sip_msg_request_uri(twin->msg);

		if (strcmp(other.user, uri.user) == 0 && strcasecmp(other.host, uri.host) == 0) {
			*phrase = "Loop detected";
			return 482;
		}
	}
	if (tp_sip_msg_method(msg) == TP_SIP_INVITE && sip->config->cfg.calls_max &&
	    tp_calls_dialogs(sip) >= sip->config->cfg.calls_max) {
		*phrase = "Too many calls";
		return 503;
	}
	return 0;
}

static void write_identity(const struct tp_sip_address *a, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", a->uri.user, a->uri.user[0] ? "@" : "", a->uri.host);
	tp_text_make_printable(buf);
}

/* Fills the call from the request, which it owns from then. */
static void fill_call(struct tp_call *call, struct tp_flow *flow, struct tp_sip_msg *msg)
{
	struct tp_sip *sip = call->sip;
	struct tp_sip_address from = tp_sip_msg_from(msg), to = tp_sip_msg_to(msg);
	char value[1024];

	call->invite = tp_sip_msg_method(msg) == TP_SIP_INVITE;
	call->counted = call->invite;
	sip->calls->active += call->counted;
	call->msg = msg;
	call->cseq = call->caller.cseq = tp_sip_msg_cseq(msg);
	tp_leg_set_flow(&call->caller, flow);
	tp_text_copy(call->caller.tag, sizeof(call->caller.tag), from.tag);
	tp_leg_learn_contact(&call->caller, msg);
	tp_text_copy(call->info.call_id, sizeof(call->info.call_id), tp_sip_msg_call_id(msg));
	write_identity(&from, call->info.from, sizeof(call->info.from));
	write_identity(&to, call->info.to, sizeof(call->info.to));
	tp_text_copy(call->info.source_zone, sizeof(call->info.source_zone), call->caller.zone_name);
	call->info.source_transport = flow->transport;
	if (tp_sip_msg_header(msg, "From", 0, value, sizeof(value)) == TP_OK)
		call->from = strdup(value);
	if (call->invite)
		tp_call_index(call, tp_sip_msg_call_id(msg));
}

/* Record-Route of the request as it came: the way back to the caller. */
static void learn_caller_routes(struct tp_leg *caller, const struct tp_sip_msg *msg)
{
	size_t count = tp_sip_msg_route_count(msg, TP_SIP_RECORD_ROUTE);
	struct tp_sip_address route;
	struct tp_wr wr;

	if (!count)
		return;
	caller->routes = malloc(TP_CALL_ROUTES_MAX);
	if (!caller->routes)
		return;
	tp_wr_init(&wr, caller->routes, TP_CALL_ROUTES_MAX);
	for (size_t i = 0; i < count && tp_sip_msg_route(msg, TP_SIP_RECORD_ROUTE, i, &route); i++) {
		char uri[TP_SIP_URI_MAX + 1];

		if (tp_sip_uri_write(&route.uri, uri, sizeof(uri)) == TP_OK)
			tp_wr_fmt(&wr, "%s<%s>", wr.len ? ", " : "", uri);
	}
	tp_wr_u8(&wr, 0);
	if (wr.err != TP_OK) {
		free(caller->routes);
		caller->routes = NULL;
	}
}

static void decide(struct tp_call *call, bool authenticated)
{
	struct tp_sip *sip = call->sip;
	struct tp_sip_uri uri = tp_sip_msg_request_uri(call->msg);
	struct tp_route_decision *d = malloc(sizeof(*d));
	struct tp_route_request request = {
		.host = tp_span_of(uri.host),
		.registered = call->caller.registered,
		.source_zone = call->caller.zone,
		.authenticated = authenticated,
	};
	char user[TP_ROUTE_PART_MAX + 1];

	if (tp_sip_uri_user(&uri, user, sizeof(user)) != TP_OK)
		tp_text_copy(user, sizeof(user), uri.user);
	request.user = tp_span_of(user);
	tp_call_step(call, "%s for '%s%s%s' from %s '%s', %s", tp_sip_msg_method_text(call->msg), user,
		     user[0] ? "@" : "", uri.host, call->caller.registered ? "a registration," : "zone",
		     call->caller.zone_name, authenticated ? "authenticated" : "not authenticated");
	if (!d)
		return;
	tp_route_decide(sip->config->route, &request, d);
	for (size_t i = 0; i < d->step_count; i++)
		tp_call_step(call, "%s", d->steps[i]);
	call->targets = calloc(d->target_count ? d->target_count : 1, sizeof(*call->targets));
	if (call->targets) {
		memcpy(call->targets, d->targets, d->target_count * sizeof(*call->targets));
		call->target_count = d->target_count;
	}
	free(d);
}

static void start_call(struct tp_sip *sip, struct tp_server_txn *txn, struct tp_flow *flow,
		       struct tp_sip_msg *msg)
{
	struct tp_leg caller = { 0 };
	struct tp_call *call;
	bool authenticated;

	set_source(sip, flow, msg, &caller);
	if (!admit(sip, txn, flow, &caller, msg, &authenticated)) {
		tp_sip_msg_free(&msg);
		return;
	}
	if (tp_call_new(sip, tp_random_u64() | 1, &call) != TP_OK) {
		refuse(txn, msg, 503, NULL);
		return;
	}
	call->caller = caller;
	learn_caller_routes(&call->caller, msg);
	tp_sip_strip_credentials(sip, msg);
	tp_sip_msg_clear_route(msg, TP_SIP_ROUTE); /* our rules route, not the sender */
	if (!caller.zone)
		(void)tp_sip_msg_remove(msg, "P-Asserted-Identity");
	call->txn = txn;
	tp_call_ref(call);
	tp_server_txn_set_user(txn, call);
	if (tp_sip_msg_method(msg) == TP_SIP_INVITE) {
		sip->calls->total++;
		(void)tp_server_txn_reply(txn, msg, 100, NULL);
	}
	fill_call(call, flow, msg);
	decide(call, authenticated);
	tp_fork_start(call);
}

void tp_calls_request(struct tp_sip *sip, struct tp_server_txn *txn, struct tp_flow *flow,
		      struct tp_sip_msg *msg)
{
	struct tp_sip_uri uri = tp_sip_msg_request_uri(msg);
	const char *phrase = NULL;
	int status;

	if (tp_sip_msg_to(msg).tag[0] || !txn) {
		in_dialog(sip, txn, flow, msg);
		return;
	}
	if (tp_sip_msg_method(msg) == TP_SIP_OPTIONS && !uri.user[0] &&
	    tp_sip_config_is_self(sip->config, uri.host)) {
		answer_options(txn, msg);
		return;
	}
	if (tp_sip_msg_option(msg, TP_SIP_PROXY_REQUIRE, 0)) {
		refuse_options(txn, msg);
		return;
	}
	status = check_request(sip, msg, &phrase);
	if (status)
		refuse(txn, msg, status, phrase);
	else
		start_call(sip, txn, flow, msg);
}

/* ------------------------------------------------------- transaction events */

void tp_calls_cancel(struct tp_sip *sip, struct tp_server_txn *txn)
{
	void *user = tp_server_txn_user(txn);
	struct tp_call *call = user;

	(void)sip;
	if (!user)
		return;
	if (*(enum tp_txn_kind *)user == TP_TXN_EXCHANGE) {
		tp_exchange_cancel(user);
		return;
	}
	if (call->winner || call->final_sent)
		return; /* the answer is on its way already */
	tp_call_ref(call);
	tp_fork_cancel(call);
	tp_call_step(call, "cancelled by the caller");
	tp_fork_reply(call, 487, NULL, NULL);
	tp_call_unref(call);
}

void tp_calls_server_end(struct tp_sip *sip, struct tp_server_txn *txn)
{
	void *user = tp_server_txn_user(txn);
	struct tp_call *call = user;

	(void)sip;
	if (!user)
		return;
	if (*(enum tp_txn_kind *)user == TP_TXN_EXCHANGE) {
		tp_exchange_server_end(user);
		return;
	}
	call->txn = NULL;
	tp_call_unref(call);
}

enum tp_err tp_calls_disconnect(struct tp_sip *sip, uint64_t id, const char *reason)
{
	struct tp_call *call = tp_calls_find(sip, id);

	if (!call || call->ended || !call->counted)
		return TP_NOTFOUND;
	tp_call_ref(call);
	if (call->winner && call->final_sent) {
		tp_indialog_bye(call, 0, reason);
		tp_indialog_bye(call, 1, reason);
		tp_call_end(call, 0, reason);
	} else {
		tp_fork_cancel(call);
		tp_fork_reply(call, 480, NULL, reason);
	}
	tp_call_unref(call);
	return TP_OK;
}
