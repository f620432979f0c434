/* What is in force, on disk: the decision file and the revisions it names. The
 * decision is written last and wins over every other record. Runs in turnpiked. */
#ifndef TP_SUPERVISOR_DECISION_H
#define TP_SUPERVISOR_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum {
	TP_SHA256_BYTES = 32,
	TP_CONFIGURATION_MAX = 16 << 20, /* bytes of JSON */
	TP_SLICES = 3,                   /* admin, sip, media */
};

struct tp_decision_revision {
	uint64_t number; /* 0: none */
	uint8_t sha256[TP_SHA256_BYTES]; /* of the JSON */
};

struct tp_decision {
	struct tp_decision_revision running;
	struct tp_decision_revision last_good;
	uint64_t trial_until_s; /* Unix time; 0: no trial */
};

/* A revision as it is kept: the configuration and the slices made of it, their
 * secrets still sealed. All slices or none. */
struct tp_revision {
	uint64_t number;
	uint8_t sha256[TP_SHA256_BYTES];
	void *json;
	size_t json_len;
	void *slices[TP_SLICES]; /* process number 1 + index */
	size_t slice_lens[TP_SLICES];
	char stale[128]; /* why it has none although it is kept */
};

void tp_revision_fini(struct tp_revision *r);
bool tp_revision_has_slices(const struct tp_revision *r);
/* SHA-256 of bytes. */
TP_NODISCARD enum tp_err tp_sha256(const void *bytes, size_t len, uint8_t out[TP_SHA256_BYTES]);

/* Without the file: a zeroed decision. */
TP_NODISCARD enum tp_err tp_decision_read(int config_fd, struct tp_decision *d,
					  struct tp_diag *diag);
TP_NODISCARD enum tp_err tp_decision_write(int config_fd, const struct tp_decision *d,
					   struct tp_diag *diag);

/* Writes and syncs the four files of a revision. */
TP_NODISCARD enum tp_err tp_revision_store(int config_fd, const struct tp_revision *r,
					   struct tp_diag *diag);
/* The three of the slices alone. */
TP_NODISCARD enum tp_err tp_revision_store_slices(int config_fd, const struct tp_revision *r,
						  struct tp_diag *diag);
/* Reads them back; TP_FORMAT when the JSON has another hash than the decision says. It
 * comes without slices when these do not read or are of another version. */
TP_NODISCARD enum tp_err tp_revision_load(int config_fd, const struct tp_decision_revision *which,
					  struct tp_revision *r, struct tp_diag *diag);
/* Removes the files of all revisions that the decision does not name. */
void tp_revision_sweep(int config_fd, const struct tp_decision *d);

#endif
