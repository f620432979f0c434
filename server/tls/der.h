/* Walking DER (X.690) where it lies, for what is too large for OpenSSL's objects. */
#ifndef TP_TLS_DER_H
#define TP_TLS_DER_H

#include "core/bytes.h"

enum {
	TP_DER_INTEGER = 0x02,
	TP_DER_BITS = 0x03,
	TP_DER_OCTETS = 0x04,
	TP_DER_OID = 0x06,
	TP_DER_BOOLEAN = 0x01,
	TP_DER_ENUMERATED = 0x0a,
	TP_DER_UTC_TIME = 0x17,
	TP_DER_TIME = 0x18,
	TP_DER_SEQUENCE = 0x30,
	TP_DER_CONTEXT_0 = 0xa0,
};

/* One element: its contents, and all of it with its head. */
struct tp_der {
	uint8_t tag;
	const uint8_t *p;
	size_t len;
	const uint8_t *whole;
	size_t whole_len;
};

/* The next element; the reader turns bad (TP_FORMAT) on anything but one whole element
 * with a tag of one byte and a definite length in its shortest form. */
struct tp_der tp_der_next(struct tp_rd *rd);
/* The next one, which has to have this tag. */
struct tp_der tp_der_want(struct tp_rd *rd, uint8_t tag);
/* Whether the next element has this tag; false at the end. */
bool tp_der_is(const struct tp_rd *rd, uint8_t tag);
struct tp_rd tp_der_inside(struct tp_der element);
/* UTCTime or GeneralizedTime in the forms of RFC 5280 section 4.1.2.5, as Unix time. */
int64_t tp_der_time(struct tp_rd *rd);

#endif
