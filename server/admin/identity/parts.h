/* What the files of admin/identity share; nobody else includes this. */
#ifndef TP_ADMIN_IDENTITY_PARTS_H
#define TP_ADMIN_IDENTITY_PARTS_H

#include <jansson.h>
#include <pthread.h>

#include "admin/config/inside.h"
#include "admin/identity/identities.h"
#include "tls/findings.h"
#include "tls/identity.h"

struct x509_st; /* X509 */

enum {
	TP_STAGED_MS = 30 * 60 * 1000,
	TP_STAGED_TOKEN = 32,	  /* hexadecimal digits */
	TP_REQUEST_DNS_MAX = 200, /* key_spec of messages.def */
	TP_REQUEST_IP_MAX = 16,
	TP_NAMED_MAX = 32, /* client identities that an administrator has made */
	TP_IDENTITIES_MAX = TP_TLS_IDENTITIES + TP_NAMED_MAX,
};

/* Where the private key of an upload comes from. */
enum tp_key_source {
	TP_KEY_SOURCE_NONE,
	TP_KEY_SOURCE_PENDING,	/* the pending request's */
	TP_KEY_SOURCE_UPLOADED, /* came with it */
	TP_KEY_SOURCE_PRESENT,	/* that of the certificate to be replaced */
	TP_KEY_SOURCE_MADE,	/* with a self-signed certificate */
};

/* An upload that waits to be activated. */
struct tp_staged {
	char identity[TP_TLS_IDENTITY_TEXT + 1];
	char token[TP_STAGED_TOKEN + 1]; /* "" = none */
	uint64_t until_ms;		 /* Unix */
	enum tp_key_source source;
	enum tp_tls_key_found found;
	char *pem; /* the chain, leaf first */
	size_t pem_len;
	size_t left_over;
	uint8_t public_key[2048]; /* of the leaf, SubjectPublicKeyInfo in DER */
	size_t public_key_len;
	char key_sealed[12289]; /* "" when the source has no key of its own */
};

struct tp_identities {
	struct tp_store *store;
	struct tp_bus *bus;
	struct tp_config *config;
	pthread_mutex_t mutex; /* guards what follows */
	struct tp_staged staged[TP_IDENTITIES_MAX];
};

/* One request on its way. */
struct tp_identity_call {
	struct tp_identities *all;
	const struct tp_http_request *req;
	struct tp_http_response *res;
	struct tp_tls_identity_info info;
	char source[64];
	struct tp_operator op;
};

/* Fills *k. False: there is no such identity, and *res holds the answer. */
bool tp_identity_start(struct tp_identity_call *k, void *arg, const struct tp_http_request *req,
		       struct tp_http_response *res);
/* Fills k->op and k->source from k->req. */
void tp_identity_begin(struct tp_identity_call *k);
/* Forgets requests whose certificates are in use. */
void tp_identity_settle(struct tp_identities *all);
/* A line of the configuration log. */
void tp_identity_note(const struct tp_identity_call *k, uint8_t severity, const char *name,
		      const char *fmt, ...) TP_PRINTF(4, 5);
/* Passes the configuration's own answer on. */
void tp_identity_forward(struct tp_identity_call *k, const struct tp_restconf_response *answer);

/* ------------------------------------------------------------ named.c */
/* Those of the services, and the client identities that stand in the running
 * configuration or in the candidate. */
struct tp_identity_list {
	size_t count;
	struct tp_tls_identity_info rows[TP_IDENTITIES_MAX];
};
void tp_identity_list(struct tp_config *config, struct tp_identity_list *out);
/* False: there is none of this id. */
bool tp_identity_find(struct tp_config *config, const char *id, struct tp_tls_identity_info *out);
bool tp_identity_is_default(const char *id);
/* An administrator has made it, for zones. */
bool tp_identity_is_named(const char *id);
/* Labels of the zones that name it. */
json_t *tp_identity_zones_json(struct tp_config *config, const char *name);

/* ------------------------------------------------------------ requests.c, uploads.c */
#define TP_IDENTITY_HANDLER(name)                                                                  \
	void tp_identity_##name(void *arg, const struct tp_http_request *req,                      \
				struct tp_http_response *res)
