/* SIP transactions: RFC 3261 section 17 with RFC 6026 (Accepted states). Keeps the
 * flat bytes of what may be sent again, never a parsed message. Used by sip. */
#ifndef TP_SIP_TRANSACTION_TRANSACTION_H
#define TP_SIP_TRANSACTION_TRANSACTION_H

#include "sip/transport/transport.h"

struct tp_transaction_layer;
struct tp_server_txn;
struct tp_client_txn;

/* Timers in milliseconds; zero = RFC 3261's value. */
struct tp_transaction_timers {
	uint32_t t1;         /* 500 */
	uint32_t t2;         /* 4000 */
	uint32_t t4;         /* 5000 */
	uint32_t timer_d;    /* 32000: wait for repeated final responses, UDP */
};

struct tp_transaction_events {
	/* A new request. msg belongs to the callee. txn lives until on_server_end (borrowed
	 * till then; answer it with tp_server_txn_respond or _reply). For an ACK to a 2xx,
	 * or one that matches nothing, txn is NULL. The layer sends no 100 by itself: reply
	 * 100 as soon as an INVITE is taken on. */
	void (*on_request)(void *arg, struct tp_server_txn *txn, struct tp_flow *flow,
			   struct tp_sip_msg *msg);
	/* A CANCEL for an INVITE transaction that has no final response yet. The CANCEL has
	 * been answered 200 (others: 481) already; now cancel the branches and answer the
	 * INVITE 487. msg is borrowed. */
	void (*on_cancel)(void *arg, struct tp_server_txn *invite, const struct tp_sip_msg *msg);
	/* The server transaction is over; the pointer dies when this returns. acknowledged:
	 * INVITE with a final response above 299 got its ACK. */
	void (*on_server_end)(void *arg, struct tp_server_txn *txn, bool acknowledged);
	/* A response that belongs to no client transaction (a late 2xx of a forked INVITE
	 * after its 64*T1). A proxy drops all but 2xx to INVITE. The callee owns msg. */
	void (*on_stray_response)(void *arg, struct tp_flow *flow, struct tp_sip_msg *msg);
};

/* max: transactions of both kinds; 0 = limits.h. A request beyond it is answered 503
 * with Retry-After without a transaction. */
TP_NODISCARD enum tp_err tp_transaction_layer_new(struct tp_loop *loop, struct tp_sip_ids *ids,
						  const struct tp_transaction_timers *timers,
						  uint32_t max,
						  const struct tp_transaction_events *events,
						  void *arg, struct tp_transaction_layer **out);
/* Ends all without events. */
void tp_transaction_layer_free(struct tp_transaction_layer **layer);

/* Call these from the transport's on_message and on_closed (after your own checks).
 * receive owns msg. Refused here: a request whose Via branch has no RFC 3261 cookie
 * (400 "Via branch of RFC 3261 required"). */
void tp_transaction_receive(struct tp_transaction_layer *layer, struct tp_flow *flow,
			    struct tp_sip_msg *msg);
/* Client transactions on the flow get on_error; server ones go on (their answers
 * are lost). */
void tp_transaction_flow_closed(struct tp_transaction_layer *layer, struct tp_flow *flow);

/* ----------------------------------------------------------------------- server */

struct tp_flow *tp_server_txn_flow(const struct tp_server_txn *txn); /* borrowed */
enum tp_sip_method tp_server_txn_method(const struct tp_server_txn *txn);
/* The caller's pointer; NULL at first. */
void tp_server_txn_set_user(struct tp_server_txn *txn, void *user);
void *tp_server_txn_user(const struct tp_server_txn *txn);
/* Status of the last response sent; 0 = none yet. */
int tp_server_txn_status(const struct tp_server_txn *txn);

