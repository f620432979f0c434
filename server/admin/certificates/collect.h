/* Every certificate that the appliance knows of, as rows. Runs in turnpike-admin. */
#ifndef TP_ADMIN_CERTIFICATES_COLLECT_H
#define TP_ADMIN_CERTIFICATES_COLLECT_H

#include <jansson.h>

/* Rows from the running configuration's tls container (as RFC 7951 JSON, may be NULL):
 * the identities, then the trusted CAs. Members: those of the columns
 * (admin/certificates/list.h), "id", "kind" (identity, trusted-ca), "name" (the identity's
 * id, the CA's name), "subject", "serial", "sha256", "not-after-s" (Unix time). */
json_t *tp_certificates_rows(const json_t *tls);

#endif
