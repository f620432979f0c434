/* Dialogs across a restart of sip. Runs in turnpike-sip. */
#include "sip/dialog/record.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "sip/config/config.h"
#include "sip/proxy/table.h"

#define TP_CODEC_DEF "sip/dialog/record.def"
#define TP_CODEC_NAME(n) tp_record_##n
#include "core/codec/define.h"

/* A BYE of our own after a restart is above any CSeq that the end may have used since
 * the record was written. */
enum { CSEQ_MARGIN = 1000, RECORD_STEPS = 48 };

static void write_leg(const struct tp_leg *leg, struct tp_record_leg *out)
{
	tp_text_copy(out->zone_name, sizeof(out->zone_name), leg->zone_name);
	out->registered = leg->registered;
	tp_text_copy(out->user, sizeof(out->user), leg->user);
	out->encryption = leg->encryption;
	out->nat = leg->nat;
	out->transport = leg->transport;
	out->local = leg->local;
	out->remote = leg->remote;
	tp_text_copy(out->target, sizeof(out->target), leg->target);
	tp_text_copy(out->routes, sizeof(out->routes), leg->routes ? leg->routes : "");
	tp_text_copy(out->tag, sizeof(out->tag), leg->tag);
	out->cseq = leg->cseq;
}

void tp_record_write(struct tp_branch *branch, struct tp_wr *wr)
{
	const struct tp_call *call = branch->call;
	struct tp_record_call *r;

	if (call->winner != branch || call->ended)
		return;
	r = calloc(1, sizeof(*r));
	if (!r)
		return;
	r->version = TP_RECORD_VERSION;
	r->id = call->info.id;
	r->established = true;
	tp_text_copy(r->call_id, sizeof(r->call_id), call->info.call_id);
	tp_text_copy(r->from_header, sizeof(r->from_header), call->from ? call->from : "");
	tp_text_copy(r->to_header, sizeof(r->to_header), call->to ? call->to : "");
	tp_text_copy(r->from, sizeof(r->from), call->info.from);
	tp_text_copy(r->to, sizeof(r->to), call->info.to);
	r->status = call->info.status;
	r->started_ms = call->info.started_ms;
	r->answered_ms = call->info.answered_ms;
	r->legs_count = 2;
	write_leg(&call->caller, &r->legs[0]);
	write_leg(&branch->leg, &r->legs[1]);
	r->steps = calloc(call->step_count ? call->step_count : 1, sizeof(*r->steps));
	for (size_t i = 0; r->steps && i < call->step_count && i < RECORD_STEPS; i++)
		tp_text_copy(r->steps[r->steps_count++].text, sizeof(r->steps[0].text), call->steps[i]);
	if (r->steps)
		tp_record_call_write(wr, r);
	tp_record_call_fini(r);
	free(r);
}

/* ---------------------------------------------------------------- restoring */

static void read_leg(struct tp_sip *sip, const struct tp_record_leg *in, struct tp_leg *leg)
{
	const struct tp_cfg_zone *zone = tp_sip_config_zone_named(sip->config, in->zone_name);
	struct tp_transport_target target = {
		.transport = TP_TRANSPORT_UDP, .remote = in->remote, .local = in->local,
	};

	leg->zone = zone ? zone->id : 0;
	tp_text_copy(leg->zone_name, sizeof(leg->zone_name), in->zone_name);
	leg->registered = in->registered;
	tp_text_copy(leg->user, sizeof(leg->user), in->user);
	leg->encryption = in->encryption;
	leg->nat = in->nat;
	leg->transport = in->transport;
	leg->local = in->local;
	leg->remote = in->remote;
	tp_text_copy(leg->target, sizeof(leg->target), in->target);
	leg->routes = in->routes[0] ? strdup(in->routes) : NULL;
	tp_text_copy(leg->tag, sizeof(leg->tag), in->tag);
	leg->cseq = in->cseq + CSEQ_MARGIN;
	if (in->transport == TP_TRANSPORT_UDP &&
	    tp_transport_reach(sip->transport, &target, &leg->flow, NULL) != TP_OK)
		leg->flow = NULL;
}

