/* What the files that make findings share. Not included by others. */
#ifndef TP_TLS_FINDING_H
#define TP_TLS_FINDING_H

#include "tls/findings.h"

/* A new finding whose texts the caller fills; a scratch one when there are too many. */
struct tp_tls_finding *tp_tls_finding_add(struct tp_tls_findings *out, const char *id,
					  enum tp_tls_severity severity);

#define SAY(f, ...) tp_tls_say((f)->text, sizeof((f)->text), __VA_ARGS__)
#define ADVISE(f, ...) tp_tls_say((f)->remedy, sizeof((f)->remedy), __VA_ARGS__)

/* What there is to say about its names. present may be NULL. */
void tp_tls_find_names(struct x509_st *leaf, struct x509_st *present, bool server,
		       struct tp_tls_findings *out);

#endif
