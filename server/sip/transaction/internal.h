/* What the files of sip/transaction/ share. Not included by others. */
#ifndef TP_SIP_TRANSACTION_INTERNAL_H
#define TP_SIP_TRANSACTION_INTERNAL_H

#include "core/map.h"
#include "sip/transaction/transaction.h"

/* Names a transaction: method, branch and (server) sent-by, NUL between them. */
struct txn_key {
	char bytes[3 * (TP_SIP_TOKEN_MAX + 1) + 8];
	size_t len;
};

struct tp_transaction_layer {
	struct tp_loop *loop;
	struct tp_sip_ids *ids;
	struct tp_transaction_timers timers;
	uint32_t max;
	struct tp_transaction_events events;
	void *arg;
	struct tp_map servers;
	struct tp_map clients;
	struct tp_list all_servers;
	struct tp_list all_clients;
};

/* Flat bytes to be sent again. */
struct txn_bytes {
	char *p;
	size_t len;
};
void tp_txn_bytes_drop(struct txn_bytes *b);
/* Replaces what b held. */
TP_NODISCARD enum tp_err tp_txn_bytes_from(struct txn_bytes *b, struct tp_sip_msg *msg);

enum server_state {
	SERVER_TRYING,     /* no response sent yet */
	SERVER_PROCEEDING,
	SERVER_COMPLETED,  /* final response sent; INVITE: waits for ACK */
	SERVER_CONFIRMED,  /* ACK came; absorbs further ones */
	SERVER_ACCEPTED,   /* RFC 6026: 2xx to INVITE sent */
};

struct tp_server_txn {
	struct tp_map_node node;
	struct tp_list link;
	struct tp_transaction_layer *layer;
	struct tp_flow *flow;
	enum tp_sip_method method;
	enum server_state state;
	int status;
	bool acknowledged;
	void *user;
	char to_tag[TP_SIP_ID_TEXT];
	struct txn_bytes response;
	uint32_t interval_ms;       /* timer G */
	struct tp_timer retransmit; /* G */
	struct tp_timer end;        /* H, I, J, L */
	size_t key_len;
	char key[];
};

enum client_state {
	CLIENT_CALLING,    /* INVITE calling, others trying */
	CLIENT_PROCEEDING,
	CLIENT_COMPLETED,
	CLIENT_ACCEPTED,   /* RFC 6026 */
};

struct tp_client_txn {
	struct tp_map_node node;
	struct tp_list link;
	struct tp_list flow_link; /* on flow->transactions */
	struct tp_transaction_layer *layer;
	struct tp_flow *flow;
	enum tp_sip_method method;
	enum client_state state;
	int status;
	bool cancel_wanted;
	bool cancelled;
	struct tp_client_events events; /* all NULL when detached */
	void *arg;
	char branch[TP_SIP_ID_TEXT];
	struct txn_bytes request;
	struct txn_bytes ack;
	uint32_t interval_ms;       /* timers A, E */
	struct tp_timer retransmit; /* A, E */
	struct tp_timer end;        /* B, F; D, K, M */
	struct tp_timer timer_c;
	size_t key_len;
	char key[];
};

/* key.c */
/* False when the message has no Via or its branch lacks the RFC 3261 cookie. */
bool tp_txn_server_key(const struct tp_sip_msg *msg, const char *method, struct txn_key *out);
void tp_txn_client_key(const char *method, const char *branch, struct txn_key *out);

/* server.c */
void tp_server_receive(struct tp_transaction_layer *layer, struct tp_flow *flow, struct tp_sip_msg *msg);
void tp_server_free(struct tp_server_txn *t);

/* client.c */
void tp_client_receive(struct tp_transaction_layer *layer, struct tp_flow *flow, struct tp_sip_msg *msg);
void tp_client_free(struct tp_client_txn *t);
void tp_client_fail(struct tp_client_txn *t, enum tp_err err, const char *reason);

#endif
