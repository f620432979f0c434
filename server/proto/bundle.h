/* Files packed together for a download: ZIP, GZIP, TAR in GZIP, or one bare file; told by
 * content, never by name. Bytes in, files out. Used by the CRL helper. */
#ifndef TP_PROTO_BUNDLE_H
#define TP_PROTO_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct tp_bundle_limits {
	size_t files_max;
	size_t bytes_max;   /* of all files together, unpacked */
	unsigned ratio_max; /* unpacked to packed; the first MiB is not counted */
};

/* One file; the bytes are gone after the call. Not TP_OK ends the walk. */
typedef enum tp_err (*tp_bundle_file)(void *arg, const uint8_t *bytes, size_t len);

/* Calls `file` for each file. An archive inside an archive is handed out as it is, but for
 * TAR inside GZIP. TP_LIMIT: more files or bytes than allowed (nothing was unpacked beyond
 * it); TP_FORMAT: broken; TP_UNSUPPORTED: encrypted, ZIP64 or an unknown method;
 * TP_NOMEM; or what `file` returned. */
TP_NODISCARD enum tp_err tp_bundle_walk(const uint8_t *bytes, size_t len,
					const struct tp_bundle_limits *limits, tp_bundle_file file,
					void *arg, struct tp_diag *diag);

#endif
