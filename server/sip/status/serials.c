/* Certificates of ours that stand in connections. Runs in turnpike-sip. */
#include "sip/status/serials.h"

#include <stdlib.h>
#include <string.h>

#include "sip/config/config.h"
#include "sip/zone/traversal_test.h"
#include "sip/zone/zone.h"
#include "tls/services.h"

struct row {
	enum tp_tls_service service;
	struct tp_msg_tls_serial out;
};

/* Reading a certificate is dear against looking at a pointer; a revision that changes
 * something else makes a new object of the same certificate. */
struct seen {
	struct x509_st *shown; /* compared only */
	enum tp_tls_service service;
	bool server;
	struct row *row;
};

struct table {
	struct tp_sip *sip;
	size_t count;
	struct row rows[TP_SERIALS_MAX];
	size_t seen_count;
	struct seen seen[4 * TP_SERIALS_MAX];
};

/* NULL without a certificate or without room. */
static struct row *row_of(struct table *t, enum tp_tls_service service, bool server,
			  const struct tp_tls_own *own)
{
	struct row *r;

	for (size_t i = 0; i < t->count; i++) {
		r = &t->rows[i];
		if (r->service == service && r->out.server == server &&
		    memcmp(r->out.sha256, own->sha256, sizeof(own->sha256)) == 0)
			return r;
	}
	if (!own->present || t->count == TP_SERIALS_MAX)
		return NULL;
	r = &t->rows[t->count++];
	r->service = service;
	r->out.server = server;
	tp_text_copy(r->out.service, sizeof(r->out.service), tp_tls_service_info(service)->name);
	tp_text_copy(r->out.serial, sizeof(r->out.serial), own->serial);
	tp_text_copy(r->out.subject, sizeof(r->out.subject), own->subject);
	memcpy(r->out.sha256, own->sha256, sizeof(own->sha256));
	r->out.sha256_len = sizeof(own->sha256);
	r->out.not_after_s = own->not_after > 0 ? (uint64_t)own->not_after : 0;
	return r;
}

static struct row *row_shown(struct table *t, enum tp_tls_service service, bool server,
			     struct x509_st *shown)
{
	enum { SEEN_MAX = sizeof(t->seen) / sizeof(t->seen[0]) };
	struct tp_tls_own own;
	struct row *r;

	for (size_t i = 0; i < t->seen_count; i++)
		if (t->seen[i].shown == shown && t->seen[i].service == service && t->seen[i].server == server)
			return t->seen[i].row;
	tp_tls_own_read(shown, &own);
	r = row_of(t, service, server, &own);
	if (t->seen_count < SEEN_MAX)
		t->seen[t->seen_count++] = (struct seen){ shown, service, server, r };
	return r;
}

static void add_current(struct table *t, enum tp_tls_service service, bool server,
			const struct tp_tls_context *context)
{
	struct tp_tls_own own;
	struct row *r;

	if (!context)
		return;
	tp_tls_context_own(context, &own);
	r = row_of(t, service, server, &own);
	if (r)
		r->out.current = true;
}

/* Those that zones show instead of their service's. */
static void add_zones(struct table *t, const struct tp_sip_config *c)
{
	for (size_t i = 0; c->zone_tls && i < c->cfg.zones_count; i++)
		add_current(t,
			    c->cfg.zones[i].type == TP_ZONE_NEIGHBOR ? TP_TLS_SERVICE_SIP :
								       TP_TLS_SERVICE_TRAVERSAL,
			    false, c->zone_tls[i]);
}

static enum tp_tls_service service_of(struct tp_sip *sip, const struct tp_flow *flow)
{
	const struct tp_zone *zone = flow->listener_tag ? tp_zones_find(sip, (uint32_t)flow->listener_tag) : NULL;

	if ((zone && tp_zone_is_traversal(zone)) || tp_traversal_test_owns(sip, flow))
		return TP_TLS_SERVICE_TRAVERSAL;
	return TP_TLS_SERVICE_SIP;
}

static void count(void *arg, const struct tp_flow *flow, struct x509_st *shown)
{
	struct table *t = arg;
	enum tp_tls_service service = service_of(t->sip, flow);
	uint64_t opened_ms = tp_loop_unix_ms(t->sip->loop) - (tp_loop_now_ms(t->sip->loop) - flow->opened_ms);
	struct row *r = shown ? row_shown(t, service, !flow->outgoing, shown) : NULL;

	if (!r)
		return;
	r->out.connections++;
	if (!r->out.oldest_ms || opened_ms < r->out.oldest_ms)
		r->out.oldest_ms = opened_ms;
}

enum tp_err tp_serials_answer(struct tp_sip *sip, struct tp_channel *admin, uint32_t request)
{
	struct table *t = calloc(1, sizeof(*t));
	struct tp_msg_tls_serials out = { 0 };
	enum tp_err err;

	if (!t)
		return TP_NOMEM;
	t->sip = sip;
	if (sip->config) {
		add_current(t, TP_TLS_SERVICE_SIP, true, sip->config->tls_server);
		add_current(t, TP_TLS_SERVICE_SIP, false, sip->config->tls_verify);
		add_current(t, TP_TLS_SERVICE_TRAVERSAL, true, sip->config->tls_link_server);
		add_current(t, TP_TLS_SERVICE_TRAVERSAL, false, sip->config->tls_link_client);
		add_zones(t, sip->config);
	}
	tp_transport_each_tls(sip->transport, count, t);
	out.serials = calloc(t->count ? t->count : 1, sizeof(*out.serials));
	if (!out.serials) {
		free(t);
		return TP_NOMEM;
	}
	for (size_t i = 0; i < t->count; i++)
		out.serials[out.serials_count++] = t->rows[i].out;
	err = TP_CHANNEL_SEND(admin, tls_serials, request, &out);
	tp_msg_tls_serials_fini(&out);
	free(t);
	return err;
}
