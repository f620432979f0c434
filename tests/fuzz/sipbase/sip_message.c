/* A SIP message from outside: parsed, read, answered, edited as a proxy does, written,
 * parsed again. What was written must be accepted. */
#include <stdint.h>
#include <stdlib.h>

#include "sip/msg/msg.h"

static void read(const struct tp_sip_msg *m)
{
	static const char *const names[] = { "Supported", "Via", "Contact", "Date", "P-Asserted-Identity" };
	struct tp_sip_credentials cred;
	struct tp_sip_contact contact;
	struct tp_sip_uri uri = tp_sip_msg_request_uri(m);
	char text[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)!tp_sip_msg_header(m, names[i], i % 2, text, sizeof(text));
	for (size_t i = 0; tp_sip_msg_credentials(m, TP_SIP_PROXY_AUTHORIZATION, i, &cred); i++)
		(void)tp_sip_param_text(cred.params, "realm", text, sizeof(text));
	for (size_t i = 0; tp_sip_msg_contact(m, i, &contact); i++)
		(void)!tp_sip_uri_write(&contact.address.uri, text, sizeof(text));
	(void)!tp_sip_uri_user(&uri, text, sizeof(text));
	(void)tp_sip_msg_has_option(m, TP_SIP_SUPPORTED, "none");
}

static void build(const struct tp_sip_msg *m)
{
	struct tp_sip_msg *other = NULL;
	struct tp_sip_msg *ack = NULL;

	if (tp_sip_msg_new_response(m, 404, NULL, "tag", &other) == TP_OK)
		(void)!tp_sip_msg_new_ack(m, other, &ack);
	tp_sip_msg_free(&other);
	tp_sip_msg_free(&ack);
	(void)!tp_sip_msg_new_cancel(m, &other);
	tp_sip_msg_free(&other);
	(void)!tp_sip_msg_clone(m, &other);
	tp_sip_msg_free(&other);
}

static void edit(struct tp_sip_msg *m)
{
	struct tp_addr source = { .family = TP_ADDR_V4, .ip = { 192, 0, 2, 1 }, .port = 5060 };

	(void)!tp_sip_msg_stamp_via(m, &source);
	(void)!tp_sip_msg_pop_route(m, TP_SIP_ROUTE);
	(void)!tp_sip_msg_push_via(m, TP_TRANSPORT_TLS, "192.0.2.9", 5061, "z9hG4bKfuzz");
	(void)!tp_sip_msg_push_route(m, TP_SIP_RECORD_ROUTE, "sip:192.0.2.9;lr");
	(void)!tp_sip_msg_hop(m, 15);
	(void)!tp_sip_msg_add(m, "Supported", "timer");
	(void)tp_sip_msg_remove(m, "P-Asserted-Identity");
	(void)tp_sip_msg_remove(m, "Date");
	(void)!tp_sip_msg_set_contact_uri(m, 0, "sip:192.0.2.9");
	(void)!tp_sip_msg_set_body(m, NULL, "v=0\r\n", 5);
	tp_sip_msg_remove_credentials(m, TP_SIP_PROXY_AUTHORIZATION, 0);
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
	read(m);
	build(m);
	edit(m);
	if (tp_sip_msg_write(m, &bytes, &len) == TP_OK) {
		tp_sip_msg_free(&m);
		if (tp_sip_msg_parse(bytes, len, &m, NULL, NULL) != TP_OK && len <= TP_SIP_MESSAGE_MAX - 1024)
			abort();
		free(bytes);
	}
	tp_sip_msg_free(&m);
	return 0;
}
