/* The identities of the appliance (docs/api.md, "Identities"): certificate requests,
 * uploads, self-signed certificates, and what is said about each before it is put in
 * use. Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_IDENTITY_IDENTITIES_H
#define TP_ADMIN_IDENTITY_IDENTITIES_H

#include "admin/bus/bus.h"
#include "admin/config/config.h"
#include "admin/http/router.h"
#include "admin/store/store.h"

struct tp_identities;

/* What is given outlives the object. */
TP_NODISCARD enum tp_err tp_identities_new(struct tp_store *store, struct tp_bus *bus,
					   struct tp_config *config, struct tp_identities **out);
void tp_identities_free(struct tp_identities **identities);

/* The identity's own certificate chain in a datastore ("running", "candidate"): PEM, NULL
 * when it has none. Freed by the caller. */
char *tp_identity_own_chain(struct tp_config *config, const char *datastore, const char *id);
/* Whether a chain ends at the temporary CA that this appliance makes for itself. */
bool tp_identity_is_temporary(const char *pem);

/* A certificate to put in use without anybody's looking at it. */
struct tp_deployment {
	const char *identity;  /* "default", "web-server" */
	struct tp_span chain;  /* PEM, leaf first */
	const struct tp_msg_key_answer *key; /* the request's: sealed key and public key */
	const char *const *accept; /* findings that an administrator accepted beforehand, by id */
	size_t accept_count;
	const char *user;    /* who does it, for the logs */
	const char *comment; /* of the revision */
};
/* Commits it when no finding stands in the way: TP_OK. TP_DENIED: findings; TP_CONFLICT:
 * other changes or a trial are pending, try again later; text says why. Waits. */
TP_NODISCARD enum tp_err tp_identities_deploy(struct tp_identities *identities,
					      const struct tp_deployment *deployment, char *text,
					      size_t size);

/* Routes; their argument is the struct tp_identities. */
const struct tp_route *tp_identities_routes(size_t *count);

#endif
