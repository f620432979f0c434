/* Calls: an INVITE on its way to its targets, then the dialog that came of it, with
 * its media session. Other requests outside of dialogs use the same fork without
 * media. Used by sip. RFC 3261 section 16. */
#ifndef TP_SIP_PROXY_CALL_H
#define TP_SIP_PROXY_CALL_H

#include "route/route.h"
#include "sip/media/session.h"

enum {
	TP_CALLS_MAX = 20000,
	TP_CALL_STEPS_MAX = 128,
	TP_CALL_ROUTES_MAX = 4096,   /* bytes of a stored route set */
	TP_CALL_BRANCHES_MAX = 32,
	TP_CALL_TIMER_C_MS = 180000,
	TP_CALL_LINGER_MS = 250,     /* for what was said just before the BYE */
	TP_CALL_JOBS_MAX = 16,       /* messages of one dialog waiting for the media process */
};

/* What a server transaction's user pointer leads to. */
enum tp_txn_kind { TP_TXN_CALL, TP_TXN_EXCHANGE };

/* One end of a dialog. */
struct tp_leg {
	uint32_t zone;          /* 0: default zone, or a local registration */
	char zone_name[64];     /* "default" for 0 */
	bool registered;        /* a local registration */
	char user[128];         /* whose */
	uint8_t encryption;
	bool nat;
	struct tp_flow *flow;   /* how it was reached, or where it came from; NULL after a restart */
	uint8_t transport;      /* of flow, kept for the record */
	struct tp_addr local;
	struct tp_addr remote;
	char target[TP_SIP_URI_MAX + 1]; /* its Contact */
	char *routes;           /* "<uri>, <uri>" between us and it, nearest first; NULL = none */
	char tag[TP_SIP_TOKEN_MAX + 1];
	uint32_t cseq;          /* highest of its requests */
};

struct tp_call;

/* One target of the fork; the one that answers becomes the callee's end. */
struct tp_branch {
	struct tp_list link;
	struct tp_call *call;
	struct tp_leg leg;
	char uri[TP_SIP_URI_MAX + 1];
	char rule[64];
	struct tp_media_session *media;
	struct tp_client_txn *txn;
	struct tp_sip_msg *request; /* while its offer is with the media process */
	struct tp_sip_msg *ok;      /* the 2xx as sent on, until the ACK */
	struct tp_sip_msg *ack;     /* as sent on: again for each repeated 2xx */
	bool cancelled;
	bool done;                  /* a final response, or failed */
	bool accepted;              /* the first 2xx has come */
	struct tp_job *job;         /* being worked on */
	struct tp_list jobs;        /* waiting behind it */
	size_t job_count;
};

struct tp_call {
	enum tp_txn_kind kind; /* first: TP_TXN_CALL */
	struct tp_sip *sip;
	struct tp_map_node by_id;
	struct tp_map_node by_dialog;
	char dialog_key[2 * TP_SIP_TOKEN_MAX + 2]; /* Call-ID, newline, the caller's tag */
	struct tp_list link;
	struct tp_later later;
	struct tp_timer linger; /* from the end of an answered call to the end of its media */
	unsigned refs;         /* transactions, exchanges, the dialog, closing media */
	bool invite;
	bool counted;          /* shown among the calls */
	struct tp_server_txn *txn;
	struct tp_sip_msg *msg; /* the request; NULL when the fork is over */
	struct tp_leg caller;
	char *from;             /* From as the caller wrote it, with its tag */
	char *to;               /* To of the 2xx, with its tag; NULL before */
	uint32_t cseq;          /* of the INVITE */
	bool starting;          /* targets are being started: do not look for the end yet */
	struct tp_list branches;
	struct tp_branch *winner;
	struct tp_route_target *targets;
	size_t target_count;
	size_t target_next;
	struct tp_sip_msg *best;
	int best_status;       /* 0 = none; may be ours without a message */
	char best_reason[128];
	bool final_sent;
	bool cancelled;
	bool alive;            /* holds the dialog's reference */
	bool ended;
	struct tp_msg_call info;
	size_t step_count;
	char **steps;
	struct tp_list exchanges;
};

TP_NODISCARD enum tp_err tp_calls_new(struct tp_sip *sip, struct tp_calls **out);
void tp_calls_free(struct tp_calls **calls);
/* Any request but REGISTER and those about links. Owns msg. */
void tp_calls_request(struct tp_sip *sip, struct tp_server_txn *txn, struct tp_flow *flow,
		      struct tp_sip_msg *msg);
void tp_calls_cancel(struct tp_sip *sip, struct tp_server_txn *txn);
void tp_calls_server_end(struct tp_sip *sip, struct tp_server_txn *txn);
/* A session that the media process kept over our restart; id 0: that was all. */
void tp_calls_kept(struct tp_sip *sip, const struct tp_msg_media_kept *kept);
/* The first configuration is in force: takes over what was reported before it. */
void tp_calls_take_kept(struct tp_sip *sip);
/* BYE to both ends. TP_NOTFOUND. */
enum tp_err tp_calls_disconnect(struct tp_sip *sip, uint64_t id, const char *reason);
size_t tp_calls_dialogs(const struct tp_sip *sip);
uint32_t tp_calls_of_zone(const struct tp_sip *sip, uint32_t zone);
void tp_calls_totals(const struct tp_sip *sip, uint64_t *total, uint64_t *failed);
struct tp_call *tp_calls_find(struct tp_sip *sip, uint64_t id);
void tp_calls_fill(struct tp_sip *sip, uint32_t offset, uint32_t limit, struct tp_msg_calls *out);
void tp_call_fill_steps(const struct tp_call *call, struct tp_msg_decision_step **steps, uint32_t *count);

