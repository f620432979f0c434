/* Work on the key of one identity: requests, self-signed certificates, and the opening
 * of what an administrator uploads. Runs in turnpike-keys. */
#ifndef TP_PLUGINS_KEYS_WORK_H
#define TP_PLUGINS_KEYS_WORK_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ipc/messages.h"

/* done->err and done->text tell the outcome. done->pem is allocated: free it with
 * tp_keys_done_fini, which also wipes the key. */
void tp_keys_work(const struct tp_msg_key_spec *spec, struct tp_msg_key_made *done);
void tp_keys_done_fini(struct tp_msg_key_made *done);

/* What the parts give tp_keys_work; both are freed by it. */
struct tp_keys_result {
	EVP_PKEY *key;
	BIO *pem; /* request or certificates; NULL: only a key */
};

/* request.c: a new key and a request for it, or a certificate signed with it. */
enum tp_err tp_keys_request(const struct tp_msg_key_spec *spec, struct tp_keys_result *out,
			    struct tp_diag *diag);
enum tp_err tp_keys_self_signed(const struct tp_msg_key_spec *spec, struct tp_keys_result *out,
				struct tp_diag *diag);
/* open.c: a PKCS#12 file, a private key. TP_AUTH: passphrase wrong or needed. */
enum tp_err tp_keys_open_pkcs12(const struct tp_msg_key_spec *spec, struct tp_keys_result *out,
				struct tp_diag *diag);
enum tp_err tp_keys_open_key(const struct tp_msg_key_spec *spec, struct tp_keys_result *out,
			     struct tp_diag *diag);

#endif
