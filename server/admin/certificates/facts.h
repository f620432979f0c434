/* What is to be told about one certificate. Runs in turnpike-admin. */
#ifndef TP_ADMIN_CERTIFICATES_FACTS_H
#define TP_ADMIN_CERTIFICATES_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/text.h"

struct x509_st; /* X509 */

/* Texts are UTF-8, cut to fit. */
struct tp_facts {
	char subject[512];     /* RFC 2253 order, letters beyond ASCII as they are */
	char issuer[512];
	char common_name[256]; /* the most specific one; "" = none */
	char serial[3 * 32];   /* "0A:1B:…", cut after 31 bytes */
	char sha256[3 * 32];   /* of the DER form, "AB:CD:…" */
	int64_t not_before;    /* Unix time, seconds; saturates */
	int64_t not_after;
	bool self_signed;      /* signed with its own key, as far as names and key identifiers say */
	bool ca;               /* says so itself: basicConstraints, version 3 */
};

TP_NODISCARD enum tp_err tp_facts_read(struct x509_st *certificate, struct tp_facts *out);

/* Byte for byte what `openssl x509 -text -nameopt RFC2253 -noout` prints. *out is freed by
 * the caller. */
TP_NODISCARD enum tp_err tp_facts_print_raw(struct x509_st *certificate, char **out, size_t *len);

/* The same for people: what is not UTF-8 as '?'. */
TP_NODISCARD enum tp_err tp_facts_print(struct x509_st *certificate, char **out, size_t *len);

/* A text that may hold any bytes: what is not UTF-8, and control bytes other than line
 * ends, become '?'. In place. */
void tp_facts_clean(char *text, size_t len);

#endif