/* ----------------------------------------------- between the files of proxy/ */

/* call.c: life */
TP_NODISCARD enum tp_err tp_call_new(struct tp_sip *sip, uint64_t id, struct tp_call **out);
void tp_call_ref(struct tp_call *call);
void tp_call_unref(struct tp_call *call);
void tp_call_step(struct tp_call *call, const char *fmt, ...) TP_PRINTF(2, 3);
/* Puts it into the table of dialogs: call->caller.tag is known. */
void tp_call_index(struct tp_call *call, const char *call_id);
struct tp_call *tp_calls_find_dialog(struct tp_sip *sip, const char *call_id, const char *tag);
/* The call is over: tells history, closes media. Doing it twice does nothing. */
void tp_call_end(struct tp_call *call, int status, const char *reason);
void tp_branch_free(struct tp_branch *branch);
void tp_branch_close_media(struct tp_branch *branch);
TP_NODISCARD enum tp_err tp_branch_new(struct tp_call *call, struct tp_branch **out);
extern const struct tp_media_owner tp_branch_media_owner;

/* leg.c: ends and flows */
void tp_leg_set_flow(struct tp_leg *leg, struct tp_flow *flow);
void tp_leg_fini(struct tp_leg *leg);
void tp_leg_party(struct tp_sip *sip, const struct tp_leg *leg, struct tp_media_party *out);
/* A flow for a request to this end, with a reference. */
TP_NODISCARD enum tp_err tp_leg_reach(struct tp_sip *sip, struct tp_leg *leg, struct tp_flow **out,
				      struct tp_diag *diag);
/* Our Record-Route URI towards the peer of a flow. */
void tp_leg_record_route(const struct tp_call *call, const struct tp_flow *flow, char *buf, size_t size);
/* The call id in a Route of ours; 0 = not ours. */
uint64_t tp_route_call_id(const struct tp_sip_uri *uri);

/* fork.c: targets in order, responses to the best */
void tp_fork_start(struct tp_call *call);
void tp_fork_cancel(struct tp_call *call);
/* After the media work: the response goes to the caller. */
void tp_fork_forward(struct tp_branch *branch, struct tp_sip_msg *msg);
/* A 2xx whose answer cannot be used: the callee is hung up on, the caller told. */
void tp_fork_reject(struct tp_branch *branch, struct tp_sip_msg *msg, const struct tp_diag *diag);
/* ACK and BYE for a 2xx that nobody wants. */
void tp_fork_hang_up(struct tp_branch *branch, const struct tp_sip_msg *ok);
/* Warning value with words for the other side. */
void tp_sip_warning(const struct tp_sip *sip, const char *words, char *buf, size_t size);
/* Takes off the credentials of our own realm: they are ours to check, nobody else's to see. */
void tp_sip_strip_credentials(struct tp_sip *sip, struct tp_sip_msg *msg);
/* The status that says why SDP was refused. */
int tp_sip_sdp_status(enum tp_err err, const struct tp_diag *diag);
/* Tag, Contact, route set and To of a response that makes or refreshes a dialog. */
void tp_leg_learn_response(struct tp_leg *leg, const struct tp_call *call, const struct tp_sip_msg *msg);
void tp_leg_learn_contact(struct tp_leg *leg, const struct tp_sip_msg *msg);
/* Answers the caller once and for all. */
void tp_fork_reply(struct tp_call *call, int status, const char *phrase, const char *warning);

/* job.c: messages that may carry SDP, one after the other */
struct tp_exchange;
enum tp_job_kind { TP_JOB_RESPONSE, TP_JOB_REQUEST, TP_JOB_REPLY, TP_JOB_ACK };
/* Owns msg. side: 0 from the caller, 1 from the callee. */
void tp_job_add(struct tp_branch *branch, enum tp_job_kind kind, uint8_t side, struct tp_sip_msg *msg,
		struct tp_exchange *exchange);
/* Drops what waits. */
void tp_jobs_clear(struct tp_branch *branch);
/* Forgets jobs of an exchange that ends. */
void tp_jobs_forget(struct tp_branch *branch, const struct tp_exchange *exchange);
bool tp_msg_has_sdp(const struct tp_sip_msg *msg);

/* indialog.c */
struct tp_exchange {
	enum tp_txn_kind kind; /* first: TP_TXN_EXCHANGE */
	struct tp_list link;
	struct tp_call *call;
	struct tp_branch *branch;
	uint8_t side;          /* who asked */
	enum tp_sip_method method;
	struct tp_server_txn *server; /* NULL: our own BYE */
	struct tp_client_txn *client;
	struct tp_sip_msg *msg; /* the request, for error replies */
	struct tp_sip_msg *ok;  /* 2xx to a re-INVITE as sent on, until it ends */
	bool answered;          /* a final response was sent */
};
void tp_indialog_request(struct tp_call *call, struct tp_branch *branch, uint8_t side,
			 struct tp_server_txn *txn, struct tp_flow *flow, struct tp_sip_msg *msg);
void tp_exchange_forward(struct tp_exchange *x, struct tp_sip_msg *msg);
void tp_exchange_reply(struct tp_exchange *x, int status, const char *phrase, const char *warning);
void tp_exchange_forward_reply(struct tp_exchange *x, struct tp_sip_msg *msg);
void tp_exchange_server_end(struct tp_exchange *x);
void tp_exchange_cancel(struct tp_exchange *x);
void tp_ack_forward(struct tp_branch *branch, uint8_t side, struct tp_sip_msg *msg);
/* A BYE of our own to this end. */
void tp_indialog_bye(struct tp_call *call, uint8_t side, const char *reason);
struct tp_leg *tp_call_leg(struct tp_call *call, uint8_t side);

#endif
