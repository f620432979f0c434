/* The default trust list as it is built into the program (certs/PROVENANCE.md).
 * Runs in turnpike-admin. */
#ifndef TP_ADMIN_TRUST_BUNDLE_H
#define TP_ADMIN_TRUST_BUNDLE_H

#include "core/text.h"

enum { TP_TRUST_BUNDLE_DAYS = 400 }; /* older than this it raises an alarm */

struct tp_span tp_trust_bundle(void);
/* What its head says: "2026-10-20", "ca-certificates …"; "" when it does not say. */
void tp_trust_bundle_says(const char *key, char out[64]);
/* Unix time of its date. */
int64_t tp_trust_bundle_at(void);

#endif
