/* Opening, changing and closing legs. Runs in turnpike-media. */
#include "media/leg.h"

#include <stdlib.h>
#include <string.h>

#include "core/secret.h"
#include "media/link.h"
#include "media/relay.h"
#include "os/random.h"

enum {
	BIND_TRIES = 32,
	LEG_RECEIVE_BYTES = 256 << 10,
	LEG_SEND_BYTES = 256 << 10,
};

struct tp_leg *tp_leg_other(struct tp_leg *leg)
{
	return &leg->stream->legs[!leg->side];
}

bool tp_leg_is_muxed(const struct tp_leg *leg)
{
	return leg->want.rtcp_mux;
}

static bool is_our_address(const struct tp_media *m, const struct tp_addr *ip)
{
	for (size_t i = 0; i < m->config.network_count; i++)
		if (tp_addr_equal_ip(&m->config.networks[i], ip))
			return true;
	return false;
}

static enum tp_err open_pair_at(struct tp_leg *leg, struct tp_addr rtp, struct tp_pair **out,
				struct tp_diag *diag)
{
	struct tp_pair_options options = {
		.udp = { .receive_bytes = LEG_RECEIVE_BYTES, .send_bytes = LEG_SEND_BYTES,
			 .dscp = leg->media->config.dscp },
		.headroom = TP_BUFFER_HEADROOM,
		.on_packet = tp_relay_from_leg,
		.owner = leg,
	};
	struct tp_addr rtcp = rtp;
	struct tp_pair *pair = calloc(1, sizeof(*pair));
	enum tp_err err;

	if (!pair)
		return TP_NOMEM;
	rtcp.port++;
	err = tp_pair_open(&leg->media->io, &rtp, &rtcp, &options, pair, diag);
	if (err) {
		free(pair);
		return err;
	}
	*out = pair;
	return TP_OK;
}

/* A pair that somebody else has bound goes to rest and the next is tried. */
static enum tp_err open_any_pair(struct tp_leg *leg, const struct tp_addr *ip,
				 struct tp_pair **out, struct tp_diag *diag)
{
	struct tp_media *m = leg->media;
	uint64_t now = tp_loop_now_ms(m->loop);
	struct tp_addr rtp = *ip;
	enum tp_err err = TP_LIMIT;

	for (unsigned i = 0; i < BIND_TRIES; i++) {
		if (tp_ports_take(m->ports, now, &rtp.port) != TP_OK)
			return tp_fail(diag, TP_LIMIT, "local", "no media port is free");
		err = open_pair_at(leg, rtp, out, diag);
		if (!err)
			return TP_OK;
		tp_ports_give_back(m->ports, now, rtp.port);
		if (err != TP_EXISTS)
			return err;
	}
	return err;
}

static enum tp_err open_this_pair(struct tp_leg *leg, const struct tp_addr *rtp,
				  struct tp_pair **out, struct tp_diag *diag)
{
	struct tp_media *m = leg->media;
	enum tp_err err = tp_ports_take_fixed(m->ports, rtp->port);

	if (err)
		return tp_fail(diag, err, "local", "media port %u is %s", rtp->port,
			       err == TP_CONFLICT ? "in use" : "not even");
	err = open_pair_at(leg, *rtp, out, diag);
	if (err)
		tp_ports_give_back(m->ports, tp_loop_now_ms(m->loop), rtp->port);
	return err;
}

static enum tp_err plan_udp(struct tp_leg *leg, const struct tp_msg_media_leg *want,
			    struct tp_leg_plan *plan, struct tp_diag *diag)
{
	char text[TP_ADDR_IP_TEXT];

	if (leg->pair && tp_addr_equal_ip(&leg->pair->rtp.local, &want->local) &&
	    (want->local.port == 0 || want->local.port == leg->pair->rtp.local.port)) {
		plan->keep_transport = true;
		return TP_OK;
	}
	if (!is_our_address(leg->media, &want->local))
		return tp_fail(diag, TP_DENIED, "local", "%s is not an address for media",
			       tp_addr_write_ip(&want->local, text));
	return want->local.port ? open_this_pair(leg, &want->local, &plan->pair, diag) :
				  open_any_pair(leg, &want->local, &plan->pair, diag);
}

static enum tp_err plan_hop(struct tp_leg *leg, const struct tp_msg_media_leg *want,
			    struct tp_leg_plan *plan, struct tp_diag *diag)
{
	struct tp_media *m = leg->media;
	uint32_t id = want->flow_rx;

