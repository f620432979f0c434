/* What has to hold before advanced account security begins, and as long as it lasts
 * (row 135). Runs in turnpike-admin's workers. */
#ifndef TP_ADMIN_ADVANCED_PREREQUISITES_H
#define TP_ADMIN_ADVANCED_PREREQUISITES_H

#include <stdbool.h>
#include <stddef.h>

#include "admin/store/store.h"
#include "model/make_slices.h"

/* One of them; texts are static sentences. */
struct tp_prerequisite {
	const char *id;
	const char *text;   /* what has to hold */
	const char *remedy; /* what to do about it */
	const char *path;   /* of the setting that it concerns */
	bool modelled;      /* the model itself refuses a configuration without it */
};

enum { TP_PREREQUISITES = 9 };

/* Looks at a configuration and at the accounts that there are. TP_IO and the like: the store
 * cannot be read. */
TP_NODISCARD enum tp_err tp_prerequisites_look(struct tp_store *store,
					       const struct tp_advanced_ground *ground,
					       bool passed[TP_PREREQUISITES]);
/* The table; index below TP_PREREQUISITES. */
const struct tp_prerequisite *tp_prerequisite(size_t index);

#endif
