/* RTP headers: what parses stays inside the packet. */
#include <stdlib.h>

#include "proto/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tp_rtp h;
	size_t payload;

	if (tp_media_classify(data, size) != TP_MEDIA_RTP)
		return 0;
	if (tp_rtp_parse_header(data, size, &h) != TP_OK)
		return 0;
	if (h.header_len < TP_RTP_HEADER_BYTES || h.header_len > size)
		abort();
	if (tp_rtp_payload_len(data, size, &h, &payload) == TP_OK && payload > size - h.header_len)
		abort();
	return 0;
}
