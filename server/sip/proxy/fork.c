/* The fork: targets group by group, branches in parallel within a group, the best
 * response to the caller (RFC 3261 section 16.6 and 16.7). Runs in turnpike-sip. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "sip/config/config.h"
#include "sip/proxy/call.h"
#include "sip/proxy/table.h"
#include "sip/registrar/registrar.h"
#include "sip/zone/zone.h"

static void look_for_end(struct tp_call *call);

/* ------------------------------------------------------------ small things */

void tp_sip_warning(const struct tp_sip *sip, const char *words, char *buf, size_t size)
{
	char clean[241]; /* fits 512 bytes with the longest host name, and its quotes are closed */

	tp_text_copy(clean, sizeof(clean), words);
	for (char *p = clean; *p; p++)
		if (*p == '"' || *p == '\\')
			*p = '\'';
	tp_text_make_printable(clean);
	snprintf(buf, size, "399 %s \"%s\"", sip->config->cfg.host_name, clean);
}

void tp_sip_strip_credentials(struct tp_sip *sip, struct tp_sip_msg *msg)
{
	static const enum tp_sip_auth kinds[] = { TP_SIP_AUTHORIZATION, TP_SIP_PROXY_AUTHORIZATION };
	struct tp_sip_credentials credentials;
	char realm[TP_DIGEST_REALM_MAX + 1];

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; tp_sip_msg_credentials(msg, kinds[k], i, &credentials);) {
			if (tp_sip_param_text(credentials.params, "realm", realm, sizeof(realm)) &&
			    strcmp(realm, tp_sip_config_realm(sip->config)) == 0)
				tp_sip_msg_remove_credentials(msg, kinds[k], i);
			else
				i++;
		}
	}
}

int tp_sip_sdp_status(enum tp_err err, const struct tp_diag *diag)
{
	if (err == TP_STATE)
		return 491;
	if (err == TP_CLOSED || err == TP_NOMEM || strcmp(diag->where, "media") == 0)
		return 503;
	return err == TP_FORMAT ? 400 : 488;
}

void tp_fork_reply(struct tp_call *call, int status, const char *phrase, const char *warning)
{
	struct tp_sip_msg *response = NULL;
	char value[512];

	if (call->final_sent)
		return;
	call->final_sent = true;
	if (call->txn && call->msg &&
	    tp_sip_msg_new_response(call->msg, status, phrase, tp_server_txn_to_tag(call->txn), &response) ==
		    TP_OK) {
		if (warning) {
			tp_sip_warning(call->sip, warning, value, sizeof(value));
			if (tp_sip_msg_add(response, "Warning", value) != TP_OK)
				TP_LOG(TP_LOG_WARN, "sip.reply", "no memory for a Warning header");
		}
		(void)tp_server_txn_respond(call->txn, response);
	}
	tp_sip_msg_free(&response);
	tp_call_end(call, status, warning ? warning : phrase ? phrase : tp_sip_status_phrase(status));
	tp_sip_msg_free(&call->msg);
}

/* ------------------------------------------------------------ best response */

static int rank(int status)
{
	if (status >= 600)
		return 0;
	if (status == 401 || status == 407 || status == 415 || status == 420 || status == 484)
		return 3;
	return status / 100 == 4 ? 4 : status / 100 == 3 ? 1 : 5;
}

/* Owns msg (may be NULL for a status of our own). */
static void consider(struct tp_call *call, int status, const char *reason, struct tp_sip_msg *msg)
{
	if (call->best_status && rank(call->best_status) <= rank(status)) {
		tp_sip_msg_free(&msg);
		return;
	}
	tp_sip_msg_free(&call->best);
	call->best = msg;
	call->best_status = status;
	tp_text_copy(call->best_reason, sizeof(call->best_reason), reason);
}

