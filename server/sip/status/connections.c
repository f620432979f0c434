/* Connections for admin's network log. Runs in turnpike-sip. */
#include "sip/status/connections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sip/zone/zone.h"
#include "tls/services.h"

enum kind { OPENED, FAILED, CLOSED };

struct tp_connections {
	struct tp_sip *sip;
	struct tp_timer timer;
	bool waiting;
	size_t count;
	uint32_t suppressed;
	struct tp_msg_connection rows[TP_CONNECTIONS_MAX];
};

enum tp_err tp_connections_new(struct tp_sip *sip, struct tp_connections **out)
{
	struct tp_connections *c = calloc(1, sizeof(*c));

	if (!c)
		return TP_NOMEM;
	c->sip = sip;
	*out = c;
	return TP_OK;
}

void tp_connections_free(struct tp_connections **connections)
{
	struct tp_connections *c = *connections;

	*connections = NULL;
	if (!c)
		return;
	tp_timer_stop(c->sip->loop, &c->timer);
	free(c);
}

static void flush(void *arg)
{
	struct tp_connections *c = arg;
	struct tp_channel *admin = c->sip->child ? tp_child_peer(c->sip->child, TP_PROCESS_ADMIN) : NULL;
	struct tp_msg_connections msg = { .suppressed = c->suppressed,
					  .connections_count = (uint32_t)c->count,
					  .connections = c->rows };

	c->waiting = false;
	if (admin)
		(void)TP_CHANNEL_SEND(admin, connections, 0, &msg);
	c->count = 0;
	c->suppressed = 0;
}

/* The next row, or NULL when this second had enough. */
static struct tp_msg_connection *next(struct tp_connections *c)
{
	if (!c->waiting)
		c->waiting = tp_timer_start(c->sip->loop, &c->timer, TP_CONNECTIONS_FLUSH_MS, flush, c) == TP_OK;
	if (c->count == TP_CONNECTIONS_MAX) {
		c->suppressed++;
		return NULL;
	}
	memset(&c->rows[c->count], 0, sizeof(c->rows[0]));
	return &c->rows[c->count++];
}

static const char *service_of(struct tp_sip *sip, uint64_t tag)
{
	struct tp_zone *zone = tag ? tp_zones_find(sip, (uint32_t)tag) : NULL;

	return tp_tls_service_info(zone && tp_zone_is_traversal(zone) ? TP_TLS_SERVICE_TRAVERSAL :
									TP_TLS_SERVICE_SIP)->name;
}

static void note(struct tp_sip *sip, enum kind kind, uint64_t tag, bool inbound,
		 const struct tp_addr *peer, const char *text)
{
	struct tp_msg_connection *row = sip->connections ? next(sip->connections) : NULL;

	if (!row)
		return;
	row->at_ms = tp_loop_unix_ms(sip->loop);
	row->kind = (uint8_t)kind;
	row->inbound = inbound;
	row->peer = *peer;
	tp_text_copy(row->service, sizeof(row->service), service_of(sip, tag));
	tp_text_copy(row->text, sizeof(row->text), text);
}

void tp_connections_opened(struct tp_sip *sip, const struct tp_flow *flow)
{
	char text[256];

	if (flow->tls)
		snprintf(text, sizeof(text), "%s %s", flow->tls->protocol, flow->tls->cipher);
	else
		tp_text_copy(text, sizeof(text), "TCP");
	note(sip, OPENED, flow->listener_tag, !flow->outgoing, &flow->remote, text);
}

void tp_connections_closed(struct tp_sip *sip, const struct tp_flow *flow)
{
	note(sip, flow->opened ? CLOSED : FAILED, flow->listener_tag, !flow->outgoing, &flow->remote,
	     flow->reason);
}

void tp_connections_refused(struct tp_sip *sip, uint64_t tag, const struct tp_addr *remote,
			    const char *reason)
{
	note(sip, FAILED, tag, true, remote, reason);
}