TP_IDENTITY_HANDLER(get_request);
TP_IDENTITY_HANDLER(post_request);
TP_IDENTITY_HANDLER(delete_request);
TP_IDENTITY_HANDLER(post_self_signed);
TP_IDENTITY_HANDLER(post_upload);
TP_IDENTITY_HANDLER(delete_staged);
TP_IDENTITY_HANDLER(post_activate);
TP_IDENTITY_HANDLER(delete_certificate);
TP_IDENTITY_HANDLER(post_named);
TP_IDENTITY_HANDLER(delete_named);
/* Keeps what was read as staged, and answers with what there is to say about it. */
void tp_identity_bring(struct tp_identity_call *k, struct tp_span bytes, enum tp_key_source source,
		       const struct tp_msg_key_answer *key);

/* ------------------------------------------------------------ setting.c */
/* Path of the identity behind a datastore, and what an entry is called. */
void tp_identity_path(const char *id, char path[TP_CONFIG_PATH_MAX + 1]);
/* What it shows: its own chain or, of a service, the default one; NULL when there is none. */
char *tp_identity_chain(struct tp_config *config, const char *datastore, const char *id);
/* All trusted authorities as one PEM text; freed by the caller. */
char *tp_identity_trusted(struct tp_config *config);
/* Whether it is shown by servers and by clients, as the candidate says. */
void tp_identity_sides(struct tp_config *config, const char *id, bool *server, bool *client);
/* Puts chain and key into the candidate, and, with commit, in force. k->res gets the answer. */
void tp_identity_put(struct tp_identity_call *k, const char *chain, const char *key_sealed,
		     const json_t *body);
/* The same for going back to the default identity, or, for one that an administrator has
 * made, for letting go of it. */
void tp_identity_remove(struct tp_identity_call *k, bool commit);

/* ------------------------------------------------------------ describe.c */
json_t *tp_identity_certificate_json(struct x509_st *x);
/* Of the certificates of a chain but the first; certificate gets the first, or null. */
json_t *tp_identity_chain_json(const char *pem, json_t **certificate);
json_t *tp_identity_findings_json(const struct tp_tls_findings *findings);
/* NULL: no memory, or it does not read. */
json_t *tp_identity_request_json(const struct tp_identity_request *r);
json_t *tp_identity_staged_json(struct tp_config *config, const char *id,
				const struct tp_staged *staged);
/* What there is to say about a chain; false when it does not read. */
bool tp_identity_judge(struct tp_config *config, const char *id, const struct tp_staged *staged,
		       struct tp_tls_findings *out);

/* ------------------------------------------------------------ stage.c */
/* Finds the private key of what was read, and keeps both as the identity's staged
 * upload: s gets a copy to answer with; end it with tp_staged_fini. key: the one that
 * came or was made with it, NULL for none; source then says which. */
TP_NODISCARD enum tp_err tp_identity_stage(struct tp_identity_call *k, struct tp_tls_upload *upload,
					   enum tp_key_source source,
					   const struct tp_msg_key_answer *key,
					   struct tp_staged *s);
/* A copy of what is staged. TP_NOTFOUND: nothing, too old, or another token (NULL = any). */
TP_NODISCARD enum tp_err tp_identity_staged(struct tp_identities *all, const char *id,
					    const char *token, struct tp_staged *s);
void tp_identity_unstage(struct tp_identities *all, const char *id);
void tp_staged_fini(struct tp_staged *s);

/* ------------------------------------------------------------ ask.c */
/* What the body asks for. False: *res holds the answer. spec's vectors are freed with
 * tp_msg_key_ask_fini; input is borrowed from *like, which the caller frees. */
bool tp_identity_read_request(struct tp_identity_call *k, const json_t *body,
			      struct tp_msg_key_ask *ask, char distribution[16], char **like);
/* Host name, addresses and parent domain for the form. */
json_t *tp_identity_defaults_json(struct tp_config *config);
/* Asks the key helper; false: *res holds the answer. */
bool tp_identity_ask(struct tp_identity_call *k, struct tp_msg_key_ask *ask,
		     struct tp_msg_key_answer *answer);

#endif
