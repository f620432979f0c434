/* Revocation lists as the administrator sees them: which are downloaded and when, what
 * came of it, what is in use, alarms before they end. One thread of turnpike-admin asks
 * the supervisor to update them; the files themselves are read by helpers only. */
#ifndef TP_ADMIN_REVOCATION_LISTS_H
#define TP_ADMIN_REVOCATION_LISTS_H

#include <jansson.h>

#include "admin/bus/bus.h"
#include "admin/config/config.h"
#include "admin/status/status.h"
#include "tls/crl_index.h"

enum { TP_LISTS_UPLOAD_MAX = 8 << 20 }; /* bytes of an uploaded file */

struct tp_lists;

/* bus, config and status outlive it. */
TP_NODISCARD enum tp_err tp_lists_new(struct tp_bus *bus, struct tp_config *config,
				      struct tp_status *status, struct tp_lists **out);
void tp_lists_free(struct tp_lists **lists);
/* Starts, and ends, its thread; the bus is closed before the latter. */
TP_NODISCARD enum tp_err tp_lists_start(struct tp_lists *lists);
void tp_lists_stop(struct tp_lists *lists);

/* Main thread: what a slot holds from now on (bus.h). */
void tp_lists_on_index(struct tp_lists *lists, uint8_t slot, int fd);

/* Updates all distribution points as soon as the thread is free. Returns how many. */
size_t tp_lists_update_now(struct tp_lists *lists);
/* Takes the place of the uploaded file. pem: one list in PEM form, or several. Waits.
 * Errors and words as in the message crl_made. */
TP_NODISCARD enum tp_err tp_lists_upload(struct tp_lists *lists, struct tp_span pem,
					 struct tp_diag *diag);
TP_NODISCARD enum tp_err tp_lists_remove_upload(struct tp_lists *lists, struct tp_diag *diag);
/* docs/api.md, GET /api/v1/revocation/crls. NULL without memory. */
json_t *tp_lists_json(struct tp_lists *lists);

/* The moment of the last HH:MM (UTC) at or before now. Unix time, seconds. */
int64_t tp_lists_last_due(const char *update_at, int64_t now_s);

#endif
