/* The list of trusted authorities: adding, deleting, and what to say about each. No
 * HTTP and no configuration: the list is the JSON array of tls/trusted-ca, entries
 * {"name", "certificate", "use", "crl"}. Runs in turnpike-admin. */
#ifndef TP_ADMIN_TRUST_LIST_H
#define TP_ADMIN_TRUST_LIST_H

#include <jansson.h>

#include "core/err.h"
#include "core/text.h"

enum {
	TP_TRUST_MAX = 500,	      /* entries; max-elements in the model */
	TP_TRUST_PEM_MAX = 1 << 20,   /* bytes of all together: trusted_pem of model/slice.def */
	TP_TRUST_UPLOAD_MAX = 2 << 20, /* bytes of PEM text in one upload */
};

/* Adds what is new of a PEM text with any number of blocks. `use` (may be NULL) goes
 * with each that is added. results gets an object for each block:
 *   {"result": "added"|"known"|"refused", "name": text|null, "subject", "sha256", "text"}
 * Refused are certificates that are no authority's, have expired, or have subject and
 * issuer of one in the list with another certificate (row 59: delete that first), and
 * what is neither a certificate nor a revocation list; one of these is kept with its
 * issuer, else with the first CA of the text. Returns how many were added. now_s: Unix time. */
size_t tp_trust_append(json_t *list, struct tp_span pem, const json_t *use, int64_t now_s,
		       json_t *results);

/* Takes out the entries of these names (array of texts). TP_NOTFOUND: diag names one
 * that is not there, and the list is as it was; TP_FORMAT: not an array of texts. */
TP_NODISCARD enum tp_err tp_trust_delete(json_t *list, const json_t *names, struct tp_diag *diag);

/* A list that is the default bundle, for SIP only: the other half of the pair has a CA
 * of its own. NULL without memory. */
json_t *tp_trust_default(int64_t now_s);

/* How many certificates of the list are in the default bundle. */
size_t tp_trust_count_default(const json_t *list);

/* Rows for people, one a certificate: {"name", "part", "parts", "state", "use", "subject",
 * "issuer", "common-name", "type", "serial", "sha256", "not-before-at", "not-after-at",
 * "default"}. shown: the list whose entries the rows are; running: state is "in-force"
 * when the same entry is in it, "changed" when another of that name is, else "new";
 * entries of running alone follow with "deleted". */
json_t *tp_trust_rows(const json_t *shown, const json_t *running);

/* All certificates of the list, or (name not NULL) of one entry: as PEM, or decoded for
 * reading. *out is freed by the caller. TP_NOTFOUND: no such entry. */
TP_NODISCARD enum tp_err tp_trust_pem(const json_t *list, const char *name, char **out, size_t *len);
TP_NODISCARD enum tp_err tp_trust_text(const json_t *list, const char *name, char **out, size_t *len);

#endif