static enum tp_err restore(struct tp_sip *sip, const struct tp_record_call *r,
			   const struct tp_msg_media_kept *kept)
{
	struct tp_branch *branch;
	struct tp_call *call;
	enum tp_err err = tp_call_new(sip, r->id, &call);

	if (err != TP_OK)
		return err;
	err = tp_branch_new(call, &branch);
	if (err == TP_OK)
		err = tp_media_session_adopt(sip, kept, &tp_branch_media_owner, branch, &branch->media);
	if (err != TP_OK) {
		tp_call_unref(call);
		return err;
	}
	call->invite = call->counted = call->final_sent = true;
	sip->calls->active++;
	call->from = strdup(r->from_header);
	call->to = strdup(r->to_header);
	read_leg(sip, &r->legs[0], &call->caller);
	read_leg(sip, &r->legs[1], &branch->leg);
	branch->done = branch->accepted = true;
	call->winner = branch;
	call->info.state = 2;
	call->info.status = r->status;
	call->info.started_ms = r->started_ms;
	call->info.answered_ms = r->answered_ms;
	call->info.session = kept->session;
	call->info.source_transport = call->caller.transport;
	call->info.target_transport = branch->leg.transport;
	tp_text_copy(call->info.call_id, sizeof(call->info.call_id), r->call_id);
	tp_text_copy(call->info.from, sizeof(call->info.from), r->from);
	tp_text_copy(call->info.to, sizeof(call->info.to), r->to);
	tp_text_copy(call->info.source_zone, sizeof(call->info.source_zone), r->legs[0].zone_name);
	tp_text_copy(call->info.target_zone, sizeof(call->info.target_zone), r->legs[1].zone_name);
	for (size_t i = 0; i < r->steps_count; i++)
		tp_call_step(call, "%s", r->steps[i].text);
	tp_call_step(call, "taken over after a restart of the SIP process");
	for (int side = 0; side < 2; side++) {
		struct tp_media_party party;

		tp_leg_party(sip, side == 0 ? &call->caller : &branch->leg, &party);
		branch->media->party[side].encryption = party.encryption;
		branch->media->party[side].advertised = party.advertised;
		memcpy(branch->media->party[side].name, party.name, sizeof(party.name));
	}
	tp_call_index(call, r->call_id);
	tp_media_refresh(branch->media); /* claims it */
	return TP_OK;
}

static void close_kept(struct tp_sip *sip, uint64_t session)
{
	struct tp_channel *media = tp_child_peer(sip->child, TP_PROCESS_MEDIA);
	struct tp_msg_media_close msg = { .session = session };

	if (media)
		(void)TP_CHANNEL_SEND(media, media_close, tp_channel_next_request(media), &msg);
}

void tp_record_restore(struct tp_sip *sip, const struct tp_msg_media_kept *kept)
{
	struct tp_record_call *r = calloc(1, sizeof(*r));
	enum tp_err err = TP_FORMAT;
	struct tp_rd rd;

	if (!r)
		return;
	tp_rd_init(&rd, kept->record, kept->record_len);
	if (kept->record_len && tp_record_call_read(&rd, r) == TP_OK) {
		if (tp_rd_finish(&rd) == TP_OK && r->version == TP_RECORD_VERSION && r->legs_count == 2)
			err = restore(sip, r, kept);
		tp_record_call_fini(r);
	}
	free(r);
	if (err == TP_EXISTS)
		return; /* ours already: the channel to media came anew */
	if (err != TP_OK) {
		TP_LOG(TP_LOG_INFO, "call.restore", "a kept media session without an answered call is closed");
		close_kept(sip, kept->session);
	}
}