/* Sends a response down the flow the request came from; msg stays the caller's. A
 * provisional one may be followed by others; after a final one TP_STATE, but for
 * further 2xx to INVITE (RFC 6026 section 8.1: retransmissions and other forks of a
 * 2xx are the caller's to send). TP_CLOSED when the flow is gone: the transaction
 * then lives on until its timer. */
enum tp_err tp_server_txn_respond(struct tp_server_txn *txn, struct tp_sip_msg *response);
/* Builds and sends; a To tag is added for statuses above 100 (the same one through
 * the whole transaction). phrase NULL = standard. */
enum tp_err tp_server_txn_reply(struct tp_server_txn *txn, const struct tp_sip_msg *request,
				int status, const char *phrase);
/* The To tag that tp_server_txn_reply uses. */
const char *tp_server_txn_to_tag(const struct tp_server_txn *txn);
/* A stateless answer, e.g. to refuse without a transaction. Never to an ACK. */
enum tp_err tp_transaction_answer(struct tp_transaction_layer *layer, struct tp_flow *flow,
				  const struct tp_sip_msg *request, int status, const char *phrase);

/* ----------------------------------------------------------------------- client */

struct tp_client_events {
	/* Every provisional response; the first final one; for INVITE every further 2xx
	 * (RFC 6026). Repeated responses above 299 are absorbed and acknowledged. The callee
	 * owns msg; our Via is still on top (a proxy pops it). */
	void (*on_response)(void *arg, struct tp_client_txn *txn, struct tp_sip_msg *msg);
	/* No final response: timer B or F ran out (TP_AGAIN), or the flow failed (TP_CLOSED);
	 * reason in words. on_end follows. Treat as 408 and 503. */
	void (*on_error)(void *arg, struct tp_client_txn *txn, enum tp_err err, const char *reason);
	/* Over; the pointer dies when this returns. May be NULL. */
	void (*on_end)(void *arg, struct tp_client_txn *txn);
};

/* Pushes our Via (flow->sent_by, new branch) onto msg, sends it on the flow and
 * watches over it. msg stays the caller's, with the Via. Not for ACK: use
 * tp_transaction_send. Callbacks never run inside this call. TP_LIMIT, TP_NOMEM,
 * TP_CLOSED. */
TP_NODISCARD enum tp_err tp_client_txn_start(struct tp_transaction_layer *layer,
					     struct tp_flow *flow, struct tp_sip_msg *msg,
					     const struct tp_client_events *events, void *arg,
					     struct tp_client_txn **out);
/* Sends a CANCEL for an INVITE: at once when a provisional response has come, else
 * when one comes (section 9.1); nothing after a final one. From then on the INVITE
 * gets 64*T1 for its final response, after that on_error. */
void tp_client_txn_cancel(struct tp_client_txn *txn);
/* RFC 3261 section 16.8, for proxies: when no final response came this long after the
 * last call of this function, the INVITE is cancelled as by tp_client_txn_cancel (a
 * 487 or on_error follows), or without a provisional response on_error comes at once;
 * 0 stops it. A proxy calls it at the start and at each provisional but 100. */
void tp_client_txn_set_timer_c(struct tp_client_txn *txn, uint32_t after_ms);
/* No more callbacks; the machine runs on alone until its timers end. */
void tp_client_txn_detach(struct tp_client_txn **txn);
struct tp_flow *tp_client_txn_flow(const struct tp_client_txn *txn); /* borrowed */
const char *tp_client_txn_branch(const struct tp_client_txn *txn);
/* Status of the last response, 0 = none yet. */
int tp_client_txn_status(const struct tp_client_txn *txn);

/* Sends a request without a transaction (an ACK to a 2xx), with our Via pushed. */
enum tp_err tp_transaction_send(struct tp_transaction_layer *layer, struct tp_flow *flow,
				struct tp_sip_msg *msg);

struct tp_transaction_counters {
	uint32_t server;
	uint32_t client;
};
void tp_transaction_count(const struct tp_transaction_layer *layer,
			  struct tp_transaction_counters *out);

#endif