static void reply_best(struct tp_call *call)
{
	char reason[200];

	if (!call->best) {
		tp_fork_reply(call, call->best_status ? call->best_status : 404, NULL,
			      call->best_reason[0] ? call->best_reason : NULL);
		return;
	}
	call->final_sent = true;
	if (call->txn)
		(void)tp_server_txn_respond(call->txn, call->best);
	snprintf(reason, sizeof(reason), "%d %s", call->best_status, tp_sip_msg_reason(call->best));
	tp_call_end(call, call->best_status, reason);
	tp_sip_msg_free(&call->best);
	tp_sip_msg_free(&call->msg);
}

/* The branch gave nothing. Owns msg. */
static void branch_failed(struct tp_branch *branch, int status, const char *reason, struct tp_sip_msg *msg)
{
	struct tp_call *call = branch->call;

	if (branch->done) {
		tp_sip_msg_free(&msg);
		return;
	}
	branch->done = true;
	tp_branch_close_media(branch);
	tp_call_step(call, "%s%s%s answered %d: %s", branch->rule[0] ? "target of rule '" : "target",
		     branch->rule, branch->rule[0] ? "'" : "", status, reason);
	consider(call, status, reason, msg);
	look_for_end(call);
}

/* ------------------------------------------------------------ starting */

static void on_response(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg);
static void on_error(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason);
static void on_end(void *arg, struct tp_client_txn *txn);

static const struct tp_client_events branch_events = { on_response, on_error, on_end };

static void send_branch(struct tp_branch *branch)
{
	struct tp_call *call = branch->call;
	enum tp_err err = tp_client_txn_start(call->sip->transactions, branch->leg.flow, branch->request,
					      &branch_events, branch, &branch->txn);

	tp_sip_msg_free(&branch->request);
	if (err != TP_OK) {
		branch_failed(branch, 503, "the request could not be sent", NULL);
		return;
	}
	tp_call_ref(call);
	if (call->invite)
		tp_client_txn_set_timer_c(branch->txn, TP_CALL_TIMER_C_MS);
}

static void on_offer(void *arg, enum tp_err err, const struct tp_diag *diag, struct tp_span body)
{
	struct tp_branch *branch = arg;
	struct tp_call *call = branch->call;

	tp_call_ref(call);
	if (err == TP_OK)
		err = tp_sip_msg_set_body(branch->request, NULL, body.p, body.len);
	if (err == TP_OK)
		send_branch(branch);
	else
		branch_failed(branch, tp_sip_sdp_status(err, diag), diag->text, NULL);
	tp_call_unref(call);
}

/* The request as it goes out on this branch. */
static enum tp_err build_request(struct tp_branch *branch, unsigned hop_count)
{
	struct tp_call *call = branch->call;
	char route[160];
	enum tp_err err = tp_sip_msg_clone(call->msg, &branch->request);

	if (err != TP_OK)
		return err;
	err = tp_sip_msg_hop(branch->request, hop_count);
	if (err == TP_OK)
		err = tp_sip_msg_set_request_uri(branch->request, branch->uri);
	if (err != TP_OK || !call->invite)
		return err;
	tp_leg_record_route(call, call->caller.flow, route, sizeof(route));
	err = tp_sip_msg_push_route(branch->request, TP_SIP_RECORD_ROUTE, route);
	if (err != TP_OK)
		return err;
	tp_leg_record_route(call, branch->leg.flow, route, sizeof(route));
	return tp_sip_msg_push_route(branch->request, TP_SIP_RECORD_ROUTE, route);
}

static void start_branch(struct tp_branch *branch, unsigned hop_count)
{
	struct tp_call *call = branch->call;
	enum tp_err err = build_request(branch, hop_count);

	if (err == TP_LIMIT) {
		branch_failed(branch, 483, "too many hops", NULL);
		return;
	}
	if (err == TP_OK && call->invite)
		err = tp_media_session_new(call->sip, &tp_branch_media_owner, branch, &branch->media);
	if (err != TP_OK) {
		branch_failed(branch, 500, "the request could not be built", NULL);
		return;
	}
	if (!branch->media || !tp_msg_has_sdp(branch->request)) {
		if (branch->media) {
			tp_leg_party(call->sip, &call->caller, &branch->media->party[0]);
			tp_leg_party(call->sip, &branch->leg, &branch->media->party[1]);
		}
		send_branch(branch);
		return;
	}
	tp_leg_party(call->sip, &call->caller, &branch->media->party[0]);
	tp_leg_party(call->sip, &branch->leg, &branch->media->party[1]);
	tp_media_offer(branch->media, 0, tp_sip_msg_body(branch->request), on_offer, branch);
}

