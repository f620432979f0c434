/* Finished TLS handshakes for admin. Runs in turnpike-sip. */
#include "sip/status/handshakes.h"

#include <stdlib.h>
#include <string.h>

#include "sip/zone/zone.h"
#include "tls/services.h"

struct tp_handshakes {
	struct tp_sip *sip;
	struct tp_timer timer;
	bool waiting;
	size_t count;
	struct tp_msg_tls_handshake rows[TP_HANDSHAKES_MAX];
};

enum tp_err tp_handshakes_new(struct tp_sip *sip, struct tp_handshakes **out)
{
	struct tp_handshakes *h = calloc(1, sizeof(*h));

	if (!h)
		return TP_NOMEM;
	h->sip = sip;
	*out = h;
	return TP_OK;
}

void tp_handshakes_free(struct tp_handshakes **handshakes)
{
	struct tp_handshakes *h = *handshakes;

	*handshakes = NULL;
	if (!h)
		return;
	tp_timer_stop(h->sip->loop, &h->timer);
	free(h);
}

static void flush(void *arg)
{
	struct tp_handshakes *h = arg;
	struct tp_channel *admin = h->sip->child ? tp_child_peer(h->sip->child, TP_PROCESS_ADMIN) : NULL;
	struct tp_msg_tls_seen msg = { .handshakes_count = (uint32_t)h->count, .handshakes = h->rows };

	h->waiting = false;
	if (admin && h->count)
		(void)TP_CHANNEL_SEND(admin, tls_seen, 0, &msg);
	h->count = 0;
}

static const char *service_of(struct tp_sip *sip, const struct tp_flow *flow)
{
	struct tp_zone *zone = flow->listener_tag ? tp_zones_find(sip, (uint32_t)flow->listener_tag) : NULL;

	return tp_tls_service_info(zone && tp_zone_is_traversal(zone) ? TP_TLS_SERVICE_TRAVERSAL :
									 TP_TLS_SERVICE_SIP)->name;
}

static bool same(const struct tp_msg_tls_handshake *a, const struct tp_msg_tls_handshake *b)
{
	return a->inbound == b->inbound && tp_addr_equal_ip(&a->peer, &b->peer) &&
	       !strcmp(a->service, b->service) && !strcmp(a->protocol, b->protocol) &&
	       !strcmp(a->cipher, b->cipher);
}

void tp_handshakes_note(struct tp_sip *sip, const struct tp_flow *flow)
{
	struct tp_handshakes *h = sip->handshakes;
	struct tp_msg_tls_handshake row = { .inbound = !flow->outgoing, .peer = flow->remote };

	if (!h || !flow->tls || h->count == TP_HANDSHAKES_MAX)
		return;
	row.peer.port = 0;
	tp_text_copy(row.service, sizeof(row.service), service_of(sip, flow));
	tp_text_copy(row.protocol, sizeof(row.protocol), flow->tls->protocol);
	tp_text_copy(row.cipher, sizeof(row.cipher), flow->tls->cipher);
	for (size_t i = 0; i < h->count; i++)
		if (same(&h->rows[i], &row))
			return;
	h->rows[h->count++] = row;
	if (!h->waiting)
		h->waiting = tp_timer_start(sip->loop, &h->timer, TP_HANDSHAKES_FLUSH_MS, flush, h) == TP_OK;
}
