/* Any bytes as the record of a call that the media process hands back. */
#include "sip/dialog/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tp_record_call record;
	struct tp_rd rd;

	tp_rd_init(&rd, data, size);
	if (tp_record_call_read(&rd, &record) == TP_OK)
		tp_record_call_fini(&record);
	return 0;
}
