/* The one table of services that speak TLS (services.def).
 * Linked into every process. */
#include "tls/services.h"

#include <string.h>

static const struct tp_tls_service_info services[TP_TLS_SERVICES] = {
#define TP_TLS_SERVICE(id, name, label, server, client, advanced) \
	[TP_TLS_SERVICE_##id] = {name, label, server, client, advanced},
#include "tls/services.def"
#undef TP_TLS_SERVICE
};

const struct tp_tls_service_info *tp_tls_service_info(enum tp_tls_service service)
{
	return &services[service];
}

enum tp_tls_service tp_tls_service_find(const char *name)
{
	enum tp_tls_service s = 0;

	while (s < TP_TLS_SERVICES && strcmp(services[s].name, name))
		s++;
	return s;
}
