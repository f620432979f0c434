/* ZIP (APPNOTE 6.3), GZIP (RFC 1952) and TAR (POSIX ustar), as far as downloads need
 * them. Pure; used by the CRL helper. */
#include "proto/bundle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/auto.h"
#include "core/bytes.h"

#define ZLIB_CONST
#include <zlib.h>

enum {
	FREE_BYTES = 1 << 20, /* not counted for the ratio */
	ROOM_FIRST = 65536,
	ZIP_END = 22,
	ZIP_COMMENT_MAX = 65535,
	ZIP_ENTRY = 46,
	ZIP_LOCAL = 30,
	TAR_BLOCK = 512,
	TAR_SIZE_AT = 124,
	TAR_TYPE_AT = 156,
	TAR_MAGIC_AT = 257,
};

struct walk {
	const uint8_t *bytes;
	size_t len;
	const struct tp_bundle_limits *limits;
	tp_bundle_file file;
	void *arg;
	struct tp_diag *diag;
	size_t files;
	size_t unpacked;
};

static enum tp_err broken(const struct walk *w, const char *kind)
{
	return tp_fail(w->diag, TP_FORMAT, kind, "the %s file is broken", kind);
}

/* How much may still be unpacked. */
static size_t allowance(const struct walk *w)
{
	size_t most = w->limits->bytes_max;

	if (most > FREE_BYTES && w->len < (most - FREE_BYTES) / w->limits->ratio_max)
		most = FREE_BYTES + w->len * w->limits->ratio_max;
	return most > w->unpacked ? most - w->unpacked : 0;
}

static enum tp_err too_much(const struct walk *w)
{
	return tp_fail(w->diag, TP_LIMIT, "archive",
		       "unpacked it is larger than allowed (%zu bytes, %u times its own size)",
		       w->limits->bytes_max, w->limits->ratio_max);
}

static enum tp_err hand_out(struct walk *w, const uint8_t *bytes, size_t len)
{
	if (w->files == w->limits->files_max)
		return tp_fail(w->diag, TP_LIMIT, "archive", "it holds more than %zu files",
			       w->limits->files_max);
	w->files++;
	return w->file(w->arg, bytes, len);
}

/* ------------------------------------------------------------------- inflating */

struct buffer {
	uint8_t *bytes;
	size_t len;
	size_t room;
};

static void fini_buffer(struct buffer *b)
{
	free(b->bytes);
}

static enum tp_err grow(const struct walk *w, struct buffer *b)
{
	size_t most = allowance(w);
	size_t wanted = b->room ? b->room * 2 : ROOM_FIRST;
	uint8_t *more;

	if (b->room >= most)
		return too_much(w);
	if (wanted > most)
		wanted = most;
	more = realloc(b->bytes, wanted);
	if (!more)
		return tp_fail(w->diag, TP_NOMEM, "archive", "no memory");
	b->bytes = more;
	b->room = wanted;
	return TP_OK;
}

/* Until one stream ends; z->next_in stands behind it then. */
static enum tp_err inflate_stream(const struct walk *w, z_stream *z, struct buffer *out)
{
	int r = Z_OK;

	while (r != Z_STREAM_END) {
		if (out->len == out->room) {
			enum tp_err err = grow(w, out);

			if (err != TP_OK)
				return err;
		}
		z->next_out = out->bytes + out->len;
		z->avail_out = out->room - out->len > UINT32_MAX ? UINT32_MAX
								 : (uInt)(out->room - out->len);
		r = inflate(z, Z_NO_FLUSH);
		out->len = (size_t)(z->next_out - out->bytes);
		if (r == Z_BUF_ERROR && z->avail_out == 0)
			continue;
		if (r != Z_OK && r != Z_STREAM_END)
			return broken(w, "compressed");
	}
	return TP_OK;
}

/* bits: windowBits of inflateInit2. */
static enum tp_err inflate_all(const struct walk *w, const uint8_t *bytes, size_t len, int bits,
			       bool many, struct buffer *out)
{
	z_stream z = { .next_in = bytes, .avail_in = (uInt)len };
	enum tp_err err;

	if (len > UINT32_MAX)
		return too_much(w);
	if (inflateInit2(&z, bits) != Z_OK)
		return tp_fail(w->diag, TP_NOMEM, "archive", "no memory");
	err = inflate_stream(w, &z, out);
	/* Members one behind the other are one file; what else follows is not looked at. */
	while (err == TP_OK && many && z.avail_in > 2 && z.next_in[0] == 0x1f &&
	       z.next_in[1] == 0x8b) {
		err = inflateReset(&z) == Z_OK ? TP_OK : TP_INTERNAL;
		if (err == TP_OK)
			err = inflate_stream(w, &z, out);
	}
	inflateEnd(&z);
	return err;
}

/* ------------------------------------------------------------------------- TAR */

static bool is_tar(const uint8_t *bytes, size_t len)
{
	return bytes && len >= TAR_BLOCK && memcmp(bytes + TAR_MAGIC_AT, "ustar", 5) == 0;
}

static bool tar_size(const uint8_t *block, size_t *size)
{
	size_t n = 0;

	for (size_t i = 0; i < 12; i++) {
		uint8_t c = block[TAR_SIZE_AT + i];

		if (c == '\0' || c == ' ')
			break;
		if (c < '0' || c > '7' || n >> 40)
			return false;
		n = n << 3 | (size_t)(c - '0');
	}
	*size = n;
	return true;
}

static enum tp_err walk_tar(struct walk *w, const uint8_t *bytes, size_t len)
{
	enum tp_err err = TP_OK;

