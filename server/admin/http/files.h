/* The browser application, as it is built into the program. Runs in turnpike-admin. */
#ifndef TP_ADMIN_HTTP_FILES_H
#define TP_ADMIN_HTTP_FILES_H

#include <stddef.h>

#include "admin/http/router.h"

struct tp_ui_file {
	const char *path; /* "/index.html" */
	const char *type;
	const char *etag; /* with its quotes */
	const unsigned char *gzip;
	size_t len;
};

/* All files; count 0 in a build without them (TP_WEBUI=OFF). */
const struct tp_ui_file *tp_ui_files(size_t *count);

/* Answers a GET that no route knows: the file, or the application's page for the
 * addresses that the application itself makes. */
void tp_files_serve(const struct tp_http_request *req, struct tp_http_response *res);

#endif
