/* The supervisor's view of a slice: framing, and sealed secrets replaced by clear
 * ones. The body is copied untouched and never parsed here. Runs in turnpiked. */
#ifndef TP_MODEL_SLICE_SEAL_H
#define TP_MODEL_SLICE_SEAL_H

#include "model/slice.h"

/* Gives the clear form of a sealed secret, or refuses (wrong recipient: TP_DENIED). */
typedef enum tp_err (*tp_slice_opener)(void *arg, uint8_t process, const char *name,
				       struct tp_span sealed, struct tp_secret *clear);

/* Checks magic, form, process, revision, lengths and limits of a slice file.
 * TP_UNSUPPORTED: made by another version. */
TP_NODISCARD enum tp_err tp_slice_check(const void *bytes, size_t len, uint8_t process,
					uint64_t revision, struct tp_diag *diag);
/* The same file with every secret put through `open`, as a sealed memfd. */
TP_NODISCARD enum tp_err tp_slice_unseal(const void *bytes, size_t len, uint8_t process,
					 uint64_t revision, tp_slice_opener open, void *arg,
					 int *fd, struct tp_diag *diag);

#endif