	while (err == TP_OK && is_tar(bytes, len)) {
		size_t size;
		size_t padded;
		char type = (char)bytes[TAR_TYPE_AT];

		if (!tar_size(bytes, &size) || size > len - TAR_BLOCK)
			return broken(w, "TAR");
		if (type == '0' || type == '\0')
			err = hand_out(w, bytes + TAR_BLOCK, size);
		padded = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
		if (padded > len - TAR_BLOCK)
			break;
		bytes += TAR_BLOCK + padded;
		len -= TAR_BLOCK + padded;
	}
	return err;
}

static enum tp_err walk_gzip(struct walk *w)
{
	__attribute__((cleanup(fini_buffer))) struct buffer out = { 0 };
	enum tp_err err = inflate_all(w, w->bytes, w->len, 15 + 16, true, &out);

	if (err != TP_OK)
		return err;
	w->unpacked = out.len;
	return is_tar(out.bytes, out.len) ? walk_tar(w, out.bytes, out.len)
					  : hand_out(w, out.bytes, out.len);
}

/* ------------------------------------------------------------------------- ZIP */

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

struct zip_entry {
	uint16_t flags;
	uint16_t method;
	size_t packed;
	size_t unpacked;
	size_t local_at;
	bool folder;
};

/* The packed bytes of an entry; NULL when they do not lie within the file. */
static const uint8_t *zip_data(const struct walk *w, const struct zip_entry *e)
{
	const uint8_t *local = w->bytes + e->local_at;
	size_t head;

	if (e->local_at > w->len || w->len - e->local_at < ZIP_LOCAL ||
	    memcmp(local, "PK\3\4", 4) != 0)
		return NULL;
	head = ZIP_LOCAL + (size_t)le16(local + 26) + le16(local + 28);
	if (w->len - e->local_at < head || w->len - e->local_at - head < e->packed)
		return NULL;
	return local + head;
}

static enum tp_err walk_zip_entry(struct walk *w, const struct zip_entry *e)
{
	__attribute__((cleanup(fini_buffer))) struct buffer out = { 0 };
	const uint8_t *data = zip_data(w, e);
	enum tp_err err;

	if (!data)
		return broken(w, "ZIP");
	if (e->flags & 1)
		return tp_fail(w->diag, TP_UNSUPPORTED, "ZIP", "it is encrypted");
	if (e->unpacked > allowance(w) || (e->method == 0 && e->packed > allowance(w)))
		return too_much(w);
	if (e->method == 0) {
		w->unpacked += e->packed;
		return hand_out(w, data, e->packed);
	}
	if (e->method != 8)
		return tp_fail(w->diag, TP_UNSUPPORTED, "ZIP", "its compression is not known (%u)",
			       e->method);
	err = inflate_all(w, data, e->packed, -15, false, &out);
	if (err != TP_OK)
		return err;
	w->unpacked += out.len;
	return hand_out(w, out.bytes, out.len);
}

static bool read_zip_entry(const uint8_t *p, size_t left, struct zip_entry *e, size_t *size)
{
	size_t name;

	if (left < ZIP_ENTRY || memcmp(p, "PK\1\2", 4) != 0)
		return false;
	name = le16(p + 28);
	*size = ZIP_ENTRY + name + le16(p + 30) + le16(p + 32);
	if (*size > left)
		return false;
	e->flags = le16(p + 8);
	e->method = le16(p + 10);
	e->packed = le32(p + 20);
	e->unpacked = le32(p + 24);
	e->local_at = le32(p + 42);
	e->folder = name && p[ZIP_ENTRY + name - 1] == '/';
	return true;
}

/* The end record is the last of its kind; a comment may follow it. */
static const uint8_t *find_zip_end(const struct walk *w)
{
	size_t at = w->len < ZIP_END ? 0 : w->len - ZIP_END;
	size_t lowest = at > ZIP_COMMENT_MAX ? at - ZIP_COMMENT_MAX : 0;

	if (w->len < ZIP_END)
		return NULL;
	for (;; at--) {
		if (memcmp(w->bytes + at, "PK\5\6", 4) == 0)
			return w->bytes + at;
		if (at == lowest)
			return NULL;
	}
}

static enum tp_err walk_zip(struct walk *w)
{
	const uint8_t *end = find_zip_end(w);
	unsigned count = end ? le16(end + 10) : 0;
	size_t at = end ? le32(end + 16) : 0;
	enum tp_err err = TP_OK;

	if (!end || at > w->len)
		return broken(w, "ZIP");
	if (count == 0xffff || at == 0xffffffff)
		return tp_fail(w->diag, TP_UNSUPPORTED, "ZIP", "ZIP64 is not supported");
	if (count > w->limits->files_max)
		return tp_fail(w->diag, TP_LIMIT, "archive", "it holds more than %zu files",
			       w->limits->files_max);
	for (unsigned i = 0; err == TP_OK && i < count; i++) {
		struct zip_entry e;
		size_t size;

		if (!read_zip_entry(w->bytes + at, w->len - at, &e, &size))
			return broken(w, "ZIP");
		if (!e.folder)
			err = walk_zip_entry(w, &e);
		at += size;
	}
	return err;
}

/* ------------------------------------------------------------------------- all */

enum tp_err tp_bundle_walk(const uint8_t *bytes, size_t len, const struct tp_bundle_limits *limits,
			   tp_bundle_file file, void *arg, struct tp_diag *diag)
{
	struct walk w = { .bytes = bytes, .len = len, .limits = limits, .file = file,
			  .arg = arg, .diag = diag };

	if (len >= 4 && memcmp(bytes, "PK", 2) == 0 && (bytes[2] == 3 || bytes[2] == 5))
		return walk_zip(&w);
	if (len >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
		return walk_gzip(&w);
	return hand_out(&w, bytes, len);
}
