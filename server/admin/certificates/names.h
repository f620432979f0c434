/* Whether what the appliance shows stands the strict validation of clients (row 215):
 * for each name that they ask for and each service that they meet. Runs in
 * turnpike-admin. */
#ifndef TP_ADMIN_CERTIFICATES_NAMES_H
#define TP_ADMIN_CERTIFICATES_NAMES_H

#include <jansson.h>
#include <stdint.h>

/* {"names":[{"name","from":"Host name"|"SIP domain"|"Asked for","service":"SIP, incoming",
 * "identity":"default","accepted":true,"reason":""}]}. tls: the running configuration's
 * container; host, domains (array) and name may be NULL or empty. The chain is checked as
 * by a client that trusts its topmost certificate and the trusted CAs. */
json_t *tp_certificates_names(const json_t *tls, const char *host, const json_t *domains,
			      const char *name, int64_t now_s);

#endif
