/* The identities of the appliance, made from the table of services (services.def): one
 * that all share, and one for each side of each service. Needs no OpenSSL. Used by
 * admin. */
#ifndef TP_TLS_IDENTITY_H
#define TP_TLS_IDENTITY_H

#include "tls/services.h"

enum {
	TP_TLS_IDENTITY_DEFAULT = 0,
	TP_TLS_IDENTITIES = 1
#define TP_TLS_SERVICE(id, name, label, server, client, advanced) +(server) + (client)
#include "tls/services.def"
#undef TP_TLS_SERVICE
	,
	TP_TLS_IDENTITY_TEXT = 63, /* bytes */
};

struct tp_tls_identity_info {
	char id[TP_TLS_IDENTITY_TEXT + 1];    /* "default", "sip-client" */
	char label[TP_TLS_IDENTITY_TEXT + 1]; /* "SIP, outgoing" */
	enum tp_tls_service service;	      /* TP_TLS_SERVICES for the default one */
	bool server; /* shown on connections that come in; both for the default one */
	bool client;
};

/* which: below TP_TLS_IDENTITIES, 0 is the default one. */
struct tp_tls_identity_info tp_tls_identity_info(unsigned which);
/* TP_TLS_IDENTITIES when there is none of this id. */
unsigned tp_tls_identity_find(const char *id);

#endif
