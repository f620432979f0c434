/* Archives of a download: whatever is in them, no more comes out than is allowed. */
#include <stdlib.h>

#include "proto/bundle.h"

struct counted {
	size_t files;
	size_t bytes;
	unsigned sum;
};

static enum tp_err count(void *arg, const uint8_t *bytes, size_t len)
{
	struct counted *c = arg;

	c->files++;
	c->bytes += len;
	for (size_t i = 0; i < len; i += 64)
		c->sum += bytes[i];
	return TP_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tp_bundle_limits limits = { .files_max = 8, .bytes_max = 2 << 20, .ratio_max = 20 };
	struct counted c = { 0 };
	enum tp_err err = tp_bundle_walk(data, size, &limits, count, &c, NULL);

	if (c.files > limits.files_max || (err == TP_OK && c.bytes > limits.bytes_max + size))
		abort();
	return 0;
}
