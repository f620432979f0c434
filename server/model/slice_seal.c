/* The supervisor's view of a slice: framing, and sealed secrets replaced by clear
 * ones. Runs in turnpiked. */
#include "model/slice_seal.h"

#include <stdlib.h>
#include <string.h>

#include "os/memfd.h"

/* One secret of the table. */
struct item {
	char name[256];
	struct tp_span bytes;
};

static bool read_head(struct tp_rd *rd, uint8_t process, uint64_t revision, uint32_t *count)
{
	uint64_t its_revision = 0;
	uint8_t its_process = 0;

	if (tp_slice_read_head(rd, &its_process, &its_revision) == TP_OK &&
	    (its_process != process || its_revision != revision))
		tp_rd_set_err(rd, TP_FORMAT);
	*count = tp_rd_u32(rd);
	if (*count > TP_SLICE_SECRETS_MAX)
		tp_rd_set_err(rd, TP_LIMIT);
	return rd->err == TP_OK;
}

static bool read_item(struct tp_rd *rd, struct item *item)
{
	size_t name_len = tp_rd_u16(rd);
	const uint8_t *name = tp_rd_bytes(rd, name_len);
	size_t len = tp_rd_u32(rd);

	if (len > TP_SECRET_MAX || name_len >= sizeof(item->name) ||
	    (name && memchr(name, 0, name_len)))
		tp_rd_set_err(rd, TP_FORMAT);
	item->bytes = (struct tp_span){ (const char *)tp_rd_bytes(rd, len), len };
	if (rd->err != TP_OK || !name)
		return false;
	memcpy(item->name, name, name_len);
	item->name[name_len] = '\0';
	return true;
}

enum tp_err tp_slice_check(const void *bytes, size_t len, uint8_t process, uint64_t revision,
			   struct tp_diag *diag)
{
	struct item item;
	struct tp_rd rd;
	uint32_t count = 0;
	enum tp_err err;

	tp_rd_init(&rd, bytes, len);
	if (len > TP_SLICE_MAX)
		tp_rd_set_err(&rd, TP_LIMIT);
	if (read_head(&rd, process, revision, &count))
		while (count && read_item(&rd, &item))
			count--;
	tp_rd_window(&rd, tp_rd_u32(&rd));
	err = tp_rd_finish(&rd);
	if (err == TP_UNSUPPORTED)
		return tp_fail(diag, err, "slice", "the slice was made by another version");
	return err == TP_OK ? TP_OK
			    : tp_fail(diag, err, "slice", "malformed slice: %s", tp_err_name(err));
}

static enum tp_err unseal_item(const struct item *item, uint8_t process, tp_slice_opener open,
			       void *arg, struct tp_wr *wr, struct tp_diag *diag)
{
	struct tp_secret clear = { 0 };
	enum tp_err err = open(arg, process, item->name, item->bytes, &clear);

	if (err != TP_OK)
		return tp_fail(diag, err, item->name, "this secret does not open (%s)",
			       tp_err_name(err));
	tp_wr_u16(wr, (uint16_t)strlen(item->name));
	tp_wr_text(wr, item->name);
	tp_wr_u32(wr, (uint32_t)clear.len);
	tp_wr_bytes(wr, clear.bytes, clear.len);
	tp_secret_fini(&clear);
	return wr->err;
}

static enum tp_err unseal_all(const void *bytes, size_t len, uint8_t process, uint64_t revision,
			      tp_slice_opener open, void *arg, struct tp_wr *wr,
			      struct tp_diag *diag)
{
	struct item item;
	struct tp_rd rd;
	uint32_t count;
	enum tp_err err;

	tp_rd_init(&rd, bytes, len);
	if (!read_head(&rd, process, revision, &count))
		return rd.err;
	tp_slice_write_head(wr, process, revision);
	tp_wr_u32(wr, count);
	for (; count; count--) {
		if (!read_item(&rd, &item))
			return rd.err;
		err = unseal_item(&item, process, open, arg, wr, diag);
		if (err != TP_OK)
			return err;
	}
	tp_wr_bytes(wr, rd.p, tp_rd_left(&rd));
	return wr->err;
}

enum tp_err tp_slice_unseal(const void *bytes, size_t len, uint8_t process, uint64_t revision,
			    tp_slice_opener open, void *arg, int *fd, struct tp_diag *diag)
{
	enum tp_err err = tp_slice_check(bytes, len, process, revision, diag);
	uint8_t *clear;
	struct tp_wr wr;

	if (err != TP_OK)
		return err;
	/* A clear secret is never longer than its sealed text. */
	clear = malloc(len);
	if (!clear)
		return tp_fail(diag, TP_NOMEM, "slice", "no memory");
	tp_wr_init(&wr, clear, len);
	err = unseal_all(bytes, len, process, revision, open, arg, &wr, diag);
	if (err == TP_OK)
		err = tp_memfd_sealed("slice", clear, wr.len, fd);
	tp_wipe(clear, len);
	free(clear);
	return err;
}
