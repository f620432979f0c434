/* Whether the certificate of somebody who comes to the web interface is revoked: asks the
 * revocation lists in memory and, where the policy says so, the OCSP responders that the
 * certificates name, through the fetch helper. The verdict is that of the one table
 * (tls/revocation.h). Runs in turnpike-admin's workers; any thread, several at a time. */
#ifndef TP_ADMIN_REVOCATION_PEER_CHECK_H
#define TP_ADMIN_REVOCATION_PEER_CHECK_H

#include "tls/revocation_chain.h"

struct tp_bus;
struct tp_lists;
struct tp_peer_check;

/* Brings the responder's answer to the question within time_ms. On TP_OK *bytes is to be
 * freed; else text says in words why there is none. */
typedef enum tp_err (*tp_peer_fetch)(void *arg, const struct tp_ocsp_question *question,
				     uint32_t time_ms, void **bytes, size_t *len,
				     char text[TP_OCSP_TEXT_MAX + 1]);

/* crls and arg outlive it; crls NULL: none. */
TP_NODISCARD enum tp_err tp_peer_check_new(const struct tp_crl_set *crls, tp_peer_fetch fetch,
					   void *arg, struct tp_peer_check **out);
void tp_peer_check_free(struct tp_peer_check **check);

/* chain: the path that the certificate was believed by, leaf first, the trusted one last,
 * which is not asked about. Waits for responders at most deadline_ms altogether. out->outcome is
 * ACCEPT or REFUSE, out->reason says why in words. What goes wrong on our side (no
 * memory, a chain that is too long) refuses. A policy that is not enabled accepts. For
 * web logins set automatic_overrides. */
void tp_peer_check_run(struct tp_peer_check *check, const struct tp_revocation_policy *policy,
		       uint32_t deadline_ms, struct x509_st *const *chain, size_t count,
		       struct tp_revocation_verdict *out);

/* The one of this process: over its lists, by the bus. Lives as long as they do. */
struct tp_peer_check *tp_lists_peer_check(struct tp_lists *lists);

/* arg: the struct tp_bus. */
enum tp_err tp_peer_fetch_by_bus(void *arg, const struct tp_ocsp_question *question, uint32_t time_ms,
				 void **bytes, size_t *len, char text[TP_OCSP_TEXT_MAX + 1]);

#endif
