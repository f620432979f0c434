/* RTCP compounds: no read outside, bounded work. */
#include <stdlib.h>

#include "proto/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tp_rtcp r;

	if (tp_rtcp_parse(data, size, &r) != TP_OK)
		return 0;
	if (r.packets == 0 || r.packets > TP_RTCP_PACKETS_MAX || size < TP_RTCP_HEADER_BYTES)
		abort();
	if (r.report_blocks * 24 > size)
		abort();
	return 0;
}