static struct tp_branch *new_branch(struct tp_call *call, const struct tp_route_target *target)
{
	struct tp_branch *branch;

	if (tp_branch_new(call, &branch) != TP_OK) {
		consider(call, 500, "no memory", NULL);
		return NULL;
	}
	tp_text_copy(branch->rule, sizeof(branch->rule), target->rule);
	return branch;
}

static void start_zone(struct tp_call *call, const struct tp_route_target *target)
{
	struct tp_zone *zone = tp_zones_find(call->sip, target->zone);
	struct tp_branch *branch = new_branch(call, target);
	struct tp_flow *flow = NULL;
	struct tp_diag diag = { 0 };

	if (!branch)
		return;
	if (!zone) {
		branch_failed(branch, 404, "the zone is gone", NULL);
		return;
	}
	branch->leg.zone = zone->id;
	tp_text_copy(branch->leg.zone_name, sizeof(branch->leg.zone_name), zone->cfg->name);
	branch->leg.encryption = zone->cfg->encryption;
	branch->leg.nat = zone->cfg->media_nat;
	snprintf(branch->uri, sizeof(branch->uri), "sip:%s%s%s", target->user, target->user[0] ? "@" : "",
		 target->host);
	if (zone->cfg->monitor && zone->state == TP_ZONE_STATE_FAILED) {
		branch_failed(branch, 503, zone->reason, NULL);
		return;
	}
	if (tp_zones_reach(zone, &flow, &diag) != TP_OK) {
		branch_failed(branch, 503, diag.text, NULL);
		return;
	}
	tp_leg_set_flow(&branch->leg, flow);
	tp_flow_unref(&flow);
	start_branch(branch, zone->cfg->hop_count ? zone->cfg->hop_count : 70);
}

static void start_binding(struct tp_call *call, const struct tp_route_target *target,
			  const struct tp_binding *binding)
{
	const struct tp_cfg_account *account = tp_sip_config_account(call->sip->config, binding->user->key);
	struct tp_branch *branch = new_branch(call, target);

	if (!branch)
		return;
	branch->leg.registered = true;
	tp_text_copy(branch->leg.user, sizeof(branch->leg.user), binding->user->key);
	tp_text_copy(branch->leg.zone_name, sizeof(branch->leg.zone_name), "local");
	branch->leg.encryption = account ? account->encryption : call->sip->config->cfg.default_encryption;
	branch->leg.nat = call->sip->config->cfg.registration_nat;
	tp_text_copy(branch->uri, sizeof(branch->uri), binding->contact);
	tp_leg_set_flow(&branch->leg, binding->flow);
	if (binding->flow->state == TP_FLOW_CLOSED) {
		branch_failed(branch, 480, "the connection of the phone is gone", NULL);
		return;
	}
	start_branch(branch, 70);
}

static void start_local(struct tp_call *call, const struct tp_route_target *target)
{
	struct tp_registered *user = tp_registrar_find(call->sip, target->user, target->host);
	struct tp_list *it, *next;

	if (!user) {
		bool known = tp_sip_config_account(call->sip->config, target->user) != NULL;

		tp_call_step(call, "'%s@%s' is not registered here", target->user, target->host);
		consider(call, known ? 480 : 404, known ? "not registered at the moment" : "no such user", NULL);
		return;
	}
	TP_LIST_EACH(it, next, &user->bindings)
		start_binding(call, target, TP_CONTAINER(it, struct tp_binding, link));
}

static bool all_done(const struct tp_call *call)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &call->branches)
		if (!TP_CONTAINER(it, struct tp_branch, link)->done)
			return false;
	return true;
}

