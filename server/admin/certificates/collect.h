/* Every certificate that the appliance knows of, as rows. Runs in turnpike-admin. */
#ifndef TP_ADMIN_CERTIFICATES_COLLECT_H
#define TP_ADMIN_CERTIFICATES_COLLECT_H

#include <jansson.h>

#include "admin/store/store.h"

/* Rows from the running configuration's tls container (as RFC 7951 JSON, may be NULL):
 * the identities, then the trusted CAs. Members: those of the columns
 * (admin/certificates/list.h), "id", "kind" (identity, trusted-ca), "name" (the identity's
 * id, the CA's name), "subject", "serial", "sha256", "not-after-s" (Unix time). */
json_t *tp_certificates_rows(const json_t *tls);
/* Adds the requests that wait for their certificate; kind "request", name: the
 * identity's id, no end. */
void tp_certificates_add_requests(json_t *rows, struct tp_store *store, const json_t *tls);
/* Adds the revocation lists in use out of tp_lists_json's answer; kind "crl", name and
 * distribution: the URL, or "uploaded". */
void tp_certificates_add_crls(json_t *rows, const json_t *revocation);

#endif
