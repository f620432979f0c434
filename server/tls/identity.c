/* The identities of the appliance, made from the table of services. Used by admin. */
#include "tls/identity.h"

#include <stdio.h>
#include <string.h>

static struct tp_tls_identity_info side_of(enum tp_tls_service s, bool server)
{
	const struct tp_tls_service_info *service = tp_tls_service_info(s);
	struct tp_tls_identity_info info = { .service = s, .server = server, .client = !server };
	const char *side = !service->server || !service->client ? ""
			   : server				? ", incoming"
								: ", outgoing";

	snprintf(info.id, sizeof(info.id), "%s-%s", service->name, server ? "server" : "client");
	snprintf(info.label, sizeof(info.label), "%s%s", service->label, side);
	return info;
}

struct tp_tls_identity_info tp_tls_identity_info(unsigned which)
{
	unsigned at = 1;

	for (enum tp_tls_service s = 0; s < TP_TLS_SERVICES; s++) {
		const struct tp_tls_service_info *service = tp_tls_service_info(s);

		if (service->server && which == at++)
			return side_of(s, true);
		if (service->client && which == at++)
			return side_of(s, false);
	}
	return (struct tp_tls_identity_info){ .id = "default", .label = "Shared by all services",
					      .service = TP_TLS_SERVICES, .server = true,
					      .client = true };
}

unsigned tp_tls_identity_find(const char *id)
{
	unsigned which = 0;

	while (which < TP_TLS_IDENTITIES) {
		const struct tp_tls_identity_info info = tp_tls_identity_info(which);

		if (!strcmp(info.id, id))
			break;
		which++;
	}
	return which;
}
