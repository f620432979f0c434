/* Structs and prototypes of a codec, made from a definition file.
 *
 * Before including this, define
 *   TP_CODEC_DEF      the definition file, e.g. "ipc/messages.def"
 *   TP_CODEC_NAME(n)  the C name of record n, e.g. tp_msg_##n
 * The definition holds records made of
 *   TP_REC(name) ... TP_REC_END(name)          a part of other records
 *   TP_MSG(name, id, FROM, TO) ... TP_MSG_END(name)   a message
 * with the fields
 *   TP_U8 TP_U16 TP_U32 TP_U64 TP_BOOL (field)
 *   TP_ADDR(field)                 struct tp_addr
 *   TP_ENUM(field, greatest)       u8 on the wire, refused above `greatest`
 *   TP_STR(field, max)             char field[max + 1], no NUL inside
 *   TP_BYTES(field, max)           uint8_t field[max] and field_len (max 65535)
 *   TP_BLOB(field, max)            borrowed: field, field_len; lives as long as the input
 *   TP_ARR(rec, field, max)        inline array and field_count (max 255)
 *   TP_VEC(rec, field, max)        heap array and field_count; freed by _fini
 * For each record n there are then
 *   struct NAME(n);
 *   void NAME(n)_write(struct tp_wr *, const struct NAME(n) *);
 *   enum tp_err NAME(n)_read(struct tp_rd *, struct NAME(n) *);   fills a zeroed struct
 *   void NAME(n)_fini(struct NAME(n) *);                          frees vectors, wipes all
 * A failed read leaves nothing to free. This header has no include guard: each
 * definition includes it once. */
#include "core/addr.h"
#include "core/bytes.h"

#define TP_CODEC_PASTE_(a, b) a##b
#define TP_CODEC_PASTE(a, b) TP_CODEC_PASTE_(a, b)
#define TP_CODEC_FN(n, verb) TP_CODEC_PASTE(TP_CODEC_NAME(n), verb)

#define TP_REC(n) struct TP_CODEC_NAME(n) {
#define TP_REC_END(n)                                                                     \
	}                                                                                 \
	;                                                                                 \
	void TP_CODEC_FN(n, _write)(struct tp_wr * wr, const struct TP_CODEC_NAME(n) * m); \
	TP_NODISCARD enum tp_err TP_CODEC_FN(n, _read)(struct tp_rd * rd,                 \
						       struct TP_CODEC_NAME(n) * m);      \
	void TP_CODEC_FN(n, _fini)(struct TP_CODEC_NAME(n) * m);
#define TP_MSG(n, id, from, to) TP_REC(n)
#define TP_MSG_END(n) TP_REC_END(n)
#define TP_U8(f) uint8_t f;
#define TP_U16(f) uint16_t f;
#define TP_U32(f) uint32_t f;
#define TP_U64(f) uint64_t f;
#define TP_BOOL(f) bool f;
#define TP_ADDR(f) struct tp_addr f;
#define TP_ENUM(f, greatest) uint8_t f;
#define TP_STR(f, max) char f[(max) + 1];
#define TP_BYTES(f, max)    \
	uint16_t f##_len;   \
	uint8_t f[max];
#define TP_BLOB(f, max)     \
	uint32_t f##_len;   \
	const uint8_t *f;
#define TP_ARR(rec, f, max)  \
	uint8_t f##_count;   \
	struct TP_CODEC_NAME(rec) f[max];
#define TP_VEC(rec, f, max)  \
	uint32_t f##_count;  \
	struct TP_CODEC_NAME(rec) *f;
#include TP_CODEC_DEF
#include "core/codec/undef.h"
