/* What generated codecs call. Not for other code. */
#ifndef TP_CORE_CODEC_WIRE_H
#define TP_CORE_CODEC_WIRE_H

#include <stdlib.h>
#include <string.h>

#include "core/addr.h"
#include "core/bytes.h"
#include "core/secret.h"

void tp_codec_write_addr(struct tp_wr *wr, const struct tp_addr *a);
void tp_codec_read_addr(struct tp_rd *rd, struct tp_addr *a);
void tp_codec_write_bytes(struct tp_wr *wr, const void *data, size_t len);
uint8_t tp_codec_read_enum(struct tp_rd *rd, uint8_t greatest);
/* dst has room for max + 1; NUL bytes in the text are refused. */
void tp_codec_read_str(struct tp_rd *rd, char *dst, size_t max);
uint16_t tp_codec_read_bytes(struct tp_rd *rd, uint8_t *dst, size_t max);
const uint8_t *tp_codec_read_blob(struct tp_rd *rd, size_t max, uint32_t *len);
/* `count` when it is within max, and within what the rest of the input could
 * hold at one byte an element; otherwise 0 and a sticky error. */
uint32_t tp_codec_read_count(struct tp_rd *rd, uint32_t count, uint32_t max);
/* NULL for count 0; sticky TP_NOMEM when there is no memory. */
void *tp_codec_alloc(struct tp_rd *rd, size_t count, size_t size);

#endif
