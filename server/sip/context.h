/* The one context of turnpike-sip: what every part of the process hangs on. */
#ifndef TP_SIP_CONTEXT_H
#define TP_SIP_CONTEXT_H

#include "ipc/child.h"
#include "sip/digest/digest.h"
#include "sip/transaction/transaction.h"

struct tp_sip_config; /* sip/config/config.h: the revision in force, NULL before the first */
struct tp_zones;      /* sip/zone/zone.h */
struct tp_registrar;  /* sip/registrar/registrar.h */
struct tp_calls;      /* sip/proxy/call.h */
struct tp_media_link; /* sip/media/link.h */
struct tp_resolver;   /* sip/zone/resolve.h */
struct tp_history;    /* sip/status/history.h */
struct tp_handshakes; /* sip/status/handshakes.h */
struct tp_crl_set;    /* tls/crl_index.h */
struct tp_sip_revocation; /* sip/revocation/revocation.h */
struct tp_traversal_test; /* sip/zone/traversal_test.h */

struct tp_sip {
	struct tp_child *child;
	struct tp_loop *loop;
	struct tp_sip_ids ids;
	uint8_t seed[16]; /* of hash maps */
	struct tp_digest digest;
	struct tp_transport_layer *transport;
	struct tp_transaction_layer *transactions;
	struct tp_sip_config *config;
	struct tp_sip_config *next; /* prepared, waiting for commit or abort */
	struct tp_resolver *resolver;
	struct tp_zones *zones;
	struct tp_registrar *registrar;
	struct tp_calls *calls;
	struct tp_media_link *media;
	struct tp_history *history;
	struct tp_handshakes *handshakes;
	struct tp_connections *connections;
	struct tp_lookups *lookups; /* sip/status/lookup.h */
	struct tp_crl_set *crls;              /* what the supervisor has handed out */
	struct tp_sip_revocation *revocation;
	struct tp_traversal_test *traversal_test;
};

#endif