	if (leg->flow.id && (id == 0 || id == leg->flow.id)) {
		plan->keep_transport = true;
		return TP_OK;
	}
	if (id && tp_map_find(&m->flows, &id, sizeof(id)))
		return tp_fail(diag, TP_CONFLICT, "flow_rx", "flow %08x is in use", id);
	while (id == 0 || tp_map_find(&m->flows, &id, sizeof(id)))
		id = (uint32_t)tp_random_u64();
	plan->flow_id = id;
	return TP_OK;
}

static bool same_key(uint8_t suite_a, const uint8_t *a, size_t a_len, uint8_t suite_b,
		     const uint8_t *b, size_t b_len)
{
	return suite_a == suite_b && a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* fresh: a record of the key's use may be made; else one must be there. */
static enum tp_err plan_crypto(struct tp_leg *leg, uint64_t session, uint8_t suite,
			       const uint8_t *key, size_t key_len, bool sealing, bool fresh,
			       struct tp_leg_crypto *out, struct tp_diag *diag)
{
	struct tp_media *m = leg->media;
	const char *where = sealing ? "tx_key" : "rx_key";
	const uint64_t ours[2] = { 0, 0 };
	const uint64_t peers[2] = { session, 1u + leg->stream->index * 2u + leg->side };
	uint8_t name[TP_SRTP_KEY_NAME_BYTES];
	enum tp_err err;

	if (key_len != tp_srtp_key_len(suite))
		return tp_fail(diag, TP_FORMAT, where, "%zu bytes are no key of %s", key_len,
			       tp_srtp_suite_name(suite));
	tp_srtp_key_name(suite, key, key_len, sealing ? ours : peers, name);
	err = tp_srtp_state_claim(m->srtp_state, name, session, fresh, &out->record);
	if (err == TP_NOTFOUND)
		return tp_fail(diag, TP_STATE, where,
			       "what was sent under this key is not known any more: a new key is needed");
	if (err)
		return tp_fail(diag, err, where, err == TP_CONFLICT ?
						 "another leg uses this key" :
						 "no room to keep the state of this key");
	err = tp_srtp_new(suite, key, key_len, sealing, out->record, &out->srtp);
	if (err) {
		tp_srtp_state_release(m->srtp_state, &out->record);
		return tp_fail(diag, err, where, "SRTP with %s cannot be set up",
			       tp_srtp_suite_name(suite));
	}
	return TP_OK;
}

static void close_crypto(struct tp_media *m, struct tp_leg_crypto *c)
{
	tp_srtp_free(&c->srtp);
	tp_srtp_state_release(m->srtp_state, &c->record);
}

/* A new leg that names its port lived in an earlier process. */
static enum tp_err plan_keys(struct tp_leg *leg, uint64_t session,
			     const struct tp_msg_media_leg *want, struct tp_leg_plan *plan,
			     struct tp_diag *diag)
{
	const struct tp_msg_media_leg *had = &leg->want;
	bool resumed = !leg->pair && want->local.port != 0;
	enum tp_err err = TP_OK;

	plan->keep_rx = same_key(had->rx_suite, had->rx_key, had->rx_key_len, want->rx_suite,
				 want->rx_key, want->rx_key_len);
	plan->keep_tx = same_key(had->tx_suite, had->tx_key, had->tx_key_len, want->tx_suite,
				 want->tx_key, want->tx_key_len);
	if (want->rx_suite && !plan->keep_rx)
		err = plan_crypto(leg, session, want->rx_suite, want->rx_key,
				  want->rx_key_len, false, true, &plan->rx, diag);
	if (!err && want->tx_suite && !plan->keep_tx)
		err = plan_crypto(leg, session, want->tx_suite, want->tx_key,
				  want->tx_key_len, true, !resumed, &plan->tx, diag);
	return err;
}

/* Only what is meaningful for the kind, so that equal legs compare equal. */
static void normalise(struct tp_msg_media_leg *want)
{
	if (want->kind == TP_MEDIA_LEG_UDP)
		return;
	/* The hop is sealed by its link; legs there have no keys of their own. */
	want->rx_suite = want->tx_suite = TP_SRTP_NONE;
	tp_wipe(want->rx_key, sizeof(want->rx_key));
	tp_wipe(want->tx_key, sizeof(want->tx_key));
	want->rx_key_len = want->tx_key_len = 0;
}

enum tp_err tp_leg_plan(struct tp_leg *leg, uint64_t session, const struct tp_msg_media_leg *want,
			struct tp_leg_plan *plan, struct tp_diag *diag)
{
	enum tp_err err = TP_OK;

	memset(plan, 0, sizeof(*plan));
	plan->want = *want;
	normalise(&plan->want);
	if (want->kind == TP_MEDIA_LEG_UDP)
		err = plan_udp(leg, want, plan, diag);
	else if (want->kind == TP_MEDIA_LEG_HOP)
		err = plan_hop(leg, want, plan, diag);
	if (!err)
		err = plan_keys(leg, session, &plan->want, plan, diag);
	if (err)
		tp_leg_plan_drop(leg->media, plan);
	return err;
}

static void close_pair(struct tp_media *m, struct tp_pair **pair)
{
	if (!*pair)
		return;
	tp_ports_give_back(m->ports, tp_loop_now_ms(m->loop), (*pair)->rtp.local.port);
	tp_pair_close(*pair);
	free(*pair);
	*pair = NULL;
}

void tp_leg_plan_drop(struct tp_media *m, struct tp_leg_plan *plan)
{
	close_pair(m, &plan->pair);
	close_crypto(m, &plan->rx);
	close_crypto(m, &plan->tx);
	tp_wipe(&plan->want, sizeof(plan->want));
}

static void close_transport(struct tp_leg *leg)
{
	close_pair(leg->media, &leg->pair);
	if (leg->flow.id) {
		tp_map_remove(&leg->media->flows, &leg->flow.node);
		memset(&leg->flow, 0, sizeof(leg->flow));
	}
}

static void commit_transport(struct tp_leg *leg, struct tp_leg_plan *plan)
{
	if (!plan->keep_transport) {
		close_transport(leg);
		leg->pair = plan->pair;
		plan->pair = NULL;
		leg->opened_us = tp_io_clock_us();
		memset(&leg->rtp_latch, 0, sizeof(leg->rtp_latch));
		memset(&leg->rtcp_latch, 0, sizeof(leg->rtcp_latch));
	}
	if (plan->flow_id) {
		leg->flow.id = plan->flow_id;
		leg->flow.leg = leg;
		/* Full or out of memory: the leg hears nothing, and its reason says so. */
		if (tp_map_put(&leg->media->flows, &leg->flow.node, &leg->flow.id,
			       sizeof(leg->flow.id)) != TP_OK)
			leg->flow.id = 0;
	}
	if (leg->flow.id)
		leg->flow.link = tp_link_find(leg->media, plan->want.link);
}

void tp_leg_commit(struct tp_leg *leg, struct tp_leg_plan *plan)
{
	const struct tp_msg_media_leg *want = &plan->want;

	commit_transport(leg, plan);
	if (!plan->keep_rx) {
		close_crypto(leg->media, &leg->rx);
		leg->rx = plan->rx;
		/* Who proved itself with the old key has proved nothing with the new. */
		memset(&leg->rtp_latch, 0, sizeof(leg->rtp_latch));
		memset(&leg->rtcp_latch, 0, sizeof(leg->rtcp_latch));
	}
	if (!plan->keep_tx) {
		close_crypto(leg->media, &leg->tx);
		leg->tx = plan->tx;
		memset(&leg->renumber, 0, sizeof(leg->renumber));
	}
	if (want->kind == TP_MEDIA_LEG_UDP) {
		tp_latch_signal(&leg->rtp_latch, &want->remote_rtp, want->nat);
		tp_latch_signal(&leg->rtcp_latch, &want->remote_rtcp, want->nat);
	}
	leg->want = *want;
	if (leg->pair)
		leg->want.local = leg->pair->rtp.local;
	leg->want.flow_rx = leg->flow.id;
	memset(&plan->rx, 0, sizeof(plan->rx));
	memset(&plan->tx, 0, sizeof(plan->tx));
	tp_wipe(&plan->want, sizeof(plan->want));
}

void tp_leg_close(struct tp_leg *leg)
{
	close_transport(leg);
	close_crypto(leg->media, &leg->rx);
	close_crypto(leg->media, &leg->tx);
	tp_wipe(&leg->want, sizeof(leg->want));
}
