/* Reading a process's slice of the configuration. Runs in admin, sip and media. */
#include "model/slice.h"

#include <string.h>
#include <sys/mman.h>

#include "os/memfd.h"

#define TP_CODEC_DEF "model/slice.def"
#define TP_CODEC_NAME(n) tp_cfg_##n
#include "core/codec/define.h"

enum { MAGIC = 4 };

static const uint8_t magic[MAGIC] = { 'T', 'P', 'S', '2' };

uint64_t tp_slice_form(void)
{
	return TP_SLICE_FORM;
}

void tp_slice_write_head(struct tp_wr *wr, uint8_t process, uint64_t revision)
{
	tp_wr_bytes(wr, magic, MAGIC);
	tp_wr_u64(wr, tp_slice_form());
	tp_wr_u8(wr, process);
	tp_wr_u64(wr, revision);
}

/* Files from before there was a form begin with another digit. */
enum tp_err tp_slice_read_head(struct tp_rd *rd, uint8_t *process, uint64_t *revision)
{
	const uint8_t *begin = tp_rd_bytes(rd, MAGIC);

	if (!begin)
		return rd->err;
	if (memcmp(begin, magic, MAGIC - 1) != 0)
		tp_rd_set_err(rd, TP_FORMAT);
	else if (begin[MAGIC - 1] != magic[MAGIC - 1] || tp_rd_u64(rd) != tp_slice_form())
		tp_rd_set_err(rd, TP_UNSUPPORTED);
	*process = tp_rd_u8(rd);
	*revision = tp_rd_u64(rd);
	return rd->err;
}

static enum tp_err read_secrets(struct tp_rd *rd, struct tp_slice *s)
{
	uint32_t count = tp_codec_read_count(rd, tp_rd_u32(rd), TP_SLICE_SECRETS_MAX);

	s->secrets = tp_codec_alloc(rd, count, sizeof(*s->secrets));
	for (uint32_t i = 0; i < count && rd->err == TP_OK; i++) {
		uint32_t len;
		const uint8_t *bytes;

		tp_rd_bytes(rd, tp_rd_u16(rd));
		bytes = tp_codec_read_blob(rd, TP_SECRET_MAX, &len);
		if (rd->err == TP_OK)
			tp_rd_set_err(rd, tp_secret_set(&s->secrets[s->secret_count++], bytes, len));
	}
	return rd->err;
}

static enum tp_err read_slice(struct tp_slice *s)
{
	struct tp_rd rd;

	tp_rd_init(&rd, s->bytes, s->len);
	if (tp_slice_read_head(&rd, &s->process, &s->revision) != TP_OK ||
	    read_secrets(&rd, s) != TP_OK)
		return rd.err;
	s->body = tp_rd_window(&rd, tp_rd_u32(&rd));
	return tp_rd_finish(&rd);
}

enum tp_err tp_slice_open(int fd, struct tp_slice **out, struct tp_diag *diag)
{
	struct tp_slice *s = calloc(1, sizeof(*s));
	enum tp_err err;

	if (!s)
		return tp_fail(diag, TP_NOMEM, "slice", "no memory");
	err = tp_memfd_read(fd, TP_SLICE_MAX, &s->bytes, &s->len);
	if (err == TP_OK) {
		/* Where the limit on locked memory is too small, it stays swappable. */
		(void)mlock(s->bytes, s->len);
		err = read_slice(s);
	}
	if (err != TP_OK) {
		tp_slice_close(&s);
		if (err == TP_UNSUPPORTED)
			return tp_fail(diag, err, "slice",
				       "the configuration slice was made by another version");
		return tp_fail(diag, err, "slice", "the configuration slice does not read: %s",
			       tp_err_name(err));
	}
	*out = s;
	return TP_OK;
}

void tp_slice_close(struct tp_slice **at)
{
	struct tp_slice *s = *at;

	if (!s)
		return;
	*at = NULL;
	for (size_t i = 0; i < s->secret_count; i++)
		tp_secret_fini(&s->secrets[i]);
	free(s->secrets);
	if (s->bytes) {
		tp_wipe(s->bytes, s->len);
		munlock(s->bytes, s->len);
		free(s->bytes);
	}
	free(s);
}

const struct tp_secret *tp_slice_secret(const struct tp_slice *s, uint16_t n)
{
	return n >= 1 && n <= s->secret_count ? &s->secrets[n - 1] : NULL;
}
