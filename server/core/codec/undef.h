/* Takes back what a pass over a codec definition defined. */
#undef TP_REC
#undef TP_REC_END
#undef TP_MSG
#undef TP_MSG_END
#undef TP_U8
#undef TP_U16
#undef TP_U32
#undef TP_U64
#undef TP_BOOL
#undef TP_ADDR
#undef TP_ENUM
#undef TP_STR
#undef TP_BYTES
#undef TP_BLOB
#undef TP_ARR
#undef TP_VEC
