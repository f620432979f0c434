/* Reading a process's slice of the configuration. Runs in admin, sip and media. */
#include "model/slice.h"

#include <string.h>
#include <sys/mman.h>

#include "os/memfd.h"

#define TP_CODEC_DEF "model/slice.def"
#define TP_CODEC_NAME(n) tp_cfg_##n
#include "core/codec/define.h"

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
	const uint8_t *magic;

	tp_rd_init(&rd, s->bytes, s->len);
	magic = tp_rd_bytes(&rd, 4);
	if (!magic || memcmp(magic, "TPS1", 4) != 0)
		return TP_FORMAT;
	s->process = tp_rd_u8(&rd);
	s->revision = tp_rd_u64(&rd);
	if (read_secrets(&rd, s) != TP_OK)
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