/* Starts groups until one has a branch that is under way, or all are used up. */
void tp_fork_start(struct tp_call *call)
{
	while (call->target_next < call->target_count && all_done(call) && call->best_status < 600 &&
	       !call->cancelled && !call->final_sent) {
		uint16_t group = call->targets[call->target_next].group;

		call->starting = true;
		while (call->target_next < call->target_count &&
		       call->targets[call->target_next].group == group) {
			const struct tp_route_target *target = &call->targets[call->target_next++];

			if (target->local)
				start_local(call, target);
			else
				start_zone(call, target);
		}
		call->starting = false;
	}
	if (all_done(call) && !call->final_sent && !call->winner)
		reply_best(call);
}

static void look_for_end(struct tp_call *call)
{
	if (!call->starting && !call->final_sent && !call->winner && all_done(call))
		tp_fork_start(call);
}

/* ------------------------------------------------------------ hanging up */

static void ignore_response(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg)
{
	(void)arg;
	(void)txn;
	tp_sip_msg_free(&msg);
}

static void ignore_error(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason)
{
	(void)arg;
	(void)txn;
	(void)err;
	(void)reason;
}

static const struct tp_client_events ignore_events = { ignore_response, ignore_error, NULL };

/* A request to the callee as the caller would have sent it. */
static enum tp_err new_request(const struct tp_branch *branch, enum tp_sip_method method, uint32_t cseq,
			       const char *to, const char *call_id, struct tp_sip_msg **out)
{
	struct tp_sip_request request = {
		.method = method, .uri = branch->leg.target[0] ? branch->leg.target : branch->uri,
		.from = branch->call->from, .to = to, .call_id = call_id, .cseq = cseq,
	};
	enum tp_err err = tp_sip_msg_new_request(&request, out);

	if (err == TP_OK && branch->leg.routes)
		err = tp_sip_msg_set(*out, "Route", branch->leg.routes);
	if (err != TP_OK)
		tp_sip_msg_free(out);
	return err;
}

void tp_fork_hang_up(struct tp_branch *branch, const struct tp_sip_msg *ok)
{
	struct tp_call *call = branch->call;
	struct tp_sip_msg *ack = NULL, *bye = NULL;
	struct tp_client_txn *txn = NULL;
	char to[1024];

	if (!ok || !call->from || tp_sip_msg_header(ok, "To", 0, to, sizeof(to)) != TP_OK)
		return;
	tp_leg_learn_response(&branch->leg, call, ok);
	if (new_request(branch, TP_SIP_ACK, tp_sip_msg_cseq(ok), to, tp_sip_msg_call_id(ok), &ack) == TP_OK)
		(void)tp_transaction_send(call->sip->transactions, branch->leg.flow, ack);
	if (new_request(branch, TP_SIP_BYE, tp_sip_msg_cseq(ok) + 1, to, tp_sip_msg_call_id(ok), &bye) ==
	    TP_OK && tp_client_txn_start(call->sip->transactions, branch->leg.flow, bye, &ignore_events,
					 NULL, &txn) != TP_OK)
		TP_LOG(TP_LOG_WARN, "call.hangup", "a BYE could not be sent");
	tp_sip_msg_free(&ack);
	tp_sip_msg_free(&bye);
}

void tp_fork_reject(struct tp_branch *branch, struct tp_sip_msg *msg, const struct tp_diag *diag)
{
	struct tp_call *call = branch->call;

	tp_fork_hang_up(branch, msg);
	tp_sip_msg_free(&msg);
	call->winner = NULL;
	call->info.answered_ms = 0;
	tp_branch_close_media(branch);
	tp_fork_reply(call, 488, NULL, diag->text);
}

/* ------------------------------------------------------------ responses */

static void cancel_others(struct tp_call *call, const struct tp_branch *but)
{
	struct tp_list *it, *next;

	TP_LIST_EACH(it, next, &call->branches) {
		struct tp_branch *branch = TP_CONTAINER(it, struct tp_branch, link);

		if (branch == but || branch->done || branch->cancelled)
			continue;
		branch->cancelled = true;
		if (branch->txn) {
			tp_client_txn_cancel(branch->txn);
		} else {
			branch->done = true; /* its offer is still with the media process */
			tp_branch_close_media(branch);
		}
	}
}

