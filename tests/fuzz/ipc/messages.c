/* Every message decoder: two bytes of type, then the body. What decodes is encoded
 * again and must give the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "ipc/channel.h"

#define TP_MSG(n, id, from, to)                                                        \
	static void try_##n(struct tp_rd *rd, struct tp_wr *wr)                        \
	{                                                                              \
		struct tp_msg_##n *m = malloc(sizeof(*m));                             \
		if (m && tp_msg_##n##_read(rd, m) == TP_OK) {                          \
			tp_msg_##n##_write(wr, m);                                     \
			tp_msg_##n##_fini(m);                                          \
		}                                                                      \
		free(m);                                                               \
	}
#include "core/codec/messages_only.h"
#include "ipc/messages.def"
#include "core/codec/undef.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[TP_CHANNEL_FRAME_MAX];
	struct tp_rd rd;
	struct tp_wr wr;

	tp_rd_init(&rd, data, size < TP_CHANNEL_FRAME_MAX ? size : TP_CHANNEL_FRAME_MAX);
	tp_wr_init(&wr, again, sizeof(again));
	switch (tp_rd_u16(&rd)) {
#define TP_MSG(n, id, from, to) case id: try_##n(&rd, &wr); break;
#include "core/codec/messages_only.h"
#include "ipc/messages.def"
#include "core/codec/undef.h"
	}
	if (wr.err != TP_OK || (wr.len && memcmp(again, data + 2, wr.len) != 0))
		abort();
	return 0;
}
