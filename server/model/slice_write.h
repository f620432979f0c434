/* Making a process's slice of the configuration. Runs in turnpike-validate. */
#ifndef TP_MODEL_SLICE_WRITE_H
#define TP_MODEL_SLICE_WRITE_H

#include "model/slice.h"

struct tp_slice_writer;

/* process: enum tp_process number of the reader. */
TP_NODISCARD enum tp_err tp_slice_writer_new(uint8_t process, uint64_t revision,
					     struct tp_slice_writer **out);
void tp_slice_writer_free(struct tp_slice_writer **w);

/* Adds a sealed secret as it stands in the configuration ("$tp1$..." text) under its
 * record name ("zone/<name>/password", "account/<name>/password",
 * "identity/server/key") and gives its number for the record's *_secret field. The
 * same name twice gives the same number. TP_LIMIT, TP_NOMEM. */
TP_NODISCARD enum tp_err tp_slice_writer_secret(struct tp_slice_writer *w, const char *name,
						struct tp_span sealed, uint16_t *number);

/* Encodes the record by `write` (tp_cfg_sip_write and the like, behind a void
 * pointer) and gives a sealed memfd. TP_LIMIT above TP_SLICE_MAX. */
TP_NODISCARD enum tp_err tp_slice_writer_finish(struct tp_slice_writer *w,
						void (*write)(struct tp_wr *, const void *),
						const void *record, int *fd);

#endif
