/* Garbage into SRTP and SRTCP: never opened, nothing learned, no byte read outside.
 * First byte: suite. */
#include <stdlib.h>
#include <string.h>

#include "media/srtp.h"
#include "proto/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[64] = { 1, 2, 3 };
	static struct tp_srtp_record record;
	uint8_t suite = size ? (uint8_t)(data[0] % 6 + 1) : 1;
	struct tp_srtp *s = NULL;
	size_t len = size ? size - 1 : 0;
	uint8_t *packet = calloc(1, len + TP_SRTP_TAIL_BYTES);
	bool newest;

	if (!packet || tp_srtp_new(suite, key, tp_srtp_key_len(suite), false, &record, &s) != TP_OK)
		abort();
	if (len)
		memcpy(packet, data + 1, len);
	if (tp_srtp_open_rtp(s, packet, &len, &newest) == TP_OK ||
	    tp_srtp_open_rtcp(s, packet, &len) == TP_OK || record.slot_count)
		abort();
	tp_srtp_free(&s);
	free(packet);
	return 0;
}
