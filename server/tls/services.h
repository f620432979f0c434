/* The one table of services that speak TLS (services.def). Used by every process
 * and by the validator; needs no OpenSSL. */
#ifndef TP_TLS_SERVICES_H
#define TP_TLS_SERVICES_H

#include <stdbool.h>

enum tp_tls_service {
#define TP_TLS_SERVICE(id, name, label, server, client, advanced) TP_TLS_SERVICE_##id,
#include "tls/services.def"
#undef TP_TLS_SERVICE
	TP_TLS_SERVICES, /* how many */
};

struct tp_tls_service_info {
	const char *name;  /* "web" */
	const char *label; /* for people */
	bool server;
	bool client;
	const char *advanced; /* its check in the advanced mode, by id */
};

/* Never NULL for a service of the table. */
const struct tp_tls_service_info *tp_tls_service_info(enum tp_tls_service service);
/* By its name; TP_TLS_SERVICES when there is none. */
enum tp_tls_service tp_tls_service_find(const char *name);

#endif
