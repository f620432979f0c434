/* A certificate with those that issued it, as an administrator uploads it: read in
 * whatever form, the leaf found, the others ordered behind it. Used by admin. */
#ifndef TP_TLS_UPLOAD_H
#define TP_TLS_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/text.h"

struct x509_st; /* X509 */
struct evp_pkey_st; /* EVP_PKEY */
struct tp_tls_upload;

enum { TP_TLS_UPLOAD_MAX = 256 << 10, TP_TLS_UPLOAD_CERTIFICATES = 20 };

/* Every certificate in the bytes: PEM text (blocks of other kinds are passed over), one
 * certificate in DER, or PKCS#7 in either. TP_FORMAT: none, or one that does not read;
 * TP_LIMIT; TP_NOMEM; with words in diag. */
TP_NODISCARD enum tp_err tp_tls_upload_read(struct tp_span bytes, struct tp_tls_upload **out,
					    struct tp_diag *diag);
void tp_tls_upload_free(struct tp_tls_upload **upload);

/* SubjectPublicKeyInfo of a certificate in DER; false when it is longer than max. */
bool tp_tls_public_key(struct x509_st *certificate, uint8_t *out, size_t max, size_t *len);
/* Whether a certificate carries this public key (SubjectPublicKeyInfo in DER). */
bool tp_tls_upload_has_key(const struct tp_tls_upload *upload, struct tp_span public_key);
/* Finds the leaf, which is the certificate with this public key, or, when there is none
 * or the key is empty, one that issued no other; and behind it the one that issued it,
 * and so on. What then is left belongs to something else. */
void tp_tls_upload_order(struct tp_tls_upload *upload, struct tp_span public_key);

/* After tp_tls_upload_order: certificate i of the chain, borrowed; 0 is the leaf. NULL
 * behind the last. */
struct x509_st *tp_tls_upload_certificate(const struct tp_tls_upload *upload, size_t i);
size_t tp_tls_upload_count(const struct tp_tls_upload *upload);
size_t tp_tls_upload_left_over(const struct tp_tls_upload *upload);
/* The chain as PEM text; *out is freed by the caller. */
TP_NODISCARD enum tp_err tp_tls_upload_write(const struct tp_tls_upload *upload, char **out,
					     size_t *len);

/* Whether `issuer` issued `subject`: names, key identifiers, key usage and signature. With
 * the same one twice: whether it is signed with its own key. */
bool tp_tls_is_issuer(struct x509_st *issuer, struct x509_st *subject);
/* "EC P-256", "RSA 3072", "DSA"; size at least 32. */
void tp_tls_key_name(struct evp_pkey_st *key, char *out, size_t size);

#endif
