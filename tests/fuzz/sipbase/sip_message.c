/* A SIP message from outside: parsed, edited as a proxy does, written, parsed again,
 * answered. What was written must be accepted. */
#include <stdint.h>
#include <stdlib.h>

#include "sip/msg/msg.h"

static void use(struct tp_sip_msg *m)
{
	struct tp_addr source = { .family = TP_ADDR_V4, .ip = { 192, 0, 2, 1 }, .port = 5060 };
	struct tp_sip_msg *other = NULL;
	char text[256];

	(void)!tp_sip_msg_header(m, "Supported", 1, text, sizeof(text));
	(void)!tp_sip_msg_stamp_via(m, &source);
	(void)!tp_sip_msg_pop_route(m, TP_SIP_ROUTE);
	(void)!tp_sip_msg_push_via(m, TP_TRANSPORT_TLS, "192.0.2.9", 5061, "z9hG4bKfuzz");
	(void)!tp_sip_msg_push_route(m, TP_SIP_RECORD_ROUTE, "sip:192.0.2.9;lr");
	(void)!tp_sip_msg_hop(m, 15);
	(void)!tp_sip_msg_add(m, "Supported", "timer");
	(void)tp_sip_msg_remove(m, "P-Asserted-Identity");
	(void)!tp_sip_msg_set_contact_uri(m, 0, "sip:192.0.2.9");
	if (tp_sip_msg_new_response(m, 404, NULL, "tag", &other) == TP_OK)
		tp_sip_msg_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tp_sip_refusal refusal = { NULL, 0 };
	struct tp_sip_msg *m = NULL;
	char *bytes;
	size_t len;

	if (tp_sip_msg_parse(data, size, &m, &refusal, NULL) != TP_OK) {
		free(refusal.response);
		return 0;
	}
	use(m);
	if (tp_sip_msg_write(m, &bytes, &len) == TP_OK) {
		tp_sip_msg_free(&m);
		if (tp_sip_msg_parse(bytes, len, &m, NULL, NULL) != TP_OK && len <= TP_SIP_MESSAGE_MAX - 1024)
			abort();
		free(bytes);
	}
	tp_sip_msg_free(&m);
	return 0;
}
