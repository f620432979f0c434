/* Certificates by ACME (RFC 8555): when one is asked for, the order with everything
 * around it, and what an administrator hears of it. One thread of turnpike-admin drives
 * it; the protocol itself is spoken by a helper of the supervisor's. */
#ifndef TP_ADMIN_ACME_ACME_H
#define TP_ADMIN_ACME_ACME_H

#include "admin/acme/proofs.h"
#include "admin/bus/bus.h"
#include "admin/config/config.h"
#include "admin/http/router.h"
#include "admin/identity/identities.h"
#include "admin/status/status.h"
#include "admin/store/store.h"

enum { TP_ALARM_ACME_FAILED = 40030 }; /* subject: "ACME" */

struct tp_acme;

/* All outlive it. */
struct tp_acme_parts {
	struct tp_store *store;
	struct tp_bus *bus;
	struct tp_config *config;
	struct tp_identities *identities;
	struct tp_status *status;
};

TP_NODISCARD enum tp_err tp_acme_new(const struct tp_acme_parts *parts, struct tp_acme **out);
void tp_acme_free(struct tp_acme **acme);
/* Starts, and ends, its thread; the bus is closed before the latter. */
TP_NODISCARD enum tp_err tp_acme_start(struct tp_acme *acme);
void tp_acme_stop(struct tp_acme *acme);

/* For the web server (tp_server_on_hello). */
struct tp_acme_proofs *tp_acme_proofs(struct tp_acme *acme);
/* Bus, events thread: shows the proof and says so. */
void tp_acme_on_challenge(struct tp_acme *acme, const struct tp_msg_acme_challenge *m);

/* Routes; their argument is the struct tp_acme. */
const struct tp_route *tp_acme_routes(size_t *count);

#endif
