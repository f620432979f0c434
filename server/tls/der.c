/* Walking DER where it lies. Runs in the CRL helper. */
#include "tls/der.h"

static size_t read_length(struct tp_rd *rd)
{
	uint8_t first = tp_rd_u8(rd);
	size_t len = 0;
	unsigned count;

	if (first < 0x80)
		return first;
	count = first & 0x7f;
	if (count == 0 || count > 4) {
		tp_rd_set_err(rd, TP_FORMAT);
		return 0;
	}
	for (unsigned i = 0; i < count; i++)
		len = len << 8 | tp_rd_u8(rd);
	/* The shortest form that holds it. */
	if (len < 0x80 || len >> (8 * (count - 1)) == 0)
		tp_rd_set_err(rd, TP_FORMAT);
	return len;
}

struct tp_der tp_der_next(struct tp_rd *rd)
{
	struct tp_der e = { .whole = rd->p };

	e.tag = tp_rd_u8(rd);
	if ((e.tag & 0x1f) == 0x1f)
		tp_rd_set_err(rd, TP_FORMAT);
	e.len = read_length(rd);
	e.p = tp_rd_bytes(rd, e.len);
	if (rd->err != TP_OK) {
		rd->err = TP_FORMAT;
		return (struct tp_der){ 0 };
	}
	e.whole_len = (size_t)(e.p - e.whole) + e.len;
	return e;
}

struct tp_der tp_der_want(struct tp_rd *rd, uint8_t tag)
{
	struct tp_der e = tp_der_next(rd);

	if (rd->err == TP_OK && e.tag != tag)
		tp_rd_set_err(rd, TP_FORMAT);
	return rd->err == TP_OK ? e : (struct tp_der){ 0 };
}

bool tp_der_is(const struct tp_rd *rd, uint8_t tag)
{
	return rd->err == TP_OK && tp_rd_left(rd) && *rd->p == tag;
}

struct tp_rd tp_der_inside(struct tp_der element)
{
	struct tp_rd rd;

	tp_rd_init(&rd, element.p ? element.p : (const uint8_t *)"", element.p ? element.len : 0);
	return rd;
}

/* ---------------------------------------------------------------------- times */

static unsigned digits(struct tp_rd *rd, unsigned count)
{
	unsigned value = 0;

	for (unsigned i = 0; i < count; i++) {
		uint8_t c = tp_rd_u8(rd);

		if (c < '0' || c > '9')
			tp_rd_set_err(rd, TP_FORMAT);
		value = value * 10 + (c - '0');
	}
	return value;
}

/* Days from 1970-01-01 in the Gregorian calendar; the year begins in March. */
static int64_t days_from(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t tp_der_time(struct tp_rd *rd)
{
	struct tp_der e = tp_der_next(rd);
	struct tp_rd in = tp_der_inside(e);
	unsigned year, month, day, hour, minute, second;

	if (rd->err != TP_OK)
		return 0;
	if (e.tag == TP_DER_UTC_TIME) {
		year = digits(&in, 2);
		year += year < 50 ? 2000 : 1900;
	} else {
		year = digits(&in, 4);
	}
	month = digits(&in, 2);
	day = digits(&in, 2);
	hour = digits(&in, 2);
	minute = digits(&in, 2);
	second = digits(&in, 2);
	if (tp_rd_u8(&in) != 'Z' || tp_rd_finish(&in) != TP_OK || month < 1 || month > 12 ||
	    day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 ||
	    (e.tag != TP_DER_UTC_TIME && e.tag != TP_DER_TIME)) {
		tp_rd_set_err(rd, TP_FORMAT);
		return 0;
	}
	return days_from(year, month, day) * 86400 +
	       (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
}
