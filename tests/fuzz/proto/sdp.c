/* Any bytes as a session description: read, written with edits, and read again. */
#include <stdlib.h>
#include <string.h>

#include "proto/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tp_sdp sdp, again;
	static uint8_t out[2 * TP_SDP_BODY_MAX];
	struct tp_sdp_edit edit = { .connection = { .family = TP_ADDR_V4, .ip = { 192, 0, 2, 1 } } };
	struct tp_wr wr;

	if (tp_sdp_parse((struct tp_span){ (const char *)data, size }, &sdp, NULL) != TP_OK)
		return 0;
	for (size_t i = 0; i < sdp.stream_count; i++)
		edit.streams[i].port = sdp.streams[i].port;
	tp_wr_init(&wr, out, sizeof(out));
	if (tp_sdp_write(&sdp, &edit, &wr) != TP_OK || wr.len > TP_SDP_BODY_MAX)
		return 0;
	if (tp_sdp_parse((struct tp_span){ (const char *)out, wr.len }, &again, NULL) != TP_OK ||
	    again.stream_count != sdp.stream_count)
		abort();
	return 0;
}
