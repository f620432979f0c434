/* From whole bytes to a message for the caller, the same for streams and datagrams.
 * Used by sip. */
#include <stdlib.h>

#include "core/log.h"
#include "sip/transport/internal.h"

static void refuse(struct tp_transport_layer *layer, struct tp_flow *flow,
		   struct tp_sip_refusal *refusal, const struct tp_diag *why)
{
	char text[TP_FLOW_TEXT];

	layer->counters.parse_errors++;
	TP_LOG(TP_LOG_WARN, "sip.parse", "%s: %s: %s", tp_flow_write(flow, text), why->where, why->text);
	if (refusal->response)
		(void)tp_flow_send(flow, refusal->response, refusal->response_len);
	free(refusal->response);
}

/* RFC 3261 section 18.2.2: without rport, a datagram is answered to the port that
 * Via names, at the address it came from. */
static void choose_reply_port(struct tp_flow *flow, const struct tp_sip_msg *msg)
{
	struct udp_flow *u = (struct udp_flow *)flow;
	struct tp_sip_via via;

	if (flow->transport == TP_TRANSPORT_UDP && tp_sip_msg_via(msg, 0, &via) && !via.rport)
		u->reply_to.port = via.port ? via.port : 5060;
}

void tp_transport_receive(struct tp_transport_layer *layer, struct tp_flow *flow,
			  struct tp_span bytes, bool *valid)
{
	struct tp_sip_refusal refusal = { NULL, 0 };
	struct tp_diag diag = { "", "" };
	struct tp_sip_msg *msg;

	*valid = false;
	if (tp_sip_msg_parse(bytes.p, bytes.len, &msg, &refusal, &diag) != TP_OK) {
		refuse(layer, flow, &refusal, &diag);
		return;
	}
	*valid = true;
	layer->counters.messages_received++;
	if (tp_sip_msg_is_request(msg)) {
		layer->counters.requests_received++;
		choose_reply_port(flow, msg);
		if (tp_sip_msg_stamp_via(msg, &flow->remote) != TP_OK) {
			tp_sip_msg_free(&msg);
			return;
		}
	} else {
		layer->counters.responses_received++;
	}
	layer->events.on_message(layer->arg, flow, msg);
}
