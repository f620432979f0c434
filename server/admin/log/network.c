/* Connections for the network log. Runs in turnpike-admin. */
#include "admin/log/network.h"

#include <stdio.h>

#include "admin/http/times.h"
#include "tls/services.h"

enum kind { OPENED, FAILED, CLOSED, KINDS };

static void add(struct tp_keeper *keeper, uint64_t at_ms, enum kind kind, const char *service, bool inbound,
		const struct tp_addr *peer, const char *text)
{
	static const char *const names[KINDS] = { "connection.opened", "connection.failed",
						  "connection.closed" };
	struct tp_log_entry line = { .at_ms = at_ms, .severity = kind == FAILED };

	tp_text_copy(line.name, sizeof(line.name), names[kind]);
	tp_text_copy(line.path, sizeof(line.path), service);
	tp_addr_write(peer, line.source);
	snprintf(line.text, sizeof(line.text), "%s: %s", inbound ? "Inbound" : "Outbound", text);
	tp_text_make_printable(line.text);
	tp_keeper_note(keeper, &line);
}

void tp_network_of_sip(struct tp_keeper *keeper, const struct tp_msg_connections *m)
{
	for (size_t i = 0; i < m->connections_count; i++) {
		const struct tp_msg_connection *c = &m->connections[i];

		add(keeper, c->at_ms, (enum kind)c->kind, c->service, c->inbound, &c->peer, c->text);
	}
	if (m->suppressed)
		tp_keeper_suppressed(keeper, m->suppressed);
}

void tp_network_add(struct tp_keeper *keeper, const struct tp_network_note *note)
{
	add(keeper, tp_times_now_ms(), (enum kind)note->kind, tp_tls_service_info(TP_TLS_SERVICE_WEB)->name,
	    true, &note->peer, note->text);
}
