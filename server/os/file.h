/* Small files on disk, written so that a power cut leaves the old or the new one.
 * Names are relative to a directory fd and hold no '/'. Used by turnpiked. */
#ifndef TP_OS_FILE_H
#define TP_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

/* Writes a temporary file beside, fsyncs, renames over `name`, fsyncs the folder. */
TP_NODISCARD enum tp_err tp_file_write(int dir_fd, const char *name, const void *bytes, size_t len,
				       mode_t mode, struct tp_diag *diag);
/* Whole file (regular, not a symbolic link) into fresh memory with a NUL behind.
 * TP_NOTFOUND, TP_LIMIT above max, TP_FORMAT when not a regular file, TP_IO. */
TP_NODISCARD enum tp_err tp_file_read(int dir_fd, const char *name, size_t max, void **bytes,
				      size_t *len);
/* TP_OK also when it was not there; the folder is fsynced. */
TP_NODISCARD enum tp_err tp_file_remove(int dir_fd, const char *name);
/* Opens a sub-folder, making it with this mode first when it is not there. Not
 * through a symbolic link. */
TP_NODISCARD enum tp_err tp_file_open_dir(int dir_fd, const char *name, mode_t mode, int *out,
					  struct tp_diag *diag);
/* Removes a file, or empties and removes a folder, for good. overwrite: zeros go over each regular
 * file that has no other name, as far as it may be written, and to the disk before it is removed;
 * what a journal, snapshots or flash storage keep of it is out of reach. Goes on behind what cannot
 * be removed; TP_IO: something is left. TP_OK also when it was not there. */
TP_NODISCARD enum tp_err tp_file_wipe(int dir_fd, const char *name, bool overwrite);
/* The same for everything in a folder, which stays. */
TP_NODISCARD enum tp_err tp_file_wipe_dir(int dir_fd, bool overwrite);

#endif
