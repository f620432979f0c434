/* Local registrations (RFC 3261 section 10): who is where, and over which flow. Kept
 * in memory only; phones register again after a restart. Used by sip. */
#ifndef TP_SIP_REGISTRAR_REGISTRAR_H
#define TP_SIP_REGISTRAR_REGISTRAR_H

#include "core/map.h"
#include "model/slice.h"
#include "sip/context.h"

enum {
	TP_REGISTRAR_USERS_MAX = 10000,
	TP_REGISTRAR_BINDINGS_MAX = 10, /* contacts of one user */
};

struct tp_binding {
	struct tp_list link; /* of its user */
	struct tp_registered *user;
	char contact[512];   /* URI */
	char call_id[TP_SIP_TOKEN_MAX + 1];
	uint32_t cseq;
	char user_agent[128];
	uint64_t due_ms;        /* loop time of its end */
	uint64_t registered_ms; /* Unix time */
	struct tp_flow *flow;   /* the way back: requests for it go down here and nowhere else */
};

/* One user with at least one binding. */
struct tp_registered {
	struct tp_map_node node;
	struct tp_list bindings;
	size_t count;
	char key[128];  /* lower-case account name */
	char aor[256];  /* "sip:alice@example.com", as registered */
};

TP_NODISCARD enum tp_err tp_registrar_new(struct tp_sip *sip, struct tp_registrar **out);
void tp_registrar_free(struct tp_sip *sip);
/* A REGISTER: answered here in any case. */
void tp_registrar_request(struct tp_sip *sip, struct tp_server_txn *txn, struct tp_flow *flow,
			  struct tp_sip_msg *msg);
/* The bindings of user@host, when host is ours; NULL when nobody is registered. */
struct tp_registered *tp_registrar_find(struct tp_sip *sip, const char *user, const char *host);
/* The binding that a request came from: same connection, or for UDP the same source
 * address; its From user must be the registered one. NULL: none. */
struct tp_binding *tp_registrar_source(struct tp_sip *sip, const struct tp_flow *flow,
				       const char *from_user);
/* The open connection of a user's newest binding of this transport; NULL: none. */
struct tp_flow *tp_registrar_flow(struct tp_sip *sip, const char *user, enum tp_transport transport);
/* Connections that are gone take their bindings along. */
void tp_registrar_flow_closed(struct tp_sip *sip, const struct tp_flow *flow);
/* After a commit: accounts that are gone lose their bindings. */
void tp_registrar_apply(struct tp_sip *sip);
size_t tp_registrar_count(const struct tp_sip *sip); /* bindings */
/* Fills one page for the Registrations page; *total counts what the filter lets through. */
void tp_registrar_fill(struct tp_sip *sip, const struct tp_msg_registrations_get *get,
		       struct tp_msg_registrations *out);

#endif
