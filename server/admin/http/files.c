/* Serving of the browser application. Runs in turnpike-admin's workers. */
#include "admin/http/files.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { INFLATED_MAX = 16 << 20 };

static const struct tp_ui_file *find(const char *path)
{
	size_t count;
	const struct tp_ui_file *files = tp_ui_files(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(files[i].path, path))
			return &files[i];
	return NULL;
}

/* Addresses such as /zones/core are pages of the application; a name with a dot in
 * the last segment, or below /assets, is a file. */
static bool is_page(const char *path)
{
	return !strchr(strrchr(path, '/'), '.') && strncmp(path, "/assets/", 8) != 0;
}

/* For the rare client that cannot take gzip. */
static void reply_inflated(struct tp_http_response *res, const struct tp_ui_file *file)
{
	unsigned char *out = malloc(INFLATED_MAX);
	z_stream z = { .next_in = (Bytef *)file->gzip, .avail_in = (uInt)file->len };
	int done = Z_MEM_ERROR;

	if (out && inflateInit2(&z, 15 + 16) == Z_OK) {
		z.next_out = out;
		z.avail_out = INFLATED_MAX;
		done = inflate(&z, Z_FINISH);
		inflateEnd(&z);
	}
	if (done == Z_STREAM_END)
		tp_http_reply_bytes(res, 200, file->type, out, z.total_out);
	else
		tp_http_reply_failure(res, TP_NOMEM, NULL);
	free(out);
}

void tp_files_serve(const struct tp_http_request *req, struct tp_http_response *res)
{
	const struct tp_ui_file *file = find(req->path);

	if (!file && is_page(req->path))
		file = find("/index.html");
	if (!file) {
		tp_http_reply_error(res, 404, "invalid-value", NULL, "there is nothing at this path");
		return;
	}
	if (!strcmp(req->if_none_match, file->etag)) {
		tp_http_reply_empty(res, 304);
	} else if (strstr(req->accept_encoding, "gzip")) {
		tp_http_reply_empty(res, 200);
		tp_text_copy(res->content_type, sizeof(res->content_type), file->type);
		res->fixed = file->gzip;
		res->fixed_len = file->len;
		tp_http_header(res, "Content-Encoding", "gzip");
	} else {
		reply_inflated(res, file);
	}
	tp_http_header(res, "ETag", file->etag);
	tp_http_header(res, "Vary", "Accept-Encoding");
	tp_http_header(res, "Cache-Control",
		       strncmp(req->path, "/assets/", 8) ? "no-cache" : "public, max-age=31536000, immutable");
}