void tp_fork_cancel(struct tp_call *call)
{
	call->cancelled = true;
	cancel_others(call, NULL);
}

void tp_leg_learn_contact(struct tp_leg *leg, const struct tp_sip_msg *msg)
{
	struct tp_sip_contact contact;

	if (tp_sip_msg_contact(msg, 0, &contact) &&
	    tp_sip_uri_write(&contact.address.uri, leg->target, sizeof(leg->target)) != TP_OK)
		leg->target[0] = 0;
}

/* Record-Route entries above ours, nearest to us first. */
static char *routes_beyond_us(const struct tp_call *call, const struct tp_sip_msg *msg)
{
	char *buf = malloc(TP_CALL_ROUTES_MAX);
	struct tp_sip_address route;
	size_t count = 0;
	struct tp_wr wr;

	while (tp_sip_msg_route(msg, TP_SIP_RECORD_ROUTE, count, &route) &&
	       tp_route_call_id(&route.uri) != call->info.id)
		count++;
	if (!buf || !count || count == tp_sip_msg_route_count(msg, TP_SIP_RECORD_ROUTE)) {
		free(buf);
		return NULL;
	}
	tp_wr_init(&wr, buf, TP_CALL_ROUTES_MAX);
	while (count-- && tp_sip_msg_route(msg, TP_SIP_RECORD_ROUTE, count, &route)) {
		char uri[TP_SIP_URI_MAX + 1];

		if (tp_sip_uri_write(&route.uri, uri, sizeof(uri)) == TP_OK)
			tp_wr_fmt(&wr, "%s<%s>", wr.len ? ", " : "", uri);
	}
	tp_wr_u8(&wr, 0);
	if (wr.err != TP_OK) {
		free(buf);
		return NULL;
	}
	return buf;
}

void tp_leg_learn_response(struct tp_leg *leg, const struct tp_call *call, const struct tp_sip_msg *msg)
{
	const char *tag = tp_sip_msg_to(msg).tag;

	if (tag[0])
		tp_text_copy(leg->tag, sizeof(leg->tag), tag);
	tp_leg_learn_contact(leg, msg);
	free(leg->routes);
	leg->routes = routes_beyond_us(call, msg);
}

/* The first 2xx of the fork: this branch is the call from now on. */
static void accept(struct tp_branch *branch, const struct tp_sip_msg *msg)
{
	struct tp_call *call = branch->call;
	char to[1024];

	branch->accepted = branch->done = true;
	call->winner = branch;
	cancel_others(call, branch);
	tp_leg_learn_response(&branch->leg, call, msg);
	if (tp_sip_msg_header(msg, "To", 0, to, sizeof(to)) == TP_OK)
		call->to = strdup(to);
	tp_text_copy(call->info.target_zone, sizeof(call->info.target_zone), branch->leg.zone_name);
	call->info.target_transport = branch->leg.transport;
	call->info.session = branch->media ? branch->media->id : 0;
	call->info.answered_ms = tp_loop_unix_ms(call->sip->loop);
	call->info.state = 2;
	call->info.status = (uint16_t)tp_sip_msg_status(msg);
	tp_call_step(call, "answered with %d by %s '%s'", tp_sip_msg_status(msg),
		     branch->leg.registered ? "a registration" : "zone", branch->leg.zone_name);
}

/* A 2xx that has been seen before: the ACK again, or the 2xx again. */
static void repeat(struct tp_branch *branch, const struct tp_sip_msg *msg)
{
	struct tp_call *call = branch->call;
	struct tp_sip_msg *ack = NULL;

	if (branch->ack && tp_sip_msg_cseq(branch->ack) == tp_sip_msg_cseq(msg)) {
		if (tp_sip_msg_clone(branch->ack, &ack) == TP_OK)
			(void)tp_transaction_send(call->sip->transactions, branch->leg.flow, ack);
		tp_sip_msg_free(&ack);
	} else if (branch->ok && call->txn) {
		(void)tp_server_txn_respond(call->txn, branch->ok);
	}
}

