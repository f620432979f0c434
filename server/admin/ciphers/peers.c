/* Peers seen in the last 30 days, and what a TLS policy would mean for them. Runs in
 * turnpike-admin's events thread and workers. */
#include "admin/ciphers/peers.h"

#include <stdlib.h>
#include <string.h>

#include "admin/http/router.h"
#include "admin/http/times.h"
#include "core/auto.h"
#include "core/log.h"

void tp_cipher_peers_seen(struct tp_store *store, const struct tp_msg_tls_seen *m)
{
	struct tp_tls_peer_row *rows = calloc(m->handshakes_count ? m->handshakes_count : 1, sizeof(*rows));
	enum tp_err err = rows ? TP_OK : TP_NOMEM;

	for (size_t i = 0; rows && i < m->handshakes_count; i++) {
		const struct tp_msg_tls_handshake *h = &m->handshakes[i];

		rows[i].inbound = h->inbound;
		tp_text_copy(rows[i].service, sizeof(rows[i].service), h->service);
		tp_addr_write_ip(&h->peer, rows[i].peer);
		tp_text_copy(rows[i].protocol, sizeof(rows[i].protocol), h->protocol);
		tp_text_copy(rows[i].cipher, sizeof(rows[i].cipher), h->cipher);
	}
	if (err == TP_OK)
		err = tp_store_tls_peers_seen(store, rows, m->handshakes_count, tp_times_now_ms());
	if (err != TP_OK)
		TP_LOG(TP_LOG_WARN, "tls.peers", "seen handshakes could not be stored: %s", tp_err_name(err));
	free(rows);
}

/* "TLSv1.2" as a number; unknown ones count as new. */
static enum tp_tls_version version_of(const char *protocol)
{
	if (!strcmp(protocol, "TLSv1"))
		return TP_TLS_1_0;
	if (!strcmp(protocol, "TLSv1.1"))
		return TP_TLS_1_1;
	return !strcmp(protocol, "TLSv1.2") ? TP_TLS_1_2 : TP_TLS_1_3;
}

struct lists {
	struct tp_tls_suite *suites[2]; /* by enum tp_tls_side */
	size_t count[2];
};

/* NULL: nothing changes for this peer. */
static const char *why(const struct tp_cipher_settings *s, const struct lists *l,
		       const struct tp_tls_peer_row *r)
{
	size_t side = r->inbound ? TP_TLS_INBOUND : TP_TLS_OUTBOUND;

	if (version_of(r->protocol) < s->least)
		return "version";
	for (size_t i = 0; i < l->count[side]; i++) {
		if (!strcmp(l->suites[side][i].name, r->cipher))
			return NULL;
	}
	return l->count[side] ? "suite" : NULL; /* a refused list says so itself */
}

static json_t *row_json(const struct tp_tls_peer_row *r, const char *reason)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}", "side", r->inbound ? "inbound" : "outbound", "peer",
			 tp_json_text(r->peer), "protocol", tp_json_text(r->protocol), "cipher",
			 tp_json_text(r->cipher), "last-seen-at", tp_times_json(r->seen_ms), "why", reason);
}

json_t *tp_cipher_peers_json(struct tp_store *store, const struct tp_cipher_settings *s)
{
	const struct tp_tls_service_info *info = tp_tls_service_info(s->service);
	uint64_t now = tp_times_now_ms();
	TP_AUTO(free) struct tp_tls_peer_row *rows = NULL;
	json_t *affected;
	struct lists l = {{NULL, NULL}, {0, 0}};
	size_t count = 0;

	/* Only turnpike-sip tells of its handshakes; its services are those that connect, too. */
	if (!info->client ||
	    tp_store_tls_peers_list(store, info->name,
				    now > TP_STORE_TLS_PEER_MS ? now - TP_STORE_TLS_PEER_MS : 0, &rows,
				    &count) != TP_OK)
		return json_null();
	for (int side = TP_TLS_INBOUND; side <= TP_TLS_OUTBOUND; side++) {
		if (tp_tls_policy_expand(&s->sides[side], (enum tp_tls_side)side, &l.suites[side],
					 &l.count[side], NULL) != TP_OK)
			l.count[side] = 0;
	}
	affected = json_array();
	for (size_t i = 0; i < count; i++) {
		const char *reason = why(s, &l, &rows[i]);

		if (reason)
			json_array_append_new(affected, row_json(&rows[i], reason));
	}
	free(l.suites[0]);
	free(l.suites[1]);
	return json_pack("{s:I, s:o}", "seen", (json_int_t)count, "affected", affected);
}
