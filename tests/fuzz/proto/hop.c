/* Hop framing: what parses is written back to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "proto/hop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[TP_HOP_HEADER_BYTES];
	struct tp_hop_keepalive k;
	struct tp_hop_header h;

	if (tp_hop_keepalive_parse(data, size, &k) == TP_OK) {
		tp_hop_keepalive_write(again, &k);
		if (memcmp(again, data, size))
			abort();
	}
	if (tp_hop_parse(data, size, &h) != TP_OK)
		return 0;
	tp_hop_write(again, &h);
	if (memcmp(again, data, sizeof(again)))
		abort();
	return 0;
}