static void on_success(struct tp_branch *branch, struct tp_sip_msg *msg)
{
	struct tp_call *call = branch->call;

	if (branch->accepted) {
		repeat(branch, msg);
		tp_sip_msg_free(&msg);
	} else if (call->cancelled || call->winner || call->final_sent) {
		branch->done = true;
		tp_fork_hang_up(branch, msg);
		tp_sip_msg_free(&msg);
		tp_branch_close_media(branch);
	} else {
		accept(branch, msg);
		tp_job_add(branch, TP_JOB_RESPONSE, 1, msg, NULL);
	}
}

/* Of a request other than INVITE. Owns msg. */
static void on_other_success(struct tp_branch *branch, struct tp_sip_msg *msg)
{
	struct tp_call *call = branch->call;

	branch->done = true;
	if (!call->final_sent && call->txn)
		(void)tp_server_txn_respond(call->txn, msg);
	call->final_sent = true;
	tp_sip_msg_free(&msg);
	tp_sip_msg_free(&call->msg);
	tp_call_end(call, 200, "done");
}

static void on_response(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg)
{
	struct tp_branch *branch = arg;
	struct tp_call *call = branch->call;
	int status = tp_sip_msg_status(msg);
	char reason[128];

	if (status == 100 || tp_sip_msg_pop_via(msg) != TP_OK || tp_sip_msg_via_count(msg) == 0) {
		tp_sip_msg_free(&msg);
		return;
	}
	tp_call_ref(call);
	if (status < 200) {
		tp_client_txn_set_timer_c(txn, call->invite ? TP_CALL_TIMER_C_MS : 0);
		if (call->winner || call->cancelled || call->final_sent || branch->done) {
			tp_sip_msg_free(&msg);
		} else {
			tp_leg_learn_response(&branch->leg, call, msg);
			tp_job_add(branch, TP_JOB_RESPONSE, 1, msg, NULL);
		}
	} else if (status < 300) {
		if (call->invite)
			on_success(branch, msg);
		else
			on_other_success(branch, msg);
	} else {
		tp_text_copy(reason, sizeof(reason), tp_sip_msg_reason(msg));
		if (tp_msg_has_sdp(msg) && tp_sip_msg_set_body(msg, NULL, NULL, 0) != TP_OK)
			tp_sip_msg_free(&msg);
		if (status >= 600)
			cancel_others(call, branch);
		branch_failed(branch, status, reason, msg);
	}
	tp_call_unref(call);
}

static void on_error(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason)
{
	struct tp_branch *branch = arg;

	(void)txn;
	branch_failed(branch, err == TP_AGAIN ? 408 : 503, reason, NULL);
}

static void on_end(void *arg, struct tp_client_txn *txn)
{
	struct tp_branch *branch = arg;

	(void)txn;
	branch->txn = NULL;
	tp_call_unref(branch->call);
}

void tp_fork_forward(struct tp_branch *branch, struct tp_sip_msg *msg)
{
	struct tp_call *call = branch->call;
	int status = tp_sip_msg_status(msg);
	bool had_sdp = tp_msg_has_sdp(msg);

	if (status < 200) {
		if (call->txn && !call->final_sent)
			(void)tp_server_txn_respond(call->txn, msg);
		if (status > 100 && call->info.state == 0)
			call->info.state = 1;
		if (status > 100)
			call->info.status = (uint16_t)status;
		tp_sip_msg_free(&msg);
		return;
	}
	if (call->ended) {
		tp_sip_msg_free(&msg);
		return;
	}
	call->final_sent = true;
	if (call->txn)
		(void)tp_server_txn_respond(call->txn, msg);
	tp_sip_msg_free(&branch->ok);
	branch->ok = msg;
	tp_sip_msg_free(&call->msg);
	if (!had_sdp && branch->media)
		tp_media_refresh(branch->media); /* the record knows the dialog now */
}
